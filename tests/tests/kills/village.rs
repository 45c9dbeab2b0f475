//! The village: a world with a lane for each way a message travels, four people with ports, and a keeper who only looks.
//!
//! The writer's letters are passed on by the middle, borrowed; what it gives away is passed on taken; what it shares goes
//! to reader and second; jobs go to one of two workers; of its news only the youngest are kept; the reader writes back. All rings are short, so they are full and empty all the time.

use std::path::PathBuf;
use std::sync::Arc;

use vil_core::observe;
use vil_core::sys::file;
use vil_core::world::{Contract, World};
use vil_ir::plan::{Plan, plan_program};
use vil_tests::runtime_dir::RuntimeDir;

use crate::child::{Other, until};
use crate::ledger::{Ledger, Terms};

/// Cells of each ring.
const CAPACITY: u64 = 4;
/// Messages that somebody has in hand at most.
pub(crate) const HANDS: u64 = 2;

const YAML: &str = "
vil: 1
program: village
messages:
  Letter:
    kind: event
    fields: [ { name: id, type: u64 }, { name: check, type: u64 }, { name: rest, type: '[u8; 48]' } ]
  Note:
    kind: event
    fields: [ { name: id, type: u64 }, { name: check, type: u64 } ]
defaults:
  ports: { loans: 2, queue: { capacity: 4, backpressure: fail } }
interfaces:
  Writer:
    ports:
      letters: { direction: out, message: Letter }
      shared:  { direction: out, message: Letter }
      given:   { direction: out, message: Letter }
      jobs:    { direction: out, message: Letter, queue: { kind: mpmc } }
      news:    { direction: out, message: Letter, queue: { backpressure: drop_oldest } }
      back:    { direction: in,  message: Note }
  Middle:
    ports:
      letters: { direction: in,  message: Letter }
      passed:  { direction: out, message: Letter }
      given:   { direction: in,  message: Letter }
      onward:  { direction: out, message: Letter }
  Reader:
    ports:
      passed:  { direction: in,  message: Letter }
      shared:  { direction: in,  message: Letter }
      onward:  { direction: in,  message: Letter }
      news:    { direction: in,  message: Letter }
      back:    { direction: out, message: Note }
  Second:
    ports:
      shared:  { direction: in,  message: Letter }
  Worker:
    ports:
      jobs:    { direction: in,  message: Letter }
processes:
  writer: { interface: Writer }
  middle: { interface: Middle, forwards: [ { from: letters, to: passed }, { from: given, to: onward } ] }
  reader: { interface: Reader }
  second: { interface: Second }
  worker: { interface: Worker, instances: 2 }
routes:
  - { from: writer.letters, to: middle.letters, transfer: loan_write,     delivery: at_least_once }
  - { from: middle.passed,  to: reader.passed,  transfer: publish_offset, delivery: at_least_once }
  - { from: writer.shared,  to: reader.shared,  transfer: share_read,     delivery: at_least_once }
  - { from: writer.shared,  to: second.shared,  transfer: share_read,     delivery: at_least_once }
  - { from: writer.given,   to: middle.given,   transfer: consume_once,   delivery: at_least_once }
  - { from: middle.onward,  to: reader.onward,  transfer: consume_once,   delivery: at_least_once }
  - { from: writer.jobs,    to: worker.jobs,   transfer: consume_once,   delivery: at_least_once }
  - { from: writer.news,    to: reader.news,   transfer: consume_once,   delivery: best_effort }
  - { from: reader.back,    to: writer.back,    transfer: copy,           delivery: at_least_once }
";

/// A lane on which ids begin: its place in the ledger, and whether one ring counts its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    pub(crate) port: &'static str,
    pub(crate) lane: usize,
    pub(crate) is_counted: bool,
}

/// An end at which messages arrive: its place in the ledger, the lane whose ids it sees, and what may happen there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inlet {
    pub(crate) name: &'static str,
    pub(crate) port: &'static str,
    pub(crate) inlet: usize,
    pub(crate) lane: usize,
    pub(crate) terms: Terms,
}

pub(crate) const LETTERS: Lane = Lane { port: "letters", lane: 0, is_counted: true };
pub(crate) const SHARED: Lane = Lane { port: "shared", lane: 1, is_counted: false };
pub(crate) const GIVEN: Lane = Lane { port: "given", lane: 2, is_counted: true };
pub(crate) const JOBS: Lane = Lane { port: "jobs", lane: 4, is_counted: false };
pub(crate) const NEWS: Lane = Lane { port: "news", lane: 5, is_counted: false };
pub(crate) const BACK: Lane = Lane { port: "back", lane: 3, is_counted: true };

const KEPT: Terms = Terms { window: CAPACITY, is_taken: false, is_for_many: false, is_dropping: false };
/// What a dead middle had passed on comes again, and again when the reader dies as well.
const PASSED_ON: Terms = Terms { window: 2 * CAPACITY, ..KEPT };
const TAKEN: Terms = Terms { window: 0, is_taken: true, ..KEPT };
const FOR_MANY: Terms = Terms { is_for_many: true, ..TAKEN };
const DROPPING: Terms = Terms { is_dropping: true, ..TAKEN };

pub(crate) const AT_MIDDLE: Inlet = Inlet { name: "middle.letters", port: "letters", inlet: 0, lane: 0, terms: KEPT };
pub(crate) const PASSED: Inlet = Inlet { name: "reader.passed", port: "passed", inlet: 1, lane: 0, terms: PASSED_ON };
pub(crate) const FIRST: Inlet = Inlet { name: "reader.shared", port: "shared", inlet: 2, lane: 1, terms: KEPT };
pub(crate) const SECOND: Inlet = Inlet { name: "second.shared", port: "shared", inlet: 3, lane: 1, terms: KEPT };
pub(crate) const TO_MIDDLE: Inlet = Inlet { name: "middle.given", port: "given", inlet: 4, lane: 2, terms: TAKEN };
pub(crate) const ONWARD: Inlet = Inlet { name: "reader.onward", port: "onward", inlet: 5, lane: 2, terms: TAKEN };
pub(crate) const ANSWERS: Inlet = Inlet { name: "writer.back", port: "back", inlet: 6, lane: 3, terms: KEPT };

