//! The semantic IR of VIL: the single truth that memory, queues, checks, generated code and clean-up are derived from.
//!
//! Text becomes a [`model::Program`] (`load`), the passes judge it, [`layout`] places its fields, [`fingerprint`]
//! names the layouts, and [`plan`] turns the whole into the numbers that the runtime needs. This crate touches no
//! shared memory, no operating system and no generator.
#![forbid(unsafe_code)]

pub mod builder;
pub mod descriptor;
pub mod diagnostics;
pub mod dump;
pub mod evolve;
pub mod fingerprint;
pub mod heap;
pub mod keyed;
pub mod keywords;
pub mod layout;
pub mod limits;
pub mod load;
pub mod model;
pub mod normalize;
pub mod passes;
pub mod plan;
#[cfg(feature = "render")]
pub mod render;
pub mod schema;
pub mod types;
pub mod vocabulary;
pub mod words;
