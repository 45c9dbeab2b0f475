//! The program in Rust.

use std::fmt::Write;

use vil_codegen::plan::{Body, Item, Member, Number, Role, Shape, Struct, Unit};
use vil_ir::vocabulary::Scalar;

use super::{PATIENCE, ports, unsigned};

pub(crate) const HEAD: &str = r#"
use std::io::Read;
use std::str::SplitAsciiWhitespace;
use std::time::Duration;

struct Values<'a>(SplitAsciiWhitespace<'a>);

impl Values<'_> {
    fn maybe(&mut self) -> Option<u64> {
        self.0.next().map(|word| u64::from_str_radix(word, 16).unwrap())
    }

    fn next(&mut self) -> u64 {
        self.maybe().unwrap()
    }
}

fn show(value: u64) {
    print!(" {value:x}");
}

fn show_bytes<T>(message: &T) {
    let data: *const T = message;
    // SAFETY: a message has no byte that is not written.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size_of::<T>()) };
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!(" = {text}");
}

fn patiently<T>(mut call: impl FnMut() -> Result<T, vil::Status>) -> T {
    for _ in 0..PATIENCE {
        match call() {
            Ok(value) => return value,
            Err(vil::Status::TIMEOUT | vil::Status::PEER_GONE | vil::Status::INTERRUPTED) => {}
            Err(status) => panic!("{status}"),
        }
    }
    panic!("nothing happens any more");
}

fn publish<T: vil::Message>(loan: vil::Loan<'_, T>) {
    let mut held = Some(loan);
    patiently(|| {
        held.take().unwrap().publish().map_err(|refused| {
            held = refused.loan;
            refused.status
        })
    });
}
"#;

/// The whole source; the generated module lies beside it.
pub(crate) fn source(unit: &Unit) -> String {
    let mut out = format!("mod {0};\nuse {0}::*;\n{HEAD}", unit.stem);
    out = out.replace("PATIENCE ", &format!("{PATIENCE} "));
    for found in &unit.types {
        fill(&mut out, found);
        show(&mut out, found);
    }
    roles(&mut out, unit);
    out
}

/// Statements for each element of a member; `leaf` gets the place and its type.
fn each(out: &mut String, member: &Member, leaf: impl Fn(&str, &Item) -> String) {
    let Shape { item, counts } = &member.shape;
    let mut place = format!("m.{}", member.name);
    for (depth, count) in counts.iter().enumerate() {
        let _ = write!(out, "for i{depth} in 0..{count} {{ ");
        let _ = write!(place, "[i{depth}]");
    }
    let _ = writeln!(out, "{}{}", leaf(&place, item), " }".repeat(counts.len()));
}

fn word(scalar: Scalar) -> &'static str {
    if scalar == Scalar::Bool { "u8" } else { scalar.word() }
}

pub(crate) fn fill(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "fn fill_{name}(m: &mut {}, v: &mut Values<'_>) {{\nlet _ = (&m, &v);", found.name.camel);
    match &found.body {
        Body::Union(union) => {
            out.push_str("match v.next() {\n");
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "{index} => fill_{}(m.set_{}(), v),", arm.name.c, arm.snake);
            }
            out.push_str("_ => panic!(),\n}\n");
        }
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(Scalar::F32)) => format!("{place} = f32::from_bits(v.next() as u32);"),
                    Item::Number(Number::Scalar(Scalar::F64)) => format!("{place} = f64::from_bits(v.next());"),
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => {
                        format!("{place} = v.next() as {};", word(*scalar))
                    }
                    Item::Number(Number::Enum(name, repr)) => {
                        format!("{place} = {}(v.next() as {});", name.camel, word(*repr))
                    }
                    Item::Struct(name) => format!("fill_{}(&mut {place}, v);", name.c),
                    Item::Word | Item::RefWord => String::new(),
                });
            }
        }
    }
    out.push_str("}\n");
}

pub(crate) fn show(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "fn show_{name}(m: &{}) {{\nlet _ = m;", found.name.camel);
    match &found.body {
        Body::Union(union) => {
            for (index, arm) in union.arms.iter().enumerate() {
                let (snake, arm) = (&arm.snake, &arm.name.c);
                let _ = writeln!(out, "if let Some(arm) = m.as_{snake}() {{ show({index}); show_{arm}(arm); }}");
            }
        }
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(Scalar::F32 | Scalar::F64)) => {
                        format!("show({place}.to_bits() as u64);")
                    }
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => {
                        format!("show({place} as {} as u64);", unsigned(*scalar))
                    }
                    Item::Number(Number::Enum(_, repr)) => {
                        format!("show({place}.0 as {} as u64);", unsigned(*repr))
                    }
                    Item::Struct(name) => format!("show_{}(&{place});", name.c),
                    Item::Word | Item::RefWord => String::new(),
                });
            }
        }
    }
    out.push_str("}\n");
}

fn roles(out: &mut String, unit: &Unit) {
    let processes = ["writer", "reader"].map(|declared| {
        let found = unit.processes.iter().find(|found| found.name.declared == declared);
        &found.expect("the program has this process").name.camel
    });
    let _ = writeln!(out, "fn write_all(this: &{}, v: &mut Values<'_>) {{", processes[0]);
    out.push_str("while let Some(port) = v.maybe() {\nmatch port {\n");
    for (index, port) in ports(unit, "writer").iter().enumerate() {
        let (member, camel, name) = (&port.member, &port.message().camel, &port.message().c);
        let _ = writeln!(out, "{index} => {{\nlet mut loan = patiently(|| this.{member}.loan());");
        let _ = writeln!(out, "*loan = {camel}::default();\nfill_{name}(&mut loan, v);\npublish(loan);\n}}");
    }
    out.push_str("_ => panic!(),\n}\n}\n}\n");
    let _ = writeln!(out, "fn read_all(this: &{}, v: &mut Values<'_>) {{", processes[1]);
    out.push_str("while let Some(port) = v.maybe() {\nmatch port {\n");
    for (index, port) in ports(unit, "reader").iter().enumerate() {
        let (member, name) = (&port.member, &port.message().c);
        let _ = writeln!(out, "{index} => {{\nlet got = patiently(|| this.{member}.receive(Duration::from_secs(1)));");
        let _ = writeln!(
            out,
            "print!(\"{index:x} {{}}\", u8::from(got.check()));\nshow_{name}(&got);\nshow_bytes(&*got);\n}}"
        );
    }
    out.push_str("_ => panic!(),\n}\n}\n}\n");
    out.push_str(
        "fn main() {\nlet arguments: Vec<String> = std::env::args().collect();\nlet mut text = String::new();\n",
    );
    out.push_str(
        "std::io::stdin().read_to_string(&mut text).unwrap();\nlet mut v = Values(text.split_ascii_whitespace());\n",
    );
    out.push_str("let world = &arguments[2];\nmatch arguments[1].as_str() {\n");
    for (role, process) in [("write", processes[0]), ("read", processes[1])] {
        let _ = writeln!(out, "\"{role}\" => {role}_all(&{process}::open_or_create(world).unwrap(), &mut v),");
    }
    out.push_str("_ => panic!(),\n}\n}\n");
}
