//! What a call with several messages or blocks came to, and the rows that such calls fill and empty.
//!
//! Rows are laid out as C has them, so that the loops over them are here, in one place with what they do.

use std::ptr::{NonNull, null};

use crate::exchange::Loan;
use crate::world::{Received, Stop};

/// A loan in a row.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct LoanRow {
    /// First byte of the slot.
    pub data: Option<NonNull<u8>>,
    /// Bytes.
    pub size: u32,
    /// Index of the slot in the world.
    pub slot: u32,
    /// Names the loan.
    pub ticket: u64,
}

/// A received message in a row.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MessageRow {
    /// First byte.
    pub data: *const u8,
    /// Bytes.
    pub size: u32,
    /// Index of the route.
    pub route: u32,
    /// Its number on the route.
    pub number: u64,
    /// Number of the request that it answers.
    pub answers: u64,
    /// Names the message.
    pub ticket: u64,
}

impl LoanRow {
    /// Of no loan.
    pub const NONE: LoanRow = LoanRow { data: None, size: 0, slot: 0, ticket: 0 };

    #[inline(always)]
    pub(super) fn of(loan: Loan) -> LoanRow {
        LoanRow { data: Some(loan.data), size: loan.size, slot: loan.slot, ticket: loan.ticket }
    }
}

impl MessageRow {
    /// Of no message.
    pub const NONE: MessageRow = MessageRow { data: null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };

    #[inline(always)]
    pub(super) fn of(Received { message, route }: Received) -> MessageRow {
        let data = message.data.as_ptr().cast_const();
        let (size, number, answers, ticket) = (message.size, message.number, message.answers, message.ticket);
        MessageRow { data, size, route, number, answers, ticket }
    }
}

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
