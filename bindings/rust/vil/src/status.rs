//! What a call answered: the numbers of `vil.h`, in one table with their sentences.

use std::ffi::CStr;
use std::fmt;

/// What a call answered. Above 0: it could not do it now and nothing is wrong; below 0: an error.
///
/// The constants are those of `vil.h` without their prefix, so `Status::TIMEOUT` is `VIL_TIMEOUT`. The set is open (a
/// newer libvil may answer a number that has no name here), which is why this is a number and not an `enum`; it can be
/// matched like one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Status(vil_sys::vil_status_t);

macro_rules! statuses {
    ($($name:ident = $raw:ident, $meaning:literal;)*) => {
        impl Status {
            $(#[doc = concat!("`", stringify!($raw), "`: ", $meaning, ".")]
            pub const $name: Status = Status(vil_sys::$raw);)*

            fn meaning(self) -> &'static str {
                match self {
                    $(Status::$name => $meaning,)*
                    _ => "a status that this version of the crate has no name for",
                }
            }

            /// All that have a name.
            #[cfg(test)]
            const ALL: &[(Status, &str)] = &[$((Status::$name, stringify!($raw)),)*];
        }
    };
}

statuses! {
    OK = VIL_OK, "done";
    EMPTY = VIL_EMPTY, "there is no message now";
    FULL = VIL_FULL, "the ring is full; the caller still holds the message";
    TIMEOUT = VIL_TIMEOUT, "the deadline passed; nothing changed";
    INTERRUPTED = VIL_INTERRUPTED, "a signal handler ran while waiting";
    CANCELLED = VIL_CANCELLED, "the wait was cancelled";
    PEER_GONE = VIL_PEER_GONE, "the process at the other end is gone; said once per loss";
    DROPPED = VIL_DROPPED, "the ring was full, and its route drops the newest message";
    E_ARGUMENT = VIL_E_ARGUMENT, "an argument is out of range";
    E_HANDLE = VIL_E_HANDLE, "the handle is closed or not one of libvil's";
    E_BUSY = VIL_E_BUSY, "another thread's handle, or a living process holds the port";
    E_STATE = VIL_E_STATE, "the loan or message is not held";
    E_LIMIT = VIL_E_LIMIT, "more is held at once than the contract allows, or a table is full";
    E_NOMEM = VIL_E_NOMEM, "no slot, no memory, or a full file system";
    E_SYSTEM = VIL_E_SYSTEM, "the operating system refused";
    E_PERMISSION = VIL_E_PERMISSION, "no permission";
    E_NOT_FOUND = VIL_E_NOT_FOUND, "there is no such world, port or route";
    E_EXISTS = VIL_E_EXISTS, "a world of this name exists";
    E_CONTRACT = VIL_E_CONTRACT, "made from another contract";
    E_ABI = VIL_E_ABI, "the world was made by a libvil with another memory layout";
    E_CORRUPT = VIL_E_CORRUPT, "shared memory holds nonsense";
    E_OWNER = VIL_E_OWNER, "the world or its directory belongs to another user or is open to others";
    E_FORKED = VIL_E_FORKED, "a handle of the parent, used after fork";
    E_PROGRAM = VIL_E_PROGRAM, "the program does not parse or was refused";
    E_UNSUPPORTED = VIL_E_UNSUPPORTED, "not supported here";
    E_PANIC = VIL_E_PANIC, "a bug in libvil, contained";
    E_NAME = VIL_E_NAME, "a world's name may not be empty, too long, or hold a slash";
    E_PENDING = VIL_E_PENDING, "the port's last holder died, and messages it forwarded are still read";
    E_BARRIER = VIL_E_BARRIER, "the world orders memory by the kernel's membarrier, which this process may not call";
    E_MESSAGE = VIL_E_MESSAGE, "the bytes are no message of this kind, or the text makes none";
}

impl Status {
    /// The status of this number.
    pub const fn from_raw(raw: i32) -> Self {
        Status(raw)
    }

    /// Its number in `vil.h`.
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// Below 0: an error, as opposed to done and to the benign answers.
    pub const fn is_error(self) -> bool {
        self.0 < 0
    }

    /// Its name in `vil.h`, such as `VIL_TIMEOUT`; `VIL_UNKNOWN` when libvil has none for it.
    pub fn name(self) -> &'static str {
        // SAFETY: libvil promises a static NUL-terminated string for every number, never NULL.
        let name = unsafe { CStr::from_ptr(vil_sys::vil_status_name(self.0)) };
        name.to_str().unwrap_or("VIL_UNKNOWN")
    }

    /// `Ok` for done, else the status as an error. Inlined away around a C call.
    #[inline(always)]
    pub(crate) fn check(raw: vil_sys::vil_status_t) -> Result<(), Status> {
        if raw == vil_sys::VIL_OK { Ok(()) } else { Err(Status(raw)) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.meaning())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_status_has_the_name_that_c_gives_it() {
        for (status, name) in Status::ALL {
            assert_eq!(status.name(), *name);
        }
    }

    #[test]
    fn a_number_without_a_name_says_so_and_is_still_a_status() {
        let status = Status::from_raw(-12_345);
        assert_eq!(status.name(), "VIL_UNKNOWN");
        assert!(status.is_error() && status.to_string().contains("no name"));
    }
}
