//! How an end is used that belongs to one thread in C: as whichever thread uses it here.

/// Calls into C, and once more after the end was moved to the calling thread, where it was another's: `owned!(end, at => call)`.
/// A macro, so that the call stands in one place and is compiled into it: what it fills then stays in registers.
macro_rules! owned {
    ($end:expr, $at:ident => $call:expr) => {{
        let mut is_claimed = false;
        loop {
            let $at = $end.at();
            let status = $call;
            if status != vil_sys::VIL_E_BUSY || is_claimed || !$end.claim() {
                break $crate::Status::check(status);
            }
            is_claimed = true;
        }
    }};
}

pub(crate) use owned;
