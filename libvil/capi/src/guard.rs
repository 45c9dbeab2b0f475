//! The boundary: a panic never crosses it, and pointers become references only here.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, vil_error_t};
use crate::status::{VIL_OK, vil_status_t};

/// Runs a hot call.
#[inline(always)]
pub(crate) fn hot(call: impl FnOnce() -> Result<(), Failure>) -> vil_status_t {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => VIL_OK,
        Ok(Err(failure)) => failure.status(),
        Err(_) => Failure::Panic.status(),
    }
}

/// Runs what a hot call does in nearly all cases. Where it answers nothing, nothing has changed and `thoroughly` is called,
/// which knows all cases: the same call through `hot`, in a function of its own, so that this one needs no frame.
#[inline(always)]
pub(crate) fn at_once(
    call: impl FnOnce() -> Option<vil_status_t>,
    thoroughly: impl FnOnce() -> vil_status_t,
) -> vil_status_t {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Some(status)) => status,
        Ok(None) => thoroughly(),
        Err(_) => Failure::Panic.status(),
    }
}

/// Runs a cold call, and fills the caller's error struct.
///
/// # Safety
/// `error` is NULL or points to a `vil_error_t` of the caller's.
pub(crate) unsafe fn cold(error: *mut vil_error_t, call: impl FnOnce() -> Result<(), Failure>) -> vil_status_t {
    let Err(failure) = catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Failure::Panic)) else { return VIL_OK };
    // SAFETY: as promised by the caller.
    unsafe { vil_error_t::fill(error, &failure) };
    failure.status()
}

/// A place to write an answer to.
///
/// # Safety
/// `place` is NULL or valid for writing a `T`.
#[inline(always)]
pub(crate) unsafe fn out<'a, T>(place: *mut T, what: &'static str) -> Result<&'a mut T, Failure> {
    // SAFETY: as promised by the caller.
    unsafe { place.as_mut() }.ok_or(Failure::Argument(what))
}

/// A text of the caller's.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that lives for the call.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &'static str) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(Failure::Argument(what));
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| Failure::Argument(what))
}

/// Writes as much of an answer as the caller's `struct_size` has room for, and says how much that was.
///
/// # Safety
/// `place` is NULL or points to a struct whose first member is its size in bytes as a `u32`, valid for that many.
pub(crate) unsafe fn sized_out<T: Copy>(
    place: *mut T,
    answer: impl FnOnce(u32) -> Result<T, Failure>,
) -> Result<(), Failure> {
    if place.is_null() {
        return Err(Failure::Argument("the place for the answer is NULL"));
    }
    // SAFETY: the struct begins with its size.
    let size = unsafe { place.cast::<u32>().read() };
    if !(8..=1 << 16).contains(&size) {
        return Err(Failure::Argument("struct_size is not the size of the struct"));
    }
    let size = size.min(size_of::<T>() as u32);
    let answer = answer(size)?;
    // SAFETY: the caller's struct has at least `size` bytes, and `answer` has too.
    unsafe { std::ptr::copy_nonoverlapping((&raw const answer).cast::<u8>(), place.cast::<u8>(), size as usize) };
    Ok(())
}
