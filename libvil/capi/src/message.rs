//! A message in a receiver's hand, as C has it.

use std::ffi::c_void;
use std::ptr::null;

/// A received message: read in place, then released. The struct is the caller's and is set to zero when it is
/// released; a copy of it is then of no use.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_message_t {
    /// The message's bytes, aligned to 8. On a copy route a private copy, else in shared memory.
    pub data: *const c_void,
    /// Bytes.
    pub size: u32,
    /// Index of the route it came by.
    pub route: u32,
    /// Its number on the route, from 0, across restarts of either end. A message that is delivered again has the same. On a
    /// route whose queue is mpmc or drops the oldest, numbers may be left out: of messages that others took, that were
    /// dropped, or whose producer died before it published them.
    pub number: u64,
    /// On a request port: number of the request that it answers. Else 0.
    pub answers: u64,
    /// Names the message.
    pub ticket: u64,
}

pub(crate) const NO_MESSAGE: vil_message_t =
    vil_message_t { data: null(), size: 0, route: 0, number: 0, answers: 0, ticket: 0 };

/// Said by calls that are told the size of the caller's message.
pub(crate) const WRONG_SIZE: &str = "size is not the size of the port's message";
