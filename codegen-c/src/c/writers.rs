//! How relative messages are written: a function for each field of each writer.

use super::views::{bound_of, measures, named, size_of, slice, value_type};
use super::{inline, scalar};
use crate::literal::c_string;
use crate::plan::{Access, Arm, Element, Kind, Member, Reach, Struct, Target, Union};
use crate::writer::Writer;

/// One call of a writer.
struct Call {
    /// In front of the field's name: `set` or `alloc`.
    verb: &'static str,
    /// What it answers.
    answer: String,
    /// What it takes beside the writer.
    takes: Vec<String>,
    body: Vec<String>,
}

impl Call {
    fn set(takes: &[&str], statement: String) -> Call {
        let takes = takes.iter().map(|take| (*take).to_owned()).collect();
        Call { verb: "set", answer: "void".to_owned(), takes, body: vec![statement] }
    }

    fn alloc(answer: String, takes: &[&str], body: Vec<String>) -> Call {
        let takes = takes.iter().map(|take| (*take).to_owned()).collect();
        Call { verb: "alloc", answer, takes, body }
    }
}

/// The call that sets a field.
pub(super) fn setter(out: &mut Writer, found: &Struct, member: &Member, reach: &Reach) {
    let (name, snake) = (&found.name.c, &reach.snake);
    let mut takes = vec![format!("{name}_writer_t self")];
    let mut body: Vec<String> =
        reach.presence.iter().map(|byte| format!("vil_writer_mark(self.writer, {byte}u);")).collect();
    // What may fail is told by its name.
    let field = c_string(&format!("{}.{}", found.name.declared, member.name));
    let of = format!("vil_writer_of(self.writer, {field})");
    let (call, suffix) = match &reach.access {
        Access::Each { each, count, stride } => {
            let (offset, size) = (member.offset, size_of(each, *stride));
            let item = format!("vil_writer_item({of}, {offset}u, {size}, {count}u, index)");
            takes.push("uint32_t index".to_owned());
            body.push(format!("const vil_writer_t item = {item};"));
            (of_kind(each, "item, 0u"), "_at")
        }
        access @ (Access::Number { .. } | Access::Flat(_) | Access::Kind(Kind::View(_))) => {
            (call(access, &format!("self.writer, {}u", member.offset)), "")
        }
        access => (call(access, &format!("{of}, {}u", member.offset)), ""),
    };
    takes.extend(call.takes);
    body.extend(call.body);
    inline(out, &call.answer, &format!("{name}_{}_{snake}{suffix}", call.verb), &takes, &body);
}

/// What sets a field at a place, which is a writer and an offset.
fn call(access: &Access, place: &str) -> Call {
    match access {
        Access::Number { number, .. } => Call::set(
            &[&format!("{} value", value_type(number))],
            format!("vil_writer_put({place}, &value, sizeof value);"),
        ),
        Access::Flat(name) => Call::set(
            &[&format!("const {}_t *value", name.c)],
            format!("vil_writer_put({place}, value, sizeof *value);"),
        ),
        Access::Array(plain, count) => {
            let (ty, _) = slice(plain);
            let most = format!("{count}u * (uint32_t)sizeof *values");
            Call::set(
                &[&format!("const {ty} *values"), "uint32_t count"],
                format!("vil_writer_fill({place}, values, (uint64_t)count * sizeof *values, {most});"),
            )
        }
        Access::Kind(kind) | Access::Each { each: kind, .. } => of_kind(kind, place),
    }
}

fn of_kind(kind: &Kind, place: &str) -> Call {
    match kind {
        Kind::View(name) => {
            let made = made(&format!("{}_writer_t", name.c), &format!("vil_writer_part({place})"));
            Call { verb: kind.verb(), ..made }
        }
        Kind::Str(bound) => Call::set(
            &["const char *text", "size_t size"],
            format!("vil_writer_str({place}, text, size, {});", bound_of(*bound)),
        ),
        Kind::Slice(element, bound) => list(element, place, &bound_of(*bound)),
        Kind::Ref(Target::View(name)) => made(
            &format!("{}_writer_t", name.c),
            &format!("vil_writer_ref({place}, {})", measures(&format!("{}_t", name.c))),
        ),
        Kind::Ref(Target::Flat(name)) => {
            let ty = format!("{}_t", name.c);
            let target = format!("const vil_writer_t target = vil_writer_ref({place}, {});", measures(&ty));
            let data = format!("return ({ty} *)vil_builder_data(target.builder, target.at);");
            Call::alloc(format!("{ty} *"), &[], vec![target, data])
        }
    }
}

fn list(element: &Element, place: &str, bound: &str) -> Call {
    let count: &[&str] = &["uint32_t count"];
    let takes = count.iter().map(|take| (*take).to_owned()).collect();
    match element {
        Element::Str(each) => {
            let body = format!("return vil_writer_strs({place}, count, {bound}, {});", bound_of(*each));
            Call::alloc("vil_str_writers_t".to_owned(), count, vec![body])
        }
        Element::View(name) => {
            let call = format!("vil_writer_list({place}, count, {}, {bound})", measures(&format!("{}_t", name.c)));
            Call { takes, ..made(&format!("{}_writers_t", name.c), &call) }
        }
        Element::Plain(plain) => {
            let (ty, _) = slice(plain);
            let body = format!("return ({ty} *)vil_writer_slice({place}, count, {}, {bound});", measures(&ty));
            Call::alloc(format!("{ty} *"), count, vec![body])
        }
    }
}

/// A writer made by a call, and answered.
fn made(ty: &str, call: &str) -> Call {
    let mut body = named(ty, "made", call);
    body.push("return made;".to_owned());
    Call::alloc(ty.to_owned(), &[], body)
}

/// The call that makes a union one of its arms.
pub(super) fn arm(out: &mut Writer, found: &Struct, union: &Union, arm: &Arm) {
    let (name, ty) = (&found.name.c, &arm.name.c);
    let place = format!("self.writer, {}u, {}u", union.arm_offset, found.size);
    let mut body =
        named(&format!("{ty}_writer_t"), "arm", &format!("vil_writer_arm({place}, &tag, (uint32_t)sizeof tag)"));
    body.insert(0, format!("const {} tag = {}_{};", scalar(union.tag), found.name.upper, arm.tag_upper));
    body.push("return arm;".to_owned());
    inline(
        out,
        &format!("{ty}_writer_t"),
        &format!("{name}_set_{}", arm.snake),
        &[format!("{name}_writer_t self")],
        &body,
    );
}
