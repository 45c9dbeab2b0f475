//! What somebody changes between two releases of a program, at random, one thing at a time.

use vil_ir::evolve::Verdict;
use vil_ir::model::{Arm, Body, EnumValue, Field, Notes, Program, Type, Value, Variants};
use vil_ir::vocabulary::Scalar;
use vil_tests::random::Random;

use crate::schemas::{MAX_BYTES, Maker};

/// A change: it answers whether there was something to change.
type Apply = fn(&mut Program, &mut Maker<'_>) -> bool;

/// Every kind of change, and what it is at level `layout` wherever it is made; `None` where that depends on the place.
pub(crate) const CHANGES: &[(&str, Apply, Option<Verdict>)] = &[
    ("a field more at the end of the root", root_grows, Some(Verdict::Newer)),
    ("a field less at the end of the root", root_shrinks, Some(Verdict::Older)),
    ("two fields more at the end of the root", |p, m| root_grows(p, m) && root_grows(p, m), Some(Verdict::Newer)),
    ("a field more in front of the root", |p, m| insert(root(p), m), Some(Verdict::Incompatible)),
    ("a field more in a struct", |p, m| struct_of(p, m, insert), None),
    ("a field less in a struct", |p, m| struct_of(p, m, remove), None),
    ("fields change places", |p, m| any_body(p, m, swap), None),
    ("a field has another type", |p, m| any_field(p, m, retype), None),
    ("a field has another name", |p, m| any_field(p, m, rename), None),
    ("a field becomes optional or no longer is", |p, m| any_field(p, m, optional), None),
    ("a list or text has another bound", |p, m| any_field(p, m, bound), None),
    ("a field has another default", |p, m| any_field(p, m, default), Some(Verdict::Equivalent)),
    ("a field has words of its own", |p, m| any_field(p, m, words), Some(Verdict::Equivalent)),
    ("an open union has an arm more", |p, m| union_of(p, m, |union, _| union.open && arm(union, Vec::new())), None),
    ("a closed union has an arm more", |p, m| union_of(p, m, |union, _| !union.open && arm(union, Vec::new())), None),
    ("a union has a large arm more", |p, m| union_of(p, m, large_arm), None),
    (
        "a union has an arm less",
        |p, m| union_of(p, m, |union, _| union.arms.len() > 1 && union.arms.pop().is_some()),
        None,
    ),
    ("an arm has another tag", |p, m| union_of(p, m, |union, _| retag(union)), None),
    ("a union has another tag's type", |p, m| union_of(p, m, |union, _| tag_type(union)), None),
    ("a union opens or closes", |p, m| union_of(p, m, |union, _| flip(&mut union.open)), None),
    ("an enum has a value more", enum_grows, Some(Verdict::Equivalent)),
    ("an enum opens or closes", |p, m| an_enum(p, m).is_some_and(|found| flip(&mut found.open)), None),
    (
        "an enum is stored in something else",
        |p, m| an_enum(p, m).is_some_and(|found| change_scalar(&mut found.repr)),
        None,
    ),
    ("messages have another bound", message_size, Some(Verdict::Incompatible)),
    (
        "messages have another bound and fields more",
        |p, m| message_size(p, m) && root_grows(p, m),
        Some(Verdict::Incompatible),
    ),
];

fn root(program: &mut Program) -> &mut Body {
    &mut program.messages.get_mut("M").expect("it is there").body
}

fn root_grows(program: &mut Program, maker: &mut Maker<'_>) -> bool {
    let Body::Fields(fields) = root(program) else { return false };
    let mut field = maker.field(&format!("later{}", fields.len()), Maker::relative);
    // A field of one byte may stand in what was padding, as any other does.
    if maker.random.below(3) == 0 {
        field = Field::new(field.name, Type::Scalar(Scalar::U8));
    }
    fields.push(field);
    true
}

fn root_shrinks(program: &mut Program, _: &mut Maker<'_>) -> bool {
    let Body::Fields(fields) = root(program) else { return false };
    fields.pop().is_some()
}

fn insert(body: &mut Body, _: &mut Maker<'_>) -> bool {
    let Body::Fields(fields) = body else { return false };
    let is_first = fields.is_empty();
    fields.insert(0, Field::new("early", Type::Scalar(Scalar::U32)));
    !is_first
}

fn remove(body: &mut Body, maker: &mut Maker<'_>) -> bool {
    let Body::Fields(fields) = body else { return false };
    if fields.len() < 2 {
        return false;
    }
    fields.remove(maker.random.below(fields.len() as u64) as usize);
    true
}

fn swap(fields: &mut [Field], random: &mut Random) -> bool {
    if fields.len() < 2 {
        return false;
    }
    let at = random.below(fields.len() as u64 - 1) as usize;
    fields.swap(at, at + 1);
    true
}

fn retype(field: &mut Field, random: &mut Random) -> bool {
    if let Type::Scalar(scalar) = &mut field.ty {
        field.default = None;
        return change_scalar(scalar) || random.below(2) == 0;
    }
    field.ty = match &field.ty {
        Type::Str(_) => Type::Slice(Box::new(Type::Scalar(Scalar::U8)), None),
        Type::Slice(..) => Type::Str(None),
        Type::Array(element, count) => Type::Array(element.clone(), count + 1),
        _ => return false,
    };
    true
}

/// Another integer, as wide where it can be.
fn change_scalar(scalar: &mut Scalar) -> bool {
    *scalar = match scalar {
        Scalar::U8 => Scalar::U16,
        Scalar::U16 => Scalar::U32,
        Scalar::U32 => Scalar::I32,
        Scalar::I32 => Scalar::F32,
        Scalar::U64 => Scalar::I64,
        Scalar::I64 => Scalar::F64,
        Scalar::F64 => Scalar::U64,
        Scalar::F32 => Scalar::U8,
        _ => return false,
    };
    true
}

fn rename(field: &mut Field, _: &mut Random) -> bool {
    field.name += "_renamed";
    true
}

fn optional(field: &mut Field, _: &mut Random) -> bool {
    field.default = None;
    flip(&mut field.optional)
}

fn bound(field: &mut Field, random: &mut Random) -> bool {
    let (Type::Str(bound) | Type::Slice(_, bound)) = &mut field.ty else { return false };
    *bound = match bound {
        Some(_) if random.below(2) == 0 => None,
        Some(bound) => Some(*bound + 1),
        None => Some(20),
    };
    true
}

fn default(field: &mut Field, _: &mut Random) -> bool {
    match (&field.ty, field.optional) {
        (Type::Scalar(scalar), false) if scalar.integer_range().is_some() => {
            field.default = Some(Value::Int(9));
            true
        }
        _ => false,
    }
}

fn words(field: &mut Field, _: &mut Random) -> bool {
    field.notes.doc = Some("what it means now".to_owned());
    true
}

fn flip(flag: &mut bool) -> bool {
    *flag = !*flag;
    true
}

fn arm(union: &mut Variants, fields: Vec<Field>) -> bool {
    union.arms.push(Arm::new("later", 77, fields));
    true
}

fn large_arm(union: &mut Variants, _: &mut Random) -> bool {
    arm(union, vec![Field::new("room", Type::Array(Box::new(Type::Scalar(Scalar::U64)), 40))])
}

fn retag(union: &mut Variants) -> bool {
    union.arms[0].tag = 99;
    true
}

fn tag_type(union: &mut Variants) -> bool {
    union.tag = if union.tag == Scalar::U8 { Scalar::U16 } else { Scalar::U8 };
    true
}

fn enum_grows(program: &mut Program, maker: &mut Maker<'_>) -> bool {
    let Some(found) = an_enum(program, maker) else { return false };
    found.values.push(EnumValue { name: "later".to_owned(), value: 55, notes: Notes::default() });
    true
}

fn an_enum<'p>(program: &'p mut Program, maker: &mut Maker<'_>) -> Option<&'p mut vil_ir::model::Enum> {
    let count = program.enums.values().count() as u64;
    (count > 0).then(|| program.enums.values_mut().nth(maker.random.below(count) as usize))?
}

fn message_size(program: &mut Program, maker: &mut Maker<'_>) -> bool {
    let bound = *maker.random.one(&[2 * MAX_BYTES, MAX_BYTES + 1, MAX_BYTES - 1]);
    program.messages.get_mut("M").expect("it is there").max_bytes = Some(bound);
    true
}

fn struct_of(program: &mut Program, maker: &mut Maker<'_>, change: fn(&mut Body, &mut Maker<'_>) -> bool) -> bool {
    let count = program.structs.values().count() as u64;
    if count == 0 {
        return false;
    }
    let at = maker.random.below(count) as usize;
    program.structs.values_mut().nth(at).is_some_and(|found| change(&mut found.body, maker))
}

