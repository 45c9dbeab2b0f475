//! What can go wrong, in one small enum, and the sentence that says what to do about it.
//!
//! `Fault` is the answer of hot calls: one byte, no allocation. `Error` adds the sentence and is made on cold paths
//! only. The C layer gives each fault its number.

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// An argument is out of its range.
    Argument,
    /// Held by somebody else who lives.
    Busy,
    /// Its last holder died, and messages it forwarded are still read; it becomes free when they are released.
    Pending,
    /// The loan or message is not held: it ended before.
    State,
    /// More than the contract allows at once, or a table is full.
    Limit,
    /// No slot, no memory, a full file system.
    Memory,
    /// The operating system refused.
    System,
    /// No permission.
    Permission,
    /// No such world, port or route.
    NotFound,
    /// A world of this name exists.
    Exists,
    /// The world was made from another contract.
    Contract,
    /// The world has another memory layout.
    Abi,
    /// Shared memory holds nonsense.
    Corrupt,
    /// The world or its directory belongs to somebody else or is open to others.
    Owner,
    /// A handle of the parent was used after fork.
    Forked,
    /// The program was refused.
    Program,
    /// This version cannot do it.
    Unsupported,
    /// A world's name is not a name.
    Name,
    /// The world orders its memory by a call of the kernel that this process may not make.
    Barrier,
    /// The wait for it was cancelled.
    Cancelled,
    /// A signal handler ran during the wait for it.
    Interrupted,
}

/// A fault and its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub fault: Fault,
    /// The object, what was expected, what was found, what to do.
    pub message: String,
}

impl Error {
    /// An error with its sentence.
    pub fn new(fault: Fault, message: impl Into<String>) -> Error {
        Error { fault, message: message.into() }
    }

    /// An error of the operating system: the fault follows from the number.
    pub fn from_os(what: &str, error: &std::io::Error) -> Error {
        let fault = match error.raw_os_error() {
            Some(libc::EACCES | libc::EPERM | libc::EROFS) => Fault::Permission,
            Some(libc::ENOSPC | libc::ENOMEM | libc::EDQUOT | libc::EFBIG) => Fault::Memory,
            Some(libc::ENOENT) => Fault::NotFound,
            Some(libc::EEXIST) => Fault::Exists,
            Some(libc::ELOOP | libc::ENOTDIR) => Fault::Owner,
            Some(libc::EOPNOTSUPP) => Fault::Unsupported,
            _ => Fault::System,
        };
        Error::new(fault, format!("{what}: {error}; {}", advice(error)))
    }
}

/// What a person can do about an error of the operating system.
pub(crate) fn advice(error: &std::io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => "use a directory of your own, or let its owner run this",
        Some(libc::EROFS | libc::EOPNOTSUPP) => "set VIL_RUNTIME_DIR to a directory in memory, such as one in /dev/shm",
        Some(libc::ENOSPC | libc::EDQUOT) => "free some space there, or set VIL_RUNTIME_DIR to a larger file system",
        Some(libc::ENOMEM) => "raise the limit of memory (ulimit -v), or plan fewer or smaller slots",
        Some(libc::EFBIG) => "raise the limit of file sizes (ulimit -f), or plan fewer or smaller slots",
        Some(libc::EMFILE | libc::ENFILE) => "close some files, or raise the limit of open files (ulimit -n)",
        Some(libc::ENOENT) => "make the directory above it first",
        Some(libc::ELOOP | libc::ENOTDIR) => "links are not followed; name the place itself",
        _ => "libvil can do nothing about it",
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
