//! One text through everything that reads texts, and what must hold whatever it says.

use vil_ir::diagnostics::Diagnostics;
use vil_ir::load::{Format, NoFiles, from_text};
use vil_ir::{dump, passes, plan, render};

use crate::counting::{Spent, count};

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It cannot be read.
    Unreadable,
    /// It was read, and passes refuse it.
    Refused,
    /// It is a program.
    Program,
}

/// Reads and judges a text, holds every fault to its place and every program to its plan and its canonical form.
pub(crate) fn read(text: &str, format: Format) -> (Outcome, Spent) {
    let (found, spent) = count(|| {
        let (program, source) = from_text("text", text.to_owned(), format, &mut NoFiles)?;
        let judged = passes::check(&program, source);
        Ok::<_, Diagnostics>((program, judged))
    });
    let (program, faults) = match found {
        Err(faults) => {
            assert!(faults.any_error(), "refused, and nothing is wrong");
            (None, faults)
        }
        Ok((program, faults)) => (Some(program), faults),
    };
    placed(text, format, &faults);
    let Some(program) = program else { return (Outcome::Unreadable, spent) };
    if faults.any_error() {
        let _ = plan::plan_program(&program);
        return (Outcome::Refused, spent);
    }
    if let Err(error) = plan::plan_program(&program) {
        panic!("accepted, and has no plan: {error}");
    }
    let json = dump::canonical_json(&program);
    for (text, format) in [(json.clone(), Format::Json), (dump::yaml(&program), Format::Yaml)] {
        match from_text("dump", text, format, &mut NoFiles) {
            Ok((again, _)) => assert_eq!(dump::canonical_json(&again), json, "{format:?}: another program came back"),
            Err(faults) => panic!("what was written cannot be read: {faults}"),
        }
    }
    (Outcome::Program, spent)
}

/// Every fault stands within its text and points to a node, and can be drawn and written.
fn placed(text: &str, format: Format, faults: &Diagnostics) {
    let lines = lines(text, format);
    for fault in &faults.items {
        let place = fault.place.unwrap_or_else(|| panic!("no place: {fault}"));
        assert!(place.line >= 1 && place.column >= 1 && place.length >= 1, "counted from 1: {fault}");
        let line = lines.get(place.line as usize - 1).unwrap_or_else(|| panic!("behind the last line: {fault}"));
        assert!((place.column as usize) <= line + 1, "behind the end of its line: {fault}");
        assert!(place.column as usize + place.length as usize <= line + 2, "longer than its line: {fault}");
        assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'), "no pointer: {:?}", fault.pointer);
        assert!(fault.file == "text" && !fault.message.is_empty(), "{fault}");
    }
    if faults.items.len() <= 100 && text.len() <= 100_000 {
        let _ = render::render(faults, true);
        let json = from_text("faults", faults.to_json(), Format::Json, &mut NoFiles).expect_err("no program");
        assert!(json.items.iter().all(|fault| fault.code() != "VIL-F001"), "faults are no JSON: {json}");
    }
}

/// Characters of every line, and of the one behind the last line end. JSON ends its lines with a line feed, YAML with a
/// carriage return too.
fn lines(text: &str, format: Format) -> Vec<usize> {
    let ends: &[char] = if format == Format::Json { &['\n'] } else { &['\n', '\r'] };
    let text = if format == Format::Json { text.to_owned() } else { text.replace("\r\n", "\n") };
    text.split(ends).map(|line| line.chars().count()).collect()
}
