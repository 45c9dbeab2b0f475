//! The watcher: a thread that recovers the dead and sweeps, every so often, for programs that want it done in time.
//!
//! Nothing depends on it: recovery also happens at open, when a peer does not move, and when the pool is short. It keeps
//! no world alive, takes no signal, and ends with the last user of its world.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::error::Error;
use crate::registry::trail::{Event, Kind, record};
use crate::sys::{fork, process};
use crate::world::World;

/// A running watcher; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Watcher {
    pace: Arc<Pace>,
    thread: Option<JoinHandle<()>>,
    generation: u32,
}

/// What the thread is told.
#[derive(Debug)]
struct Pace {
    /// `None`: it is over.
    interval: Mutex<Option<Duration>>,
    changed: Condvar,
}

impl Watcher {
    /// Starts watching a world.
    pub(super) fn start(world: Weak<World>, interval: Duration) -> Result<Watcher, Error> {
        let pace = Arc::new(Pace { interval: Mutex::new(Some(interval)), changed: Condvar::new() });
        let told = Arc::clone(&pace);
        let thread = process::spawn_undisturbed("vil-watcher", move || watch(&world, &told))
            .map_err(|error| Error::from_os("a thread that watches", &error))?;
        Ok(Watcher { pace, thread: Some(thread), generation: fork::generation() })
    }

    /// From now on it looks this often.
    pub(super) fn set(&self, interval: Duration) {
        *self.pace.get() = Some(interval);
        self.pace.changed.notify_all();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.generation != fork::generation() {
            // The thread is the parent's and does not exist here; waiting for it would be for ever.
            std::mem::forget(thread);
            return;
        }
        *self.pace.get() = None;
        self.pace.changed.notify_all();
        // The watcher itself may be the last user of its world, and then ends by itself.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Pace {
    fn get(&self) -> MutexGuard<'_, Option<Duration>> {
        self.interval.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for the next look; false when it is over.
    fn wait(&self) -> bool {
        let mut interval = self.get();
        while let Some(time) = *interval {
            let (next, waited) =
                self.changed.wait_timeout(interval, time).unwrap_or_else(|poisoned| poisoned.into_inner());
            interval = next;
            if waited.timed_out() {
                return interval.is_some();
            }
        }
        false
    }
}

fn watch(world: &Weak<World>, pace: &Pace) {
    while pace.wait() {
        let Some(world) = world.upgrade() else { return };
        if catch_unwind(AssertUnwindSafe(|| world.recover())).is_err() {
            record(&world.shared, Event::new(Kind::Panicked, world.me()));
        }
    }
}
