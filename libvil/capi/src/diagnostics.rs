//! Diagnostics: everything that is wrong with a program, not only the first of it.

use std::ffi::c_char;

use vil_ir::diagnostics::Diagnostics;

use crate::error::vil_error_t;
use crate::guard::{cold, hot, out, sized_out};
use crate::handle::{Pinned, full};
use crate::program::{judge, utf8};
use crate::status::vil_status_t;
use crate::told::Told;

/// Everything that is wrong with a program, in the order of its text. Any thread may use it.
pub struct vil_diagnostics_t(());

/// As a severity: something is probably not meant; the program is legal.
pub const VIL_SEVERITY_WARNING: u32 = 0;

/// As a severity: the program is refused.
pub const VIL_SEVERITY_ERROR: u32 = 1;

/// One thing that is wrong. Texts belong to the diagnostics' handle and end with it; what has nothing to say is "".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_diagnostic_t {
    /// sizeof(vil_diagnostic_t).
    pub struct_size: u32,
    /// VIL_SEVERITY_*.
    pub severity: u32,
    /// Line in the text, from 1; 0 when there is no place.
    pub line: u32,
    /// Column in characters, from 1; 0 when there is no place.
    pub column: u32,
    /// Stable code of the rule, as docs/diagnostics.md lists them.
    pub code: *const c_char,
    /// JSON pointer to the node.
    pub pointer: *const c_char,
    /// What is wrong, one sentence.
    pub message: *const c_char,
    /// What stands there.
    pub found: *const c_char,
    /// What may stand there.
    pub expected: *const c_char,
    /// What to do.
    pub fix: *const c_char,
}

static DIAGNOSTICS: Pinned<Told, 14> = Pinned::new();

/// Parses a program as vil_program_parse does and finds all that is wrong with it. A legal program has no errors among its
/// diagnostics; vil_program_parse then makes a program of it.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_diagnostics_close; the text is not kept.
/// NULL: `error` may be, `json` and `diagnostics` may not. Blocks: never.
/// Errors: VIL_E_PROGRAM when the text is not UTF-8, VIL_E_ARGUMENT, VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// `json` has `size` readable bytes; `diagnostics` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diagnostics_parse(
    json: *const c_char,
    size: usize,
    diagnostics: *mut *mut vil_diagnostics_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let place = out(diagnostics, "diagnostics is NULL")?;
            *place = std::ptr::null_mut();
            let found = judge(utf8(json, size)?).map_or_else(|faults| faults, |(_, found)| found);
            *place = DIAGNOSTICS.insert(list(&found)).ok_or(full())? as *mut vil_diagnostics_t;
            Ok(())
        })
    }
}

/// Ends the diagnostics' handle, and with it all texts that were read from it.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_diagnostics_close(diagnostics: *mut vil_diagnostics_t) -> vil_status_t {
    hot(|| DIAGNOSTICS.close(diagnostics as usize))
}

/// How many diagnostics there are, and how many of them are errors.
///
/// Threads: any. Ownership: the counts are the caller's. NULL: `errors` and `count` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `errors` and `count` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diagnostics_count(
    diagnostics: *mut vil_diagnostics_t,
    errors: *mut u32,
    count: *mut u32,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let (errors, count) = unsafe { (out(errors, "errors is NULL")?, out(count, "count is NULL")?) };
        DIAGNOSTICS.with(diagnostics as usize, |list| {
            *errors = list.sum();
            *count = list.count();
            Ok(())
        })
    })
}

/// Looks at one diagnostic, 0 to count - 1.
///
/// Threads: any. Ownership: `diagnostic` is the caller's, its texts are the handle's. NULL: `diagnostic` may not be.
/// Blocks: never. Errors: VIL_E_ARGUMENT (also for an index that is too high), VIL_E_HANDLE. Since: 0.1.
///
/// # Safety
/// `diagnostic` is NULL or has `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_diagnostics_get(
    diagnostics: *mut vil_diagnostics_t,
    index: u32,
    diagnostic: *mut vil_diagnostic_t,
) -> vil_status_t {
    let answer = |struct_size| {
        DIAGNOSTICS.with(diagnostics as usize, |list| {
            let ([code, pointer, message, found, expected, fix], [severity, line, column]) = list.row(index)?;
            Ok(vil_diagnostic_t { struct_size, severity, line, column, code, pointer, message, found, expected, fix })
        })
    };
    // SAFETY: as promised by the caller.
    hot(|| unsafe { sized_out(diagnostic, answer) })
}

fn list(found: &Diagnostics) -> Told {
    let mut list = Told::default();
    for fault in &found.items {
        let (line, column) = fault.place.map_or((0, 0), |place| (place.line, place.column));
        let [said, expected, fix] =
            [&fault.found, &fault.expected, &fault.fix].map(|text| text.as_deref().unwrap_or(""));
        let texts = [fault.code(), &fault.pointer, &fault.message, said, expected, fix];
        list.add(texts, [u32::from(fault.is_error()), line, column]);
    }
    list
}

const _: () = assert!(VIL_SEVERITY_ERROR == true as u32 && VIL_SEVERITY_WARNING == false as u32);
