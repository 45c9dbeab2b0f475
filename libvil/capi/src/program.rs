//! Programs: canonical JSON in, a checked and planned program out.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use vil_core::base::error::{Error, Fault};
use vil_ir::diagnostics::Diagnostics;
use vil_ir::model::Program;
use vil_ir::plan::{Plan, binary, plan_program};

use crate::error::{Failure, vil_error_t};
use crate::guard::{cold, hot, out};
use crate::handle::{Pinned, full};
use crate::status::vil_status_t;

/// A program that was checked and planned. Any thread may use it.
pub struct vil_program_t(());

static PROGRAMS: Pinned<Arc<Plan>, 1> = Pinned::new();

/// Parses a program from canonical JSON (`vil dump` makes it from YAML), runs the validation passes and plans it.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_program_close; the text is not kept.
/// NULL: `error` may be, `json` and `program` may not. Blocks: never.
/// Errors: VIL_E_PROGRAM with place and reason of the first fault, VIL_E_ARGUMENT, VIL_E_LIMIT. Since: 0.1.
///
/// # Safety
/// `json` has `size` readable bytes; `program` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_program_parse(
    json: *const c_char,
    size: usize,
    program: *mut *mut vil_program_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let program = out(program, "program is NULL")?;
            *program = std::ptr::null_mut();
            *program = insert(parse(utf8(json, size)?)?)?;
            Ok(())
        })
    }
}

/// As vil_program_parse, but reads what parsing, checking and planning came to from a plan that was embedded beside the
/// text by `vil gen`. A plan of another form than this libvil's, or of another text, is not used, and the program is parsed.
///
/// A plan that belongs to its text is believed as far as any world is believed: nothing of the text is judged here, and
/// creating a world checks the numbers. What ties both together is no signature: who can write the one can write the other.
///
/// Threads: any. Ownership: the answer is the caller's, ended by vil_program_close; text and plan are not kept.
/// NULL: `error` may be, and `plan` when `plan_size` is 0; `json` and `program` may not. Blocks: never.
/// Errors: those of vil_program_parse. Since: 0.1.
///
/// # Safety
/// `json` has `size` readable bytes, `plan` has `plan_size`; `program` and `error` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_program_load(
    json: *const c_char,
    size: usize,
    plan: *const c_void,
    plan_size: usize,
    program: *mut *mut vil_program_t,
    error: *mut vil_error_t,
) -> vil_status_t {
    // SAFETY: as promised by the caller.
    unsafe {
        cold(error, || {
            let program = out(program, "program is NULL")?;
            *program = std::ptr::null_mut();
            *program = insert(load(utf8(json, size)?, bytes(plan, plan_size)?)?)?;
            Ok(())
        })
    }
}

/// Ends a program's handle. Worlds made from it go on.
///
/// Threads: any. Ownership: ends the caller's. NULL: VIL_E_HANDLE. Blocks: until calls on it in other threads end.
/// Errors: VIL_E_HANDLE. Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn vil_program_close(program: *mut vil_program_t) -> vil_status_t {
    hot(|| PROGRAMS.close(program as usize))
}

/// The SHA-256 of the program's canonical JSON: 32 bytes.
///
/// Threads: any. Ownership: `fingerprint` is the caller's. NULL: `fingerprint` may not be. Blocks: never.
/// Errors: VIL_E_HANDLE, VIL_E_ARGUMENT. Since: 0.1.
///
/// # Safety
/// `fingerprint` is NULL or has 32 writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_program_fingerprint(program: *mut vil_program_t, fingerprint: *mut u8) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let place = unsafe { out(fingerprint.cast::<[u8; 32]>(), "fingerprint is NULL") }?;
        *place = with_plan(program, |plan| Ok(plan.fingerprint))?;
        Ok(())
    })
}

/// Writes the program's canonical JSON and a NUL to `buffer`, which has room for `capacity` bytes, and its length without
/// the NUL to `size`. With NULL and 0 for the buffer it writes the length alone.
///
/// Threads: any. Ownership: `buffer` is the caller's. NULL: `buffer` may be when `capacity` is 0, `size` may not. Blocks: never.
/// Errors: VIL_E_ARGUMENT, also when there is less room than that: then `size` is written and `buffer` is left alone;
/// VIL_E_HANDLE. Since: 0.1.
///
/// # Safety
/// `buffer` has `capacity` writable bytes; `size` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vil_program_dump(
    program: *mut vil_program_t,
    buffer: *mut c_char,
    capacity: usize,
    size: *mut usize,
) -> vil_status_t {
    hot(|| {
        // SAFETY: as promised by the caller.
        let size = unsafe { out(size, "size is NULL") }?;
        with_plan(program, |plan| {
            // SAFETY: as promised by the caller.
            let done = unsafe { copy_out(&plan.contract, buffer, capacity) };
            *size = plan.contract.len();
            done
        })
    })
}

