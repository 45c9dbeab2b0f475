//! Short ways through a program that several passes take; each answers nothing where a name leads nowhere.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::model::{Body, End, Field, Interface, Message, Port, Process, Program, Queue, Route, Struct, Type};
use crate::plan;
pub(super) use crate::plan::{boundary, hosts};
use crate::vocabulary::{Backpressure, Delivery, Direction, Kind, Profile, Transfer};

/// A ring of a route whose ends and message exist.
#[derive(Clone, Copy)]
pub(super) struct View<'p> {
    pub(super) index: usize,
    pub(super) route: &'p Route,
    /// The port at `from`; its queue is the queue of the answers too.
    pub(super) source: &'p Port,
    pub(super) target: &'p Port,
    /// The ring of the answers to the route's requests.
    pub(super) answers: bool,
    /// Name of what the ring carries.
    pub(super) carries: &'p str,
    pub(super) message: &'p Message,
    pub(super) transfer: Transfer,
    pub(super) delivery: Delivery,
}

impl View<'_> {
    /// Pointer to the route, with a key behind it.
    pub(super) fn at(&self, key: &str) -> String {
        format!("/routes/{}/{key}", self.index)
    }

    /// `from -> to`, for sentences; answers go the other way.
    pub(super) fn name(&self) -> String {
        let (from, to) = (&self.route.from, &self.route.to);
        if self.answers { format!("{to} -> {from}") } else { format!("{from} -> {to}") }
    }
}

/// All routes whose ends and message exist, and their rings: looked up once for all passes, because each name takes a search.
pub(super) struct Views<'p> {
    routes: Rc<[View<'p>]>,
    /// Those of the routes, and those of the answers to each that asks.
    rings: Rc<[View<'p>]>,
}

impl<'p> Views<'p> {
    /// Those of a program.
    pub(super) fn of(program: &'p Program) -> Views<'p> {
        let shared = plan::Shared::of(program);
        let routes = program.routes.iter().enumerate().filter_map(|(index, route)| {
            let (source, target) = (port(program, &route.from)?, port(program, &route.to)?);
            let (carries, message) = (source.message.as_str(), program.messages.get(&source.message)?);
            let transfer = plan::transfer(program, &shared, route, source, message);
            let delivery = plan::delivery(program, route, source, message, transfer);
            Some(View { index, route, source, target, answers: false, carries, message, transfer, delivery })
        });
        let routes: Vec<View<'_>> = routes.collect();
        let answers = routes.iter().filter_map(|view| {
            let carries = view.source.reply.as_deref().filter(|_| view.source.direction == Direction::Request)?;
            let message = program.messages.get(carries)?;
            let transfer = plan::answer_transfer(program, view.route, message);
            let delivery = plan::answer_delivery(program, view.route, message);
            Some(View { answers: true, carries, message, transfer, delivery, ..*view })
        });
        let rings = routes.iter().copied().chain(answers).collect();
        Views { routes: routes.into(), rings }
    }

    /// All routes, in their order.
    pub(super) fn routes(&self) -> impl Iterator<Item = View<'p>> + use<'p> {
        each(&self.routes)
    }

    /// All rings: those of the routes first.
    pub(super) fn rings(&self) -> impl Iterator<Item = View<'p>> + use<'p> {
        each(&self.rings)
    }
}

fn each<'p>(views: &Rc<[View<'p>]>) -> impl Iterator<Item = View<'p>> + use<'p> {
    let views = views.clone();
    (0..views.len()).map(move |index| views[index])
}

/// The interface of a process.
pub(super) fn interface<'p>(program: &'p Program, process: &Process) -> Option<&'p Interface> {
    program.interfaces.get(&process.interface)
}

/// The port at the end of a route.
pub(super) fn port<'p>(program: &'p Program, end: &End) -> Option<&'p Port> {
    interface(program, program.processes.get(&end.process)?)?.ports.get(&end.port)
}

/// Pointer to the port at the end of a route.
pub(super) fn port_pointer(program: &Program, end: &End) -> String {
    let interface = program.processes.get(&end.process).map_or("", |process| process.interface.as_str());
    format!("/interfaces/{interface}/ports/{}", end.port)
}

/// The levels that a route's queue comes from, the strongest first, with their pointers.
pub(super) fn queues<'p>(program: &'p Program, view: &View<'p>) -> [(&'p Queue, String); 4] {
    let [route, port, routes, ports] = plan::queues(program, view.route, view.source);
    [
        (route, format!("/routes/{}/queue", view.index)),
        (port, port_pointer(program, &view.route.from) + "/queue"),
        (routes, "/defaults/routes/queue".to_owned()),
        (ports, "/defaults/ports/queue".to_owned()),
    ]
}

/// A key of a route's queue as somebody stated it, with the pointer to where.
pub(super) fn stated<T>(
    program: &Program,
    view: &View<'_>,
    key: &str,
    get: impl Fn(&Queue) -> Option<T>,
) -> Option<(T, String)> {
    let levels = queues(program, view);
    levels.into_iter().find_map(|(queue, pointer)| Some((get(queue)?, format!("{pointer}/{key}"))))
}

