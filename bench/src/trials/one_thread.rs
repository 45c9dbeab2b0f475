//! Calls in one thread through the crate `vil`, both ends in one process: the four hot ones together, each alone, a loan that
//! is discarded, and a receive that finds nothing. A sample is the mean of a batch of calls.

use std::time::Duration;

use vil::{Incoming, Loan, Status};
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::{Answer, payload};

use crate::batches::Batches;
use crate::exchange::{Ends, Payload, Side, Trial, create, open, remove, status, with_size, world_name};

/// Calls in a batch; as many loans and messages are in hand at once where a step is measured alone.
const BATCH: usize = 64;

/// Batches before anything is counted: several laps of the ring.
const WARM_UP: usize = 32;

/// `vil-trial one-thread vil-rust`, `vil-trial empty vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &OneThread)
}

struct OneThread;

impl Trial for OneThread {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        let name = world_name();
        pin(arguments.cores()?.a)?;
        let asker = create::<T>(arguments, &name, Side::Asker)?;
        let answerer = open::<T>(arguments, &name, Side::Answerer)?;
        remove(&name);
        let mut batches = Batches::new(arguments, 0)?;
        let count = batches.messages() / BATCH;
        let step = arguments.text("step").unwrap_or("all");
        for batch in 0..WARM_UP + count {
            if batch == WARM_UP {
                batches = Batches::new(arguments, 0)?;
            }
            match step {
                "all" => all(&asker, &answerer, &mut batches)?,
                "discard" => discard(&asker, &mut batches)?,
                "empty" => empty(&answerer, &mut batches)?,
                "loan" | "publish" | "receive" | "release" => alone(&asker, &answerer, step, &mut batches)?,
                other => return Err(format!("there is no step {other}")),
            }
        }
        batches.line(arguments).say();
        Ok(())
    }
}

/// Loan, write a word, publish, receive, read it, release.
fn all<T: Payload>(asker: &Ends<T>, answerer: &Ends<T>, batches: &mut Batches) -> Answer<()> {
    let (sender, receiver) = (&asker.senders[0], &answerer.receivers[0]);
    batches.start();
    for number in 0..BATCH as u64 {
        let mut loan = sender.loan().map_err(status("loan"))?;
        payload::write(loan.words_mut(), number, false);
        loan.publish().map_err(|held| status("publish")(held.status))?;
        let message = receiver.receive(Duration::ZERO).map_err(status("receive"))?;
        if !payload::is_read(message.words(), number, false) {
            return Err("another message".into());
        }
        message.release();
    }
    batches.end();
    Ok(())
}

fn discard<T: Payload>(asker: &Ends<T>, batches: &mut Batches) -> Answer<()> {
    batches.start();
    for _ in 0..BATCH {
        drop(std::hint::black_box(asker.senders[0].loan().map_err(status("loan"))?));
    }
    batches.end();
    Ok(())
}

fn empty<T: Payload>(answerer: &Ends<T>, batches: &mut Batches) -> Answer<()> {
    batches.start();
    for _ in 0..BATCH {
        match answerer.receivers[0].receive(Duration::ZERO) {
            Err(Status::EMPTY) => {}
            Err(other) => return Err(status("receive")(other)),
            Ok(_) => return Err("there was a message".into()),
        }
    }
    batches.end();
    Ok(())
}

/// A batch of each step, one of them measured.
fn alone<T: Payload>(asker: &Ends<T>, answerer: &Ends<T>, step: &str, batches: &mut Batches) -> Answer<()> {
    let mut loans: Vec<Loan<'_, T>> = Vec::with_capacity(BATCH);
    let mut messages: Vec<Incoming<'_, T>> = Vec::with_capacity(BATCH);
    timed(step == "loan", batches, || {
        for _ in 0..BATCH {
            loans.push(asker.senders[0].loan().map_err(status("loan"))?);
        }
        Ok(())
    })?;
    for (number, loan) in loans.iter_mut().enumerate() {
        payload::write(loan.words_mut(), number as u64, false);
    }
    timed(step == "publish", batches, || {
        loans.into_iter().try_for_each(|loan| loan.publish().map_err(|held| status("publish")(held.status)))
    })?;
    timed(step == "receive", batches, || {
        for _ in 0..BATCH {
            messages.push(answerer.receivers[0].receive(Duration::ZERO).map_err(status("receive"))?);
        }
        Ok(())
    })?;
    if !messages.iter().enumerate().all(|(number, one)| payload::is_read(one.words(), number as u64, false)) {
        return Err("another message".into());
    }
    timed(step == "release", batches, || {
        messages.into_iter().for_each(Incoming::release);
        Ok(())
    })
}

fn timed(is_measured: bool, batches: &mut Batches, work: impl FnOnce() -> Answer<()>) -> Answer<()> {
    if is_measured {
        batches.start();
    }
    let done = work();
    if is_measured {
        batches.end();
    }
    done
}
