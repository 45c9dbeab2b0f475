//! Round trips of those who wait, through the crate `vil`. `--rest US`: each side rests before it sends, so that every message
//! meets a sleeper, and the rests are not counted: a sample is the time of the way there and of the way back. Without it they
//! go back to back, and `--wait polling` never waits but asks again.

use std::time::Duration;

use vil::{Receiver, Sender};
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::{Answer, clock, say_ready};

use crate::exchange::{Ends, Payload, Side, Trial, create, open, remove, status, with_size, world_name};
use crate::hands::{send_with, wait};

/// Trips before anything is counted.
pub(crate) const WARM_UP: usize = 200;

/// `vil-trial wake vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Wake)
}

struct Wake;

impl Trial for Wake {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        if arguments.role().is_some() { answer::<T>(arguments) } else { ask::<T>(arguments) }
    }
}

/// How a side waits, and how long it rests before it sends.
pub(crate) struct Manner {
    pub(crate) rest: Duration,
    polls: bool,
    relax: Relax,
}

impl Manner {
    pub(crate) fn of(arguments: &Arguments) -> Answer<Manner> {
        let rest = Duration::from_micros(arguments.number("rest", 0)? as u64);
        let polls = arguments.text("wait") == Some("polling");
        Ok(Manner { rest, polls, relax: Relax::on(arguments.cores()?) })
    }

    pub(crate) fn rest(&self) {
        if !self.rest.is_zero() {
            std::thread::sleep(self.rest);
        }
    }

    /// The number, the moment of sending, and what a message carries beside.
    fn take<T: Payload>(&self, receiver: &Receiver<T>) -> Answer<[u64; 3]> {
        let message = match self.polls {
            true => wait(receiver, self.relax)?,
            false => receiver.receive(Duration::from_secs(10)).map_err(status("receive"))?,
        };
        let words = message.words();
        let said = [words[0], words[1], words[2]];
        message.release();
        Ok(said)
    }

    fn send<T: Payload>(&self, sender: &Sender<T>, number: u64, beside: u64) -> Answer<()> {
        send_with(sender, self.relax, |words| words[..3].copy_from_slice(&[number, clock::now(), beside]))
    }
}

fn ask<T: Payload>(arguments: &Arguments) -> Answer<()> {
    let (cores, trips, name) = (arguments.cores()?, arguments.messages()?, world_name());
    let manner = Manner::of(arguments)?;
    pin(cores.a)?;
    let Ends { senders, receivers } = create::<T>(arguments, &name, Side::Asker)?;
    let mut peer = Peer::start(arguments, "answer", &[("world", name.clone())])?;
    peer.ready()?;
    remove(&name);
    let mut times = Times::new(trips);
    for trip in 0..WARM_UP + trips {
        manner.rest();
        manner.send(&senders[0], trip as u64, 0)?;
        let [number, sent, there] = manner.take(&receivers[0])?;
        times.back(trip, number, clock::now().wrapping_sub(sent) + there)?;
    }
    peer.end()?;
    times.line(arguments).say();
    Ok(())
}

fn answer<T: Payload>(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let manner = Manner::of(arguments)?;
    pin(arguments.cores()?.b)?;
    let Ends { senders, receivers } = open::<T>(arguments, arguments.wanted("world")?, Side::Answerer)?;
    say_ready()?;
    for _ in 0..WARM_UP + arguments.messages()? {
        let [number, sent, _] = manner.take(&receivers[0])?;
        let there = clock::now().wrapping_sub(sent);
        manner.rest();
        manner.send(&senders[0], number, there)?;
    }
    Ok(())
}

/// Times of round trips, in ticks.
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn new(trips: usize) -> Times {
        Times(vec![1; trips])
    }

    /// A trip is over, and took so many ticks.
    pub(crate) fn back(&mut self, trip: usize, number: u64, ticks: u64) -> Answer<()> {
        if number != trip as u64 {
            return Err(format!("answer {number} to question {trip}"));
        }
        if let Some(at) = trip.checked_sub(WARM_UP) {
            self.0[at] = ticks;
        }
        Ok(())
    }

    pub(crate) fn line(self, arguments: &Arguments) -> Line {
        let tick = clock::tick_ns();
        let times = self.0.iter().map(|ticks| *ticks as f64 * tick).collect();
        Line::times(&arguments.benchmark, &arguments.subject, times)
    }
}
