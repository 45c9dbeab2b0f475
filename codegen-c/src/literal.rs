//! Numbers and texts as each language writes them: exact, of the right type, and free of what compilers warn about.

use std::fmt::Write;

use vil_ir::model::Value;
use vil_ir::vocabulary::Scalar;

use crate::plan::Literal;

/// Bytes of a string literal that every C99 compiler accepts.
const LONGEST_C_LITERAL: usize = 4095;

/// Bytes of a string literal that every C++17 compiler accepts.
const LONGEST_CPP_LITERAL: usize = 65_535;

/// A value for people.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Str(text) => text.clone(),
    }
}

/// An integer in C and C++, in parentheses where a sign stands in front.
pub(crate) fn c_int(number: i128, scalar: Scalar) -> String {
    match scalar {
        Scalar::U32 => format!("UINT32_C({number})"),
        Scalar::U64 => format!("UINT64_C({number})"),
        Scalar::I32 if number == i32::MIN.into() => "INT32_MIN".to_owned(),
        Scalar::I64 if number == i64::MIN.into() => "INT64_MIN".to_owned(),
        Scalar::I64 if number < 0 => format!("(-INT64_C({}))", -number),
        Scalar::I64 => format!("INT64_C({number})"),
        _ if number < 0 => format!("({number})"),
        _ => number.to_string(),
    }
}

/// A value of exactly its type in C, which is called `ctype`.
pub(crate) fn c_constant(value: Literal, ctype: &str) -> String {
    let text = c_value(value, false);
    match value.scalar() {
        Scalar::U32 | Scalar::U64 | Scalar::I64 | Scalar::F32 | Scalar::F64 => text,
        Scalar::U8 | Scalar::U16 | Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::Bool => {
            format!("(({ctype}){text})")
        }
    }
}

/// A value in C; `cpp` where C++ has other words for what is not finite.
pub(crate) fn c_value(value: Literal, cpp: bool) -> String {
    match value {
        Literal::Int(number, scalar) => c_int(number, scalar),
        Literal::F32(number) => c_float(number.into(), &format!("{number:?}f"), "float", cpp),
        Literal::F64(number) => c_float(number, &format!("{number:?}"), "double", cpp),
    }
}

/// A float; `digits` is how it is written where it is finite.
fn c_float(number: f64, digits: &str, ctype: &str, cpp: bool) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let text = match (number.is_nan(), number.is_infinite(), cpp) {
        (true, _, true) => return format!("std::numeric_limits<{ctype}>::quiet_NaN()"),
        (true, _, false) => return format!("({ctype})NAN"),
        (_, true, true) => format!("{sign}std::numeric_limits<{ctype}>::infinity()"),
        (_, true, false) => format!("({ctype}){sign}INFINITY"),
        (_, false, _) => digits.to_owned(),
    };
    if sign.is_empty() { text } else { format!("({text})") }
}

/// A value in Rust.
pub(crate) fn rust_value(value: Literal) -> String {
    let (number, digits, bits) = match value {
        Literal::Int(number, _) => return number.to_string(),
        Literal::F32(number) => (number.into(), format!("{number:?}"), format!("{:#x}", number.to_bits())),
        Literal::F64(number) => (number, format!("{number:?}"), format!("{:#x}", number.to_bits())),
    };
    let scalar = value.scalar();
    match (number.is_nan(), number.is_infinite()) {
        (true, _) => format!("{scalar}::NAN"),
        (_, true) if number < 0.0 => format!("{scalar}::NEG_INFINITY"),
        (_, true) => format!("{scalar}::INFINITY"),
        _ if looks_like_a_constant(number) => format!("{scalar}::from_bits({bits})"),
        _ => digits,
    }
}

/// Whether lints take a number for a coarse spelling of a well-known one; the author's number is meant as it stands.
fn looks_like_a_constant(number: f64) -> bool {
    use std::f64::consts as known;
    let all = [
        known::E,
        known::PI,
        known::TAU,
        known::FRAC_1_PI,
        known::FRAC_1_SQRT_2,
        known::FRAC_2_PI,
        known::FRAC_2_SQRT_PI,
        known::FRAC_PI_2,
        known::FRAC_PI_3,
        known::FRAC_PI_4,
        known::FRAC_PI_6,
        known::FRAC_PI_8,
        known::LN_2,
        known::LN_10,
        known::LOG10_2,
        known::LOG10_E,
        known::LOG2_10,
        known::LOG2_E,
        known::SQRT_2,
        1.618_033_988_749_895,
    ];
    all.iter().any(|known| (number.abs() / known - 1.0).abs() < 0.01)
}

/// A text in C and C++ between quotes: ASCII, no trigraph, octal escapes that no following digit can lengthen.
pub(crate) fn c_string(text: &str) -> String {
    let mut out = String::from("\"");
    let mut before = 0;
    for byte in text.bytes() {
        c_byte(byte, &mut out, before == b'?');
        before = byte;
    }
    out.push('"');
    out
}

fn c_byte(byte: u8, out: &mut String, behind_question: bool) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\'' => out.push('\''),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'?' if behind_question => out.push_str("\\?"),
        0x20..=0x7e => out.push(char::from(byte)),
        _ => {
            let _ = write!(out, "\\{byte:03o}");
        }
    }
}

/// The initialiser of a `char` array: literals line by line, or single characters where no literal may be that long.
pub(crate) fn c_chars(text: &str, cpp: bool) -> Vec<String> {
    let longest = if cpp { LONGEST_CPP_LITERAL } else { LONGEST_C_LITERAL };
    if text.len() <= longest {
        return text
            .split_inclusive('\n')
            .flat_map(|line| pieces(line).into_iter().map(|piece| c_string(&piece)))
            .collect();
    }
    let mut lines = vec!["{".to_owned()];
    let bytes: Vec<u8> = text.bytes().chain([0]).collect();
    for chunk in bytes.chunks(18) {
        lines.push(format!("    {},", chunk.iter().map(|byte| c_char(*byte)).collect::<Vec<_>>().join(", ")));
    }
    lines.push("}".to_owned());
    lines
}

fn c_char(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let mut out = String::from("'");
            c_byte(byte, &mut out, false);
            out.push('\'');
            out
        }
    }
}

/// Cuts a long line so that it can be read: behind a comma where there is one, between characters always.
pub(crate) fn pieces(line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in line.chars() {
        let full = |piece: &String| piece.len() >= 96 || piece.len() >= 64 && piece.ends_with(',');
        if pieces.last().is_some_and(full) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

/// A text in Rust as it stands, where that is possible and can be read.
pub(crate) fn rust_raw_string(text: &str) -> String {
    let hashes = (1..=4).map(|count| "#".repeat(count)).find(|hashes| !text.contains(&format!("\"{hashes}")));
    match hashes {
        Some(hashes) if text.chars().all(is_plain) => format!("r{hashes}\"{text}\"{hashes}"),
        _ => rust_string(text),
    }
}

/// Characters that look like what they are.
fn is_plain(character: char) -> bool {
    character.is_ascii_graphic() || character == ' ' || character.is_alphanumeric()
}

/// A text in Rust between quotes.
pub(crate) fn rust_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            character if is_plain(character) => out.push(character),
            character => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}
