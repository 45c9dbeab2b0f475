//! One C or C++ source made into a program that links libvil.so. Made again only when something it was made from is newer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::build::compiler;
use crate::places;
use crate::report::quietly;

/// What is made from what.
pub(crate) struct Native {
    pub(crate) source: PathBuf,
    pub(crate) output: PathBuf,
}

/// Makes a C99 program; `library` is the directory of libvil.so.
pub(crate) fn c(native: &Native, library: &Path) -> Result<(), String> {
    make(native, library, compiler("CC", "cc"), "-std=c99")
}

/// Makes a C++17 program.
pub(crate) fn cpp(native: &Native, library: &Path) -> Result<(), String> {
    make(native, library, compiler("CXX", "c++"), "-std=c++17")
}

fn make(native: &Native, library: &Path, mut compiler: Command, standard: &str) -> Result<(), String> {
    let (root, output) = (places::root(), &native.output);
    let dependencies = output.with_extension("d");
    if is_current(output, &dependencies, &library.join("libvil.so")) {
        return Ok(());
    }
    let dir = output.parent().expect("a program lies in a directory");
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    compiler.args([standard, "-O2", "-g", "-Wall", "-Wextra", "-MMD", "-MF"]).arg(&dependencies);
    for include in [root.join("include"), root.join("bindings/cpp/include"), native.source.with_file_name("generated")]
    {
        compiler.arg("-I").arg(include);
    }
    compiler.arg("-o").arg(output).arg(&native.source).arg("-L").arg(library).arg("-lvil");
    quietly(compiler.arg(format!("-Wl,-rpath,{}", library.display())))
}

/// Whether the output is younger than all that the compiler read and than the library.
fn is_current(output: &Path, dependencies: &Path, library: &Path) -> bool {
    let Some(made) = modified(output) else { return false };
    let Ok(rule) = std::fs::read_to_string(dependencies) else { return false };
    let inputs = rule.split_whitespace().skip(1).filter(|word| *word != "\\").map(Path::new);
    inputs.chain([library]).all(|input| modified(input).is_some_and(|time| time <= made))
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|data| data.modified()).ok()
}
