//! What CMake makes again: after a change of a file that a program imports the headers of that program, after no change
//! nothing. Each test changes the files of a copy of `install/imports`, whose path has a blank in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use vil_tests::artifact::root;
use vil_tests::cc::tool;
use vil_tests::scratch::Scratch;

use crate::{installed_and_moved, run};

/// A program whose path has what make and Ninja would take for their own.
const ODD: &str = "odd $5 #1/odd.yaml";

/// Two steps away from `meter.yaml`, one from the odd program, none from `clock.yaml`.
const UNITS: &str = "types/units.yaml";

/// A copy of the project, configured.
struct Project {
    cmake: PathBuf,
    source: PathBuf,
    build: PathBuf,
    _scratch: Scratch,
}

impl Project {
    /// `None` where a tool is missing.
    fn configured(generator: &str, builder: &str, more: &[&str]) -> Option<Project> {
        let (cmake, _) = (tool("cmake")?, tool(builder)?);
        let scratch = Scratch::new(&format!("install imports {builder}"));
        let prefix = installed_and_moved(&cmake, &scratch);
        let (source, build) = (scratch.join("source"), scratch.join("imports"));
        copy(&root().join("tests/tests/install/imports"), &source);
        std::fs::create_dir_all(source.join(ODD).parent().expect("it lies in a directory")).expect("it can be made");
        let odd = "vil: 1\nprogram: odd\nimports: [../types/units.yaml]\n\
                   messages: { Odd: { fields: [ { name: unit, type: units.Unit } ] } }\n";
        std::fs::write(source.join(ODD), odd).expect("the file can be written");
        run(Command::new(&cmake)
            .args(["-G", generator, "-S"])
            .arg(&source)
            .arg("-B")
            .arg(&build)
            .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
            .args(more));
        Some(Project { cmake, source, build, _scratch: scratch })
    }

    /// Builds; what was said, or what was said when it failed.
    fn build(&self) -> Result<String, String> {
        let mut command = Command::new(&self.cmake);
        let output = command.arg("--build").arg(&self.build).stdin(Stdio::null()).output().expect("cmake runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// Builds, and answers which files in the build tree were written anew, of those that end like this.
    fn rebuilt(&self, end: &str) -> Vec<String> {
        let before = self.files(end);
        let said = self.build().unwrap_or_else(|said| panic!("{said}"));
        let after = self.files(end);
        let written: Vec<_> = after.into_iter().filter(|(name, time)| before.get(name) != Some(time)).collect();
        assert_eq!(said.contains("vil gen"), !written.is_empty(), "{said}");
        written.into_iter().map(|(name, _)| name).collect()
    }

    fn assert_nothing_to_do(&self) {
        let before = self.files("");
        let said = self.build().unwrap_or_else(|said| panic!("{said}"));
        assert_eq!(self.files("").len(), before.len(), "{said}");
        for made in ["vil gen", "Building", "Linking", "Configuring"] {
            assert!(!said.contains(made), "{said}");
        }
        assert!(!self.build.join("build.ninja").exists() || said.contains("ninja: no work to do"), "{said}");
    }

    /// Files of the build tree by their path in it, but for what CMake keeps for itself.
    fn files(&self, end: &str) -> BTreeMap<String, SystemTime> {
        let mut found = BTreeMap::new();
        walk(&self.build, &mut |path| {
            let name = path.strip_prefix(&self.build).expect("it lies in there").display().to_string();
            if name.ends_with(end) && !name.contains("CMakeFiles") {
                found.insert(name, modified(path));
            }
        });
        found
    }

    /// Writes a source file, with a time after that of everything in the build tree.
    fn write(&self, file: &str, text: &str) {
        let mut newest = SystemTime::UNIX_EPOCH;
        walk(&self.build, &mut |path| newest = newest.max(modified(path)));
        let (path, end) = (self.source.join(file), Instant::now() + Duration::from_secs(10));
        loop {
            std::fs::write(&path, text).expect("the file can be written");
            if modified(&path) > newest {
                return;
            }
            assert!(Instant::now() < end, "{file} stays as old as what was built");
        }
    }

    /// Writes a source file with some words changed.
    fn change(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.source.join(file)).expect("the file can be read");
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replace(from, to));
    }

