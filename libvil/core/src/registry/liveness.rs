//! The proof of life: a token that the kernel takes back when its holder is gone. Never a timeout.

use crate::base::words::ProcessId;

/// Answers whether a process entry's token is free, which proves that nobody lives in it.
///
/// A stopped or debugged process keeps its token. The order of questions matters: read the process word first, then
/// ask here; the other order kills a newcomer in the same entry.
pub trait Liveness {
    /// Is the token of this entry free?
    fn is_free(&self, process: ProcessId) -> bool;

    /// The entry of the process that asks, for the audit trail; `None` looks on from outside.
    fn me(&self) -> Option<ProcessId> {
        None
    }
}
