//! One program a language for many schemas, made from the generator's plan. It takes what it is told on stdin, as numbers
//! in hexadecimal, for every schema the same number of messages:
//! `make COUNT` builds messages of the values it reads and prints each one's size and bytes; `see COUNT` reads messages,
//! size and bytes, and prints their values; `send COUNT WORLD` and `take COUNT WORLD` do so through a world a schema.

pub(crate) mod c;
pub(crate) mod cpp;
pub(crate) mod rust;

/// How flat structs are filled and shown, as between languages of flat messages.
#[path = "../matrix/programs/c.rs"]
#[expect(dead_code, reason = "whole programs are made for flat messages only")]
mod flat_c;
#[path = "../matrix/programs/cpp.rs"]
#[expect(dead_code, reason = "whole programs are made for flat messages only")]
mod flat_cpp;
#[path = "../matrix/programs/rust.rs"]
#[expect(dead_code, reason = "whole programs are made for flat messages only")]
mod flat_rust;

use vil_codegen::plan::{Port, Unit};
use vil_ir::vocabulary::Scalar;

/// Waits that a program sits through before it gives up.
const PATIENCE: u32 = 60;

/// What stands for what is not there, in what is printed.
pub(crate) const ABSENT: u64 = 0xdead_beef_dead_beef;

fn ports<'a>(unit: &'a Unit, process: &str) -> &'a [Port] {
    let found = unit.processes.iter().find(|found| found.name.declared == process);
    &found.expect("the program has this process").ports
}

/// The unsigned type as wide as a scalar, so that its bits can be shown.
fn unsigned(scalar: Scalar) -> &'static str {
    match scalar.size() {
        1 => "u8",
        2 => "u16",
        4 => "u32",
        _ => "u64",
    }
}

fn is_float(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::F32 | Scalar::F64)
}
