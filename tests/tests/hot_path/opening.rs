//! How many system calls it takes to make a world and to open one: counted, not timed, and bounded.

use std::process::Command;

use vil_tests::cc::skip;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;
use vil_tests::tracee::{Go, Stopped, Tracee};

use crate::compiled;

/// More calls than that are too many.
const MOST: usize = 64;

/// Calls of the kernel between one mark and the next, without those that only make the process's own memory larger.
fn counted(times: u32) -> Option<Vec<Vec<i64>>> {
    let dir = Scratch::new("hot-path-opening");
    let program = compiled(&dir, "opening");
    let worlds = RuntimeDir::new("hot-path-opening");
    let mut command = Command::new(program);
    let Some(mut tracee) = Tracee::start(command.arg(times.to_string()).env("VIL_RUNTIME_DIR", &*worlds)) else {
        skip("ptrace", "this kernel or container does not allow it");
        return None;
    };
    let mut spans: Vec<Vec<i64>> = Vec::new();
    // It stops where a call begins and where it ends.
    let mut is_inside = false;
    loop {
        match tracee.go(Go::SystemCall) {
            Stopped::Trap => is_inside = !is_inside,
            Stopped::End(status) => {
                assert_eq!(status, 0, "{}", tracee.said());
                // What follows the last mark is the end of the program.
                spans.pop();
                return Some(spans);
            }
        }
        match tracee.system_call() {
            _ if !is_inside => {}
            libc::SYS_getppid => spans.push(Vec::new()),
            libc::SYS_brk => {}
            call => spans.last_mut().into_iter().for_each(|span| span.push(call)),
        }
    }
}

#[test]
fn a_world_is_made_and_opened_with_few_system_calls_and_one_more_for_each_process_that_lives_in_it() {
    let Some(spans) = counted(4) else { return };
    let counts: Vec<usize> = spans.iter().map(Vec::len).collect();
    println!("system calls of making a world and of opening it four times: {counts:?}");
    let [made, first, more @ ..] = &counts[..] else { panic!("{counts:?}") };
    // Half of them find out how many processors we may use: more where control groups are nested.
    assert!(*made <= MOST && *first <= MOST, "{spans:?}");
    for (index, count) in more.iter().enumerate() {
        assert_eq!(*count, first + index + 1, "{:?}", spans[index + 2]);
    }
}
