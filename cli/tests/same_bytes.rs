//! What `vil` writes is the same, byte for byte, in every run, from every directory and under every locale and time zone.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Surroundings that other programs answer differently in.
const SURROUNDINGS: &[(&str, &str, &str)] = &[
    ("C", "UTC", "/"),
    ("C.UTF-8", "Asia/Jakarta", "/usr"),
    ("tr_TR.UTF-8", "America/St_Johns", "/dev"),
    ("de_DE@euro", "nowhere", "/proc"),
];

fn tests() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests");
    tests.canonicalize().expect("the tests lie beside the tool")
}

/// Schemas and twins, by their full paths.
fn programs() -> Vec<PathBuf> {
    let schemas = ["ros.yaml", "dialect.yaml"].map(|name| tests().join("layouts/schemas").join(name));
    let twins = std::fs::read_dir(tests().join("passes/cases")).expect("the twins lie there").flatten();
    let mut twins: Vec<PathBuf> = twins.map(|file| file.path()).filter(|path| path.is_file()).collect();
    twins.sort();
    // Every fifth is enough: a process each costs time.
    schemas.into_iter().chain(twins.into_iter().step_by(5)).collect()
}

/// Exit code, stdout and stderr of `vil` in one of the surroundings.
fn said(
    words: &[&str],
    program: &Path,
    (locale, zone, directory): (&str, &str, &str),
) -> (Option<i32>, Vec<u8>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vil"));
    command.args(words).arg(program).current_dir(directory);
    command.env("LC_ALL", locale).env("LANG", locale).env("LC_NUMERIC", locale).env("TZ", zone);
    let output = command.output().expect("vil runs");
    (output.status.code(), output.stdout, output.stderr)
}

fn same_everywhere(words: &[&str]) {
    for program in programs() {
        let first = said(words, &program, SURROUNDINGS[0]);
        assert!(first.0.is_some(), "{}: it was ended", program.display());
        for around in SURROUNDINGS {
            assert!(said(words, &program, *around) == first, "{words:?} {} differs in {around:?}", program.display());
        }
    }
}

#[test]
fn a_dump_is_the_same_in_every_run_directory_locale_and_time_zone() {
    same_everywhere(&["dump"]);
}

#[test]
fn what_is_wrong_is_said_in_the_same_words_everywhere() {
    same_everywhere(&["check", "--format", "json"]);
    same_everywhere(&["check"]);
}

#[test]
fn generated_code_is_the_same_from_every_directory_and_under_every_locale() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("same-code-{}", std::process::id()));
    let schemas = ["layouts/schemas/ros.yaml", "golden/relative.yaml", "golden/keywords.yaml"];
    for program in schemas.map(|name| tests().join(name)) {
        for language in ["c", "cpp", "rust"] {
            let made = SURROUNDINGS.iter().enumerate().map(|(at, around)| {
                let out = scratch.join(at.to_string());
                let words = ["gen", "--lang", language, "-o", out.to_str().expect("the path is text")];
                let (code, _, told) = said(&words, &program, *around);
                assert_eq!(code, Some(0), "{}: {}", program.display(), String::from_utf8_lossy(&told));
                let files = std::fs::read_dir(&out).expect("it was made").flatten();
                let mut files: Vec<_> =
                    files.map(|file| (file.file_name(), std::fs::read(file.path()).expect("it can be read"))).collect();
                files.sort();
                std::fs::remove_dir_all(&out).expect("it can be removed");
                files
            });
            let made: Vec<_> = made.collect();
            assert!(
                !made[0].is_empty() && made.iter().all(|files| *files == made[0]),
                "{language} of {}",
                program.display()
            );
        }
    }
    let _ = std::fs::remove_dir_all(scratch);
}
