//! `vil gen --depfile` read by make and Ninja themselves, with a path of which they would take some letters for their own.

use std::process::Command;
use std::time::{Duration, Instant};

use vil_tests::artifact::program;
use vil_tests::cc::tool;
use vil_tests::scratch::Scratch;

use crate::rebuilds::modified;
use crate::run;

/// Headers are made, not made again, and made anew after a change.
fn the_dependency_file_serves(builder: &str, file: &str, text: &str, idle: &str) {
    let Some(builder) = tool(builder) else { return };
    let scratch = Scratch::new("install-depfile");
    let directory = scratch.join("odd $5 #1 10:30");
    std::fs::create_dir(&directory).expect("the directory can be made");
    let odd = "vil: 1\nprogram: odd\nimports: [more.yaml]\n";
    let import = "vil: 1\nprogram: more\nmessages: { M: { fields: [ { name: n, type: u8 } ] } }\n";
    std::fs::write(directory.join("odd.yaml"), odd).expect("the file can be written");
    std::fs::write(directory.join("more.yaml"), import).expect("the file can be written");
    let vil = program("vil-cli", "vil");
    std::fs::write(scratch.join(file), text.replace("VIL", &vil.display().to_string())).expect("it can be written");
    let header = scratch.join("gen/odd.h");
    let build = || run(Command::new(&builder).current_dir(&scratch));
    build();
    assert!(build().contains(idle), "the second time there is nothing to do");
    let (made, end) = (modified(&header), Instant::now() + Duration::from_secs(10));
    while modified(&directory.join("more.yaml")) <= made {
        assert!(Instant::now() < end, "the import stays as old as what was made");
        std::fs::write(directory.join("more.yaml"), import.replace("u8", "u16")).expect("the file can be written");
    }
    build();
    assert!(std::fs::read_to_string(&header).expect("it is there").contains("uint16_t n;"));
    assert!(build().contains(idle), "afterwards there is nothing to do");
}

#[test]
fn a_makefile_reads_the_dependency_file() {
    let rule = "gen/odd.h:\n\t'VIL' gen --lang c --depfile gen/odd.d -o gen 'odd $$5 #1 10:30/odd.yaml'\n\n-include gen/odd.d\n";
    the_dependency_file_serves("make", "Makefile", rule, "'gen/odd.h' is up to date");
}

#[test]
fn ninja_reads_the_dependency_file() {
    let rule = "rule gen\n  command = 'VIL' gen --lang c --depfile gen/odd.d -o gen 'odd $$5 #1 10:30/odd.yaml'\n  \
                depfile = gen/odd.d\n  deps = gcc\nbuild gen/odd.h gen/odd_program.h: gen\n";
    the_dependency_file_serves("ninja", "build.ninja", rule, "no work to do");
}
