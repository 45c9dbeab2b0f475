//! What the generator prints, compared byte for byte with what is committed, and given to every compiler of the machine.
//!
//! `golden/NAME.yaml` is small enough to be read beside `golden/NAME/{c,cpp,rust}`. `VIL_BLESS=1` writes the files
//! instead of comparing them. The Rust files are compiled by `generated_rust`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use vil_codegen::{Language, Source, generate};
use vil_ir::dump::canonical_json;
use vil_ir::load::{from_file, from_yaml};
use vil_ir::model::Program;
use vil_tests::artifact::root;
use vil_tests::cc::{C_STANDARDS, Compile, Compiler, c_compilers, cpp_compilers};
use vil_tests::scratch::Scratch;

/// The programs of `golden/`.
const PROGRAMS: &[&str] = &["external", "keywords", "modes", "pipeline", "relative", "shapes"];

/// Programs of relative messages, and the languages that print those.
const RELATIVE: (&[&str], &[Language]) = (&["relative", "corners"], &[Language::C, Language::Cpp, Language::Rust]);

/// Programs that are given to compilers only: shapes that are legal and rarely met.
const COMPILED: &[&str] = &["corners"];

/// Warnings beyond those that all our C survives.
const MORE_FOR_C: &[&str] =
    &["-Wsign-conversion", "-Wundef", "-Wcast-qual", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wc++-compat"];

/// Standards that generated C satisfies beyond those of everything else.
const MORE_STANDARDS: &[&str] = &["c2x"];

/// The same for C++, and for C compiled as C++.
const MORE_FOR_CPP: &[&str] = &["-Wsign-conversion", "-Wundef"];

fn golden() -> PathBuf {
    root().join("tests/tests/golden")
}

fn load(path: &Path) -> Program {
    match from_file(path.to_str().expect("the path is UTF-8")) {
        Ok((program, _)) => program,
        Err(faults) => panic!("{faults}"),
    }
}

/// Generated files by name.
fn made(program: &Program, origin: &str, language: Language) -> BTreeMap<String, String> {
    let contract = canonical_json(program);
    let source = Source { program, contract: &contract, origin, process: None };
    let files = generate(&source, language).unwrap_or_else(|faults| panic!("{origin}: {faults}"));
    files.into_iter().map(|file| (file.name, file.text)).collect()
}

#[test]
fn what_is_generated_is_what_is_committed() {
    for name in PROGRAMS {
        let origin = format!("{name}.yaml");
        let program = load(&golden().join(&origin));
        for language in Language::ALL.iter().filter(|language| prints(**language, name)) {
            let files = made(&program, &origin, *language);
            assert_eq!(files, made(&program, &origin, *language), "the same program gives the same bytes");
            let dir = golden().join(name).join(language.word());
            if std::env::var_os("VIL_BLESS").is_some_and(|value| value == "1") {
                bless(&dir, &files);
            }
            compare(&dir, &files);
        }
    }
}

fn prints(language: Language, program: &str) -> bool {
    !RELATIVE.0.contains(&program) || RELATIVE.1.contains(&language)
}

fn bless(dir: &Path, files: &BTreeMap<String, String>) {
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).expect("the golden directory can be made");
    for (name, text) in files {
        std::fs::write(dir.join(name), text).expect("a golden file can be written");
    }
}

fn compare(dir: &Path, files: &BTreeMap<String, String>) {
    let there = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in there {
        let name = entry.expect("the entry can be read").file_name().to_string_lossy().into_owned();
        assert!(files.contains_key(&name), "{}/{name} is generated no more; run with VIL_BLESS=1", dir.display());
    }
    for (name, text) in files {
        let path = dir.join(name);
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = text.lines().zip(committed.lines()).enumerate().find(|(_, (new, old))| new != old);
        if let Some((line, (new, old))) = differs {
            let line = line + 1;
            panic!("{}:{line}\n  committed: {old}\n  generated: {new}\nrun with VIL_BLESS=1", path.display());
        }
        assert_eq!(*text, committed, "{} has another length; run with VIL_BLESS=1", path.display());
    }
}

