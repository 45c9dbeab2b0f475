//! The crash harness of the claimed rings: several producers, several consumers, and the oldest message taken back.
//!
//! No model can say what a call must answer while others come in between, so the oracle keeps books: every message that
//! a call published is delivered once, dropped and counted, or lost with one who died; each consumer gets a producer's
//! messages in their order; and then every slot can be loaned.

mod act;
mod campaign;
mod interlude;
mod layers;
mod mutants;
mod oracle;
mod overtake;
mod plan;
mod returns;
mod story;
mod troupe;
