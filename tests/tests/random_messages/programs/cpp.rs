//! The program in C++.

use std::fmt::Write;

use vil_codegen::plan::{Access, Body, Element, Kind, Number, Plain, Reach, Struct, Target, Unit};
use vil_ir::vocabulary::Scalar;

use super::{PATIENCE, flat_cpp, is_float, unsigned};
use crate::schemas::MAX_BYTES;

const HELPERS: &str = r#"
static std::uint64_t memory[MAX_BYTES / 8];

static std::string text() {
  std::string text(static_cast<std::size_t>(next()), ' ');
  for (char &letter : text) letter = static_cast<char>(static_cast<unsigned char>(next()));
  return text;
}

static void show_text(std::string_view found) {
  show(found.size());
  for (const char letter : found) show(static_cast<unsigned char>(letter));
}

static std::uint32_t next_words() {
  const std::uint32_t size = static_cast<std::uint32_t>(next());
  for (std::uint32_t i = 0; i < (size + 7) / 8; ++i) memory[i] = next();
  return size;
}

static void show_words(std::uint32_t size) {
  show(size);
  for (std::uint32_t i = 0; i < (size + 7) / 8; ++i) show(memory[i]);
  std::printf("\n");
}

template <typename T, typename Bits>
static T value(Bits bits) {
  T value;
  static_assert(sizeof value == sizeof bits, "as wide as its bits");
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename Bits, typename T>
static void say(T value) {
  Bits bits;
  static_assert(sizeof value == sizeof bits, "as wide as its bits");
  std::memcpy(&bits, &value, sizeof bits);
  show(std::uint64_t{bits});
}

template <typename Answer>
static void well(const Answer &answer) {
  if (answer) return;
  std::fprintf(stderr, "%s\n", vil::name(answer.status()));
  std::exit(5);
}
"#;

/// The whole source.
pub(crate) fn source(units: &[Unit]) -> String {
    let mut out = String::from("#include <string>\n");
    for unit in units {
        let _ = writeln!(out, "#include \"{0}_writer.hpp\"\n#include \"{0}_reader.hpp\"", unit.stem);
    }
    out.push_str(&flat_cpp::HEAD.replace("PATIENCE;", &format!("{PATIENCE};")));
    out.push_str(&HELPERS.replace("MAX_BYTES", &MAX_BYTES.to_string()));
    for unit in units {
        let _ = writeln!(out, "namespace use_{0} {{\nusing namespace {0};\nusing ::show;", unit.stem);
        for found in unit.types.iter().filter(|found| found.view.is_some()) {
            let name = &found.name.camel;
            let _ = writeln!(out, "static void put(const {name}Writer &w);\nstatic void get(const {name}View &v);");
        }
        for found in &unit.types {
            if found.view.is_none() {
                flat_cpp::fill(&mut out, found);
                flat_cpp::show(&mut out, found);
            } else {
                put(&mut out, found);
                get(&mut out, found);
            }
        }
        roles(&mut out);
        out.push_str("}\n");
    }
    out.push_str("int main(int argc, char **argv) {\nif (argc < 3) return 2;\nconst int count = std::atoi(argv[2]);\n");
    for unit in units {
        for role in ["make", "see"] {
            let _ = writeln!(out, "if (std::strcmp(argv[1], \"{role}\") == 0) use_{}::{role}(count);", unit.stem);
        }
        for role in ["send", "take"] {
            let call = format!("use_{0}::{role}(count, \"{0}\")", unit.stem);
            let _ = writeln!(out, "if (std::strcmp(argv[1], \"{role}\") == 0) {call};");
        }
    }
    out.push_str("return 0;\n}\n");
    out
}

fn roles(out: &mut String) {
    out.push_str(
        r#"
static void make(int count) {
  for (int i = 0; i < count; ++i) {
    std::memset(memory, 0xa5, sizeof memory);
    ::vil::MessageBuilder<M> builder(memory, sizeof memory);
    put(builder.root());
    const auto size = builder.finish();
    well(size);
    if (*size % 8 != 0) std::memset(reinterpret_cast<char *>(memory) + *size, 0, 8 - *size % 8);
    show_words(*size);
  }
}
static void see(int count) {
  for (int i = 0; i < count; ++i) {
    const std::uint32_t size = next_words();
    get(MView(memory, size));
    std::printf("\n");
  }
}
template <typename Process>
static Process opened(const char *world) {
  auto self = Process::open_or_create(world);
  if (!self) {
    std::fprintf(stderr, "%s\n", self.error().message());
    std::exit(1);
  }
  return std::move(*self);
}
static void send(int count, const char *world) {
  Writer self = opened<Writer>(world);
  for (int i = 0; i < count; ++i) {
    auto draft = patiently([&] { return self.out.loan(); });
    put(draft->root());
    auto made = std::move(*draft).finish();
    well(made);
    (void)patiently([&] { return made->publish(); });
  }
}
static void take(int count, const char *world) {
  Reader self = opened<Reader>(world);
  for (int i = 0; i < count; ++i) {
    auto got = patiently([&] { return self.into.receive(std::chrono::seconds(1)); });
    get(**got);
    std::printf("\n");
  }
}
"#,
    );
}

fn value_type(number: &Number) -> String {
    match number {
        Number::Enum(name, _) => name.camel.clone(),
        number => match number.storage() {
            Scalar::F32 => "float".to_owned(),
            Scalar::F64 => "double".to_owned(),
            Scalar::Bool => "std::uint8_t".to_owned(),
            scalar if scalar.word().starts_with('u') => format!("std::uint{}_t", scalar.size() * 8),
            scalar => format!("std::int{}_t", scalar.size() * 8),
        },
    }
}

fn bits(number: &Number) -> String {
    format!("std::{}_t", unsigned(number.storage()).replace('u', "uint"))
}

/// The next value.
fn next(number: &Number) -> String {
    let (ty, bits) = (value_type(number), bits(number));
    match is_float(number.storage()) {
        true => format!("value<{ty}>(static_cast<{bits}>(next()))"),
        false => format!("static_cast<{ty}>(next())"),
    }
}

fn put(out: &mut String, found: &Struct) {
    let _ = writeln!(out, "static void put(const {}Writer &w) {{\n(void)w;", found.name.camel);
    match &found.body {
        Body::Union(union) => {
            out.push_str("switch (next()) {\n");
            for (index, arm) in union.arms.iter().enumerate() {
                let _ = writeln!(out, "case {index}: put(w.set_{}()); break;", arm.snake);
            }
            out.push_str("default: std::exit(3);\n}\n");
        }
        Body::Members(members) => {
            for reach in members.iter().filter_map(|member| member.reach.as_ref()) {
                put_field(out, reach);
            }
        }
    }
    out.push_str("}\n");
}

fn put_field(out: &mut String, reach: &Reach) {
    let _ = writeln!(out, "{}{{", if reach.presence.is_some() { "if (next() != 0) " } else { "" });
    let snake = &reach.snake;
    let statement = match &reach.access {
        Access::Each { each, count, .. } => {
            let call = |verb: &str, more: &str| {
                format!("w.{verb}_{snake}_at(at{}{more})", if more.is_empty() { "" } else { ", " })
            };
            format!(
                "for (std::size_t at = 0; at < {count}; ++at) {{ {} }}",
                put_one(&Access::Kind(each.clone()), &call)
            )
        }
        access => put_one(access, &|verb, more| format!("w.{verb}_{snake}({more})")),
    };
    let _ = writeln!(out, "{statement}\n}}");
}

fn put_one(access: &Access, call: &dyn Fn(&str, &str) -> String) -> String {
    let filled = |name: &str, set: String| format!("{name} one{{}}; fill(one); {set};");
    match access {
        Access::Number { number, .. } => format!("{};", call("set", &next(number))),
        Access::Flat(name) => filled(&name.camel, call("set", "one")),
        Access::Kind(Kind::View(_)) => format!("put({});", call("set", "")),
        Access::Array(plain, count) => {
            let (ty, each) = element_of(plain, "each");
            format!("{ty} values[{count}]{{}}; for ({ty} &each : values) {each} {};", call("set", "values"))
        }
        Access::Kind(Kind::Str(_)) => format!("{};", call("set", "text()")),
        Access::Kind(Kind::Slice(element, _)) => {
            let each = match element {
                Element::Str(_) => "to[i].set(text());".to_owned(),
                Element::View(_) => "put(to[i]);".to_owned(),
                Element::Plain(plain) => element_of(plain, "to[i]").1,
            };
            let to = call("alloc", "count");
            format!(
                "const std::size_t count = static_cast<std::size_t>(next()); const auto to = {to}; (void)to; \
                 for (std::size_t i = 0; i < count; ++i) {each}"
            )
        }
        Access::Kind(Kind::Ref(Target::View(_))) => format!("if (next() != 0) put({});", call("alloc", "")),
        Access::Kind(Kind::Ref(Target::Flat(name))) => {
            format!("if (next() != 0) {{ {} }}", filled(&name.camel, call("alloc", "one")))
        }
        Access::Each { .. } => unreachable!("arrays in arrays are one"),
    }
}

fn element_of(plain: &Plain, place: &str) -> (String, String) {
    match plain {
        Plain::Number(number) => (value_type(number), format!("{place} = {};", next(number))),
        Plain::Flat(name) => (name.camel.clone(), format!("fill({place});")),
    }
}

fn get(out: &mut String, found: &Struct) {
    let name = &found.name.camel;
    let _ = writeln!(out, "static void get(const {name}View &v) {{\n(void)v;");
    match &found.body {
        Body::Union(union) => {
            for (index, arm) in union.arms.iter().enumerate() {
                let is_it = format!("v.tag() == {name}::{}", arm.tag_camel);
                let _ = writeln!(out, "if ({is_it}) {{ show({index}); get(v.as_{}()); }}", arm.snake);
            }
        }
        Body::Members(members) => {
            for (member, reach) in members.iter().filter_map(|member| Some((member, member.reach.as_ref()?))) {
                out.push_str("{\n");
                if reach.presence.is_some() {
                    let _ = writeln!(out, "show(v.has_{0}()); if (v.has_{0}())", reach.snake);
                }
                let statement = match &reach.access {
                    Access::Each { each, count, .. } => {
                        let each = get_one(&Access::Kind(each.clone()), &format!("v.{}_at(at)", reach.snake), "true");
                        format!("for (std::size_t at = 0; at < {count}; ++at) {{ {each} }}")
                    }
                    access => {
                        let has = format!("v.has_{}()", reach.snake);
                        format!("{{ {} }}", get_one(access, &format!("v.{}()", member.name), &has))
                    }
                };
                let _ = writeln!(out, "{statement}\n}}");
            }
        }
    }
    out.push_str("}\n");
}

fn get_one(access: &Access, got: &str, has: &str) -> String {
    let said = |number: &Number, value: &str| format!("say<{}>({value});", bits(number));
    let plain = |plain: &Plain| match plain {
        Plain::Number(number) => said(number, "each"),
        Plain::Flat(_) => "show(each);".to_owned(),
    };
    let each = |element: &Element| match element {
        Element::Plain(found) => plain(found),
        Element::View(_) => "get(each);".to_owned(),
        Element::Str(_) => "show_text(each);".to_owned(),
    };
    match access {
        Access::Number { number, .. } => said(number, got),
        Access::Flat(_) => format!("show({got});"),
        Access::Kind(Kind::View(_)) => format!("get({got});"),
        Access::Array(found, _) => format!("for (const auto &each : {got}) {}", plain(found)),
        Access::Kind(Kind::Str(_)) => format!("show_text({got});"),
        Access::Kind(Kind::Slice(element, _)) => {
            let by = if matches!(element, Element::Plain(_)) { "&" } else { "" };
            format!("const auto s = {got}; show(s.size()); for (const auto {by}each : s) {}", each(element))
        }
        Access::Kind(Kind::Ref(Target::View(_))) => format!("show({has}); if ({has}) get({got});"),
        Access::Kind(Kind::Ref(_)) => format!("show({has}); if ({has}) show({got});"),
        Access::Each { .. } => unreachable!("arrays in arrays are one"),
    }
}
