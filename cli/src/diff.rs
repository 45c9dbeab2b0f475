//! `vil diff`: whether a program still holds what another one, or a lock, promised.

use std::process::ExitCode;

use vil_ir::evolve::{self, Comparison, Level, Subject, Verdict};
use vil_ir::model::Program;

use crate::json::{Object, list};
use crate::lock::{self, Promises};
use crate::output;
use crate::source::{self, FAULTY, FINE, Report, UNREADABLE};

/// Compare two programs, or a vil.lock with a program: equivalent, newer, older or incompatible, message by message.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil diff v1/credit.yaml credit.yaml                    what happens to bytes, and at attach
  vil diff --level source v1/credit.yaml credit.yaml     and to names and types of generated code
  vil diff --level semantic v1/credit.yaml credit.yaml   and to units, defaults, queues
  vil diff vil.lock credit.yaml                          against the layouts that were released
  vil diff --format json v1/credit.yaml credit.yaml      one JSON object on stdout

The rules of each level are listed in docs/evolution.md.

Exit codes: 0 equivalent, newer or older: processes of OLD and NEW read each other's messages and attach to each other's \
worlds; 1 incompatible; 2 one of them cannot be loaded, the answer cannot be written, or wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, or a vil.lock.
    #[arg(value_name = "OLD")]
    old: String,

    /// Program in YAML or JSON, or a vil.lock; `-` for stdin.
    #[arg(value_name = "NEW")]
    new: String,

    /// What is compared; each level includes those before it.
    #[arg(long, value_enum, default_value_t = Depth::Layout)]
    level: Depth,

    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    format: Report,
}

/// A level, for the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Depth {
    /// Bytes of messages.
    Layout,
    /// And what generated code is called and typed.
    Source,
    /// And what it all means.
    Semantic,
}

/// Compares and answers the exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    let level = Level::ALL[args.level as usize];
    match compare(args, level) {
        Ok(comparison) => tell(&comparison, level, args.format),
        Err(code) => code,
    }
}

/// What is compared.
enum Side {
    Program(Box<Program>),
    Lock(Promises),
}

impl Side {
    fn read(file: &str, report: Report) -> Result<Side, ExitCode> {
        let read = match source::text(file) {
            Ok(text) if lock::is_lock(&text) => {
                return lock::parse_of(file, &text).map(Side::Lock).map_err(refuse);
            }
            Ok(text) => source::parse_for(file, text, report),
            // What cannot be read is told as everywhere: reading it again fails again.
            Err(_) => source::read_for(file, report),
        };
        read.map(|(program, _)| Side::Program(Box::new(program)))
    }

    fn promises(self) -> Result<Promises, String> {
        match self {
            Side::Lock(promises) => Ok(promises),
            Side::Program(program) => promises_of(&program),
        }
    }
}

fn compare(args: &Args, level: Level) -> Result<Comparison, ExitCode> {
    let (old, new) = (Side::read(&args.old, args.format)?, Side::read(&args.new, args.format)?);
    let comparison = match (old, new) {
        (Side::Program(old), Side::Program(new)) => evolve::programs(&old, &new, level).map_err(why),
        (old, new) if level == Level::Layout => {
            old.promises().and_then(|old| new.promises().map(|new| evolve::releases(&old, &new)))
        }
        _ => Err(format!("a lock holds layouts alone; it has no level {}", level.word())),
    };
    comparison.map_err(refuse)
}

fn refuse(reason: String) -> ExitCode {
    output::error(reason);
    ExitCode::from(UNREADABLE)
}

fn why(error: evolve::NoLayouts) -> String {
    format!("{error}; `vil check` says more")
}

/// What a program promises of its messages.
pub(crate) fn promises_of(program: &Program) -> Result<Promises, String> {
    evolve::released(program).map_err(why)
}

/// Writes what was found to stdout and answers the exit code.
pub(crate) fn tell(comparison: &Comparison, level: Level, report: Report) -> ExitCode {
    let told = match report {
        Report::Text => text(comparison),
        Report::Json => json(comparison, level) + "\n",
    };
    output::answer(&told, if comparison.verdict() == Verdict::Incompatible { FAULTY } else { FINE })
}

fn text(comparison: &Comparison) -> String {
    let line = |subject: &Subject| {
        let findings = subject.findings.iter();
        let findings = findings.map(|found| {
            let path = if found.path.is_empty() { "/" } else { &found.path };
            format!("  {} {} {path}: {}\n", found.rule.code, found.verdict.word(), found.sentence)
        });
        format!("{}: {}\n{}", subject.name, subject.verdict().word(), findings.collect::<String>())
    };
    let subjects: String = comparison.subjects.iter().map(line).collect();
    format!("{subjects}{}\n", comparison.verdict().word())
}

fn json(comparison: &Comparison, level: Level) -> String {
    let subjects = comparison.subjects.iter().map(|subject| {
        let findings = subject.findings.iter().map(|found| {
            let finding = Object::default().text("rule", found.rule.code).text("verdict", found.verdict.word());
            finding.text("path", &found.path).text("message", &found.sentence).end()
        });
        let told = Object::default().text("name", &subject.name).text("verdict", subject.verdict().word());
        told.raw("findings", list(findings)).end()
    });
    let whole = Object::default().text("level", level.word()).text("verdict", comparison.verdict().word());
    whole.raw("subjects", list(subjects)).end()
}
