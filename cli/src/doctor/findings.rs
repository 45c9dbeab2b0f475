//! What is wrong with a world, and what to do about it. One function a finding; none of them looks at shared memory.

use std::collections::BTreeMap;
use std::fmt::Write;

use vil_core::base::error::{Error, Fault};
use vil_core::registry::Ends;
use vil_core::registry::trail::Recorded;

use crate::doctor::examine::{Life, Process, Seen};
use crate::doctor::tell::{counted, held, span};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// A word for tools.
    pub(super) code: &'static str,
    /// What is wrong.
    pub(super) what: String,
    /// What to do.
    pub(super) advice: String,
}

/// Everything that is wrong with a world that can be looked at.
pub(super) fn of(name: &str, seen: &Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(abandoned(name, seen));
    found.extend(dead(name, seen));
    found.extend(pending(seen));
    found.extend(unsound(name, seen));
    found.extend(unread(seen));
    found.extend(leaked(name, seen));
    found.extend(faults(seen));
    found
}

/// A file that is no world, or none of this version.
pub(super) fn unreadable(name: &str, error: &Error) -> Finding {
    let (code, advice) = match error.fault {
        Fault::Abi => {
            ("layout", "look at it with the vil of its version, or restart all its processes with this one".into())
        }
        Fault::Corrupt => ("damaged", format!("`vil reap {name}` removes it when nobody lives in it")),
        Fault::Owner | Fault::Permission => ("foreign", "let its owner run this".into()),
        _ => ("unreadable", "try again; if it stays, remove the file".into()),
    };
    Finding { code, what: error.message.clone(), advice }
}

fn abandoned(name: &str, seen: &Seen) -> Option<Finding> {
    if seen.processes.iter().any(|process| process.life == Life::Alive) {
        return None;
    }
    let waiting: u64 = seen.routes.iter().map(|route| u64::from(route.seen.depth)).sum();
    let wait = match waiting {
        0 => "no message waits".to_owned(),
        1 => "1 message waits".to_owned(),
        _ => format!("{waiting} messages wait"),
    };
    let mut what = format!("nobody lives in it, and {wait} in it");
    let taken: u32 = seen.processes.iter().filter_map(Process::taken).sum();
    if taken > 0 {
        let whom = if taken == 1 { "it" } else { "them" };
        let _ = write!(what, "; {} died with who had taken {whom}", counted(taken.into(), "message"));
    }
    let advice = match waiting {
        0 => format!("`vil reap {name}` removes it"),
        _ => format!("start its processes again, or let `vil reap {name}` remove it with its messages"),
    };
    Some(Finding { code: "abandoned", what, advice })
}

fn dead(name: &str, seen: &Seen) -> Vec<Finding> {
    let dead = seen.processes.iter().filter(|process| process.life == Life::Dead);
    let finding = |process: &Process| Finding {
        code: "dead",
        what: format!(
            "{} is dead and not recovered; it holds {}, and {}",
            process.title(),
            held(process),
            counted(process.ends.len() as u64, "end")
        ),
        advice: match seen.processes.iter().any(|process| process.life == Life::Alive) {
            true => format!("`vil reap {name}` recovers it; so does any process of the world that waits for it"),
            // Nobody is left to wait for it, and reaping removes a world in which nobody lives.
            false => "the next process that opens the world recovers it".to_owned(),
        },
    };
    dead.map(finding).collect()
}

fn pending(seen: &Seen) -> Vec<Finding> {
    let pending = seen.processes.iter().filter(|process| process.life == Life::Pending);
    let finding = |process: &Process| Finding {
        code: "pending",
        what: format!("{} is dead, and messages that it forwarded are not yet released", process.title()),
        advice: "let the consumers of those messages go on, or restart them".into(),
    };
    pending.map(finding).collect()
}

fn unsound(name: &str, seen: &Seen) -> Vec<Finding> {
    let unsound = seen.routes.iter().filter(|route| !route.is_sound);
    let finding = |route: &crate::doctor::examine::Route| Finding {
        code: "unsound",
        what: format!("route {} holds nonsense; its ends refuse to work", route.name),
        advice: format!("stop the world's processes, run `vil reap {name}`, and start them again"),
    };
    unsound.map(finding).collect()
}

fn unread(seen: &Seen) -> Vec<Finding> {
    let lives = seen.processes.iter().any(|process| process.life == Life::Alive);
    let full =
        seen.routes.iter().filter(|route| route.seen.depth == route.seen.capacity && !route.has_consumer && lives);
    let finding = |route: &crate::doctor::examine::Route| Finding {
        code: "unread",
        what: format!("route {} is full and nobody consumes it", route.name),
        advice: "start its consumer".into(),
    };
    full.map(finding).collect()
}

fn leaked(name: &str, seen: &Seen) -> Option<Finding> {
    let count = seen.audit.leaked;
    let advice = format!(
        "run `vil reap {name}`, which also sweeps; what stays leaked then is a bug, and `vil doctor {name} --trail` belongs \
         into its report"
    );
    (count > 0).then(|| Finding { code: "leaked", what: format!("{} leaked", counted(count, "slot")), advice })
}

/// Faults of the trail: those of one kind, process and route are one finding.
fn faults(seen: &Seen) -> Vec<Finding> {
    let mut groups: BTreeMap<_, Vec<&Recorded>> = BTreeMap::new();
    for recorded in seen.events.iter().filter(|recorded| recorded.event.kind.is_fault()) {
        let event = recorded.event;
        groups.entry((event.kind.code(), event.process, event.route)).or_default().push(recorded);
    }
    groups.into_values().filter_map(|group| fault(seen, &group)).collect()
}

fn fault(seen: &Seen, group: &[&Recorded]) -> Option<Finding> {
    let last = group.last()?;
    let event = last.event;
    let by = event.process.map_or(String::new(), |process| format!(" by {}", seen.title_of(process.0)));
    let on = event.route.map_or(String::new(), |route| format!(" on route {}", seen.route_name(route)));
    let ago = span(seen.now_ns.saturating_sub(last.time_ns));
    let times = counted(group.len() as u64, "time");
    Some(Finding {
        code: "fault",
        what: format!("{}{by}{on}, {times}, the last {ago} ago", event.kind.word()),
        advice: crate::doctor::tell::advice_for(event.kind).to_owned(),
    })
}

impl Process {
    /// Has it such an end?
    pub(super) fn has(&self, is_meant: impl Fn(&Ends) -> bool) -> bool {
        self.ends.iter().any(|(_, ends)| is_meant(ends))
    }

    /// Messages that it has taken, so that they are in no ring; `None` of a sender, which has other slots too.
    fn taken(&self) -> Option<u32> {
        let takes_alone = self.has(|ends| ends.consumer) && !self.has(|ends| ends.producer);
        takes_alone.then(|| self.slots - self.messages)
    }

    /// "process 3 (filter, pid 712)"
    pub(super) fn title(&self) -> String {
        let name = if self.name.is_empty() { "no role" } else { &self.name };
        format!("process {} ({name}, pid {})", self.entry, self.pid)
    }
}

impl Seen {
    /// The title of whoever is in an entry now; its number when nobody is.
    pub(super) fn title_of(&self, entry: u16) -> String {
        let found = self.processes.iter().find(|process| process.entry == entry);
        found.map_or_else(|| format!("process {entry} (gone)"), Process::title)
    }

    /// The name of a route, or its number when there is none.
    pub(super) fn route_name(&self, route: u16) -> String {
        self.routes.get(usize::from(route)).map_or_else(|| route.to_string(), |found| found.name.clone())
    }
}
