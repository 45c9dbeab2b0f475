//! Values that are said of a type: defaults, sentinels, ranges and constants.

use super::super::Report;
use super::super::view::base;
use super::{CONSTANT, DEFAULT, OUT_OF_RANGE, RANGE, enum_of};
use crate::diagnostics::{Diagnostic, Rule};
use crate::model::{Constant, Field, Named, Program, Type, Value};
use crate::vocabulary::Scalar;

/// L011, L012 and L035 of one field.
pub(super) fn field(program: &Program, field: &Field, pointer: &str, report: &mut Report) {
    for (key, value) in [("default", &field.default), ("unknown", &field.unknown)] {
        let Some(value) = value else { continue };
        let fits = match (base(&field.ty), enum_of(program, &field.ty)) {
            _ if key == "default" && is_slice(&field.ty) => {
                Err("no default: it is empty when nothing is said".to_owned())
            }
            (_, Some(found)) => match value {
                Value::Str(name) if !found.values.iter().any(|value| value.name == *name) => {
                    Err(format!("the name of one of its values, such as {}", some(&found.values)))
                }
                Value::Str(_) => Ok(()),
                value => scalar_fits(value, field.storage.unwrap_or(found.repr)),
            },
            (Type::Scalar(scalar), None) => scalar_fits(value, *scalar),
            _ => Err("no value: only numbers, flags and enums have one".to_owned()),
        };
        refuse(
            DEFAULT,
            fits,
            &format!("`{}`: this {key}", field.name),
            &field.ty,
            value,
            format!("{pointer}/{key}"),
            report,
        );
    }
    range(field, pointer, report);
    default_in_range(field, pointer, report);
}

fn is_slice(ty: &Type) -> bool {
    match ty {
        Type::Slice(..) => true,
        Type::Array(element, _) => is_slice(element),
        _ => false,
    }
}

/// A default that checks of generated code would refuse; the sentinel may lie outside.
fn default_in_range(field: &Field, pointer: &str, report: &mut Report) {
    let (Some(default), Some((low, high))) = (&field.default, &field.range) else { return };
    let is_outside =
        low.as_ref().is_some_and(|low| above(low, default)) || high.as_ref().is_some_and(|high| above(default, high));
    if is_outside && field.unknown.as_ref() != Some(default) {
        let message = format!("the default of `{}` lies outside of its range", field.name);
        let fault = Diagnostic::new(OUT_OF_RANGE, format!("{pointer}/default"), message).found(show(default));
        let end = |end: &Option<Value>| end.as_ref().map_or("null".to_owned(), show);
        report.add(fault.expected(format!("a value in [{}, {}]", end(low), end(high))));
    }
}

fn some(values: &[crate::model::EnumValue]) -> String {
    values.first().map_or("none: it has no values".to_owned(), |value| format!("`{}`", value.name))
}

fn refuse(rule: Rule, fits: Result<(), String>, what: &str, ty: &Type, value: &Value, at: String, report: &mut Report) {
    if let Err(expected) = fits {
        let fault = Diagnostic::new(rule, at, format!("{what} is no value of {ty}"));
        report.add(fault.found(show(value)).expected(expected));
    }
}

/// A value for people.
fn show(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Str(text) => format!("{text:?}"),
    }
}

/// Whether a value is one of a scalar's; else what would be.
fn scalar_fits(value: &Value, scalar: Scalar) -> Result<(), String> {
    let fits = match (scalar, scalar.integer_range(), value) {
        (_, Some((lowest, highest)), Value::Int(number)) => (lowest..=highest).contains(number),
        (Scalar::Bool, _, Value::Bool(_)) => true,
        (Scalar::F32 | Scalar::F64, _, Value::Int(_)) => true,
        (Scalar::F32, _, Value::Float(number)) => !number.is_finite() || (*number as f32).is_finite(),
        (Scalar::F64, _, Value::Float(_)) => true,
        _ => false,
    };
    match (fits, scalar.integer_range()) {
        (true, _) => Ok(()),
        (false, Some((lowest, highest))) => Err(format!("a whole number from {lowest} to {highest}")),
        (false, None) if scalar == Scalar::Bool => Err("true or false".to_owned()),
        (false, None) => Err(format!("a number that {scalar} can hold, \"NaN\", \"inf\" or \"-inf\"")),
    }
}

fn range(field: &Field, pointer: &str, report: &mut Report) {
    let Some((low, high)) = &field.range else { return };
    let at = format!("{pointer}/range");
    let Type::Scalar(scalar) = base(&field.ty) else {
        let fault = Diagnostic::new(RANGE, at, format!("`{}` is no number and has no range", field.name));
        return report.add(fault.found(format!("`{}`", field.ty)).fix("take `range` out"));
    };
    for end in [low, high].into_iter().flatten() {
        let fits = match *scalar {
            Scalar::Bool => Err("no range: it is a flag".to_owned()),
            scalar => scalar_fits(end, scalar),
        };
        refuse(RANGE, fits, &format!("`{}`: this end of the range", field.name), &field.ty, end, at.clone(), report);
    }
    if let (Some(low), Some(high)) = (low, high)
        && above(low, high)
    {
        let fault = Diagnostic::new(RANGE, at, format!("`{}`: the range is empty", field.name));
        report.add(fault.found(format!("[{}, {}]", show(low), show(high))).expected("the lower end first"));
    }
}

/// Whether a range from `low` to `high` would be empty, as it is where an end is no number.
fn above(low: &Value, high: &Value) -> bool {
    let float = |value: &Value| match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => f64::NAN,
    };
    match (low, high) {
        (Value::Int(low), Value::Int(high)) => low > high,
        _ => {
            float(low) > float(high)
                || (matches!(low, Value::Float(n) if n.is_nan()) || matches!(high, Value::Float(n) if n.is_nan()))
        }
    }
}

/// L013 of all constants.
pub(super) fn constants(program: &Program, report: &mut Report) {
    of(&program.constants, "", report);
    for (name, found) in &program.structs {
        of(&found.constants, &format!("/structs/{name}"), report);
    }
    for (name, found) in &program.messages {
        of(&found.constants, &format!("/messages/{name}"), report);
    }
}

fn of(constants: &Named<Constant>, owner: &str, report: &mut Report) {
    for (name, constant) in constants {
        let at = format!("{owner}/constants/{name}/value");
        let (fits, ty) = match (constant.scalar, &constant.value) {
            (Some(scalar), value) => (scalar_fits(value, scalar), scalar.word()),
            (None, Value::Str(_)) => (Ok(()), "str"),
            (None, _) => (Err("a text".to_owned()), "str"),
        };
        if let Err(expected) = fits {
            let fault = Diagnostic::new(CONSTANT, at, format!("`{name}` is no value of {ty}"));
            report.add(fault.found(show(&constant.value)).expected(expected));
        }
    }
}
