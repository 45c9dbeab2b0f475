//! Relative messages in Rust: made by drafts, read by views, over ports and in memory of one's own; what goes wrong while
//! they are made, what they look like to readers of another version, and that no bytes lead a view astray.
#![deny(warnings)]

#[path = "golden/relative/rust/relative.rs"]
mod relative;

use std::time::Duration;

use relative::{
    Answer, Ask, Grown, LIDAR_CONTRACT, Lidar, MAP_CONTRACT, Map, Note, Point, Reading, Risk, Scan, ScanView,
    ScanWriter, Units,
};
use vil::{Carried, Contract, Draft, Lent, Options, Relative, Status, World};
use vil_tests::artifact::root;
use vil_tests::cc::{Compile, c_compiler};
use vil_tests::generated;
use vil_tests::random::Random;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::rustc::rustc;
use vil_tests::scratch::Scratch;

/// Longer than anything here takes; only a call that hangs reaches it.
const LONG: Duration = Duration::from_secs(20);

/// Memory that is aligned as a message.
#[repr(align(8))]
struct Room<const N: usize>([u8; N]);

/// Memory full of what was there before.
fn room<const N: usize>() -> Room<N> {
    Room([0xa5; N])
}

const POINTS: [Point; 3] = [Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 }, Point { x: 5.0, y: 6.0 }];

/// A scan that holds everything.
fn fill(mut scan: ScanWriter<'_>) {
    let mut header = scan.set_header();
    header.set_stamp(7);
    header.set_frame("base");
    scan.set_stamp(8);
    scan.alloc_points(3).copy_from_slice(&POINTS);
    let mut ranges = scan.alloc_ranges(4);
    (0..4).for_each(|index| ranges.set(index, index as f32));
    scan.set_label("über");
    let mut tags = scan.alloc_tags(3);
    tags.set(0, "zero");
    tags.set(2, "two");
    let mut channels = scan.alloc_channels(2);
    let mut channel = channels.at(1);
    channel.set_name("second");
    channel.alloc_values(1).set(0, 0.5);
    channel.set_unit(Units::FOOT);
    let mut channel = channels.at(0);
    channel.set_name("first");
    channel.set_unit(Units::METRE);
    scan.alloc_risks(2).as_mut_slice().fill(Risk::LOSS);
    let mut meta = scan.alloc_meta();
    meta.set_source("lidar");
    meta.alloc_before().set_source("older");
    scan.alloc_origin(POINTS[1]);
    scan.set_gain(0.25);
    scan.set_limit(9);
    scan.set_risk(Risk::OK);
    scan.set_valid(false);
    scan.set_matrix(&[1.0, 2.0]);
    scan.set_corner(POINTS[2]);
    scan.set_sides_at(1, "right");
    let mut text = scan.set_reading();
    let mut text = text.set_text();
    text.set_text("said");
    text.set_risk(Risk::WATCH);
}

