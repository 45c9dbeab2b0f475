//! The canonical text of a layout, and the numbers made from it.
//!
//! Two programs exchange a message when the layout texts are equal. The text is readable, so that a mismatch is
//! answered with the field that differs; the number is what is compared on every attach. Docs, units, ranges and
//! annotations are no part of it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::layout::{Layout, LayoutBody, Layouts, Member, Shape, What};
use crate::model::{Body, Field, Message, Named, Program};
use crate::vocabulary::Profile;

/// The layout text of a message: itself first, then every type it uses, by value or by reference, in the order of first
/// use. Of an external message it says what its bytes are.
///
/// One line a member, `@offset #id name: type`; the shape is documented in docs/ir.md and is part of the contract. Types
/// are called by their full names, so that a message has one text in its own package and wherever it is imported.
pub fn layout_text(program: &Program, layouts: &Layouts, message: &str) -> String {
    let mut text = String::from("vil-layout 1\n");
    if let Some(found) = program.messages.get(message).filter(|found| found.layout == Some(Profile::External)) {
        external(program, message, found, &mut text);
        return text;
    }
    let mut seen = Named::from_iter([(message.to_owned(), ())]);
    let mut queue = vec![message.to_owned()];
    let mut next = 0;
    while next < queue.len() {
        let name = queue[next].clone();
        let is_root = next == 0;
        next += 1;
        for used in describe(program, layouts, &name, is_root, &mut text) {
            if seen.insert(used.clone(), ()).is_none() {
                queue.push(used);
            }
        }
    }
    text
}

/// The 64-bit layout id: the first 8 bytes of the text's SHA-256, little-endian; never 0.
pub fn layout_id(text: &str) -> u64 {
    let digest = sha256(text.as_bytes());
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first).max(1)
}

/// SHA-256, 32 bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The one line of an external message; nobody but its adapter looks into it.
fn external(program: &Program, name: &str, message: &Message, text: &mut String) {
    let said = |key: &Option<String>| key.as_deref().unwrap_or("?").escape_debug().to_string();
    let (media, adapter) = (said(&message.media_type), said(&message.adapter));
    let _ = writeln!(text, "external {}: media {media} adapter {adapter}", full(program, name));
}

/// Writes one type's lines and answers the types it uses, in order. The root of a relative message says so; used as a
/// type, the same message is a struct like any other.
fn describe(program: &Program, layouts: &Layouts, name: &str, is_root: bool, text: &mut String) -> Vec<String> {
    let mut used = Vec::new();
    if let Some(found) = program.enums.get(name) {
        let open = if found.open { " open" } else { "" };
        let _ = writeln!(text, "enum {}: {}{open}", full(program, name), found.repr);
        return used;
    }
    let Some(layout) = layouts.types.get(name) else { return used };
    let body = match (program.structs.get(name), program.messages.get(name)) {
        (Some(found), _) => &found.body,
        (None, Some(found)) => &found.body,
        (None, None) => return used,
    };
    let Layout { size, align, body: laid, .. } = layout;
    let is_relative = is_root && layout.profile == Profile::Relative && program.messages.contains_key(name);
    let (fields, variants) = if is_relative { ("relative", "relative union") } else { ("struct", "union") };
    match (laid, body) {
        (LayoutBody::Members(members), Body::Fields(declared)) => {
            let _ = writeln!(text, "{fields} {}: size {size} align {align}", full(program, name));
            members_text(program, members, declared, "  ", text, &mut used);
        }
        (LayoutBody::Union(union), Body::Variants(declared)) => {
            let open = if union.open { " open" } else { "" };
            let _ = writeln!(
                text,
                "{variants} {}: size {size} align {align} tag {}{open} arms @{}",
                full(program, name),
                union.tag,
                union.arm_offset
            );
            for (arm, declared) in union.arms.iter().zip(&declared.arms) {
                let _ = writeln!(text, "  arm {} = {}: size {} align {}", arm.name, arm.tag, arm.size, arm.align);
                members_text(program, &arm.members, &declared.fields, "    ", text, &mut used);
            }
        }
        _ => {}
    }
    used
}

/// A name with its package in front.
pub(crate) fn full(program: &Program, name: &str) -> String {
    match &program.package {
        Some(package) if !name.contains('.') => format!("{package}.{name}"),
        _ => name.to_owned(),
    }
}

fn members_text(
    program: &Program,
    members: &[Member],
    fields: &[Field],
    indent: &str,
    text: &mut String,
    used: &mut Vec<String>,
) {
    for member in members {
        match &member.what {
            What::Field { name, position, shape } => {
                let id = fields.get(*position).and_then(|field| field.id).unwrap_or(*position as u32 + 1);
                let _ = writeln!(text, "{indent}@{} #{id} {name}: {}", member.offset, shape_text(program, shape, used));
            }
            What::Presence { of } => {
                let _ = writeln!(text, "{indent}@{} has {of}", member.offset);
            }
            What::Padding => {}
        }
    }
}

fn shape_text(program: &Program, shape: &Shape, used: &mut Vec<String>) -> String {
    match shape {
        Shape::Scalar(scalar) => scalar.word().to_owned(),
        Shape::Enum { name, storage } => {
            used.push(name.clone());
            format!("{} as {storage}", full(program, name))
        }
        Shape::Struct { name, .. } => {
            used.push(name.clone());
            full(program, name)
        }
        Shape::Array { element, count } => format!("[{}; {count}]", shape_text(program, element, used)),
        Shape::Slice { element, bound } => {
            let bound = bound.map_or(String::new(), |bound| format!(", {bound}"));
            format!("VSlice<{}{bound}>", shape_text(program, element, used))
        }
        Shape::Str { bound: Some(bound) } => format!("VStr<{bound}>"),
        Shape::Str { bound: None } => "VStr".to_owned(),
        Shape::Ref { name } => {
            used.push(name.clone());
            format!("VRef<{}>", full(program, name))
        }
    }
}
