//! A message that others may change, copied into memory that is one's own.

use crate::bytes::Bytes;
use crate::descriptor::Descriptor;
use crate::fault::Fault;
use crate::verify::verify;
use crate::walk::size_of_message;

/// Copies a message and verifies the copy, which is what counts from then on: what its writer does to the original does
/// not matter any more. Answers the message's size. Where the room is less, nothing is copied and nothing verified; the
/// caller compares. The room is aligned as the message is.
pub fn snapshot(descriptor: &Descriptor<'_>, bytes: Bytes<'_>, room: &mut [u8]) -> Result<u32, Fault> {
    let size = size_of_message(descriptor, bytes)?;
    let Some(room) = room.get_mut(..size as usize) else { return Ok(size) };
    // It lies within, so it is copied whole.
    let _ = bytes.copy(0, room);
    // The head may have changed between the two looks; it says no more than what was copied, or is refused.
    verify(descriptor, Bytes::of(room))
}
