//! Measures one case: rounds until every promised pair was seen often enough, or the cap is reached.

use vil_bench::Answer;
use vil_bench::cores::Cores;
use vil_bench::probe::probe;

use crate::benchmarks::{Benchmark, Case, Over, Promise, Statistic};
use crate::pairs::{CAP, Pairs, Round, Run, is_enough, order, runs, sorted};
use crate::raw::Raw;
use crate::trial::{Outcome, Places, run};

/// How a run is done.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) cores: Cores,
    pub(crate) pairs: usize,
    pub(crate) places: Places,
}

/// What a case came to.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) case: &'a Case,
    pub(crate) rounds: Vec<Round>,
    /// Entrants that did not run, and why.
    pub(crate) absent: Vec<Option<Absence>>,
}

/// Why an entrant did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Absence {
    /// It is not on this machine, or was not asked for.
    NotHere(String),
    /// It failed.
    Failed(String),
}

/// How a promise was kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Kept,
    Missed,
    /// Somebody it speaks of is not here.
    NotMeasured,
    /// Too many pairs were thrown away.
    Unsettled,
}

/// A promise with its figures, sorted.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) promise: &'a Promise,
    pub(crate) figures: Vec<f64>,
    pub(crate) thrown_away: usize,
    pub(crate) verdict: Verdict,
}

/// Measures it.
pub(crate) fn measure<'a>(
    benchmark: &Benchmark,
    case: &'a Case,
    settings: &Settings,
    raw: &mut Raw,
) -> Answer<Measured<'a>> {
    let count = case.entrants.len();
    let mut measured = Measured { case, rounds: Vec::new(), absent: vec![None; count] };
    let wanted = measured.wanted();
    while !is_enough(&measured.rounds, settings.pairs, &wanted) && measured.rounds.len() < settings.pairs * CAP {
        let number = measured.rounds.len();
        let mut round: Round = (0..count).map(|_| None).collect();
        let mut before = probe(settings.cores)?;
        for at in order(number, count) {
            if measured.absent[at].is_some() {
                continue;
            }
            let entrant = &case.entrants[at];
            match run(benchmark.name, entrant, settings.cores, &settings.places) {
                Ok(Outcome::Said(figures)) => {
                    let after = probe(settings.cores)?;
                    raw.add(benchmark, case, entrant, number, (before, after), &figures)?;
                    round[at] = Some(Run { before, after, figures });
                    before = after;
                }
                Ok(Outcome::NotHere(why)) => measured.absent[at] = Some(Absence::NotHere(why)),
                Err(why) => {
                    eprintln!("bench: {why}");
                    measured.absent[at] = Some(Absence::Failed(why));
                }
            }
        }
        if measured.absent.iter().all(Option::is_some) {
            break;
        }
        measured.rounds.push(round);
    }
    Ok(measured)
}

impl<'a> Measured<'a> {
    /// Pairs that must be there often enough: each entrant with itself, and those that are promised.
    fn wanted(&self) -> Vec<(usize, usize)> {
        let single = (0..self.case.entrants.len()).map(|at| (at, at));
        let promised = self.case.promises.iter().filter_map(|promise| self.pair(promise));
        single.chain(promised).collect()
    }

    fn pair(&self, promise: &Promise) -> Option<(usize, usize)> {
        let of = self.index(&promise.of)?;
        match &promise.over {
            Over::Entrant(other) => Some((of, self.index(other)?)),
            Over::Itself | Over::Nothing => Some((of, of)),
        }
    }

    /// Where an entrant is in the case.
    pub(crate) fn index(&self, label: &str) -> Option<usize> {
        self.case.entrants.iter().position(|entrant| entrant.label == label)
    }

    /// The unit an entrant counts in.
    pub(crate) fn unit(&self, entrant: usize) -> &str {
        runs(&self.rounds, entrant).first().map_or("", |run| run.figures.unit.as_str())
    }

    /// A figure of each run of an entrant that counts, sorted.
    pub(crate) fn figures(&self, entrant: usize, statistic: impl Fn(&Run) -> f64) -> Vec<f64> {
        sorted(runs(&self.rounds, entrant).into_iter().map(statistic).collect())
    }

    /// Holds each promise against what was measured.
    pub(crate) fn judged(&self, pairs: usize) -> Vec<Judged<'a>> {
        self.case.promises.iter().map(|promise| self.judge(promise, pairs)).collect()
    }

    fn judge(&self, promise: &'a Promise, wanted: usize) -> Judged<'a> {
        let absent = |at: usize| self.absent[at].is_some();
        let Some((of, over)) = self.pair(promise).filter(|(of, over)| !absent(*of) && !absent(*over)) else {
            return Judged { promise, figures: Vec::new(), thrown_away: 0, verdict: Verdict::NotMeasured };
        };
        let pairs = Pairs::of(&self.rounds, of, over);
        let own = |run: &Run| run.figures.statistic(promise.statistic);
        let figures = match promise.over {
            Over::Entrant(_) => pairs.ratios(promise.statistic),
            Over::Itself => self.figures(of, |run| own(run) / run.figures.statistic(Statistic::Median)),
            Over::Nothing => self.figures(of, own),
        };
        let middle = vil_bench::samples::quantile(&figures, 0.5);
        let verdict = match (figures.len() >= wanted, promise.bound.keeps(middle)) {
            (false, _) => Verdict::Unsettled,
            (true, true) => Verdict::Kept,
            (true, false) => Verdict::Missed,
        };
        Judged { promise, figures, thrown_away: pairs.thrown_away, verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmarks::{Bound, Entrant, Program};
    use crate::trial::Figures;

    fn case(bound: f64) -> Case {
        Case {
            name: "case".into(),
            geometry: String::new(),
            entrants: vec![Entrant::new("vil-rust", Program::Rust), Entrant::new("iceoryx2", Program::Peer)],
            promises: vec![Promise::ratio("vil-rust", "iceoryx2", Bound::AtMost(bound))],
        }
    }

    fn round(ours: f64, theirs: Option<f64>) -> Round {
        let run = |value: f64| {
            let line = format!(r#"{{"benchmark":"b","subject":"s","unit":"ns","value":{value}}}"#);
            Run { before: 60.0, after: 60.0, figures: Figures::parse(&line).expect("it parses") }
        };
        vec![Some(run(ours)), theirs.map(run)]
    }

    fn verdict(case: &Case, rounds: Vec<Round>, absent: Option<Absence>) -> Verdict {
        let measured = Measured { case, rounds, absent: vec![None, absent] };
        measured.judged(2).remove(0).verdict
    }

    #[test]
    fn a_promise_is_kept_or_missed_by_its_median_ratio() {
        let rounds = || vec![round(1.0, Some(4.0)), round(1.0, Some(5.0)), round(9.0, Some(1.0))];
        assert_eq!(verdict(&case(0.25), rounds(), None), Verdict::Kept);
        assert_eq!(verdict(&case(0.2), rounds(), None), Verdict::Missed);
    }

    #[test]
    fn a_promise_over_a_missing_subject_is_not_measured() {
        let absent = Some(Absence::NotHere("not asked for".into()));
        assert_eq!(verdict(&case(0.3), vec![round(1.0, None), round(1.0, None)], absent), Verdict::NotMeasured);
    }

    #[test]
    fn too_few_pairs_settle_nothing() {
        assert_eq!(verdict(&case(0.3), vec![round(1.0, Some(4.0))], None), Verdict::Unsettled);
    }
}
