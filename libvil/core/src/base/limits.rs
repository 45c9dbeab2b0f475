//! Numbers that bound the runtime. Each says why it is that number.

use std::time::Duration;

/// "VILWORLD" read as a little-endian word; the first word of a world.
pub const MAGIC: u64 = u64::from_le_bytes(*b"VILWORLD");

/// Version of the memory layout; a world of another version is refused. Raised by every change of a shared byte; where that
/// is one of a plan's, `vil_ir::plan::binary::FORM` is raised too.
pub const LAYOUT_VERSION: u64 = 5;

/// Distance between words that different processes write: two 64-byte lines, because the prefetcher takes pairs.
pub const LINE: u64 = 128;

/// Unit of mapping and of region alignment.
pub const PAGE: u64 = 4096;

/// Largest world; more than any machine maps, and far from overflowing 64-bit offset arithmetic.
pub const MAX_WORLD_SIZE: u64 = 1 << 42;

/// Largest static part (tables and contract text): bounds what attach copies.
pub const MAX_STATIC_SIZE: u64 = 64 << 20;

/// Slots taken from the pool in one go. More than are used between two looks at head, so that a sender in a steady stream never
/// runs out of them before a message.
pub const BATCH: u32 = 128;

/// Bytes of heap slots moved in one go, at most: nobody keeps much memory from the others for the sake of speed.
pub const BATCH_BYTES: u32 = 64 << 10;

/// Behind every this many messages at most the producer reads head: oftener takes its line from the consumer, seldom cools the
/// slots.
pub const RECLAIM_EVERY: u32 = 64;

/// So many bytes of slots may be used between two such looks: half of a cache of 1 MiB, as a processor often has for itself.
/// Where one slot has as many, head is read behind each message, and the slot that is still in a cache goes around.
pub const RECLAIM_BYTES: u32 = 512 << 10;

/// In each step of so many messages the count beside tail is stored once; its readers extend it by tail's 32 bits. Short
/// where crashes and orders are tried.
pub const COUNT_EVERY: u32 = if cfg!(loom) {
    1
} else if cfg!(crash_points) {
    4
} else {
    1 << 16
};

/// How many cells ahead of a message an end asks for lines, where so many messages lie between it and the other end. As many
/// lines are on their way then as a processor has places for.
pub const AHEAD: u32 = 32;

/// The same for slots: fewer, because their lines are asked for one by one.
pub const SLOTS_AHEAD: u32 = 16;

/// Longest single sleep: a peer's death is noticed after at most this time, without a third process.
pub const SLICE: Duration = Duration::from_millis(4);

/// The first sleep of a wait, for which nobody else is disturbed. Most replies come sooner; a wake-up that is lost in the few
/// nanoseconds in which that can be is late by this much.
pub const NAP: Duration = Duration::from_micros(50);

/// How long a waiter polls before it sleeps. Below 5 us a pair of processes parks at each message.
pub const SPIN_NS: u64 = 20_000;

/// Looks at the next cell before a wait is set up at all: a microsecond or two.
pub const MOMENT: u32 = 64;

/// Longest world name in bytes: a file name of 255 with the suffix still fits.
pub const MAX_NAME: usize = 200;

/// Bytes of a process name kept in its entry.
pub const PROCESS_NAME: usize = 64;

/// Events that the audit trail keeps. Short where the crash harness copies a world at each crash point.
pub const TRAIL_ENTRIES: u64 = if cfg!(crash_points) { 16 } else { 1024 };

/// Buckets of a latency histogram: 32 octaves of 8.
pub const BUCKETS: u64 = 256;

/// Offset of the first liveness byte in the world's file, far beyond its end.
pub const TOKEN_BASE: i64 = 1 << 45;

const _: () = assert!(MAX_WORLD_SIZE < TOKEN_BASE as u64);
const _: () = assert!(COUNT_EVERY.is_power_of_two());
const _: () = assert!(BATCH >= 2 * RECLAIM_EVERY);
const _: () = assert!(RECLAIM_EVERY.is_power_of_two() && RECLAIM_BYTES.is_power_of_two());
const _: () = assert!(BATCH <= vil_ir::limits::MAX_SLOTS);
