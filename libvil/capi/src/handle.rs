//! Handles: {kind, generation, mark, index} dressed as a pointer, looked up in tables that are never freed. So NULL, a closed
//! handle and one of another kind are errors in release builds too.
//!
//! `Owned` is for ends, which one thread uses at a time: an entry holds the handle that names it and the thread that may
//! use it, so a call makes two comparisons and two stores of private memory. `Pinned` is for worlds and programs, which any
//! thread and even a signal handler may use.

use std::cell::UnsafeCell;
use std::collections::LinkedList;
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence};

use vil_core::base::error::{Error, Fault};
use vil_core::sys::fork::{self, Gate, thread};
use vil_core::sys::process::pause_thread;

use crate::error::Failure;

/// Entries that are made at once. Few, because each of them takes up memory from then on.
const CHUNK: usize = 4;
const CHUNKS: usize = 16_384;
const MARK: usize = 1 << 16;
const GENERATION_BITS: u32 = 24;
const KIND_BITS: u32 = 56;

/// Every handle of a table is in use.
pub(crate) fn full() -> Failure {
    Failure::Cold(Error::new(Fault::Limit, format!("{} handles of this kind are open", CHUNK * CHUNKS)))
}

#[inline(always)]
fn index_of(handle: usize) -> usize {
    usize::from(handle as u16)
}

/// Was a handle marked when it was made? Of one that names nothing, anything.
#[inline(always)]
pub(crate) fn is_marked(handle: usize) -> bool {
    handle & MARK != 0
}

/// Nobody's thread: the entry is in use by a call, or empty.
const NOBODY: usize = 0;

/// A table of entries in chunks that are allocated when needed and never freed. All zeros at the start, so that the library's
/// file holds nothing of it: the kind is in the type, and what is free is a list that is empty without an address. The lock lies
/// before the first chunks, so that a process with few handles touches one page of it.
#[repr(C)]
struct Slab<E: 'static, const KIND: u8> {
    /// Locked behind the fork gate only, so that no fork child inherits it locked.
    free: Mutex<Free>,
    chunks: [AtomicPtr<[E; CHUNK]>; CHUNKS],
}

const _: () = assert!(CHUNK * CHUNKS == MARK);

struct Free {
    indices: LinkedList<usize>,
    used: usize,
}

impl<E: Default, const KIND: u8> Slab<E, KIND> {
    const fn new() -> Self {
        let free = Mutex::new(Free { indices: LinkedList::new(), used: 0 });
        Slab { chunks: [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS], free }
    }

    fn handle(&self, index: usize, generation: u32) -> usize {
        (KIND as usize) << KIND_BITS | (generation as usize) << GENERATION_BITS | index
    }

    /// The entry and the generation a handle names, if it names any.
    fn find(&self, handle: usize) -> Option<(&'static E, u32, usize)> {
        let index = index_of(handle);
        if handle >> KIND_BITS != KIND as usize || is_marked(handle) {
            return None;
        }
        Some((self.near(index)?, (handle >> GENERATION_BITS) as u32, index))
    }

    /// The entry that a handle names if it names any: whoever uses it compares the whole handle.
    #[inline(always)]
    fn near(&self, handle: usize) -> Option<&'static E> {
        // ORDER: Acquire, pairs with the Release in `reserve`: the chunk is initialised before its address.
        let chunk = self.chunks[index_of(handle) / CHUNK].load(Ordering::Acquire);
        // SAFETY: a chunk is leaked on purpose and lives for ever.
        let chunk = unsafe { chunk.as_ref() }?;
        Some(&chunk[handle % CHUNK])
    }

    /// An entry that nobody uses.
    fn reserve(&self) -> Option<(&'static E, usize)> {
        let _gate = Gate::shut();
        let mut free = self.free.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let index = match free.indices.pop_back() {
            Some(index) => index,
            None if free.used < CHUNK * CHUNKS => {
                free.used += 1;
                free.used - 1
            }
            None => return None,
        };
        let place = &self.chunks[index / CHUNK];
        // ORDER: Relaxed, chunks are only made under the lock that we hold.
        if place.load(Ordering::Relaxed).is_null() {
            let chunk = Box::leak(Box::new(std::array::from_fn(|_| E::default())));
            // ORDER: Release, pairs with the Acquire in `find`.
            place.store(chunk, Ordering::Release);
        }
        self.near(index).map(|entry| (entry, index))
    }

    fn give_back(&self, index: usize) {
        let _gate = Gate::shut();
        self.free.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).indices.push_back(index);
    }
}

