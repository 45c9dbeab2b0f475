//! Random flat programs: everything the language can say about them, names that exist, types that are defined.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vil_ir::model::{
    Arm, Body, Constant, End, Enum, EnumValue, Field, Host, Interface, Message, Named, Notes, Observe, Port, Process,
    Program, Queue, Route, Struct, Type, Value, Variants,
};
use vil_ir::vocabulary::{
    Backpressure, Boundary, Cleanup, Delivery, Direction, ExecClass, Kind, Lane, MemoryClass, Profile, QueueKind,
    Scalar, Transfer, Verify, Word, Zone,
};

/// A member of a closed set.
fn word<W: Word + std::fmt::Debug>() -> impl Strategy<Value = W> {
    proptest::sample::select(W::all())
}

fn finite() -> impl Strategy<Value = f64> {
    proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO
}

fn notes() -> impl Strategy<Value = Notes> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| Value::Int(number.into())),
        finite().prop_map(Value::Float),
        any::<String>().prop_map(Value::Str),
    ];
    let annotations = proptest::collection::btree_map(any::<String>(), value, 0..3);
    let some = (option::of(any::<String>()), option::of(any::<String>()), annotations).prop_map(
        |(doc, deprecated, annotations)| Notes { doc, deprecated, annotations: annotations.into_iter().collect() },
    );
    prop_oneof![3 => Just(Notes::default()), 1 => some]
}

/// What a field is made of, before it is known which names there are.
#[derive(Debug, Clone)]
struct Draft {
    scalar: Scalar,
    named: Option<prop::sample::Index>,
    dimensions: Vec<u32>,
    optional: bool,
    storage: Option<Scalar>,
    range: Option<(Option<i8>, Option<i8>)>,
    texts: (Option<String>, Option<String>),
    scale: Option<f64>,
    notes: Notes,
}

fn draft() -> impl Strategy<Value = Draft> {
    let range = option::of((option::of(any::<i8>()), option::of(any::<i8>())));
    let texts = (option::of(any::<String>()), option::of(any::<String>()));
    let shape = (word(), option::of(any::<prop::sample::Index>()), vec(1u32..5, 0..3), any::<bool>());
    (shape, option::of(word()), range, texts, option::of(finite()), notes()).prop_map(
        |((scalar, named, dimensions, optional), storage, range, texts, scale, notes)| {
            let storage = storage.filter(|scalar: &Scalar| scalar.integer_range().is_some());
            Draft { scalar, named, dimensions, optional, storage, range, texts, scale, notes }
        },
    )
}

/// Fields, of scalars and of the names that exist already.
fn fields(drafts: Vec<Draft>, names: &[String], with_ids: bool) -> Vec<Field> {
    let one = |(index, draft): (usize, Draft)| {
        let named = draft.named.filter(|_| !names.is_empty()).map(|pick| names[pick.index(names.len())].clone());
        let base = named.map_or(Type::Scalar(draft.scalar), Type::Named);
        let ty = draft.dimensions.iter().fold(base, |ty, count| Type::Array(Box::new(ty), *count));
        let mut field = Field::new(format!("f{index}"), ty);
        field.id = with_ids.then_some(index as u32 + 1);
        field.optional = draft.optional;
        field.storage = draft.storage;
        let end = |end: i8| Value::Int(end.into());
        field.range = draft.range.map(|(low, high)| (low.map(end), high.map(end)));
        (field.unit, field.since) = draft.texts;
        field.scale = draft.scale;
        field.key = index == 0;
        field.default = draft.range.and_then(|(low, _)| low).map(end);
        field.notes = draft.notes;
        field
    };
    drafts.into_iter().enumerate().map(one).collect()
}

#[derive(Debug, Clone)]
struct Shape {
    arms: Option<(Vec<Vec<Draft>>, Scalar, bool)>,
    drafts: Vec<Draft>,
    with_ids: bool,
    notes: Notes,
}

