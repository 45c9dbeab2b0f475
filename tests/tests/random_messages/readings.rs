//! What a reader of another release reads: from the values that were written, the writer's program and the reader's.

use vil_codegen::plan::{Access, Body, Element, Item, Kind, Member, Number, Plain, Role, Struct, Target, Unit};
use vil_ir::model::{Field, Program, Value};
use vil_ir::vocabulary::Scalar;

use crate::programs::ABSENT;
use crate::values::{fields, find};

/// A program and its plan.
pub(crate) type Release<'p> = (&'p Program, &'p Unit);

/// What the reader's program prints of a message with these values.
pub(crate) fn reading(values: &[u64], writer: Release<'_>, reader: Release<'_>) -> Vec<u64> {
    let mut walk = Walk { values: values.iter(), writer, reader, read: Vec::new(), hidden: 0 };
    walk.whole("M");
    assert_eq!(walk.values.len(), 0, "everything that was written was looked at");
    walk.read
}

struct Walk<'v> {
    values: std::slice::Iter<'v, u64>,
    writer: Release<'v>,
    reader: Release<'v>,
    read: Vec<u64>,
    /// Above 0: within what the reader does not know.
    hidden: u32,
}

impl Walk<'_> {
    fn take(&mut self) -> u64 {
        let value = *self.values.next().expect("there are values for everything");
        self.show(value);
        value
    }

    fn show(&mut self, value: u64) {
        if self.hidden == 0 {
            self.read.push(value);
        }
    }

    fn unseen(&mut self, step: impl FnOnce(&mut Self)) {
        self.hidden += 1;
        step(self);
        self.hidden -= 1;
    }

    fn whole(&mut self, declared: &str) {
        let found = find(self.writer.1, declared);
        let members = match &found.body {
            Body::Union(union) => return self.union(union, found.view.is_some(), declared),
            Body::Members(members) => members,
        };
        if found.view.is_none() {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                (0..member.shape.counts.iter().product()).for_each(|_| self.item(&member.shape.item));
            }
            return;
        }
        let known = self.hidden == 0;
        let readers: &[Member] = match known.then(|| &find(self.reader.1, declared).body) {
            Some(Body::Members(members)) => members,
            _ => members,
        };
        let written: Vec<(&Field, &Member)> = reached(self.writer.0, declared, members);
        let read = if known { reached(self.reader.0, declared, readers) } else { Vec::new() };
        for (at, (field, member)) in written.iter().enumerate() {
            if known && at >= read.len() {
                self.unseen(|this| this.field(field, member));
            } else {
                self.field(field, member);
            }
        }
        for (field, member) in read.iter().skip(written.len()) {
            self.missing(field, member);
        }
    }

    fn field(&mut self, _: &Field, member: &Member) {
        let reach = member.reach.as_ref().expect("every field of a view is reached");
        if reach.presence.is_some() && self.take() == 0 {
            return;
        }
        self.access(&reach.access);
    }

    fn union(&mut self, union: &vil_codegen::plan::Union, viewed: bool, declared: &str) {
        let index = *self.values.next().expect("a union has an arm") as usize;
        let arm = &union.arms[index];
        let known = match (self.hidden, &find_if(self.reader.1, declared).map(|found| &found.body)) {
            (0, Some(Body::Union(theirs))) => theirs.arms.iter().position(|other| other.tag == arm.tag),
            _ => None,
        };
        match known {
            Some(index) => {
                self.show(index as u64);
                self.whole(&arm.name.declared);
            }
            None => {
                // Flat unions print nothing of an arm that is not theirs.
                if viewed {
                    self.show(ABSENT);
                }
                self.unseen(|this| this.whole(&arm.name.declared));
            }
        }
    }

    fn access(&mut self, access: &Access) {
        match access {
            Access::Number { .. } => drop_one(self.take()),
            Access::Flat(name) => self.whole(&name.declared),
            Access::Array(plain, count) => (0..*count).for_each(|_| self.plain(plain)),
            Access::Each { each, count, .. } => (0..*count).for_each(|_| self.kind(each)),
            Access::Kind(kind) => self.kind(kind),
        }
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::View(name) => self.whole(&name.declared),
            Kind::Str(_) => self.text(),
            Kind::Slice(element, _) => (0..self.take()).for_each(|_| self.one(element)),
            Kind::Ref(Target::Flat(name) | Target::View(name)) => {
                if self.take() != 0 {
                    self.whole(&name.declared);
                }
            }
        }
    }

    fn one(&mut self, element: &Element) {
        match element {
            Element::Plain(plain) => self.plain(plain),
            Element::View(name) => self.whole(&name.declared),
            Element::Str(_) => self.text(),
        }
    }

    fn plain(&mut self, plain: &Plain) {
        match plain {
            Plain::Number(_) => drop_one(self.take()),
            Plain::Flat(name) => self.whole(&name.declared),
        }
    }

    fn text(&mut self) {
        (0..self.take()).for_each(|_| drop_one(self.take()));
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(name) => self.whole(&name.declared),
            Item::Number(_) | Item::Word | Item::RefWord => drop_one(self.take()),
        }
    }

    /// A field that the writer did not know.
    fn missing(&mut self, field: &Field, member: &Member) {
        let reach = member.reach.as_ref().expect("every field of a view is reached");
        match reach.presence {
            Some(_) => self.show(0),
            None => self.nothing(&reach.access, field.default.as_ref()),
        }
    }

    fn nothing(&mut self, access: &Access, default: Option<&Value>) {
        match access {
            Access::Number { number, .. } => self.show(default.map_or(0, |value| bits(value, number))),
            Access::Flat(_) | Access::Array(..) => self.show(ABSENT),
            Access::Each { each, count, .. } => (0..*count).for_each(|_| self.no_kind(each)),
            Access::Kind(kind) => self.no_kind(kind),
        }
    }

    fn no_kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Str(_) | Kind::Slice(..) | Kind::Ref(_) => self.show(0),
            Kind::View(name) => {
                let (program, unit) = self.reader;
                match &find(unit, &name.declared).body {
                    Body::Union(_) => self.show(ABSENT),
                    Body::Members(members) => {
                        for (field, member) in reached(program, &name.declared, members) {
                            self.missing(field, member);
                        }
                    }
                }
            }
        }
    }
}

fn drop_one(_: u64) {}

fn find_if<'u>(unit: &'u Unit, declared: &str) -> Option<&'u Struct> {
    unit.types.iter().find(|found| found.name.declared == declared)
}

fn reached<'p>(program: &'p Program, declared: &str, members: &'p [Member]) -> Vec<(&'p Field, &'p Member)> {
    fields(program, declared).iter().zip(members.iter().filter(|member| member.role == Role::Field)).collect()
}

/// A default as bits; those of enums name a value that is 1 in all of them.
fn bits(value: &Value, number: &Number) -> u64 {
    match (value, number.storage()) {
        (Value::Float(value), Scalar::F32) => (*value as f32).to_bits().into(),
        (Value::Float(value), _) => value.to_bits(),
        (Value::Int(value), Scalar::F32) => (*value as f32).to_bits().into(),
        (Value::Int(value), Scalar::F64) => (*value as f64).to_bits(),
        (Value::Int(value), _) => *value as u64,
        (Value::Bool(value), _) => (*value).into(),
        (Value::Str(_), _) => 1,
    }
}
