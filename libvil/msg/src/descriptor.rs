//! A descriptor read word by word. Every place in it is checked where it is used, so a damaged one gives a fault and nothing else.

use vil_ir::descriptor::{
    ARM_WORDS, FIELD_WORDS, HEAD_WORDS, LEVEL, LOWEST_LEVEL, MAGIC, TYPE_WORDS, VALUE_WORDS, field, head, shape, ty,
};
use vil_ir::layout::{REF_SIZE, WORD_SIZE};
use vil_ir::vocabulary::{Profile, Scalar, Word};

use crate::bytes::as_bytes;
use crate::fault::{Fault, Rule};
use crate::path::Path;

/// What a message is, as `vil_ir::descriptor::encode` wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor<'d> {
    words: &'d [u32],
}

/// A type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub(crate) kind: u32,
    pub(crate) name: u32,
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) end: u32,
    pub(crate) count: u32,
    pub(crate) first: u32,
    pub(crate) arms_at: u32,
}

impl Type {
    pub(crate) fn is_plain(&self) -> bool {
        self.kind & ty::PLAIN != 0
    }

    pub(crate) fn is_open(&self) -> bool {
        self.kind & ty::OPEN != 0
    }

    pub(crate) fn is_union(&self) -> bool {
        self.kind & 0xff == ty::UNION
    }

    /// Storage of a union's tag, or an enum's repr.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        scalar(self.kind >> 16)
    }
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: u32,
    pub(crate) offset: u32,
    pub(crate) is_optional: bool,
    /// Of the presence byte.
    pub(crate) presence: Option<u32>,
    pub(crate) shape: u32,
    pub(crate) default: Option<u64>,
}

/// A shape.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Scalar(Scalar),
    Enum { ty: u32, storage: Scalar },
    Struct { ty: u32 },
    Array { element: u32, count: u32 },
    Slice { element: u32, bound: u32 },
    Str { bound: u32 },
    Ref { ty: u32 },
}

/// Size and alignment of a shape in bytes, and whether a verifier need not look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) is_plain: bool,
}

/// Arrays in arrays that are followed; the type language has no more.
const MOST_ARRAYS: u32 = 20;

impl<'d> Descriptor<'d> {
    /// Takes words for a descriptor, if they say that they are one of a level that is known.
    pub fn new(words: &'d [u32]) -> Result<Descriptor<'d>, Fault> {
        let refused = |expected: u32, found: u32| Fault {
            rule: Rule::Descriptor,
            offset: 0,
            expected: expected.into(),
            found: found.into(),
            path: Path::default(),
        };
        let at = |word: u32| words.get(word as usize).copied().unwrap_or(0);
        if at(head::MAGIC) != MAGIC {
            return Err(refused(MAGIC, at(head::MAGIC)));
        }
        if !(LOWEST_LEVEL..=LEVEL).contains(&at(head::LEVEL)) {
            return Err(refused(LEVEL, at(head::LEVEL)));
        }
        let size = at(head::WORDS) as usize;
        let Some(words) = words.get(..size).filter(|words| words.len() >= HEAD_WORDS as usize) else {
            return Err(refused(words.len() as u32, at(head::WORDS)));
        };
        Ok(Descriptor { words })
    }

    /// How many words a descriptor has, by its own account: what a C caller's pointer leads to. Nothing where the words
    /// of the head are not a descriptor's.
    pub fn words_of(head: &[u32; HEAD_WORDS as usize]) -> Option<usize> {
        let is_one =
            head[head::MAGIC as usize] == MAGIC && (LOWEST_LEVEL..=LEVEL).contains(&head[head::LEVEL as usize]);
        is_one.then_some(head[head::WORDS as usize] as usize)
    }

    fn word(&self, at: u32) -> Option<u32> {
        self.words.get(at as usize).copied()
    }

    /// The record at `first + index * words` as an array.
    fn record<const N: usize>(&self, first: u32, index: u32) -> Option<[u32; N]> {
        let at = first as usize + (index as usize).checked_mul(N)?;
        self.words.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// Words of it all.
    pub(crate) fn size(&self) -> usize {
        self.words.len()
    }

    /// The message's layout id.
    pub fn layout_id(&self) -> u64 {
        let half = |word| u64::from(self.word(word).unwrap_or(0));
        half(head::LAYOUT_ID) | half(head::LAYOUT_ID + 1) << 32
    }

    /// How the message lies in memory.
    pub fn profile(&self) -> Profile {
        let number = self.word(head::PROFILE).unwrap_or(0) as usize;
        Profile::all().get(number).copied().unwrap_or(Profile::External)
    }

    /// The message's name.
    pub fn name(&self) -> &'d str {
        self.word(head::NAME).and_then(|at| self.text(at)).unwrap_or("?")
    }

    /// A text by its position.
    pub(crate) fn text(&self, at: u32) -> Option<&'d str> {
        let texts = self.word(head::TEXTS)? as usize;
        let bytes = self.words.get(texts..)?;
        let size = (self.word(head::TEXT_BYTES)? as usize).min(bytes.len() * 4);
        let text = as_bytes(bytes).get(at as usize..size)?;
        std::ffi::CStr::from_bytes_until_nul(text).ok()?.to_str().ok()
    }

    pub(crate) fn ty(&self, index: u32) -> Option<Type> {
        if index >= self.word(head::TYPE_COUNT)? {
            return None;
        }
        let record: [u32; TYPE_WORDS as usize] = self.record(self.word(head::TYPES)?, index)?;
        let [kind, name, size, align, end, count, first, arms_at] = record;
        (size > 0 && align.is_power_of_two() && align <= 8).then_some(Type {
            kind,
            name,
            size,
            align,
            end,
            count,
            first,
            arms_at,
        })
    }

