//! What a message says of itself beyond its fields: how large it may become, and what its bytes are.

use super::super::Report;
use super::super::view::boundary;
use crate::diagnostics::{Diagnostic, Rule};
use crate::layout::{FRAME_OFFSET, Layouts, ROOT_OFFSET};
use crate::limits::MAX_MESSAGE_SIZE;
use crate::model::{Body, Message, Named, Program};
use crate::types::is_name;
use crate::vocabulary::{Boundary, Profile};

const NOT_EXTERNAL: Rule = Rule::error("VIL-L020", "`media_type` and `adapter` belong to external messages.");
const NO_MAX: Rule =
    Rule::error("VIL-L026", "A relative or external message that a route carries in shared memory has a max_bytes.");
const SMALL_MAX: Rule = Rule::error(
    "VIL-L027",
    "Within max_bytes there is room for the head of 16 bytes and the root, or for an external one's frame of 8 and a byte.",
);
const LARGE_MAX: Rule = Rule::error("VIL-L028", "A max_bytes is at most 64 MiB.");
const FLAT_MAX: Rule = Rule::error("VIL-L029", "`max_bytes` belongs to relative and external messages.");
const UNSAID: Rule = Rule::error("VIL-L030", "An external message has a media_type and an adapter.");
const FORM: Rule = Rule::error("VIL-L031", "A media_type is `type/subtype` without blanks, an adapter is a name.");
const NOT_OPAQUE: Rule = Rule::error("VIL-L032", "An external message has no fields and no variants.");

/// The rules of this file.
pub(super) const RULES: [Rule; 8] = [NOT_EXTERNAL, NO_MAX, SMALL_MAX, LARGE_MAX, FLAT_MAX, UNSAID, FORM, NOT_OPAQUE];

/// One message, and where it stands.
struct Place<'p> {
    name: &'p str,
    message: &'p Message,
}

impl Place<'_> {
    fn at(&self, key: &str) -> String {
        format!("/messages/{}/{key}", self.name)
    }

    fn fault(&self, rule: Rule, key: &str, says: impl std::fmt::Display) -> Diagnostic {
        Diagnostic::new(rule, self.at(key), format!("`{}` {says}", self.name))
    }
}

/// All messages.
pub(super) fn judge(program: &Program, layouts: &Layouts, report: &mut Report) {
    let carried = carried(program, layouts, report);
    for (name, message) in &program.messages {
        let place = Place { name, message };
        let (profile, least) = match (message.layout, layouts.types.get(name)) {
            (Some(Profile::External), _) => (Profile::External, FRAME_OFFSET + 1),
            (_, Some(layout)) => (layout.profile, layout.least_bytes()),
            // It has no layout, and that is told; its sizes are not known.
            (_, None) => continue,
        };
        match profile {
            Profile::Flat => flat(&place, report),
            Profile::Relative => sized(&place, least, carried.contains_key(name), report),
            Profile::External => {
                sized(&place, least, carried.contains_key(name), report);
                external(&place, report);
            }
        }
        let keys = [("media_type", &message.media_type), ("adapter", &message.adapter)];
        for (key, _) in keys.iter().filter(|(_, value)| value.is_some() && profile != Profile::External) {
            let fault = place.fault(NOT_EXTERNAL, key, format_args!("is {profile} and needs no {key}"));
            report.add(fault.fix("take it out, or say `layout: external`"));
        }
    }
}

/// The messages that some ring in shared memory carries; not looked for where none is without a size.
fn carried(program: &Program, layouts: &Layouts, report: &Report<'_>) -> Named<()> {
    let is_flat = |name: &String| layouts.types.get(name).is_some_and(|layout| layout.profile == Profile::Flat);
    if program.messages.iter().all(|(name, message)| message.max_bytes.is_some() || is_flat(name)) {
        return Named::new();
    }
    let shared = report.rings().filter(|ring| boundary(program, ring.route) != Boundary::InterHost);
    shared.map(|ring| (ring.carries.to_owned(), ())).collect()
}

fn flat(place: &Place<'_>, report: &mut Report) {
    if place.message.max_bytes.is_some() {
        let fault = place.fault(FLAT_MAX, "max_bytes", "is flat: its size is that of its fields");
        report.add(fault.fix("take it out, or say `layout: relative`"));
    }
}

fn sized(place: &Place<'_>, least: u32, is_carried: bool, report: &mut Report) {
    match place.message.max_bytes {
        None if is_carried => {
            let profile = if place.message.layout == Some(Profile::External) { "external" } else { "relative" };
            let message = format!("`{}` is {profile}, and nothing says how large it may become", place.name);
            let fault = Diagnostic::new(NO_MAX, format!("/messages/{}", place.name), message);
            report.add(fault.fix("add `max_bytes: ...`, everything counted: its slots have that size"));
        }
        Some(bytes) if bytes > u64::from(MAX_MESSAGE_SIZE) => {
            let fault = place.fault(LARGE_MAX, "max_bytes", "would be larger than any slot").found(bytes);
            report.add(fault.expected(format!("at most {MAX_MESSAGE_SIZE}")));
        }
        Some(bytes) if bytes < u64::from(least) => {
            let fault = place.fault(SMALL_MAX, "max_bytes", "does not fit into its max_bytes, even when it is empty");
            let of = if place.message.layout == Some(Profile::External) {
                format!("{FRAME_OFFSET} of the frame and {} of what it holds", least - FRAME_OFFSET)
            } else {
                format!("{ROOT_OFFSET} of the head and {} of the root", least - ROOT_OFFSET)
            };
            report.add(fault.found(bytes).expected(format!("at least {least}: {of}")));
        }
        _ => {}
    }
}

fn external(place: &Place<'_>, report: &mut Report) {
    let message = place.message;
    for (key, value, example) in
        [("media_type", &message.media_type, "application/json"), ("adapter", &message.adapter, "json")]
    {
        let Some(value) = value else {
            let says = format!("`{}` is external, and its {key} is not said", place.name);
            let fault = Diagnostic::new(UNSAID, format!("/messages/{}", place.name), says);
            report.add(fault.fix(format!("add `{key}: {example}` or what it is")));
            continue;
        };
        let is_well_formed = if key == "adapter" { is_name(value) } else { is_media_type(value) };
        if !is_well_formed {
            let fault = place.fault(FORM, key, format_args!("has a {key} that is none")).found(format!("{value:?}"));
            report.add(fault.expected(format!("such as `{example}`")));
        }
    }
    let key = match &message.body {
        Body::Fields(fields) if fields.is_empty() => return,
        Body::Fields(_) => "fields",
        Body::Variants(_) => "variants",
    };
    let fault = place.fault(NOT_OPAQUE, key, "is external: nobody but its adapter looks into its bytes");
    report.add(fault.fix(format!("take `{key}` out, or say `layout: relative`")));
}

/// `type/subtype`, with parameters behind a `;` where they have no blanks.
fn is_media_type(text: &str) -> bool {
    let (essence, rest) = text.split_once(';').unwrap_or((text, ""));
    let is_token =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c));
    let is_parameters = rest.chars().all(|c| c.is_ascii_graphic());
    essence.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub)) && is_parameters
}
