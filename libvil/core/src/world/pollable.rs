//! A descriptor for event loops: readable while a receiver of a set has a message that was not looked for yet.
//!
//! Peers wake processes by futex words, and no event loop waits on those. So each descriptor has a thread of its own, that
//! sleeps on our process's word as any waiter does and makes an eventfd readable when it finds news. It has no part in
//! receiving or publishing; while the descriptor is readable it announces nothing, so peers pay for it only when the
//! program has caught up. The program needs no call to go on: a receive or a look that finds nothing arms it again.
//!
//! No wake-up is lost between the two: whoever arms it takes a picture of the receiver's rings, looks once more, and
//! compares all rings with their pictures after the announcement. Everything that decides is under one lock.

use std::os::fd::{AsRawFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::base::atomic::{FOR_DATA, FOR_SPACE};
use crate::base::error::{Error, Fault};
use crate::base::limits::SLICE;
use crate::base::words::ProcessId;
use crate::exchange::News;
use crate::sys::fork::Private;
use crate::sys::{eventfd, futex, process};
use crate::world::ends::held_by_the_living;
use crate::world::{Receiver, SetCanceller, World};

/// A descriptor, its thread, and what both know. Ends with it: the descriptor is closed, the thread has ended.
#[derive(Debug)]
pub(super) struct Pollable {
    shared: Arc<Shared>,
    descriptor: RawFd,
    thread: Option<JoinHandle<()>>,
}

/// What the program's thread and the descriptor's share.
#[derive(Debug)]
struct Shared {
    world: Arc<World>,
    canceller: Arc<SetCanceller>,
    /// Offset of our process's futex word.
    flag: u64,
    /// The descriptor is readable; also kept here, so that a receive which finds nothing asks no lock.
    is_raised: AtomicBool,
    is_over: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` once the set is closed.
    event: Option<Private>,
    rings: Vec<Ring>,
    /// Cancels of the world and of the set that were there when it was armed.
    cancels: (u32, u32),
    /// What was announced on the futex word when it was armed: its value, and for what.
    announced: Option<(u32, u32)>,
    next_watch: u64,
}

/// One ring that is watched.
#[derive(Debug)]
struct Ring {
    watch: u64,
    route: usize,
    /// What was known of it when its receiver was last found empty.
    known: News,
    /// Its receiver lends messages on, and must look when one comes back.
    lends: bool,
    /// The descriptor was made readable because of it, and its receiver was not found empty since.
    is_news: bool,
}

/// What a receiver holds of the descriptor that tells of it.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    number: u64,
}

impl Pollable {
    /// Makes a descriptor and starts its thread. It watches nothing yet.
    pub(super) fn start(canceller: &Arc<SetCanceller>, flag: u64) -> Result<Pollable, Error> {
        let world = canceller.world();
        let event = eventfd::create()?;
        let descriptor = event.as_raw_fd();
        let state = State {
            event: Some(event),
            rings: Vec::new(),
            cancels: canceller.all_calls(),
            announced: None,
            next_watch: 0,
        };
        let shared = Arc::new(Shared {
            world: Arc::clone(world),
            canceller: Arc::clone(canceller),
            flag,
            is_raised: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            state: Mutex::new(state),
        });
        let theirs = Arc::clone(&shared);
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| theirs.run())).is_err() {
                // Readable for good: the program looks too often, and misses nothing.
                theirs.raise(&mut theirs.lock());
            }
        };
        let thread = process::spawn_undisturbed("vil-waitset", run)
            .map_err(|error| Error::from_os("the thread of a descriptor", &error))?;
        Ok(Pollable { shared, descriptor, thread: Some(thread) })
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.descriptor
    }

    /// Tells of this receiver from here on, also of what it has now.
    pub(super) fn watch(&self, receiver: &mut Receiver) -> Result<(), Error> {
        if receiver.is_watched() {
            let message =
                "the receiver is in another set with a descriptor, which tells of it; take it out there first";
            return Err(Error::new(Fault::State, message));
        }
        let mut state = self.shared.lock();
        state.next_watch += 1;
        let number = state.next_watch;
        let ring = |route| Ring { watch: number, route, known: News::default(), lends: false, is_news: true };
        state.rings.extend(receiver.routes().map(ring));
        // Whether it has something is found out by whoever sees the descriptor and looks.
        self.shared.raise(&mut state);
        drop(state);
        receiver.set_watch(Watch { shared: Arc::clone(&self.shared), number });
        Ok(())
    }
}

impl Drop for Pollable {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.shared.world.is_forked() {
            // The thread is the parent's alone, and whatever it held when we were forked off stays as it is.
            std::mem::forget((thread, Arc::clone(&self.shared)));
            return;
        }
        // ORDER: Release, pairs with the Acquire in `run`.
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.world.rouse();
        // It does not panic, and if it did there would be nothing to end.
        let _ = thread.join();
        let mut state = self.shared.lock();
        state.rings.clear();
        state.event = None;
        // ORDER: Relaxed, only saves a look under the lock.
        self.shared.is_raised.store(false, Ordering::Relaxed);
    }
}

impl Watch {
    /// Is the set still there?
    pub(super) fn is_open(&self) -> bool {
        // ORDER: Relaxed, the thread that closes the set is the one that asks.
        !self.shared.is_over.load(Ordering::Relaxed)
    }

    /// The receiver was found empty. True when it is not any more; else the descriptor tells of what comes next. `look`
    /// answers whether it has something, and whether it lends messages on.
    #[inline]
    pub(super) fn rearm(&self, look: impl FnOnce() -> (bool, bool)) -> bool {
        // ORDER: Relaxed, a descriptor that becomes readable just now is seen by the next receive that finds nothing.
        if !self.shared.is_raised.load(Ordering::Relaxed) {
            return false;
        }
        self.shared.rearm(self.number, look)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.shared.world.is_forked() {
            return;
        }
        let mut state = self.shared.lock();
        state.rings.retain(|ring| ring.watch != self.number);
        self.shared.arm_if_quiet(&mut state);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The thread: sleeps until somebody wakes our process or a slice is over, and looks.
    fn run(&self) {
        let mut asked = Instant::now();
        let mut producers = Vec::new();
        // ORDER: Acquire, pairs with the Release in `drop`.
        while !self.is_over.load(Ordering::Acquire) {
            let value = self.look();
            if asked.elapsed() >= SLICE {
                self.ask(&mut producers);
                asked = Instant::now();
            }
            futex::wait(self.world.shared().segment.flag(self.flag).raw(), value, SLICE);
        }
    }

    /// Makes the descriptor readable if there is news, and answers the value of the futex word to sleep on.
    fn look(&self) -> u32 {
        let mut state = self.lock();
        if state.announced.is_some() {
            // Looked at before it is announced anew, which costs a barrier on every processor that runs one of us.
            let standing = self.standing(&state);
            let has_news = self.has_news(&mut state);
            // What is lent comes back without news of the ring it came by, and not each release wakes us: it is looked
            // for whenever we wake, once a slice at least.
            let comes_back = state.rings.iter().any(|ring| ring.lends);
            if !has_news && !comes_back {
                let value = standing.unwrap_or_else(|| self.announce(&mut state));
                if standing.is_some() || !self.has_news(&mut state) {
                    return value;
                }
            }
            if comes_back {
                state.rings.iter_mut().filter(|ring| ring.lends).for_each(|ring| ring.is_news = true);
            }
            self.raise(&mut state);
        }
        // ORDER: Acquire, pairs with the AcqRel of a wake-up.
        self.world.shared().segment.flag(self.flag).raw().load(Ordering::Acquire)
    }

    /// Asks the kernel for the producers of all rings and recovers the dead; what that changes is news at the next look.
    fn ask(&self, producers: &mut Vec<ProcessId>) {
        producers.clear();
        for ring in &self.lock().rings {
            let geometry = &self.world.shared().geometry.rings[ring.route];
            News::producers(self.world.shared(), geometry, producers);
        }
        producers.sort_unstable();
        producers.dedup();
        for producer in producers {
            held_by_the_living(&self.world, *producer);
        }
    }

    /// See `Watch::rearm`.
    #[cold]
    fn rearm(&self, watch: u64, look: impl FnOnce() -> (bool, bool)) -> bool {
        let mut state = self.lock();
        let State { rings, .. } = &mut *state;
        let mut mine = rings.iter_mut().filter(|ring| ring.watch == watch && ring.is_news).peekable();
        if mine.peek().is_none() {
            drop(mine);
            self.arm_if_quiet(&mut state);
            return false;
        }
        // The picture comes before the look: what it shows and the look does not find was received before.
        let pictured: Vec<_> = mine.map(|ring| (self.news(ring.route), ring)).collect();
        let (is_ready, lends) = look();
        if is_ready {
            return true;
        }
        for (known, ring) in pictured {
            ring.known = known;
            ring.lends = lends;
            ring.is_news = false;
        }
        self.arm_if_quiet(&mut state);
        false
    }

    /// When no receiver has news that was not looked for: takes the descriptor back, and lets peers wake its thread.
    fn arm_if_quiet(&self, state: &mut State) {
        // ORDER: Relaxed, changed under the lock that the caller has.
        if !self.is_raised.load(Ordering::Relaxed) || state.rings.iter().any(|ring| ring.is_news) {
            return;
        }
        if let Some(event) = &state.event {
            eventfd::take_back(event);
        }
        // ORDER: Relaxed, as above.
        self.is_raised.store(false, Ordering::Relaxed);
        state.cancels = self.canceller.all_calls();
        self.announce(state);
        if self.has_news(state) {
            self.raise(state);
        }
    }

    /// Makes the descriptor readable; nothing is announced until it is armed again.
    fn raise(&self, state: &mut State) {
        if let Some((announced, reasons)) = state.announced.take() {
            self.world.shared().segment.flag(self.flag).withdraw(announced, reasons, "wait.withdraw");
        }
        // ORDER: Relaxed, who sees it takes the lock.
        if !self.is_raised.swap(true, Ordering::Relaxed)
            && let Some(event) = &state.event
        {
            eventfd::raise(event);
        }
    }

    /// The value of the futex word to sleep on, if what was announced still stands.
    fn standing(&self, state: &State) -> Option<u32> {
        let flag = self.world.shared().segment.flag(self.flag);
        state.announced.and_then(|(announced, _)| flag.standing(announced, "wait.standing"))
    }

    /// Announces; answers the value to sleep on after one more look.
    fn announce(&self, state: &mut State) -> u32 {
        let lends = state.rings.iter().any(|ring| ring.lends);
        let reasons = if lends { FOR_DATA | FOR_SPACE } else { FOR_DATA };
        let value = self.world.shared().announce(self.flag, reasons, "wait.announce");
        state.announced = Some((value, reasons));
        value
    }

    /// Has a ring something that its receiver was not told of, or was somebody cancelled? Remembers which.
    fn has_news(&self, state: &mut State) -> bool {
        let mut found = self.canceller.all_calls() != state.cancels;
        for ring in &mut state.rings {
            ring.is_news = self.news(ring.route).is_news_to(ring.known);
            found |= ring.is_news;
        }
        found
    }

    fn news(&self, route: usize) -> News {
        News::of(self.world.shared(), &self.world.shared().geometry.rings[route])
    }
}
