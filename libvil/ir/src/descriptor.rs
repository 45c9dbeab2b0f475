//! What a program needs to know at run time to read any message of a kind: its layout and its names as plain words.
//!
//! Position independent, so it lies in read-only memory of whoever was generated from the program, or is made from the
//! contract that a world keeps. `docs/descriptor.md` is its form; the numbers here are that page's, and a test compares
//! them. It decides nothing: what it says is what `layout` decided, and `vil-msg` reads it.

mod encode;
mod value;

pub use encode::encode;

/// Word 0 of every descriptor: `VILD` in the memory of a little-endian machine.
pub const MAGIC: u32 = u32::from_le_bytes(*b"VILD");
/// The form that is written. Readers know all from `LOWEST_LEVEL` to `LEVEL`.
pub const LEVEL: u32 = 1;
/// The oldest form that is read.
pub const LOWEST_LEVEL: u32 = 1;

/// Words of the head.
pub const HEAD_WORDS: u32 = 12;
/// Words of each record: a type, a field, an arm or value, a shape.
pub const TYPE_WORDS: u32 = 8;
/// Words of a field.
pub const FIELD_WORDS: u32 = 8;
/// Words of an arm of a union.
pub const ARM_WORDS: u32 = 3;
/// Words of a value of an enum.
pub const VALUE_WORDS: u32 = 3;
/// Words of a shape.
pub const SHAPE_WORDS: u32 = 3;

/// Where a word of the head stands.
pub mod head {
    /// [`super::MAGIC`].
    pub const MAGIC: u32 = 0;
    /// The level of the form.
    pub const LEVEL: u32 = 1;
    /// Words of the whole descriptor.
    pub const WORDS: u32 = 2;
    /// Layout id, low half; the high half follows.
    pub const LAYOUT_ID: u32 = 3;
    /// 0 flat, 1 relative, 2 external.
    pub const PROFILE: u32 = 5;
    /// `max_bytes`, 0 where none is stated.
    pub const MAX_BYTES: u32 = 6;
    /// The message's name.
    pub const NAME: u32 = 7;
    /// Where the types begin, in words; the first is the message's root.
    pub const TYPES: u32 = 8;
    /// How many types there are; none of an external message.
    pub const TYPE_COUNT: u32 = 9;
    /// Where the texts begin, in words.
    pub const TEXTS: u32 = 10;
    /// Bytes of all texts, the last one's NUL included.
    pub const TEXT_BYTES: u32 = 11;
}

/// Where a word of a type stands in its record.
pub mod ty {
    /// Kind in the low byte, flags in the second, scalar of tag or repr in the third.
    pub const KIND: u32 = 0;
    /// Its name; of an arm's struct the arm's.
    pub const NAME: u32 = 1;
    /// Size in bytes.
    pub const SIZE: u32 = 2;
    /// Alignment in bytes.
    pub const ALIGN: u32 = 3;
    /// Where its last field ends in bytes; the size of a union.
    pub const END: u32 = 4;
    /// How many fields, arms or values follow one another.
    pub const COUNT: u32 = 5;
    /// Where the first of them stands, in words.
    pub const FIRST: u32 = 6;
    /// Offset of a union's arms in bytes.
    pub const ARMS_AT: u32 = 7;

    /// A struct, or an arm of a union.
    pub const STRUCT: u32 = 0;
    /// A tagged union.
    pub const UNION: u32 = 1;
    /// An enum.
    pub const ENUM: u32 = 2;
    /// Flag: every pattern of bits is legal in it, so a verifier need not look.
    pub const PLAIN: u32 = 1 << 8;
    /// Flag of a union or enum: unknown numbers are legal.
    pub const OPEN: u32 = 1 << 9;
    /// Flag of an enum: its values are bits that may be combined.
    pub const BITMASK: u32 = 1 << 10;
}

/// Where a word of a field stands in its record.
pub mod field {
    /// Its name.
    pub const NAME: u32 = 0;
    /// Its id, or its position from 1.
    pub const ID: u32 = 1;
    /// Offset in bytes from the start of its struct.
    pub const OFFSET: u32 = 2;
    /// Flags.
    pub const FLAGS: u32 = 3;
    /// Offset of its presence byte, [`NEVER`] where it has none.
    pub const PRESENCE: u32 = 4;
    /// Where its shape stands, in words.
    pub const SHAPE: u32 = 5;
    /// The bits of its default, low half, then the high half; of an array each element's.
    pub const DEFAULT: u32 = 6;

    /// Flag: it may be absent.
    pub const OPTIONAL: u32 = 1;
    /// Flag: it has a default.
    pub const DEFAULTS: u32 = 2;
    /// No such offset.
    pub const NEVER: u32 = u32::MAX;
}

/// What a shape's record begins with; what the two words behind it say.
pub mod shape {
    /// A number or bool: which scalar.
    pub const SCALAR: u32 = 0;
    /// An enum: which type, stored as which scalar.
    pub const ENUM: u32 = 1;
    /// A struct or union by value: which type.
    pub const STRUCT: u32 = 2;
    /// A fixed array: where the shape of an element stands, in words, and how many there are.
    pub const ARRAY: u32 = 3;
    /// A VSlice: where the shape of an element stands, in words, and the bound.
    pub const SLICE: u32 = 4;
    /// A VStr: 0, and the bound.
    pub const STR: u32 = 5;
    /// A VRef: which type.
    pub const REF: u32 = 6;
    /// As a bound: none.
    pub const UNBOUNDED: u32 = u32::MAX;
}

#[cfg(test)]
mod tests;
