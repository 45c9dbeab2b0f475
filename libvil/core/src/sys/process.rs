//! What a process knows of itself and of the machine.

/// The pid in our own namespace.
pub fn pid() -> u32 {
    std::process::id()
}

/// The effective user.
pub fn user() -> u32 {
    // SAFETY: geteuid can not fail.
    unsafe { libc::geteuid() }
}

/// Processors this process may run on; 1 when that cannot be found out.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A number that no other living thread of this process has. One instruction on x86-64 and aarch64.
#[inline(always)]
pub fn thread() -> usize {
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

/// Gives the processor to somebody else for a moment.
pub fn pause_thread() {
    std::thread::yield_now();
}
