//! The example `judge`: a C program that says all that is wrong with a program, and compares two.

use std::process::Command;

use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::scratch::Scratch;

const GOOD: &str = r#"{"vil":1,"program":"p","messages":{"A":{"open":true,"variants":{"X":{"tag":1,"fields":[{"name":"x","type":"u64"}]}}}}}"#;

/// Two faults, each in a line of its own.
const BAD: &str = "{\"vil\":1,\"program\":\"p\",\n\"messages\":{\"A\":{\"fields\":[{\"name\":\"a\",\"type\":\"String\"},\n\
                   {\"name\":\"a_b\",\"type\":\"[u8; 0]\"}]}}}";

/// The program, built in a directory of its own.
struct Judge(Scratch);

impl Judge {
    fn new(name: &str) -> Judge {
        let place = Scratch::new(name);
        let source = root().join("examples-c/judge/judge.c");
        Compile::new(&c_compiler(), "c99", place.join("judge")).source(source).link_shared().expect();
        Judge(place)
    }

    /// The exit code and what it printed for texts in files of these names.
    fn of(&self, files: &[(&str, &str)]) -> (Option<i32>, String) {
        let place = &self.0;
        files.iter().for_each(|(name, text)| std::fs::write(place.join(name), text).expect("it can be written"));
        let names = files.iter().map(|(name, _)| name);
        let output = Command::new(place.join("judge")).args(names).current_dir(&**place).output().expect("it runs");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code(), String::from_utf8(output.stdout).expect("it is text"))
    }
}

#[test]
fn every_fault_is_printed_with_its_place() {
    let judge = Judge::new("judge-faults");
    let (code, said) = judge.of(&[("bad.json", BAD)]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("bad.json:2:") && said.contains("error[VIL-L001]: "), "{said}");
    assert!(said.contains("bad.json:3:") && said.contains("error[VIL-L003]: "), "{said}");
    assert!(said.contains("  found `String`\n") && said.ends_with("bad.json: 2 errors, 0 warnings\n"), "{said}");
    let (code, said) = judge.of(&[("broken.json", "{\"vil\":1,\"progam\":\"p\"}")]);
    assert!(code == Some(1) && said.contains("VIL-F002"), "{said}");
    assert_eq!(judge.of(&[("good.json", GOOD)]), (Some(0), "good.json: 0 errors, 0 warnings\n".to_owned()));
}

#[test]
fn two_programs_are_compared() {
    let judge = Judge::new("judge-diff");
    let arm = GOOD.replace("\"variants\":{", "\"variants\":{\"Y\":{\"tag\":2,\"fields\":[]},");
    let (code, said) = judge.of(&[("old.json", GOOD), ("new.json", &arm)]);
    assert!(
        code == Some(0) && said.contains("message A: VIL-E011 newer /A/Y: ") && said.ends_with("\nnewer\n"),
        "{said}"
    );
    let (code, said) = judge.of(&[("old.json", GOOD), ("new.json", &GOOD.replace("u64", "i64"))]);
    assert!(code == Some(1) && said.contains("VIL-E003") && said.ends_with("\nincompatible\n"), "{said}");
    let (code, said) = judge.of(&[("old.json", GOOD), ("bad.json", BAD)]);
    assert!(code == Some(1) && !said.contains("incompatible"), "{said}");
}
