//! Words that no call would write, and counts beyond 32 bits: states too rare for stories.

use std::cell::Cell;
use std::rc::Rc;

use vil_core::base::crash::{Access, set_hook};
use vil_core::base::words::{EndWord, ProcessId};
use vil_core::exchange::{Consumer, NotOpened, Producer};
use vil_core::mem::COUNT;
use vil_core::queue::{self, Side};
use vil_core::registry::{self, recover_all};
use vil_ir::vocabulary::Delivery;

use crate::memory::Lease;
use crate::private::{Private, Tokens};
use crate::stage::Stage;
use crate::town::{Road, Town, Way};

fn town(delivery: Delivery) -> Rc<Town> {
    let road = Road::new((0, 1), Way::Loan, delivery, 2, (1, 1));
    Town::new("one route".into(), vec![road], 0, 1 << 20)
}

/// A world whose only ring says that it holds more than it has cells.
fn overfull(town: &Rc<Town>) -> Rc<Lease> {
    let lease = town.found();
    let tail = EndWord { index: 9, incarnation: 1, owner: None };
    lease.segment.word(town.geometry.rings[0].tail).store(tail.encode(), "founding");
    Rc::new(lease)
}

fn attach(town: &Rc<Town>, lease: &Lease, process: u16) {
    let mut private = Private::new(town);
    Stage::new(lease, &mut private).attach(process).expect("the world is empty");
}

fn owners(lease: &Lease, town: &Town) -> [Option<ProcessId>; 2] {
    [Side::Head, Side::Tail].map(|side| queue::end(lease, &town.geometry.rings[0], side).owner)
}

#[test]
fn an_end_of_a_ring_of_nonsense_is_not_opened_and_a_crash_on_the_way_out_is_recovered() {
    for delivery in [Delivery::AtLeastOnce, Delivery::BestEffort] {
        let town = town(delivery);
        let lease = overfull(&town);
        attach(&town, &lease, 0);
        let undone = Rc::new(Cell::new(false));
        let (seen, original, of) = (Rc::clone(&undone), Rc::clone(&lease), Rc::clone(&town));
        set_hook(Some(Box::new(move |access, site| {
            if access == Access::Load {
                return;
            }
            seen.set(seen.get() || site == "open.undo");
            let copy = original.duplicate();
            recover_all(&copy, &Tokens(0));
            assert_eq!(owners(&copy, &of), [None, None], "a crash at {site}");
            let audit = registry::audit(&copy);
            assert_eq!((audit.free, audit.processes), (audit.slots, 0), "a crash at {site}");
        })));
        let consumer = Consumer::open(&lease, ProcessId(0), 0).err();
        let producer = Producer::open(&lease, ProcessId(0), &[0]).err();
        set_hook(None);
        assert_eq!((consumer, producer), (Some(NotOpened::Corrupt), Some(NotOpened::Corrupt)));
        assert_eq!(owners(&lease, &town), [None, None]);
        assert!(undone.get(), "nobody crashed at open.undo");
    }
}

#[test]
fn the_released_count_is_exact_after_more_than_four_billion_messages_for_nobody() {
    let town = town(Delivery::BestEffort);
    let lease = town.found();
    let ring = &town.geometry.rings[0];
    // The state after 3 * 2^32 + 5 messages that were skipped for nobody.
    let end = EndWord { index: 5, incarnation: 2, owner: None };
    for at in [ring.tail, ring.head] {
        lease.segment.word(at).store(end.encode(), "founding");
    }
    lease.segment.word(ring.tail + COUNT).store(0x3_0000_0005, "founding");
    attach(&town, &lease, 1);
    assert_eq!(queue::passed(&lease, ring, Side::Head), 0x3_0000_0005);
    let consumer = Consumer::open(&lease, ProcessId(1), 0).expect("the end is vacant");
    assert_eq!(consumer.released(), 0x3_0000_0005);
}
