//! Enums, structs, messages and constants that can be laid out, and values that fit them.

use vil_ir::model::{
    Arm, Body, Constant, Enum, EnumValue, Field, Message, Named, Notes, Program, Struct, Type, Value, Variants,
};
use vil_ir::vocabulary::{Kind, Profile, Scalar};

use super::Choices;

const INTEGERS: [Scalar; 8] =
    [Scalar::U8, Scalar::U16, Scalar::U32, Scalar::U64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64];

/// Adds types; a type holds only those that were made before it, but for optional references.
pub(super) fn add(program: &mut Program, choices: &mut Choices) {
    for at in 0..1 + choices.below(4) {
        let found = enumeration(choices);
        program.enums.insert(format!("E{at}"), found);
    }
    let mut held = Vec::new();
    for at in 0..choices.below(6) {
        // Names that are in no order of their own.
        let name = format!("S{}x{at}", (at * 7 + 3) % 10);
        let (body, notes) = (body(program, &held, choices), choices.notes());
        let constants = constants(choices);
        program.structs.insert(name.clone(), Struct { body, constants, notes });
        held.push(name);
    }
    for at in 0..1 + choices.below(6) {
        let name = format!("M{at}");
        let found = message(program, &held, choices);
        let is_external = found.layout == Some(Profile::External);
        program.messages.insert(name.clone(), found);
        if !is_external {
            held.push(name);
        }
    }
    program.constants = constants(choices);
}

fn enumeration(choices: &mut Choices) -> Enum {
    let repr = choices.one(&INTEGERS);
    let (lowest, highest) = repr.integer_range().expect("an integer");
    let bitmask = choices.rarely(4);
    let count = 1 + choices.below(4);
    let mut values = Vec::new();
    for at in 0..count {
        let value = match choices.below(3) {
            0 if at == 0 => highest,
            1 if at == 0 && !bitmask => lowest,
            _ => 1 << at,
        };
        values.push(EnumValue { name: format!("v{at}"), value, notes: choices.notes() });
    }
    let aliases = choices.rarely(4);
    if aliases {
        values.push(EnumValue { name: "again".to_owned(), value: values[0].value, notes: Notes::default() });
    }
    Enum { repr, open: !choices.rarely(3), bitmask, aliases, values, notes: choices.notes() }
}

fn constants(choices: &mut Choices) -> Named<Constant> {
    let mut constants = Named::new();
    for at in 0..choices.below(3) {
        let scalar = choices.some(2, Scalar::ALL);
        let value = scalar.map_or(Value::Str("text\n".to_owned()), |scalar| value(scalar, choices));
        constants.insert(format!("C{at}"), Constant { scalar, value, notes: choices.notes() });
    }
    constants
}

fn message(program: &Program, held: &[String], choices: &mut Choices) -> Message {
    let kind = choices.some(2, &[Kind::Message, Kind::Event, Kind::State]);
    let mut message = Message {
        kind,
        layout: None,
        memory: None,
        max_bytes: None,
        media_type: None,
        adapter: None,
        body: Body::Fields(Vec::new()),
        constants: constants(choices),
        notes: choices.notes(),
    };
    if choices.rarely(8) {
        message.layout = Some(Profile::External);
        message.kind = kind.filter(|kind| *kind != Kind::State);
        // The frame of an external message has 8 of them.
        message.max_bytes = Some(9 + choices.below(4088) as u64);
        message.media_type = Some("application/json".to_owned());
        message.adapter = Some("json".to_owned());
        return message;
    }
    message.body = body(program, held, choices);
    message
}

/// Fields, or variants.
pub(super) fn body(program: &Program, held: &[String], choices: &mut Choices) -> Body {
    if !choices.rarely(4) {
        return Body::Fields(fields(program, held, choices));
    }
    let arms = (0..1 + choices.below(3)).map(|at| Arm {
        name: format!("Arm{at}"),
        tag: at as u64 * 3 + choices.below(3) as u64,
        fields: fields(program, held, choices),
        notes: choices.notes(),
    });
    let arms = arms.collect();
    Body::Variants(Variants {
        tag: choices.one(&[Scalar::U32, Scalar::U8, Scalar::U16]),
        open: choices.rarely(2),
        arms,
    })
}

