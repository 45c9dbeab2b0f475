//! Writes a descriptor: types in the order of first use, each record once, texts once; arms and values in the order of their
//! numbers, so that whoever reads a message finds one by halving.

use super::{ARM_WORDS, FIELD_WORDS, HEAD_WORDS, LEVEL, MAGIC, TYPE_WORDS, VALUE_WORDS};
use super::{field, head, shape, ty};
use crate::fingerprint::{layout_id, layout_text};
use crate::keyed::Keyed;
use crate::layout::{ArmLayout, Layout, LayoutBody, Layouts, Member, Shape, UnionLayout, What, presence};
use crate::model::{Body, Enum, Field, Program};
use crate::vocabulary::{Profile, Scalar};

/// The descriptor of a message. Of an external message, and of one that has no layout, it is the head and the name.
pub fn encode<'p>(program: &'p Program, layouts: &'p Layouts, message: &'p str) -> Vec<u32> {
    let found = program.messages.get(message);
    let profile = match layouts.types.get(message) {
        Some(layout) => layout.profile,
        None => found.and_then(|found| found.layout).unwrap_or(Profile::External),
    };
    let mut writer = Writer::new(program, layouts);
    if profile != Profile::External && layouts.types.contains_key(message) {
        writer.named(message);
    }
    let mut next = 0;
    while let Some(subject) = writer.subjects.get(next).copied() {
        writer.describe(next as u32, subject);
        next += 1;
    }
    let max_bytes = found.and_then(|found| found.max_bytes).unwrap_or(0);
    writer.finish(message, profile, u32::try_from(max_bytes).unwrap_or(u32::MAX))
}

/// What a type record speaks of.
#[derive(Clone, Copy)]
enum Subject<'p> {
    Body(&'p str, &'p Layout, &'p Body),
    Enum(&'p str, &'p Enum),
    Arm(&'p ArmLayout, &'p [Field]),
}

struct Writer<'p> {
    program: &'p Program,
    layouts: &'p Layouts,
    subjects: Vec<Subject<'p>>,
    /// Positions in `subjects`, by the name of a definition.
    known: Keyed<&'p str, u32>,
    /// One record a subject.
    types: Vec<[u32; TYPE_WORDS as usize]>,
    /// Records of fields, arms, values and shapes. Places in here are counted from its start until the end.
    records: Vec<u32>,
    /// Words of `records` that hold such a place.
    places: Vec<usize>,
    texts: Vec<u8>,
    text_at: Keyed<String, u32>,
    /// Pairs: the first is plain only if the second is.
    holds: Vec<(u32, u32)>,
    not_plain: Vec<u32>,
}

