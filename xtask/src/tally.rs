//! Reads what `cargo test` prints and adds up what passed, failed and was skipped. Pure: lines in, numbers and lines to show out.

use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Goes through the output of one `cargo test`, line by line.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    total: Tally,
    section: Option<Section>,
}

/// One test program, or the doc tests of one crate.
#[derive(Debug, Default)]
struct Section {
    name: String,
    tally: Tally,
    results: u32,
    seconds: f64,
    lines: Vec<String>,
}

impl Reader {
    /// Takes one line; what the person should see of it.
    pub(crate) fn line(&mut self, line: &str) -> Vec<String> {
        if let Some(name) = section_name(line) {
            let shown = self.close();
            self.section = Some(Section { name, ..Section::default() });
            return shown;
        }
        let section = self.section.get_or_insert_default();
        if let Some(tally) = result_of(line) {
            section.tally += tally;
            section.results += 1;
            section.seconds += seconds_of(line).unwrap_or(0.0);
        }
        if !is_noise(line) {
            section.lines.push(line.to_owned());
        }
        Vec::new()
    }

    /// The end of the output: what is left to show, and the sum.
    pub(crate) fn finish(mut self) -> (Vec<String>, Tally) {
        let shown = self.close();
        (shown, self.total)
    }

    fn close(&mut self) -> Vec<String> {
        let Some(mut section) = self.section.take().filter(|section| !section.name.is_empty()) else {
            return Vec::new();
        };
        if section.results == 0 {
            section.tally.failed += 1;
            section.lines.push(format!("{} ended without a result", section.name));
        }
        self.total += section.tally;
        section.show()
    }
}

impl Section {
    fn show(self) -> Vec<String> {
        let Tally { passed, failed, skipped } = self.tally;
        if passed + failed + skipped == 0 {
            return Vec::new();
        }
        let mut shown = vec![format!("  {:<24} {passed:>5} passed {:>7.1} s", self.name, self.seconds)];
        if failed > 0 {
            shown[0] += &format!(", {failed} FAILED");
            shown.extend(self.lines.into_iter().map(|line| format!("    {line}")));
        }
        shown
    }
}

/// `     Running tests/abi.rs (target/debug/deps/abi-0123456789abcdef)` is `abi`; `   Doc-tests vil_ir` is `vil_ir (doc)`.
fn section_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (doc)"));
    }
    let (_, program) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once('(')?;
    let file = program.rsplit('/').next()?;
    Some(file.rsplit_once('-').map_or(file, |(name, _)| name).to_owned())
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
fn result_of(line: &str) -> Option<Tally> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let count = |word: &str| {
        let (before, _) = rest.split_once(word)?;
        before.rsplit([' ', ';']).find(|part| !part.is_empty())?.parse().ok()
    };
    Some(Tally { passed: count(" passed")?, failed: count(" failed")?, skipped: count(" ignored")? })
}

/// The time at the end of such a line; cargo's doc tests say it as others do.
fn seconds_of(line: &str) -> Option<f64> {
    line.trim().rsplit_once("finished in ")?.1.strip_suffix('s')?.parse().ok()
}

fn is_noise(line: &str) -> bool {
    line.trim().is_empty() || line.ends_with(" ... ok") || line.starts_with("running ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Tally) {
        let mut reader = Reader::default();
        let mut shown: Vec<_> = text.lines().flat_map(|line| reader.line(line)).collect();
        let (rest, tally) = reader.finish();
        shown.extend(rest);
        (shown.join("\n"), tally)
    }

    #[test]
    fn results_of_several_programs_add_up() {
        let (shown, tally) = read(concat!(
            "     Running unittests src/lib.rs (target/debug/deps/vil_ir-0123456789abcdef)\n\nrunning 2 tests\n",
            "test a ... ok\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            "   Doc-tests vil\n",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.25s\n",
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s\n",
        ));
        assert_eq!(tally, Tally { passed: 9, failed: 0, skipped: 1 });
        assert!(shown.contains("vil_ir ") && shown.contains("vil (doc)"), "{shown}");
        assert!(shown.contains("7 passed     1.5 s"), "{shown}");
        assert!(!shown.contains("test a"), "{shown}");
    }

    #[test]
    fn a_failing_program_is_shown_with_what_it_said() {
        let (shown, tally) = read(concat!(
            "     Running tests/abi.rs (target/debug/deps/abi-0123456789abcdef)\n",
            "test names ... FAILED\nthread 'names' panicked at x\n",
            "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        ));
        assert_eq!(tally, Tally { passed: 0, failed: 1, skipped: 0 });
        assert!(shown.contains("thread 'names' panicked"), "{shown}");
    }

    #[test]
    fn a_program_that_dies_without_a_result_counts_as_failed() {
        let (shown, tally) = read(concat!(
            "     Running tests/abi.rs (target/debug/deps/abi-0123456789abcdef)\nrunning 1 test\n",
            "error: test failed, to rerun pass `--test abi`\n  process didn't exit successfully (signal: 11, SIGSEGV)\n",
        ));
        assert_eq!(tally, Tally { passed: 0, failed: 1, skipped: 0 });
        assert!(shown.contains("SIGSEGV"), "{shown}");
    }

    #[test]
    fn words_before_the_first_program_count_as_nothing() {
        assert_eq!(read("warning: something\n   Compiling vil v0.1.0").1, Tally::default());
    }
}
