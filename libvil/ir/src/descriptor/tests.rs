//! A descriptor read back word for word.

use super::*;
use crate::builder::Builder;
use crate::layout::lay_out;
use crate::model::{Enum, Field, Value};
use crate::types::parse;
use crate::vocabulary::{Kind, Scalar, Word};

fn scan() -> Vec<u32> {
    let typed = |name: &str, ty: &str| Field::new(name, parse(ty).expect("a type"));
    let optional = |field: Field| Field { optional: true, ..field };
    let fields = vec![
        Field { default: Some(Value::Int(-2)), ..typed("stamp", "i16") },
        typed("points", "VSlice<Point, 9>"),
        optional(typed("risk", "Risk")),
    ];
    let program = Builder::new("p")
        .enumeration("Risk", Enum::new(Scalar::U8, &[("ok", 0), ("npl", 1)]))
        .structure("Point", vec![typed("x", "f32"), typed("y", "[[f32; 3]; 2]")])
        .relative("Scan", Kind::State, 4096, fields)
        .build();
    let layouts = lay_out(&program).expect("it has a layout");
    encode(&program, &layouts, "Scan")
}

fn text(words: &[u32], at: u32) -> String {
    let bytes: Vec<u8> =
        words[words[head::TEXTS as usize] as usize..].iter().flat_map(|word| word.to_le_bytes()).collect();
    let rest = &bytes[at as usize..words[head::TEXT_BYTES as usize] as usize];
    String::from_utf8(rest.iter().copied().take_while(|byte| *byte != 0).collect()).expect("UTF-8")
}

#[test]
fn the_root_comes_first_and_its_fields_say_where_they_lie() {
    let words = scan();
    assert_eq!(words[head::MAGIC as usize], MAGIC);
    assert_eq!(words[head::WORDS as usize] as usize, words.len());
    assert_eq!((words[head::PROFILE as usize], words[head::MAX_BYTES as usize]), (1, 4096));
    assert_eq!(text(&words, words[head::NAME as usize]), "Scan");
    let types = words[head::TYPES as usize] as usize;
    let root = &words[types..][..TYPE_WORDS as usize];
    assert_eq!(text(&words, root[ty::NAME as usize]), "Scan");
    assert_eq!([root[ty::SIZE as usize], root[ty::ALIGN as usize], root[ty::END as usize]], [24, 8, 18]);
    assert_eq!((root[ty::COUNT as usize], root[ty::KIND as usize] & ty::PLAIN), (3, 0));
    let fields = &words[root[ty::FIRST as usize] as usize..];
    let (stamp, points, risk) = (&fields[..8], &fields[8..16], &fields[16..24]);
    assert_eq!(stamp[field::FLAGS as usize], field::DEFAULTS);
    assert_eq!(stamp[field::DEFAULT as usize..], [0xfffe, 0]);
    assert_eq!((points[field::OFFSET as usize], points[field::PRESENCE as usize]), (8, field::NEVER));
    assert_eq!((risk[field::OFFSET as usize], risk[field::PRESENCE as usize], risk[field::ID as usize]), (16, 17, 3));
    let slice = &words[points[field::SHAPE as usize] as usize..][..3];
    assert_eq!((slice[0], slice[2]), (shape::SLICE, 9));
    let element = &words[slice[1] as usize..][..3];
    assert_eq!(element[0], shape::STRUCT);
    let point = &words[types + (element[1] * TYPE_WORDS) as usize..][..8];
    assert_eq!((text(&words, point[ty::NAME as usize]).as_str(), point[ty::SIZE as usize]), ("Point", 28));
    assert_ne!(point[ty::KIND as usize] & ty::PLAIN, 0, "any number is a number");
}

#[test]
fn the_same_program_gives_the_same_words() {
    assert_eq!(scan(), scan());
}

/// The document.
fn doc() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/descriptor.md");
    std::fs::read_to_string(path).expect("the document is there")
}

