//! Messages that are right by construction, to be changed gently: random JSON by the plan, made bytes by the descriptor.

use vil::Descriptor;
use vil_codegen::plan::{
    Access, Body, Element, Enum, Item, Kind, Member, Name, Number, Plain, Role, Struct, Target, Unit,
};
use vil_ir::vocabulary::Scalar;
use vil_tests::random::Random;

use super::c::is_relative;
use super::declared;

/// Messages of each kind.
const EACH: u64 = 24;

/// Bytes of one; the programs have room for some more.
const MOST: usize = 2048;

/// Depth from which on nothing is referred to that need not be.
const DEEP: u32 = 3;

/// A file of `kind u32, size u32, bytes` of messages, kinds in the order of the plan; nothing where those of some kind are
/// too large.
pub(super) fn file(unit: &Unit, random: &mut Random) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for (kind, found) in unit.types.iter().filter(|found| is_relative(found)).enumerate() {
        let words = &found.message.as_ref().expect("a message").descriptor;
        let descriptor = Descriptor::new(words).expect("as many words as it says");
        let before = out.len();
        for _ in 0..EACH {
            let mut maker = Maker { unit, random };
            let json = maker.structure(found, 0);
            let mut room = vec![0u64; 8192];
            // SAFETY: as many bytes as the words have.
            let room = unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast::<u8>(), 65536) };
            let size = descriptor.from_json(&json, room).unwrap_or_else(|fault| panic!("{fault}: {json}"));
            if size > MOST {
                continue;
            }
            out.extend((kind as u32).to_ne_bytes());
            out.extend((size as u32).to_ne_bytes());
            out.extend(&room[..size]);
        }
        if out.len() == before {
            return None;
        }
    }
    Some(out)
}

struct Maker<'m> {
    unit: &'m Unit,
    random: &'m mut Random,
}

impl Maker<'_> {
    fn named(&mut self, name: &Name, depth: u32) -> String {
        let unit = self.unit;
        let found = unit.types.iter().find(|found| found.name == *name).expect("a planned type");
        self.structure(found, depth)
    }

    fn structure(&mut self, found: &Struct, depth: u32) -> String {
        let members = match &found.body {
            Body::Members(members) => members,
            Body::Union(union) => {
                let arm = self.random.one(&union.arms);
                return format!("{{\"{}\":{}}}", declared(&arm.name.declared), self.named(&arm.name, depth));
            }
        };
        let mut fields = Vec::new();
        for (index, member) in members.iter().enumerate().filter(|(_, member)| member.role == Role::Field) {
            let is_optional = members.get(index + 1).is_some_and(|next| next.role == Role::Presence);
            // A VRef has no presence byte; deep ones are optional in all programs here.
            let is_reference =
                matches!(member.reach.as_ref().map(|reach| &reach.access), Some(Access::Kind(Kind::Ref(_))));
            let is_left_out = is_optional && self.random.below(3) == 0;
            if is_left_out || (depth >= DEEP && (is_optional || is_reference)) {
                continue;
            }
            fields.push(format!("\"{}\":{}", declared(&member.name), self.field(member, depth)));
        }
        format!("{{{}}}", fields.join(","))
    }

    fn field(&mut self, member: &Member, depth: u32) -> String {
        let kind = match member.reach.as_ref().map(|reach| &reach.access) {
            Some(Access::Kind(kind) | Access::Each { each: kind, .. }) => Some(kind),
            _ => None,
        };
        self.array(&member.shape.item, kind, &member.shape.counts, depth)
    }

    fn array(&mut self, item: &Item, kind: Option<&Kind>, counts: &[u32], depth: u32) -> String {
        let Some((count, rest)) = counts.split_first() else { return self.one(item, kind, depth) };
        let all: Vec<_> = (0..*count).map(|_| self.array(item, kind, rest, depth)).collect();
        format!("[{}]", all.join(","))
    }

    fn one(&mut self, item: &Item, kind: Option<&Kind>, depth: u32) -> String {
        match (item, kind) {
            (Item::Word, Some(Kind::Str(bound))) => self.text(*bound),
            (Item::Word, Some(Kind::Slice(element, bound))) => {
                let most = bound.unwrap_or(5).min(5);
                let count = if depth >= DEEP { 0 } else { self.random.below(u64::from(most) + 1) };
                let all: Vec<_> = (0..count).map(|_| self.element(element, depth + 1)).collect();
                format!("[{}]", all.join(","))
            }
            (Item::RefWord, Some(Kind::Ref(Target::Flat(name) | Target::View(name)))) => self.named(name, depth + 1),
            (Item::Struct(name), _) => self.named(name, depth),
            (Item::Number(number), _) => self.value(number),
            (Item::Word | Item::RefWord, _) => panic!("{kind:?} is no reference"),
        }
    }

    fn element(&mut self, element: &Element, depth: u32) -> String {
        match element {
            Element::Plain(Plain::Number(number)) => self.value(number),
            Element::Plain(Plain::Flat(name)) | Element::View(name) => self.named(name, depth),
            Element::Str(bound) => self.text(*bound),
        }
    }

    fn text(&mut self, bound: Option<u32>) -> String {
        let mut text = String::new();
        let mut left = self.random.below(u64::from(bound.unwrap_or(40).min(40)) + 1);
        while left > 1 {
            let (part, size) = *self.random.one(&[("a", 1), ("Z", 1), (" ", 1), ("\\n", 1), ("\\\"", 1), ("ü", 2)]);
            text += part;
            left -= size.min(left);
        }
        format!("\"{text}\"")
    }

    fn value(&mut self, number: &Number) -> String {
        let unit = self.unit;
        let word = match number {
            Number::Enum(name, _) | Number::StoredEnum(name, _) => {
                let found: &Enum = unit.enums.iter().find(|found| found.name == *name).expect("a declared enum");
                return format!("\"{}\"", self.random.one(&found.values).declared);
            }
            Number::Scalar(word) => *word,
        };
        match word {
            Scalar::Bool => (self.random.below(2) == 1).to_string(),
            Scalar::F32 | Scalar::F64 => {
                self.random.one(&["0.0", "1.5", "-2.25e10", "\"NaN\"", "\"-inf\""]).to_string()
            }
            Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => (self.random.below(200) as i64 - 100).to_string(),
            _ => self.random.below(200).to_string(),
        }
    }
}
