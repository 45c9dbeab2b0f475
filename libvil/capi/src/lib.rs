//! The C surface: one file per C noun, five lines a function. It guards, borrows, calls, writes out and answers a
//! status; it decides nothing. `include/vil/vil.h` is generated from these files.
//!
//! Rust callers reach the same functions through the crate `vil-sys`.
#![expect(non_camel_case_types, reason = "the names are C's")]

mod batch;
mod contract;
mod diagnostics;
mod diff;
mod error;
mod guard;
mod handle;
mod heap;
pub mod inlined;
mod message;
mod msg;
mod observe;
mod options;
mod program;
mod queue;
mod receiver;
mod registry;
mod sender;
mod status;
mod told;
mod waitset;
mod world;

pub use batch::*;
pub use contract::{vil_contract_t, vil_port_contract_t};
pub use diagnostics::*;
pub use diff::*;
pub use error::{VIL_ERROR_MESSAGE_SIZE, vil_error_t};
pub use heap::*;
pub use message::vil_message_t;
pub use msg::*;
pub use observe::*;
pub use options::{
    VIL_LANGUAGE_C, VIL_LANGUAGE_CPP, VIL_LANGUAGE_OTHER, VIL_LANGUAGE_RUST, VIL_WORLD_FENCES, vil_block_class_t,
    vil_heap_options_t, vil_queue_shape_t, vil_world_options_t,
};
pub use program::*;
pub use queue::*;
pub use receiver::*;
pub use registry::*;
pub use sender::*;
pub use status::*;
pub use waitset::*;
pub use world::*;
