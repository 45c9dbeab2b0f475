//! Where the functions of a program lie that it runs of libvil.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use crate::Error;

/// Has what this package links lie in order: what a process runs of libvil side by side, so that two processes that exchange
/// messages have two thirds of the memory. Tells Cargo so, for programs, tests and `cdylib`s of the package alone.
///
/// ```no_run
/// fn main() -> Result<(), vil_build::Error> {
///     vil_build::link_in_order()
/// }
/// ```
///
/// Nothing else changes, and nothing at all where `RUSTFLAGS` or Cargo's configuration choose mold, wild or gold, which do not
/// know such scripts. One that is chosen where no build script sees it refuses the script: then leave this call out.
///
/// # Errors
/// `OUT_DIR` is not set, as Cargo does for build scripts, or it cannot be written to.
pub fn link_in_order() -> Result<(), Error> {
    order_telling(std::env::var_os("OUT_DIR"), &mut io::stdout().lock())
}

fn order_telling(out_dir: Option<OsString>, cargo: &mut dyn Write) -> Result<(), Error> {
    let out_dir = out_dir.ok_or_else(|| Error::new("OUT_DIR is not set; Cargo sets it for build scripts"))?;
    let refused = |error: io::Error| Error::new(format!("{}: {error}", Path::new(&out_dir).display()));
    if let Some(order) = vil_link::write_order(Path::new(&out_dir)).map_err(refused)? {
        writeln!(cargo, "cargo:rustc-link-arg=-T{}", order.display()).map_err(refused)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    #[test]
    fn cargo_is_told_where_the_order_lies() {
        let place = Place::new("order");
        let mut said = Vec::new();
        order_telling(Some(place.0.clone().into()), &mut said).expect("it can be written");
        let path = place.0.join("order.ld");
        assert_eq!(String::from_utf8(said).expect("text"), format!("cargo:rustc-link-arg=-T{}\n", path.display()));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), vil_link::ORDER);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let gone = Place::new("gone").0.join("missing");
        let refused = order_telling(Some(gone.clone().into()), &mut Vec::new()).expect_err("nothing can be written");
        assert!(refused.to_string().contains(&gone.display().to_string()), "{refused}");
    }

    #[test]
    fn outside_of_a_build_script_that_is_said() {
        let refused = order_telling(None, &mut Vec::new()).expect_err("there is no OUT_DIR");
        assert!(refused.to_string().contains("OUT_DIR is not set"), "{refused}");
    }
}
