//! The main job end to end: three processes in three languages, on every kind of input, compared with a count in a
//! fourth language, while stages are killed and runs are stopped.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use vil_tests::artifact::root;
use vil_tests::cc::tool;
use vil_tests::pipeline::{DEADLINE, Pipeline, children, finish, is_running, object, signal, within};

const KEYS: [&str; 14] = [
    "records",
    "malformed",
    "malformed_lines",
    "npl",
    "outstanding",
    "branches",
    "seconds",
    "records_per_second",
    "routes",
    "pids",
    "restarts",
    "leaked_slots",
    "retained_slots",
    "exact",
];

const GOOD: &str = r#"{"id":7,"amount":12.5,"kol":4,"branch":"Medan"}"#;

/// Exact, nothing leaked, exit code 0.
#[track_caller]
fn assert_exact((object, code): &(Value, i32), what: &str) {
    assert_eq!((&object["exact"], *code), (&json!(true), 0), "{what}: {object}");
    assert_eq!(object["leaked_slots"], 0, "{what}: {object}");
}

/// What the count in Python says about a file; `None` where there is no Python.
fn counted(file: &Path) -> Option<Value> {
    let python = tool("python3")?;
    let script = root().join("tests/tests/demo/count.py");
    let output = Command::new(python).arg(script).arg(file).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("count.py prints JSON"))
}

/// A file of `lines` lines from corpus.py; `None` where there is no Python.
fn corpus(pipeline: &Pipeline, arguments: &str) -> Option<std::path::PathBuf> {
    let python = tool("python3")?;
    let script = root().join("tests/tests/demo/corpus.py");
    let output = Command::new(python).arg(script).args(arguments.split(' ')).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(pipeline.file("ndjson", &output.stdout))
}

/// Every number that both count, to the last bit.
#[track_caller]
fn assert_same_count(here: &Value, there: &Value, what: &str) {
    for key in ["records", "malformed", "malformed_lines", "npl", "outstanding"] {
        assert_eq!(here[key], there[key], "{what}: {key}");
    }
    let branches = |object: &Value| object["branches"].as_object().cloned().unwrap_or_default();
    let (here, there) = (branches(here), branches(there));
    assert_eq!(here.len(), there.len(), "{what}: branches");
    for (name, branch) in there {
        assert_eq!(here.get(&name), Some(&branch), "{what}: {name:?}");
    }
}

#[test]
fn a_made_stream_is_exact_and_passes_three_processes() {
    let pipeline = Pipeline::new("demo-made");
    let run = pipeline.json(&["--records", "20000"]);
    assert_exact(&run, "20,000 records");
    let object = run.0.as_object().expect("an object");
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    let mut expected = KEYS;
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!((&object["records"], &object["restarts"]), (&json!(20_000), &json!(0)));
    assert!(object["malformed"].as_u64() > Some(100) && object["npl"].as_u64() > Some(1000), "{object:?}");
    let pids = &object["pids"];
    assert!(pids["ingest"] != pids["filter"] && pids["filter"] != pids["report"] && pids["report"] != pids["ingest"]);
    for route in object["routes"].as_array().expect("routes") {
        assert_eq!(route["published"], route["received"], "{route}");
        assert!(route["dropped"] == 0 && route["p50_ns"].as_u64() > Some(0), "{route}");
        assert!(route["p50_ns"].as_u64() <= route["p999_ns"].as_u64(), "{route}");
    }
    let again = pipeline.json(&["--records", "20000", "--seed", "1"]).0;
    assert_same_count(&run.0, &again, "the same seed");
    assert_ne!(run.0["outstanding"], pipeline.json(&["--records", "20000", "--seed", "2"]).0["outstanding"]);
}

#[test]
fn the_parser_alone_counts_the_same_and_costs_are_told_where_they_are_asked_for() {
    let pipeline = Pipeline::new("demo-alone");
    let (alone, code) = pipeline.json(&["--records", "20000", "--parser-alone"]);
    assert_eq!((&alone["exact"], code), (&json!(true), 0), "{alone}");
    let (run, _) = pipeline.json(&["--records", "20000", "--usage"]);
    for key in ["records", "malformed", "npl"] {
        assert_eq!(alone[key], run[key], "{key}");
    }
    for stage in ["ingest", "filter", "report", "conductor"] {
        let usage = &run["usage"][stage];
        assert!(usage["user_seconds"].is_f64() && usage["system_seconds"].is_f64(), "{stage}: {usage}");
        assert!(usage["waits"].is_u64() && usage["preemptions"].is_u64(), "{stage}: {usage}");
    }
    assert!(run["usage"]["conductor"]["waits"].as_u64() > Some(0), "the conductor sleeps between its looks: {run}");
}

#[test]
fn files_of_every_kind_agree_with_the_count_in_python() {
    let pipeline = Pipeline::new("demo-files");
    for arguments in ["1 9000 90 5000 mixed", "2 16000 5 5000 crlf", "3 4000 50 3 lf", "4 1 0 1 lf", "5 400 100 1 crlf"]
    {
        let Some(file) = corpus(&pipeline, arguments) else { return };
        let Some(count) = counted(&file) else { return };
        let run = pipeline.json(&["--input", file.to_str().expect("UTF-8")]);
        assert_exact(&run, arguments);
        assert_same_count(&run.0, &count, arguments);
    }
}