fn says(sentence: &str) {
    assert!(doc().contains(sentence), "docs/descriptor.md does not say `{sentence}`");
}

#[test]
fn the_document_says_the_numbers_of_the_code() {
    says(&format!("| {} | `{MAGIC:#x}`, the bytes `VILD` |", head::MAGIC));
    says(&format!("The level is {LEVEL}."));
    let of_head = [
        (head::LEVEL, "level"),
        (head::WORDS, "words of the whole descriptor"),
        (head::PROFILE, "profile: 0 flat, 1 relative, 2 external"),
        (head::MAX_BYTES, "`max_bytes`, 0 where none is stated"),
        (head::NAME, "the message's name"),
        (head::TYPES, "place of the types"),
        (head::TYPE_COUNT, "how many types; none of an external message"),
        (head::TEXTS, "place of the texts"),
        (head::TEXT_BYTES, "bytes of the texts"),
    ];
    let of_type = [
        (ty::NAME, "name"),
        (ty::SIZE, "size"),
        (ty::ALIGN, "alignment"),
        (ty::END, "where its last field ends; of a union its size"),
        (ty::COUNT, "how many fields, arms or values"),
        (ty::FIRST, "place of the first"),
        (ty::ARMS_AT, "of a union: offset of its arms"),
    ];
    let of_field = [
        (field::ID, "id, or position from 1".to_owned()),
        (field::OFFSET, "offset from the start of its struct".to_owned()),
        (field::FLAGS, format!("+ {} optional, + {} has a default", field::OPTIONAL, field::DEFAULTS)),
        (field::PRESENCE, format!("offset of its presence byte, `{:#x}` where it has none", field::NEVER)),
        (field::SHAPE, "place of its shape".to_owned()),
    ];
    let borrowed = of_field.iter().map(|(word, holds)| (*word, holds.as_str()));
    for (word, holds) in of_head.into_iter().chain(of_type).chain(borrowed) {
        says(&format!("| {word} | {holds} |"));
    }
    says(&format!("| {} | layout id, low half; word {} the high half |", head::LAYOUT_ID, head::LAYOUT_ID + 1));
    says(&format!("| {} | bits of its default, low half; word {} the", field::DEFAULT, field::DEFAULT + 1));
    let (structs, unions, enums) = (ty::STRUCT, ty::UNION, ty::ENUM);
    let flags = format!("+ {} plain, + {} open, + {} bitmask; + 65536 x", ty::PLAIN, ty::OPEN, ty::BITMASK);
    says(&format!("kind: {structs} struct, {unions} union, {enums} enum; {flags} the scalar of tag or repr"));
    says(&format!("The head has {HEAD_WORDS} words."));
    says(&format!("{TYPE_WORDS} words each, the root first"));
    says(&format!("A field has {FIELD_WORDS} words:"));
    says(&format!(
        "An arm has {ARM_WORDS}: name, tag, position of its struct among the types. A value of an enum has {VALUE_WORDS}:"
    ));
    says(&format!("{SHAPE_WORDS} words each; a shape stands behind"));
    let shapes = [
        (shape::SCALAR, "scalar | which |"),
        (shape::ENUM, "enum | position among the types | stored as which scalar |"),
        (shape::STRUCT, "struct or union | position among the types |"),
        (shape::ARRAY, "array | place of the element's shape | count |"),
        (shape::SLICE, "VSlice | place of the element's shape | bound, `0xffffffff` for none |"),
        (shape::STR, "VStr | | bound, `0xffffffff` for none |"),
        (shape::REF, "VRef | position among the types |"),
    ];
    assert_eq!(shape::UNBOUNDED, 0xffff_ffff);
    shapes.into_iter().for_each(|(number, row)| says(&format!("| {number} {row}")));
    let scalars: Vec<_> = Scalar::all().iter().enumerate().map(|(at, one)| format!("{} {at}", one.word())).collect();
    says(&format!("Scalars are {}.", scalars.join(", ")));
}
