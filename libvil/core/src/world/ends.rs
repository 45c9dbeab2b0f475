//! Opening an end of a ring, through the death of whoever held it before.

use std::sync::Arc;

use vil_ir::plan::{Plan, RoutePlan};

use crate::base::atomic::{FOR_DATA, FOR_SPACE};
use crate::base::error::{Error, Fault};
use crate::base::words::{ProcState, ProcessId};
use crate::exchange::NotOpened;
use crate::registry::{Outcome, info, recover, state};
use crate::world::wait::{Wait, deadline};
use crate::world::{Stop, World};

/// How often a dead holder is recovered before the end is called busy: others may die in it as often as they like.
const TRIES: u32 = 16;

/// Opens an end; a dead holder is recovered first, a living one is `Busy`.
pub(super) fn open_end<T>(
    world: &Arc<World>,
    route: usize,
    open: impl Fn() -> Result<T, NotOpened>,
) -> Result<T, Error> {
    let name = world.catalog().plan.routes[route].name();
    let mut named: Option<ProcessId> = None;
    world.settle_lingering();
    for _ in 0..TRIES {
        let owner = match open() {
            Ok(end) => return Ok(end),
            Err(NotOpened::Corrupt) => return Err(nonsense(world, &name)),
            Err(NotOpened::OwnedBy(owner)) => owner,
        };
        if u32::from(owner.0) >= world.shared.geometry.processes {
            return Err(nonsense(world, &name));
        }
        let outcome = world.recover_process(owner);
        if outcome == Outcome::Pending && named.replace(owner) != Some(owner) {
            // It waits for one of its ends, which need not be this one.
            continue;
        }
        if outcome == Outcome::Pending || (owner == world.me() && world.is_lingering(route)) {
            let message = format!(
                "route {name} of world `{}` waits for messages that its last holder forwarded and that are still read; \
                 open with a timeout, or again when they are released",
                world.name()
            );
            return Err(Error::new(Fault::Pending, message));
        }
        if owner == world.me() || outcome == Outcome::Alive {
            let pid = info(&world.shared, owner).pid;
            let message = format!(
                "route {name} of world `{}` is held by process {pid}, which lives; close it there first",
                world.name()
            );
            return Err(Error::new(Fault::Busy, message));
        }
        named = Some(owner);
    }
    // A process that died leaves an end that recovery makes vacant; one of an entry that is free was written by nobody.
    if named.is_some_and(|owner| state(&world.shared, owner).state == ProcState::Free) {
        return Err(nonsense(world, &name));
    }
    Err(Error::new(Fault::Busy, format!("route {name} of world `{}` changes hands again and again", world.name())))
}

fn nonsense(world: &World, route: &str) -> Error {
    let message =
        format!("route {route} of world `{}` holds nonsense; remove the world and create it again", world.name());
    Error::new(Fault::Corrupt, message)
}

/// Opens an end, trying again until `timeout_ns` has passed while its last holder lives or is being waited for.
pub(super) fn open_within<T>(
    world: &Arc<World>,
    timeout_ns: u64,
    mut open: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let is_over = |answer: &Result<T, Error>| {
        !answer.as_ref().is_err_and(|error| matches!(error.fault, Fault::Busy | Fault::Pending))
    };
    let mut answer = open();
    let Some(flag) = world.own_flag().filter(|_| timeout_ns > 0 && !is_over(&answer)) else { return answer };
    let mut cancels = world.cancels();
    let reason = FOR_DATA | FOR_SPACE;
    let wait = Wait { world, flag, reason, deadline_ns: deadline(timeout_ns), cancels: &mut cancels };
    let ended = wait.asleep(
        || {
            answer = open();
            is_over(&answer).then_some(())
        },
        |_| false,
    );
    match ended {
        Err(Stop::Cancelled) => Err(ended_by(world, Fault::Cancelled, "cancelled")),
        Err(Stop::Interrupted) => Err(ended_by(world, Fault::Interrupted, "interrupted by a signal")),
        // The last answer says what was waited for in vain.
        _ => answer,
    }
}

fn ended_by(world: &World, fault: Fault, by: &str) -> Error {
    Error::new(fault, format!("opening a port of world `{}` was {by}; it is as it was, so open it again", world.name()))
}

/// Recovers the owner if it is dead; says whether it lives.
pub(super) fn held_by_the_living(world: &World, owner: ProcessId) -> bool {
    if u32::from(owner.0) >= world.shared.geometry.processes {
        return false;
    }
    recover(&world.shared, world, owner) == Outcome::Alive
}

/// Routes by the port that they lead from, and by the one that they lead to: a program of a thousand routes is not
/// searched from end to end for each of its ports.
#[derive(Debug)]
pub(super) struct Index {
    by_source: Vec<u32>,
    by_target: Vec<u32>,
}

impl Index {
    /// Sorts the routes of a world.
    pub(super) fn new(plan: &Plan) -> Index {
        let sorted = |sends| {
            let mut routes: Vec<u32> = (0..plan.routes.len() as u32).collect();
            routes.sort_by_key(|route| end_of(&plan.routes[*route as usize], sends));
            routes
        };
        Index { by_source: sorted(true), by_target: sorted(false) }
    }

    /// The routes of a port, in the order of the program.
    pub(super) fn find(&self, plan: &Plan, sends: bool, process: &str, port: &str) -> &[u32] {
        let routes = if sends { &self.by_source } else { &self.by_target };
        let end = |route: &u32| end_of(&plan.routes[*route as usize], sends);
        let first = routes.partition_point(|route| end(route) < (process, port));
        let count = routes[first..].partition_point(|route| end(route) == (process, port));
        &routes[first..first + count]
    }
}

/// Process and port at one end of a route.
fn end_of(route: &RoutePlan, sends: bool) -> (&str, &str) {
    match sends {
        true => (&route.from.process, &route.from.port),
        false => (&route.to.process, &route.to.port),
    }
}

/// The routes of a port of our role, with a sentence when there are none.
pub(super) fn routes_of(world: &World, port: &str, sends: bool) -> Result<Vec<usize>, Error> {
    let Some(role) = world.role() else {
        let message =
            format!("world `{}` was opened without a role, and only a process of the program has ports", world.name());
        return Err(Error::new(Fault::NotFound, message));
    };
    let found = world.index().find(&world.catalog().plan, sends, role, port);
    if !found.is_empty() {
        return Ok(found.iter().map(|route| *route as usize).collect());
    }
    let mine =
        world.catalog().plan.routes.iter().map(|route| end_of(route, sends)).filter(|(process, _)| *process == role);
    let names: Vec<&str> = mine.map(|(_, name)| name).collect();
    let (verb, names) =
        (if sends { "sends" } else { "receives" }, if names.is_empty() { "nothing".into() } else { names.join(", ") });
    let message = format!("process {role} of world `{}` {verb} by no port `{port}`; it {verb}: {names}", world.name());
    Err(Error::new(Fault::NotFound, message))
}
