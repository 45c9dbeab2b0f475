//! Walkers in C: a function for each struct that calls every accessor of it, and holds the answers against JSON.

use vil_codegen::plan::{
    Access, Body, Element, Item, Kind, Member, Number, Plain, Reach, Role, Struct, Target, Union, Unit,
};
use vil_ir::vocabulary::{Profile, Scalar};

use super::declared;

/// The walkers of a program, and the table of its relative messages.
pub(super) fn walkers(unit: &Unit) -> String {
    let mut out = format!("#include \"walk.h\"\n#include \"{}.h\"\n", unit.stem);
    for found in &unit.types {
        let name = &found.name.c;
        if found.view.is_some() {
            out += &format!("static void walk_{name}(walk_t *w, {name}_view_t self);\n");
        }
        if !refers(found) {
            out += &format!("static void flat_{name}(walk_t *w, const {name}_t *lies);\n");
        }
    }
    for found in &unit.types {
        if found.view.is_some() {
            out += &view(found);
        }
        if !refers(found) {
            out += &flat(found);
        }
    }
    let relative = || unit.types.iter().filter(|found| is_relative(found));
    for found in relative() {
        let name = &found.name.c;
        out += &format!("static void walk_message_{name}(walk_t *w, const void *data, size_t size) {{\n");
        out += &format!("  walk_{name}(w, {name}_view(data, size));\n}}\n");
    }
    out += "static const walk_kind_t walk_kinds[] = {\n";
    for found in relative() {
        let name = &found.name.c;
        out += &format!("  {{\"{}\", {name}_descriptor, walk_message_{name}}},\n", found.name.declared);
    }
    out + "};\n"
}

pub(super) fn is_relative(found: &Struct) -> bool {
    found.message.as_ref().is_some_and(|message| message.profile == Profile::Relative)
}

fn refers(found: &Struct) -> bool {
    found.view.is_some_and(|view| view.references)
}

fn view(found: &Struct) -> String {
    let name = &found.name.c;
    let mut out = format!("static void walk_{name}(walk_t *w, {name}_view_t self) {{\n  if (!walk_step(w)) return;\n");
    out += &format!("  const {name}_view_t none = {{vil_view_nothing()}};\n  (void)self; (void)none;\n");
    out += &format!(
        "  walk_must(w, ((uintptr_t)self.view.base + self.view.at) % VIL_ALIGN_OF({name}_t) == 0, \"aligned\");\n"
    );
    out += "  walk_must(w, (uint64_t)self.view.at + self.view.end <= self.view.size, \"inside\");\n";
    out += "  walk_take(w, \"{\");\n";
    match &found.body {
        Body::Members(members) => {
            for (member, reach) in members.iter().filter_map(|member| Some((member, member.reach.as_ref()?))) {
                out += &field(found, member, reach);
            }
        }
        Body::Union(union) => out += &view_arms(found, union),
    }
    out + "  walk_take(w, \"}\");\n}\n"
}

fn view_arms(found: &Struct, union: &Union) -> String {
    let name = &found.name.c;
    let mut out = format!("  const uint64_t tag = (uint64_t){name}_tag(self);\n  bool known = false;\n");
    for arm in &union.arms {
        let (snake, ty) = (&arm.snake, &arm.name.c);
        out += &format!("  {{\n    const {ty}_view_t arm = {name}_as_{snake}(self);\n");
        out += &format!("    if (w->json == NULL || tag == (uint64_t){}_{}) {{\n", found.name.upper, arm.tag_upper);
        out += &format!("      known = true;\n      walk_take(w, \"\\\"{}\\\":\");\n", declared(&arm.name.declared));
        out += &format!("      walk_{ty}(w, arm);\n");
        out += "    } else walk_holds(w, !vil_view_is_there(arm.view), \"another arm\");\n  }\n";
    }
    out + "  if (!known) { walk_take(w, \"\\\"#\"); walk_u64(w, tag); walk_take(w, \"\\\":{}\"); }\n"
}

