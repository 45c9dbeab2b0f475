//! `vil gen`: C, C++ or Rust text from a program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use vil_codegen::{File, Language, Source, generate};
use vil_ir::dump::canonical_json;

use crate::source::{self, FAULTY, FINE, UNREADABLE};

/// Generate types, contracts and typed ports from a program that the passes accept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil gen --lang c -o gen credit.yaml              gen/credit.h, credit_program.h, one header a process
  vil gen --lang cpp -o gen credit.yaml            the same as .hpp, over vil/vil.hpp
  vil gen --lang rust -o src credit.yaml           src/credit.rs, over the crate vil
  vil gen --lang c --process filter -o gen credit.yaml
  vil gen --lang c --list credit.yaml              names of the files, for build systems; writes nothing

The same program gives the same bytes every time. Exit codes: 0 fine, 1 faults found by passes or names that
collide, 2 cannot be loaded or written, or wrong usage.")]
pub(crate) struct Args {
    /// Program in YAML or JSON, `-` for stdin.
    #[arg(value_name = "FILE")]
    file: String,

    /// Language to generate.
    #[arg(long, value_enum)]
    lang: Lang,

    /// Only this process; otherwise all of them.
    #[arg(long, value_name = "NAME")]
    process: Option<String>,

    /// Directory to write to, made when it is not there.
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    output: Option<PathBuf>,

    /// Print the names of the files instead of writing them.
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// C99, clean as C11, C17 and C++ too.
    C,
    /// C++17.
    Cpp,
    /// Rust.
    Rust,
}

impl Lang {
    fn language(self) -> Language {
        match self {
            Lang::C => Language::C,
            Lang::Cpp => Language::Cpp,
            Lang::Rust => Language::Rust,
        }
    }
}

/// Checks the program, generates, and writes or lists the files.
pub(crate) fn run(args: &Args) -> ExitCode {
    let program = match source::checked(&args.file) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let contract = canonical_json(&program);
    let origin = base_name(&args.file);
    let wanted = Source { program: &program, contract: &contract, origin, process: args.process.as_deref() };
    let files = match generate(&wanted, args.lang.language()) {
        Ok(files) => files,
        Err(faults) => {
            faults.0.iter().for_each(|fault| eprintln!("error: {fault}"));
            return ExitCode::from(FAULTY);
        }
    };
    if args.list {
        files.iter().for_each(|file| println!("{}", file.name));
        return ExitCode::from(FINE);
    }
    match args.output.as_deref().map_or(Ok(()), |directory| write(directory, &files)) {
        Ok(()) => ExitCode::from(FINE),
        Err(said) => {
            eprintln!("error: {said}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn base_name(file: &str) -> &str {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    if file == "-" { "stdin" } else { name.unwrap_or(file) }
}

fn write(directory: &Path, files: &[File]) -> Result<(), String> {
    let told = |path: &Path, error: std::io::Error| format!("cannot write {}: {error}", path.display());
    std::fs::create_dir_all(directory).map_err(|error| told(directory, error))?;
    for file in files {
        let path = directory.join(&file.name);
        std::fs::write(&path, &file.text).map_err(|error| told(&path, error))?;
    }
    Ok(())
}
