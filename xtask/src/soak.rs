//! `cargo xtask soak`: the long forms of the campaigns, one after another, each with its share of the time. Counts nothing
//! itself: campaigns append `key count` to a file, and their sums are the one JSON line that is printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::Arg::Long;
use lexopt::ValueExt;

use crate::Outcome;
use crate::build;
use crate::cargo::cargo;
use crate::places;
use crate::report::{Report, Stream};
use crate::strict::{self, Compiler};
use crate::test::crash_harness;

/// Text of `--help`.
pub(crate) const HELP: &str = "
soak [--minutes M]

Runs the long forms of the campaigns for M minutes in all (default 30): crashes at every shared access and whatever else is
listed when it begins. Their progress goes to stderr; one JSON line of counts goes to stdout:
  {\"minutes\":30,\"held\":true,\"campaigns\":{\"crash\":true},\"counts\":{\"crash_checks\":21000000,\"crash_violations\":0}}
Building takes its own time, before the clock of a campaign starts. VIL_SEED=N begins the random campaigns elsewhere.
Exit code 0 when everything held, else 1.
";

/// Minutes when nobody says how many.
const MINUTES: u64 = 30;

/// One campaign that has a long form.
struct Campaign {
    name: &'static str,
    /// Its part of the time, beside those of the others.
    share: u64,
    command: fn() -> Command,
}

/// One row for each. Tests without a long form are left out by their names, because they would run in full every time.
const CAMPAIGNS: &[Campaign] = &[
    Campaign { name: "crash", share: 4, command: crash },
    Campaign { name: "hostile", share: 2, command: || one_by_one(strict::hostile(Compiler::ask().as_ref())) },
    Campaign { name: "steps", share: 2, command: || one_by_one(workspace_test("steps")) },
    Campaign { name: "kills", share: 3, command: || one_by_one(workspace_test("kills")) },
    Campaign { name: "texts", share: 1, command: texts },
    Campaign { name: "programs", share: 1, command: programs },
    Campaign { name: "mixtures", share: 2, command: || one_by_one(workspace_test("random_messages")) },
    Campaign { name: "messages", share: 4, command: messages },
    Campaign { name: "orders", share: 1, command: || one_by_one(strict::orders()) },
];

/// One test after another, so that each has the time it is given.
fn one_by_one(mut command: Command) -> Command {
    command.args(["--", "--nocapture", "--test-threads", "1"]);
    command
}

/// A test program of the workspace.
fn workspace_test(name: &str) -> Command {
    let mut command = cargo("test", &places::target());
    command.args(["--package", "vil-tests", "--test", name]);
    command
}

fn texts() -> Command {
    let mut command = workspace_test("texts");
    command.args(["--", "--nocapture", "texts_that_were_changed_at_random"]);
    command
}

fn messages() -> Command {
    let mut command = one_by_one(workspace_test("hostile_messages"));
    command.args(["--skip", "mistakes"]);
    command
}

fn programs() -> Command {
    let mut command = cargo("test", &places::target());
    command.args(["--package", "vil-ir", "--test", "programs", "--", "--nocapture", "--test-threads", "1"]);
    command
}

fn crash() -> Command {
    let mut command = crash_harness();
    command.args(["--", "--nocapture", "--skip", "seeded_mistake"]);
    command
}

/// Builds, runs each campaign for its share, prints the sums.
pub(crate) fn run(args: lexopt::Parser) -> Outcome {
    let minutes = minutes(args)?;
    let report = Report::new(Stream::Stderr);
    let counts = empty_counts()?;
    let artifact = build::artifact(&report)?;
    let shares: u64 = CAMPAIGNS.iter().map(|campaign| campaign.share).sum();
    let mut held = BTreeMap::new();
    for campaign in CAMPAIGNS {
        let seconds = (minutes * 60 * campaign.share / shares).max(1);
        let mut command = (campaign.command)();
        command.env("VIL_ARTIFACT_DIR", &artifact).env("VIL_SOAK_SECONDS", seconds.to_string());
        command.env("VIL_SOAK_REPORT", &counts).env("VIL_SKIPPED", places::target().join("soak-skipped.txt"));
        let ran = report.run(&format!("{}, for {seconds} s", campaign.name), &mut command);
        ran.as_ref().err().iter().for_each(|said| report.say(said));
        held.insert(campaign.name.to_owned(), ran.is_ok());
    }
    report.times();
    let is_held = held.values().all(|held| *held);
    let sums = sums(&counts)?;
    Report::new(Stream::Stdout).say(json(minutes, &held, &sums));
    Ok(if is_held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn minutes(mut args: lexopt::Parser) -> Result<u64, String> {
    let mut minutes = MINUTES;
    while let Some(arg) = args.next().map_err(|error| error.to_string())? {
        match arg {
            Long("minutes") => {
                let value = args.value().map_err(|error| error.to_string())?;
                minutes = value.parse().map_err(|error| format!("--minutes: {error}"))?;
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    if minutes == 0 { Err("--minutes 0: at least 1".into()) } else { Ok(minutes) }
}

fn empty_counts() -> Result<PathBuf, String> {
    let file = places::target().join("soak.txt");
    std::fs::create_dir_all(places::target()).map_err(|error| format!("{}: {error}", places::target().display()))?;
    std::fs::write(&file, "").map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// Lines of one key are added up.
fn sums(file: &Path) -> Result<BTreeMap<String, u64>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    add_up(&text).ok_or_else(|| format!("{}: a line that is no key and count", file.display()))
}

fn add_up(text: &str) -> Option<BTreeMap<String, u64>> {
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let (key, count) = line.split_once(' ')?;
        *sums.entry(key.to_owned()).or_default() += count.parse::<u64>().ok()?;
    }
    Some(sums)
}

fn json(minutes: u64, held: &BTreeMap<String, bool>, counts: &BTreeMap<String, u64>) -> String {
    let is_held = held.values().all(|held| *held);
    let (held, counts) = (object(held), object(counts));
    format!("{{\"minutes\":{minutes},\"held\":{is_held},\"campaigns\":{held},\"counts\":{counts}}}")
}

/// Keys are single words, so they need no escaping.
fn object<T: std::fmt::Display>(members: &BTreeMap<String, T>) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_key_add_up_and_become_one_line_of_json() {
        let sums = add_up("crash_checks 5\nkills 2\ncrash_checks 7\n").expect("keys and counts");
        let held = BTreeMap::from([("crash".to_owned(), true), ("kills".to_owned(), false)]);
        let expected = concat!(
            r#"{"minutes":3,"held":false,"campaigns":{"crash":true,"kills":false},"#,
            r#""counts":{"crash_checks":12,"kills":2}}"#,
        );
        assert_eq!(json(3, &held, &sums), expected);
    }

    #[test]
    fn a_line_that_is_no_key_and_count_is_not_passed_over() {
        assert_eq!(add_up("crash_checks five"), None);
        assert_eq!(add_up("crash_checks"), None);
    }
}
