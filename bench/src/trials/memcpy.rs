//! The machine's memcpy: one thread copies messages of the given size, over as many buffers as a stream has slots, so both
//! meet the same caches. What a stream of filled messages is held against.

use vil_bench::Answer;
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;

use crate::batches::Batches;
use crate::warm_up;

/// `vil-trial stream memcpy`.
pub(crate) fn stream(arguments: &Arguments) -> Answer<()> {
    let (size, cells, warm_up) = (arguments.size()?, arguments.number("cells", 256)?.max(1), warm_up(arguments)?);
    pin(arguments.cores()?.a)?;
    let source = vec![1u8; size * cells];
    let mut target = vec![2u8; size * cells];
    let mut batches = Batches::new(arguments, warm_up)?;
    for number in 0..warm_up + batches.messages() {
        let at = number % cells * size;
        std::hint::black_box(&mut target[at..at + size]).copy_from_slice(std::hint::black_box(&source[at..at + size]));
        batches.received();
    }
    batches.line(arguments).say();
    Ok(())
}
