//! Runs one trial program and reads what it says: exactly one JSON line, exit code 0; 3 when its subject is not here.
//!
//! A trial is a process group that is killed when its time is over, so a hung peer never hangs the whole run.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use vil_bench::Answer;
use vil_bench::cores::Cores;
use vil_bench::samples::quantile;
use vil_ir::plan::binary;

use crate::benchmarks::{Entrant, Program, Statistic};

/// A trial that takes longer is killed.
const DEADLINE: Duration = Duration::from_secs(120);

/// Exit code of a program whose subject is not on this machine.
const NOT_HERE: i32 = 3;

/// What came of a trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It ran.
    Said(Figures),
    /// Its subject is not here: why.
    NotHere(String),
}

/// What a trial measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) unit: String,
    /// Sorted; one of them where the trial said one value.
    pub(crate) samples: Vec<f64>,
    /// The whole line, for the raw data.
    pub(crate) line: Value,
}

impl Figures {
    /// From a program's line.
    pub(crate) fn parse(line: &str) -> Answer<Figures> {
        let line: Value = serde_json::from_str(line).map_err(|error| format!("no line of JSON: {error}"))?;
        for key in ["benchmark", "subject", "unit"] {
            line[key].as_str().ok_or_else(|| format!("`{key}` is missing"))?;
        }
        let mut samples: Vec<f64> = match (&line["samples"], line["value"].as_f64()) {
            (Value::Array(samples), None) => {
                let all: Option<Vec<f64>> = samples.iter().map(Value::as_f64).collect();
                all.ok_or("a sample is no number")?
            }
            (Value::Null, Some(value)) => vec![value],
            _ => return Err("either `samples` or `value` is wanted".into()),
        };
        if samples.is_empty() {
            return Err("there are no samples".into());
        }
        samples.sort_by(f64::total_cmp);
        Ok(Figures { unit: line["unit"].as_str().unwrap_or_default().to_owned(), samples, line })
    }

    /// One figure of it.
    pub(crate) fn statistic(&self, statistic: Statistic) -> f64 {
        match statistic {
            Statistic::Median => quantile(&self.samples, 0.5),
            Statistic::P99 => quantile(&self.samples, 0.99),
            Statistic::Mean => {
                let mean = self.samples.iter().sum::<f64>() / self.samples.len() as f64;
                self.line["mean"].as_f64().unwrap_or(mean)
            }
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// Programs of this package.
    pub(crate) own: PathBuf,
    /// `vil-trial`, in the profile of a release.
    pub(crate) rust: PathBuf,
    /// Those made from C and C++: `c/NAME`, `cpp/NAME`.
    pub(crate) native: PathBuf,
    /// Those of the peers, where they were asked for.
    pub(crate) peers: Option<PathBuf>,
    /// Where worlds are made, and what else a run needs.
    pub(crate) scratch: PathBuf,
}

impl Places {
    fn program(&self, entrant: &Entrant) -> Option<PathBuf> {
        Some(match entrant.program {
            Program::Rust => self.rust.join("vil-trial"),
            Program::Apart(name) => self.rust.join(name),
            Program::Own(name) => self.own.join(name),
            Program::C(name) => self.native.join("c").join(name),
            Program::Cpp(name) => self.native.join("cpp").join(name),
            Program::Peer => self.peers.as_ref()?.join("vil-peers"),
            Program::PeerApart(name) => self.peers.as_ref()?.join(name),
        })
    }

    /// Writes the program of the entrant's world where it has one, and its plan; how they are handed over.
    fn world(&self, entrant: &Entrant) -> Answer<Vec<(&'static str, PathBuf)>> {
        let Some(yaml) = &entrant.world else { return Ok(Vec::new()) };
        let (program, _) = vil_ir::load::from_yaml(yaml).map_err(|faults| faults.to_string())?;
        let plan = vil_ir::plan::plan_program(&program).map_err(|error| error.to_string())?;
        let write = |key, name: &str, bytes: &[u8]| -> Answer<(&'static str, PathBuf)> {
            let path = self.scratch.join(name);
            std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok((key, path))
        };
        let mut files = vec![write("--program", "program.json", plan.contract.as_bytes())?];
        if !entrant.parses {
            let embedded: Vec<u8> = binary::embed(&plan).into_iter().flat_map(u64::to_le_bytes).collect();
            files.push(write("--plan", "program.plan", &embedded)?);
        }
        Ok(files)
    }
}

/// Runs it to its end.
pub(crate) fn run(benchmark: &str, entrant: &Entrant, cores: Cores, places: &Places) -> Answer<Outcome> {
    let Some(program) = places.program(entrant) else {
        return Ok(Outcome::NotHere("peers run with --peers".into()));
    };
    if !program.is_file() {
        return Ok(Outcome::NotHere(format!("{} was not built", shown(&program))));
    }
    let mut command = Command::new(&program);
    command.arg(benchmark).arg(entrant.subject);
    command.arg("--core-a").arg(cores.a.to_string()).arg("--core-b").arg(cores.b.to_string());
    for (key, value) in &entrant.keys {
        command.arg(format!("--{key}")).arg(value);
    }
    for (key, path) in places.world(entrant)? {
        command.arg(key).arg(path);
    }
    command.env("VIL_RUNTIME_DIR", places.scratch.join("worlds"));
    let name = format!("{benchmark} {}", entrant.label);
    said(&mut command, DEADLINE).map_err(|sentence| format!("{name}: {sentence}"))
}

/// Runs a trial program and reads its line.
fn said(command: &mut Command, deadline: Duration) -> Answer<Outcome> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
    let (out, errors) = (read(child.stdout.take()), read(child.stderr.take()));
    let status = end(&mut child, deadline)?;
    let text = |reader: JoinHandle<String>| reader.join().map_err(|_| "a reader panicked".to_owned());
    let (out, errors) = (text(out)?, text(errors)?);
    match status.code() {
        Some(0) => Figures::parse(out.trim_end()).map(Outcome::Said),
        Some(NOT_HERE) => Ok(Outcome::NotHere(errors.trim().to_owned())),
        _ => Err(format!("{status}\n{}", errors.trim_end())),
    }
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        // What is no text is no JSON either, and then that is said.
        let _ = pipe.map(|mut pipe| pipe.read_to_string(&mut text));
        text
    })
}

