//! Constants, enums, structs, asserts, checks and the message trait.

use vil_ir::vocabulary::Profile;

use super::{check, relative, scalar, spell};
use crate::literal::{rust_string, rust_value};
use crate::plan::{Arm, Body, Constant, ConstantValue, Enum, External, Message, Role, Struct, Union, Unit};
use crate::writer::{Writer, comment, rust_comment};

/// Everything that is not about processes.
pub(super) fn write(out: &mut Writer, unit: &Unit) {
    let mut first = true;
    for constant in &unit.constants {
        self::constant(out, constant);
        first = false;
    }
    for found in &unit.enums {
        if !std::mem::take(&mut first) {
            out.gap();
        }
        enumeration(out, found);
        if unit.first_viewed().is_some() {
            relative::plain(out, &found.name.camel);
        }
    }
    for found in &unit.types {
        if !std::mem::take(&mut first) {
            out.gap();
        }
        if found.view.is_some_and(|view| view.references) {
            words(out, found);
        } else {
            structure(out, unit, found);
            if unit.first_viewed().is_some() {
                relative::plain(out, &found.name.camel);
            }
        }
        match &found.message {
            Some(message) if message.profile == Profile::Relative => relative::message(out, found, message),
            Some(message) => self::message(out, found, message),
            None => {}
        }
        if found.view.is_some() {
            relative::write(out, found);
        }
    }
    for found in &unit.externals {
        if !std::mem::take(&mut first) {
            out.gap();
        }
        external(out, found);
    }
}

/// An external message: a type that only names it.
fn external(out: &mut Writer, found: &External) {
    let name = &found.name.camel;
    let lead = format!("{}, external: {} by the adapter {}", found.name.declared, found.media_type, found.adapter);
    out.lines(rust_comment(&comment(&lead, &found.note)));
    out.line("#[derive(Debug)]");
    out.line(format!("pub enum {name} {{}}"));
    if !found.constants.is_empty() {
        out.gap();
        out.block(format!("impl {name} {{"), "}", |out| {
            found.constants.iter().for_each(|found| constant(out, found));
        });
    }
    out.gap();
    out.line("// SAFETY: id and text are those of this message, and its slots have max_bytes.");
    out.block(format!("unsafe impl ::vil::Carried for {name} {{"), "}", |out| {
        layout(out, &found.name.declared, &found.message);
        out.line("const EXTERNAL: bool = true;");
        out.line(format!("const SIZE: u32 = {};", found.message.max_bytes));
        out.line(format!("const ALIGN: u32 = {};", found.message.align));
    });
    out.gap();
    out.line("// SAFETY: the program says that it is external.");
    out.block(format!("unsafe impl ::vil::External for {name} {{"), "}", |out| {
        out.line(format!("const MEDIA_TYPE: &'static str = {};", rust_string(&found.media_type)));
        out.line(format!("const ADAPTER: &'static str = {};", rust_string(&found.adapter)));
    });
}

fn constant(out: &mut Writer, constant: &Constant) {
    out.lines(rust_comment(&comment(&constant.upper, &constant.note)));
    let (ty, value) = match &constant.value {
        ConstantValue::Text(text) => ("&str", rust_string(text)),
        ConstantValue::Number(value) => (scalar(value.scalar()), rust_value(*value)),
    };
    out.line(format!("pub const {}: {ty} = {value};", constant.upper));
}

