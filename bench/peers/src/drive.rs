//! The loops that are measured, once for all peers: whatever two ends exchange, they exchange it here.
//!
//! A peer is an `End`; the loops are compiled for each, so nothing stands between them and the peer's own calls.

use crate::Answer;
use crate::arguments::Arguments;
use crate::line::Line;
use crate::machine::{Relax, now};

/// One side of an exchange with both directions.
pub(crate) trait End {
    /// Sends message `number`; false when there is no room now.
    fn send(&mut self, number: u64) -> bool;

    /// The number of the next message, when there is one.
    fn receive(&mut self) -> Option<u64>;

    /// Sends so many messages from `first` on at once; how many there was room for.
    fn send_many(&mut self, first: u64, count: u64) -> u64 {
        (0..count).take_while(|i| self.send(first + i)).count() as u64
    }

    /// Receives at most so many messages at once that begin with `first`; how many there were.
    fn receive_many(&mut self, first: u64, count: u64) -> u64 {
        (0..count).take_while(|i| self.receive().inspect(|number| check(*number, first + i)).is_some()).count() as u64
    }
}

/// Which side a process or thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Asks in round trips, receives streams; measures.
    A,
    /// Answers in round trips, sends streams.
    B,
}

/// Runs one side of `round-trip`, `wake` or `stream` to its end; what side A says.
pub(crate) fn run(arguments: &Arguments, side: Side, end: &mut impl End) -> Answer<Option<Line>> {
    match (arguments.benchmark.as_str(), side) {
        ("round-trip" | "wake", Side::A) => ask(arguments, end).map(Some),
        ("round-trip" | "wake", Side::B) => answer(arguments, end).map(|()| None),
        ("stream" | "fan-out" | "heap", Side::A) => drain(arguments, end).map(Some),
        ("stream" | "fan-out" | "heap", Side::B) => pour(arguments, end).map(|()| None),
        (other, _) => Err(format!("nothing is exchanged in `{other}`")),
    }
}

fn ask(arguments: &Arguments, end: &mut impl End) -> Answer<Line> {
    let relax = Relax::on(arguments.cores()?);
    let (warm_up, messages) = (arguments.warm_up()?, arguments.messages()?);
    let mut ticks = vec![u64::MAX; warm_up + messages];
    let mut before = now();
    for (number, ticks) in (1..).zip(&mut ticks) {
        send(end, number, relax);
        check(receive(end, relax), number);
        *ticks = now().wrapping_sub(before);
        before = now();
    }
    Ok(Line::ticks(arguments, &ticks[warm_up..], 1))
}

fn answer(arguments: &Arguments, end: &mut impl End) -> Answer<()> {
    let relax = Relax::on(arguments.cores()?);
    for _ in 0..arguments.warm_up()? + arguments.messages()? {
        let number = receive(end, relax);
        send(end, number, relax);
    }
    Ok(())
}

/// Blocks of a stream before those that are measured, and those.
fn blocks(arguments: &Arguments) -> Answer<(usize, usize)> {
    let block = arguments.block()?;
    Ok((arguments.warm_up()?.div_ceil(block), (arguments.messages()? / arguments.consumers()?).div_ceil(block)))
}

fn drain(arguments: &Arguments, end: &mut impl End) -> Answer<Line> {
    let relax = Relax::on(arguments.cores()?);
    let ((warm_up, measured), block) = (blocks(arguments)?, arguments.block()?);
    let mut ticks = vec![u64::MAX; warm_up + measured];
    let chunk = arguments.chunk()? as u64;
    let (mut before, mut number) = (now(), 1u64);
    for ticks in &mut ticks {
        let until = number + block as u64;
        while number < until {
            if chunk == 1 {
                check(receive(end, relax), number);
                number += 1;
            } else {
                let received = end.receive_many(number, chunk.min(until - number));
                number += received;
                if received == 0 {
                    relax.once();
                }
            }
        }
        let after = now();
        *ticks = after.wrapping_sub(before);
        before = after;
    }
    // What counts is a message at one consumer.
    Ok(Line::ticks(arguments, &ticks[warm_up..], block * arguments.consumers()?))
}

fn pour(arguments: &Arguments, end: &mut impl End) -> Answer<()> {
    let relax = Relax::on(arguments.cores()?);
    let (warm_up, measured) = blocks(arguments)?;
    let last = ((warm_up + measured) * arguments.block()?) as u64;
    let chunk = arguments.chunk()? as u64;
    let mut number = 1;
    while number <= last {
        if chunk == 1 {
            send(end, number, relax);
            number += 1;
        } else {
            let sent = end.send_many(number, chunk.min(last + 1 - number));
            number += sent;
            if sent == 0 {
                relax.once();
            }
        }
    }
    Ok(())
}

#[inline(always)]
fn send(end: &mut impl End, number: u64, relax: Relax) {
    while !end.send(number) {
        relax.once();
    }
}

#[inline(always)]
fn receive(end: &mut impl End, relax: Relax) -> u64 {
    loop {
        if let Some(number) = end.receive() {
            return number;
        }
        relax.once();
    }
}

/// What an attempt finds when it is made often enough.
#[inline(always)]
pub(crate) fn repeated<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        std::hint::spin_loop();
    }
}

/// Whoever receives knows what must come.
#[inline(always)]
pub(crate) fn check(number: u64, expected: u64) {
    assert_eq!(number, expected, "a message is not the one that was sent");
}

/// Times `operation` in blocks; for what one thread does alone.
pub(crate) fn alone(arguments: &Arguments, mut operation: impl FnMut(u64)) -> Answer<Line> {
    let (block, messages) = (arguments.block()?, arguments.messages()?);
    let (warm_up, measured) = (arguments.warm_up()?.div_ceil(block), messages.div_ceil(block));
    let mut ticks = vec![u64::MAX; warm_up + measured];
    let (mut before, mut number) = (now(), 0u64);
    for ticks in &mut ticks {
        for _ in 0..block {
            number += 1;
            operation(number);
        }
        let after = now();
        *ticks = after.wrapping_sub(before);
        before = after;
    }
    Ok(Line::ticks(arguments, &ticks[warm_up..], block))
}
