//! The table of benchmarks. One file a benchmark: what is compared in which cases, and what is promised.
//!
//! A *case* is what is measured side by side in one run: its *entrants* are a subject with its keys, and they run one after
//! the other, forth and back, with the placement probe between. A *promise* is a bound on the median of the paired ratios of
//! two entrants, or on one entrant's own figure. Nothing here measures.

mod attach;
mod control;
mod demo;
mod empty;
mod exchange;
mod fan_in;
mod fan_out;
mod forward;
mod growth;
mod heap;
mod memory;
mod one_thread;
mod recover;
mod relative;
mod round_trip;
mod routes;
mod size;
mod stream;
mod wake;

/// All benchmarks, in the order in which they run when none is named.
pub(crate) fn all(amount: Amount) -> Vec<Benchmark> {
    vec![
        round_trip::benchmark(amount),
        stream::benchmark(amount),
        one_thread::benchmark(amount),
        empty::benchmark(amount),
        routes::benchmark(amount),
        attach::benchmark(amount),
        memory::benchmark(amount),
        growth::validate(amount),
        growth::generate(amount),
        fan_out::benchmark(amount),
        fan_in::benchmark(amount),
        forward::benchmark(amount),
        wake::benchmark(amount),
        heap::benchmark(amount),
        relative::benchmark(amount),
        control::benchmark(),
        recover::benchmark(),
        demo::benchmark(amount),
        size::benchmark(),
    ]
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// As much as figures need.
    Full,
    /// A tenth, for people in a hurry.
    Quick,
    /// Only enough to see that everything runs; the figures mean nothing.
    Smoke,
}

impl Amount {
    /// So many messages out of a full count.
    pub(crate) fn of(self, full: usize) -> usize {
        match self {
            Amount::Full => full,
            Amount::Quick => (full / 10).max(1),
            Amount::Smoke => (full / 500).clamp(20, 1000),
        }
    }
}

/// How much of a message its producer writes and its consumer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    First,
    All,
}

impl Touch {
    pub(crate) const BOTH: [Touch; 2] = [Touch::First, Touch::All];

    /// As trial programs are told.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Touch::First => "first",
            Touch::All => "all",
        }
    }

    /// As people are told.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Touch::First => "first word",
            Touch::All => "filled",
        }
    }
}

/// One benchmark.
#[derive(Debug)]
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    /// What it measures, one sentence.
    pub(crate) about: &'static str,
    /// Who exchanges with whom and how they wait, said beside the figures.
    pub(crate) shape: &'static str,
    pub(crate) cases: Vec<Case>,
    pub(crate) plots: Vec<Plot>,
}

/// What is measured side by side in one run.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The geometry, said beside the figures: cells, slots, bytes.
    pub(crate) geometry: String,
    pub(crate) entrants: Vec<Entrant>,
    pub(crate) promises: Vec<Promise>,
}