fn field(found: &Struct, member: &Member, reach: &Reach) -> String {
    let (name, snake) = (&found.name.c, &reach.snake);
    let mut out = format!("  {{\n    const int key = walk_key(w, \"{}\");\n    (void)key;\n", declared(&member.name));
    if reach.has() {
        out += &format!("    walk_holds(w, {name}_has_{snake}(self) == (key == PRESENT), \"has_{snake}\");\n");
    }
    out += "    walk_t aside = walk_aside(w);\n    walk_t *const to = key == ABSENT ? &aside : w;\n";
    let call = |view: &str| format!("{name}_{snake}({view})");
    match &reach.access {
        Access::Number { number, .. } => {
            out += &format!("    const __typeof__({0}) value = {0}, fallback = {1};\n", call("self"), call("none"));
            out += "    walk_holds(w, key == PRESENT || memcmp(&value, &fallback, sizeof value) == 0, \"default\");\n";
            out += &format!("    {}\n", value(number, "value", "to"));
        }
        Access::Each { each, count, .. } => {
            let counts = &member.shape.counts;
            let body = one(each, &format!("{name}_{snake}_at(self, index)"));
            out += "    if (key != ABSENT) {\n      uint32_t index = 0;\n";
            out += &nest(counts, &format!("{body} ++index;"));
            out += "    }\n";
            for beyond in [format!("{count}u"), "UINT32_MAX".to_owned()] {
                out += &format!("    {{ {} }}\n", nothing(each, &format!("{name}_{snake}_at(self, {beyond})")));
            }
        }
        Access::Array(plain, _) => {
            let counts = &member.shape.counts;
            out += &format!("    const __typeof__({0}) slice = {0};\n", call("self"));
            out += "    walk_holds(w, key == PRESENT || slice.count == 0, \"no array\");\n";
            out += "    walk_touch(to, slice.data, (uint64_t)slice.count * sizeof *slice.data);\n";
            out += "    if (slice.count != 0) {\n      uint32_t index = 0;\n";
            out += &nest(counts, &format!("{} ++index;", lies_at(plain, "slice.data[index]")));
            out += "    }\n";
        }
        Access::Kind(kind) => {
            out += &format!("    if (key == ABSENT) {{ {} }}\n", nothing(kind, &call("self")));
            out += &format!("    {}\n", one(kind, &call("self")));
        }
        Access::Flat(name) => {
            out += &format!("    if (key == ABSENT) {{ {} }}\n", no_struct(&call("self")));
            out += &format!("    flat_{}(to, {});\n", name.c, call("self"));
        }
    }
    out + "  }\n"
}

/// Loops of an array with the brackets of its JSON around a statement.
fn nest(counts: &[u32], inner: &str) -> String {
    let Some((count, rest)) = counts.split_first() else { return format!("      {inner}\n") };
    let depth = rest.len();
    let mut out =
        format!("      walk_take(to, \"[\");\n      for (uint32_t i{depth} = 0; i{depth} < {count}u; ++i{depth}) {{\n");
    out += &format!("      walk_comma(to, i{depth});\n{}      }}\n      walk_take(to, \"]\");\n", nest(rest, inner));
    out
}

/// That an accessor answers nothing.
fn nothing(kind: &Kind, call: &str) -> String {
    let is = match kind {
        Kind::View(_) | Kind::Ref(Target::View(_)) => format!("!vil_view_is_there({call}.view)"),
        Kind::Ref(Target::Flat(_)) => return no_struct(call),
        Kind::Str(_) => format!("{call}.size == 0"),
        Kind::Slice(Element::Str(_) | Element::View(_), _) => format!("{call}.list.count == 0"),
        Kind::Slice(Element::Plain(_), _) => format!("{call}.count == 0 && {call}.data == NULL"),
    };
    format!("walk_holds(w, {is}, \"nothing\");")
}

/// The same of one that answers a pointer to a struct.
fn no_struct(call: &str) -> String {
    format!("walk_holds(w, {call} == NULL, \"nothing\");")
}

/// What one accessor answers, walked by `to`.
fn one(kind: &Kind, call: &str) -> String {
    match kind {
        Kind::Ref(Target::Flat(name)) => format!("flat_{}(to, {call});", name.c),
        Kind::View(name) | Kind::Ref(Target::View(name)) => format!("walk_{}(to, {call});", name.c),
        Kind::Str(_) => format!("walk_str(to, {call});"),
        Kind::Slice(element, _) => {
            let (count, at, end) = match element {
                Element::Str(_) => (
                    "found.list.count",
                    "walk_str(to, vil_strs_at(found, i));".to_owned(),
                    "walk_str(&aside, vil_strs_at(found, found.list.count));".to_owned(),
                ),
                Element::View(name) => {
                    let at = |index: &str| format!("{}_views_at(found, {index})", name.c);
                    let end =
                        format!("walk_holds(w, !vil_view_is_there({}.view), \"beyond\");", at("found.list.count"));
                    ("found.list.count", format!("walk_{}(to, {});", name.c, at("i")), end)
                }
                Element::Plain(plain) => (
                    "found.count",
                    lies_at(plain, "found.data[i]"),
                    "walk_touch(to, found.data, (uint64_t)found.count * sizeof *found.data);".to_owned(),
                ),
            };
            format!(
                "{{ const __typeof__({call}) found = {call}; {end} walk_take(to, \"[\"); \
                 for (uint32_t i = 0; i < {count} && walk_step(to); ++i) {{ walk_comma(to, i); {at} }} walk_take(to, \"]\"); }}"
            )
        }
    }
}

