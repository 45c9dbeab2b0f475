//! Text becomes a program: strictly, with a place for every fault, and all faults at once.
//!
//! `json` and `yaml` fill one value tree (`node`), `program` reads the trees of a file and its imports into the model,
//! `source` keeps where everything stood. Files are read through [`Files`], so this crate itself never does I/O
//! (`from_file`, for tools, is behind the feature `yaml`).

#[cfg(feature = "yaml")]
mod comments;
mod contract;
mod definitions;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod node;
mod program;
mod reader;
pub(crate) mod rules;
mod scope;
mod source;
#[cfg(feature = "yaml")]
mod unquoted;
#[cfg(feature = "yaml")]
pub(crate) mod yaml;

pub use node::Place;
pub use rules::RULES;
pub(crate) use source::Finder;
pub use source::Source;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::Program;
use node::{Data, Node};
use reader::Reader;
use rules::{IMPORT_CYCLE, TOO_BIG, UNREADABLE, WRONG_FORM};
use source::SourceFile;

/// Bytes of all texts of a program; of one file also the bytes of keys and texts that its aliases may bring.
const MAX_TEXT: usize = 16 << 20;

/// Files of a program.
const MAX_FILES: usize = 256;

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, RFC 8259.
    Json,
    /// YAML 1.2, core schema.
    #[cfg(feature = "yaml")]
    Yaml,
}

impl Format {
    /// By the end of the file's name: `.json` is JSON, anything else YAML where that is built in.
    pub fn of(name: &str) -> Format {
        #[cfg(feature = "yaml")]
        if !name.ends_with(".json") {
            return Format::Yaml;
        }
        let _ = name;
        Format::Json
    }
}

/// Where imports come from.
pub trait Files {
    /// The text of a file, by its path with `/`; or why it cannot be had, as a sentence.
    fn read(&mut self, path: &str) -> Result<String, String>;
}

/// No files at all: imports are refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&mut self, _path: &str) -> Result<String, String> {
        Err("imports can be read from files only, and this text is none".to_owned())
    }
}

/// The disk.
#[cfg(feature = "yaml")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

#[cfg(feature = "yaml")]
impl Files for Disk {
    fn read(&mut self, path: &str) -> Result<String, String> {
        text_of(std::fs::File::open(path).map_err(|error| error.to_string())?)
    }
}

/// The text that a stream holds, or why it has none, as a sentence. Of a stream that is too long, or has no end, comes what
/// is enough to be refused.
#[cfg(feature = "yaml")]
pub fn text_of(stream: impl std::io::Read) -> Result<String, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    // A character has up to four bytes: cut anywhere in it, more than a text may have is left.
    let most = MAX_TEXT + 4;
    stream.take(most as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let is_cut = bytes.len() == most;
    String::from_utf8(bytes).or_else(|error| {
        let (fault, mut bytes) = (error.utf8_error(), error.into_bytes());
        bytes.truncate(fault.valid_up_to());
        if is_cut && fault.error_len().is_none() {
            return String::from_utf8(bytes).map_err(|error| error.to_string());
        }
        let line = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        Err(format!("it is not UTF-8 (line {line})"))
    })
}

/// Reads a program from canonical JSON. Imports are refused: canonical text has none.
pub fn from_json(text: &str) -> Result<(Program, Source), Diagnostics> {
    from_text("", text.to_owned(), Format::Json, &mut NoFiles)
}

/// Reads a program from YAML without imports.
#[cfg(feature = "yaml")]
pub fn from_yaml(text: &str) -> Result<(Program, Source), Diagnostics> {
    from_text("", text.to_owned(), Format::Yaml, &mut NoFiles)
}

/// Reads a program from a file and its imports, JSON or YAML by the end of their names.
#[cfg(feature = "yaml")]
pub fn from_file(path: &str) -> Result<(Program, Source), Diagnostics> {
    match Disk.read(path) {
        Ok(text) => from_text(path, text, Format::of(path), &mut Disk),
        Err(reason) => {
            let mut fault = Diagnostic::new(UNREADABLE, "", format!("cannot read {path}: {reason}"));
            fault.file = path.to_owned();
            Err(Diagnostics { items: vec![fault], source: Source::default() })
        }
    }
}

/// Reads a program from a text; `name` is what diagnostics call it and what imports are relative to.
pub fn from_text(
    name: &str,
    text: String,
    format: Format,
    files: &mut dyn Files,
) -> Result<(Program, Source), Diagnostics> {
    let mut gather =
        Gather { files, reader: Reader::default(), source: Source::default(), size: Size { bytes: 0, values: 0 } };
    gather.add(name, text, format, &mut Vec::new());
    let Gather { mut reader, mut source, .. } = gather;
    // Where a file could not be read nobody knows which names exist: what follows from it would only hide it.
    reader.lacks_names = source.files.iter().any(|file| file.root.is_none()) || reader.faults.iter().any(hides_names);
    let program = program::read(&mut source.files, &mut reader);
    if reader.faults.is_empty() {
        return Ok((program, source));
    }
    Err(Diagnostics::in_order(reader.faults, source))
}

