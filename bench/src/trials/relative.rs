//! Relative messages in one thread's own memory, through the crate `vil`: a PointCloud2 of `--size` bytes of points that is
//! read, built in place, or verified, by `--step`; and the same bytes as a bare slice. A sample is the mean of a batch.

use std::hint::black_box;

use vil::{Carried, Descriptor, Draft};
use vil_bench::Answer;
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;

use crate::batches::Batches;

#[path = "../../../examples-rust/robot/generated/robot.rs"]
mod robot;

use robot::{PointCloud2, PointCloud2Writer, PointFieldType, Time};

/// Bytes of a point: x, y, z, intensity.
const POINT: usize = 16;

/// Room for a message's head, header and fields beside its points.
const BESIDE: usize = 4096;

/// `vil-trial relative vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    match arguments.text("step").unwrap_or("read") {
        "read" => read(arguments, Way::Vil),
        "build" => build(arguments, Way::Vil),
        "verify" => verify(arguments),
        other => Err(format!("there is no step {other}")),
    }
}

/// `vil-trial relative vil-rust-skip`: the draft skips zeroes, because all points are written.
pub(crate) fn skip(arguments: &Arguments) -> Answer<()> {
    build(arguments, Way::Skips)
}

/// `vil-trial relative raw-rust`.
pub(crate) fn raw(arguments: &Arguments) -> Answer<()> {
    match arguments.text("step").unwrap_or("read") {
        "read" => read(arguments, Way::Raw),
        "build" => build(arguments, Way::Raw),
        other => Err(format!("there is no step {other}")),
    }
}

/// Through views and drafts, through drafts that skip zeroes, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Vil,
    Skips,
    Raw,
}

/// Room for a message with so many bytes of points, aligned to 16.
fn room(size: usize) -> Vec<u128> {
    vec![0; (size + BESIDE).div_ceil(16)]
}

fn bytes(room: &mut [u128]) -> &mut [u8] {
    let size = size_of_val(room);
    // SAFETY: numbers are bytes without holes, and borrowed mutably.
    unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), size) }
}

/// Fills with points that differ with `number`. Never inlined, so that all fill with the same instructions.
#[inline(never)]
fn fill(data: &mut [u8], number: u32) {
    let from = (number & 1023) as f32;
    for (index, point) in data.chunks_exact_mut(POINT).enumerate() {
        let x = index as f32 + from;
        for (place, value) in point.chunks_exact_mut(4).zip([x, x * 0.5, x * 0.25, from]) {
            place.copy_from_slice(&value.to_ne_bytes());
        }
    }
}

fn write(mut cloud: PointCloud2Writer<'_>, size: usize, number: u32) {
    // Before any text: bytes lie right behind what is there, and behind a text wide stores would be misaligned.
    fill(cloud.alloc_data(size).as_mut_slice(), number);
    let mut header = cloud.set_header();
    header.set_stamp(Time { sec: number as i32, nanosec: number });
    header.set_frame_id("lidar");
    let mut fields = cloud.alloc_fields(4);
    for (index, name) in ["x", "y", "z", "intensity"].into_iter().enumerate() {
        let mut field = fields.at(index);
        field.set_name(name);
        field.set_offset(index as u32 * 4);
        field.set_datatype(PointFieldType::FLOAT32);
        field.set_count(1);
    }
    cloud.set_height(1);
    cloud.set_width((size / POINT) as u32);
    cloud.set_point_step(POINT as u32);
    cloud.set_row_step(size as u32);
}

/// Builds one in this memory; its bytes.
fn built(memory: &mut [u8], size: usize, number: u32, skips_zeroes: bool) -> Answer<&[u8]> {
    let mut draft = Draft::<PointCloud2, _>::within(memory);
    if skips_zeroes {
        draft.skip_zeroes();
    }
    write(draft.root(), size, number);
    let finished = draft.finish().map_err(|unfinished| format!("finish answers {unfinished}"))?;
    Ok(finished.into_bytes())
}

fn sum(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.map(u64::from).sum()
}

fn read(arguments: &Arguments, way: Way) -> Answer<()> {
    let size = arguments.size()?;
    let mut memory = room(size);
    let message = built(bytes(&mut memory), size, 1, false)?;
    descriptor()?.verify(message).map_err(|fault| fault.to_string())?;
    pin(arguments.cores()?.a)?;
    let cloud = vil::view::<PointCloud2>(message);
    // SAFETY: the message is in memory of our own, and nobody writes to it.
    let bare = unsafe { cloud.data().as_slice() };
    let expected = sum(bare.iter().copied());
    let warm_up = arguments.number("batch", 64)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    for _ in 0..warm_up + batches.messages() {
        let found = match way {
            Way::Vil | Way::Skips => sum(black_box(&cloud).data().iter()),
            Way::Raw => sum(black_box(&bare).iter().copied()),
        };
        if found != expected {
            return Err("other points".into());
        }
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}

fn build(arguments: &Arguments, way: Way) -> Answer<()> {
    let size = arguments.size()?;
    let mut memory = room(size);
    let memory = bytes(&mut memory);
    pin(arguments.cores()?.a)?;
    let warm_up = arguments.number("batch", 64)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    for number in 0..warm_up + batches.messages() {
        if way == Way::Raw {
            fill(&mut memory[..size], number as u32);
        } else if built(memory, size, number as u32, way == Way::Skips)?.len() <= size {
            return Err("the cloud is too short".into());
        }
        black_box(&mut *memory);
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}

fn descriptor() -> Answer<Descriptor<'static>> {
    Descriptor::new(PointCloud2::DESCRIPTOR).ok_or_else(|| "the descriptor is too short".into())
}

fn verify(arguments: &Arguments) -> Answer<()> {
    let size = arguments.size()?;
    let mut memory = room(size);
    let message = built(bytes(&mut memory), size, 1, false)?;
    let descriptor = descriptor()?;
    pin(arguments.cores()?.a)?;
    let warm_up = arguments.number("batch", 64)?;
    let mut batches = Batches::new(arguments, warm_up)?;
    for _ in 0..warm_up + batches.messages() {
        descriptor.verify(black_box(message)).map_err(|fault| fault.to_string())?;
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}
