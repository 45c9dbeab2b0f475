//! The header of the messages: constants, enums, structs, asserts, checks, traits.

use vil_ir::vocabulary::Profile;

use super::{full, header, namespace, scalar, spell, text_constant, views, writers};
use crate::File;
use crate::literal::{c_int, c_string, c_value};
use crate::plan::{
    Arm, Body, Check, Constant, ConstantValue, Enum, External, Item, Member, Message, Note, Role, Rule, Struct, Union,
    Unit,
};
use crate::writer::{WIDTH, Writer, comment, cpp_comment};

/// `credit.hpp`.
pub(super) fn file(unit: &Unit) -> File {
    let flat = ["<array>", "<cstddef>", "<cstdint>", "<limits>", "\"vil/message.hpp\""];
    let relative = ["<string_view>", "\"vil/kind.hpp\"", "\"vil/message_builder.hpp\""];
    let viewed: Vec<&Struct> = unit.types.iter().filter(|found| found.view.is_some()).collect();
    let mut includes: Vec<&str> = flat.into_iter().chain(relative.into_iter().filter(|_| !viewed.is_empty())).collect();
    includes.sort_by_key(|include| (include.starts_with('"'), *include));
    header(unit, &unit.stem, &includes, |out| {
        out.gap();
        out.lines(cpp_comment(&comment(&format!("Program {}", unit.program), &unit.note)));
        namespace(out, unit, |out| {
            if !unit.constants.is_empty() {
                out.gap();
                constants(out, &unit.constants, "inline constexpr");
            }
            for found in &unit.enums {
                enumeration(out, found);
            }
            if !viewed.is_empty() {
                out.gap();
                for name in viewed.iter().map(|found| &found.name.camel) {
                    out.line(format!("class {name}View;"));
                    out.line(format!("class {name}Writer;"));
                }
            }
            for found in &unit.types {
                structure(out, unit, found);
            }
            relatives(out, unit, &viewed);
            unit.externals.iter().for_each(|found| external(out, found));
        });
        let messages = unit.types.iter().filter_map(|found| found.message.as_ref().map(|message| (found, message)));
        for (found, message) in messages {
            traits(out, unit, found, message);
        }
        for found in &unit.externals {
            external_traits(out, unit, found);
        }
    })
}

/// An external message: a type that only names it.
fn external(out: &mut Writer, found: &External) {
    let name = &found.name.camel;
    out.gap();
    let lead = format!("{}, external: {} by the adapter {}", found.name.declared, found.media_type, found.adapter);
    out.lines(cpp_comment(&comment(&lead, &found.note)));
    out.block(format!("struct {name} {{"), "};", |out| {
        out.line("using vil_external = void;");
        out.line(format!("{name}() = delete;"));
        if !found.constants.is_empty() {
            out.gap();
            constants(out, &found.constants, "static constexpr");
        }
    });
}

fn external_traits(out: &mut Writer, unit: &Unit, found: &External) {
    out.gap();
    out.line("template <>");
    out.block(format!("struct vil::MessageTraits<{}> {{", full(unit, &found.name)), "};", |out| {
        contract(out, &found.name.declared, &found.message);
        out.line(format!("static constexpr std::uint32_t align = {};", found.message.align));
        out.line(format!("static constexpr const char *media_type = {};", c_string(&found.media_type)));
        out.line(format!("static constexpr const char *adapter = {};", c_string(&found.adapter)));
        descriptor(out, &found.message.descriptor);
    });
}

/// Name, id, text and size, of whatever message.
fn contract(out: &mut Writer, declared: &str, message: &Message) {
    out.line(format!("static constexpr const char *name = {};", c_string(declared)));
    out.line(format!("static constexpr std::uint64_t layout_id = UINT64_C({:#018x});", message.layout_id));
    text_constant(out, "static constexpr", "layout_text", &message.layout_text);
    out.line(format!("static constexpr std::uint32_t size = {};", message.max_bytes));
}

