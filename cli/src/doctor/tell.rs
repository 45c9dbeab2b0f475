//! The examination in words and as JSON.

use std::fmt::Write;

use vil_core::registry::Ends;
use vil_core::registry::trail::{Kind, Recorded, Subject};

use crate::doctor::examine::{Patient, Process, Route, Seen};
use crate::doctor::findings::Finding;
use crate::json::Object;

/// A world in words, whole lines.
pub(super) fn text(patient: &Patient, with_trail: bool) -> String {
    let mut out = format!("world {}", patient.name);
    if let Some(seen) = &patient.seen {
        let _ = writeln!(out, " of program {}, {}", seen.program, size(seen.bytes));
        seen.processes.iter().for_each(|process| out.push_str(&process_text(process, seen)));
        seen.routes.iter().for_each(|route| out.push_str(&route_text(route)));
        let audit = &seen.audit;
        let _ = writeln!(
            out,
            "  slots: {} free, {} held, {} retained, {} leaked; processes recovered so far: {}",
            audit.free, audit.held, audit.retained, audit.leaked, audit.recoveries
        );
        if with_trail {
            seen.events.iter().for_each(|event| out.push_str(&event_text(event, seen)));
        }
    } else {
        out.push('\n');
    }
    for finding in &patient.findings {
        let _ = writeln!(out, "  ! {}\n    {}", finding.what, finding.advice);
    }
    out
}

fn process_text(process: &Process, seen: &Seen) -> String {
    let since = span(seen.now_ns.saturating_sub(process.since_ns));
    let (title, life, language) = (process.title(), process.life.word(), process.language);
    let mut line = format!("  {title}: {life}, {language}, for {since}, holds {}", held(process));
    for (route, ends) in &process.ends {
        let _ = write!(line, "; {} {}", ends_word(*ends), seen.route_name(*route as u16));
    }
    line + "\n"
}

/// "3 slots (2 in messages that nobody has released, 1 on loan or spare)"
pub(super) fn held(process: &Process) -> String {
    let others = process.slots - process.messages;
    // A sender keeps a few slots at hand; who only consumes has nothing but what it took.
    let idle = match (process.has(|ends| ends.producer), process.has(|ends| ends.consumer)) {
        (false, true) => "in messages that it has taken",
        (true, true) => "on loan, taken or spare",
        _ => "on loan or spare",
    };
    let parts = [(process.messages, "in messages that nobody has released"), (others, idle)];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let slots = counted(process.slots.into(), "slot");
    if parts.is_empty() { slots } else { format!("{slots} ({parts})") }
}

fn ends_word(ends: Ends) -> &'static str {
    match (ends.producer, ends.consumer) {
        (true, true) => "both ends of",
        (true, false) => "produces",
        (false, true) => "consumes",
        (false, false) => "no end of",
    }
}

fn route_text(route: &Route) -> String {
    let seen = &route.seen;
    // What is read in place stays in the ring until it is released, and only its reader knows which ones it has.
    let place = if route.is_taken_from { "in the ring" } else { "in the ring or read from it" };
    format!(
        "  route {} ({}): {} of {} {place}, {} published, {} dropped\n",
        route.name, route.lane, seen.depth, seen.capacity, seen.published, seen.dropped
    )
}

fn event_text(recorded: &Recorded, seen: &Seen) -> String {
    let event = recorded.event;
    let ago = span(seen.now_ns.saturating_sub(recorded.time_ns));
    let mut line = format!("  event {}: {ago} ago, {}", recorded.number, event.kind.word());
    if let Some(process) = event.process {
        let _ = write!(line, ", {}", seen.title_of(process.0));
    }
    if let Some(peer) = event.peer {
        let _ = write!(line, ", with {}", seen.title_of(peer.0));
    }
    if let Some(route) = event.route {
        let _ = write!(line, ", route {}", seen.route_name(route));
    }
    match event.subject {
        Subject::Nothing => {}
        Subject::Slot(slot) => _ = write!(line, ", slot {} in life {}", slot.index, slot.generation),
        Subject::Number(number) => _ = write!(line, ", number {number}"),
    }
    line + "\n"
}

