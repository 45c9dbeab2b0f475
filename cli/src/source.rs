//! Reading programs for commands: from a file or stdin, with diagnostics on stderr in the form the user asked for.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ValueEnum;
use vil_ir::diagnostics::Diagnostics;
use vil_ir::load::{self, Disk, Format, Source};
use vil_ir::model::Program;
use vil_ir::passes;

use crate::output;

/// Everything is as it should be.
pub(crate) const FINE: u8 = 0;
/// The passes found faults.
pub(crate) const FAULTY: u8 = 1;
/// The program could not be read at all.
pub(crate) const UNREADABLE: u8 = 2;

/// When diagnostics are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless $NO_COLOR is set to something.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn is_on(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// How results and faults are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Why there is no program.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It has faults of form.
    Faults(Diagnostics),
    /// Stdin cannot be read; that has been said.
    Stdin,
}

/// Reads a program, `-` from stdin as YAML; what is wrong with its form is the caller's to tell.
pub(crate) fn load(path: &str) -> Result<(Program, Source), Unread> {
    if path != "-" {
        return load::from_file(path).map_err(Unread::Faults);
    }
    let text = text(path).map_err(|reason| {
        output::error(format_args!("cannot read stdin: {reason}"));
        Unread::Stdin
    })?;
    parse(path, text)
}

/// The text of a file, `-` of stdin, or why it has none: read once, because a pipe has it once.
pub(crate) fn text(path: &str) -> Result<String, String> {
    if path == "-" {
        return load::text_of(std::io::stdin().lock());
    }
    load::text_of(std::fs::File::open(path).map_err(|error| error.to_string())?)
}

fn parse(path: &str, text: String) -> Result<(Program, Source), Unread> {
    let (name, format) = if path == "-" { ("<stdin>", Format::Yaml) } else { (path, Format::of(path)) };
    load::from_text(name, text, format, &mut Disk).map_err(Unread::Faults)
}

/// Reads a program; one that cannot be read is told for people and answered with exit code 2.
pub(crate) fn read(path: &str) -> Result<(Program, Source), ExitCode> {
    read_for(path, Report::Text)
}

/// The same, told in the form that was asked for.
pub(crate) fn read_for(path: &str, report: Report) -> Result<(Program, Source), ExitCode> {
    tell(load(path), report)
}

/// The same of a text that was read from there.
pub(crate) fn parse_for(path: &str, text: String, report: Report) -> Result<(Program, Source), ExitCode> {
    tell(parse(path, text), report)
}

fn tell(loaded: Result<(Program, Source), Unread>, report: Report) -> Result<(Program, Source), ExitCode> {
    loaded.map_err(|unread| {
        match (unread, report) {
            (Unread::Faults(faults), Report::Text) => write(&faults, Color::Auto),
            (Unread::Faults(faults), Report::Json) => output::note(faults.to_json()),
            (Unread::Stdin, _) => {}
        }
        ExitCode::from(UNREADABLE)
    })
}

/// Says to people that no pass has looked at a program, whose text was read and has faults of form: there may be more faults.
pub(crate) fn say_what_was_not_run(faults: &Diagnostics) {
    if faults.source.names().next().is_none() {
        return;
    }
    let count = faults.items.len();
    let noun = if count == 1 { "fault" } else { "faults" };
    output::note(format_args!("note: the passes were not run because of {count} {noun} of form"));
}

/// Reads a program that no pass refuses; what is wrong, warnings too, is told for people.
pub(crate) fn checked(path: &str) -> Result<(Program, Source), ExitCode> {
    let (program, source) = load(path).map_err(|unread| {
        if let Unread::Faults(faults) = unread {
            write(&faults, Color::Auto);
            say_what_was_not_run(&faults);
        }
        ExitCode::from(UNREADABLE)
    })?;
    let found = passes::check(&program, source);
    write(&found, Color::Auto);
    if found.any_error() { Err(ExitCode::from(FAULTY)) } else { Ok((program, found.source)) }
}

/// Paths of the files that a program was read from, its own first. Stdin is none.
pub(crate) fn files<'s>(path: &str, source: &'s Source) -> impl Iterator<Item = &'s str> {
    source.names().skip(usize::from(path == "-"))
}

/// Writes diagnostics for people to stderr.
pub(crate) fn write(diagnostics: &Diagnostics, color: Color) {
    if !diagnostics.items.is_empty() {
        output::note(vil_ir::render::render(diagnostics, color.is_on()) + "\n");
    }
}
