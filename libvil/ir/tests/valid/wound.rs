//! Small changes of a program's types, those that are felt in a layout and those that are not.

use vil_ir::model::{Body, Field, Program, Type, Value};
use vil_ir::vocabulary::Scalar;

use super::Choices;

/// Changes something about one type. It may come out as a program that nobody accepts.
pub(crate) fn change(program: &mut Program, choices: &mut Choices) {
    let structs = program.structs.len();
    let at = choices.below(structs + program.messages.len());
    if choices.rarely(6) {
        return enumeration(program, choices);
    }
    let names: Vec<String> = program.messages.keys().cloned().collect();
    let body = if at < structs {
        &mut program.structs.values_mut().nth(at).expect("it is one of them").body
    } else {
        &mut program.messages.get_mut(&names[at - structs]).expect("it is one of them").body
    };
    let fields = match body {
        Body::Fields(fields) => fields,
        Body::Variants(variants) => {
            let arm = choices.below(variants.arms.len());
            match choices.below(6) {
                0 => return variants.open = !variants.open,
                1 => return variants.arms[arm].tag += 100,
                2 => return variants.arms[arm].name.push('z'),
                3 => return variants.tag = choices.one(&[Scalar::U8, Scalar::U16, Scalar::U32]),
                4 => return variants.arms.swap(0, arm),
                _ => &mut variants.arms[arm].fields,
            }
        }
    };
    let at = choices.below(fields.len());
    match choices.below(8) {
        0 => fields.push(Field::new("more", Type::Scalar(Scalar::U16))),
        _ if fields.is_empty() => {}
        1 => drop(fields.remove(at)),
        2 => fields.swap(0, at),
        _ => field(&mut fields[at], choices),
    }
}

fn enumeration(program: &mut Program, choices: &mut Choices) {
    let at = choices.below(program.enums.len());
    let found = program.enums.values_mut().nth(at).expect("there is one");
    match choices.below(4) {
        0 => found.open = !found.open,
        1 => found.repr = choices.one(&[Scalar::U8, Scalar::I16, Scalar::U32, Scalar::I64]),
        2 => found.bitmask = !found.bitmask,
        _ => found.notes.doc = Some("said anew".to_owned()),
    }
}

fn field(field: &mut Field, choices: &mut Choices) {
    match choices.below(14) {
        0 => field.name.push('z'),
        1 => field.ty = Type::Scalar(choices.one(Scalar::ALL)),
        2 => field.ty = Type::Array(Box::new(field.ty.clone()), 1 + choices.below(3) as u32),
        3 => field.optional = !field.optional,
        4 => field.id = choices.some(2, &[1, 77]),
        5 => field.storage = choices.some(2, &[Scalar::U8, Scalar::I32]),
        6 => bounds(&mut field.ty, choices.some(2, &[2, 9])),
        7 => field.unit = Some("furlong".to_owned()),
        8 => field.default = choices.some(2, &[Value::Int(3)]),
        9 => field.range = Some((Some(Value::Int(0)), None)),
        10 => field.notes.doc = Some("said anew".to_owned()),
        11 => field.scale = Some(2.5),
        12 => field.key = !field.key,
        _ => field.since = Some("9".to_owned()),
    }
}

fn bounds(ty: &mut Type, new: Option<u32>) {
    match ty {
        Type::Slice(_, bound) | Type::Str(bound) => *bound = new,
        Type::Array(_, count) => *count = new.unwrap_or(5),
        _ => {}
    }
}
