//! A world without a program: blocks of one size and queues of descriptors, planned from a handful of numbers.
//!
//! It is a program all the same (`vil_ir::builder::heap`), so that everything else, tools included, sees nothing new.
//! Here its numbers are bounded.

use vil_ir::builder::{HeapShape, heap};
use vil_ir::limits::{MAX_CAPACITY, MAX_FLAT_SIZE, MAX_ROUTES};
use vil_ir::plan::{Plan, plan_program};

use crate::base::error::{Error, Fault};

/// Plans a heap with queues; `Argument` names the number that is out of range.
pub fn plan_heap(shape: HeapShape) -> Result<Plan, Error> {
    bounded("slot_size", shape.block_size, MAX_FLAT_SIZE)?;
    bounded("queue_count", shape.queue_count, MAX_ROUTES)?;
    bounded("queue_capacity", shape.queue_capacity, MAX_CAPACITY)?;
    bounded("loans", shape.loans, MAX_CAPACITY)?;
    if !shape.queue_capacity.is_power_of_two() {
        return Err(Error::new(
            Fault::Argument,
            format!("queue_capacity {} is not a power of two", shape.queue_capacity),
        ));
    }
    plan_program(&heap(shape)).map_err(|error| Error::new(Fault::Argument, error.to_string()))
}

fn bounded(what: &str, number: u32, high: u32) -> Result<(), Error> {
    if (1..=high).contains(&number) {
        return Ok(());
    }
    Err(Error::new(Fault::Argument, format!("{what} {number}; 1 to {high} are legal")))
}
