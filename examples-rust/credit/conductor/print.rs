//! The outcome for people as tables, for programs as one JSON object.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use indicatif::HumanCount;
use serde::Serialize;

use crate::alone::Alone;
use crate::outcome::Outcome;
use crate::stages::Role;
use crate::usage::Usage;

/// The object of `--json`; its keys are an interface.
#[derive(Serialize)]
struct Json<'a> {
    records: u64,
    malformed: u64,
    malformed_lines: &'a [u64],
    npl: u64,
    /// Null when it is not finite.
    outstanding: f64,
    branches: BTreeMap<String, Branch>,
    seconds: f64,
    records_per_second: f64,
    routes: Vec<Route<'a>>,
    pids: Pids,
    /// Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Costs>,
    restarts: u32,
    leaked_slots: u64,
    retained_slots: u64,
    exact: bool,
}

#[derive(Serialize)]
struct Branch {
    npl: u64,
    outstanding: f64,
}

#[derive(Serialize)]
struct Route<'a> {
    name: &'a str,
    published: u64,
    received: u64,
    dropped: u64,
    p50_ns: u64,
    p99_ns: u64,
    p999_ns: u64,
}

#[derive(Serialize)]
struct Pids {
    ingest: u32,
    filter: u32,
    report: u32,
}

#[derive(Serialize)]
struct Costs {
    ingest: Usage,
    filter: Usage,
    report: Usage,
    /// Feeds ingest, from a thread of its own.
    conductor: Usage,
}

/// The object of `--parser-alone --json`.
#[derive(Serialize)]
struct AloneJson {
    records: u64,
    malformed: u64,
    npl: u64,
    seconds: f64,
    records_per_second: f64,
    exact: bool,
}

/// Prints one object and a line end.
pub(crate) fn json(outcome: &Outcome, with_usage: bool) {
    let totals = &outcome.told.totals;
    let branches = totals.by_name().into_iter();
    let routes = outcome.routes.iter().map(|route| Route {
        name: &route.name,
        published: route.published,
        received: route.received,
        dropped: route.dropped,
        p50_ns: nanoseconds(route.latency.p50),
        p99_ns: nanoseconds(route.latency.p99),
        p999_ns: nanoseconds(route.latency.p999),
    });
    let [ingest, filter, report] = outcome.pids;
    let pids = Pids { ingest, filter, report };
    let [ingest, filter, report, conductor] = outcome.usage;
    let object = Json {
        records: totals.records,
        malformed: totals.malformed,
        malformed_lines: &totals.malformed_lines,
        npl: totals.all.npl,
        outstanding: totals.all.outstanding,
        branches: branches.map(|(name, sum)| (name, Branch { npl: sum.npl, outstanding: sum.outstanding })).collect(),
        seconds: outcome.seconds,
        records_per_second: outcome.records_per_second(),
        routes: routes.collect(),
        pids,
        usage: with_usage.then_some(Costs { ingest, filter, report, conductor }),
        restarts: outcome.restarts,
        leaked_slots: outcome.audit.leaked_slots,
        retained_slots: outcome.audit.retained_slots,
        exact: outcome.exact(),
    };
    write_json(&object);
}

fn write_json(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(text) => write(&format!("{text}\n")),
        Err(error) => eprintln!("the result cannot be written as JSON: {error}"),
    }
}

/// What the parser alone came to, as one object or as two lines.
pub(crate) fn alone(alone: &Alone, json: bool) {
    let (totals, seconds) = (&alone.totals, alone.seconds);
    let (records, malformed, npl) = (totals.records, totals.malformed, totals.all.npl);
    let records_per_second = if seconds > 0.0 { records as f64 / seconds } else { 0.0 };
    let exact = alone.differences.is_empty();
    if json {
        write_json(&AloneJson { records, malformed, npl, seconds, records_per_second, exact });
    } else {
        let rate = count(records_per_second as u64);
        let (records, malformed) = (count(records), count(malformed));
        write(&format!(
            "the parser alone: {records} records and {malformed} malformed lines in {seconds:.3} s, {rate} records/s\n"
        ));
    }
    alone.differences.iter().for_each(|sentence| eprintln!("{sentence}"));
}

/// Prints the tables.
pub(crate) fn table(outcome: &Outcome) {
    let mut text = String::new();
    if !outcome.report_killed {
        text += &branches(outcome);
    }
    text += &routes(outcome);
    text += &processes(outcome);
    write(&text);
}

fn branches(outcome: &Outcome) -> String {
    let totals = &outcome.told.totals;
    let mut rows = vec![["branch".to_owned(), "npl".to_owned(), "outstanding".to_owned()]];
    rows.extend(totals.by_name().iter().map(|(name, sum)| [shown(name), count(sum.npl), amount(sum.outstanding)]));
    rows.push(["all branches".to_owned(), count(totals.all.npl), amount(totals.all.outstanding)]);
    let mut text = columns(&rows);
    let [substandard, doubtful, loss] = outcome.told.risks.map(count);
    let _ = writeln!(text, "\nsubstandard {substandard}, doubtful {doubtful}, loss {loss}");
    let (records, malformed) = (count(totals.records), count(totals.malformed));
    let rate = count(outcome.records_per_second() as u64);
    let seconds = outcome.seconds;
    let _ = writeln!(text, "{records} records and {malformed} malformed lines in {seconds:.3} s, {rate} records/s");
    text
}

fn routes(outcome: &Outcome) -> String {
    let head = ["route", "published", "received", "dropped", "p50", "p99", "p99.9"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(outcome.routes.iter().map(|route| {
        let latency = &route.latency;
        let time = |time: Duration| if latency.samples == 0 { "-".to_owned() } else { format!("{time:.1?}") };
        [
            route.name.clone(),
            count(route.published),
            count(route.received),
            count(route.dropped),
            time(latency.p50),
            time(latency.p99),
            time(latency.p999),
        ]
    }));
    format!("\n{}", columns(&rows))
}

fn processes(outcome: &Outcome) -> String {
    let stages = Role::ALL.iter().zip(outcome.pids).map(|(role, pid)| format!("{} {pid}", role.name()));
    let stages: Vec<_> = stages.collect();
    let mut text = format!("\nprocesses: {}; restarts: {}\n", stages.join(", "), outcome.restarts);
    let names = Role::ALL.iter().map(|role| role.name()).chain(["conductor, which feeds"]);
    for (name, usage) in names.zip(outcome.usage) {
        let (seconds, switches) = (usage.seconds(), count(usage.switches()));
        let _ = writeln!(text, "{name}: {seconds:.2} s of processor time, {switches} switches");
    }
    let _ = writeln!(text, "leaked slots: {}", outcome.audit.leaked_slots);
    let _ = writeln!(text, "retained slots: {}", outcome.audit.retained_slots);
    if outcome.totals_agree {
        text += "the totals are exact: an independent count says the same\n";
    }
    text
}

/// The first column to the left, numbers to the right.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let _ = write!(text, "{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// The shortest text that reads back the same.
fn amount(sum: f64) -> String {
    serde_json::to_string(&sum).unwrap_or_else(|_| "null".into())
}

/// A name as a terminal may show it: whatever controls one is spelled out.
fn shown(name: &str) -> String {
    if name.is_empty() {
        return "(no name)".to_owned();
    }
    let spell = |letter: char| match letter {
        letter if letter.is_control() => letter.escape_unicode().to_string(),
        letter => letter.to_string(),
    };
    name.chars().map(spell).collect()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A reader that went away is no reason to panic.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