/// What `fill` wrote.
fn see(scan: ScanView<'_>) {
    assert_eq!((scan.header().stamp(), scan.stamp()), (7, 8));
    assert_eq!(scan.header().frame(), "base");
    assert_eq!(scan.points(), POINTS);
    assert_eq!(scan.ranges().to_vec(), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(scan.label(), "über");
    let tags: Vec<String> = scan.tags().iter().map(|tag| tag.to_string_lossy()).collect();
    assert_eq!(tags, ["zero", "", "two"]);
    assert_eq!((scan.channels().len(), scan.channels().get(2).is_some()), (2, false));
    let second = scan.channels().get(1).expect("there are two");
    assert_eq!(second.unit(), Units::FOOT);
    assert_eq!(second.name(), "second");
    assert_eq!(second.values(), [0.5]);
    assert_eq!(scan.channels().iter().next().expect("there are two").name(), "first");
    assert_eq!(scan.risks(), [Risk::LOSS, Risk::LOSS]);
    let meta = scan.meta().expect("there is one");
    assert_eq!(meta.source(), "lidar");
    let before = meta.before().expect("there is one before it");
    assert_eq!(before.source(), "older");
    assert!(before.before().is_none());
    assert_eq!(scan.origin(), Some(POINTS[1]));
    assert_eq!((scan.gain(), scan.limit(), scan.risk(), scan.valid()), (Some(0.25), 9, Risk::OK, false));
    assert_eq!(scan.matrix(), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(scan.corner(), POINTS[2]);
    assert_eq!(scan.sides().get(0).expect("there are two"), "");
    assert_eq!(scan.sides().get(1).expect("there are two"), "right");
    assert_eq!(scan.reading().tag(), Reading::TAG_TEXT);
    assert!(scan.reading().as_number().is_none() && scan.reading().as_many().is_none());
    let text = scan.reading().as_text().expect("it is a text");
    assert_eq!(text.text(), "said");
    assert_eq!(text.risk(), Risk::WATCH);
}

/// A full scan in this memory.
fn full(memory: &mut [u8]) -> vil::Finished<Scan, Lent<'_>> {
    let mut draft = Draft::<Scan, _>::within(memory);
    fill(draft.root());
    draft.finish().expect("there is room")
}

#[test]
fn what_was_written_is_what_is_read() {
    let mut memory = room::<4096>();
    let scan = full(&mut memory.0);
    see(scan.view());
    see(vil::view::<Scan>(scan.bytes()));
    let said = format!("{:?}", scan.view());
    assert!(said.contains("label: \"über\"") && said.contains("channels: [2 of them]"), "{said}");
}

#[test]
fn zeroes_are_skipped_in_plain_slices_alone_and_until_it_begins_anew() {
    let mut memory = room::<4096>();
    let mut draft = Draft::<Scan, _>::within(&mut memory.0);
    draft.skip_zeroes();
    let found = f32::from_ne_bytes([0xa5; 4]);
    assert_eq!(draft.root().alloc_ranges(2).as_mut_slice(), [found; 2]);
    let mut channels = draft.root();
    channels.alloc_channels(1).at(0).set_name("first");
    channels.alloc_tags(2).set(1, "two");
    let scan = draft.finish().expect("there is room");
    let first = scan.view().channels().get(0).expect("there is one");
    assert!(first.name() == "first" && first.values().is_empty());
    assert_eq!(scan.view().tags().get(0).expect("there are two"), "");
    let mut draft = Draft::<Scan, _>::within(&mut memory.0);
    draft.skip_zeroes();
    draft.restart();
    assert_eq!(draft.root().alloc_ranges(2).as_mut_slice(), [0.0; 2]);
}

#[test]
fn c_writes_the_same_bytes() {
    let golden = root().join("tests/tests/golden");
    let dir = Scratch::new("relative-bytes");
    let compile = Compile::new(&c_compiler(), "c99", dir.join("bytes")).include(golden.join("relative/c")).arg("-O1");
    let program = compile.source(golden.join("relative_bytes.c")).expect();
    let output = std::process::Command::new(program).output().expect("the program runs");
    assert!(output.status.success(), "{:?}", output.status);
    let mut memory = room::<4096>();
    assert!(full(&mut memory.0).bytes() == output.stdout, "{:02x?}\n{:02x?}", &memory.0[..64], &output.stdout[..64]);
    let mut aligned = room::<4096>();
    aligned.0[..output.stdout.len()].copy_from_slice(&output.stdout);
    see(vil::view::<Scan>(&aligned.0));
}

#[test]
fn a_head_says_what_the_message_is_and_gaps_are_zero() {
    let mut memory = room::<4096>();
    let scan = full(&mut memory.0).into_bytes();
    assert_eq!(scan[..8], Scan::LAYOUT_ID.to_le_bytes());
    assert_eq!(scan[8..12], (scan.len() as u32).to_le_bytes());
    assert_eq!(scan[12..16], Scan::ROOT_SIZE.to_le_bytes());
    assert!(!scan.contains(&0xa5), "no byte is what was there before");
}

#[test]
fn a_measured_size_is_the_size_to_the_byte() {
    let mut memory = room::<4096>();
    let size = vil::measure::<Scan>(fill).expect("nothing is wrong with it");
    assert_eq!(full(&mut memory.0).size(), size);
    let mut tight = Draft::<Scan, _>::within(&mut memory.0[..size]);
    fill(tight.root());
    see(tight.finish().expect("it fits to the byte").view());
    let mut short = Draft::<Scan, _>::within(&mut memory.0[..size - 1]);
    fill(short.root());
    assert_eq!(short.finish().expect_err("one byte is missing").status, Status::E_LIMIT);
}

/// What `finish` says of a scan that was written like this.
fn fault(write: impl Fn(&mut ScanWriter<'_>)) -> Result<(), Status> {
    let mut memory = room::<1024>();
    let mut draft = Draft::<Scan, _>::within(&mut memory.0);
    write(&mut draft.root());
    draft.finish().map(drop).map_err(|unfinished| unfinished.status)
}

#[test]
fn the_first_fault_stays_and_is_told_by_finish() {
    assert_eq!(fault(|scan| scan.set_label("once")), Ok(()));
    assert_eq!(fault(|scan| scan.set_label("a\0b")), Err(Status::E_ARGUMENT));
    assert_eq!(fault(|scan| scan.alloc_ranges(5000).set(0, 1.0)), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.alloc_points(usize::MAX).set(0, POINTS[0])), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.alloc_points(1 << 31).set(0, POINTS[0])), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.set_header().set_frame(&"x".repeat(33))), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.set_header().set_frame(&"x".repeat(32))), Ok(()));
    assert_eq!(fault(|scan| scan.alloc_points(2).set(2, POINTS[0])), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.alloc_points(2).copy_from_slice(&POINTS)), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.set_matrix(&[0.0; 7])), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.alloc_tags(1).set(1, "x")), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.alloc_channels(1).at(1).set_name("x")), Err(Status::E_LIMIT));
    assert_eq!(fault(|scan| scan.set_sides_at(2, "x")), Err(Status::E_LIMIT));
    let twice = |scan: &mut ScanWriter<'_>| (0..2).for_each(|_| scan.set_label("twice"));
    assert_eq!(fault(twice), Err(Status::E_STATE));
    assert_eq!(fault(|scan| (0..2).for_each(|_| scan.alloc_meta().set_source("x"))), Err(Status::E_STATE));
    assert_eq!(fault(|scan| (0..2).for_each(|_| scan.alloc_origin(POINTS[0]))), Err(Status::E_STATE));
    let both = |scan: &mut ScanWriter<'_>| {
        scan.set_label("a\0b");
        scan.alloc_ranges(5000).set(0, 1.0);
    };
    assert_eq!(fault(both), Err(Status::E_ARGUMENT), "the first one");
}

