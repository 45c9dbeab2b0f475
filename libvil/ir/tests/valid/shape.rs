//! What a message's layout is, found by other means than `vil_ir`: sizes and offsets added up here, from the model alone.
//! Two messages have one layout when these texts are equal.

use std::fmt::Write;

use vil_ir::model::{Body, Field, Program, Type};
use vil_ir::vocabulary::{Profile, Scalar};

/// Size and alignment.
#[derive(Clone, Copy)]
struct Extent {
    size: u64,
    align: u64,
}

/// The layout of a message in words: every member of every type it reaches, with its offset, size, type and id.
pub(crate) fn of(program: &Program, message: &str) -> String {
    let found = &program.messages[message];
    if found.layout == Some(Profile::External) {
        return format!("external {message} {:?} {:?}", found.media_type, found.adapter);
    }
    let is_relative = match found.layout {
        Some(profile) => profile == Profile::Relative,
        None => refers(program, message),
    };
    let mut text = format!("relative {is_relative}\n");
    let (mut reached, mut next) = (vec![message.to_owned()], 0);
    while let Some(name) = reached.get(next).cloned() {
        next += 1;
        match program.enums.get(&name) {
            Some(found) => drop(writeln!(text, "enum {name} {} {}", found.repr, found.open)),
            None => describe(program, &name, &mut text, &mut reached),
        }
    }
    text
}

fn body<'p>(program: &'p Program, name: &str) -> &'p Body {
    program.structs.get(name).map_or_else(|| &program.messages[name].body, |found| &found.body)
}

fn lists(body: &Body) -> Vec<&[Field]> {
    match body {
        Body::Fields(fields) => vec![fields],
        Body::Variants(variants) => variants.arms.iter().map(|arm| arm.fields.as_slice()).collect(),
    }
}

/// Whether bytes of this type refer to others. Types hold only earlier ones by value, so this ends.
fn refers(program: &Program, name: &str) -> bool {
    let one = |field: &Field| {
        let mut ty = &field.ty;
        while let Type::Array(element, _) = ty {
            ty = element;
        }
        match ty {
            Type::Named(name) => !program.enums.contains_key(name) && refers(program, name),
            Type::Slice(..) | Type::Str(_) | Type::Ref(_) => true,
            _ => false,
        }
    };
    lists(body(program, name)).into_iter().flatten().any(one)
}

fn describe(program: &Program, name: &str, text: &mut String, reached: &mut Vec<String>) {
    let whole = named(program, name);
    let _ = writeln!(text, "type {name} {} {}", whole.size, whole.align);
    let mut arm = |text: &mut String, fields: &[Field], base: u64| {
        let mut end = base;
        for (position, field) in fields.iter().enumerate() {
            let extent = extent(program, field, &field.ty);
            end = end.next_multiple_of(extent.align);
            let id = field.id.unwrap_or(position as u32 + 1);
            let _ = writeln!(
                text,
                " {end} {} {id} {} {}",
                extent.size,
                field.name,
                words(program, field, &field.ty, reached)
            );
            end += extent.size;
            if has_byte(field) {
                let _ = writeln!(text, " {end} has");
                end += 1;
            }
        }
    };
    match body(program, name) {
        Body::Fields(fields) => arm(text, fields, 0),
        Body::Variants(variants) => {
            let base = arms_at(program, name);
            let _ = writeln!(text, "tag {} {} at {base}", variants.tag, variants.open);
            for found in &variants.arms {
                let _ = writeln!(text, "arm {} {}", found.name, found.tag);
                arm(text, &found.fields, base);
            }
        }
    }
}

fn has_byte(field: &Field) -> bool {
    field.optional && !matches!(field.ty, Type::Ref(_))
}

fn words(program: &Program, field: &Field, ty: &Type, reached: &mut Vec<String>) -> String {
    let mut reach = |name: &String| {
        if !reached.contains(name) {
            reached.push(name.clone());
        }
    };
    match ty {
        Type::Named(name) => {
            reach(name);
            match program.enums.get(name) {
                Some(found) => format!("{name} in {}", field.storage.unwrap_or(found.repr)),
                None => name.clone(),
            }
        }
        Type::Ref(name) => {
            reach(name);
            format!("to {name}")
        }
        Type::Array(element, count) => format!("{count} of {}", words(program, field, element, reached)),
        Type::Slice(element, bound) => format!("{bound:?} some of {}", words(program, field, element, reached)),
        other => format!("{other:?}"),
    }
}

fn scalar(scalar: Scalar) -> Extent {
    let size = match scalar {
        Scalar::U8 | Scalar::I8 | Scalar::Bool => 1,
        Scalar::U16 | Scalar::I16 => 2,
        Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
        Scalar::U64 | Scalar::I64 | Scalar::F64 => 8,
    };
    Extent { size, align: size }
}

fn extent(program: &Program, field: &Field, ty: &Type) -> Extent {
    match ty {
        Type::Scalar(found) => scalar(*found),
        Type::Named(name) => match program.enums.get(name) {
            Some(found) => scalar(field.storage.unwrap_or(found.repr)),
            None => named(program, name),
        },
        Type::Array(element, count) => {
            let Extent { size, align } = extent(program, field, element);
            Extent { size: size * u64::from(*count), align }
        }
        Type::Slice(..) | Type::Str(_) => Extent { size: 8, align: 8 },
        Type::Ref(_) => Extent { size: 4, align: 4 },
        Type::Heap(name) => panic!("{name} lies on a heap"),
    }
}

fn members(program: &Program, fields: &[Field]) -> Extent {
    let mut whole = Extent { size: 0, align: 1 };
    for field in fields {
        let one = extent(program, field, &field.ty);
        whole.align = whole.align.max(one.align);
        whole.size = whole.size.next_multiple_of(one.align) + one.size + u64::from(has_byte(field));
    }
    Extent { size: whole.size.max(1).next_multiple_of(whole.align), align: whole.align }
}

fn arms_at(program: &Program, name: &str) -> u64 {
    let Body::Variants(variants) = body(program, name) else { return 0 };
    let aligns = variants.arms.iter().map(|arm| members(program, &arm.fields).align);
    scalar(variants.tag).size.next_multiple_of(aligns.max().unwrap_or(1))
}

fn named(program: &Program, name: &str) -> Extent {
    match body(program, name) {
        Body::Fields(fields) => members(program, fields),
        Body::Variants(variants) => {
            let arms: Vec<Extent> = variants.arms.iter().map(|arm| members(program, &arm.fields)).collect();
            let align = arms.iter().map(|arm| arm.align).max().unwrap_or(1).max(scalar(variants.tag).align);
            let size = arms_at(program, name) + arms.iter().map(|arm| arm.size).max().unwrap_or(1);
            Extent { size: size.next_multiple_of(align), align }
        }
    }
}