fn enumeration(out: &mut Writer, found: &Enum) {
    let (name, repr) = (&found.name.camel, scalar(found.repr));
    out.lines(rust_comment(&comment(&found.name.declared, &found.note)));
    out.line("#[repr(transparent)]");
    out.line("#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]");
    out.line(format!("pub struct {name}(pub {repr});"));
    out.gap();
    out.block(format!("impl {name} {{"), "}", |out| {
        for value in &found.values {
            out.lines(rust_comment(&comment(&value.declared, &value.note)));
            out.line(format!("pub const {}: {name} = {name}({});", value.upper, value.value));
        }
        if !found.values.is_empty() {
            out.gap();
        }
        out.line("/// The value's name; none for a number without one.");
        out.block("pub const fn name(self) -> ::core::option::Option<&'static str> {", "}", |out| {
            if found.values.is_empty() {
                out.line("None");
                return;
            }
            out.block("match self.0 {", "}", |out| {
                for value in found.values.iter().filter(|value| value.first) {
                    out.line(format!("{} => Some({}),", value.value, rust_string(&value.declared)));
                }
                out.line("_ => None,");
            });
        });
        out.gap();
        let what = if found.mask.is_some() { "all bits that are set have a name" } else { "the number has a name" };
        out.line(format!("/// Whether {what}."));
        out.block("pub const fn is_known(self) -> bool {", "}", |out| match found.mask {
            Some(bits) => out.line(format!("self.0 | {bits} == {bits}")),
            None => out.line("self.name().is_some()"),
        });
        if found.mask.is_some() {
            out.gap();
            out.line("/// Whether all these bits are set.");
            out.block("pub const fn contains(self, bits: Self) -> bool {", "}", |out| {
                out.line("self.0 & bits.0 == bits.0");
            });
        }
    });
    if found.mask.is_some() {
        for (operator, method, sign) in [("BitOr", "bitor", "|"), ("BitAnd", "bitand", "&")] {
            out.gap();
            out.block(format!("impl ::core::ops::{operator} for {name} {{"), "}", |out| {
                out.line("type Output = Self;");
                out.gap();
                out.block(format!("fn {method}(self, other: Self) -> Self {{"), "}", |out| {
                    out.line(format!("{name}(self.0 {sign} other.0)"));
                });
            });
        }
    }
}

fn structure(out: &mut Writer, unit: &Unit, found: &Struct) {
    let name = &found.name.camel;
    if let Body::Union(union) = &found.body {
        area(out, found, union);
    }
    out.lines(rust_comment(&comment(&found.name.declared, &found.note)));
    out.line("#[repr(C)]");
    match &found.body {
        Body::Members(members) => {
            out.line("#[derive(Clone, Copy, Debug, PartialEq)]");
            out.block(format!("pub struct {name} {{"), "}", |out| {
                for member in members {
                    let lead = match member.role {
                        Role::Padding => format!("@{}: padding, zero", member.offset),
                        Role::Field | Role::Presence => format!("@{}", member.offset),
                    };
                    out.lines(rust_comment(&comment(&lead, &member.note)));
                    out.line(format!("pub {}: {},", member.name, spell(&member.shape)));
                }
            });
        }
        Body::Union(union) => {
            out.line("#[derive(Clone, Copy)]");
            out.block(format!("pub struct {name} {{"), "}", |out| tagged(out, name, union));
        }
    }
    asserts(out, found);
    default(out, name);
    out.gap();
    out.block(format!("impl {name} {{"), "}", |out| {
        for constant in &found.constants {
            self::constant(out, constant);
        }
        if !found.constants.is_empty() {
            out.gap();
        }
        if let Body::Union(union) = &found.body {
            accessors(out, unit, found, union);
        }
        check::write(out, found);
    });
    if let Body::Union(union) = &found.body {
        by_tag(out, found, union);
    }
}

/// A struct with references as it lies: the words of its references are numbers, and nobody builds or reads it as a value.
fn words(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    if let Body::Union(union) = &found.body {
        area(out, found, union);
    }
    out.lines(rust_comment(&comment(&found.name.declared, &found.note)));
    out.line("///");
    out.line(format!("/// Its bytes are read by [`{name}View`] and written by [`{name}Writer`]."));
    out.line("#[repr(C)]");
    out.line("#[derive(Clone, Copy)]");
    out.block(format!("pub struct {name} {{"), "}", |out| match &found.body {
        Body::Members(members) => {
            out.lines(members.iter().map(|member| format!("{}: {},", member.name, spell(&member.shape))));
        }
        Body::Union(union) => tagged(out, name, union),
    });
    asserts(out, found);
    let tags = match &found.body {
        Body::Union(union) => Some(union),
        Body::Members(_) => None,
    };
    if tags.is_none() && found.constants.is_empty() {
        return;
    }
    out.gap();
    out.block(format!("impl {name} {{"), "}", |out| {
        for constant in &found.constants {
            self::constant(out, constant);
        }
        if let Some(union) = tags {
            self::tags(out, union);
        }
    });
}

