//! Memory that stays with iceoryx2: two processes and one route, after messages have flown once around its slots.
//!
//! Counted is what the two processes have more than before they opened anything: private pages of both, and pages of shared
//! mappings once. Pages of the program itself count too where opening made them resident.

use std::sync::atomic::Ordering;

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::Side;
use crate::iceoryx::{self, Route};
use crate::line::Line;
use crate::link::Link;
use crate::message::Touch;

/// Words of 64 bytes.
const WORDS: usize = 8;

/// Words of the link in which side B says what it had and has.
const BEFORE: usize = 1;
const AFTER: usize = 2;

/// One side.
pub(crate) fn side(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    let cells = arguments.number("cells", 1024)?;
    link.meet(1, 2);
    let before = resident()?;
    link.meet(2, 2);
    let node = iceoryx::node(arguments)?;
    if side == Side::B {
        link.meet(3, 2);
    }
    let route = Route::<WORDS>::open(&node, "memory", cells, 1)?;
    let touch = Touch::new(WORDS * 8, true);
    let (subscriber, publisher) = match side {
        Side::A => (Some(route.subscriber()?), None),
        Side::B => (None, Some(route.publisher()?)),
    };
    if side == Side::A {
        link.meet(3, 2);
    }
    link.meet(4, 2);
    if let Some(subscriber) = &subscriber {
        // It connects when it first asks; before that, what the buffer has no room for would be dropped.
        assert!(iceoryx::take(subscriber, touch).is_none(), "nothing was sent yet");
    }
    link.meet(5, 2);
    for number in 1..=2 * cells as u64 {
        if let Some(publisher) = &publisher {
            iceoryx::publish(publisher, touch, number);
        }
        if let Some(subscriber) = &subscriber {
            while iceoryx::take(subscriber, touch).is_none() {
                std::hint::spin_loop();
            }
        }
    }
    link.meet(6, 2);
    let after = resident()?;
    if side == Side::B {
        // ORDER: Release, pairs with the Acquire below; told before the last meeting.
        link.word(BEFORE).store(before, Ordering::Release);
        link.word(AFTER).store(after, Ordering::Release);
    }
    link.meet(7, 2);
    // ORDER: Acquire, pairs with the Release above.
    let (before_b, after_b) = (link.word(BEFORE).load(Ordering::Acquire), link.word(AFTER).load(Ordering::Acquire));
    let grown = (after + after_b).saturating_sub(before + before_b);
    let line = Line::value(arguments, "bytes", grown as f64).number("resident_after", (after + after_b) as f64);
    let line = line.number("resident_before", (before + before_b) as f64);
    Ok((side == Side::A).then(|| iceoryx::about(line, &arguments.clone().with("cells", cells), iceoryx::VERSION)))
}

/// This process's share of resident memory in bytes: its private pages, and of shared ones its part.
fn resident() -> Answer<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("the kernel does not say Pss")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().map_err(|_| "Pss is no number".to_owned())?;
    Ok(kib * 1024)
}
