//! The `vil` command: judge a program, print it, make code from it.
//!
//! One file per command; each has an `Args` with its flags and a `run` that answers the exit code. A command reads
//! programs through `source` alone, so that all of them fail alike: 0 is fine, 1 means faults in the program, 2 means
//! that it cannot be loaded or that the command line is wrong. Diagnostics go to stderr, results to stdout.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Contracts of message exchange: check, print and generate.
#[derive(Debug, Parser)]
#[command(name = "vil", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One variant a command, one file a variant.
#[derive(Debug, Subcommand)]
enum Command {
}

fn main() -> ExitCode {
    match Cli::parse().command {}
}