impl<'p> Writer<'p> {
    fn new(program: &'p Program, layouts: &'p Layouts) -> Writer<'p> {
        Writer {
            program,
            layouts,
            subjects: Vec::new(),
            known: Keyed::new(),
            types: Vec::new(),
            records: Vec::new(),
            places: Vec::new(),
            texts: Vec::new(),
            text_at: Keyed::new(),
            holds: Vec::new(),
            not_plain: Vec::new(),
        }
    }

    /// Where a text stands in the texts, in bytes.
    fn text(&mut self, text: &str) -> u32 {
        if let Some(at) = self.text_at.get(text) {
            return *at;
        }
        let at = self.texts.len() as u32;
        self.texts.extend_from_slice(text.as_bytes());
        self.texts.push(0);
        self.text_at.insert(text.to_owned(), at);
        at
    }

    fn subject(&mut self, subject: Subject<'p>) -> u32 {
        self.subjects.push(subject);
        self.types.push([0; TYPE_WORDS as usize]);
        self.subjects.len() as u32 - 1
    }

    /// The position of a definition among the types.
    fn named(&mut self, name: &'p str) -> u32 {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let program = self.program;
        let body = match (program.structs.get(name), program.messages.get(name)) {
            (Some(found), _) => Some(&found.body),
            (None, found) => found.map(|found| &found.body),
        };
        let subject = match (program.enums.get(name), body, self.layouts.types.get(name)) {
            (Some(found), ..) => Subject::Enum(name, found),
            (None, Some(body), Some(layout)) => Subject::Body(name, layout, body),
            _ => return 0,
        };
        let at = self.subject(subject);
        self.known.insert(name, at);
        at
    }

    fn describe(&mut self, at: u32, subject: Subject<'p>) {
        match subject {
            Subject::Enum(name, found) => self.enumeration(at, name, found),
            Subject::Arm(arm, fields) => {
                let name = self.text(&arm.name);
                let (count, first) = self.members(at, &arm.members, fields);
                self.types[at as usize] = [ty::STRUCT, name, arm.size, arm.align, arm.size, count, first, 0];
            }
            Subject::Body(name, layout, body) => {
                let name = self.text(name);
                let Layout { size, align, root_size, .. } = *layout;
                let record = match (&layout.body, body) {
                    (LayoutBody::Members(members), Body::Fields(fields)) => {
                        let (count, first) = self.members(at, members, fields);
                        [ty::STRUCT, name, size, align, root_size, count, first, 0]
                    }
                    (LayoutBody::Union(union), Body::Variants(variants)) => {
                        let arms = union.arms.iter().zip(variants.arms.iter().map(|arm| arm.fields.as_slice()));
                        let first = self.arms(at, union, arms);
                        let open = if union.open { ty::OPEN } else { 0 };
                        let kind = ty::UNION | open | code(union.tag) << 16;
                        [kind, name, size, align, root_size, union.arms.len() as u32, first, union.arm_offset]
                    }
                    _ => [ty::STRUCT, name, size, align, 0, 0, 0, 0],
                };
                self.types[at as usize] = record;
            }
        }
    }

    fn enumeration(&mut self, at: u32, name: &str, found: &Enum) {
        let name = self.text(name);
        let first = self.records.len() as u32;
        let mut values: Vec<_> =
            found.values.iter().map(|value| (self.text(&value.name), value.value as u64)).collect();
        values.sort_by_key(|(_, bits)| *bits);
        self.records.extend(values.iter().flat_map(|(text, bits)| [*text, *bits as u32, (bits >> 32) as u32]));
        if !found.open {
            self.not_plain.push(at);
        }
        let open = if found.open { ty::OPEN } else { 0 };
        let kind = ty::ENUM | open | if found.bitmask { ty::BITMASK } else { 0 } | code(found.repr) << 16;
        let (size, count) = (found.repr.size(), found.values.len() as u32);
        self.types[at as usize] = [kind, name, size, size, size, count, first, 0];
    }

    fn arms(
        &mut self,
        at: u32,
        union: &'p UnionLayout,
        arms: impl Iterator<Item = (&'p ArmLayout, &'p [Field])>,
    ) -> u32 {
        let first = self.records.len() as u32;
        let mut records = Vec::with_capacity(union.arms.len());
        for (arm, fields) in arms {
            let (name, subject) = (self.text(&arm.name), self.subject(Subject::Arm(arm, fields)));
            records.push([name, arm.tag as u32, subject]);
            self.holds.push((at, subject));
        }
        records.sort_by_key(|[_, tag, _]| *tag);
        self.records.extend(records.iter().flatten());
        if !union.open {
            self.not_plain.push(at);
        }
        first
    }

    /// Fields one behind the other; how many, and where the first stands.
    fn members(&mut self, at: u32, members: &'p [Member], fields: &'p [Field]) -> (u32, u32) {
        let declared = members.iter().enumerate().filter_map(|(index, member)| match &member.what {
            What::Field { name, position, shape } => {
                Some((name, *position, member.offset, shape, presence(members, index)))
            }
            What::Presence { .. } | What::Padding => None,
        });
        let declared: Vec<_> = declared.collect();
        let first = self.records.len();
        self.records.resize(first + declared.len() * FIELD_WORDS as usize, 0);
        for (index, (name, position, offset, of, presence)) in declared.iter().enumerate() {
            let said = fields.get(*position);
            let optional = said.is_some_and(|said| said.optional);
            let default = said.and_then(|said| self.default(said, of));
            let record = first + index * FIELD_WORDS as usize;
            let mut put = |word: u32, value: u32| self.records[record + word as usize] = value;
            put(field::ID, said.and_then(|said| said.id).unwrap_or(*position as u32 + 1));
            put(field::OFFSET, *offset);
            put(field::PRESENCE, presence.unwrap_or(field::NEVER));
            let flags =
                if optional { field::OPTIONAL } else { 0 } | if default.is_some() { field::DEFAULTS } else { 0 };
            put(field::FLAGS, flags);
            put(field::DEFAULT, default.unwrap_or(0) as u32);
            put(field::DEFAULT + 1, (default.unwrap_or(0) >> 32) as u32);
            self.records[record + field::NAME as usize] = self.text(name);
            self.records[record + field::SHAPE as usize] = self.shape(at, of);
            self.places.push(record + field::SHAPE as usize);
            if presence.is_some() {
                self.not_plain.push(at);
            }
        }
        (declared.len() as u32, first as u32)
    }

    fn default(&self, said: &Field, of: &Shape) -> Option<u64> {
        let mut of = of;
        while let Shape::Array { element, .. } = of {
            of = element;
        }
        match of {
            Shape::Scalar(scalar) => super::value::bits(said.default.as_ref()?, *scalar, None),
            Shape::Enum { name, storage } => {
                super::value::bits(said.default.as_ref()?, *storage, self.program.enums.get(name))
            }
            _ => None,
        }
    }

    /// The record of a shape behind those it is made of; where it stands. As deep as a type is nested in brackets.
    fn shape(&mut self, owner: u32, of: &'p Shape) -> u32 {
        let (record, place) = match of {
            Shape::Scalar(scalar) => {
                if *scalar == Scalar::Bool {
                    self.not_plain.push(owner);
                }
                ([shape::SCALAR, code(*scalar), 0], false)
            }
            Shape::Enum { name, storage } => {
                let named = self.named(name);
                self.holds.push((owner, named));
                ([shape::ENUM, named, code(*storage)], false)
            }
            Shape::Struct { name, .. } => {
                let named = self.named(name);
                self.holds.push((owner, named));
                ([shape::STRUCT, named, 0], false)
            }
            Shape::Array { element, count } => ([shape::ARRAY, self.shape(owner, element), *count], true),
            Shape::Slice { element, bound } => {
                self.not_plain.push(owner);
                ([shape::SLICE, self.shape(owner, element), bound.unwrap_or(shape::UNBOUNDED)], true)
            }
            Shape::Str { bound } => {
                self.not_plain.push(owner);
                ([shape::STR, 0, bound.unwrap_or(shape::UNBOUNDED)], false)
            }
            Shape::Ref { name } => {
                self.not_plain.push(owner);
                ([shape::REF, self.named(name), 0], false)
            }
        };
        let at = self.records.len();
        self.records.extend(record);
        if place {
            self.places.push(at + 1);
        }
        at as u32
    }

    /// Whoever holds what is not plain is not plain.
    fn mark_plain(&mut self) {
        let mut held_by: Vec<Vec<u32>> = vec![Vec::new(); self.types.len()];
        for (holder, held) in &self.holds {
            held_by[*held as usize].push(*holder);
        }
        let mut plain = vec![true; self.types.len()];
        let mut stack = std::mem::take(&mut self.not_plain);
        while let Some(next) = stack.pop() {
            if std::mem::replace(&mut plain[next as usize], false) {
                stack.extend(&held_by[next as usize]);
            }
        }
        for (record, plain) in self.types.iter_mut().zip(plain) {
            record[ty::KIND as usize] |= if plain { ty::PLAIN } else { 0 };
        }
    }

    fn finish(mut self, message: &str, profile: Profile, max_bytes: u32) -> Vec<u32> {
        self.mark_plain();
        let name = self.text(message);
        let id = layout_id(&layout_text(self.program, self.layouts, message));
        let base = HEAD_WORDS + self.types.len() as u32 * TYPE_WORDS;
        for place in &self.places {
            self.records[*place] += base;
        }
        self.types.iter_mut().for_each(|record| record[ty::FIRST as usize] += base);
        let text_bytes = self.texts.len() as u32;
        self.texts.resize(self.texts.len().next_multiple_of(4), 0);
        let texts = base + self.records.len() as u32;
        let words = texts + self.texts.len() as u32 / 4;
        let mut out = vec![0; HEAD_WORDS as usize];
        let said = [
            (head::MAGIC, MAGIC),
            (head::LEVEL, LEVEL),
            (head::WORDS, words),
            (head::LAYOUT_ID, id as u32),
            (head::LAYOUT_ID + 1, (id >> 32) as u32),
            (head::PROFILE, profile as u32),
            (head::MAX_BYTES, max_bytes),
            (head::NAME, name),
            (head::TYPES, HEAD_WORDS),
            (head::TYPE_COUNT, self.types.len() as u32),
            (head::TEXTS, texts),
            (head::TEXT_BYTES, text_bytes),
        ];
        said.into_iter().for_each(|(at, word)| out[at as usize] = word);
        out.extend(self.types.iter().flatten());
        out.extend(self.records);
        // A word as it lies in the memory of a little-endian machine, which is where texts are read as bytes.
        out.extend(self.texts.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
        out
    }
}

/// The number of a scalar: its place in the vocabulary.
const fn code(scalar: Scalar) -> u32 {
    scalar as u32
}

const _: () = assert!(ARM_WORDS == 3 && VALUE_WORDS == 3);
