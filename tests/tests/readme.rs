//! README.md says only what is so: its code is that of examples that run, its commands run, its links lead somewhere.

use std::path::Path;
use std::process::Command;

use vil_tests::artifact::{artifact, program, root};
use vil_tests::scratch::Scratch;

/// A code block: its language, the comment right above it, its text.
struct Block<'a> {
    language: &'a str,
    note: &'a str,
    text: &'a str,
}

fn readme() -> String {
    read(&root().join("README.md"))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn blocks(readme: &str) -> Vec<Block<'_>> {
    let mut parts = readme.split("```");
    let mut before = parts.next().unwrap_or("");
    let mut blocks = Vec::new();
    while let (Some(block), Some(after)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').expect("a block has a first line");
        let above = before.trim_end().rsplit('\n').next().unwrap_or("");
        let note = above.strip_prefix("<!-- ").and_then(|note| note.strip_suffix(" -->")).unwrap_or("");
        blocks.push(Block { language, note, text });
        before = after;
    }
    blocks
}

#[test]
fn set_up_is_exactly_two_commands() {
    let readme = readme();
    let first = blocks(&readme).into_iter().next().expect("README.md has a block");
    assert_eq!((first.language, first.text), ("sh", "cargo xtask demo\ncargo xtask test\n"));
}

#[test]
fn code_is_taken_from_examples_that_run() {
    let readme = readme();
    let is_code = |block: &Block<'_>| block.language != "sh" && !block.note.starts_with("writes ");
    let code: Vec<_> = blocks(&readme).into_iter().filter(is_code).collect();
    assert!(code.len() >= 3, "README.md shows code");
    for block in code {
        let file =
            block.note.strip_prefix("from ").unwrap_or_else(|| panic!("no source is named for:\n{}", block.text));
        assert!(read(&root().join(file)).contains(block.text), "{file} does not contain:\n{}", block.text);
    }
}

#[test]
fn commands_of_the_hello_worlds_run_as_they_stand() {
    let readme = readme();
    let scratch = Scratch::new("readme");
    // The same lines, with this test's library and places instead of those in the tree.
    let library = artifact().dir.to_str().expect("the path is text");
    let place = scratch.to_str().expect("the path is text");
    let run = |block: &Block<'_>| {
        let parts =
            block.text.split("target/artifact/release").map(|part| part.replace("target/", &format!("{place}/")));
        let lines = parts.collect::<Vec<_>>().join(library);
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &lines]).current_dir(root()).env("VIL_RUNTIME_DIR", scratch.join("worlds"));
        let output = shell.output().expect("sh runs");
        assert!(output.status.success(), "{lines}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said: Vec<_> = blocks(&readme).iter().filter(|block| block.note == "runs").map(run).collect();
    let from_c = "hello 1 from the heap\nhello 2 from the heap\nhello 3 from the heap\n";
    assert_eq!(said, [from_c, "1 hello from C++\n2 hello from C++\n3 hello from C++\n"]);
}

#[test]
fn a_program_of_ones_own_is_written_compiled_and_run_as_it_stands() {
    let readme = readme();
    let scratch = Scratch::new("readme-own");
    let blocks = blocks(&readme);
    let written = blocks.iter().filter_map(|block| Some((block.note.strip_prefix("writes ")?, block.text)));
    written.for_each(|(name, text)| std::fs::write(scratch.join(name), text).expect("a file for the test"));
    let run = blocks.iter().find(|block| block.note == "runs beside them").expect("README.md has a program to run");
    // What is built here instead of an installed tree; `install` tries that one's flags.
    let (include, library) = (root().join("include"), artifact().dir.display().to_string());
    let flags = format!("-I{} -L{library} -lvil", include.display());
    let lines = run.text.replace("$(pkg-config --cflags --libs vil)", &flags);
    assert_ne!(lines, run.text);
    let vil = program("vil-cli", "vil");
    let tools = vil.parent().expect("a program has a directory").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &lines]).current_dir(&*scratch).env("PATH", format!("{tools}:{path}"));
    shell.env("LD_LIBRARY_PATH", &library).env("VIL_RUNTIME_DIR", scratch.join("worlds"));
    let output = shell.output().expect("sh runs");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && errors.is_empty(), "{lines}\n{said}{errors}");
    assert!(readme.contains(&format!("`{}`", said.trim_end())) && said.lines().count() == 1, "{said}");
}

#[test]
fn links_lead_to_files_that_are_there() {
    let readme = readme();
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root().join(link).is_file(), "README.md links to {link}");
    }
}

#[test]
fn the_changelog_begins_with_the_version_that_is_built() {
    let version = format!("\n## {}", env!("CARGO_PKG_VERSION"));
    let changes = read(&root().join("CHANGELOG.md"));
    let first = changes.find("\n## ").expect("it has a version");
    assert!(changes[first..].starts_with(&version), "CHANGELOG.md begins with another version than{version}");
}
