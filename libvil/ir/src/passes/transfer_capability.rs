//! Pass 2, TransferCapability: can this message travel this way.
//!
//! T002 size of copies · T003 state by copy · T004 control_heap on loan · T008 local_scratch between processes · T009
//! several routes from one port · T010 queues that several share · T011 how requests travel · T012 several routes from a
//! request port · T013 replies · T014 routes into one port that differ · T015 external messages on loan · T016 verify of what
//! holds no references · T017 large external messages (not in this version)

use super::view::{View, is_external};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::layout::{Layouts, attempt};
use crate::limits::MAX_COPY_SIZE;
use crate::model::{End, Program};
use crate::plan::{is_claimed, is_verified, memory};
use crate::vocabulary::{Direction, Kind, MemoryClass, Profile, Transfer};

const COPY_SIZE: Rule = Rule::error("VIL-T002", "A message that moves by copy has at most 4,096 bytes.");
const STATE: Rule = Rule::error("VIL-T003", "State does not move by copy.");
const CONTROL_HEAP: Rule = Rule::error("VIL-T004", "A message on the control heap moves by copy.");
const LOCAL: Rule = Rule::error("VIL-T008", "A message in local_scratch stays within its process.");
const FAN_OUT: Rule = Rule::error(
    "VIL-T009",
    "Several routes lead away from a port all by share_read or all by copy, each a plain ring.",
);
const CLAIMED: Rule =
    Rule::error("VIL-T010", "A queue that is mpmc or drops its oldest hands messages over: consume_once or copy.");
const REQUEST: Rule = Rule::error("VIL-T011", "A request and its answer travel by loan_write or copy, on plain rings.");
const ONE_SERVER: Rule = Rule::error("VIL-T012", "One route leads away from a request port.");
const REPLY: Rule = Rule::error("VIL-T013", "Request and response ports have a reply, other ports have none.");
const MIXED: Rule = Rule::error("VIL-T014", "The routes into one port all hand their messages over, or none does.");
const EXTERNAL: Rule = Rule::error("VIL-T015", "An external message moves by copy.");
const NOTHING_TO_VERIFY: Rule =
    Rule::warning("VIL-T016", "`verify` is for relative messages: others have no references.");
const LARGE_EXTERNAL: Rule =
    Rule::error("VIL-T017", "This version copies at most 4,096 bytes: no larger external messages.");

pub(super) const PASS: Pass = Pass {
    name: "TransferCapability",
    about: "A message can travel the way its route says.",
    rules: &[
        COPY_SIZE,
        STATE,
        CONTROL_HEAP,
        LOCAL,
        FAN_OUT,
        CLAIMED,
        REQUEST,
        ONE_SERVER,
        REPLY,
        MIXED,
        EXTERNAL,
        NOTHING_TO_VERIFY,
        LARGE_EXTERNAL,
    ],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    for view in report.rings() {
        memories(&view, report);
        external(program, &view, report);
    }
    // What has no layout has no size; LayoutLegality says so.
    let (layouts, _) = attempt(program);
    copies(program, &layouts, report);
    verified(program, &layouts, report);
    fan_out(program, report);
    for view in report.routes() {
        let is_request = view.source.direction == Direction::Request;
        if is_request { request(program, &view, report) } else { claimed(program, &view, report) }
    }
    replies(program, report);
    mixed(report);
}

fn memories(view: &View<'_>, report: &mut Report) {
    let (name, carries, memory) = (view.name(), view.carries, memory(view.message));
    if memory == MemoryClass::ControlHeap && view.transfer != Transfer::Copy {
        let message = format!("{name}: `{carries}` lives on the control heap, which is copied");
        let fault = Diagnostic::new(CONTROL_HEAP, view.at("transfer"), message).found(view.transfer);
        report.add(fault.expected("copy").fix("leave `transfer` out, or say `memory: paged_exchange`"));
    }
    if memory == MemoryClass::LocalScratch && view.route.from.process != view.route.to.process {
        let message = format!("{name}: `{carries}` lives in local_scratch, which other processes do not see");
        let fault = Diagnostic::new(LOCAL, format!("/routes/{}", view.index), message);
        report.add(fault.expected("two ports of one process").fix("say `memory: paged_exchange` on the message"));
    }
}

fn external(program: &Program, view: &View<'_>, report: &mut Report) {
    if is_external(program, view.carries) && view.transfer != Transfer::Copy {
        let message = format!("{}: `{}` is external, and its adapter gets a copy", view.name(), view.carries);
        let fault = Diagnostic::new(EXTERNAL, view.at("transfer"), message).found(view.transfer);
        report.add(fault.expected("copy").fix("leave `transfer` out: it is derived"));
    }
}

/// Where a route asks for what would do nothing. `defaults` may ask: they are for all.
fn verified(program: &Program, layouts: &Layouts, report: &mut Report) {
    let asks = |view: &View<'_>| view.route.verify.is_some();
    if program.routes.iter().all(|route| route.verify.is_none()) {
        return;
    }
    for view in report.routes().filter(asks) {
        if !is_verified(program, layouts, view.source) {
            let message = format!("{}: `{}` holds no references to be verified", view.name(), view.carries);
            let fault = Diagnostic::new(NOTHING_TO_VERIFY, view.at("verify"), message);
            report.add(fault.fix("take `verify` out"));
        }
    }
}

