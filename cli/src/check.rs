//! `vil check`: says what is wrong with programs.

use std::process::ExitCode;

use vil_ir::passes;

use crate::source::{self, FAULTY, FINE, Report, UNREADABLE};

/// Say what is wrong with programs: form, names, and the rules of the ten passes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil check credit.yaml                    faults with an excerpt of the file, on stderr
  vil check a.yaml b.json                  several programs, each for itself
  vil check --format json credit.yaml      one JSON object a program, on stderr

Exit codes: 0 clean or warnings only, 1 faults found by passes, 2 cannot be loaded (syntax, unknown key,
unknown name or port, import cycle) or wrong usage. The worst of several files counts.")]
pub(crate) struct Args {
    /// Programs in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,

    /// How faults are written.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    format: Report,
}

/// Checks every file and answers the worst exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    let worst = args.files.iter().map(|file| check(file, args.format)).max();
    ExitCode::from(worst.unwrap_or(FINE))
}

fn check(file: &str, report: Report) -> u8 {
    let Ok((program, source)) = source::read(file, report) else { return UNREADABLE };
    let found = passes::check(&program, source);
    source::write(&found, report);
    if found.any_error() { FAULTY } else { FINE }
}