/// Views, writers and builders of what is read and written by them.
fn relatives(out: &mut Writer, unit: &Unit, viewed: &[&Struct]) {
    for found in viewed {
        views::class(out, unit, found);
        writers::class(out, unit, found);
    }
    if !viewed.is_empty() {
        out.gap();
    }
    for found in viewed {
        views::definitions(out, unit, found);
        writers::definitions(out, unit, found);
    }
    for found in viewed.iter().filter(|found| is_relative(found)) {
        let name = &found.name.camel;
        out.gap();
        out.line(format!("// Builds {} in any memory, or measures it.", found.name.declared));
        out.line(format!("using {name}Builder = ::vil::MessageBuilder<{name}>;"));
    }
}

/// Whether it is the root of a relative message.
fn is_relative(found: &Struct) -> bool {
    found.message.as_ref().is_some_and(|message| message.profile == Profile::Relative)
}

fn constants(out: &mut Writer, constants: &[Constant], head: &str) {
    for constant in constants {
        if constant.note != Note::default() {
            out.lines(cpp_comment(&comment("", &constant.note)));
        }
        match &constant.value {
            ConstantValue::Text(text) => text_constant(out, head, &constant.camel, text),
            ConstantValue::Number(value) => {
                let ty = scalar(value.scalar());
                out.line(format!("{head} {ty} {} = {};", constant.camel, c_value(*value, true)));
            }
        }
    }
}

fn enumeration(out: &mut Writer, found: &Enum) {
    let (name, repr) = (&found.name.camel, scalar(found.repr));
    out.gap();
    out.lines(cpp_comment(&comment(&found.name.declared, &found.note)));
    out.block(format!("enum class {name} : {repr} {{"), "};", |out| {
        for value in &found.values {
            let said = comment("", &value.note);
            out.lines(cpp_comment(&said).iter().filter(|line| *line != "//"));
            out.line(format!("{} = {},", value.snake, c_int(value.value, found.repr)));
        }
    });
    if found.mask.is_some() {
        bits(out, name, repr);
    }
    out.gap();
    out.line("// The value's name, nullptr for a number without one.");
    let param = if found.values.is_empty() { "" } else { " value" };
    out.block(format!("[[nodiscard]] constexpr const char *name({name}{param}) noexcept {{"), "}", |out| {
        if !found.values.is_empty() {
            out.block("switch (value) {", "}", |out| {
                for value in found.values.iter().filter(|value| value.first) {
                    out.line(format!("case {name}::{}: return {};", value.snake, c_string(&value.declared)));
                }
                out.line("default: return nullptr;");
            });
        } else {
            out.line("return nullptr;");
        }
    });
    out.gap();
    let what = if found.mask.is_some() {
        "Whether all bits that are set have a name."
    } else {
        "Whether the number has a name."
    };
    out.line(format!("// {what}"));
    let test = match found.mask {
        Some(bits) => format!("(static_cast<std::uint64_t>(value) & ~UINT64_C({bits})) == 0"),
        None => "name(value) != nullptr".to_owned(),
    };
    out.line(format!("[[nodiscard]] constexpr bool known({name} value) noexcept {{ return {test}; }}"));
}

/// Operators of a set of bits.
fn bits(out: &mut Writer, name: &str, repr: &str) {
    out.gap();
    for sign in ["|", "&"] {
        out.block(
            format!("[[nodiscard]] constexpr {name} operator{sign}({name} left, {name} right) noexcept {{"),
            "}",
            |out| {
                let (left, right) = (format!("static_cast<{repr}>(left)"), format!("static_cast<{repr}>(right)"));
                out.line(format!("return static_cast<{name}>(static_cast<{repr}>({left} {sign} {right}));"));
            },
        );
    }
}

fn structure(out: &mut Writer, unit: &Unit, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.lines(cpp_comment(&comment(&found.name.declared, &found.note)));
    let refers = found.view.is_some_and(|view| view.references);
    out.block(format!("struct {name} {{"), "};", |out| {
        if found.view.is_some() {
            out.line(format!("using vil_view = {name}View;"));
            out.line(format!("using vil_writer = {name}Writer;"));
            out.gap();
        }
        if !found.constants.is_empty() {
            constants(out, &found.constants, "static constexpr");
            out.gap();
        }
        match &found.body {
            Body::Members(members) => self::members(out, members),
            Body::Union(union) => {
                arms(out, union);
                union.arms.iter().filter(|_| !refers).for_each(|arm| accessors(out, unit, name, arm));
            }
        }
    });
    out.gap();
    asserts(out, found);
    if !refers {
        out.gap();
        check(out, found);
    }
}

