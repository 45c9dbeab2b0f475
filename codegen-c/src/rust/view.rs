//! Views: how a struct of a relative message is read, field by field, where it lies.

use super::{element, scalar, spell};
use crate::literal::rust_value;
use crate::plan::{Access, Arm, Body, Element, Member, Reach, Shape, Struct, Union};
use crate::writer::{Writer, comment, rust_comment};
use vil_ir::model::Value;
use vil_ir::vocabulary::Scalar;

/// What a method of a view answers.
struct Answer {
    /// Its type.
    ty: String,
    /// How it is read.
    expression: String,
    /// How `Debug` shows it, of the method's answer; `None`: not at all.
    shown: Option<String>,
}

/// The view of a struct.
pub(super) fn write(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.line(format!("/// Reads {} where it lies.", found.name.declared));
    out.line("#[derive(Clone, Copy)]");
    out.line(format!("pub struct {name}View<'a>(::vil::At<'a>);"));
    match &found.body {
        Body::Members(members) => fields(out, name, members),
        Body::Union(union) => arms(out, name, union),
    }
}

fn fields(out: &mut Writer, name: &str, members: &[Member]) {
    let read: Vec<(&Member, &Reach, Answer)> = members
        .iter()
        .filter_map(|member| member.reach.as_ref().map(|reach| (member, reach)))
        .map(with_answer)
        .collect();
    if !read.is_empty() {
        let borrows = read.iter().any(|(_, _, answer)| answer.ty.contains("'a"));
        let (generics, lifetime) = if borrows { ("<'a>", "'a") } else { ("", "'_") };
        out.gap();
        out.block(format!("impl{generics} {name}View<{lifetime}> {{"), "}", |out| {
            for (index, (member, reach, answer)) in read.iter().enumerate() {
                if index > 0 {
                    out.gap();
                }
                out.lines(rust_comment(&comment(&format!("@{}", member.offset), &member.note)));
                let head = if is_indexed(&reach.access) {
                    format!("{}_at(&self, index: usize)", reach.snake)
                } else {
                    format!("{}(&self)", member.name)
                };
                out.block(format!("pub fn {head} -> {} {{", answer.ty), "}", |out| out.line(&answer.expression));
            }
        });
    }
    debug(out, name, |out| {
        out.line(format!("f.debug_struct(\"{name}\")"));
        out.inset(|out| {
            for (member, _, answer) in &read {
                if let Some(shown) = &answer.shown {
                    out.line(format!(".field(\"{0}\", &self.{0}(){shown})", member.name));
                }
            }
            out.line(".finish()");
        });
    });
}

fn with_answer<'m>((member, reach): (&'m Member, &'m Reach)) -> (&'m Member, &'m Reach, Answer) {
    let answer = answer(&reach.access, &member.offset.to_string());
    let answer = match reach.presence {
        Some(byte) => Answer {
            ty: format!("::core::option::Option<{}>", answer.ty),
            expression: format!("self.0.flag({byte}).then(|| {})", answer.expression),
            shown: answer.shown,
        },
        None => answer,
    };
    (member, reach, answer)
}

/// Whether its method has an index: where each element of an array is reached by a reference of its own.
pub(super) fn is_indexed(access: &Access) -> bool {
    matches!(access, Access::Each(each, _) if matches!(**each, Access::Slice(..) | Access::Ref(_)))
}

fn answer(access: &Access, at: &str) -> Answer {
    let shown = |ty: String, expression: String| Answer { ty, expression, shown: Some(String::new()) };
    match access {
        Access::Value { shape: shape @ Shape::Scalar(Scalar::Bool), default } => {
            shown("bool".to_owned(), format!("self.0.get::<u8>({at}){} != 0", or_default(shape, default)))
        }
        Access::Value { shape, default } => {
            shown(spell(shape), format!("self.0.get({at}){}", or_default(shape, default)))
        }
        Access::Flat(name) => shown(name.camel.clone(), format!("self.0.get({at}).unwrap_or_default()")),
        Access::View(name) => {
            shown(format!("{}View<'a>", name.camel), format!("self.0.nested::<{}>({at})", name.camel))
        }
        Access::Array(of, count) => {
            shown(format!("::vil::Slice<'a, {}>", element(of)), format!("self.0.array({at}, {count})"))
        }
        Access::Str(bound) => shown("::vil::Str<'a>".to_owned(), format!("self.0.text({at}, {})", most(*bound))),
        Access::Slice(of, bound) => slice(of, at, &most(*bound)),
        Access::Ref(of) => {
            let (ty, follow) = match of {
                Element::View(name) => (format!("{}View<'a>", name.camel), format!("follow::<{}>", name.camel)),
                other => (element(other), "follow_value".to_owned()),
            };
            let ty = format!("::core::option::Option<{ty}>");
            Answer { ty, expression: format!("self.0.{follow}({at})"), shown: Some(".is_some()".to_owned()) }
        }
        Access::Each(each, count) => match &**each {
            Access::Str(bound) => {
                shown("::vil::Strs<'a>".to_owned(), format!("self.0.text_array({at}, {count}, {})", most(*bound)))
            }
            Access::View(name) => {
                shown(format!("::vil::Views<'a, {}>", name.camel), format!("self.0.view_array({at}, {count})"))
            }
            other => {
                let entry = format!("self.0.entry({at}, index, {count}, {})", word_size(other));
                Answer { shown: None, ..answer(other, &entry) }
            }
        },
    }
}

