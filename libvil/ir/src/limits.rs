//! Numbers that bound a program. Each says why it is that number and what happens when it is reached.

/// Bytes in a flat message or struct. A slot's largest size class; LayoutLegality refuses more.
pub const MAX_FLAT_SIZE: u32 = 64 << 20;

/// Bytes that `max_bytes` of a relative or external message may state: it lies in a slot like a flat one. LayoutLegality
/// refuses more.
pub const MAX_MESSAGE_SIZE: u32 = MAX_FLAT_SIZE;

/// Levels of a message: each struct, union, arm, array and slice that lies in another one is a level, so a slice of structs is
/// two. Who walks through a message keeps as many on a stack of fixed size. LayoutLegality refuses a relative message that
/// always has more; one that has more by its data is refused when it is verified.
pub const MAX_LEVELS: u32 = 64;

/// Elements in a fixed array, and the highest bound of a VSlice or VStr. No array may be larger than the largest message;
/// LayoutLegality refuses more.
pub const MAX_ARRAY_COUNT: u32 = MAX_FLAT_SIZE;

/// Bytes of a message that moves by copy; larger ones are what loans are for. TransferCapability refuses more.
pub const MAX_COPY_SIZE: u32 = 4096;

/// Bytes that travel inside a cell of 64 bytes, behind its three words.
pub const INLINE_SIZE: u32 = 40;

/// Cells in a ring: indices are 32 bit and compared by wrapping subtraction, and a ring larger than this stops fitting
/// caches long before. QueueCapability refuses more.
pub const MAX_CAPACITY: u32 = 65_536;

/// Cells in a ring that names no capacity: measured best for hot slots.
pub const DEFAULT_CAPACITY: u32 = 256;

/// How long a full ring blocks when nothing is said, in milliseconds.
pub const DEFAULT_DEADLINE_MS: u32 = 1000;

/// Routes in a program: the source ring of a cell has 12 bits and 0 means none.
pub const MAX_ROUTES: u32 = 4095;

/// Slots in a world: a cell's slot has 20 bits and the last number means none.
pub const MAX_SLOTS: u32 = (1 << 20) - 1;

/// Bytes of all slots of a world: half of the largest world, and more than any machine has. AbiProfile refuses more.
pub const MAX_SLOT_BYTES: u64 = 1 << 41;

/// Processes attached at once: a ring's owner has 10 bits and 0 means vacant.
pub const MAX_PROCESSES: u32 = 1022;

/// Process entries beyond those that the program names: replacements, tools and tests.
pub const SPARE_PROCESSES: u32 = 32;

/// Every Nth message is stamped for latency where the contract does not say otherwise.
pub const DEFAULT_SAMPLE: u32 = 64;

/// The rarest stamp that can be asked for: a wider gap says nothing about a tail any more. A power of two.
pub const MAX_SAMPLE: u32 = 1 << 20;

/// Bytes of a name that a program declares: the process table keeps 64 with an end. AbiProfile refuses more.
pub const MAX_IDENTIFIER: u32 = 63;

/// Distance between slots is a multiple of this many bytes: two hot slots on one line cost 1.5 to 1.9 times.
pub const SLOT_STRIDE: u32 = 128;

/// Bytes of the smallest block of a heap: a cache line. Its slot is `SLOT_STRIDE` long all the same.
pub const MIN_BLOCK: u32 = 64;

/// Bytes of the largest block of a heap.
pub const MAX_BLOCK: u32 = MAX_FLAT_SIZE;

/// Bytes of the largest block of a heap in control memory, which is for what is small; more belongs in paged_exchange.
pub const MAX_CONTROL_BLOCK: u32 = MAX_COPY_SIZE;

/// Size classes of a heap: three for each power of two from the smallest block to the largest.
pub const MAX_HEAP_CLASSES: u32 = 64;

/// Processes that may be attached to a heap that names no number.
pub const DEFAULT_HEAP_PROCESSES: u32 = 64;

/// The largest alignment of a block: regions of a class begin on a page, and nothing in a world is aligned to more.
pub const MAX_BLOCK_ALIGN: u32 = 4096;

const _: () = assert!(MAX_COPY_SIZE >= INLINE_SIZE);
const _: () = assert!(MAX_MESSAGE_SIZE <= MAX_FLAT_SIZE && MAX_SLOT_BYTES > MAX_MESSAGE_SIZE as u64);
const _: () = assert!(MIN_BLOCK <= SLOT_STRIDE && MAX_HEAP_CLASSES >= 3 * (MAX_BLOCK / MIN_BLOCK).ilog2());
const _: () = assert!(MAX_CAPACITY.is_power_of_two() && DEFAULT_CAPACITY <= MAX_CAPACITY);
const _: () = assert!(MAX_ROUTES < 1 << 12);
const _: () = assert!(MAX_SLOTS < 1 << 20);
const _: () = assert!(MAX_PROCESSES + 1 < 1 << 10);
