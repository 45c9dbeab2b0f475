//! `vil gen` as a person calls it: the files it writes, what it refuses, and its exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vil_codegen::{Language, Source, generate};

/// The pipeline program of the golden tests.
fn pipeline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests/golden/pipeline.yaml")
}

/// A directory of this test alone, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gen-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Directory(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the directory was made");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("the entry can be read").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("the file was written")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn vil_gen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vil")).arg("gen").args(arguments).output().expect("vil runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_writes_what_the_generator_answers() {
    let (program, _) = vil_ir::load::from_file(text(&pipeline())).unwrap_or_else(|faults| panic!("{faults}"));
    let contract = vil_ir::dump::canonical_json(&program);
    let source = Source { program: &program, contract: &contract, origin: "pipeline.yaml", process: None };
    for language in Language::ALL {
        let directory = Directory::new(language.word());
        let output = vil_gen(&["--lang", language.word(), "-o", text(&directory.0.join("deep")), text(&pipeline())]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let deep = Directory(directory.0.join("deep"));
        let files = generate(&source, *language).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(deep.names().len(), files.len());
        for file in files {
            assert_eq!(deep.read(&file.name), file.text, "{}", file.name);
            assert!(file.text.lines().next().is_some_and(|line| line.contains("vil gen from pipeline.yaml;")));
        }
    }
}

