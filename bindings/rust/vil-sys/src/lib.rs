//! libvil's C surface for Rust: the names, types and numbers of `vil.h`, nothing added and nothing made safe.
//!
//! By default they are the functions of the crate `vil-capi` itself, called as ordinary Rust functions, so that a Rust
//! program pays for no boundary. With the feature `system` they are declarations (`bindings.rs`, made by bindgen
//! from `include/vil/vil.h` and committed, so that building needs no libclang) of an installed libvil.
//! Either way a name means the same, and the crate `vil` compiles against both.

#[cfg(not(any(feature = "system", feature = "bundled")))]
compile_error!("vil-sys needs one of its features: `bundled` (the default) or `system`");

#[cfg(feature = "system")]
#[expect(missing_docs, non_camel_case_types, reason = "the names are C's, and vil.h documents them")]
mod bindings;

#[cfg(feature = "system")]
pub use bindings::*;

/// As a timeout: wait until something happens. A C macro without a value that bindgen can see.
#[cfg(feature = "system")]
pub const VIL_FOREVER: u64 = u64::MAX;

#[cfg(all(feature = "bundled", not(feature = "system")))]
pub use vil_capi::*;

/// The calls of a message hide the exported ones of the same names: they do the same, compiled into their callers.
#[cfg(all(feature = "bundled", not(feature = "system")))]
pub use vil_capi::inlined::{
    vil_receiver_read, vil_receiver_receive, vil_receiver_release, vil_sender_discard, vil_sender_loan,
    vil_sender_publish, vil_sender_send,
};
