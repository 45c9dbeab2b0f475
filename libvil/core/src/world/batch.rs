//! What a call with several messages or blocks came to.

use crate::world::Stop;

/// How far a batch came, and why not further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Messages or blocks from the first on for which it was done, dropped ones included.
    pub done: usize,
    /// Why it ended: `Ok` when all went.
    pub answer: Result<(), Stop>,
}

impl Batch {
    /// Of those that only come: what ended it behind the first is told by the next call, so that none of them is lost.
    #[inline]
    pub(super) fn ended(done: usize, why: Stop) -> Batch {
        Batch { done, answer: if done == 0 { Err(why) } else { Ok(()) } }
    }
}
