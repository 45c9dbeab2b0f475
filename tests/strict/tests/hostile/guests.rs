//! Who is in a world under siege: ends of rings and what they hold. They go by the rules; everybody else does not.

use std::sync::Arc;

use vil_core::base::words::ProcessId;
use vil_core::exchange::claimed::{Popper, Pusher};
use vil_core::exchange::{Consumer, Loan, Message, NotOpened, Producer, Refusal};
use vil_core::heap::Slot;
use vil_core::registry::{self, Identity, Liveness};
use vil_ir::vocabulary::Transfer;
use vil_strict::random::Random;

use crate::ground::{Ground, PROCESSES};

/// What came of a call, by name; the error is what must not be.
pub(crate) type Answer = Result<&'static str, String>;

/// The producing end of a port.
pub(crate) struct Out {
    pub(crate) end: Producer,
    pub(crate) loans: Vec<Loan>,
    /// Published and still read.
    pub(crate) kept: Vec<Loan>,
}

impl Out {
    /// Do its messages travel inside cells?
    pub(crate) fn is_inside(&self) -> bool {
        self.end.is_inside()
    }
}

/// A consuming end.
pub(crate) struct In {
    pub(crate) end: Consumer,
    pub(crate) held: Vec<Message>,
}

/// An end of a claimed ring from which messages are taken.
pub(crate) struct Taker {
    pub(crate) end: Popper,
    pub(crate) held: Vec<Message>,
}

/// An end of a claimed ring into which messages are put.
pub(crate) struct Giver {
    pub(crate) end: Pusher,
    pub(crate) loans: Vec<Loan>,
}

/// Ends that one side of one port or route can have at a time. More than one, because nonsense in a word can make a second one
/// believe that it is the only.
const RIVALS: usize = 2;

/// Everybody who is there.
pub(crate) struct Guests {
    pub(crate) ground: Arc<Ground>,
    pub(crate) random: Random,
    /// Nobody strikes while a call runs.
    pub(crate) is_quiet: bool,
    /// Slots that were taken and are nobody's business but ours.
    pub(crate) slots: Vec<Slot>,
    outs: Vec<Vec<Out>>,
    ins: Vec<Vec<In>>,
    givers: Vec<Giver>,
    takers: Vec<Taker>,
}

/// Who lives: anybody's guess.
pub(crate) struct Rumour(u64);

impl Liveness for Rumour {
    fn is_free(&self, process: ProcessId) -> bool {
        self.0 >> (process.0 % 64) & 1 == 1
    }
}

impl Guests {
    pub(crate) fn new(ground: &Arc<Ground>, random: Random) -> Guests {
        let mut guests = Guests {
            ground: Arc::clone(ground),
            random,
            is_quiet: false,
            slots: Vec::new(),
            outs: Vec::new(),
            ins: Vec::new(),
            givers: Vec::new(),
            takers: Vec::new(),
        };
        guests.clear();
        guests
    }

    /// Everybody is gone, without a word.
    pub(crate) fn clear(&mut self) {
        self.outs = self.ground.ports.iter().map(|_| Vec::new()).collect();
        self.ins = self.ground.geometry.rings.iter().map(|_| Vec::new()).collect();
        self.slots.clear();
        self.givers.clear();
        self.takers.clear();
    }

    /// Everybody is where the program wants them, and some messages are under way.
    pub(crate) fn settle(&mut self) {
        for process in 0..PROCESSES as u16 / 2 + 1 {
            registry::claim(&self.ground, ProcessId(process), Identity { pid: 1, since_ns: 1, name: "guest" });
        }
        for (port, routes) in self.ground.ports.iter().enumerate() {
            let end = Producer::open(&self.ground, ProcessId(port as u16 % 3), routes);
            self.outs[port].extend(end.map(|end| Out { end, loans: Vec::new(), kept: Vec::new() }));
        }
        for route in 0..self.ins.len() {
            if self.ground.geometry.rings[route].claimed {
                let (from, to) = (ProcessId(route as u16 % 3), ProcessId((route as u16 + 1) % 3));
                let taker = Popper::open(&self.ground, to, route);
                self.takers.extend(taker.map(|end| Taker { end, held: Vec::new() }));
                let giver = Pusher::open(&self.ground, from, route);
                self.givers.extend(giver.map(|end| Giver { end, loans: Vec::new() }));
                continue;
            }
            let end = Consumer::open(&self.ground, ProcessId(route as u16 % 3), route);
            self.ins[route].extend(end.map(|end| In { end, held: Vec::new() }));
        }
        (0..self.outs.len()).for_each(|port| self.send_some(port));
    }

