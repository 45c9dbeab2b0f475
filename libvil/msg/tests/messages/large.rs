//! Messages as large as a program allows, of types with as many values and arms as it may have: what is sound is verified, and how
//! many values and arms there are costs no message anything. A search from the first to the last would not end within a test.

use std::fmt::Write;

use crate::land::{Land, Room};
use vil_ir::limits::MAX_MESSAGE_SIZE;
use vil_msg::{Bytes, Descriptor, Fault, Rule, Style, to_json, verify};

/// Numbers of a u16, each a value of `Code`.
const VALUES: u32 = 1 << 16;

/// Arms of `Choice`, with tags that are far from one another and stand in no order.
const ARMS: u32 = 1 << 14;

/// Bytes of head and root in front of the one slice.
const FRONT: usize = 24;

/// A message `M` of one slice of this type.
fn words(types: &str, element: &str) -> Vec<u32> {
    Land::of(&format!(
        "vil: 1\nprogram: large\n{types}messages:\n  M: {{ layout: relative, max_bytes: {MAX_MESSAGE_SIZE}, fields: [ {{ name: all, \
         type: \"VSlice<{element}>\" }} ] }}\n"
    ))
    .words("M")
}

/// A message of these elements.
fn message(words: &[u32], stride: usize, elements: impl ExactSizeIterator<Item = u32>) -> Room {
    let count = elements.len();
    let mut message = Room::of(FRONT + stride * count, 0);
    let size = message.bytes().len() as u32;
    let head = [words[3], words[4], size, 8, FRONT as u32, count as u32];
    let bytes = message.bytes_mut();
    bytes[..FRONT].copy_from_slice(&head.map(u32::to_le_bytes).concat());
    for (place, element) in bytes[FRONT..].chunks_exact_mut(stride).zip(elements) {
        let stored = stride.min(4);
        place[..stored].copy_from_slice(&element.to_le_bytes()[..stored]);
    }
    message
}

fn verified(words: &[u32], message: &Room) -> Result<usize, Fault> {
    let descriptor = Descriptor::new(words).expect("a descriptor");
    verify(&descriptor, Bytes::of(message.bytes())).map(|size| size as usize)
}

/// `Code`: every number of a u16 has a name, and the highest is declared first.
fn codes() -> Vec<u32> {
    let mut types = "enums:\n  Code:\n    repr: u16\n    open: false\n    values:\n".to_owned();
    (0..VALUES).rev().for_each(|value| writeln!(types, "      V{value}: {value}").expect("a text"));
    words(&types, "Code")
}

/// The tag of an arm by its place in the declaration.
fn tag(arm: u32) -> u32 {
    arm.wrapping_mul(0x9e37_79b1)
}

/// `Choice`: a union of which each arm is one byte.
fn choices() -> Vec<u32> {
    let mut types = "structs:\n  Choice:\n    tag: u32\n    variants:\n".to_owned();
    (0..ARMS).for_each(|arm| writeln!(types, "      A{arm}: {{ tag: {} }}", tag(arm)).expect("a text"));
    words(&types, "Choice")
}

#[test]
fn a_large_message_of_values_of_a_large_closed_enum_is_verified() {
    let words = codes();
    let message = message(&words, 2, (0..1 << 20).map(|index: u32| index.wrapping_mul(40_503) % VALUES));
    assert_eq!(verified(&words, &message), Ok(message.bytes().len()));
}

#[test]
fn one_value_repeated_in_a_large_message_is_verified() {
    let words = codes();
    let message = message(&words, 2, (0..1 << 20).map(|_: u32| VALUES - 1));
    assert_eq!(verified(&words, &message), Ok(message.bytes().len()));
}

#[test]
fn a_large_message_of_arms_of_a_large_closed_union_is_verified() {
    let words = choices();
    let message = message(&words, 8, (0..1 << 18).map(|index: u32| tag(index % ARMS)));
    assert_eq!(verified(&words, &message), Ok(message.bytes().len()));
}

#[test]
fn a_tag_between_those_of_a_large_union_is_no_arm() {
    let words = choices();
    let message = message(&words, 8, (0..1 << 10).map(|index: u32| tag(index) + u32::from(index == 1000)));
    let fault = verified(&words, &message).expect_err("no arm has this tag");
    assert_eq!((fault.rule, fault.path.as_str()), (Rule::Tag, "all[1000]"));
}

#[test]
fn a_number_has_the_name_that_was_declared_first_and_its_sign() {
    let types = "enums:\n  Level:\n    repr: i8\n    open: true\n    aliases: true\n    \
        values: { high: 127, minus: -1, below: -1, none: 0, low: -128, nil: 0 }\n";
    let words = words(types, "Level");
    let message = message(&words, 1, [127u32, 255, 0, 128, 5].into_iter());
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut room = vec![0; 256];
    let size = to_json(&descriptor, Bytes::of(message.bytes()), Style::Compact, &mut room).expect("a message");
    assert_eq!(std::str::from_utf8(&room[..size]), Ok("{\"all\":[\"high\",\"minus\",\"none\",\"low\",5]}"));
}
