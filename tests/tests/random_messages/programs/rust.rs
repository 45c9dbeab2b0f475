//! The program in Rust.

use std::fmt::Write;

use vil_codegen::plan::{Access, Body, Element, Kind, Member, Number, Plain, Reach, Struct, Target, Unit};
use vil_ir::vocabulary::Scalar;

use super::{PATIENCE, flat_rust, is_float, unsigned};
use crate::schemas::MAX_BYTES;

const HELPERS: &str = r#"
#[repr(align(8))]
struct Room([u8; MAX_BYTES]);

impl Values<'_> {
    fn text(&mut self) -> String {
        let size = self.next();
        String::from_utf8((0..size).map(|_| self.next() as u8).collect()).unwrap()
    }

    fn words(&mut self) -> (Vec<u64>, usize) {
        let size = self.next() as usize;
        ((0..size.div_ceil(8)).map(|_| self.next()).collect(), size)
    }
}

fn show_text(found: vil::Str<'_>) {
    show(found.len() as u64);
    found.bytes().iter().for_each(|byte| show(byte.into()));
}

fn show_words(bytes: &[u8]) {
    show(bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        show(u64::from_le_bytes(word));
    }
    println!();
}
"#;

/// The whole source; the generated modules lie beside it.
pub(crate) fn source(units: &[Unit]) -> String {
    let mut out = String::new();
    for unit in units {
        let _ = writeln!(out, "mod {};", unit.stem);
    }
    // Flat messages are shown and published whole; no message here is.
    let head = flat_rust::HEAD.split("fn show_bytes").next().unwrap_or_default();
    let patiently = flat_rust::HEAD.split("fn patiently").nth(1).and_then(|rest| rest.split("fn publish").next());
    out.push_str(head);
    let _ =
        writeln!(out, "fn patiently{}", patiently.unwrap_or_default().replace("PATIENCE ", &format!("{PATIENCE} ")));
    out.push_str(&HELPERS.replace("MAX_BYTES", &MAX_BYTES.to_string()));
    for unit in units {
        let _ = writeln!(out, "mod use_{0} {{\nuse super::*;\nuse super::{0}::*;", unit.stem);
        for found in &unit.types {
            if found.view.is_none() {
                flat_rust::fill(&mut out, found);
                flat_rust::show(&mut out, found);
            } else {
                put(&mut out, found);
                get(&mut out, found);
            }
        }
        roles(&mut out, &unit.stem);
        out.push_str("}\n");
    }
    out.push_str(
        "fn main() {\nlet arguments: Vec<String> = std::env::args().collect();\nlet mut text = String::new();\n\
         std::io::stdin().read_to_string(&mut text).unwrap();\nlet v = &mut Values(text.split_ascii_whitespace());\n\
         let count: usize = arguments[2].parse().unwrap();\nmatch arguments[1].as_str() {\n",
    );
    for role in ["make", "see", "send", "take"] {
        let _ = writeln!(out, "\"{role}\" => {{");
        for unit in units {
            let _ = writeln!(out, "use_{0}::{role}(count, \"{0}\", v);", unit.stem);
        }
        out.push_str("}\n");
    }
    out.push_str("_ => panic!(),\n}\nassert_eq!(v.maybe(), None);\n}\n");
    out
}

fn roles(out: &mut String, stem: &str) {
    let text = r#"
pub fn make(count: usize, _: &str, v: &mut Values<'_>) {
    let mut memory = Box::new(Room([0xa5; MAX_BYTES]));
    for _ in 0..count {
        let mut draft = vil::Draft::<M, _>::within(&mut memory.0);
        put_STEM_m(draft.root(), v);
        show_words(draft.finish().map_err(|unfinished| unfinished.status).unwrap().bytes());
    }
}
pub fn see(count: usize, _: &str, v: &mut Values<'_>) {
    for _ in 0..count {
        let (words, size) = v.words();
        // SAFETY: the words have so many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), size) };
        get_STEM_m(vil::view::<M>(bytes));
        println!();
    }
}
pub fn send(count: usize, world: &str, v: &mut Values<'_>) {
    let this = Writer::open_or_create(world).unwrap();
    for _ in 0..count {
        let mut draft = patiently(|| this.out.draft());
        put_STEM_m(draft.root(), v);
        draft.finish().map_err(|unfinished| unfinished.status).unwrap().publish().map_err(|it| it.status).unwrap();
    }
}
pub fn take(count: usize, world: &str, _: &mut Values<'_>) {
    let this = Reader::open_or_create(world).unwrap();
    for _ in 0..count {
        let got = patiently(|| this.into.receive(Duration::from_secs(1)));
        get_STEM_m(got.view());
        println!();
    }
}
"#;
    out.push_str(&text.replace("STEM", stem).replace("MAX_BYTES", &MAX_BYTES.to_string()));
}

