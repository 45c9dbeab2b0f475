//! Each rule of the verifier: a message that keeps it, and the same message with the few bytes changed that break it.

use crate::land::{Land, Room};
use vil_msg::{Bytes, Descriptor, Fault, Rule, verify};

/// Points at 192 and more, by how `to_json` orders it: the places below are where the builder puts things.
const WHOLE: &str = "{\"stamp\":7,\"points\":[{\"x\":1.0},{}],\"label\":\"abc\",\"meta\":{\"source\":\"s\"},\"risks\":[0],\
    \"names\":[\"x\",\"y\"],\"shapes\":[{\"Named\":{\"name\":\"n\",\"sure\":true}}],\"corner\":{},\
    \"pair\":[{},{}],\"choice\":{\"Right\":{}},\"flag\":true}";

fn words() -> Vec<u32> {
    Land::new().words("Scan")
}

fn word(message: &Room, at: usize) -> u64 {
    u64::from_le_bytes(message.bytes()[at..at + 8].try_into().expect("eight bytes"))
}

/// Offset of the field of this name in the message.
fn at(field: &str) -> usize {
    let land = Land::new();
    let vil_ir::layout::LayoutBody::Members(members) = &land.layouts.types["Scan"].body else { panic!("fields") };
    let found = members.iter().find(|member| match &member.what {
        vil_ir::layout::What::Field { name, .. } => name == field,
        vil_ir::layout::What::Presence { of } => field.strip_prefix("has ") == Some(of),
        vil_ir::layout::What::Padding => false,
    });
    16 + found.unwrap_or_else(|| panic!("{field}")).offset as usize
}

fn broken(change: impl Fn(&mut Room)) -> Fault {
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut message = Room::message(&descriptor, WHOLE);
    assert!(verify(&descriptor, Bytes::of(message.bytes())).is_ok());
    change(&mut message);
    verify(&descriptor, Bytes::of(message.bytes())).expect_err("it is broken")
}

fn set(message: &mut Room, at: usize, bytes: &[u8]) {
    message.bytes_mut()[at..at + bytes.len()].copy_from_slice(bytes);
}

fn expect(rule: Rule, path: &str, change: impl Fn(&mut Room)) {
    let fault = broken(change);
    assert_eq!((fault.rule, fault.path.as_str()), (rule, path), "{fault}");
}

#[test]
fn the_head_says_what_it_is_and_how_long() {
    expect(Rule::Id, "", |m| set(m, 0, &[0; 8]));
    expect(Rule::Size, "", |m| set(m, 8, &u32::MAX.to_le_bytes()));
    expect(Rule::Size, "", |m| set(m, 8, &15u32.to_le_bytes()));
    expect(Rule::RootSize, "", |m| set(m, 12, &60_000u32.to_le_bytes()));
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let message = Room::message(&descriptor, WHOLE);
    for size in 0..message.bytes().len() {
        let cut = verify(&descriptor, Bytes::of(&message.bytes()[..size]));
        assert_eq!(cut.map_err(|fault| fault.rule), Err(Rule::Size), "{size} bytes");
    }
    let moved = verify(&descriptor, Bytes::of(&message.bytes()[4..]));
    assert_eq!(moved.map_err(|fault| fault.rule), Err(Rule::Address));
}

#[test]
fn a_root_of_another_version_is_read_as_far_as_it_goes() {
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut message = Room::message(&descriptor, WHOLE);
    let points = at("points") as u32;
    set(&mut message, 0, &[5; 8]);
    set(&mut message, 12, &(points - 16 + 7).to_le_bytes());
    let mut room = vec![0; 4096];
    let size = vil_msg::to_json(&descriptor, Bytes::of(message.bytes()), vil_msg::Style::Compact, &mut room);
    assert_eq!(&room[..size.expect("an older root")], b"{\"stamp\":7}");
}

#[test]
fn the_id_of_another_version_with_the_same_root_is_legal_where_an_open_union_may_have_other_arms() {
    let by_another = |of: &str| {
        let land = Land::of(&format!(
            "vil: 1\nprogram: land\nstructs:\n  Shape: {{ {of} tag: u8, variants: {{ Circle: {{ tag: 1 }} }} }}\nmessages:\n  \
             Drawn: {{ layout: relative, max_bytes: 256, fields: [ {{ name: shape, type: Shape }} ] }}\n"
        ));
        let words = land.words("Drawn");
        let descriptor = Descriptor::new(&words).expect("a descriptor");
        let mut message = Room::message(&descriptor, "{\"shape\":{\"Circle\":{}}}");
        set(&mut message, 0, &[9; 8]);
        let found = verify(&descriptor, Bytes::of(message.bytes()));
        set(&mut message, 16, &[77]);
        (found.map_err(|fault| fault.rule), verify(&descriptor, Bytes::of(message.bytes())).is_ok())
    };
    assert_eq!(by_another("open: true,"), (Ok(18), true));
    assert_eq!(by_another(""), (Err(Rule::Id), false));
}

