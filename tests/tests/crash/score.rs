//! What a campaign did: checks by layer, call and site; accesses of each call; the first violations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

use vil_core::base::crash::Access;

/// Which layer a check belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// One crash, before a store or between two calls.
    L1,
    /// The recoverer dies as well.
    L2,
    /// A recoverer is preempted by another one and by a newcomer.
    L3a,
    /// A living process is preempted by its peers, goes on, and dies later or does not.
    L3b,
}

/// Counts of a campaign.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) checks: BTreeMap<Layer, u64>,
    pub(crate) calls: BTreeMap<&'static str, u64>,
    pub(crate) sites: BTreeMap<&'static str, u64>,
    /// Store sites that some call passed, crash or not.
    pub(crate) passed: BTreeSet<&'static str>,
    /// Most shared accesses of one call, by call.
    pub(crate) accesses: BTreeMap<&'static str, u64>,
    pub(crate) violations: Vec<String>,
}

impl Score {
    /// All checks.
    pub(crate) fn total(&self) -> u64 {
        self.checks.values().sum()
    }

    /// Counts one check and keeps what it found; answers the number of the check.
    pub(crate) fn check(&mut self, layer: Layer, call: &'static str, site: &'static str) -> u64 {
        *self.checks.entry(layer).or_default() += 1;
        *self.calls.entry(call).or_default() += 1;
        *self.sites.entry(site).or_default() += 1;
        self.total()
    }

    /// A store is about to happen at a site.
    pub(crate) fn pass(&mut self, access: Access, site: &'static str) {
        if access != Access::Load {
            self.passed.insert(site);
        }
    }

    /// Keeps the most accesses of a call.
    pub(crate) fn bound(&mut self, call: &'static str, accesses: u64) {
        let most = self.accesses.entry(call).or_default();
        *most = (*most).max(accesses);
    }

    /// Has anything gone wrong?
    pub(crate) fn is_over(&self) -> bool {
        !self.violations.is_empty()
    }

    /// Adds another campaign's counts.
    pub(crate) fn add(&mut self, other: Score) {
        other.checks.into_iter().for_each(|(layer, count)| *self.checks.entry(layer).or_default() += count);
        other.calls.into_iter().for_each(|(call, count)| *self.calls.entry(call).or_default() += count);
        other.sites.into_iter().for_each(|(site, count)| *self.sites.entry(site).or_default() += count);
        other.accesses.into_iter().for_each(|(call, accesses)| self.bound(call, accesses));
        self.passed.extend(other.passed);
        self.violations.extend(other.violations);
    }
}

impl Display for Score {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} checks, {} violations", self.total(), self.violations.len())?;
        writeln!(f, "  by layer: {:?}", self.checks)?;
        writeln!(f, "  by call: {:?}", self.calls)?;
        writeln!(f, "  by site: {:?}", self.sites)?;
        write!(f, "  most shared accesses of one call: {:?}", self.accesses)?;
        self.violations.iter().take(3).try_for_each(|violation| write!(f, "\n  VIOLATION: {violation}"))
    }
}
