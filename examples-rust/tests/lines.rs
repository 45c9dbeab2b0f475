//! One line at a time: what is a record, what is malformed, what is neither. Every line is read by the pipeline's
//! parser and by the second one that vouches for it, and both must say what stands here.

use proptest::prelude::*;
use vil_examples::lines::{Line, Lines, MAX_LINE};
use vil_examples::parse::{Record, parse};
use vil_examples::recount::Recount;
use vil_examples::totals::{Totals, padded};

const GOOD: &str = r#"{"id":7,"amount":12.5,"kol":4,"branch":"Medan"}"#;

fn record(branch: &str) -> Record {
    Record { id: 7, amount: 12.5, kol: 4, branch: padded(branch.as_bytes()).expect("16 bytes at most") }
}

/// The second parser's view of one line.
fn recounted(line: &[u8]) -> Totals {
    let mut recount = Recount::default();
    recount.feed(line, |_, _| {});
    recount.feed(b"\n", |_, _| {});
    recount.finish()
}

#[track_caller]
fn good(line: impl AsRef<[u8]>, expected: Record) {
    let line = line.as_ref();
    let shown = String::from_utf8_lossy(&line[..line.len().min(500)]);
    assert_eq!(parse(line), Some(expected), "{shown}");
    let totals = recounted(line);
    assert_eq!((totals.records, totals.malformed), (1, 0), "the second parser on {shown}");
    if expected.kol >= 3 {
        assert_eq!(totals.all.outstanding.to_bits(), (0.0 + expected.amount).to_bits(), "{shown}");
        assert!(totals.branches.contains_key(&expected.branch), "{shown}");
    }
}

#[track_caller]
fn malformed(line: impl AsRef<[u8]>) {
    let line = line.as_ref();
    let shown = String::from_utf8_lossy(&line[..line.len().min(500)]);
    assert_eq!(parse(line), None, "{shown}");
    assert_eq!(recounted(line).malformed, 1, "the second parser on {shown}");
}

/// A line with this in place of one of the four values.
fn with(key: &str, value: &str) -> String {
    let values = [("id", "7"), ("amount", "12.5"), ("kol", "4"), ("branch", "\"Medan\"")];
    let member = |(name, usual): (&str, &str)| format!("\"{name}\":{}", if name == key { value } else { usual });
    format!("{{{}}}", values.map(member).join(","))
}

