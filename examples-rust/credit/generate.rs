//! The stream that is made when no input is given: the same bytes for the same seed and count, on every machine and
//! in every version, and the totals it must come to. It knows them from the numbers it drew, not from the text.
//!
//! N good records, with malformed lines of every kind, blank lines, CRLF, escapes and further keys strewn in.

use std::io::Write;

use crate::lines::MAX_LINE;
use crate::totals::{Totals, padded};

/// One line in about this many is malformed.
const MALFORMED_EVERY: u64 = 101;

/// The longest kind of malformed line comes once in this many malformed ones.
const LONG_EVERY: u64 = 1500;

const BRANCHES: [&str; 40] = [
    "Ambon",
    "Balikpapan",
    "Banda Aceh",
    "Bandar Lampung",
    "Bandung",
    "Banjarmasin",
    "Batam",
    "Bekasi",
    "Bengkulu",
    "Bogor",
    "Cirebon",
    "Denpasar",
    "Depok",
    "Gorontalo",
    "Jakarta Barat",
    "Jakarta Pusat",
    "Jakarta Selatan",
    "Jakarta Timur",
    "Jambi",
    "Jayapura",
    "Kendari",
    "Kupang",
    "Makassar",
    "Malang",
    "Manado",
    "Mataram",
    "Medan",
    "Padang",
    "Palangka Raya",
    "Palembang",
    "Palu",
    "Pekanbaru",
    "Pontianak",
    "Samarinda",
    "Semarang",
    "Serang",
    "Surabaya",
    "Surakarta",
    "Tangerang",
    "Yogyakarta",
];

/// Names that are not plain ASCII, each with the way it is written in the stream.
const WRITTEN: [(&str, &str); 4] = [
    ("Köln", "Köln"),
    ("東京支店", "東京支店"),
    ("O\"Brien \\ Co", "O\\\"Brien \\\\ Co"),
    ("Zürich \u{1F3E6}", "Z\\u00fcrich \\ud83c\\udfe6"),
];

/// Malformed lines, one of each kind; a number goes in at `@`.
const MALFORMED: &[&[u8]] = &[
    b"[@]",
    b"null",
    b"kol",
    br#""{\"id\":@}""#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Medan""#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Medan"} x"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Medan",}"#,
    br#"{"amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3}"#,
    br#"{"id":@,"id":@,"amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Medan","\u006bol":3}"#,
    br#"{"id":"@","amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@.0,"amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":-0,"amount":1.5,"kol":3,"branch":"Medan","n":@}"#,
    br#"{"id":-@,"amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":1844674407370955161@,"amount":1.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":"1.5","kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":null,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1e400,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":NaN,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":01.5,"kol":3,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":0,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":6,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3.0,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3e0,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":true,"branch":"Medan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":7}"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Bandar Lampung II"}"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Me\u0000dan"}"#,
    br#"{"id":@,"amount":1.5,"kol":3,"branch":"Me\ud83cdan"}"#,
    b"{\"id\":@,\"amount\":1.5,\"kol\":3,\"branch\":\"Me\xFFdan\"}",
    b"{\"id\":@,\"amount\":1.5,\"kol\":3,\"branch\":\"Medan\",\"note\":\"\xC3\x28\"}",
    b"{\"id\":@,\"amount\":1.5,\"kol\":3,\"branch\":\"Medan\",\"note\":\"\x01\"}",
    b"\xEF\xBB\xBF{\"id\":@,\"amount\":1.5,\"kol\":3,\"branch\":\"Medan\"}",
    b" \t\x0B",
];

/// Writes the stream a line at a time and sums what it emitted.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    left: u64,
    line: u64,
    totals: Totals,
    branches: Vec<([u8; 16], &'static str)>,
}