fn members(out: &mut Writer, members: &[Member]) {
    let declared: Vec<String> =
        members.iter().map(|member| format!("{} {};", spell(&member.shape), member.name)).collect();
    let column = declared.iter().map(String::len).filter(|length| *length <= 48).max().unwrap_or(0);
    for (member, declaration) in members.iter().zip(&declared) {
        if member.role == Role::Padding {
            out.line(declaration);
            continue;
        }
        let said = comment(&format!("@{}", member.offset), &member.note);
        if let [one] = said.as_slice()
            && column.max(declaration.len()) + one.len() + 6 <= WIDTH
        {
            out.line(format!("{declaration:<column$}  // {one}"));
        } else {
            out.lines(cpp_comment(&said));
            out.line(declaration);
        }
    }
}

fn arms(out: &mut Writer, union: &Union) {
    let tag = scalar(union.tag);
    for arm in &union.arms {
        out.line(format!("static constexpr {tag} {} = {};", arm.tag_camel, c_int(i128::from(arm.tag), union.tag)));
    }
    out.gap();
    let open = if union.open { "; others are legal" } else { "" };
    out.line(format!("{tag} vil_tag;  // @0: one of the kTag constants{open}"));
    if union.gap > 0 {
        out.line(format!("std::array<std::uint8_t, {}> vil_pad_{};", union.gap, union.tag.size()));
    }
    out.block("union {", &format!("}} vil_arm;  // @{}: the one that the tag names", union.arm_offset), |out| {
        out.line(format!(
            "std::array<std::uint8_t, {}> vil_bytes;  // first, so that {{}} zeroes all of it",
            union.arm_size
        ));
        for arm in &union.arms {
            out.line(format!("{} {};", arm.name.camel, arm.member));
        }
    });
}

fn accessors(out: &mut Writer, unit: &Unit, name: &str, arm: &Arm) {
    let (ty, tag) = (&arm.name.camel, &arm.tag_camel);
    out.gap();
    out.line(format!("// The {} in it, nullptr when it is something else.", arm.name.declared));
    out.block(format!("[[nodiscard]] const {ty} *as_{}() const noexcept {{", arm.snake), "}", |out| {
        out.line(format!("return vil_tag == {tag} ? &vil_arm.{} : nullptr;", arm.member));
    });
    out.gap();
    out.line(format!("// Zeroes everything and makes it {}, to be filled in.", arm.name.declared));
    out.block(format!("{ty} &set_{}() noexcept {{", arm.snake), "}", |out| {
        out.line(format!("*this = {name}{{}};"));
        out.line(format!("vil_tag = {tag};"));
        out.line(format!("return vil_arm.{};", arm.member));
    });
    let Some(fields) = unit.fields_of(arm) else { return };
    out.gap();
    out.line(format!("// {} with these values.", arm.name.declared));
    let params: Vec<String> = fields
        .iter()
        .map(|member| {
            let is_large = !member.shape.counts.is_empty() || matches!(member.shape.item, Item::Struct(_));
            let ty = spell(&member.shape);
            (if is_large { format!("const {ty} &") } else { ty }, member)
        })
        .map(|(ty, member)| format!("{}{}{}", ty, if ty.ends_with('&') { "" } else { " " }, member.parameter))
        .collect();
    let head = format!("[[nodiscard]] static {name} {}({}) noexcept {{", arm.member, params.join(", "));
    out.block(head, "}", |out| {
        out.line(format!("{name} vil_made{{}};"));
        if fields.is_empty() {
            out.line(format!("(void)vil_made.set_{}();", arm.snake));
        } else {
            out.line(format!("{ty} &vil_to = vil_made.set_{}();", arm.snake));
        }
        for member in &fields {
            out.line(format!("vil_to.{} = {};", member.name, member.parameter));
        }
        out.line("return vil_made;");
    });
}

