//! Status numbers and the versions. A number is assigned once and never reused.

use std::ffi::{CStr, c_char};

use vil_core::base::error::Fault;
use vil_core::base::limits::LAYOUT_VERSION;
use vil_core::world::Stop;

/// What a call answers: 0 is ok, above 0 is benign, below 0 is an error.
pub type vil_status_t = i32;

/// Done.
pub const VIL_OK: vil_status_t = 0;
/// There is no message now.
pub const VIL_EMPTY: vil_status_t = 1;
/// The ring is full and the route's backpressure is `fail`; the caller still holds the message.
pub const VIL_FULL: vil_status_t = 2;
/// The deadline passed; nothing changed and the caller still holds what it held.
pub const VIL_TIMEOUT: vil_status_t = 3;
/// A signal handler ran while waiting; nothing changed.
pub const VIL_INTERRUPTED: vil_status_t = 4;
/// vil_world_cancel was called; nothing changed.
pub const VIL_CANCELLED: vil_status_t = 5;
/// The other end's process is gone; said once per loss, call again to go on waiting.
pub const VIL_PEER_GONE: vil_status_t = 6;
/// drop_newest: the message was dropped and counted, and the loan is gone.
pub const VIL_DROPPED: vil_status_t = 7;
/// An argument is out of range, NULL where that is not allowed, or a struct_size is unknown.
pub const VIL_E_ARGUMENT: vil_status_t = -1;
/// The handle is NULL, closed, or of another kind.
pub const VIL_E_HANDLE: vil_status_t = -2;
/// The handle belongs to another thread, or a living process holds the port.
pub const VIL_E_BUSY: vil_status_t = -3;
/// The loan or message is not held: it was published, discarded or released before.
pub const VIL_E_STATE: vil_status_t = -4;
/// More is held at once than the contract's `loans`, or a table is full.
pub const VIL_E_LIMIT: vil_status_t = -5;
/// No slot, no memory, or a full file system.
pub const VIL_E_NOMEM: vil_status_t = -6;
/// The operating system refused; vil_error_t says what.
pub const VIL_E_SYSTEM: vil_status_t = -7;
/// No permission.
pub const VIL_E_PERMISSION: vil_status_t = -8;
/// There is no such world, port or route.
pub const VIL_E_NOT_FOUND: vil_status_t = -9;
/// A world of this name exists and somebody lives in it.
pub const VIL_E_EXISTS: vil_status_t = -10;
/// The world was made from another contract; the error names message, field and both offsets.
pub const VIL_E_CONTRACT: vil_status_t = -11;
/// The world has the memory layout of another libvil.
pub const VIL_E_ABI: vil_status_t = -12;
/// Shared memory holds nonsense: a truncated world, or a route that is quarantined.
pub const VIL_E_CORRUPT: vil_status_t = -13;
/// The world or its directory belongs to another user or is open to others.
pub const VIL_E_OWNER: vil_status_t = -14;
/// A handle of the parent was used after fork.
pub const VIL_E_FORKED: vil_status_t = -15;
/// The program's text does not parse or was refused.
pub const VIL_E_PROGRAM: vil_status_t = -16;
/// This version of libvil cannot do it.
pub const VIL_E_UNSUPPORTED: vil_status_t = -17;
/// A bug in libvil, contained.
pub const VIL_E_PANIC: vil_status_t = -18;
/// Not a name of a world: 1 to 200 letters, digits, `.`, `_`, `-`, not starting with `.`.
pub const VIL_E_NAME: vil_status_t = -19;
/// The port's last holder died, and messages it forwarded are still being read. It becomes free when they are released;
/// vil_receiver_open_within waits for that.
pub const VIL_E_PENDING: vil_status_t = -20;
/// The world orders memory by the kernel's membarrier, which this process may not call.
pub const VIL_E_BARRIER: vil_status_t = -21;
/// The bytes are no message of this kind, or the text makes none; vil_msg_fault_t says which rule is broken where.
pub const VIL_E_MESSAGE: vil_status_t = -22;

macro_rules! names {
    ($($name:ident),+ $(,)?) => {
        /// Every status and its name.
        const NAMES: &[(vil_status_t, &str)] = &[$(($name, concat!(stringify!($name), "\0"))),+];
    };
}

names! {
    VIL_OK,
    VIL_EMPTY,
    VIL_FULL,
    VIL_TIMEOUT,
    VIL_INTERRUPTED,
    VIL_CANCELLED,
    VIL_PEER_GONE,
    VIL_DROPPED,
    VIL_E_ARGUMENT,
    VIL_E_HANDLE,
    VIL_E_BUSY,
    VIL_E_STATE,
    VIL_E_LIMIT,
    VIL_E_NOMEM,
    VIL_E_SYSTEM,
    VIL_E_PERMISSION,
    VIL_E_NOT_FOUND,
    VIL_E_EXISTS,
    VIL_E_CONTRACT,
    VIL_E_ABI,
    VIL_E_CORRUPT,
    VIL_E_OWNER,
    VIL_E_FORKED,
    VIL_E_PROGRAM,
    VIL_E_UNSUPPORTED,
    VIL_E_PANIC,
    VIL_E_NAME,
    VIL_E_PENDING,
    VIL_E_BARRIER,
    VIL_E_MESSAGE,
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
        Fault::Pending => VIL_E_PENDING,
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
        Fault::Barrier => VIL_E_BARRIER,
        Fault::Cancelled => VIL_CANCELLED,
        Fault::Interrupted => VIL_INTERRUPTED,
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
        Stop::Unconsumed => VIL_E_STATE,
        Stop::Fault(fault) => of_fault(fault),
    }
}
