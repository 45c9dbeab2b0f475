//! The program in C.

use std::fmt::Write;

use vil_codegen::plan::{Body, Item, Member, Number, Role, Shape, Struct, Union, Unit};
use vil_ir::vocabulary::Scalar;

use super::{PATIENCE, ports, unsigned};

pub(crate) const HEAD: &str = r#"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t next(void) {
  uint64_t value = 0;
  if (scanf("%" SCNx64, &value) != 1) exit(3);
  return value;
}

static void show(uint64_t value) { printf(" %" PRIx64, value); }

static void show_bytes(const void *data, size_t size) {
  printf(" = ");
  for (size_t i = 0; i < size; ++i) printf("%02x", (unsigned)((const uint8_t *)data)[i]);
  printf("\n");
}

static int is_over(vil_status_t status, int *left) {
  if (status == VIL_OK) return 1;
  if ((status == VIL_TIMEOUT || status == VIL_PEER_GONE || status == VIL_INTERRUPTED) && --*left > 0) return 0;
  fprintf(stderr, "%s\n", vil_status_name(status));
  exit(4);
}

#define PATIENTLY(call) for (int left = PATIENCE; !is_over((call), &left);) continue
"#;

/// The whole source.
pub(crate) fn source(unit: &Unit) -> String {
    let mut out = format!("#include \"{0}_writer.h\"\n#include \"{0}_reader.h\"\n{HEAD}", unit.stem);
    out = out.replace("PATIENCE;", &format!("{PATIENCE};"));
    for found in &unit.types {
        fill(&mut out, found);
        show(&mut out, found);
    }
    roles(&mut out, unit);
    out
}

fn ctype(scalar: Scalar) -> String {
    format!("uint{}_t", scalar.size() * 8)
}

/// Statements for each element of a member; `leaf` gets the place and its type.
fn each(out: &mut String, member: &Member, leaf: impl Fn(&str, &Item) -> String) {
    let Shape { item, counts } = &member.shape;
    let mut place = format!("m->{}", member.name);
    for (depth, count) in counts.iter().enumerate() {
        let _ = write!(out, "for (size_t i{depth} = 0; i{depth} < {count}; ++i{depth}) ");
        let _ = write!(place, "[i{depth}]");
    }
    let _ = writeln!(out, "{{ {} }}", leaf(&place, item));
}

pub(crate) fn fill(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "static void fill_{name}({name}_t *m) {{\n(void)m;");
    match &found.body {
        Body::Union(union) => fill_union(out, name, union),
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(Scalar::F32)) => bits(place, "uint32_t"),
                    Item::Number(Number::Scalar(Scalar::F64)) => bits(place, "uint64_t"),
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => {
                        format!("{place} = ({})next();", int(*scalar))
                    }
                    Item::Number(Number::Enum(name, repr)) => {
                        format!("{place} = ({}_t)({})next();", name.c, int(*repr))
                    }
                    Item::Struct(name) => format!("fill_{}(&{place});", name.c),
                    Item::Word | Item::RefWord => String::new(),
                });
            }
        }
    }
    out.push_str("}\n");
}

fn int(scalar: Scalar) -> String {
    match scalar {
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => format!("int{}_t", scalar.size() * 8),
        _ => ctype(scalar),
    }
}

fn bits(place: &str, ty: &str) -> String {
    format!("{ty} bits = ({ty})next(); memcpy(&{place}, &bits, sizeof bits);")
}

fn fill_union(out: &mut String, name: &str, union: &Union) {
    out.push_str("switch (next()) {\n");
    for (index, arm) in union.arms.iter().enumerate() {
        let _ = writeln!(out, "case {index}: fill_{}({name}_set_{}(m)); break;", arm.name.c, arm.snake);
    }
    out.push_str("default: exit(3);\n}\n");
}

pub(crate) fn show(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "static void show_{name}(const {name}_t *m) {{\n(void)m;");
    match &found.body {
        Body::Union(union) => {
            for (index, arm) in union.arms.iter().enumerate() {
                let (snake, arm) = (&arm.snake, &arm.name.c);
                let _ = writeln!(
                    out,
                    "if ({name}_as_{snake}(m) != NULL) {{ show({index}); show_{arm}({name}_as_{snake}(m)); }}"
                );
            }
        }
        Body::Members(members) => {
            for member in members.iter().filter(|member| member.role != Role::Padding) {
                each(out, member, |place, shape| match shape {
                    Item::Number(Number::Scalar(scalar @ (Scalar::F32 | Scalar::F64))) => {
                        let ty = ctype(*scalar);
                        format!("{ty} bits; memcpy(&bits, &{place}, sizeof bits); show(bits);")
                    }
                    Item::Number(Number::Scalar(scalar) | Number::StoredEnum(_, scalar)) => {
                        format!("show(({}_t){place});", unsigned(*scalar).replace('u', "uint"))
                    }
                    Item::Number(Number::Enum(_, repr)) => {
                        format!("show(({}_t){place});", unsigned(*repr).replace('u', "uint"))
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
    let stem = &unit.stem;
    let _ = writeln!(out, "static void write_all({stem}_writer_t *self) {{\nunsigned port;");
    out.push_str("while (scanf(\"%x\", &port) == 1) {\nswitch (port) {\n");
    for (index, port) in ports(unit, "writer").iter().enumerate() {
        let (call, message) = (format!("{stem}_writer_{}", port.snake), &port.message().c);
        let _ = writeln!(out, "case {index}: {{\n{message}_loan_t loan;\nPATIENTLY({call}_loan(self, &loan));");
        let _ = writeln!(
            out,
            "{message}_init(loan.msg);\nfill_{message}(loan.msg);\nPATIENTLY({call}_publish(self, &loan));"
        );
        out.push_str("break;\n}\n");
    }
    out.push_str("default: exit(3);\n}\n}\n}\n");
    let _ = writeln!(out, "static void read_all({stem}_reader_t *self) {{\nunsigned port;");
    out.push_str("while (scanf(\"%x\", &port) == 1) {\nswitch (port) {\n");
    for (index, port) in ports(unit, "reader").iter().enumerate() {
        let (call, message) = (format!("{stem}_reader_{}", port.snake), &port.message().c);
        let _ = writeln!(
            out,
            "case {index}: {{\n{message}_msg_t got;\nPATIENTLY({call}_receive(self, UINT64_C(1000000000), &got));"
        );
        let _ = writeln!(out, "printf(\"{index:x} %d\", (int){message}_check(got.msg));\nshow_{message}(got.msg);");
        let _ =
            writeln!(out, "show_bytes(got.msg, sizeof *got.msg);\nPATIENTLY({call}_release(self, &got));\nbreak;\n}}");
    }
    out.push_str("default: exit(3);\n}\n}\n}\n");
    out.push_str("int main(int argc, char **argv) {\nvil_error_t error;\nif (argc != 3) return 2;\n");
    for (role, process) in [("write", "writer"), ("read", "reader")] {
        let _ = writeln!(out, "if (strcmp(argv[1], \"{role}\") == 0) {{\n{stem}_{process}_t self;");
        let _ = writeln!(out, "if ({stem}_{process}_open_or_create(&self, argv[2], NULL, &error) != VIL_OK) {{");
        out.push_str("fprintf(stderr, \"%s\\n\", error.message);\nreturn 1;\n}\n");
        let _ = writeln!(out, "{role}_all(&self);\nreturn {stem}_{process}_close(&self) != VIL_OK;\n}}");
    }
    out.push_str("return 2;\n}\n");
}
