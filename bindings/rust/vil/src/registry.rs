//! The registry of a world: who is attached, who holds what, who is dead, and what happened.

use std::fmt;
use std::time::Duration;

use crate::{Result, Status, World, text};

/// Looks into the registry of a world, and looks after it. Borrowed from a [`World`].
#[derive(Debug, Clone, Copy)]
pub struct Registry<'a> {
    world: &'a World,
}

/// The language that a process's calls come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// C, or nothing was said.
    C,
    /// C++.
    Cpp,
    /// Rust.
    Rust,
    /// Another one.
    Other,
}

/// One process of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the process table.
    pub index: u32,
    /// The kernel says that it lives, stopped or not; else its belongings are not yet back.
    pub is_alive: bool,
    /// Its process id, in its own pid namespace.
    pub pid: i32,
    /// What its calls come from.
    pub language: Language,
    /// Counts the owners of the place.
    pub epoch: u64,
    /// When it attached, on the monotonic clock.
    pub since: Duration,
    /// Its name in the program; empty for one without a role.
    pub name: String,
}

/// Which ends of a route a process holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// The producing end.
    pub producer: bool,
    /// The consuming end.
    pub consumer: bool,
}

/// What an event of the audit trail is. The set is open, like that of [`Status`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct EventKind(u32);

macro_rules! kinds {
    ($($name:ident = $raw:ident, $meaning:literal;)*) => {
        impl EventKind {
            $(#[doc = concat!("`", stringify!($raw), "`: ", $meaning, ".")]
            pub const $name: EventKind = EventKind(vil_sys::$raw);)*
        }

        impl fmt::Debug for EventKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(EventKind::$name => f.write_str(stringify!($name)),)*
                    EventKind(number) => write!(f, "EventKind({number})"),
                }
            }
        }
    };
}

kinds! {
    ATTACHED = VIL_EVENT_ATTACHED, "`process` attached; the number is its epoch";
    DETACHED = VIL_EVENT_DETACHED, "`process` left; the number is its epoch";
    RECOVERED = VIL_EVENT_RECOVERED, "`process` was dead and `peer` (nobody: from outside) brought back what it had; the number is its epoch";
    TAKEN = VIL_EVENT_TAKEN, "`process` took a message out of `route` and owns its slot from here on; `peer` owned it before";
    FORWARDED_TAKEN = VIL_EVENT_FORWARDED_TAKEN, "`process` passed a message that it owns on into `route`";
    ORPHANED = VIL_EVENT_ORPHANED, "`process` died or closed, and this many unreleased messages of it stay for their consumers";
    REDELIVERED = VIL_EVENT_REDELIVERED, "`process` opened `route` where its predecessor had left this many messages unreleased";
    DROPPED_NEWEST = VIL_EVENT_DROPPED_NEWEST, "`process` found `route` full and dropped its newest message";
    DROPPED_OLDEST = VIL_EVENT_DROPPED_OLDEST, "`process` found `route` full and dropped its oldest message";
    SKIPPED = VIL_EVENT_SKIPPED, "This many messages of `route` were skipped, because their consumer `process` was gone";
    UNCONSUMED = VIL_EVENT_UNCONSUMED, "`process` released a message of consume_once that it had not consumed";
    PUBLISHED_TWICE = VIL_EVENT_PUBLISHED_TWICE, "`process` published a loan that had ended";
    RELEASED_TWICE = VIL_EVENT_RELEASED_TWICE, "`process` released a message that had ended";
    USED_AFTER_END = VIL_EVENT_USED_AFTER_END, "`process` used a loan or a message that had ended, other than to publish or release it";
    PANICKED = VIL_EVENT_PANICKED, "A bug in libvil was contained in `process`";
    QUARANTINED = VIL_EVENT_QUARANTINED, "`process` found nonsense in `route` and uses it no more";
    LOST_WITH_OWNER = VIL_EVENT_LOST_WITH_OWNER, "A message of `route` was taken by `process`, which died with it";
}

/// One event of a world's audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The same in a word, such as `dropped_newest`.
    pub name: String,
    /// Counts the events of the world, from 0.
    pub event: u64,
    /// When, on the monotonic clock.
    pub time: Duration,
    /// Events before this one that were overwritten before they were read, or torn by a death.
    pub missed: u64,
    /// Somebody made a mistake, or a message was lost with its owner.
    pub is_fault: bool,
    /// Entry of the process that it happened to or that did it.
    pub process: Option<u32>,
    /// Entry of the other process in it.
    pub peer: Option<u32>,
    /// The route.
    pub route: Option<u32>,
    /// The slot and its generation.
    pub slot: Option<(u32, u32)>,
    /// A message's number, an epoch, or how many, as the kind says; 0 when it is about a slot.
    pub number: u64,
}

/// The audit trail from some point on: an iterator that ends where nothing more has happened yet, and can be asked again.
#[derive(Debug, Clone)]
pub struct Trail<'a> {
    world: &'a World,
    cursor: u64,
}

