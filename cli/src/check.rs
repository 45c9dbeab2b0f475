//! `vil check`: says what is wrong with programs.

use std::process::ExitCode;

use clap::ValueEnum;
use vil_ir::diagnostics::Diagnostics;
use vil_ir::passes;

use crate::output;
use crate::sarif;
use crate::source::{self, Color, FAULTY, FINE, UNREADABLE, Unread};

/// Say what is wrong with programs: form, names, and the rules of the ten passes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil check credit.yaml                    faults with an excerpt of the file, on stderr
  vil check a.yaml b.json                  several programs, each for itself
  vil check --color always credit.yaml     in colours, wherever stderr leads
  vil check --format json credit.yaml      one JSON object a program, on stderr
  vil check --format sarif *.yaml > faults.sarif
                                           one SARIF 2.1.0 log of all, for editors and CI

All faults of a file are told at once, in the order in which they stand there. Faults of form (VIL-F...) come first: the passes \
judge what is left when there are none.

Exit codes: 0 clean or warnings only, 1 faults found by passes, 2 cannot be loaded (syntax, unknown key, \
unknown name or port, import cycle), the log cannot be written, or wrong usage. The worst of several files counts.")]
pub(crate) struct Args {
    /// Programs in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,

    /// How faults are written.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,

    /// When text is coloured.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people: an excerpt of the file with a mark, on stderr.
    Text,
    /// One JSON object a file, on stderr.
    Json,
    /// One SARIF 2.1.0 log, on stdout.
    Sarif,
}

/// Checks every file and answers the worst exit code.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut worst = FINE;
    let mut all = Vec::new();
    for file in &args.files {
        let (found, code) = judge(file);
        worst = worst.max(code);
        match (args.format, found) {
            (Form::Text, Some(found)) => {
                source::write(&found, args.color);
                if code == UNREADABLE {
                    source::say_what_was_not_run(&found);
                }
            }
            (Form::Json, Some(found)) => output::note(found.to_json()),
            (Form::Sarif, Some(found)) => all.push(found),
            (_, None) => {}
        }
    }
    match args.format {
        Form::Sarif => output::answer(&sarif::log(&all), worst),
        Form::Text | Form::Json => ExitCode::from(worst),
    }
}

fn judge(file: &str) -> (Option<Diagnostics>, u8) {
    match source::load(file) {
        Ok((program, source)) => {
            let found = passes::check(&program, source);
            let code = if found.any_error() { FAULTY } else { FINE };
            (Some(found), code)
        }
        Err(Unread::Faults(faults)) => (Some(faults), UNREADABLE),
        Err(Unread::Stdin) => (None, UNREADABLE),
    }
}
