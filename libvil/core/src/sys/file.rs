//! Where worlds live: a private directory, and in it one file per world that appears whole or not at all.
//!
//! A world is written into an unnamed file and linked when it is complete, so a creator killed at any instruction
//! leaves nothing.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::base::error::{Error, Fault, advice};
use crate::base::limits::MAX_NAME;
use crate::sys::fork::Private;
use crate::sys::process::{has_plenty, memory_left, user};

const SUFFIX: &str = ".vil";
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// Bytes granted in one go: a signal starts one of these anew, not the whole world.
const GRANT: u64 = 16 << 20;

/// A directory that belongs to this user alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeDir(PathBuf);

impl RuntimeDir {
    /// The directory that was asked for, else `$VIL_RUNTIME_DIR`, else `/dev/shm/vil-UID`. Made when it is missing
    /// (the last part only), refused when it is a link, somebody else's, or open to others.
    pub fn open(asked: Option<&Path>) -> Result<RuntimeDir, Error> {
        let dir = RuntimeDir(place_of(asked));
        match dir.verify() {
            Err(error) if error.fault == Fault::NotFound => {}
            found => return found.map(|()| dir),
        }
        let made = DirBuilder::new().mode(0o700).create(&dir.0);
        if let Err(error) = made
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(Error::from_os(&format!("runtime directory {}", dir.0.display()), &error));
        }
        dir.verify()?;
        Ok(dir)
    }

    /// The same without making it: `NotFound` when it is missing.
    pub fn find(asked: Option<&Path>) -> Result<RuntimeDir, Error> {
        let dir = RuntimeDir(place_of(asked));
        dir.verify()?;
        Ok(dir)
    }

    fn verify(&self) -> Result<(), Error> {
        let place = format!("runtime directory {}", self.0.display());
        let found = fs::symlink_metadata(&self.0).map_err(|error| Error::from_os(&place, &error))?;
        let refuse = |why: &str| {
            Err(Error::new(Fault::Owner, format!("{place} {why}; set VIL_RUNTIME_DIR to a directory of your own")))
        };
        if !found.is_dir() {
            return refuse("is not a directory (a link is not followed)");
        }
        if found.uid() != user() {
            return refuse(&format!("belongs to user {}, not to user {}", found.uid(), user()));
        }
        if found.mode() & 0o077 != 0 {
            return refuse(&format!("is open to others (mode {:o}, 700 is expected)", found.mode() & 0o777));
        }
        Ok(())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of a world.
    pub fn world(&self, name: &str) -> Result<WorldPath, Error> {
        check_name(name)?;
        Ok(WorldPath { dir: self.clone(), name: name.to_owned() })
    }

    /// Names of the worlds in it, sorted.
    pub fn worlds(&self) -> Result<Vec<String>, Error> {
        let listed = fs::read_dir(&self.0).map_err(|error| Error::from_os("runtime directory", &error))?;
        let names = listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(SUFFIX).map(str::to_owned)).collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// Which directory `RuntimeDir::open` and `find` mean, whether it is there or not.
pub fn place_of(asked: Option<&Path>) -> PathBuf {
    let wished = || std::env::var_os("VIL_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let place = asked.map(Path::to_owned).or_else(wished);
    place.unwrap_or_else(|| PathBuf::from(format!("/dev/shm/vil-{}", user())))
}

fn check_name(name: &str) -> Result<(), Error> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(legal) && !name.starts_with('.') {
        return Ok(());
    }
    let message = format!(
        "`{}` ({} bytes) is no name of a world: 1 to {MAX_NAME} letters, digits, `.`, `_`, `-`, not starting with `.`",
        name.chars().take(40).collect::<String>(),
        name.len()
    );
    Err(Error::new(Fault::Name, message))
}

/// What a world's file was when it was opened.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Bytes.
    pub size: u64,
    /// Device and inode: which file it is while it is open, whatever becomes of its name.
    id: (u64, u64),
}

/// The place of one world's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldPath {
    dir: RuntimeDir,
    name: String,
}

impl WorldPath {
    /// A name that leads to no file, for a world that is one process's alone.
    pub fn private(name: &str) -> Result<WorldPath, Error> {
        check_name(name)?;
        Ok(WorldPath { dir: RuntimeDir(PathBuf::new()), name: name.to_owned() })
    }

