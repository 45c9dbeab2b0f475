//! Style as a test: what a reader of any file may count on. Each rule is a sentence, each fault is named with file and line.
//! Looks at text alone; what needs the meaning of code is clippy's work.

mod dependencies;
mod floors;
mod tree;

use tree::{File, files, is_generated};

/// Lines in a file that a person wrote; a longer one holds more than one noun.
const LINE_LIMIT: usize = 700;

/// Lines above an atomic access among which the reason for its order is looked for.
const ORDER_REACH: usize = 6;

/// Every line of every file that `chosen` takes and that breaks a rule, as `file:line: text`.
fn offending(chosen: impl Fn(&File) -> bool, breaks: impl Fn(&str) -> bool) -> Vec<String> {
    let files = files().iter().filter(|file| chosen(file));
    files.flat_map(|file| file.lines_that(&breaks)).collect()
}

/// Ends the test with all faults, not the first.
fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n{}", faults.join("\n"));
}

fn is_rust(file: &File) -> bool {
    file.has_ending("rs")
}

fn is_source(file: &File) -> bool {
    ["rs", "c", "h", "cpp", "hpp"].iter().any(|ending| file.has_ending(ending))
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let says = |file: &File| match file.ending() {
        "rs" => file.first_line().starts_with("//! ") || is_generated(file),
        "c" | "h" | "cpp" | "hpp" => file.first_line().starts_with("/* ") || file.first_line().starts_with("// "),
        _ => true,
    };
    let silent: Vec<_> = files().iter().filter(|file| !says(file)).map(|file| file.name.clone()).collect();
    none("a file begins with `//!` and what it is, in C and C++ with a comment", &silent);
}

#[test]
fn generated_files_say_so_in_their_first_line() {
    let claims = |file: &&File| file.has_folder("generated") && is_source(file) && !is_generated(file);
    let silent: Vec<_> = files().iter().filter(claims).map(|file| file.name.clone()).collect();
    none("a file in a folder `generated` says in line 1 that it is, and by what", &silent);
    for name in ["include/vil/vil.h", "libvil/exports.map"] {
        let file = files().iter().find(|file| file.name == name);
        assert!(file.is_some_and(is_generated), "{name} does not say in line 1 that it is generated");
    }
}

#[test]
fn files_are_short_enough_to_be_one_noun() {
    let long = |file: &&File| is_source(file) && !is_generated(file) && file.text.lines().count() > LINE_LIMIT;
    let long: Vec<_> = files().iter().filter(long).map(|file| file.name.clone()).collect();
    none(&format!("a file has at most {LINE_LIMIT} lines"), &long);
}

#[test]
fn nothing_is_left_to_be_done_later_in_a_comment() {
    // Put together here, so that this file does not break its own rule.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];
    none("no marks for later", &offending(|_| true, |line| marks.iter().any(|mark| line.contains(mark))));
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let allow = [concat!("#[al", "low("), concat!("#![al", "low(")];
    // Generated code goes into crates that use all of it and into others; an expectation would warn in one of the two.
    let written = |file: &File| is_rust(file) && !is_generated(file);
    let allowed = offending(written, |line| allow.iter().any(|text| line.contains(text)));
    none("use `#[expect(..., reason = \"...\")]`", &allowed);
    let bare = files().iter().filter(|file| is_rust(file)).flat_map(|file| file.blocks_without("[expect(", "reason"));
    none("an expected lint has a reason", &bare.collect::<Vec<_>>());
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let paths = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    let hosts = [
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("artifact", "ory"),
    ];
    let knows = |line: &str| paths.iter().chain(&hosts).any(|text| line.contains(text));
    // Lock files name the one public registry as the source of every package; they may name no other.
    let is_lock = |file: &File| file.name == "Cargo.lock" || file.name.ends_with("/Cargo.lock");
    none("no absolute path of a machine, no host of a registry", &offending(|file| !is_lock(file), knows));
    let public = concat!("registry+https://github.com/rust-lang/crates", ".io-index");
    let other = |line: &str| line.starts_with("source = ") && !line.contains(public);
    none("packages come from the public registry", &offending(is_lock, other));
}

#[test]
fn tests_wait_for_a_deadline_and_never_sleep() {
    let sleeps = [concat!("thread::sle", "ep("), concat!("usle", "ep("), concat!("nanosle", "ep(")];
    let is_test = |file: &File| file.name.starts_with("tests/") && is_source(file);
    none("no sleeps in tests", &offending(is_test, |line| sleeps.iter().any(|text| line.contains(text))));
}

#[test]
fn the_library_writes_nothing_to_the_terminal() {
    let is_library = |file: &File| {
        is_rust(file)
            && file.name.starts_with("libvil/")
            && !file.has_folder("tests")
            && !file.name.ends_with("build.rs")
    };
    let prints = ["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!("];
    let speaks = |line: &str| prints.iter().any(|text| line.trim_start().starts_with(text));
    none("no output from the library; use tracing", &offending(is_library, speaks));
}

