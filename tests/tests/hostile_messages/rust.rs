//! Walkers in Rust: what `c` writes, for the accessors of Rust.

use vil_codegen::plan::{
    Access, Body, Element, Item, Kind, Member, Name, Number, Plain, Reach, Role, Struct, Target, Union, Unit,
};
use vil_ir::vocabulary::Scalar;

use super::c::is_relative;
use super::declared;

/// The walkers of a program, and the table of its relative messages.
pub(super) fn walkers(unit: &Unit) -> String {
    let mut out = "use super::program::*;\nuse super::walk::*;\n".to_owned();
    for found in &unit.types {
        if found.view.is_some() {
            out += &view(unit, found);
        }
        if found.view.is_none_or(|view| !view.references) {
            out += &flat(unit, found);
        }
    }
    out += "pub const KINDS: &[Kind] = &[\n";
    for found in unit.types.iter().filter(|found| is_relative(found)) {
        let (declared, name) = (&found.name.declared, &found.name.camel);
        out += &format!("    Kind {{ name: \"{declared}\", descriptor: <{name} as vil::Carried>::DESCRIPTOR, ");
        out += &format!("walk: |w, at| walk_{name}(w, <{name} as vil::Struct>::view(at)) }},\n");
    }
    out + "];\n"
}

fn view(unit: &Unit, found: &Struct) -> String {
    let name = &found.name.camel;
    let mut out = format!(
        "fn walk_{name}(w: &mut Walk<'_>, v: {name}View<'_>) {{\n    if !w.step() {{ return; }}\n    w.take(\"{{\");\n"
    );
    match &found.body {
        Body::Members(members) => {
            for (member, reach) in members.iter().filter_map(|member| Some((member, member.reach.as_ref()?))) {
                out += &field(unit, found, member, reach);
            }
        }
        Body::Union(union) => out += &arms(found, union, "walk", "v"),
    }
    out + "    w.take(\"}\");\n}\n"
}

fn arms(found: &Struct, union: &Union, kind: &str, place: &str) -> String {
    let mut out = format!("    let tag = {place}.tag();\n    let mut known = false;\n");
    for arm in &union.arms {
        let (name, said) = (&arm.name.camel, declared(&arm.name.declared));
        out += &format!("    if let Some(arm) = {place}.as_{}() {{\n", arm.snake);
        out += &format!("        w.holds(tag == {}::{}, \"another arm\");\n", found.name.camel, arm.tag_upper);
        out += &format!(
            "        known = true;\n        w.take(\"\\\"{said}\\\":\");\n        {kind}_{name}(w, arm);\n    }}\n"
        );
    }
    out + "    if !known { w.take(\"\\\"#\"); w.int(i128::from(tag)); w.take(\"\\\":{}\"); }\n"
}

fn field(unit: &Unit, found: &Struct, member: &Member, reach: &Reach) -> String {
    let snake = &reach.snake;
    let mut out = format!("    let key = w.key(\"{}\");\n", declared(&member.name));
    let counts = &member.shape.counts;
    if let Access::Each { each: each @ (Kind::Slice(..) | Kind::Ref(_)), count, .. } = &reach.access {
        let call = |index: &str| match reach.presence {
            Some(_) => format!("v.{snake}_at({index})"),
            None => format!("Some(v.{snake}_at({index}))"),
        };
        let body = format!("if let Some(x) = {} {{ {} }} index += 1;", call("index"), one(unit, each, "x"));
        out += &format!("    if key != Key::Absent {{ let mut index = 0; {} }}\n", nest(counts, &body));
        for beyond in [count.to_string(), "usize::MAX".to_owned()] {
            out +=
                &format!("    if let Some(x) = {} {{ w.holds({}, \"beyond\"); }}\n", call(&beyond), nothing(each, "x"));
        }
        return out;
    }
    let walked = match &reach.access {
        Access::Array(plain, _) => {
            let body = format!("if let Some(x) = found.get(index) {{ {} }} index += 1;", lies(unit, plain, "x"));
            format!("touch(w, found); if !found.is_empty() {{ let mut index = 0; {} }}", nest(counts, &body))
        }
        Access::Each { each, .. } => {
            let body = format!("if let Some(x) = found.get(index) {{ {} }} index += 1;", one(unit, each, "x"));
            format!("if !found.is_empty() {{ let mut index = 0; {} }}", nest(counts, &body))
        }
        Access::Number { number, .. } => value(unit, number, "found"),
        Access::Flat(name) => flat_call(name, "found"),
        Access::Kind(kind) => one(unit, kind, "found"),
    };
    let absent = match &reach.access {
        Access::Number { .. } => "true".to_owned(),
        Access::Flat(_) => "found == Default::default()".to_owned(),
        Access::Array(..) | Access::Each { .. } => "found.is_empty()".to_owned(),
        Access::Kind(kind) => nothing(kind, "found"),
    };
    let _ = found;
    if reach.presence.is_some() {
        out += &format!("    match v.{}() {{\n", member.name);
        out +=
            &format!("        Some(found) => {{ w.holds(key == Key::Present, \"{snake} is not there\"); {walked} }}\n");
        out += &format!("        None => w.holds(key != Key::Present, \"{snake} is there\"),\n    }}\n");
    } else if matches!(reach.access, Access::Kind(Kind::Ref(_))) {
        out += &format!("    w.holds(v.{}().is_some() == (key == Key::Present), \"{snake} is there\");\n", member.name);
        out += &format!("    let found = v.{}();\n    {walked}\n", member.name);
    } else {
        out += &format!("    let found = v.{}();\n", member.name);
        out +=
            &format!("    if key == Key::Absent {{ w.holds({absent}, \"{snake} is absent\"); }} else {{ {walked} }}\n");
    }
    out
}

