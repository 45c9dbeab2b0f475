//! Why nothing comes: what a tap says while there is nothing to print, once for each reason.

use std::time::{Duration, Instant};

use vil_core::base::words::{ProcState, ProcessId};
use vil_core::observe::Outside;

use crate::output;

/// How often a silent tap asks who lives: the kernel is asked about each process.
const BETWEEN: Duration = Duration::from_millis(100);

/// What is known of a silence.
#[derive(Default)]
pub(super) struct Silence {
    asked: Option<Instant>,
    said: String,
}

impl Silence {
    /// Says on stderr why nothing comes by these routes, given by index and name, unless it was said before. Whether
    /// anything may come still: not when the world is removed, whose name leads to another one or to none.
    pub(super) fn explain<'w>(&mut self, world: &Outside, routes: impl Iterator<Item = (usize, &'w str)>) -> bool {
        if self.asked.is_some_and(|asked| asked.elapsed() < BETWEEN) {
            return true;
        }
        self.asked = Some(Instant::now());
        if world.is_removed() {
            output::note(format_args!("world `{}` was removed", world.name()));
            return false;
        }
        let why = why(world, routes);
        if self.said != why {
            why.lines().for_each(output::note);
            self.said = why;
        }
        true
    }
}

fn why<'w>(world: &Outside, routes: impl Iterator<Item = (usize, &'w str)>) -> String {
    let lives = |(process, info): (ProcessId, vil_core::registry::Info)| {
        (info.word.state != ProcState::Dead && !world.is_dead(process)).then_some(process)
    };
    let living: Vec<ProcessId> = world.processes().into_iter().filter_map(lives).collect();
    if living.is_empty() {
        return format!("nobody lives in world `{}`; waiting for its processes, Ctrl-C ends it\n", world.name());
    }
    let publishes =
        |route| living.iter().any(|process| world.ends_held(*process, route).is_some_and(|ends| ends.producer));
    let silent = routes.filter(|(route, _)| !publishes(*route));
    silent.map(|(_, name)| format!("{name}: nobody publishes now; waiting, Ctrl-C ends it\n")).collect()
}
