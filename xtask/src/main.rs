//! The one door for people: `cargo xtask demo | test | bench | soak | mutants | bless | lint | install`.
//! It builds and runs what the other rooms hold, says what it does and how long it took, and decides nothing else.
//! It names no crate of the workspace, so a broken core never breaks the door.

mod bench;
mod bless;
mod build;
mod cargo;
mod demo;
mod install;
mod lint;
mod mutants;
mod native;
mod places;
mod report;
mod soak;
mod strict;
mod tally;
mod test;
mod tools;

use std::process::ExitCode;

use lexopt::Arg::{Long, Short, Value};

use crate::report::{Report, Stream};

/// What a command ends with: its exit code, or the sentence that says why it could not run.
type Outcome = Result<ExitCode, String>;

/// One command of the door.
struct Command {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(lexopt::Parser) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command { name: "demo", about: "build and run the credit pipeline", help: demo::HELP, run: demo::run },
    Command { name: "test", about: "build and run every test", help: test::HELP, run: test::run },
    Command { name: "bench", about: "measure promises on this machine", help: bench::HELP, run: bench::run },
    Command {
        name: "soak",
        about: "the long forms of the crash campaigns; one JSON line",
        help: soak::HELP,
        run: soak::run,
    },
    Command {
        name: "mutants",
        about: "seeded mistakes, and whether the harness finds them",
        help: mutants::HELP,
        run: mutants::run,
    },
    Command { name: "bless", about: "write generated files anew", help: bless::HELP, run: bless::run },
    Command {
        name: "lint",
        about: "formatting, clippy and documentation, warnings denied",
        help: lint::HELP,
        run: lint::run,
    },
    Command {
        name: "install",
        about: "build with CMake and install into a directory",
        help: install::HELP,
        run: install::run,
    },
];

fn main() -> ExitCode {
    match dispatch(lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(sentence) => {
            eprintln!("xtask: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(mut args: lexopt::Parser) -> Outcome {
    let name = match args.next().map_err(|error| error.to_string())? {
        None => return overview(),
        Some(Short('h') | Long("help")) => return overview(),
        Some(Value(name)) if name == "help" => return help(args),
        Some(Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => return Err(format!("{}; see cargo xtask help", other.unexpected())),
    };
    let command = find(&name)?;
    let wants_help =
        args.try_raw_args().is_some_and(|raw| raw.as_slice().iter().any(|arg| arg == "--help" || arg == "-h"));
    if wants_help { show(command) } else { (command.run)(args) }
}

fn help(mut args: lexopt::Parser) -> Outcome {
    match args.value() {
        Ok(name) => show(find(&name.to_string_lossy())?),
        Err(_) => overview(),
    }
}

fn find(name: &str) -> Result<&'static Command, String> {
    let names = || COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>().join(", ");
    COMMANDS
        .iter()
        .find(|command| command.name == name)
        .ok_or_else(|| format!("there is no command `{name}`; there are {}", names()))
}

fn show(command: &Command) -> Outcome {
    Report::new(Stream::Stdout).say(format_args!("cargo xtask {}", command.help.trim()));
    Ok(ExitCode::SUCCESS)
}

fn overview() -> Outcome {
    let report = Report::new(Stream::Stdout);
    report.say("usage: cargo xtask COMMAND [ARGUMENTS]\n");
    for command in COMMANDS {
        report.say(format_args!("  {:<8} {}", command.name, command.about));
    }
    report.say(format_args!("  {:<8} more about a command; so does COMMAND --help", "help"));
    Ok(ExitCode::SUCCESS)
}
