//! What a picture of a program shows, before anything has a place: cards for processes with their ports, lines for
//! routes and failovers, frames around processes. Every word is decided here, so that all formats say the same.

use std::collections::BTreeMap;

use vil_ir::model::{End, Failover, Message, Port, Process, Program, Route};
use vil_ir::plan::{self, Shared};
use vil_ir::vocabulary::{Backpressure, Delivery, Direction, ExecClass, Lane, Zone};

use super::text::shortened;

/// A program, ready to be drawn.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    /// Name of the program.
    pub(crate) title: String,
    /// How much of what it has.
    pub(crate) summary: String,
    /// Doc of the program.
    pub(crate) tip: String,
    /// Processes, in the order in which routes name them.
    pub(crate) cards: Vec<Card>,
    /// Routes in the order written, then failovers.
    pub(crate) lines: Vec<Line>,
    /// What lies in no frame, and the outermost frames.
    pub(crate) nodes: Vec<Node>,
}

/// A process.
#[derive(Debug)]
pub(crate) struct Card {
    /// Its name, with the number of instances where there are several.
    pub(crate) name: String,
    /// Interface, way of execution and zone.
    pub(crate) about: String,
    /// Doc.
    pub(crate) tip: String,
    /// Ports by name, then where failovers begin and end.
    pub(crate) ports: Vec<Dock>,
    /// In-port and out-port of each forward, as indices into `ports`.
    pub(crate) forwards: Vec<(usize, usize)>,
}

/// Where lines begin or end at a card.
#[derive(Debug)]
pub(crate) struct Dock {
    /// Name of the port.
    pub(crate) name: String,
    /// Lines leave here, on the right; else they arrive, on the left.
    pub(crate) is_out: bool,
    /// The port of an interface; else the end of a failover.
    pub(crate) is_port: bool,
    /// Doc.
    pub(crate) tip: String,
}

/// A route or a failover.
#[derive(Debug)]
pub(crate) struct Line {
    /// Where it begins.
    pub(crate) from: Place,
    /// Where it ends.
    pub(crate) to: Place,
    /// Message and transfer.
    pub(crate) label: String,
    /// Delivery and queue.
    pub(crate) detail: String,
    /// Doc.
    pub(crate) tip: String,
    /// How it is drawn.
    pub(crate) kind: LineKind,
}

/// A dock of a card, both as indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into [`Picture::cards`].
    pub(crate) card: usize,
    /// Index into [`Card::ports`].
    pub(crate) dock: usize,
}

/// What kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A ring, or two of them where requests are answered.
    Route { lane: Lane, is_best_effort: bool, is_answered: bool },
    /// Who takes over.
    Failover,
}

impl LineKind {
    /// Its colour, dark enough on white, and told from the others by who sees red or green badly.
    pub(crate) fn colour(self) -> &'static str {
        match self {
            LineKind::Route { lane: Lane::Trigger, .. } => "#7b3294",
            LineKind::Route { lane: Lane::Data, .. } => "#0063a6",
            LineKind::Route { lane: Lane::Control, .. } => "#b84300",
            LineKind::Failover => "#555555",
        }
    }
}

/// A card by its index, or a frame.
#[derive(Debug)]
pub(crate) enum Node {
    Card(usize),
    Frame(Frame),
}

/// What encloses processes that share something.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What they share.
    pub(crate) kind: FrameKind,
    /// Its name.
    pub(crate) title: String,
    /// Doc.
    pub(crate) tip: String,
    /// What lies in it.
    pub(crate) nodes: Vec<Node>,
}

/// Frames, the outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FrameKind {
    Host,
    Zone,
    Domain,
}

impl FrameKind {
    /// All of them, the outermost first.
    pub(crate) const ALL: [FrameKind; 3] = [FrameKind::Host, FrameKind::Zone, FrameKind::Domain];

    /// What it is called.
    pub(crate) fn word(self) -> &'static str {
        match self {
            FrameKind::Host => "host",
            FrameKind::Zone => "trust zone",
            FrameKind::Domain => "failure domain",
        }
    }
}

