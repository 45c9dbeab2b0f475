//! What a ring shows to somebody who is not its consumer: enough to tell whether its consumer should look again.
//!
//! Reads shared words and trusts none of them: at worst somebody looks for nothing.

use crate::base::words::{EndWord, ProcessId};
use crate::exchange::claimed::is_waiting;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side, claimed};

/// How far a ring has come, and how often it was left by its producer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    tail: u32,
    losses: u32,
    /// A claimed ring holds a message, for whoever comes first.
    is_waiting: bool,
}

impl News {
    /// Of a ring, now.
    pub fn of(shared: &Shared, ring: &RingGeometry) -> News {
        if ring.claimed {
            return News { tail: 0, losses: losses_of_claimed(shared, ring), is_waiting: is_waiting(shared, ring) };
        }
        let tail = queue::end(shared, ring, Side::Tail);
        News { tail: tail.index, losses: losses(tail), is_waiting: false }
    }

    /// Is there more than what was known?
    pub fn is_news_to(self, known: News) -> bool {
        self.is_waiting || self != known
    }

    /// Adds the processes whose death would be news, or holds up what would be.
    pub fn producers(shared: &Shared, ring: &RingGeometry, found: &mut Vec<ProcessId>) {
        if ring.claimed {
            [Side::Tail, Side::Head].into_iter().for_each(|side| found.extend(claimed::present(shared, ring, side)));
        } else {
            found.extend(queue::end(shared, ring, Side::Tail).owner);
        }
    }
}

/// Every owner before the present one is gone.
fn losses(end: EndWord) -> u32 {
    end.incarnation.saturating_sub(u32::from(end.owner.is_some()))
}

/// Every producer there was is here or gone.
fn losses_of_claimed(shared: &Shared, ring: &RingGeometry) -> u32 {
    let present = claimed::present(shared, ring, Side::Tail).count() as u32;
    claimed::gate(shared, ring, Side::Tail).incarnation.wrapping_sub(present)
}
