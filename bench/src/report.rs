//! What a run says: a table for people, one JSON object a figure for programs, or a table in Markdown for the README.
//! Computes nothing that is not in the measured case.

use std::fmt::Write;

use serde_json::{Value, json};
use vil_bench::samples::quantile;

use crate::benchmarks::{Benchmark, Bound, Over, Promise, Statistic};
use crate::case::{Absence, Judged, Measured, Verdict};
use crate::pairs::{Pairs, Run, placement, probes, spread};

/// How figures are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    People,
    Json,
    Markdown,
}

/// One measured case in a form.
pub(crate) fn said(form: Form, benchmark: &Benchmark, measured: &Measured<'_>, pairs: usize) -> String {
    match form {
        Form::People => for_people(benchmark, measured, pairs),
        Form::Json => json_lines(benchmark, measured, pairs),
        Form::Markdown => markdown(benchmark, measured),
    }
}

/// A figure with three digits that mean something.
pub(crate) fn short(figure: f64) -> String {
    let digits = match figure.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.digits$}")
}

/// Shares of a run's samples that are said beside its median.
const TAIL: [(&str, f64); 3] = [("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

fn for_people(benchmark: &Benchmark, measured: &Measured<'_>, pairs: usize) -> String {
    let mut text = String::new();
    let (least, most) = probes(&measured.rounds);
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{}: {}", benchmark.name, measured.case.name);
    let _ = writeln!(text, "  shape: {}; geometry: {}", benchmark.shape, measured.case.geometry);
    let _ = writeln!(
        text,
        "  placement: L = {} ns ({} to {}), {} rounds",
        short(placement(&measured.rounds)),
        short(least),
        short(most),
        measured.rounds.len()
    );
    let width = measured.case.entrants.iter().map(|entrant| entrant.label.len()).max().unwrap_or(0);
    let head = ["min", "median", "max", "mean", "p99", "p99.9", "max"].map(|name| format!("{name:>10}")).concat();
    let ours = ours(measured);
    let over = ours.iter().map(|at| format!("  {:>16}", format!("{} over", measured.case.entrants[*at].label)));
    let _ = writeln!(text, "  {:width$} {:>6}{head}{}", "", "unit", over.collect::<String>());
    for at in 0..measured.case.entrants.len() {
        let _ = writeln!(text, "  {}", row(measured, at, width, &ours));
    }
    for at in ours {
        text.extend(counts(measured, at).map(|counts| format!("  {counts}\n")));
    }
    for judged in measured.judged(pairs) {
        let _ = writeln!(text, "  {}", sentence(&judged, measured));
    }
    text
}

/// What the kernel did to an entrant while it measured: the median over its runs of each count that it says.
fn counts(measured: &Measured<'_>, at: usize) -> Option<String> {
    let runs = crate::pairs::runs(&measured.rounds, at);
    let said = runs.first()?.figures.line["counts"].as_object()?;
    let count = |name: &String| {
        let all = runs.iter().filter_map(|run| run.figures.line["counts"][name].as_f64());
        format!("{name} {:.0}", quantile(&crate::pairs::sorted(all.collect()), 0.5))
    };
    let counts: Vec<String> = said.keys().map(count).collect();
    Some(format!("counts of {} in a whole run: {}", measured.case.entrants[at].label, counts.join(", ")))
}

fn row(measured: &Measured<'_>, at: usize, width: usize, ours: &[usize]) -> String {
    let label = &measured.case.entrants[at].label;
    match &measured.absent[at] {
        Some(Absence::NotHere(why)) => return format!("{label:width$} not here: {why}"),
        Some(Absence::Failed(why)) => return format!("{label:width$} FAILED: {}", why.lines().next().unwrap_or("")),
        None => {}
    }
    let medians = spread(&measured.figures(at, median));
    let mut line = format!("{label:width$} {:>6}", measured.unit(at));
    let mean = quantile(&measured.figures(at, |run| run.figures.statistic(Statistic::Mean)), 0.5);
    for figure in [medians.0, medians.1, medians.2, mean].into_iter().chain(tail(measured, at)) {
        let _ = write!(line, "{:>10}", short(figure));
    }
    for ours in ours {
        let ratios = Pairs::of(&measured.rounds, *ours, at).ratios(Statistic::Median);
        let is_like = measured.unit(*ours) == measured.unit(at) && *ours != at && !ratios.is_empty();
        let ratio = if is_like { short(quantile(&ratios, 0.5)) } else { "-".into() };
        let _ = write!(line, "  {ratio:>16}");
    }
    line
}

/// Entrants that are libvil.
fn ours(measured: &Measured<'_>) -> Vec<usize> {
    let entrants = measured.case.entrants.iter().enumerate();
    entrants.filter(|(_, entrant)| entrant.subject.starts_with("vil-")).map(|(at, _)| at).collect()
}

fn median(run: &Run) -> f64 {
    run.figures.statistic(Statistic::Median)
}

/// Medians, over the runs, of each run's tail.
fn tail(measured: &Measured<'_>, at: usize) -> [f64; 3] {
    TAIL.map(|(_, share)| quantile(&measured.figures(at, |run| quantile(&run.figures.samples, share)), 0.5))
}

/// What a promise bounds: `vil-rust over floor`, `p99 of vil-c over its median`.
pub(crate) fn subject(promise: &Promise) -> String {
    let of = match promise.statistic {
        Statistic::Median => promise.of.clone(),
        Statistic::Mean => format!("mean of {}", promise.of),
        Statistic::P99 => format!("p99 of {}", promise.of),
    };
    match &promise.over {
        Over::Entrant(other) => format!("{of} over {other}"),
        Over::Itself => format!("{of} over its median"),
        Over::Nothing => of,
    }
}

fn bound(bound: Bound) -> String {
    match bound {
        Bound::AtMost(figure) => format!("at most {}", short(figure)),
        Bound::AtLeast(figure) => format!("at least {}", short(figure)),
    }
}

fn sentence(judged: &Judged<'_>, measured: &Measured<'_>) -> String {
    let promise = judged.promise;
    let unit = match promise.over {
        Over::Nothing => measured.index(&promise.of).map_or("", |at| measured.unit(at)),
        _ => "",
    };
    let promised = format!("{}: promised {} {unit}", subject(promise), bound(promise.bound));
    let (least, middle, most) = spread(&judged.figures);
    let found = format!(
        "{} ({} to {}, {} pairs, {} thrown away)",
        short(middle),
        short(least),
        short(most),
        judged.figures.len(),
        judged.thrown_away
    );
    let promised = promised.trim_end();
    match judged.verdict {
        Verdict::Kept => format!("kept    {promised}; {found}"),
        Verdict::Missed => format!("MISSED  {promised}; {found}"),
        Verdict::Unsettled => format!("UNSETTLED, the machine moved too often: {promised}; {found}"),
        Verdict::NotMeasured => format!("not measured: {promised}"),
    }
}

fn json_lines(benchmark: &Benchmark, measured: &Measured<'_>, pairs: usize) -> String {
    let entrants = (0..measured.case.entrants.len()).map(|at| entrant_json(benchmark, measured, at));
    let judged = measured.judged(pairs);
    let promises = judged.iter().map(|judged| promise_json(benchmark, measured, judged));
    entrants.chain(promises).map(|line| format!("{line}\n")).collect()
}

fn entrant_json(benchmark: &Benchmark, measured: &Measured<'_>, at: usize) -> Value {
    let entrant = &measured.case.entrants[at];
    let mut line = json!({
        "benchmark": benchmark.name, "case": measured.case.name, "geometry": measured.case.geometry,
        "shape": benchmark.shape, "entrant": entrant.label, "subject": entrant.subject,
    });
    match &measured.absent[at] {
        Some(Absence::NotHere(why)) => line["not_here"] = json!(why),
        Some(Absence::Failed(why)) => line["failed"] = json!(why),
        None => {
            let (least, middle, most) = spread(&measured.figures(at, median));
            let [p99, p999, max] = tail(measured, at);
            let (near, far) = probes(&measured.rounds);
            let figures = json!({
                "unit": measured.unit(at), "min": least, "median": middle, "max": most, "p99": p99, "p99.9": p999,
                "worst": max, "runs": measured.figures(at, median).len(),
                "probe_ns": placement(&measured.rounds), "probe_min_ns": near, "probe_max_ns": far,
            });
            merge(&mut line, figures);
        }
    }
    line
}

fn promise_json(benchmark: &Benchmark, measured: &Measured<'_>, judged: &Judged<'_>) -> Value {
    let (least, middle, most) = spread(&judged.figures);
    let verdict = match judged.verdict {
        Verdict::Kept => "kept",
        Verdict::Missed => "missed",
        Verdict::Unsettled => "unsettled",
        Verdict::NotMeasured => "not measured",
    };
    json!({
        "benchmark": benchmark.name, "case": measured.case.name, "promise": subject(judged.promise),
        "bound": bound(judged.promise.bound), "verdict": verdict, "min": least, "median": middle, "max": most,
        "pairs": judged.figures.len(), "thrown_away": judged.thrown_away,
        "probe_ns": placement(&measured.rounds),
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// What is said before all cases: the machine, and the heading of the table.
pub(crate) fn head(form: Form, machine: &str) -> String {
    match form {
        Form::People => format!("machine: {machine}\n"),
        Form::Json => format!("{}\n", json!({ "machine": machine })),
        Form::Markdown => format!(
            "{machine}\n\n| benchmark | case | who | median | p99 | L | vil-rust over it | vil-c over it |\n\
             |---|---|---|---:|---:|---:|---:|---:|\n"
        ),
    }
}

fn markdown(benchmark: &Benchmark, measured: &Measured<'_>) -> String {
    let mut text = String::new();
    for (at, entrant) in measured.case.entrants.iter().enumerate().filter(|(at, _)| measured.absent[*at].is_none()) {
        let over = |label: &str| {
            let ours = measured.index(label).filter(|ours| *ours != at && measured.unit(*ours) == measured.unit(at))?;
            let ratios = Pairs::of(&measured.rounds, ours, at).ratios(Statistic::Median);
            (!ratios.is_empty()).then(|| short(quantile(&ratios, 0.5)))
        };
        let [p99, ..] = tail(measured, at);
        let unit = measured.unit(at);
        let middle = quantile(&measured.figures(at, median), 0.5);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} {unit} | {} {unit} | {} ns | {} | {} |",
            benchmark.name,
            measured.case.name,
            entrant.label,
            short(middle),
            short(p99),
            short(placement(&measured.rounds)),
            over("vil-rust").unwrap_or_default(),
            over("vil-c").unwrap_or_default(),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmarks::{Case, Entrant, Program};
    use crate::trial::Figures;

    fn benchmark() -> Benchmark {
        let entrants = ["vil-rust", "floor", "iceoryx2"].map(|subject| Entrant::new(subject, Program::Rust));
        Benchmark {
            name: "stream",
            about: "",
            shape: "1:1 polling",
            cases: vec![Case {
                name: "64 B".into(),
                geometry: "256 cells".into(),
                entrants: entrants.into(),
                promises: vec![
                    Promise::ratio("vil-rust", "floor", Bound::AtMost(1.5)),
                    Promise::ratio("vil-rust", "iceoryx2", Bound::AtMost(0.1)),
                    Promise::figure("vil-rust", Bound::AtMost(10.0)),
                ],
            }],
            plots: Vec::new(),
        }
    }

    fn measured(case: &Case) -> Measured<'_> {
        let run = |value: f64| {
            let line = format!(r#"{{"benchmark":"stream","subject":"s","unit":"ns","value":{value}}}"#);
            Some(Run { before: 60.0, after: 61.0, figures: Figures::parse(&line).expect("it parses") })
        };
        let round = || vec![run(14.0), run(10.0), None];
        Measured {
            case,
            rounds: vec![round(), round()],
            absent: vec![None, None, Some(Absence::NotHere("not asked for".into()))],
        }
    }

    #[test]
    fn people_are_told_placement_geometry_shape_and_what_was_missed() {
        let benchmark = benchmark();
        let text = said(Form::People, &benchmark, &measured(&benchmark.cases[0]), 2);
        for words in [
            "L = 61.0 ns (60.0 to 61.0)",
            "1:1 polling",
            "256 cells",
            "not here: not asked for",
            "kept    vil-rust over floor: promised at most 1.50; 1.40 (1.40 to 1.40, 2 pairs, 0 thrown away)",
            "not measured: vil-rust over iceoryx2",
            "MISSED  vil-rust: promised at most 10.0 ns; 14.0",
        ] {
            assert!(text.contains(words), "{words} is missing in\n{text}");
        }
    }

    #[test]
    fn programs_are_told_the_same_one_object_a_line() {
        let benchmark = benchmark();
        let text = said(Form::Json, &benchmark, &measured(&benchmark.cases[0]), 2);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 6);
        assert_eq!((&lines[0]["median"], &lines[2]["not_here"]), (&json!(14.0), &json!("not asked for")));
        assert_eq!(lines[3]["verdict"], "kept");
    }

    #[test]
    fn the_table_in_markdown_has_a_row_for_each_who_ran() {
        let benchmark = benchmark();
        let text = said(Form::Markdown, &benchmark, &measured(&benchmark.cases[0]), 2);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("| stream | 64 B | floor | 10.0 ns | 10.0 ns | 61.0 ns | 1.40 |  |"), "{text}");
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([short(1234.5), short(12.34), short(1.234)], ["1234", "12.3", "1.23"]);
    }
}
