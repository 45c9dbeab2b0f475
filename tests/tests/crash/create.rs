//! Creation: the static part of a world is written before anybody can see it. Should it be seen half written all the
//! same, it is refused: at every byte at which the writing may stop.

use vil_core::base::atomic::Barrier;
use vil_core::mem::{Catalog, Geometry, HEADER_SIZE, decode, encode, peek_sizes, static_size};
use vil_ir::model::End;
use vil_ir::plan::{ClassPlan, MessagePlan, Plan, RoutePlan};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, Profile, QueueKind, Transfer};

fn catalog() -> Catalog {
    let route = RoutePlan {
        from: End { process: "ingest".into(), port: "credits".into() },
        to: End { process: "filter".into(), port: "credits".into() },
        message: 0,
        size: 40,
        class: Some(0),
        cell_size: 16,
        kind: QueueKind::Spsc,
        answers: None,
        capacity: 4,
        producer_loans: 1,
        consumer_loans: 2,
        transfer: Transfer::LoanWrite,
        delivery: Delivery::AtLeastOnce,
        backpressure: Backpressure::Block,
        lane: Lane::Data,
        deadline_ms: 1000,
        sample: 64,
    };
    let message = MessagePlan {
        name: "Credit".into(),
        layout_id: 77,
        profile: Profile::Flat,
        size: 40,
        least: 40,
        root_size: 0,
        align: 8,
        text: "vil-layout 1\nCredit\n".into(),
    };
    let plan = Plan {
        program: "credit".into(),
        contract: r#"{"program":"credit"}"#.into(),
        fingerprint: [7; 32],
        process_entries: 4,
        messages: vec![message],
        classes: vec![ClassPlan { stride: 128, count: 5, memory: MemoryClass::PagedExchange }],
        routes: vec![route],
    };
    Catalog { plan, created_ticks: 1, created_ns: 2, barrier: Barrier::Fences }
}

/// What attach does with the first bytes of a file.
fn read(bytes: &[u8], file_size: u64) -> Option<Catalog> {
    let header = bytes.get(..HEADER_SIZE as usize)?;
    let (total, fixed) = peek_sizes(header, file_size).ok()?;
    let catalog = decode(bytes.get(..fixed as usize)?).ok()?;
    let geometry = Geometry::compute(&catalog.plan, fixed).ok()?;
    (geometry.total_size == total).then_some(catalog)
}

fn world() -> (Vec<u8>, u64, Catalog) {
    let catalog = catalog();
    let geometry = Geometry::compute(&catalog.plan, static_size(&catalog.plan)).expect("legal numbers");
    (encode(&catalog, geometry.total_size), geometry.total_size, catalog)
}

#[test]
fn a_world_whose_static_part_was_written_in_part_is_refused_at_every_byte() {
    let (whole, total, catalog) = world();
    assert_eq!(read(&whole, total), Some(catalog), "the whole one is read back");
    let written = whole.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut checks = 0;
    for size in 0..written {
        let mut torn = whole.clone();
        torn[size..].fill(0);
        assert_eq!(read(&torn, total), None, "only {size} of {written} bytes were written");
        checks += 1;
    }
    println!("{checks} half-written worlds refused");
}

#[test]
fn a_world_that_was_cut_short_is_refused_at_every_size() {
    let (whole, total, _) = world();
    for size in 0..whole.len() {
        assert_eq!(read(&whole[..size], size as u64), None, "the file was cut at {size}");
        assert_eq!(read(&whole[..size], total), None, "only {size} bytes can be read");
    }
}

#[test]
fn a_static_part_with_one_word_exchanged_is_refused() {
    let (whole, total, _) = world();
    for word in 0..whole.len() / 8 {
        let mut changed = whole.clone();
        changed[word * 8] ^= 0x10;
        assert_eq!(read(&changed, total), None, "word {word} was changed");
    }
}