    /// An empty file that is in no directory.
    pub fn in_memory(&self) -> Result<File, Error> {
        let name = c"vil-scratch";
        // SAFETY: the name ends with NUL and lives for the call.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(self.explain(&io::Error::last_os_error()));
        }
        // SAFETY: the descriptor was just opened and is nobody else's.
        Ok(unsafe { File::from_raw_fd(fd) })
    }

    /// The world's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.dir.0.join(format!("{}{SUFFIX}", self.name))
    }

    /// Opens the file for reading and writing.
    pub fn open(&self) -> Result<(File, About), Error> {
        self.open_as(true)
    }

    /// Opens the file for reading alone.
    pub fn open_to_look(&self) -> Result<(File, About), Error> {
        self.open_as(false)
    }

    fn open_as(&self, writes: bool) -> Result<(File, About), Error> {
        let opened = OpenOptions::new()
            .read(true)
            .write(writes)
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
            .open(self.file());
        let file = opened.map_err(|error| self.explain(&error))?;
        let found = file.metadata().map_err(|error| self.explain(&error))?;
        if !found.is_file() {
            return Err(self.no_file());
        }
        if found.uid() != user() {
            let message = format!("world `{}` belongs to user {}, not to user {}", self.name, found.uid(), user());
            return Err(Error::new(Fault::Owner, message));
        }
        Ok((file, About { size: found.len(), id: (found.dev(), found.ino()) }))
    }

    /// Does the name lead anywhere?
    pub fn is_taken(&self) -> Result<bool, Error> {
        match fs::symlink_metadata(self.file()) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.explain(&error)),
        }
    }

    /// Is a file that is open still the one that the name leads to?
    pub fn leads_to(&self, about: About) -> bool {
        fs::symlink_metadata(self.file()).is_ok_and(|named| (named.dev(), named.ino()) == about.id)
    }

    /// An empty file without a name, in the directory of the worlds.
    pub fn unnamed(&self) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600).custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC);
        options.open(&self.dir.0).map_err(|error| self.explain(&error))
    }

    /// The directory of the worlds, for people.
    pub fn place(&self) -> String {
        self.dir.0.display().to_string()
    }

    /// Grants a file all its memory: a full file system is an error here, never a signal later. What is more than there
    /// is is refused before any of it is taken: granting until nothing is left would take it from everybody.
    pub fn fill(&self, file: &File, size: u64, place: &str) -> Result<(), Error> {
        let place = format!("world `{}`: {size} bytes in {place}", self.name);
        let left = room(file, size).map_err(|error| Error::from_os(&place, &error))?;
        if size > left {
            let full = io::Error::from_raw_os_error(libc::ENOSPC);
            let message = format!("{place}: {full}, {left} bytes are left; {}", advice(&full));
            return Err(Error::new(Fault::Memory, message));
        }
        grant(file, size).map_err(|error| Error::from_os(&place, &error))
    }

    /// Gives an unnamed file its name; `Exists` when the name is taken.
    pub fn link(&self, file: &File) -> Result<(), Error> {
        let source = format!("/proc/self/fd/{}\0", file.as_raw_fd());
        let mut target = self.file().into_os_string().into_encoded_bytes();
        target.push(0);
        // SAFETY: both are NUL-terminated paths that live for the call.
        let answer = unsafe {
            libc::linkat(
                libc::AT_FDCWD,
                source.as_ptr().cast(),
                libc::AT_FDCWD,
                target.as_ptr().cast(),
                libc::AT_SYMLINK_FOLLOW,
            )
        };
        if answer == 0 { Ok(()) } else { Err(self.explain(&io::Error::last_os_error())) }
    }

    /// Removes the name. Who has the world open keeps it.
    pub fn unlink(&self) -> Result<(), Error> {
        fs::remove_file(self.file()).map_err(|error| self.explain(&error))
    }

    /// Keeps other creators and removers of this directory's worlds out until the answer is dropped. A holder that is
    /// stopped for longer than `LOCK_PATIENCE` makes this an error, never a hang.
    pub fn lock(&self) -> Result<DirLock, Error> {
        let dir = Private::open(|| File::open(&self.dir.0).map_err(|error| self.explain(&error)))?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match dir.try_lock() {
                Ok(()) => return Ok(DirLock(dir)),
                Err(TryLockError::Error(error)) => return Err(self.explain(&error)),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                    let place = self.dir.0.display();
                    let message = format!(
                        "another process has been creating a world in {place} for {LOCK_PATIENCE:?}; is it stopped?"
                    );
                    return Err(Error::new(Fault::Busy, message));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    fn no_file(&self) -> Error {
        let message = format!("`{}` is no file and so no world; remove it", self.file().display());
        Error::new(Fault::Corrupt, message)
    }

    fn explain(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::IsADirectory => self.no_file(),
            io::ErrorKind::NotFound => {
                let message = format!("there is no world `{}` in {}; create it first", self.name, self.dir.0.display());
                Error::new(Fault::NotFound, message)
            }
            io::ErrorKind::AlreadyExists => {
                Error::new(Fault::Exists, format!("world `{}` exists; open it, or unlink it first", self.name))
            }
            _ => Error::from_os(&format!("world `{}`", self.name), error),
        }
    }
}

/// Keeps other creators out until it is dropped; ends with this process, whatever its fork children do.
#[derive(Debug)]
pub struct DirLock(Private);

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing would do, but for a fork child that was made while the file was no longer private and not yet closed.
        let _ = self.0.unlock();
    }
}

/// Bytes that a file's file system, and the machine's memory when the file lies in it, have left for one that wants to
/// have so many. The machine makes its estimate only where it is needed: it adds up all of its memory for that.
fn room(file: &File, wanted: u64) -> io::Result<u64> {
    // SAFETY: all zero is a valid answer to be overwritten.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open and `found` is a valid place to write.
    if unsafe { libc::fstatfs(file.as_raw_fd(), &mut found) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // A tmpfs without a limit of its own counts no blocks.
    let blocks = if found.f_blocks == 0 { u64::MAX } else { found.f_bavail };
    let left = blocks.saturating_mul(found.f_bsize as u64);
    let in_memory = found.f_type == libc::TMPFS_MAGIC;
    Ok(if in_memory && !has_plenty(wanted) { left.min(memory_left().unwrap_or(u64::MAX)) } else { left })
}

/// Grants a file all its memory. The limit on file sizes is asked first, because crossing it is a signal.
fn grant(file: &File, size: u64) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` is a valid place to write.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    if size > limit.rlim_cur {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    let mut granted = 0;
    while granted < size {
        let step = GRANT.min(size - granted);
        // SAFETY: the descriptor is open; the call has no other arguments than numbers, and a world is far smaller than
        // the largest offset.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), granted as libc::off_t, step as libc::off_t) } {
            0 => granted += step,
            libc::EINTR => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    Ok(())
}