#[test]
fn what_is_set_again_is_as_if_it_had_never_been_something_else() {
    let mut memory = room::<1024>();
    let mut draft = Draft::<Scan, _>::within(&mut memory.0);
    let mut scan = draft.root();
    scan.set_matrix(&[1.0; 6]);
    scan.set_matrix(&[2.0]);
    scan.set_reading().set_number().set_value(1.0);
    scan.set_reading().set_text().set_risk(Risk::LOSS);
    let done = draft.finish().expect("nothing is wrong with it");
    assert_eq!(done.view().matrix(), [2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let text = done.view().reading().as_text().expect("it is a text");
    assert_eq!((text.text().len(), text.risk()), (0, Risk::LOSS));
}

#[test]
fn a_draft_with_a_fault_comes_back_and_can_be_begun_again() {
    let mut memory = room::<1024>();
    let mut draft = Draft::<Scan, _>::within(&mut memory.0);
    draft.root().set_label("a\0b");
    draft.root().set_stamp(1);
    let unfinished = draft.finish().expect_err("a NUL is no text");
    assert_eq!((unfinished.status, unfinished.draft.fault()), (Status::E_ARGUMENT, Some(Status::E_ARGUMENT)));
    let mut draft = unfinished.draft;
    draft.restart();
    draft.root().set_stamp(2);
    let scan = draft.finish().expect("it is well now");
    assert_eq!((scan.view().stamp(), scan.view().label().len()), (2, 0));
}

#[test]
fn memory_that_is_short_or_not_aligned_is_refused() {
    let mut memory = room::<1024>();
    let short = Draft::<Scan, _>::within(&mut memory.0[..100]).finish();
    assert_eq!(short.expect_err("the root does not fit").status, Status::E_LIMIT);
    let shifted = Draft::<Scan, _>::within(&mut memory.0[4..]).finish();
    assert_eq!(shifted.expect_err("it is not aligned").status, Status::E_ARGUMENT);
    let none = Draft::<Scan, _>::within(&mut []).finish();
    assert!(none.is_err());
}

#[test]
fn an_older_message_has_defaults_for_what_it_lacks() {
    let mut memory = room::<4096>();
    let bytes = full(&mut memory.0).into_bytes();
    // A writer that knew the fields up to `gain`, but not its presence byte.
    bytes[12..16].copy_from_slice(&84u32.to_le_bytes());
    let scan = vil::view::<Scan>(bytes);
    assert_eq!(scan.points(), POINTS);
    assert_eq!(scan.origin(), Some(POINTS[1]));
    assert_eq!((scan.gain(), scan.limit(), scan.risk(), scan.valid()), (None, 700, Risk::WATCH, true));
    assert_eq!((scan.matrix().len(), scan.corner(), scan.sides().len()), (0, Point::default(), 0));
    assert_eq!(scan.reading().tag(), 0);
    assert!(scan.reading().as_text().is_none());
    // One that knew none.
    bytes[12..16].fill(0);
    let scan = vil::view::<Scan>(bytes);
    assert_eq!((scan.header().stamp(), scan.stamp(), scan.points().len()), (0, 0, 0));
    assert!(scan.meta().is_none());
}

#[test]
fn a_newer_message_is_read_as_far_as_it_is_known() {
    let mut memory = room::<256>();
    let mut draft = Draft::<Grown, _>::within(&mut memory.0);
    draft.root().set_count(5);
    draft.root().set_level(6);
    let bytes = draft.finish().expect("there is room").into_bytes();
    bytes[12..16].copy_from_slice(&8u32.to_le_bytes());
    assert_eq!((vil::view::<Grown>(bytes).count(), vil::view::<Grown>(bytes).level()), (5, 6));
    bytes[12..16].copy_from_slice(&4u32.to_le_bytes());
    assert_eq!((vil::view::<Grown>(bytes).count(), vil::view::<Grown>(bytes).level()), (5, 3));
}

/// Reads everything that a view leads to, with a limit where it may lead in cycles.
fn walk(scan: ScanView<'_>) -> usize {
    let mut seen = scan.header().frame().to_string_lossy().len() + scan.label().to_string_lossy().len();
    seen += scan.points().to_vec().len() + scan.ranges().iter().count() + scan.risks().iter().count();
    seen += scan.tags().iter().map(|tag| tag.bytes().iter().count()).sum::<usize>();
    for channel in scan.channels().iter() {
        seen += channel.name().len() + channel.values().iter().count() + usize::from(channel.unit().0);
    }
    let mut meta = scan.meta();
    for _ in 0..16 {
        let Some(found) = meta else { break };
        seen += found.source().to_string_lossy().len();
        meta = found.before();
    }
    seen += scan.sides().iter().map(|side| side.len()).sum::<usize>();
    let reading = scan.reading();
    seen += reading.as_many().map_or(0, |many| many.points().to_vec().len());
    seen += reading.as_text().map_or(0, |text| text.text().to_string_lossy().len());
    seen + format!("{scan:?}").len()
}

#[test]
fn no_bytes_lead_a_view_out_of_its_message() {
    let mut random = Random::new("no_bytes_lead_a_view_out_of_its_message");
    let mut memory = room::<4096>();
    let size = full(&mut memory.0).size();
    let whole = memory.0[..size].to_vec();
    for round in 0..20_000 {
        memory.0[..size].copy_from_slice(&whole);
        for _ in 0..=random.below(3) {
            let at = random.below(size as u64 / 4) as usize * 4;
            let value = match random.below(4) {
                0 => u32::MAX,
                1 => random.below(2 * size as u64) as u32,
                2 => 1 << random.below(32),
                _ => random.bits() as u32,
            };
            memory.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let cut = if round % 2 == 0 { size } else { random.below(size as u64 + 1) as usize };
        // In memory of its own size, so that what is read beyond it is found by whoever looks.
        let exact: Vec<u64> = memory.0[..cut.next_multiple_of(8)]
            .chunks(8)
            .map(|word| u64::from_ne_bytes(word.try_into().expect("8")))
            .collect();
        // SAFETY: the vector has at least `cut` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(exact.as_ptr().cast::<u8>(), cut) };
        assert!(walk(vil::view::<Scan>(bytes)) < 1 << 20, "no more than the message can hold");
    }
}

#[test]
fn references_into_the_head_beyond_the_end_and_between_elements_are_empty() {
    let mut memory = room::<4096>();
    let bytes = full(&mut memory.0).into_bytes();
    let word = |at: u32, count: u32| (u64::from(count) << 32 | u64::from(at)).to_le_bytes();
    let size = bytes.len() as u32;
    let mut points = |at: u32, count: u32| {
        bytes[16 + 24..16 + 32].copy_from_slice(&word(at, count));
        vil::view::<Scan>(bytes).points().len()
    };
    assert_eq!(points(184, 2), 2);
    for (at, count) in [(8, 1), (186, 1), (184, size / 8), (size & !3, 1), (u32::MAX - 3, 1), (184, u32::MAX), (0, 1)] {
        assert_eq!(points(at, count), 0, "{count} at {at}");
    }
}

/// A world of its own for each test.
struct Site {
    options: Options,
    _dir: RuntimeDir,
}

impl Site {
    fn new() -> Self {
        let dir = RuntimeDir::new("relative");
        Self { options: Options::new().runtime_dir(&*dir), _dir: dir }
    }

    fn world(&self, contract: &'static Contract) -> World {
        let program = relative::program().expect("the program is legal");
        self.options.open_or_create("site", &program, Some(contract)).expect("the world opens")
    }

    fn ends(&self) -> (Lidar, Map) {
        let lidar = Lidar::attach(self.world(&LIDAR_CONTRACT)).expect("the lidar's ports open");
        (lidar, Map::attach(self.world(&MAP_CONTRACT)).expect("the map's ports open"))
    }
}

#[test]
fn a_scan_goes_through_a_world_in_place() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    for _ in 0..1000 {
        let mut draft = lidar.scans.draft().expect("there is a slot");
        fill(draft.root());
        draft.finish().expect("it fits").publish().expect("there is room");
        let message = map.scans.receive(LONG).expect("it was published");
        see(message.view());
        message.release();
    }
    let audit = lidar.world.audit().expect("it counts");
    assert_eq!(audit.leaked_slots, 0);
}

#[test]
fn a_draft_that_is_dropped_or_refused_gives_its_slot_back() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    for _ in 0..1000 {
        let mut draft = lidar.grown.draft().expect("there is a slot");
        draft.root().set_count(1);
        drop(draft);
        let mut draft = lidar.scans.draft().expect("there is a slot");
        draft.root().set_label("a\0b");
        drop(draft.finish().expect_err("a NUL is no text"));
    }
    assert_eq!(map.grown.receive(Duration::ZERO).err(), Some(Status::EMPTY));
    assert_eq!(map.scans.receive(Duration::ZERO).err(), Some(Status::EMPTY));
}

#[test]
fn a_published_scan_is_read_on_by_its_producer() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    let mut draft = lidar.still.draft().expect("there is a slot");
    fill(draft.root());
    let kept = draft.finish().expect("it fits").keep().expect("there is room");
    let message = map.still.receive(LONG).expect("it was published");
    see(message.view());
    see(kept.view());
    message.release();
    kept.release();
}

