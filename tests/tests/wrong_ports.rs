//! The wrong message on a port, and sending where one receives, are compile errors in all three languages: each line
//! that must be refused stands beside a twin that must compile, in the same function, with the same flags.

use std::path::{Path, PathBuf};

use vil_tests::artifact::root;
use vil_tests::cc::{Compile, Compiler, c_compilers, cpp_compilers};
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

/// A statement that compiles, and statements like it that must not.
struct Twins {
    good: &'static str,
    bad: &'static [&'static str],
}

const C: &[Twins] = &[
    Twins {
        good: "demo_line_source_readings_send(source, reading)",
        bad: &[
            "demo_line_source_readings_send(source, alarm)",
            "demo_line_source_readings_send(sink, reading)",
            "demo_line_sink_readings_send(sink, reading)",
        ],
    },
    Twins {
        good: "demo_line_source_readings_loan(source, reading_loan)",
        bad: &[
            "demo_line_source_readings_loan(source, alarm_loan)",
            "demo_line_source_alarms_publish(source, reading_loan)",
            "demo_line_sink_readings_loan(sink, reading_loan)",
        ],
    },
    Twins {
        good: "demo_line_sink_readings_receive(sink, 0, reading_msg)",
        bad: &[
            "demo_line_sink_readings_receive(sink, 0, alarm_msg)",
            "demo_line_sink_alarms_release(sink, reading_msg)",
            "demo_line_source_readings_receive(source, 0, reading_msg)",
        ],
    },
];

const CPP: &[Twins] = &[
    Twins {
        good: "(void)source.readings.send(reading)",
        bad: &[
            "(void)source.readings.send(alarm)",
            "(void)source.alarms.send(reading)",
            "(void)sink.readings.send(reading)",
            "(void)source.readings.receive(vil::forever)",
        ],
    },
    Twins {
        good: "vil::Loan<Reading> loan = std::move(*source.readings.loan())",
        bad: &["vil::Loan<Alarm> loan = std::move(*source.readings.loan())"],
    },
    Twins {
        good: "const Reading &got = **sink.readings.receive(vil::forever); (void)got",
        bad: &["const Alarm &got = **sink.readings.receive(vil::forever); (void)got"],
    },
];

const RUST: &[Twins] = &[
    Twins {
        good: "source.readings.send(&reading)",
        bad: &[
            "source.readings.send(&alarm)",
            "source.alarms.send(&reading)",
            "sink.readings.send(&reading)",
            "source.readings.receive(std::time::Duration::MAX)",
        ],
    },
    Twins {
        good: "source.readings.loan().map(|mut loan| *loan = reading)",
        bad: &["source.readings.loan().map(|mut loan| *loan = alarm)"],
    },
    Twins {
        good: "sink.readings.receive(std::time::Duration::MAX).map(|got| assert!(got.value > 0.0))",
        bad: &["sink.readings.receive(std::time::Duration::MAX).map(|got| assert!(got.tag() > 0))"],
    },
];

fn generated(language: &str) -> PathBuf {
    root().join("tests/tests/golden/pipeline").join(language)
}

/// Every line in a function of its own, all in one file, compiled once: `error_at` finds whether the compiler refuses
/// the line of that number. Lines are numbered from 1 and the first function stands on line 2.
fn judge(
    name: &str,
    twins: &[Twins],
    head: &str,
    wrap: impl Fn(usize, &str) -> String,
    compile: impl Fn(&Path) -> String,
) {
    let dir = Scratch::new("twins");
    let lines = |twins: &Twins| -> Vec<(bool, &'static str)> {
        [(true, twins.good)].into_iter().chain(twins.bad.iter().map(|bad| (false, *bad))).collect()
    };
    let all: Vec<(bool, &str)> = twins.iter().flat_map(lines).collect();
    let functions: Vec<String> = all.iter().enumerate().map(|(index, (_, line))| wrap(index, line)).collect();
    let source = dir.join(name);
    std::fs::write(&source, format!("{head}\n{}\n", functions.join("\n"))).expect("a source can be written");
    let said = compile(&source);
    for (index, (good, line)) in all.iter().enumerate() {
        let place = format!("{name}:{}:", index + 2);
        let refused = said.lines().any(|text| text.contains(&place) && text.contains("error"));
        assert_eq!(refused, !good, "`{line}` at {place}\n{said}");
    }
}

/// What the first compiler says.
fn with_cc(compilers: &[Compiler], standard: &str, language: &str, source: &Path) -> String {
    let compile = Compile::new(&compilers[0], standard, source.with_extension("o")).include(generated(language));
    compile.arg("-fsyntax-only").source(source).run().err().unwrap_or_default()
}

#[test]
fn c_refuses_the_wrong_message_and_the_wrong_direction() {
    let head = "#include \"all.h\"";
    let wrap = |index: usize, line: &str| {
        format!(
            "static inline vil_status_t twin{index}(demo_line_source_t *source, demo_line_sink_t *sink, \
             const demo_line_reading_t *reading, const demo_line_alarm_t *alarm, \
             demo_line_reading_loan_t *reading_loan, demo_line_alarm_loan_t *alarm_loan, \
             demo_line_reading_msg_t *reading_msg, demo_line_alarm_msg_t *alarm_msg) {{ \
             (void)source; (void)sink; (void)reading; (void)alarm; (void)reading_loan; (void)alarm_loan; \
             (void)reading_msg; (void)alarm_msg; return {line}; }}"
        )
    };
    judge("twin.c", C, head, wrap, |source| {
        let all = "#include \"demo_line_source.h\"\n#include \"demo_line_sink.h\"\n";
        std::fs::write(source.with_file_name("all.h"), all).expect("a header can be written");
        with_cc(&c_compilers(), "c99", "c", source)
    });
}

#[test]
fn cpp_refuses_the_wrong_message_and_the_wrong_direction() {
    let head = "#include \"all.hpp\"";
    let wrap = |index: usize, line: &str| {
        format!(
            "inline void twin{index}(Source &source, Sink &sink, const Reading &reading, const Alarm &alarm) {{ \
             (void)source; (void)sink; (void)reading; (void)alarm; {line}; }}"
        )
    };
    judge("twin.cpp", CPP, head, wrap, |source| {
        let all = "#include \"demo_line_source.hpp\"\n#include \"demo_line_sink.hpp\"\nusing namespace demo::line;\n";
        std::fs::write(source.with_file_name("all.hpp"), all).expect("a header can be written");
        with_cc(&cpp_compilers(), "c++17", "cpp", source)
    });
}

#[test]
fn rust_refuses_the_wrong_message_and_the_wrong_direction() {
    let generated = generated("rust").join("demo_line.rs");
    let head = format!("#[path = {generated:?}] mod demo_line; use demo_line::*;");
    let wrap = |index: usize, line: &str| {
        format!(
            "pub fn twin{index}(source: Source, sink: Sink, reading: Reading, alarm: Alarm) {{ \
             let _ = (&source, &sink, &reading, &alarm); let _ = {line}; }}"
        )
    };
    judge("twin.rs", RUST, &head, wrap, with_rustc);
}

/// Type-checks a library against the crate `vil` that this test itself was built with; what rustc says.
fn with_rustc(source: &Path) -> String {
    let output = rustc()
        .args(["--crate-type", "lib", "--emit", "metadata", "--error-format", "short", "--out-dir"])
        .arg(source.parent().expect("the source lies in a directory"))
        .arg(source)
        .output()
        .expect("rustc runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
