//! Interfaces, processes, routes, hosts, failovers and defaults, out of the value tree.

use super::keys;
use super::node::{Data, Entry, Node, Place, child};
use super::reader::{Object, Reader};
use super::rules::WRONG_FORM;
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::model::{
    Defaults, End, Failover, Forward, Host, Interface, Named, Observe, Port, PortDefaults, Process, ProcessDefaults,
    Queue, Route, RouteDefaults,
};

impl Reader {
    /// One interface.
    pub(crate) fn interface(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Interface> {
        let object = self.object(&entry.value, entry.place, pointer, keys::INTERFACE)?;
        let mut ports = Named::new();
        for port in self.entries(&object, "ports") {
            let at = child(&object.at("ports"), &port.key);
            self.name(&port.key, port.place, &at, false);
            ports.extend(self.port_of(scope, port, &at).map(|found| (port.key.clone(), found)));
        }
        Some(Interface { ports, notes: self.notes(&object) })
    }

    fn port_of(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Port> {
        let object = self.object(&entry.value, entry.place, pointer, keys::PORT)?;
        let direction = self.required(&object, "direction").and_then(|_| self.word(&object, "direction"));
        let message = self.required(&object, "message").and_then(|_| self.named(scope, &object, "message", "messages"));
        let port = Port {
            reply: self.named(scope, &object, "reply", "messages"),
            lane: self.word(&object, "lane"),
            loans: self.number(&object, "loans"),
            queue: self.queue(&object),
            notes: self.notes(&object),
            // Last, so that one fault hides none of the others.
            direction: direction?,
            message: message?,
        };
        Some(port)
    }

    /// The name under a key; a fault when the section has no such name.
    fn named(&mut self, scope: &Scope<'_>, object: &Object<'_>, key: &str, section: &str) -> Option<String> {
        let written = self.text(object, key)?;
        let place = object.get(key)?.value.place;
        let what =
            section.strip_suffix("es").filter(|_| section == "processes").unwrap_or(&section[..section.len() - 1]);
        Some(self.reference(scope, section, what, &written, place, object.at(key)))
    }

    fn queue(&mut self, owner: &Object<'_>) -> Queue {
        let Some(entry) = owner.get("queue") else { return Queue::default() };
        let Some(object) = self.object(&entry.value, entry.place, &owner.at("queue"), keys::QUEUE) else {
            return Queue::default();
        };
        Queue {
            kind: self.word(&object, "kind"),
            capacity: self.number(&object, "capacity"),
            backpressure: self.word(&object, "backpressure"),
            deadline_ms: self.number(&object, "deadline_ms"),
        }
    }

    /// One process.
    pub(crate) fn process(&mut self, scope: &Scope<'_>, entry: &Entry, pointer: &str) -> Option<Process> {
        let object = self.object(&entry.value, entry.place, pointer, keys::PROCESS)?;
        let interface =
            self.required(&object, "interface").and_then(|_| self.named(scope, &object, "interface", "interfaces"));
        let forwards = self.forwards(scope, &entry.key, &object);
        let mutates = self.mutates(scope, &entry.key, &object);
        let process = Process {
            exec: self.word(&object, "exec"),
            zone: self.word(&object, "zone"),
            cleanup: self.word(&object, "cleanup"),
            priority: self.priority(&object),
            failure_domain: self.text(&object, "failure_domain"),
            host: self.named(scope, &object, "host", "hosts"),
            instances: self.number(&object, "instances"),
            forwards,
            mutates,
            idempotent: self.flag(&object, "idempotent").unwrap_or(false),
            observe: self.observe(&object),
            notes: self.notes(&object),
            interface: interface?,
        };
        Some(process)
    }

    fn priority(&mut self, object: &Object<'_>) -> Option<i32> {
        self.integer(object, "priority", i32::MIN.into(), i32::MAX.into()).map(|value| value as i32)
    }

    fn forwards(&mut self, scope: &Scope<'_>, process: &str, owner: &Object<'_>) -> Vec<Forward> {
        let mut forwards = Vec::new();
        for (index, node) in self.items(owner, "forwards").iter().enumerate() {
            let pointer = format!("{}/{index}", owner.at("forwards"));
            let Some(object) = self.object(node, node.place, &pointer, keys::FORWARD) else { continue };
            let [from, to] = ["from", "to"].map(|key| {
                let port = self.required(&object, key).and_then(|_| self.text(&object, key))?;
                self.port(scope, process, &port, object.get(key)?.value.place, object.at(key));
                Some(port)
            });
            forwards.extend(from.zip(to).map(|(from, to)| Forward { from, to }));
        }
        forwards
    }

    fn mutates(&mut self, scope: &Scope<'_>, process: &str, owner: &Object<'_>) -> Vec<String> {
        let mut ports = Vec::new();
        for (index, node) in self.items(owner, "mutates").iter().enumerate() {
            let pointer = format!("{}/{index}", owner.at("mutates"));
            match &node.data {
                Data::Str(port) => {
                    self.port(scope, process, port, node.place, pointer);
                    ports.push(port.clone());
                }
                _ => self.not_a_port(node, pointer),
            }
        }
        ports
    }

    fn not_a_port(&mut self, node: &Node, pointer: String) {
        let fault = Diagnostic::new(WRONG_FORM, pointer, "expected the name of an in port").found(node.what());
        self.fault(node.place, fault);
    }

    fn observe(&mut self, owner: &Object<'_>) -> Option<Observe> {
        let entry = owner.get("observe")?;
        let object = self.object(&entry.value, entry.place, &owner.at("observe"), keys::OBSERVE)?;
        Some(Observe {
            trace_hop: self.flag(&object, "trace_hop"),
            latency: self.text(&object, "latency"),
            sample: self.number(&object, "sample"),
        })
    }

    /// One route.
    pub(crate) fn route(&mut self, scope: &Scope<'_>, node: &Node, pointer: &str) -> Option<Route> {
        let object = self.object(node, node.place, pointer, keys::ROUTE)?;
        let from = self.required(&object, "from").and_then(|_| self.end(scope, &object, "from"));
        let to = self.required(&object, "to").and_then(|_| self.end(scope, &object, "to"));
        let route = Route {
            transfer: self.word(&object, "transfer"),
            boundary: self.word(&object, "boundary"),
            delivery: self.word(&object, "delivery"),
            queue: self.queue(&object),
            verify: self.word(&object, "verify"),
            notes: self.notes(&object),
            from: from?,
            to: to?,
        };
        Some(route)
    }

    fn end(&mut self, scope: &Scope<'_>, object: &Object<'_>, key: &str) -> Option<End> {
        let text = self.text(object, key)?;
        let place: Place = object.get(key)?.value.place;
        let Some((process, port)) = text.split_once('.').filter(|(a, b)| !a.is_empty() && !b.is_empty()) else {
            let fault = Diagnostic::new(WRONG_FORM, object.at(key), "an end of a route is `process.port`");
            self.fault(place, fault.found(format!("{text:?}")));
            return None;
        };
        let process = self.reference(scope, "processes", "process", process, place, object.at(key));
        self.port(scope, &process, port, place, object.at(key));
        Some(End { process, port: port.to_owned() })
    }

    /// One host.
    pub(crate) fn host(&mut self, entry: &Entry, pointer: &str) -> Option<Host> {
        let object = self.object(&entry.value, entry.place, pointer, keys::HOST)?;
        Some(Host { address: self.text(&object, "address"), notes: self.notes(&object) })
    }

    /// One failover.
    pub(crate) fn failover(&mut self, scope: &Scope<'_>, node: &Node, pointer: &str) -> Option<Failover> {
        let object = self.object(node, node.place, pointer, keys::FAILOVER)?;
        let source = self.required(&object, "source").and_then(|_| self.named(scope, &object, "source", "processes"));
        let strategy = self.required(&object, "strategy").and_then(|_| self.word(&object, "strategy"));
        let failover = Failover {
            target: self.named(scope, &object, "target", "processes"),
            on: self.named(scope, &object, "on", "messages"),
            notes: self.notes(&object),
            source: source?,
            strategy: strategy?,
        };
        Some(failover)
    }

    /// `defaults`.
    pub(crate) fn defaults(&mut self, root: &Object<'_>) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(entry) = root.get("defaults") else { return defaults };
        let Some(object) = self.object(&entry.value, entry.place, "/defaults", keys::DEFAULTS) else {
            return defaults;
        };
        if let Some(ports) = self.part(&object, "ports", keys::PORT_DEFAULTS) {
            defaults.ports = PortDefaults {
                lane: self.word(&ports, "lane"),
                loans: self.number(&ports, "loans"),
                queue: self.queue(&ports),
            };
        }
        if let Some(processes) = self.part(&object, "processes", keys::PROCESS_DEFAULTS) {
            defaults.processes = ProcessDefaults {
                exec: self.word(&processes, "exec"),
                zone: self.word(&processes, "zone"),
                cleanup: self.word(&processes, "cleanup"),
                priority: self.priority(&processes),
                failure_domain: self.text(&processes, "failure_domain"),
                observe: self.observe(&processes),
            };
        }
        if let Some(routes) = self.part(&object, "routes", keys::ROUTE_DEFAULTS) {
            defaults.routes = RouteDefaults {
                transfer: self.word(&routes, "transfer"),
                boundary: self.word(&routes, "boundary"),
                delivery: self.word(&routes, "delivery"),
                verify: self.word(&routes, "verify"),
                queue: self.queue(&routes),
            };
        }
        defaults
    }

    fn part<'n>(&mut self, owner: &Object<'n>, key: &str, keys: &[&str]) -> Option<Object<'n>> {
        let entry = owner.get(key)?;
        self.object(&entry.value, entry.place, &owner.at(key), keys)
    }
}
