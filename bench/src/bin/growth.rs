//! `growth BENCHMARK SUBJECT --what check|check-command|plan|gen-c|gen-cpp|gen-rust --count N`: nanoseconds for each of N
//! messages or routes. Commands are those of the `vil` that lies beside this program.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use vil_bench::arguments::Arguments;
use vil_bench::samples::Line;
use vil_bench::{Answer, Place};

/// Messages of four fields, and one route between two processes; or one message and many routes.
fn program(messages: usize, routes: usize) -> String {
    let fields = |message: usize| {
        let kind = ["u64", "i32", "f64"][message % 3];
        format!(
            "{{\"name\":\"id\",\"type\":\"u64\"}},{{\"name\":\"what\",\"type\":\"{kind}\"}},{{\"name\":\"flags\",\"type\":\
             \"u32\"}},{{\"name\":\"bytes\",\"type\":\"[u8; {}]\"}}",
            8 + message % 56
        )
    };
    let message =
        |message: usize| format!("\"Message{message}\":{{\"kind\":\"event\",\"fields\":[{}]}}", fields(message));
    let ports = |direction: &str| {
        let port = |port: usize| format!("\"port_{port}\":{{\"direction\":\"{direction}\",\"message\":\"Message0\"}}");
        joined(routes, port)
    };
    let route = |route: usize| format!("{{\"from\":\"left.port_{route}\",\"to\":\"right.port_{route}\"}}");
    format!(
        "{{\"vil\":1,\"program\":\"growth\",\"messages\":{{{}}},\"interfaces\":{{\"Left\":{{\"ports\":{{{}}}}},\"Right\":\
         {{\"ports\":{{{}}}}}}},\"processes\":{{\"left\":{{\"interface\":\"Left\"}},\"right\":{{\"interface\":\"Right\"}}}},\
         \"defaults\":{{\"ports\":{{\"queue\":{{\"deadline_ms\":1000}}}}}},\"routes\":[{}]}}",
        joined(messages, message),
        ports("out"),
        ports("in"),
        joined(routes, route)
    )
}

fn joined(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(",")
}

fn check(json: &str) -> Answer<vil_ir::model::Program> {
    let (program, source) = vil_ir::load::from_json(json).map_err(|faults| faults.to_string())?;
    let faults = vil_ir::passes::check(&program, source);
    match faults.items.iter().find(|fault| fault.is_error()) {
        Some(fault) => Err(fault.to_string()),
        None => Ok(program),
    }
}

fn plan(json: &str) -> Answer<()> {
    vil_ir::plan::plan_program(&check(json)?).map(drop).map_err(|error| error.to_string())
}

fn command(words: &[&str], file: &Path, output: Option<&Path>) -> Answer<()> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself.with_file_name("vil"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(output) = output {
        command.arg("-o").arg(output);
    }
    let status = command.arg(file).status().map_err(|error| format!("vil cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("vil {}: {status}", words.join(" "))) }
}

/// One round of what is asked for.
fn round(what: &str, json: &str, file: &Path, output: &Path) -> Answer<()> {
    match what {
        "check" => check(json).map(drop),
        "plan" => plan(json),
        "check-command" => command(&["check"], file, None),
        _ => match what.strip_prefix("gen-") {
            Some(language) => command(&["gen", "--lang", language], file, Some(output)),
            None => Err(format!("--what {what}")),
        },
    }
}

fn run() -> Answer<()> {
    let arguments = Arguments::of_process()?;
    let (what, count) = (arguments.wanted("what")?, arguments.number("count", 100)?.max(1));
    let json = if what == "plan" { program(1, count) } else { program(count, 1) };
    let place = Place::new();
    place.dir()?;
    let file: PathBuf = place.path().join("growth.json");
    std::fs::write(&file, &json).map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    for _ in 0..arguments.number("repeats", 5)?.max(1) {
        let start = Instant::now();
        round(what, &json, &file, &place.path().join("gen"))?;
        times.push(start.elapsed().as_nanos() as f64 / count as f64);
    }
    Line::times(&arguments.benchmark, &arguments.subject, times).say();
    Ok(())
}

fn main() -> ExitCode {
    run().map_or_else(
        |sentence| {
            eprintln!("growth: {sentence}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}
