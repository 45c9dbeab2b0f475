//! Messages by their descriptors: verified, copied, shown as JSON, made from JSON.

use std::ffi::{c_char, c_void};

use vil_core::world::Stop;
use vil_msg::{Bytes, Descriptor, Fault, PATH_SIZE, Rule, Style};

use crate::error::Failure;
use crate::guard::{hot, out};
use crate::observe::fixed;
use crate::status::vil_status_t;

/// Words of the head of a descriptor, which tells how long the whole is.
const HEAD_WORDS: usize = vil_ir::descriptor::HEAD_WORDS as usize;

/// Bytes of the path in a `vil_msg_fault_t`, its NUL included.
pub const VIL_MSG_PATH_SIZE: usize = 96;

const _: () = assert!(VIL_MSG_PATH_SIZE == PATH_SIZE + 1);

/// As style of a text: one line without blanks.
pub const VIL_JSON_COMPACT: u32 = 0;
/// As style of a text: a field a line, indented by two.
pub const VIL_JSON_PRETTY: u32 = 1;

/// Which rule of a message, or of a text that makes one, is broken.
pub type vil_msg_rule_t = u32;

/// The descriptor is one, of a level that is known, of a message that has a layout.
pub const VIL_MSG_DESCRIPTOR: vil_msg_rule_t = 1;
/// The message begins at a multiple of its alignment.
pub const VIL_MSG_ADDRESS: vil_msg_rule_t = 2;
/// The head's size is what is there or less, and enough for head and root.
pub const VIL_MSG_SIZE: vil_msg_rule_t = 3;
/// The head's layout id is the descriptor's; another version's only where its root is longer or shorter.
pub const VIL_MSG_ID: vil_msg_rule_t = 4;
/// The root lies within the message.
pub const VIL_MSG_ROOT_SIZE: vil_msg_rule_t = 5;
/// An offset is a multiple of its target's alignment.
pub const VIL_MSG_ALIGNMENT: vil_msg_rule_t = 6;
/// What is referred to lies within the message.
pub const VIL_MSG_BOUNDS: vil_msg_rule_t = 7;
/// What is referred to lies behind what refers to it.
pub const VIL_MSG_ORDER: vil_msg_rule_t = 8;
/// All targets together, each as often as it is referred to, are no more than what lies behind the root: so work is linear.
pub const VIL_MSG_OVERLAP: vil_msg_rule_t = 9;
/// An empty VSlice or VStr is all zeros.
pub const VIL_MSG_EMPTY: vil_msg_rule_t = 10;
/// A count keeps the bound of its type.
pub const VIL_MSG_BOUND: vil_msg_rule_t = 11;
/// A NUL stands behind the bytes of a VStr, and none among them.
pub const VIL_MSG_NUL: vil_msg_rule_t = 12;
/// A VStr is UTF-8.
pub const VIL_MSG_UTF8: vil_msg_rule_t = 13;
/// A bool is 0 or 1.
pub const VIL_MSG_BOOL: vil_msg_rule_t = 14;
/// A presence byte is 0 or 1.
pub const VIL_MSG_PRESENCE: vil_msg_rule_t = 15;
/// A closed enum has one of its values.
pub const VIL_MSG_ENUM: vil_msg_rule_t = 16;
/// A closed union has one of its tags.
pub const VIL_MSG_TAG: vil_msg_rule_t = 17;
/// A VRef that is not optional leads somewhere.
pub const VIL_MSG_ABSENT: vil_msg_rule_t = 18;
/// A message has at most 64 levels: structs, unions, arrays and slices that lie in one another.
pub const VIL_MSG_DEPTH: vil_msg_rule_t = 19;
/// The text is JSON.
pub const VIL_MSG_SYNTAX: vil_msg_rule_t = 20;
/// A key of the text is the name of a field or variant.
pub const VIL_MSG_NAME: vil_msg_rule_t = 21;
/// A key stands once.
pub const VIL_MSG_TWICE: vil_msg_rule_t = 22;
/// A value of the text is of the kind that its field asks for.
pub const VIL_MSG_KIND: vil_msg_rule_t = 23;
/// A value of the text is one that its field can hold.
pub const VIL_MSG_RANGE: vil_msg_rule_t = 24;

