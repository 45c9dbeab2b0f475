//! The spelling of what views answer and writers take: types inside of their classes, kinds, and functions that stand on one
//! line where they fit.

use crate::literal::{c_int, c_value};
use crate::plan::{Access, Element, Name, Shape, Unit};
use crate::writer::Writer;
use vil_ir::model::Value;

use super::{full, spell};

/// Columns up to which a function stands on one line.
const WIDTH: usize = 110;

/// Names of the base classes, which hide a type of the program that is called like them.
const BASES: [&str; 2] = ["View", "Writer"];

/// A type of the program inside of a view or writer.
pub(super) fn inside(unit: &Unit, name: &Name) -> String {
    if BASES.contains(&name.camel.as_str()) { format!("::{}", full(unit, name)) } else { name.camel.clone() }
}

/// The same of any type that needs no view.
fn plain(unit: &Unit, shape: &Shape) -> String {
    match shape {
        Shape::Enum(name) | Shape::Struct(name) => inside(unit, name),
        shape => spell(shape),
    }
}

/// What lies in a slice, as C++ knows it; `None` for texts.
pub(super) fn element(unit: &Unit, element: &Element) -> Option<String> {
    match element {
        Element::Value(shape) => Some(plain(unit, shape)),
        Element::Flat(name) | Element::View(name) => Some(inside(unit, name)),
        Element::Str(_) => None,
    }
}

/// The kind of an element of a slice, without its namespace.
fn element_kind(unit: &Unit, found: &Element) -> String {
    match found {
        Element::Value(shape) => format!("Plain<{}>", plain(unit, shape)),
        Element::Flat(name) => format!("Plain<{}>", inside(unit, name)),
        Element::View(name) => format!("Struct<{}>", inside(unit, name)),
        Element::Str(bound) => format!("Str<{}>", bound.unwrap_or(0)),
    }
}

/// The kind of what is no load and no plain bytes.
pub(super) fn kind(unit: &Unit, access: &Access) -> Option<String> {
    let kind = match access {
        Access::View(name) => format!("Struct<{}>", inside(unit, name)),
        Access::Str(bound) => format!("Str<{}>", bound.unwrap_or(0)),
        Access::Slice(element, bound) => {
            format!("Slice<::vil::kind::{}, {}>", element_kind(unit, element), bound.unwrap_or(0))
        }
        Access::Ref(Element::Flat(name)) => format!("PlainRef<{}>", inside(unit, name)),
        Access::Ref(target) => format!("Ref<{}>", element(unit, target)?),
        Access::Value { .. } | Access::Flat(_) | Access::Array(..) | Access::Each(..) => return None,
    };
    Some(format!("::vil::kind::{kind}"))
}

/// The type of a value that is loaded, and what stands for it where it is not there.
pub(super) fn value(unit: &Unit, shape: &Shape, default: Option<&Value>) -> (String, String) {
    let ty = plain(unit, shape);
    let otherwise = match (shape, default) {
        (Shape::Scalar(scalar) | Shape::StoredEnum(_, scalar), Some(value)) => c_value(value, *scalar, true),
        (Shape::Enum(name), Some(Value::Int(number))) => {
            let found = unit.enums.iter().find(|found| found.name == *name);
            found.map_or("{}".to_owned(), |found| format!("static_cast<{ty}>({})", c_int(*number, found.repr)))
        }
        _ => "{}".to_owned(),
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
