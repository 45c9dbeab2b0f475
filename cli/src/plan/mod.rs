//! `vil plan`: what a program's world will occupy, ring by ring and slot by slot, without making one.

mod parts;
mod tell;

use std::process::ExitCode;

use clap::ValueEnum;
use vil_core::mem::{Geometry, static_size};

use crate::output;
use crate::source::{self, FAULTY};
use parts::World;

/// Print what the world of a program occupies: its parts, size classes and rings.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil plan credit.yaml                     tables for people
  vil plan --format json credit.yaml       one JSON object, for budgets and dashboards
  vil plan --format json credit.yaml | jq .bytes
                                           the size of the file that a world of this program is

The numbers are those of a world that is made from the program, to the byte: both come from one computation. A ring's \
bytes are its cells, head, tail and histogram; what travels outside of cells lies in slots of the ring's class, which \
rings share. The size of a relative or external message is its max_bytes; `least` in JSON is that of its smallest. `vil dump --normalized` says where transfer, delivery and queue come from.

Exit codes: 0 fine, 1 faults found by passes, 2 cannot be loaded or written, or wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// What to print.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Tables.
    Text,
    /// One JSON object.
    Json,
}

/// Plans the program and prints its world.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::checked(&args.file) {
        Ok((program, _)) => program,
        Err(code) => return code,
    };
    let plan = match vil_ir::plan::plan_program(&program) {
        Ok(plan) => plan,
        Err(error) => return refused(&error.to_string()),
    };
    let geometry = match Geometry::compute(&plan, static_size(&plan)) {
        Ok(geometry) => geometry,
        Err(reason) => return refused(&format!("{}: {reason}", plan.program)),
    };
    let world = World { plan: &plan, geometry: &geometry };
    output::print(&match args.format {
        Form::Text => tell::text(&world),
        Form::Json => tell::json(&world) + "\n",
    })
}

fn refused(reason: &str) -> ExitCode {
    output::error(reason);
    ExitCode::from(FAULTY)
}
