//! JSON becomes a message in the caller's memory, guided by the descriptor.
//!
//! What is referred to is put behind everything that is there already, so references lead forward and share nothing. Keys may
//! stand in any order; what they name is laid down in theirs, and `to_json` writes them in the order of the fields, so that
//! what it wrote makes the same message again. A field that is not named has its default, else zero; so have the fields of
//! structs and arrays of them that are not named, but a union that is not named is zeros. What does not fit is counted on, so
//! that one call says how much room there must be.

use vil_ir::vocabulary::{Profile, Scalar};

use crate::MAX_DEPTH;
use crate::bytes::Bytes;
use crate::descriptor::{Descriptor, Field, Shape, Type, mask};
use crate::fault::{Fault, Rule, Stop};
use crate::parse::{Kind, Parser};
use crate::path::Path;
use crate::verify::verify;
use crate::walk::HEAD_SIZE;

/// Longest name of a field, variant or value, and longest number, that is compared; a program has none that is longer.
const MOST_NAME: usize = 128;

/// Fields of one struct that are watched for a second key; of those behind them the last one counts.
const WATCHED: usize = 256;

/// Makes a message from JSON. Answers its size; where the room is less, it was only measured, and the room holds nothing of
/// worth. What was made is verified. The room is aligned as the message is.
pub fn from_json(descriptor: &Descriptor<'_>, text: &str, room: &mut [u8]) -> Result<usize, Fault> {
    let root = descriptor.ty(0).filter(|_| descriptor.profile() != Profile::External);
    let mut parser = Parser::new(text);
    let Some(root) = root else { return Err(parser.fault(Rule::Descriptor, 1, 0).into()) };
    let is_relative = descriptor.profile() == Profile::Relative;
    let mut builder = Builder { descriptor, room, used: 0, path: [Step::None; MAX_DEPTH], depth: 0 };
    let at = if is_relative { builder.alloc(&parser, HEAD_SIZE, 8)? } else { 0 };
    let at = builder.alloc(&parser, root.size, if is_relative { 8 } else { 1 })?.max(at);
    builder.structure(&mut parser, &root, at).map_err(|stop| stop.at(builder.place()))?;
    parser.end()?;
    let size = builder.used;
    if is_relative {
        builder.put(8, u64::from(size) | u64::from(root.end) << 32, 8);
        builder.put(0, descriptor.layout_id(), 8);
    }
    let made = builder.room.get(..size as usize).map(|made| verify(descriptor, Bytes::of(made)));
    made.transpose().map(|_| size as usize)
}

/// One level of where a value stands.
#[derive(Clone, Copy)]
enum Step {
    None,
    Name(u32),
    Index(u32),
}

struct Builder<'b, 'd, 'r> {
    descriptor: &'b Descriptor<'d>,
    room: &'r mut [u8],
    /// Bytes of the message, written or not.
    used: u32,
    path: [Step; MAX_DEPTH],
    depth: usize,
}

/// A short text in private memory; what is longer is no name.
struct Short {
    bytes: [u8; MOST_NAME],
    size: usize,
}

