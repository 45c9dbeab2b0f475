//! What the processes of all trials do with messages through the crate `vil`: give one or several, take one or several. Both
//! wait by polling.

use std::time::Duration;

use vil::{Incoming, IncomingBatch, LoanBatch, Receiver, Sender, Status, Unsent};
use vil_bench::arguments::Arguments;
use vil_bench::probe::Relax;
use vil_bench::{Answer, payload};

use crate::exchange::{Payload, status};

/// Does the route of the trial copy messages?
fn copies(arguments: &Arguments) -> bool {
    arguments.text("transfer") == Some("copy")
}

/// So many messages of one's own.
fn own<T: Payload>(count: usize) -> Vec<T> {
    // SAFETY: a message is words, and all of them may be zero. Copies are small, so the stack has room for one.
    vec![unsafe { std::mem::zeroed::<T>() }; count]
}

/// How messages are given: written on loan, or copied from here where the route copies.
pub(crate) struct Giver<T: Payload> {
    own: Option<Vec<T>>,
}

impl<T: Payload> Giver<T> {
    /// As the route of the trial demands.
    pub(crate) fn new(arguments: &Arguments) -> Giver<T> {
        Giver { own: copies(arguments).then(|| own(CHUNK)) }
    }

    /// Writes and publishes message `number`.
    #[inline(always)]
    pub(crate) fn send(&mut self, sender: &Sender<T>, number: u64, is_filled: bool, relax: Relax) -> Answer<()> {
        let Some([own, ..]) = self.own.as_deref_mut() else { return send(sender, number, is_filled, relax) };
        payload::write(own.words_mut(), number, is_filled);
        copy(sender, own, relax)
    }

    /// Does the route copy?
    pub(crate) fn copies(&self) -> bool {
        self.own.is_some()
    }

    /// Sends `count` messages from number `number` on by one call, where the route copies.
    pub(crate) fn send_copies(
        &mut self,
        sender: &Sender<T>,
        number: u64,
        count: usize,
        is_filled: bool,
        relax: Relax,
    ) -> Answer<usize> {
        let mut left = self.own.as_mut().and_then(|own| own.get_mut(..count)).ok_or("the route does not copy")?;
        left.iter_mut().zip(number..).for_each(|(own, number)| payload::write(own.words_mut(), number, is_filled));
        loop {
            match sender.send_batch(left) {
                Ok(()) => return Ok(count),
                Err(Unsent { status: Status::FULL, sent }) => left = &mut left[sent..],
                Err(other) => return Err(status("send")(other.status)),
            }
            relax.once();
        }
    }
}

/// How messages are taken: read where they lie, or copied here where the route copies.
pub(crate) struct Taker<T: Payload> {
    own: Option<Vec<T>>,
}

impl<T: Payload> Taker<T> {
    /// As the route of the trial demands.
    pub(crate) fn new(arguments: &Arguments) -> Taker<T> {
        Taker { own: copies(arguments).then(|| own(CHUNK)) }
    }

    /// Does the route copy?
    pub(crate) fn copies(&self) -> bool {
        self.own.is_some()
    }

    /// Takes message `number`; waits until there is something.
    #[inline(always)]
    pub(crate) fn take(&mut self, receiver: &Receiver<T>, number: u64, is_filled: bool, relax: Relax) -> Answer<()> {
        if self.own.is_none() {
            return take(receiver, number, is_filled, relax);
        }
        let message = loop {
            match receiver.read(Duration::ZERO) {
                Ok(message) => break message,
                Err(Status::EMPTY) => relax.once(),
                Err(other) => return Err(status("read")(other)),
            }
        };
        let is_it = payload::is_read(message.words(), number, is_filled);
        if is_it { Ok(()) } else { Err(format!("another message than number {number}")) }
    }

    /// Takes copies from number `number` on by one call, `most` at most; waits until there is something. How many.
    pub(crate) fn take_copies(
        &mut self,
        receiver: &Receiver<T>,
        number: u64,
        most: usize,
        is_filled: bool,
        relax: Relax,
    ) -> Answer<usize> {
        let own = self.own.as_mut().and_then(|own| own.get_mut(..most)).ok_or("the route does not copy")?;
        let count = loop {
            match receiver.read_batch(Duration::ZERO, own) {
                Ok(count) => break count,
                Err(Status::EMPTY) => relax.once(),
                Err(other) => return Err(status("read")(other)),
            }
        };
        let mut read = own[..count].iter().zip(number..);
        let is_read = read.all(|(message, number)| payload::is_read(message.words(), number, is_filled));
        if is_read { Ok(count) } else { Err(format!("other messages than from number {number} on")) }
    }
}