fn tagged(out: &mut Writer, name: &str, union: &Union) {
    out.line(format!("vil_tag: {},", scalar(union.tag)));
    if union.gap > 0 {
        out.line(format!("vil_pad_{}: [u8; {}],", union.tag.size(), union.gap));
    }
    out.line(format!("vil_arm: {name}Arms,"));
}

fn tags(out: &mut Writer, union: &Union) {
    for arm in &union.arms {
        out.line(format!("/// The tag of {}.", arm.name.declared));
        out.line(format!("pub const {}: {} = {};", arm.tag_upper, scalar(union.tag), arm.tag));
    }
}

/// The union that all arms share; private, so that nobody can leave a byte of it unwritten.
fn area(out: &mut Writer, found: &Struct, union: &Union) {
    let name = &found.name.camel;
    out.line("#[repr(C)]");
    out.line("#[derive(Clone, Copy)]");
    out.block(format!("union {name}Arms {{"), "}", |out| {
        out.line(format!("vil_bytes: [u8; {}],", union.arm_size));
        for arm in &union.arms {
            out.line(format!("{}: {},", arm.member, arm.name.camel));
        }
    });
    out.gap();
}

fn asserts(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.block("const _: () = {", "};", |out| {
        out.line(format!("assert!(::core::mem::size_of::<{name}>() == {});", found.size));
        out.line(format!("assert!(::core::mem::align_of::<{name}>() == {});", found.align));
        let mut offset = |member: &str, at: u32| {
            out.line(format!("assert!(::core::mem::offset_of!({name}, {member}) == {at});"));
        };
        match &found.body {
            Body::Members(members) => members.iter().for_each(|member| offset(&member.name, member.offset)),
            Body::Union(union) => {
                offset("vil_tag", 0);
                offset("vil_arm", union.arm_offset);
            }
        }
    });
}

fn default(out: &mut Writer, name: &str) {
    out.gap();
    out.block(format!("impl ::core::default::Default for {name} {{"), "}", |out| {
        out.line("/// All bytes zero, padding included.");
        out.block("fn default() -> Self {", "}", |out| {
            out.line("// SAFETY: integers, floats and arrays of them only, for which all zeroes is a value.");
            out.line("unsafe { ::core::mem::zeroed() }");
        });
    });
}

fn accessors(out: &mut Writer, unit: &Unit, found: &Struct, union: &Union) {
    let tag = scalar(union.tag);
    tags(out, union);
    out.gap();
    out.line(if union.open { "/// Which arm it is; others than these are legal." } else { "/// Which arm it is." });
    out.block(format!("pub const fn tag(&self) -> {tag} {{"), "}", |out| out.line("self.vil_tag"));
    out.gap();
    for arm in &union.arms {
        arm_accessors(out, arm);
        constructor(out, unit, found, arm);
    }
}

fn arm_accessors(out: &mut Writer, arm: &Arm) {
    let (ty, member) = (&arm.name.camel, &arm.member);
    out.line(format!("/// The {} in it; none when it is something else.", arm.name.declared));
    out.block(format!("pub fn as_{}(&self) -> ::core::option::Option<&{ty}> {{", arm.snake), "}", |out| {
        out.block(format!("if self.vil_tag != Self::{} {{", arm.tag_upper), "}", |out| out.line("return None;"));
        out.line("// SAFETY: every byte of the area is written, and every bit pattern is a value of every arm.");
        out.line(format!("Some(unsafe {{ &self.vil_arm.{member} }})"));
    });
    out.gap();
    out.line(format!("/// Zeroes everything and makes it {}, to be filled in.", arm.name.declared));
    out.block(format!("pub fn set_{}(&mut self) -> &mut {ty} {{", arm.snake), "}", |out| {
        out.line("*self = Self::default();");
        out.line(format!("self.vil_tag = Self::{};", arm.tag_upper));
        out.line("// SAFETY: every byte of the area was written just now, and every bit pattern is a value.");
        out.line(format!("unsafe {{ &mut self.vil_arm.{member} }}"));
    });
    out.gap();
}

