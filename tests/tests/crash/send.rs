//! The producing side of a stage: loans, messages, and messages of others that are sent on.

use vil_core::exchange::{Forward, Refusal};
use vil_core::registry;

use crate::memory::{SIZE, bytes, offset_of, write};
use crate::private::{Lent, Letter, Loaned, Wrong};
use crate::stage::{Stage, View, differ};
use crate::town::Way;

/// What the answers of a reply route are numbered by: a number that follows from the content.
pub(crate) fn answered(content: u64) -> u64 {
    content.rotate_left(29)
}

impl Stage<'_> {
    /// Loans and writes a new content; false when the end holds as many as it may, or the pool is short.
    pub(crate) fn loan(&mut self, route: usize) -> Result<bool, Wrong> {
        let (shared, lead) = (self.shared, self.private.town.lead(route));
        let limit = self.private.town.roads[lead].loans.0 as usize;
        let is_scarce = self.private.scarce || self.private.zombies != 0;
        let content = self.private.new_contents(1)[0];
        self.private.nonce += 1;
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let mut answer = out.end.loan(shared);
        if answer == Err(Refusal::Short) {
            registry::sweep(shared);
            answer = out.end.loan(shared);
        }
        self.meet();
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let in_hand = out.loans.len() + out.kept.len();
        match answer {
            Ok(loan) if in_hand < limit => {
                write(loan.data, content);
                out.loans.push(Loaned { ticket: loan.ticket, offset: offset_of(shared, loan.data), content });
                Ok(true)
            }
            Err(Refusal::Limit) if in_hand == limit => Ok(false),
            // Slots of the dead come back with their recovery.
            Err(Refusal::Short) if is_scarce => Ok(false),
            other => Err(format!("loan on {route} with {in_hand} of {limit}: {other:?}")),
        }
    }

    /// Publishes one of the loans; false when a ring is full. `keep`: and goes on reading it.
    pub(crate) fn publish(&mut self, route: usize, position: usize, keep: bool) -> Result<bool, Wrong> {
        let (shared, lead) = (self.shared, self.private.town.lead(route));
        let way = self.private.town.roads[lead].way;
        let before = self.views(lead);
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let loan = out.loans[position].clone();
        let answer = match way {
            Way::Reply => out.end.answer(shared, loan.ticket, lead as u32 - 1, answered(loan.content)),
            _ if keep => out.end.keep(shared, loan.ticket),
            _ => out.end.publish(shared, loan.ticket),
        };
        self.meet();
        let letter = Letter { content: loan.content, source: None };
        let done = self.sent(lead, &before, answer, letter)?;
        if let Some(out) = self.line(lead).out.as_mut().filter(|_| done) {
            let loan = out.loans.remove(position);
            out.kept.extend(keep.then_some(loan));
        }
        Ok(done)
    }

    /// Publishes all loans in one call; false when not all of them fit.
    pub(crate) fn publish_many(&mut self, route: usize) -> Result<bool, Wrong> {
        let (shared, lead) = (self.shared, self.private.town.lead(route));
        let before = self.views(lead);
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let loans = out.loans.clone();
        let tickets: Vec<u64> = loans.iter().map(|loan| loan.ticket).collect();
        let batch = out.end.publish_many(shared, tickets.iter().copied());
        self.meet();
        let is_all = batch.done == tickets.len();
        if batch.answer != if is_all { Ok(()) } else { Err(Refusal::Full) } {
            return differ("publish of many", &tickets.len(), &batch);
        }
        let letters = loans[..batch.done].iter().map(|loan| Letter { content: loan.content, source: None });
        match self.meeting {
            Some(_) => self.sent_meanwhile(lead, &before, letters)?,
            None => self.sent_in_turn(lead, letters, is_all)?,
        }
        if let Some(out) = &mut self.line(lead).out {
            out.loans.drain(..batch.done);
        }
        Ok(is_all)
    }

    /// Sends new contents inside cells; false when not all of them fit.
    pub(crate) fn send_inside(&mut self, route: usize, count: usize) -> Result<bool, Wrong> {
        let (shared, lead) = (self.shared, self.private.town.lead(route));
        let before = self.views(lead);
        let contents = self.private.new_contents(count);
        self.private.nonce += count as u64;
        let (bytes, size) = (bytes(&contents), SIZE as usize);
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let first = out.end.send_inside_at_once(shared, &bytes[..size]);
        if first == Some(true) {
            out.end.follow_up(shared);
        }
        let mut done = usize::from(first.is_some());
        // Again, because a ring that is full may be skipped for nobody.
        while let more @ 1.. = out.end.send_inside(shared, &bytes[done * size..]) {
            done += more;
        }
        self.meet();
        let letters = contents[..done].iter().map(|content| Letter { content: *content, source: None });
        match self.meeting {
            Some(_) => self.sent_meanwhile(lead, &before, letters)?,
            None => self.sent_in_turn(lead, letters, done == count)?,
        }
        Ok(done == count)
    }

    /// Several messages were published, and the peers did something meanwhile: heads stand somewhere in what there was.
    fn sent_meanwhile(
        &mut self,
        lead: usize,
        before: &[View],
        letters: impl Iterator<Item = Letter>,
    ) -> Result<(), Wrong> {
        for (at, letter) in letters.enumerate() {
            for (route, before) in self.private.town.port(lead).into_iter().zip(before) {
                self.line(route).add(before.published + at as u64, letter);
            }
        }
        for route in self.private.town.port(lead) {
            let line = &self.private.lines[route];
            let (low, high) = (line.head, if self.is_best_effort(route) { line.published } else { line.head });
            self.follow_head(route, |head| (low..=high).contains(&head))?;
        }
        Ok(())
    }

    /// Several messages were published, each as if alone, until one did not fit.
    fn sent_in_turn(&mut self, lead: usize, letters: impl Iterator<Item = Letter>, is_all: bool) -> Result<(), Wrong> {
        let port = self.private.town.port(lead);
        for letter in letters {
            for &route in &port {
                let view = self.view(route);
                if !view.takes() {
                    return Err(format!("published on {route}, which is full"));
                }
                self.line(route).move_head(view.head_after_publish());
                self.line(route).add(view.published, letter);
            }
        }
        let views: Vec<View> = port.iter().map(|route| self.view(*route)).collect();
        if !is_all && views.iter().all(|view| view.takes()) {
            return Err("a message was not published although it fits".into());
        }
        // The one that did not fit made room in the rings before the one that is full.
        let skipped = views.iter().take_while(|view| !is_all && view.takes()).count();
        for (at, (route, view)) in port.into_iter().zip(views).enumerate() {
            let head = if at < skipped { view.head_after_publish() } else { view.head };
            self.follow_head(route, |found| found == head)?;
        }
        Ok(())
    }

    /// The producer has read enough of a kept message.
    pub(crate) fn unkeep(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let lead = self.private.town.lead(route);
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let kept = out.kept.remove(position);
        out.end.release(kept.ticket).map_err(|why| format!("release of a kept message: {why:?}"))
    }

    /// Sends a message in hand on by another route: moves it where it was taken, else lends it. False when that is full.
    pub(crate) fn forward(&mut self, from: usize, position: usize, to: usize) -> Result<bool, Wrong> {
        let shared = self.shared;
        let before = self.views(to);
        let Some(mut inp) = self.line(from).inp.take() else { return Err("nobody consumes".into()) };
        let taken = inp.held[position].clone();
        let (slot, how) = inp.end.forwardable(taken.ticket).map_err(|why| format!("not forwardable: {why:?}"))?;
        let Some(out) = &mut self.line(to).out else { return Err("nobody produces".into()) };
        let answer = match how {
            Forward::Taken => {
                let answer = out.end.push_slot(shared, slot);
                answer.and_then(|()| inp.end.take_slot(taken.ticket).map(drop))
            }
            Forward::Borrowed => {
                let answer = out.end.lend_on(shared, slot, from);
                answer.and_then(|index| inp.end.lend(shared, taken.ticket, to, index))
            }
        };
        if answer.is_ok() {
            inp.held.remove(position);
            let lent = Lent { number: taken.number, to: (to, before[0].published) };
            inp.lent.extend((how == Forward::Borrowed).then_some(lent));
        }
        self.line(from).inp = Some(inp);
        self.meet();
        let source = (how == Forward::Borrowed).then_some(from);
        self.sent(to, &before, answer, Letter { source, ..taken.letter })
    }

    /// What the model says of every ring of a port.
    fn views(&self, lead: usize) -> Vec<View> {
        self.private.town.port(lead).into_iter().map(|route| self.view(route)).collect()
    }

    /// Compares the answer of a publish with what every ring had room for, before and after a preemption.
    fn sent(
        &mut self,
        lead: usize,
        before: &[View],
        answer: Result<(), Refusal>,
        letter: Letter,
    ) -> Result<bool, Wrong> {
        // What we published ourselves does not count as what was there.
        let after = self.views(lead).into_iter().zip(before);
        let after: Vec<View> = after.map(|(view, before)| View { published: before.published, ..view }).collect();
        let fits = |views: &[View]| views.iter().all(|view| view.takes());
        let (fitted, fit) = (fits(before), fits(&after));
        let done = match answer {
            Ok(()) if fitted || fit || self.meeting.is_some() => true,
            Err(Refusal::Full) if !fitted || !fit || self.meeting.is_some() => false,
            other => return differ("publish, where it fits", &fitted, &other),
        };
        for ((route, before), after) in self.private.town.port(lead).into_iter().zip(before).zip(&after) {
            if done {
                self.line(route).add(before.published, letter);
            }
            let is_exact = self.meeting.is_none();
            let legal = [before.head_after_publish(), after.head_after_publish(), after.head];
            let legal = if is_exact { &legal[..1] } else { &legal[..] };
            self.follow_head(route, |head| legal.contains(&head))?;
            if !done && !before.takes() && is_exact {
                break;
            }
        }
        Ok(done)
    }

    pub(crate) fn discard(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let lead = self.private.town.lead(route);
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let loan = out.loans.remove(position);
        out.end.discard(loan.ticket).map_err(|why| format!("discard: {why:?}"))
    }

    pub(crate) fn drop_newest(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let (shared, lead) = (self.shared, self.private.town.lead(route));
        let Some(out) = &mut self.line(lead).out else { return Err("nobody produces".into()) };
        let loan = out.loans.remove(position);
        let answer = out.end.drop_newest(shared, loan.ticket);
        self.meet();
        answer.map_err(|why| format!("drop_newest: {why:?}"))
    }
}
