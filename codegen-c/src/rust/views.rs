//! Views: how a struct of a relative message is read, field by field, where it lies.

use super::{plain, scalar, stored};
use crate::literal::rust_value;
use crate::plan::{Access, Arm, Body, Element, Kind, Literal, Member, Number, Reach, Struct, Target, Union};
use crate::writer::{Writer, comment, rust_comment};
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
    out.line(format!("pub struct {name}View<'a>(::vil::View<'a>);"));
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
    matches!(access, Access::Each { each: Kind::Slice(..) | Kind::Ref(_), .. })
}

fn answer(access: &Access, at: &str) -> Answer {
    match access {
        Access::Number { number, default } => {
            let read = format!("({at}){}", or_default(number, *default));
            match number.storage() {
                Scalar::Bool => shown("bool", format!("self.0.get::<u8>{read} != 0")),
                _ => shown(stored(number), format!("self.0.get{read}")),
            }
        }
        Access::Flat(name) => shown(&name.camel, format!("self.0.get({at}).unwrap_or_default()")),
        Access::Array(of, count) => {
            shown(format!("::vil::Slice<'a, {}>", plain(of)), format!("self.0.array({at}, {count})"))
        }
        Access::Kind(kind) => of_kind(kind, at),
        Access::Each { each, count, stride } => match each {
            Kind::Str(bound) => shown("::vil::Strs<'a>", format!("self.0.text_array({at}, {count}, {})", most(*bound))),
            Kind::View(name) => {
                shown(format!("::vil::Views<'a, {}>", name.camel), format!("self.0.view_array({at}, {count})"))
            }
            Kind::Slice(..) | Kind::Ref(_) => {
                let entry = format!("self.0.entry({at}, index, {count}, {stride})");
                Answer { shown: None, ..of_kind(each, &entry) }
            }
        },
    }
}

/// What `Debug` shows as it is.
fn shown(ty: impl Into<String>, expression: String) -> Answer {
    Answer { ty: ty.into(), expression, shown: Some(String::new()) }
}

fn of_kind(kind: &Kind, at: &str) -> Answer {
    match kind {
        Kind::View(name) => shown(format!("{}View<'a>", name.camel), format!("self.0.nested::<{}>({at})", name.camel)),
        Kind::Str(bound) => shown("::vil::Str<'a>", format!("self.0.text({at}, {})", most(*bound))),
        Kind::Slice(of, bound) => slice(of, at, &most(*bound)),
        Kind::Ref(of) => {
            let (ty, follow) = match of {
                Target::View(name) => (format!("{}View<'a>", name.camel), format!("follow::<{}>", name.camel)),
                Target::Flat(name) => (name.camel.clone(), "follow_value".to_owned()),
            };
            let ty = format!("::core::option::Option<{ty}>");
            Answer { ty, expression: format!("self.0.{follow}({at})"), shown: Some(".is_some()".to_owned()) }
        }
    }
}

fn slice(of: &Element, at: &str, bound: &str) -> Answer {
    match of {
        Element::Plain(of) => shown(format!("::vil::Slice<'a, {}>", plain(of)), format!("self.0.slice({at}, {bound})")),
        Element::View(name) => {
            shown(format!("::vil::Views<'a, {}>", name.camel), format!("self.0.views({at}, {bound})"))
        }
        Element::Str(each) => shown("::vil::Strs<'a>", format!("self.0.texts({at}, {bound}, {})", most(*each))),
    }
}

/// A bound, or the most that a word can say.
pub(super) fn most(bound: Option<u32>) -> String {
    bound.map_or_else(|| "u32::MAX".to_owned(), |bound| bound.to_string())
}

/// What stands in for a value that is not there.
fn or_default(number: &Number, default: Option<Literal>) -> String {
    match (number, default) {
        (_, None) => ".unwrap_or_default()".to_owned(),
        (Number::Enum(name, _), Some(value)) => format!(".unwrap_or({}({}))", name.camel, rust_value(value)),
        (Number::Scalar(_) | Number::StoredEnum(..), Some(value)) => format!(".unwrap_or({})", rust_value(value)),
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
