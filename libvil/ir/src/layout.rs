//! Where every field lies: C layout rules with the padding written out. One function; everyone else reads its result.
//!
//! Little-endian, no pointer-sized types, `bool` one byte, enums as fixed-width integers, references as offsets from the
//! message's start. A message used as a type is its struct, so every layout begins at 0: the head of a relative message is
//! no part of it, its root stands [`ROOT_OFFSET`] bytes into the message. An external message has no layout. A type that
//! can have none (a heap type, a type that contains itself) is an error here and a diagnostic of the LayoutLegality pass
//! there.

mod error;
mod make;
mod order;

pub use error::{LayoutError, LayoutReason};
pub use make::{attempt, lay_out};

use crate::model::Named;
use crate::vocabulary::{Profile, Scalar};

/// Where the root of a relative message stands: behind its head `{layout id u64, size u32, root_size u32}`.
pub const ROOT_OFFSET: u32 = 16;

/// Where the bytes of an external message stand: behind its frame `{size u32, reserved u32}`, which is zero but for the size.
pub const FRAME_OFFSET: u32 = 8;

/// Alignment of a relative message as a whole: that of its head, and of every VSlice and VStr.
pub const RELATIVE_ALIGN: u32 = 8;

/// Size and alignment of the word of a VSlice or VStr: offset from the message's start in its low half, count in its high half.
pub const WORD_SIZE: u32 = 8;

/// Size and alignment of the word of a VRef: an offset from the message's start.
pub const REF_SIZE: u32 = 4;

/// Layouts of all structs and of all messages but external ones, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layouts {
    /// By the name of the struct or message.
    pub types: Named<Layout>,
}

/// How one struct or message lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Flat or relative: of a message as declared, else by what it holds.
    pub profile: Profile,
    /// It holds a VSlice, VStr or VRef, itself or in a struct. A message may be relative without.
    pub references: bool,
    /// Size in bytes, a multiple of `align`, at least 1.
    pub size: u32,
    /// Alignment in bytes: 1, 2, 4 or 8.
    pub align: u32,
    /// Where the last field ends, presence byte included, in bytes: what the head of a relative message says of its root.
    /// 0 where there is no field; of a tagged union its whole size, because it does not grow.
    pub root_size: u32,
    /// What lies in it.
    pub body: LayoutBody,
}

impl Layout {
    /// Bytes of the smallest message with this layout: head and root of a relative one, all of a flat one.
    pub fn least_bytes(&self) -> u32 {
        match self.profile {
            Profile::Relative => ROOT_OFFSET + self.size,
            Profile::Flat | Profile::External => self.size,
        }
    }

    /// Alignment of a message with this layout: of a relative one that of its head, of a flat one its struct's.
    pub fn message_align(&self) -> u32 {
        match self.profile {
            Profile::Relative => RELATIVE_ALIGN,
            Profile::Flat | Profile::External => self.align,
        }
    }
}

/// What lies in a struct or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutBody {
    /// Members without a gap: padding is a member.
    Members(Vec<Member>),
    /// A tagged union.
    Union(UnionLayout),
}

/// A tagged union: the tag at offset 0, every arm at `arm_offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnionLayout {
    /// Storage of the tag: u8, u16 or u32.
    pub tag: Scalar,
    /// Unknown tags are legal.
    pub open: bool,
    /// Offset of every arm in bytes; bytes between tag and arm are padding.
    pub arm_offset: u32,
    /// Size of the area all arms share, in bytes; trailing padding up to the union's alignment included.
    pub arm_size: u32,
    /// Arms in declaration order.
    pub arms: Vec<ArmLayout>,
}

/// One arm; its members' offsets count from the arm's start, so that an arm is a struct of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmLayout {
    /// The arm's name.
    pub name: String,
    /// The number in the tag.
    pub tag: u64,
    /// Size in bytes, at least 1 (an empty arm is one reserved byte).
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Members without a gap.
    pub members: Vec<Member>,
}

/// One member, padding included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Offset in bytes from the start of the struct or arm.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// What it is.
    pub what: What,
}

/// Offset of the presence byte of the field at `index`, right behind which it stands; `None` where it has none.
pub fn presence(members: &[Member], index: usize) -> Option<u32> {
    let next = members.get(index + 1)?;
    matches!(next.what, What::Presence { .. }).then_some(next.offset)
}

/// Where the field at `index` ends, presence byte included, in bytes from the start of its struct: it is there where a message
/// has so much of the struct.
pub fn end(members: &[Member], index: usize) -> u32 {
    let Member { offset, size, .. } = members[index];
    presence(members, index).map_or(offset + size, |byte| byte + 1)
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A declared field; `position` is its index in the declaration.
    Field {
        /// Name as declared.
        name: String,
        /// Index in the declaration, from 0.
        position: usize,
        /// Its type with names resolved.
        shape: Shape,
    },
    /// The presence byte of the optional field of this name: 0 or 1.
    Presence {
        /// The optional field.
        of: String,
    },
    /// Zero bytes that C would leave as a hole, or the one byte of an empty struct.
    Padding,
}

/// A type with its names resolved and its storage decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A number or bool.
    Scalar(Scalar),
    /// An enum stored as an integer.
    Enum {
        /// Its name.
        name: String,
        /// `as:` of the field, else the enum's repr.
        storage: Scalar,
    },
    /// A struct, or a message used as a type.
    Struct {
        /// Its name.
        name: String,
        /// Size in bytes.
        size: u32,
        /// Alignment in bytes.
        align: u32,
    },
    /// A fixed array.
    Array {
        /// What it repeats.
        element: Box<Shape>,
        /// How often, at least 1.
        count: u32,
    },
    /// `VSlice`: one 64-bit word, the offset from the message's start in its low half, the count in its high half. All
    /// zero where it is empty.
    Slice {
        /// What lies there one behind the other: a scalar, an enum, a struct or a `VStr`.
        element: Box<Shape>,
        /// The highest count, at least 1.
        bound: Option<u32>,
    },
    /// `VStr`: a word like that of a slice of bytes; behind the counted bytes stands a NUL that does not count.
    Str {
        /// The highest count, at least 1.
        bound: Option<u32>,
    },
    /// `VRef`: the offset from the message's start, 32 bits; 0 is absent, and legal where the field is optional.
    Ref {
        /// The struct or message it leads to.
        name: String,
    },
}

impl Shape {
    /// Size in bytes. Cannot overflow: a shape is only made when it fits `MAX_FLAT_SIZE`.
    pub fn size(&self) -> u32 {
        match self {
            Shape::Scalar(scalar) | Shape::Enum { storage: scalar, .. } => scalar.size(),
            Shape::Struct { size, .. } => *size,
            Shape::Array { element, count } => element.size() * count,
            Shape::Slice { .. } | Shape::Str { .. } => WORD_SIZE,
            Shape::Ref { .. } => REF_SIZE,
        }
    }

    /// Alignment in bytes.
    pub fn align(&self) -> u32 {
        match self {
            Shape::Scalar(scalar) | Shape::Enum { storage: scalar, .. } => scalar.size(),
            Shape::Struct { align, .. } => *align,
            Shape::Array { element, .. } => element.align(),
            Shape::Slice { .. } | Shape::Str { .. } => WORD_SIZE,
            Shape::Ref { .. } => REF_SIZE,
        }
    }
}

#[cfg(test)]
mod tests;
