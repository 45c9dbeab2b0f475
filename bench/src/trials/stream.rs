//! A stream through the crate `vil`: one process sends as fast as it can over one route or several in turn, this one receives
//! and measures. Slots are recycled. With `--chunk` one call moves several messages, over one route. By `copy` routes the
//! message is sent from the stack and lies in the cell.

use vil::{IncomingBatch, LoanBatch};
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::{Answer, say_ready};

use crate::batches::Batches;
use crate::exchange::{Ends, Payload, Side, Trial, create, open, remove, with_size, world_name};
use crate::hands::{CHUNK, Giver, Taker, chunk, send_many, take_many};
use crate::warm_up;

/// `vil-trial stream vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Stream)
}

struct Stream;

impl Trial for Stream {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        if arguments.role().is_some() { produce::<T>(arguments) } else { consume::<T>(arguments) }
    }
}

fn consume<T: Payload>(arguments: &Arguments) -> Answer<()> {
    let (cores, is_filled, name) = (arguments.cores()?, arguments.is_filled(), world_name());
    let (relax, warm_up) = (Relax::on(cores), warm_up(arguments)?);
    pin(cores.a)?;
    let Ends { senders: _back, receivers } = create::<T>(arguments, &name, Side::Answerer)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    let mut peer = Peer::start(arguments, "produce", &[("world", name.clone())])?;
    peer.ready()?;
    remove(&name);
    let mut route = 0;
    let (messages, chunk) = (warm_up + batches.messages(), chunk(arguments)?);
    let mut taker = Taker::new(arguments);
    if chunk > 1 {
        let mut incoming = IncomingBatch::<T, CHUNK>::new(&receivers[0]);
        let mut number = 0;
        while number < messages {
            let most = chunk.min(messages - number).min(batches.left());
            let count = match taker.copies() {
                true => taker.take_copies(&receivers[0], number as u64, most, is_filled, relax)?,
                false => take_many(&mut incoming, number as u64, most, is_filled, relax)?,
            };
            number += count;
            batches.received_many(count);
        }
        return ended(batches.line(arguments), peer);
    }
    for number in 0..messages {
        taker.take(&receivers[route], number as u64, is_filled, relax)?;
        route = if route + 1 == receivers.len() { 0 } else { route + 1 };
        batches.received();
    }
    ended(batches.line(arguments), peer)
}

fn ended(line: Line, peer: Peer) -> Answer<()> {
    peer.end()?;
    line.say();
    Ok(())
}

fn produce<T: Payload>(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let (cores, is_filled) = (arguments.cores()?, arguments.is_filled());
    let relax = Relax::on(cores);
    pin(cores.b)?;
    let Ends { senders, receivers: _back } = open::<T>(arguments, arguments.wanted("world")?, Side::Asker)?;
    let warm_up = warm_up(arguments)?;
    let messages = warm_up + Batches::new(arguments, warm_up)?.messages();
    let (mut giver, chunk) = (Giver::new(arguments), chunk(arguments)?);
    say_ready()?;
    if chunk > 1 {
        let mut loans = LoanBatch::<T, CHUNK>::new(&senders[0]);
        let mut number = 0;
        while number < messages {
            let most = chunk.min(messages - number);
            number += match giver.copies() {
                true => giver.send_copies(&senders[0], number as u64, most, is_filled, relax)?,
                false => send_many(&mut loans, number as u64, most, is_filled, relax)?,
            };
        }
        return Ok(());
    }
    let mut route = 0;
    for number in 0..messages {
        giver.send(&senders[route], number as u64, is_filled, relax)?;
        route = if route + 1 == senders.len() { 0 } else { route + 1 };
    }
    Ok(())
}