impl Generator {
    /// `records` good lines, drawn from `seed`.
    pub fn new(records: u64, seed: u64) -> Self {
        let plain = BRANCHES.iter().map(|name| (*name, *name)).chain(WRITTEN);
        let branches = plain.filter_map(|(name, written)| Some((padded(name.as_bytes())?, written))).collect();
        Self { random: Random(seed), left: records, line: 0, totals: Totals::default(), branches }
    }

    /// Appends one good line and what comes before it; false at the end of the stream.
    pub fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        if self.random.one_in(MALFORMED_EVERY) {
            self.malformed(out);
        }
        if self.random.one_in(500) {
            self.end_line(out, b" \t ");
        }
        self.record(out);
        true
    }

    /// What has been emitted so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    fn record(&mut self, out: &mut Vec<u8>) {
        let id = 1_000_000 + self.totals.records * 7 + self.random.below(7);
        let (branch, written) = self.branches[self.random.below(self.branches.len() as u64) as usize];
        let kol = self.kol();
        // At most 10^12 cents, so both the number of cents and its hundredth are rounded once, like the text.
        let digits = 6 + self.random.below(7) as u32;
        let cents = 1 + self.random.below(10u64.pow(digits));
        let negative = self.random.one_in(200);
        let sign = if negative { "-" } else { "" };
        let amount = format_args!("{sign}{}.{:02}", cents / 100, cents % 100);
        let wrote = match self.random.below(16) {
            0 => write!(out, r#"{{"branch":"{written}","kol":{kol},"amount":{amount},"id":{id}}}"#),
            1 => write!(out, r#" {{ "id" : {id}, "amount" : {amount}, "kol" : {kol}, "branch" : "{written}" }} "#),
            2 => write!(out, r#"{{"\u0069d":{id},"amount":{amount},"kol":{kol},"branch":"{written}"}}"#),
            3 => write!(
                out,
                r#"{{"id":{id},"currency":"IDR","amount":{amount},"kol":{kol},"history":[{{"kol":9,"x":1e400}},[]],"branch":"{written}"}}"#
            ),
            _ => write!(out, r#"{{"id":{id},"amount":{amount},"kol":{kol},"branch":"{written}"}}"#),
        };
        debug_assert!(wrote.is_ok(), "a vector takes every write");
        self.end_line(out, b"");
        let amount = cents as f64 / 100.0;
        self.totals.add_record(if negative { -amount } else { amount }, kol, branch);
    }

    /// Most loans perform: 84 % good, 8 % watched, 8 % from substandard to loss.
    fn kol(&mut self) -> u8 {
        match self.random.below(100) {
            0..=83 => 1,
            84..=91 => 2,
            92..=94 => 3,
            95..=96 => 4,
            _ => 5,
        }
    }

    /// The kinds in turn, so that a stream of some thousand records has them all.
    fn malformed(&mut self, out: &mut Vec<u8>) {
        let turn = self.totals.malformed;
        if turn % LONG_EVERY == LONG_EVERY - 1 {
            out.extend_from_slice(br#"{"id":1,"amount":1.5,"kol":3,"branch":"Medan","note":""#);
            out.resize(out.len() + MAX_LINE, b'x');
            self.end_line(out, br#""}"#);
        } else {
            let kind = MALFORMED[(turn % MALFORMED.len() as u64) as usize];
            let id = self.random.below(1_000_000) + 10;
            for byte in kind {
                match byte {
                    b'@' => out.extend_from_slice(id.to_string().as_bytes()),
                    byte => out.push(*byte),
                }
            }
            self.end_line(out, b"");
        }
        self.totals.add_malformed(self.line);
    }

    fn end_line(&mut self, out: &mut Vec<u8>, last: &[u8]) {
        out.extend_from_slice(last);
        self.line += 1;
        let end: &[u8] = if self.random.one_in(8) { b"\r\n" } else { b"\n" };
        out.extend_from_slice(end);
    }
}

/// SplitMix64: six lines that stay the same for ever, which a crate does not promise of its streams.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `end - 1`; `end` is far below 2^32, so the bias is nothing.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}
