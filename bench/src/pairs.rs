//! Rounds of trials, the pairs in them, and which of them count. Pure arithmetic over what was measured.
//!
//! A round runs all entrants of a case one after the other, the next one in reverse, with a placement probe between any two.
//! Two entrants of one round are a pair. A pair counts when its four probes agree with each other, and with the placement of
//! most of the run; other pairs are thrown away, counted, and repeated until there are enough or the cap is reached.

use vil_bench::samples::quantile;

use crate::benchmarks::Statistic;
use crate::trial::Figures;

/// Probes that differ by more than this share are of different placements.
pub(crate) const AGREE: f64 = 1.25;

/// At most so many rounds are run for each one that is wanted.
pub(crate) const CAP: usize = 3;

/// One trial in a round, with the probes around it in nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) before: f64,
    pub(crate) after: f64,
    pub(crate) figures: Figures,
}

/// One round: a run for each entrant that is here, by its index in the case.
pub(crate) type Round = Vec<Option<Run>>;

/// Order of the entrants in a round: forth, then back.
pub(crate) fn order(round: usize, entrants: usize) -> Vec<usize> {
    if round.is_multiple_of(2) { (0..entrants).collect() } else { (0..entrants).rev().collect() }
}

/// Whether probes are of one placement.
fn agree(probes: &[f64]) -> bool {
    let least = probes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = probes.iter().copied().fold(0.0, f64::max);
    most <= least * AGREE
}

/// The placement that most of a run had: the median of all probes.
pub(crate) fn placement(rounds: &[Round]) -> f64 {
    let mut probes: Vec<f64> = rounds.iter().flatten().flatten().flat_map(|run| [run.before, run.after]).collect();
    probes.sort_by(f64::total_cmp);
    quantile(&probes, 0.5)
}

/// Least and most of all probes.
pub(crate) fn probes(rounds: &[Round]) -> (f64, f64) {
    let all = || rounds.iter().flatten().flatten().flat_map(|run| [run.before, run.after]);
    (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max))
}

/// Pairs of two entrants that count, and how many were thrown away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs<'a> {
    pub(crate) kept: Vec<(&'a Run, &'a Run)>,
    pub(crate) thrown_away: usize,
}

impl<'a> Pairs<'a> {
    /// Those of `a` and `b` in all rounds.
    pub(crate) fn of(rounds: &'a [Round], a: usize, b: usize) -> Pairs<'a> {
        let most = placement(rounds);
        let both = rounds.iter().filter_map(|round| Some((round.get(a)?.as_ref()?, round.get(b)?.as_ref()?)));
        let mut pairs = Pairs::default();
        for (a, b) in both {
            if agree(&[a.before, a.after, b.before, b.after, most]) {
                pairs.kept.push((a, b));
            } else {
                pairs.thrown_away += 1;
            }
        }
        pairs
    }

    /// The ratios of one figure of both, sorted.
    pub(crate) fn ratios(&self, statistic: Statistic) -> Vec<f64> {
        let ratio = |(a, b): &(&Run, &Run)| a.figures.statistic(statistic) / b.figures.statistic(statistic);
        sorted(self.kept.iter().map(ratio).collect())
    }
}

/// Runs of one entrant that count.
pub(crate) fn runs(rounds: &[Round], entrant: usize) -> Vec<&Run> {
    Pairs::of(rounds, entrant, entrant).kept.into_iter().map(|(run, _)| run).collect()
}

/// Whether every pair of entrants that is here has as many pairs as wanted.
pub(crate) fn is_enough(rounds: &[Round], wanted: usize, pairs: &[(usize, usize)]) -> bool {
    rounds.len() >= wanted && pairs.iter().all(|(a, b)| is_absent(rounds, *a, *b) || count(rounds, *a, *b) >= wanted)
}

fn count(rounds: &[Round], a: usize, b: usize) -> usize {
    Pairs::of(rounds, a, b).kept.len()
}

fn is_absent(rounds: &[Round], a: usize, b: usize) -> bool {
    rounds.iter().all(|round| [a, b].iter().any(|index| round.get(*index).is_none_or(Option::is_none)))
}

/// Sorted.
pub(crate) fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

/// Least, median and most of a sorted slice.
pub(crate) fn spread(sorted: &[f64]) -> (f64, f64, f64) {
    (quantile(sorted, 0.0), quantile(sorted, 0.5), quantile(sorted, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(probe: f64, value: f64) -> Option<Run> {
        let line = format!(r#"{{"benchmark":"b","subject":"s","unit":"ns","value":{value}}}"#);
        Some(Run { before: probe, after: probe, figures: Figures::parse(&line).expect("it parses") })
    }

    #[test]
    fn rounds_go_forth_and_back() {
        assert_eq!((order(0, 3), order(1, 3), order(2, 3)), (vec![0, 1, 2], vec![2, 1, 0], vec![0, 1, 2]));
    }

    #[test]
    fn ratios_are_those_of_pairs_and_not_of_medians() {
        let rounds = [vec![run(60.0, 2.0), run(60.0, 1.0)], vec![run(60.0, 9.0), run(60.0, 3.0)]];
        let rounds = [&rounds[..], &[vec![run(60.0, 4.0), run(60.0, 4.0)]]].concat();
        assert_eq!(Pairs::of(&rounds, 0, 1).ratios(Statistic::Median), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_pair_whose_probes_disagree_is_thrown_away_and_counted() {
        let near = || vec![run(60.0, 1.0), run(62.0, 1.0)];
        let moved = vec![run(60.0, 1.0), run(320.0, 9.0)];
        let rounds = [near(), moved, near()];
        let pairs = Pairs::of(&rounds, 0, 1);
        assert_eq!((pairs.kept.len(), pairs.thrown_away), (2, 1));
        assert!(is_enough(&rounds, 2, &[(0, 1)]) && !is_enough(&rounds, 3, &[(0, 1)]));
    }

    #[test]
    fn a_pair_of_another_placement_than_most_is_thrown_away() {
        let rounds: Vec<Round> = [60.0, 60.0, 60.0, 320.0].map(|probe| vec![run(probe, 1.0), run(probe, 1.0)]).into();
        assert_eq!((placement(&rounds), probes(&rounds)), (60.0, (60.0, 320.0)));
        assert_eq!(Pairs::of(&rounds, 0, 1).thrown_away, 1);
        assert_eq!(runs(&rounds, 0).len(), 3);
    }

    #[test]
    fn who_is_not_here_needs_no_pairs() {
        let rounds = [vec![run(60.0, 1.0), None], vec![run(60.0, 1.0), None]];
        assert!(is_enough(&rounds, 2, &[(0, 1), (0, 0)]));
        assert!(Pairs::of(&rounds, 0, 1).kept.is_empty());
    }

    #[test]
    fn a_spread_has_least_median_and_most() {
        assert_eq!(spread(&sorted(vec![5.0, 1.0, 3.0])), (1.0, 3.0, 5.0));
    }
}
