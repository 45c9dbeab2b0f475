//! What a ring shows to somebody who is not its consumer: enough to tell whether its consumer should look again.
//!
//! Reads shared words and trusts none of them: at worst somebody looks for nothing.

use crate::base::words::ProcessId;
use crate::exchange::Peer;
use crate::mem::{RingGeometry, Shared};
use crate::queue::{self, Side, claimed};

/// How far a ring has come, and how often it was left by its producer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    tail: u32,
    losses: u32,
}

impl News {
    /// Of a ring, now.
    pub fn of(shared: &Shared, ring: &RingGeometry) -> News {
        if ring.claimed {
            let present = claimed::present(shared, ring, Side::Tail).count() as u32;
            let owners = claimed::gate(shared, ring, Side::Tail).incarnation;
            return News { tail: queue::passed(shared, ring, Side::Tail) as u32, losses: owners.wrapping_sub(present) };
        }
        let tail = queue::end(shared, ring, Side::Tail);
        // Every owner before the present one is gone.
        News { tail: tail.index, losses: tail.incarnation - u32::from(tail.owner.is_some() && tail.incarnation > 0) }
    }

    /// Is there more than what was known?
    pub fn is_news_to(self, known: News) -> bool {
        self != known
    }

    /// Adds the processes whose death would be news.
    pub fn producers(shared: &Shared, ring: &RingGeometry, found: &mut Vec<ProcessId>) {
        if ring.claimed {
            found.extend(claimed::present(shared, ring, Side::Tail));
            return;
        }
        if let Peer::Named(owner) = Peer::of(queue::end(shared, ring, Side::Tail)) {
            found.push(owner);
        }
    }
}
