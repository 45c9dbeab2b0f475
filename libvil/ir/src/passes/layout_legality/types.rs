//! What a field is made of: heap types, counts, references and names, and what only the whole layout tells.

use super::super::Report;
use super::super::view::{base, fields, is_external, is_reference};
use crate::diagnostics::{Diagnostic, Rule};
use crate::layout::{LayoutError, LayoutReason, Layouts};
use crate::limits::{MAX_ARRAY_COUNT, MAX_FLAT_SIZE};
use crate::model::{Field, Program, Type};
use crate::vocabulary::Profile;

const HEAP: Rule = Rule::error("VIL-L001", "A field holds its value, not a pointer to a private heap.");
const RECURSIVE: Rule = Rule::error("VIL-L002", "A type does not contain itself by value.");
const COUNT: Rule = Rule::error("VIL-L003", "An array has 1 to 67,108,864 elements.");
const TOO_LARGE: Rule = Rule::error("VIL-L004", "A struct or flat message has at most 64 MiB.");
const REFERENCE: Rule = Rule::error("VIL-L005", "A flat message holds no references, not even in a struct.");
const BOUND: Rule =
    Rule::error("VIL-L021", "A VSlice holds scalars, names or VStr; a bound of it or of a VStr is 1 to 67,108,864.");
const ENDLESS: Rule = Rule::error("VIL-L022", "A type does not contain itself by a VRef that may not be absent.");
const ABSENT_TWICE: Rule = Rule::error("VIL-L023", "An array of VRef is not optional.");
const TARGET: Rule = Rule::error("VIL-L024", "A VRef leads to a struct or a message.");
const OPAQUE: Rule = Rule::error("VIL-L025", "An external message is no type of a field.");

/// The rules of this file.
pub(super) const RULES: [Rule; 10] =
    [HEAP, RECURSIVE, COUNT, TOO_LARGE, REFERENCE, BOUND, ENDLESS, ABSENT_TWICE, TARGET, OPAQUE];

/// A field and what is said about it.
struct Place<'p> {
    program: &'p Program,
    owner: &'p str,
    field: &'p Field,
    at: String,
}

impl Place<'_> {
    fn fault(&self, rule: Rule, says: impl std::fmt::Display) -> Diagnostic {
        let fault = Diagnostic::new(rule, self.at.clone(), format!("`{}.{}` {says}", self.owner, self.field.name));
        fault.found(format!("`{}`", self.field.ty))
    }
}

/// What stands in the type of each field.
pub(super) fn fields_of(program: &Program, layouts: &Layouts, report: &mut Report) {
    for (owner, _, field, pointer) in fields(program) {
        let place = Place { program, owner, field, at: format!("{pointer}/type") };
        if let Type::Heap(name) = base(&field.ty) {
            let fault = place.fault(HEAP, "would hold a pointer that means nothing in another process");
            report.add(fault.found(format!("`{name}`")).fix(instead(name)));
        }
        counts(&field.ty, &place, report);
        named(&place, report);
        flat(&place, layouts, report);
    }
}

/// What to use instead of a heap type.
fn instead(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["Option"]) {
        return "use the value with `optional: true`";
    }
    if has(&["HashMap", "BTreeMap", "map", "Set"]) {
        return "use a struct with key and value: `VSlice<Entry>`, in a flat message `[Entry; N]`";
    }
    if has(&["String", "str", "char"]) {
        return "use `VStr`, in a flat message `[u8; N]`";
    }
    if has(&["Vec", "vector", "list"]) {
        return "use `VSlice<T>`, in a flat message `[T; N]` with `used_by` for the length";
    }
    "use the value itself, or `VRef<T>` with `optional: true`"
}

