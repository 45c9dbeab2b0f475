//! The credit pipeline and its parser alone, over the same made input: `pipeline` is ingest, filter and report, three
//! processes over libvil, `parser` the same lines and rules in one process without it. Time begins at the first line and ends
//! with the last sum; what the stages cost is passed on into the raw data. Both must come out exact, or there is no figure.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::{Value, json};
use vil_bench::Answer;
use vil_bench::arguments::Arguments;

/// Records where `--records` says nothing.
const RECORDS: &str = "1000000";

/// The demo's conductor, which `cargo xtask bench` builds beside this program; `None` when nobody did.
fn conductor() -> Answer<Option<PathBuf>> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let dir = itself.parent().unwrap_or(Path::new("."));
    let all = ["conductor", "ingest", "filter", "report"].iter().all(|name| dir.join(name).is_file());
    Ok(all.then(|| dir.join("conductor")))
}

fn run(conductor: &Path, asked: &Arguments) -> Answer<Value> {
    let mut command = Command::new(conductor);
    command.args(["--json", "--records", asked.text("records").unwrap_or(RECORDS)]);
    match asked.subject.as_str() {
        "pipeline" => drop(command.arg("--usage")),
        "parser" => drop(command.arg("--parser-alone")),
        other => return Err(format!("nobody is called {other}")),
    }
    let output = command.output().map_err(|error| format!("{}: {error}", conductor.display()))?;
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()));
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    if said["exact"] != json!(true) {
        return Err("the totals are not exact".into());
    }
    Ok(json!({
        "benchmark": "demo",
        "subject": asked.subject,
        "unit": "records/s",
        "value": said["records_per_second"],
        "records": said["records"],
        "seconds": said["seconds"],
        "usage": said["usage"],
    }))
}

fn main() -> ExitCode {
    let answer = Arguments::of_process().and_then(|asked| match conductor()? {
        Some(conductor) => run(&conductor, &asked).map(Some),
        None => Ok(None),
    });
    match answer {
        Ok(Some(line)) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Ok(None) => {
            eprintln!("the demo was not built; `cargo xtask demo` builds it");
            ExitCode::from(3)
        }
        Err(sentence) => {
            eprintln!("demo: {sentence}");
            ExitCode::from(2)
        }
    }
}
