//! One producer and several consumers, or several producers into one port, through the crate `vil`. There are two threads
//! however many ends there are, one in each process, each serving its ends in turn: so nothing that a scheduler does is
//! measured. What is counted is a message at one consumer.

use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::{Answer, say_ready};

use crate::batches::Batches;
use crate::exchange::{Ends, Payload, Trial, remove, with_size, world_name};
use crate::hands::{read, send, wait};
use crate::parts::Part;
use crate::warm_up;

/// `vil-trial fan-out vil-rust`: `--consumers` in ports get every message of one out port.
pub(crate) fn out(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Fan { producers: 1, consumers: arguments.number("consumers", 1)? })
}

/// `vil-trial fan-in vil-rust`: `--producers` out ports send into one in port.
pub(crate) fn into(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Fan { producers: arguments.number("producers", 1)?, consumers: 1 })
}

/// How many ends each of the two processes has.
struct Fan {
    producers: usize,
    consumers: usize,
}

impl Trial for Fan {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        if arguments.role().is_some() { self.produce::<T>(arguments) } else { self.consume::<T>(arguments) }
    }
}

impl Fan {
    /// Measures.
    fn consume<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        let (cores, is_filled, name) = (arguments.cores()?, arguments.is_filled(), world_name());
        let relax = Relax::on(cores);
        pin(cores.a)?;
        let part = Part::new(c"fan", c"sink").receives("in", self.consumers)?;
        let Ends { senders: _none, receivers } = part.create::<T>(arguments, &name)?;
        let (mut batches, messages) = self.counts(arguments)?;
        let mut peer = Peer::start(arguments, "produce", &[("world", name.clone())])?;
        peer.ready()?;
        remove(&name);
        // Each route counts for itself.
        let mut next = vec![0; self.producers * self.consumers];
        for _ in 0..messages {
            for receiver in &receivers {
                let message = wait(receiver, relax)?;
                let next = next.get_mut(message.route() as usize).ok_or("there is no such route")?;
                read(message, *next, is_filled)?;
                *next += 1;
                batches.received();
            }
        }
        let line = batches.line(arguments);
        peer.end()?;
        line.say();
        Ok(())
    }

    fn produce<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        Peer::is_one()?;
        let (cores, is_filled) = (arguments.cores()?, arguments.is_filled());
        pin(cores.b)?;
        let part = Part::new(c"fan", c"source").sends("out", self.producers)?;
        let Ends { senders, receivers: _none } = part.enter::<T>(arguments.wanted("world")?)?;
        let (_, messages) = self.counts(arguments)?;
        say_ready()?;
        for number in 0..messages {
            send(&senders[number % self.producers], (number / self.producers) as u64, is_filled, Relax::on(cores))?;
        }
        Ok(())
    }

    /// The times of all receipts, and the messages in all: as many of either as go to every end evenly.
    fn counts(&self, arguments: &Arguments) -> Answer<(Batches, usize)> {
        let warm_up = warm_up(arguments)?.next_multiple_of(self.producers * self.consumers);
        let batches = Batches::new(arguments, warm_up)?;
        let receipts = warm_up + batches.messages();
        Ok((batches, receipts / self.consumers))
    }
}
