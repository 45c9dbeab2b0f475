//! `vil gen`: C, C++ or Rust text from a program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use vil_codegen::{File, Language, Source, generate};
use vil_ir::dump::canonical_json;

use crate::depfile;
use crate::output;
use crate::source::{self, FAULTY, FINE, UNREADABLE};

/// Generate types and typed ports from a program that the passes accept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vil gen --lang c -o gen credit.yaml              credit.h, credit_program.h, a header a process
  vil gen --lang cpp -o gen credit.yaml            the same as .hpp, over vil/vil.hpp
  vil gen --lang rust -o src credit.yaml           src/credit.rs, over the crate vil
  vil gen --lang c --process filter -o gen credit.yaml
  vil gen --lang c --list credit.yaml              names of the files; writes nothing
  vil gen --lang c --list-inputs credit.yaml       paths of the program and its imports
  vil gen --lang c --depfile gen/credit.d -o gen credit.yaml
                                                   also a rule for make and Ninja

The same program gives the same bytes every time. Exit codes: 0 fine, 1 faults found by passes or names that \
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

    /// Directory to write to, made when it is not there. Only --list and --list-inputs do without.
    #[arg(short, long, value_name = "DIR", required_unless_present_any = ["list", "list_inputs"])]
    output: Option<PathBuf>,

    /// Write a dependency file in the syntax of make: all files written depend on the program and all its imports.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "list_inputs"])]
    depfile: Option<PathBuf>,

    /// Print the names of the files instead of writing them.
    #[arg(long)]
    list: bool,

    /// Print the paths of the program and its imports instead of writing anything.
    #[arg(long, conflicts_with = "list")]
    list_inputs: bool,
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
    let (program, texts) = match source::checked(&args.file) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let contract = canonical_json(&program);
    let origin = base_name(&args.file);
    let wanted = Source { program: &program, contract: &contract, origin, process: args.process.as_deref() };
    let files = match generate(&wanted, args.lang.language()) {
        Ok(files) => files,
        Err(faults) => {
            faults.0.iter().for_each(output::error);
            return ExitCode::from(FAULTY);
        }
    };
    let inputs: Vec<&Path> = source::files(&args.file, &texts).map(Path::new).collect();
    if args.list {
        return print(files.iter().map(|file| Path::new(&file.name)));
    }
    if args.list_inputs {
        return print(inputs);
    }
    let Some(directory) = args.output.as_deref() else { return ExitCode::from(FINE) };
    match write(directory, &files, args.depfile.as_deref(), &inputs) {
        Ok(()) => ExitCode::from(FINE),
        Err(said) => {
            output::error(said);
            ExitCode::from(UNREADABLE)
        }
    }
}

/// One path a line.
fn print<'p>(paths: impl IntoIterator<Item = &'p Path>) -> ExitCode {
    output::print(&paths.into_iter().map(|path| format!("{}\n", path.display())).collect::<String>())
}

fn base_name(file: &str) -> &str {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    if file == "-" { "stdin" } else { name.unwrap_or(file) }
}

/// The dependency file comes last: where it is, everything that it names is there.
fn write(directory: &Path, files: &[File], depfile: Option<&Path>, inputs: &[&Path]) -> Result<(), String> {
    let told = |path: &Path, error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let outputs: Vec<PathBuf> = files.iter().map(|file| directory.join(&file.name)).collect();
    std::fs::create_dir_all(directory).map_err(|error| told(directory, error))?;
    for (file, path) in files.iter().zip(&outputs) {
        std::fs::write(path, &file.text).map_err(|error| told(path, error))?;
    }
    let Some(path) = depfile else { return Ok(()) };
    let rule = depfile::text(outputs.iter().map(PathBuf::as_path), inputs.iter().copied())?;
    std::fs::write(path, rule).map_err(|error| told(path, error))
}
