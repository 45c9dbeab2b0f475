//! Writers: a class for each struct that is written in place, defined behind all classes where they answer one another.

use crate::plan::{Access, Arm, Body, Element, Member, Name, Reach, Struct, Union, Unit};
use crate::writer::Writer;

use super::reach::{element, function, inside, kind, value};
use super::views::reached;

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
    match access {
        Access::View(name) | Access::Ref(Element::View(name)) => Some(name),
        Access::Each(each, _) => written(each),
        _ => None,
    }
}

/// Return type, name and parameters; `owner` stands before the name.
fn signature(unit: &Unit, owner: &str, reach: &Reach) -> String {
    let (access, at, index) = match &reach.access {
        Access::Each(each, _) => (&**each, "_at", "std::size_t index"),
        access => (access, "", ""),
    };
    let verb = if matches!(access, Access::Slice(..) | Access::Ref(_)) { "alloc" } else { "set" };
    let parameters: Vec<String> =
        [index.to_owned(), parameter(unit, access)].into_iter().filter(|some| !some.is_empty()).collect();
    format!("{} {owner}{verb}_{}{at}({})", answered(unit, access), reach.snake, parameters.join(", "))
}

/// What a setter takes.
fn parameter(unit: &Unit, access: &Access) -> String {
    match access {
        Access::Value { shape, .. } => format!("{} value", value(unit, shape, None).0),
        Access::Flat(name) | Access::Ref(Element::Flat(name)) => format!("const {} &value", inside(unit, name)),
        Access::Array(found, _) => format!("::vil::Slice<{}> values", element(unit, found).unwrap_or_default()),
        Access::Str(_) => "std::string_view text".to_owned(),
        Access::Slice(..) => "std::size_t count".to_owned(),
        Access::View(_) | Access::Ref(_) | Access::Each(..) => String::new(),
    }
}

/// What it answers: what writes what is new.
fn answered(unit: &Unit, access: &Access) -> String {
    match access {
        Access::View(name) | Access::Ref(Element::View(name)) => format!("{}Writer", name.camel),
        Access::Slice(Element::Str(bound), _) => format!("::vil::TextWriters<{}>", bound.unwrap_or(0)),
        Access::Slice(Element::View(name), _) => format!("::vil::Writers<{}>", inside(unit, name)),
        Access::Slice(found, _) => format!("::vil::Room<{}>", element(unit, found).unwrap_or_default()),
        _ => "void".to_owned(),
    }
}

/// What it does.
fn statements(unit: &Unit, member: &Member, reach: &Reach) -> Vec<String> {
    let offset = member.offset;
    let mark = reach.presence.map(|presence| format!("vil_mark({presence});"));
    let (access, place) = match &reach.access {
        Access::Each(each, count) => {
            let kind = kind(unit, each).unwrap_or_default();
            (&**each, format!("vil_place_at<{kind}>({offset}, {count}, index)"))
        }
        access => (access, format!("vil_place<{}>({offset})", kind(unit, access).unwrap_or_default())),
    };
    let write = match access {
        Access::Value { .. } | Access::Flat(_) => format!("vil_set({offset}, value);"),
        Access::Array(_, count) => format!("vil_set_array({offset}, {count}, values);"),
        Access::Str(_) => format!("{place}.set(text);"),
        Access::Slice(..) => format!("return {place}.alloc(count);"),
        Access::Ref(Element::Flat(_)) => format!("{place}.set(value);"),
        Access::Ref(_) => format!("return {place}.alloc();"),
        Access::View(_) | Access::Each(..) => format!("return {place};"),
    };
    mark.into_iter().chain([write]).collect()
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
