//! The value tree of a program with everything said that it leaves to a default, so that two ways to say the same are the
//! same. Works on the tree, so the program is neither copied nor changed. What holds where nothing is said is decided where
//! a normalized program gets it from too; here is what two programs may say differently even so.

use crate::dump;
use crate::keyed::Keyed;
use crate::load::node::{Data, Entry, Node};
use crate::model::{Message, Program};
use crate::plan::Shared;
use crate::plan::holds::{OfMessage, OfPort, OfProcess, OfRoute};
use crate::vocabulary::Profile;

/// What the program says, with its defaults filled in and `defaults` gone. The queue of a port that is in use stands on
/// its routes; whether a message is flat or relative is its layout's business.
pub(super) fn filled(program: &Program) -> Node {
    let mut tree = dump::tree(program);
    take(&mut tree, "defaults");
    for (_, node) in under(&mut tree, "structs") {
        number(node);
    }
    for (name, node) in under(&mut tree, "messages") {
        number(node);
        program.messages.get(name).into_iter().for_each(|message| fill_message(message, node));
    }
    let used: Keyed<&str, ()> = program.processes.values().map(|process| (process.interface.as_str(), ())).collect();
    for (name, node) in under(&mut tree, "interfaces") {
        let is_used = used.contains_key(name.as_str());
        let Some(interface) = program.interfaces.get(name) else { continue };
        for (name, node) in under(node, "ports") {
            let Some(port) = interface.ports.get(name) else { continue };
            let holds = OfPort::of(program, port);
            set(node, "lane", text(holds.lane.value.word()));
            set(node, "loans", int(holds.loans.value));
            if is_used {
                take(node, "queue");
            }
        }
    }
    for (name, node) in under(&mut tree, "processes") {
        let Some(process) = program.processes.get(name) else { continue };
        fill_process(&OfProcess::of(program, name, process), node);
    }
    let shared = Shared::of(program);
    let routes = child(&mut tree, "routes").map(|node| &mut node.data);
    if let Some(Data::Seq(nodes)) = routes {
        for (route, node) in program.routes.iter().zip(nodes) {
            OfRoute::of(program, &shared, route).into_iter().for_each(|holds| fill_route(&holds, node));
        }
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
    let holds = OfMessage::of(message);
    set(node, "memory", text(holds.memory.value.word()));
    set(node, "kind", text(holds.kind.value.word()));
    if message.layout != Some(Profile::External) {
        take(node, "layout");
    }
}

fn fill_process(holds: &OfProcess<'_>, node: &mut Node) {
    set(node, "exec", text(holds.exec.value.word()));
    set(node, "zone", text(holds.zone.value.word()));
    set(node, "cleanup", text(holds.cleanup.value.word()));
    set(node, "failure_domain", text(holds.failure_domain.value));
    set(node, "instances", int(holds.instances.value));
    if let Some(priority) = holds.priority {
        set(node, "priority", Data::Int(priority.value.into()));
    }
    if let Some(observe) = holds.observe {
        set(node, "observe", dump::observe(observe.value).data);
    }
}

fn fill_route(holds: &OfRoute, node: &mut Node) {
    set(node, "transfer", text(holds.transfer.value.word()));
    set(node, "delivery", text(holds.delivery.value.word()));
    set(node, "boundary", text(holds.boundary.value.word()));
    set(node, "verify", text(holds.verify.value.word()));
    let mut queue = Node::made(Data::Map(Vec::new()));
    set(&mut queue, "kind", text(holds.kind.value.word()));
    set(&mut queue, "capacity", int(holds.capacity.value));
    set(&mut queue, "backpressure", text(holds.backpressure.value.word()));
    set(&mut queue, "deadline_ms", int(holds.deadline_ms.value));
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
fn take(node: &mut Node, key: &str) {
    if let Some(entries) = entries(node) {
        entries.retain(|entry| entry.key != key);
    }
}
