//! What is written, what Cargo is told, and what is said of programs that are refused.

use super::*;
use crate::place::Place;

/// Generates from a program into `OUT_DIR`: what it answers, and what Cargo is told.
fn run(place: &Place, program: &Path) -> (Result<Vec<PathBuf>, Error>, String) {
    let mut told = Vec::new();
    let config = Config::new().program(program);
    let answer = config.generate_telling(Some(place.0.join("out").into()), &mut told);
    (answer, String::from_utf8(told).expect("it is UTF-8"))
}

#[test]
fn code_lies_in_out_dir_and_cargo_knows_the_program_and_its_imports() {
    let place = Place::new("imports");
    let types = "vil: 1\nprogram: types\nstructs: { At: { fields: [ { name: x, type: f32 } ] } }\n";
    let types = place.file("types.yaml", types);
    let program =
        "vil: 1\nprogram: one\nimports: [types.yaml]\nmessages: { M: { fields: [ { name: at, type: At } ] } }\n";
    let program = place.file("one.yaml", program);
    let (answer, told) = run(&place, &program);
    let written = answer.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(written, [place.0.join("out/one.rs")]);
    let text = std::fs::read_to_string(&written[0]).expect("it was written");
    assert!(text.contains("unsafe impl ::vil::Message for M"));
    let lines: Vec<&str> = told.lines().collect();
    let changed = |path: &Path| format!("cargo::rerun-if-changed={}", path.display());
    assert_eq!(lines, [changed(&program), changed(&types)]);
}

#[test]
fn a_program_that_is_refused_is_shown_with_its_line_and_cargo_still_knows_the_files() {
    let place = Place::new("refused");
    let program = "vil: 1\nprogram: bad\nmessages:\n  M: { fields: [ { name: x, type: u8, range: [9, 1] } ] }\n";
    let program = place.file("bad.yaml", program);
    let (answer, told) = run(&place, &program);
    let said = format!("{:?}", answer.expect_err("the range is the wrong way round"));
    assert!(said.contains("VIL-L012") && said.contains("bad.yaml:4"), "{said}");
    assert!(told.contains("rerun-if-changed"), "{told}");
    assert!(!place.0.join("out/bad.rs").exists());
}

#[test]
fn an_import_that_is_not_there_yet_is_watched() {
    let place = Place::new("missing");
    let program = place.file("one.yaml", "vil: 1\nprogram: one\nimports: [types.yaml]\n");
    let (answer, told) = run(&place, &program);
    assert!(answer.expect_err("there is no such file").to_string().contains("types.yaml"));
    assert!(told.contains(&format!("rerun-if-changed={}", place.0.join("types.yaml").display())), "{told}");
}

#[test]
fn a_program_that_is_not_there_and_no_program_at_all_are_errors() {
    let place = Place::new("none");
    let (answer, told) = run(&place, &place.0.join("none.yaml"));
    assert!(answer.expect_err("there is no such file").to_string().contains("cannot read"));
    assert!(told.contains("none.yaml"), "{told}");
    let none = Config::new().generate_telling(Some(place.0.clone().into()), &mut Vec::new());
    assert!(none.expect_err("nothing to do").to_string().contains("no program"));
    let nowhere = Config::new().program("x.yaml").generate_telling(None, &mut Vec::new());
    assert!(nowhere.expect_err("nowhere to write to").to_string().contains("OUT_DIR"));
}

#[test]
fn warnings_of_a_program_are_warnings_of_the_build() {
    let place = Place::new("warnings");
    let program = "vil: 1\nprogram: loud\nmessages: { M: { kind: message, fields: [ { name: x, type: u8 } ] } }\n\
        interfaces:\n  A: { ports: { m: { direction: out, message: M } } }\n  B: { ports: { m: { direction: in, message: M } } }\n\
        processes: { a: { interface: A }, b: { interface: B } }\n\
        routes: [ { from: a.m, to: b.m, verify: always } ]\n";
    let (answer, told) = run(&place, &place.file("loud.yaml", program));
    answer.unwrap_or_else(|error| panic!("{error}"));
    assert!(told.contains("cargo::warning=") && told.contains("loud.yaml:8"), "{told}");
}