/// Writes everything that is generated for one language, the demo's program too, and a file that includes it all.
fn everything(dir: &Path, language: Language) -> PathBuf {
    let credit = root().join("examples-rust/credit/credit.yaml");
    let paths = PROGRAMS
        .iter()
        .chain(COMPILED)
        .filter(|name| prints(language, name))
        .map(|name| golden().join(format!("{name}.yaml")))
        .chain([credit]);
    let mut including = String::new();
    for path in paths {
        let origin = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        for (name, text) in made(&load(&path), &origin, language) {
            std::fs::write(dir.join(&name), text).expect("a generated file can be written");
            let _ = writeln!(including, "#include \"{name}\"");
        }
    }
    including.push_str("int main(void) { return 0; }\n");
    let main = dir.join(if language == Language::C { "all.c" } else { "all.cpp" });
    std::fs::write(&main, including).expect("a source can be written");
    main
}

fn check(compiler: &Compiler, standard: &str, dir: &Path, source: &Path, more: &[&str]) {
    let aligned = if compiler.name.starts_with("clang") { "-Wcast-align" } else { "-Wcast-align=strict" };
    let mut run = Compile::new(compiler, standard, dir.join("all.o")).include(dir).arg(aligned);
    for flag in more {
        run = run.arg(flag);
    }
    run.arg("-fsyntax-only").source(source).expect();
}

#[test]
fn generated_c_is_clean_in_every_standard_and_as_cpp() {
    let dir = Scratch::new("golden-c");
    let source = everything(&dir, Language::C);
    for compiler in c_compilers() {
        for standard in C_STANDARDS.iter().chain(MORE_STANDARDS) {
            check(&compiler, standard, &dir, &source, MORE_FOR_C);
        }
    }
    let as_cpp = dir.join("all_as_cpp.cpp");
    std::fs::copy(&source, &as_cpp).expect("a source can be copied");
    for compiler in cpp_compilers() {
        for standard in ["c++17", "c++20"] {
            check(&compiler, standard, &dir, &as_cpp, MORE_FOR_CPP);
        }
    }
}

#[test]
fn generated_cpp_is_clean_in_every_standard() {
    let dir = Scratch::new("golden-cpp");
    let source = everything(&dir, Language::Cpp);
    for compiler in cpp_compilers() {
        for standard in ["c++17", "c++20"] {
            check(&compiler, standard, &dir, &source, MORE_FOR_CPP);
        }
    }
}

#[test]
fn checks_and_unions_keep_their_promises_in_c_and_cpp() {
    let dir = Scratch::new("golden-check");
    for (language, file, standard, compilers) in
        [(Language::C, "check.c", "c99", c_compilers()), (Language::Cpp, "check.cpp", "c++17", cpp_compilers())]
    {
        let generated = golden().join("shapes").join(language.word());
        for compiler in compilers {
            let compile = Compile::new(&compiler, standard, dir.join("check")).include(&generated);
            let program = compile.source(golden().join(file)).expect();
            let status = std::process::Command::new(program).status().expect("the program runs");
            assert_eq!(status.code(), Some(0), "{file}, line {:?}, by {}", status.code(), compiler.name);
        }
    }
}

#[test]
fn views_and_builders_keep_their_promises_in_c() {
    let dir = Scratch::new("golden-relative");
    let generated = golden().join("relative/c");
    for compiler in c_compilers() {
        for optimized in ["-O1", "-O3"] {
            let compile = Compile::new(&compiler, "c99", dir.join("relative")).include(&generated).arg(optimized);
            let program = compile.source(golden().join("relative.c")).expect();
            let output = std::process::Command::new(program).output().expect("the program runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said} by {} {optimized}", compiler.name);
        }
    }
}

