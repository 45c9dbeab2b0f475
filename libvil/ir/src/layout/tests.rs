//! Sizes and offsets worked out by hand.

use super::{Layout, LayoutBody, LayoutReason, Layouts, Shape, What, attempt, lay_out};
use crate::builder::Builder;
use crate::model::{Arm, Body, Enum, Field, Message, Program, Struct, Variants};
use crate::types::parse;
use crate::vocabulary::{Kind, Profile, Scalar};

/// `name: type`, with `?` behind the name of an optional field.
fn fields(written: &[&str]) -> Vec<Field> {
    let one = |text: &&str| {
        let (name, ty) = text.split_once(": ").expect("a name and a type");
        let mut field = Field::new(name.trim_end_matches('?'), parse(ty).expect("a type"));
        field.optional = name.ends_with('?');
        field
    };
    written.iter().map(one).collect()
}

fn program(structs: &[(&str, &[&str])], messages: &[(&str, &[&str])]) -> Program {
    let mut builder = Builder::new("p");
    for (name, written) in structs {
        builder = builder.structure(name, fields(written));
    }
    for (name, written) in messages {
        builder = builder.message(name, Kind::Message, fields(written));
    }
    builder.build()
}

fn with_layout(mut program: Program, message: &str, layout: Profile) -> Program {
    program.messages.get_mut(message).expect("it is there").layout = Some(layout);
    program
}

