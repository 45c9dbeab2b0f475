//! Texts that are small and mean to be large, or large and mean to be read: each is answered soon and within its memory.

use std::fmt::Write;
use std::time::{Duration, Instant};

use vil_ir::load::{self, Format};
use vil_tests::scratch::Scratch;

use crate::reading::{Outcome, read};

/// The longest that any text may take. Most take a few milliseconds; machines that test may be busy.
const SOON: Duration = Duration::from_secs(20);

/// Bytes that no text may make a reader hold.
const MOST: u64 = 1 << 30;

/// The stack of the thread that reads: half of what threads get by default.
const STACK: usize = 1 << 20;

/// Reads a text on a small stack; refused is what it must be, for the rule with this code.
fn refused(text: String, format: Format, code: &str) {
    let start = Instant::now();
    let shown: String = text.chars().take(60).collect();
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let (outcome, spent) = read(&text, format);
        let faults = load::from_text("text", text, format, &mut load::NoFiles);
        (outcome, spent, faults.err().map(|faults| faults.items.iter().map(|item| item.code()).collect::<Vec<_>>()))
    });
    let (outcome, spent, codes) = thread.expect("a thread starts").join().expect("reading ends without a panic");
    assert_eq!(outcome, Outcome::Unreadable, "{shown}");
    assert!(codes.iter().flatten().any(|found| *found == code), "{shown}: {codes:?} instead of {code}");
    assert!(spent.most < MOST, "{shown}: {} bytes were held", spent.most);
    assert!(start.elapsed() < SOON, "{shown}: it took {:?}", start.elapsed());
}

#[test]
fn a_hundred_thousand_brackets_are_too_deep() {
    let opens = ["[", "{\"a\":", "{\"vil\":1,\"program\":\"p\",\"annotations\":["];
    for open in opens {
        refused(open.repeat(100_000), Format::Json, "VIL-F014");
        refused(open.repeat(100_000), Format::Yaml, "VIL-F014");
    }
    for open in ["{a: ", "- ", "&a [", "[[{a: "] {
        refused(open.repeat(100_000), Format::Yaml, "VIL-F014");
    }
    let mut steps = String::new();
    for depth in 0..1_000 {
        let _ = writeln!(steps, "{:depth$}a:", "");
    }
    refused(steps, Format::Yaml, "VIL-F014");
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refused(closed.clone(), Format::Json, "VIL-F014");
    refused(closed, Format::Yaml, "VIL-F014");
    refused("? ".repeat(100_000), Format::Yaml, "VIL-F005");
}

