//! Two processes that the kernel kills at the first system call.

use std::collections::BTreeMap;
use std::path::Path;

use vil_tests::cc::skip;
use vil_tests::scratch::Scratch;

use crate::{compiled, figures, told};

/// What `confined.c` answers where the kernel cannot confine it.
const UNCONFINED: i64 = 77;

/// How both ended; `None` where the kernel confines nobody, and then that is told.
fn confined(program: &Path, arguments: &[&str]) -> Option<BTreeMap<String, i64>> {
    let found = figures(program, arguments);
    told(&arguments.join(" "), &found);
    if found["left.ended"] == UNCONFINED || found["right.ended"] == UNCONFINED {
        skip("seccomp", "this kernel or container does not allow it");
        return None;
    }
    Some(found)
}

#[test]
fn two_processes_stream_without_a_system_call() {
    let dir = Scratch::new("hot-path-confined");
    let program = compiled(&dir, "confined");
    for lane in ["slots", "queue"] {
        let Some(found) = confined(&program, &[lane]) else { return };
        assert_eq!((found["left.ended"], found["right.ended"]), (0, 0), "{lane}");
        assert_eq!((found["left.messages"], found["right.messages"]), (20_000, 20_000), "{lane}");
    }
}

#[test]
fn a_system_call_in_the_stream_and_a_wait_that_sleeps_are_found() {
    let dir = Scratch::new("hot-path-confined-twin");
    let program = compiled(&dir, "confined");
    let Some(calling) = confined(&program, &["slots", "call"]) else { return };
    assert_eq!(calling["left.ended"], -i64::from(libc::SIGSYS));
    let Some(sleeping) = confined(&program, &["slots", "sleep"]) else { return };
    assert_eq!(sleeping["left.ended"], -i64::from(libc::SIGSYS));
    assert_eq!(sleeping["left.messages"], 20_000, "only the sleep after the stream is a system call");
}
