//! Floor 5: who lives, who owns what, and what becomes of a dead process's belongings.
//!
//! Recovery has no lock, no log and no current recoverer: any survivor, any number at once, restartable at every
//! access. It decides by the process table and its tokens, by head, tail and cells of each ring, and by the slot words;
//! never by private state.

mod audit;
mod claimed;
mod holdings;
mod liveness;
mod picture;
mod recovery;
mod sweep;
mod table;
pub mod trail;

pub use audit::{Audit, audit};
pub use holdings::{Ends, ends_held, messages_held, slots_held};
pub use liveness::Liveness;
pub use picture::Picture;
pub(crate) use recovery::closed_head;
pub use recovery::{Outcome, leave, recover, recover_all, recover_each};
pub use sweep::sweep;
pub use table::{
    Certificate, Identity, Info, Language, certificate, certify, claim, info, living, recoveries, speak, state,
};
