//! Status numbers and the versions. A number is assigned once and never reused.

use std::ffi::{CStr, c_char};

use vil_core::base::error::Fault;
use vil_core::base::limits::LAYOUT_VERSION;
use vil_core::world::Stop;

/// What a call answers: 0 is ok, above 0 is benign, below 0 is an error.
pub type vil_status_t = i32;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:literal),+ $(,)?) => {
        $($(#[$doc])* pub const $name: vil_status_t = $value;)+

        /// Every status and its name, in the order of the numbers' assignment.
        const NAMES: &[(vil_status_t, &str)] = &[$(($value, concat!(stringify!($name), "\0"))),+];
    };
}

statuses! {
    /// Done.
    VIL_OK = 0,
    /// There is no message now.
    VIL_EMPTY = 1,
    /// The ring is full and the route's backpressure is `fail`; the caller still holds the message.
    VIL_FULL = 2,
    /// The deadline passed; nothing changed and the caller still holds what it held.
    VIL_TIMEOUT = 3,
    /// A signal handler ran while waiting; nothing changed.
    VIL_INTERRUPTED = 4,
    /// vil_world_cancel was called; nothing changed.
    VIL_CANCELLED = 5,
    /// The other end's process is gone; said once per loss, call again to go on waiting.
    VIL_PEER_GONE = 6,
    /// drop_newest: the message was dropped and counted, and the loan is gone.
    VIL_DROPPED = 7,
    /// An argument is out of range, NULL where that is not allowed, or a struct_size is unknown.
    VIL_E_ARGUMENT = -1,
    /// The handle is NULL, closed, or of another kind.
    VIL_E_HANDLE = -2,
    /// The handle belongs to another thread, or a living process holds the port.
    VIL_E_BUSY = -3,
    /// The loan or message is not held: it was published, discarded or released before.
    VIL_E_STATE = -4,
    /// More is held at once than the contract's `loans`, or a table is full.
    VIL_E_LIMIT = -5,
    /// No slot, no memory, or a full file system.
    VIL_E_NOMEM = -6,
    /// The operating system refused; vil_error_t says what.
    VIL_E_SYSTEM = -7,
    /// No permission.
    VIL_E_PERMISSION = -8,
    /// There is no such world, port or route.
    VIL_E_NOT_FOUND = -9,
    /// A world of this name exists and somebody lives in it.
    VIL_E_EXISTS = -10,
    /// The world was made from another contract; the error names message, field and both offsets.
    VIL_E_CONTRACT = -11,
    /// The world has the memory layout of another libvil.
    VIL_E_ABI = -12,
    /// Shared memory holds nonsense: a truncated world, or a route that is quarantined.
    VIL_E_CORRUPT = -13,
    /// The world or its directory belongs to another user or is open to others.
    VIL_E_OWNER = -14,
    /// A handle of the parent was used after fork.
    VIL_E_FORKED = -15,
    /// The program's text does not parse or was refused.
    VIL_E_PROGRAM = -16,
    /// This version of libvil cannot do it.
    VIL_E_UNSUPPORTED = -17,
    /// A bug in libvil, contained.
    VIL_E_PANIC = -18,
    /// The name of a world has a slash, is empty, or is too long.
    VIL_E_NAME = -19,
}

/// As a timeout: wait until something happens.
pub const VIL_FOREVER: u64 = u64::MAX;

/// The library's version, "MAJOR.MINOR.PATCH". Static, never NULL.
///
/// Threads: any. Ownership: libvil's, never freed. NULL: none. Blocks: never. Errors: none. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The version of the C ABI: the number in the SONAME.
///
/// Threads: any. Ownership: none. NULL: none. Blocks: never. Errors: none. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_abi_version() -> u32 {
    0
}

/// The version of the memory layout; worlds of another one are refused with VIL_E_ABI.
///
/// Threads: any. Ownership: none. NULL: none. Blocks: never. Errors: none. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_layout_version() -> u32 {
    LAYOUT_VERSION as u32
}

/// The name of a status, such as "VIL_TIMEOUT"; "VIL_UNKNOWN" for a number that is none. Static, never NULL.
///
/// Threads: any. Ownership: libvil's, never freed. NULL: none. Blocks: never. Errors: none. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_status_name(status: vil_status_t) -> *const c_char {
    let found = NAMES.iter().find(|(number, _)| *number == status);
    let name = found.map_or("VIL_UNKNOWN\0", |(_, name)| name);
    CStr::from_bytes_until_nul(name.as_bytes()).map_or(std::ptr::null(), CStr::as_ptr)
}

/// The number of a fault.
pub(crate) fn of_fault(fault: Fault) -> vil_status_t {
    match fault {
        Fault::Argument => VIL_E_ARGUMENT,
        Fault::Busy => VIL_E_BUSY,
        Fault::State => VIL_E_STATE,
        Fault::Limit => VIL_E_LIMIT,
        Fault::Memory => VIL_E_NOMEM,
        Fault::System => VIL_E_SYSTEM,
        Fault::Permission => VIL_E_PERMISSION,
        Fault::NotFound => VIL_E_NOT_FOUND,
        Fault::Exists => VIL_E_EXISTS,
        Fault::Contract => VIL_E_CONTRACT,
        Fault::Abi => VIL_E_ABI,
        Fault::Corrupt => VIL_E_CORRUPT,
        Fault::Owner => VIL_E_OWNER,
        Fault::Forked => VIL_E_FORKED,
        Fault::Program => VIL_E_PROGRAM,
        Fault::Unsupported => VIL_E_UNSUPPORTED,
        Fault::Name => VIL_E_NAME,
    }
}

/// The number of a hot call's answer.
pub(crate) fn of_stop(stop: Stop) -> vil_status_t {
    match stop {
        Stop::Empty => VIL_EMPTY,
        Stop::Full => VIL_FULL,
        Stop::Late => VIL_TIMEOUT,
        Stop::Interrupted => VIL_INTERRUPTED,
        Stop::Cancelled => VIL_CANCELLED,
        Stop::PeerGone => VIL_PEER_GONE,
        Stop::Dropped => VIL_DROPPED,
        Stop::Fault(fault) => of_fault(fault),
    }
}