    fn assert_prints(&self, program: &str, expected: &str) {
        assert_eq!(run(&mut Command::new(self.build.join(program))), expected, "{program}");
    }
}

pub(crate) fn modified(path: &Path) -> SystemTime {
    path.metadata().and_then(|found| found.modified()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn walk(directory: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(directory).expect("the directory can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}

fn copy(from: &Path, to: &Path) {
    walk(from, &mut |path| {
        let target = to.join(path.strip_prefix(from).expect("it lies in there"));
        std::fs::create_dir_all(target.parent().expect("it lies in a directory")).expect("the directory can be made");
        std::fs::copy(path, target).expect("the file can be copied");
    });
}

/// Headers of `meter.yaml` for a target in C and for a library in C and C++, and of the odd program.
const OF_UNITS: [&str; 14] = [
    "generated/meter.h",
    "generated/meter_probe.h",
    "generated/meter_program.h",
    "generated/meter_show.h",
    "meter_messages_generated/meter.h",
    "meter_messages_generated/meter.hpp",
    "meter_messages_generated/meter_probe.h",
    "meter_messages_generated/meter_probe.hpp",
    "meter_messages_generated/meter_program.h",
    "meter_messages_generated/meter_program.hpp",
    "meter_messages_generated/meter_show.h",
    "meter_messages_generated/meter_show.hpp",
    "odd_messages_generated/odd.h",
    "odd_messages_generated/odd_program.h",
];

/// Headers of `clock.yaml`.
const OF_CLOCK: [&str; 4] = [
    "clock_messages_generated/clock.h",
    "clock_messages_generated/clock_program.h",
    "generated/clock.h",
    "generated/clock_program.h",
];

fn what_changed_is_made_again(generator: &str, builder: &str) {
    let Some(project) = Project::configured(generator, builder, &[]) else { return };
    assert_eq!(project.rebuilt(".h").len() + project.files(".hpp").len(), OF_UNITS.len() + OF_CLOCK.len());
    project.assert_prints("both", "5 ticks, 24 hours\n");
    project.assert_prints("odd", "5 ticks\n");
    project.assert_nothing_to_do();

    project.write("types/notes.txt", "nobody reads this");
    project.write("types/other.yaml", "vil: 1\nprogram: other\n");
    project.assert_nothing_to_do();

    let clock = modified(&project.build.join("clock"));
    project.change(UNITS, "value: 5", "value: 7");
    assert_eq!(headers_rebuilt(&project), OF_UNITS);
    assert_eq!(modified(&project.build.join("clock")), clock, "it has nothing of the import");
    project.assert_prints("both", "7 ticks, 24 hours\n");
    project.assert_prints("show/show", "7 ticks\n");
    project.assert_prints("odd", "7 ticks\n");
    project.assert_nothing_to_do();

    project.change("clock.yaml", "value: 24", "value: 12");
    assert_eq!(headers_rebuilt(&project), OF_CLOCK);
    project.assert_prints("both", "7 ticks, 12 hours\n");
    project.assert_prints("clock", "12 hours\n");
    project.assert_nothing_to_do();

    a_fault_fails_the_build_until_it_is_mended(&project);
    headers_come_with_processes(&project);
    an_import_may_go(&project);
}

fn headers_rebuilt(project: &Project) -> Vec<String> {
    let header = |name: &String| name.ends_with(".h") || name.ends_with(".hpp");
    project.rebuilt("").into_iter().filter(header).collect()
}

/// The faults are drawn as `vil check` draws them.
fn a_fault_fails_the_build_until_it_is_mended(project: &Project) {
    project.change(UNITS, "value: 7", "value: -7");
    for _ in 0..2 {
        let said = project.build().expect_err("a u32 is not negative");
        assert!(said.contains("error[VIL-L013]"), "{said}");
        assert!(said.contains("types/units.yaml:6:"), "{said}");
        assert!(said.contains("6 |   TICKS: { type: u32, value: -7 }\n"), "{said}");
    }
    project.change(UNITS, "value: -7", "value: 8");
    project.build().unwrap_or_else(|said| panic!("{said}"));
    project.assert_prints("both", "8 ticks, 12 hours\n");
    project.assert_nothing_to_do();
}

/// A process in an imported file is a header more.
fn headers_come_with_processes(project: &Project) {
    let more = "interfaces: { Idle: { ports: {} } }\nprocesses: { idle: { interface: Idle } }\nmessages:";
    project.change("types/readings.yaml", "messages:", more);
    project.build().unwrap_or_else(|said| panic!("{said}"));
    for header in
        ["generated/meter_idle.h", "meter_messages_generated/meter_idle.h", "meter_messages_generated/meter_idle.hpp"]
    {
        assert!(project.build.join(header).is_file(), "{header} is missing");
        std::fs::remove_file(project.build.join(header)).expect("the header can be removed");
        project.build().unwrap_or_else(|said| panic!("{said}"));
        assert!(project.build.join(header).is_file(), "{header} is there by chance: CMake does not know of it");
    }
    project.assert_nothing_to_do();
}

/// A file that nobody imports any more may be removed.
fn an_import_may_go(project: &Project) {
    let text = std::fs::read_to_string(project.source.join(UNITS)).expect("the file can be read");
    project.write("types/measures.yaml", &text.replace("value: 8", "value: 9"));
    project.change("types/readings.yaml", "units.yaml", "measures.yaml");
    project.change(ODD, "units.yaml", "measures.yaml");
    std::fs::remove_file(project.source.join(UNITS)).expect("the file can be removed");
    project.build().unwrap_or_else(|said| panic!("{said}"));
    project.assert_prints("show/show", "9 ticks\n");
    project.assert_prints("odd", "9 ticks\n");
    project.assert_nothing_to_do();
}

#[test]
fn what_changed_is_made_again_with_ninja_and_nothing_else() {
    what_changed_is_made_again("Ninja", "ninja");
}

#[test]
fn what_changed_is_made_again_with_makefiles_and_nothing_else() {
    what_changed_is_made_again("Unix Makefiles", "make");
}

/// What CMake would find by looking again, the dependency files say to the build itself.
fn imports_are_known_to_the_build_alone(generator: &str, builder: &str) {
    let suppressed = ["-DCMAKE_SUPPRESS_REGENERATION=ON"];
    let Some(project) = Project::configured(generator, builder, &suppressed) else { return };
    project.build().unwrap_or_else(|said| panic!("{said}"));
    project.assert_nothing_to_do();
    project.change(UNITS, "value: 5", "value: 7");
    assert_eq!(headers_rebuilt(&project), OF_UNITS);
    project.assert_prints("both", "7 ticks, 24 hours\n");
    project.assert_nothing_to_do();
    a_fault_fails_the_build_until_it_is_mended_by_itself(&project);
}

fn a_fault_fails_the_build_until_it_is_mended_by_itself(project: &Project) {
    project.change(UNITS, "value: 7", "value: -7");
    let said = project.build().expect_err("a u32 is not negative");
    assert!(said.contains("error[VIL-L013]") && said.contains("6 |   TICKS: { type: u32, value: -7 }\n"), "{said}");
    project.change(UNITS, "value: -7", "value: 7");
    project.build().unwrap_or_else(|said| panic!("{said}"));
    project.assert_nothing_to_do();
}

#[test]
fn imports_are_known_to_ninja_without_cmake() {
    imports_are_known_to_the_build_alone("Ninja", "ninja");
}

#[test]
fn imports_are_known_to_make_without_cmake() {
    imports_are_known_to_the_build_alone("Unix Makefiles", "make");
}

#[test]
fn a_new_import_is_known_to_ninja_without_cmake() {
    let Some(project) = Project::configured("Ninja", "ninja", &["-DCMAKE_SUPPRESS_REGENERATION=ON"]) else { return };
    project.build().unwrap_or_else(|said| panic!("{said}"));
    project.change("clock.yaml", "program: clock", "program: clock\nimports: [types/units.yaml]");
    assert_eq!(headers_rebuilt(&project), OF_CLOCK);
    project.change(UNITS, "value: 5", "value: 7");
    assert_eq!(headers_rebuilt(&project).len(), OF_CLOCK.len() + OF_UNITS.len());
    project.assert_nothing_to_do();
}
