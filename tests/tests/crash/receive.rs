//! The consuming side of a stage: messages in hand, and messages that were sent on and come back.

use std::mem::MaybeUninit;

use vil_core::exchange::{Message, Refusal};

use crate::memory::{SIZE, content_of, offset_of, read};
use crate::private::{Letter, Taken, Wrong};
use crate::send::answered;
use crate::stage::{Stage, View, differ};
use crate::town::Way;

impl Stage<'_> {
    /// Receives the next message and compares it; false when there is none or the hands are full.
    pub(crate) fn receive(&mut self, route: usize) -> Result<bool, Wrong> {
        let shared = self.shared;
        let limit = self.private.town.roads[route].loans.1 as usize;
        let before = self.view(route);
        let expected = self.next(route);
        let letter = self.private.lines[route].letter(expected);
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let answer = inp.end.receive(shared);
        self.meet();
        let line = self.line(route);
        let Some(inp) = &line.inp else { return Err("nobody consumes".into()) };
        let in_hand = inp.held.len();
        let [was_there, is_there] = [before.published, line.published].map(|published| expected < published);
        let letter = letter.or(line.letter(expected));
        let done = match answer {
            Ok(message) if is_there && in_hand < limit => {
                self.compare(route, &message, expected, letter)?;
                true
            }
            Err(Refusal::Empty) if !was_there => false,
            Err(Refusal::Limit) if is_there && in_hand == limit => false,
            other => return differ("receive, where a message is there", &is_there, &other),
        };
        self.after_receive(route, before, done.then_some(expected))?;
        Ok(done)
    }

    /// Number of the message that comes next.
    fn next(&self, route: usize) -> u64 {
        let line = &self.private.lines[route];
        line.present(line.inp.as_ref().map_or(0, |inp| inp.next))
    }

    fn compare(&mut self, route: usize, message: &Message, number: u64, letter: Option<Letter>) -> Result<(), Wrong> {
        let shared = self.shared;
        let is_reply = self.private.town.roads[route].way == Way::Reply;
        let expected = (number, letter.map(|letter| letter.content));
        let found = (message.number, read(message.data));
        let Some(letter) = letter.filter(|_| found == expected) else {
            return differ("a received message", &expected, &found);
        };
        if is_reply && message.answers != answered(letter.content) {
            return differ("what a message answers", &answered(letter.content), &message.answers);
        }
        let offset = offset_of(shared, message.data);
        if let Some(inp) = &mut self.line(route).inp {
            inp.held.push(Taken { ticket: message.ticket, number, offset, letter });
            inp.next = number + 1;
        }
        Ok(())
    }

    /// Where head stands after a receive: over what was taken or lost, or over what was lent and came back.
    fn after_receive(&mut self, route: usize, before: View, taken: Option<u64>) -> Result<(), Wrong> {
        if self.private.town.roads[route].way != Way::Once {
            let (low, high) = self.private.heads(route, &[]);
            return self.follow_head(route, |head| (low..=high).contains(&head));
        }
        if let Some(number) = taken {
            return self.follow_head(route, |head| head == number + 1);
        }
        // Nothing is there but what others lost, or the hands are full.
        let line = &self.private.lines[route];
        let next = line.present(line.head);
        self.follow_head(route, |head| head == before.head || head == next)?;
        let line = self.line(route);
        let head = line.head;
        if let Some(inp) = &mut line.inp {
            inp.next = inp.next.max(head);
        }
        Ok(())
    }

    /// Ends a message in hand. One that was taken goes back unconsumed, and is told so.
    pub(crate) fn release(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let is_taken = self.private.town.roads[route].way == Way::Once;
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let taken = inp.held.remove(position);
        let answer = inp.end.release(shared, taken.ticket);
        self.meet();
        let expected = if is_taken { Err(Refusal::Unconsumed) } else { Ok(()) };
        if answer != expected {
            return differ("release", &expected, &answer);
        }
        if is_taken {
            return Ok(());
        }
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        inp.released.push(taken.number);
        let (low, high) = self.private.heads(route, &[]);
        self.follow_head(route, |head| (low..=high).contains(&head))
    }

    /// Ends all messages in hand from a position on, the last one first.
    pub(crate) fn release_many(&mut self, route: usize, first: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let mut ended = inp.held.split_off(first);
        ended.reverse();
        let tickets: Vec<u64> = ended.iter().map(|taken| taken.ticket).collect();
        let batch = inp.end.release_many(shared, tickets.iter().copied());
        self.meet();
        if (batch.done, batch.answer) != (tickets.len(), Ok(())) {
            return differ("release of many", &tickets.len(), &batch);
        }
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        inp.released.extend(ended.iter().map(|taken| taken.number));
        let (low, high) = self.private.heads(route, &[]);
        self.follow_head(route, |head| (low..=high).contains(&head))
    }

    /// Copies out all that is there and ends it.
    pub(crate) fn read_all(&mut self, route: usize) -> Result<(), Wrong> {
        let (shared, size) = (self.shared, SIZE as usize);
        let (before, first) = (self.view(route).published, self.next(route));
        let capacity = self.private.town.roads[route].capacity as usize;
        // What a peer moves in between is not in the ring any more when this returns.
        let known: Vec<Option<Letter>> =
            (first..before).map(|number| self.private.lines[route].letter(number)).collect();
        let mut bytes = vec![MaybeUninit::new(0); capacity * size];
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let one = inp.end.read_at_once(shared, &mut bytes[..size]).flatten();
        if one == Some(true) {
            inp.end.wake(shared);
        }
        let alone = usize::from(one.is_some());
        let done = alone + inp.end.read_many(shared, &mut bytes[alone * size..], size);
        self.meet();
        let line = self.line(route);
        let most = line.published - first;
        let least = (before - first).min(capacity as u64);
        if !(least..=most).contains(&(done as u64)) {
            return differ("messages read", &(least, most), &done);
        }
        for (at, message) in bytes.chunks_exact(size).take(done).enumerate() {
            let number = first + at as u64;
            let letter = known.get(at).copied().flatten().or(line.letter(number));
            let (found, letter) = (content_of(message), letter.map(|letter| letter.content));
            if found.is_none() || found != letter {
                return differ("a message that was read", &(number, letter), &found);
            }
        }
        let Some(inp) = &mut line.inp else { return Err("nobody consumes".into()) };
        inp.released.extend(first..first + done as u64);
        inp.next = first + done as u64;
        let (low, high) = self.private.heads(route, &[]);
        self.follow_head(route, |head| (low..=high).contains(&head))
    }

    /// Ends a taken message that was used.
    pub(crate) fn consume(&mut self, route: usize, position: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        let taken = inp.held.remove(position);
        let answer = inp.end.consume(shared, taken.ticket);
        self.meet();
        answer.map_err(|why| format!("consume: {why:?}"))
    }

    /// Looks whether what was lent has come back, as every empty poll does.
    pub(crate) fn settle(&mut self, route: usize) -> Result<(), Wrong> {
        let shared = self.shared;
        let (_, all) = self.private.heads(route, &[]);
        let Some(inp) = &mut self.line(route).inp else { return Err("nobody consumes".into()) };
        inp.end.settle(shared);
        self.meet();
        let (_, high) = self.private.heads(route, &[]);
        self.follow_head(route, |head| (all..=high).contains(&head))
    }
}