fn word(scalar: Scalar) -> &'static str {
    if scalar == Scalar::Bool { "u8" } else { scalar.word() }
}

/// The next value.
fn next(number: &Number) -> String {
    let scalar = number.storage();
    match number {
        Number::Enum(name, _) => format!("{}(v.next() as {})", name.camel, word(scalar)),
        _ if is_float(scalar) => format!("{}::from_bits(v.next() as {})", word(scalar), unsigned(scalar)),
        _ => format!("v.next() as {}", word(scalar)),
    }
}

fn shown(number: &Number, value: &str) -> String {
    let (scalar, bits) = (number.storage(), unsigned(number.storage()));
    match number {
        Number::Enum(..) => format!("show({value}.0 as {bits} as u64);"),
        _ if is_float(scalar) => format!("show({value}.to_bits() as u64);"),
        _ => format!("show({value} as {bits} as u64);"),
    }
}

fn put(out: &mut String, found: &Struct) {
    let (name, camel) = (&found.name.c, &found.name.camel);
    let _ = writeln!(out, "fn put_{name}(mut w: {camel}Writer<'_>, v: &mut Values<'_>) {{\nlet _ = (&mut w, &v);");
    match &found.body {
        Body::Union(union) => {
            out.push_str("match v.next() {\n");
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "{index} => put_{}(w.set_{}(), v),", arm.name.c, arm.snake);
            }
            out.push_str("_ => panic!(),\n}\n");
        }
        Body::Members(members) => {
            for (_, reach) in reached(members) {
                let snake = &reach.snake;
                let statement = match &reach.access {
                    Access::Each { each, count, .. } => {
                        let call = |verb: &str, more: &str| {
                            format!("w.{verb}_{snake}_at(at{}{more})", if more.is_empty() { "" } else { ", " })
                        };
                        format!("for at in 0..{count} {{ {} }}", put_one(&Access::Kind(each.clone()), &call))
                    }
                    access => put_one(access, &|verb, more| format!("w.{verb}_{snake}({more})")),
                };
                let when = if reach.presence.is_some() { "if v.next() != 0 " } else { "" };
                let _ = writeln!(out, "{when}{{ {statement} }}");
            }
        }
    }
    out.push_str("}\n");
}

fn reached(members: &[Member]) -> impl Iterator<Item = (&Member, &Reach)> {
    members.iter().filter_map(|member| Some((member, member.reach.as_ref()?)))
}

fn put_one(access: &Access, call: &dyn Fn(&str, &str) -> String) -> String {
    match access {
        Access::Number { number: Number::Scalar(Scalar::Bool), .. } => format!("{};", call("set", "v.next() != 0")),
        Access::Number { number, .. } => format!("{};", call("set", &next(number))),
        Access::Flat(name) => format!("let one = {}; {};", filled(&name.camel, &name.c), call("set", "one")),
        Access::Kind(Kind::View(name)) => format!("put_{}({}, v);", name.c, call("set", "")),
        Access::Array(plain, count) => {
            let values = format!("let values: Vec<_> = (0..{count}).map(|_| {}).collect();", one(plain));
            format!("{values} {};", call("set", "&values"))
        }
        Access::Kind(Kind::Str(_)) => format!("let text = v.text(); {};", call("set", "&text")),
        Access::Kind(Kind::Slice(element, _)) => {
            let each = match element {
                Element::Str(_) => "to.set(i, &v.text());".to_owned(),
                Element::View(name) => format!("put_{}(to.at(i), v);", name.c),
                Element::Plain(plain) => format!("to.set(i, {});", one(plain)),
            };
            let to = call("alloc", "count");
            format!("let count = v.next() as usize; let mut to = {to}; for i in 0..count {{ {each} }}")
        }
        Access::Kind(Kind::Ref(Target::View(name))) => {
            format!("if v.next() != 0 {{ put_{}({}, v); }}", name.c, call("alloc", ""))
        }
        Access::Kind(Kind::Ref(Target::Flat(name))) => {
            let one = filled(&name.camel, &name.c);
            format!("if v.next() != 0 {{ let one = {one}; {}; }}", call("alloc", "one"))
        }
        Access::Each { .. } => unreachable!("arrays in arrays are one"),
    }
}