#[test]
fn a_note_is_taken_and_consumed() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    let mut draft = lidar.notes.draft().expect("there is a slot");
    draft.root().set_said().set_text("hello");
    draft.finish().expect("it fits").publish().expect("there is room");
    let note = map.notes.receive(LONG).expect("it was published");
    assert_eq!(note.view().as_said().expect("it was said").text(), "hello");
    assert!(note.view().as_seen().is_none());
    assert_eq!(note.view().tag(), Note::TAG_SAID);
    note.consume().expect("it is ours");
}

#[test]
fn what_is_no_message_is_refused_where_the_route_verifies_each() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    for _ in 0..1000 {
        // No arm was set, and the union is closed.
        let draft = lidar.notes.draft().expect("there is a slot");
        draft.finish().expect("it fits").publish().expect("there is room");
        assert_eq!(map.notes.receive(LONG).err(), Some(Status::E_MESSAGE));
        let mut draft = lidar.notes.draft().expect("there is a slot");
        draft.root().set_seen().set_where(POINTS[0]);
        draft.finish().expect("it fits").publish().expect("there is room");
        let note = map.notes.receive(LONG).expect("it is one");
        assert_eq!(note.view().as_seen().map(|seen| seen.where_()), Some(POINTS[0]));
        note.consume().expect("it is ours");
    }
    let audit = lidar.world.audit().expect("it counts");
    assert_eq!(audit.leaked_slots, 0);
}