impl Picture {
    /// The picture of a program; what its references name is there in a program that was loaded, and left out else.
    pub(crate) fn of(program: &Program) -> Picture {
        let names = in_order_of_routes(program);
        let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
        let named = names.iter().filter_map(|name| Some((*name, program.processes.get(*name)?)));
        let mut cards: Vec<Card> = named.map(|(name, process)| card(program, name, process)).collect();
        let shared = Shared::of(program);
        let routes = program.routes.iter().filter_map(|route| line(program, &shared, &index, &cards, route));
        let mut lines: Vec<Line> = routes.collect();
        for failover in &program.failovers {
            lines.extend(takeover(&index, &mut cards, failover));
        }
        let all: Vec<usize> = (0..cards.len()).collect();
        let nodes = framed(program, &names, all, &FrameKind::ALL);
        Picture {
            title: program.name.clone(),
            summary: summary(program),
            tip: tip(&program.notes.doc),
            cards,
            lines,
            nodes,
        }
    }
}

fn summary(program: &Program) -> String {
    let count = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let processes = count(program.processes.len(), "process", "processes");
    let routes = count(program.routes.len(), "route", "routes");
    let failovers = count(program.failovers.len(), "failover", "failovers");
    let last = if program.failovers.is_empty() { String::new() } else { format!(" · {failovers}") };
    format!("{processes} · {routes}{last}")
}

fn tip(doc: &Option<String>) -> String {
    doc.clone().unwrap_or_default()
}

/// Who is named first is drawn first; who no route names comes last, by name.
fn in_order_of_routes(program: &Program) -> Vec<&str> {
    let named = program.routes.iter().flat_map(|route| [&route.from.process, &route.to.process]);
    let mut seen = std::collections::BTreeSet::new();
    let all = named.chain(program.processes.keys()).map(String::as_str);
    all.filter(|name| program.processes.contains_key(*name) && seen.insert(*name)).collect()
}

fn card(program: &Program, name: &str, process: &Process) -> Card {
    let instances = plan::instances(program, name);
    let times = if instances == 1 { String::new() } else { format!(" × {instances}") };
    let exec = process.exec.or(program.defaults.processes.exec).unwrap_or(ExecClass::Thread);
    let ports: Vec<Dock> = match program.interfaces.get(&process.interface) {
        Some(interface) => interface.ports.iter().map(|(name, port)| dock(name, port)).collect(),
        None => Vec::new(),
    };
    let position = |name: &str, is_out: bool| ports.iter().position(|port| port.is_out == is_out && port.name == name);
    let forwards = process.forwards.iter();
    let forwards = forwards.filter_map(|pair| Some((position(&pair.from, false)?, position(&pair.to, true)?)));
    Card {
        name: format!("{name}{times}"),
        about: format!("{} · {exec} · {}", process.interface, zone(program, process)),
        tip: tip(&process.notes.doc),
        forwards: forwards.collect(),
        ports,
    }
}

fn dock(name: &str, port: &Port) -> Dock {
    let is_out = matches!(port.direction, Direction::Out | Direction::Request);
    Dock { name: name.to_owned(), is_out, is_port: true, tip: tip(&port.notes.doc) }
}

fn zone(program: &Program, process: &Process) -> Zone {
    process.zone.or(program.defaults.processes.zone).unwrap_or(Zone::NativeTrusted)
}

fn line(
    program: &Program,
    shared: &Shared<'_>,
    index: &BTreeMap<&str, usize>,
    cards: &[Card],
    route: &Route,
) -> Option<Line> {
    let place = |end: &End, is_out: bool| {
        let card = *index.get(end.process.as_str())?;
        let is_it = |port: &Dock| port.is_out == is_out && port.name == end.port;
        Some(Place { card, dock: cards.get(card)?.ports.iter().position(is_it)? })
    };
    let process = program.processes.get(&route.from.process)?;
    let port = program.interfaces.get(&process.interface)?.ports.get(&route.from.port)?;
    let message = program.messages.get(&port.message)?;
    let is_answered = port.direction == Direction::Request;
    let said = match port.reply.as_ref().filter(|_| is_answered) {
        Some(reply) => format!("{} ⇄ {reply}", port.message),
        None => port.message.clone(),
    };
    let transfer = plan::transfer(program, shared, route, port, message);
    let delivery = plan::delivery(program, route, port, message, transfer);
    Some(Line {
        from: place(&route.from, true)?,
        to: place(&route.to, false)?,
        label: format!("{said} · {transfer}"),
        detail: detail(program, route, port, delivery),
        tip: tip_of_route(route, message),
        kind: LineKind::Route {
            lane: plan::lane(program, port),
            is_best_effort: delivery == Delivery::BestEffort,
            is_answered,
        },
    })
}