#[test]
fn the_command_writes_to_the_terminal_in_one_place() {
    let is_command = |file: &File| {
        is_rust(file)
            && file.name.starts_with("cli/src/")
            && file.name != "cli/src/output.rs"
            && !file.name.ends_with("tests.rs")
    };
    let prints = ["println!(", "print!(", "dbg!(", "stdout().lock()", "stderr().lock()"];
    let speaks = |line: &str| prints.iter().any(|text| line.contains(text));
    none("print with `output`, which survives a closed stream", &offending(is_command, speaks));
}

#[test]
fn every_memory_order_is_explained() {
    let orders = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
    let names_one = |line: &str| {
        let code = line.split("//").next().unwrap_or("");
        !code.trim_start().starts_with("use ")
            && orders.iter().any(|order| code.contains(&format!("Ordering::{order}")))
    };
    let in_library = |file: &&File| is_rust(file) && file.name.starts_with("libvil/") && !file.has_folder("tests");
    let files = files().iter().filter(in_library);
    let bare = files.flat_map(|file| file.lines_without_before(names_one, "// ORDER:", ORDER_REACH));
    none("an atomic's order is explained by `// ORDER:` right above it", &bare.collect::<Vec<_>>());
}

#[test]
fn an_order_without_its_reason_is_found() {
    let bare = |text: &str| {
        let file = File { name: "a.rs".into(), text: text.into() };
        file.lines_without_before(|line| line.contains("Ordering::"), "// ORDER:", 1)
    };
    assert_eq!(bare("// ORDER: Relaxed, only counted.\na.load(Ordering::Relaxed);\n"), [""; 0]);
    assert_eq!(bare("let a = b;\na.load(Ordering::Relaxed);\n"), ["a.rs:2: a.load(Ordering::Relaxed);"]);
}

#[test]
fn lines_end_where_they_end() {
    let ragged = offending(is_source, |line| line.ends_with([' ', '\t', '\r']) || line.starts_with('\t'));
    none("no blanks at the end of a line, no tabs", &ragged);
    let open: Vec<_> = files().iter().filter(|file| is_source(file) && !file.text.ends_with('\n')).collect();
    none("the last line ends", &open.iter().map(|file| file.name.clone()).collect::<Vec<_>>());
}

#[test]
fn a_lower_floor_of_the_core_never_names_a_higher_one() {
    none("floors of vil-core, see ARCHITECTURE.md", &floors::climbing());
}

#[test]
fn files_of_the_c_layer_name_each_other_in_no_circle() {
    none("one noun a file, and one direction between any two", &floors::circles());
}

#[test]
fn crates_name_only_crates_below_them() {
    none("order of the crates, see ARCHITECTURE.md", &floors::crates_out_of_order());
}

#[test]
fn unsafe_lives_only_where_memory_and_foreign_calls_are() {
    none("no unsafe code here", &floors::unsafe_out_of_place());
}

#[test]
fn every_dependency_has_a_reason_and_a_user() {
    none("dependencies without a reason in ARCHITECTURE.md", &dependencies::without_a_reason());
    none("dependencies of the workspace that no crate takes", &dependencies::of_nobody());
}

#[test]
fn the_dependencies_test_finds_what_it_should() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\n# why\nb = \"1\"\nc.workspace = true\n\n[features]\nd = []\n\
                    [target.'cfg(unix)'.dev-dependencies]\ne = { version = \"2\" }\n";
    assert_eq!(dependencies::named(manifest), ["b", "c", "e"]);
}

#[test]
fn the_floors_test_finds_what_it_should() {
    let named = |text: &str| floors::named(text).into_iter().map(|(_, name)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(named("use crate::heap::Slot;"), ["heap"]);
    assert_eq!(
        named("use crate::{\n  base::words,\n  exchange::{self, copied},\n  stats};"),
        ["base", "exchange", "stats"]
    );
    assert_eq!(named("let a = 1; // crate::world is not named by a comment"), [""; 0]);
    assert!(floors::climbs("heap", "registry") && floors::climbs("heap", "queue") && floors::climbs("queue", "heap"));
    assert!(!floors::climbs("registry", "heap") && !floors::climbs("heap", "heap"));
}

#[test]
fn the_circles_test_finds_circles_of_any_length_and_no_others() {
    let circles = |texts: &[(&'static str, &'static str)]| floors::in_circles(&texts.iter().copied().collect());
    let line =
        [("a", "use crate::b::B;"), ("b", "use crate::{c::C, d};"), ("c", "use crate::d;"), ("d", "use std::c;")];
    assert_eq!(circles(&line), [""; 0]);
    assert_eq!(circles(&[("a", "use crate::a::A;")]), [""; 0], "its own paths are no circle");
    let ring = [("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "use crate::b;"), ("d", "use crate::a;")];
    assert_eq!(circles(&ring), ["b names itself", "c names itself"]);
}