/// The bodies of a program's structs and messages.
fn bodies(program: &mut Program) -> Vec<&mut Body> {
    let structs = program.structs.values_mut().map(|found| &mut found.body);
    structs.chain(program.messages.values_mut().map(|found| &mut found.body)).collect()
}

fn any_field(program: &mut Program, maker: &mut Maker<'_>, change: fn(&mut Field, &mut Random) -> bool) -> bool {
    any_body(program, maker, |fields, random| {
        let count = fields.len() as u64;
        count > 0 && change(&mut fields[random.below(count.max(1)) as usize], random)
    })
}

fn any_body(program: &mut Program, maker: &mut Maker<'_>, change: impl Fn(&mut [Field], &mut Random) -> bool) -> bool {
    let mut lists: Vec<&mut Vec<Field>> = Vec::new();
    for body in bodies(program) {
        match body {
            Body::Fields(fields) => lists.push(fields),
            Body::Variants(variants) => lists.extend(variants.arms.iter_mut().map(|arm| &mut arm.fields)),
        }
    }
    let at = maker.random.below(lists.len() as u64) as usize;
    change(lists[at], maker.random)
}

fn union_of(program: &mut Program, maker: &mut Maker<'_>, change: fn(&mut Variants, &mut Random) -> bool) -> bool {
    let unions: Vec<&mut Variants> = bodies(program)
        .into_iter()
        .filter_map(|body| if let Body::Variants(variants) = body { Some(variants) } else { None })
        .collect();
    let count = unions.len() as u64;
    let at = maker.random.below(count.max(1)) as usize;
    unions.into_iter().nth(at).is_some_and(|union| change(union, maker.random))
}
