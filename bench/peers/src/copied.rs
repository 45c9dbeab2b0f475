//! Copying memory: what the machine itself needs for so many bytes.

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive;
use crate::line::Line;
use crate::machine::pin;

/// Copies messages from one buffer to another, by the C library's memcpy.
pub(crate) fn run(arguments: &Arguments) -> Answer<Line> {
    pin(arguments.cores()?.a)?;
    let size = arguments.size()?;
    let (source, mut target) = (vec![1u8; size], vec![2u8; size]);
    let line = drive::alone(arguments, |_| {
        std::hint::black_box(&mut target).copy_from_slice(std::hint::black_box(&source));
    });
    Ok(line?.text("shape", "one thread, one buffer to another, both touched before"))
}