/// What a full ring means on a route.
pub(super) fn backpressure(program: &Program, view: &View<'_>) -> Backpressure {
    plan::backpressure(program, view.route, view.source, view.delivery)
}

/// Every queue that is written down anywhere, with its pointer.
pub(super) fn all_queues(program: &Program) -> Vec<(&Queue, String)> {
    let mut queues = vec![
        (&program.defaults.ports.queue, "/defaults/ports/queue".to_owned()),
        (&program.defaults.routes.queue, "/defaults/routes/queue".to_owned()),
    ];
    for (name, interface) in &program.interfaces {
        let ports = interface.ports.iter();
        queues.extend(ports.map(|(port, found)| (&found.queue, format!("/interfaces/{name}/ports/{port}/queue"))));
    }
    let routes = program.routes.iter().enumerate();
    queues.extend(routes.map(|(index, route)| (&route.queue, format!("/routes/{index}/queue"))));
    queues
}

/// Every port of every process: process, port's name, port, pointer to the port.
pub(super) fn ports(program: &Program) -> impl Iterator<Item = (End, &Port, String)> {
    program.processes.iter().flat_map(move |(process, found)| {
        let ports = interface(program, found).into_iter().flat_map(|interface| &interface.ports);
        ports.map(move |(name, port)| {
            let end = End { process: process.clone(), port: name.clone() };
            (end, port, format!("/interfaces/{}/ports/{name}", found.interface))
        })
    })
}

/// The ports at which some route starts or ends. Looked up once for a program, because there may be thousands of both.
pub(super) struct Connected<'p>(BTreeSet<&'p End>);

impl<'p> Connected<'p> {
    /// Those of a program.
    pub(super) fn of(program: &'p Program) -> Connected<'p> {
        Connected(program.routes.iter().flat_map(|route| [&route.from, &route.to]).collect())
    }

    /// Whether this is one of them.
    pub(super) fn contains(&self, end: &End) -> bool {
        self.0.contains(end)
    }
}

/// Whether a port sends messages of a kind: as its message, or as the reply that a response port gives.
pub(super) fn sends(program: &Program, port: &Port, kind: Kind) -> bool {
    let name = match port.direction {
        Direction::Out | Direction::Request => Some(port.message.as_str()),
        Direction::Response => port.reply.as_deref(),
        Direction::In => None,
    };
    name.and_then(|name| program.messages.get(name)).is_some_and(|message| message.kind == Some(kind))
}

/// A struct's or message's body with its pointer: `/structs/NAME` or `/messages/NAME`.
pub(super) fn bodies(program: &Program) -> impl Iterator<Item = (&str, &Body, String)> {
    let structs = program.structs.iter().map(|(name, Struct { body, .. })| (name, body, "structs"));
    let messages = program.messages.iter().map(|(name, Message { body, .. })| (name, body, "messages"));
    structs.chain(messages).map(|(name, body, section)| (name.as_str(), body, format!("/{section}/{name}")))
}

/// Lists of fields of a body, each with the pointer to the list.
pub(super) fn lists<'p>(body: &'p Body, pointer: &str) -> Vec<(&'p [Field], String)> {
    match body {
        Body::Fields(fields) => vec![(fields.as_slice(), format!("{pointer}/fields"))],
        Body::Variants(variants) => {
            let arms = variants.arms.iter();
            arms.map(|arm| (arm.fields.as_slice(), format!("{pointer}/variants/{}/fields", arm.name))).collect()
        }
    }
}

/// Every field of every struct and message: owner's name, its siblings, the field, its pointer.
pub(super) fn fields(program: &Program) -> impl Iterator<Item = (&str, &[Field], &Field, String)> {
    bodies(program).flat_map(|(owner, body, pointer)| {
        lists(body, &pointer).into_iter().flat_map(move |(fields, list)| {
            let fields = fields.iter().enumerate().map(move |(index, field)| (owner, fields, field, index));
            fields.map(move |(owner, fields, field, index)| (owner, fields, field, format!("{list}/{index}")))
        })
    })
}

/// What a type is made of in the end: the element of arrays and slices.
pub(super) fn base(ty: &Type) -> &Type {
    match ty {
        Type::Array(element, _) | Type::Slice(element, _) => base(element),
        other => other,
    }
}

/// True for types that refer to bytes elsewhere in the message.
pub(super) fn is_reference(ty: &Type) -> bool {
    match ty {
        Type::Slice(..) | Type::Str(_) | Type::Ref(_) => true,
        Type::Array(element, _) => is_reference(element),
        _ => false,
    }
}

/// Whether this is the name of an external message.
pub(super) fn is_external(program: &Program, name: &str) -> bool {
    !program.structs.contains_key(name)
        && program.messages.get(name).is_some_and(|message| message.layout == Some(Profile::External))
}
