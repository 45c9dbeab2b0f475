//! The value tree of a program with everything said that it leaves to a default, so that two ways to say the same are the
//! same. Works on the tree, so the program is neither copied nor changed.

use crate::dump;
use crate::load::node::{Data, Entry, Node};
use crate::model::{Message, Process, Program, Route};
use crate::plan::{self, Shared, derive};
use crate::vocabulary::{Kind, Profile};

/// What the program says, with its defaults filled in and `defaults` gone. The queue of a port that is in use stands on
/// its routes; whether a message is flat or relative is its layout's business.
pub(super) fn filled(program: &Program) -> Node {
    let mut tree = dump::tree(program);
    let defaults = take(&mut tree, "defaults");
    let observe = defaults.as_ref().and_then(|node| node.entry("processes")?.value.entry("observe"));
    for (_, node) in under(&mut tree, "structs") {
        number(node);
    }
    for (name, node) in under(&mut tree, "messages") {
        number(node);
        program.messages.get(name).into_iter().for_each(|message| fill_message(message, node));
    }
    for (name, node) in under(&mut tree, "interfaces") {
        let is_used = program.processes.values().any(|process| process.interface == *name);
        let Some(interface) = program.interfaces.get(name) else { continue };
        for (name, node) in under(node, "ports") {
            let Some(port) = interface.ports.get(name) else { continue };
            set(node, "lane", text(plan::lane(program, port).word()));
            set(node, "loans", int(plan::loans(program, port)));
            if is_used {
                take(node, "queue");
            }
        }
    }
    for (name, node) in under(&mut tree, "processes") {
        program.processes.get(name).into_iter().for_each(|process| fill_process(program, name, process, node));
        if let (Some(observe), None) = (observe, node.entry("observe")) {
            set(node, "observe", observe.value.data.clone());
        }
    }
    let shared = Shared::of(program);
    let routes = child(&mut tree, "routes").map(|node| &mut node.data);
    if let Some(Data::Seq(nodes)) = routes {
        program.routes.iter().zip(nodes).for_each(|(route, node)| fill_route(program, &shared, route, node));
    }
    tree
}

/// Fields without an id are numbered by their position.
fn number(node: &mut Node) {
    number_fields(node);
    for (_, arm) in under(node, "variants") {
        number_fields(arm);
    }
}

fn number_fields(node: &mut Node) {
    let Some(Data::Seq(fields)) = child(node, "fields").map(|fields| &mut fields.data) else { return };
    for (id, field) in (1..).zip(fields) {
        if field.entry("id").is_none() {
            set(field, "id", int(id));
        }
    }
}

fn fill_message(message: &Message, node: &mut Node) {
    set(node, "memory", text(plan::memory(message).word()));
    set(node, "kind", text(message.kind.unwrap_or(Kind::Message).word()));
    if message.layout != Some(Profile::External) {
        take(node, "layout");
    }
}

fn fill_process(program: &Program, name: &str, process: &Process, node: &mut Node) {
    set(node, "exec", text(derive::exec_why(program, process).value.word()));
    set(node, "zone", text(plan::zone(program, process).word()));
    set(node, "cleanup", text(derive::cleanup_why(program, process).value.word()));
    set(node, "failure_domain", text(derive::failure_domain_why(program, name, process).value));
    set(node, "instances", int(derive::instances_why(process).value));
    if let Some(priority) = process.priority.or(program.defaults.processes.priority) {
        set(node, "priority", Data::Int(priority.into()));
    }
}

fn fill_route<'p>(program: &Program, shared: &Shared<'p>, route: &'p Route, node: &mut Node) {
    let process = program.processes.get(&route.from.process);
    let interface = process.and_then(|process| program.interfaces.get(&process.interface));
    let Some(source) = interface.and_then(|interface| interface.ports.get(&route.from.port)) else { return };
    let Some(message) = program.messages.get(&source.message) else { return };
    let transfer = plan::transfer(program, shared, route, source, message);
    let delivery = plan::delivery(program, route, source, message, transfer);
    set(node, "transfer", text(transfer.word()));
    set(node, "delivery", text(delivery.word()));
    set(node, "boundary", text(plan::boundary(program, route).word()));
    set(node, "verify", text(derive::verify_why(program, route).value.word()));
    let mut queue = Node::made(Data::Map(Vec::new()));
    set(&mut queue, "kind", text(plan::queue_kind(program, route, source).word()));
    set(&mut queue, "capacity", int(plan::capacity(program, route, source)));
    set(&mut queue, "backpressure", text(plan::backpressure(program, route, source, delivery).word()));
    set(&mut queue, "deadline_ms", int(plan::deadline_ms(program, route, source)));
    set(node, "queue", queue.data);
}

fn text(text: &str) -> Data {
    Data::Str(text.to_owned())
}

fn int(number: u32) -> Data {
    Data::Int(number.into())
}

fn entries(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.data {
        Data::Map(entries) => Some(entries),
        _ => None,
    }
}

fn child<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let found = entries(node)?.iter_mut().find(|entry| entry.key == key);
    found.map(|entry| &mut entry.value)
}

/// The things in the map under a key, with their names.
fn under<'n>(node: &'n mut Node, key: &str) -> impl Iterator<Item = (&'n String, &'n mut Node)> {
    let entries = child(node, key).and_then(entries);
    entries.into_iter().flatten().map(|entry| (&entry.key, &mut entry.value))
}

/// Puts a value under a key of a map.
#[inline(never)]
fn set(node: &mut Node, key: &str, value: Data) {
    if let Some(found) = child(node, key) {
        found.data = value;
    } else if let Some(entries) = entries(node) {
        entries.push(Entry::made(key, Node::made(value)));
    }
}

/// Takes a key out of a map.
#[inline(never)]
fn take(node: &mut Node, key: &str) -> Option<Node> {
    let entries = entries(node)?;
    let at = entries.iter().position(|entry| entry.key == key)?;
    Some(entries.remove(at).value)
}
