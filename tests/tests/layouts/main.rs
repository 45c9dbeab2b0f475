//! Layouts are those of the compilers: sizes, alignments and offsets of random messages and of whole schemas, as gcc and
//! rustc compute them from plain structs that this test writes by itself.

mod emitter;
mod making;
mod ours;
mod schemas;

use std::process::Command;

use vil_ir::layout::{LayoutReason, lay_out};
use vil_ir::model::Program;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::random::Random;
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

use emitter::{Emitter, Language};
use ours::Numbers;

/// Messages of one run.
const MESSAGES: usize = 1000;

/// Messages of one program, so that one holds another, but none is too large.
const TOGETHER: usize = 20;

#[test]
fn a_thousand_random_messages_lie_as_the_compilers_lay_them() {
    let mut random = Random::new("layouts");
    let programs: Vec<Program> = (0..MESSAGES / TOGETHER).map(|_| possible(&mut random)).collect();
    let named: Vec<(String, &Program)> =
        programs.iter().zip(0..).map(|(found, at)| (format!("p{at}_"), found)).collect();
    let messages = || programs.iter().flat_map(|program| program.messages.keys().map(move |name| (program, name)));
    assert_eq!(messages().count(), MESSAGES);
    let is_relative = |(program, name): &(&Program, &String)| {
        lay_out(program).is_ok_and(|layouts| layouts.types[name.as_str()].references)
    };
    let relative = messages().filter(is_relative).count();
    assert!((MESSAGES / 4..MESSAGES * 9 / 10).contains(&relative), "{relative} of {MESSAGES} are relative");
    agree(&named);
}

/// A random program whose types are not too large: arrays of structs with arrays in them soon are.
fn possible(random: &mut Random) -> Program {
    loop {
        let program = making::program(TOGETHER, random);
        match lay_out(&program) {
            Ok(_) => return program,
            Err(errors) => assert!(errors.iter().all(|error| error.reason == LayoutReason::TooLarge), "{errors:?}"),
        }
    }
}

/// Holds the layouts of all types of these programs against both compilers.
pub(crate) fn agree(programs: &[(String, &Program)]) {
    let mut expected = Numbers::new();
    for (prefix, program) in programs {
        let layouts = lay_out(program).unwrap_or_else(|errors| panic!("{}: {errors:?}", program.name));
        expected.append(&mut ours::numbers(prefix, &layouts));
    }
    for language in [Language::C, Language::Rust] {
        let mut emitter = Emitter::new(language);
        programs.iter().for_each(|(prefix, program)| emitter.add(prefix, program));
        let found = compiled(language, &emitter.text());
        let differs = |(name, number): &(&String, &u64)| expected.get(*name) != Some(*number);
        let wrong: Vec<_> =
            found.iter().filter(differs).map(|(name, number)| (name, number, expected.get(name))).collect();
        assert!(wrong.is_empty(), "{language:?} says first, we say second: {wrong:?}");
        assert_eq!(found.len(), expected.len(), "{language:?} knows other members");
    }
}

/// Compiles a text, runs it, and reads the numbers it prints.
fn compiled(language: Language, text: &str) -> Numbers {
    let scratch = Scratch::new("layouts");
    let program = scratch.join("layouts");
    match language {
        Language::C => {
            let file = scratch.join("layouts.c");
            std::fs::write(&file, text).expect("the C text is written");
            Compile::new(&c_compiler(), "c11", &program).arg("-O0").arg("-g0").source(&file).expect();
        }
        Language::Rust => {
            let file = scratch.join("layouts.rs");
            std::fs::write(&file, text).expect("the Rust text is written");
            let built = rustc().arg(&file).arg("-o").arg(&program).output().expect("rustc runs");
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        }
    }
    let ran = Command::new(&program).output().expect("the program runs");
    let printed = String::from_utf8(ran.stdout).expect("it prints text");
    let row =
        |line: &str| line.rsplit_once(' ').and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    printed.lines().map(|line| row(line).unwrap_or_else(|| panic!("no number: {line}"))).collect()
}
