//! What a message type says about itself, so that a port can be typed by it.

use std::ffi::CStr;

/// A message: plain data that lies in shared memory as it lies in Rust. Implemented by generated code.
///
/// ```
/// #[repr(C)]
/// #[derive(Debug, Clone, Copy, Default)]
/// struct Tick {
///     time: u64,
///     bid: f64,
/// }
///
/// // SAFETY: Tick is repr(C), its fields are 16 bytes without a hole, and every bit pattern of them is a value; the
/// // layout id is the one that libvil computes from this text.
/// unsafe impl vil::Message for Tick {
///     const NAME: &'static std::ffi::CStr = c"Tick";
///     const LAYOUT_ID: u64 = 0x1234_5678_9abc_def0;
///     const LAYOUT_TEXT: &'static std::ffi::CStr = c"...";
/// }
/// ```
///
/// # Safety
/// Other processes, in other languages, write the bytes that are read as a `Self`. So the implementor promises that
/// - `Self` is `repr(C)` (or `repr(transparent)` over such a type), with the same size, alignment and offsets as the
///   layout that `LAYOUT_ID` identifies;
/// - every bit pattern of its size is a valid `Self`: integers, floats, arrays and structs of them; no `bool`, `char`,
///   `enum`, reference, pointer, `NonZero` or niche anywhere;
/// - it has no padding that Rust may leave unwritten: holes are declared as members, so that every byte that is
///   published has been written;
/// - it has no interior mutability;
/// - `LAYOUT_ID` is not 0, is the first 8 bytes of the layout's fingerprint, and is shared by no type of another layout.
///
/// What it need not promise: that a peer behaves. A process that scribbles over a message while it is read changes the
/// values that are seen, and values are all that a plain type can get wrong.
pub unsafe trait Message: Copy + 'static {
    /// Its name in the program.
    const NAME: &'static CStr;
    /// First 8 bytes of the fingerprint of its layout; never 0.
    const LAYOUT_ID: u64;
    /// The layout, in lines; what a refused attach is explained with.
    const LAYOUT_TEXT: &'static CStr;
    /// What a tool needs to know to show it, as `docs/descriptor.md` says; empty where nobody has written it down.
    const DESCRIPTOR: &'static [u32] = &[];
}

/// Size of a message in bytes, as C counts it. A message larger than libvil's limits does not compile.
pub(crate) const fn size_of<T: Message>() -> u32 {
    assert!(std::mem::size_of::<T>() <= 64 << 20, "a message has at most 64 MiB");
    std::mem::size_of::<T>() as u32
}

/// Alignment of a message in bytes. Slots are aligned to more than any flat message needs.
pub(crate) const fn align_of<T: Message>() -> u32 {
    assert!(std::mem::align_of::<T>() <= 8, "a message is aligned to at most 8 bytes");
    std::mem::align_of::<T>() as u32
}