/// Of what has been found before anything is read: is there a file that may have names?
fn hides_names(fault: &Diagnostic) -> bool {
    fault.rule == UNREADABLE
        || fault.rule == TOO_BIG
        || fault.rule == WRONG_FORM && fault.pointer.starts_with("/imports")
}

/// Collects the files of a program, each once.
struct Gather<'f> {
    files: &'f mut dyn Files,
    reader: Reader,
    source: Source,
    size: Size,
}

/// How much has been read of a program: what bounds one file bounds all of them together.
struct Size {
    bytes: usize,
    values: usize,
}

impl Gather<'_> {
    /// `open` holds the files whose imports are being read, so that a cycle is seen.
    fn add(&mut self, name: &str, text: String, format: Format, open: &mut Vec<String>) {
        let index = self.source.files.len() as u32;
        let root = match parse(&text, index, format, &mut self.size, &mut self.reader) {
            Ok(mut root) => {
                if root.has_duplicates() {
                    root.refuse_duplicates("", &mut self.reader.faults);
                }
                Some(root)
            }
            Err(fault) => {
                let place = fault.place.unwrap_or(Place { file: index, line: 1, column: 1, length: 1 });
                self.reader.fault(place, *fault);
                None
            }
        };
        let imports = root.as_ref().map_or(Vec::new(), |root| self.imports(root));
        self.source.files.push(SourceFile {
            name: name.to_owned(),
            text,
            root,
            prefix: String::new(),
            first_route: 0,
            first_failover: 0,
        });
        open.push(name.to_owned());
        for (written, place, pointer) in imports {
            self.import(&join(name, &written), place, pointer, open);
        }
        open.pop();
    }

    fn imports(&mut self, root: &Node) -> Vec<(String, Place, String)> {
        let mut imports = Vec::new();
        let Some(entry) = root.entry("imports") else { return imports };
        if !matches!(entry.value.data, Data::Seq(_)) {
            let fault =
                Diagnostic::new(WRONG_FORM, "/imports", "`imports` is a list of paths").found(entry.value.what());
            self.reader.fault(entry.value.place, fault);
        }
        for (index, item) in entry.value.items().iter().enumerate() {
            let pointer = format!("/imports/{index}");
            match &item.data {
                Data::Str(path) => imports.push((path.clone(), item.place, pointer)),
                _ => {
                    let fault = Diagnostic::new(WRONG_FORM, pointer, "expected a path").found(item.what());
                    self.reader.fault(item.place, fault);
                }
            }
        }
        imports
    }

    fn import(&mut self, path: &str, place: Place, pointer: String, open: &mut Vec<String>) {
        if let Some(start) = open.iter().position(|name| name == path) {
            let cycle = open[start..].iter().map(String::as_str).chain([path]).collect::<Vec<_>>().join(" -> ");
            let fault = Diagnostic::new(IMPORT_CYCLE, pointer, "the imports form a cycle").found(cycle);
            return self.reader.fault(place, fault.fix("move what both need into a third file"));
        }
        if self.source.names().any(|name| name == path) {
            return;
        }
        if self.source.files.len() == MAX_FILES || open.len() as u32 == node::MAX_DEPTH {
            let fault = Diagnostic::new(TOO_BIG, pointer, format!("more than {MAX_FILES} files, or nested too deeply"));
            return self.reader.fault(place, fault);
        }
        match self.files.read(path) {
            Ok(text) => self.add(path, text, Format::of(path), open),
            Err(reason) => {
                let fault = Diagnostic::new(UNREADABLE, pointer, format!("cannot read {path}: {reason}"));
                let fix = "paths are relative to the file that imports; until it is read, names that it may define are passed over";
                self.reader.fault(place, fault.fix(fix));
            }
        }
    }
}

#[cfg_attr(not(feature = "yaml"), expect(unused_variables, reason = "JSON has no comments"))]
fn parse(text: &str, file: u32, format: Format, size: &mut Size, reader: &mut Reader) -> Result<Node, Box<Diagnostic>> {
    size.bytes = size.bytes.saturating_add(text.len());
    if size.bytes > MAX_TEXT {
        let message = format!("a program has at most {MAX_TEXT} bytes of text");
        return Err(Box::new(Diagnostic::new(TOO_BIG, "", message).found(size.bytes)));
    }
    match format {
        Format::Json => json::read(text, file, &mut size.values),
        #[cfg(feature = "yaml")]
        Format::Yaml => yaml::read(text, file, &mut size.values).map(|(root, comments)| {
            reader.comments.insert(file, comments);
            root
        }),
    }
}

/// A path relative to the directory of another, `.` and `..` taken out where that is possible on paper.
fn join(from: &str, path: &str) -> String {
    let full = match from.rsplit_once('/') {
        Some((directory, _)) if !path.starts_with('/') => format!("{directory}/{path}"),
        _ => path.to_owned(),
    };
    let mut parts: Vec<&str> = Vec::new();
    for (index, part) in full.split('/').enumerate() {
        match part {
            "." => {}
            "" if index > 0 => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
