//! Diffs: whether one program still holds what another one promised.

use std::ffi::c_char;

use vil_core::base::error::{Error, Fault};
use vil_ir::evolve::{Comparison, Level, Verdict, programs};

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out, sized_out};
use crate::handle::{Pinned, full};
use crate::program::{model, vil_program_t};
use crate::status::vil_status_t;
use crate::told::Told;

/// What differs between two programs. Any thread may use it.
pub struct vil_diff_t(());

/// As a level: bytes of messages.
pub const VIL_LEVEL_LAYOUT: u32 = 0;

/// As a level: and what generated code is called and typed.
pub const VIL_LEVEL_SOURCE: u32 = 1;

/// As a level: and what it all means.
pub const VIL_LEVEL_SEMANTIC: u32 = 2;

/// As a verdict: nothing differs that anybody depends on.
pub const VIL_VERDICT_EQUIVALENT: u32 = 0;

/// As a verdict: who relies on the old one can rely on the new one.
pub const VIL_VERDICT_NEWER: u32 = 1;

/// As a verdict: who relies on the new one can rely on the old one.
pub const VIL_VERDICT_OLDER: u32 = 2;

/// As a verdict: neither can stand in for the other.
pub const VIL_VERDICT_INCOMPATIBLE: u32 = 3;

/// One thing that differs. Texts belong to the diff's handle and end with it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_finding_t {
    /// sizeof(vil_finding_t).
    pub struct_size: u32,
    /// VIL_VERDICT_*: what this alone means.
    pub verdict: u32,
    /// Whose it is: `message Credit`, `enum Risk`, `program`.
    pub subject: *const c_char,
    /// Stable code of the rule, as docs/evolution.md lists them.
    pub rule: *const c_char,
    /// Where: `/TYPE/FIELD` in a layout, a JSON pointer with names for positions in a program.
    pub path: *const c_char,
    /// What differs, one sentence.
    pub message: *const c_char,
}

/// A verdict and its findings.
struct Diff {
    verdict: u32,
    findings: Told,
}

static DIFFS: Pinned<Diff, 15> = Pinned::new();

const _: () = assert!(VIL_LEVEL_SEMANTIC as usize + 1 == Level::ALL.len());
const _: () = {
    assert!(matches!(Level::ALL[VIL_LEVEL_LAYOUT as usize], Level::Layout));
    assert!(matches!(Level::ALL[VIL_LEVEL_SOURCE as usize], Level::Source));
    assert!(matches!(Level::ALL[VIL_LEVEL_SEMANTIC as usize], Level::Semantic));
    assert!(VIL_VERDICT_EQUIVALENT == Verdict::Equivalent as u32);
    assert!(VIL_VERDICT_NEWER == Verdict::Newer as u32);
    assert!(VIL_VERDICT_OLDER == Verdict::Older as u32);
    assert!(VIL_VERDICT_INCOMPATIBLE == Verdict::Incompatible as u32);
};

/// Compares two programs. `level` is VIL_LEVEL_*, and each level includes those before it.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_diff_close; the programs are not kept.
/// NULL: `error` may be, `diff` may not; a program that is NULL is VIL_E_HANDLE. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_ARGUMENT, VIL_E_PROGRAM (one of them has no layouts), VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// `diff` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diff_create(
    old_program: *mut vil_program_t,
    new_program: *mut vil_program_t,
    level: u32,
    diff: *mut *mut vil_diff_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = out(diff, "diff is NULL")?;
            *place = std::ptr::null_mut();
            let level = Level::ALL.get(level as usize).ok_or(Failure::Argument("level is none of VIL_LEVEL_*"))?;
            let refused = |error: vil_ir::evolve::NoLayouts| Error::new(Fault::Program, error.to_string());
            let found = programs(&model(old_program)?, &model(new_program)?, *level).map_err(refused)?;
            *place = DIFFS.insert(list(&found)).ok_or(full())? as *mut vil_diff_t;
            Ok(())
        })
    }
}

/// Ends the diff's handle, and with it all texts that were read from it.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_diff_close(diff: *mut vil_diff_t) -> vil_status_t {
    hot(|| DIFFS.close(diff as usize))
}

/// What all findings together mean, VIL_VERDICT_*, and how many there are.
///
/// Threads: any. Ownership: the numbers are the caller's. NULL: `verdict` and `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `verdict` and `count` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diff_verdict(diff: *mut vil_diff_t, verdict: *mut u32, count: *mut u32) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (verdict, count) = unsafe { (out(verdict, "verdict is NULL")?, out(count, "count is NULL")?) };
        DIFFS.with(diff as usize, |diff| {
            (*verdict, *count) = (diff.verdict, diff.findings.count());
            Ok(())
        })
    })
}

/// Looks at one finding, 0 to count - 1.
///
/// Threads: any. Ownership: `finding` is the caller's, its texts are the handle's. NULL: `finding` may not be.
/// Blocks: never. Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE. Since: 0.1.
///
/// # Safety
/// `finding` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diff_finding(
    diff: *mut vil_diff_t,
    index: u32,
    finding: *mut vil_finding_t,
) -> vil_status_t {
    let answer = |struct_size| {
        DIFFS.with(diff as usize, |diff| {
            let ([subject, rule, path, message, ..], [verdict, ..]) = diff.findings.row(index)?;
            Ok(vil_finding_t { struct_size, verdict, subject, rule, path, message })
        })
    };
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(finding, answer) })
}

fn list(found: &Comparison) -> Diff {
    let mut findings = Told::default();
    for subject in &found.subjects {
        for finding in &subject.findings {
            let texts = [&subject.name, finding.rule.code, &finding.path, &finding.sentence, "", ""];
            findings.add(texts, [finding.verdict as u32, 0, 0]);
        }
    }
    Diff { verdict: found.verdict() as u32, findings }
}