#[test]
fn one_process_alone_can_be_asked_for_and_names_can_be_listed() {
    let directory = Directory::new("process");
    let output = vil_gen(&["--lang", "c", "--process", "sink", "-o", text(&directory.0), text(&pipeline())]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(directory.names(), ["demo_line.h", "demo_line_program.h", "demo_line_sink.h"]);
    let output = vil_gen(&["--lang", "cpp", "--list", text(&pipeline())]);
    let listed = "demo_line.hpp\ndemo_line_program.hpp\ndemo_line_sink.hpp\ndemo_line_source.hpp\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), listed);
}

#[test]
fn a_process_that_is_not_there_is_answered_with_those_that_are() {
    let output = vil_gen(&["--lang", "c", "--process", "sing", "--list", text(&pipeline())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("there is no process `sing`; there are: sink, source"), "{}", said(&output));
}

#[test]
fn what_cannot_be_loaded_or_written_ends_with_2() {
    let output = vil_gen(&["--lang", "c", "--list", "no/such/file.yaml"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let output = vil_gen(&["--lang", "c", text(&pipeline())]);
    assert_eq!(output.status.code(), Some(2), "an output directory is needed");
    let output = vil_gen(&["--lang", "c", "-o", "/proc/none", text(&pipeline())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot write /proc/none"), "{}", said(&output));
}

/// A program that imports a file that imports another one.
fn with_imports(directory: &Directory) -> PathBuf {
    std::fs::create_dir_all(directory.0.join("my types")).expect("the directory can be made");
    let files = [
        ("scale.yaml", "program: scale\nimports: [my types/weights.yaml]\n"),
        ("my types/weights.yaml", "program: weights\nimports: [../units.yaml]\n"),
        ("units.yaml", "program: units\nconstants: { GRAMS: { type: u32, value: 1000 } }\n"),
    ];
    for (name, text) in files {
        std::fs::write(directory.0.join(name), format!("vil: 1\n{text}")).expect("the file can be written");
    }
    directory.0.join("scale.yaml")
}

#[test]
fn the_dependency_file_names_what_was_written_and_what_was_read() {
    let directory = Directory::new("depfile");
    let program = with_imports(&directory);
    let (out, depfile) = (directory.0.join("out"), directory.0.join("scale.d"));
    let output = vil_gen(&["--lang", "c", "-o", text(&out), "--depfile", text(&depfile), text(&program)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let here = text(&directory.0);
    let rule = format!(
        "{here}/out/scale.h \\\n{here}/out/scale_program.h: \\\n  \
         {here}/scale.yaml \\\n  {here}/my\\ types/weights.yaml \\\n  {here}/units.yaml\n"
    );
    assert_eq!(directory.read("scale.d"), rule);
}

#[test]
fn what_was_read_can_be_listed() {
    let directory = Directory::new("inputs");
    let program = with_imports(&directory);
    let here = text(&directory.0);
    let output = vil_gen(&["--lang", "c", "--list-inputs", text(&program)]);
    let listed = format!("{here}/scale.yaml\n{here}/my types/weights.yaml\n{here}/units.yaml\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), listed);
    let output = vil_gen(&["--lang", "c", "--list-inputs", "-"]);
    assert_eq!(output.status.code(), Some(2), "an empty text is no program");
}

#[test]
fn a_dependency_file_needs_files_and_a_place() {
    let directory = Directory::new("no-depfile");
    let program = with_imports(&directory);
    let output = vil_gen(&["--lang", "c", "--list", "--depfile", "x.d", text(&program)]);
    assert_eq!(output.status.code(), Some(2), "--list writes nothing");
    let out = directory.0.join("out");
    let output = vil_gen(&["--lang", "c", "-o", text(&out), "--depfile", "/proc/none/x.d", text(&program)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot write /proc/none/x.d"), "{}", said(&output));
}

#[test]
fn a_program_that_the_passes_refuse_gives_no_code() {
    let directory = Directory::new("refused");
    std::fs::create_dir_all(&directory.0).expect("the directory can be made");
    let program = directory.0.join("bad.yaml");
    let bad = "vil: 1\nprogram: bad\nmessages: { M: { fields: [ { name: x, type: u8, range: [9, 1] } ] } }\n";
    std::fs::write(&program, bad).expect("the program can be written");
    let output = vil_gen(&["--lang", "rust", "-o", text(&directory.0.join("out")), text(&program)]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!directory.0.join("out").exists());
}

#[test]
fn an_external_message_has_room_for_its_frame_and_a_byte() {
    let directory = Directory::new("external-small");
    std::fs::create_dir_all(&directory.0).expect("the directory can be made");
    let file = directory.0.join("orders.yaml");
    for (max_bytes, code) in [(8, 1), (9, 0)] {
        let order = format!("{{ layout: external, media_type: text/plain, adapter: text, max_bytes: {max_bytes} }}");
        let program = format!("vil: 1\nprogram: orders\nmessages:\n  Order: {order}\n");
        std::fs::write(&file, program).expect("the program can be written");
        let output = vil_gen(&["--lang", "c", "-o", text(&directory.0.join("out")), text(&file)]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        let expected = "at least 9: 8 of the frame and 1 of what it holds";
        assert_eq!(said(&output).contains(expected), code == 1, "{}", said(&output));
    }
}

#[test]
fn an_external_message_has_code_in_every_language() {
    let directory = Directory::new("external");
    std::fs::create_dir_all(&directory.0).expect("the directory can be made");
    let file = directory.0.join("orders.yaml");
    let program = "vil: 1\nprogram: orders\nmessages:\n  \
                   Order: { layout: external, media_type: application/json, adapter: json, max_bytes: 100 }\n";
    std::fs::write(&file, program).expect("the program can be written");
    let told = [
        (Language::C, "orders.h", "#define ORDERS_ORDER_MAX_PAYLOAD UINT32_C(92)"),
        (Language::Cpp, "orders.hpp", "static constexpr const char *media_type = \"application/json\";"),
        (Language::Rust, "orders.rs", "const ADAPTER: &'static str = \"json\";"),
    ];
    for (language, name, line) in told {
        let out = directory.0.join(language.word());
        let output = vil_gen(&["--lang", language.word(), "-o", text(&out), text(&file)]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let made = std::fs::read_to_string(out.join(name)).expect("it was written");
        assert!(made.contains(line), "{made}");
    }
}
