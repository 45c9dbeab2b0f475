//! `vil dump`: a program as canonical JSON or as YAML.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::source;

/// Print a program with its imports merged in: canonical JSON, or YAML for people.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil dump credit.yaml                     one line of canonical JSON
  vil dump credit.yaml --format yaml       as an author would write it
  cat credit.json | vil dump -             from stdin

The same program gives the same bytes every time. Exit codes: 0 fine, 2 cannot be loaded.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// What to print.
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Canonical JSON, one line.
    Json,
    /// Readable YAML.
    Yaml,
}

/// Prints the program.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::read(&args.file) {
        Ok((program, _)) => program,
        Err(code) => return code,
    };
    let text = match args.format {
        Form::Json => vil_ir::dump::canonical_json(&program) + "\n",
        Form::Yaml => vil_ir::dump::yaml(&program),
    };
    source::print(&text)
}
