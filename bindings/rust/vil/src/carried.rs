//! What a port needs to know of a message, whatever its layout: what [`Message`] and [`crate::Relative`] have in common.

use std::ffi::CStr;

use crate::{Message, message};

/// A message that a port can carry. Every [`Message`] is one; for relative messages generated code says so.
///
/// # Safety
/// The implementor promises what a port's contract is made of: `LAYOUT_ID` is not 0 and identifies the layout of the bytes
/// that `Self` stands for, and no slot of that layout is smaller than `SIZE` or less aligned than `ALIGN`;
/// `DESCRIPTOR` is empty or as generated, whole.
pub unsafe trait Carried: 'static {
    /// Its name in the program.
    const NAME: &'static CStr;
    /// First 8 bytes of the fingerprint of its layout; never 0.
    const LAYOUT_ID: u64;
    /// The layout, in lines; what a refused attach is explained with.
    const LAYOUT_TEXT: &'static CStr;
    /// What a verifier or a tool needs to know of it, as `docs/descriptor.md` says.
    const DESCRIPTOR: &'static [u32];
    /// Whether it is relative: what a receiver may verify.
    const RELATIVE: bool = false;
    /// Whether it is external: bytes behind a frame, which a receiver looks at.
    const EXTERNAL: bool = false;
    /// Bytes of its slots: of a flat message its size, of others its `max_bytes`, `u32::MAX` where none is stated.
    const SIZE: u32;
    /// Alignment of its slots in bytes.
    const ALIGN: u32;
}

// SAFETY: a Message promises as much; its size and alignment are those of its layout.
unsafe impl<T: Message> Carried for T {
    const NAME: &'static CStr = T::NAME;
    const LAYOUT_ID: u64 = T::LAYOUT_ID;
    const LAYOUT_TEXT: &'static CStr = T::LAYOUT_TEXT;
    const DESCRIPTOR: &'static [u32] = T::DESCRIPTOR;
    const SIZE: u32 = message::size_of::<T>();
    const ALIGN: u32 = message::align_of::<T>();
}
