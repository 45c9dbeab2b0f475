//! The memory of a world: what of it is laid out where, and which of it is kept from being paged out.

use vil_ir::plan::Plan;
use vil_ir::vocabulary::MemoryClass;

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::base::limits::{MAX_STATIC_SIZE, PAGE};
use crate::mem::{Catalog, Geometry, encode, static_size};
use crate::sys::map::Mapping;
use crate::sys::{clock, process};

/// What a world says of itself, where everything lies, and the bytes of the static part.
pub(super) fn lay_out(plan: &Plan, barrier: Barrier) -> Result<(Catalog, Geometry, Vec<u8>), Error> {
    let catalog = Catalog { plan: plan.clone(), created_ticks: clock::ticks(), created_ns: clock::now_ns(), barrier };
    let planned = |reason: String| Error::new(Fault::Program, format!("program `{}`: {reason}", plan.program));
    let fixed = static_size(plan);
    if fixed > MAX_STATIC_SIZE {
        return Err(planned(format!("its plan and text take {fixed} bytes; at most {MAX_STATIC_SIZE}")));
    }
    let geometry = Geometry::compute(plan, fixed).map_err(planned)?;
    let bytes = encode(&catalog, geometry.total_size);
    Ok((catalog, geometry, bytes))
}

/// Keeps the classes that were planned for it in memory.
pub(super) fn pin(mapping: &Mapping, geometry: &Geometry, world: &str) -> Result<(), Error> {
    for class in geometry.classes.iter().filter(|class| class.memory == MemoryClass::PinnedRemote) {
        let size = (u64::from(class.stride) * u64::from(class.count)).next_multiple_of(PAGE);
        mapping.pin(class.offset, size).map_err(|error| {
            let message = format!(
                "world `{world}`: {size} bytes of slots cannot be locked in memory ({error}); this process may lock {} \
                 bytes in all: raise that limit (ulimit -l)",
                process::lockable()
            );
            Error::new(Fault::Memory, message)
        })?;
    }
    Ok(())
}
