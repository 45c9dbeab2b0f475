//! The calls that stories are made of, and who makes them.

use vil_core::base::atomic::{FOR_DATA, FOR_SPACE};
use vil_core::registry;

use crate::private::Wrong;
use crate::stage::Stage;

/// One call, or one death. Routes and positions are those of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Attach(u16),
    OpenOut(u16, usize),
    OpenIn(u16, usize),
    Loan(usize),
    Publish(usize, usize),
    /// All loans in hand, in one call.
    PublishMany(usize),
    /// So many messages inside cells, from bytes of the caller's: the first by a call of its own, the others together.
    SendInside(usize, usize),
    /// Published, and read on.
    Keep(usize, usize),
    /// A kept message is read no more.
    Unkeep(usize, usize),
    Discard(usize, usize),
    DropNewest(usize, usize),
    Receive(usize),
    Release(usize, usize),
    /// All messages in hand from a position on, the last one first, in one call.
    ReleaseMany(usize, usize),
    /// All that is there is copied out and over, the first message by a call of its own; nothing is in hand.
    ReadAll(usize),
    Consume(usize, usize),
    /// A message in hand of one route is sent on by another.
    Forward(usize, usize, usize),
    /// What was sent on may have come back.
    Settle(usize),
    CloseOut(usize),
    CloseIn(usize),
    Leave(u16),
    Kill(u16),
    Recover(u16),
    Sweep(u16),
    /// The producer's process (true) or the consumer's is about to sleep.
    Announce(usize, bool),
}

impl Call {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Call::Attach(..) => "attach",
            Call::OpenOut(..) => "open producer",
            Call::OpenIn(..) => "open consumer",
            Call::Loan(..) => "loan",
            Call::Publish(..) => "publish",
            Call::PublishMany(..) => "publish_many",
            Call::SendInside(..) => "send_inside",
            Call::Keep(..) => "keep",
            Call::Unkeep(..) => "unkeep",
            Call::Discard(..) => "discard",
            Call::DropNewest(..) => "drop_newest",
            Call::Receive(..) => "receive",
            Call::Release(..) => "release",
            Call::ReleaseMany(..) => "release_many",
            Call::ReadAll(..) => "read_all",
            Call::Consume(..) => "consume",
            Call::Forward(..) => "forward",
            Call::Settle(..) => "settle",
            Call::CloseOut(..) => "close producer",
            Call::CloseIn(..) => "close consumer",
            Call::Leave(..) => "leave",
            Call::Kill(..) => "kill",
            Call::Recover(..) => "recover",
            Call::Sweep(..) => "sweep",
            Call::Announce(..) => "announce",
        }
    }
}

impl Stage<'_> {
    /// Makes one call. True when it did what it is for.
    pub(crate) fn apply(&mut self, call: Call) -> Result<bool, Wrong> {
        match call {
            Call::Attach(process) => self.attach(process)?,
            Call::OpenOut(process, route) => return self.open_out(process, route),
            Call::OpenIn(process, route) => return self.open_in(process, route),
            Call::Loan(route) => return self.loan(route),
            Call::Publish(route, position) => return self.publish(route, position, false),
            Call::PublishMany(route) => return self.publish_many(route),
            Call::SendInside(route, count) => return self.send_inside(route, count),
            Call::Keep(route, position) => return self.publish(route, position, true),
            Call::Unkeep(route, position) => self.unkeep(route, position)?,
            Call::Discard(route, position) => self.discard(route, position)?,
            Call::DropNewest(route, position) => self.drop_newest(route, position)?,
            Call::Receive(route) => return self.receive(route),
            Call::Release(route, position) => self.release(route, position)?,
            Call::ReleaseMany(route, first) => self.release_many(route, first)?,
            Call::ReadAll(route) => self.read_all(route)?,
            Call::Consume(route, position) => self.consume(route, position)?,
            Call::Forward(from, position, to) => return self.forward(from, position, to),
            Call::Settle(route) => self.settle(route)?,
            Call::CloseOut(route) => self.close_out(route),
            Call::CloseIn(route) => self.close_in(route)?,
            Call::Leave(process) => self.leave(process),
            Call::Kill(process) => self.kill(process),
            Call::Recover(_) => self.recover()?,
            Call::Sweep(_) => self.sweep(),
            Call::Announce(route, is_producer) => self.announce(route, is_producer),
        }
        Ok(true)
    }

    fn sweep(&mut self) {
        registry::sweep(self.shared);
        self.meet();
    }

    fn announce(&mut self, route: usize, is_producer: bool) {
        let ring = &self.shared.geometry.rings[route];
        let (flag, reason) = if is_producer { (ring.producer_flag, FOR_SPACE) } else { (ring.consumer_flag, FOR_DATA) };
        self.shared.segment.flag(flag).announce(reason, "wait.announce");
        self.meet();
    }
}
