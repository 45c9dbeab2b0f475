//! The atomics of `base::atomic` under `cfg(loom)`: loom runs every order of the accesses that threads can make, and every
//! value that the memory orders allow them to see. In a normal build there is nothing here.
//!
//! A word is modelled when a model says so; all others are for people (names, times, counters, the trail) and are plain,
//! because each modelled access multiplies what is to be run. A seeded mistake is switched on by name; `relaxed:SITE`
//! takes the order from the accesses of one site.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use loom::sync::{Condvar, Mutex};
use loom::thread::{ThreadId, current};

pub use loom::sync::atomic::Ordering;

use crate::base::crash::Access;

thread_local! {
    static SITE: Cell<&'static str> = const { Cell::new("") };
    static MUTANT: Cell<&'static str> = const { Cell::new("") };
}

/// Remembers at which site the next access is made. Here the kernel may interrupt a process that it knows.
pub fn point(_access: Access, site: &'static str) {
    SITE.with(|known| known.set(site));
    if let Some(kernel) = kernel() {
        kernel.serve();
    }
}

/// Switches one seeded mistake on; the empty name switches all off.
pub fn set_mutant(name: &'static str) {
    MUTANT.with(|mutant| mutant.set(name));
}

/// Is this seeded mistake on?
pub fn mutant(name: &'static str) -> bool {
    MUTANT.with(Cell::get) == name
}

/// The order of an access, unless it is the one that is made too weak.
fn order(meant: Ordering) -> Ordering {
    let is_weak = MUTANT.with(Cell::get).strip_prefix("relaxed:") == Some(SITE.with(Cell::get));
    // ORDER: Relaxed, the mistake that a model must find.
    if is_weak { Ordering::Relaxed } else { meant }
}

thread_local! {
    static KERNEL: RefCell<Option<Arc<Kernel>>> = const { RefCell::new(None) };
}

/// The kernel of this run, if barriers are modelled in it.
pub fn kernel() -> Option<Arc<Kernel>> {
    KERNEL.with(|kernel| kernel.borrow().clone())
}

/// A kernel that makes the processor of one process pass barriers: one thread, which is interrupted before any of its
/// accesses and waited for, but not before the kernel knows the process.
#[derive(Debug)]
pub struct Kernel {
    process: Cell<Option<ThreadId>>,
    knows: loom::sync::atomic::AtomicBool,
    /// What the process was told: from here on it goes without fences.
    told: loom::sync::atomic::AtomicBool,
    /// Barriers that somebody waits for, so many that were passed, and what tells who waits.
    asked: loom::sync::atomic::AtomicU32,
    served: Mutex<u32>,
    bell: Condvar,
}

impl Kernel {
    /// One that knows nobody, for this run; `None` takes it away, before the run ends.
    pub fn set(is_there: bool) {
        let kernel = is_there.then(|| {
            let flag = || loom::sync::atomic::AtomicBool::new(false);
            let (process, asked) = (Cell::new(None), loom::sync::atomic::AtomicU32::new(0));
            let (served, bell) = (Mutex::new(0), Condvar::new());
            Arc::new(Kernel { process, knows: flag(), told: flag(), asked, served, bell })
        });
        KERNEL.with(|place| *place.borrow_mut() = kernel);
    }

    /// This thread is the process.
    pub fn enter(&self) {
        self.process.set(Some(current().id()));
    }

    /// The process runs no more: its processor has passed a barrier, and is asked for none from here on.
    pub fn leave(&self) {
        self.process.set(None);
        self.pass(u32::MAX);
    }

    /// Registers the process, as the thread does that waits for it.
    pub fn register(&self) {
        let early = mutant("told_too_early");
        // ORDER: SeqCst, the kernel's own accesses are not what is tried.
        self.told.store(early, Ordering::SeqCst);
        self.knows.store(true, Ordering::SeqCst);
        self.interrupt();
        // ORDER: Release, as the library stores it.
        self.told.store(true, Ordering::Release);
    }

    /// Was the process told?
    pub fn is_registered(&self) -> bool {
        // ORDER: Acquire, as the library loads it.
        self.told.load(Ordering::Acquire)
    }

    /// What a sleeper asks for: a barrier of its own, and one of every process that is known.
    pub fn everywhere(&self) {
        if mutant("no_barrier_of_the_sleeper") {
            return;
        }
        // ORDER: SeqCst, and so below: the system call is a barrier of the caller's when it begins and when it ends.
        fence(Ordering::SeqCst);
        if self.knows.load(Ordering::SeqCst) {
            self.interrupt();
        }
        fence(Ordering::SeqCst);
    }

    fn interrupt(&self) {
        let mut served = self.served.lock().expect("nobody panics in it");
        // ORDER: Relaxed: whoever serves takes the lock, and who does not see it yet serves later.
        let mine = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        while *served < mine {
            served = self.bell.wait(served).expect("nobody panics in it");
        }
    }

