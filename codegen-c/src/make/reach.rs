//! How a view reads a field and a writer sets it: what is answered, where the field ends, what stands in for one that is
//! not there, and what all of it is called.

use std::collections::BTreeSet;

use vil_ir::keywords::snake;
use vil_ir::layout;
use vil_ir::model::{Field, Value};
use vil_ir::vocabulary::Scalar;

use super::Maker;
use super::field::fit;
use crate::plan::{Access, Body, Element, Enum, Name, Reach, Shape, Struct};

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
    ) -> Reach {
        let member = &members[index];
        let is_its_byte =
            |next: &&layout::Member| matches!(&next.what, layout::What::Presence { of } if *of == field.name);
        let presence = members.get(index + 1).filter(is_its_byte).map(|next| next.offset);
        let end = presence.map_or(member.offset + member.size, |byte| byte + 1);
        let access = self.access(shape, field);
        let plain = snake(&field.name);
        let is_taken = TAKEN.contains(&plain.as_str()) && !matches!(access, Access::Each(..));
        let snake = if is_taken { plain + "_" } else { plain };
        let reach = Reach { snake, end, presence, access };
        let taker = format!("field `{}` of `{}`", field.name, owner.declared);
        for name in names(&reach) {
            self.names.take_behind(owner, &name, &taker);
        }
        reach
    }

    fn access(&self, shape: &layout::Shape, field: &Field) -> Access {
        match shape {
            layout::Shape::Scalar(_) | layout::Shape::Enum { .. } => {
                Access::Value { shape: self.shape(shape), default: self.default(shape, field) }
            }
            layout::Shape::Struct { name, .. } if self.refers(name) => Access::View(self.known[name].clone()),
            layout::Shape::Struct { name, .. } => Access::Flat(self.known[name].clone()),
            layout::Shape::Array { element, count } => self.array(element, *count, field),
            layout::Shape::Slice { element, bound } => Access::Slice(self.element(element), *bound),
            layout::Shape::Str { bound } => Access::Str(*bound),
            layout::Shape::Ref { name } => Access::Ref(self.target(name)),
        }
    }

    /// Arrays in arrays are one. The product fits: the layout has that many bytes at least.
    fn array(&self, element: &layout::Shape, count: u32, field: &Field) -> Access {
        match element {
            layout::Shape::Array { element, count: inner } => self.array(element, count * inner, field),
            element => match self.access(element, field) {
                Access::Value { shape, .. } => Access::Array(Element::Value(shape), count),
                Access::Flat(name) => Access::Array(Element::Flat(name), count),
                each => Access::Each(Box::new(each), count),
            },
        }
    }

    fn element(&self, shape: &layout::Shape) -> Element {
        match shape {
            layout::Shape::Struct { name, .. } => self.target(name),
            layout::Shape::Str { bound } => Element::Str(*bound),
            value => Element::Value(self.shape(value)),
        }
    }

    fn target(&self, name: &str) -> Element {
        let known = self.known[name].clone();
        if self.refers(name) { Element::View(known) } else { Element::Flat(known) }
    }

    fn refers(&self, name: &str) -> bool {
        self.layouts.types.get(name).is_some_and(|layout| layout.references)
    }

    /// The default as the field's type holds it: a number, also where the author names an enum's value.
    fn default(&self, shape: &layout::Shape, field: &Field) -> Option<Value> {
        let default = field.default.as_ref()?;
        match (shape, default) {
            (layout::Shape::Enum { name, .. }, Value::Str(value)) => {
                let values = &self.program.enums.get(name)?.values;
                values.iter().find(|found| found.name == *value).map(|found| Value::Int(found.value))
            }
            (layout::Shape::Scalar(Scalar::Bool), Value::Bool(flag)) => Some(Value::Int(i128::from(*flag))),
            (layout::Shape::Scalar(scalar), value) => Some(fit(value, *scalar)),
            (_, value) => Some(value.clone()),
        }
    }
}

/// What functions of a view and a writer are called for a field.
fn names(reach: &Reach) -> Vec<String> {
    let name = &reach.snake;
    let mut all = match &reach.access {
        Access::Slice(..) | Access::Ref(_) => vec![name.clone(), format!("alloc_{name}")],
        Access::Each(each, _) => match **each {
            Access::Slice(..) | Access::Ref(_) => vec![format!("{name}_at"), format!("alloc_{name}_at")],
            _ => vec![format!("{name}_at"), format!("set_{name}_at")],
        },
        _ => vec![name.clone(), format!("set_{name}")],
    };
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
            match element_of(&reach.access) {
                Some(Element::Value(Shape::Enum(name)) | Element::Flat(name)) => sliced.insert(name.declared.clone()),
                Some(Element::View(name)) => listed.insert(name.declared.clone()),
                _ => false,
            };
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

/// What lies one behind the other in what is answered.
fn element_of(access: &Access) -> Option<&Element> {
    match access {
        Access::Slice(element, _) | Access::Array(element, _) => Some(element),
        Access::Each(each, _) => element_of(each),
        _ => None,
    }
}
