//! The program in C.

use std::fmt::Write;

use vil_codegen::plan::{Access, Body, Element, Kind, Member, Number, Plain, Reach, Struct, Target, Union, Unit};
use vil_ir::vocabulary::Scalar;

use super::{ABSENT, PATIENCE, flat_c, is_float, unsigned};
use crate::schemas::MAX_BYTES;

const HELPERS: &str = r#"
static uint64_t memory[MAX_BYTES / 8];
static char text[256];

static size_t next_text(void) {
  const size_t size = (size_t)next();
  for (size_t i = 0; i < size; ++i) text[i] = (char)(unsigned char)next();
  return size;
}

static void show_text(vil_str_t found) {
  show(found.size);
  for (uint32_t i = 0; i < found.size; ++i) show((unsigned char)found.data[i]);
}

static void show_words(uint32_t size) {
  show(size);
  for (uint32_t i = 0; i < (size + 7) / 8; ++i) show(memory[i]);
  printf("\n");
}

static uint32_t next_words(void) {
  const uint32_t size = (uint32_t)next();
  for (uint32_t i = 0; i < (size + 7) / 8; ++i) memory[i] = next();
  return size;
}

static void well(vil_status_t status) {
  if (status == VIL_OK) return;
  fprintf(stderr, "%s\n", vil_status_name(status));
  exit(5);
}
"#;

/// The whole source; with worlds or for plain memory alone.
pub(crate) fn source(units: &[Unit], worlds: bool) -> String {
    let mut out = String::new();
    for unit in units {
        let name = &unit.stem;
        let _ = match worlds {
            true => writeln!(out, "#include \"{name}_writer.h\"\n#include \"{name}_reader.h\""),
            false => writeln!(out, "#include \"{name}.h\""),
        };
    }
    out.push_str(&flat_c::HEAD.replace("PATIENCE;", &format!("{PATIENCE};")));
    out.push_str(&HELPERS.replace("MAX_BYTES", &MAX_BYTES.to_string()));
    for unit in units {
        for found in unit.types.iter().filter(|found| found.view.is_some()) {
            let name = &found.name.c;
            let _ =
                writeln!(out, "static void put_{name}({name}_writer_t w);\nstatic void get_{name}({name}_view_t v);");
        }
        for found in &unit.types {
            if found.view.is_none() {
                flat_c::fill(&mut out, found);
                flat_c::show(&mut out, found);
            } else {
                put(&mut out, found);
                get(&mut out, found);
            }
        }
        roles(&mut out, unit, worlds);
    }
    out.push_str("int main(int argc, char **argv) {\nif (argc < 3) return 2;\nconst int count = atoi(argv[2]);\n");
    out.push_str("setvbuf(stdout, NULL, _IOFBF, 1 << 16);\n");
    for unit in units {
        let name = &unit.stem;
        let _ = writeln!(out, "if (strcmp(argv[1], \"make\") == 0) make_{name}(count);");
        let _ = writeln!(out, "if (strcmp(argv[1], \"see\") == 0) see_{name}(count);");
        if worlds {
            let _ = writeln!(out, "if (strcmp(argv[1], \"send\") == 0) send_{name}(count, \"{name}\");");
            let _ = writeln!(out, "if (strcmp(argv[1], \"take\") == 0) take_{name}(count, \"{name}\");");
        }
    }
    out.push_str("return 0;\n}\n");
    out
}

