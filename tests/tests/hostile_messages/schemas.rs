//! Random programs of relative messages, as their authors would write them.

use vil_tests::random::Random;

/// What a field may be, by value.
const SCALARS: &[&str] = &["bool", "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "Open", "Shut"];

/// Structs of a program; each holds only those before it, but may refer to itself.
const STRUCTS: u64 = 7;

/// A program that is legal by construction.
pub(super) fn program(name: &str, random: &mut Random) -> String {
    let mut out = format!("vil: 1\nprogram: {name}\nenums:\n");
    out += "  Open: { repr: i16, values: { low: -5, one: 1, high: 300 } }\n";
    out += "  Shut: { repr: u8, open: false, values: { off: 0, on: 1, odd: 77 } }\nstructs:\n";
    for index in 0..STRUCTS {
        if index % 3 == 2 {
            let open = random.below(2) == 0;
            out += &format!("  S{index}: {{ tag: u16, open: {open}, variants: {{ A: {{ tag: 1, fields: [");
            out += &format!("{} ] }}, B: {{ tag: 7, fields: [", fields(random, index, 2, None));
            out += &format!("{} ] }}, C: {{ tag: 900, fields: [] }} }} }}\n", fields(random, index, 3, None));
        } else {
            let count = 1 + random.below(5);
            let itself = (index % 3 == 1).then(|| format!("S{index}"));
            out += &format!("  S{index}: {{ fields: [{}] }}\n", fields(random, index, count, itself.as_deref()));
        }
    }
    out += "messages:\n";
    for index in 0..3 {
        let count = 4 + random.below(8);
        out += &format!("  M{index}: {{ layout: relative, max_bytes: 65536, fields: [");
        out += &format!("{}] }}\n", fields(random, STRUCTS, count, None));
    }
    out
}

fn fields(random: &mut Random, known: u64, count: u64, itself: Option<&str>) -> String {
    let mut all: Vec<_> = (0..count).map(|index| field(random, known, index)).collect();
    if let Some(name) = itself {
        all.push(format!("{{ name: again, type: VRef<{name}>, optional: true }}"));
        all.push(format!("{{ name: more, type: \"VSlice<{name}, 3>\" }}"));
    }
    all.join(", ")
}

fn field(random: &mut Random, known: u64, index: u64) -> String {
    let bound = 1 + random.below(9);
    let scalar = *random.one(SCALARS);
    let held = if known > 0 { format!("S{}", random.below(known)) } else { scalar.to_owned() };
    let (ty, may_lack) = match random.below(11) {
        0 | 1 => (scalar.to_owned(), true),
        2 => ("VStr".to_owned(), true),
        3 => (format!("VStr<{bound}>"), true),
        4 => (format!("VSlice<{scalar}, {bound}>"), true),
        5 => (format!("VSlice<{held}>"), true),
        6 => (format!("VSlice<VStr<{bound}>, {bound}>"), true),
        7 if known > 0 => return format!("{{ name: f{index}, type: VRef<{held}>, optional: true }}"),
        8 => (format!("[{scalar}; {}]", 1 + random.below(3)), true),
        9 => (format!("[[{}; 2]; 2]", if known > 0 { "S0" } else { scalar }), true),
        _ => (held, true),
    };
    let optional = if may_lack && random.below(3) == 0 { ", optional: true" } else { "" };
    format!("{{ name: f{index}, type: \"{ty}\"{optional} }}")
}