/// A world as JSON.
pub(super) fn json(patient: &Patient, with_trail: bool) -> String {
    let mut world = Object::default().text("name", &patient.name);
    if let Some(seen) = &patient.seen {
        let audit = &seen.audit;
        let slots = Object::default()
            .plain("all", audit.slots)
            .plain("free", audit.free)
            .plain("held", audit.held)
            .plain("retained", audit.retained)
            .plain("leaked", audit.leaked);
        world = world
            .text("program", &seen.program)
            .plain("bytes", seen.bytes)
            .list("processes", seen.processes.iter().map(|process| process_json(process, seen)))
            .list("routes", seen.routes.iter().map(route_json))
            .raw("slots", slots.end())
            .plain("recoveries", audit.recoveries)
            .plain("events_missed", seen.missed);
        if with_trail {
            world = world.list("events", seen.events.iter().map(event_json));
        }
    }
    world.list("findings", patient.findings.iter().map(finding_json)).end()
}

fn process_json(process: &Process, seen: &Seen) -> String {
    let ends = process.ends.iter().map(|(route, ends)| {
        Object::default().plain("route", route).plain("producer", ends.producer).plain("consumer", ends.consumer).end()
    });
    Object::default()
        .plain("entry", process.entry)
        .text("name", &process.name)
        .plain("pid", process.pid)
        .text("language", process.language)
        .plain("epoch", process.epoch)
        .text("state", process.life.word())
        .plain("since_ns", seen.now_ns.saturating_sub(process.since_ns))
        .plain("slots", process.slots)
        .plain("messages", process.messages)
        .list("ends", ends)
        .end()
}

fn route_json(route: &Route) -> String {
    let seen = &route.seen;
    Object::default()
        .text("name", &route.name)
        .text("lane", route.lane)
        .plain("sound", route.is_sound)
        .plain("depth", seen.depth)
        .plain("capacity", seen.capacity)
        .plain("published", seen.published)
        .plain("received", seen.received)
        .plain("dropped", seen.dropped)
        .end()
}

fn event_json(recorded: &Recorded) -> String {
    let event = recorded.event;
    let mut object = Object::default().plain("event", recorded.number).plain("time_ns", recorded.time_ns);
    object = object.text("kind", event.kind.word()).plain("fault", event.kind.is_fault());
    let members = [
        ("process", event.process.map(|process| process.0)),
        ("peer", event.peer.map(|peer| peer.0)),
        ("route", event.route),
    ];
    for (key, number) in members {
        object = number.into_iter().fold(object, |object, number| object.plain(key, number));
    }
    match event.subject {
        Subject::Nothing => object,
        Subject::Slot(slot) => object.plain("slot", slot.index).plain("generation", slot.generation),
        Subject::Number(number) => object.plain("number", number),
    }
    .end()
}

fn finding_json(finding: &Finding) -> String {
    Object::default().text("code", finding.code).text("what", &finding.what).text("advice", &finding.advice).end()
}

/// What to do about a fault of the trail.
pub(super) fn advice_for(kind: Kind) -> &'static str {
    match kind {
        Kind::Unconsumed => "consume or forward each message of a consume_once route before its handle goes",
        Kind::PublishedTwice => "publish a loan once; its struct is zero afterwards",
        Kind::ReleasedTwice => "release a message once; its struct is zero afterwards",
        Kind::UsedAfterEnd => "do not use a loan or a message that has ended",
        Kind::Panicked => "a bug of libvil: report it with the output of --trail",
        Kind::Quarantined => "restart the processes at both ends; if it comes back, somebody writes where he must not",
        Kind::LostWithOwner => "where such a message must not be lost, use loan_write with at_least_once instead",
        _ => "nothing",
    }
}

/// "1 slot", "2 slots"
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A length of time as people say it.
pub(super) fn span(ns: u64) -> String {
    match ns / 1_000_000_000 {
        0 => format!("{} ms", ns / 1_000_000),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// A number of bytes as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
