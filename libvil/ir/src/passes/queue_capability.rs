//! Pass 4, QueueCapability: can the queue of a route do what it is asked for.
//!
//! Q001 capacity · Q002 capacity below the loans · Q003 drops under at_least_once · Q006 instances on spsc · Q007 loans ·
//! Q008 queues that disagree · Q009 instances on share_read (not in this version) · Q010 no instance · Q011 full rings of
//! one port · Q012 deadlines of 0

use super::view::{View, all_queues, backpressure, port_pointer, stated};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::limits::MAX_CAPACITY;
use crate::model::{End, Program, Queue};
use crate::plan::{capacity, deadline_ms, loans, queue_kind};
use crate::vocabulary::{Backpressure, Delivery, QueueKind, Transfer};

const CAPACITY: Rule = Rule::error("VIL-Q001", "A capacity is a power of two from 1 to 65,536.");
const TOO_SMALL: Rule = Rule::error("VIL-Q002", "A ring has room for all messages that its ends may hold.");
const DROPS: Rule = Rule::error("VIL-Q003", "Nothing is dropped under at_least_once.");
const INSTANCES: Rule = Rule::error("VIL-Q006", "A process on spsc routes runs once.");
const LOANS: Rule = Rule::error("VIL-Q007", "A port holds 1 to 65,536 messages at once.");
const DISAGREE: Rule = Rule::error("VIL-Q008", "The queue on a consuming port says what its routes say.");
const SHARED: Rule = Rule::error("VIL-Q009", "A process that runs several times takes no part in share_read.");
const NONE: Rule = Rule::error("VIL-Q010", "A process runs at least once.");
const FULL: Rule = Rule::error("VIL-Q011", "A full ring means the same on all routes of one port.");
const NO_TIME: Rule = Rule::error("VIL-Q012", "Who blocks waits for at least a millisecond.");

pub(super) const PASS: Pass = Pass {
    name: "QueueCapability",
    about: "A queue can do what it is asked for.",
    rules: &[CAPACITY, TOO_SMALL, DROPS, INSTANCES, LOANS, DISAGREE, SHARED, NONE, FULL, NO_TIME],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    for (queue, pointer) in all_queues(program) {
        written(queue, &pointer, report);
    }
    port_loans(program, report);
    instances(program, report);
    full(program, report);
    for view in report.routes() {
        size(program, &view, report);
        agreement(program, &view, report);
    }
    for view in report.rings() {
        drops(program, &view, report);
    }
}

/// Processes that run several times share the ends of their rings, which a plain ring does not allow.
fn instances(program: &Program, report: &mut Report) {
    let mut of: Keyed<&str, Vec<View<'_>>> = Keyed::new();
    let is_several = |name: &str| program.processes.get(name).is_some_and(|process| process.instances.is_some());
    for view in report.routes() {
        let (from, to) = (view.route.from.process.as_str(), view.route.to.process.as_str());
        if is_several(from) {
            of.or_default(from).push(view);
        }
        if from != to && is_several(to) {
            of.or_default(to).push(view);
        }
    }
    for (name, process) in &program.processes {
        let Some(count) = process.instances.filter(|count| *count != 1) else { continue };
        let at = format!("/processes/{name}/instances");
        if count == 0 {
            let fault = Diagnostic::new(NONE, at, format!("`{name}` would never run")).found(count);
            report.add(fault.expected("1 or more").fix("take the process out, or leave `instances` out"));
            continue;
        }
        for view in of.get(name.as_str()).into_iter().flatten() {
            let fault = if view.transfer == Transfer::ShareRead {
                let message = format!("`{name}` would run {count} times, and {} is shared", view.name());
                Diagnostic::new(SHARED, at.clone(), message).fix("name each instance as a process of its own")
            } else if queue_kind(program, view.route, view.source) == QueueKind::Spsc {
                let message = format!("`{name}` would run {count} times, and {} has one end each", view.name());
                let fix = "say `kind: mpmc` in the queue, or name each instance as a process of its own";
                Diagnostic::new(INSTANCES, at.clone(), message).fix(fix)
            } else {
                continue;
            };
            report.add(fault.found(count).expected("1"));
        }
    }
}

/// A message goes into all rings of its port or into none, so all say what happens when there is no room.
fn full(program: &Program, report: &mut Report) {
    let mut first: Keyed<&End, Option<(Backpressure, u32)>> = Keyed::new();
    for view in report.routes() {
        let deadline = deadline_ms(program, view.route, view.source);
        let mine = (backpressure(program, &view), deadline);
        let theirs = *first.or_default(&view.route.from).get_or_insert(mine);
        let differs = mine.0 != theirs.0 || (mine.0 == Backpressure::Block && mine.1 != theirs.1);
        if differs {
            let say = |(pressure, deadline): (Backpressure, u32)| format!("{pressure}, {deadline} ms");
            let message = format!("{}: the port sends into several rings at once", view.name());
            let fault = Diagnostic::new(FULL, view.at("queue"), message).found(say(mine)).expected(say(theirs));
            report.add(fault.fix("leave `backpressure` and `deadline_ms` to the port, and state `delivery` alike"));
        }
    }
}

