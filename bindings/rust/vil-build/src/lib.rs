//! Rust code from a program, made by a build script: types, contracts and typed ports for the crate `vil`, always those of
//! the program as it is now. The same bytes as `vil gen --lang rust` writes; who would rather commit them uses that.
//!
//! `Cargo.toml` has `vil` among its dependencies and `vil-build` among its build-dependencies. `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), vil_build::Error> {
//!     vil_build::Config::new().program("contract/weather.yaml").generate()?;
//!     Ok(())
//! }
//! ```
//!
//! And where the code is wanted, by the name of the program or its package:
//!
//! ```text
//! mod weather {
//!     include!(concat!(env!("OUT_DIR"), "/weather.rs"));
//! }
//! ```
//!
//! Cargo runs the build script again when the program or a file that it imports changes. A program that is refused ends the
//! build with the diagnostics that `vil check` shows; its warnings are the build's warnings.
//!
//! A program that counts its memory has its build script say [`link_in_order`] as well.
#![forbid(unsafe_code)]

mod config;
mod error;
mod order;
#[cfg(test)]
mod place;
mod recorder;

pub use config::Config;
pub use error::Error;
pub use order::link_in_order;