fn fields(program: &Program, held: &[String], choices: &mut Choices) -> Vec<Field> {
    let with_ids = choices.rarely(3);
    let mut fields: Vec<Field> = Vec::new();
    for at in 0..choices.below(7) {
        let mut field = field(program, held, format!("f{at}"), choices);
        if let Type::Array(..) = field.ty
            && choices.rarely(3)
        {
            let length = Field::new(format!("n{at}"), Type::Scalar(choices.one(&INTEGERS[..4])));
            field.used_by = Some(length.name.clone());
            fields.push(length);
        }
        fields.push(field);
    }
    if with_ids {
        let count = fields.len() as u32;
        fields.iter_mut().enumerate().for_each(|(at, field)| field.id = Some(count * 2 - at as u32));
    }
    fields
}

fn field(program: &Program, held: &[String], name: String, choices: &mut Choices) -> Field {
    let base = match choices.below(4) {
        1 => Type::Named(format!("E{}", choices.below(program.enums.len()))),
        // The last ones, so that sizes stay small.
        2 if !held.is_empty() => Type::Named(held[held.len() - 1 - choices.below(held.len().min(2))].clone()),
        _ => Type::Scalar(choices.one(Scalar::ALL)),
    };
    let bound = choices.some(2, &[1, 9]);
    let ty = match choices.below(8) {
        1 => Type::Array(Box::new(base), 1 + choices.below(4) as u32),
        2 => Type::Array(Box::new(Type::Array(Box::new(base), 2)), 1 + choices.below(3) as u32),
        3 => Type::Slice(Box::new(base), bound),
        4 => Type::Slice(Box::new(Type::Str(bound)), None),
        5 => Type::Str(bound),
        6 if !held.is_empty() => Type::Ref(choices.one(held)),
        7 if !held.is_empty() => Type::Array(Box::new(Type::Ref(choices.one(held))), 2),
        _ => base,
    };
    let mut field = Field::new(name, ty);
    let is_array_of_references = matches!(&field.ty, Type::Array(element, _) if matches!(**element, Type::Ref(_)));
    field.optional = !is_array_of_references && choices.rarely(3);
    field.unit = choices.some(5, &["m/s".to_owned(), "%".to_owned()]);
    field.since = choices.some(6, &["1.2".to_owned()]);
    field.notes = choices.notes();
    field.key = !field.optional && choices.rarely(6);
    values(program, &mut field, choices);
    field
}

/// What is said about a field's values, so that all of it fits.
fn values(program: &Program, field: &mut Field, choices: &mut Choices) {
    let mut element = &field.ty;
    while let Type::Array(inner, _) = element {
        element = inner;
    }
    match element.clone() {
        Type::Scalar(scalar) => {
            if choices.rarely(3) {
                let first = value(scalar, choices);
                let is_number = scalar != Scalar::Bool;
                if is_number && choices.rarely(2) {
                    field.range = Some((Some(first.clone()), None));
                }
                field.default = Some(first);
            }
            field.unknown = choices.rarely(4).then(|| value(scalar, choices));
            field.scale = choices.some(4, &[0.5, 1e-7, -3.0]).filter(|_| scalar != Scalar::Bool);
            let clocks = ["monotonic", "realtime", "tai"].map(str::to_owned);
            field.clock = choices.some(5, &clocks).filter(|_| scalar.integer_range().is_some());
        }
        Type::Named(name) => {
            let Some(found) = program.enums.get(&name) else { return };
            field.default = choices.rarely(3).then(|| Value::Str("v0".to_owned()));
            let fits = |scalar: &Scalar| {
                let (lowest, highest) = scalar.integer_range().expect("an integer");
                found.values.iter().all(|value| (lowest..=highest).contains(&value.value))
            };
            field.storage = choices.some(2, &INTEGERS).filter(fits);
        }
        _ => {}
    }
}

fn value(scalar: Scalar, choices: &mut Choices) -> Value {
    match scalar.integer_range() {
        Some((lowest, highest)) => Value::Int(choices.one(&[0, lowest, highest, 1])),
        None if scalar == Scalar::Bool => Value::Bool(choices.rarely(2)),
        None => Value::Float(choices.one(&[0.0, -1.5, 1e30, f64::INFINITY, 0.1])),
    }
}
