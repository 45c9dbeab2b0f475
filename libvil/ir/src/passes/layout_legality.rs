//! Pass 1, LayoutLegality: can every type be laid out, and does what is said about it fit it.
//!
//! L001 heap types · L002 types that contain themselves · L003 array lengths · L004 sizes · L005 references in flat
//! messages · L006 relative messages (not in this version) · L007 external messages (not in this version) · L008, L009
//! ids · L010 numbers that stand twice · L011 defaults and sentinels · L012 ranges · L013 constants · L014 `as` ·
//! L015 enum values · L016 tags · L017 used_by · L018 clock · L019 empty unions · L020 keys of external messages

mod values;

use super::view::{base, bodies, fields, is_reference, lists, profile};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::layout::{LayoutReason, lay_out};
use crate::limits::{MAX_ARRAY_COUNT, MAX_FLAT_SIZE};
use crate::model::{Body, Field, Program, Type};
use crate::vocabulary::{Profile, Scalar};

const HEAP: Rule = Rule::error("VIL-L001", "A field holds its value, not a pointer to a private heap.");
const RECURSIVE: Rule = Rule::error("VIL-L002", "A type does not contain itself by value.");
const COUNT: Rule = Rule::error("VIL-L003", "An array has 1 to 67,108,864 elements.");
const TOO_LARGE: Rule = Rule::error("VIL-L004", "A struct or flat message has at most 64 MiB.");
const REFERENCE: Rule = Rule::error("VIL-L005", "A flat message holds no references, not even in a struct.");
const RELATIVE: Rule =
    Rule::error("VIL-L006", "This version carries flat messages: no relative ones, no VSlice, VStr or VRef.");
const EXTERNAL: Rule = Rule::error("VIL-L007", "This version carries flat messages: no external ones.");
const SOME_IDS: Rule = Rule::error("VIL-L008", "All fields of a type have an id, or none has.");
const SAME_ID: Rule = Rule::error("VIL-L009", "An id is at least 1 and stands once in its type.");
const SAME_NUMBER: Rule =
    Rule::error("VIL-L010", "A number names one value of an enum (but for aliases) and one variant of a union.");
pub(super) const DEFAULT: Rule = Rule::error("VIL-L011", "A default or sentinel is a value of its field's type.");
pub(super) const RANGE: Rule =
    Rule::error("VIL-L012", "A range is two numbers of its field's type, the lower one first.");
pub(super) const CONSTANT: Rule = Rule::error("VIL-L013", "A constant is a value of its type.");
const STORAGE: Rule = Rule::error("VIL-L014", "`as` stands on an enum, and all its values fit.");
const ENUM_VALUE: Rule = Rule::error("VIL-L015", "The values of an enum fit its repr.");
const TAG: Rule = Rule::error("VIL-L016", "The tags of a union fit its tag type.");
const USED_BY: Rule =
    Rule::error("VIL-L017", "`used_by` stands on an array and names a field with an unsigned integer.");
const CLOCK: Rule = Rule::error("VIL-L018", "`clock` stands on an integer.");
const NO_ARMS: Rule = Rule::error("VIL-L019", "A union has at least one variant.");
const NOT_EXTERNAL: Rule = Rule::error("VIL-L020", "`media_type` and `adapter` belong to external messages.");

pub(super) const PASS: Pass = Pass {
    name: "LayoutLegality",
    about: "Every type can be laid out, and what is said about it fits it.",
    rules: &[
        HEAP,
        RECURSIVE,
        COUNT,
        TOO_LARGE,
        REFERENCE,
        RELATIVE,
        EXTERNAL,
        SOME_IDS,
        SAME_ID,
        SAME_NUMBER,
        DEFAULT,
        RANGE,
        CONSTANT,
        STORAGE,
        ENUM_VALUE,
        TAG,
        USED_BY,
        CLOCK,
        NO_ARMS,
        NOT_EXTERNAL,
    ],
    run,
};

fn run(program: &Program, report: &mut Report) {
    types(program, report);
    sizes(program, report);
    profiles(program, report);
    ids(program, report);
    enums(program, report);
    unions(program, report);
    for (_, siblings, field, pointer) in fields(program) {
        storage(program, field, &pointer, report);
        length(siblings, field, &pointer, report);
        clock(field, &pointer, report);
        values::field(program, field, &pointer, report);
    }
    values::constants(program, report);
}