const _: () = {
    assert!(VIL_MSG_DESCRIPTOR == Rule::Descriptor as u32);
    assert!(VIL_MSG_ADDRESS == Rule::Address as u32);
    assert!(VIL_MSG_SIZE == Rule::Size as u32);
    assert!(VIL_MSG_ID == Rule::Id as u32);
    assert!(VIL_MSG_ROOT_SIZE == Rule::RootSize as u32);
    assert!(VIL_MSG_ALIGNMENT == Rule::Alignment as u32);
    assert!(VIL_MSG_BOUNDS == Rule::Bounds as u32);
    assert!(VIL_MSG_ORDER == Rule::Order as u32);
    assert!(VIL_MSG_OVERLAP == Rule::Overlap as u32);
    assert!(VIL_MSG_EMPTY == Rule::Empty as u32);
    assert!(VIL_MSG_BOUND == Rule::Bound as u32);
    assert!(VIL_MSG_NUL == Rule::Nul as u32);
    assert!(VIL_MSG_UTF8 == Rule::Utf8 as u32);
    assert!(VIL_MSG_BOOL == Rule::Bool as u32);
    assert!(VIL_MSG_PRESENCE == Rule::Presence as u32);
    assert!(VIL_MSG_ENUM == Rule::Enum as u32);
    assert!(VIL_MSG_TAG == Rule::Tag as u32);
    assert!(VIL_MSG_ABSENT == Rule::Absent as u32);
    assert!(VIL_MSG_DEPTH == Rule::Depth as u32);
    assert!(VIL_MSG_SYNTAX == Rule::Syntax as u32);
    assert!(VIL_MSG_NAME == Rule::Name as u32);
    assert!(VIL_MSG_TWICE == Rule::Twice as u32);
    assert!(VIL_MSG_KIND == Rule::Kind as u32);
    assert!(VIL_MSG_RANGE == Rule::Range as u32);
};

/// Why bytes are no message, or a text makes none. Filled with VIL_E_MESSAGE; NULL is allowed wherever one is taken.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_msg_fault_t {
    /// The rule that is broken: VIL_MSG_*.
    pub rule: vil_msg_rule_t,
    /// Where, in bytes from the message's start; from VIL_MSG_SYNTAX on, and in whatever vil_msg_from_json finds in its
    /// text, from the text's.
    pub offset: u32,
    /// What was expected: a limit or a value, as the rule has it.
    pub expected: u64,
    /// What was found.
    pub found: u64,
    /// The field, such as `points[3].label`; ends with NUL, cut at 95 bytes.
    pub path: [c_char; VIL_MSG_PATH_SIZE],
}

/// Whether bytes are a message of the descriptor's kind. Linear in their number; others may change them meanwhile.
///
/// Threads: any. Ownership: nothing is kept. NULL: `fault` may be, `descriptor` and `data` may not. Blocks: never.
/// Errors: VIL_E_MESSAGE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `descriptor` is NULL or generated, `data` is NULL or has `size` readable bytes, `fault` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_msg_verify(
    descriptor: *const u32,
    data: *const c_void,
    size: usize,
    fault: *mut vil_msg_fault_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        let bytes = bytes(data, size)?;
        told(fault, words(descriptor)?.and_then(|descriptor| vil_msg::verify(&descriptor, bytes)))?;
        Ok(())
    })
}

