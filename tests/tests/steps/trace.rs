//! One victim, instruction by instruction: after each one that changed the world, the world is copied and the copy is
//! judged as if the victim had died there.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use vil_tests::artifact::artifact;
use vil_tests::random::Random;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::tracee::{Go, Stopped, Tracee};

use crate::diary::Diary;
use crate::oracle::{Verdict, judge};
use crate::twin::Snapshot;
use crate::victims::Victim;
use crate::watch::Watch;

/// Steps after which a victim is taken to be lost.
const STEP_LIMIT: u64 = 30_000_000;

/// Bytes of a system call's instruction, `0f 05`.
const SYSTEM_CALL: [u8; 2] = [0x0f, 0x05];

/// What was done, in sums.
#[derive(Debug, Default, Clone)]
pub(crate) struct Figures {
    /// Instructions stepped, wherever they were.
    pub(crate) steps: u64,
    /// Those of the library, from its beginning.
    pub(crate) addresses: BTreeSet<u64>,
    /// Twins judged.
    pub(crate) checks: u64,
    /// Of these without a world.
    pub(crate) nothing: u64,
    /// Lanes on which messages were published and released.
    pub(crate) lanes: BTreeSet<usize>,
    /// What was wrong.
    pub(crate) violations: Vec<String>,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Figures) {
        self.steps += other.steps;
        self.addresses.extend(&other.addresses);
        self.checks += other.checks;
        self.nothing += other.nothing;
        self.lanes.extend(&other.lanes);
        self.violations.extend(other.violations.iter().cloned());
    }
}

/// A victim that is to be stepped through.
pub(crate) struct Case<'a> {
    pub(crate) victim: &'a Victim,
    pub(crate) script: &'a str,
    /// What it finds.
    pub(crate) before: &'a Snapshot,
}

/// Steps through it; `keep` says of how many of its twins a copy is answered, chosen by chance. `None` when this machine
/// does not let a process be traced.
pub(crate) fn trace(case: &Case<'_>, random: &mut Random, keep: usize, figures: &mut Figures) -> Option<Vec<Snapshot>> {
    let (dir, twin) = (RuntimeDir::new("steps"), RuntimeDir::new("steps-twin"));
    case.before.put(&dir);
    let diary = Diary::new(&case.before.pages);
    let mut command = Command::new(&case.victim.program);
    command.arg(&case.victim.setting.contract).arg(diary.path()).arg(case.script).env("VIL_RUNTIME_DIR", &*dir);
    let mut tracee = Tracee::start(&mut command)?;
    tracee.must_go(Go::Breakpoint);
    let mut judged = Judged { case, dir: &dir, twin: &twin, diary: &diary, kept: Vec::new(), keep, random };
    steps(&mut tracee, &mut judged, figures);
    let kept = judged.kept;
    if figures.violations.is_empty() {
        tracee.must_go(Go::Breakpoint);
        tracee.end();
    }
    Some(kept)
}

/// Looks after each step until the place of the breakpoint is reached again.
fn steps(tracee: &mut Tracee, judged: &mut Judged<'_>, figures: &mut Figures) {
    let library = library(tracee);
    let mut watch = Watch::new(judged.dir, &judged.case.victim.setting.plan);
    let mut calls = Calls { memory: tracee.memory(), known: HashMap::new() };
    let (behind_breakpoint, _) = tracee.registers();
    let mut at = behind_breakpoint;
    for _ in 0..STEP_LIMIT {
        if library.contains(&at) {
            figures.addresses.insert(at - library.start);
        }
        let called = !library.contains(&at) && calls.is_one(at);
        let Stopped::Trap = tracee.go(Go::Step) else {
            panic!("{} in {} ended: {}", judged.case.script, judged.case.victim.name, tracee.said())
        };
        figures.steps += 1;
        let named = called && watch.look_at_names();
        if named || watch.look() || called {
            judged.check(at, figures);
        }
        at = tracee.registers().0;
        if at == behind_breakpoint - 1 || figures.violations.len() > 2 {
            return;
        }
    }
    panic!("no second breakpoint after {STEP_LIMIT} steps");
}

/// Which instructions are system calls, read once each.
struct Calls {
    memory: File,
    known: HashMap<u64, bool>,
}

impl Calls {
    fn is_one(&mut self, at: u64) -> bool {
        let mut bytes = [0; 2];
        let read = || self.memory.read_exact_at(&mut bytes, at).is_ok() && bytes == SYSTEM_CALL;
        *self.known.entry(at).or_insert_with(read)
    }
}

/// Where the victim has the library.
fn library(tracee: &Tracee) -> std::ops::Range<u64> {
    let file = artifact().shared.canonicalize().expect("the artifact is there");
    let mappings = tracee.mappings();
    let of_library = || mappings.iter().filter(|mapping| Path::new(&mapping.file) == file);
    let start = of_library().map(|mapping| mapping.start).min().expect("the victim has the library in memory");
    start..of_library().map(|mapping| mapping.end).max().expect("as above")
}

/// What a check needs.
struct Judged<'a> {
    case: &'a Case<'a>,
    dir: &'a RuntimeDir,
    twin: &'a RuntimeDir,
    diary: &'a Diary,
    kept: Vec<Snapshot>,
    keep: usize,
    random: &'a mut Random,
}

impl Judged<'_> {
    /// The victim has just executed what is at this address, and dies.
    fn check(&mut self, at: u64, figures: &mut Figures) {
        let snapshot = Snapshot::take(self.dir, self.diary.pages());
        snapshot.put(self.twin);
        figures.checks += 1;
        let pages = snapshot.pages.0.iter().enumerate();
        figures.lanes.extend(pages.filter(|(_, page)| page.published > 0 && page.releasing > 0).map(|(lane, _)| lane));
        match judge(self.twin, &self.case.victim.setting.plan, &snapshot.pages) {
            Ok(Verdict::Whole) => {}
            Ok(Verdict::Nothing) => figures.nothing += 1,
            Err(wrong) => {
                let (name, script, check) = (self.case.victim.name, self.case.script, figures.checks);
                figures.violations.push(format!("{name}, `{script}`, check {check} at {at:#x}: {wrong}"));
            }
        }
        self.remember(snapshot, figures.checks);
    }

    /// Every twin has the same chance to be kept.
    fn remember(&mut self, snapshot: Snapshot, count: u64) {
        if self.kept.len() < self.keep {
            self.kept.push(snapshot);
        } else if let Some(place) = self.kept.get_mut(self.random.below(count) as usize) {
            *place = snapshot;
        }
    }
}