fn constructor(out: &mut Writer, unit: &Unit, found: &Struct, arm: &Arm) {
    let Some(fields) = unit.fields_of(arm) else { return };
    let params: Vec<String> =
        fields.iter().map(|member| format!("{}: {}", member.name, spell(&member.shape))).collect();
    out.line(format!("/// {} with these values.", arm.name.declared));
    out.block(format!("pub fn {}({}) -> Self {{", arm.constructor, params.join(", ")), "}", |out| {
        out.line(format!("let mut vil_made = {}::default();", found.name.camel));
        match fields.is_empty() {
            true => out.line(format!("vil_made.set_{}();", arm.snake)),
            false => out.line(format!("let vil_to = vil_made.set_{}();", arm.snake)),
        }
        for member in &fields {
            out.line(format!("vil_to.{0} = {0};", member.name));
        }
        out.line("vil_made");
    });
    out.gap();
}

/// Debug and equality go by the tag.
fn by_tag(out: &mut Writer, found: &Struct, union: &Union) {
    let name = &found.name.camel;
    out.gap();
    out.block(format!("impl ::core::cmp::PartialEq for {name} {{"), "}", |out| {
        out.line("/// Byte by byte.");
        out.block("fn eq(&self, other: &Self) -> bool {", "}", |out| {
            out.line("// SAFETY: every byte of the area is written.");
            out.line("let (left, right) = unsafe { (&self.vil_arm.vil_bytes, &other.vil_arm.vil_bytes) };");
            out.line("self.vil_tag == other.vil_tag && left == right");
        });
    });
    out.gap();
    out.block(format!("impl ::core::fmt::Debug for {name} {{"), "}", |out| {
        out.block("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {", "}", |out| {
            for arm in &union.arms {
                out.block(format!("if let Some(arm) = self.as_{}() {{", arm.snake), "}", |out| {
                    out.line("return ::core::fmt::Debug::fmt(arm, f);");
                });
            }
            out.line(format!("write!(f, \"{name}(tag {{}})\", self.vil_tag)"));
        });
    });
}

fn message(out: &mut Writer, found: &Struct, message: &Message) {
    let name = &found.name.camel;
    out.gap();
    out.line(
        "// SAFETY: repr(C) with the offsets asserted above, integers, floats and arrays of them only, every hole a",
    );
    out.line("// member; id and text are those of this layout.");
    out.block(format!("unsafe impl ::vil::Message for {name} {{"), "}", |out| {
        layout(out, &found.name.declared, message)
    });
}

/// What its message is called and how it lies, as constants of a trait.
pub(super) fn layout(out: &mut Writer, declared: &str, message: &Message) {
    out.line(format!("const NAME: &'static ::core::ffi::CStr = c{};", rust_string(declared)));
    out.line(format!("const LAYOUT_ID: u64 = {:#018x};", message.layout_id));
    let text = &message.layout_text;
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    out.line(format!("const LAYOUT_TEXT: &'static ::core::ffi::CStr = cr\"{}", lines.next().unwrap_or("")));
    out.verbatim(lines);
    out.verbatim(["\";"]);
    out.block("const DESCRIPTOR: &'static [u32] = &[", "];", |out| {
        for row in message.descriptor.chunks(8) {
            out.line(row.iter().map(|word| format!("{word:#010x}")).collect::<Vec<_>>().join(", ") + ",");
        }
    });
}
