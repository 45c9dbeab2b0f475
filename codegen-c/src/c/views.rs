//! How relative messages are read: slices, views and writers as types, then a function for each field of each view.

use vil_ir::vocabulary::{Profile, Scalar};

use super::{contract, inline, scalar, stored, writers};
use crate::literal::c_value;
use crate::plan::{Access, Body, Element, Kind, Literal, Member, Number, Plain, Reach, Struct, Target, Union, Unit};
use crate::writer::{WIDTH, Writer, c_comment, comment};

/// What all functions of views and writers have in common.
const HOW: [&str; 5] = [
    "Relative messages are read in place by views and written in place by writers. A view answers what stands there, or",
    "the default, nothing or an empty slice where it is absent or leads out of the message. Pointers are into the message,",
    "and NULL where nothing is there. set_ writes, and alloc_ takes room for what is referred to, once each; its answer is",
    "NULL while bytes are counted, and when it does not fit. A fault stays with the builder and makes all that follows",
    "nothing; finish tells it, and vil_builder_explain which field it is in.",
];

/// Everything about views and writers, behind the plain types.
pub(super) fn write(out: &mut Writer, unit: &Unit) {
    slices(out, unit);
    if unit.first_viewed().is_some() {
        out.gap();
        out.lines(c_comment(&HOW.map(str::to_owned)));
    }
    let viewed = || unit.types.iter().filter_map(|found| Some((found, found.view?)));
    for (found, view) in viewed() {
        handles(out, found, view.listed);
    }
    for (found, _) in viewed() {
        match &found.body {
            Body::Members(members) => {
                for (member, reach) in members.iter().filter_map(|member| Some((member, member.reach.as_ref()?))) {
                    getter(out, found, member, reach);
                    writers::setter(out, found, member, reach);
                }
            }
            Body::Union(union) => arms(out, found, union),
        }
        if let Some(message) = found.message.as_ref().filter(|message| message.profile == Profile::Relative) {
            contract::relative(out, found, message);
        }
    }
}

/// Whether `math.h` is needed for what stands in for a field that is not there.
pub(super) fn default_is_not_finite(unit: &Unit) -> bool {
    let members = unit.types.iter().filter_map(|found| match &found.body {
        Body::Members(members) => Some(members),
        Body::Union(_) => None,
    });
    members
        .flatten()
        .filter_map(|member| member.reach.as_ref())
        .any(|reach| matches!(&reach.access, Access::Number { default: Some(default), .. } if !default.is_finite()))
}

/// Slices of what is read as it lies.
fn slices(out: &mut Writer, unit: &Unit) {
    let enums = unit.enums.iter().filter(|found| found.sliced).map(|found| &found.name);
    let types = unit.types.iter().filter(|found| found.sliced).map(|found| &found.name);
    for name in enums.chain(types) {
        let (declared, name) = (&name.declared, &name.c);
        out.gap();
        out.line(format!("/* {declared} one behind the other in a message; data is NULL where count is 0. */"));
        out.block(format!("typedef struct {name}_slice_t {{"), &format!("}} {name}_slice_t;"), |out| {
            out.line(format!("const {name}_t *data;"));
            out.line("uint32_t count;");
        });
    }
}

/// The types by which a struct is read and written.
fn handles(out: &mut Writer, found: &Struct, listed: bool) {
    let (declared, name) = (&found.name.declared, &found.name.c);
    out.gap();
    out.line(format!("/* {declared} in a message, to be read, and in one in the making, to be written. */"));
    out.line(format!("typedef struct {name}_view_t {{ vil_view_t view; }} {name}_view_t;"));
    out.line(format!("typedef struct {name}_writer_t {{ vil_writer_t writer; }} {name}_writer_t;"));
    if !listed {
        return;
    }
    out.gap();
    out.line(format!("/* Several {declared}, list.count of them. */"));
    out.line(format!("typedef struct {name}_views_t {{ vil_list_t list; }} {name}_views_t;"));
    out.line(format!("typedef struct {name}_writers_t {{ vil_writers_t list; }} {name}_writers_t;"));
    out.gap();
    out.line(
        "/* One of them; nothing where there is no such one, and a fault of the builder where it is to be written. */",
    );
    for (many, one, call) in [("views", "view", "vil_list_at"), ("writers", "writer", "vil_writers_at")] {
        let takes = [format!("{name}_{many}_t self"), "uint32_t index".to_owned()];
        let body = [
            format!("const {name}_{one}_t one = {{{call}(self.list, (uint32_t)sizeof({name}_t), index)}};"),
            "return one;".to_owned(),
        ];
        inline(out, &format!("{name}_{one}_t"), &format!("{name}_{many}_at"), &takes, &body);
    }
}