fn roles(out: &mut String, unit: &Unit, worlds: bool) {
    let (stem, m) = (&unit.stem, format!("{}_m", unit.stem));
    let _ = writeln!(
        out,
        "static void make_{stem}(int count) {{\nfor (int i = 0; i < count; ++i) {{\nvil_builder_t builder;\nuint32_t size;\n\
         memset(memory, 0xa5, sizeof memory);\nput_{m}({m}_begin(&builder, memory, sizeof memory));\n\
         well({m}_finish(&builder, &size));\nif (size % 8 != 0) memset((char *)memory + size, 0, 8 - size % 8);\n\
         show_words(size);\n}}\n}}"
    );
    let _ = writeln!(
        out,
        "static void see_{stem}(int count) {{\nfor (int i = 0; i < count; ++i) {{\nconst uint32_t size = next_words();\n\
         get_{m}({m}_view(memory, size));\nprintf(\"\\n\");\n}}\n}}"
    );
    if !worlds {
        return;
    }
    let opened = |process: &str| {
        format!(
            "{stem}_{process}_t self;\nvil_error_t error;\n\
             if ({stem}_{process}_open_or_create(&self, world, NULL, &error) != VIL_OK) {{\n\
             fprintf(stderr, \"%s\\n\", error.message);\nexit(1);\n}}\n"
        )
    };
    let _ = writeln!(
        out,
        "static void send_{stem}(int count, const char *world) {{\n{}for (int i = 0; i < count; ++i) {{\n{m}_loan_t loan;\n\
         PATIENTLY({stem}_writer_out_loan(&self, &loan));\nput_{m}(loan.msg);\nwell({m}_finish(&loan.builder, NULL));\n\
         PATIENTLY({stem}_writer_out_publish(&self, &loan));\n}}\nwell({stem}_writer_close(&self));\n}}",
        opened("writer")
    );
    let _ = writeln!(
        out,
        "static void take_{stem}(int count, const char *world) {{\n{}for (int i = 0; i < count; ++i) {{\n{m}_msg_t got;\n\
         PATIENTLY({stem}_reader_into_receive(&self, UINT64_C(1000000000), &got));\nget_{m}(got.msg);\nprintf(\"\\n\");\n\
         PATIENTLY({stem}_reader_into_release(&self, &got));\n}}\nwell({stem}_reader_close(&self));\n}}",
        opened("reader")
    );
}

fn value_type(number: &Number) -> String {
    match number {
        Number::Enum(name, _) => format!("{}_t", name.c),
        number => word(number.storage()),
    }
}

fn word(scalar: Scalar) -> String {
    match scalar {
        Scalar::F32 => "float".to_owned(),
        Scalar::F64 => "double".to_owned(),
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => format!("int{}_t", scalar.size() * 8),
        scalar => bits(scalar),
    }
}

fn bits(scalar: Scalar) -> String {
    format!("{}_t", unsigned(scalar).replace('u', "uint"))
}

/// Puts the next value in a place.
fn next(number: &Number, place: &str) -> String {
    let scalar = number.storage();
    if is_float(scalar) {
        let ty = bits(scalar);
        return format!("{{ const {ty} bits = ({ty})next(); memcpy(&{place}, &bits, sizeof bits); }}");
    }
    format!("{place} = ({})next();", value_type(number))
}

/// Prints the value in a place.
fn shown(number: &Number, place: &str) -> String {
    let (scalar, ty) = (number.storage(), bits(number.storage()));
    if is_float(scalar) {
        return format!("{{ {ty} bits; memcpy(&bits, &{place}, sizeof bits); show(bits); }}");
    }
    format!("show(({ty}){place});")
}

