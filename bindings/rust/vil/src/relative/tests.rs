//! Views and drafts over bytes made by hand, without a generator: `Node { value: u32, next: VRef<Node>, name: VStr }`.

use std::ffi::CStr;

use super::{Draft, Relative, Str, Struct, View, Writer, measure, view};
use crate::{Carried, Status};

#[repr(C, align(8))]
struct Node([u8; 16]);

#[derive(Clone, Copy)]
struct NodeView<'a>(View<'a>);

struct NodeWriter<'w>(Writer<'w>);

// SAFETY: 16 bytes aligned to 8, within which the view and the writer stay.
unsafe impl Struct for Node {
    type View<'a> = NodeView<'a>;
    type Writer<'w> = NodeWriter<'w>;

    fn view(at: View<'_>) -> NodeView<'_> {
        NodeView(at)
    }

    fn writer(writer: Writer<'_>) -> NodeWriter<'_> {
        NodeWriter(writer)
    }
}

// SAFETY: there is no such message in any world.
unsafe impl Carried for Node {
    const NAME: &'static CStr = c"Node";
    const LAYOUT_ID: u64 = 0x0102_0304_0506_0708;
    const LAYOUT_TEXT: &'static CStr = c"";
    const DESCRIPTOR: &'static [u32] = &[];
    const SIZE: u32 = 4096;
    const ALIGN: u32 = 8;
}

// SAFETY: all of it.
unsafe impl Relative for Node {
    const ROOT_SIZE: u32 = 16;
}

impl<'a> NodeView<'a> {
    fn value(&self) -> u32 {
        self.0.get(0).unwrap_or(77)
    }

    fn next(&self) -> Option<NodeView<'a>> {
        self.0.follow::<Node>(4)
    }

    fn name(&self) -> Str<'a> {
        self.0.text(8, 8)
    }
}

impl NodeWriter<'_> {
    fn fill(&mut self, value: u32, name: &str) -> NodeWriter<'_> {
        self.0.set(0, value);
        self.0.text(8, 8, name);
        self.0.refer::<Node>(4)
    }
}

/// Bytes at an alignment of 8, made of words.
fn bytes(words: &[u64]) -> &[u8] {
    // SAFETY: as many bytes as the words have.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// A word or two halves of one: low, high.
fn word(low: u32, high: u32) -> u64 {
    (u64::from(high) << 32 | u64::from(low)).to_le()
}

#[test]
fn a_message_made_by_hand_is_read() {
    let words =
        [Node::LAYOUT_ID, word(48, 16), word(5, 0), word(40, 3), word(0, 0), u64::from_le_bytes(*b"abc\0\0\0\0\0")];
    let node = view::<Node>(bytes(&words));
    assert_eq!((node.value(), node.name().len(), node.next().is_none()), (5, 3, true));
    assert_eq!(node.name(), "abc");
}

#[test]
fn a_draft_writes_the_bytes_that_are_expected() {
    let mut memory = [u64::MAX; 16];
    // SAFETY: as many bytes as the words have.
    let lent = unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast(), 128) };
    let mut draft = Draft::<Node, _>::within(lent);
    draft.root().fill(5, "abc").fill(6, "");
    let made = draft.finish().expect("there is room").into_bytes();
    // The text at 32 with its NUL, the second node at 40, the third at 56.
    let text = u64::from_le_bytes(*b"abc\0\0\0\0\0");
    let words = [Node::LAYOUT_ID, word(72, 16), word(5, 40), word(32, 3), text, word(6, 56), 0, 0, 0];
    assert_eq!(made, bytes(&words));
    assert_eq!(measure::<Node>(|mut node| node.fill(5, "abc").fill(6, "").0.set(0, 0u32)), Ok(72));
}

