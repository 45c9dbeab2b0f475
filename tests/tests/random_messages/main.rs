//! Random relative messages: between languages, and between releases whose programs differ. Seeds are printed, and
//! `VIL_SEED` repeats a run; `cargo xtask soak` makes more of both.

mod batch;
mod changes;
mod languages;
mod programs;
mod readings;
mod releases;
mod schemas;
mod values;