    /// The process passes the barriers that were asked for.
    fn serve(&self) {
        if self.process.get() == Some(current().id()) {
            // ORDER: Relaxed, as above; the process learns nothing from not being interrupted.
            let asked = self.asked.load(Ordering::Relaxed);
            if asked > 0 {
                self.pass(asked);
            }
        }
    }

    fn pass(&self, asked: u32) {
        // ORDER: SeqCst, the barrier that every processor passes.
        fence(Ordering::SeqCst);
        let mut served = self.served.lock().expect("nobody panics in it");
        *served = asked.max(*served);
        self.bell.notify_all();
    }
}

/// As in `std`.
pub fn fence(meant: Ordering) {
    loom::sync::atomic::fence(meant);
}

/// Nothing: a processor may still reorder, and only a `Kernel`'s barrier keeps it from that. Most models of sleeping take
/// the fences instead; the barrier acts as one of them, on behalf of whoever is made to pass it.
pub fn compiler_fence(_meant: Ordering) {}

/// A word that loom knows, or one that it does not.
#[derive(Debug)]
pub enum AtomicU64 {
    /// Every access is a place where another thread may go on.
    Modelled(loom::sync::atomic::AtomicU64),
    /// An ordinary one.
    Plain(std::sync::atomic::AtomicU64),
}

impl AtomicU64 {
    /// As in `std`.
    pub fn load(&self, meant: Ordering) -> u64 {
        match self {
            AtomicU64::Modelled(word) => word.load(order(meant)),
            AtomicU64::Plain(word) => word.load(meant),
        }
    }

    /// As in `std`.
    pub fn store(&self, value: u64, meant: Ordering) {
        match self {
            AtomicU64::Modelled(word) => word.store(value, order(meant)),
            AtomicU64::Plain(word) => word.store(value, meant),
        }
    }

    /// As in `std`.
    pub fn compare_exchange(&self, current: u64, new: u64, done: Ordering, failed: Ordering) -> Result<u64, u64> {
        match self {
            AtomicU64::Modelled(word) => word.compare_exchange(current, new, order(done), order(failed)),
            AtomicU64::Plain(word) => word.compare_exchange(current, new, done, failed),
        }
    }

    /// As in `std`.
    pub fn fetch_add(&self, value: u64, meant: Ordering) -> u64 {
        match self {
            AtomicU64::Modelled(word) => word.fetch_add(value, order(meant)),
            AtomicU64::Plain(word) => word.fetch_add(value, meant),
        }
    }
}

/// A futex word: with its kernel, or one on which nobody sleeps.
#[derive(Debug)]
pub enum AtomicU32 {
    /// Sleeping compares and goes to sleep in one step, waking wakes who sleeps.
    Modelled {
        /// What is compared.
        word: loom::sync::atomic::AtomicU32,
        /// The kernel's queue of sleepers.
        queue: Mutex<()>,
        /// What wakes them.
        bell: Condvar,
    },
    /// An ordinary word.
    Plain(std::sync::atomic::AtomicU32),
}

impl AtomicU32 {
    /// Nobody sleeps.
    pub fn modelled() -> AtomicU32 {
        let word = loom::sync::atomic::AtomicU32::new(0);
        AtomicU32::Modelled { word, queue: Mutex::new(()), bell: Condvar::new() }
    }

    /// Nobody ever will.
    pub fn plain() -> AtomicU32 {
        AtomicU32::Plain(std::sync::atomic::AtomicU32::new(0))
    }

    /// As in `std`.
    pub fn load(&self, meant: Ordering) -> u32 {
        match self {
            AtomicU32::Modelled { word, .. } => word.load(order(meant)),
            AtomicU32::Plain(word) => word.load(meant),
        }
    }

    /// As in `std`.
    pub fn compare_exchange(&self, current: u32, new: u32, done: Ordering, failed: Ordering) -> Result<u32, u32> {
        match self {
            AtomicU32::Modelled { word, .. } => word.compare_exchange(current, new, order(done), order(failed)),
            AtomicU32::Plain(word) => word.compare_exchange(current, new, done, failed),
        }
    }

    /// As in `std`.
    pub fn fetch_add(&self, value: u32, meant: Ordering) -> u32 {
        match self {
            AtomicU32::Modelled { word, .. } => word.fetch_add(value, order(meant)),
            AtomicU32::Plain(word) => word.fetch_add(value, meant),
        }
    }

    /// FUTEX_WAIT without a timeout: a wake-up that is missed is never made good.
    pub fn sleep(&self, expected: u32) {
        let AtomicU32::Modelled { word, queue, bell } = self else { unreachable!("nobody sleeps on a plain flag") };
        let queue = queue.lock().expect("nobody panics in it");
        // ORDER: SeqCst, the kernel reads the word with its queue locked, and an update that came before is seen.
        if word.fetch_add(0, Ordering::SeqCst) == expected {
            drop(bell.wait(queue));
        }
    }

    /// FUTEX_WAKE.
    pub fn wake(&self) {
        let AtomicU32::Modelled { queue, bell, .. } = self else { return };
        let _queue = queue.lock().expect("nobody panics in it");
        bell.notify_all();
    }
}
