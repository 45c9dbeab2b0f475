//! Messages in hand: what their tickets name, and what is done with one but releasing it: its slot is given back, taken
//! out or lent on.

use crate::base::words::Reference;
use crate::exchange::consumer::Consumer;
use crate::exchange::{Refusal, slot_of};
use crate::heap::{self, Slot};
use crate::mem::Shared;

/// Where a ticket begins to hold the end's ordinal: above the index and a position of 17 bits. So no two of 32,768
/// receivers give out the same.
pub(super) const TICKET_END: u32 = 49;

/// Where it holds the position, from 1; below it is the index.
pub(super) const TICKET_POSITION: u64 = 1 << 32;

/// A message in hand: its index, and what its cell named. The hand has it by its ticket, whose lower half is the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct InHand {
    pub(super) index: u32,
    pub(super) word: u64,
}

impl InHand {
    pub(super) fn slot(self) -> Slot {
        slot_of(self.word)
    }

    /// Did it come by a forward that borrowed it?
    fn is_borrowed(self) -> bool {
        Reference::decode(self.word).source != 0
    }
}

impl Consumer {
    /// Ends a taken message that was used: its slot returns to the pool.
    pub fn consume(&mut self, shared: &Shared, ticket: u64) -> Result<(), Refusal> {
        let slot = self.take_slot(ticket)?;
        heap::give_back(shared, self.me, slot);
        Ok(())
    }

    /// The slot of a taken message, which is the caller's from here on, and nobody's business here any more.
    pub fn take_slot(&mut self, ticket: u64) -> Result<Slot, Refusal> {
        let (position, held) = self.held(ticket)?;
        if !self.takes {
            return Err(Refusal::Mode);
        }
        self.end(position);
        Ok(held.slot())
    }

    /// The slot of a message in hand that may be forwarded, and whether it would move or be borrowed.
    pub fn forwardable(&self, ticket: u64) -> Result<(Slot, Forward), Refusal> {
        let (_, held) = self.held(ticket)?;
        match (self.takes, self.copies || held.is_borrowed()) {
            (true, _) => Ok((held.slot(), Forward::Taken)),
            (false, false) => Ok((held.slot(), Forward::Borrowed)),
            // A copy has no slot of its own; what was borrowed once is not borrowed again.
            (false, true) => Err(Refusal::Mode),
        }
    }

    /// The message in hand was published on in another ring, in the cell of `index`: it is released when that ring's
    /// head has passed the cell.
    pub fn lend(&mut self, shared: &Shared, ticket: u64, route: usize, index: u32) -> Result<(), Refusal> {
        let (position, held) = self.held(ticket)?;
        self.end(position);
        self.lent.add(&shared.geometry.rings[route], index, held.index, self.ring.capacity);
        self.tune(shared);
        Ok(())
    }

    #[inline]
    pub(super) fn held(&self, ticket: u64) -> Result<(usize, InHand), Refusal> {
        let position = self.position(ticket);
        let word = self.hand.get(position, ticket).ok_or(Refusal::Ticket)?;
        Ok((position, InHand { index: ticket as u32, word }))
    }

    /// Never 0, so that a struct of zeroes names nothing.
    #[inline(always)]
    pub(super) fn ticket(&self, position: usize, index: u32) -> u64 {
        self.tickets.wrapping_add((position as u64 * TICKET_POSITION) | u64::from(index))
    }

    /// Of another end's ticket upper bits are left, and no position is as high.
    #[inline(always)]
    pub(super) fn position(&self, ticket: u64) -> usize {
        (ticket.wrapping_sub(self.tickets) / TICKET_POSITION) as usize
    }

    #[inline]
    pub(super) fn end(&mut self, position: usize) {
        self.hand.end(position);
    }
}

/// How a message in hand can be published on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// Its slot is ours and moves.
    Taken,
    /// Its slot stays its producer's.
    Borrowed,
}
