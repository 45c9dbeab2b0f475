//! The committed `include/vil/vil.h` is what cbindgen makes of this crate. `cargo xtask bless` writes it anew.

use std::path::Path;

#[test]
fn the_committed_header_is_the_generated_one() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).expect("cbindgen.toml reads");
    let bindings = cbindgen::Builder::new().with_crate(here).with_config(config).generate().expect("cbindgen runs");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).expect("a header is UTF-8");
    let path = here.join("../../include/vil/vil.h");
    if std::env::var_os("VIL_BLESS").is_some() {
        std::fs::write(&path, &made).expect("the header can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("the header is committed");
    assert!(committed == made, "include/vil/vil.h is stale; run `cargo xtask bless`");
}
