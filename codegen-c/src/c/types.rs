//! The header of the messages: constants, enums, structs, asserts, helpers, contracts.

use vil_ir::vocabulary::Profile;

use super::{chars, contract, declare, header, scalar, views};
use crate::File;
use crate::literal::{c_constant, c_int, c_string, c_value};
use crate::plan::{Body, Check, Constant, ConstantValue, Enum, Literal, Member, Note, Role, Rule, Struct, Union, Unit};
use crate::writer::{WIDTH, Writer, c_comment, comment};

/// `credit.h`.
pub(super) fn file(unit: &Unit) -> File {
    let all = unit.constants.iter().chain(unit.types.iter().flat_map(|found| &found.constants));
    let all = all.chain(unit.externals.iter().flat_map(|found| &found.constants));
    let bounds = unit.types.iter().flat_map(|found| &found.checks).any(|check| match &check.rule {
        // A sentinel that is NaN is asked for without its name.
        Rule::Range { bounds, unknown } => {
            let named = unknown.filter(|value| !value.is_nan());
            [bounds.low(), bounds.high(), named].into_iter().flatten().any(|value| !value.is_finite())
        }
        Rule::Flag | Rule::Known(..) | Rule::Struct(_) => false,
    });
    let is_math = |found: &Constant| matches!(found.value, ConstantValue::Number(value) if !value.is_finite());
    let math = bounds || views::default_is_not_finite(unit) || all.into_iter().any(is_math);
    let mut includes = if math { vec!["<math.h>"] } else { Vec::new() };
    includes.extend(["<string.h>", "\"vil/msg.h\"", "\"vil/vil.h\""]);
    header(unit, &unit.stem, &includes, |out| {
        out.gap();
        out.lines(c_comment(&comment(&format!("Program {}", unit.program), &unit.note)));
        if !unit.constants.is_empty() {
            out.gap();
            constants(out, &unit.upper, &unit.constants);
        }
        for found in &unit.enums {
            enumeration(out, found);
        }
        for found in &unit.types {
            structure(out, found);
        }
        views::write(out, unit);
        for found in &unit.externals {
            contract::external(out, found, |out| constants(out, &found.name.upper, &found.constants));
        }
    })
}

fn constants(out: &mut Writer, prefix: &str, constants: &[Constant]) {
    for constant in constants {
        let name = format!("{prefix}_{}", constant.upper);
        if constant.note != Note::default() {
            out.lines(c_comment(&comment("", &constant.note)));
        }
        match &constant.value {
            ConstantValue::Text(text) if text.len() > 4000 => chars(out, &name, text),
            ConstantValue::Text(text) => out.line(format!("#define {name} {}", c_string(text))),
            ConstantValue::Number(value) => {
                out.line(format!("#define {name} {}", c_constant(*value, scalar(value.scalar()))));
            }
        }
    }
}

fn enumeration(out: &mut Writer, found: &Enum) {
    let name = &found.name.c;
    out.gap();
    out.lines(c_comment(&comment(&found.name.declared, &found.note)));
    out.line(format!("typedef {} {name}_t;", scalar(found.repr)));
    for value in &found.values {
        let line =
            format!("#define {}_{} (({name}_t){})", found.name.upper, value.upper, c_int(value.value, found.repr));
        let said = comment("", &value.note);
        if said.len() == 1 && !said[0].is_empty() && line.len() + said[0].len() < WIDTH {
            out.line(format!("{line} {}", c_comment(&said)[0]));
        } else {
            if said.iter().any(|line| !line.is_empty()) {
                out.lines(c_comment(&said));
            }
            out.line(line);
        }
    }
    out.gap();
    out.line("/* The value's name, NULL for a number without one. */");
    out.block(format!("static inline const char *{name}_name({name}_t value) {{"), "}", |out| {
        if found.values.is_empty() {
            out.line("(void)value;");
            out.line("return NULL;");
            return;
        }
        out.block("switch (value) {", "}", |out| {
            for value in found.values.iter().filter(|value| value.first) {
                let said = c_string(&value.declared);
                out.line(format!("case {}_{}: return {said};", found.name.upper, value.upper));
            }
            out.line("default: return NULL;");
        });
    });
    out.gap();
    let what = if found.mask.is_some() {
        "Whether all bits that are set have a name."
    } else {
        "Whether the number has a name."
    };
    out.line(format!("/* {what} */"));
    let test = match found.mask {
        Some(bits) => format!("((uint64_t)value & ~UINT64_C({bits})) == 0"),
        None => format!("{name}_name(value) != NULL"),
    };
    out.line(format!("static inline bool {name}_known({name}_t value) {{ return {test}; }}"));
}