#[test]
fn a_type_of_a_hundred_thousand_brackets_is_too_deep() {
    for open in ["[", "VSlice<", "[VSlice<", "VRef<", "Vec<"] {
        let ty = open.repeat(100_000);
        let text =
            format!(r#"{{"vil":1,"program":"p","structs":{{"S":{{"fields":[{{"name":"x","type":"{ty}"}}]}}}}}}"#);
        let code = if open == "Vec<" { "VIL-L001" } else { "VIL-F013" };
        if open == "Vec<" {
            assert_eq!(read(&text, Format::Json).0, Outcome::Refused);
            continue;
        }
        refused(text.clone(), Format::Json, code);
        refused(text, Format::Yaml, code);
    }
}

#[test]
fn numbers_that_nobody_can_keep_are_refused() {
    let program = |number: &str| format!(r#"{{"vil":{number},"program":"p"}}"#);
    for number in ["9".repeat(1_000_000), "1e999999999".to_owned(), format!("1{}e1", "0".repeat(100_000))] {
        refused(program(&number), Format::Json, "VIL-F015");
        refused(program(&number), Format::Yaml, "VIL-F015");
    }
    for number in [format!("0x{}", "f".repeat(100_000)), format!("0o{}", "7".repeat(100_000))] {
        refused(program(&number), Format::Yaml, "VIL-F015");
    }
    for number in ["-1", "0.5", "1e-999999999", "340282366920938463463374607431768211455", "-0", "true"] {
        refused(program(number), Format::Json, "VIL-F015");
    }
}

#[test]
fn aliases_are_counted_as_what_they_stand_for() {
    let mut laughs = String::from("vil: 1\nprogram: p\nannotations:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(laughs, "  a{level}: &a{level} [{}]", below.trim_end_matches(", "));
    }
    refused(laughs, Format::Yaml, "VIL-F014");
    let long = "x".repeat(1_000_000);
    let texts = format!("vil: 1\nprogram: p\ndoc: &a \"{long}\"\nimports: [{}]\n", "*a, ".repeat(100_000));
    refused(texts, Format::Yaml, "VIL-F014");
    let keys = format!("vil: 1\nprogram: p\nhosts: &a {{ {long}: {{}} }}\nimports: [{}]\n", "*a, ".repeat(100_000));
    refused(keys, Format::Yaml, "VIL-F014");
}

#[test]
fn anchors_around_anchors_are_counted_too() {
    let items = "0, ".repeat(400_000);
    let open: String = (0..60).map(|level| format!("&a{level} [")).collect();
    refused(format!("vil: 1\nprogram: p\nimports: {open}{items}{}\n", "]".repeat(60)), Format::Yaml, "VIL-F014");
}

#[test]
fn an_alias_within_its_own_anchor_is_refused() {
    refused("vil: 1\nprogram: p\nimports: &a [*a]\n".to_owned(), Format::Yaml, "VIL-F001");
    refused("vil: 1\nprogram: p\nimports: [*nobody]\n".to_owned(), Format::Yaml, "VIL-F001");
}

#[test]
fn a_hundred_megabytes_are_refused_by_their_size_alone() {
    for format in [Format::Json, Format::Yaml] {
        let text = "[".repeat(100 << 20);
        let start = Instant::now();
        let (outcome, spent) = crate::counting::count(|| load::from_text("text", text, format, &mut load::NoFiles));
        let faults = outcome.expect_err("it is too large");
        assert_eq!(faults.items.iter().map(|fault| fault.code()).collect::<Vec<_>>(), ["VIL-F014"]);
        assert!(spent.most < 1 << 20 && start.elapsed() < Duration::from_secs(1), "{spent:?}, {:?}", start.elapsed());
    }
}

#[test]
fn a_file_without_an_end_is_refused_and_not_read_to_it() {
    let scratch = Scratch::new("texts");
    let (yaml, large) = (scratch.join("import.yaml"), scratch.join("large.yaml"));
    std::fs::write(&yaml, "vil: 1\nprogram: p\nimports: [/dev/zero]\n").expect("the file is written");
    // A file with a hole: 100 GiB long, and takes no room.
    std::fs::File::create(&large).and_then(|file| file.set_len(100 << 30)).expect("the file is made");
    for path in [yaml, large, "/dev/zero".into()] {
        let path = path.to_string_lossy();
        let (outcome, spent) = crate::counting::count(|| load::from_file(&path));
        let faults = outcome.expect_err("it has no end");
        assert!(faults.items.iter().all(|fault| fault.code() == "VIL-F014"), "{faults}");
        assert!(spent.most < 64 << 20, "{path}: {} bytes were held", spent.most);
    }
}

#[test]
fn comments_that_belong_to_nobody_take_no_memory() {
    let read = |text: String| {
        let (read, spent) = crate::counting::count(|| load::from_text("text", text, Format::Yaml, &mut load::NoFiles));
        let (program, _) = read.unwrap_or_else(|faults| panic!("{faults}"));
        assert!(spent.most < 64 << 20, "{} bytes were held", spent.most);
        program
    };
    for comments in ["#\n", "#a\n", "# a\n\n", "#\r"] {
        read(format!("vil: 1\nprogram: p\n{}", comments.repeat((15 << 20) / comments.len())));
    }
    let doc = read(format!("vil: 1\nprogram: p\nmessages:\n{}  M: {{}}\n", "  # a\n".repeat(2 << 20)));
    assert_eq!(doc.messages["M"].notes.doc.as_ref().map(String::len), Some((4 << 20) - 1));
}

#[test]
fn the_files_of_a_program_are_bounded_together() {
    let scratch = Scratch::new("texts");
    let padding = "#\n".repeat(5 << 20);
    for (name, imports) in [("a.yaml", "[b.yaml]"), ("b.yaml", "[]")] {
        let text = format!("vil: 1\nprogram: p\nimports: {imports}\n{padding}");
        std::fs::write(scratch.join(name), text).expect("the file is written");
    }
    assert!(load::from_file(&scratch.join("b.yaml").to_string_lossy()).is_ok(), "one alone is small enough");
    let faults = load::from_file(&scratch.join("a.yaml").to_string_lossy()).expect_err("two are too large");
    assert!(faults.items.iter().any(|fault| fault.code() == "VIL-F014"), "{faults}");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let scratch = Scratch::new("texts");
    for (name, bytes) in [
        ("a.yaml", &b"vil: 1\nprogram: \xff\n"[..]),
        ("b.json", b"{\"vil\":1,\n\"program\":\"\xed\xa0\x80\"}"),
        ("c.yaml", b"vil: 1\nprogram: p # \xc3"),
    ] {
        let path = scratch.join(name);
        std::fs::write(&path, bytes).expect("the file is written");
        let faults = load::from_file(&path.to_string_lossy()).expect_err("it is no UTF-8");
        assert_eq!(faults.items.len(), 1);
        assert_eq!(faults.items[0].code(), "VIL-F011", "{faults}");
        assert!(faults.items[0].message.contains("not UTF-8 (line 2"), "{faults}");
    }
}

/// What the random changes found: places that stood outside of the text.
#[test]
fn what_is_wrong_at_the_end_of_a_line_or_text_stands_there() {
    for text in ["# a comment\nvil: 1\nprogram:} twi", "vil: 1\nprogram:", "%a\rb\u{1}", "%\u{1}abc\u{7f}\rde\u{3}"] {
        assert_eq!(read(text, Format::Yaml).0, Outcome::Unreadable, "{text:?}");
    }
}

#[test]
fn marks_line_ends_and_halves_of_characters_are_what_the_languages_say() {
    let yaml = "vil: 1\nprogram: p\ndoc: a\n";
    for text in [yaml.to_owned(), yaml.replace('\n', "\r\n"), format!("\u{feff}{yaml}"), yaml.replace('\n', "\r")] {
        assert_eq!(read(&text, Format::Yaml).0, Outcome::Program, "{text:?}");
    }
    let json = "{\"vil\":1,\n\"program\":\"p\",\"doc\":\"\\ud83d\\ude00\\u0000\"}\n";
    for text in [json.to_owned(), json.replace('\n', "\r\n"), format!("\u{feff}{json}")] {
        assert_eq!(read(&text, Format::Json).0, Outcome::Program, "{text:?}");
    }
    for escape in
        ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83d\\ud83d", "\\ud83d\\n", "\\uD83", "\\u+123", "\0", "\t"]
    {
        let text = format!("{{\"vil\":1,\"program\":\"p\",\"doc\":\"{escape}\"}}");
        refused(text, Format::Json, "VIL-F001");
    }
    for text in [
        "",
        "\0",
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        "\r",
        "{\"vil\":1}\0",
        "nul",
        "tru",
        "{]",
        "[1,]",
        "{,}",
        "\"",
        "01",
    ] {
        refused(text.to_owned(), Format::Json, "VIL-F001");
    }
    for text in ["", "\0", "a: \0", "\u{feff}", "a: b: c", "*a", "&a", "%", "'", "\t- a", "a: 'b\n---\n"] {
        let (outcome, _) = read(text, Format::Yaml);
        assert_eq!(outcome, Outcome::Unreadable, "{text:?}");
    }
}