/// Handles of things that one thread uses at a time.
pub(crate) struct Owned<T: 'static, const KIND: u8>(Slab<OwnedEntry<T>, KIND>);

/// On lines of its own: two handles that two threads use side by side would cost three times as much.
#[repr(C, align(128))]
struct OwnedEntry<T> {
    /// The handle that names it; 0 when none does.
    handle: AtomicUsize,
    /// Whose it is, and `NOBODY`'s while a call uses it.
    thread: AtomicUsize,
    /// There as long as the handle names it.
    value: UnsafeCell<MaybeUninit<T>>,
    /// Of the last handle.
    generation: AtomicU32,
    /// `fork::generation()` of the process that opened it.
    forks: AtomicU32,
}

// SAFETY: the value is only touched by the thread that `thread` names, while it has taken that name out.
unsafe impl<T: Send> Sync for OwnedEntry<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for OwnedEntry<T> {}

impl<T> Default for OwnedEntry<T> {
    fn default() -> Self {
        OwnedEntry {
            handle: AtomicUsize::new(0),
            thread: AtomicUsize::new(NOBODY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
            generation: AtomicU32::new(0),
            forks: AtomicU32::new(0),
        }
    }
}

impl<T> OwnedEntry<T> {
    /// Was it opened before this process was forked off? Threads of a parent do not exist in its fork child.
    fn is_forked(&self) -> bool {
        // ORDER: Relaxed, written before the handle was given out.
        self.forks.load(Ordering::Relaxed) != fork::generation()
    }

    /// Why a call from this thread is refused.
    #[cold]
    fn not_ours(&self) -> Failure {
        if self.is_forked() { Failure::Forked } else { Failure::Thread }
    }

    /// Takes the calling thread's name out, if it stands there: until it is put back, nobody else touches the value.
    #[inline(always)]
    fn take(&self, me: usize) -> bool {
        // ORDER: Acquire, pairs with the Release of the thread that moved the handle to us.
        if self.thread.load(Ordering::Acquire) != me {
            return false;
        }
        // ORDER: Relaxed, only this thread may act on its own name; others see theirs missing before and after.
        self.thread.store(NOBODY, Ordering::Relaxed);
        // ORDER: SeqCst for the compiler alone: a signal handler of this thread that finds the value changing finds the
        // name missing.
        compiler_fence(Ordering::SeqCst);
        true
    }

    /// Puts it back.
    #[inline(always)]
    fn put_back(&self, me: usize) {
        // ORDER: Release, pairs with the Acquire in `move_here`: the next owner sees what this call did.
        self.thread.store(me, Ordering::Release);
    }
}

impl<T: Send, const KIND: u8> Owned<T, KIND> {
    /// An empty table; `KIND` is different for every table.
    pub(crate) const fn new() -> Self {
        Owned(Slab::new())
    }

    /// A handle for a value, owned by the calling thread.
    pub(crate) fn insert(&self, value: T) -> Option<usize> {
        self.insert_marked(value, false)
    }

