//! A heap without a program: blocks of several sizes in shared memory, for everybody who opens it.
//!
//! It is a world like any other, planned from its shape, so that liveness, recovery and tools see nothing new. Any
//! thread may use it: a private lock keeps the threads of a process apart, and no other process ever waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vil_ir::heap::HeapShape;
use vil_ir::limits::MAX_BLOCK_ALIGN;
use vil_ir::plan::Plan;
use vil_ir::vocabulary::MemoryClass;

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::heap::{Allocator, Block, Cap, ClassStats, Denial, Handed};
use crate::mem::{Geometry, static_size};
use crate::registry::Audit;
use crate::registry::trail::{self, Event, Kind};
use crate::sys::file::RuntimeDir;
use crate::world::{Contract, World};

const NO_ROLE: Contract<'static> = Contract { process: None, ports: &[] };

/// A heap that this process has open.
#[derive(Debug)]
pub struct Heap {
    world: Arc<World>,
    shape: HeapShape,
    allocator: Mutex<Allocator>,
}

impl Heap {
    /// Creates a heap and opens it; `wish` as in `World::create_with`. One of this name in which nobody lives any more is
    /// replaced. A heap in local_scratch is this process's alone, whatever others are called.
    pub fn create(dir: &RuntimeDir, name: &str, shape: &HeapShape, wish: Barrier) -> Result<Arc<Heap>, Error> {
        let plan = plan_heap(shape)?;
        let world = match shape.memory {
            MemoryClass::LocalScratch => World::create_private(name, &plan, wish)?,
            _ => World::create_with(dir, name, &plan, &NO_ROLE, wish)?,
        };
        Heap::over(world, None)
    }

    /// Opens a heap. `expected`: it must have this shape; `None` takes it as it is.
    pub fn open(dir: &RuntimeDir, name: &str, expected: Option<&HeapShape>) -> Result<Arc<Heap>, Error> {
        if let Some(shape) = expected {
            plan_heap(shape)?;
        }
        Heap::over(World::open(dir, name, &NO_ROLE)?, expected)
    }

    /// Opens a heap, or creates it with this shape when there is none. `expected` as in `open`.
    pub fn open_or_create(
        dir: &RuntimeDir,
        name: &str,
        shape: &HeapShape,
        expected: Option<&HeapShape>,
        wish: Barrier,
    ) -> Result<Arc<Heap>, Error> {
        let plan = plan_heap(shape)?;
        let world = match shape.memory {
            MemoryClass::LocalScratch => World::create_private(name, &plan, wish)?,
            _ => World::open_or_create_with(dir, name, &plan, &NO_ROLE, wish)?.0,
        };
        Heap::over(world, expected)
    }

    fn over(world: Arc<World>, expected: Option<&HeapShape>) -> Result<Arc<Heap>, Error> {
        let Some(shape) = HeapShape::read(&world.catalog().plan.contract) else {
            let message =
                format!("world `{}` is of program `{}` and no heap", world.name(), world.catalog().plan.program);
            return Err(Error::new(Fault::Contract, message));
        };
        if expected.is_some_and(|expected| *expected != shape) {
            let message = format!(
                "heap `{}` has another shape: {}; open it with the options it was created with, or without any",
                world.name(),
                world.catalog().plan.contract
            );
            return Err(Error::new(Fault::Contract, message));
        }
        agree(&world, &shape)?;
        let sizes: Vec<u32> = shape.classes.iter().map(|class| class.size).collect();
        let cap = Cap { slots: shape.cap_slots, bytes: shape.cap_bytes };
        let allocator = Mutex::new(Allocator::new(world.shared(), world.me(), &sizes, cap));
        Ok(Arc::new(Heap { world, shape, allocator }))
    }

    /// The world that the heap is.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Its classes, queues and caps.
    pub fn shape(&self) -> &HeapShape {
        &self.shape
    }

    /// A block of at least `size` bytes at a multiple of `align`, of the smallest class that fits. When that class is
    /// used up, the dead are recovered and it is tried once more.
    pub fn alloc(&self, size: u64, align: u64) -> Result<Block, Denied> {
        let narrow = u32::try_from(align).map_err(|_| self.denied(Denial::Align, size, align))?;
        let mut answer = self.allocator().alloc(self.world.shared(), size, narrow);
        if answer == Err(Denial::Short) {
            self.world.recover();
            answer = self.allocator().alloc(self.world.shared(), size, narrow);
        }
        answer.map_err(|denial| self.denied(denial, size, align))
    }

