//! libvil's C surface for Rust: the names, types and numbers of `vil.h`, nothing added and nothing made safe.
//!
//! By default they are the functions of the crate `vil-capi` itself, called as ordinary Rust functions, so that a Rust
//! program pays for no boundary. With the feature `system` they are declarations (`bindings.rs`, made by bindgen
//! from `include/vil/vil.h` and committed, so that building needs no libclang) of an installed libvil.
//! Either way a name means the same, and the crate `vil` compiles against both. The calls of a message are there once more, in
//! `inlined`, for who owns an end and knows that it is open.

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

/// The calls of a message by where an end is. Bundled, they are compiled into their callers; here they are those of vil.h.
#[cfg(feature = "system")]
pub mod inlined;
