//! Queues of a heap: one end each. What is pushed is given up, and what is popped is the popper's own.
//!
//! A block is in exactly one place at a time: in somebody's hands, or in one queue. On the way it changes hands by one
//! CAS on its slot's word, so a death anywhere loses at most what the dead one had in its hands.

use std::sync::Arc;

use vil_ir::vocabulary::Backpressure;

use crate::base::error::{Error, Fault};
use crate::heap::{Block, Denial, Handed, Slot, give_back};
use crate::mem::RingGeometry;
use crate::queue::{Side, claimed, passed};
use crate::registry::trail::{Event, Kind, record_in_steps};
use crate::stats;
use crate::world::{Batch, Heap, Receiver, Sender, Stop};

/// The end of a queue that blocks are pushed into. One thread at a time.
#[derive(Debug)]
pub struct PushEnd {
    sender: Sender,
    heap: Arc<Heap>,
    index: usize,
}

/// The end of a queue that blocks are popped from. One thread at a time.
#[derive(Debug)]
pub struct PopEnd {
    receiver: Receiver,
    heap: Arc<Heap>,
    index: usize,
}

impl PushEnd {
    /// Opens the pushing end of a queue. A dead predecessor is recovered first; in a queue of several processes at
    /// either end nobody has to be gone.
    pub fn open(heap: &Arc<Heap>, index: usize) -> Result<PushEnd, Error> {
        check(heap, index)?;
        Ok(PushEnd { sender: Sender::open_routes(heap.world(), &[index])?, heap: Arc::clone(heap), index })
    }

    /// The heap it is of.
    pub fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    /// Pushes a block. On every answer but `Ok` and `Dropped` it is still in our hands.
    pub fn push(&mut self, block: impl Into<Handed>) -> Result<(), Stop> {
        let handed = block.into();
        let given = self.heap.allocator().give_up(self.heap.world().shared(), handed);
        let slot = given.map_err(|denial| stop(&self.heap, denial, Kind::PublishedTwice, handed.reference))?;
        match self.sender.push_slot(slot) {
            Ok(()) => Ok(()),
            Err(Stop::Full) if self.backpressure() == Backpressure::DropNewest => Err(self.drop_newest(slot)),
            Err(why) => {
                // The word of the slot names us as before, so it goes back to where it came from.
                let _ = self.heap.allocator().adopt(self.heap.world().shared(), slot);
                Err(why)
            }
        }
    }

    /// Pushes blocks in their order until one stays in our hands. One that the queue drops does not end it.
    pub fn push_batch(&mut self, blocks: impl Iterator<Item = impl Into<Handed>>) -> Batch {
        let mut batch = Batch { done: 0, answer: Ok(()) };
        for block in blocks {
            match self.push(block) {
                Ok(()) => {}
                Err(Stop::Dropped) => batch.answer = Err(Stop::Dropped),
                Err(why) => return Batch { answer: Err(why), ..batch },
            }
            batch.done += 1;
        }
        batch
    }

    /// Blocks that lie in the queue.
    pub fn depth(&self) -> u32 {
        depth(&self.heap, self.index)
    }

    fn backpressure(&self) -> Backpressure {
        self.heap.shape().queues[self.index].backpressure
    }

    /// The block returns to the pool, counted and in the trail. A crash in between frees it all the same.
    #[cold]
    fn drop_newest(&self, slot: Slot) -> Stop {
        let world = self.heap.world();
        let so_far = stats::count_refused(world.shared(), ring(&self.heap, self.index));
        let event = Event::new(Kind::DroppedNewest, world.me()).on(self.index);
        record_in_steps(world.shared(), event, so_far);
        give_back(world.shared(), world.me(), slot);
        Stop::Dropped
    }
}

impl PopEnd {
    /// Opens the popping end of a queue, like `PushEnd::open`.
    pub fn open(heap: &Arc<Heap>, index: usize) -> Result<PopEnd, Error> {
        check(heap, index)?;
        Ok(PopEnd { receiver: Receiver::open_routes(heap.world(), &[index])?, heap: Arc::clone(heap), index })
    }

    /// The heap it is of.
    pub fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    /// The next block, waiting for at most `timeout_ns`; 0 does not wait. It is ours from here on.
    pub fn pop(&mut self, timeout_ns: u64) -> Result<Block, Stop> {
        if !self.heap.allocator().may_adopt(self.heap.world().shared()) {
            return Err(Stop::Fault(Fault::Limit));
        }
        let received = self.receiver.receive(timeout_ns)?;
        let slot = self.receiver.take_slot(received.route, received.message.ticket)?;
        let adopted = self.heap.allocator().adopt(self.heap.world().shared(), slot);
        adopted.map_err(|_| Stop::Fault(Fault::Corrupt))
    }

    /// Pops blocks into `places` until it is full or the queue is empty; waits for the first one only.
    pub fn pop_batch(&mut self, timeout_ns: u64, places: &mut [Option<Block>]) -> Batch {
        let mut done = 0;
        for place in places {
            match self.pop(if done == 0 { timeout_ns } else { 0 }) {
                Ok(block) => *place = Some(block),
                Err(why) => return Batch::ended(done, why),
            }
            done += 1;
        }
        Batch { done, answer: Ok(()) }
    }

    /// Blocks that lie in the queue.
    pub fn depth(&self) -> u32 {
        depth(&self.heap, self.index)
    }
}

fn ring(heap: &Heap, index: usize) -> &RingGeometry {
    &heap.world().shared().geometry.rings[index]
}

fn depth(heap: &Heap, index: usize) -> u32 {
    let (shared, ring) = (heap.world().shared(), ring(heap, index));
    if ring.claimed {
        return claimed::depth(shared, ring);
    }
    // Head before tail, so that it is never negative.
    let popped = passed(shared, ring, Side::Head);
    passed(shared, ring, Side::Tail).saturating_sub(popped).min(u64::from(ring.capacity)) as u32
}

fn check(heap: &Heap, index: usize) -> Result<(), Error> {
    let queues = heap.shape().queues.len();
    if index < queues {
        return Ok(());
    }
    let message =
        format!("heap `{}` has {queues} queues, the first is 0; there is no queue {index}", heap.world().name());
    Err(Error::new(Fault::Argument, message))
}

#[cold]
fn stop(heap: &Heap, denial: Denial, kind: Kind, reference: u64) -> Stop {
    Stop::Fault(heap.blame(denial, kind, reference).fault())
}
