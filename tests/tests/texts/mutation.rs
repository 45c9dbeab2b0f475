//! Texts that are nearly right: good and bad twins of the rules, cut into words and put together in another way.

use std::path::Path;

use vil_ir::dump::canonical_json;
use vil_ir::load::{self, Format};
use vil_tests::random::Random;

/// What is put between the words of a text: what the languages know, and what hurts elsewhere.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u{feff}",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{1f980}",
    "\u{202e}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ": ",
    "- ",
    "? ",
    "#",
    "\"",
    "'",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\ude00",
    "|",
    ">",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!int ",
    "!x ",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "true",
    "yes",
    ".nan",
    ".inf",
    "-.inf",
    "0",
    "-0",
    "-1",
    "1e999",
    "-1e-999",
    "0x",
    "0xffffffffffffffffffffffffffffffffff",
    "0o7",
    "00",
    "1.",
    ".5",
    "18446744073709551615",
    "18446744073709551616",
    "170141183460469231731687303715884105728",
    "4294967296",
    "u8",
    "u64",
    "f32",
    "bool",
    "[u8; 4]",
    "[u8; 0]",
    "[[u8; 65536]; 65536]",
    "VStr",
    "VStr<3>",
    "VSlice<u8>",
    "VSlice<VStr>",
    "VRef<Credit>",
    "VRef<M>",
    "String",
    "Vec<u8>",
    "std::string",
    "const char *",
    "vil",
    "program",
    "package",
    "imports",
    "a.b",
    "a..b",
    "fields",
    "variants",
    "tag",
    "open",
    "optional: true",
    "kind: state",
    "kind: fault",
    "layout: flat",
    "layout: relative",
    "layout: external",
    "max_bytes: 64",
    "media_type: x",
    "memory: control_heap",
    "transfer: copy",
    "transfer: share_read",
    "transfer: consume_once",
    "transfer: publish_offset",
    "kind: mpmc",
    "capacity: 0",
    "capacity: 65536",
    "loans: 65537",
    "loans: 0",
    "instances: 2",
    "instances: 4294967295",
    "backpressure: drop_oldest",
    "delivery: at_least_once",
    "strict: true",
    "default: 1",
    "unknown: NaN",
    "range: [null, null]",
    "used_by: x",
    "forwards: [{ from: a, to: b }]",
    "mutates: [a]",
    "direction: request",
    "reply: M",
    "as: i8",
    "id: 1",
    "doc: x",
    "annotations: { a: 1 }",
    "aliases: true",
    "bitmask: true",
];

/// The texts that mutation begins with, and makes others of.
pub(crate) struct Corpus {
    yaml: Vec<Vec<String>>,
    json: Vec<Vec<String>>,
}

impl Corpus {
    /// All twins, as they are and as canonical JSON.
    pub(crate) fn of_twins() -> Corpus {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes/cases");
        let mut files: Vec<_> = std::fs::read_dir(&cases).expect("the cases lie there").flatten().collect();
        files.sort_by_key(|file| file.file_name());
        let mut corpus = Corpus { yaml: Vec::new(), json: Vec::new() };
        for path in files.iter().map(|file| file.path()).filter(|path| path.is_file()) {
            // Some twins are no UTF-8 or too deep on purpose; what can be read of them is a beginning too.
            let bytes = std::fs::read(&path).expect("the twin can be read");
            corpus.yaml.push(words(&String::from_utf8_lossy(&bytes)));
            if let Ok((program, _)) = load::from_file(&path.to_string_lossy()) {
                corpus.json.push(words(&canonical_json(&program)));
            }
        }
        assert!(corpus.json.len() > 50, "few twins can be read: {}", corpus.json.len());
        corpus
    }

    /// One of its texts with up to eight changes, mostly few: a text with many is hardly ever a program.
    pub(crate) fn mutant(&self, format: Format, random: &mut Random) -> String {
        let texts = if format == Format::Json { &self.json } else { &self.yaml };
        let mut words = random.one(texts).clone();
        let most = 1 + random.below(8);
        for _ in 0..=random.below(most) {
            let other: &Vec<String> = random.one(texts);
            change(&mut words, other, random);
        }
        let mut text = words.concat();
        if random.below(16) == 0 {
            let end = random.below(text.len() as u64 + 1) as usize;
            text.truncate((0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
        }
        text
    }
}

/// One change; `other` lends words.
fn change(words: &mut Vec<String>, other: &[String], random: &mut Random) {
    let mut at = |length: usize| random.below(length.max(1) as u64) as usize;
    if words.is_empty() {
        words.push(String::new());
    }
    let (here, there, count, from) = (at(words.len()), at(words.len()), at(12) + 1, at(other.len()));
    let end = (here + count).min(words.len());
    let lent = other[from..(from + count).min(other.len())].to_vec();
    match random.below(9) {
        0 => words[here] = (*random.one(PIECES)).to_owned(),
        1 => words.insert(here, (*random.one(PIECES)).to_owned()),
        2 => drop(words.drain(here..end)),
        3 => words.swap(here, there),
        4 => words[here] = words[there].clone(),
        5 => drop(words.splice(here..end, lent)),
        6 => drop(words.splice(here..here, lent)),
        7 => {
            let again = words[here..end].to_vec();
            let times = [1, 2, 3, 40][random.below(4) as usize];
            drop(words.splice(here..here, std::iter::repeat_n(again, times).flatten()));
        }
        _ => words[here] = damaged(&words[here], random),
    }
}

/// A word with one letter changed, doubled or taken out.
fn damaged(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.is_empty() {
        return "?".to_owned();
    }
    let at = random.below(letters.len() as u64) as usize;
    match random.below(3) {
        0 => letters[at] = char::from_u32(random.below(0x180) as u32).unwrap_or('x'),
        1 => letters.insert(at, letters[at]),
        _ => drop(letters.remove(at)),
    }
    letters.into_iter().collect()
}

/// Words, blanks and single marks, which together are the text.
fn words(text: &str) -> Vec<String> {
    let class = |letter: char| match letter {
        letter if letter.is_alphanumeric() || "_.+-".contains(letter) => 1,
        ' ' => 2,
        _ => 0,
    };
    let mut words: Vec<String> = Vec::new();
    let mut last = 0;
    for letter in text.chars() {
        let this = class(letter);
        match words.last_mut() {
            Some(word) if this != 0 && this == last => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        last = this;
    }
    words
}
