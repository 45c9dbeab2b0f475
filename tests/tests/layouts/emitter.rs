//! A program's types as plain C and plain `#[repr(C)]` Rust, each with a table of what its compiler makes of them.
//!
//! Written from the model alone, by other rules than those of `vil_ir::layout` and without its results: a type is a struct
//! of its fields in their order, and the compiler does the rest. Members are called by their positions, so that no name of
//! a program can be a keyword. A `VSlice` or `VStr` is one 64-bit word, a `VRef` one of 32 bits.

use std::collections::BTreeSet;
use std::fmt::Write;

use vil_ir::model::{Body, Field, Program, Type};
use vil_ir::vocabulary::{Profile, Scalar};

/// The two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Rust,
}

/// A source text in the making.
pub(crate) struct Emitter {
    language: Language,
    types: String,
    table: String,
    count: usize,
}

impl Emitter {
    pub(crate) fn new(language: Language) -> Emitter {
        Emitter { language, types: String::new(), table: String::new(), count: 0 }
    }

    /// Adds all types of a program, under names that begin with `prefix`.
    pub(crate) fn add(&mut self, prefix: &str, program: &Program) {
        let mut done = BTreeSet::new();
        let external = |name: &str| program.messages.get(name).is_some_and(|one| one.layout == Some(Profile::External));
        for name in program.structs.keys().chain(program.messages.keys()).filter(|name| !external(name)) {
            self.define(prefix, program, name, &mut done);
        }
    }

    /// The whole text.
    pub(crate) fn text(self) -> String {
        let Emitter { language, types, table, count } = self;
        match language {
            Language::C => format!(
                "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n{types}\nstatic const struct {{ const char *name; \
                 size_t number; }} table[{count}] = {{\n{table}}};\nint main(void) {{\n    for (size_t i = 0; i < {count}; i++) \
                 printf(\"%s %zu\\n\", table[i].name, table[i].number);\n    return 0;\n}}\n"
            ),
            Language::Rust => format!(
                "#![expect(dead_code, non_camel_case_types, non_snake_case, reason = \"shapes without a use\")]\nuse \
                 std::mem::{{align_of, offset_of, size_of}};\n{types}\nstatic TABLE: [(&str, usize); {count}] = [\n{table}];\nfn \
                 main() {{\n    for (name, number) in &TABLE {{ println!(\"{{name}} {{number}}\"); }}\n}}\n"
            ),
        }
    }

    /// Defines a type behind those that it holds by value.
    fn define(&mut self, prefix: &str, program: &Program, name: &str, done: &mut BTreeSet<String>) {
        if !done.insert(name.to_owned()) {
            return;
        }
        let body = body(program, name);
        let lists: Vec<&[Field]> = match body {
            Body::Fields(fields) => vec![fields],
            Body::Variants(variants) => variants.arms.iter().map(|arm| arm.fields.as_slice()).collect(),
        };
        for field in lists.iter().copied().flatten() {
            let mut ty = &field.ty;
            while let Type::Array(element, _) = ty {
                ty = element;
            }
            if let Type::Named(inner) = ty
                && !program.enums.contains_key(inner)
            {
                self.define(prefix, program, inner, done);
            }
        }
        let own = identifier(prefix, name);
        match body {
            Body::Fields(fields) => self.structure(prefix, program, &own, fields),
            Body::Variants(variants) => {
                for (at, arm) in variants.arms.iter().enumerate() {
                    self.structure(prefix, program, &format!("{own}_arm{at}"), &arm.fields);
                }
                self.union(&own, scalar(self.language, variants.tag), variants.arms.len());
            }
        }
        let (size, align) = match self.language {
            Language::C => (format!("sizeof({own})"), format!("_Alignof({own})")),
            Language::Rust => (format!("size_of::<{own}>()"), format!("align_of::<{own}>()")),
        };
        self.row(&format!("{own} size"), &size);
        self.row(&format!("{own} align"), &align);
    }

    fn row(&mut self, name: &str, number: &str) {
        let (open, close) = if self.language == Language::C { ("{", "}") } else { ("(", ")") };
        let _ = writeln!(self.table, "    {open}\"{name}\", {number}{close},");
        self.count += 1;
    }

