//! `vil schema`: the form of programs for editors.

use std::process::ExitCode;

use crate::output;

/// Print the form of programs as a JSON Schema, draft 2020-12, so that editors complete and check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil schema > vil.schema.json             the schema of this version
  # yaml-language-server: $schema=vil.schema.json
                                           the first line of a program, for editors: they
                                           complete its keys and words, and mark faults of form

The schema sees form alone; `vil check` says the rest. Exit codes: 0 fine, 2 cannot be written or wrong usage.")]
pub(crate) struct Args {}

/// Prints the schema.
pub(crate) fn run(_args: &Args) -> ExitCode {
    output::print(&vil_ir::schema::json_schema())
}
