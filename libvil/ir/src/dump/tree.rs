//! The model as a value tree: the reverse of `load`, one function a node, keys in a fixed order.

use crate::load::node::{Data, Entry, Node};
use crate::model::{
    Body, Constant, Defaults, Enum, Failover, Field, Host, Interface, Message, Named, Notes, Observe, Port, Process,
    Program, Queue, Route, Struct, Value,
};
use crate::normalize::{Normalized, Reason};
use crate::vocabulary::{Scalar, Word};

/// The whole program.
pub(crate) fn tree(program: &Program) -> Node {
    let mut map = Map::default();
    map.put("vil", int(1));
    map.put("program", text(&program.name));
    map.text("package", &program.package);
    map.flag("strict", program.strict);
    map.notes(&program.notes);
    map.list("imports", &program.imports, |path| text(path));
    map.named("constants", &program.constants, constant);
    map.named("enums", &program.enums, enumeration);
    map.named("structs", &program.structs, structure);
    map.named("messages", &program.messages, message);
    map.named("interfaces", &program.interfaces, interface);
    map.named("processes", &program.processes, process);
    map.list("routes", &program.routes, route);
    map.named("hosts", &program.hosts, host);
    map.list("failovers", &program.failovers, failover);
    map.map("defaults", defaults(&program.defaults));
    map.node()
}

/// What was derived, and why.
pub(crate) fn reasons(normalized: &Normalized) -> Node {
    let one = |reason: &Reason| {
        let mut map = Map::default();
        map.put("pointer", text(&reason.pointer));
        map.put("value", text(&reason.value));
        map.put("reason", text(reason.reason));
        map.put("stated", Node::made(Data::Bool(reason.is_stated)));
        map.node()
    };
    Node::made(Data::Seq(normalized.reasons.iter().map(one).collect()))
}

/// A map that leaves out what was not written.
#[derive(Default)]
struct Map(Vec<Entry>);

impl Map {
    fn node(self) -> Node {
        Node::made(Data::Map(self.0))
    }

    fn put(&mut self, key: &str, value: Node) {
        self.0.push(Entry::made(key, value));
    }

    fn some(&mut self, key: &str, value: Option<Node>) {
        self.0.extend(value.map(|value| Entry::made(key, value)));
    }

    fn text(&mut self, key: &str, value: &Option<String>) {
        self.some(key, value.as_deref().map(text));
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.some(key, value.then(|| Node::made(Data::Bool(true))));
    }

    fn number(&mut self, key: &str, value: Option<impl Into<i128>>) {
        self.some(key, value.map(|value| int(value)));
    }

    fn word(&mut self, key: &str, value: Option<impl Word>) {
        self.some(key, value.map(|word| text(word.text())));
    }

    fn map(&mut self, key: &str, value: Map) {
        if !value.0.is_empty() {
            self.put(key, value.node());
        }
    }

    fn list<T>(&mut self, key: &str, items: &[T], one: impl Fn(&T) -> Node) {
        if !items.is_empty() {
            self.put(key, Node::made(Data::Seq(items.iter().map(one).collect())));
        }
    }

    fn named<T>(&mut self, key: &str, items: &Named<T>, one: impl Fn(&T) -> Node) {
        if !items.is_empty() {
            let entries = items.iter().map(|(name, item)| Entry::made(name, one(item))).collect();
            self.put(key, Node::made(Data::Map(entries)));
        }
    }

    fn notes(&mut self, notes: &Notes) {
        self.text("doc", &notes.doc);
        self.text("deprecated", &notes.deprecated);
        self.named("annotations", &notes.annotations, value);
    }
}

fn text(text: &str) -> Node {
    Node::made(Data::Str(text.to_owned()))
}

fn int(value: impl Into<i128>) -> Node {
    Node::made(Data::Int(value.into()))
}

fn value(value: &Value) -> Node {
    Node::made(match value {
        Value::Bool(flag) => Data::Bool(*flag),
        Value::Int(number) => Data::Int(*number),
        Value::Float(number) => Data::Float(*number),
        Value::Str(text) => Data::Str(text.clone()),
    })
}

fn constant(constant: &Constant) -> Node {
    let mut map = Map::default();
    map.put("type", text(constant.scalar.map_or("str", Scalar::word)));
    map.put("value", value(&constant.value));
    map.notes(&constant.notes);
    map.node()
}

fn enumeration(found: &Enum) -> Node {
    let mut map = Map::default();
    map.notes(&found.notes);
    map.put("repr", text(found.repr.word()));
    map.some("open", (!found.open).then(|| Node::made(Data::Bool(false))));
    map.flag("bitmask", found.bitmask);
    map.flag("aliases", found.aliases);
    let mut values = Map::default();
    for value in &found.values {
        if value.notes == Notes::default() {
            values.put(&value.name, int(value.value));
            continue;
        }
        let mut long = Map::default();
        long.put("value", int(value.value));
        long.notes(&value.notes);
        values.put(&value.name, long.node());
    }
    map.put("values", values.node());
    map.node()
}

fn structure(found: &Struct) -> Node {
    let mut map = Map::default();
    map.notes(&found.notes);
    body(&mut map, &found.body);
    map.named("constants", &found.constants, constant);
    map.node()
}

fn message(found: &Message) -> Node {
    let mut map = Map::default();
    map.notes(&found.notes);
    map.word("kind", found.kind);
    map.word("layout", found.layout);
    map.word("memory", found.memory);
    map.number("max_bytes", found.max_bytes);
    map.text("media_type", &found.media_type);
    map.text("adapter", &found.adapter);
    body(&mut map, &found.body);
    map.named("constants", &found.constants, constant);
    map.node()
}

