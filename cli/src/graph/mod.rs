//! `vil graph`: a picture of a program.
//!
//! `picture` says what is drawn, `place` where; `svg` (with `strokes` for its lines), `mermaid` and `dot` write it and decide
//! nothing. Of `place`: `layers` finds columns, `sheet` cuts lines at them, `order` and `heights` say where in a column,
//! `tracks` where between two, and `canvas` brings all of it onto paper.

mod canvas;
mod dot;
mod heights;
mod layers;
mod legend;
mod mermaid;
mod order;
mod picture;
mod place;
mod sheet;
mod strokes;
mod svg;
mod text;
mod tracks;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::output;
use crate::source::{self, FINE, UNREADABLE};
use picture::Picture;

/// Draw a program: processes, ports, routes by lane, frames around hosts, trust zones and failure domains.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil graph credit.yaml -o credit.svg              a picture for browsers and pages
  vil graph credit.yaml --format mermaid           text for pages that draw Mermaid themselves
  vil graph credit.yaml --format dot | dot -Tpdf   for Graphviz
  cat credit.json | vil graph - -o credit.svg      from stdin

A program that `vil check` finds faults in is drawn all the same. The same program gives the same bytes every time. \
Exit codes: 0 fine, 2 cannot be loaded or written, or wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// What to write.
    #[arg(long, value_enum, default_value_t = Form::Svg)]
    format: Form,

    /// Where to write it; to stdout when left out.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A picture with places, self-contained.
    Svg,
    /// A flowchart of Mermaid.
    Mermaid,
    /// The language of Graphviz.
    Dot,
}

/// Draws the program.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::read(&args.file) {
        Ok((program, _)) => program,
        Err(code) => return code,
    };
    let picture = Picture::of(&program);
    let text = match args.format {
        Form::Svg => svg::svg(&picture),
        Form::Mermaid => mermaid::mermaid(&picture),
        Form::Dot => dot::dot(&picture),
    };
    let Some(path) = &args.output else { return output::print(&text) };
    match std::fs::write(path, text) {
        Ok(()) => ExitCode::from(FINE),
        Err(error) => {
            output::error(format_args!("cannot write {}: {error}", path.display()));
            ExitCode::from(UNREADABLE)
        }
    }
}
