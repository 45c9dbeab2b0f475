//! A heap through the crate `vil`. `--operation local`: a block is allocated, its first word written, and freed. `--operation
//! across`: one process allocates, writes and pushes blocks into a queue, this one pops, reads and frees them, and measures.

use std::time::Duration;

use vil::{Heap, HeapOptions, Popper, Pusher, QueueShape, Status, WhenFull};
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::{Answer, say_ready};

use crate::batches::Batches;
use crate::exchange::{said, status, world_name};
use crate::warm_up;

/// Blocks of the class that is measured, and of the queue's cells.
const BLOCKS: u32 = 4096;
const CELLS: u32 = 256;

/// Bytes that a block's address is a multiple of.
const ALIGN: usize = 16;

/// `vil-trial heap vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    match (arguments.role(), arguments.text("operation")) {
        (Some(_), _) => produce(arguments),
        (None, Some("across")) => consume(arguments),
        (None, _) => local(arguments),
    }
}

fn made(arguments: &Arguments, name: &str) -> Answer<Heap> {
    let size = u32::try_from(arguments.size()?).map_err(|_| "too large a block")?;
    let queue = QueueShape { capacity: CELLS, when_full: WhenFull::Fails, ..QueueShape::default() };
    HeapOptions::new().class(size, BLOCKS).queue(queue).create(name).map_err(said)
}

fn local(arguments: &Arguments) -> Answer<()> {
    let (size, name, warm_up) = (arguments.size()?, world_name(), warm_up(arguments)?);
    pin(arguments.cores()?.a)?;
    let heap = made(arguments, &name)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    for number in 0..warm_up + batches.messages() {
        let mut block = heap.alloc(size, ALIGN).map_err(said)?;
        write(&mut block, number as u64);
        drop(std::hint::black_box(block));
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}

fn consume(arguments: &Arguments) -> Answer<()> {
    let (cores, name, warm_up) = (arguments.cores()?, world_name(), warm_up(arguments)?);
    let relax = Relax::on(cores);
    pin(cores.a)?;
    let heap = made(arguments, &name)?;
    let popper = Popper::open(&heap, 0).map_err(said)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    let mut peer = Peer::start(arguments, "produce", &[("world", name)])?;
    peer.ready()?;
    for number in 0..warm_up + batches.messages() {
        let block = loop {
            match popper.pop(Duration::ZERO) {
                Ok(block) => break block,
                Err(Status::EMPTY) => relax.once(),
                Err(other) => return Err(status("pop")(other)),
            }
        };
        if block[..8] != (number as u64).to_ne_bytes() {
            return Err(format!("another block than number {number}"));
        }
        drop(block);
        batches.received();
    }
    let line = batches.line(arguments);
    peer.end()?;
    line.say();
    Ok(())
}

fn produce(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    let (cores, size) = (arguments.cores()?, arguments.size()?);
    let relax = Relax::on(cores);
    pin(cores.b)?;
    let heap = Heap::open(arguments.wanted("world")?).map_err(said)?;
    let pusher = Pusher::open(&heap, 0).map_err(said)?;
    let blocks = warm_up(arguments)? + Batches::new(arguments, 1)?.messages();
    say_ready()?;
    for number in 0..blocks {
        let mut block = loop {
            match heap.alloc(size, ALIGN) {
                Ok(block) => break block,
                Err(error) if error.status == Status::E_NOMEM => relax.once(),
                Err(error) => return Err(said(error)),
            }
        };
        write(&mut block, number as u64);
        while let Err(held) = pusher.push(block) {
            match (held.status, held.block) {
                (Status::FULL, Some(held)) => block = held,
                (other, _) => return Err(status("push")(other)),
            }
            relax.once();
        }
    }
    Ok(())
}

#[inline(always)]
fn write(block: &mut [u8], number: u64) {
    block[..8].copy_from_slice(&number.to_ne_bytes());
}
