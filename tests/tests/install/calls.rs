//! Calls of `vil_generate_messages`: the three forms, and every wrong one with the sentence that answers it.

use std::process::{Command, Stdio};

use vil_tests::cc::tool;
use vil_tests::scratch::Scratch;

use crate::installed_and_moved;

#[test]
fn a_wrong_call_is_answered_with_what_to_say() {
    let (Some(cmake), Some(_)) = (tool("cmake"), tool("ninja")) else { return };
    let scratch = Scratch::new("install-calls");
    let prefix = installed_and_moved(&cmake, &scratch);
    let source = scratch.join("source");
    std::fs::create_dir(&source).expect("the directory can be made");
    let project = "cmake_minimum_required(VERSION 3.20)\nproject(calls LANGUAGES NONE)\n\
                   find_package(vil 0.1 CONFIG REQUIRED)\nadd_library(there INTERFACE)\nvil_generate_messages(${CALL})\n";
    let twin = "vil: 1\nprogram: twin\nmessages: { M: { fields: [ { name: n, type: u8 } ] } }\n";
    for (name, text) in [("CMakeLists.txt", project), ("a.yaml", twin), ("b.yaml", twin)] {
        std::fs::write(source.join(name), text).expect("the file can be written");
    }
    let configure = |call: &str| {
        let mut command = Command::new(&cmake);
        command.args(["-G", "Ninja", "-S"]).arg(&source).arg("-B").arg(scratch.join("calls"));
        command.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())).arg(format!("-DCALL={call}"));
        let output = command.stdin(Stdio::null()).output().expect("cmake runs");
        let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        (output.status.success(), said)
    };
    for good in ["TARGET;there;IR;a.yaml;LANGUAGES;c", "LIBRARY;m;IR;a.yaml;LANGUAGES;c", "m;PROGRAM;a.yaml;LANGUAGE;c"]
    {
        let (configured, said) = configure(good);
        assert!(configured, "{good}: {said}");
    }
    let cases = [
        ("IR;a.yaml;LANGUAGES;c", "TARGET or LIBRARY says who gets the headers"),
        ("TARGET;there;LIBRARY;m;IR;a.yaml;LANGUAGES;c", "TARGET and LIBRARY exclude each other"),
        ("TARGET;gone;IR;a.yaml;LANGUAGES;c", "there is no target gone (yet)"),
        ("LIBRARY;there;IR;a.yaml;LANGUAGES;c", "there is a target there already; TARGET adds to it"),
        ("LIBRARY;m;LANGUAGES;c", "IR says which programs"),
        ("LIBRARY;m;IR;a.yaml", "LANGUAGES says c, cpp or both"),
        ("LIBRARY;m;IR;a.yaml;LANGUAGES;c;rust", "LANGUAGES are c and cpp, not rust"),
        ("LIBRARY;m;IR;a.yaml;LANGUAGES;c;OUT_DIR", "nothing behind OUT_DIR"),
        ("LIBRARY;m;more;IR;a.yaml;LANGUAGES;c", "no word of it: more"),
        ("m;PROGRAM;a.yaml", "LANGUAGES says c, cpp or both"),
        ("m;PROGRAM;a.yaml;LANGUAGE;c;OUT_DIR;x", "PROGRAM and LANGUAGE are the short form"),
        ("LIBRARY;m;IR;a.yaml;b.yaml;LANGUAGES;c", "b.yaml would both write"),
        ("LIBRARY;m;IR;gone.yaml;LANGUAGES;c", "no code for"),
    ];
    for (bad, expected) in cases {
        let (configured, said) = configure(bad);
        assert!(!configured && said.contains(expected), "{bad}: {said}");
    }
}