/// Loans, writes and publishes; tries again while the ring is full.
#[inline(always)]
pub(crate) fn send<T: Payload>(sender: &Sender<T>, number: u64, is_filled: bool, relax: Relax) -> Answer<()> {
    send_with(sender, relax, |words| payload::write(words, number, is_filled))
}

/// The same, written by the caller.
#[inline(always)]
pub(crate) fn send_with<T: Payload>(sender: &Sender<T>, relax: Relax, write: impl FnOnce(&mut [u64])) -> Answer<()> {
    let mut loan = loop {
        match sender.loan() {
            Ok(loan) => break loan,
            Err(Status::FULL) => relax.once(),
            Err(other) => return Err(status("loan")(other)),
        }
    };
    write(loan.words_mut());
    loop {
        match loan.publish() {
            Ok(()) => return Ok(()),
            Err(held) => match (held.status, held.loan) {
                (Status::FULL, Some(held)) => loan = held,
                (other, _) => return Err(status("publish")(other)),
            },
        }
        relax.once();
    }
}

#[inline(always)]
fn copy<T: Payload>(sender: &Sender<T>, message: &T, relax: Relax) -> Answer<()> {
    loop {
        match sender.send(message) {
            Ok(()) => return Ok(()),
            Err(Status::FULL) => relax.once(),
            Err(other) => return Err(status("send")(other)),
        }
    }
}

/// Receives message `number`, reads it and releases it; waits until there is something.
#[inline(always)]
pub(crate) fn take<T: Payload>(receiver: &Receiver<T>, number: u64, is_filled: bool, relax: Relax) -> Answer<()> {
    read(wait(receiver, relax)?, number, is_filled)
}

/// The next message, if there is one.
#[inline(always)]
pub(crate) fn poll<T: Payload>(receiver: &Receiver<T>) -> Answer<Option<Incoming<'_, T>>> {
    match receiver.receive(Duration::ZERO) {
        Ok(message) => Ok(Some(message)),
        Err(Status::EMPTY) => Ok(None),
        Err(other) => Err(status("receive")(other)),
    }
}

/// The next message, polling.
#[inline(always)]
pub(crate) fn wait<T: Payload>(receiver: &Receiver<T>, relax: Relax) -> Answer<Incoming<'_, T>> {
    loop {
        if let Some(message) = poll(receiver)? {
            return Ok(message);
        }
        relax.once();
    }
}

/// Whether this is the message that was to come; it is released.
#[inline(always)]
pub(crate) fn read<T: Payload>(message: Incoming<'_, T>, number: u64, is_filled: bool) -> Answer<()> {
    let is_it = payload::is_read(message.words(), number, is_filled);
    message.release();
    if is_it { Ok(()) } else { Err(format!("another message than number {number}")) }
}

/// Most messages that one call moves, where `--chunk` asks for several.
pub(crate) const CHUNK: usize = 32;

/// Messages that one call is to move, at most `CHUNK`.
pub(crate) fn chunk(arguments: &Arguments) -> Answer<usize> {
    Ok(arguments.number("chunk", 1)?.clamp(1, CHUNK))
}

/// Writes and publishes messages from `number` on, `most` at most; how many.
#[inline(always)]
pub(crate) fn send_many<T: Payload>(
    loans: &mut LoanBatch<'_, T, CHUNK>,
    number: u64,
    most: usize,
    is_filled: bool,
    relax: Relax,
) -> Answer<usize> {
    let count = loop {
        match loans.take(most) {
            Ok(count) => break count,
            Err(Status::FULL) => relax.once(),
            Err(other) => return Err(status("loans")(other)),
        }
    };
    loans.iter_mut().zip(number..).for_each(|(message, number)| payload::write(message.words_mut(), number, is_filled));
    loop {
        match loans.publish() {
            Ok(()) => return Ok(count),
            Err(Status::FULL) => relax.once(),
            Err(other) => return Err(status("publish")(other)),
        }
    }
}

/// Receives messages from `number` on, `most` at most, reads and releases them; waits until there is something. How many.
#[inline(always)]
pub(crate) fn take_many<T: Payload>(
    messages: &mut IncomingBatch<'_, T, CHUNK>,
    number: u64,
    most: usize,
    is_filled: bool,
    relax: Relax,
) -> Answer<usize> {
    loop {
        match messages.receive(Duration::ZERO, most) {
            Ok(count) => {
                let is_read = |at: usize| payload::is_read(messages[at].words(), number + at as u64, is_filled);
                if !(0..count).all(is_read) {
                    return Err(format!("other messages than from number {number} on"));
                }
                messages.release().map_err(status("release"))?;
                return Ok(count);
            }
            Err(Status::EMPTY) => relax.once(),
            Err(other) => return Err(status("receive")(other)),
        }
    }
}