/// A handle for a plan.
fn insert(plan: Plan) -> Result<*mut vil_program_t, Failure> {
    PROGRAMS.insert(Arc::new(plan)).map(|handle| handle as *mut vil_program_t).ok_or(full())
}

/// Copies a text and a NUL, if there is room or nobody asks for it.
///
/// # Safety
/// `buffer` is NULL or has `capacity` writable bytes.
unsafe fn copy_out(text: &str, buffer: *mut c_char, capacity: usize) -> Result<(), Failure> {
    if buffer.is_null() && capacity == 0 {
        return Ok(());
    }
    if buffer.is_null() || capacity <= text.len() {
        return Err(Failure::Argument("the buffer has no room for the program and a NUL"));
    }
    // SAFETY: the buffer has room for the text and one byte more, and is the caller's own.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len());
        buffer.add(text.len()).write(0);
    }
    Ok(())
}

/// Shows a program's plan.
pub(crate) fn with_plan<R>(
    program: *mut vil_program_t,
    call: impl FnOnce(&Plan) -> Result<R, Failure>,
) -> Result<R, Failure> {
    PROGRAMS.with(program as usize, |plan| call(plan))
}

/// What a program says.
pub(crate) fn model(program: *mut vil_program_t) -> Result<Program, Failure> {
    let read = with_plan(program, |plan| Ok(vil_ir::load::from_json(&plan.contract)))?;
    read.map(|(program, _)| program).map_err(|faults| refused(first(&faults)))
}

/// A text of the caller's.
///
/// # Safety
/// `json` is NULL or has `size` readable bytes.
pub(crate) unsafe fn utf8<'a>(json: *const c_char, size: usize) -> Result<&'a str, Failure> {
    if json.is_null() {
        return Err(Failure::Argument("json is NULL"));
    }
    within_memory(size)?;
    // SAFETY: as promised by the caller.
    let text = unsafe { std::slice::from_raw_parts(json.cast::<u8>(), size) };
    std::str::from_utf8(text).map_err(|error| refused(format!("the program is not UTF-8: {error}")))
}

/// No text and no plan is longer than what one pointer can lead through.
fn within_memory(size: usize) -> Result<(), Failure> {
    match isize::try_from(size) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::Argument("a size is larger than memory can be")),
    }
}

/// A program and what the passes find in it; what is wrong with its form when it is none.
pub(crate) fn judge(text: &str) -> Result<(Program, Diagnostics), Diagnostics> {
    let (program, source) = vil_ir::load::from_json(text)?;
    let found = vil_ir::passes::check(&program, source);
    Ok((program, found))
}

/// A plan of the caller's.
///
/// # Safety
/// `plan` is NULL or has `size` readable bytes.
unsafe fn bytes<'a>(plan: *const c_void, size: usize) -> Result<&'a [u8], Failure> {
    if plan.is_null() && size == 0 {
        return Ok(&[]);
    }
    if plan.is_null() {
        return Err(Failure::Argument("plan is NULL and plan_size is not 0"));
    }
    within_memory(size)?;
    // SAFETY: as promised by the caller.
    Ok(unsafe { std::slice::from_raw_parts(plan.cast::<u8>(), size) })
}

/// The plan that was embedded, or a new one.
fn load(text: &str, plan: &[u8]) -> Result<Plan, Failure> {
    binary::extract(plan, text).or_else(|_| parse(text))
}

fn parse(text: &str) -> Result<Plan, Failure> {
    let (program, faults) = judge(text).map_err(|faults| refused(first(&faults)))?;
    if faults.any_error() {
        return Err(refused(first(&faults)));
    }
    plan_program(&program).map_err(|error| refused(error.to_string()))
}

fn refused(reason: String) -> Failure {
    Failure::Cold(Error::new(Fault::Program, reason))
}

/// The first error, and how many more there are.
fn first(faults: &Diagnostics) -> String {
    let mut errors = faults.items.iter().filter(|fault| fault.is_error());
    let first = errors.next().map_or_else(|| "the program was refused".to_owned(), ToString::to_string);
    match errors.count() {
        0 => first,
        more => format!("{first} (and {more} more; `vil check` shows all)"),
    }
}