/// The same of messages of routes, where the first ones alone are verified: VIL_OK without a look for one of a route of which a
/// message was sound before. `*sound` is 0 at first and belongs to one port; it remembers the first 64 routes of a world, and
/// messages of later ones are verified always. `route` is the one that the message came by.
///
/// Threads: any, one at a time for one `sound`. Ownership: nothing is kept. NULL: none may be. Blocks: never.
/// Errors: VIL_E_MESSAGE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// As in vil_msg_verify; `sound` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_msg_verify_first(
    descriptor: *const u32,
    data: *const c_void,
    size: usize,
    route: u32,
    sound: *mut u64,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        vil_msg::verify_first(out(sound, "sound is NULL")?, route, || {
            let (bytes, descriptor) = (bytes(data, size)?, words(descriptor)?);
            told(std::ptr::null_mut(), descriptor.and_then(|descriptor| vil_msg::verify(&descriptor, bytes)))?;
            Ok(())
        })
    })
}

/// Copies a message that others may be changing, and verifies the copy: it stays what it was found to be. `copied` is the
/// message's size, also where `capacity` is less. `copy` is aligned as the message is, to 8 where it is relative.
///
/// Threads: any. Ownership: `copy`, `copied` and `fault` are the caller's. NULL: `fault` may be; `copy` may be where
/// `capacity` is 0. Blocks: never. Errors: VIL_E_MESSAGE, VIL_E_LIMIT (`capacity` is less than the message), VIL_E_ARGUMENT.
/// Since: 0.1.
///
/// # Safety
/// As in vil_msg_verify; `copy` has `capacity` writable bytes that are none of `data`'s, `copied` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_msg_snapshot(
    descriptor: *const u32,
    data: *const c_void,
    size: usize,
    copy: *mut c_void,
    capacity: usize,
    copied: *mut usize,
    fault: *mut vil_msg_fault_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        let (bytes, room, copied) = (bytes(data, size)?, room(copy, capacity)?, out(copied, "copied is NULL")?);
        let made = words(descriptor)?.and_then(|descriptor| vil_msg::snapshot(&descriptor, bytes, room));
        *copied = told(fault, made)? as usize;
        fits(*copied, capacity)
    })
}

/// Writes a message as JSON, verified as it is written, with a NUL behind it. `written` is the size of the text without the
/// NUL, also where it does not fit; then `text` is its beginning, cut at any byte, and a NUL. A struct is an object with the
/// fields that are there, a union an object with one member, called like its arm; enums are called by their names, NaN and the
/// infinities are texts.
///
/// Threads: any. Ownership: `text`, `written` and `fault` are the caller's. NULL: `fault` may be; `text` may be where
/// `capacity` is 0. Blocks: never. Errors: VIL_E_MESSAGE, VIL_E_LIMIT (`capacity` is less than text and NUL), VIL_E_ARGUMENT
/// (also for a style that is none). Since: 0.1.
///
/// # Safety
/// As in vil_msg_verify; `text` has `capacity` writable bytes, `written` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_msg_to_json(
    descriptor: *const u32,
    data: *const c_void,
    size: usize,
    style: u32,
    text: *mut c_char,
    capacity: usize,
    written: *mut usize,
    fault: *mut vil_msg_fault_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        let (bytes, room, written) =
            (bytes(data, size)?, room(text.cast(), capacity)?, out(written, "written is NULL")?);
        let style = style_of(style)?;
        let made = words(descriptor)?.and_then(|descriptor| vil_msg::to_json(&descriptor, bytes, style, room));
        // Where it is no message there is no text, and where there is too little room an end all the same.
        let end = made.map_or(0, |size| size.min(capacity.saturating_sub(1)));
        if let Some(place) = room.get_mut(end) {
            *place = 0;
        }
        *written = told(fault, made)?;
        fits(written.saturating_add(1), capacity)
    })
}