#[test]
fn stdin_agrees_with_the_count_in_python_however_it_comes() {
    let pipeline = Pipeline::new("demo-stdin");
    let Some(file) = corpus(&pipeline, "7 3000 40 200 mixed") else { return };
    let Some(count) = counted(&file) else { return };
    let bytes = std::fs::read(&file).expect("the file was written");
    for size in [4093, 1 << 20] {
        let mut child = pipeline.command(&["--input", "-", "--json"]).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        bytes.chunks(size).for_each(|piece| stdin.write_all(piece).expect("the conductor reads"));
        drop(stdin);
        let run = object(&finish(child));
        assert_exact(&run, "stdin");
        assert_same_count(&run.0, &count, "stdin");
        pipeline.assert_empty();
    }
}

#[test]
fn inputs_without_a_record_are_exact_too() {
    let pipeline = Pipeline::new("demo-empty");
    let inputs: [(&[u8], u64); 5] = [(b"", 0), (b"\n \r\n\t", 0), (b"\xEF\xBB\xBF", 0), (b"x", 1), (b"x\n{}\n\n[]", 3)];
    for (bytes, malformed) in inputs {
        let file = pipeline.file("ndjson", bytes);
        let run = pipeline.json(&["--input", file.to_str().expect("UTF-8")]);
        assert_exact(&run, &format!("{bytes:?}"));
        assert_eq!((&run.0["records"], &run.0["malformed"]), (&json!(0), &json!(malformed)));
        assert_eq!((&run.0["outstanding"], &run.0["branches"]), (&json!(0.0), &json!({})));
    }
    assert_exact(&pipeline.json(&["--records", "0"]), "no records");
}

#[test]
fn a_sum_that_is_not_finite_is_null() {
    let pipeline = Pipeline::new("demo-null");
    let line = |amount: &str, branch: &str| GOOD.replace("12.5", amount).replace("Medan", branch);
    let lines = [line("1.7e308", "up"), line("1.7e308", "up"), line("-1.7e308", "down"), line("-0", "zero")];
    let file = pipeline.file("ndjson", lines.join("\n").as_bytes());
    let run = pipeline.json(&["--input", file.to_str().expect("UTF-8")]);
    assert_exact(&run, "sums that overflow");
    let expected = json!({
        "up": {"npl": 2, "outstanding": null},
        "down": {"npl": 1, "outstanding": -1.7e308},
        "zero": {"npl": 1, "outstanding": 0.0},
    });
    assert_eq!((&run.0["outstanding"], &run.0["branches"]), (&Value::Null, &expected));
}

#[test]
fn people_get_tables_and_no_bar_where_nobody_watches() {
    let pipeline = Pipeline::new("demo-table");
    let hostile = GOOD.replace("Medan", r"\u001b[2J\u0007\n");
    let file = pipeline.file("ndjson", format!("{GOOD}\n{hostile}\n").as_bytes());
    let output = pipeline.run(&["--input", file.to_str().expect("UTF-8")]);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && output.stderr.is_empty(), "{:?}", output.stderr);
    for words in ["Medan", "records/s", "p50", "p99.9", "leaked slots: 0", "exact", "ingest.credits -> filter.credits"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(
        !said.contains(['\u{1b}', '\r', '\u{7}']),
        "a branch's name must not reach the terminal as it is: {said:?}"
    );
}

#[test]
fn a_killed_filter_or_ingest_changes_nothing() {
    let pipeline = Pipeline::new("demo-kill");
    for seed in ["1", "2", "3"] {
        let whole = pipeline.json(&["--records", "15000", "--seed", seed]);
        for stage in ["filter", "ingest"] {
            let run = pipeline.json(&["--records", "15000", "--seed", seed, "--kill", stage]);
            assert_exact(&run, stage);
            assert_eq!(run.0["restarts"], 1, "{stage}");
            assert_same_count(&run.0, &whole.0, stage);
        }
    }
    for stage in ["filter", "ingest"] {
        let run = pipeline.json(&["--records", "3", "--kill", stage]);
        assert_exact(&run, stage);
        assert_eq!(run.0["restarts"], 1, "even the shortest stream has a middle");
    }
}

#[test]
fn a_kill_in_the_middle_of_a_file_changes_nothing() {
    let pipeline = Pipeline::new("demo-kill-file");
    let Some(file) = corpus(&pipeline, "9 6000 80 500 mixed") else { return };
    let Some(count) = counted(&file) else { return };
    for stage in ["filter", "ingest"] {
        let run = pipeline.json(&["--input", file.to_str().expect("UTF-8"), "--kill", stage]);
        assert_exact(&run, stage);
        assert_eq!(run.0["restarts"], 1, "{stage}");
        assert_same_count(&run.0, &count, stage);
    }
}