fn structure(out: &mut Writer, found: &Struct) {
    let name = &found.name.c;
    out.gap();
    if let Body::Union(union) = &found.body {
        tags(out, found, union);
    }
    if !found.constants.is_empty() {
        out.line(format!("/* Constants of {}. */", found.name.declared));
        constants(out, &found.name.upper, &found.constants);
        out.gap();
    }
    let is_referring = found.view.is_some_and(|view| view.references);
    let how = if is_referring { ", as it lies in a message: to be read by a view and written by a writer" } else { "" };
    out.lines(c_comment(&comment(&format!("{}{how}", found.name.declared), &found.note)));
    out.block(format!("typedef struct {name}_t {{"), &format!("}} {name}_t;"), |out| match &found.body {
        Body::Members(members) => self::members(out, members),
        Body::Union(union) => arms(out, found, union),
    });
    out.gap();
    asserts(out, found);
    if !is_referring {
        plain(out, found);
    }
    if let Some(message) = found.message.as_ref().filter(|message| message.profile == Profile::Flat) {
        contract::flat(out, found, message);
    }
}

/// What a struct has that may be read and written as it stands.
fn plain(out: &mut Writer, found: &Struct) {
    let name = &found.name.c;
    out.gap();
    out.line("/* Zeroes every byte, padding included. */");
    out.line(format!("static inline void {name}_init({name}_t *self) {{ memset(self, 0, sizeof *self); }}"));
    // Of a relative message they are those of its view and writer.
    if let Body::Union(union) = &found.body
        && found.view.is_none()
    {
        accessors(out, found, union);
    }
    out.gap();
    check(out, found);
}

fn members(out: &mut Writer, members: &[Member]) {
    let declared: Vec<String> = members.iter().map(|member| declare(&member.shape, &member.name) + ";").collect();
    let column = declared.iter().map(String::len).filter(|length| *length <= 40).max().unwrap_or(0);
    for (member, declaration) in members.iter().zip(&declared) {
        if member.role == Role::Padding {
            out.line(declaration);
            continue;
        }
        let said = comment(&format!("@{}", member.offset), &member.note);
        if let [one] = said.as_slice()
            && column.max(declaration.len()) + one.len() + 9 <= WIDTH
        {
            out.line(format!("{declaration:<column$} /* {one} */"));
        } else {
            out.lines(c_comment(&said));
            out.line(declaration);
        }
    }
}

fn tags(out: &mut Writer, found: &Struct, union: &Union) {
    out.line(format!("/* Tags of {}. */", found.name.declared));
    for arm in &union.arms {
        let tag = c_constant(Literal::Int(arm.tag.into(), union.tag), scalar(union.tag));
        out.line(format!("#define {}_{} {tag}", found.name.upper, arm.tag_upper));
    }
    out.gap();
}

fn arms(out: &mut Writer, found: &Struct, union: &Union) {
    let open = if union.open { "; others are legal" } else { "" };
    out.line(format!("{} vil_tag; /* @0: one of {}_TAG_*{open} */", scalar(union.tag), found.name.upper));
    if union.gap > 0 {
        out.line(format!("uint8_t vil_pad_{}[{}];", union.tag.size(), union.gap));
    }
    out.block("union {", &format!("}} vil_arm; /* @{}: the one that the tag names */", union.arm_offset), |out| {
        for arm in &union.arms {
            out.line(format!("{}_t {};", arm.name.c, arm.member));
        }
        out.line(format!("uint8_t vil_bytes[{}];", union.arm_size));
    });
}

fn asserts(out: &mut Writer, found: &Struct) {
    let name = &found.name.c;
    let assert =
        |what: &str, left: String, right: u32| format!("VIL_ASSERT_LAYOUT({name}__{what}, {left} == {right});");
    out.line(assert("size", format!("sizeof({name}_t)"), found.size));
    out.line(assert("align", format!("VIL_ALIGN_OF({name}_t)"), found.align));
    let offset = |member: &str| format!("offsetof({name}_t, {member})");
    match &found.body {
        Body::Members(members) => {
            for member in members {
                out.line(assert(&format!("offset__{}", member.name), offset(&member.name), member.offset));
            }
        }
        Body::Union(union) => {
            out.line(assert("offset__vil_tag", offset("vil_tag"), 0));
            out.line(assert("offset__vil_arm", offset("vil_arm"), union.arm_offset));
        }
    }
}

fn accessors(out: &mut Writer, found: &Struct, union: &Union) {
    let name = &found.name.c;
    for arm in &union.arms {
        let (ty, tag) = (format!("{}_t", arm.name.c), format!("{}_{}", found.name.upper, arm.tag_upper));
        out.gap();
        out.line(format!("/* Zeroes everything and makes it {}, to be filled in. */", arm.name.declared));
        out.block(format!("static inline {ty} *{name}_set_{}({name}_t *self) {{", arm.snake), "}", |out| {
            out.line("memset(self, 0, sizeof *self);");
            out.line(format!("self->vil_tag = {tag};"));
            out.line(format!("return &self->vil_arm.{};", arm.member));
        });
        out.gap();
        out.line(format!("/* The {} in it, NULL when it is something else. */", arm.name.declared));
        out.block(format!("static inline const {ty} *{name}_as_{}(const {name}_t *self) {{", arm.snake), "}", |out| {
            out.line(format!("return self->vil_tag == {tag} ? &self->vil_arm.{} : NULL;", arm.member));
        });
    }
}