/// Makes a message from JSON, as vil_msg_to_json writes it, in the caller's memory, and verifies it. Keys may stand in any
/// order; a field that is not named has its default, else zero, also within structs that are not named. `made` is the
/// message's size, also where it does not fit. `data` is aligned as the message is.
///
/// Threads: any. Ownership: `data`, `made` and `fault` are the caller's; the text is not kept. NULL: `fault` may be; `data` may
/// be where `capacity` is 0. Blocks: never. Errors: VIL_E_MESSAGE, VIL_E_LIMIT (`capacity` is less than the message),
/// VIL_E_ARGUMENT (also for a text that is not UTF-8). Since: 0.1.
///
/// # Safety
/// `descriptor` is NULL or generated, `text` is NULL or has `text_size` readable bytes, `data` has `capacity` writable bytes,
/// `made` and `fault` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_msg_from_json(
    descriptor: *const u32,
    text: *const c_char,
    text_size: usize,
    data: *mut c_void,
    capacity: usize,
    made: *mut usize,
    fault: *mut vil_msg_fault_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    hot(|| unsafe {
        let (room, made) = (room(data, capacity)?, out(made, "made is NULL")?);
        if text.is_null() {
            return Err(Failure::Argument("text is NULL"));
        }
        let text = std::str::from_utf8(std::slice::from_raw_parts(text.cast::<u8>(), text_size));
        let text = text.map_err(|_| Failure::Argument("text is not UTF-8"))?;
        let built = words(descriptor)?.and_then(|descriptor| vil_msg::from_json(&descriptor, text, room));
        *made = told(fault, built)?;
        fits(*made, capacity)
    })
}

/// The words of a descriptor, as many as its head says.
///
/// # Safety
/// `descriptor` is NULL or leads to what `vil_ir::descriptor::encode` made.
unsafe fn words<'d>(descriptor: *const u32) -> Result<Result<Descriptor<'d>, Fault>, Failure> {
    // SAFETY: as promised by the caller, a descriptor has at least its head.
    let head = unsafe { descriptor.cast::<[u32; HEAD_WORDS]>().as_ref() };
    let head = head.ok_or(Failure::Argument("descriptor is NULL"))?;
    let count = Descriptor::words_of(head).unwrap_or(HEAD_WORDS);
    // SAFETY: as promised by the caller, it has the words that its head says.
    Ok(Descriptor::new(unsafe { std::slice::from_raw_parts(descriptor, count) }))
}

/// # Safety
/// `data` is NULL or has `size` readable bytes for as long as the answer is used.
unsafe fn bytes<'b>(data: *const c_void, size: usize) -> Result<Bytes<'b>, Failure> {
    if data.is_null() {
        return Err(Failure::Argument("data is NULL"));
    }
    // SAFETY: as promised by the caller.
    Ok(unsafe { Bytes::new(data.cast(), size) })
}

/// # Safety
/// `place` is NULL or has `capacity` writable bytes that nobody else uses for as long as the answer is used.
unsafe fn room<'r>(place: *mut c_void, capacity: usize) -> Result<&'r mut [u8], Failure> {
    match (place.is_null(), capacity) {
        (true, 0) => Ok(&mut []),
        (true, _) => Err(Failure::Argument("the place for the answer is NULL")),
        // SAFETY: as promised by the caller.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts_mut(place.cast(), capacity) }),
    }
}

/// Fills the caller's struct with a fault, if there are both.
///
/// # Safety
/// `place` is NULL or points to a `vil_msg_fault_t` of the caller's.
unsafe fn told<T>(place: *mut vil_msg_fault_t, made: Result<T, Fault>) -> Result<T, Failure> {
    made.map_err(|fault| {
        let Fault { rule, offset, expected, found, path } = fault;
        // SAFETY: as promised by the caller.
        if let Some(place) = unsafe { place.as_mut() } {
            *place = vil_msg_fault_t { rule: rule as u32, offset, expected, found, path: fixed(path.as_str()) };
        }
        Failure::Message
    })
}

fn fits(needed: usize, capacity: usize) -> Result<(), Failure> {
    if needed <= capacity { Ok(()) } else { Err(Failure::Hot(Stop::Fault(vil_core::base::error::Fault::Limit))) }
}

fn style_of(style: u32) -> Result<Style, Failure> {
    match style {
        VIL_JSON_COMPACT => Ok(Style::Compact),
        VIL_JSON_PRETTY => Ok(Style::Pretty),
        _ => Err(Failure::Argument("style is none of VIL_JSON_*")),
    }
}
