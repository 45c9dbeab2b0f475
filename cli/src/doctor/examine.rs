//! The examination: everything that can be seen of a world, taken once.

use std::time::Duration;

use vil_core::base::error::Fault;
use vil_core::base::words::ProcState;
use vil_core::observe::{Outside, RouteSnapshot};
use vil_core::registry::trail::Recorded;
use vil_core::registry::{Audit, Ends};
use vil_core::sys::clock::now_ns;
use vil_core::sys::file::RuntimeDir;
use vil_ir::vocabulary::Transfer;

use crate::doctor::findings::{self, Finding};

/// How often the slots are walked again before one counts as leaked: a living world changes under the walk.
const WALKS: u32 = 4;
/// Time between two walks, longer than a process needs for what it is in the middle of.
const BETWEEN: Duration = Duration::from_millis(5);

/// A world that was examined.
pub(super) struct Patient {
    pub(super) name: String,
    /// What there is to see; `None` when it cannot be opened.
    pub(super) seen: Option<Seen>,
    pub(super) findings: Vec<Finding>,
}

/// What there is to see.
pub(super) struct Seen {
    pub(super) program: String,
    pub(super) bytes: u64,
    pub(super) processes: Vec<Process>,
    pub(super) routes: Vec<Route>,
    pub(super) audit: Audit,
    pub(super) events: Vec<Recorded>,
    /// Events that were overwritten or torn.
    pub(super) missed: u64,
    pub(super) now_ns: u64,
}

/// One process.
pub(super) struct Process {
    pub(super) entry: u16,
    pub(super) name: String,
    pub(super) pid: u32,
    pub(super) language: &'static str,
    pub(super) epoch: u64,
    pub(super) since_ns: u64,
    pub(super) life: Life,
    pub(super) slots: u32,
    /// Those of them that are messages which nobody has released.
    pub(super) messages: u32,
    /// Routes of which it holds an end.
    pub(super) ends: Vec<(usize, Ends)>,
}

/// How a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It lives, stopped or not.
    Alive,
    /// It died, and nobody has recovered it yet.
    Dead,
    /// It died, and recovery waits until messages that it forwarded are released.
    Pending,
}

impl Life {
    pub(super) fn word(self) -> &'static str {
        match self {
            Life::Alive => "alive",
            Life::Dead => "dead",
            Life::Pending => "pending",
        }
    }
}

/// One route.
pub(super) struct Route {
    pub(super) name: String,
    pub(super) lane: &'static str,
    /// A message that is taken from it is its taker's and not in it any more.
    pub(super) is_taken_from: bool,
    pub(super) is_sound: bool,
    pub(super) has_consumer: bool,
    pub(super) seen: RouteSnapshot,
}

/// Examines a world; `None` when it went away meanwhile.
pub(super) fn examine(dir: &RuntimeDir, name: &str) -> Option<Patient> {
    let name = name.to_owned();
    match Outside::look(dir, &name) {
        Ok(world) => {
            let seen = look(&world);
            let findings = findings::of(&name, &seen);
            Some(Patient { name, seen: Some(seen), findings })
        }
        Err(error) if error.fault == Fault::NotFound => None,
        Err(error) => {
            let findings = vec![findings::unreadable(&name, &error)];
            Some(Patient { name, seen: None, findings })
        }
    }
}

fn look(world: &Outside) -> Seen {
    let processes = processes(world);
    let (events, missed) = events(world);
    Seen {
        program: world.catalog().plan.program.clone(),
        bytes: world.size(),
        routes: routes(world, &processes),
        processes,
        audit: audit(world),
        events,
        missed,
        now_ns: now_ns(),
    }
}

fn processes(world: &Outside) -> Vec<Process> {
    let (slots, messages) = (world.slots_held(), world.messages_held());
    let routes = 0..world.catalog().plan.routes.len();
    let all = world.processes().into_iter().map(|(entry, info)| {
        let held = routes.clone().filter_map(|route| Some((route, world.ends_held(entry, route)?)));
        let life = match info.word.state {
            ProcState::Dead => Life::Pending,
            _ if world.is_dead(entry) => Life::Dead,
            _ => Life::Alive,
        };
        let of = |counts: &[u32]| counts.get(usize::from(entry.0)).copied().unwrap_or(0);
        Process {
            entry: entry.0,
            name: info.name,
            pid: info.pid,
            language: info.language.word(),
            epoch: info.word.epoch,
            since_ns: info.since_ns,
            life,
            slots: of(&slots),
            // Counted later than the slots: the world goes on meanwhile.
            messages: of(&messages).min(of(&slots)),
            ends: held.filter(|(_, ends)| *ends != Ends::default()).collect(),
        }
    });
    all.collect()
}

fn routes(world: &Outside, processes: &[Process]) -> Vec<Route> {
    let consumes = |process: &Process, route: usize| {
        process.life == Life::Alive && process.ends.iter().any(|(of, ends)| *of == route && ends.consumer)
    };
    let all = world.catalog().plan.routes.iter().enumerate().filter_map(|(index, route)| {
        Some(Route {
            name: route.name(),
            lane: route.lane.word(),
            is_taken_from: route.is_claimed() || route.transfer == Transfer::ConsumeOnce,
            is_sound: world.is_sound(index),
            has_consumer: processes.iter().any(|process| consumes(process, index)),
            seen: world.route(index)?,
        })
    });
    all.collect()
}

/// The best of several walks.
fn audit(world: &Outside) -> Audit {
    let mut best = world.audit();
    for _ in 1..WALKS {
        if best.leaked == 0 {
            break;
        }
        std::thread::sleep(BETWEEN);
        let next = world.audit();
        if next.leaked < best.leaked {
            best = next;
        }
    }
    best
}

fn events(world: &Outside) -> (Vec<Recorded>, u64) {
    let mut cursor = world.trail();
    let end = cursor.next.saturating_add(2 * vil_core::base::limits::TRAIL_ENTRIES);
    let mut events = Vec::new();
    // Bounded, because a busy world may record faster than it is read.
    while cursor.next < end
        && let Some(event) = world.read(&mut cursor)
    {
        events.push(event);
    }
    (events, cursor.missed)
}