fn put(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "static void put_{name}({name}_writer_t w) {{\n(void)w;");
    match &found.body {
        Body::Union(union) => {
            out.push_str("switch (next()) {\n");
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "case {index}: put_{}({name}_set_{}(w)); break;", arm.name.c, arm.snake);
            }
            out.push_str("default: exit(3);\n}\n");
        }
        Body::Members(members) => {
            for (_, reach) in reached(members) {
                let _ = writeln!(out, "{}{{", if reach.presence.is_some() { "if (next() != 0) " } else { "" });
                let call = |verb: &str, at: &str, more: &str| format!("{name}_{verb}_{}{at}(w{more})", reach.snake);
                match &reach.access {
                    Access::Each { each, count, .. } => {
                        let _ = writeln!(out, "for (uint32_t at = 0; at < {count}; ++at) {{");
                        let call = |verb: &str, more: &str| call(verb, "_at", &format!(", at{more}"));
                        let _ = writeln!(out, "{}\n}}", put_one(&Access::Kind(each.clone()), &call));
                    }
                    access => {
                        let _ = writeln!(out, "{}", put_one(access, &|verb, more| call(verb, "", more)));
                    }
                }
                out.push_str("}\n");
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
        Access::Number { number: Number::Scalar(Scalar::Bool), .. } => format!("{};", call("set", ", next() != 0")),
        Access::Number { number, .. } => {
            format!("{} value; {} {};", value_type(number), next(number, "value"), call("set", ", value"))
        }
        Access::Flat(name) => {
            let name = &name.c;
            format!("{name}_t value; {name}_init(&value); fill_{name}(&value); {};", call("set", ", &value"))
        }
        Access::Kind(Kind::View(name)) => format!("put_{}({});", name.c, call("set", "")),
        Access::Array(plain, count) => {
            let (ty, fill) = element_of(plain, "values[i]");
            format!(
                "{ty} values[{count}]; memset(values, 0, sizeof values); \
                 for (size_t i = 0; i < {count}; ++i) {fill} {};",
                call("set", &format!(", values, {count}"))
            )
        }
        Access::Kind(Kind::Str(_)) => format!("const size_t size = next_text(); {};", call("set", ", text, size")),
        Access::Kind(Kind::Slice(element, _)) => {
            let count = "const uint32_t count = (uint32_t)next();";
            let (ty, each) = match element {
                Element::Str(_) => (
                    "const vil_str_writers_t".to_owned(),
                    "{ const size_t size = next_text(); vil_str_writers_set(to, i, text, size); }".to_owned(),
                ),
                Element::View(name) => {
                    let name = &name.c;
                    (format!("const {name}_writers_t"), format!("put_{name}({name}_writers_at(to, i));"))
                }
                Element::Plain(plain) => {
                    let (ty, fill) = element_of(plain, "to[i]");
                    (format!("{ty} *const"), format!("{{ if (to == NULL) exit(6); {fill} }}"))
                }
            };
            let to = call("alloc", ", count");
            format!("{count} {ty} to = {to}; (void)to; for (uint32_t i = 0; i < count; ++i) {each}")
        }
        Access::Kind(Kind::Ref(Target::View(name))) => {
            format!("if (next() != 0) put_{}({});", name.c, call("alloc", ""))
        }
        Access::Kind(Kind::Ref(Target::Flat(name))) => {
            let (ty, fill) = element_of(&Plain::Flat(name.clone()), "(*to)");
            format!("if (next() != 0) {{ {ty} *const to = {}; if (to == NULL) exit(6); {fill} }}", call("alloc", ""))
        }
        Access::Each { .. } => unreachable!("arrays in arrays are one"),
    }
}

/// The type of what lies in a slice as it is, and how one in this place gets the next values.
fn element_of(plain: &Plain, place: &str) -> (String, String) {
    match plain {
        Plain::Number(number) => (value_type(number), next(number, place)),
        Plain::Flat(name) => (format!("{}_t", name.c), format!("fill_{}(&{place});", name.c)),
    }
}

fn get(out: &mut String, found: &Struct) {
    let name = &found.name.c;
    let _ = writeln!(out, "static void get_{name}({name}_view_t v) {{\n(void)v;");
    match &found.body {
        Body::Union(union) => get_union(out, found, union),
        Body::Members(members) => {
            for (_, reach) in reached(members) {
                out.push_str("{\n");
                if reach.presence.is_some() {
                    let _ = writeln!(out, "const bool has = {name}_has_{}(v); show(has); if (has) {{", reach.snake);
                }
                match &reach.access {
                    Access::Each { each, count, .. } => {
                        let _ = writeln!(out, "for (uint32_t at = 0; at < {count}; ++at) {{");
                        let _ = writeln!(
                            out,
                            "{}\n}}",
                            get_one(&Access::Kind(each.clone()), &format!("{name}_{}_at(v, at)", reach.snake))
                        );
                    }
                    access => {
                        let _ = writeln!(out, "{}", get_one(access, &format!("{name}_{}(v)", reach.snake)));
                    }
                }
                out.push_str(if reach.presence.is_some() { "}\n}\n" } else { "}\n" });
            }
        }
    }
    out.push_str("}\n");
}