fn lies_at(plain: &Plain, place: &str) -> String {
    match plain {
        Plain::Number(number) => value(number, place, "to"),
        Plain::Flat(name) => format!("flat_{}(to, &{place});", name.c),
    }
}

fn flat(found: &Struct) -> String {
    let name = &found.name.c;
    let mut out = format!(
        "static void flat_{name}(walk_t *w, const {name}_t *lies) {{\n  if (lies == NULL || !walk_step(w)) return;\n"
    );
    out += &format!("  walk_must(w, (uintptr_t)lies % VIL_ALIGN_OF({name}_t) == 0, \"aligned\");\n");
    out += &format!("  {name}_t self;\n  walk_t *const to = w;\n  memcpy(&self, lies, sizeof self);\n");
    out += &format!("  w->sum += {name}_check(lies);\n  (void)to;\n  walk_take(w, \"{{\");\n");
    match &found.body {
        Body::Members(members) => {
            for (index, member) in members.iter().enumerate().filter(|(_, member)| member.role == Role::Field) {
                let next = members.get(index + 1).filter(|next| next.role == Role::Presence);
                let is_there = next.map_or("true".to_owned(), |next| format!("self.{} != 0", next.name));
                out += &format!("  {{ const int key = walk_key(w, \"{}\");\n", declared(&member.name));
                out += &format!("    walk_holds(w, (key == PRESENT) == ({is_there}), \"{}\");\n", member.name);
                out += &format!("    if (key != ABSENT) {{\n{}    }} }}\n", flat_value(member));
            }
        }
        Body::Union(union) => {
            out += "  switch (self.vil_tag) {\n";
            for arm in &union.arms {
                out += &format!(
                    "    case {}_{}: walk_take(w, \"\\\"{}\\\":\"); ",
                    found.name.upper,
                    arm.tag_upper,
                    declared(&arm.name.declared)
                );
                out += &format!("flat_{}(w, &self.vil_arm.{}); break;\n", arm.name.c, arm.member);
            }
            out += "    default: walk_take(w, \"\\\"#\"); walk_u64(w, (uint64_t)self.vil_tag); walk_take(w, \"\\\":{}\");\n  }\n";
        }
    }
    out + "  walk_take(w, \"}\");\n}\n"
}

fn flat_value(member: &Member) -> String {
    let counts = &member.shape.counts;
    let mut place = format!("self.{}", member.name);
    (0..counts.len()).rev().for_each(|depth| place += &format!("[i{depth}]"));
    let inner = match &member.shape.item {
        Item::Struct(name) => format!("flat_{}(w, &{place});", name.c),
        Item::Number(number) => value(number, &place, "w"),
        Item::Word | Item::RefWord => unreachable!("a flat struct has none"),
    };
    nest(counts, &inner)
}

/// One number, flag or enum, held against JSON.
fn value(found: &Number, place: &str, to: &str) -> String {
    let number = |word: Scalar| match word {
        Scalar::Bool => format!("walk_bool({to}, {place} != 0);"),
        Scalar::F32 => format!("walk_f32({to}, {place});"),
        Scalar::F64 => format!("walk_f64({to}, {place});"),
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => format!("walk_i64({to}, (int64_t){place});"),
        _ => format!("walk_u64({to}, (uint64_t){place});"),
    };
    match found {
        Number::Scalar(word) => number(*word),
        Number::Enum(name, repr) => {
            format!("{{ if (!walk_name({to}, {}_name({place}))) {} }}", name.c, number(*repr))
        }
        Number::StoredEnum(name, word) => {
            let narrow = format!("({}_t){place}", name.c);
            let named = format!("{narrow} == {place} ? {}_name({narrow}) : NULL", name.c);
            format!("{{ if (!walk_name({to}, {named})) {} }}", number(*word))
        }
    }
}
