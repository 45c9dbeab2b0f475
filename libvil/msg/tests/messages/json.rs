//! Messages as JSON and back.

use crate::land::{Land, Random, Room};
use vil_msg::{Bytes, Descriptor, Fault, Rule, Style, diff, from_json, snapshot, to_json, verify};

fn text(descriptor: &Descriptor<'_>, message: &Room, style: Style) -> String {
    let mut room = vec![0; 1 << 16];
    let size =
        to_json(descriptor, Bytes::of(message.bytes()), style, &mut room).unwrap_or_else(|fault| panic!("{fault}"));
    room.truncate(size);
    String::from_utf8(room).expect("JSON is UTF-8")
}

fn refused(message: &str, text: &str) -> Fault {
    let words = Land::new().words(message);
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let mut room = Room::of(4096, 0);
    from_json(&descriptor, text, room.bytes_mut()).expect_err(text)
}

#[test]
fn what_was_printed_makes_the_same_bytes_again() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    for seed in 0..2_000 {
        let written = Random::new(seed).scan();
        let message = Room::message(&descriptor, &written);
        let compact = text(&descriptor, &message, Style::Compact);
        assert_eq!(compact, written, "seed {seed}");
        assert!(Room::message(&descriptor, &compact).bytes() == message.bytes(), "seed {seed}: {compact}");
        let pretty = text(&descriptor, &message, Style::Pretty);
        assert!(Room::message(&descriptor, &pretty).bytes() == message.bytes(), "seed {seed}: {pretty}");
    }
}

#[test]
fn a_field_that_is_not_named_has_its_default() {
    let words = Land::new().words("Flat");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let message = Room::message(&descriptor, "{\"choice\": {\"Left\": {}}}");
    let expected = "{\"flag\":false,\"mode\":\"on\",\"choice\":{\"Left\":{}}}";
    assert_eq!(text(&descriptor, &message, Style::Compact), expected);
    let pretty = "{\n  \"flag\": false,\n  \"mode\": \"on\",\n  \"choice\": {\"Left\": {}}\n}";
    assert_eq!(text(&descriptor, &message, Style::Pretty), pretty);
}

#[test]
fn fields_of_what_is_not_named_have_their_defaults() {
    let land = Land::of(
        "
vil: 1
program: land
structs:
  Inner: { fields: [ { name: a, type: u8, default: 7 }, { name: b, type: u32 } ] }
  Outer: { fields: [ { name: inner, type: Inner }, { name: three, type: '[[Inner; 1]; 3]' } ] }
messages:
  M: { fields: [ { name: outer, type: Outer }, { name: maybe, type: Inner, optional: true } ] }
  R:
    max_bytes: 4096
    fields: [ { name: some, type: VSlice<Outer> }, { name: one, type: VRef<Outer> } ]
",
    );
    let words = land.words("M");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let inner = "{\"a\":7,\"b\":0}";
    let outer = format!("{{\"inner\":{inner},\"three\":[[{inner}],[{inner}],[{inner}]]}}");
    let whole = format!("{{\"outer\":{outer}}}");
    assert_eq!(text(&descriptor, &Room::message(&descriptor, "{}"), Style::Compact), whole);
    let mut room = Room::of(1, 0);
    assert!(from_json(&descriptor, "{}", room.bytes_mut()).is_ok_and(|size| size > 1), "it is measured");
    let words = land.words("R");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let message = Room::message(&descriptor, "{\"some\":[{}],\"one\":{}}");
    assert_eq!(text(&descriptor, &message, Style::Compact), format!("{{\"some\":[{outer}],\"one\":{outer}}}"));
}

#[test]
fn controls_are_escaped_also_where_json_would_take_them() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let rest = "\"pair\":[{},{}],\"choice\":{\"Left\":{}}}";
    let message = Room::message(&descriptor, &format!("{{\"label\":\"a\u{7f}\u{9b}31m\u{e9}\",{rest}"));
    let shown = text(&descriptor, &message, Style::Compact);
    assert!(shown.contains("\"label\":\"a\\u007f\\u009b31m\u{e9}\""), "{shown}");
    assert!(Room::message(&descriptor, &shown).bytes() == message.bytes());
}

#[test]
fn too_little_room_says_how_much_there_must_be() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let written = Random::new(7).scan();
    let whole = Room::message(&descriptor, &written);
    let size = whole.bytes().len();
    for less in [0, 1, 16, 40, size - 1] {
        let mut room = Room::of(less, 0xaa);
        assert_eq!(from_json(&descriptor, &written, room.bytes_mut()), Ok(size), "{less}");
        let mut short = vec![0; less];
        let shown = to_json(&descriptor, Bytes::of(whole.bytes()), Style::Compact, &mut short);
        assert_eq!(shown, Ok(written.len()));
    }
    let mut room = Room::of(size, 0xaa);
    assert_eq!(from_json(&descriptor, &written, room.bytes_mut()), Ok(size));
    assert!(room.bytes() == whole.bytes());
}

#[test]
fn keys_may_stand_in_any_order() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let backward = "{\"choice\":{\"Left\":{}},\"pair\":[{\"y\":1.0,\"x\":2.0},{}],\"label\":\"b\",\"points\":[{}]}";
    let message = Room::message(&descriptor, backward);
    assert_eq!(verify(&descriptor, Bytes::of(message.bytes())), Ok(message.bytes().len() as u32));
    assert!(text(&descriptor, &message, Style::Compact).contains("\"label\":\"b\",\"mode\""));
}