    fn send_some(&mut self, port: usize) {
        for out in &mut self.outs[port] {
            let (capacity, answers) = (out.end.ring().capacity, out.end.ring().answers);
            for number in 0..self.random.below(1 + u64::from(capacity)) {
                // A second thread may be at work already.
                let Ok(loan) = out.end.loan(&self.ground) else { break };
                let _ = match answers {
                    Some(request) => out.end.answer(&self.ground, loan.ticket, request, number),
                    None => out.end.publish(&self.ground, loan.ticket),
                };
            }
        }
    }

    pub(crate) fn process(&mut self) -> ProcessId {
        ProcessId(self.random.below(u64::from(PROCESSES)) as u16)
    }

    pub(crate) fn route(&mut self) -> usize {
        self.random.below(self.ground.geometry.rings.len() as u64) as usize
    }

    fn port(&mut self) -> usize {
        self.random.below(self.ground.ports.len() as u64) as usize
    }

    pub(crate) fn rumour(&mut self) -> Rumour {
        Rumour(self.random.next_word())
    }

    /// Opens an end where there is room for one more.
    pub(crate) fn open_out(&mut self) -> Answer {
        let (me, port) = (self.process(), self.port());
        if self.outs[port].len() == RIVALS {
            return Ok("taken");
        }
        match Producer::open(&self.ground, me, &self.ground.ports[port]) {
            Ok(end) => self.outs[port].push(Out { end, loans: Vec::new(), kept: Vec::new() }),
            Err(why) => return Ok(not_opened(why)),
        }
        Ok("ok")
    }

    /// The same for the other end.
    pub(crate) fn open_in(&mut self) -> Answer {
        let (me, route) = (self.process(), self.route());
        if self.ground.geometry.rings[route].claimed {
            return self.open_claimed(me, route);
        }
        if self.ins[route].len() == RIVALS {
            return Ok("taken");
        }
        match Consumer::open(&self.ground, me, route) {
            Ok(end) => self.ins[route].push(In { end, held: Vec::new() }),
            Err(why) => return Ok(not_opened(why)),
        }
        Ok("ok")
    }

    /// One more at either end of a claimed ring, and one less of those who are there.
    fn open_claimed(&mut self, me: ProcessId, route: usize) -> Answer {
        let giver = Pusher::open(&self.ground, me, route);
        let opened = giver.map(|end| self.givers.push(Giver { end, loans: Vec::new() }));
        if let Err(why) = opened.and_then(|()| {
            let end = Popper::open(&self.ground, me, route)?;
            self.takers.push(Taker { end, held: Vec::new() });
            Ok(())
        }) {
            return Ok(not_opened(why));
        }
        // Some leave, some die without a word.
        if self.givers.len() > 6 {
            let mut giver = self.givers.remove(self.random.below(6) as usize);
            if self.random.once_in(2) {
                giver.end.close(&self.ground);
            }
        }
        if self.takers.len() > 6 {
            let mut taker = self.takers.remove(self.random.below(6) as usize);
            if self.random.once_in(2) {
                taker.end.close(&self.ground);
            }
        }
        Ok("ok")
    }

    /// Somebody who puts messages into a claimed ring; mostly one of those who fit.
    pub(crate) fn giver(
        &mut self,
        fits: impl Fn(&Giver) -> bool,
    ) -> Option<(&Ground, &mut Random, &mut Giver, &mut Vec<Slot>)> {
        let (random, giver) = choose(&mut self.random, self.givers.iter_mut().collect(), fits)?;
        Some((&*self.ground, random, giver, &mut self.slots))
    }

    /// Somebody who takes messages out of a claimed ring; mostly one of those who fit.
    pub(crate) fn taker(
        &mut self,
        fits: impl Fn(&Taker) -> bool,
    ) -> Option<(&Ground, &mut Random, &mut Taker, &mut Vec<Slot>)> {
        let (random, taker) = choose(&mut self.random, self.takers.iter_mut().collect(), fits)?;
        Some((&*self.ground, random, taker, &mut self.slots))
    }

