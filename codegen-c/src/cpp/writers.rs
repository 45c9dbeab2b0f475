//! Writers: a class for each struct that is written in place, defined behind all classes where they answer one another.

use crate::plan::{Access, Arm, Body, Element, Kind, Member, Name, Reach, Struct, Target, Union, Unit};
use crate::writer::Writer;

use super::reach::{bound_of, function, inside, kind, plain, value};
use super::views::{kind_of, reached};

/// The class, but for what is defined later.
pub(super) fn class(out: &mut Writer, unit: &Unit, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.line(format!("// Writes {} in place.", found.name.declared));
    out.line(format!("class {name}Writer : public ::vil::Writer {{"));
    out.line(" public:");
    out.inset(|out| {
        out.line("using ::vil::Writer::Writer;");
        out.gap();
        match &found.body {
            Body::Members(members) => {
                for (member, reach) in reached(members) {
                    field(out, unit, member, reach);
                }
            }
            Body::Union(union) => {
                for arm in &union.arms {
                    let of = &arm.name;
                    out.line(format!("// Zeroes everything and makes it {}, to be filled in.", of.declared));
                    out.line(format!("{}Writer set_{}() const noexcept;", of.camel, arm.snake));
                }
            }
        }
    });
    out.line("};");
}

fn field(out: &mut Writer, unit: &Unit, member: &Member, reach: &Reach) {
    let head = format!("{} const noexcept", signature(unit, "", reach));
    match written(&reach.access) {
        Some(_) => out.line(format!("{head};")),
        None => function(out, &head, &statements(unit, member, reach)),
    }
}

/// The struct whose writer is answered, itself or by an index.
fn written(access: &Access) -> Option<&Name> {
    match kind_of(access)? {
        Kind::View(name) | Kind::Ref(Target::View(name)) => Some(name),
        Kind::Str(_) | Kind::Slice(..) | Kind::Ref(Target::Flat(_)) => None,
    }
}

/// Return type, name and parameters; `owner` stands before the name.
fn signature(unit: &Unit, owner: &str, reach: &Reach) -> String {
    let verb = kind_of(&reach.access).map_or("set", Kind::verb);
    let (at, index) = match &reach.access {
        Access::Each { .. } => ("_at", Some("std::size_t index".to_owned())),
        Access::Number { .. } | Access::Flat(_) | Access::Array(..) | Access::Kind(_) => ("", None),
    };
    let parameters: Vec<String> = index.into_iter().chain(parameter(unit, &reach.access)).collect();
    format!("{} {owner}{verb}_{}{at}({})", answered(unit, &reach.access), reach.snake, parameters.join(", "))
}

/// What a setter takes beside an index.
fn parameter(unit: &Unit, access: &Access) -> Option<String> {
    Some(match access {
        Access::Number { number, .. } => format!("{} value", value(unit, number, None).0),
        Access::Flat(name) => format!("const {} &value", inside(unit, name)),
        Access::Array(found, _) => format!("::vil::Slice<{}> values", plain(unit, found)),
        Access::Kind(kind) | Access::Each { each: kind, .. } => match kind {
            Kind::Ref(Target::Flat(name)) => format!("const {} &value", inside(unit, name)),
            Kind::Str(_) => "std::string_view text".to_owned(),
            Kind::Slice(..) => "std::size_t count".to_owned(),
            Kind::View(_) | Kind::Ref(Target::View(_)) => return None,
        },
    })
}

/// What it answers: what writes what is new.
fn answered(unit: &Unit, access: &Access) -> String {
    match kind_of(access) {
        Some(Kind::View(name) | Kind::Ref(Target::View(name))) => format!("{}Writer", name.camel),
        Some(Kind::Slice(Element::Str(bound), _)) => format!("::vil::StrWriters<{}>", bound_of(*bound)),
        Some(Kind::Slice(Element::View(name), _)) => format!("::vil::Writers<{}>", inside(unit, name)),
        Some(Kind::Slice(Element::Plain(found), _)) => format!("::vil::SliceWriter<{}>", plain(unit, found)),
        Some(Kind::Str(_) | Kind::Ref(Target::Flat(_))) | None => "void".to_owned(),
    }
}

/// What it does.
fn statements(unit: &Unit, member: &Member, reach: &Reach) -> Vec<String> {
    let offset = member.offset;
    let mark = reach.presence.map(|presence| format!("vil_mark({presence});"));
    let write = match &reach.access {
        Access::Number { .. } | Access::Flat(_) => format!("vil_set({offset}, value);"),
        Access::Array(_, count) => format!("vil_set_array({offset}, {count}, values);"),
        Access::Kind(found) => at_place(found, &format!("vil_place<{}>({offset})", kind(unit, found))),
        Access::Each { each, count, .. } => {
            at_place(each, &format!("vil_place_at<{}>({offset}, {count}, index)", kind(unit, each)))
        }
    };
    mark.into_iter().chain([write]).collect()
}

/// What is done with the place of such a kind.
fn at_place(kind: &Kind, place: &str) -> String {
    match kind {
        Kind::Str(_) => format!("{place}.set(text);"),
        Kind::Slice(..) => format!("return {place}.alloc(count);"),
        Kind::Ref(Target::Flat(_)) => format!("{place}.set(value);"),
        Kind::Ref(Target::View(_)) => format!("return {place}.alloc();"),
        Kind::View(_) => format!("return {place};"),
    }
}

/// What the class leaves to be defined when all classes are known.
pub(super) fn definitions(out: &mut Writer, unit: &Unit, found: &Struct) {
    let owner = format!("{}Writer::", found.name.camel);
    match &found.body {
        Body::Members(members) => {
            for (member, reach) in reached(members).filter(|(_, reach)| written(&reach.access).is_some()) {
                let head = format!("inline {} const noexcept", signature(unit, &owner, reach));
                function(out, &head, &statements(unit, member, reach));
            }
        }
        Body::Union(union) => union.arms.iter().for_each(|arm| definition_of_arm(out, unit, found, union, arm)),
    }
}

fn definition_of_arm(out: &mut Writer, unit: &Unit, found: &Struct, union: &Union, arm: &Arm) {
    let (name, writer) = (&found.name.camel, format!("{}Writer", arm.name.camel));
    let head = format!("inline {writer} {name}Writer::set_{}() const noexcept", arm.snake);
    let statements = [
        format!("vil_clear(0, {});", found.size),
        format!("vil_set(0, {}::{});", inside(unit, &found.name), arm.tag_camel),
        format!("return {writer}(vil_builder, vil_at + {});", union.arm_offset),
    ];
    function(out, &head, &statements);
}