#[test]
fn a_record_is_a_record_in_any_order_and_spacing() {
    good(GOOD, record("Medan"));
    good(r#"{"branch":"Medan","kol":4,"amount":12.5,"id":7}"#, record("Medan"));
    good("\t {\t\"id\" : 7 ,\r\"amount\":12.5, \"kol\":4,\"branch\" :\"Medan\" } \t\r", record("Medan"));
}

#[test]
fn escapes_in_keys_and_branches_do_not_matter() {
    good(r#"{"\u0069d":7,"amount":12.5,"k\u006Fl":4,"br\u0061nch":"\u004dedan"}"#, record("Medan"));
    good(with("branch", r#""Z\u00fcrich \ud83c\udfe6""#), record("Zürich \u{1F3E6}"));
    good(with("branch", r#""\"\\\/\b\f\n\r\t""#), record("\"\\/\u{8}\u{c}\n\r\t"));
    good(with("branch", "\"東京支店\""), record("東京支店"));
    good(with("branch", "\"\""), record(""));
    good(with("branch", "\"\u{7f}\u{feff}\""), record("\u{7f}\u{feff}"));
}

#[test]
fn further_keys_are_ignored_whatever_they_hold() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let values = [
        "null",
        "1e400",
        "-0",
        "[]",
        "{}",
        r#"{"id":1,"id":2,"kol":"x"}"#,
        r#""\ud83c""#,
        r#""\udfe6\ud83c""#,
        r#""\u0000""#,
        &"9".repeat(5000),
        &format!("0.{}1e-9999999999999999999999", "0".repeat(5000)),
        &deep("[", "]"),
        &deep("{\"id\":", "}"),
        r#"[ 1 , [ ] , { } , {"a" : [true , false]} , "x" ]"#,
    ];
    for value in values {
        good(format!(r#"{{"x":{value},{}"#, &GOOD[1..]), record("Medan"));
        good(format!(r#"{},"x":{value} }}"#, &GOOD[..GOOD.len() - 1]), record("Medan"));
    }
    for key in ["", "Id", "ID", "id ", " id", "i\\u0064d", "\\ud800", "\\udc00\\ud800", "x\\u0000", "\\t", "é", "\\\""]
    {
        good(format!(r#"{{"{key}":1,"{key}":[],{}"#, &GOOD[1..]), record("Medan"));
        good(format!("{{\t\"{key}\"\t:\t1,{}", &GOOD[1..]), record("Medan"));
    }
}

#[test]
fn what_is_no_object_is_malformed() {
    for line in ["null", "7", "\"x\"", "[]", "{}", "true", "x", "{", "}", "[{\"id\":7}]", "\u{b}", "\u{a0}", "#", "//"]
    {
        malformed(line);
    }
    malformed(format!("[{GOOD}]"));
    malformed(format!("{GOOD}{GOOD}"));
    malformed(format!("{GOOD} x"));
    malformed(format!("{GOOD},"));
    malformed(format!("\u{feff} {GOOD} \u{feff}"));
    malformed(format!("{GOOD}\u{0}"));
    for cut in 1..GOOD.len() {
        malformed(&GOOD[..cut]);
    }
}

#[test]
fn broken_grammar_is_malformed_in_ignored_parts_too() {
    let values = [
        "",
        "nul",
        "nulll",
        "True",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "- 1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "'x'",
        "\"x",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u123\"",
        "\"\t\"",
        "\"\u{1}\"",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "[[]",
        "1 1",
        "{\"\t\":1}",
        "{1:1}",
        "/**/1",
        "1//",
        "\"\\",
    ];
    for value in values {
        malformed(format!(r#"{{"x":{value},{}"#, &GOOD[1..]));
        malformed(format!(r#"{},"x":{value}}}"#, &GOOD[..GOOD.len() - 1]));
        malformed(format!(r#"{{"x":[[{value}],0],{}"#, &GOOD[1..]).replace("[[],0]", "[[,],0]"));
    }
    for key in ["a\tb", "\u{1}", "\\x", "\\u00", "\\u0069\td", "\u{1f}\\u0069d"] {
        malformed(format!(r#"{{"{key}":1,{}"#, &GOOD[1..]));
    }
    malformed(GOOD.replace(',', ";"));
    malformed(GOOD.replace(':', "="));
    malformed(GOOD.replace('"', "'"));
    malformed(GOOD.replacen(",", ",,", 1));
    malformed(GOOD.replacen('{', "{,", 1));
}

#[test]
fn each_key_of_the_four_comes_exactly_once() {
    for key in ["id", "amount", "kol", "branch"] {
        malformed(GOOD.replace(&format!("\"{key}\""), &format!("\"{key}x\"")));
        let twin = with(key, "0").replace(['{', '}'], "");
        let same = twin.split(',').find(|member| member.contains(key)).expect("it is there");
        malformed(format!("{{{same},{}", &GOOD[1..]));
    }
    malformed(format!("{{\"id\":7,{}", &GOOD[1..]));
    malformed(format!("{{\"\\u0069\\u0064\":7,{}", &GOOD[1..]));
    malformed(format!("{},\"bran\\u0063h\":\"Medan\"}}", &GOOD[..GOOD.len() - 1]));
}

#[test]
fn an_id_is_an_integer_of_64_bits_without_a_sign() {
    for (text, id) in [("0", 0), ("18446744073709551615", u64::MAX), ("9007199254740993", 9_007_199_254_740_993)] {
        good(with("id", text), Record { id, ..record("Medan") });
    }
    let wrong = [
        "-0",
        "-1",
        "7.0",
        "7e0",
        "7E0",
        "70e-1",
        "18446744073709551616",
        "1e400",
        "\"7\"",
        "null",
        "true",
        "[7]",
        "{\"id\":7}",
        "07",
        "+7",
        "7u64",
        "NaN",
        "99999999999999999999999999999999",
    ];
    wrong.iter().for_each(|text| malformed(with("id", text)));
}

#[test]
fn kol_is_an_integer_from_1_to_5() {
    for kol in 1..=5 {
        good(with("kol", &kol.to_string()), Record { kol, ..record("Medan") });
    }
    let wrong = [
        "0",
        "6",
        "-0",
        "-1",
        "3.0",
        "3e0",
        "1e0",
        "30e-1",
        "03",
        "300",
        "256",
        "259",
        "4294967299",
        "18446744073709551619",
        "\"3\"",
        "null",
        "true",
        "[3]",
        "{}",
        "1e400",
        "3.5",
    ];
    wrong.iter().for_each(|text| malformed(with("kol", text)));
}

#[test]
fn an_amount_is_a_finite_number_read_to_the_last_bit() {
    let numbers = [
        ("0", 0.0),
        ("-0", -0.0),
        ("-0.0", -0.0),
        ("-12", -12.0),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("9007199254740993.00000000000000000000000000000000000000001", 9_007_199_254_740_994.0),
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("1.7976931348623157e308", f64::MAX),
        ("179769313486231570814527423731704356798070e267", f64::MAX),
        ("2.2250738585072011e-308", 2.225_073_858_507_201e-308),
        ("5e-324", 5e-324),
        ("2e-324", 0.0),
        ("1e-99999999999999999999", 0.0),
        ("0e99999999999999999999", 0.0),
        ("1E+2", 100.0),
        ("0.1", 0.1),
        ("1e23", 1e23),
        ("8.442911973260991817129021e-309", 8.442_911_973_260_99e-309),
    ];
    for (text, amount) in numbers {
        good(with("amount", text), Record { amount, ..record("Medan") });
    }
    let long = format!("1{}.{}e-2000", "0".repeat(2000), "0".repeat(5000));
    good(with("amount", &long), Record { amount: 1.0, ..record("Medan") });
    let wrong = [
        "1e400",
        "-1e400",
        "1.7976931348623159e308",
        "\"12.5\"",
        "null",
        "true",
        "[12.5]",
        "{}",
        "NaN",
        "Infinity",
        "-Infinity",
        "inf",
        "nan",
        "01.5",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "0x10",
        "1_000",
        "1e99999999999999999999",
    ];
    wrong.iter().for_each(|text| malformed(with("amount", text)));
    malformed(with("amount", &"9".repeat(5000)));
}

#[test]
fn a_branch_has_at_most_16_bytes_and_no_nul() {
    good(with("branch", "\"1234567890123456\""), record("1234567890123456"));
    good(with("branch", "\"123456789012345\\u0036\""), record("1234567890123456"));
    good(with("branch", "\"éééééééé\""), record("éééééééé"));
    let wrong = [
        "\"12345678901234567\"",
        "\"1234567890123456\\n\"",
        "\"éééééééé1\"",
        "\"a\\u0000\"",
        "\"\\u0000\"",
        "7",
        "null",
        "[\"a\"]",
        "{}",
        "\"\\ud83c\"",
        "\"\\udfe6\"",
        "\"\\ud83c\\u0041\"",
        "\"\\ud83cx\"",
        "\"a\tb\"",
        "\"\u{0}\"",
        "true",
        "\"a",
        "\"\\x\"",
    ];
    wrong.iter().for_each(|text| malformed(with("branch", text)));
}

#[test]
fn invalid_utf_8_anywhere_makes_a_line_malformed() {
    let bad: [&[u8]; 8] = [
        b"\xff",
        b"\xc3\x28",
        b"\x80",
        b"\xc0\xaf",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ];
    for bytes in bad {
        let places = [
            (r#"{"x":""#, format!(r#"",{}"#, &GOOD[1..])),
            (r#"{""#, format!(r#"":1,{}"#, &GOOD[1..])),
            (r#"{"id":7,"amount":12.5,"kol":4,"branch":""#, "\"}".to_owned()),
            (GOOD, String::new()),
            ("", GOOD.to_owned()),
            (r#"{"x":[{"y":""#, format!(r#""}}],{}"#, &GOOD[1..])),
        ];
        for (before, behind) in places {
            malformed([before.as_bytes(), bytes, behind.as_bytes()].concat());
        }
    }
}

/// What both readers make of a whole input: good lines, malformed line numbers.
#[track_caller]
fn read(input: &[u8]) -> (u64, Vec<u64>) {
    let mut lines = Lines::new(input);
    let (mut records, mut bad) = (0, Vec::new());
    while let Some((number, line)) = lines.next_line().expect("memory can be read") {
        match line {
            Line::Text(text) if parse(text).is_some() => records += 1,
            _ => bad.push(number),
        }
    }
    // Piece by piece takes long where there is much, and what matters there is where the last piece begins.
    let sizes = if input.len() < 10_000 { [1, 7, input.len().max(1)] } else { [4093, MAX_LINE, input.len() - 1] };
    for size in sizes {
        let mut recount = Recount::default();
        input.chunks(size).for_each(|piece| recount.feed(piece, |_, _| {}));
        let totals = recount.finish();
        assert_eq!((totals.records, &totals.malformed_lines), (records, &bad), "the second reader in pieces of {size}");
    }
    (records, bad)
}

#[test]
fn lines_end_at_lf_or_crlf_and_the_last_needs_no_end() {
    assert_eq!(read(b""), (0, vec![]));
    assert_eq!(read(b"\n\r\n"), (0, vec![]));
    assert_eq!(read(format!("{GOOD}\n{GOOD}\r\n{GOOD}").as_bytes()), (3, vec![]));
    assert_eq!(read(format!("{GOOD}\nx\r\n{GOOD}\r\n").as_bytes()), (2, vec![2]));
    assert_eq!(read(format!("{GOOD}\r{GOOD}\n").as_bytes()), (0, vec![1]));
    assert_eq!(read(format!("{GOOD}\r").as_bytes()), (1, vec![]), "a lone CR is blank to JSON");
    assert_eq!(read(b"x"), (0, vec![1]));
}

#[test]
fn blank_lines_are_numbered_and_counted_as_neither() {
    assert_eq!(read(b" \n\t\r\n \t \nx\n"), (0, vec![4]));
    assert_eq!(read(b"\n\n\nx"), (0, vec![4]));
    assert_eq!(read(b"   "), (0, vec![]));
    assert_eq!(read(b" \r \n"), (0, vec![1]), "a CR that ends no line is no space");
    assert_eq!(read(b"\r"), (0, vec![1]), "a CR that ends no line is no space");
    assert_eq!(read(b" \r\r\n"), (0, vec![1]));
    assert_eq!(read(b"\x0b\n\x0c\n\xc2\xa0\n"), (0, vec![1, 2, 3]));
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    let bom = "\u{feff}";
    assert_eq!(read(format!("{bom}{GOOD}\n{GOOD}").as_bytes()), (2, vec![]));
    assert_eq!(read(format!("{bom}\n{GOOD}").as_bytes()), (1, vec![]));
    assert_eq!(read(bom.as_bytes()), (0, vec![]));
    assert_eq!(read(format!("{bom} \t").as_bytes()), (0, vec![]));
    assert_eq!(read(format!("{bom}{bom}{GOOD}").as_bytes()), (0, vec![1]));
    assert_eq!(read(format!("{GOOD}\n{bom}{GOOD}\n").as_bytes()), (1, vec![2]));
    assert_eq!(read(format!("\n{bom}{GOOD}\n").as_bytes()), (0, vec![2]));
    assert_eq!(read(b"\xEF\xBB"), (0, vec![1]));
    assert_eq!(read(b"\xEF\xBB{}\n"), (0, vec![1]));
    assert_eq!(read(b"\xEF\n"), (0, vec![1]));
}

/// A good line of exactly this many bytes.
fn of_size(bytes: usize) -> String {
    let (head, rest) = (r#"{"note":""#, format!("\",{}", &GOOD[1..]));
    let note = "n".repeat(bytes - head.len() - rest.len());
    format!("{head}{note}{rest}")
}

#[test]
fn a_line_of_more_than_a_mebibyte_is_one_malformed_line() {
    let most = of_size(MAX_LINE);
    assert_eq!(most.len(), MAX_LINE);
    for end in ["", "\n", "\r\n"] {
        assert_eq!(read(format!("{most}{end}").as_bytes()), (1, vec![]), "{end:?}");
        assert_eq!(read(format!("\u{feff}{most}{end}").as_bytes()), (1, vec![]), "{end:?}");
        assert_eq!(read(format!("{}{end}{GOOD}", of_size(MAX_LINE + 1)).as_bytes()).1, vec![1], "{end:?}");
    }
    let longer = [MAX_LINE + 2, MAX_LINE + 6, MAX_LINE + 7, MAX_LINE + (64 << 10), 3 * MAX_LINE + 1];
    for bytes in longer {
        let line = of_size(bytes);
        assert_eq!(read(format!("{GOOD}\n{line}\n{GOOD}\r\n{line}\r\n{GOOD}").as_bytes()), (3, vec![2, 4]), "{bytes}");
    }
    assert_eq!(read(format!("{most}\r").as_bytes()), (0, vec![1]), "the CR is part of the line");
}

#[test]
fn a_line_of_nothing_but_blanks_is_skipped_however_long() {
    for bytes in [MAX_LINE, MAX_LINE + 1, MAX_LINE + 5, MAX_LINE + 6, 2 * MAX_LINE + 77] {
        let blanks = " \t".repeat(bytes / 2 + 1);
        for end in ["\n", "\r\n"] {
            assert_eq!(read(format!("{}{end}x\n", &blanks[..bytes]).as_bytes()), (0, vec![2]), "{bytes} {end:?}");
        }
        assert_eq!(read(&blanks.as_bytes()[..bytes]), (0, vec![]));
        assert_eq!(read(format!("\u{feff}{}", &blanks[..bytes]).as_bytes()), (0, vec![]));
        assert_eq!(read(format!("{}\r", &blanks[..bytes]).as_bytes()), (0, vec![1]));
        assert_eq!(read(format!("{}x{}\n", &blanks[..bytes], blanks).as_bytes()), (0, vec![1]));
        assert_eq!(read(format!("{}\r{}\n", &blanks[..bytes], blanks).as_bytes()), (0, vec![1]));
    }
}

/// Fragments that lines are made of, legal and not.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\"",
        b"\\",
        b"\"id\":",
        b"\"amount\":",
        b"\"kol\":",
        b"\"branch\":",
        b"\"x\":",
        b"1",
        b"0",
        b"-",
        b".5",
        b"e9",
        b"e400",
        b"null",
        b"true",
        b"\"Medan\"",
        b"\"\\u0041\"",
        b"\\ud83c",
        b"\\udfe6",
        b"\\u0000",
        b"\xff",
        b"\xc3\xa9",
        b" ",
        b"\t",
        b"\r",
        b"\r\n",
        b"\n",
        b"\xEF\xBB\xBF",
        b"\x01",
        b"\\u0069d",
    ];
    prop::sample::select(words).prop_map(<[u8]>::to_vec)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn both_readers_agree_on_anything(pieces in prop::collection::vec(fragment(), 0..30)) {
        read(&pieces.concat());
    }

    #[test]
    fn both_readers_agree_on_a_record_with_a_flaw(
        at in 0..GOOD.len(), taken in 0..4usize, put in prop::collection::vec(fragment(), 0..3), again in any::<bool>(),
    ) {
        let mut line = GOOD.as_bytes().to_vec();
        let end = (at + taken).min(line.len());
        line.splice(at..end, put.concat());
        if again {
            line = [&line[..], b"\n", GOOD.as_bytes()].concat();
        }
        read(&line);
    }

    #[test]
    fn both_parsers_read_a_number_as_the_standard_library_does(
        digits in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let amount: f64 = digits.parse().expect("a number");
        if amount.is_finite() {
            good(with("amount", &digits), Record { amount, ..record("Medan") });
        } else {
            malformed(with("amount", &digits));
        }
    }
}