#[test]
fn of_what_is_no_message_nothing_is_there() {
    let words = [Node::LAYOUT_ID, word(32, 16), word(5, 0), 0];
    assert_eq!(view::<Node>(bytes(&words)).value(), 5);
    for end in 0..16 {
        assert_eq!(view::<Node>(&bytes(&words)[..end]).value(), 77, "{end} bytes");
    }
    assert_eq!(view::<Node>(&bytes(&words)[16..]).value(), 77, "the size is 5");
    assert_eq!(view::<Node>(&bytes(&words)[4..]).value(), 77, "not aligned");
    assert_eq!(view::<Node>(&bytes(&words)[..19]).value(), 77, "a part of the value");
    assert_eq!(view::<Node>(&bytes(&words)[..20]).value(), 5);
}

#[test]
fn a_head_can_only_narrow_what_is_read() {
    let words = |size, root_size| [0, word(size, root_size), word(5, 32), 0, word(6, 0), 0];
    let next = |size, root_size| view::<Node>(bytes(&words(size, root_size))).next().map(|next| next.value());
    assert_eq!(next(48, 16), Some(6));
    assert_eq!(next(u32::MAX, u32::MAX), Some(6));
    assert_eq!(next(47, 16), None, "the second node does not fit");
    assert_eq!(next(48, 7), None, "the reference is not there");
    assert_eq!(next(0, 16), None);
}

#[test]
fn references_lead_forward_only_so_there_are_no_cycles() {
    let words = |next| [0, word(64, 16), word(5, 32), 0, word(6, next), 0, 0, 0];
    let third = |next| view::<Node>(bytes(&words(next))).next().expect("there are two").next().map(|node| node.value());
    assert_eq!(third(48), Some(0));
    for back in [8, 16, 32, 36] {
        assert_eq!(third(back), None, "{back}");
    }
}

#[test]
fn a_fault_stays_when_nothing_is_written_either() {
    let fault = |name: &str| measure::<Node>(|mut node| node.fill(1, name).0.set(0, 0u32));
    assert_eq!(fault("12345678"), Ok(64));
    assert_eq!(fault("123456789"), Err(Status::E_LIMIT));
    assert_eq!(fault("a\0"), Err(Status::E_ARGUMENT));
}

#[test]
fn a_text_is_cut_between_characters() {
    let words =
        [Node::LAYOUT_ID, word(48, 16), word(5, 0), word(40, 5), 0, u64::from_le_bytes(*b"a\xc3\xa9\xc3\xa9\0\0\0")];
    let name = view::<Node>(bytes(&words)).name();
    let expected = ["", "a", "a", "aé", "aé", "aéé", "aéé"];
    for (room, expected) in expected.iter().enumerate() {
        assert_eq!(name.copy_to(&mut vec![0; room]), Ok(*expected), "{room}");
    }
    let words = [Node::LAYOUT_ID, word(48, 16), word(5, 0), word(40, 2), 0, u64::from_le_bytes(*b"a\xc3\0\0\0\0\0\0")];
    let name = view::<Node>(bytes(&words)).name();
    assert!(name.copy_to(&mut [0; 8]).is_err(), "that was not cut here");
    assert_eq!(name.copy_to(&mut [0; 1]), Ok("a"));
}

#[test]
fn texts_that_all_lead_to_the_same_bytes_are_not_all_written_out() {
    // A root whose first word is taken for a slice of a thousand texts, each of which is the same 8,000 bytes.
    let mut words = vec![Node::LAYOUT_ID, word(0, 16), word(32, 1000), 0];
    words.extend([word(32 + 8 * 1000, 8000)].repeat(1000));
    words.extend([u64::from_le_bytes([b'x'; 8])].repeat(1000));
    words.push(0);
    let size = size_of_val(words.as_slice()) as u32;
    words[1] = word(size, 16);
    let texts = |count: usize, each: u32| {
        let mut words = words.clone();
        words[4..1004].fill(word(32 + 8 * 1000, each));
        words[2] = word(32, count as u32);
        format!("{:?}", View::root(bytes(&words)).texts(0, 1000, 8000))
    };
    assert_eq!(texts(2, 3), "[\"xxx\", \"xxx\"]");
    assert_eq!(texts(1000, 8000), "[..]");
    let shown = texts(1000, 100);
    assert!(shown.ends_with(", ..]") && shown.len() < 5000, "{shown}");
}