#[test]
fn generated_c_stays_short_enough_to_be_read() {
    let eight = |ty: &str, more: &str| {
        let fields: Vec<String> = (0..8).map(|at| format!("{{ name: field_{at}, type: {ty} }}")).collect();
        let text = format!("vil: 1\nprogram: t\nmessages: {{ M: {{ {more}fields: [{}] }} }}", fields.join(", "));
        let (program, _) = from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
        made(&program, "t.yaml", Language::C)["t.h"].lines().count()
    };
    let flat = eight("u32", "");
    assert!(flat <= 150, "{flat} lines for a flat message of 8 fields");
    for ty in
        ["u32", "VStr", "VSlice<f64>", "VSlice<VStr>", "'VRef<M>', optional: true", "'VSlice<M, 7>'", "'[VStr; 4]'"]
    {
        let relative = eight(ty, "layout: relative, ");
        assert!(relative <= 60 + 8 * 25, "{relative} lines for a relative message of 8 fields of {ty}");
    }
}

#[test]
fn texts_longer_than_any_literal_may_be_are_embedded_to_the_byte() {
    let fields: Vec<String> = (0..300).map(|at| format!("{{ name: field_{at}, type: u8 }}")).collect();
    let doc = "what??/ \\\"ü' */ ".repeat(4200);
    let text = format!("vil: 1\nprogram: long\nmessages: {{ M: {{ doc: {doc:?}, fields: [{}] }} }}", fields.join(", "));
    let (program, _) = from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let json = canonical_json(&program);
    assert!(json.len() > 65_536);
    let dir = Scratch::new("golden-long");
    for (language, standard, data) in
        [(Language::C, "c99", "long_program_json"), (Language::Cpp, "c++17", "long_::program_json.data()")]
    {
        let (end, compilers) = match language {
            Language::C => ("h", c_compilers()),
            _ => ("hpp", cpp_compilers()),
        };
        for (name, text) in made(&program, "long.yaml", language) {
            std::fs::write(dir.join(name), text).expect("a generated file can be written");
        }
        let source = dir.join(if language == Language::C { "long.c" } else { "long.cpp" });
        let text = format!(
            "#include <stdio.h>\n#include \"long.{end}\"\n#include \"long_program.{end}\"\n\
             int main(void) {{ return fputs({data}, stdout) < 0; }}\n"
        );
        std::fs::write(&source, text).expect("a source can be written");
        for compiler in compilers {
            let printer = Compile::new(&compiler, standard, dir.join("long")).include(&*dir).source(&source).expect();
            let printed = std::process::Command::new(printer).output().expect("the program runs").stdout;
            assert!(printed == json.as_bytes(), "{} embeds other bytes", compiler.name);
        }
    }
}

