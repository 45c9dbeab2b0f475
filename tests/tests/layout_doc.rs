//! `docs/memory-layout.md` says what the runtime does: its numbers are compared with constants, encoders and geometry.

use vil_core::base::atomic::{Barrier, FOR_DATA, FOR_SPACE, SEVERAL, WOKEN};
use vil_core::base::limits::{BUCKETS, LAYOUT_VERSION, LINE, MAGIC, PAGE, PROCESS_NAME, TOKEN_BASE, TRAIL_ENTRIES};
use vil_core::base::words::{
    Claim, ClaimWord, EndWord, PresenceWord, ProcState, ProcWord, ProcessId, Reference, SlotState, SlotWord, Stamp,
};
use vil_core::mem::{
    CELL_BEHIND, CELL_INLINE, CELL_REFERENCE, CELL_STAMP, CELL_THIRD, CELL_TIME, COUNT, Catalog, DROPPED, EVENTS, GATE,
    Geometry, HEADER_SIZE, encode, static_size,
};
use vil_core::registry::Language;
use vil_core::registry::trail::Kind;
use vil_ir::limits::{INLINE_SIZE, SLOT_STRIDE};
use vil_ir::model::End;
use vil_ir::plan::{ClassPlan, MessagePlan, Plan, RoutePlan, binary};
use vil_ir::vocabulary::{Backpressure, Delivery, Lane, MemoryClass, Profile, QueueKind, Transfer, Word};
use vil_tests::artifact::root;

