//! Peers that live in the memory of one process, between two of its threads: their types hold pointers, and none of them can
//! be placed in memory that is shared by processes. They copy elements of 16 bytes.

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{self, End, Side};
use crate::line::Line;
use crate::machine::pin;

/// An element: a number and a payload.
type Element = [u64; 2];

/// Runs both sides on threads of this process; what side A says.
pub(crate) fn both(arguments: &Arguments) -> Answer<Line> {
    let capacity = arguments.capacity()?;
    match arguments.subject.as_str() {
        "rtrb" => {
            let ((to_b, from_a), (to_a, from_b)) = (rtrb::RingBuffer::new(capacity), rtrb::RingBuffer::new(capacity));
            exchanged(arguments, Rtrb { out: to_b, into: from_b }, Rtrb { out: to_a, into: from_a })
        }
        _ => {
            let (to_a, to_b) = (crossbeam_queue::ArrayQueue::new(capacity), crossbeam_queue::ArrayQueue::new(capacity));
            exchanged(arguments, Crossbeam { out: &to_b, into: &to_a }, Crossbeam { out: &to_a, into: &to_b })
        }
    }
}

fn exchanged(arguments: &Arguments, mut a: impl End + Send, mut b: impl End + Send) -> Answer<Line> {
    if arguments.size()? != 16 {
        return Err("its elements are of 16 bytes; what is larger it would copy".into());
    }
    let cores = arguments.cores()?;
    std::thread::scope(|scope| {
        let answers = scope.spawn(move || pin(cores.b).and_then(|()| drive::run(arguments, Side::B, &mut b)));
        pin(cores.a)?;
        let line = drive::run(arguments, Side::A, &mut a)?;
        answers.join().map_err(|_| "the other thread panicked".to_owned())??;
        line.ok_or_else(|| "nothing was measured".to_owned())
    })
}

/// Receiving from a queue that is empty.
pub(crate) fn empty(arguments: &Arguments) -> Answer<Line> {
    pin(arguments.cores()?.a)?;
    let capacity = arguments.capacity()?;
    if arguments.subject == "rtrb" {
        let (_out, mut into) = rtrb::RingBuffer::<Element>::new(capacity);
        return drive::alone(arguments, |_| assert!(std::hint::black_box(into.pop()).is_err(), "it is not empty"));
    }
    let queue = crossbeam_queue::ArrayQueue::<Element>::new(capacity);
    drive::alone(arguments, |_| assert!(std::hint::black_box(queue.pop()).is_none(), "it is not empty"))
}

/// Pushing and popping in one thread.
pub(crate) fn one_thread(arguments: &Arguments) -> Answer<Line> {
    pin(arguments.cores()?.a)?;
    let capacity = arguments.capacity()?;
    if arguments.subject == "rtrb" {
        let (out, into) = rtrb::RingBuffer::new(capacity);
        let mut both = Rtrb { out, into };
        return drive::alone(arguments, |number| there_and_back(&mut both, number));
    }
    let queue = crossbeam_queue::ArrayQueue::new(capacity);
    let mut both = Crossbeam { out: &queue, into: &queue };
    drive::alone(arguments, |number| there_and_back(&mut both, number))
}

#[inline(always)]
fn there_and_back(both: &mut impl End, number: u64) {
    assert!(both.send(number), "there is room");
    assert_eq!(both.receive(), Some(number), "it comes back");
}

struct Rtrb {
    out: rtrb::Producer<Element>,
    into: rtrb::Consumer<Element>,
}

impl End for Rtrb {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        self.out.push([number, number]).is_ok()
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        self.into.pop().ok().map(|element| element[0])
    }

    #[inline(always)]
    fn send_many(&mut self, first: u64, count: u64) -> u64 {
        let count = count as usize;
        let chunk = match self.out.write_chunk_uninit(count) {
            Ok(chunk) => chunk,
            Err(rtrb::chunks::ChunkError::TooFewSlots(0)) => return 0,
            Err(rtrb::chunks::ChunkError::TooFewSlots(room)) => match self.out.write_chunk_uninit(room) {
                Ok(chunk) => chunk,
                Err(_) => return 0,
            },
        };
        chunk.fill_from_iter((first..).map(|number| [number, number])) as u64
    }

    #[inline(always)]
    fn receive_many(&mut self, first: u64, count: u64) -> u64 {
        let there = self.into.slots().min(count as usize);
        let Ok(chunk) = self.into.read_chunk(there) else { return 0 };
        for (element, expected) in chunk.into_iter().zip(first..) {
            drive::check(element[0], expected);
        }
        there as u64
    }
}

struct Crossbeam<'a> {
    out: &'a crossbeam_queue::ArrayQueue<Element>,
    into: &'a crossbeam_queue::ArrayQueue<Element>,
}

impl End for Crossbeam<'_> {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        self.out.push([number, number]).is_ok()
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        self.into.pop().map(|element| element[0])
    }
}
