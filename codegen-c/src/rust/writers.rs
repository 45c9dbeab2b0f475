//! Writers: how a struct of a relative message is written, field by field, what it refers to behind it.

use super::views::{is_indexed, most};
use super::{plain, scalar, stored};
use crate::plan::{Access, Arm, Body, Element, Kind, Member, Reach, Struct, Target, Union};
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
    out.line(format!("pub struct {name}Writer<'w>(::vil::Writer<'w>);"));
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
        Access::Each { each, count, .. } => one_of(each, member.offset, *count),
        access => method(access, &member.offset.to_string()),
    };
    let indexed = matches!(reach.access, Access::Each { .. });
    let (behind, index) = if indexed { ("_at", ", index: usize") } else { ("", "") };
    out.lines(rust_comment(&comment(&format!("@{}", member.offset), &member.note)));
    let head =
        format!("pub fn {}_{}{behind}(&mut self{index}{}){}", made.verb, reach.snake, made.parameters, made.answers);
    out.block(format!("{head} {{"), "}", |out| {
        if let Some(byte) = reach.presence {
            out.line(format!("self.0.set({byte}, 1u8);"));
        }
        if let Access::Each { count, stride, .. } = &reach.access
            && is_indexed(&reach.access)
        {
            out.line(format!("let vil_at = self.0.entry({}, index, {count}, {stride});", member.offset));
        }
        out.line(&made.call);
    });
}

/// The method that writes one element of an array.
fn one_of(each: &Kind, at: u32, count: u32) -> Method {
    match each {
        Kind::Str(bound) => Method {
            parameters: ", text: &str".to_owned(),
            ..does(each, format!("self.0.text_array({at}, {count}, {}).set(index, text);", most(*bound)))
        },
        Kind::View(name) => Method {
            answers: format!(" -> {}Writer<'_>", name.camel),
            ..does(each, format!("self.0.struct_at::<{}>({at}, {count}, index)", name.camel))
        },
        Kind::Slice(..) | Kind::Ref(_) => of_kind(each, "vil_at"),
    }
}

fn method(access: &Access, at: &str) -> Method {
    let set = |parameters: String, call: String| Method { verb: "set", parameters, answers: String::new(), call };
    match access {
        Access::Number { number, .. } => match number.storage() {
            Scalar::Bool => set(", value: bool".to_owned(), format!("self.0.set({at}, u8::from(value));")),
            _ => set(format!(", value: {}", stored(number)), format!("self.0.set({at}, value);")),
        },
        Access::Flat(name) => set(format!(", value: {}", name.camel), format!("self.0.set({at}, value);")),
        Access::Array(of, count) => {
            set(format!(", values: &[{}]", plain(of)), format!("self.0.array({at}, {count}, values);"))
        }
        Access::Kind(kind) | Access::Each { each: kind, .. } => of_kind(kind, at),
    }
}

/// A method that takes and answers nothing.
fn does(kind: &Kind, call: String) -> Method {
    Method { verb: kind.verb(), parameters: String::new(), answers: String::new(), call }
}

fn of_kind(kind: &Kind, at: &str) -> Method {
    match kind {
        Kind::View(name) => Method {
            answers: format!(" -> {}Writer<'_>", name.camel),
            ..does(kind, format!("self.0.nested::<{}>({at})", name.camel))
        },
        Kind::Str(bound) => Method {
            parameters: ", text: &str".to_owned(),
            ..does(kind, format!("self.0.text({at}, {}, text);", most(*bound)))
        },
        Kind::Slice(of, bound) => {
            let bound = most(*bound);
            let (answers, call) = match of {
                Element::Plain(of) => {
                    (format!("SliceWriter<'_, {}>", plain(of)), format!("slice({at}, {bound}, count)"))
                }
                Element::View(name) => {
                    (format!("Writers<'_, {}>", name.camel), format!("structs({at}, {bound}, count)"))
                }
                Element::Str(each) => {
                    ("StrWriters<'_>".to_owned(), format!("texts({at}, {bound}, {}, count)", most(*each)))
                }
            };
            Method {
                parameters: ", count: usize".to_owned(),
                answers: format!(" -> ::vil::{answers}"),
                ..does(kind, format!("self.0.{call}"))
            }
        }
        Kind::Ref(Target::View(name)) => Method {
            answers: format!(" -> {}Writer<'_>", name.camel),
            ..does(kind, format!("self.0.refer::<{}>({at})", name.camel))
        },
        Kind::Ref(Target::Flat(name)) => Method {
            parameters: format!(", value: {}", name.camel),
            ..does(kind, format!("self.0.refer_value({at}, value);"))
        },
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
