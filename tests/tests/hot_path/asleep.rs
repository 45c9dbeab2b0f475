//! What waiting and waking cost in system calls, when every message meets a sleeper. How long a sleep lasts is the machine's
//! affair, so what time brings about is counted and taken off: a nap or a slice that was over before the message came.

use vil_tests::scratch::Scratch;

use crate::{compiled, figures, told};

const TRIPS: i64 = 300;

/// Times a waiter that is not sure of a processor for itself gives way before it sleeps.
const YIELDS: i64 = 4;

#[test]
fn a_round_trip_of_sleepers_makes_one_call_to_wake_and_one_to_sleep_on_each_side() {
    let dir = Scratch::new("hot-path-asleep");
    let found = figures(&compiled(&dir, "asleep"), &[&TRIPS.to_string()]);
    told("asleep", &found);
    for side in ["left", "right"] {
        let figure = |name: &str| found[&format!("{side}.{name}")];
        assert!(figure("wakes") <= TRIPS, "{side} wakes once a message at most");
        let in_vain = figure("naps_over") + figure("slices_over");
        assert!(figure("waits") - in_vain <= TRIPS, "{side} sleeps once a message, but for what time brings about");
        assert!(figure("barriers") <= figure("naps_over"), "{side} disturbs others after a nap at most");
        assert!(figure("yields") <= YIELDS * TRIPS, "{side} gives way before it sleeps at most");
        assert_eq!(figure("others"), 0, "{side}");
    }
    assert!(found["left.wakes"] + found["right.wakes"] > TRIPS, "they slept, and were woken");
}

#[test]
fn a_wake_up_for_nobody_is_found() {
    let dir = Scratch::new("hot-path-asleep-twin");
    let found = figures(&compiled(&dir, "asleep"), &[&TRIPS.to_string(), "shout"]);
    assert!(found["left.wakes"] > TRIPS && found["right.wakes"] > TRIPS);
}
