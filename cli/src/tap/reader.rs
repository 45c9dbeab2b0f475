//! Whoever reads what is printed. It may go while there is nothing to print, and a write would find that out too late.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Rests, or less when nobody reads stdout any more; whether somebody still does.
pub(super) fn rest(time: Duration) -> bool {
    let stdout = std::io::stdout();
    // Nothing is asked for: what can only be told of an end that is gone is told all the same.
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let timeout = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
    match poll(&mut watched, Some(&timeout)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => true,
        Ok(_) => false,
        // Whatever cannot be asked is written to until that fails.
        Err(_) => {
            std::thread::sleep(time);
            true
        }
    }
}