fn body(map: &mut Map, body: &Body) {
    match body {
        Body::Fields(fields) => map.list("fields", fields, field),
        Body::Variants(variants) => {
            map.word("tag", Some(variants.tag).filter(|tag| *tag != Scalar::U32));
            map.flag("open", variants.open);
            let mut arms = Map::default();
            for arm in &variants.arms {
                let mut one = Map::default();
                one.put("tag", int(arm.tag));
                one.list("fields", &arm.fields, field);
                one.notes(&arm.notes);
                arms.put(&arm.name, one.node());
            }
            map.put("variants", arms.node());
        }
    }
}

fn field(field: &Field) -> Node {
    let mut map = Map::default();
    map.number("id", field.id);
    map.put("name", text(&field.name));
    map.put("type", text(&field.ty.to_string()));
    map.flag("optional", field.optional);
    map.some("default", field.default.as_ref().map(value));
    map.text("unit", &field.unit);
    map.some("scale", field.scale.map(|scale| Node::made(Data::Float(scale))));
    let end = |end: &Option<Value>| end.as_ref().map_or(Node::made(Data::Null), value);
    map.some("range", field.range.as_ref().map(|(low, high)| Node::made(Data::Seq(vec![end(low), end(high)]))));
    map.some("unknown", field.unknown.as_ref().map(value));
    map.text("used_by", &field.used_by);
    map.text("clock", &field.clock);
    map.flag("key", field.key);
    map.word("as", field.storage);
    map.text("since", &field.since);
    map.notes(&field.notes);
    map.node()
}

fn interface(found: &Interface) -> Node {
    let mut map = Map::default();
    map.notes(&found.notes);
    map.named("ports", &found.ports, port);
    map.node()
}

fn port(port: &Port) -> Node {
    let mut map = Map::default();
    map.word("direction", Some(port.direction));
    map.put("message", text(&port.message));
    map.text("reply", &port.reply);
    map.word("lane", port.lane);
    map.number("loans", port.loans);
    map.map("queue", queue(&port.queue));
    map.notes(&port.notes);
    map.node()
}

fn queue(queue: &Queue) -> Map {
    let mut map = Map::default();
    map.word("kind", queue.kind);
    map.number("capacity", queue.capacity);
    map.word("backpressure", queue.backpressure);
    map.number("deadline_ms", queue.deadline_ms);
    map
}

fn process(process: &Process) -> Node {
    let mut map = Map::default();
    map.put("interface", text(&process.interface));
    map.word("exec", process.exec);
    map.word("zone", process.zone);
    map.word("cleanup", process.cleanup);
    map.number("priority", process.priority);
    map.text("failure_domain", &process.failure_domain);
    map.text("host", &process.host);
    map.number("instances", process.instances);
    map.list("forwards", &process.forwards, |forward| {
        let mut map = Map::default();
        map.put("from", text(&forward.from));
        map.put("to", text(&forward.to));
        map.node()
    });
    map.list("mutates", &process.mutates, |port| text(port));
    map.flag("idempotent", process.idempotent);
    map.some("observe", process.observe.as_ref().map(observe));
    map.notes(&process.notes);
    map.node()
}

pub(crate) fn observe(observe: &Observe) -> Node {
    let mut map = Map::default();
    map.some("trace_hop", observe.trace_hop.map(|hop| Node::made(Data::Bool(hop))));
    map.text("latency", &observe.latency);
    map.number("sample", observe.sample);
    map.node()
}

fn route(route: &Route) -> Node {
    let mut map = Map::default();
    map.put("from", text(&route.from.to_string()));
    map.put("to", text(&route.to.to_string()));
    map.word("transfer", route.transfer);
    map.word("boundary", route.boundary);
    map.word("delivery", route.delivery);
    map.map("queue", queue(&route.queue));
    map.word("verify", route.verify);
    map.notes(&route.notes);
    map.node()
}

fn host(host: &Host) -> Node {
    let mut map = Map::default();
    map.text("address", &host.address);
    map.notes(&host.notes);
    map.node()
}

fn failover(failover: &Failover) -> Node {
    let mut map = Map::default();
    map.put("source", text(&failover.source));
    map.text("target", &failover.target);
    map.text("on", &failover.on);
    map.word("strategy", Some(failover.strategy));
    map.notes(&failover.notes);
    map.node()
}

fn defaults(defaults: &Defaults) -> Map {
    let mut ports = Map::default();
    ports.word("lane", defaults.ports.lane);
    ports.number("loans", defaults.ports.loans);
    ports.map("queue", queue(&defaults.ports.queue));
    let mut processes = Map::default();
    processes.word("exec", defaults.processes.exec);
    processes.word("zone", defaults.processes.zone);
    processes.word("cleanup", defaults.processes.cleanup);
    processes.number("priority", defaults.processes.priority);
    processes.text("failure_domain", &defaults.processes.failure_domain);
    processes.some("observe", defaults.processes.observe.as_ref().map(observe));
    let mut routes = Map::default();
    routes.word("transfer", defaults.routes.transfer);
    routes.word("boundary", defaults.routes.boundary);
    routes.word("delivery", defaults.routes.delivery);
    routes.word("verify", defaults.routes.verify);
    routes.map("queue", queue(&defaults.routes.queue));
    let mut map = Map::default();
    map.map("ports", ports);
    map.map("processes", processes);
    map.map("routes", routes);
    map
}