fn getter(out: &mut Writer, found: &Struct, member: &Member, reach: &Reach) {
    let (name, snake) = (&found.name.c, &reach.snake);
    let whole = match reach.presence {
        Some(byte) => format!("vil_view_given(self.view, {byte}u, {}u)", reach.end),
        None => "self.view".to_owned(),
    };
    let mut takes = vec![format!("{name}_view_t self")];
    out.gap();
    out.lines(c_comment(&comment(snake, &member.note)));
    let (answer, body, suffix) = match &reach.access {
        Access::Each { each, count, stride } => {
            takes.push("uint32_t index".to_owned());
            let (size, offset) = (size_of(each, *stride), member.offset);
            let item = format!("vil_view_item({whole}, {offset}u, {size}, {count}u, {}u, index)", reach.end);
            let (answer, mut body) = of_kind(each, "item", 0, &size);
            body.insert(0, format!("const vil_view_t item = {item};"));
            (answer, body, "_at")
        }
        Access::Kind(kind) => {
            let (answer, body) = of_kind(kind, &whole, member.offset, &format!("{}u", reach.end));
            (answer, body, "")
        }
        Access::Number { number, default } => {
            let (answer, body) = of_number(number, *default, &format!("{whole}, {}u, {}u", member.offset, reach.end));
            (answer, body, "")
        }
        Access::Flat(name) => {
            let ty = format!("const {}_t *", name.c);
            let body = format!("return ({ty})vil_view_bytes({whole}, {}u, {}u);", member.offset, reach.end);
            (ty, vec![body], "")
        }
        Access::Array(plain, count) => {
            let (answer, body) = of_array(plain, *count, &format!("{whole}, {}u, {}u", member.offset, reach.end));
            (answer, body, "")
        }
    };
    inline(out, &answer, &format!("{name}_{snake}{suffix}"), &takes, &body);
    if reach.has() {
        let there = match &reach.access {
            Access::Kind(Kind::Ref(Target::View(target) | Target::Flat(target))) => {
                format!(
                    "vil_view_ref({whole}, {}u, {}u, {})",
                    member.offset,
                    reach.end,
                    measures(&format!("{}_t", target.c))
                )
            }
            Access::Number { .. } | Access::Flat(_) | Access::Array(..) | Access::Kind(_) | Access::Each { .. } => {
                whole
            }
        };
        let body = [format!("return vil_view_is_there({there});")];
        inline(out, "bool", &format!("{name}_has_{snake}"), &takes[..1], &body);
    }
}

/// What a view answers for a number at a place, and the body that answers it.
fn of_number(number: &Number, default: Option<Literal>, place: &str) -> (String, Vec<String>) {
    let word = number.storage();
    let absent = match (default, word) {
        (Some(value), Scalar::Bool) => (value != Literal::Int(0, Scalar::Bool)).to_string(),
        (None, Scalar::Bool) => "false".to_owned(),
        (Some(value), _) => c_value(value, false),
        (None, Scalar::F32) => "0.0f".to_owned(),
        (None, Scalar::F64) => "0.0".to_owned(),
        (None, _) => "0".to_owned(),
    };
    (value_type(number), vec![format!("return vil_view_{}({place}, {absent});", word.word())])
}

/// The same of an array of what can be read as it lies.
fn of_array(plain: &Plain, count: u32, place: &str) -> (String, Vec<String>) {
    let (ty, slice) = slice(plain);
    let data = format!("const void *const data = vil_view_bytes({place});");
    let (answer, mut body) = found(&slice, &format!("(const {ty} *)data, data == NULL ? 0u : {count}u"));
    body.insert(0, data);
    (answer, body)
}

/// The same of what is reached by a reference or a view, at an offset of the view that is spelled `base`.
fn of_kind(kind: &Kind, base: &str, offset: u32, end: &str) -> (String, Vec<String>) {
    let place = format!("{base}, {offset}u, {end}");
    match kind {
        Kind::View(name) => found(
            &format!("{}_view_t", name.c),
            &format!("vil_view_part({base}, {offset}u, (uint32_t)sizeof({}_t), {end})", name.c),
        ),
        Kind::Str(bound) => {
            ("vil_str_t".to_owned(), vec![format!("return vil_view_str({place}, {});", bound_of(*bound))])
        }
        Kind::Slice(element, bound) => list(element, &place, &bound_of(*bound)),
        Kind::Ref(Target::View(name)) => found(
            &format!("{}_view_t", name.c),
            &format!("vil_view_ref({place}, {})", measures(&format!("{}_t", name.c))),
        ),
        Kind::Ref(Target::Flat(name)) => {
            let ty = format!("{}_t", name.c);
            let target = format!("vil_view_ref({place}, {})", measures(&ty));
            let body = vec![
                format!("const vil_view_t target = {target};"),
                format!("return (const {ty} *)vil_view_bytes(target, 0, 1u);"),
            ];
            (format!("const {ty} *"), body)
        }
    }
}

