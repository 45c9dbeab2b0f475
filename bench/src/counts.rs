//! What the kernel did to this process while it measured: page faults and context switches. In a steady state there is
//! nothing to do; what the calls themselves run is counted instruction by instruction by the tests of the hot path.

use serde_json::{Value, json};

/// Counts of this thread so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    faults: i64,
    waits: i64,
    preemptions: i64,
}

impl Counts {
    /// Those of the calling thread.
    pub fn now() -> Counts {
        // SAFETY: all zeroes is a value of this struct of numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the struct is ours; it stays zero where the kernel refuses.
        unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
        Counts { faults: usage.ru_minflt + usage.ru_majflt, waits: usage.ru_nvcsw, preemptions: usage.ru_nivcsw }
    }

    /// What has come since, for the line of a trial: `{"faults":0,"waits":0,"preemptions":0}`.
    pub fn since(self) -> Value {
        let now = Counts::now();
        json!({
            "faults": now.faults - self.faults, "waits": now.waits - self.waits,
            "preemptions": now.preemptions - self.preemptions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_touched_first_is_counted() {
        let before = Counts::now();
        let memory = crate::shared::Shared::create(4 << 20).expect("memory can be had");
        // It is populated at once, and its page tables with it; memory of one's own is not.
        drop(memory);
        let pages = std::hint::black_box(vec![0u8; 64 << 20]);
        let sum: u64 = pages.iter().step_by(4096).map(|byte| u64::from(*byte)).sum();
        assert_eq!(sum, 0);
        assert!(before.since()["faults"].as_i64() > Some(0));
    }
}
