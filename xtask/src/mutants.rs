//! `cargo xtask mutants`: the score of the harnesses themselves. Runs the tests that switch seeded mistakes on and hunt them,
//! shows each mistake with what found it, and ends with the score.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use crate::Outcome;
use crate::report::{Report, Stream, line_of};
use crate::strict::orders;
use crate::test::crash_harness;

/// Text of `--help`.
pub(crate) const HELP: &str = "
mutants

Switches seeded mistakes on, one after another, and lets the campaigns hunt them: a mistake that nobody finds is a hole in
the harness. One line for each hunt: its name, what is wrong about it, which layer or model found it and after how many
checks. A mistake that several hunt counts once, and is missed when one of them misses it. The last line is the score, `N of N found`; what is shown to change nothing is counted before it. Exit code 0 when all were found or are shown to change nothing, else 1.
";

/// A test program that has seeded mistakes, and what the names of the tests that hunt them have in common.
type Hunt = (fn() -> Command, &'static str);

const HUNTS: &[Hunt] = &[(crash_harness, "seeded_mistake"), (orders, "")];

/// What every line about a mistake begins with.
const MARK: &str = "mutant ";

/// Hunts, shows, sums up.
pub(crate) fn run(mut args: lexopt::Parser) -> Outcome {
    if let Some(arg) = args.next().map_err(|error| error.to_string())? {
        return Err(arg.unexpected().to_string());
    }
    let report = Report::new(Stream::Stdout);
    let mut score = Score::default();
    let mut refused = false;
    for (hunt, name) in HUNTS {
        let mut command = hunt();
        command.args(["--", "--nocapture", name]);
        let (said, succeeded) = hear(&mut command)?;
        let before = score.missed();
        said.lines().filter_map(about).for_each(|line| {
            score.add(line);
            report.say(line);
        });
        if !succeeded && score.missed() == before {
            report.say(format_args!("{} failed:\n{}", line_of(&command), said.trim_end()));
            refused = true;
        }
    }
    if score.equivalent() > 0 {
        report.say(format_args!("{} more shown to change nothing", score.equivalent()));
    }
    report.say(score.line());
    Ok(if score.is_full() && !refused { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn hear(command: &mut Command) -> Result<(String, bool), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", line_of(command)))?;
    let said = [output.stdout, output.stderr].concat();
    Ok((String::from_utf8_lossy(&said).into_owned(), output.status.success()))
}

/// What a line says about a mistake; libtest may have begun it with a test's name.
fn about(line: &str) -> Option<&str> {
    line.strip_prefix(MARK).or_else(|| line.split_once(" ... mutant ").map(|(_, rest)| rest))
}

/// What became of a mistake; the worst that any hunt says of it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Equivalent,
    Found,
    Missed,
}

/// Which mistakes fell.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score(BTreeMap<String, Verdict>);

impl Score {
    /// `NAME VERDICT: ...`
    fn add(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let verdict = match words.next().unwrap_or_default().trim_end_matches(':') {
            "found" => Verdict::Found,
            "equivalent" => Verdict::Equivalent,
            _ => Verdict::Missed,
        };
        let known = self.0.entry(name.to_owned()).or_insert(verdict);
        *known = verdict.max(*known);
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.0.values().filter(|known| **known == verdict).count()
    }

    fn missed(&self) -> usize {
        self.count(Verdict::Missed)
    }

    fn equivalent(&self) -> usize {
        self.count(Verdict::Equivalent)
    }

    fn is_full(&self) -> bool {
        !self.0.is_empty() && self.missed() == 0
    }

    /// Of those that change something.
    fn line(&self) -> String {
        format!("{} of {} found", self.count(Verdict::Found), self.0.len() - self.equivalent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(lines: &str) -> Score {
        let mut score = Score::default();
        lines.lines().filter_map(about).for_each(|line| score.add(line));
        score
    }

    #[test]
    fn found_and_missed_mistakes_are_told_apart() {
        let full = score("mutant a found: wrong: L1\nnoise\ntest x::y ... mutant b found: wrong: L2\n");
        assert_eq!((full.line(), full.is_full()), ("2 of 2 found".into(), true));
        let holed = score("mutant a found: wrong: L1\nmutant b missed: wrong: nobody saw it\n");
        assert_eq!((holed.line(), holed.is_full()), ("1 of 2 found".into(), false));
    }

    #[test]
    fn a_mistake_that_changes_nothing_is_no_hole_and_no_find() {
        let score = score("mutant a found: wrong: L1\nmutant b equivalent: wrong: because\n");
        assert_eq!((score.line(), score.is_full()), ("1 of 1 found".into(), true));
    }

    #[test]
    fn a_hunt_that_says_nothing_is_no_success() {
        assert!(!score("").is_full());
    }

    #[test]
    fn a_mistake_that_two_hunt_counts_once_and_is_missed_when_one_misses_it() {
        let both = score("mutant a found: wrong: L1\nmutant a found: in the model `b`: seen\n");
        assert_eq!((both.line(), both.is_full()), ("1 of 1 found".into(), true));
        let one = score("mutant a found: wrong: L1\nmutant a missed: in the model `b`: nobody saw it\n");
        assert_eq!((one.line(), one.is_full()), ("0 of 1 found".into(), false));
        let other = score("mutant a equivalent: wrong: because\nmutant a found: in the model `b`: seen\n");
        assert_eq!((other.line(), other.is_full()), ("1 of 1 found".into(), true));
    }
}
