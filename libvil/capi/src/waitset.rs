//! Ends that are waited for together: sets of them, and several receivers by one call.

use std::ffi::c_int;
use std::slice;
use std::sync::Arc;

use vil_core::base::error::Fault;
use vil_core::world::{End, Ends, Receiver, Sender, SetCanceller, Stop, WaitSet, wait_any};

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out};
use crate::handle::{Lent, Owned, Pinned, full};
use crate::receiver::{RECEIVERS, vil_receiver_t};
use crate::sender::{SENDERS, vil_sender_t};
use crate::status::vil_status_t;
use crate::world::{cleared, vil_world_t, with_world};

/// Receivers in one vil_receiver_wait_any; bounds the work of one poll.
const MAX_WAIT: usize = 64;

/// Receivers and senders of one world handle that are waited for together. One thread at a time; any may cancel.
pub struct vil_waitset_t(());

/// What any thread may do with a set; the set itself is its thread's.
struct Door {
    set: usize,
    canceller: Arc<SetCanceller>,
}

/// A set, and its members in the order of the set.
struct Set {
    set: WaitSet,
    members: Vec<Member>,
    /// The members while a call uses them: as many places, so that a wait allocates nothing.
    places: Vec<Option<LentEnd>>,
}

/// The handle of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Receiver(usize),
    Sender(usize),
}

/// A member while a call uses it.
enum LentEnd {
    Receiver(Lent<Receiver>),
    Sender(Lent<Sender>),
}

/// Members while a call uses all of them; they are given back when it ends, however it does.
struct Together<'a>(&'a mut [Option<LentEnd>]);

static DOORS: Pinned<Door, 12> = Pinned::new();
static SETS: Owned<Set, 13> = Owned::new();

impl Member {
    fn lend(self) -> Result<LentEnd, Failure> {
        Ok(match self {
            Member::Receiver(handle) => LentEnd::Receiver(RECEIVERS.lend(handle)?),
            Member::Sender(handle) => LentEnd::Sender(SENDERS.lend(handle)?),
        })
    }
}

impl LentEnd {
    fn end(&mut self) -> End<'_> {
        match self {
            LentEnd::Receiver(lent) => End::Receiver(lent.value()),
            LentEnd::Sender(lent) => End::Sender(lent.value()),
        }
    }
}

impl<'a> Together<'a> {
    /// Lends as many members as there are places; the error comes with the position of the one that is not to be had.
    pub(crate) fn lend(
        members: impl Iterator<Item = Member>,
        places: &'a mut [Option<LentEnd>],
    ) -> Result<Together<'a>, (usize, Failure)> {
        let together = Together(places);
        for (at, (place, member)) in together.0.iter_mut().zip(members).enumerate() {
            *place = Some(member.lend().map_err(|failure| (at, failure))?);
        }
        Ok(together)
    }
}

impl Drop for Together<'_> {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|place| *place = None);
    }
}

impl Ends for Together<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn end(&mut self, at: usize) -> End<'_> {
        self.0[at].as_mut().expect("`lend` filled every place").end()
    }
}

impl Set {
    /// Calls with all members. Those that were closed since leave the set, as files leave an epoll set.
    fn together<R>(
        &mut self,
        call: impl FnOnce(&mut WaitSet, &mut dyn Ends) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        loop {
            let at = match Together::lend(self.members.iter().copied(), &mut self.places) {
                Ok(mut together) => return call(&mut self.set, &mut together),
                Err((at, Failure::Handle)) => at,
                Err((_, failure)) => return Err(failure),
            };
            self.forget(at);
        }
    }

    fn add(&mut self, member: Member, token: u64) -> Result<(), Failure> {
        if self.members.contains(&member) {
            return Err(Failure::Argument("the set has this end already"));
        }
        let mut place = [None];
        let mut one = Together::lend([member].into_iter(), &mut place).map_err(|(_, failure)| failure)?;
        self.set.add(&mut one.end(0), token)?;
        self.members.push(member);
        self.places.push(None);
        Ok(())
    }

    fn remove(&mut self, member: Member) -> Result<(), Failure> {
        let lent = member.lend();
        let Some(at) = self.members.iter().position(|one| *one == member) else {
            return lent.and(Err(Failure::Hot(Stop::Fault(Fault::NotFound))));
        };
        match lent {
            Ok(mut lent) => self.set.remove(at, Some(lent.end())),
            Err(Failure::Handle) => self.set.remove(at, None),
            Err(failure) => return Err(failure),
        }
        self.members.remove(at);
        self.places.pop();
        Ok(())
    }