fn get_union(out: &mut String, found: &Struct, union: &Union) {
    let name = &found.name.c;
    let _ = writeln!(out, "switch ({name}_tag(v)) {{");
    for (index, arm) in union.arms.iter().enumerate() {
        let tag = format!("{}_{}", found.name.upper, arm.tag_upper);
        let _ = writeln!(out, "case {tag}: show({index}); get_{}({name}_as_{}(v)); break;", arm.name.c, arm.snake);
    }
    let _ = writeln!(out, "default: show(UINT64_C({ABSENT})); break;\n}}");
}

fn get_one(access: &Access, got: &str) -> String {
    let absent = format!("show(UINT64_C({ABSENT}))");
    match access {
        Access::Number { number: Number::Scalar(Scalar::Bool), .. } => format!("show({got});"),
        Access::Number { number, .. } => {
            format!("const {} value = {got}; {}", value_type(number), shown(number, "value"))
        }
        Access::Flat(name) => {
            format!("const {0}_t *const p = {got}; if (p == NULL) {absent}; else show_{0}(p);", name.c)
        }
        Access::Kind(Kind::View(name)) => format!("get_{}({got});", name.c),
        Access::Array(plain, count) => {
            let (slice, each) = slice_of(plain);
            format!(
                "const {slice} s = {got}; if (s.count != {count}) {absent}; for (uint32_t i = 0; i < s.count; ++i) {each}"
            )
        }
        Access::Kind(Kind::Str(_)) => format!("show_text({got});"),
        Access::Kind(Kind::Slice(element, _)) => match element {
            Element::Str(_) => format!(
                "const vil_strs_t s = {got}; show(s.list.count); \
                 for (uint32_t i = 0; i < s.list.count; ++i) show_text(vil_strs_at(s, i));"
            ),
            Element::View(name) => format!(
                "const {0}_views_t s = {got}; show(s.list.count); \
                 for (uint32_t i = 0; i < s.list.count; ++i) get_{0}({0}_views_at(s, i));",
                name.c
            ),
            Element::Plain(plain) => {
                let (slice, each) = slice_of(plain);
                format!("const {slice} s = {got}; show(s.count); for (uint32_t i = 0; i < s.count; ++i) {each}")
            }
        },
        Access::Kind(Kind::Ref(Target::View(name))) => format!(
            "const {0}_view_t target = {got}; const bool has = vil_view_is_there(target.view); show(has); \
             if (has) get_{0}(target);",
            name.c
        ),
        Access::Kind(Kind::Ref(Target::Flat(name))) => {
            format!("const {0}_t *const p = {got}; show(p != NULL); if (p != NULL) show_{0}(p);", name.c)
        }
        Access::Each { .. } => unreachable!("arrays in arrays are one"),
    }
}

/// The type of a slice, and how its element at `i` is printed.
fn slice_of(plain: &Plain) -> (String, String) {
    match plain {
        Plain::Number(number) => {
            let ty = match number {
                Number::Enum(name, _) => format!("{}_slice_t", name.c),
                number if number.storage() == Scalar::Bool => "vil_u8_slice_t".to_owned(),
                number => format!("vil_{}_slice_t", number.storage().word()),
            };
            (ty, shown(number, "s.data[i]"))
        }
        Plain::Flat(name) => (format!("{}_slice_t", name.c), format!("show_{}(&s.data[i]);", name.c)),
    }
}
