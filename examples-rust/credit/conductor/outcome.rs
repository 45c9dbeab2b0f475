//! How a run ended.

use vil::{Audit, RouteInfo};

use crate::told::Told;
use crate::usage::Usage;

/// Why there is nothing to print.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The arguments or the input make no sense.
    Usage(String),
    /// Something broke.
    Failed(String),
    /// A signal asked for an end.
    Signal(usize),
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Refusal::Failed(why)
    }
}

/// What there is to print.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What report said; without its sums when it was killed.
    pub(crate) told: Told,
    pub(crate) report_killed: bool,
    pub(crate) seconds: f64,
    pub(crate) routes: Vec<RouteInfo>,
    /// The last process id of ingest, filter and report.
    pub(crate) pids: [u32; 3],
    /// What the last lives of the three have cost, and then we ourselves.
    pub(crate) usage: [Usage; 4],
    pub(crate) restarts: u32,
    pub(crate) audit: Audit,
    /// What is wrong or worth saying, for people.
    pub(crate) sentences: Vec<String>,
    /// The totals are those of the independent count.
    pub(crate) totals_agree: bool,
}

impl Outcome {
    /// Nothing differs and nothing is leaked.
    pub(crate) fn exact(&self) -> bool {
        self.totals_agree && !self.report_killed && self.audit.leaked_slots == 0
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match (self.report_killed, self.exact()) {
            (true, _) => 3,
            (false, true) => 0,
            (false, false) => 1,
        }
    }

    pub(crate) fn records_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.told.totals.records as f64 / self.seconds } else { 0.0 }
    }
}
