//! Pass 10, AbiProfile: can it all be written down in C, C++ and Rust, and does it fit the world's numbers.
//!
//! A001 names that collide after case change and escaping · A002 names that generated code keeps · A003 worlds that
//! are too big · A004 names that are too long · A005 worlds of too many bytes

use std::fmt::Arguments;

use super::view::{bodies, lists};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keywords::{escape, snake, upper};
use crate::limits::{MAX_IDENTIFIER, MAX_PROCESSES, MAX_ROUTES, MAX_SLOT_BYTES, MAX_SLOTS, SPARE_PROCESSES};
use crate::model::{Body, Constant, Named, Program};
use crate::plan;

const COLLISION: Rule = Rule::error("VIL-A001", "Names stay apart when they are written for C, C++ and Rust.");
const KEPT: Rule = Rule::error("VIL-A002", "Names that begin with `vil_` belong to generated code.");
const WORLD: Rule = Rule::error("VIL-A003", "A world has at most 4,095 routes, 1,048,575 slots and 990 processes.");
const LONG: Rule = Rule::error("VIL-A004", "A name has at most 63 characters.");
const HEAVY: Rule = Rule::error("VIL-A005", "The slots of a world have at most 2 TiB together.");

pub(super) const PASS: Pass = Pass {
    name: "AbiProfile",
    about: "It can all be written down in C, C++ and Rust, and fits the world's numbers.",
    rules: &[COLLISION, KEPT, WORLD, LONG, HEAVY],
};

pub(super) fn run(program: &Program, report: &mut Report) {
    types(program, report);
    members(program, report);
    constants(&program.constants, "", report);
    for (name, found) in &program.structs {
        constants(&found.constants, &format!("/structs/{name}"), report);
    }
    for (name, found) in &program.messages {
        constants(&found.constants, &format!("/messages/{name}"), report);
    }
    ports(program, report);
    world(program, report);
}

/// Names of one place where each may stand once.
struct Space<'r, 'p> {
    report: &'r mut Report<'p>,
    taken: Named<String>,
}

impl<'r, 'p> Space<'r, 'p> {
    fn new(report: &'r mut Report<'p>) -> Space<'r, 'p> {
        Space { report, taken: Named::new() }
    }

    /// Takes the identifiers that a name becomes. Its pointer is written out only where something is wrong.
    fn take(&mut self, name: &str, what: &str, pointer: Arguments<'_>, becomes: &[String]) {
        let owner = format!("{what} `{name}`");
        for identifier in becomes {
            if let Some(first) = self.taken.get(identifier).filter(|first| **first != owner) {
                let message = format!("{first} and {owner} would both be called `{identifier}`");
                let fault = Diagnostic::new(COLLISION, pointer.to_string(), message).fix("rename one of them");
                return self.report.add(fault);
            }
        }
        for identifier in becomes {
            self.taken.insert(identifier.clone(), owner.clone());
        }
        legal(name, pointer, self.report);
    }
}

fn legal(name: &str, pointer: Arguments<'_>, report: &mut Report) {
    if name.len() > MAX_IDENTIFIER as usize {
        let fault = Diagnostic::new(LONG, pointer.to_string(), "this name is too long");
        report.add(fault.found(format!("{} characters", name.len())).expected(format!("at most {MAX_IDENTIFIER}")));
    }
    if name.starts_with(['v', 'V']) && format!("{}_", snake(name)).starts_with("vil_") {
        let fault = Diagnostic::new(KEPT, pointer.to_string(), format!("`{name}` could be a name of generated code"));
        report.add(fault.fix("let it begin with something else"));
    }
}

/// The name as one identifier in small letters; a foreign package's dots become underscores.
fn identifier(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(snake).collect();
    parts.join("_")
}

fn types(program: &Program, report: &mut Report) {
    let mut space = Space::new(report);
    for name in program.enums.keys() {
        space.take(name, "enum", format_args!("/enums/{name}"), &[identifier(name)]);
    }
    for name in program.structs.keys() {
        space.take(name, "struct", format_args!("/structs/{name}"), &[identifier(name)]);
    }
    for name in program.messages.keys() {
        let own = identifier(name);
        let wrappers = ["loan", "msg"].map(|end| format!("{own}_{end}"));
        space.take(name, "message", format_args!("/messages/{name}"), &[&[own][..], &wrappers[..]].concat());
    }
    for name in program.processes.keys() {
        space.take(name, "process", format_args!("/processes/{name}"), &[identifier(name)]);
    }
}

fn members(program: &Program, report: &mut Report) {
    for (name, found) in &program.enums {
        let mut space = Space::new(report);
        for value in &found.values {
            let own = &value.name;
            space.take(own, "value", format_args!("/enums/{name}/values/{own}"), &[upper(&value.name)]);
        }
    }
    for (_, body, pointer) in bodies(program) {
        if let Body::Variants(variants) = body {
            let mut space = Space::new(report);
            for arm in &variants.arms {
                let own = &arm.name;
                space.take(own, "variant", format_args!("{pointer}/variants/{own}"), &[escape(&snake(&arm.name))]);
            }
        }
        for (fields, list) in lists(body, &pointer) {
            let mut space = Space::new(report);
            for (index, field) in fields.iter().enumerate() {
                let at = format_args!("{list}/{index}/name");
                space.take(&field.name, "field", at, &[escape(&snake(&field.name))]);
            }
        }
    }
}

fn constants(constants: &Named<Constant>, owner: &str, report: &mut Report) {
    let mut space = Space::new(report);
    for name in constants.keys() {
        space.take(name, "constant", format_args!("{owner}/constants/{name}"), &[identifier(name)]);
    }
}

fn ports(program: &Program, report: &mut Report) {
    for (interface, found) in &program.interfaces {
        let mut space = Space::new(report);
        for name in found.ports.keys() {
            let at = format_args!("/interfaces/{interface}/ports/{name}");
            space.take(name, "port", at, &[escape(&snake(name))]);
        }
    }
}

fn world(program: &Program, report: &mut Report) {
    let mut add = |pointer: &str, what: &str, found: u64, most: u32| {
        if found > u64::from(most) {
            let fault = Diagnostic::new(WORLD, pointer, format!("the world would have {found} {what}"));
            report.add(fault.found(found).expected(format!("at most {most}")));
        }
    };
    let processes = plan::processes(program);
    add("/processes", "processes", processes, MAX_PROCESSES - SPARE_PROCESSES);
    // Rings that cannot be planned are the business of other passes.
    let rings = program.routes.len() as u64;
    let needs = plan::needs(program).unwrap_or(plan::Needs { rings, slots: 0, bytes: 0 });
    add("/routes", "routes, answers included", needs.rings, MAX_ROUTES);
    add("/routes", "slots", needs.slots, MAX_SLOTS);
    if needs.bytes > MAX_SLOT_BYTES {
        let fault = Diagnostic::new(HEAVY, "/routes", format!("the slots would have {} bytes together", needs.bytes));
        let fault = fault.found(needs.bytes).expected(format!("at most {MAX_SLOT_BYTES}"));
        report.add(fault.fix("use smaller capacities, or a smaller max_bytes"));
    }
}
