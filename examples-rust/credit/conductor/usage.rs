//! What a stage has cost: processor time and context switches, as the kernel tells them of a process that has ended and
//! has not been waited for yet. A figure that the kernel does not tell is 0.

use std::fs::read_to_string;

use serde::Serialize;

/// What a process has cost.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Usage {
    /// Processor time in its own code.
    user_seconds: f64,
    /// Processor time in the kernel.
    system_seconds: f64,
    /// How often it waited for something.
    waits: u64,
    /// How often it had to make room for others.
    preemptions: u64,
}

impl Usage {
    /// Of a process of ours.
    pub(crate) fn of(pid: u32) -> Usage {
        let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        // The name stands in brackets and may hold anything; the 12th and 13th word behind it are times in ticks.
        let words: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let seconds =
            |word: usize| number(words.get(word).copied()) as f64 / rustix::param::clock_ticks_per_second() as f64;
        let count = |key: &str| number(status.lines().find_map(|line| line.strip_prefix(key)));
        Usage {
            user_seconds: seconds(11),
            system_seconds: seconds(12),
            waits: count("voluntary_ctxt_switches:"),
            preemptions: count("nonvoluntary_ctxt_switches:"),
        }
    }

    /// Processor time, both kinds.
    pub(crate) fn seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }

    /// Context switches, both kinds.
    pub(crate) fn switches(&self) -> u64 {
        self.waits + self.preemptions
    }
}

fn number(word: Option<&str>) -> u64 {
    word.and_then(|word| word.trim().parse().ok()).unwrap_or(0)
}