    /// The same with a mark or without, by which a call chooses its way before it looks the handle up.
    pub(crate) fn insert_marked(&self, value: T, is_marked: bool) -> Option<usize> {
        let (entry, index) = self.0.reserve()?;
        // SAFETY: the entry was reserved for us and no handle names it, so no call touches the value.
        unsafe { (*entry.value.get()).write(value) };
        // ORDER: Relaxed, and so below: the entry is reserved for us, and the store of `thread` publishes all of it.
        let generation = entry.generation.load(Ordering::Relaxed).wrapping_add(1);
        let handle = self.0.handle(index, generation) | if is_marked { MARK } else { 0 };
        entry.generation.store(generation, Ordering::Relaxed);
        entry.forks.store(fork::generation(), Ordering::Relaxed);
        entry.handle.store(handle, Ordering::Relaxed);
        // ORDER: Release, pairs with the Acquire in `take`: the value is in its place before it has an owner.
        entry.thread.store(thread(), Ordering::Release);
        Some(handle)
    }

    /// Lends the value to its thread for one call.
    #[inline(always)]
    pub(crate) fn with<R>(&self, handle: usize, call: impl FnOnce(&mut T) -> Result<R, Failure>) -> Result<R, Failure> {
        call(self.lend(handle)?.value())
    }

    /// `lend` without a word about why when it can not: then nothing has changed, and `with` will tell.
    #[inline(always)]
    pub(crate) fn lend_at_once(&self, handle: usize) -> Option<Lent<T>> {
        let entry = self.0.near(handle)?;
        // ORDER: Acquire, pairs with the AcqRel in `close`.
        if entry.handle.load(Ordering::Acquire) != handle {
            return None;
        }
        // An entry without a handle, which 0 seems to name, is nobody's.
        Place(entry).lend_at_once()
    }

    /// Where what a handle names is, as long as nobody closes it.
    pub(crate) fn place(&self, handle: usize) -> Option<Place<T>> {
        self.entry(handle).ok().map(Place)
    }

    /// Makes the calling thread the owner. The caller sees to it that no other thread is inside a call.
    pub(crate) fn move_here(&self, handle: usize) -> Result<(), Failure> {
        let entry = self.entry(handle)?;
        if entry.is_forked() {
            return Err(Failure::Forked);
        }
        // ORDER: Acquire and AcqRel, we see what the owner before did, and `lend` of ours sees that.
        let owner = entry.thread.load(Ordering::Acquire);
        let moved = owner != NOBODY
            && entry.thread.compare_exchange(owner, thread(), Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if moved { Ok(()) } else { Err(Failure::Thread) }
    }

    /// Ends the handle and drops the value. A fork child may end what any thread of its parent had.
    pub(crate) fn close(&self, handle: usize) -> Result<(), Failure> {
        let entry = self.entry(handle)?;
        if !entry.is_forked() {
            std::mem::forget(self.lend(handle)?);
        }
        // ORDER: AcqRel, one of two threads of a fork child that close the same handle wins.
        let won = entry.handle.compare_exchange(handle, 0, Ordering::AcqRel, Ordering::Relaxed);
        won.map_err(|_| Failure::Handle)?;
        // SAFETY: `lend` took the entry's name out for good, or in a fork child its owner's call will never go on; and
        // the handle that named it is ended by us, so the value is there and nobody else comes here.
        let value = unsafe { (*entry.value.get()).assume_init_read() };
        // ORDER: Release, pairs with the Acquire in `take`. Nobody owns it until it is reserved again.
        entry.thread.store(NOBODY, Ordering::Release);
        self.0.give_back(index_of(handle));
        drop(value);
        Ok(())
    }

    /// The entry of a handle that was not closed.
    #[inline(always)]
    fn entry(&self, handle: usize) -> Result<&'static OwnedEntry<T>, Failure> {
        let entry = self.0.near(handle).ok_or(Failure::Handle)?;
        // ORDER: Acquire, pairs with the AcqRel in `close`.
        let is_named = handle != 0 && entry.handle.load(Ordering::Acquire) == handle;
        if is_named { Ok(entry) } else { Err(Failure::Handle) }
    }

    /// Lends the value to its thread until the answer is dropped.
    #[inline(always)]
    pub(crate) fn lend(&self, handle: usize) -> Result<Lent<T>, Failure> {
        let entry = self.entry(handle)?;
        let me = thread();
        if entry.take(me) { Ok(Lent { entry, me }) } else { Err(entry.not_ours()) }
    }
}

/// An entry without a look at its handle: of those alone who know that it was not closed.
pub(crate) struct Place<T: 'static>(&'static OwnedEntry<T>);

