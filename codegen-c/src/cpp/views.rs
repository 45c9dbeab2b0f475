//! Views: a class for each struct that is read where it lies. What answers another view is defined behind all classes,
//! because structs may refer to one another in a cycle.

use crate::plan::{Access, Arm, Body, Element, Kind, Member, Name, Reach, Struct, Target, Union, Unit};
use crate::writer::{Writer, comment, cpp_comment};

use super::reach::{bound_of, function, inside, kind, plain, value};
use super::scalar;

/// The class, but for what is defined later.
pub(super) fn class(out: &mut Writer, unit: &Unit, found: &Struct) {
    let name = &found.name.camel;
    out.gap();
    out.lines(cpp_comment(&comment(&format!("Reads {} where it lies", found.name.declared), &found.note)));
    out.line(format!("class {name}View : public ::vil::View {{"));
    out.line(" public:");
    out.inset(|out| {
        out.line("using ::vil::View::View;");
        match &found.body {
            Body::Members(members) => {
                for (member, reach) in reached(members) {
                    field(out, unit, member, reach);
                }
            }
            Body::Union(union) => arms(out, name, union),
        }
    });
    out.line("};");
}

/// The fields of a struct, and how they are reached.
pub(super) fn reached(members: &[Member]) -> impl Iterator<Item = (&Member, &Reach)> {
    members.iter().filter_map(|member| member.reach.as_ref().map(|reach| (member, reach)))
}

fn field(out: &mut Writer, unit: &Unit, member: &Member, reach: &Reach) {
    out.gap();
    let said = comment("", &member.note);
    out.lines(cpp_comment(&said).iter().filter(|line| *line != "//"));
    if reach.has() {
        let head = format!("[[nodiscard]] bool has_{}() const noexcept", reach.snake);
        let answer = match &reach.access {
            Access::Kind(found @ Kind::Ref(_)) if reach.presence.is_none() => {
                format!("vil_leads<{}>({}, {})", kind(unit, found), there(reach), member.offset)
            }
            _ => there(reach),
        };
        function(out, &head, &[format!("return {answer};")]);
    }
    let head = format!("[[nodiscard]] {} const noexcept", signature(unit, "", member, reach));
    match viewed(&reach.access) {
        Some(_) => out.line(format!("{head};")),
        None => function(out, &head, &[format!("return {};", answer(unit, member, reach))]),
    }
}

/// The struct whose view is answered, itself or by an index.
fn viewed(access: &Access) -> Option<&Name> {
    match kind_of(access)? {
        Kind::View(name) | Kind::Ref(Target::View(name)) => Some(name),
        Kind::Str(_) | Kind::Slice(..) | Kind::Ref(Target::Flat(_)) => None,
    }
}

/// The kind of what is reached by a reference or a view, itself or by an index.
pub(super) fn kind_of(access: &Access) -> Option<&Kind> {
    match access {
        Access::Kind(kind) | Access::Each { each: kind, .. } => Some(kind),
        Access::Number { .. } | Access::Flat(_) | Access::Array(..) => None,
    }
}

/// Return type, name and parameters; `owner` stands before the name.
fn signature(unit: &Unit, owner: &str, member: &Member, reach: &Reach) -> String {
    let ty = answered(unit, &reach.access);
    let space = if ty.ends_with('&') { "" } else { " " };
    match &reach.access {
        Access::Each { .. } => format!("{ty}{space}{owner}{}_at(std::size_t index)", reach.snake),
        Access::Number { .. } | Access::Flat(_) | Access::Array(..) | Access::Kind(_) => {
            format!("{ty}{space}{owner}{}()", member.name)
        }
    }
}

