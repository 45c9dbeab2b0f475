//! Reading programs for commands: from a file or stdin, with diagnostics on stderr in the form the user asked for.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use clap::ValueEnum;
use vil_ir::diagnostics::Diagnostics;
use vil_ir::load::{self, Disk, Format, Source};
use vil_ir::model::Program;

/// Everything is as it should be.
pub(crate) const FINE: u8 = 0;
/// The passes found faults.
pub(crate) const FAULTY: u8 = 1;
/// The program could not be read at all.
pub(crate) const UNREADABLE: u8 = 2;

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people: an excerpt of the file with a mark.
    Text,
    /// One JSON object a file, for tools.
    Json,
}

/// Reads a program, `-` from stdin as YAML; a program that cannot be read is reported and answered with exit code 2.
pub(crate) fn read(path: &str, report: Report) -> Result<(Program, Source), ExitCode> {
    let read = match path {
        "-" => stdin()?,
        _ => load::from_file(path),
    };
    read.map_err(|faults| {
        write(&faults, report);
        ExitCode::from(UNREADABLE)
    })
}

fn stdin() -> Result<Result<(Program, Source), Diagnostics>, ExitCode> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(load::from_text("<stdin>", text, Format::Yaml, &mut Disk)),
        Err(error) => {
            eprintln!("error: cannot read stdin: {error}");
            Err(ExitCode::from(UNREADABLE))
        }
    }
}

/// Writes diagnostics to stderr.
pub(crate) fn write(diagnostics: &Diagnostics, report: Report) {
    match report {
        Report::Json => eprintln!("{}", diagnostics.to_json()),
        Report::Text if diagnostics.items.is_empty() => {}
        Report::Text => eprintln!("{}\n", vil_ir::render::render(diagnostics, colored())),
    }
}

fn colored() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