fn doc() -> String {
    let path = root().join("docs/memory-layout.md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The document says this, word for word.
fn says(sentence: &str) {
    assert!(doc().contains(sentence), "docs/memory-layout.md does not say `{sentence}`");
}

/// The number of a word in a world: its place in the vocabulary.
fn number<W: Word + PartialEq>(word: W) -> u64 {
    W::all().iter().position(|one| *one == word).expect("the vocabulary has it") as u64
}

fn route(name: &str, capacity: u32) -> RoutePlan {
    RoutePlan {
        from: End { process: "a".into(), port: name.into() },
        to: End { process: "b".into(), port: name.into() },
        message: 0,
        size: 40,
        class: Some(0),
        cell_size: 16,
        kind: QueueKind::Spsc,
        answers: None,
        capacity,
        producer_loans: 3,
        consumer_loans: 5,
        transfer: Transfer::Copy,
        delivery: Delivery::BestEffort,
        backpressure: Backpressure::Fail,
        lane: Lane::Control,
        deadline_ms: 9,
        sample: 64,
    }
}

fn plan() -> Plan {
    let message = MessagePlan {
        name: "M".into(),
        layout_id: 99,
        profile: Profile::Relative,
        size: 40,
        least: 24,
        root_size: 5,
        align: 8,
        text: "text".into(),
    };
    let class = |stride, count| ClassPlan { stride, count, memory: MemoryClass::PinnedRemote };
    Plan {
        program: "prog".into(),
        contract: "{}".into(),
        fingerprint: [0xab; 32],
        process_entries: 6,
        messages: vec![message],
        classes: vec![class(128, 7), class(256, 11)],
        routes: vec![route("x", 4), route("y", 8)],
    }
}

fn world() -> (Plan, Vec<u8>, Geometry) {
    let plan = plan();
    let geometry = Geometry::compute(&plan, static_size(&plan)).expect("legal numbers");
    let catalog = Catalog { plan, created_ticks: 11, created_ns: 12, barrier: Barrier::Membarrier };
    let bytes = encode(&catalog, geometry.total_size);
    (catalog.plan, bytes, geometry)
}

/// The part of these bytes that follows the header: the plan.
fn planned(bytes: &[u8]) -> &[u8] {
    &bytes[HEADER_SIZE as usize..][..word(bytes, 4) as usize]
}

fn word(bytes: &[u8], index: usize) -> u64 {
    u64::from_le_bytes(bytes[index * 8..][..8].try_into().expect("eight bytes"))
}

fn text(bytes: &[u8], index: usize) -> &[u8] {
    let word = word(bytes, index);
    &bytes[(word & 0xffff_ffff) as usize..][..(word >> 32) as usize]
}

#[test]
fn the_header_holds_what_the_document_says() {
    says(&format!("## Header: {HEADER_SIZE} bytes of {} words", HEADER_SIZE / 8));
    says(&format!("| 1 | layout version, {LAYOUT_VERSION} |"));
    assert_eq!(&MAGIC.to_le_bytes(), b"VILWORLD");
    let (plan, bytes, geometry) = world();
    let size = binary::encode(&plan).len() as u64;
    let expected = [MAGIC, LAYOUT_VERSION, geometry.total_size, static_size(&plan), size, 2, 11, 12, 1];
    assert_eq!((0..9).map(|index| word(&bytes, index)).collect::<Vec<_>>(), expected);
    says("| 8 | who orders stores before looks: 0 fences of everybody, 1 membarriers of who goes to sleep |");
    assert_ne!(word(&bytes, 9), 0, "the seal");
    assert!((10..HEADER_SIZE as usize / 8).all(|index| word(&bytes, index) == 0));
    assert_eq!(planned(&bytes), binary::encode(&plan));
    assert_eq!(bytes[(HEADER_SIZE + size) as usize..][..4], *b"{}\0\0", "the contract, and nothing behind it");
}

#[test]
fn a_futex_word_holds_what_the_document_says() {
    says(
        "Of a futex word bit 0 says that somebody sleeps for a message, bit 1 for room, bit 2 that several sleep for one reason; the rest counts wake-ups.",
    );
    assert_eq!([FOR_DATA, FOR_SPACE, SEVERAL, WOKEN], [1 << 0, 1 << 1, 1 << 2, 1 << 3]);
}

#[test]
fn the_tables_hold_what_the_document_says() {
    let bytes = binary::encode(&plan());
    let bytes = bytes.as_slice();
    says("A plan begins with a head of 9 words");
    says("the letters `VILPLAN` and the number of its form, 1,");
    assert_eq!(&binary::FORM.to_le_bytes(), b"VILPLAN\x01");
    let embedded = binary::embed(&plan());
    assert_eq!((embedded[0], embedded.len()), (binary::FORM, 2 + binary::size(&plan()) / 8));
    assert_ne!(embedded[1], 0, "the seal");
    assert_eq!((0..4).map(|index| word(bytes, index)).collect::<Vec<_>>(), [6, 2, 1, 2]);
    assert_eq!((text(bytes, 4), &bytes[5 * 8..9 * 8]), (&b"prog"[..], &[0xab; 32][..]));
    let classes = 9;
    let messages = classes + 2 * 3;
    let routes = messages + 8;
    for (table, words) in [("classes", "3: stride"), ("messages", "8: name"), ("routes", "16: from process")] {
        says(&format!("| {table} | {words}"));
    }
    assert_eq!((classes..messages).map(|index| word(bytes, index)).collect::<Vec<_>>(), [128, 7, 2, 256, 11, 2]);
    assert_eq!((text(bytes, messages), text(bytes, messages + 2)), (&b"M"[..], &b"text"[..]));
    assert_eq!([1, 3, 4, 5, 6, 7].map(|at| word(bytes, messages + at)), [99, number(Profile::Relative), 40, 24, 5, 8]);
    let names = [&b"a"[..], b"x", b"b", b"x", b"a", b"y", b"b", b"y"];
    let found =
        (0..4).map(|index| text(bytes, routes + index)).chain((16..20).map(|index| text(bytes, routes + index)));
    assert_eq!(found.collect::<Vec<_>>(), names);
    let policies =
        [number(Transfer::Copy), number(Delivery::BestEffort), number(Backpressure::Fail), number(Lane::Control)];
    let policies = policies.iter().rev().fold(0, |word, byte| word << 8 | byte);
    let numbers = [0, 40, 1, 16, 4, 3, 5, policies, 9, 64, 0, 0];
    assert_eq!((4..16).map(|index| word(bytes, routes + index)).collect::<Vec<_>>(), numbers);
}

#[test]
fn policies_have_the_numbers_that_the_document_says() {
    fn row<W: Word>(byte: u32, policy: &str) {
        let words = W::all().iter().enumerate().map(|(number, word)| format!("{number} `{}`", word.text()));
        says(&format!("| {byte} | {policy} | {} |", words.collect::<Vec<_>>().join(", ")));
    }
    row::<Transfer>(0, "transfer");
    row::<Delivery>(1, "delivery");
    row::<Backpressure>(2, "backpressure");
    row::<Lane>(3, "lane");
    row::<QueueKind>(4, "kind");
}

#[test]
fn the_parts_follow_each_other_as_the_document_says() {
    let (plan, _, geometry) = world();
    says(&format!("whole pages of {PAGE} | {PAGE} |"));
    says(&format!("| process table | 128 for each entry | {LINE} |"));
    says(&format!("| slots, one size class after the other | stride times count | {PAGE} |"));
    assert_eq!(geometry.processes_offset, static_size(&plan));
    assert_eq!(geometry.process(1) - geometry.process(0), 128);
    assert_eq!(geometry.counters_offset, geometry.process(6));
    assert_eq!(geometry.trail_offset, geometry.counters_offset + 128);
    assert_eq!(geometry.slots_offset, geometry.event(TRAIL_ENTRIES - 1) + 32);
    assert_eq!(geometry.slot(1) - geometry.slot(0), 8);
    let flags = (geometry.slots_offset + 18 * 8).next_multiple_of(LINE);
    let [first, second] = [&geometry.rings[0], &geometry.rings[1]];
    assert_eq!((first.producer_flag, first.consumer_flag), (flags, flags + 128));
    assert_eq!(first.tail, flags + 2 * 128);
    assert_eq!(
        second.tail,
        first.cells + 4 * 16u64.next_multiple_of(16) + 64,
        "four cells of 16 bytes, then the next line"
    );
    assert_eq!(geometry.classes[0].offset, (second.cells + 8 * 16).next_multiple_of(PAGE));
    assert_eq!(geometry.classes[1].offset, (geometry.classes[0].offset + 128 * 7).next_multiple_of(PAGE));
}

#[test]
fn a_ring_and_its_cells_lie_as_the_document_says() {
    let (_, _, geometry) = world();
    let ring = &geometry.rings[0];
    says(&format!(
        "| tail line | {LINE} | 0 tail, {COUNT} count of published messages, {DROPPED} count of messages dropped"
    ));
    says(&format!("| head line | {LINE} | 0 head, {DROPPED} count of messages skipped"));
    says(&format!("| histogram | {} | {BUCKETS} counts", BUCKETS * 8));
    assert_eq!([ring.head, ring.histogram, ring.cells], [ring.tail + 128, ring.tail + 256, ring.tail + 256 + 2048]);
    says("A cell begins with its stamp.");
    says(&format!(
        "the reference is at {CELL_REFERENCE}, and in a ring of answers the number of the request at {CELL_THIRD}."
    ));
    says(&format!("at {CELL_INLINE}, in a ring of answers at {CELL_BEHIND}: up to {INLINE_SIZE} bytes."));
    assert_eq!((CELL_STAMP, CELL_BEHIND + u64::from(INLINE_SIZE)), (0, 64));
    assert_eq!(ring.cell(u32::MAX), ring.cells + 3 * 16, "indices wrap");
    says(&format!("a stride is a multiple of {SLOT_STRIDE}"));
}

#[test]
fn the_audit_trail_lies_as_the_document_says() {
    let (_, _, geometry) = world();
    says(&format!("| audit trail | 32 for each of {TRAIL_ENTRIES} events | {LINE} |"));
    says(&format!("at {EVENTS} events recorded in the audit trail"));
    says(&format!("at entry `n % {TRAIL_ENTRIES}`"));
    assert_eq!(geometry.event(TRAIL_ENTRIES + 3), geometry.trail_offset + 3 * 32);
    for kind in Kind::ALL {
        says(&format!("| {} | `{}` |", kind.code(), kind.word()));
    }
}

#[test]
fn a_process_entry_lies_as_the_document_says() {
    says("## Process entry: 128 bytes");
    says(&format!("| 64 | name of its process in the program, {PROCESS_NAME} bytes"));
    says(&format!("at {TOKEN_BASE} + entry"));
    let languages = Language::ALL.iter().map(|language| format!("{} {}", language.code(), language.word()));
    says(&format!("| 24 | language: {} |", languages.collect::<Vec<_>>().join(", ")));
}

#[test]
fn a_claimed_ring_lies_as_the_document_says() {
    says("| claimed cell, first | 0 lap:52, 52 owner + 1:10, 62 state:2 |");
    says("| presence | 0 present:32, 32 changes:32 |");
    says("States of a claimed cell: 0 Empty, 1 Writing, 2 Full;");
    let word = |claim| ClaimWord { lap: (1 << 52) - 8, claim }.encode();
    assert_eq!(word(Claim::Empty), (1 << 52) - 8);
    assert_eq!(word(Claim::Writing(ProcessId(4))), ((1 << 52) - 8) | 5 << 52 | 1 << 62);
    assert_eq!(word(Claim::Full(ProcessId(1021))), ((1 << 52) - 8) | 1022 << 52 | 2 << 62);
    assert_eq!(PresenceWord { present: 3, changes: 7 }.encode(), 3 | 7 << 32);
    says("at 8 its index:32");
    says("and at 16 the reference; a message that lies in the cell is at 24");
    says("the word at 24 of either");
    assert_eq!((CELL_TIME, CELL_THIRD, CELL_BEHIND, GATE), (8, 16, 24, 24));
    says("two more parts behind its cells");
    says("256 bytes of 32 presence words for the producers");
    let shared = RoutePlan { kind: QueueKind::Mpmc, cell_size: 32, ..route("many", 4) };
    let plan = Plan { routes: vec![shared], ..plan() };
    let geometry = Geometry::compute(&plan, 0).expect("legal numbers");
    let ring = geometry.rings[0];
    assert!(ring.claimed);
    let behind = (ring.cells + 4 * 32).next_multiple_of(LINE);
    assert_eq!(ring.presence, [behind, behind + 256]);
}

#[test]
fn the_words_have_the_bits_that_the_document_says() {
    says("| process | 0 state:8, 8 epoch:56 |");
    for (state, code) in [(ProcState::Free, 0), (ProcState::Alive, 1), (ProcState::Dead, 2)] {
        assert_eq!(ProcWord { epoch: 5, state }.encode(), 5 << 8 | code);
    }
    says("| slot | 0 state:8, 8 owner:16, 24 zero:8, 32 generation:32 |");
    for (state, low) in [(SlotState::Free, 0), (SlotState::Held(ProcessId(7)), 7 << 8 | 1), (SlotState::Orphan, 2)] {
        assert_eq!(SlotWord { generation: 3, state }.encode(), 3 << 32 | low);
    }
    says("| head, tail | 0 index:32, 32 incarnation:22, 54 owner + 1:10 |");
    let end = EndWord { index: 2, incarnation: 4, owner: Some(ProcessId(8)) };
    assert_eq!(end.encode(), 2 | 4 << 32 | 9 << 54);
    says("| cell, reference | 0 slot:20, 20 generation:32, 52 source ring:12 |");
    assert_eq!(Reference { slot: 1, generation: 2, source: 3 }.encode(), 1 | 2 << 20 | 3 << 52);
    says("| cell, stamp | 0 sequence:32, 32 time:32 |");
    says("The sequence of a cell is the index it was last published for, plus 1; 0 was never published.");
    assert_eq!(Stamp { sequence: Stamp::of(6), time: 9 }.encode(), 7 | 9 << 32);
}
