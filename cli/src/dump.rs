//! `vil dump`: a program as canonical JSON or as YAML.

use std::process::ExitCode;

use clap::ValueEnum;
use vil_ir::dump;
use vil_ir::normalize::{Normalized, normalize};

use crate::json::Object;
use crate::{output, source};

/// Print a program with its imports merged in: canonical JSON, or YAML for people.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil dump credit.yaml                     one line of canonical JSON
  vil dump credit.yaml --format yaml       as an author would write it
  cat credit.json | vil dump -             from stdin
  vil dump --normalized --format yaml credit.yaml
                                           with what was left out, and why in comments
  vil dump --normalized --why credit.yaml  {\"program\", \"derived\": [{pointer, reason, ...}]}

A normalized program is one again, with the same rings and slots. The same program gives the same bytes every time. Exit codes: 0 fine, 2 cannot be loaded or written.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// What to print.
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,

    /// State everything that was left out, as the plan of the program has it.
    #[arg(long)]
    normalized: bool,

    /// With JSON: say where each value comes from; YAML says it anyway.
    #[arg(long, requires = "normalized")]
    why: bool,
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
    if args.normalized {
        return output::print(&normalized(&normalize(&program), args));
    }
    let text = match args.format {
        Form::Json => dump::canonical_json(&program) + "\n",
        Form::Yaml => dump::yaml(&program),
    };
    output::print(&text)
}

fn normalized(found: &Normalized, args: &Args) -> String {
    if args.format == Form::Yaml {
        return dump::normalized_yaml(found);
    }
    let program = dump::canonical_json(&found.program);
    if !args.why {
        return program + "\n";
    }
    Object::default().raw("program", program).raw("derived", dump::reasons_json(found)).end() + "\n"
}
