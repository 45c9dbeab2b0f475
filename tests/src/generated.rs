//! Code generated from a program of the repository: in memory, into a directory, or compared with what is committed.
//! Goes through the generator's library; that `vil gen` writes the same bytes is tested where the command is.

use std::collections::BTreeMap;
use std::path::Path;

use vil_codegen::{Language, Source, generate};
use vil_ir::dump::canonical_json;
use vil_ir::load::from_file;

/// The files generated from a program, by name. A program that does not load ends the test with its diagnostics.
pub fn files(program: &Path, language: Language) -> BTreeMap<String, String> {
    let path = program.to_str().expect("paths of the repository are UTF-8");
    let (loaded, _) = from_file(path).unwrap_or_else(|faults| panic!("{path}: {faults}"));
    let contract = canonical_json(&loaded);
    let origin = program.file_name().and_then(|name| name.to_str()).expect("a program has a file name");
    let source = Source { program: &loaded, contract: &contract, origin, process: None };
    let files = generate(&source, language).unwrap_or_else(|faults| panic!("{path}: {faults}"));
    files.into_iter().map(|file| (file.name, file.text)).collect()
}

/// Writes them into a directory, which is made when it is missing.
pub fn write(program: &Path, language: Language, dir: &Path) {
    std::fs::create_dir_all(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for (name, text) in files(program, language) {
        std::fs::write(dir.join(&name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Holds a committed directory against the generator; `VIL_BLESS=1` writes it instead. Other files may lie in it.
pub fn compare(program: &Path, language: Language, dir: &Path) {
    if std::env::var_os("VIL_BLESS").is_some() {
        write(program, language, dir);
    }
    for (name, text) in files(program, language) {
        let file = dir.join(&name);
        let committed = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_same = committed == text;
        assert!(is_same, "{} is not what is generated; if that is meant, run cargo xtask bless", file.display());
    }
}
