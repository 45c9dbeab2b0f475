//! The plan that generated code carries: it is the program's, in every language, and where there is none nothing is generated.

use vil_codegen::{Faults, File, Language, Source, generate};
use vil_ir::dump::canonical_json;
use vil_ir::load::from_json;
use vil_ir::plan::{binary, plan_program};

const PROGRAM: &str = r#"{"vil":1,"program":"letters",
"messages":{"Letter":{"layout":"relative","max_bytes":256,"fields":[{"name":"text","type":"VStr"}]}},
"interfaces":{"Out":{"ports":{"letters":{"direction":"out","message":"Letter"}}},
"In":{"ports":{"letters":{"direction":"in","message":"Letter"}}}},
"processes":{"writer":{"interface":"Out"},"reader":{"interface":"In"}},
"routes":[{"from":"writer.letters","to":"reader.letters"}]}"#;

fn generated(json: &str, language: Language) -> Result<Vec<File>, Faults> {
    let (program, _) = from_json(json).unwrap_or_else(|faults| panic!("{faults}"));
    let contract = canonical_json(&program);
    let source = Source { program: &program, contract: &contract, origin: "letters.json", process: None };
    generate(&source, language)
}

/// The numbers between a line with these words and the next line that closes what it opens.
fn numbers(text: &str, opens: &str) -> Vec<u64> {
    let lines = text.lines().skip_while(|line| !line.contains(opens)).skip(1);
    let rows = lines.take_while(|line| !line.trim_start().starts_with(['}', ']']));
    let words = rows.flat_map(|row| row.split(',')).map(str::trim).filter(|word| !word.is_empty());
    let number = |word: &str| match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    words.map(|word| number(word).unwrap_or_else(|error| panic!("{word}: {error}"))).collect()
}

#[test]
fn every_language_carries_the_plan_of_the_program() {
    let (program, _) = from_json(PROGRAM).unwrap_or_else(|faults| panic!("{faults}"));
    let planned = binary::embed(&plan_program(&program).expect("it has a plan"));
    let opens = [
        (Language::C, "uint64_t letters_program_plan[] = {"),
        (Language::Cpp, "program_plan[] = {"),
        (Language::Rust, "PROGRAM_PLAN: [u64; "),
    ];
    for (language, opens) in opens {
        let files = generated(PROGRAM, language).unwrap_or_else(|faults| panic!("{faults}"));
        let found: Vec<_> =
            files.iter().map(|file| numbers(&file.text, opens)).filter(|found| !found.is_empty()).collect();
        assert_eq!(found, [planned.as_slice()], "{}", language.word());
    }
}

#[test]
fn a_program_without_a_plan_is_refused_with_the_reason() {
    let faults = generated(&PROGRAM.replace(r#""max_bytes":256,"#, ""), Language::C).expect_err("no slot has a size");
    assert!(faults.to_string().contains("max_bytes"), "{faults}");
}
