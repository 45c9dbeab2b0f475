//! Relative messages: bytes that refer to one another by offsets, seen through views and written through drafts.
//!
//! `view` finds and bounds what is read, `slice` and `text` are what lies behind a reference; `builder` places what is
//! written, `writer` and `writers` write it, `draft` says when it is a message, and `port` sends and receives it.

mod builder;
mod draft;
mod port;
mod slice;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod writer;
mod writers;

pub use draft::{Draft, Finished, Lent, Store, Unfinished, measure, view};
pub use slice::{Slice, Strs, Views};
pub use text::Str;
pub use view::View;
pub use writer::Writer;
pub use writers::{SliceWriter, StrWriters, Writers};

use crate::Carried;

/// Where the root of a relative message stands, behind its head `{layout id u64, size u32, root_size u32}`.
pub(crate) const ROOT_OFFSET: u32 = 16;

/// Alignment of a relative message in bytes.
pub(crate) const MESSAGE_ALIGN: usize = 8;

/// Plain data that a relative message holds: numbers, enums as numbers, flat structs. Implemented by generated code.
///
/// # Safety
/// Other processes write the bytes that are read as a `Self`, also while they are read. So every bit pattern of its size is
/// a value, it has no padding that Rust may leave unwritten, and no interior mutability; see [`crate::Message`].
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($number:ty)*) => {
        $(
            // SAFETY: a number, of which every bit pattern is a value.
            unsafe impl Plain for $number {}
        )*
    };
}

plain!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

// SAFETY: an array has no byte that is not one of its elements'.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// A struct that holds references, or the root of a relative message: how it is seen and written. Implemented by
/// generated code for a `repr(C)` struct of words and numbers, of which only size and alignment are used.
///
/// # Safety
/// `Self` has the size and the alignment of the layout that its view and writer go by, and every offset that they use lies
/// within.
pub unsafe trait Struct: 'static {
    /// What reads it.
    type View<'a>: Copy;
    /// What writes it.
    type Writer<'w>;

    /// Sees what lies here as one of these.
    fn view(at: View<'_>) -> Self::View<'_>;

    /// Writes one of these here.
    fn writer(writer: Writer<'_>) -> Self::Writer<'_>;
}

/// A relative message: a [`Struct`] behind a head, and what it refers to. Implemented by generated code.
///
/// Its bytes are never a Rust value: they are read through `View` and written through `Writer`. A reader is safe whatever
/// the bytes are and while they change: every offset is compared with the size of the receiver's own memory each time it
/// is followed, and what leads outside is empty.
///
/// # Safety
/// `ROOT_SIZE` is at most the size of `Self`.
pub unsafe trait Relative: Struct + Carried {
    /// Where the last field of the root ends, from the root's start, in bytes. A reader tells by it which fields a writer knew.
    const ROOT_SIZE: u32;
}
