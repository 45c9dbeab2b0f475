//! The credit pipeline's committed code is what its program generates. `cargo xtask bless` writes it anew.

use std::path::{Path, PathBuf};

use vil_codegen::Language;
use vil_tests::generated;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_code_of_the_credit_pipeline_is_what_is_generated() {
    let program = root().join("examples-rust/credit/credit.yaml");
    generated::compare(&program, Language::C, &root().join("examples-c/credit/generated"));
    generated::compare(&program, Language::Cpp, &root().join("examples-c/credit/generated"));
    generated::compare(&program, Language::Rust, &root().join("examples-rust/credit/generated"));
}