/// Which program an entrant is a run of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// `vil-trial`, with every subject that is written in Rust here.
    Rust,
    /// Another trial in Rust, a program of its own by its name.
    Apart(&'static str),
    /// Another program of this package, by its name.
    Own(&'static str),
    /// `trials/c/NAME.c`, through libvil.so.
    C(&'static str),
    /// `trials/cpp/NAME.cpp`, through libvil.so.
    Cpp(&'static str),
    /// The package of peers, outside of the workspace: `vil-peers`.
    Peer,
    /// A program of its own there, by its name.
    PeerApart(&'static str),
}

/// A subject with its keys.
#[derive(Debug, Clone)]
pub(crate) struct Entrant {
    /// What it is called in this case, once.
    pub(crate) label: String,
    pub(crate) subject: &'static str,
    pub(crate) program: Program,
    /// `--key value` beside the processors.
    pub(crate) keys: Vec<(&'static str, String)>,
    /// The program of the world that it makes, in YAML; handed over as the path of a canonical JSON file, `--program`, and
    /// that of its plan, `--plan`.
    pub(crate) world: Option<String>,
    /// It is not given the plan.
    pub(crate) parses: bool,
}

impl Entrant {
    /// One that is called as its subject is.
    pub(crate) fn new(subject: &'static str, program: Program) -> Entrant {
        Entrant { label: subject.to_owned(), subject, program, keys: Vec::new(), world: None, parses: false }
    }

    /// By another name.
    pub(crate) fn called(mut self, label: impl Into<String>) -> Entrant {
        self.label = label.into();
        self
    }

    /// With one more key.
    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Entrant {
        self.keys.push((key, value.to_string()));
        self
    }

    /// As one whose code was not generated: it has no plan, so it parses its program.
    pub(crate) fn parsing(mut self) -> Entrant {
        self.parses = true;
        self
    }

    /// In a world.
    pub(crate) fn in_world(mut self, yaml: impl Into<String>) -> Entrant {
        self.world = Some(yaml.into());
        self
    }
}

/// Which figure of a run counts. Of a run that says one value it is always that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statistic {
    Median,
    /// What the trial says as `mean`, else that of its samples. One interruption by the kernel moves it.
    Mean,
    P99,
}

/// What an entrant is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Over {
    /// Another entrant of the case, in the same pair.
    Entrant(String),
    /// Its own median.
    Itself,
    /// Nothing: a figure in its own unit.
    Nothing,
}

/// Which side of a bound is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    /// Whether a figure keeps it.
    pub(crate) fn keeps(self, figure: f64) -> bool {
        match self {
            Bound::AtMost(bound) => figure <= bound,
            Bound::AtLeast(bound) => figure >= bound,
        }
    }
}

/// A bound on an entrant.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    pub(crate) of: String,
    pub(crate) statistic: Statistic,
    pub(crate) over: Over,
    pub(crate) bound: Bound,
}

impl Promise {
    /// The ratio of two entrants' medians.
    pub(crate) fn ratio(of: &str, over: &str, bound: Bound) -> Promise {
        Promise { of: of.to_owned(), statistic: Statistic::Median, over: Over::Entrant(over.to_owned()), bound }
    }

    /// One entrant's median in its own unit.
    pub(crate) fn figure(of: &str, bound: Bound) -> Promise {
        Promise { of: of.to_owned(), statistic: Statistic::Median, over: Over::Nothing, bound }
    }

    /// One entrant's 99th percentile over its own median.
    pub(crate) fn steady(of: &str, bound: Bound) -> Promise {
        Promise { of: of.to_owned(), statistic: Statistic::P99, over: Over::Itself, bound }
    }
}

/// A picture of a benchmark.
#[derive(Debug)]
pub(crate) struct Plot {
    /// The file is `BENCHMARK-NAME.svg`.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) kind: Kind,
}

/// What a picture shows.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Share of messages below a latency, one line an entrant of the case of this name.
    Distribution { case: String },
    /// One line for each entrant that several cases have, over a number of each case.
    Scaling { across: &'static str, up: &'static str, points: Vec<Point> },
}

/// Where a case stands in a picture of scaling.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) case: String,
    pub(crate) x: f64,
    /// The figure is divided by this, say messages or bytes; with `is_rate` the quotient is turned over.
    pub(crate) per: f64,
    pub(crate) is_rate: bool,
}

/// Subjects that enter the kernel for every message: a fraction of the messages says as much in the same time.
const SLOW: [&str; 4] = ["pipe", "seqpacket", "zeromq", "nng"];

/// So many messages for a subject out of a full count.
pub(crate) fn messages(amount: Amount, subject: &str, full: usize) -> usize {
    amount.of(if SLOW.contains(&subject) { (full / 20).max(500) } else { full })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_promises_speak_of_entrants() {
        let names: BTreeSet<&str> = all(Amount::Full).iter().map(|benchmark| benchmark.name).collect();
        assert_eq!(names.len(), all(Amount::Full).len());
        for case in all(Amount::Full).iter().flat_map(|benchmark| &benchmark.cases) {
            let labels: BTreeSet<&String> = case.entrants.iter().map(|entrant| &entrant.label).collect();
            assert_eq!(labels.len(), case.entrants.len(), "{}", case.name);
            for promise in &case.promises {
                assert!(labels.contains(&promise.of), "{}: {}", case.name, promise.of);
                let over = matches!(&promise.over, Over::Entrant(other) if !labels.contains(other));
                assert!(!over, "{}: {:?}", case.name, promise.over);
            }
        }
    }

    #[test]
    fn pictures_show_cases_that_are_there() {
        for benchmark in all(Amount::Full) {
            let has = |name: &String| benchmark.cases.iter().any(|case| case.name == *name);
            for plot in &benchmark.plots {
                match &plot.kind {
                    Kind::Distribution { case } => assert!(has(case), "{case}"),
                    Kind::Scaling { points, .. } => assert!(points.iter().all(|point| has(&point.case))),
                }
            }
        }
    }

    #[test]
    fn worlds_are_programs_that_pass() {
        for entrant in
            all(Amount::Full).into_iter().flat_map(|benchmark| benchmark.cases).flat_map(|case| case.entrants)
        {
            let Some(world) = entrant.world else { continue };
            let (program, _) = vil_ir::load::from_yaml(&world).unwrap_or_else(|faults| panic!("{world}\n{faults}"));
            vil_ir::plan::plan_program(&program).unwrap_or_else(|error| panic!("{world}\n{error}"));
        }
    }

    #[test]
    fn bounds_have_two_sides() {
        assert!(Bound::AtMost(1.5).keeps(1.5) && !Bound::AtMost(1.5).keeps(1.6));
        assert!(Bound::AtLeast(0.9).keeps(0.9) && !Bound::AtLeast(0.9).keeps(0.8));
    }
}