#[test]
fn a_killed_report_ends_the_run_and_leaves_nothing() {
    let pipeline = Pipeline::new("demo-kill-report");
    for seed in ["1", "2", "3", "4"] {
        let output = pipeline.run(&["--records", "10000", "--seed", seed, "--kill", "report", "--json"]);
        let (object, code) = object(&output);
        assert_eq!((code, &object["exact"], &object["leaked_slots"]), (3, &json!(false), &json!(0)), "{object}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("report was killed"));
    }
    let output = pipeline.run(&["--records", "10000", "--kill", "report"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("leaked slots: 0"));
}

#[test]
fn stages_killed_from_outside_again_and_again_change_nothing() {
    let pipeline = Pipeline::new("demo-chaos");
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let records = "40000";
    let whole = pipeline.json(&["--records", records]);
    let mut random = seed;
    let mut next = |end: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    let child = pipeline.command(&["--records", records, "--json"]).spawn().expect("it starts");
    let conductor = child.id();
    let mut kills = 0;
    // Every kill waits for the stage to be there again, so the waits between them are short and of any length.
    while kills < 12 && is_running(conductor) {
        let name = if next(2) == 0 { "filter" } else { "ingest" };
        let pause = Duration::from_micros(next(30_000));
        let _ = within(pause, || !is_running(conductor));
        if let Some((_, pid)) = children(conductor).into_iter().find(|(found, _)| found == name) {
            kills += u32::from(signal(pid, libc::SIGKILL));
        }
    }
    let run = object(&finish(child));
    pipeline.assert_empty();
    assert_exact(&run, &format!("{kills} kills, seed {seed}"));
    assert!(run.0["restarts"].as_u64() > Some(0), "{}", run.0);
    assert_same_count(&run.0, &whole.0, &format!("{kills} kills, seed {seed}"));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence_and_leaves_nothing() {
    let pipeline = Pipeline::new("demo-refused");
    let short = pipeline.file("short", format!("{GOOD}\nx\n{GOOD}\n").as_bytes());
    let short = short.to_str().expect("UTF-8");
    let cases: [(&[&str], &str); 12] = [
        (&["--input", "-", "--kill", "filter"], "stdin"),
        (&["--input", "-", "--kill", "report"], "stdin"),
        (&["--records", "0", "--kill", "filter"], "middle"),
        (&["--records", "2", "--kill", "ingest"], "middle"),
        (&["--input", short, "--kill", "ingest"], "middle"),
        (&["--input", "/nonexistent/credits"], "/nonexistent/credits"),
        (&["--input", "/"], "directory"),
        (&["--records", "-1"], "-1"),
        (&["--records", "many"], "many"),
        (&["--kill", "conductor"], "conductor"),
        (&["--kil", "filter"], "--kill"),
        (&["--input", short, "--records", "5"], "--records"),
    ];
    for (args, words) in cases {
        let output = pipeline.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let help = pipeline.run(&["--help"]);
    let said = String::from_utf8_lossy(&help.stdout);
    assert!(
        help.status.success()
            && ["--input", "--records", "--seed", "--kill", "--json"].iter().all(|o| said.contains(o))
    );
}

#[test]
fn a_signal_stops_all_children_and_removes_the_world() {
    for number in [libc::SIGTERM, libc::SIGINT] {
        let pipeline = Pipeline::new("demo-signal");
        let mut command = pipeline.command(&["--input", "-", "--json"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe that stays open");
        stdin.write_all(format!("{GOOD}\n").as_bytes()).expect("the conductor reads");
        let conductor = child.id();
        assert!(within(DEADLINE, || children(conductor).len() == 3 && !pipeline.left().is_empty()), "it runs");
        let stages = children(conductor);
        assert!(signal(conductor, number));
        let output = finish(child);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(128 + number), 0), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("signal"));
        assert!(stages.iter().all(|(_, pid)| !is_running(*pid)), "{stages:?}");
        pipeline.assert_empty();
        drop(stdin);
    }
}

#[test]
fn a_killed_conductor_takes_its_stages_with_it() {
    let pipeline = Pipeline::new("demo-orphans");
    let mut command = pipeline.command(&["--input", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let stdin = child.stdin.take();
    let conductor = child.id();
    assert!(within(DEADLINE, || children(conductor).len() == 3), "it runs");
    let stages = children(conductor);
    assert!(signal(conductor, libc::SIGKILL));
    finish(child);
    assert!(within(DEADLINE, || stages.iter().all(|(_, pid)| !is_running(*pid))), "{stages:?}");
    drop(stdin);
}

#[test]
fn a_stream_whose_reader_is_killed_ends_with_a_sentence() {
    let pipeline = Pipeline::new("demo-stream-kill");
    let mut command = pipeline.command(&["--input", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let stdin = child.stdin.take();
    let conductor = child.id();
    let ingest = || children(conductor).into_iter().find(|(name, _)| name == "ingest").map(|(_, pid)| pid);
    assert!(within(DEADLINE, || ingest().is_some_and(|pid| signal(pid, libc::SIGKILL))), "it runs");
    let output = finish(child);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be read again"), "{output:?}");
    pipeline.assert_empty();
    drop(stdin);
}