fn shape() -> impl Strategy<Value = Shape> {
    let tag = proptest::sample::select(vec![Scalar::U8, Scalar::U16, Scalar::U32]);
    let arms = option::weighted(0.3, (vec(vec(draft(), 0..3), 1..4), tag, any::<bool>()));
    (arms, vec(draft(), 0..7), any::<bool>(), notes()).prop_map(|(arms, drafts, with_ids, notes)| Shape {
        arms,
        drafts,
        with_ids,
        notes,
    })
}

fn body(shape: Shape, names: &[String]) -> Body {
    let Some((arms, tag, open)) = shape.arms else { return Body::Fields(fields(shape.drafts, names, shape.with_ids)) };
    let arm = |(index, drafts): (usize, Vec<Draft>)| Arm {
        name: format!("a{index}"),
        tag: index as u64 * 3,
        fields: fields(drafts, names, shape.with_ids),
        notes: Notes::default(),
    };
    Body::Variants(Variants { tag, open, arms: arms.into_iter().enumerate().map(arm).collect() })
}

fn enumeration() -> impl Strategy<Value = Enum> {
    let value = (any::<i8>(), notes());
    (word::<Scalar>(), any::<(bool, bool, bool)>(), vec(value, 0..4), notes()).prop_map(
        |(repr, (open, bitmask, aliases), values, notes)| Enum {
            repr: if repr.integer_range().is_some() { repr } else { Scalar::I8 },
            open,
            bitmask,
            aliases,
            values: values
                .into_iter()
                .enumerate()
                .map(|(index, (value, notes))| EnumValue { name: format!("v{index}"), value: value.into(), notes })
                .collect(),
            notes,
        },
    )
}

fn queue() -> impl Strategy<Value = Queue> {
    (
        option::of(word::<QueueKind>()),
        option::of(any::<u32>()),
        option::of(word::<Backpressure>()),
        option::of(any::<u32>()),
    )
        .prop_map(|(kind, capacity, backpressure, deadline_ms)| Queue {
            kind,
            capacity,
            backpressure,
            deadline_ms,
        })
}

fn contract() -> impl Strategy<Value = (Option<Kind>, Option<Profile>, Option<MemoryClass>, Option<u64>)> {
    (option::of(word()), option::of(Just(Profile::Flat)), option::of(word()), option::of(any::<u64>()))
}

fn process() -> impl Strategy<Value = Process> {
    let policies = (option::of(word::<ExecClass>()), option::of(word::<Zone>()), option::of(word::<Cleanup>()));
    let observe = option::of((option::of(any::<bool>()), option::of(any::<String>()), option::of(any::<u32>())));
    let rest = (option::of(any::<i32>()), option::of(any::<String>()), option::of(any::<u32>()), any::<bool>());
    (policies, observe, rest, any::<bool>(), notes()).prop_map(
        |((exec, zone, cleanup), observe, (priority, failure_domain, instances, idempotent), on_host, notes)| Process {
            interface: String::new(),
            exec,
            zone,
            cleanup,
            priority,
            failure_domain,
            host: on_host.then(|| "h".to_owned()),
            instances,
            forwards: Vec::new(),
            mutates: Vec::new(),
            idempotent,
            observe: observe.map(|(trace_hop, latency, sample)| Observe { trace_hop, latency, sample }),
            notes,
        },
    )
}

type RouteDraft = (
    (Option<Transfer>, Option<Boundary>, Option<Delivery>, Option<Verify>),
    (Queue, Queue),
    (Option<Lane>, Option<u32>),
    prop::sample::Index,
    Notes,
);

fn route() -> impl Strategy<Value = RouteDraft> {
    let policies = (option::of(word()), option::of(word()), option::of(word()), option::of(word()));
    (
        policies,
        (queue(), queue()),
        (option::of(word()), option::of(any::<u32>())),
        any::<prop::sample::Index>(),
        notes(),
    )
}