/// What a slice is answered as.
fn list(element: &Element, place: &str, bound: &str) -> (String, Vec<String>) {
    match element {
        Element::Str(each) => {
            let body = format!("return vil_view_strs({place}, {bound}, {});", bound_of(*each));
            ("vil_strs_t".to_owned(), vec![body])
        }
        Element::View(name) => {
            let call = format!("vil_view_list({place}, {}, {bound})", measures(&format!("{}_t", name.c)));
            found(&format!("{}_views_t", name.c), &call)
        }
        Element::Plain(plain) => {
            let (ty, slice) = slice(plain);
            let call = format!("vil_view_list({place}, {}, {bound})", measures(&ty));
            let (answer, mut body) = found(&slice, &format!("(const {ty} *)vil_list_data(list), list.count"));
            body.insert(0, format!("const vil_list_t list = {call};"));
            (answer, body)
        }
    }
}

/// A struct made of these values, and answered.
fn found(ty: &str, values: &str) -> (String, Vec<String>) {
    let mut body = named(ty, "found", values);
    body.push("return found;".to_owned());
    (ty.to_owned(), body)
}

/// A struct with a name, made of these values: on one line where it fits.
pub(super) fn named(ty: &str, name: &str, values: &str) -> Vec<String> {
    let one = format!("const {ty} {name} = {{{values}}};");
    if one.len() + 2 <= WIDTH {
        return vec![one];
    }
    vec![format!("const {ty} {name} = {{"), format!("  {values}}};")]
}

fn arms(out: &mut Writer, found: &Struct, union: &Union) {
    let (name, tag) = (&found.name.c, union.tag.word());
    let takes = [format!("{name}_view_t self")];
    out.gap();
    let open = if union.open { "; others are legal" } else { "" };
    out.line(format!("/* Which arm it is: one of {}_TAG_*{open}. 0 where it is not there. */", found.name.upper));
    let body = [format!("return vil_view_{tag}(self.view, 0, {}u, 0);", found.size)];
    inline(out, scalar(union.tag), &format!("{name}_tag"), &takes, &body);
    for arm in &union.arms {
        let ty = &arm.name.c;
        out.gap();
        out.line(format!("/* The {} in it; nothing where it is something else. */", arm.name.declared));
        let place = format!("{}u, (uint32_t)sizeof({ty}_t), {}u", union.arm_offset, found.size);
        let (answer, mut body) = self::found(&format!("{ty}_view_t"), &format!("vil_view_arm(self.view, is, {place})"));
        body.insert(0, format!("const bool is = {name}_tag(self) == {}_{};", found.name.upper, arm.tag_upper));
        inline(out, &answer, &format!("{name}_as_{}", arm.snake), &takes, &body);
        writers::arm(out, found, union, arm);
    }
}

/// Size and alignment of a type as two arguments.
pub(super) fn measures(ty: &str) -> String {
    format!("VIL_MEASURES({ty})")
}

/// A bound as an argument.
pub(super) fn bound_of(bound: Option<u32>) -> String {
    bound.map_or("VIL_NO_BOUND".to_owned(), |bound| format!("{bound}u"))
}

/// Bytes of one element of a fixed array that is reached one by one: a struct's are asked of the compiler.
pub(super) fn size_of(each: &Kind, stride: u32) -> String {
    match each {
        Kind::View(name) => format!("(uint32_t)sizeof({}_t)", name.c),
        Kind::Str(_) | Kind::Slice(..) | Kind::Ref(_) => format!("{stride}u"),
    }
}

/// The type of what lies there as it is, and of a slice of it.
pub(super) fn slice(plain: &Plain) -> (String, String) {
    let number = match plain {
        Plain::Flat(name) | Plain::Number(Number::Enum(name, _)) => {
            return (format!("{}_t", name.c), format!("{}_slice_t", name.c));
        }
        Plain::Number(number) => number,
    };
    let word = if number.storage() == Scalar::Bool { Scalar::U8 } else { number.storage() };
    (scalar(word).to_owned(), format!("vil_{}_slice_t", word.word()))
}

/// The type of one value, where a flag is one.
pub(super) fn value_type(number: &Number) -> String {
    if number.storage() == Scalar::Bool { "bool".to_owned() } else { stored(number) }
}