/// Whether an accessor answers nothing.
fn nothing(kind: &Kind, x: &str) -> String {
    match kind {
        Kind::Str(_) | Kind::Slice(..) => format!("{x}.is_empty()"),
        Kind::Ref(_) => format!("{x}.is_none()"),
        Kind::View(_) => "true".to_owned(),
    }
}

fn nest(counts: &[u32], inner: &str) -> String {
    let Some((count, rest)) = counts.split_first() else { return inner.to_owned() };
    let depth = rest.len();
    format!(
        "w.take(\"[\"); for i{depth} in 0..{count}usize {{ w.comma(i{depth}); {} }} w.take(\"]\");",
        nest(rest, inner)
    )
}

fn one(unit: &Unit, kind: &Kind, x: &str) -> String {
    match kind {
        Kind::View(name) => format!("walk_{}(w, {x});", name.camel),
        Kind::Str(_) => format!("w.text({x});"),
        Kind::Ref(Target::View(name)) => format!("if let Some(target) = {x} {{ walk_{}(w, target); }}", name.camel),
        Kind::Ref(Target::Flat(name)) => format!("if let Some(target) = {x} {{ {} }}", flat_call(name, "target")),
        Kind::Slice(of, _) => {
            let touch = match of {
                Element::Plain(_) => format!("touch(w, {x}); "),
                Element::View(_) | Element::Str(_) => String::new(),
            };
            format!(
                "{touch}w.take(\"[\"); for i in 0..{x}.len() {{ if !w.step() {{ break; }} w.comma(i); \
                 if let Some(x) = {x}.get(i) {{ {} }} }} w.must({x}.get({x}.len()).is_none(), \"beyond\"); w.take(\"]\");",
                element(unit, of, "x")
            )
        }
    }
}

fn element(unit: &Unit, element: &Element, x: &str) -> String {
    match element {
        Element::Plain(plain) => lies(unit, plain, x),
        Element::View(name) => format!("walk_{}(w, {x});", name.camel),
        Element::Str(_) => format!("w.text({x});"),
    }
}

/// One that lies there as it is.
fn lies(unit: &Unit, plain: &Plain, x: &str) -> String {
    match plain {
        Plain::Number(number) => value(unit, number, x),
        Plain::Flat(name) => flat_call(name, x),
    }
}

fn flat_call(name: &Name, x: &str) -> String {
    format!("flat_{}(w, &{x});", name.camel)
}

fn flat(unit: &Unit, found: &Struct) -> String {
    let name = &found.name.camel;
    let mut out = format!(
        "fn flat_{name}(w: &mut Walk<'_>, v: &{name}) {{\n    if !w.step() {{ return; }}\n    w.take(\"{{\");\n"
    );
    match &found.body {
        Body::Members(members) => {
            for (index, member) in members.iter().enumerate().filter(|(_, member)| member.role == Role::Field) {
                let next = members.get(index + 1).filter(|next| next.role == Role::Presence);
                let is_there = next.map_or("true".to_owned(), |next| format!("v.{} != 0", next.name));
                let counts = &member.shape.counts;
                let mut place = format!("v.{}", member.name);
                (0..counts.len()).rev().for_each(|depth| place += &format!("[i{depth}]"));
                let inner = match &member.shape.item {
                    Item::Struct(name) => flat_call(name, &place),
                    Item::Number(number) => value(unit, number, &place),
                    Item::Word | Item::RefWord => unreachable!("a flat struct has none"),
                };
                out += &format!("    let key = w.key(\"{}\");\n", declared(&member.name));
                out += &format!("    w.holds((key == Key::Present) == ({is_there}), \"{}\");\n", member.name);
                out += &format!("    if key != Key::Absent {{ {} }}\n", nest(counts, &inner));
            }
        }
        Body::Union(union) => out += &arms(found, union, "flat", "v"),
    }
    out + "    w.take(\"}\");\n}\n"
}

fn value(unit: &Unit, number: &Number, x: &str) -> String {
    let repr = |name: &Name| unit.enums.iter().find(|found| found.name == *name).expect("a declared enum").repr;
    match number {
        Number::Scalar(Scalar::Bool) => format!("w.flag({x} as u8 != 0);"),
        Number::Scalar(Scalar::F32) => format!("w.f32({x});"),
        Number::Scalar(Scalar::F64) => format!("w.f64({x});"),
        Number::Scalar(_) => format!("w.int({x} as i128);"),
        Number::Enum(..) => format!("w.named({x}.name(), {x}.0 as i128);"),
        Number::StoredEnum(name, _) => {
            let narrow = format!("{x} as {}", repr(name).word());
            let named =
                format!("if ({narrow}) as i128 == {x} as i128 {{ {}({narrow}).name() }} else {{ None }}", name.camel);
            format!("w.named({named}, {x} as i128);")
        }
    }
}