pub(crate) const WORK: Inlet = Inlet { name: "worker.jobs", port: "jobs", inlet: 7, lane: 4, terms: FOR_MANY };
pub(crate) const READ: Inlet = Inlet { name: "reader.news", port: "news", inlet: 8, lane: 5, terms: DROPPING };

/// Every end at which messages arrive.
pub(crate) const INLETS: [Inlet; 9] = [AT_MIDDLE, PASSED, FIRST, SECOND, TO_MIDDLE, ONWARD, ANSWERS, WORK, READ];

/// The name of the world.
pub(crate) const NAME: &str = "village";

/// No role: it looks, recovers and audits.
pub(crate) const NOBODY: Contract<'static> = Contract { process: None, ports: &[] };

/// Where the ledger lies, beside the directory of the worlds.
pub(crate) fn ledger_of(dir: &std::path::Path) -> PathBuf {
    let mut path = dir.as_os_str().to_owned();
    path.push(".ledger");
    path.into()
}

/// The runtime's view of a directory.
pub(crate) fn place(dir: &std::path::Path) -> file::RuntimeDir {
    file::RuntimeDir::open(Some(dir)).unwrap_or_else(|error| panic!("{error}"))
}

/// The plan of a program.
pub(crate) fn plan_of(yaml: &str) -> Plan {
    let (program, _) = vil_ir::load::from_yaml(yaml).unwrap_or_else(|faults| panic!("{faults}"));
    plan_program(&program).unwrap_or_else(|error| panic!("{error}"))
}

/// A village with its keeper.
pub(crate) struct Village {
    pub(crate) keeper: Arc<World>,
    pub(crate) ledger: &'static Ledger,
    pub(crate) dir: RuntimeDir,
}

impl Village {
    pub(crate) fn new(name: &str) -> Village {
        let dir = RuntimeDir::new(name);
        let ledger = ledger_of(&dir);
        let _ = std::fs::remove_file(&ledger);
        Ledger::create(&ledger);
        let keeper = World::create(&place(&dir), NAME, &plan_of(YAML), &NOBODY);
        let keeper = keeper.unwrap_or_else(|error| panic!("{error}"));
        Village { keeper, ledger: Ledger::open(&ledger), dir }
    }

    /// Messages that have arrived at an end.
    pub(crate) fn arrived(&self, inlet: Inlet) -> u64 {
        self.ledger.inlets[inlet.inlet].arrived()
    }

    /// Waits until some more messages have arrived at each of these ends.
    pub(crate) fn thrives(&self, inlets: &[Inlet], more: u64) {
        let goals: Vec<_> = inlets.iter().map(|inlet| (inlet, self.arrived(*inlet) + more)).collect();
        for (inlet, goal) in goals {
            until(inlet.name, || self.arrived(*inlet) >= goal);
        }
    }

    /// Everything that was promised has arrived, everybody leaves, and nothing stays behind; of what is taken each death
    /// may have cost what was in hand. Answers messages that arrived, those that came again, and those that were lost.
    pub(crate) fn ends(&self, people: &mut [Other], deaths: u64) -> [u64; 3] {
        self.ledger.hush();
        self.is_drained();
        for person in &mut *people {
            person.dismiss();
            assert_eq!(person.ended().code(), Some(0));
        }
        self.is_swept();
        let mut sums = [0; 3];
        for inlet in INLETS {
            let arrivals = &self.ledger.inlets[inlet.inlet];
            let missing = arrivals.missing(&self.ledger.lanes[inlet.lane], inlet.terms);
            let [came, again, lost] = arrivals.sums();
            let lost = lost + missing;
            let how =
                if inlet.terms.is_dropping { "dropped, or lost with their taker" } else { "lost with their takers" };
            println!("{}: {came} arrived, {again} of them again, {lost} {how}", inlet.name);
            let most = if inlet.terms.is_taken { deaths * HANDS } else { 0 };
            assert!(lost <= most || inlet.terms.is_dropping, "{lost} never came to {}", inlet.name);
            sums.iter_mut()
                .zip([came, again, if inlet.terms.is_dropping { 0 } else { lost }])
                .for_each(|(sum, count)| *sum += count);
        }
        sums
    }

    /// Waits until every ring is empty, and two looks in a row find that nothing was published in between: what is passed on
    /// while they are looked at one by one comes to one that was empty.
    fn is_drained(&self) {
        let look = || -> Option<u64> {
            let routes = 0..self.keeper.shared().geometry.rings.len();
            let all = routes.map(|route| observe::route(&self.keeper, route).filter(|seen| seen.depth == 0));
            all.map(|seen| seen.map(|seen| seen.published)).sum()
        };
        let mut last = None;
        until("all rings stay empty", || {
            let before = std::mem::replace(&mut last, look());
            last.is_some() && last == before
        });
    }

    /// Everybody has left: every slot is in the pool.
    fn is_swept(&self) {
        let audit = self.keeper.audit();
        assert_eq!((audit.leaked, audit.retained, audit.held, audit.processes), (0, 0, 0, 1), "{audit:?}");
        assert_eq!(audit.free, audit.slots);
    }
}

impl Drop for Village {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(ledger_of(&self.dir));
    }
}
