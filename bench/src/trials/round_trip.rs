//! Round trips through the crate `vil`: both processes poll.

use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::counts::Counts;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::{Answer, clock, say_ready};

use crate::exchange::{Ends, Payload, Side, Trial, create, open, remove, with_size, world_name};
use crate::hands::{Giver, Taker};
use crate::warm_up;

/// `vil-trial round-trip vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &RoundTrip)
}

struct RoundTrip;

impl Trial for RoundTrip {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        if arguments.role().is_some() { answer::<T>(arguments) } else { ask::<T>(arguments) }
    }
}

fn ask<T: Payload>(arguments: &Arguments) -> Answer<()> {
    let (cores, trips, is_filled) = (arguments.cores()?, arguments.messages()?, arguments.is_filled());
    let (relax, warm_up, name) = (Relax::on(cores), warm_up(arguments)?, world_name());
    pin(cores.a)?;
    let Ends { senders, receivers } = create::<T>(arguments, &name, Side::Asker)?;
    let mut peer = Peer::start(arguments, "answer", &[("world", name.clone())])?;
    peer.ready()?;
    remove(&name);
    let tick = clock::tick_ns();
    let mut times = vec![1.0; trips];
    let mut counts = Counts::now();
    let (mut giver, mut taker) = (Giver::new(arguments), Taker::new(arguments));
    let mut last = clock::now();
    for trip in 0..warm_up + trips {
        giver.send(&senders[0], trip as u64, is_filled, relax)?;
        taker.take(&receivers[0], trip as u64, is_filled, relax)?;
        let now = clock::now();
        if let Some(at) = trip.checked_sub(warm_up) {
            times[at] = now.wrapping_sub(last) as f64 * tick;
        } else if trip + 1 == warm_up {
            counts = Counts::now();
        }
        last = clock::now();
    }
    let counts = counts.since();
    peer.end()?;
    Line::times(&arguments.benchmark, &arguments.subject, times).with("counts", counts).say();
    Ok(())
}

fn answer<T: Payload>(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let (cores, trips, is_filled) = (arguments.cores()?, arguments.messages()?, arguments.is_filled());
    let relax = Relax::on(cores);
    pin(cores.b)?;
    let Ends { senders, receivers } = open::<T>(arguments, arguments.wanted("world")?, Side::Answerer)?;
    let (mut giver, mut taker) = (Giver::new(arguments), Taker::new(arguments));
    say_ready()?;
    for trip in 0..warm_up(arguments)? + trips {
        taker.take(&receivers[0], trip as u64, is_filled, relax)?;
        giver.send(&senders[0], trip as u64, is_filled, relax)?;
    }
    Ok(())
}