#[test]
fn the_first_sound_message_is_the_last_that_is_verified_where_the_route_says_first() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    let publish = |unit: Units| {
        let mut draft = lidar.scans.draft().expect("there is a slot");
        draft.root().alloc_channels(1).at(0).set_unit(unit);
        draft.finish().expect("it fits").publish().expect("there is room");
    };
    let closed = Units(9);
    for (unit, expected) in [
        (closed, Err(Status::E_MESSAGE)),
        (closed, Err(Status::E_MESSAGE)),
        (Units::FOOT, Ok(Units::FOOT)),
        (closed, Ok(closed)),
    ] {
        publish(unit);
        let got = map.scans.receive(LONG).map(|scan| scan.view().channels().get(0).map(|channel| channel.unit()));
        assert_eq!(got.map(|unit| unit.expect("there is one")), expected);
    }
}

#[test]
fn a_question_and_its_answer_are_relative_too() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    let mut question = map.find.draft().expect("there is a slot");
    question.root().set_pattern("r*");
    let number = question.finish().expect("it fits").ask().expect("there is room");
    let asked = lidar.find.receive(LONG).expect("it was asked");
    assert_eq!(asked.view().pattern(), "r*");
    let mut answer = lidar.find.draft().expect("there is a slot");
    let mut root = answer.root();
    let mut lines = root.alloc_lines(2);
    lines.set(0, "rust");
    lines.set(1, "road");
    answer.finish().expect("it fits").answer(&asked).expect("there is room");
    asked.release();
    let answered = map.find.receive(LONG).expect("it was answered");
    assert_eq!(answered.answers(), number);
    let lines: Vec<String> = answered.view().lines().iter().map(|line| line.to_string()).collect();
    assert_eq!(lines, ["rust", "road"]);
}