fn counts(ty: &Type, place: &Place<'_>, report: &mut Report) {
    let legal = |count: u32| (1..=MAX_ARRAY_COUNT).contains(&count);
    match ty {
        Type::Array(element, count) => {
            if !legal(*count) {
                let fault = place.fault(COUNT, format_args!("is an array of {count} elements")).found(count);
                report.add(fault.expected(format!("1 to {MAX_ARRAY_COUNT}")));
            }
            if matches!(**element, Type::Ref(_)) && place.field.optional {
                let fault = place.fault(ABSENT_TWICE, "could be absent as a whole and one by one");
                report.add(fault.fix("use a VSlice of a struct with the VRef in it, or take `optional` out"));
            }
            counts(element, place, report);
        }
        Type::Slice(element, bound) => {
            bounded(*bound, legal, place, report);
            if matches!(**element, Type::Array(..) | Type::Slice(..) | Type::Ref(_)) {
                let fault = place.fault(BOUND, format_args!("holds `{element}`, which is no element"));
                report.add(fault.expected("a scalar, a name or a VStr").fix("put it into a struct"));
            }
            counts(element, place, report);
        }
        Type::Str(bound) => bounded(*bound, legal, place, report),
        Type::Scalar(_) | Type::Named(_) | Type::Ref(_) | Type::Heap(_) => {}
    }
}

fn bounded(bound: Option<u32>, legal: impl Fn(u32) -> bool, place: &Place<'_>, report: &mut Report) {
    if let Some(bound) = bound.filter(|bound| !legal(*bound)) {
        let fault = place.fault(BOUND, format_args!("would never hold more than {bound}")).found(bound);
        report.add(fault.expected(format!("1 to {MAX_ARRAY_COUNT}")).fix("take the bound out, or give it room"));
    }
}

/// Names that are no structs.
fn named(place: &Place<'_>, report: &mut Report) {
    let (Type::Named(name) | Type::Ref(name)) = base(&place.field.ty) else { return };
    let fault = if is_external(place.program, name) {
        let fault = place.fault(OPAQUE, format_args!("holds `{name}`, and nobody but its adapter knows what it is"));
        fault.fix("use `VSlice<u8>` for bytes, or give the fields in a message that is not external")
    } else if matches!(base(&place.field.ty), Type::Ref(_)) && place.program.enums.contains_key(name) {
        place.fault(TARGET, format_args!("leads to the enum `{name}`")).fix(format!("use `{name}` itself"))
    } else {
        return;
    };
    report.add(fault);
}

/// References in a message that says it is flat.
fn flat(place: &Place<'_>, layouts: &Layouts, report: &mut Report) {
    let message = place.program.messages.get(place.owner).filter(|_| !place.program.structs.contains_key(place.owner));
    if message.is_none_or(|message| message.layout != Some(Profile::Flat)) {
        return;
    }
    let holds = match base(&place.field.ty) {
        Type::Named(name) => layouts.types.get(name).is_some_and(|layout| layout.references),
        _ => false,
    };
    let says = match (is_reference(&place.field.ty), holds) {
        (true, _) => "is a reference, and the message is flat",
        (false, true) => "holds a reference, and the message is flat",
        (false, false) => return,
    };
    let fix = "say `layout: relative`, or use an array of fixed length, with `used_by` for its length";
    report.add(place.fault(REFERENCE, says).fix(fix));
}

/// What only the whole layout tells: cycles and sizes. Its other reasons are found above, field by field.
pub(super) fn whole(program: &Program, errors: &[LayoutError], report: &mut Report) {
    for error in errors {
        let section = if program.structs.contains_key(&error.owner) { "structs" } else { "messages" };
        let pointer = format!("/{section}/{}", error.owner);
        match &error.reason {
            LayoutReason::Recursive(path) => {
                let fault = Diagnostic::new(RECURSIVE, pointer, format!("`{}` contains itself by value", error.owner));
                report.add(fault.found(path.join(" -> ")).fix("use a VSlice, or a VRef with `optional: true`"));
            }
            LayoutReason::Endless(path) => {
                let message = format!("`{}` contains itself by a VRef that may not be absent", error.owner);
                let fault = Diagnostic::new(ENDLESS, pointer, message).found(path.join(" -> "));
                report.add(fault.fix("say `optional: true` at a VRef of the cycle, or use a VSlice"));
            }
            LayoutReason::TooLarge => {
                let place = error.field.as_ref().map_or(String::new(), |field| format!(", at `{field}`"));
                let fault = Diagnostic::new(TOO_LARGE, pointer, format!("`{}` is too large{place}", error.owner));
                report.add(fault.expected(format!("at most {MAX_FLAT_SIZE} bytes")));
            }
            _ => {}
        }
    }
}
