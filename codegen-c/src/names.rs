//! The name table: what every node is called in every language, decided once, with every collision found.
//!
//! Case and escaping are `vil_ir::keywords`; this file joins words with the program's prefix and remembers who took a
//! name. It never invents a way out of a collision: the author renames one of the two.

use std::collections::{BTreeMap, BTreeSet};

use vil_ir::keywords::{camel, escape, snake, upper};
use vil_ir::model::Program;

use crate::plan::Name;

/// Names taken so far, and who took them.
#[derive(Debug)]
pub(crate) struct Names {
    /// Prefix of C names and file names.
    pub(crate) stem: String,
    /// Namespaces of C++.
    pub(crate) namespace: Vec<String>,
    c: Scope,
    types: Scope,
    values: Scope,
    /// One sentence each.
    pub(crate) faults: Vec<String>,
}

/// Names of one place where each may stand once.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    taken: BTreeMap<String, String>,
    told: BTreeSet<(String, String)>,
}

impl Scope {
    /// Takes a name for its owner; a sentence when somebody else has it, once for each pair of owners.
    fn claim(&mut self, name: &str, owner: &str, place: &str) -> Option<String> {
        let Some(other) = self.taken.get(name) else {
            self.taken.insert(name.to_owned(), owner.to_owned());
            return None;
        };
        let fresh = self.told.insert((other.clone(), owner.to_owned()));
        fresh.then(|| format!("{other} and {owner} would both be `{name}` in {place}; rename one of them"))
    }
}

impl Names {
    /// The table of a program, empty but for what the program itself is called.
    pub(crate) fn new(program: &Program) -> Names {
        let parts: Vec<String> = match &program.package {
            Some(package) => package.split('.').map(snake).collect(),
            None => vec![snake(&program.name)],
        };
        let stem = parts.join("_");
        let mut names = Names {
            namespace: parts.iter().map(|part| namespace(part)).collect(),
            stem,
            c: Scope::default(),
            types: Scope::default(),
            values: Scope::default(),
            faults: Vec::new(),
        };
        if names.stem == "vil" || names.stem.starts_with("vil_") {
            names.faults.push(format!("names that begin with `{}` belong to the library; rename it", names.stem));
        }
        for value in ["PROGRAM_JSON", "PROGRAM_FINGERPRINT", "PROGRAM_PLAN"] {
            names.take_value(value, "the program");
        }
        for suffix in
            ["program", "program_json", "program_fingerprint", "program_plan", "program_load", "PROGRAM_JSON_SIZE"]
        {
            names.take_c(suffix, "the program");
        }
        names
    }

    /// Prefix of C macros.
    pub(crate) fn upper(&self) -> String {
        upper(&self.stem)
    }

    /// Names a type or process and takes what C makes of it: `suffixes` behind its stem, those in capitals as macros.
    pub(crate) fn node(&mut self, declared: &str, owner: &str, suffixes: &[&str]) -> Name {
        let c = format!("{}_{}", self.stem, snake(&declared.replace('.', "_")));
        let name = Name {
            declared: declared.to_owned(),
            upper: upper(&c),
            camel: escape(&camel(&declared.replace('.', "_"))),
            c,
        };
        let fault = self.types.claim(&name.camel, owner, "C++ and Rust");
        self.faults.extend(fault);
        for suffix in suffixes {
            self.take_behind(&name, suffix, owner);
        }
        name
    }

    /// Takes `<node>_<suffix>` in C, as a macro when the suffix is in capitals.
    pub(crate) fn take_behind(&mut self, node: &Name, suffix: &str, owner: &str) {
        let stem = if is_macro(suffix) { &node.upper } else { &node.c };
        let full = if suffix.is_empty() { stem.clone() } else { format!("{stem}_{suffix}") };
        let fault = self.c.claim(&full, owner, "C");
        self.faults.extend(fault);
    }

    /// Takes `<prefix>_<suffix>` in C.
    pub(crate) fn take_c(&mut self, suffix: &str, owner: &str) {
        let stem = if is_macro(suffix) { self.upper() } else { self.stem.clone() };
        let fault = self.c.claim(&format!("{stem}_{suffix}"), owner, "C");
        self.faults.extend(fault);
    }

    /// Takes a type that C++ and Rust have beside the declared ones.
    pub(crate) fn take_type(&mut self, name: &str, owner: &str) {
        let fault = self.types.claim(name, owner, "C++ and Rust");
        self.faults.extend(fault);
    }

    /// Takes a constant beside the types.
    pub(crate) fn take_value(&mut self, name: &str, owner: &str) {
        let fault = self.values.claim(name, owner, "Rust");
        self.faults.extend(fault);
    }

    /// The name of a field, arm or port: escaped, and taken in its struct.
    pub(crate) fn member(&mut self, scope: &mut Scope, declared: &str, owner: &str) -> String {
        let plain = snake(declared);
        if plain == "vil" || plain.starts_with("vil_") {
            self.faults.push(format!("{owner}: names that begin with `vil_` are kept for generated members"));
        }
        let name = escape(&plain);
        let fault = scope.claim(&name, owner, "all languages");
        self.faults.extend(fault);
        name
    }

    /// Takes a name that stands in a struct beside its members.
    pub(crate) fn take_in(&mut self, scope: &mut Scope, name: &str, owner: &str) {
        let fault = scope.claim(name, owner, "all languages");
        self.faults.extend(fault);
    }
}

fn is_macro(suffix: &str) -> bool {
    suffix.chars().any(|character| character.is_ascii_uppercase())
}

/// A C++ namespace; some belong to others.
fn namespace(part: &str) -> String {
    if ["std", "posix", "vil"].contains(&part) { format!("{part}_") } else { escape(part) }
}
