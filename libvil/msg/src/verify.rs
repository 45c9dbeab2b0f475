//! Verifying: a walk that shows nobody anything, and so may pass over what cannot be wrong.

use crate::bytes::Bytes;
use crate::descriptor::Descriptor;
use crate::fault::Fault;
use crate::walk::{Visitor, walk};

/// Whether the bytes are a message of this kind. Answers the message's own size, which is that of the bytes or less.
///
/// Linear in both, without allocation. Not asked: ranges, units and whatever else is no part of a layout; padding, which nobody
/// reads; values of optional fields that are absent; arms of an open union that have an unknown tag; bytes that nothing
/// refers to.
pub fn verify(descriptor: &Descriptor<'_>, bytes: Bytes<'_>) -> Result<u32, Fault> {
    walk(descriptor, bytes, &mut Silent)
}

struct Silent;

impl Visitor for Silent {
    const SKIPS_PLAIN: bool = true;
}