#[test]
fn a_publish_that_did_not_happen_gives_the_complete_message_back() {
    let site = Site::new();
    let (lidar, map) = site.ends();
    let finished = |count: u32| {
        let mut draft = lidar.grown.draft()?;
        draft.root().set_count(count);
        draft.finish().map_err(Status::from)
    };
    let mut published = 0;
    let refused = loop {
        match finished(published).expect("there is a slot").publish() {
            Ok(()) => published += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.status, Status::TIMEOUT);
    assert_eq!(map.grown.receive(LONG).expect("there are many").view().count(), 0);
    refused.loan.expect("it comes back").publish().expect("there is room now");
    let mut counts = (1..=published).map(|_| map.grown.receive(LONG).expect("there are many").view().count());
    assert!((1..=published).all(|count| counts.next() == Some(count)));
}

/// Arrays of references, optional slices, unions of nothing, names that mean something in a language.
#[test]
fn shapes_that_are_rarely_met_are_compiled_without_a_warning() {
    let dir = Scratch::new("relative-corners");
    generated::write(&root().join("tests/tests/golden/corners.yaml"), vil_codegen::Language::Rust, &dir);
    let source = dir.join("lib.rs");
    std::fs::write(&source, "#![deny(warnings)]\npub mod corners;\n").expect("a source can be written");
    let mut rustc = rustc();
    rustc.args(["--crate-type", "lib", "--emit", "metadata", "--out-dir"]).arg(&*dir).arg(&source);
    let output = rustc.output().expect("rustc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn sizes_and_names_are_those_of_the_program() {
    assert_eq!((Scan::SIZE, Ask::SIZE, Answer::SIZE), (65_536, 1024, 8192));
    assert_eq!((Grown::ROOT_SIZE, Note::ROOT_SIZE), (5, 16));
    let text = Scan::LAYOUT_TEXT.to_str().expect("it is ASCII");
    assert!(text.starts_with("vil-layout 1\nrelative Scan: size 168 align 8\n"), "{text}");
    assert_eq!(Scan::LAYOUT_ID, vil_ir::fingerprint::layout_id(text));
}
