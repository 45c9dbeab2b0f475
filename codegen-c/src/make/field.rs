//! What one field says beyond its type: facts for its comment, and the check of its value.

use vil_ir::keywords::{escape, snake};
use vil_ir::model::{Field, Type, Value};
use vil_ir::vocabulary::Scalar;

use super::Maker;
use crate::literal::plain;
use crate::plan::{Check, Member, Rule, Shape};

/// Facts for a field's comment, each a few words.
pub(super) fn facts_of(field: &Field, shape: &Shape) -> Vec<String> {
    let mut facts = Vec::new();
    let mut say = |fact: Option<String>| facts.extend(fact);
    say(match shape.peel().0 {
        Shape::Scalar(Scalar::Bool) => Some("0 or 1".to_owned()),
        Shape::StoredEnum(name, storage) => Some(format!("a {} as {storage}", name.declared)),
        Shape::Word | Shape::RefWord => Some(field.ty.to_string()),
        _ => None,
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
pub(super) fn check_of(maker: &Maker<'_>, fields: &[Field], field: &Field, member: &Member) -> Option<Check> {
    let (bottom, counts) = member.shape.peel();
    let rule = match bottom {
        Shape::Scalar(Scalar::Bool) => Some(Rule::Flag),
        Shape::Scalar(scalar) => range(field, *scalar),
        Shape::Enum(name) if is_closed(maker, &name.declared) => Some(Rule::Known(name.clone(), None)),
        Shape::StoredEnum(name, storage) if is_closed(maker, &name.declared) => {
            Some(Rule::Known(name.clone(), Some(*storage)))
        }
        Shape::Struct(name) if maker.checked.get(&name.declared) == Some(&true) => Some(Rule::Struct(name.clone())),
        _ => None,
    };
    let used_by = field.used_by.as_ref().filter(|_| !counts.is_empty());
    let used_by = used_by.and_then(|count| Some((escape(&snake(count)), integer(fields, count)?)));
    Some(Check { member: member.name.clone(), counts, used_by, presence: None, rule: rule? })
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
fn range(field: &Field, scalar: Scalar) -> Option<Rule> {
    let (low, high) = field.range.as_ref()?;
    let (low, high) = (low.as_ref().map(|value| fit(value, scalar)), high.as_ref().map(|value| fit(value, scalar)));
    let unknown = field.unknown.as_ref().map(|value| fit(value, scalar));
    let implied = scalar.integer_range();
    let low = low.filter(|value| match (value, implied) {
        (Value::Int(value), Some((least, _))) => *value > least,
        _ => true,
    });
    let high = high.filter(|value| match (value, implied) {
        (Value::Int(value), Some((_, most))) => *value < most,
        _ => true,
    });
    if low.is_none() && high.is_none() {
        return None;
    }
    let unknown = unknown.filter(|value| !within(value, low.as_ref(), high.as_ref()));
    Some(Rule::Range { scalar, low, high, unknown })
}

/// The value as its field's type holds it.
pub(super) fn fit(value: &Value, scalar: Scalar) -> Value {
    match (value, scalar) {
        (Value::Int(number), Scalar::F32) => Value::Float(f64::from(*number as f32)),
        (Value::Int(number), Scalar::F64) => Value::Float(*number as f64),
        (Value::Float(number), Scalar::F32) => Value::Float(f64::from(*number as f32)),
        _ => value.clone(),
    }
}

fn within(value: &Value, low: Option<&Value>, high: Option<&Value>) -> bool {
    let at_least = |low: &Value| match (value, low) {
        (Value::Int(value), Value::Int(low)) => value >= low,
        (Value::Float(value), Value::Float(low)) => value >= low,
        _ => false,
    };
    let at_most = |high: &Value| match (value, high) {
        (Value::Int(value), Value::Int(high)) => value <= high,
        (Value::Float(value), Value::Float(high)) => value <= high,
        _ => false,
    };
    low.is_none_or(at_least) && high.is_none_or(at_most)
}
