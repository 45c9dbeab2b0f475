//! What a process knows of itself and of the machine.

use std::ffi::c_void;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;

/// The pid in our own namespace.
pub fn pid() -> u32 {
    std::process::id()
}

/// What procfs says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Its threads, 1 at least.
    pub threads: u32,
    /// When it began, in clock ticks since boot as our time namespace counts them.
    pub start: u64,
}

/// What procfs says of this process; `None` when there is none, or when it is that of another pid namespace.
pub fn own_stat() -> Option<Stat> {
    stat("/proc/self/stat").filter(|(pid, _)| *pid == std::process::id()).map(|(_, found)| found)
}

/// When a process began, in clock ticks since boot as our time namespace counts them; `None` when it is not there, or
/// when procfs is that of another pid namespace.
pub fn start_time(pid: u32) -> Option<u64> {
    if ours()? != std::process::id() {
        return None;
    }
    // On the stack: waits ask for it, and allocate nothing.
    let mut path = [0; 32];
    let mut rest = &mut path[..];
    write!(rest, "/proc/{pid}/stat").ok()?;
    let left = rest.len();
    let path = std::str::from_utf8(&path[..path.len() - left]).ok()?;
    stat(path).map(|(_, found)| found.start)
}

/// Our pid as procfs has it.
fn ours() -> Option<u32> {
    let mut text = [0u8; 16];
    // SAFETY: the path ends with NUL, and the place has as many bytes as are said.
    let size = unsafe { libc::readlink(c"/proc/self".as_ptr(), text.as_mut_ptr().cast(), text.len()) };
    std::str::from_utf8(text.get(..usize::try_from(size).ok()?)?).ok()?.parse().ok()
}

/// The pid that a file of procfs is about, and what it says. One call of read: procfs answers all of such a file at once.
fn stat(path: &str) -> Option<(u32, Stat)> {
    let mut bytes = [0; 1024];
    let size = File::open(path).and_then(|mut file| file.read(&mut bytes)).ok()?;
    // The name in parentheses may hold anything, parentheses and bytes that are no text too; the state that follows it
    // is field 3, the threads are 20, the start is 22.
    let (head, rest) = bytes[..size].split_at(bytes[..size].iter().rposition(|byte| *byte == b')')? + 1);
    let pid = head.split(|byte| *byte == b' ').next()?;
    let mut fields = std::str::from_utf8(rest).ok()?.split_ascii_whitespace();
    let (threads, start) = (fields.nth(17)?.parse().ok()?, fields.nth(1)?.parse().ok()?);
    Some((std::str::from_utf8(pid).ok()?.parse().ok()?, Stat { threads, start }))
}

/// Which pid namespace and which time namespace this process is in, as one number; `None` when that cannot be found out.
pub fn namespaces() -> Option<u64> {
    let inode = |name: &str| Some(std::fs::metadata(format!("/proc/self/ns/{name}")).ok()?.ino() & 0xffff_ffff);
    Some(inode("pid")? | inode("time").unwrap_or(0) << 32)
}

/// The effective user.
pub fn user() -> u32 {
    // SAFETY: geteuid can not fail.
    unsafe { libc::geteuid() }
}

/// Processors this process may run on; 1 when that cannot be found out. It takes a dozen files to find out.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processors of the machine or of the part of it that we see, whoever may run on them; 1 when that cannot be found out.
pub fn processors_online() -> usize {
    // SAFETY: sysconf only answers.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1)
}

/// The address of the calling thread's control block, which no other living thread of this process has. One instruction on
/// x86-64 and aarch64.
#[inline(always)]
pub(super) fn pointer() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let id: usize;
        // SAFETY: on Linux fs points to the thread control block, whose first word is its own address.
        unsafe { core::arch::asm!("mov {}, fs:0", out(reg) id, options(nostack, preserves_flags, readonly)) };
        id
    }
    #[cfg(target_arch = "aarch64")]
    {
        let id: usize;
        // SAFETY: tpidr_el0 is the thread pointer and readable from user space.
        unsafe { core::arch::asm!("mrs {}, tpidr_el0", out(reg) id, options(nostack, preserves_flags, nomem)) };
        id
    }
}

/// Starts a thread that takes no signal, so that the program's handlers never run in it.
pub fn spawn_undisturbed(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    undisturbed(|| std::thread::Builder::new().name(name.to_owned()).spawn(run))
}

/// Bytes of stack of a thread that only waits in the kernel, and of what the program keeps for each thread.
const SMALL_STACK: usize = 256 << 10;

/// Starts a thread that takes no signal, of which nobody hears again, for one wait in the kernel. Not one of the standard
/// library's: those end the whole process where they find no memory for a stack of their own for signals.
pub fn spawn_small(run: extern "C" fn(*mut c_void) -> *mut c_void) -> std::io::Result<()> {
    let check = |status| if status == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(status)) };
    // SAFETY: all zero is a valid place for both, which are filled before they are used.
    let (mut how, mut thread): (libc::pthread_attr_t, libc::pthread_t) = unsafe { std::mem::zeroed() };
    // SAFETY: the attributes are ours, initialised first and destroyed last; the thread is passed nothing.
    undisturbed(|| unsafe {
        check(libc::pthread_attr_init(&mut how))?;
        let started = check(libc::pthread_attr_setdetachstate(&mut how, libc::PTHREAD_CREATE_DETACHED))
            .and_then(|()| check(libc::pthread_attr_setstacksize(&mut how, SMALL_STACK)))
            .and_then(|()| check(libc::pthread_create(&mut thread, &how, run, std::ptr::null_mut())));
        libc::pthread_attr_destroy(&mut how);
        started
    })
}

/// Starts a thread with all signals blocked.
fn undisturbed<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: all zero is a valid set, and both are filled before they are read.
    let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    // SAFETY: both sets are ours. A new thread inherits the mask of the one that starts it.
    unsafe {
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
    }
    let started = start();
    // SAFETY: as above; the caller's mask is as it was.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    started
}

/// Gives the processor to somebody else for a moment.
pub fn pause_thread() {
    std::thread::yield_now();
}

/// Bytes of memory that this process may lock.
pub fn lockable() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place to write.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    limit.rlim_cur
}

/// Could the machine give away this many bytes twice, from what is free already? Cheap, and no is no answer.
pub fn has_plenty(size: u64) -> bool {
    // SAFETY: all zero is a valid answer to be overwritten, and the place is ours.
    let (answer, found) = unsafe {
        let mut found: libc::sysinfo = std::mem::zeroed();
        (libc::sysinfo(&mut found), found)
    };
    answer == 0 && found.freeram.saturating_mul(found.mem_unit.into()) / 2 >= size
}

/// Bytes of memory that the machine could still give away, by its own estimate; `None` where it makes none.
pub fn memory_left() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim_start_matches(':').trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    Some(kib("MemAvailable")?.saturating_add(kib("SwapFree").unwrap_or(0)).saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_procfs_says_of_this_process_is_the_same_by_either_name() {
        let own = own_stat().expect("procfs is mounted");
        assert!(own.threads >= 1);
        assert_eq!(start_time(pid()), Some(own.start));
    }

    #[test]
    fn a_process_that_is_not_there_has_no_start() {
        assert_eq!(start_time(u32::MAX), None);
    }
}