impl<T> Clone for Place<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

impl<T> Place<T> {
    /// As of the handle.
    #[inline(always)]
    pub(crate) fn lend_at_once(self) -> Option<Lent<T>> {
        let me = thread();
        if self.0.take(me) { Some(Lent { entry: self.0, me }) } else { None }
    }

    /// The handle that names it.
    pub(crate) fn handle(self) -> usize {
        // ORDER: Relaxed, who has this knows that it does not change.
        self.0.handle.load(Ordering::Relaxed)
    }
}

/// An entry while a call uses it; puts the thread's name back at the end, also of a panic.
pub(crate) struct Lent<T: 'static> {
    entry: &'static OwnedEntry<T>,
    me: usize,
}

impl<T> Lent<T> {
    /// Where it is.
    #[inline(always)]
    pub(crate) fn place(&self) -> Place<T> {
        Place(self.entry)
    }

    /// The value.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> &mut T {
        // SAFETY: `lend` found our name there, so the value is there, and took it out, so nobody else touches it until this
        // is dropped.
        unsafe { (*self.entry.value.get()).assume_init_mut() }
    }
}

impl<T> Drop for Lent<T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.entry.put_back(self.me);
    }
}

/// Handles of things that any thread may use. Async-signal-safe to look up.
pub(crate) struct Pinned<T: 'static, const KIND: u8>(Slab<PinnedEntry<T>, KIND>);

struct PinnedEntry<T> {
    /// `closing:1, pins:31, generation:32`
    state: AtomicU64,
    /// `fork::generation()` of the process that opened it.
    forks: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

const CLOSING: u64 = 1 << 63;
const PIN: u64 = 1 << 32;

// SAFETY: the value is shared while pins are held and written only while the entry is closing without pins.
unsafe impl<T: Send + Sync> Sync for PinnedEntry<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for PinnedEntry<T> {}

impl<T> Default for PinnedEntry<T> {
    fn default() -> Self {
        PinnedEntry { state: AtomicU64::new(CLOSING | 1), forks: AtomicU32::new(0), value: UnsafeCell::new(None) }
    }
}

impl<T: Send + Sync, const KIND: u8> Pinned<T, KIND> {
    /// An empty table; `KIND` is different for every table.
    pub(crate) const fn new() -> Self {
        Pinned(Slab::new())
    }

    /// A handle for a value.
    pub(crate) fn insert(&self, value: T) -> Option<usize> {
        let (entry, index) = self.0.reserve()?;
        // SAFETY: the entry is closing and was reserved for us, so nobody touches the value.
        unsafe { *entry.value.get() = Some(value) };
        // ORDER: Relaxed, the entry is reserved for us; the Release store of `state` publishes all of it.
        entry.forks.store(fork::generation(), Ordering::Relaxed);
        let generation = entry.state.load(Ordering::Relaxed) as u32;
        entry.state.store(u64::from(generation), Ordering::Release);
        Some(self.0.handle(index, generation))
    }

    /// Shows the value for one call.
    pub(crate) fn with<R>(&self, handle: usize, call: impl FnOnce(&T) -> Result<R, Failure>) -> Result<R, Failure> {
        let (entry, generation, _) = self.0.find(handle).ok_or(Failure::Handle)?;
        let pin = |state: u64| (state as u32 == generation && state & CLOSING == 0).then(|| state + PIN);
        // ORDER: Acquire, pairs with the Release in `insert`.
        entry.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, pin).map_err(|_| Failure::Handle)?;
        let _unpin = Unpin(&entry.state);
        // SAFETY: the pin keeps `remove` from taking the value.
        match unsafe { &*entry.value.get() } {
            Some(value) => call(value),
            None => Err(Failure::Handle),
        }
    }

