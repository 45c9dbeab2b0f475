//! What the crate `vil` is told of relative messages: traits of their structs, and of what lies in them.

use super::{types, views, writers};
use crate::plan::{Message, Struct};
use crate::writer::Writer;

/// A struct with a view: the view, the writer, and the trait that leads to both.
pub(super) fn write(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.line("// SAFETY: repr(C) with the offsets asserted above, which are those that view and writer go by.");
    out.block(format!("unsafe impl ::vil::Struct for {name} {{"), "}", |out| {
        out.line(format!("type View<'a> = {name}View<'a>;"));
        out.line(format!("type Writer<'w> = {name}Writer<'w>;"));
        out.gap();
        out.block(format!("fn view(at: ::vil::View<'_>) -> {name}View<'_> {{"), "}", |out| {
            out.line(format!("{name}View(at)"));
        });
        out.gap();
        out.block(format!("fn writer(writer: ::vil::Writer<'_>) -> {name}Writer<'_> {{"), "}", |out| {
            out.line(format!("{name}Writer(writer)"));
        });
    });
    views::write(out, found);
    writers::write(out, found);
}

/// What has no invalid bit pattern and no hole.
pub(super) fn plain(out: &mut Writer, name: &str) {
    out.gap();
    out.line("// SAFETY: integers, floats and arrays of them only, every hole a member.");
    out.line(format!("unsafe impl ::vil::Plain for {name} {{}}"));
}

/// A relative message: its contract, and the size of its root.
pub(super) fn message(out: &mut Writer, found: &Struct, message: &Message) {
    let name = &found.name.camel;
    out.gap();
    out.line("// SAFETY: id and text are those of this layout, and its slots have max_bytes.");
    out.block(format!("unsafe impl ::vil::Carried for {name} {{"), "}", |out| {
        types::layout(out, &found.name.declared, message);
        out.line("const RELATIVE: bool = true;");
        out.line(format!("const SIZE: u32 = {};", message.max_bytes));
        out.line(format!("const ALIGN: u32 = {};", message.align));
    });
    out.gap();
    out.line("// SAFETY: the last field ends within the struct.");
    out.block(format!("unsafe impl ::vil::Relative for {name} {{"), "}", |out| {
        out.line(format!("const ROOT_SIZE: u32 = {};", message.root_size));
    });
}