impl<'a> Registry<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world }
    }

    /// The processes that are attached, and the dead that are not yet recovered. Changes nothing.
    pub fn entries(self) -> Result<Vec<Entry>, Status> {
        let mut count = 0;
        // SAFETY: the handle is open as long as the world is borrowed, the out-pointer is ours; and so below.
        Status::check(unsafe { vil_sys::vil_registry_count(self.world.as_raw(), &mut count) })?;
        (0..count).filter_map(|index| self.entry(index).transpose()).collect()
    }

    /// One entry of the process table; none when nobody is in it.
    pub fn entry(self, index: u32) -> Result<Option<Entry>, Status> {
        let mut raw = vil_sys::vil_registry_entry_t {
            struct_size: size_of::<vil_sys::vil_registry_entry_t>() as u32,
            is_alive: 0,
            pid: 0,
            language: 0,
            epoch: 0,
            since_ns: 0,
            name: [0; 64],
        };
        // SAFETY: as in `entries`; the struct says its size.
        match Status::check(unsafe { vil_sys::vil_registry_entry(self.world.as_raw(), index, &mut raw) }) {
            Err(Status::EMPTY) => Ok(None),
            answer => answer.map(|()| Some(entry(index, &raw))),
        }
    }

    /// How many slots an entry's process holds.
    pub fn slots(self, entry: u32) -> Result<u32, Status> {
        let mut slots = 0;
        // SAFETY: as in `entries`.
        Status::check(unsafe { vil_sys::vil_registry_slots(self.world.as_raw(), entry, &mut slots) })?;
        Ok(slots)
    }

    /// Which ends of a route an entry's process holds.
    pub fn ends(self, entry: u32, route: u32) -> Result<Ends, Status> {
        let mut ends = 0;
        // SAFETY: as in `entries`.
        Status::check(unsafe { vil_sys::vil_registry_ends(self.world.as_raw(), entry, route, &mut ends) })?;
        let holds = |end| ends & end != 0;
        Ok(Ends { producer: holds(vil_sys::VIL_PRODUCER), consumer: holds(vil_sys::VIL_CONSUMER) })
    }

    /// Recovers one entry if its process is dead; true when this call finished it, [`Status::E_BUSY`] when it lives.
    pub fn recover(self, entry: u32) -> Result<bool, Status> {
        let mut recovered = 0;
        // SAFETY: as in `entries`.
        Status::check(unsafe { vil_sys::vil_registry_recover(self.world.as_raw(), entry, &mut recovered) })?;
        Ok(recovered == 1)
    }

    /// The audit trail, from the oldest event that is still there.
    pub fn trail(self) -> Trail<'a> {
        Trail { world: self.world, cursor: 0 }
    }

    /// The audit trail, from now on.
    pub fn trail_from_now(self) -> Result<Trail<'a>, Status> {
        let mut cursor = 0;
        // SAFETY: as in `entries`.
        Status::check(unsafe { vil_sys::vil_registry_trail_end(self.world.as_raw(), &mut cursor) })?;
        Ok(Trail { world: self.world, cursor })
    }

    /// Starts a thread that recovers the dead and sweeps this often, from a millisecond to an hour; one that runs already
    /// takes the new interval. It ends with `unwatch`, or when the world and all that was opened from it are gone.
    pub fn watch(self, interval: Duration) -> Result<(), Status> {
        let interval = u32::try_from(interval.as_millis()).map_err(|_| Status::E_ARGUMENT)?;
        Status::check(vil_sys::vil_registry_watch(self.world.as_raw(), interval))
    }

    /// Ends the watching thread; [`Status::E_STATE`] when there is none.
    pub fn unwatch(self) -> Result<(), Status> {
        Status::check(vil_sys::vil_registry_unwatch(self.world.as_raw()))
    }
}

impl Iterator for Trail<'_> {
    type Item = Result<Event, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut raw = vil_sys::vil_event_t {
            struct_size: size_of::<vil_sys::vil_event_t>() as u32,
            kind: 0,
            name: [0; 32],
            event: 0,
            time_ns: 0,
            missed: 0,
            is_fault: 0,
            process: 0,
            peer: 0,
            route: 0,
            slot: 0,
            generation: 0,
            number: 0,
        };
        // SAFETY: as in `Registry::entries`; the struct says its size.
        let answer = unsafe { vil_sys::vil_registry_trail(self.world.as_raw(), &mut self.cursor, &mut raw) };
        match Status::check(answer) {
            Err(Status::EMPTY) => None,
            answer => Some(answer.map(|()| event(&raw))),
        }
    }
}

fn entry(index: u32, raw: &vil_sys::vil_registry_entry_t) -> Entry {
    Entry {
        index,
        is_alive: raw.is_alive != 0,
        pid: raw.pid,
        language: language(raw.language),
        epoch: raw.epoch,
        since: Duration::from_nanos(raw.since_ns),
        name: text::owned(&raw.name),
    }
}

fn language(raw: u32) -> Language {
    match raw {
        vil_sys::VIL_LANGUAGE_C => Language::C,
        vil_sys::VIL_LANGUAGE_CPP => Language::Cpp,
        vil_sys::VIL_LANGUAGE_RUST => Language::Rust,
        _ => Language::Other,
    }
}

fn event(raw: &vil_sys::vil_event_t) -> Event {
    let some = |number: u32| (number != vil_sys::VIL_NONE).then_some(number);
    Event {
        kind: EventKind(raw.kind),
        name: text::owned(&raw.name),
        event: raw.event,
        time: Duration::from_nanos(raw.time_ns),
        missed: raw.missed,
        is_fault: raw.is_fault != 0,
        process: some(raw.process),
        peer: some(raw.peer),
        route: some(raw.route),
        slot: some(raw.slot).map(|slot| (slot, raw.generation)),
        number: raw.number,
    }
}
