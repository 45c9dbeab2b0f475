//! Writers: how a struct of a relative message is written, field by field, what it refers to behind it.

use super::view::{is_indexed, most, word_size};
use super::{element, scalar, spell};
use crate::plan::{Access, Arm, Body, Element, Member, Reach, Shape, Struct, Union};
use crate::writer::{Writer, comment, rust_comment};
use vil_ir::vocabulary::Scalar;

/// A method of a writer.
struct Method {
    /// `set` or `alloc`.
    verb: &'static str,
    /// Its parameters behind `&mut self` and the index.
    parameters: String,
    /// What it answers, with the arrow.
    answers: String,
    /// What it does.
    call: String,
}

/// The writer of a struct.
pub(super) fn write(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.line(format!("/// Writes {}, each field at most once.", found.name.declared));
    out.line("#[derive(Debug)]");
    out.line(format!("pub struct {name}Writer<'w>(::vil::Pen<'w>);"));
    match &found.body {
        Body::Members(members) => fields(out, name, members),
        Body::Union(union) => arms(out, name, found.size, union),
    }
}

fn fields(out: &mut Writer, name: &str, members: &[Member]) {
    let mut written = members.iter().filter_map(|member| Some((member, member.reach.as_ref()?))).peekable();
    if written.peek().is_none() {
        return;
    }
    out.gap();
    out.block(format!("impl {name}Writer<'_> {{"), "}", |out| {
        while let Some((member, reach)) = written.next() {
            field(out, member, reach);
            if written.peek().is_some() {
                out.gap();
            }
        }
    });
}

fn field(out: &mut Writer, member: &Member, reach: &Reach) {
    let made = match &reach.access {
        Access::Each(each, count) => one_of(each, member.offset, *count),
        access => method(access, &member.offset.to_string()),
    };
    let indexed = matches!(reach.access, Access::Each(..));
    let (behind, index) = if indexed { ("_at", ", index: usize") } else { ("", "") };
    out.lines(rust_comment(&comment(&format!("@{}", member.offset), &member.note)));
    let head =
        format!("pub fn {}_{}{behind}(&mut self{index}{}){}", made.verb, reach.snake, made.parameters, made.answers);
    out.block(format!("{head} {{"), "}", |out| {
        if let Some(byte) = reach.presence {
            out.line(format!("self.0.set({byte}, 1u8);"));
        }
        if let Access::Each(each, count) = &reach.access
            && is_indexed(&reach.access)
        {
            let size = word_size(each);
            out.line(format!("let vil_at = self.0.entry({}, index, {count}, {size});", member.offset));
        }
        out.line(&made.call);
    });
}

/// The method that writes one element of an array.
fn one_of(each: &Access, at: u32, count: u32) -> Method {
    match each {
        Access::Str(bound) => Method {
            verb: "set",
            parameters: ", text: &str".to_owned(),
            answers: String::new(),
            call: format!("self.0.text_array({at}, {count}, {}).set(index, text);", most(*bound)),
        },
        Access::View(name) => Method {
            verb: "set",
            parameters: String::new(),
            answers: format!(" -> {}Writer<'_>", name.camel),
            call: format!("self.0.struct_at::<{}>({at}, {count}, index)", name.camel),
        },
        reference => method(reference, "vil_at"),
    }
}

fn method(access: &Access, at: &str) -> Method {
    let set = |parameters: String, call: String| Method { verb: "set", parameters, answers: String::new(), call };
    let alloc = |parameters: &str, answers: String, call: String| Method {
        verb: "alloc",
        parameters: parameters.to_owned(),
        answers,
        call,
    };
    match access {
        Access::Value { shape: Shape::Scalar(Scalar::Bool), .. } => {
            set(", value: bool".to_owned(), format!("self.0.set({at}, u8::from(value));"))
        }
        Access::Value { shape, .. } => set(format!(", value: {}", spell(shape)), format!("self.0.set({at}, value);")),
        Access::Flat(name) => set(format!(", value: {}", name.camel), format!("self.0.set({at}, value);")),
        Access::View(name) => Method {
            answers: format!(" -> {}Writer<'_>", name.camel),
            ..set(String::new(), format!("self.0.nested::<{}>({at})", name.camel))
        },
        Access::Array(of, count) => {
            set(format!(", values: &[{}]", element(of)), format!("self.0.array({at}, {count}, values);"))
        }
        Access::Str(bound) => set(", text: &str".to_owned(), format!("self.0.text({at}, {}, text);", most(*bound))),
        Access::Slice(of, bound) => {
            let bound = most(*bound);
            let (answers, call) = match of {
                Element::Value(_) | Element::Flat(_) => {
                    (format!("Fill<'_, {}>", element(of)), format!("slice({at}, {bound}, count)"))
                }
                Element::View(name) => {
                    (format!("Writers<'_, {}>", name.camel), format!("structs({at}, {bound}, count)"))
                }
                Element::Str(each) => ("Texts<'_>".to_owned(), format!("texts({at}, {bound}, {}, count)", most(*each))),
            };
            alloc(", count: usize", format!(" -> ::vil::{answers}"), format!("self.0.{call}"))
        }
        Access::Ref(Element::View(name)) => {
            alloc("", format!(" -> {}Writer<'_>", name.camel), format!("self.0.refer::<{}>({at})", name.camel))
        }
        Access::Ref(of) => Method {
            parameters: format!(", value: {}", element(of)),
            ..alloc("", String::new(), format!("self.0.refer_value({at}, value);"))
        },
        Access::Each(each, _) => method(each, at),
    }
}

fn arms(out: &mut Writer, name: &str, size: u32, union: &Union) {
    let tag = scalar(union.tag);
    out.gap();
    out.block(format!("impl {name}Writer<'_> {{"), "}", |out| {
        for (index, Arm { name: arm, snake, tag_upper, .. }) in union.arms.iter().enumerate() {
            if index > 0 {
                out.gap();
            }
            out.line(format!("/// Makes it {}, to be filled in.", arm.declared));
            out.block(format!("pub fn set_{snake}(&mut self) -> {}Writer<'_> {{", arm.camel), "}", |out| {
                let offset = union.arm_offset;
                out.line(format!("self.0.arm::<{tag}, {}>({size}, {name}::{tag_upper}, {offset})", arm.camel));
            });
        }
    });
}