    /// Ends a block. One that is not in our hands is recorded as a fault.
    pub fn free(&self, block: impl Into<Handed>) -> Result<(), Denied> {
        let handed = block.into();
        let answer = self.allocator().free(self.world.shared(), handed);
        answer.map_err(|denial| self.blame(denial, Kind::ReleasedTwice, handed.reference))
    }

    /// The block that a reference names, if this process owns it; else it is recorded as a fault.
    pub fn resolve(&self, reference: u64) -> Result<Block, Denied> {
        let answer = self.allocator().resolve(self.world.shared(), reference);
        answer.map_err(|denial| self.blame(denial, Kind::UsedAfterEnd, reference))
    }

    /// One class; `None` when there is none of this number.
    pub fn class(&self, index: usize) -> Option<ClassStats> {
        self.allocator().stats(self.world.shared(), index)
    }

    /// Gives back what is kept at hand, recovers, sweeps and walks every slot.
    pub fn audit(&self) -> Audit {
        self.allocator().flush(self.world.shared());
        self.world.audit()
    }

    /// The private part of the heap, for one short call.
    pub(super) fn allocator(&self) -> MutexGuard<'_, Allocator> {
        self.allocator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what a caller did wrong.
    #[cold]
    pub(super) fn blame(&self, denial: Denial, kind: Kind, reference: u64) -> Denied {
        if denial == Denial::NotHeld {
            let event = Event::new(kind, self.world.me());
            let event = self.allocator().slot_of(reference).map_or(event, |slot| event.slot(slot));
            trail::record(self.world.shared(), event);
        }
        self.denied(denial, 0, 1)
    }

    fn denied(&self, denial: Denial, size: u64, align: u64) -> Denied {
        let largest = self.shape.classes.iter().map(|class| class.size).max().unwrap_or(0);
        let cap = Cap { slots: self.shape.cap_slots, bytes: self.shape.cap_bytes };
        Denied { denial, size, align, largest, cap }
    }
}

/// A denial with the numbers that mattered. It becomes a sentence only when somebody wants one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub denial: Denial,
    size: u64,
    align: u64,
    largest: u32,
    cap: Cap,
}

impl Denied {
    /// What kind of reason.
    pub fn fault(&self) -> Fault {
        match self.denial {
            Denial::Size | Denial::Align => Fault::Argument,
            Denial::Short => Fault::Memory,
            Denial::Cap => Fault::Limit,
            Denial::NotHeld => Fault::State,
            Denial::Corrupt => Fault::Corrupt,
        }
    }
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Denied { size, align, largest, cap, .. } = self;
        let said = |cap: u64| if cap == 0 { "any number of".to_owned() } else { cap.to_string() };
        match self.denial {
            Denial::Size => write!(f, "a block of {size} bytes; this heap has blocks of 1 to {largest}"),
            Denial::Align if align.is_power_of_two() && *align <= u64::from(MAX_BLOCK_ALIGN) => {
                write!(f, "a block of {size} bytes at a multiple of {align}: no class that large has such a stride")
            }
            Denial::Align => write!(f, "an alignment of {align}; a power of two from 1 to {MAX_BLOCK_ALIGN} is legal"),
            Denial::Short => write!(f, "a block of {size} bytes: all blocks of that class are in use"),
            Denial::Cap => write!(
                f,
                "a block of {size} bytes: one process may own {} blocks and {} bytes of this heap at once, and this one does",
                said(cap.slots.into()),
                said(cap.bytes)
            ),
            Denial::NotHeld => {
                f.write_str("the block is not in this process's hands: it was freed or pushed before, or is another's or of another heap")
            }
            Denial::Corrupt => f.write_str("the block's words hold nonsense; remove the heap and create it again"),
        }
    }
}

/// Plans a heap; `Argument` names the number that is out of range.
fn plan_heap(shape: &HeapShape) -> Result<Plan, Error> {
    let refuse = |reason: String| Error::new(Fault::Argument, format!("the shape of a heap: {reason}"));
    let plan = shape.plan().map_err(refuse)?;
    Geometry::compute(&plan, static_size(&plan)).map_err(refuse)?;
    Ok(plan)
}

/// What the tables of the world say must be what its contract says: another libvil may have written either.
fn agree(world: &World, shape: &HeapShape) -> Result<(), Error> {
    let planned = shape
        .plan()
        .ok()
        .map(|plan| (Geometry::compute(&plan, world.shared().geometry.processes_offset), plan.fingerprint));
    match planned {
        Some((Ok(geometry), fingerprint))
            if geometry == world.shared().geometry && fingerprint == world.catalog().plan.fingerprint =>
        {
            Ok(())
        }
        _ => {
            let message = format!("heap `{}` is not laid out as its contract says; create it again", world.name());
            Err(Error::new(Fault::Corrupt, message))
        }
    }
}
