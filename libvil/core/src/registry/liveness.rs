//! The proof of life: what the kernel says of a process when asked, its token first. Never a timeout.

use crate::base::words::ProcessId;

/// Answers whether it is proven that nobody lives in a process entry: its token is free, or the kernel says that the
/// process which claimed it has ended.
///
/// A stopped or debugged process keeps its token. The order of questions matters: read the process word first, then
/// ask here; the other order kills a newcomer in the same entry.
pub trait Liveness {
    /// Is nobody left in this entry?
    fn is_free(&self, process: ProcessId) -> bool;

    /// The entry of the process that asks, for the audit trail; `None` looks on from outside.
    fn me(&self) -> Option<ProcessId> {
        None
    }
}