fn laid(program: &Program) -> Layouts {
    lay_out(program).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Offsets of fields, presence bytes as `has name` and padding as `-`.
fn offsets(layout: &Layout) -> Vec<(String, u32)> {
    let LayoutBody::Members(members) = &layout.body else { panic!("no union") };
    let named = members.iter().map(|member| {
        let name = match &member.what {
            What::Field { name, .. } => name.clone(),
            What::Presence { of } => format!("has {of}"),
            What::Padding => "-".to_owned(),
        };
        (name, member.offset)
    });
    named.collect()
}

fn at(pairs: &[(&str, u32)]) -> Vec<(String, u32)> {
    pairs.iter().map(|(name, offset)| ((*name).to_owned(), *offset)).collect()
}

fn reasons(program: &Program) -> Vec<(String, Option<String>, LayoutReason)> {
    let told = lay_out(program).expect_err("it has a fault").into_iter();
    told.map(|error| (error.owner, error.field, error.reason)).collect()
}

#[test]
fn references_are_words_of_eight_bytes_and_offsets_of_four() {
    let structs: &[(&str, &[&str])] = &[("Point", &["x: f32", "y: f32"]), ("Meta", &["source: u16"])];
    let scan: &[&str] = &[
        "flag: u8",
        "points: VSlice<Point>",
        "meta: VRef<Meta>",
        "label: VStr<16>",
        "other?: VRef<Meta>",
        "note?: VStr",
        "corners: [VRef<Meta>; 3]",
        "last: u8",
    ];
    let layouts = laid(&program(structs, &[("Scan", scan)]));
    let found = &layouts.types["Scan"];
    let expected = [
        ("flag", 0),
        ("-", 1),
        ("points", 8),
        ("meta", 16),
        ("-", 20),
        ("label", 24),
        ("other", 32),
        ("-", 36),
        ("note", 40),
        ("has note", 48),
        ("-", 49),
        ("corners", 52),
        ("last", 64),
        ("-", 65),
    ];
    assert_eq!(offsets(found), at(&expected));
    assert_eq!((found.size, found.align, found.root_size), (72, 8, 65));
    assert_eq!((found.profile, found.references, found.least_bytes()), (Profile::Relative, true, 88));
    let LayoutBody::Members(members) = &found.body else { panic!("no union") };
    let What::Field { shape, .. } = &members[2].what else { panic!("a field") };
    let element = Box::new(Shape::Struct { name: "Point".to_owned(), size: 8, align: 4 });
    assert_eq!(*shape, Shape::Slice { element, bound: None });
}

#[test]
fn a_struct_with_references_makes_whoever_holds_it_relative() {
    let structs: &[(&str, &[&str])] =
        &[("Plain", &["n: u16"]), ("Field", &["name: VStr", "at: u8"]), ("Pair", &["both: [Field; 2]"])];
    let messages: &[(&str, &[&str])] = &[("Cloud", &["width: u32", "pair: Pair"]), ("Flat", &["plain: Plain"])];
    let layouts = laid(&program(structs, messages));
    assert_eq!(offsets(&layouts.types["Field"]), at(&[("name", 0), ("at", 8), ("-", 9)]));
    assert_eq!((layouts.types["Field"].size, layouts.types["Field"].root_size), (16, 9));
    let cloud = &layouts.types["Cloud"];
    assert_eq!(offsets(cloud), at(&[("width", 0), ("-", 4), ("pair", 8)]));
    assert_eq!((cloud.size, cloud.root_size, cloud.profile), (40, 40, Profile::Relative));
    let flat = &layouts.types["Flat"];
    assert_eq!((flat.size, flat.least_bytes(), flat.profile), (2, 2, Profile::Flat));
}

#[test]
fn a_message_may_be_relative_without_references_and_is_a_struct_where_it_is_used_as_a_type() {
    let messages: &[(&str, &[&str])] = &[("Grows", &["n: u32", "b: u8"]), ("Holder", &["grows: Grows", "c: u8"])];
    let layouts = laid(&with_layout(program(&[], messages), "Grows", Profile::Relative));
    let grows = &layouts.types["Grows"];
    assert_eq!((grows.size, grows.root_size, grows.least_bytes()), (8, 5, 24));
    assert_eq!((grows.profile, grows.references), (Profile::Relative, false));
    let holder = &layouts.types["Holder"];
    assert_eq!((holder.profile, holder.size), (Profile::Flat, 12), "the head is no part of a type");
}

#[test]
fn an_empty_root_has_no_field_that_could_be_present() {
    let layouts = laid(&with_layout(program(&[], &[("Nothing", &[])]), "Nothing", Profile::Relative));
    let nothing = &layouts.types["Nothing"];
    assert_eq!((nothing.size, nothing.root_size, nothing.least_bytes()), (1, 0, 17));
}

#[test]
fn a_union_with_references_is_aligned_like_any_other() {
    let mut program = program(&[], &[("Pick", &[])]);
    let many = fields(&["a: u8", "list?: VSlice<u16, 9>"]);
    let arms = vec![Arm::new("Text", 1, fields(&["text: VStr"])), Arm::new("Many", 2, many)];
    let variants = Variants { tag: Scalar::U8, open: false, arms };
    program.messages.get_mut("Pick").expect("it is there").body = Body::Variants(variants);
    let layouts = laid(&program);
    let pick = &layouts.types["Pick"];
    let LayoutBody::Union(union) = &pick.body else { panic!("a union") };
    assert_eq!((union.arm_offset, union.arm_size, union.arms[0].size, union.arms[1].size), (8, 24, 8, 24));
    assert_eq!((pick.size, pick.align, pick.root_size, pick.least_bytes()), (32, 8, 32, 48));
    assert_eq!(pick.profile, Profile::Relative);
}

#[test]
fn elements_of_slices_keep_the_storage_of_their_enum() {
    let mut program = program(&[], &[("M", &["levels: VSlice<Level>", "texts: VSlice<VStr<4>, 2>"])]);
    let level = Enum::new(Scalar::U32, &[]);
    program.enums.insert("Level".to_owned(), level);
    let message: &mut Message = program.messages.get_mut("M").expect("it is there");
    let Body::Fields(fields) = &mut message.body else { panic!("fields") };
    fields[0].storage = Some(Scalar::U8);
    let layouts = laid(&program);
    let LayoutBody::Members(members) = &layouts.types["M"].body else { panic!("no union") };
    let shapes = members.iter().map(|member| match &member.what {
        What::Field { shape: Shape::Slice { element, bound }, .. } => ((**element).clone(), *bound),
        other => panic!("{other:?}"),
    });
    let storage = Shape::Enum { name: "Level".to_owned(), storage: Scalar::U8 };
    assert_eq!(shapes.collect::<Vec<_>>(), [(storage, None), (Shape::Str { bound: Some(4) }, Some(2))]);
}

#[test]
fn a_type_may_contain_itself_by_a_slice_and_by_an_optional_reference() {
    let tree: &[&str] = &["children: VSlice<Tree>", "next?: VRef<Tree>", "n: u8"];
    let layouts = laid(&program(&[("Tree", tree)], &[("M", &["root: Tree"])]));
    let found = &layouts.types["Tree"];
    assert_eq!((found.size, found.root_size), (16, 13));
    let LayoutBody::Members(members) = &found.body else { panic!("no union") };
    let What::Field { shape: Shape::Slice { element, .. }, .. } = &members[0].what else { panic!("a slice") };
    assert_eq!(**element, Shape::Struct { name: "Tree".to_owned(), size: 16, align: 8 });
}

#[test]
fn a_type_that_cannot_end_is_refused_with_the_way_back_to_it() {
    let names = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let by_value = program(&[("A", &["b: [B; 2]"]), ("B", &["a?: A"])], &[]);
    assert_eq!(reasons(&by_value), [("A".to_owned(), None, LayoutReason::Recursive(names(&["A", "B", "A"])))]);
    let by_reference = program(&[("A", &["b: B"]), ("B", &["a: VRef<A>"])], &[]);
    assert_eq!(reasons(&by_reference), [("A".to_owned(), None, LayoutReason::Endless(names(&["A", "B", "A"])))]);
    let itself = program(&[], &[("M", &["m: VRef<M>"])]);
    assert_eq!(reasons(&itself), [("M".to_owned(), None, LayoutReason::Endless(names(&["M", "M"])))]);
    let two = program(&[("A", &["b: B", "c: C"]), ("B", &["a: VRef<A>"]), ("C", &["a: A"])], &[]);
    assert_eq!(reasons(&two).len(), 1, "one report for a type, however many ways lead back");
}

#[test]
fn every_fault_of_a_field_is_told_with_its_field() {
    let structs: &[(&str, &[&str])] = &[("S", &["n: u8"])];
    let fields: &[&str] =
        &["a: VSlice<u8, 0>", "b: VStr<0>", "c: VRef<E>", "d?: [VRef<S>; 2]", "e: X", "f: VSlice<X>", "g: VRef<X>"];
    let mut program = with_layout(program(structs, &[("M", fields), ("X", &[])]), "X", Profile::External);
    let level = Enum::new(Scalar::U8, &[]);
    program.enums.insert("E".to_owned(), level);
    let external = LayoutReason::External("X".to_owned());
    let expected = [
        ("a", LayoutReason::Bound(0)),
        ("b", LayoutReason::Bound(0)),
        ("c", LayoutReason::Target("E".to_owned())),
        ("d", LayoutReason::OptionalReferences),
        ("e", external.clone()),
        ("f", external.clone()),
        ("g", external),
    ];
    let expected = expected.map(|(field, reason)| ("M".to_owned(), Some(field.to_owned()), reason));
    assert_eq!(reasons(&program), expected);
    assert!(attempt(&program).0.types.contains_key("S"), "what can be laid out is");
}

#[test]
fn a_message_that_says_flat_holds_no_references_not_even_in_a_struct() {
    let structs: &[(&str, &[&str])] = &[("Named", &["name: VStr"])];
    let program = with_layout(program(structs, &[("M", &["n: u8", "named: Named"])]), "M", Profile::Flat);
    assert_eq!(reasons(&program), [("M".to_owned(), Some("named".to_owned()), LayoutReason::Reference)]);
}

#[test]
fn types_may_hold_one_another_thirty_thousand_times() {
    let name = |index: u32| format!("S{index:06}");
    let mut program = Program::default();
    for index in 0..30_000u32 {
        let held = if index == 29_999 { "u8".to_owned() } else { name(index + 1) };
        program.structs.insert(name(index), Struct::new(fields(&[&format!("held: {held}")])));
    }
    assert_eq!(laid(&program).types[&name(0)].size, 1);
    let back = Body::Fields(fields(&[&format!("held: {}", name(0))]));
    program.structs.get_mut(&name(29_999)).expect("it is there").body = back;
    let found = reasons(&program);
    assert!(
        matches!(&found[..], [(owner, None, LayoutReason::Recursive(path))] if *owner == name(0) && path.len() < 20)
    );
}
