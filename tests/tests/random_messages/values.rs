//! Random values of a message as numbers in the order of its fields, which is the order in which they are written and
//! printed: bits of values, whether what is optional is there, counts, letters, positions of arms.

use vil_codegen::plan::{Access, Body, Element, Item, Kind, Name, Number, Plain, Role, Struct, Target, Unit};
use vil_ir::model::{self, Field, Program};
use vil_ir::vocabulary::Scalar;
use vil_tests::random::Random;

/// Structs that may stand within one another by references to themselves.
const DEPTH: u32 = 4;

/// Numbers of the longest message, of 64 KiB at most in all: even where much of it is room for what is not there.
const LONGEST: usize = 1500;

const LETTERS: &[&str] = &["a", "Z", "0", " ", "\"", "\\", "\n", "ä", "€", "😀", "\u{7f}", "\u{10ffff}"];

pub(crate) struct Values<'p> {
    pub(crate) program: &'p Program,
    pub(crate) unit: &'p Unit,
    pub(crate) random: &'p mut Random,
    made: Vec<u64>,
    depth: u32,
    /// What may be left out is.
    is_short: bool,
}

/// The values of one message. One that comes out too long is a short one.
pub(crate) fn message(program: &Program, unit: &Unit, random: &mut Random) -> Vec<u64> {
    let made = made(program, unit, random, false);
    if made.len() <= LONGEST { made } else { self::made(program, unit, random, true) }
}

/// Has the program messages that are not too long?
pub(crate) fn has_short_messages(program: &Program, unit: &Unit, random: &mut Random) -> bool {
    made(program, unit, random, true).len() <= LONGEST
}

fn made(program: &Program, unit: &Unit, random: &mut Random, is_short: bool) -> Vec<u64> {
    let mut values = Values { program, unit, random, made: Vec::new(), depth: 0, is_short };
    values.whole("M");
    values.made
}

/// The type with this name as declared.
pub(crate) fn find<'u>(unit: &'u Unit, declared: &str) -> &'u Struct {
    unit.types.iter().find(|found| found.name.declared == declared).expect("the type is there")
}

/// The fields of a struct, message or arm, as the program has them.
pub(crate) fn fields<'p>(program: &'p Program, declared: &str) -> &'p [Field] {
    let (owner, arm) = declared.split_once('.').unwrap_or((declared, ""));
    let body = match program.structs.get(owner) {
        Some(found) => &found.body,
        None => &program.messages.get(owner).expect("it is declared").body,
    };
    match body {
        model::Body::Fields(fields) => fields,
        model::Body::Variants(variants) => {
            &variants.arms.iter().find(|found| found.name == arm).expect("the arm is there").fields
        }
    }
}

impl Values<'_> {
    fn number(&mut self, end: u64) -> u64 {
        let number = self.random.below(end);
        self.made.push(number);
        number
    }

    /// How many of what may be left out.
    fn choice(&mut self, end: u64) -> u64 {
        self.number(if self.is_short { 1 } else { end })
    }

    /// A struct, message or arm.
    fn whole(&mut self, declared: &str) {
        let (unit, program) = (self.unit, self.program);
        let found = find(unit, declared);
        let members = match &found.body {
            Body::Union(union) => {
                let arm = self.number(union.arms.len() as u64);
                return self.whole(&union.arms[arm as usize].name.declared);
            }
            Body::Members(members) => members,
        };
        if found.view.is_none() {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                for _ in 0..member.shape.counts.iter().product() {
                    match member.role {
                        Role::Presence => self.made.push(self.random.below(2)),
                        _ => self.item(&member.shape.item),
                    }
                }
            }
            return;
        }
        let declared = fields(program, declared).iter();
        let written = members.iter().filter(|member| member.role == Role::Field);
        for (field, member) in declared.zip(written) {
            let reach = member.reach.as_ref().expect("every field of a view is reached");
            if reach.presence.is_some() && self.choice(2) == 0 {
                continue;
            }
            self.access(&reach.access, field.optional);
        }
    }

    fn access(&mut self, access: &Access, optional: bool) {
        match access {
            Access::Number { number, .. } => self.one_number(number),
            Access::Flat(name) => self.whole(&name.declared),
            Access::Array(plain, count) => (0..*count).for_each(|_| self.plain(plain)),
            Access::Each { each, count, .. } => (0..*count).for_each(|_| self.kind(each, false)),
            Access::Kind(kind) => self.kind(kind, optional),
        }
    }

    fn kind(&mut self, kind: &Kind, optional: bool) {
        match kind {
            Kind::View(name) => self.whole(&name.declared),
            Kind::Str(_) => self.text(),
            Kind::Slice(element, _) => (0..self.choice(5)).for_each(|_| self.one(element)),
            Kind::Ref(Target::Flat(name) | Target::View(name)) => self.target(name, optional),
        }
    }

    fn target(&mut self, name: &Name, optional: bool) {
        let is_there = !optional || (self.depth < DEPTH && !self.is_short && self.random.below(3) > 0);
        self.made.push(is_there.into());
        if is_there {
            self.depth += 1;
            self.whole(&name.declared);
            self.depth -= 1;
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
            Plain::Number(number) => self.one_number(number),
            Plain::Flat(name) => self.whole(&name.declared),
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Number(number) => self.one_number(number),
            Item::Struct(name) => self.whole(&name.declared),
            Item::Word | Item::RefWord => unreachable!("a flat struct has none"),
        }
    }

    fn text(&mut self) {
        let letters = self.random.below(4);
        let text: String = (0..letters).map(|_| *self.random.one(LETTERS)).collect();
        self.made.push(text.len() as u64);
        self.made.extend(text.bytes().map(u64::from));
    }

    fn one_number(&mut self, number: &Number) {
        let (name, scalar) = match number {
            Number::Scalar(scalar) => {
                let bits = if *scalar == Scalar::Bool { self.random.below(2) } else { self.extreme() };
                return self.made.push(bits & most(*scalar));
            }
            Number::Enum(name, scalar) | Number::StoredEnum(name, scalar) => (name, *scalar),
        };
        let found = self.program.enums.get(&name.declared).expect("the enum is there");
        let bits = match found.open && self.random.below(3) == 0 {
            true => self.extreme() & most(scalar),
            false => self.random.one(&found.values).value as u64,
        };
        self.made.push(bits);
    }

    fn extreme(&mut self) -> u64 {
        match self.random.below(4) {
            0 => 0,
            1 => u64::MAX,
            _ => self.random.bits(),
        }
    }
}

fn most(scalar: Scalar) -> u64 {
    u64::MAX >> (64 - 8 * scalar.size())
}
