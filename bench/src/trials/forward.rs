//! A pipeline of three stages: the first writes a message, the second looks at its first word and passes it on, the third
//! reads all of it. Passed on as it lies, or copied into a message of the second stage's own. On two processors the first and
//! the last stage are one thread of one process; one message is under way at a time, so that all that is done to it counts.

use std::time::Duration;

use vil::{Receiver, Sender, Status};
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::{Answer, say_ready};

use crate::batches::Batches;
use crate::exchange::{Ends, Payload, Side, Trial, create, open, remove, status, with_size, world_name};
use crate::hands::{read, send, send_with, wait};
use crate::warm_up;

/// `vil-trial forward vil-rust --how forward|copy`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Pipeline)
}

struct Pipeline;

impl Trial for Pipeline {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        if arguments.role().is_some() { middle::<T>(arguments) } else { ends::<T>(arguments) }
    }
}

/// The first stage and the last. Measures.
fn ends<T: Payload>(arguments: &Arguments) -> Answer<()> {
    let (cores, is_filled, name) = (arguments.cores()?, arguments.is_filled(), world_name());
    let (relax, warm_up) = (Relax::on(cores), warm_up(arguments)?);
    pin(cores.a)?;
    let Ends { senders, receivers } = create::<T>(arguments, &name, Side::Asker)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    let mut peer = Peer::start(arguments, "middle", &[("world", name.clone())])?;
    peer.ready()?;
    remove(&name);
    for number in 0..(warm_up + batches.messages()) as u64 {
        send(&senders[0], number, is_filled, relax)?;
        read(wait(&receivers[0], relax)?, number, is_filled)?;
        batches.received();
    }
    let line = batches.line(arguments);
    peer.end()?;
    line.say();
    Ok(())
}

fn middle<T: Payload>(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let cores = arguments.cores()?;
    let relax = Relax::on(cores);
    pin(cores.b)?;
    let Ends { senders, receivers } = open::<T>(arguments, arguments.wanted("world")?, Side::Answerer)?;
    let is_copied = arguments.text("how") == Some("copy");
    let messages = warm_up(arguments)? + Batches::new(arguments, 1)?.messages();
    say_ready()?;
    for number in 0..messages as u64 {
        if is_copied {
            copy_on(&receivers[0], &senders[0], number, relax)?;
        } else {
            pass_on(&receivers[0], &senders[0], number, relax)?;
        }
    }
    if !is_copied {
        // What is lent on ends before its receiver closes: releases are looked for by whoever looks for messages.
        while senders[0].published().map_err(status("published"))?
            > receivers[0].received().map_err(status("received"))?
        {
            match receivers[0].receive(Duration::ZERO) {
                Ok(_) => return Err("a message too many".into()),
                Err(Status::EMPTY) => relax.once(),
                Err(_) => break,
            }
        }
    }
    Ok(())
}

#[inline(always)]
fn copy_on<T: Payload>(from: &Receiver<T>, to: &Sender<T>, number: u64, relax: Relax) -> Answer<()> {
    let message = wait(from, relax)?;
    is_next(message.words()[0], number)?;
    send_with(to, relax, |words| words.copy_from_slice(message.words()))?;
    message.release();
    Ok(())
}

#[inline(always)]
fn pass_on<T: Payload>(from: &Receiver<T>, to: &Sender<T>, number: u64, relax: Relax) -> Answer<()> {
    let mut message = wait(from, relax)?;
    is_next(message.words()[0], number)?;
    loop {
        match message.forward(to) {
            Ok(()) => return Ok(()),
            Err(held) => match (held.status, held.message) {
                (Status::FULL, Some(held)) => message = held,
                (other, _) => return Err(status("forward")(other)),
            },
        }
        relax.once();
    }
}

fn is_next(word: u64, number: u64) -> Answer<()> {
    if word == number { Ok(()) } else { Err(format!("another message than number {number}")) }
}
