//! What one field says beyond its type: facts for its comment, and the check of its value.

use vil_ir::keywords::{escape, snake};
use vil_ir::model::{Field, Type, Value};
use vil_ir::vocabulary::Scalar;

use super::Maker;
use crate::literal::plain;
use crate::plan::{Bounds, Check, Item, Literal, Member, Number, Rule, Shape};

/// Facts for a field's comment, each a few words.
pub(super) fn facts_of(field: &Field, shape: &Shape) -> Vec<String> {
    let mut facts = Vec::new();
    let mut say = |fact: Option<String>| facts.extend(fact);
    say(match &shape.item {
        Item::Number(Number::Scalar(Scalar::Bool)) => Some("0 or 1".to_owned()),
        Item::Number(Number::StoredEnum(name, storage)) => Some(format!("a {} as {storage}", name.declared)),
        Item::Word | Item::RefWord => Some(field.ty.to_string()),
        Item::Number(Number::Scalar(_) | Number::Enum(..)) | Item::Struct(_) => None,
    });
    say(field.unit.as_ref().map(|unit| format!("unit {unit}")));
    say(field.scale.map(|scale| format!("scale {scale:?}")));
    say(field.range.as_ref().and_then(|(low, high)| match (low, high) {
        (Some(low), Some(high)) => Some(format!("{} to {}", plain(low), plain(high))),
        (Some(low), None) => Some(format!("at least {}", plain(low))),
        (None, Some(high)) => Some(format!("at most {}", plain(high))),
        (None, None) => None,
    }));
    say(field.unknown.as_ref().map(|value| format!("{} when not known", plain(value))));
    say(field.used_by.as_ref().map(|count| format!("{} of them count", escape(&snake(count)))));
    say(field.clock.as_ref().map(|clock| format!("clock {clock}")));
    say(field.key.then(|| "key".to_owned()));
    say(field.default.as_ref().map(|value| format!("default {}", plain(value))));
    say(field.since.as_ref().map(|since| format!("since {since}")));
    facts
}

/// The check of a field's value, when not every bit pattern is legal.
pub(super) fn check_of(
    maker: &mut Maker<'_>,
    fields: &[Field],
    field: &Field,
    member: &Member,
    taker: &str,
) -> Option<Check> {
    let Shape { item, counts } = &member.shape;
    let rule = match item {
        Item::Number(Number::Scalar(Scalar::Bool)) => Some(Rule::Flag),
        Item::Number(Number::Scalar(scalar)) => range(maker, field, *scalar, taker),
        Item::Number(Number::Enum(name, _)) => {
            is_closed(maker, &name.declared).then(|| Rule::Known(name.clone(), None))
        }
        Item::Number(Number::StoredEnum(name, storage)) => {
            is_closed(maker, &name.declared).then(|| Rule::Known(name.clone(), Some(*storage)))
        }
        Item::Struct(name) => (maker.checked.get(&name.declared) == Some(&true)).then(|| Rule::Struct(name.clone())),
        Item::Word | Item::RefWord => None,
    };
    let used_by = field.used_by.as_ref().filter(|_| !counts.is_empty());
    let used_by = used_by.and_then(|count| Some((escape(&snake(count)), integer(fields, count)?)));
    Some(Check { member: member.name.clone(), counts: counts.clone(), used_by, presence: None, rule: rule? })
}

/// The type of a field that counts.
fn integer(fields: &[Field], name: &str) -> Option<Scalar> {
    match fields.iter().find(|field| field.name == name)?.ty {
        Type::Scalar(scalar) if scalar.integer_range().is_some() => Some(scalar),
        _ => None,
    }
}

fn is_closed(maker: &Maker<'_>, name: &str) -> bool {
    maker.program.enums.get(name).is_some_and(|found| !found.open)
}

/// The stated range without the bounds that the type implies; those would be comparisons that are always true.
fn range(maker: &mut Maker<'_>, field: &Field, scalar: Scalar, taker: &str) -> Option<Rule> {
    let (low, high) = field.range.as_ref()?;
    let mut said = |value: &Option<Value>| value.as_ref().and_then(|value| maker.literal(value, scalar, taker));
    let (low, high, unknown) = (said(low), said(high), said(&field.unknown));
    let implied = scalar.integer_range();
    let is_implied = |end: &Literal, of: fn((i128, i128)) -> i128| {
        implied.is_some_and(|implied| *end == Literal::Int(of(implied), scalar))
    };
    let low = low.filter(|low| !is_implied(low, |(least, _)| least));
    let high = high.filter(|high| !is_implied(high, |(_, most)| most));
    let bounds = match (low, high) {
        (Some(low), Some(high)) => Bounds::Both(low, high),
        (Some(low), None) => Bounds::Low(low),
        (None, Some(high)) => Bounds::High(high),
        (None, None) => return None,
    };
    Some(Rule::Range { bounds, unknown: unknown.filter(|value| !within(*value, bounds)) })
}

/// The value as a type holds it; `None` where it is no value of that type.
pub(super) fn literal(value: &Value, scalar: Scalar) -> Option<Literal> {
    match (scalar, value) {
        (Scalar::F32, Value::Int(number)) => Some(Literal::F32(*number as f32)),
        (Scalar::F32, Value::Float(number)) => Some(Literal::F32(*number as f32)),
        (Scalar::F64, Value::Int(number)) => Some(Literal::F64(*number as f64)),
        (Scalar::F64, Value::Float(number)) => Some(Literal::F64(*number)),
        (Scalar::Bool, Value::Bool(flag)) => Some(Literal::Int((*flag).into(), scalar)),
        (scalar, Value::Int(number)) => {
            let (least, most) = scalar.integer_range()?;
            (least..=most).contains(number).then_some(Literal::Int(*number, scalar))
        }
        (_, Value::Bool(_) | Value::Float(_) | Value::Str(_)) => None,
    }
}

/// Whether a value of the same type lies within; NaN never does.
fn within(value: Literal, bounds: Bounds) -> bool {
    bounds.low().is_none_or(|low| value >= low) && bounds.high().is_none_or(|high| value <= high)
}
