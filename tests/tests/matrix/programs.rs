//! A writer and a reader in each language, made from the generator's plan: nothing in them is typed by hand for one
//! message. `write WORLD` reads lines `PORT VALUE...` and sends a message for each; `read WORLD` reads lines `PORT`,
//! receives there, and prints `PORT CHECK VALUE... = BYTES`. Values are bits in hexadecimal.

pub(crate) mod c;
pub(crate) mod cpp;
pub(crate) mod rust;

use vil_codegen::plan::{Port, Unit};
use vil_ir::vocabulary::Scalar;

/// Waits that a program sits through before it gives up; each lasts for at most the route's deadline.
pub(crate) const PATIENCE: u32 = 60;

/// Ports of a process, in the order that makes their numbers.
pub(crate) fn ports<'a>(unit: &'a Unit, process: &str) -> &'a [Port] {
    let found = unit.processes.iter().find(|found| found.name.declared == process);
    &found.expect("the program has this process").ports
}

/// The unsigned type as wide as a scalar, so that its bits can be shown.
pub(crate) fn unsigned(scalar: Scalar) -> &'static str {
    match scalar.size() {
        1 => "u8",
        2 => "u16",
        4 => "u32",
        _ => "u64",
    }
}