fn filled(camel: &str, name: &str) -> String {
    format!("{{ let mut one = {camel}::default(); fill_{name}(&mut one, v); one }}")
}

/// An element that lies there as it is, of the next values.
fn one(plain: &Plain) -> String {
    match plain {
        Plain::Number(number) => next(number),
        Plain::Flat(name) => filled(&name.camel, &name.c),
    }
}

fn get(out: &mut String, found: &Struct) {
    let (name, camel) = (&found.name.c, &found.name.camel);
    let _ = writeln!(out, "fn get_{name}(w: {camel}View<'_>) {{\nlet _ = w;");
    match &found.body {
        Body::Union(union) => {
            for (index, arm) in union.arms.iter().enumerate() {
                let (arm, snake) = (&arm.name.c, &arm.snake);
                let _ = writeln!(out, "if let Some(arm) = w.as_{snake}() {{ show({index}); get_{arm}(arm); }}");
            }
        }
        Body::Members(members) => {
            for (member, reach) in reached(members) {
                let _ = writeln!(out, "{}", get_field(member, reach));
            }
        }
    }
    out.push_str("}\n");
}

fn get_field(member: &Member, reach: &Reach) -> String {
    let (name, snake) = (&member.name, &reach.snake);
    match (&reach.access, reach.presence.is_some()) {
        (Access::Each { each: each @ (Kind::Slice(..) | Kind::Ref(_)), count, .. }, has) => {
            let got = if has { ".unwrap()" } else { "" };
            let all = format!("for at in 0..{count} {{ let got = w.{snake}_at(at){got}; {} }}", get_kind(each, "got"));
            match has {
                true => format!("let has = w.{snake}_at(0).is_some(); show(has.into()); if has {{ {all} }}"),
                false => all,
            }
        }
        (access, false) => format!("{{ let got = w.{name}(); {} }}", get_one(access, "got")),
        (access, true) => {
            let one = get_one(access, "got");
            format!("match w.{name}() {{ None => show(0), Some(got) => {{ show(1); {one} }} }}")
        }
    }
}

fn get_one(access: &Access, got: &str) -> String {
    match access {
        Access::Number { number, .. } => shown(number, got),
        Access::Flat(name) => format!("show_{}(&{got});", name.c),
        Access::Array(plain, _) => format!("for each in {got}.iter() {{ {} }}", get_plain(plain)),
        Access::Each { each, .. } => format!("for each in {got}.iter() {{ {} }}", get_kind(each, "each")),
        Access::Kind(kind) => get_kind(kind, got),
    }
}

/// One that lies there as it is, as `each`.
fn get_plain(plain: &Plain) -> String {
    match plain {
        Plain::Number(number) => shown(number, "each"),
        Plain::Flat(name) => format!("show_{}(&each);", name.c),
    }
}

fn get_kind(kind: &Kind, got: &str) -> String {
    match kind {
        Kind::View(name) => format!("get_{}({got});", name.c),
        Kind::Str(_) => format!("show_text({got});"),
        Kind::Slice(element, _) => {
            let each = match element {
                Element::Plain(plain) => get_plain(plain),
                Element::View(name) => format!("get_{}(each);", name.c),
                Element::Str(_) => "show_text(each);".to_owned(),
            };
            format!("show({got}.len() as u64); for each in {got}.iter() {{ {each} }}")
        }
        Kind::Ref(target) => {
            let each = match target {
                Target::Flat(name) => format!("show_{}(&each);", name.c),
                Target::View(name) => format!("get_{}(each);", name.c),
            };
            format!("match {got} {{ None => show(0), Some(each) => {{ show(1); {each} }} }}")
        }
    }
}