    fn structure(&mut self, prefix: &str, program: &Program, own: &str, fields: &[Field]) {
        let mut members = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            members.push((format!("m{at}"), self.ty(prefix, program, field, &field.ty)));
            if field.optional && !matches!(field.ty, Type::Ref(_)) {
                members.push((format!("has{at}"), (scalar(self.language, Scalar::U8).to_owned(), String::new())));
            }
        }
        let offsets: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
        if members.is_empty() {
            members.push(("reserved".to_owned(), (scalar(self.language, Scalar::U8).to_owned(), String::new())));
        }
        let one = |(name, (ty, behind)): &(String, (String, String))| match self.language {
            Language::C => format!("    {ty} {name}{behind};\n"),
            Language::Rust => format!("    {name}: {ty},\n"),
        };
        let members: String = members.iter().map(one).collect();
        let _ = match self.language {
            Language::C => writeln!(self.types, "typedef struct {{\n{members}}} {own};"),
            Language::Rust => writeln!(self.types, "#[repr(C)]\n#[derive(Clone, Copy)]\nstruct {own} {{\n{members}}}"),
        };
        for name in offsets {
            let offset = match self.language {
                Language::C => format!("offsetof({own}, {name})"),
                Language::Rust => format!("offset_of!({own}, {name})"),
            };
            self.row(&format!("{own}.{name}"), &offset);
        }
    }

    fn union(&mut self, own: &str, tag: &str, arms: usize) {
        let arm = |at: usize| match self.language {
            Language::C => format!("{own}_arm{at} a{at}; "),
            Language::Rust => format!("a{at}: {own}_arm{at}, "),
        };
        let arms: String = (0..arms).map(arm).collect();
        let _ = match self.language {
            Language::C => writeln!(self.types, "typedef struct {{ {tag} tag; union {{ {arms}}} arms; }} {own};"),
            Language::Rust => writeln!(
                self.types,
                "#[repr(C)]\n#[derive(Clone, Copy)]\nunion {own}_arms {{ {arms}}}\n#[repr(C)]\n#[derive(Clone, Copy)]\nstruct \
                 {own} {{ tag: {tag}, arms: {own}_arms }}"
            ),
        };
        let offset = if self.language == Language::C { "offsetof" } else { "offset_of!" };
        self.row(&format!("{own} arms"), &format!("{offset}({own}, arms)"));
    }

    /// A type, and what stands behind the member's name in C.
    fn ty(&self, prefix: &str, program: &Program, field: &Field, ty: &Type) -> (String, String) {
        let plain = |name: String| (name, String::new());
        match ty {
            Type::Scalar(found) => plain(scalar(self.language, *found).to_owned()),
            Type::Named(name) => match program.enums.get(name) {
                Some(found) => plain(scalar(self.language, field.storage.unwrap_or(found.repr)).to_owned()),
                None => plain(identifier(prefix, name)),
            },
            Type::Array(element, count) => {
                let (element, behind) = self.ty(prefix, program, field, element);
                match self.language {
                    Language::C => (element, format!("[{count}]{behind}")),
                    Language::Rust => plain(format!("[{element}; {count}]")),
                }
            }
            Type::Slice(..) | Type::Str(_) => plain(scalar(self.language, Scalar::U64).to_owned()),
            Type::Ref(_) => plain(scalar(self.language, Scalar::U32).to_owned()),
            Type::Heap(name) => panic!("{name} lies on a heap"),
        }
    }
}

/// What a struct or message is made of.
pub(crate) fn body<'p>(program: &'p Program, name: &str) -> &'p Body {
    match program.structs.get(name) {
        Some(found) => &found.body,
        None => &program.messages[name].body,
    }
}

/// A name of a type in both languages.
pub(crate) fn identifier(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", name.replace('.', "__"))
}

fn scalar(language: Language, scalar: Scalar) -> &'static str {
    if language == Language::Rust {
        return scalar.word();
    }
    match scalar {
        Scalar::U8 => "uint8_t",
        Scalar::U16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
        Scalar::F32 => "float",
        Scalar::F64 => "double",
        Scalar::Bool => "_Bool",
    }
}