fn asserts(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    out.line(format!("static_assert(sizeof({name}) == {}, \"size of {name}\");", found.size));
    out.line(format!("static_assert(alignof({name}) == {}, \"alignment of {name}\");", found.align));
    let mut offset = |member: &str, at: u32| {
        out.line(format!("static_assert(offsetof({name}, {member}) == {at}, \"offset of {name}::{member}\");"));
    };
    match &found.body {
        Body::Members(members) => members.iter().for_each(|member| offset(&member.name, member.offset)),
        Body::Union(union) => {
            offset("vil_tag", 0);
            offset("vil_arm", union.arm_offset);
        }
    }
}

fn check(out: &mut Writer, found: &Struct) {
    let name = &found.name.camel;
    let what = if found.has_checks() { "Whether every value is a legal one." } else { "Every value is a legal one." };
    out.line(format!("// {what}"));
    let param = if found.has_checks() { " &self" } else { " &" };
    out.block(format!("[[nodiscard]] inline bool check(const {name}{param}) noexcept {{"), "}", |out| {
        match &found.body {
            Body::Union(union) if found.has_checks() => check_arms(out, name, union),
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

fn check_arms(out: &mut Writer, name: &str, union: &Union) {
    out.block("switch (self.vil_tag) {", "}", |out| {
        for arm in &union.arms {
            let member = &arm.member;
            let answer = if arm.checked { format!("check(self.vil_arm.{member})") } else { "true".to_owned() };
            out.line(format!("case {name}::{}: return {answer};", arm.tag_camel));
        }
        out.line(format!("default: return {};", union.open));
    });
}

fn check_member(out: &mut Writer, check: &Check) {
    let mut guards = Vec::new();
    if let Some(presence) = &check.presence {
        guards.push(format!("if (self.{presence} != 0) {{"));
    }
    let mut place = format!("self.{}", check.member);
    for (depth, count) in check.counts.iter().enumerate() {
        let mut bound = count.to_string();
        if let (0, Some((used, _))) = (depth, &check.used_by) {
            out.line(format!("if (static_cast<std::uint64_t>(self.{used}) > {count}u) return false;"));
            bound = format!("static_cast<std::size_t>(self.{used})");
        }
        guards.push(format!("for (std::size_t i{depth} = 0; i{depth} < {bound}; ++i{depth}) {{"));
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
        Rule::Known(_, None) => format!("!known({place})"),
        Rule::Known(name, Some(storage)) => {
            let narrow = format!("static_cast<{}>({place})", name.camel);
            format!("static_cast<{}>({narrow}) != {place} || !known({narrow})", scalar(*storage))
        }
        Rule::Struct(_) => format!("!check({place})"),
        Rule::Range { bounds, unknown } => {
            let mut legal = Vec::new();
            legal.extend(bounds.low().map(|low| format!("{place} >= {}", c_value(low, true))));
            legal.extend(bounds.high().map(|high| format!("{place} <= {}", c_value(high, true))));
            let outside = format!("!({})", legal.join(" && "));
            match unknown {
                None => outside,
                Some(value) if value.is_nan() => format!("{place} == {place} && {outside}"),
                Some(value) => format!("{place} != {} && {outside}", c_value(*value, true)),
            }
        }
    }
}

fn traits(out: &mut Writer, unit: &Unit, found: &Struct, message: &Message) {
    let full = full(unit, &found.name);
    out.gap();
    out.line("template <>");
    out.block(format!("struct vil::MessageTraits<{full}> {{"), "};", |out| {
        contract(out, &found.name.declared, message);
        out.line(format!("static constexpr std::uint32_t align = {};", message.align));
        if message.profile == Profile::Relative {
            out.line(format!("static constexpr std::uint32_t root_size = {};", message.root_size));
        }
        if !message.descriptor.is_empty() {
            descriptor(out, &message.descriptor);
        }
    });
}

/// The words by which tools and the verifier know the message.
fn descriptor(out: &mut Writer, words: &[u32]) {
    out.block("static constexpr std::uint32_t descriptor[] = {", "};", |out| {
        for row in words.chunks(8) {
            out.line(row.iter().map(|word| format!("{word:#x},")).collect::<Vec<_>>().join(" "));
        }
    });
}