/// Waits for its end; kills its group when the deadline has passed.
fn end(child: &mut Child, deadline: Duration) -> Answer<ExitStatus> {
    let until = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            kill_group(child.id());
            return Ok(status);
        }
        if Instant::now() > until {
            kill_group(child.id());
            let _ = child.wait();
            return Err(format!("it did not end within {} s", deadline.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ends what a trial left behind; its group is its own.
fn kill_group(leader: u32) {
    let group = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    // An empty group is what is hoped for.
    let _ = group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Answer<Outcome> {
        said(Command::new("sh").args(["-c", script]), Duration::from_secs(10))
    }

    #[test]
    fn a_line_with_samples_is_read_and_sorted() {
        let line = r#"{"benchmark":"b","subject":"s","unit":"ns","samples":[3,1,2.5],"counts":{"faults":0}}"#;
        let figures = Figures::parse(line).expect("it parses");
        assert_eq!((figures.unit.as_str(), &figures.samples[..]), ("ns", &[1.0, 2.5, 3.0][..]));
        assert_eq!(figures.statistic(Statistic::Median), 2.5);
        assert_eq!(figures.line["counts"]["faults"], 0);
    }

    #[test]
    fn a_line_with_one_value_is_one_sample() {
        let figures = Figures::parse(r#"{"benchmark":"b","subject":"s","unit":"ms","value":4}"#).expect("it parses");
        assert_eq!((figures.samples.clone(), figures.statistic(Statistic::P99)), (vec![4.0], 4.0));
    }

    #[test]
    fn lines_that_say_nothing_are_refused() {
        for line in [
            "",
            "ready",
            r#"{"subject":"s","unit":"ns","value":1}"#,
            r#"{"benchmark":"b","subject":"s","unit":"ns"}"#,
            r#"{"benchmark":"b","subject":"s","unit":"ns","samples":[]}"#,
            r#"{"benchmark":"b","subject":"s","unit":"ns","samples":[1,"x"]}"#,
            r#"{"benchmark":"b","subject":"s","unit":"ns","samples":[1],"value":1}"#,
        ] {
            assert!(Figures::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_subject_that_is_not_here_says_why() {
        let outcome = shell("echo no socket >&2; exit 3");
        assert_eq!(outcome, Ok(Outcome::NotHere("no socket".into())));
    }

    #[test]
    fn a_program_that_fails_is_a_failure_with_its_words() {
        let failed = shell("echo broken >&2; exit 1").expect_err("it failed");
        assert!(failed.contains("broken"), "{failed}");
        assert!(shell("echo hello").is_err());
        assert!(matches!(
            shell(r#"echo '{"benchmark":"b","subject":"s","unit":"ns","value":1}'"#),
            Ok(Outcome::Said(_))
        ));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let hung = said(Command::new("sh").args(["-c", "read x < /dev/zero; sleep 600"]), Duration::from_millis(50));
        assert!(hung.is_err());
    }

    #[test]
    fn a_program_that_was_not_built_is_not_here() {
        let entrant = Entrant::new("iceoryx2", Program::Peer);
        let places = Places { peers: Some("/nowhere".into()), ..Places::default() };
        for places in [&places, &Places::default()] {
            let outcome = run("stream", &entrant, Cores { a: 0, b: 0 }, places);
            assert!(matches!(outcome, Ok(Outcome::NotHere(_))), "{outcome:?}");
        }
    }
}