fn check(out: &mut Writer, found: &Struct) {
    let name = &found.name.c;
    let what = if found.has_checks() { "Whether every value is a legal one." } else { "Every value is a legal one." };
    out.line(format!("/* {what} */"));
    out.block(format!("static inline bool {name}_check(const {name}_t *self) {{"), "}", |out| {
        if !found.has_checks() {
            out.line("(void)self;");
        }
        match &found.body {
            Body::Union(union) if found.has_checks() => check_arms(out, found, union),
            Body::Union(_) => out.line("return true;"),
            Body::Members(_) => {
                for check in &found.checks {
                    check_member(out, check);
                }
                out.line("return true;");
            }
        }
    });
}

fn check_arms(out: &mut Writer, found: &Struct, union: &Union) {
    out.block("switch (self->vil_tag) {", "}", |out| {
        for arm in &union.arms {
            let answer = if arm.checked {
                format!("{}_check(&self->vil_arm.{})", arm.name.c, arm.member)
            } else {
                "true".to_owned()
            };
            out.line(format!("case {}_{}: return {answer};", found.name.upper, arm.tag_upper));
        }
        out.line(format!("default: return {};", union.open));
    });
}

fn check_member(out: &mut Writer, check: &Check) {
    let mut guards = Vec::new();
    if let Some(presence) = &check.presence {
        guards.push(format!("if (self->{presence} != 0) {{"));
    }
    let mut place = format!("self->{}", check.member);
    for (depth, count) in check.counts.iter().enumerate() {
        let mut bound = format!("{count}u");
        if let (0, Some((used, _))) = (depth, &check.used_by) {
            out.line(format!("if ((uint64_t)self->{used} > {count}u) return false;"));
            bound = format!("(uint32_t)self->{used}");
        }
        guards.push(format!("for (uint32_t i{depth} = 0; i{depth} < {bound}; ++i{depth}) {{"));
        place.push_str(&format!("[i{depth}]"));
    }
    nest(out, &guards, &format!("if ({}) return false;", wrong(&check.rule, &place)));
}

/// The statement inside all guards.
fn nest(out: &mut Writer, guards: &[String], statement: &str) {
    match guards.split_first() {
        None => out.line(statement),
        Some((guard, rest)) => out.block(guard, "}", |out| nest(out, rest, statement)),
    }
}

/// The condition under which a value is not legal.
fn wrong(rule: &Rule, place: &str) -> String {
    match rule {
        Rule::Flag => format!("{place} > 1"),
        Rule::Known(name, None) => format!("!{}_known({place})", name.c),
        Rule::Known(name, Some(storage)) => {
            let narrow = format!("({}_t){place}", name.c);
            format!("({})({narrow}) != {place} || !{}_known({narrow})", scalar(*storage), name.c)
        }
        Rule::Struct(name) => format!("!{}_check(&{place})", name.c),
        Rule::Range { bounds, unknown } => {
            let mut legal = Vec::new();
            legal.extend(bounds.low().map(|low| format!("{place} >= {}", c_value(low, false))));
            legal.extend(bounds.high().map(|high| format!("{place} <= {}", c_value(high, false))));
            let outside = format!("!({})", legal.join(" && "));
            match unknown {
                None => outside,
                Some(value) if value.is_nan() => format!("{place} == {place} && {outside}"),
                Some(value) => format!("{place} != {} && {outside}", c_value(*value, false)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vil_ir::builder::Builder;
    use vil_ir::dump::canonical_json;
    use vil_ir::model::{Field, Type, Value};
    use vil_ir::vocabulary::{Kind, Scalar};

    use crate::{Language, Source, generate};

    /// The header of a message whose one field lies in a range or is this sentinel.
    fn header(unknown: Value) -> String {
        let mut field = Field::new("depth", Type::Scalar(Scalar::F64));
        field.range = Some((Some(Value::Float(0.0)), Some(Value::Float(1.0))));
        field.unknown = Some(unknown);
        let program = Builder::new("sea").message("Sounding", Kind::Event, vec![field]).build();
        let contract = canonical_json(&program);
        let source = Source { program: &program, contract: &contract, origin: "sea.yaml", process: None };
        let files = generate(&source, Language::C).expect("the program is legal");
        files.into_iter().find(|file| file.name == "sea.h").expect("there is a header of messages").text
    }

    #[test]
    fn a_sentinel_that_is_not_finite_brings_the_header_that_names_it() {
        let header = header(Value::Float(f64::NEG_INFINITY));
        assert!(header.contains("INFINITY") && header.contains("#include <math.h>"), "{header}");
    }

    #[test]
    fn a_finite_sentinel_needs_no_further_header() {
        let header = header(Value::Float(-1.0));
        assert!(!header.contains("math.h"), "{header}");
    }
}