    /// Whether there is a union that may have other arms in another version of the message.
    pub(crate) fn has_open_union(&self) -> bool {
        (0..self.word(head::TYPE_COUNT).unwrap_or(0))
            .map_while(|index| self.ty(index))
            .any(|found| found.is_union() && found.is_open())
    }

    pub(crate) fn field(&self, of: &Type, index: u32) -> Option<Field> {
        let record: [u32; FIELD_WORDS as usize] = self.record(of.first, index)?;
        let [name, _, offset, flags, presence, shape, low, high] = record;
        Some(Field {
            name,
            offset,
            is_optional: flags & field::OPTIONAL != 0,
            presence: Some(presence).filter(|presence| *presence != field::NEVER),
            shape,
            default: (flags & field::DEFAULTS != 0).then_some(u64::from(low) | u64::from(high) << 32),
        })
    }

    /// Of records one behind the other, in the order of their numbers: the first that has this number. What is no record is
    /// behind all numbers, so a damaged descriptor ends the search as well.
    fn numbered<const N: usize>(&self, of: &Type, number: u64, number_of: fn(&[u32; N]) -> u64) -> Option<[u32; N]> {
        let (mut low, mut high) = (0, of.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record(of.first, middle) {
                Some(found) if number_of(&found) < number => low = middle + 1,
                _ => high = middle,
            }
        }
        self.record(of.first, low).filter(|found| low < of.count && number_of(found) == number)
    }

    /// Name and struct of the arm with this tag.
    pub(crate) fn arm(&self, of: &Type, tag: u64) -> Option<(u32, u32)> {
        let found = self.numbered::<{ ARM_WORDS as usize }>(of, tag, |[_, tag, _]| u64::from(*tag));
        found.map(|[name, _, ty]| (name, ty))
    }

    /// Tag and struct of the arm with this name.
    pub(crate) fn arm_named(&self, of: &Type, name: &str) -> Option<(u64, u32)> {
        let mut arms = (0..of.count).map_while(|index| self.record::<{ ARM_WORDS as usize }>(of.first, index));
        arms.find(|[text, ..]| self.text(*text) == Some(name)).map(|[_, tag, ty]| (tag.into(), ty))
    }

    /// Name of an enum's value by its number, as stored in this scalar.
    pub(crate) fn value(&self, of: &Type, bits: u64, storage: Scalar) -> Option<u32> {
        let number = |[_, low, high]: &[u32; VALUE_WORDS as usize]| u64::from(*low) | u64::from(*high) << 32;
        self.numbered(of, sign(bits, storage), number).map(|[name, ..]| name)
    }

    /// Number of an enum's value by its name.
    pub(crate) fn value_named(&self, of: &Type, name: &str) -> Option<u64> {
        let mut values = (0..of.count).map_while(|index| self.record::<{ VALUE_WORDS as usize }>(of.first, index));
        let found = values.find(|[text, ..]| self.text(*text) == Some(name))?;
        Some(u64::from(found[1]) | u64::from(found[2]) << 32)
    }

    pub(crate) fn shape(&self, at: u32) -> Option<Shape> {
        let [kind, a, b]: [u32; 3] = self.record(at, 0)?;
        Some(match kind {
            shape::SCALAR => Shape::Scalar(scalar(a)?),
            shape::ENUM => Shape::Enum { ty: a, storage: scalar(b)? },
            shape::STRUCT => Shape::Struct { ty: a },
            shape::ARRAY if a < at => Shape::Array { element: a, count: b },
            shape::SLICE if a < at => Shape::Slice { element: a, bound: b },
            shape::STR => Shape::Str { bound: b },
            shape::REF => Shape::Ref { ty: a },
            _ => return None,
        })
    }

    pub(crate) fn extent(&self, at: u32) -> Option<Extent> {
        let (mut at, mut times) = (at, 1u32);
        for _ in 0..MOST_ARRAYS {
            let (size, align, is_plain) = match self.shape(at)? {
                Shape::Array { element, count } => {
                    (at, times) = (element, times.checked_mul(count)?);
                    continue;
                }
                Shape::Scalar(scalar) => (scalar.size(), scalar.size(), scalar != Scalar::Bool),
                Shape::Enum { ty, storage } => (storage.size(), storage.size(), self.ty(ty)?.is_plain()),
                Shape::Struct { ty } => {
                    let found = self.ty(ty)?;
                    (found.size, found.align, found.is_plain())
                }
                Shape::Slice { .. } | Shape::Str { .. } => (WORD_SIZE, WORD_SIZE, false),
                Shape::Ref { .. } => (REF_SIZE, REF_SIZE, false),
            };
            return Some(Extent { size: size.checked_mul(times)?, align, is_plain });
        }
        None
    }
}

/// Which scalar a number means.
fn scalar(code: u32) -> Option<Scalar> {
    Scalar::all().get(code as usize).copied()
}

/// All bits of a scalar.
pub(crate) fn mask(scalar: Scalar) -> u64 {
    u64::MAX >> (64 - 8 * scalar.size())
}

/// Bits of a scalar as 64, with its sign where it has one.
pub(crate) fn sign(bits: u64, scalar: Scalar) -> u64 {
    let unused = 64 - 8 * scalar.size();
    match scalar {
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => (((bits << unused) as i64) >> unused) as u64,
        _ => bits,
    }
}
