//! `growth BENCHMARK SUBJECT --what check|check-command|whole|whole-command|plan|gen-c|gen-cpp|gen-rust --count N`: nanoseconds
//! for each of N messages or routes. Commands are those of the `vil` that lies beside this program.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use vil_bench::arguments::Arguments;
use vil_bench::samples::Line;
use vil_bench::{Answer, Place};

/// Messages of four fields, and one route between two processes; or one message and many routes.
fn program(messages: usize, routes: usize) -> String {
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

/// Pairs of processes of a whole program.
const PAIRS: usize = 100;

/// Messages of four fields and two routes for each, spread over pairs of processes. More routes than a world has: it is
/// judged whole, and refused for that alone.
fn whole(messages: usize) -> String {
    let per_pair = (2 * messages).div_ceil(PAIRS);
    let face = |pair: usize, name: &str, direction: &str| {
        let port = |port: usize| {
            let message = (pair * per_pair + port) % messages;
            format!("\"port_{port}\":{{\"direction\":\"{direction}\",\"message\":\"Message{message}\"}}")
        };
        format!("\"{name}{pair}\":{{\"ports\":{{{}}}}}", joined(per_pair, port))
    };
    let faces = |pair: usize| [face(pair, "Left", "out"), face(pair, "Right", "in")].join(",");
    let processes = |pair: usize| {
        format!("\"left_{pair}\":{{\"interface\":\"Left{pair}\"}},\"right_{pair}\":{{\"interface\":\"Right{pair}\"}}")
    };
    let route = |route: usize| {
        let (pair, port) = (route / per_pair, route % per_pair);
        format!("{{\"from\":\"left_{pair}.port_{port}\",\"to\":\"right_{pair}.port_{port}\"}}")
    };
    format!(
        "{{\"vil\":1,\"program\":\"growth\",\"messages\":{{{}}},\"interfaces\":{{{}}},\"processes\":{{{}}},\"defaults\":\
         {{\"ports\":{{\"queue\":{{\"capacity\":4}}}}}},\"routes\":[{}]}}",
        joined(messages, message),
        joined(PAIRS, faces),
        joined(PAIRS, processes),
        joined(PAIRS * per_pair, route)
    )
}

/// The definition of one message.
fn message(message: usize) -> String {
    let kind = ["u64", "i32", "f64"][message % 3];
    format!(
        "\"Message{message}\":{{\"kind\":\"event\",\"fields\":[{{\"name\":\"id\",\"type\":\"u64\"}},{{\"name\":\"what\",\"type\":\
         \"{kind}\"}},{{\"name\":\"flags\",\"type\":\"u32\"}},{{\"name\":\"bytes\",\"type\":\"[u8; {}]\"}}]}}",
        8 + message % 56
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

/// Loads and judges a whole program; the only fault is that no world has so many routes.
fn judge(json: &str) -> Answer<()> {
    let (program, source) = vil_ir::load::from_json(json).map_err(|faults| faults.to_string())?;
    let faults = vil_ir::passes::check(&program, source);
    match faults.items.iter().find(|fault| fault.code() != TOO_MANY_ROUTES) {
        Some(fault) => Err(fault.to_string()),
        None => Ok(()),
    }
}

/// The rule that a world has at most 4,095 routes.
const TOO_MANY_ROUTES: &str = "VIL-A003";

/// What `vil check` answers for a program that it refuses.
const REFUSED: i32 = 1;

fn plan(json: &str) -> Answer<()> {
    vil_ir::plan::plan_program(&check(json)?).map(drop).map_err(|error| error.to_string())
}

fn command(words: &[&str], file: &Path, output: Option<&Path>, refused: bool) -> Answer<()> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself.with_file_name("vil"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(output) = output {
        command.arg("-o").arg(output);
    }
    if refused {
        command.stderr(Stdio::null());
    }
    let status = command.arg(file).status().map_err(|error| format!("vil cannot be started: {error}"))?;
    if status.success() || (refused && status.code() == Some(REFUSED)) {
        Ok(())
    } else {
        Err(format!("vil {}: {status}", words.join(" ")))
    }
}

/// One round of what is asked for.
fn round(what: &str, json: &str, file: &Path, output: &Path) -> Answer<()> {
    match what {
        "check" => check(json).map(drop),
        "plan" => plan(json),
        "check-command" => command(&["check"], file, None, false),
        "whole" => judge(json),
        // Below 2,048 messages it is a program like any other.
        "whole-command" => command(&["check"], file, None, true),
        _ => match what.strip_prefix("gen-") {
            Some(language) => command(&["gen", "--lang", language], file, Some(output), false),
            None => Err(format!("--what {what}")),
        },
    }
}

fn run() -> Answer<()> {
    let arguments = Arguments::of_process()?;
    let (what, count) = (arguments.wanted("what")?, arguments.number("count", 100)?.max(1));
    let json = match what {
        "plan" => program(1, count),
        "whole" | "whole-command" => whole(count),
        _ => program(count, 1),
    };
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