/// What stands in a field's type: heap types, array lengths, references.
fn types(program: &Program, report: &mut Report) {
    for (owner, _, field, pointer) in fields(program) {
        let at = format!("{pointer}/type");
        if let Type::Heap(name) = base(&field.ty) {
            let message =
                format!("`{owner}.{}` would hold a pointer that means nothing in another process", field.name);
            report.add(Diagnostic::new(HEAP, at.clone(), message).found(format!("`{name}`")).fix(instead(name)));
        }
        counts(&field.ty, &at, report);
        let flat = program.messages.get(owner).is_some_and(|message| message.layout == Some(Profile::Flat));
        if is_reference(&field.ty) && flat {
            let message = format!("`{owner}` is flat, and `{}` is a reference", field.name);
            let fix = "use an array of fixed length, with `used_by` for its length";
            report.add(Diagnostic::new(REFERENCE, at, message).found(format!("`{}`", field.ty)).fix(fix));
        } else if is_reference(&field.ty) && !program.messages.contains_key(owner) {
            let message = format!("`{owner}.{}` is a reference, and this version carries none", field.name);
            let fix = "use an array of fixed length, with `used_by` for its length";
            report.add(Diagnostic::new(RELATIVE, at, message).found(format!("`{}`", field.ty)).fix(fix));
        }
    }
}

/// What to use instead of a heap type.
fn instead(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["Option"]) {
        return "use the value with `optional: true`";
    }
    if has(&["HashMap", "BTreeMap", "map", "Set"]) {
        return "use an array of a struct with key and value, `[Entry; N]`";
    }
    if has(&["String", "str", "char"]) {
        return "use `[u8; N]`";
    }
    if has(&["Vec", "vector", "list"]) {
        return "use `[T; N]`, with `used_by` for the length";
    }
    "use the value itself"
}

fn counts(ty: &Type, at: &str, report: &mut Report) {
    if let Type::Array(element, count) = ty {
        if *count == 0 || *count > MAX_ARRAY_COUNT {
            let fault = Diagnostic::new(COUNT, at, format!("an array of {count} elements"));
            report.add(fault.found(count).expected(format!("1 to {MAX_ARRAY_COUNT}")));
        }
        counts(element, at, report);
    }
}