fn detail(program: &Program, route: &Route, port: &Port, delivery: Delivery) -> String {
    let full = plan::backpressure(program, route, port, delivery);
    let wait = match full {
        Backpressure::Block => format!(" {} ms", plan::deadline_ms(program, route, port)),
        _ => String::new(),
    };
    let kind = plan::queue_kind(program, route, port);
    format!("{delivery} · {full}{wait} · {kind} {}", plan::capacity(program, route, port))
}

fn tip_of_route(route: &Route, message: &Message) -> String {
    let docs = [&route.notes.doc, &message.notes.doc].into_iter().flatten();
    docs.fold(format!("{} to {}", route.from, route.to), |text, doc| text + "\n" + doc)
}

/// A failover leaves its source and arrives at its target, a restart at the source itself.
fn takeover(index: &BTreeMap<&str, usize>, cards: &mut [Card], failover: &Failover) -> Option<Line> {
    let source = *index.get(failover.source.as_str())?;
    let target = match &failover.target {
        Some(target) => *index.get(target.as_str())?,
        None => source,
    };
    let on = failover.on.as_ref().map_or(String::new(), |fault| format!(" on {fault}"));
    let arrives = if failover.target.is_none() { "restarts" } else { "takes over" };
    Some(Line {
        from: Place { card: source, dock: end_of_failover(cards.get_mut(source)?, "fails", true) },
        to: Place { card: target, dock: end_of_failover(cards.get_mut(target)?, arrives, false) },
        label: format!("{}{on}", failover.strategy),
        detail: "failover".to_owned(),
        tip: tip(&failover.notes.doc),
        kind: LineKind::Failover,
    })
}

fn end_of_failover(card: &mut Card, name: &str, is_out: bool) -> usize {
    let there = card.ports.iter().position(|port| !port.is_port && port.is_out == is_out);
    there.unwrap_or_else(|| {
        card.ports.push(Dock { name: name.to_owned(), is_out, is_port: false, tip: String::new() });
        card.ports.len() - 1
    })
}

/// Cards in the frames of the first kind, those in the frames of the next. Hosts enclose zones and zones enclose
/// failure domains, so what lies in two hosts or zones has a frame in each of them.
fn framed(program: &Program, names: &[&str], cards: Vec<usize>, kinds: &[FrameKind]) -> Vec<Node> {
    let Some((kind, inner)) = kinds.split_first() else { return cards.into_iter().map(Node::Card).collect() };
    let mut groups: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for card in cards {
        let title = names.get(card).and_then(|name| frame_of(program, name, *kind));
        let place = *places.entry(title.clone()).or_insert_with(|| {
            groups.push((title, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(card);
    }
    let mut nodes = Vec::new();
    for (title, cards) in groups {
        let within = framed(program, names, cards, inner);
        match title {
            Some(title) => nodes.push(Node::Frame(frame(program, *kind, &title, within))),
            None => nodes.extend(within),
        }
    }
    nodes
}

/// The frame of a kind that a process lies in: its host; its zone where not all are where they are by default; its
/// failure domain where it is not its own.
fn frame_of(program: &Program, name: &str, kind: FrameKind) -> Option<String> {
    let process = program.processes.get(name)?;
    let default = &program.defaults.processes;
    match kind {
        FrameKind::Host => process.host.clone(),
        FrameKind::Zone => {
            let is_said = default.zone.is_some_and(|zone| zone != Zone::NativeTrusted)
                || program.processes.values().any(|process| process.zone.is_some_and(|it| it != Zone::NativeTrusted));
            is_said.then(|| zone(program, process).to_string())
        }
        FrameKind::Domain => {
            process.failure_domain.clone().or_else(|| default.failure_domain.clone()).filter(|domain| domain != name)
        }
    }
}

fn frame(program: &Program, kind: FrameKind, title: &str, nodes: Vec<Node>) -> Frame {
    let host = (kind == FrameKind::Host).then(|| program.hosts.get(title)).flatten();
    let address = host.and_then(|host| host.address.as_ref()).map_or(String::new(), |at| format!(" ({at})"));
    let title = shortened(&format!("{} {title}{address}", kind.word()));
    Frame { kind, title, tip: host.map_or(String::new(), |host| tip(&host.notes.doc)), nodes }
}

impl Line {
    /// A route; else a failover.
    pub(crate) fn is_route(&self) -> bool {
        self.kind != LineKind::Failover
    }
}
