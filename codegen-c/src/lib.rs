//! The generator of VIL: a program in, C99, C++17 and Rust text out.
//!
//! `names` decides how everything is called, `plan` holds every decision (members, offsets, checks, texts), `make` takes
//! it from a program, and the emitters `c`, `cpp` and `rust` print the plan and decide nothing. Equal programs give equal
//! bytes. Never reads or writes a file and never sees the runtime.
#![forbid(unsafe_code)]

mod c;
mod cpp;
mod literal;
mod make;
mod names;
pub mod plan;
mod rust;
mod writer;

use vil_ir::model::Program;

/// A language to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// C99, also clean as C11, C17 and C++.
    C,
    /// C++17.
    Cpp,
    /// Rust 2024.
    Rust,
}

impl Language {
    /// Every language, in the order of their names in `vil gen --lang`.
    pub const ALL: &'static [Language] = &[Language::C, Language::Cpp, Language::Rust];

    /// The word for it in `vil gen --lang`.
    pub const fn word(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::Cpp => "cpp",
            Language::Rust => "rust",
        }
    }
}

/// What to generate from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The program; the passes have accepted it.
    pub program: &'a Program,
    /// Its canonical JSON, embedded so that a process can create the world.
    pub contract: &'a str,
    /// Base name of the author's file, told in line 1 of every generated file.
    pub origin: &'a str,
    /// Only this process; `None`: all of them.
    pub process: Option<&'a str>,
}

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Base name.
    pub name: String,
    /// Whole content, ending with a line end.
    pub text: String,
}

/// Why nothing was generated: one sentence each, in a stable order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// What [`generate`] prints: every name, member and check of a program, for tools that print something else from it.
///
/// # Errors
/// As [`generate`].
pub fn plan(source: &Source<'_>) -> Result<plan::Unit, Faults> {
    make::unit(source)
}

/// Generates one language.
///
/// # Errors
/// Names that collide after escaping, types without a layout, a process that the
/// program does not have.
pub fn generate(source: &Source<'_>, language: Language) -> Result<Vec<File>, Faults> {
    let unit = plan(source)?;
    let relative = match language {
        Language::C => c::RELATIVE,
        Language::Cpp => cpp::RELATIVE,
        Language::Rust => rust::RELATIVE,
    };
    if let Some(found) = unit.first_viewed().filter(|_| !relative) {
        let (kind, name) = (if found.message.is_some() { "message" } else { "struct" }, &found.name.declared);
        let word = language.word();
        return Err(Faults(vec![format!(
            "{kind} `{name}` is relative, and this version generates no {word} for those"
        )]));
    }
    Ok(match language {
        Language::C => c::files(&unit),
        Language::Cpp => cpp::files(&unit),
        Language::Rust => rust::files(&unit),
    })
}