/// What an accessor answers.
fn answered(unit: &Unit, access: &Access) -> String {
    match access {
        Access::Number { number, .. } => value(unit, number, None).0,
        Access::Flat(name) => format!("const {} &", inside(unit, name)),
        Access::Array(found, _) => format!("::vil::Slice<{}>", plain(unit, found)),
        Access::Kind(kind) | Access::Each { each: kind, .. } => match kind {
            Kind::Slice(Element::Plain(found), _) => format!("::vil::Slice<{}>", plain(unit, found)),
            Kind::Slice(Element::View(name), _) => format!("::vil::Views<{}>", inside(unit, name)),
            Kind::Slice(Element::Str(bound), _) => format!("::vil::Strs<{}>", bound_of(*bound)),
            Kind::Str(_) => "std::string_view".to_owned(),
            Kind::View(name) | Kind::Ref(Target::View(name)) => format!("{}View", name.camel),
            Kind::Ref(Target::Flat(name)) => format!("const {} &", inside(unit, name)),
        },
    }
}

/// Whether the field is there.
fn there(reach: &Reach) -> String {
    let word = if reach.presence.is_some() { "has" } else { "there" };
    format!("vil_{word}({})", reach.end)
}

/// The expression that an accessor answers.
fn answer(unit: &Unit, member: &Member, reach: &Reach) -> String {
    let (there, offset) = (there(reach), member.offset);
    match &reach.access {
        Access::Number { number, default } => {
            let (ty, otherwise) = value(unit, number, *default);
            format!("vil_get<{ty}>({there}, {offset}, {otherwise})")
        }
        Access::Flat(name) => format!("vil_plain<{}>({there}, {offset})", inside(unit, name)),
        Access::Array(found, count) => format!("vil_array<{}>({there}, {offset}, {count})", plain(unit, found)),
        Access::Each { each, count, .. } => {
            format!("vil_read_at<{}>({there}, {offset}, {count}, index)", kind(unit, each))
        }
        Access::Kind(found) => format!("vil_read<{}>({there}, {offset})", kind(unit, found)),
    }
}

fn arms(out: &mut Writer, name: &str, union: &Union) {
    let tag = scalar(union.tag);
    out.gap();
    out.line(format!(
        "// Which it is: one of the kTag constants of {name}{}.",
        if union.open { ", or another" } else { "" }
    ));
    let head = format!("[[nodiscard]] {tag} tag() const noexcept");
    let answer = format!("return vil_get<{tag}>(vil_there(sizeof({tag})), 0, {{}});");
    function(out, &head, &[answer]);
    for arm in &union.arms {
        out.gap();
        out.line(format!("// The {} in it, one of nothing when it is something else.", arm.name.declared));
        out.line(format!("[[nodiscard]] {}View as_{}() const noexcept;", arm.name.camel, arm.snake));
    }
}

/// What the class leaves to be defined when all classes are known.
pub(super) fn definitions(out: &mut Writer, unit: &Unit, found: &Struct) {
    match &found.body {
        Body::Members(members) => {
            for (member, reach) in reached(members).filter(|(_, reach)| viewed(&reach.access).is_some()) {
                definition(out, unit, &found.name, member, reach);
            }
        }
        Body::Union(union) => union.arms.iter().for_each(|arm| definition_of_arm(out, unit, &found.name, union, arm)),
    }
}

fn definition(out: &mut Writer, unit: &Unit, name: &Name, member: &Member, reach: &Reach) {
    let owner = format!("{}View::", name.camel);
    let head = format!("inline {} const noexcept", signature(unit, &owner, member, reach));
    function(out, &head, &[format!("return {};", answer(unit, member, reach))]);
}

fn definition_of_arm(out: &mut Writer, unit: &Unit, name: &Name, union: &Union, arm: &Arm) {
    let (view, owner) = (format!("{}View", arm.name.camel), inside(unit, name));
    let head = format!("inline {view} {}View::as_{}() const noexcept", name.camel, arm.snake);
    let is_it = format!("tag() == {owner}::{}", arm.tag_camel);
    let size = format!("sizeof({})", inside(unit, &arm.name));
    function(out, &head, &[format!("return {view}(vil_arm({is_it}, {}, {size}));", union.arm_offset)]);
}
