//! What a stream adds up to, and where two of such sums differ. Both the pipeline's result and the independent count
//! take this form, so the comparison is one function.
//! Adds in the order of the calls: f64 sums depend on it.

use std::collections::{BTreeMap, HashMap};

use crate::parse::BRANCH_SIZE;

/// Numbers of malformed lines that are kept.
pub const KEPT_LINES: usize = 1000;

/// From this collectability on, a credit is not performing.
pub const NPL_FROM: u8 = 3;

/// Non-performing credits of one branch, or of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// How many.
    pub npl: u64,
    /// Their amounts, added from 0.0 in line order; may overflow to infinity or NaN.
    pub outstanding: f64,
}

impl Sum {
    fn add(&mut self, amount: f64) {
        self.npl += 1;
        self.outstanding += amount;
    }

    /// Equal to the last bit; what is not finite is null to a reader, so all of that is one.
    fn same(&self, other: &Sum) -> bool {
        let sums = (self.outstanding, other.outstanding);
        let null = !sums.0.is_finite() && !sums.1.is_finite();
        self.npl == other.npl && (null || sums.0.to_bits() == sums.1.to_bits())
    }
}

/// What a stream adds up to.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Good lines.
    pub records: u64,
    /// Malformed lines.
    pub malformed: u64,
    /// The numbers of the first `KEPT_LINES` malformed lines, ascending.
    pub malformed_lines: Vec<u64>,
    /// Over all branches.
    pub all: Sum,
    /// By branch, zero padded; only those with a non-performing credit.
    pub branches: HashMap<[u8; BRANCH_SIZE], Sum>,
}

impl Totals {
    /// Counts a good line.
    pub fn add_record(&mut self, amount: f64, kol: u8, branch: [u8; BRANCH_SIZE]) {
        self.records += 1;
        if kol >= NPL_FROM {
            self.all.add(amount);
            self.branches.entry(branch).or_default().add(amount);
        }
    }

    /// Counts a malformed line.
    pub fn add_malformed(&mut self, line: u64) {
        self.malformed += 1;
        if self.malformed_lines.len() < KEPT_LINES {
            self.malformed_lines.push(line);
        }
    }

    /// Branches by name, sorted.
    pub fn by_name(&self) -> BTreeMap<String, Sum> {
        self.branches.iter().map(|(branch, sum)| (branch_name(branch), *sum)).collect()
    }

    /// Sentences about everything in which this differs from what was expected; empty when exact.
    pub fn differences(&self, expected: &Totals) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, here: u64, there: u64| {
            if here != there {
                found.push(format!("{what}: the pipeline says {here}, the independent count {there}"));
            }
        };
        compare("records", self.records, expected.records);
        compare("malformed lines", self.malformed, expected.malformed);
        compare("non-performing credits", self.all.npl, expected.all.npl);
        compare("branches", self.branches.len() as u64, expected.branches.len() as u64);
        let pairs = self.malformed_lines.iter().zip(&expected.malformed_lines);
        if let Some((here, there)) = pairs.into_iter().find(|(here, there)| here != there) {
            found.push(format!("malformed: the pipeline names line {here}, the independent count line {there}"));
        }
        if !self.all.same(&expected.all) {
            found.push(format!("outstanding: {:?} instead of {:?}", self.all.outstanding, expected.all.outstanding));
        }
        for (branch, sum) in &expected.branches {
            let here = self.branches.get(branch).copied().unwrap_or_default();
            if !here.same(sum) {
                found.push(format!("branch {:?}: {here:?} instead of {sum:?}", branch_name(branch)));
            }
        }
        found
    }
}

/// The name without its padding.
pub fn branch_name(branch: &[u8; BRANCH_SIZE]) -> String {
    let end = branch.iter().position(|byte| *byte == 0).unwrap_or(BRANCH_SIZE);
    String::from_utf8_lossy(&branch[..end]).into_owned()
}

/// A name with its padding; `None` when it is too long.
pub fn padded(name: &[u8]) -> Option<[u8; BRANCH_SIZE]> {
    let mut branch = [0; BRANCH_SIZE];
    branch.get_mut(..name.len())?.copy_from_slice(name);
    Some(branch)
}