    fn forget(&mut self, at: usize) {
        self.set.remove(at, None);
        self.members.remove(at);
        self.places.pop();
    }
}

/// Makes an empty set for receivers and senders that were opened from this world handle.
///
/// Threads: any; the handle then belongs to the calling thread. Ownership: the answer is the caller's, ended by
/// vil_waitset_close. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED, VIL_E_ARGUMENT, VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_waitset_create(
    world: *mut vil_world_t,
    set: *mut *mut vil_waitset_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = cleared(set)?;
            let made = with_world(world, |world| Ok(WaitSet::new(world)))?;
            *place = insert(made)? as *mut vil_waitset_t;
            Ok(())
        })
    }
}

/// Closes a set. Its members stay open; its descriptor and the thread behind that end.
///
/// Threads: the owner. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until the descriptor's thread has ended,
/// which it does at once. Errors: VIL_E_HANDLE, VIL_E_BUSY (another thread's). Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_waitset_close(set: *mut vil_waitset_t) -> vil_status_t {
    hot(|| {
        let inner = DOORS.with(set as usize, |door| Ok(door.set))?;
        SETS.close(inner)?;
        DOORS.close(set as usize)
    })
}

/// Adds a receiver, which is ready when it has a message. `token` is what a wait answers for it. One that is closed leaves
/// the set by itself.
///
/// Threads: the owner of both. Ownership: none; the receiver stays the caller's. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (it is in the set, or was opened from another world handle), VIL_E_LIMIT (256 members),
/// VIL_E_STATE (it is in another set with a descriptor), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_waitset_add(
    set: *mut vil_waitset_t,
    receiver: *mut vil_receiver_t,
    token: u64,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe { cold(error, || with_set(set, |set| set.add(Member::Receiver(receiver as usize), token))) }
}

/// Adds a sender, which is ready when its ring has room. Otherwise as vil_waitset_add; the descriptor does not tell of it.
///
/// Threads: the owner of both. Ownership: none; the sender stays the caller's. NULL: `error` may be. Blocks: never.
/// Errors: those of vil_waitset_add, but for VIL_E_STATE. Since: 0.1.
///
/// # Safety
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_waitset_add_sender(
    set: *mut vil_waitset_t,
    sender: *mut vil_sender_t,
    token: u64,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe { cold(error, || with_set(set, |set| set.add(Member::Sender(sender as usize), token))) }
}

/// Takes a receiver out; also one that was closed and did not leave yet.
///
/// Threads: the owner of both. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_NOT_FOUND (it is not in the set), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_waitset_remove(set: *mut vil_waitset_t, receiver: *mut vil_receiver_t) -> vil_status_t {
    hot(|| with_set(set, |set| set.remove(Member::Receiver(receiver as usize))))
}

/// Takes a sender out; also one that was closed and did not leave yet.
///
/// Threads: the owner of both. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_NOT_FOUND (it is not in the set), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_waitset_remove_sender(set: *mut vil_waitset_t, sender: *mut vil_sender_t) -> vil_status_t {
    hot(|| with_set(set, |set| set.remove(Member::Sender(sender as usize))))
}

/// Waits until a member is ready and writes its token. Members of the control lane come first; after eight of them in a
/// row another lane has its turn, if it has something; within a lane the members take turns. Takes no message: it is
/// received from the member. `timeout_ns` 0 does not wait, VIL_FOREVER has no end. VIL_PEER_GONE writes the token too.
///
/// Threads: the owner of the set and of its members. Ownership: `token` is the caller's. NULL: `token` may not be.
/// Blocks: up to `timeout_ns` nanoseconds.
/// Errors: VIL_EMPTY (`timeout_ns` is 0), VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_ARGUMENT (the
/// set has no member), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// `token` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_waitset_wait(set: *mut vil_waitset_t, timeout_ns: u64, token: *mut u64) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(token, "token is NULL") }?;
        with_set(set, |set| set.together(|set, ends| Ok(set.wait(ends, timeout_ns, place)?)))
    })
}

