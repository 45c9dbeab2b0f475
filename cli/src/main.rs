//! The `vil` command: judge a program, print it, draw it, compare it, make code and worlds from it; look at running worlds and
//! clear up after the dead.
//!
//! One file per command; each has an `Args` with its flags and a `run` that answers the exit code. A command reads
//! programs through `source` alone, so that all of them fail alike: 0 is fine, 1 means faults in the program, 2 means
//! that it cannot be loaded, that the result cannot be written, or that the command line is wrong. Diagnostics go to stderr,
//! results to stdout, both through `output` alone.

mod check;
mod depfile;
mod diff;
mod doctor;
mod dump;
#[path = "gen.rs"]
mod generate;
mod graph;
mod json;
mod lock;
mod make;
mod output;
mod plan;
mod reap;
mod sarif;
mod schema;
mod source;
mod tap;
mod worlds;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Programs of message exchange: check, print, draw, compare, generate; and worlds of them: make, look, clear up.
#[derive(Debug, Parser)]
#[command(name = "vil", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One variant a command, one file a variant.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Dump(dump::Args),
    Diff(diff::Args),
    Lock(lock::Args),
    Plan(plan::Args),
    Gen(generate::Args),
    Graph(graph::Args),
    Schema(schema::Args),
    Make(make::Args),
    Doctor(doctor::Args),
    Reap(reap::Args),
    Tap(tap::Args),
}

const EXAMPLES: &str = "\
Examples:
  vil check credit.yaml                    say what is wrong with a program
  vil dump credit.yaml                     print its canonical JSON
  vil dump credit.json --format yaml       print it for people
  vil diff v1/credit.yaml credit.yaml      say whether the new one still fits the old one
  vil lock --check credit.yaml             hold it against the layouts that were released
  vil dump --normalized --format yaml credit.yaml
                                           what it leaves unsaid, and why it is so
  vil plan credit.yaml                     what its world will occupy
  vil gen --lang c -o gen credit.yaml      write C headers from it
  vil graph credit.yaml -o credit.svg      draw it
  vil schema > vil.schema.json             the form of programs, for editors
  vil make credit.yaml                     make its world before its processes start
  vil doctor                               look at the worlds that run, and say what is wrong
  vil tap ingest.credits                   print the messages of a port as they pass
  vil reap --all                           recover the dead, remove worlds where nobody lives

Exit codes: 0 fine, 1 faults in the program, an incompatible change or findings in a world, 2 cannot be done, a result that \
cannot be written to stdout, or wrong usage. Who stops reading stdout, as `head` does, ends a command and is no fault.";

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return output::usage(&told),
    };
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Dump(args) => dump::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Gen(args) => generate::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Make(args) => make::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Reap(args) => reap::run(&args),
        Command::Tap(args) => tap::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    /// Columns that help has where nobody says how wide a terminal is.
    const WIDTH: usize = 100;

    /// Lines that help would break: an example that is too long, or a paragraph that is broken already.
    fn broken(help: &str) -> Vec<String> {
        let lines: Vec<&str> = help.lines().collect();
        let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
        let too_long = lines.iter().filter(|line| line.starts_with(' ') && line.len() > WIDTH);
        let parted = lines.windows(2).filter(|two| is_text(two[0]) && is_text(two[1])).map(|two| &two[0]);
        too_long.chain(parted).map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn help_breaks_no_line_a_second_time() {
        let mut cli = Cli::command();
        let helps = std::iter::once(cli.clone()).chain(cli.get_subcommands_mut().map(|command| command.clone()));
        for command in helps {
            let help = command.get_after_help().expect("each says how it is used").to_string();
            assert_eq!(broken(&help), [""; 0], "{}", command.get_name());
        }
        assert_eq!(broken("Examples:\n  vil a\n\nOne paragraph.\n\nAnother one."), [""; 0]);
        assert_eq!(broken("One paragraph\nin two lines."), ["One paragraph"]);
        assert_eq!(broken(&format!("Examples:\n{}", " a".repeat(51))), [" a".repeat(51)]);
    }
}