#[test]
fn a_text_that_makes_no_message_says_where_and_why() {
    let cases = [
        ("{", Rule::Syntax, ""),
        ("[]", Rule::Kind, ""),
        ("{\"flag\":1}", Rule::Kind, "flag"),
        ("{\"stamp\":-1}", Rule::Range, "stamp"),
        ("{\"stamp\":18446744073709551616}", Rule::Range, "stamp"),
        ("{\"stamp\":1.5}", Rule::Range, "stamp"),
        ("{\"stamps\":1}", Rule::Name, ""),
        ("{\"stamp\":1,\"stamp\":2}", Rule::Twice, ""),
        ("{\"mode\":\"of\"}", Rule::Range, "mode"),
        ("{\"label\":\"12345678901234567\"}", Rule::Bound, "label"),
        ("{\"label\":\"a\\u0000\"}", Rule::Nul, "label"),
        ("{\"risks\":[0,0,0,0,0,0]}", Rule::Bound, "risks"),
        ("{\"points\":[{},{\"x\":true}]}", Rule::Kind, "points[1].x"),
        ("{\"matrix\":[[1,2]]}", Rule::Range, "matrix"),
        ("{\"matrix\":[[1,2],[3,200],[0,0]]}", Rule::Range, "matrix[1][1]"),
        ("{\"shapes\":[{\"#300\":{}}]}", Rule::Range, "shapes[0]"),
        ("{\"choice\":{\"#3\":{}}}", Rule::Name, "choice"),
        ("{\"shapes\":[{\"#7\":[1 2}}]}", Rule::Syntax, "shapes[0]"),
        ("{\"shapes\":[{\"#7\":[]}]}", Rule::Syntax, "shapes[0]"),
        ("{\"shapes\":[{\"#7\":{\"a\":1}}]}", Rule::Syntax, "shapes[0]"),
        ("{\"points\":]}", Rule::Syntax, "points"),
        ("{\"points\":[{},]}", Rule::Syntax, "points"),
        ("{\"choice\":{\"Left\":{}}}", Rule::Absent, "pair[0]"),
        ("{\"pair\":[{},{}]}", Rule::Tag, "choice"),
        ("{\"stamp\":1} x", Rule::Syntax, ""),
        ("{\"stamp\":01}", Rule::Syntax, "stamp"),
    ];
    for (written, rule, path) in cases {
        let fault = refused("Scan", written);
        assert_eq!((fault.rule, fault.path.as_str()), (rule, path), "{written}: {fault}");
    }
    let deep = format!("{}{}{}", "{\"meta\":", "{\"before\":".repeat(70), "{}".to_owned() + &"}".repeat(71));
    assert_eq!(refused("Scan", &deep).rule, Rule::Depth);
    assert_eq!(refused("Scan", &format!("{{\"points\":{}", "[".repeat(100_000))).rule, Rule::Depth);
}

#[test]
fn two_messages_differ_where_they_say_something_else() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let base = "\"pair\":[{},{}],\"choice\":{\"Left\":{}}";
    let left = Room::message(&descriptor, &format!("{{{base},\"points\":[{{}},{{\"x\":1.5}}],\"label\":\"a\"}}"));
    let right = Room::message(&descriptor, &format!("{{\"label\":\"a\",\"meta\":{{}},{base},\"points\":[{{}},{{}}]}}"));
    let said = diff(&descriptor, Bytes::of(left.bytes()), Bytes::of(right.bytes())).expect("messages");
    let said: Vec<_> = said.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["points[1].x: 1.5 -> 0.0", "meta: nothing -> {}", "meta.source: nothing -> \"\""]);
    assert_eq!(diff(&descriptor, Bytes::of(left.bytes()), Bytes::of(left.bytes())), Ok(Vec::new()));
}

#[test]
fn what_differs_is_told_as_json() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let base = "\"pair\":[{},{}],\"choice\":{\"Left\":{}}";
    let message = |label: &str, shape: &str| {
        Room::message(&descriptor, &format!("{{{base},\"label\":{label},\"shapes\":[{shape}]}}"))
    };
    let (label, shape) = ("\"\\u0001'\\\"é\\u007f\"", "{\"#77\":{}}");
    let (left, right) = (message(label, shape), message("\"\\n\"", "{\"#78\":{}}"));
    let said = diff(&descriptor, Bytes::of(left.bytes()), Bytes::of(right.bytes())).expect("messages");
    let said: Vec<_> = said.into_iter().map(|found| (found.path, found.left, found.right)).collect();
    let told = |path: &str, left: &str, right: &str| (path.to_owned(), Some(left.to_owned()), Some(right.to_owned()));
    assert_eq!(said, [told("label", label, "\"\\n\""), told("shapes[0]", shape, "{\"#78\":{}}")]);
}

#[test]
fn a_snapshot_is_the_message_and_nothing_behind_it() {
    let words = Land::new().words("Scan");
    let descriptor = Descriptor::new(&words).expect("a descriptor");
    let message = Room::message(&descriptor, &Random::new(3).scan());
    let size = message.bytes().len();
    let mut slot = Room::of(size + 100, 0xcc);
    slot.bytes_mut()[..size].copy_from_slice(message.bytes());
    let mut copy = Room::of(size, 0);
    assert_eq!(snapshot(&descriptor, Bytes::of(slot.bytes()), copy.bytes_mut()), Ok(size as u32));
    assert!(copy.bytes() == message.bytes());
    let mut short = Room::of(size - 1, 0);
    assert_eq!(snapshot(&descriptor, Bytes::of(slot.bytes()), short.bytes_mut()), Ok(size as u32));
}
