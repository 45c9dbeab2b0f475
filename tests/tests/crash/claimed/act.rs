//! What can be done: one call of the library by one process, or one death.

/// One call, or one death. The first number is who makes it, the second the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Attach(u16),
    Enter(u16, usize, End),
    Loan(u16, usize),
    /// Publishes the loan at this position.
    Publish(u16, usize, usize),
    Discard(u16, usize, usize),
    Receive(u16, usize),
    /// Releases the message in hand at this position.
    Release(u16, usize, usize),
    /// Takes the slot of the message in hand at this position of ring 0 and publishes it on in ring 1.
    Forward(u16, usize),
    Look(u16, usize),
    Close(u16, usize, End),
    /// Is about to sleep until there is a message, or room.
    Doze(u16),
    Leave(u16),
    Kill(u16),
    Recover(u16),
    Sweep(u16),
}

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Producing,
    Consuming,
}

impl Act {
    /// Who makes it.
    pub(super) fn actor(self) -> u16 {
        match self {
            Act::Attach(who) | Act::Leave(who) | Act::Kill(who) | Act::Recover(who) | Act::Sweep(who) => who,
            Act::Enter(who, ..) | Act::Close(who, ..) | Act::Doze(who) => who,
            Act::Loan(who, _) | Act::Receive(who, _) | Act::Forward(who, _) | Act::Look(who, _) => who,
            Act::Publish(who, ..) | Act::Discard(who, ..) | Act::Release(who, ..) => who,
        }
    }

    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Act::Attach(..) => "attach",
            Act::Enter(..) => "enter",
            Act::Loan(..) => "loan",
            Act::Publish(..) => "publish",
            Act::Discard(..) => "discard",
            Act::Receive(..) => "receive",
            Act::Release(..) => "release",
            Act::Forward(..) => "forward",
            Act::Look(..) => "look",
            Act::Close(..) => "close",
            Act::Doze(..) => "doze",
            Act::Leave(..) => "leave",
            Act::Kill(..) => "kill",
            Act::Recover(..) => "recover",
            Act::Sweep(..) => "sweep",
        }
    }
}