fn refused(text: &str) -> String {
    let program = match from_yaml(text) {
        Ok((program, _)) => program,
        Err(faults) => panic!("{faults}"),
    };
    let contract = canonical_json(&program);
    let source = Source { program: &program, contract: &contract, origin: "t.yaml", process: None };
    match generate(&source, Language::C) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn names_that_collide_after_escaping_are_refused_with_both_owners() {
    let message = |fields: &str| format!("vil: 1\nprogram: t\nmessages: {{ M: {{ fields: [{fields}] }} }}");
    let field = |name: &str| format!("{{ name: {name}, type: u8 }}");
    let two = |left: &str, right: &str| refused(&message(&format!("{}, {}", field(left), field(right))));
    assert_eq!(two("class", "klass"), "");
    let said = two("class", "class_");
    assert!(said.contains("field `class` of `M` and field `class_` of `M` would both be `class_`"), "{said}");
    assert!(two("lineNumber", "line_number").contains("`line_number`"));
    assert!(two("vil_x", "y").contains("kept for generated members"));
}

#[test]
fn types_processes_and_constants_that_would_share_a_name_are_refused() {
    let refused = |rest: &str| refused(&format!("vil: 1\nprogram: t\n{rest}"));
    let empty = "{ fields: [] }";
    assert_eq!(refused(&format!("messages: {{ Alpha: {empty}, Beta: {empty} }}")), "");
    let said = refused(&format!("messages: {{ FooBar: {empty}, foo_bar: {empty} }}"));
    assert!(said.contains("message `FooBar` and message `foo_bar` would both be `FooBar`"), "{said}");
    assert!(refused(&format!("messages: {{ M: {empty}, MLoan: {empty} }}")).contains("`t_m_loan_t`"));
    let said = refused("enums: { E: { repr: u8, values: { a_b: 0, aB: 1 } } }");
    assert!(said.contains("value `a_b` of `E` and value `aB` of `E`"), "{said}");
    let said = refused(&format!(
        "messages: {{ In: {empty} }}\ninterfaces: {{ I: {{ ports: {{}} }} }}\nprocesses: {{ in: {{ interface: I }} }}"
    ));
    assert!(said.contains("message `In` and process `in`"), "{said}");
}

#[test]
fn a_program_that_takes_the_librarys_name_is_refused() {
    let made = refused("vil: 1\nprogram: vil\nmessages: { M: { fields: [] } }");
    assert!(made.contains("belong to the library"), "{made}");
}

/// A flat and a relative message, and how their field `lost` is declared in each language.
const LOSING: &str = "\
vil: 1
program: losing
messages:
  Flat: { fields: [ { name: first, type: u32 }, { name: lost, type: u32 }, { name: last, type: u64 } ] }
  Bent: { fields: [ { name: first, type: u32 }, { name: lost, type: VStr }, { name: last, type: u64 } ] }
";
const LOST: &[&str] =
    &["uint32_t lost;", "uint64_t lost;", "std::uint32_t lost;", "::vil::Word lost;", "pub lost: u32,", "lost: u64,"];

/// Compiles what is generated of `LOSING` in one language, without the lines that `is_gone` names.
fn compiled_without(language: Language, is_gone: impl Fn(&str) -> bool) -> Result<(), String> {
    let dir = Scratch::new("golden-losing");
    let (program, _) = from_yaml(LOSING).unwrap_or_else(|faults| panic!("{faults}"));
    let mut main = String::new();
    for (name, text) in made(&program, "losing.yaml", language) {
        let kept: Vec<&str> = text.lines().filter(|line| !is_gone(line.trim_start())).collect();
        std::fs::write(dir.join(&name), kept.join("\n") + "\n").expect("a generated file can be written");
        let _ = match language {
            Language::Rust => writeln!(main, "#[path = \"{name}\"] pub mod losing;"),
            _ => writeln!(main, "#include \"{name}\""),
        };
    }
    let source = dir.join(match language {
        Language::C => "main.c",
        Language::Cpp => "main.cpp",
        Language::Rust => "main.rs",
    });
    std::fs::write(&source, main).expect("a source can be written");
    if language == Language::Rust {
        let mut rustc = vil_tests::rustc::rustc();
        rustc.args(["--crate-type", "lib", "--emit", "metadata", "-o"]).arg(dir.join("main.rmeta")).arg(&source);
        let output = rustc.output().expect("rustc starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return if output.status.success() { Ok(()) } else { Err(said) };
    }
    let (compilers, standard) =
        if language == Language::C { (c_compilers(), "c99") } else { (cpp_compilers(), "c++17") };
    let compiler = compilers.first().expect("there is a compiler");
    Compile::new(compiler, standard, dir.join("main.o"))
        .include(&*dir)
        .arg("-fsyntax-only")
        .source(source)
        .run()
        .map(drop)
}

#[test]
fn a_struct_that_lost_a_field_does_not_compile_in_any_language() {
    for language in Language::ALL {
        compiled_without(*language, |_| false).unwrap_or_else(|said| panic!("{}: {said}", language.word()));
        let mut refused = 0;
        for lost in LOST {
            match compiled_without(*language, |line| line.starts_with(lost)) {
                Ok(()) => {}
                Err(said) => {
                    assert!(said.contains("lost"), "{} without `{lost}`: {said}", language.word());
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, 2, "{}: the flat and the relative struct each lose it once", language.word());
    }
}
