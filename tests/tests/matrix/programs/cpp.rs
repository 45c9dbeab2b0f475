//! The program in C++.

use std::fmt::Write;

use vil_codegen::plan::{Body, Item, Member, Number, Role, Shape, Struct, Unit};
use vil_ir::vocabulary::Scalar;

use super::{PATIENCE, ports, unsigned};

pub(crate) const HEAD: &str = r#"
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

static std::uint64_t next() {
  std::uint64_t value = 0;
  if (std::scanf("%" SCNx64, &value) != 1) std::exit(3);
  return value;
}

static void show(std::uint64_t value) { std::printf(" %" PRIx64, value); }

static void show_bytes(const void *data, std::size_t size) {
  std::printf(" = ");
  for (std::size_t i = 0; i < size; ++i) std::printf("%02x", unsigned{static_cast<const std::uint8_t *>(data)[i]});
  std::printf("\n");
}

template <typename Call>
static auto patiently(Call call) {
  for (int left = PATIENCE;; --left) {
    auto answer = call();
    const vil::Status status = answer.status();
    if (status == vil::Status::ok) return answer;
    if (left == 0 || (status != vil::Status::timeout && status != vil::Status::peer_gone &&
                      status != vil::Status::interrupted)) {
      std::fprintf(stderr, "%s\n", vil::name(status));
      std::exit(4);
    }
  }
}
"#;

/// The whole source.
pub(crate) fn source(unit: &Unit) -> String {
    let mut out = format!("#include \"{0}_writer.hpp\"\n#include \"{0}_reader.hpp\"\n{HEAD}", unit.stem);
    out = out.replace("PATIENCE;", &format!("{PATIENCE};"));
    let _ = writeln!(out, "using namespace {};", unit.namespace.join("::"));
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
    for (depth, _) in counts.iter().enumerate() {
        let _ = write!(out, "for (auto &e{depth} : {place}) ");
        place = format!("e{depth}");
    }
    let _ = writeln!(out, "{{ {} }}", leaf(&place, item));
}

fn ty(scalar: Scalar) -> String {
    format!("std::{}_t", unsigned(scalar).replace('u', "uint"))
}

fn int(scalar: Scalar) -> String {
    match scalar {
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => ty(scalar).replace("uint", "int"),
        _ => ty(scalar),
    }
}

pub(crate) fn fill(out: &mut String, found: &Struct) {
    let name = &found.name.camel;
    let _ = writeln!(out, "static void fill({name} &m) {{\n(void)m;");
    match &found.body {
        Body::Union(union) => {
            out.push_str("switch (next()) {\n");
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "case {index}: fill(m.set_{}()); break;", arm.snake);
            }
            out.push_str("default: std::exit(3);\n}\n");
        }
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(scalar @ (Scalar::F32 | Scalar::F64))) => {
                        let ty = ty(*scalar);
                        format!(
                            "const {ty} bits = static_cast<{ty}>(next()); std::memcpy(&{place}, &bits, sizeof bits);"
                        )
                    }
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => {
                        format!("{place} = static_cast<{}>(next());", int(*scalar))
                    }
                    Item::Number(Number::Enum(name, repr)) => {
                        let int = int(*repr);
                        format!("{place} = static_cast<{}>(static_cast<{int}>(next()));", name.camel)
                    }
                    Item::Struct(_) => format!("fill({place});"),
                    Item::Word | Item::RefWord => String::new(),
                });
            }
        }
    }
    out.push_str("}\n");
}

pub(crate) fn show(out: &mut String, found: &Struct) {
    let name = &found.name.camel;
    let _ = writeln!(out, "static void show(const {name} &m) {{\n(void)m;");
    match &found.body {
        Body::Union(union) => {
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "if (const auto *arm = m.as_{}()) {{ show({index}); show(*arm); }}", arm.snake);
            }
        }
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(scalar @ (Scalar::F32 | Scalar::F64))) => {
                        format!(
                            "{} bits; std::memcpy(&bits, &{place}, sizeof bits); show(std::uint64_t{{bits}});",
                            ty(*scalar)
                        )
                    }
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => shown(*scalar, place),
                    Item::Number(Number::Enum(_, repr)) => shown(*repr, place),
                    Item::Struct(_) => format!("show({place});"),
                    Item::Word | Item::RefWord => String::new(),
                });
            }
        }
    }
    out.push_str("}\n");
}

fn shown(scalar: Scalar, place: &str) -> String {
    format!("show(std::uint64_t{{static_cast<{}>({place})}});", ty(scalar))
}

fn roles(out: &mut String, unit: &Unit) {
    let processes = ["writer", "reader"].map(|declared| {
        let found = unit.processes.iter().find(|found| found.name.declared == declared);
        &found.expect("the program has this process").name.camel
    });
    let _ = writeln!(out, "static void write_all({} &self) {{\nunsigned port;", processes[0]);
    out.push_str("while (std::scanf(\"%x\", &port) == 1) {\nswitch (port) {\n");
    for (index, port) in ports(unit, "writer").iter().enumerate() {
        let (member, message) = (&port.member, &port.message().camel);
        let _ = writeln!(out, "case {index}: {{\nauto loan = patiently([&] {{ return self.{member}.loan(); }});");
        let _ = writeln!(
            out,
            "**loan = {message}{{}};\nfill(**loan);\n(void)patiently([&] {{ return loan->publish(); }});\nbreak;\n}}"
        );
    }
    out.push_str("default: std::exit(3);\n}\n}\n}\n");
    let _ = writeln!(out, "static void read_all({} &self) {{\nunsigned port;", processes[1]);
    out.push_str("while (std::scanf(\"%x\", &port) == 1) {\nswitch (port) {\n");
    for (index, port) in ports(unit, "reader").iter().enumerate() {
        let member = &port.member;
        let _ = writeln!(
            out,
            "case {index}: {{\nauto got = patiently([&] {{ return self.{member}.receive(std::chrono::seconds(1)); }});"
        );
        let _ = writeln!(out, "std::printf(\"{index:x} %d\", static_cast<int>(check(**got)));\nshow(**got);");
        out.push_str("show_bytes(got->get(), sizeof **got);\nbreak;\n}\n");
    }
    out.push_str("default: std::exit(3);\n}\n}\n}\n");
    out.push_str("int main(int argc, char **argv) {\nif (argc != 3) return 2;\n");
    for (role, process) in [("write", processes[0]), ("read", processes[1])] {
        let _ = writeln!(
            out,
            "if (std::strcmp(argv[1], \"{role}\") == 0) {{\nauto self = {process}::open_or_create(argv[2]);"
        );
        out.push_str("if (!self) {\nstd::fprintf(stderr, \"%s\\n\", self.error().message());\nreturn 1;\n}\n");
        let _ = writeln!(out, "{role}_all(*self);\nreturn 0;\n}}");
    }
    out.push_str("return 2;\n}\n");
}