    /// Ends the handle and drops the value once no call uses it. In a fork child the value is let go of without being
    /// dropped: a call of a thread that only the parent has may be in the middle of it.
    pub(crate) fn close(&self, handle: usize) -> Result<(), Failure> {
        let (entry, generation, index) = self.0.find(handle).ok_or(Failure::Handle)?;
        let close = |state: u64| (state as u32 == generation && state & CLOSING == 0).then_some(state | CLOSING);
        // ORDER: AcqRel, we see what made the value, and no pin is taken after it.
        entry.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, close).map_err(|_| Failure::Handle)?;
        // ORDER: Relaxed, written before the handle was given out.
        if entry.forks.load(Ordering::Relaxed) != fork::generation() {
            return Ok(());
        }
        // ORDER: Acquire, pairs with the Release in `Unpin`: every call on the value has ended.
        while entry.state.load(Ordering::Acquire) != CLOSING | u64::from(generation) {
            pause_thread();
        }
        // SAFETY: closing without pins: no call uses the value and none can begin to.
        let value = unsafe { &mut *entry.value.get() }.take();
        // ORDER: Release, who finds the new generation finds the entry empty.
        entry.state.store(CLOSING | u64::from(generation.wrapping_add(1)), Ordering::Release);
        self.0.give_back(index);
        value.map(drop).ok_or(Failure::Handle)
    }
}

struct Unpin(&'static AtomicU64);

impl Drop for Unpin {
    fn drop(&mut self) {
        // ORDER: Release, pairs with the Acquire in `close`.
        self.0.fetch_sub(PIN, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ENDS: Owned<u32, 9> = Owned::new();
    static WORLDS: Pinned<u32, 8> = Pinned::new();

    fn is_handle_failure<T>(answer: Result<T, Failure>) -> bool {
        matches!(answer, Err(Failure::Handle))
    }

    #[test]
    fn a_closed_handle_and_one_of_another_kind_are_errors() {
        let end = ENDS.insert(7).unwrap();
        assert_eq!(ENDS.with(end, |value| Ok(*value)).ok(), Some(7));
        assert!(is_handle_failure(WORLDS.with(end, |value| Ok(*value))));
        assert!(is_handle_failure(ENDS.with(0, |value| Ok(*value))));
        assert!(ENDS.close(end).is_ok());
        assert!(is_handle_failure(ENDS.with(end, |value| Ok(*value))));
        assert!(is_handle_failure(ENDS.close(end)));
    }

    #[test]
    fn a_handle_with_another_mark_names_nothing() {
        let end = ENDS.insert_marked(7, true).unwrap();
        assert_eq!((is_marked(end), ENDS.with(end, |value| Ok(*value)).ok()), (true, Some(7)));
        assert!(is_handle_failure(ENDS.with(end ^ MARK, |value| Ok(*value))));
        assert!(ENDS.close(end).is_ok());
    }

    #[test]
    fn another_thread_is_refused_until_the_handle_is_moved_to_it() {
        let end = ENDS.insert(1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(matches!(ENDS.with(end, |_| Ok(())), Err(Failure::Thread)));
                assert!(ENDS.move_here(end).is_ok());
                assert!(ENDS.with(end, |_| Ok(())).is_ok());
            });
        });
        assert!(matches!(ENDS.with(end, |_| Ok(())), Err(Failure::Thread)));
    }

    #[test]
    fn a_call_inside_a_call_on_the_same_handle_is_refused() {
        let end = ENDS.insert(1).unwrap();
        let inner = ENDS.with(end, |_| Ok(ENDS.with(end, |_| Ok(())).is_err()));
        assert_eq!(inner.ok(), Some(true));
    }

    #[test]
    fn a_pinned_value_is_taken_out_only_when_no_call_uses_it() {
        let world = WORLDS.insert(5).unwrap();
        let inside = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let used = WORLDS.with(world, |value| {
                    inside.wait();
                    Ok(*value)
                });
                assert_eq!(used.ok(), Some(5));
            });
            inside.wait();
            assert!(WORLDS.close(world).is_ok());
        });
        assert!(is_handle_failure(WORLDS.with(world, |value| Ok(*value))));
    }
}
