//! Calls that were interposed, and page faults.

use vil_tests::scratch::Scratch;

use crate::{LANES, RUST_LANES, compiled, figures, in_rust, told};

const FORBIDDEN: &[&str] = &["stream.allocations", "stream.frees", "stream.locks", "stream.clocks"];

#[test]
fn a_steady_stream_calls_no_allocator_no_lock_and_no_clock_and_meets_no_page_fault() {
    let dir = Scratch::new("hot-path-count");
    let program = compiled(&dir, "count");
    for lane in LANES {
        let found = figures(&program, &[lane]);
        told(lane, &found);
        assert!(found["opening.allocations"] > 0, "libvil's allocations are not seen at all");
        for name in FORBIDDEN {
            assert_eq!(found[*name], 0, "{lane}: {name} in {} messages", found["stream.messages"]);
        }
        assert_eq!(found["stream.faults"], 0, "{lane}: page faults in each of the laps");
    }
}

#[test]
fn waiting_allocates_nothing_whether_it_sleeps_or_not() {
    let dir = Scratch::new("hot-path-wait");
    let found = figures(&compiled(&dir, "count"), &["slots", "wait"]);
    told("waits", &found);
    assert_eq!((found["wait.allocations"], found["wait.frees"], found["wait.locks"]), (0, 0, 0));
}

#[test]
fn a_stream_that_allocates_or_locks_is_found() {
    let dir = Scratch::new("hot-path-count-twin");
    let program = compiled(&dir, "count");
    let allocating = figures(&program, &["slots", "malloc"]);
    assert!(allocating["stream.allocations"] > 0 && allocating["stream.frees"] > 0);
    let locking = figures(&program, &["slots", "mutex"]);
    assert!(locking["stream.locks"] > 0);
}

#[test]
fn a_steady_stream_in_rust_calls_no_allocator() {
    for lane in RUST_LANES {
        let found = figures(in_rust(), &["count", lane]);
        told(lane, &found);
        assert!(found["opening.allocations"] > 0, "libvil's allocations are not seen at all");
        assert_eq!(found["stream.allocations"], 0, "{lane}: in {} messages", found["stream.messages"]);
    }
    assert!(figures(in_rust(), &["count", "slots", "malloc"])["stream.allocations"] > 0);
}
