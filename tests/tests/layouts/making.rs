//! Random programs of types: every type of the language, one in another, flat and with references.

use vil_ir::model::{Arm, Body, Enum, EnumValue, Field, Message, Named, Notes, Program, Struct, Type, Variants};
use vil_ir::vocabulary::Scalar;
use vil_tests::random::Random;

const INTEGERS: &[Scalar] =
    &[Scalar::U8, Scalar::U16, Scalar::U32, Scalar::U64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64];

/// A program with this many messages, and structs and enums that they hold.
pub(crate) fn program(messages: usize, random: &mut Random) -> Program {
    let mut program = Program { name: "made".to_owned(), ..Program::default() };
    for at in 0..4 {
        let value = EnumValue { name: "one".to_owned(), value: 1, notes: Notes::default() };
        let (repr, open) = (*random.one(INTEGERS), random.below(2) == 0);
        let found = Enum { repr, open, bitmask: false, aliases: false, values: vec![value], notes: Notes::default() };
        program.enums.insert(format!("E{at}"), found);
    }
    // Names are in no order that helps: what is held by value may come later in it.
    let mut held: Vec<String> = Vec::new();
    for at in 0..messages / 2 {
        let name = format!("S{}_{at}", random.below(1000));
        let body = body(&program, &held, random);
        program.structs.insert(name.clone(), Struct { body, constants: Named::new(), notes: Notes::default() });
        held.push(name);
    }
    for at in 0..messages {
        let name = format!("M{}_{at}", random.below(1000));
        let body = body(&program, &held, random);
        program.messages.insert(name.clone(), message(body));
        held.push(name);
    }
    program
}

/// A message of which nothing is said but its fields.
pub(crate) fn message(body: Body) -> Message {
    Message {
        kind: None,
        layout: None,
        memory: None,
        max_bytes: None,
        media_type: None,
        adapter: None,
        body,
        constants: Named::new(),
        notes: Notes::default(),
    }
}

fn body(program: &Program, held: &[String], random: &mut Random) -> Body {
    if random.below(5) > 0 {
        return Body::Fields(fields(program, held, random));
    }
    let arm = |(at, fields)| Arm { name: format!("a{at}"), tag: at as u64, fields, notes: Notes::default() };
    let arms: Vec<Vec<Field>> = (0..=random.below(3)).map(|_| fields(program, held, random)).collect();
    let tag = *random.one(&[Scalar::U8, Scalar::U16, Scalar::U32]);
    Body::Variants(Variants { tag, open: random.below(2) == 0, arms: arms.into_iter().enumerate().map(arm).collect() })
}

fn fields(program: &Program, held: &[String], random: &mut Random) -> Vec<Field> {
    let count = random.below(9);
    (0..count).map(|at| field(program, held, at, random)).collect()
}

fn field(program: &Program, held: &[String], at: u64, random: &mut Random) -> Field {
    let relative = random.below(3) == 0;
    let ty = if relative { reference(held, random) } else { value(held, random) };
    let is_enum = |ty: &Type| matches!(ty, Type::Named(name) if program.enums.contains_key(name));
    let ty = match random.below(6) {
        0 if !relative => Type::Array(Box::new(ty), 1 + random.below(5) as u32),
        1 if !relative => Type::Array(Box::new(Type::Array(Box::new(ty), 1 + random.below(3) as u32)), 2),
        _ => ty,
    };
    let mut field = Field::new(format!("f{at}"), ty);
    let is_ref = matches!(field.ty, Type::Ref(_));
    field.optional = is_ref || random.below(4) == 0;
    if is_enum(&field.ty) && random.below(2) == 0 {
        field.storage = Some(*random.one(INTEGERS));
    }
    field
}

fn value(held: &[String], random: &mut Random) -> Type {
    match random.below(6) {
        0 => Type::Named(format!("E{}", random.below(4))),
        // Only recent ones, so that sizes stay within the limit.
        1 | 2 if !held.is_empty() => {
            Type::Named(held[held.len() - 1 - random.below(held.len().min(3) as u64) as usize].clone())
        }
        _ => Type::Scalar(*random.one(Scalar::ALL)),
    }
}

fn reference(held: &[String], random: &mut Random) -> Type {
    let bound = [None, Some(3)][random.below(2) as usize];
    let element = |random: &mut Random| match random.below(3) {
        0 => Type::Str(None),
        _ => value(held, random),
    };
    match random.below(4) {
        0 => Type::Str(bound),
        1 if !held.is_empty() => Type::Ref(random.one(held).clone()),
        _ => Type::Slice(Box::new(element(random)), bound),
    }
}