/// A descriptor for poll, epoll and event loops: readable while a receiver of the set may have a message, lost its peer,
/// or was cancelled. Then call vil_waitset_wait with timeout 0, or receive, until nothing is left: whatever finds nothing
/// makes it unreadable again, and no further call is needed. It is not to be read, written or closed. The first call
/// starts a thread, which sleeps while nothing comes; every call answers the same descriptor.
///
/// Threads: the owner of the set and of its members. Ownership: the descriptor is the set's and goes with it; no fork
/// child and no exec has it. NULL: `error` may be. Blocks: never.
/// Errors: VIL_E_ARGUMENT (the set has no member), VIL_E_STATE (a receiver is in another set with a descriptor),
/// VIL_E_LIMIT, VIL_E_SYSTEM (no descriptor, no thread), VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED. Since: 0.1.
///
/// # Safety
/// Pointers are NULL or valid as their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_waitset_fd(
    set: *mut vil_waitset_t,
    fd: *mut c_int,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = out(fd, "fd is NULL")?;
            *place = -1;
            *place = with_set(set, |set| set.together(|set, ends| Ok(set.descriptor(ends)?)))?;
            Ok(())
        })
    }
}

/// Ends one wait of this set, in progress or the next to come, with VIL_CANCELLED. vil_world_cancel does it too.
///
/// Threads: any, and signal handlers: it is async-signal-safe. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_waitset_cancel(set: *mut vil_waitset_t) -> vil_status_t {
    hot(|| {
        DOORS.with(set as usize, |door| {
            if door.canceller.is_forked() {
                return Err(Failure::Forked);
            }
            door.canceller.cancel();
            Ok(())
        })
    })
}

/// Makes the calling thread the owner of the set, not of its members. The caller sees to it that the thread before is not
/// inside a call.
///
/// Threads: any but the owner's while it is inside a call. Ownership: none. NULL: VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_BUSY (a call is under way), VIL_E_FORKED. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_waitset_move_to_thread(set: *mut vil_waitset_t) -> vil_status_t {
    hot(|| SETS.move_here(DOORS.with(set as usize, |door| Ok(door.set))?))
}

/// Waits until one of several receivers of one world handle has a message, and answers which. Earlier ones win.
///
/// Threads: the owner of all of them. Ownership: none. NULL: no pointer may be. Blocks: up to `timeout_ns` nanoseconds.
/// Errors: VIL_TIMEOUT, VIL_INTERRUPTED, VIL_CANCELLED, VIL_PEER_GONE; VIL_E_HANDLE, VIL_E_BUSY, VIL_E_FORKED,
/// VIL_E_ARGUMENT (no receiver, more than 64, one twice, or of several world handles). Since: 0.1.
///
/// # Safety
/// `receivers` has `count` entries; `index` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_receiver_wait_any(
    receivers: *const *mut vil_receiver_t,
    count: usize,
    timeout_ns: u64,
    index: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(index, "index is NULL") }?;
        if receivers.is_null() || count == 0 || count > MAX_WAIT {
            return Err(Failure::Argument("1 to 64 receivers can be waited for"));
        }
        // SAFETY: as promised by the caller.
        let receivers = unsafe { slice::from_raw_parts(receivers, count) };
        if receivers.iter().enumerate().any(|(at, receiver)| receivers[..at].contains(receiver)) {
            return Err(Failure::Argument("a receiver is there twice"));
        }
        let mut places = [const { None }; MAX_WAIT];
        let members = receivers.iter().map(|receiver| Member::Receiver(*receiver as usize));
        let mut together = Together::lend(members, &mut places[..count]).map_err(|(_, failure)| failure)?;
        *place = wait_any(&mut together, timeout_ns)?;
        Ok(())
    })
}

fn insert(set: WaitSet) -> Result<usize, Failure> {
    let canceller = Arc::clone(set.canceller());
    let inner = SETS.insert(Set { set, members: Vec::new(), places: Vec::new() }).ok_or(full())?;
    DOORS.insert(Door { set: inner, canceller }).ok_or_else(full).inspect_err(|_| _ = SETS.close(inner))
}

/// The door is not held open meanwhile: whoever closes it does not wait for a wait.
fn with_set<R>(set: *mut vil_waitset_t, call: impl FnOnce(&mut Set) -> Result<R, Failure>) -> Result<R, Failure> {
    let inner = DOORS.with(set as usize, |door| Ok(door.set))?;
    SETS.with(inner, call)
}