/// What only the whole layout tells: circles and sizes. Its other reasons are found above, field by field.
fn sizes(program: &Program, report: &mut Report) {
    for error in lay_out(program).err().unwrap_or_default() {
        let section = if program.structs.contains_key(&error.owner) { "structs" } else { "messages" };
        let pointer = format!("/{section}/{}", error.owner);
        match &error.reason {
            LayoutReason::Recursive(path) => {
                let fault = Diagnostic::new(RECURSIVE, pointer, format!("`{}` contains itself by value", error.owner));
                report.add(fault.found(path.join(" -> ")).fix("name the other by a number, a key or an index"));
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

fn profiles(program: &Program, report: &mut Report) {
    for (name, message) in &program.messages {
        let pointer = format!("/messages/{name}");
        let at = if message.layout.is_some() { format!("{pointer}/layout") } else { pointer.clone() };
        let profile = profile(message);
        match profile {
            Profile::Flat => {}
            Profile::Relative => {
                let fault = Diagnostic::new(
                    RELATIVE,
                    at,
                    format!("`{name}` is relative, and this version carries flat messages"),
                );
                report.add(fault.fix("use arrays of fixed length instead of VSlice and VStr, and `layout: flat`"));
            }
            Profile::External => {
                let fault = Diagnostic::new(
                    EXTERNAL,
                    at,
                    format!("`{name}` is external, and this version carries flat messages"),
                );
                report.add(fault.fix("convert it outside, and give the fields here with `layout: flat`"));
            }
        }
        let keys = [("media_type", &message.media_type), ("adapter", &message.adapter)];
        for (key, _) in keys.iter().filter(|(_, value)| value.is_some() && profile != Profile::External) {
            let text = format!("`{name}` is {profile}, and `{key}` belongs to external messages");
            report.add(Diagnostic::new(NOT_EXTERNAL, format!("{pointer}/{key}"), text).fix("take it out"));
        }
    }
}

fn ids(program: &Program, report: &mut Report) {
    for (owner, body, pointer) in bodies(program) {
        for (fields, list) in lists(body, &pointer) {
            let with = fields.iter().filter(|field| field.id.is_some()).count();
            if with != 0 && with != fields.len() {
                let without = fields.iter().position(|field| field.id.is_none()).unwrap_or(0);
                let message = format!(
                    "{with} of {} fields of `{owner}` have an id, `{}` has none",
                    fields.len(),
                    fields[without].name
                );
                let fault = Diagnostic::new(SOME_IDS, format!("{list}/{without}"), message);
                report.add(fault.fix("give every field an id, or none"));
            }
            let mut seen: Keyed<i128, &str> = Keyed::new();
            for (index, (id, field)) in fields.iter().enumerate().filter_map(|(i, f)| Some((i, (f.id?, f)))) {
                let first = seen.insert(id.into(), &field.name);
                let message = match (id, first) {
                    (0, _) => format!("`{}` has id 0", field.name),
                    (_, Some(first)) => format!("`{first}` and `{}` have the same id", field.name),
                    _ => continue,
                };
                let fault = Diagnostic::new(SAME_ID, format!("{list}/{index}/id"), message).found(id);
                report.add(fault.expected("a number of its own, from 1"));
            }
        }
    }
}

fn enums(program: &Program, report: &mut Report) {
    for (name, found) in &program.enums {
        let mut seen: Keyed<i128, &str> = Keyed::new();
        for value in &found.values {
            let pointer = format!("/enums/{name}/values/{}", value.name);
            if let Some((lowest, highest)) = found.repr.integer_range()
                && !(lowest..=highest).contains(&value.value)
            {
                let fault = Diagnostic::new(
                    ENUM_VALUE,
                    pointer.clone(),
                    format!("`{}` does not fit {}", value.name, found.repr),
                );
                report.add(fault.found(value.value).expected(format!("{lowest} to {highest}")));
            }
            if let Some(first) = seen.insert(value.value, &value.name)
                && !found.aliases
            {
                let message = format!("`{first}` and `{}` are the same number", value.name);
                let fault = Diagnostic::new(SAME_NUMBER, pointer, message).found(value.value);
                report.add(fault.fix("give one of them another number, or say `aliases: true`"));
            }
        }
    }
}

fn unions(program: &Program, report: &mut Report) {
    for (owner, body, pointer) in bodies(program) {
        let Body::Variants(variants) = body else { continue };
        if variants.arms.is_empty() {
            let fault = Diagnostic::new(NO_ARMS, format!("{pointer}/variants"), format!("`{owner}` has no variants"));
            report.add(fault.fix("add one, or use `fields`"));
        }
        let highest = variants.tag.integer_range().map_or(0, |(_, highest)| highest);
        let mut seen: Keyed<i128, &str> = Keyed::new();
        for arm in &variants.arms {
            let at = format!("{pointer}/variants/{}/tag", arm.name);
            if i128::from(arm.tag) > highest {
                let fault = Diagnostic::new(
                    TAG,
                    at.clone(),
                    format!("the tag of `{}` does not fit {}", arm.name, variants.tag),
                );
                report.add(fault.found(arm.tag).expected(format!("0 to {highest}")));
            }
            if let Some(first) = seen.insert(arm.tag.into(), &arm.name) {
                let message = format!("`{first}` and `{}` have the same tag", arm.name);
                report.add(Diagnostic::new(SAME_NUMBER, at, message).found(arm.tag).fix("give one of them another"));
            }
        }
    }
}

fn storage(program: &Program, field: &Field, pointer: &str, report: &mut Report) {
    let Some(storage) = field.storage else { return };
    let at = format!("{pointer}/as");
    let Some(found) = enum_of(program, &field.ty) else {
        let fault = Diagnostic::new(STORAGE, at, format!("`{}` is no enum", field.name));
        return report.add(fault.found(format!("`{}`", field.ty)).fix("take `as` out"));
    };
    let Some((lowest, highest)) = storage.integer_range() else {
        return report.add(Diagnostic::new(STORAGE, at, format!("{storage} is no integer")));
    };
    if let Some(value) = found.values.iter().find(|value| !(lowest..=highest).contains(&value.value)) {
        let fault = Diagnostic::new(STORAGE, at, format!("`{}` does not fit {storage}", value.name));
        report.add(fault.found(value.value).expected(format!("{lowest} to {highest}")));
    }
}

pub(super) fn enum_of<'p>(program: &'p Program, ty: &Type) -> Option<&'p crate::model::Enum> {
    match base(ty) {
        Type::Named(name) => program.enums.get(name),
        _ => None,
    }
}

fn length(siblings: &[Field], field: &Field, pointer: &str, report: &mut Report) {
    let Some(name) = &field.used_by else { return };
    let at = format!("{pointer}/used_by");
    if !matches!(field.ty, Type::Array(..)) {
        let fault = Diagnostic::new(USED_BY, at, format!("`{}` is no array", field.name));
        return report.add(fault.found(format!("`{}`", field.ty)).fix("take `used_by` out"));
    }
    let Some(length) = siblings.iter().find(|sibling| sibling.name == *name) else { return };
    if !matches!(length.ty, Type::Scalar(Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64)) {
        let fault = Diagnostic::new(USED_BY, at, format!("`{name}` cannot tell a length"));
        report.add(fault.found(format!("`{}`", length.ty)).expected("u8, u16, u32 or u64"));
    }
}

fn clock(field: &Field, pointer: &str, report: &mut Report) {
    let integer = matches!(base(&field.ty), Type::Scalar(scalar) if scalar.integer_range().is_some());
    if field.clock.is_some() && !integer {
        let fault = Diagnostic::new(CLOCK, format!("{pointer}/clock"), format!("`{}` is no integer", field.name));
        report.add(fault.found(format!("`{}`", field.ty)).fix("count the time in nanoseconds in an i64 or u64"));
    }
}
