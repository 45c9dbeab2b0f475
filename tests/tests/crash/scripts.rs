//! Named stories: states that cost a design its correctness once, told on purpose.

use std::rc::Rc;

use vil_core::base::crash::set_mutant;
use vil_core::base::words::{ProcState, ProcWord, ProcessId};
use vil_core::registry::{Outcome, recover, recoveries, state};
use vil_ir::vocabulary::Delivery;

use crate::call::Call;
use crate::campaign::tell;
use crate::private::{Tokens, bit};
use crate::run::{Layers, Run};
use crate::score::Score;
use crate::town::{Road, Town, Way};

/// Senders of one process whose messages are alike.
const MANY: usize = 24;
/// Messages that are received and dropped while one that was sent on is kept.
const DROPPED: usize = 5_000;

const ALL: Layers = Layers { single: true, takeover: 3, duel: 5, preempt: 3 };
const NONE: Layers = Layers { single: false, takeover: 0, duel: 0, preempt: 0 };

/// p0 sends to the filter p1, which borrows and sends on to the report p2.
fn pipeline(delivery: Delivery, capacity: u32) -> Rc<Town> {
    let roads = vec![
        Road::new((0, 1), Way::Loan, delivery, capacity, (1, 2)),
        Road::new((1, 2), Way::Pass, delivery, 2, (1, 2)),
    ];
    Town::new(format!("a pipeline of {capacity} cells, {delivery}"), roads, 7, 1 << 20)
}

fn held(score: &Score) {
    println!("{score}");
    assert!(score.violations.is_empty(), "{}", score.violations.join("\n"));
}

/// The report keeps the first message that was sent on.
fn keep_one(run: &mut Run) {
    run.assemble();
    assert!(run.send(0) && run.call(Call::Receive(0)), "there is room for one");
    assert_eq!(run.relay(0, 1), 1);
    assert!(run.call(Call::Receive(1)), "the report receives it");
}

/// One more message is sent and dropped by the filter; false when its ring is full.
fn drop_one(run: &mut Run) -> bool {
    let sent = run.send(0);
    if sent {
        assert!(run.call(Call::Receive(0)), "it is there");
        run.let_go(0, 0);
    }
    run.settle(0);
    sent
}

#[test]
fn one_message_kept_then_5000_dropped_by_a_borrowing_forwarder_fill_a_small_ring_and_nobody_hangs() {
    for delivery in [Delivery::AtLeastOnce, Delivery::BestEffort] {
        let mut score = Score::default();
        let town = pipeline(delivery, 4);
        tell(&town, Layers { single: true, ..NONE }, &mut score, |run| {
            keep_one(run);
            let sent = (0..DROPPED).filter(|_| drop_one(run)).count();
            assert_eq!(sent, 3, "what is kept holds its cell, and the ring fills behind it");
            run.let_go(1, 0);
            run.settle(0);
            let sent = (0..DROPPED).filter(|_| drop_one(run)).count();
            assert_eq!(sent, DROPPED, "once it is released all goes on");
        });
        held(&score);
    }
}

#[test]
fn one_message_kept_then_5000_dropped_by_a_borrowing_forwarder_are_not_reclaimed_early_by_a_large_ring() {
    let mut score = Score::default();
    let town = pipeline(Delivery::AtLeastOnce, 8192);
    tell(&town, NONE, &mut score, |run| {
        keep_one(run);
        let sent = (0..DROPPED).filter(|_| drop_one(run)).count();
        assert_eq!((sent, run.depth(0)), (DROPPED, DROPPED + 1), "head waits for the one that is kept");
        run.judge_now();
        run.let_go(1, 0);
        run.settle(0);
        assert_eq!(run.depth(0), 0, "and then passes all of them in one store");
        run.judge_now();
    });
    held(&score);
    assert!(score.total() > 0, "it was judged");
}

#[test]
fn filter_and_report_dead_together_are_restarted_in_both_orders() {
    for delivery in [Delivery::AtLeastOnce, Delivery::BestEffort] {
        for report_first in [true, false] {
            let mut score = Score::default();
            tell(&pipeline(delivery, 4), ALL, &mut score, |run| restart(run, delivery, report_first));
            held(&score);
        }
    }
}

fn restart(run: &mut Run, delivery: Delivery, report_first: bool) {
    keep_one(run);
    run.fill(0);
    run.die(1);
    run.die(2);
    run.recover();
    if delivery == Delivery::AtLeastOnce {
        // What was sent on waits for the report, so the filter's end waits as well.
        assert_eq!(run.private.zombies, 1 << 1, "the filter is pending");
        if !report_first {
            let outcome = run.on_a_copy(|copy, tokens| recover(copy, &Tokens(tokens), ProcessId(1)));
            assert_eq!(outcome, Outcome::Pending, "and whoever asks is told so");
        }
        run.come_back(2);
        run.drain(1);
        run.recover();
    } else if run.private.zombies != 0 {
        // The report's ring was skipped after the filter was looked at.
        run.recover();
    }
    assert_eq!(run.private.zombies, 0, "nobody reads what it forwarded any more");
    run.come_back(if report_first { 2 } else { 1 });
    run.assemble();
    run.grab(0);
    run.relay(0, 1);
    run.drain(1);
    run.settle(0);
    run.drain(0);
    run.stream(0);
}

/// The report is in the middle of leaving, or died there, when somebody looks: on a copy of the world, with these tokens held.
fn half_left(run: &mut Run, is_alive: bool) -> (Outcome, u64) {
    run.on_a_copy(|copy, tokens| {
        let report = ProcessId(2);
        let alive = state(copy, report);
        let dead = ProcWord { state: ProcState::Dead, ..alive };
        copy.segment.word(copy.geometry.process(report.0)).store(dead.encode(), "recover.bury");
        let held = if is_alive { tokens } else { tokens & !bit(report.0) };
        let outcome = recover(copy, &Tokens(held), report);
        assert_eq!(state(copy, report).state, ProcState::Free, "it was helped in either case");
        (outcome, recoveries(copy))
    })
}

#[test]
fn who_is_helped_while_leaving_is_not_counted_as_dead_and_who_died_on_the_way_out_is() {
    let mut score = Score::default();
    tell(&pipeline(Delivery::AtLeastOnce, 4), NONE, &mut score, |run| {
        run.assemble();
        assert_eq!(half_left(run, true), (Outcome::Recovered(false), 0));
        assert_eq!(half_left(run, false), (Outcome::Recovered(true), 1));
    });
    held(&score);
}

/// Most shared accesses of one loan, where each of many senders takes its first.
fn first_loans() -> u64 {
    let roads = vec![Road::new((0, 1), Way::Loan, Delivery::AtLeastOnce, 8, (1, 1)); MANY];
    let town = Town::new("many senders".into(), roads, 0, 1 << 20);
    let mut score = Score::default();
    tell(&town, NONE, &mut score, |run| {
        run.assemble();
        (0..MANY).for_each(|route| assert!(run.call(Call::Loan(route)), "each has slots of its own"));
    });
    held(&score);
    score.accesses["loan"]
}

#[test]
fn the_last_of_many_senders_finds_slots_without_a_look_at_those_of_all_others() {
    let most = first_loans();
    assert!(most <= 40, "{most} accesses for 9 slots");
    set_mutant("all_look_from_the_first_slot");
    let most = first_loans();
    set_mutant("");
    assert!(most > 8 * MANY as u64, "only {most} accesses although all look from the same slot on");
}
