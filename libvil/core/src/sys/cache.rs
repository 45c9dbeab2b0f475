//! Hints to the processor's caches: lines that somebody will touch soon. They change nothing, and an address that is no memory
//! is no mistake.

use std::ptr::NonNull;

/// The same number, of which the compiler does not know any more where it comes from.
///
/// What is loaded and compared with an expected number equals it from there on, so a compiler may go on with what was loaded.
/// The address of the next cell then depends on this one's, and a processor that could ask for the lines of many cells
/// at once asks for one after the other. Compared with this number instead, nothing else equals what was loaded.
#[inline(always)]
pub fn independent(number: u64) -> u64 {
    let mut number = number;
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    // SAFETY: no instruction at all.
    unsafe {
        std::arch::asm!("/* {0} */", inlateout(reg) number, options(pure, nomem, nostack, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    std::hint::black_box(&mut number);
    number
}

/// The line of this address will be read soon.
#[inline(always)]
pub fn prefetch_to_read(address: NonNull<u8>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint, which neither reads nor faults.
    unsafe {
        std::arch::asm!("prefetcht0 [{}]", in(reg) address.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}

/// The line of this address will be written soon: nobody else need have it.
#[inline(always)]
pub fn prefetch_to_write(address: NonNull<u8>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint, which neither reads nor faults; on processors that do not know it, it is none.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) address.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}