#[test]
fn references_lead_behind_themselves_and_within() {
    let (points, label, meta) = (at("points"), at("label"), at("meta"));
    expect(Rule::Alignment, "points", |m| {
        let target = word(m, points) + 1;
        set(m, points, &target.to_le_bytes());
    });
    expect(Rule::Order, "points", |m| set(m, points, &16u32.to_le_bytes()));
    expect(Rule::Bounds, "points", |m| set(m, points + 4, &1000u32.to_le_bytes()));
    expect(Rule::Bounds, "points", |m| set(m, points + 4, &u32::MAX.to_le_bytes()));
    expect(Rule::Empty, "points", |m| set(m, points + 4, &0u32.to_le_bytes()));
    expect(Rule::Bound, "label", |m| set(m, label + 4, &17u32.to_le_bytes()));
    expect(Rule::Order, "meta", |m| set(m, meta, &8u32.to_le_bytes()));
    expect(Rule::Bounds, "meta", |m| {
        let end = m.bytes().len() as u32 & !7;
        set(m, meta, &end.to_le_bytes());
    });
    expect(Rule::Absent, "pair[1]", |m| set(m, at("pair") + 4, &[0; 4]));
    // The source of a Meta, at its start, led back to the root.
    expect(Rule::Order, "meta.source", |m| {
        let target = word(m, meta) as u32 as usize;
        set(m, target, &(target as u32).to_le_bytes());
    });
}

#[test]
fn what_is_referred_to_twice_is_found() {
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let long =
        format!("{{\"names\":[\"{}\",\"b\"],\"pair\":[{{}},{{}}],\"choice\":{{\"Left\":{{}}}}}}", "a".repeat(500));
    let mut message = Room::message(&descriptor, &long);
    let names = word(&message, at("names")) as u32 as usize;
    let first = word(&message, names);
    set(&mut message, names + 8, &first.to_le_bytes());
    let fault = verify(&descriptor, Bytes::of(message.bytes())).expect_err("shared");
    assert_eq!((fault.rule, fault.path.as_str()), (Rule::Overlap, "names[1]"));
}

/// Of a text: where the bytes are that its word leads to.
fn target(message: &Room, place: usize) -> usize {
    word(message, place) as u32 as usize
}

#[test]
fn values_are_those_that_their_types_have() {
    let (label, shapes) = (at("label"), at("shapes"));
    expect(Rule::Bool, "flag", |m| set(m, at("flag"), &[2]));
    expect(Rule::Presence, "corner", |m| set(m, at("has corner"), &[2]));
    expect(Rule::Enum, "mode", |m| set(m, at("mode"), &7i16.to_le_bytes()));
    expect(Rule::Tag, "choice", |m| set(m, at("choice"), &3u32.to_le_bytes()));
    expect(Rule::Nul, "label", |m| set(m, target(m, label) + 3, b"d"));
    expect(Rule::Nul, "label", |m| set(m, target(m, label) + 1, &[0]));
    expect(Rule::Utf8, "label", |m| set(m, target(m, label) + 2, &[0xc3]));
    expect(Rule::Bool, "shapes[0].Named.sure", |m| set(m, target(m, shapes) + 16, &[9]));
}

#[test]
fn what_nobody_reads_may_be_anything() {
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut message = Room::message(&descriptor, WHOLE);
    let shapes = target(&message, at("shapes"));
    // An unknown tag of an open union, an unknown value of an open enum, a value that is absent.
    set(&mut message, shapes, &[200]);
    let risks = target(&message, at("risks"));
    set(&mut message, risks, &[99]);
    set(&mut message, at("corner"), &[0xff; 8]);
    set(&mut message, at("has corner"), &[0]);
    assert_eq!(verify(&descriptor, Bytes::of(message.bytes())), Ok(message.bytes().len() as u32));
}

#[test]
fn a_chain_deeper_than_the_limit_is_refused() {
    let words = words();
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let text = |levels: usize| {
        let chain = "{\"before\":".repeat(levels) + "{}" + &"}".repeat(levels);
        format!("{{\"meta\":{chain},\"pair\":[{{}},{{}}],\"choice\":{{\"Left\":{{}}}}}}")
    };
    let deepest = vil_msg::MAX_DEPTH - 2;
    assert!(verify(&descriptor, Bytes::of(Room::message(&descriptor, &text(deepest)).bytes())).is_ok());
    let mut room = Room::of(1 << 14, 0);
    let fault = vil_msg::from_json(&descriptor, &text(deepest + 1), room.bytes_mut()).expect_err("too deep");
    assert_eq!(fault.rule, Rule::Depth);
}

#[test]
fn a_message_as_deep_as_programs_may_be_is_verified() {
    let verified = |structs: usize| {
        let mut text = "vil: 1\nprogram: deep\nstructs:\n  S0: { fields: [ { name: t, type: VStr } ] }\n".to_owned();
        for one in 1..structs {
            text += &format!("  S{one}: {{ fields: [ {{ name: s, type: S{} }} ] }}\n", one - 1);
        }
        let last = structs - 1;
        text += &format!("messages:\n  M: {{ max_bytes: 4096, fields: [ {{ name: s, type: S{last} }} ] }}\n");
        let words = Land::of(&text).words("M");
        let descriptor = Descriptor::new(&words).expect("a descriptor");
        let head = [words[3], words[4], 24, 8];
        let mut room = Room::of(24, 0);
        room.bytes_mut()[..16].copy_from_slice(&head.map(u32::to_le_bytes).concat());
        verify(&descriptor, Bytes::of(room.bytes())).map_err(|fault| fault.rule)
    };
    assert_eq!(verified(vil_msg::MAX_DEPTH - 1), Ok(24));
    assert_eq!(verified(vil_msg::MAX_DEPTH), Err(Rule::Depth));
}

#[test]
fn words_that_are_no_descriptor_are_refused() {
    let words = words();
    assert!(Descriptor::new(&[]).is_err() && Descriptor::new(&words[..words.len() - 1]).is_err());
    for at in 0..3 {
        let mut other = words.clone();
        other[at] += 1;
        assert_eq!(Descriptor::new(&other).map(|_| ()).map_err(|fault| fault.rule), Err(Rule::Descriptor), "word {at}");
    }
}
