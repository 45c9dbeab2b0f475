//! How a view reads a field and a writer sets it: what is answered, where the field ends, what stands in for one that is
//! not there, and what all of it is called.

use std::collections::BTreeSet;

use vil_ir::keywords::snake;
use vil_ir::layout;
use vil_ir::model::{Field, Value};

use super::Maker;
use crate::plan::{Access, Body, Element, Enum, Kind, Literal, Name, Number, Plain, Reach, Struct, Target};

/// What C calls parts of a type; a field of that name has an underscore behind it in the names of functions, but for those
/// that say `_at` behind it.
const TAKEN: &[&str] = &["begin", "check", "descriptor", "finish", "init", "layout_text", "t", "tag", "view"];

impl Maker<'_> {
    /// How the field at `index` of these members is reached.
    pub(super) fn reach(
        &mut self,
        owner: &Name,
        members: &[layout::Member],
        index: usize,
        field: &Field,
        shape: &layout::Shape,
    ) -> Option<Reach> {
        let taker = format!("field `{}` of `{}`", field.name, owner.declared);
        let access = self.access(shape, field, &taker)?;
        let plain = snake(&field.name);
        let is_taken = TAKEN.contains(&plain.as_str()) && !matches!(access, Access::Each { .. });
        let snake = if is_taken { plain + "_" } else { plain };
        let (end, presence) = (layout::end(members, index), layout::presence(members, index));
        let reach = Reach { snake, end, presence, access };
        for name in names(&reach) {
            self.names.take_behind(owner, &name, &taker);
        }
        Some(reach)
    }

    fn access(&mut self, shape: &layout::Shape, field: &Field, taker: &str) -> Option<Access> {
        Some(match shape {
            layout::Shape::Scalar(scalar) => self.number(Number::Scalar(*scalar), field, taker),
            layout::Shape::Enum { name, storage } => self.number(self.enum_as(name, *storage), field, taker),
            layout::Shape::Struct { name, .. } => match self.target(name) {
                Target::Flat(name) => Access::Flat(name),
                Target::View(name) => Access::Kind(Kind::View(name)),
            },
            layout::Shape::Array { element, count } => {
                repeated(self.access(element, field, taker)?, *count, element.size())
            }
            layout::Shape::Slice { element, bound } => Access::Kind(Kind::Slice(self.element(element, taker)?, *bound)),
            layout::Shape::Str { bound } => Access::Kind(Kind::Str(*bound)),
            layout::Shape::Ref { name } => Access::Kind(Kind::Ref(self.target(name))),
        })
    }

    fn number(&mut self, number: Number, field: &Field, taker: &str) -> Access {
        Access::Number { default: self.default(&number, field, taker), number }
    }

    /// What lies in a slice: the layout has none of arrays, slices and references.
    fn element(&mut self, shape: &layout::Shape, taker: &str) -> Option<Element> {
        Some(match shape {
            layout::Shape::Scalar(scalar) => Element::Plain(Plain::Number(Number::Scalar(*scalar))),
            layout::Shape::Enum { name, storage } => Element::Plain(Plain::Number(self.enum_as(name, *storage))),
            layout::Shape::Struct { name, .. } => match self.target(name) {
                Target::Flat(name) => Element::Plain(Plain::Flat(name)),
                Target::View(name) => Element::View(name),
            },
            layout::Shape::Str { bound } => Element::Str(*bound),
            layout::Shape::Array { .. } | layout::Shape::Slice { .. } | layout::Shape::Ref { .. } => {
                self.names.faults.push(format!("{taker}: there are no slices of arrays, slices or references"));
                return None;
            }
        })
    }

    fn target(&self, name: &str) -> Target {
        let known = self.known[name].clone();
        let refers = self.layouts.types.get(name).is_some_and(|layout| layout.references);
        if refers { Target::View(known) } else { Target::Flat(known) }
    }

    /// The default as what stands there holds it, also where the author names an enum's value.
    fn default(&mut self, number: &Number, field: &Field, taker: &str) -> Option<Literal> {
        let mut default = field.default.clone()?;
        if let (Number::Enum(name, _) | Number::StoredEnum(name, _), Value::Str(value)) = (number, &default) {
            let values = &self.program.enums.get(&name.declared)?.values;
            default = Value::Int(values.iter().find(|found| found.name == *value)?.value);
        }
        self.literal(&default, number.storage(), taker)
    }
}

/// A fixed array; arrays in arrays are one. `stride`: bytes from one element to the next. The product fits: the layout has that
/// many bytes at least.
fn repeated(element: Access, count: u32, stride: u32) -> Access {
    match element {
        Access::Number { number, .. } => Access::Array(Plain::Number(number), count),
        Access::Flat(name) => Access::Array(Plain::Flat(name), count),
        Access::Kind(each) => Access::Each { each, count, stride },
        Access::Array(plain, inner) => Access::Array(plain, inner * count),
        Access::Each { each, count: inner, stride } => Access::Each { each, count: inner * count, stride },
    }
}

/// What functions of a view and a writer are called for a field.
fn names(reach: &Reach) -> Vec<String> {
    let (kind, at) = match &reach.access {
        Access::Number { .. } | Access::Flat(_) | Access::Array(..) => (None, ""),
        Access::Kind(kind) => (Some(kind), ""),
        Access::Each { each, .. } => (Some(each), "_at"),
    };
    let verb = kind.map_or("set", Kind::verb);
    let name = &reach.snake;
    let mut all = vec![format!("{name}{at}"), format!("{verb}_{name}{at}")];
    if reach.has() {
        all.push(format!("has_{name}"));
    }
    all
}

/// Marks what lies in slices and arrays that views answer.
pub(super) fn mark(types: &mut [Struct], enums: &mut [Enum]) {
    let mut sliced = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for found in types.iter() {
        let Body::Members(members) = &found.body else { continue };
        for reach in members.iter().filter_map(|member| member.reach.as_ref()) {
            match &reach.access {
                Access::Array(plain, _) => sliced.extend(type_of(plain)),
                Access::Kind(Kind::Slice(element, _)) | Access::Each { each: Kind::Slice(element, _), .. } => {
                    match element {
                        Element::Plain(plain) => sliced.extend(type_of(plain)),
                        Element::View(name) => listed.extend([name.declared.clone()]),
                        Element::Str(_) => {}
                    }
                }
                Access::Number { .. } | Access::Flat(_) | Access::Kind(_) | Access::Each { .. } => {}
            }
        }
    }
    for found in types {
        found.sliced = sliced.contains(&found.name.declared);
        if let Some(view) = &mut found.view {
            view.listed = listed.contains(&found.name.declared);
        }
    }
    for found in enums {
        found.sliced = sliced.contains(&found.name.declared);
    }
}

/// The type of the program that lies there; `None`: numbers that every program has.
fn type_of(plain: &Plain) -> Option<String> {
    match plain {
        Plain::Number(Number::Enum(name, _)) | Plain::Flat(name) => Some(name.declared.clone()),
        Plain::Number(Number::Scalar(_) | Number::StoredEnum(..)) => None,
    }
}
