//! The spelling of what views answer and writers take: types inside of their classes, kinds, and functions that stand on one
//! line where they fit.

use crate::literal::c_value;
use crate::plan::{Element, Kind, Literal, Name, Number, Plain, Target, Unit};
use crate::writer::{WIDTH, Writer};

use super::{full, stored};

/// Names of the base classes, which hide a type of the program that is called like them.
const BASES: [&str; 2] = ["View", "Writer"];

/// A type of the program inside of a view or writer.
pub(super) fn inside(unit: &Unit, name: &Name) -> String {
    if BASES.contains(&name.camel.as_str()) { format!("::{}", full(unit, name)) } else { name.camel.clone() }
}

/// A number inside of a view or writer.
fn number(unit: &Unit, number: &Number) -> String {
    match number {
        Number::Enum(name, _) => inside(unit, name),
        Number::Scalar(_) | Number::StoredEnum(..) => stored(number),
    }
}

/// What lies there as it is, inside of a view or writer.
pub(super) fn plain(unit: &Unit, plain: &Plain) -> String {
    match plain {
        Plain::Number(found) => number(unit, found),
        Plain::Flat(name) => inside(unit, name),
    }
}

/// A bound as kinds have it: 0 is none, because no bound is.
pub(super) fn bound_of(bound: Option<u32>) -> u32 {
    bound.unwrap_or(0)
}

/// The kind of an element of a slice, without its namespace.
fn element_kind(unit: &Unit, found: &Element) -> String {
    match found {
        Element::Plain(found) => format!("Plain<{}>", plain(unit, found)),
        Element::View(name) => format!("Struct<{}>", inside(unit, name)),
        Element::Str(bound) => format!("Str<{}>", bound_of(*bound)),
    }
}

/// The class by which it is read and written.
pub(super) fn kind(unit: &Unit, kind: &Kind) -> String {
    let kind = match kind {
        Kind::View(name) => format!("Struct<{}>", inside(unit, name)),
        Kind::Str(bound) => format!("Str<{}>", bound_of(*bound)),
        Kind::Slice(element, bound) => {
            format!("Slice<::vil::kind::{}, {}>", element_kind(unit, element), bound_of(*bound))
        }
        Kind::Ref(Target::Flat(name)) => format!("PlainRef<{}>", inside(unit, name)),
        Kind::Ref(Target::View(name)) => format!("Ref<{}>", inside(unit, name)),
    };
    format!("::vil::kind::{kind}")
}

/// The type of a value that is loaded, and what stands for it where it is not there.
pub(super) fn value(unit: &Unit, found: &Number, default: Option<Literal>) -> (String, String) {
    let ty = number(unit, found);
    let otherwise = match (found, default) {
        (_, None) => "{}".to_owned(),
        (Number::Enum(..), Some(value)) => format!("static_cast<{ty}>({})", c_value(value, true)),
        (Number::Scalar(_) | Number::StoredEnum(..), Some(value)) => c_value(value, true),
    };
    (ty, otherwise)
}

/// A function of these statements.
pub(super) fn function(out: &mut Writer, head: &str, statements: &[String]) {
    let line = format!("{head} {{ {} }}", statements.join(" "));
    if statements.len() <= 1 && line.len() <= WIDTH {
        out.line(line);
    } else {
        out.block(format!("{head} {{"), "}", |out| out.lines(statements));
    }
}