fn copies(program: &Program, layouts: &Layouts, report: &mut Report) {
    for view in report.rings().filter(|view| view.transfer == Transfer::Copy) {
        let (name, message) = (view.name(), view.carries);
        if is_external(program, message) {
            if let Some(bytes) = view.message.max_bytes.filter(|bytes| *bytes > u64::from(MAX_COPY_SIZE)) {
                let text = format!("{name}: `{message}` may become larger than this version copies");
                let fault = Diagnostic::new(LARGE_EXTERNAL, format!("/messages/{message}/max_bytes"), text);
                report.add(fault.found(bytes).expected(format!("at most {MAX_COPY_SIZE}")).fix("send it in parts"));
            }
            continue;
        }
        if view.message.kind == Some(Kind::State) {
            let fault = Diagnostic::new(STATE, view.at("transfer"), format!("{name}: `{message}` is state"));
            report.add(fault.found("copy").expected("loan_write"));
        }
        let size = layouts.types.get(message).map(|layout| match layout.profile {
            Profile::Relative => view.message.max_bytes.unwrap_or(0),
            Profile::Flat | Profile::External => layout.size.into(),
        });
        if let Some(size) = size.filter(|size| *size > u64::from(MAX_COPY_SIZE)) {
            let fault = Diagnostic::new(
                COPY_SIZE,
                view.at("transfer"),
                format!("{name}: `{message}` is too large to be copied"),
            );
            let fault = fault.found(format!("{size} bytes")).expected(format!("at most {MAX_COPY_SIZE}"));
            report.add(fault.fix("use loan_write, with `memory: paged_exchange` on the message"));
        }
    }
}

/// One report for each route that shares its port and is not like the first of them, or cannot be shared at all.
fn fan_out(program: &Program, report: &mut Report) {
    let mut ports: Keyed<&End, Vec<View<'_>>> = Keyed::new();
    for view in report.routes() {
        ports.or_default(&view.route.from).push(view);
    }
    for (port, views) in ports.iter().filter(|(_, views)| views.len() > 1) {
        let is_request = views[0].source.direction == Direction::Request;
        let all_copy = views.iter().all(|view| view.transfer == Transfer::Copy);
        for view in &views[usize::from(is_request)..] {
            if is_request {
                let message = format!("a second route leads away from the request port `{port}`");
                let fault = Diagnostic::new(ONE_SERVER, view.at("from"), message);
                report.add(fault.found(format!("route {} already", views[0].index)).fix("ask by a port for each"));
            } else if is_claimed(program, view.route, view.source) {
                let message = format!("{}: `{port}` sends to {} rings at once", view.name(), views.len());
                let fault = Diagnostic::new(FAN_OUT, format!("/routes/{}", view.index), message);
                let fault = fault.found("a ring that is mpmc or drops its oldest").expected("spsc without drop_oldest");
                report.add(fault.fix("give the process a port for each receiver"));
            } else if !all_copy && view.transfer != Transfer::ShareRead {
                let message = format!("{}: `{port}` sends one message to {} rings", view.name(), views.len());
                let fault = Diagnostic::new(FAN_OUT, view.at("transfer"), message).found(view.transfer);
                report.add(fault.expected("share_read").fix("say share_read on every route of the port"));
            }
        }
    }
}

fn claimed(program: &Program, view: &View<'_>, report: &mut Report) {
    let moves = matches!(view.transfer, Transfer::ConsumeOnce | Transfer::Copy);
    if is_claimed(program, view.route, view.source) && !moves {
        let message = format!("{}: its queue is mpmc or drops its oldest, and whoever receives takes", view.name());
        let fault = Diagnostic::new(CLAIMED, view.at("transfer"), message).found(view.transfer);
        report.add(fault.expected("consume_once or copy").fix("leave `transfer` out: it is derived"));
    }
}

fn request(program: &Program, view: &View<'_>, report: &mut Report) {
    let name = view.name();
    if !matches!(view.transfer, Transfer::LoanWrite | Transfer::Copy) {
        let message = format!("{name}: a request does not travel by {}", view.transfer);
        let fault = Diagnostic::new(REQUEST, view.at("transfer"), message).found(view.transfer);
        report.add(fault.expected("loan_write or copy").fix("leave `transfer` out"));
    }
    if is_claimed(program, view.route, view.source) {
        let message = format!("{name}: answers find their way back on rings with one process at each end");
        let fault = Diagnostic::new(REQUEST, view.at("queue"), message);
        report.add(fault.found("a queue that is mpmc or drops its oldest").expected("kind spsc without drop_oldest"));
    }
}

fn replies(program: &Program, report: &mut Report) {
    for (interface, found) in &program.interfaces {
        for (name, port) in &found.ports {
            let at = format!("/interfaces/{interface}/ports/{name}");
            let asks = matches!(port.direction, Direction::Request | Direction::Response);
            let fault = match (asks, &port.reply) {
                (true, None) => {
                    let message = format!("the {} port `{name}` does not say what is answered", port.direction);
                    Diagnostic::new(REPLY, at, message).fix("add `reply: ...`, the message that answers")
                }
                (false, Some(reply)) => {
                    let message = format!("the {} port `{name}` has nothing to answer", port.direction);
                    let fault = Diagnostic::new(REPLY, format!("{at}/reply"), message).found(format!("`{reply}`"));
                    fault.fix("take `reply` out, or make it a request or response port")
                }
                _ => continue,
            };
            report.add(fault);
        }
    }
}

/// A port either gives back what it receives, or has it for good: code for it is generated once for all its routes.
fn mixed(report: &mut Report) {
    let mut first: Keyed<&End, Option<(usize, Transfer)>> = Keyed::new();
    for view in report.routes() {
        let (index, transfer) = *first.or_default(&view.route.to).get_or_insert((view.index, view.transfer));
        if (transfer == Transfer::ConsumeOnce) != (view.transfer == Transfer::ConsumeOnce) {
            let message = format!("{}: route {index} reaches this port by {transfer}", view.name());
            let fault = Diagnostic::new(MIXED, view.at("transfer"), message).found(view.transfer);
            report.add(fault.fix("receive the two by a port each"));
        }
    }
}