    /// Somebody who produces; mostly one of those who fit.
    pub(crate) fn out(&mut self, fits: impl Fn(&Out) -> bool) -> Option<(&Ground, &mut Random, &mut Out)> {
        let there = self.outs.iter_mut().flatten().collect();
        choose(&mut self.random, there, fits).map(|(random, out)| (&*self.ground, random, out))
    }

    /// Somebody who consumes; mostly one of those who fit.
    pub(crate) fn inp(&mut self, fits: impl Fn(&In) -> bool) -> Option<(&Ground, &mut Random, &mut In)> {
        let there = self.ins.iter_mut().flatten().collect();
        choose(&mut self.random, there, fits).map(|(random, inp)| (&*self.ground, random, inp))
    }

    /// Somebody who consumes, has a message in hand and could pass it on, and somebody who would pass it on.
    pub(crate) fn both(&mut self) -> Option<(&Ground, &mut In, &mut Out, &mut Random)> {
        let from = self.ins.iter_mut().flatten().collect();
        let (random, inp) = choose(&mut self.random, from, |inp| {
            matches!(inp.end.ring().transfer, Transfer::LoanWrite | Transfer::ConsumeOnce) && !inp.held.is_empty()
        })?;
        let taken = inp.end.ring().transfer == Transfer::ConsumeOnce;
        let onward = if taken { Transfer::ConsumeOnce } else { Transfer::PublishOffset };
        let to = self.outs.iter_mut().flatten().collect();
        let (random, out) = choose(random, to, |out| out.end.ring().transfer == onward)?;
        Some((&*self.ground, inp, out, random))
    }

    /// Somebody who produces, and the slots that were taken.
    pub(crate) fn with_slots(&mut self) -> Option<(&Ground, &mut Out, &mut Vec<Slot>)> {
        let there = self.outs.iter_mut().flatten().collect();
        let (_, out) = choose(&mut self.random, there, |out| out.end.ring().transfer == Transfer::ConsumeOnce)?;
        Some((&*self.ground, out, &mut self.slots))
    }

    /// Somebody who produces leaves.
    pub(crate) fn close_out(&mut self) -> Answer {
        let port = self.port();
        let Some(mut out) = self.outs[port].pop() else { return Ok("nobody") };
        out.end.close(&self.ground);
        Ok("ok")
    }

    /// Somebody who consumes leaves.
    pub(crate) fn close_in(&mut self) -> Answer {
        let route = self.route();
        let Some(mut inp) = self.ins[route].pop() else { return Ok("nobody") };
        if inp.end.close(&self.ground) {
            return Ok("ok");
        }
        // What it lent on is still being read: it stays until then, with nothing in hand.
        inp.held.clear();
        self.ins[route].push(inp);
        Ok("pending")
    }

    /// Somebody dies: private memory is gone.
    pub(crate) fn die(&mut self) -> Answer {
        let (port, route) = (self.port(), self.route());
        let died = self.outs[port].pop().is_some() | self.ins[route].pop().is_some();
        Ok(if died { "ok" } else { "nobody" })
    }
}

fn choose<'a, 'b, T>(
    random: &'a mut Random,
    mut all: Vec<&'b mut T>,
    fits: impl Fn(&T) -> bool,
) -> Option<(&'a mut Random, &'b mut T)> {
    if !random.once_in(16) && all.iter().any(|one| fits(one)) {
        all.retain(|one| fits(one));
    }
    let at = (!all.is_empty()).then(|| random.below(all.len() as u64) as usize)?;
    Some((random, all.swap_remove(at)))
}

fn not_opened(why: NotOpened) -> &'static str {
    match why {
        NotOpened::OwnedBy(_) => "owned",
        NotOpened::Corrupt => "corrupt",
    }
}

/// The name of a refusal.
pub(crate) fn name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Empty => "empty",
        Refusal::Full => "full",
        Refusal::Short => "short",
        Refusal::Limit => "limit",
        Refusal::Ticket => "ticket",
        Refusal::Corrupt => "corrupt",
        Refusal::Mode => "mode",
        Refusal::Unconsumed => "unconsumed",
    }
}