fn slice(of: &Element, at: &str, bound: &str) -> Answer {
    let (ty, expression) = match of {
        Element::Value(_) | Element::Flat(_) => {
            (format!("::vil::Slice<'a, {}>", element(of)), format!("self.0.slice({at}, {bound})"))
        }
        Element::View(name) => (format!("::vil::Views<'a, {}>", name.camel), format!("self.0.views({at}, {bound})")),
        Element::Str(each) => ("::vil::Strs<'a>".to_owned(), format!("self.0.texts({at}, {bound}, {})", most(*each))),
    };
    Answer { ty, expression, shown: Some(String::new()) }
}

/// Bytes of the word of a reference.
pub(super) fn word_size(access: &Access) -> u32 {
    if matches!(access, Access::Ref(_)) { 4 } else { 8 }
}

/// A bound, or the most that a word can say.
pub(super) fn most(bound: Option<u32>) -> String {
    bound.map_or_else(|| "u32::MAX".to_owned(), |bound| bound.to_string())
}

/// What stands in for a value that is not there.
fn or_default(shape: &Shape, default: &Option<Value>) -> String {
    match (shape, default) {
        (Shape::Scalar(Scalar::Bool) | Shape::StoredEnum(..), Some(value)) => {
            format!(".unwrap_or({})", rust_value(value, Scalar::U64))
        }
        (Shape::Scalar(found), Some(value)) => format!(".unwrap_or({})", rust_value(value, *found)),
        (Shape::Enum(name), Some(value)) => {
            format!(".unwrap_or({}({}))", name.camel, rust_value(value, Scalar::U64))
        }
        _ => ".unwrap_or_default()".to_owned(),
    }
}

fn arms(out: &mut Writer, name: &str, union: &Union) {
    let tag = scalar(union.tag);
    out.gap();
    out.block(format!("impl<'a> {name}View<'a> {{"), "}", |out| {
        out.line(if union.open { "/// Which arm it is; others than these are legal." } else { "/// Which arm it is." });
        out.block(format!("pub fn tag(&self) -> {tag} {{"), "}", |out| out.line("self.0.get(0).unwrap_or_default()"));
        for Arm { name: arm, snake, tag_upper, .. } in &union.arms {
            out.gap();
            out.line(format!("/// The {} in it; none when it is something else.", arm.declared));
            let head = format!("pub fn as_{snake}(&self) -> ::core::option::Option<{}View<'a>> {{", arm.camel);
            out.block(head, "}", |out| {
                let is_it = format!("self.0.get::<{tag}>(0) == Some({name}::{tag_upper})");
                out.line(format!("({is_it}).then(|| self.0.nested::<{}>({}))", arm.camel, union.arm_offset));
            });
        }
    });
    debug(out, name, |out| {
        for arm in &union.arms {
            out.block(format!("if let Some(arm) = self.as_{}() {{", arm.snake), "}", |out| {
                out.line("return ::core::fmt::Debug::fmt(&arm, f);");
            });
        }
        out.line(format!("write!(f, \"{name}(tag {{}})\", self.tag())"));
    });
}

fn debug(out: &mut Writer, name: &str, inner: impl FnOnce(&mut Writer)) {
    out.gap();
    out.block(format!("impl ::core::fmt::Debug for {name}View<'_> {{"), "}", |out| {
        out.block("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {", "}", inner);
    });
}