/// What is wrong with a queue wherever it stands.
fn written(queue: &Queue, pointer: &str, report: &mut Report) {
    if let Some(capacity) = queue.capacity
        && !(capacity.is_power_of_two() && capacity <= MAX_CAPACITY)
    {
        let next = capacity.checked_next_power_of_two().unwrap_or(MAX_CAPACITY).min(MAX_CAPACITY);
        let fault = Diagnostic::new(CAPACITY, format!("{pointer}/capacity"), "this is no capacity of a ring");
        report.add(
            fault
                .found(capacity)
                .expected(format!("a power of two from 1 to {MAX_CAPACITY}"))
                .fix(format!("use {next}")),
        );
    }
    if queue.deadline_ms == Some(0) && matches!(queue.backpressure, None | Some(Backpressure::Block)) {
        let fault = Diagnostic::new(NO_TIME, format!("{pointer}/deadline_ms"), "a wait that is over before it begins");
        report.add(fault.found(0).expected("1 or more").fix("use `backpressure: fail` where nobody waits"));
    }
}

fn port_loans(program: &Program, report: &mut Report) {
    let defaults = program.defaults.ports.loans.map(|loans| (loans, "/defaults/ports/loans".to_owned()));
    let ports = program.interfaces.iter().flat_map(|(interface, found)| {
        let ports = found.ports.iter();
        ports.filter_map(move |(name, port)| Some((port.loans?, format!("/interfaces/{interface}/ports/{name}/loans"))))
    });
    for (loans, pointer) in ports.chain(defaults) {
        if loans == 0 || loans > MAX_CAPACITY {
            let fault = Diagnostic::new(LOANS, pointer, "this is no number of messages to hold at once");
            report.add(fault.found(loans).expected(format!("1 to {MAX_CAPACITY}")));
        }
    }
}

fn size(program: &Program, view: &View<'_>, report: &mut Report) {
    let capacity = capacity(program, view.route, view.source);
    let pointer = stated(program, view, "capacity", |queue| queue.capacity).map_or(view.at("queue"), |(_, at)| at);
    let (source, target) = (loans(program, view.source), loans(program, view.target));
    let most = source.max(target);
    if capacity < most {
        let message = format!("{}: a ring of {capacity} for ports that hold up to {most} messages", view.name());
        let fault = Diagnostic::new(TOO_SMALL, pointer, message).found(capacity);
        report.add(fault.expected(format!("at least {}", most.checked_next_power_of_two().unwrap_or(most))));
    }
}

fn drops(program: &Program, view: &View<'_>, report: &mut Report) {
    let pressure = backpressure(program, view);
    let drops = matches!(pressure, Backpressure::DropNewest | Backpressure::DropOldest);
    if drops && view.delivery == Delivery::AtLeastOnce {
        let (_, pointer) =
            stated(program, view, "backpressure", |queue| queue.backpressure).unwrap_or((pressure, view.at("queue")));
        let message = format!("{}: {pressure} would lose what at_least_once promises to deliver", view.name());
        let fault = Diagnostic::new(DROPS, pointer, message).found(pressure);
        report.add(fault.expected("block or fail").fix("use block with a deadline, or `delivery: best_effort`"));
    }
}

fn agreement(program: &Program, view: &View<'_>, report: &mut Report) {
    let at = port_pointer(program, &view.route.to) + "/queue";
    let mine = &view.target.queue;
    let mut differs = |key: &str, mine: Option<String>, theirs: String| {
        if let Some(mine) = mine
            && mine != theirs
        {
            let message = format!("{}: the consuming port says another {key} than the route", view.name());
            let fault = Diagnostic::new(DISAGREE, format!("{at}/{key}"), message).found(mine);
            report.add(fault.expected(theirs).fix("leave the queue to the producing side"));
        }
    };
    let (route, source) = (view.route, view.source);
    differs("kind", mine.kind.map(|kind| kind.to_string()), queue_kind(program, route, source).to_string());
    differs("capacity", mine.capacity.map(|n| n.to_string()), capacity(program, route, source).to_string());
    let pressure = mine.backpressure.map(|word| word.to_string());
    differs("backpressure", pressure, backpressure(program, view).to_string());
    differs("deadline_ms", mine.deadline_ms.map(|n| n.to_string()), deadline_ms(program, route, source).to_string());
}