/// A program that can be written and read, with flat types that can be laid out; its policies may be nonsense.
pub(crate) fn program() -> impl Strategy<Value = Program> {
    let types = (vec(enumeration(), 0..4), vec(shape(), 0..5), vec((shape(), contract()), 1..4));
    let parts = (process(), process(), vec(route(), 0..4), queue());
    let constant = (option::of(word()), any::<String>(), any::<i32>(), notes());
    (types, parts, vec(constant, 0..3), any::<bool>(), option::of(Just("geo.maps".to_owned())), notes()).prop_map(
        |((enums, structs, messages), (source, target, routes, queue), constants, strict, package, notes)| {
            let mut program = Program { name: "made".to_owned(), package, strict, notes, ..Program::default() };
            program.defaults.ports.queue = queue;
            program.hosts.insert("h".to_owned(), Host::default());
            let mut names = Vec::new();
            for (index, found) in enums.into_iter().enumerate() {
                names.push(format!("E{index}"));
                program.enums.insert(format!("E{index}"), found);
            }
            for (index, shape) in structs.into_iter().enumerate() {
                let (notes, body) = (shape.notes.clone(), body(shape, &names));
                names.push(format!("S{index}"));
                program.structs.insert(format!("S{index}"), Struct { body, constants: Named::new(), notes });
            }
            for (index, (shape, contract)) in messages.into_iter().enumerate() {
                program.messages.insert(format!("M{index}"), message(shape, contract, &names));
                names.push(format!("M{index}"));
            }
            for (index, (scalar, text, number, notes)) in constants.into_iter().enumerate() {
                let value = if scalar.is_some() { Value::Int(number.into()) } else { Value::Str(text) };
                program.constants.insert(format!("C{index}"), Constant { scalar, value, notes });
            }
            connect(&mut program, source, target, routes);
            program
        },
    )
}

fn message(
    shape: Shape,
    (kind, layout, memory, max_bytes): (Option<Kind>, Option<Profile>, Option<MemoryClass>, Option<u64>),
    names: &[String],
) -> Message {
    let notes = shape.notes.clone();
    let (media_type, adapter, constants) = (None, None, Named::new());
    Message { kind, layout, memory, max_bytes, media_type, adapter, body: body(shape, names), constants, notes }
}

fn connect(program: &mut Program, source: Process, target: Process, routes: Vec<RouteDraft>) {
    let messages: Vec<String> = program.messages.keys().cloned().collect();
    let (mut out, mut into) = (Interface::default(), Interface::default());
    for (index, route) in routes.into_iter().enumerate() {
        let ((transfer, boundary, delivery, verify), (queue, port_queue), (lane, loans), pick, notes) = route;
        let message = messages[pick.index(messages.len())].clone();
        let port = |direction, notes| Port {
            direction,
            message: message.clone(),
            reply: None,
            lane,
            loans,
            queue: port_queue.clone(),
            notes,
        };
        out.ports.insert(format!("p{index}"), port(Direction::Out, notes.clone()));
        into.ports.insert(format!("p{index}"), port(Direction::In, Notes::default()));
        let end = |process: &str| End { process: process.to_owned(), port: format!("p{index}") };
        let (from, to) = (end("source"), end("target"));
        program.routes.push(Route { from, to, transfer, boundary, delivery, queue, verify, notes });
    }
    program.interfaces.extend([("Out".to_owned(), out), ("In".to_owned(), into)]);
    program.processes.insert("source".to_owned(), Process { interface: "Out".to_owned(), ..source });
    program.processes.insert("target".to_owned(), Process { interface: "In".to_owned(), ..target });
}

/// The text of a program with some of its characters taken out, doubled or replaced.
pub(crate) fn broken_text() -> impl Strategy<Value = String> {
    let wound = (any::<prop::sample::Index>(), prop_oneof![Just(None), any::<char>().prop_map(Some)]);
    (program(), any::<bool>(), vec(wound, 1..4)).prop_map(|(program, json, wounds)| {
        let text = if json { vil_ir::dump::canonical_json(&program) } else { vil_ir::dump::yaml(&program) };
        let mut letters: Vec<char> = text.chars().collect();
        for (place, letter) in wounds {
            let at = place.index(letters.len());
            match letter {
                Some(letter) => letters[at] = letter,
                None if letters.len() > 1 => drop(letters.remove(at)),
                None => {}
            }
        }
        letters.into_iter().collect()
    })
}
