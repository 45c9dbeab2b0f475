//! Messages of any kind, read by their descriptor: verified, shown as JSON, made from JSON, compared.
//!
//! One walk (`walk`) goes through a message and checks every number before it is used; verifying is a walk that shows
//! nobody anything, JSON is one that writes what it is shown. So what was printed was checked, word for word, even while
//! somebody changes it. Work is bounded by the size of message and descriptor, nothing is allocated, nothing recurses
//! deeper than [`MAX_DEPTH`], and no byte outside of the message is touched, whatever message and descriptor hold.

mod build;
mod bytes;
mod descriptor;
mod diff;
mod fault;
mod first;
mod parse;
mod path;
mod print;
mod snapshot;
mod verify;
mod walk;

pub use build::from_json;
pub use bytes::Bytes;
pub use descriptor::Descriptor;
pub use diff::{Difference, diff};
pub use fault::{Fault, Rule};
pub use first::verify_first;
pub use path::{PATH_SIZE, Path};
pub use print::{Style, to_json};
pub use snapshot::snapshot;
pub use verify::verify;

/// Levels that a message may have: each struct, union, array and slice that lies in another one is a level, so a slice of
/// structs is two. LayoutLegality holds types to it.
pub const MAX_DEPTH: usize = vil_ir::limits::MAX_LEVELS as usize;
