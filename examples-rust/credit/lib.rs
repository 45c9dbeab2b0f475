//! The credit pipeline's own rooms: how a line is read, what a stream adds up to, and the stream that is made when
//! no input is given. The stages and the conductor are thin programs over these; nothing here touches shared memory.

/// The program's messages, processes and ports, generated from `credit.yaml`.
#[path = "generated/credit.rs"]
pub mod credit;
pub mod generate;
pub mod lines;
pub mod parse;
pub mod recount;
pub mod stage;
pub mod totals;
