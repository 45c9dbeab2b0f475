//! Pass 1, LayoutLegality: can every type be laid out, and does what is said about it fit it.
//!
//! L001 heap types · L002 types that contain themselves · L003 array lengths · L004 sizes · L005 references in flat
//! messages · L008, L009 ids · L010 numbers that stand twice · L011 defaults and sentinels · L012 ranges · L013
//! constants · L014 `as` · L015 enum values · L016 tags · L017 used_by · L018 clock · L019 empty unions · L020 keys of
//! external messages · L021 bounds and elements of slices · L022 types without an end · L023 optional arrays of
//! references · L024 where references lead · L025 external messages as types · L026 to L029 max_bytes · L030, L031 what an
//! external message is · L032 fields of one · L033 scales · L034 keys that may be absent · L035 defaults out of range ·
//! L036 bitmasks · L037 closed enums without values · L038 lengths that may be absent · L039 levels

mod depth;
mod messages;
mod types;
mod values;

use super::view::{base, bodies, fields, lists};
use super::{Pass, Report};
use crate::diagnostics::{Diagnostic, Rule};
use crate::keyed::Keyed;
use crate::layout::attempt;
use crate::model::{Body, Field, Program, Type};
use crate::vocabulary::Scalar;

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
const SCALE: Rule = Rule::error("VIL-L033", "A scale stands on a number, and is one that can be divided by.");
const KEY: Rule = Rule::error("VIL-L034", "What identifies an instance is always there: a `key` is not optional.");
pub(super) const OUT_OF_RANGE: Rule = Rule::error("VIL-L035", "A default lies in the range of its field.");
const BITS: Rule = Rule::error("VIL-L036", "The values of a bitmask are not negative.");
const NO_VALUES: Rule = Rule::error("VIL-L037", "A closed enum has at least one value.");
const ABSENT_LENGTH: Rule = Rule::error("VIL-L038", "The field that `used_by` names is not optional.");

pub(super) const PASS: Pass = Pass {
    name: "LayoutLegality",
    about: "Every type can be laid out, and what is said about it fits it.",
    rules: &RULES,
};

/// In the order of their codes.
const RULES: [Rule; 37] = {
    let [heap, recursive, count, too_large, reference, bound, endless, absent_twice, target, opaque] = types::RULES;
    let [not_external, no_max, small_max, large_max, flat_max, unsaid, form, not_opaque] = messages::RULES;
    [
        heap,
        recursive,
        count,
        too_large,
        reference,
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
        not_external,
        bound,
        endless,
        absent_twice,
        target,
        opaque,
        no_max,
        small_max,
        large_max,
        flat_max,
        unsaid,
        form,
        not_opaque,
        SCALE,
        KEY,
        OUT_OF_RANGE,
        BITS,
        NO_VALUES,
        ABSENT_LENGTH,
        depth::DEPTH,
    ]
};

pub(super) fn run(program: &Program, report: &mut Report) {
    let (layouts, errors) = attempt(program);
    types::fields_of(program, &layouts, report);
    types::whole(program, &errors, report);
    messages::judge(program, &layouts, report);
    depth::judge(program, &layouts, report);
    ids(program, report);
    enums(program, report);
    unions(program, report);
    for (_, siblings, field, pointer) in fields(program) {
        storage(program, field, &pointer, report);
        length(siblings, field, &pointer, report);
        clock(field, &pointer, report);
        scale(field, &pointer, report);
        key(field, &pointer, report);
        values::field(program, field, &pointer, report);
    }
    values::constants(program, report);
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
        if found.values.is_empty() && !found.open {
            let message = format!("`{name}` is closed and has no values, so no number is legal");
            let fault = Diagnostic::new(NO_VALUES, format!("/enums/{name}/values"), message);
            report.add(fault.fix("add one, or take `open: false` out"));
        }
        let mut seen: Keyed<i128, &str> = Keyed::new();
        for value in &found.values {
            let pointer = format!("/enums/{name}/values/{}", value.name);
            if found.bitmask && value.value < 0 {
                let message = format!("`{}` is no set of bits: `{name}` is a bitmask", value.name);
                let fault = Diagnostic::new(BITS, pointer.clone(), message).found(value.value);
                report.add(fault.expected("0 or more").fix("use the unsigned type of that width"));
            }
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
    } else if length.optional {
        let fault =
            Diagnostic::new(ABSENT_LENGTH, at, format!("`{name}` may be absent, and then nothing tells a length"));
        report.add(fault.found("optional: true").fix(format!("take `optional` out at `{name}`")));
    }
}

fn clock(field: &Field, pointer: &str, report: &mut Report) {
    let integer = matches!(base(&field.ty), Type::Scalar(scalar) if scalar.integer_range().is_some());
    if field.clock.is_some() && !integer {
        let fault = Diagnostic::new(CLOCK, format!("{pointer}/clock"), format!("`{}` is no integer", field.name));
        report.add(fault.found(format!("`{}`", field.ty)).fix("count the time in nanoseconds in an i64 or u64"));
    }
}

fn scale(field: &Field, pointer: &str, report: &mut Report) {
    let Some(scale) = field.scale else { return };
    let at = format!("{pointer}/scale");
    let is_number = matches!(base(&field.ty), Type::Scalar(scalar) if *scalar != Scalar::Bool);
    if !is_number {
        let fault = Diagnostic::new(SCALE, at, format!("`{}` is no number", field.name));
        report.add(fault.found(format!("`{}`", field.ty)).fix("take `scale` out"));
    } else if !scale.is_finite() || scale == 0.0 {
        let fault = Diagnostic::new(SCALE, at, format!("`{}`: from this scale no value comes back", field.name));
        report.add(fault.found(format!("{scale:?}")).expected("a finite number other than 0"));
    }
}

fn key(field: &Field, pointer: &str, report: &mut Report) {
    if field.key && field.optional {
        let message = format!("`{}` identifies an instance and may be absent", field.name);
        let fault = Diagnostic::new(KEY, format!("{pointer}/key"), message).found("optional: true");
        report.add(fault.fix("take `optional` out, or `key`"));
    }
}