impl Short {
    /// Reads the text that stands next.
    fn read(parser: &mut Parser<'_>) -> Result<Short, Stop> {
        let mut short = Short { bytes: [0; MOST_NAME], size: 0 };
        parser.text(|next| {
            let end = short.size.saturating_add(next.len_utf8());
            if let Some(place) = short.bytes.get_mut(short.size..end) {
                next.encode_utf8(place);
            }
            short.size = end;
        })?;
        Ok(short)
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.size).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl<'d> Builder<'_, 'd, '_> {
    /// Zeroed bytes behind everything that is there.
    fn alloc(&mut self, parser: &Parser<'_>, size: u32, align: u32) -> Result<u32, Stop> {
        let at = self.used.checked_next_multiple_of(align);
        let end = at.and_then(|at| at.checked_add(size));
        let (Some(at), Some(end)) = (at, end) else {
            return Err(parser.fault(Rule::Range, u32::MAX.into(), u64::from(self.used) + u64::from(size)));
        };
        let (from, to) = (self.used as usize, (end as usize).min(self.room.len()));
        if let Some(place) = self.room.get_mut(from..to) {
            place.fill(0);
        }
        self.used = end;
        Ok(at)
    }

    fn put(&mut self, at: u32, bits: u64, size: u32) {
        let (at, size) = (at as usize, size as usize);
        if let Some(place) = self.room.get_mut(at..at.saturating_add(size)) {
            place.copy_from_slice(&bits.to_le_bytes()[..size.min(8)]);
        }
    }

    fn step(&mut self, parser: &Parser<'_>, step: Step) -> Result<(), Stop> {
        let found = self.depth as u64 + 1;
        let place = self.path.get_mut(self.depth);
        *place.ok_or_else(|| parser.fault(Rule::Depth, MAX_DEPTH as u64, found))? = step;
        self.depth += 1;
        Ok(())
    }

    /// The field to which the text had come.
    fn place(&self) -> Path {
        let mut path = Path::default();
        for step in &self.path[..self.depth] {
            match step {
                Step::Name(name) => path.name(self.descriptor.text(*name).unwrap_or("?")),
                Step::Index(index) => path.index(*index),
                Step::None => {}
            }
        }
        path
    }

    /// A struct or union at this place.
    fn structure(&mut self, parser: &mut Parser<'_>, of: &Type, at: u32) -> Result<(), Stop> {
        of_kind(parser, Kind::Object)?;
        if of.is_union() {
            return self.union(parser, of, at);
        }
        // A true struct has no more of them at each level than bytes; a damaged one may hold itself.
        let most = of.size.min(u32::try_from(self.room.len()).unwrap_or(u32::MAX));
        self.defaults(parser, of, at, MAX_DEPTH, &mut (MAX_DEPTH as u64 * (u64::from(most) + 1)))?;
        let mut seen = [0u64; WATCHED / 64];
        let mut next = 0;
        parser.expect(b'{')?;
        if parser.takes(b'}') {
            return Ok(());
        }
        loop {
            let before = *parser;
            let name = Short::read(parser)?;
            let Some((index, field)) = self.field_named(of, name.as_str(), next) else {
                return Err(before.fault(Rule::Name, of.count.into(), 0));
            };
            next = index + 1;
            if let Some(word) = seen.get_mut(index as usize / 64) {
                let bit = 1u64 << (index % 64);
                if *word & bit != 0 {
                    return Err(before.fault(Rule::Twice, 1, 2));
                }
                *word |= bit;
            }
            parser.expect(b':')?;
            self.step(parser, Step::Name(field.name))?;
            if let Some(presence) = field.presence {
                self.put(at.saturating_add(presence), 1, 1);
            }
            self.value(parser, field.shape, at.saturating_add(field.offset))?;
            self.depth -= 1;
            if parser.takes(b'}') {
                return Ok(());
            }
            parser.expect(b',')?;
        }
    }

    /// The field of this name, looked for from where the last one was found.
    fn field_named(&self, of: &Type, name: &str, from: u32) -> Option<(u32, Field)> {
        let all = (from..of.count).chain(0..from.min(of.count));
        let mut fields = all.map_while(|index| Some((index, self.descriptor.field(of, index)?)));
        fields.find(|(_, field)| self.descriptor.text(field.name) == Some(name))
    }

    /// Gives every field that is there its default, also those of structs and arrays that lie within.
    /// `levels`: how deep that may be; `left`: how many structs there may be.
    fn defaults(&mut self, parser: &Parser<'_>, of: &Type, at: u32, levels: usize, left: &mut u64) -> Result<(), Stop> {
        if levels == 0 {
            return Err(parser.fault(Rule::Depth, MAX_DEPTH as u64, MAX_DEPTH as u64 + 1));
        }
        *left = left.checked_sub(1).ok_or_else(|| broken(parser))?;
        let fields = (0..of.count).map_while(|index| self.descriptor.field(of, index));
        for field in fields.filter(|field| field.presence.is_none()) {
            let mut element = field.shape;
            while let Some(Shape::Array { element: inner, .. }) = self.descriptor.shape(element) {
                element = inner;
            }
            let inner = match self.descriptor.shape(element) {
                Some(Shape::Struct { ty }) => self.descriptor.ty(ty).filter(|inner| !inner.is_union()),
                _ => None,
            };
            if inner.is_none() && field.default.is_none() {
                continue;
            }
            // No more than the struct has, and than there is room for: the rest would be written nowhere.
            let from = at.saturating_add(field.offset);
            let room = u32::try_from(self.room.len()).unwrap_or(u32::MAX).saturating_sub(from);
            let whole = self.extent(parser, field.shape)?.0.min(of.size).min(room);
            let size = self.extent(parser, element)?.0;
            for place in (0..whole).step_by(size as usize) {
                let place = from.saturating_add(place);
                match (&inner, field.default) {
                    (Some(inner), _) => self.defaults(parser, inner, place, levels - 1, left)?,
                    (None, Some(bits)) => self.put(place, bits, size.min(8)),
                    (None, None) => {}
                }
            }
        }
        Ok(())
    }

    fn union(&mut self, parser: &mut Parser<'_>, of: &Type, at: u32) -> Result<(), Stop> {
        parser.expect(b'{')?;
        let before = *parser;
        let name = Short::read(parser)?;
        parser.expect(b':')?;
        let storage = of.scalar().ok_or_else(|| before.fault(Rule::Descriptor, 1, 0))?;
        match (self.descriptor.arm_named(of, name.as_str()), name.as_str().strip_prefix('#')) {
            (Some((tag, arm)), _) => {
                let found = self.descriptor.ty(arm).filter(|arm| !arm.is_union());
                let found = found.ok_or_else(|| before.fault(Rule::Descriptor, 1, 0))?;
                self.put(at, tag, storage.size());
                self.step(parser, Step::Name(found.name))?;
                self.structure(parser, &found, at.saturating_add(of.arms_at))?;
                self.depth -= 1;
            }
            (None, Some(tag)) if of.is_open() => {
                let tag = tag.parse().ok().filter(|tag| *tag <= mask(storage));
                self.put(at, tag.ok_or_else(|| before.fault(Rule::Range, mask(storage), 0))?, storage.size());
                parser.expect(b'{')?;
                parser.expect(b'}')?;
            }
            _ => return Err(before.fault(Rule::Name, of.count.into(), 0)),
        }
        parser.expect(b'}')
    }

    fn value(&mut self, parser: &mut Parser<'_>, shape: u32, at: u32) -> Result<(), Stop> {
        match self.descriptor.shape(shape).ok_or_else(|| broken(parser))? {
            Shape::Scalar(scalar) => {
                let bits = number(parser, scalar)?;
                self.put(at, bits, scalar.size());
                Ok(())
            }
            Shape::Enum { ty, storage } => self.enumeration(parser, ty, storage, at),
            Shape::Struct { ty } => {
                let of = self.descriptor.ty(ty).ok_or_else(|| broken(parser))?;
                self.structure(parser, &of, at)
            }
            Shape::Array { element, count } => {
                of_kind(parser, Kind::List)?;
                let found = parser.elements()?;
                if found != count {
                    return Err(parser.fault(Rule::Range, count.into(), found.into()));
                }
                self.elements(parser, element, at)
            }
            Shape::Slice { element, bound } => {
                of_kind(parser, Kind::List)?;
                let count = parser.elements()?;
                if count > bound {
                    return Err(parser.fault(Rule::Bound, bound.into(), count.into()));
                }
                let (size, align) = self.extent(parser, element)?;
                let whole = size.checked_mul(count).ok_or_else(|| parser.fault(Rule::Range, 0, count.into()))?;
                if count == 0 {
                    return self.elements(parser, element, at);
                }
                let target = self.alloc(parser, whole, align)?;
                self.put(at, u64::from(target) | u64::from(count) << 32, 8);
                self.elements(parser, element, target)
            }
            Shape::Str { bound } => self.text(parser, bound, at),
            Shape::Ref { ty } => {
                let of = self.descriptor.ty(ty).ok_or_else(|| broken(parser))?;
                let target = self.alloc(parser, of.size, of.align)?;
                self.put(at, target.into(), 4);
                self.structure(parser, &of, target)
            }
        }
    }

    /// Elements of a list one behind the other; how many there are was counted before.
    fn elements(&mut self, parser: &mut Parser<'_>, element: u32, at: u32) -> Result<(), Stop> {
        let (size, _) = self.extent(parser, element)?;
        parser.expect(b'[')?;
        if parser.takes(b']') {
            return Ok(());
        }
        self.step(parser, Step::Index(0))?;
        for index in 0.. {
            self.path[self.depth - 1] = Step::Index(index);
            self.value(parser, element, at.saturating_add(size.saturating_mul(index)))?;
            if parser.takes(b']') {
                break;
            }
            parser.expect(b',')?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn enumeration(&mut self, parser: &mut Parser<'_>, ty: u32, storage: Scalar, at: u32) -> Result<(), Stop> {
        let before = *parser;
        let bits = if parser.kind()? == Kind::Text {
            let name = Short::read(parser)?;
            let of = self.descriptor.ty(ty).ok_or_else(|| broken(parser))?;
            let named = self.descriptor.value_named(&of, name.as_str());
            named.ok_or_else(|| before.fault(Rule::Range, of.count.into(), 0))? & mask(storage)
        } else {
            number(parser, storage)?
        };
        self.put(at, bits, storage.size());
        Ok(())
    }

    fn text(&mut self, parser: &mut Parser<'_>, bound: u32, at: u32) -> Result<(), Stop> {
        of_kind(parser, Kind::Text)?;
        let (mut count, mut has_nul) = (0u32, false);
        let mut measure = *parser;
        measure.text(|next| {
            count = count.saturating_add(next.len_utf8() as u32);
            has_nul |= next == '\0';
        })?;
        if count > bound {
            return Err(parser.fault(Rule::Bound, bound.into(), count.into()));
        }
        if has_nul {
            return Err(parser.fault(Rule::Nul, 1, 0));
        }
        if count == 0 {
            return parser.text(|_| ());
        }
        let target = self.alloc(parser, count.saturating_add(1), 1)?;
        self.put(at, u64::from(target) | u64::from(count) << 32, 8);
        let mut to = target as usize;
        parser.text(|next| {
            let end = to.saturating_add(next.len_utf8());
            if let Some(place) = self.room.get_mut(to..end) {
                next.encode_utf8(place);
            }
            to = end;
        })
    }

    fn extent(&self, parser: &Parser<'_>, shape: u32) -> Result<(u32, u32), Stop> {
        let found = self.descriptor.extent(shape).ok_or_else(|| broken(parser))?;
        Ok((found.size.max(1), found.align))
    }
}

fn broken(parser: &Parser<'_>) -> Stop {
    parser.fault(Rule::Descriptor, 1, 0)
}

fn of_kind(parser: &mut Parser<'_>, wanted: Kind) -> Result<(), Stop> {
    match parser.kind()? {
        found if found == wanted => Ok(()),
        found => Err(parser.fault(Rule::Kind, wanted as u64, found as u64)),
    }
}

/// The bits of a number, a flag, or one of the texts that stand for a float.
fn number(parser: &mut Parser<'_>, scalar: Scalar) -> Result<u64, Stop> {
    let kind = parser.kind()?;
    let before = *parser;
    let wrong = |wanted: Kind| before.fault(Rule::Kind, wanted as u64, kind as u64);
    match (scalar, kind) {
        (Scalar::Bool, Kind::Flag) => parser.flag().map(u64::from),
        (Scalar::Bool, _) => Err(wrong(Kind::Flag)),
        (Scalar::F32 | Scalar::F64, Kind::Text) => {
            let name = Short::read(parser)?;
            let number: f64 = match name.as_str() {
                "NaN" => f64::NAN,
                "inf" => f64::INFINITY,
                "-inf" => f64::NEG_INFINITY,
                _ => return Err(wrong(Kind::Number)),
            };
            Ok(if scalar == Scalar::F32 { (number as f32).to_bits().into() } else { number.to_bits() })
        }
        (_, Kind::Number) => {
            let text = parser.number()?;
            let bits = match scalar {
                Scalar::F32 => text.parse().ok().filter(|n: &f32| n.is_finite()).map(|n| n.to_bits().into()),
                Scalar::F64 => text.parse().ok().filter(|n: &f64| n.is_finite()).map(|n| n.to_bits()),
                _ => integer(text, scalar),
            };
            bits.ok_or_else(|| before.fault(Rule::Range, mask(scalar), 0))
        }
        _ => Err(wrong(Kind::Number)),
    }
}

fn integer(text: &str, scalar: Scalar) -> Option<u64> {
    let (low, high) = scalar.integer_range()?;
    let number: i128 = text.parse().ok()?;
    (low..=high).contains(&number).then_some(number as u64 & mask(scalar))
}
