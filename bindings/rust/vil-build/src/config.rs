//! What to generate, and doing it.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vil_codegen::{Language, Source, generate};
use vil_ir::diagnostics::Diagnostics;
use vil_ir::dump::canonical_json;
use vil_ir::load::{Files, Format, from_text};
use vil_ir::model::Program;
use vil_ir::passes;
use vil_ir::render::render;

use crate::Error;
use crate::recorder::Recorder;

/// What to generate. Made once in a build script; see the crate's page.
#[derive(Debug, Clone, Default)]
pub struct Config {
    programs: Vec<PathBuf>,
    process: Option<String>,
    out_dir: Option<PathBuf>,
}

impl Config {
    /// Nothing yet.
    pub fn new() -> Config {
        Config::default()
    }

    /// Adds a program in YAML or JSON. A relative path counts from the package's directory, where Cargo runs build scripts.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Config {
        self.programs.push(path.into());
        self
    }

    /// Generates this process of each program only. Otherwise all of them.
    pub fn process(mut self, name: impl Into<String>) -> Config {
        self.process = Some(name.into());
        self
    }

    /// Writes into this directory, which is made when it is missing. Otherwise into `OUT_DIR`, which Cargo names.
    pub fn out_dir(mut self, directory: impl Into<PathBuf>) -> Config {
        self.out_dir = Some(directory.into());
        self
    }

    /// Generates, and answers the paths of what was written. Tells Cargo on stdout which files it depends on, and the warnings
    /// of the programs.
    ///
    /// # Errors
    /// No program, or none that can be read; what the passes or the generator refuse; a directory that cannot be written to.
    pub fn generate(&self) -> Result<Vec<PathBuf>, Error> {
        self.generate_telling(std::env::var_os("OUT_DIR"), &mut io::stdout().lock())
    }

    fn generate_telling(&self, out_dir: Option<OsString>, cargo: &mut dyn Write) -> Result<Vec<PathBuf>, Error> {
        let Some(directory) = self.out_dir.clone().or_else(|| out_dir.map(PathBuf::from)) else {
            return Err(Error::new(
                "OUT_DIR is not set; this is for build scripts, elsewhere name a directory by out_dir()",
            ));
        };
        if self.programs.is_empty() {
            return Err(Error::new("no program was named; add one by program(\"path/to/program.yaml\")"));
        }
        std::fs::create_dir_all(&directory).map_err(|error| unwritten(&directory, &error))?;
        let mut written = Vec::new();
        for path in &self.programs {
            written.extend(self.one(path, &directory, cargo)?);
        }
        Ok(written)
    }

    fn one(&self, path: &Path, directory: &Path, cargo: &mut dyn Write) -> Result<Vec<PathBuf>, Error> {
        let Some(name) = path.to_str() else {
            return Err(Error::new(format!("{}: the path is not UTF-8", path.display())));
        };
        let program = checked(name, cargo)?;
        let contract = canonical_json(&program);
        let origin = path.file_name().and_then(|name| name.to_str()).unwrap_or(name);
        let source = Source { program: &program, contract: &contract, origin, process: self.process.as_deref() };
        let files = generate(&source, Language::Rust).map_err(|faults| Error::new(format!("{name}: {faults}")))?;
        let mut written = Vec::new();
        for file in files {
            let target = directory.join(&file.name);
            std::fs::write(&target, &file.text).map_err(|error| unwritten(&target, &error))?;
            written.push(target);
        }
        Ok(written)
    }
}

/// The program, when it can be read and no pass refuses it. Cargo hears of every file first: a program that is refused is
/// mended in one of them.
fn checked(path: &str, cargo: &mut dyn Write) -> Result<Program, Error> {
    let mut recorder = Recorder::default();
    let text = recorder.read(path);
    let loaded = text.map(|text| from_text(path, text, Format::of(path), &mut recorder));
    for asked in &recorder.asked {
        tell(cargo, &format!("cargo::rerun-if-changed={asked}"))?;
    }
    let refused = |found: &Diagnostics| Error::new(render(found, false));
    let loaded = loaded.map_err(|reason| Error::new(format!("cannot read {path}: {reason}")))?;
    let (program, source) = loaded.map_err(|found| refused(&found))?;
    let found = passes::check(&program, source);
    if found.any_error() {
        return Err(refused(&found));
    }
    for warning in &found.items {
        let place = warning.place.map_or(String::new(), |place| format!(":{}:{}", place.line, place.column));
        tell(cargo, &format!("cargo::warning={path}{place}: {}: {}", warning.code(), warning.message))?;
    }
    Ok(program)
}

fn tell(cargo: &mut dyn Write, line: &str) -> Result<(), Error> {
    writeln!(cargo, "{line}").map_err(|error| Error::new(format!("cannot write to stdout: {error}")))
}

fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::new(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
