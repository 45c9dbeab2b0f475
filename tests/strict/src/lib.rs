//! What the strict tests share. Each of them is a build of its own of everything it needs, so this crate depends on the
//! library alone; `vil-tests` has the others. Never holds a test itself.

pub mod random;
#[path = "../../src/runtime_dir.rs"]
pub mod runtime_dir;
#[path = "../../src/soak.rs"]
pub mod soak;
