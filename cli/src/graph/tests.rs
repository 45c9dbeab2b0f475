//! Nothing in a picture lies on anything else: computed from the places, over the demo, all good programs of the passes and
//! random ones. And pictures that are committed are what is drawn.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vil_ir::load::from_file;
use vil_ir::model::{
    Body, End, Failover, Forward, Host, Interface, Message, Named, Notes, Port, Process, Program, Queue, Route,
};
use vil_ir::vocabulary::{Delivery, Direction, Lane, Strategy, Zone};

use super::dot::dot;
use super::mermaid::mermaid;
use super::picture::{Frame, LineKind, Picture};
use super::place::{Area, Placed, Point, TEXT, label_areas, members, place};
use super::svg::svg;
use super::text::width;

/// Random programs that are drawn in one run.
const RANDOM_PROGRAMS: u64 = 200;

/// A picture of 1,000 processes is drawn within this time, on a busy machine and without optimization too.
const DEADLINE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn picture(file: &Path) -> Picture {
    let (program, _) = from_file(&file.to_string_lossy()).unwrap_or_else(|faults| panic!("{faults}"));
    Picture::of(&program)
}

fn bottom(area: &Area) -> i64 {
    area.y + area.height
}

fn overlap(one: &Area, other: &Area) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < bottom(other) && other.y < bottom(one)
}

fn contains(outer: &Area, inner: &Area) -> bool {
    outer.x <= inner.x && outer.y <= inner.y && inner.right() <= outer.right() && bottom(inner) <= bottom(outer)
}

/// Whether a piece of a line goes through the inside of an area; along its edge is outside.
fn goes_through(area: &Area, one: Point, other: Point) -> bool {
    one.0.min(other.0) < area.right()
        && one.0.max(other.0) > area.x
        && one.1.min(other.1) < bottom(area)
        && one.1.max(other.1) > area.y
}

/// Pieces of two lines that lie on each other for more than a point.
fn lie_on_each_other(a: &[Point], b: &[Point]) -> bool {
    let along = |one: (i64, i64), other: (i64, i64)| {
        let (one, other) = ((one.0.min(one.1), one.0.max(one.1)), (other.0.min(other.1), other.0.max(other.1)));
        one.0.max(other.0) < one.1.min(other.1)
    };
    a.windows(2).any(|a| {
        b.windows(2).any(|b| {
            let is_level = a[0].1 == a[1].1 && b[0].1 == b[1].1 && a[0].1 == b[0].1;
            let is_upright = a[0].0 == a[1].0 && b[0].0 == b[1].0 && a[0].0 == b[0].0;
            (is_level && along((a[0].0, a[1].0), (b[0].0, b[1].0)))
                || (is_upright && along((a[0].1, a[1].1), (b[0].1, b[1].1)))
        })
    })
}

/// Ends the test when anything lies on anything that it does not belong to.
fn nothing_overlaps(name: &str, picture: &Picture, placed: &Placed<'_>) {
    assert_eq!(placed.cards.len(), picture.cards.len(), "{name}: every process is drawn");
    assert_eq!(placed.lines.len(), picture.lines.len(), "{name}: every route and failover is drawn");
    let whole = Area { x: 0, y: 0, width: placed.width, height: placed.height };
    let mut cards: Vec<_> = placed.cards.iter().collect();
    cards.sort_by_key(|card| card.card);
    for (index, card) in cards.iter().enumerate() {
        assert!(contains(&whole, &card.area), "{name}: {card:?} is outside of the picture");
        let other = cards[..index].iter().find(|other| overlap(&card.area, &other.area));
        assert!(other.is_none(), "{name}: {card:?} lies on {other:?}");
    }
    for (index, frame) in placed.frames.iter().enumerate() {
        assert!(contains(&whole, &frame.area), "{name}: {frame:?} is outside of the picture");
        for card in &cards {
            let is_in = is_member(frame.frame, card.card);
            let is_right = if is_in { contains(&frame.area, &card.area) } else { !overlap(&frame.area, &card.area) };
            assert!(is_right, "{name}: {frame:?} and {card:?}");
        }
        for other in &placed.frames[..index] {
            let is_nested = contains(&other.area, &frame.area) || contains(&frame.area, &other.area);
            assert!(is_nested || !overlap(&frame.area, &other.area), "{name}: {frame:?} lies on {other:?}");
        }
    }
    let titles: Vec<Area> = placed.frames.iter().map(|frame| title(&frame.frame.title, &frame.area)).collect();
    let mut labels: Vec<(usize, Area)> = Vec::new();
    for (index, points) in &placed.lines {
        for area in label_areas(&picture.lines[*index], points[0]) {
            assert!(contains(&whole, &area), "{name}: label {area:?} is outside of the picture");
            let card = cards.iter().find(|card| overlap(&card.area, &area));
            assert!(card.is_none(), "{name}: label of {:?} lies on {card:?}", picture.lines[*index]);
            let other = labels.iter().find(|(_, other)| overlap(other, &area));
            assert!(other.is_none(), "{name}: label of {:?} lies on {other:?}", picture.lines[*index]);
            assert!(!titles.iter().any(|title| overlap(title, &area)), "{name}: a label lies on a title");
            for frame in &placed.frames {
                let is_clear = contains(&frame.area, &area) || !overlap(&frame.area, &area);
                assert!(is_clear, "{name}: label {area:?} lies on the edge of {frame:?}");
            }
            labels.push((*index, area));
        }
    }
    for (index, points) in &placed.lines {
        lines_keep_clear(name, picture, placed, *index, points);
        for (of, label) in &labels {
            let crossed = points.windows(2).any(|piece| goes_through(label, piece[0], piece[1]));
            assert!(!crossed, "{name}: line {index} crosses the label of line {of}");
        }
        let other = placed.lines.range(..index).find(|(_, other)| lie_on_each_other(points, other));
        assert!(other.is_none(), "{name}: line {index} {points:?} lies on {other:?}");
    }
}

fn is_member(frame: &Frame, card: usize) -> bool {
    frame.nodes.iter().flat_map(members).any(|member| member == card)
}

fn title(text: &str, frame: &Area) -> Area {
    Area { x: frame.x + 14, y: frame.y + 8, width: width(text, TEXT, true), height: 14 }
}

/// One line: from the right edge of its source to the left edge of its target, through nothing.
fn lines_keep_clear(name: &str, picture: &Picture, placed: &Placed<'_>, index: usize, points: &[Point]) {
    let line = &picture.lines[index];
    let area = |card: usize| placed.cards.iter().find(|placed| placed.card == card).expect("it is placed").area;
    let (from, to) = (area(line.from.card), area(line.to.card));
    let is_on = |area: Area, y: i64| area.y < y && y < bottom(&area);
    let (first, last) = (points[0], points[points.len() - 1]);
    assert!(first.0 == from.right() && is_on(from, first.1), "{name}: {line:?} begins at {first:?}, not at {from:?}");
    assert!(last.0 == to.x && is_on(to, last.1), "{name}: {line:?} ends at {last:?}, not at {to:?}");
    for piece in points.windows(2) {
        let is_right_angled = piece[0].0 == piece[1].0 || piece[0].1 == piece[1].1;
        assert!(is_right_angled, "{name}: {line:?} is askew: {piece:?}");
        let card = placed.cards.iter().find(|card| goes_through(&card.area, piece[0], piece[1]));
        assert!(card.is_none(), "{name}: {line:?} goes through {card:?}");
        for frame in &placed.frames {
            let is_its_own = [line.from.card, line.to.card].iter().any(|card| is_member(frame.frame, *card));
            let goes_through_it = goes_through(&frame.area, piece[0], piece[1]);
            assert!(is_its_own || !goes_through_it, "{name}: {line:?} goes through {frame:?}");
        }
    }
}

#[test]
fn nothing_lies_on_anything_else_in_programs_that_are_right() {
    let cases = root().join("tests/tests/passes/cases");
    let cases = fs::read_dir(cases).expect("the cases are there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = cases.filter(|path| path.to_string_lossy().ends_with(".good.yaml")).collect();
    assert!(files.len() > 50, "the good twins are found");
    let others = ["examples-rust/credit/credit.yaml", "tests/tests/golden/modes.yaml", "cli/tests/graph/plant.yaml"];
    files.extend(others.map(|file| root().join(file)));
    for file in files {
        let picture = picture(&file);
        nothing_overlaps(&file.to_string_lossy(), &picture, &place(&picture));
    }
}

#[test]
fn nothing_lies_on_anything_else_in_random_programs() {
    let given = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |now| now.as_nanos());
    let seed: u64 = given.unwrap_or_else(|| clock() as u64);
    for number in 0..RANDOM_PROGRAMS {
        let seed = seed.wrapping_add(number);
        println!("VIL_SEED={seed}");
        let mut random = Random(seed);
        let (processes, routes) = (1 + random.below(14), random.below(30));
        let picture = Picture::of(&program(&mut random, processes, routes));
        nothing_overlaps(&format!("VIL_SEED={seed}"), &picture, &place(&picture));
        well_formed(&svg(&picture));
    }
}

#[test]
fn the_checks_above_find_what_lies_on_something() {
    let picture = picture(&root().join("examples-rust/credit/credit.yaml"));
    let spoiled: [fn(&mut Placed<'_>); 4] = [
        |placed| placed.cards[1].area.x = placed.cards[0].area.x,
        |placed| placed.lines.values_mut().for_each(|points| points[0].1 = 100),
        |placed| drop(placed.lines.pop_first()),
        |placed| placed.cards[1].area.height += 60,
    ];
    for spoil in spoiled {
        let mut placed = place(&picture);
        spoil(&mut placed);
        let found = std::panic::catch_unwind(|| nothing_overlaps("spoiled", &picture, &placed));
        assert!(found.is_err());
    }
}

#[test]
fn a_thousand_processes_are_drawn_in_time() {
    let start = Instant::now();
    let mut random = Random(7);
    let random = program(&mut random, 1000, 2000);
    let (mut chain, mut star) = (bare(1000), bare(1000));
    for number in 1..1000 {
        connect(&mut chain, number - 1, number, &format!("next{number}"), Direction::Out);
        connect(&mut chain, number, 0, &format!("back{number}"), Direction::Out);
        connect(&mut star, 0, number, &format!("ray{number}"), Direction::Out);
        connect(&mut star, number, 0, &format!("back{number}"), Direction::Out);
    }
    for (name, program) in [("random", random), ("chain", chain), ("star", star), ("alone", bare(1000))] {
        let picture = Picture::of(&program);
        let text = svg(&picture);
        println!("{name}: {} bytes after {:?}", text.len(), start.elapsed());
        assert!(text.matches("<path").count() >= program.routes.len());
        assert!(start.elapsed() < DEADLINE, "{name} took until {:?}", start.elapsed());
    }
}

#[test]
fn committed_pictures_are_what_is_drawn() {
    let golden = root().join("cli/tests/graph");
    let compare = |file: PathBuf, text: String| {
        if std::env::var_os("VIL_BLESS").is_some() {
            fs::write(&file, &text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        let committed = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_same = committed == text;
        assert!(is_same, "{} is not what is drawn; if that is meant, run cargo xtask bless", file.display());
    };
    compare(root().join("docs/credit.svg"), svg(&picture(&root().join("examples-rust/credit/credit.yaml"))));
    for (name, program) in [("pipeline", "tests/tests/golden/pipeline.yaml"), ("plant", "cli/tests/graph/plant.yaml")] {
        let picture = picture(&root().join(program));
        compare(golden.join(format!("{name}.svg")), svg(&picture));
        compare(golden.join(format!("{name}.mmd")), mermaid(&picture));
        compare(golden.join(format!("{name}.dot")), dot(&picture));
    }
}

#[test]
fn a_picture_shows_what_the_program_says() {
    let picture = picture(&root().join("cli/tests/graph/plant.yaml"));
    let text = svg(&picture);
    for shown in [
        "Frame ⇄ Item · loan_write",
        "at_least_once · block 1000 ms · spsc 256",
        "restart on Dark",
        "host edge (10.0.0.1)",
        "trust zone native_core",
        "failure domain optics",
        "forwards frames as items",
        "camera_b.frames to spare.frames\none &lt;picture&gt;",
        ">trigger lane</text>",
        ">data lane</text>",
        ">control lane</text>",
        ">best_effort</text>",
        ">failover</text>",
    ] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    let count = |chosen: fn(&LineKind) -> bool| picture.lines.iter().filter(|line| chosen(&line.kind)).count();
    assert_eq!(count(|kind| *kind == LineKind::Failover), 2);
    assert_eq!(count(|kind| matches!(kind, LineKind::Route { lane: Lane::Trigger, .. })), 2);
    assert_eq!(count(|kind| matches!(kind, LineKind::Route { is_answered: true, .. })), 2);
}

#[test]
fn docs_of_any_text_stay_text() {
    let mut program = program(&mut Random(3), 4, 8);
    let doc = "</title>]]><!-- \" ' & \\ \u{1} \u{ffff} \n end | ; #35; \\\" -->";
    program.notes.doc = Some(doc.to_owned());
    program.processes.values_mut().for_each(|process| process.notes.doc = Some(doc.to_owned()));
    program.routes.iter_mut().for_each(|route| route.notes.doc = Some(doc.to_owned()));
    program.processes.values_mut().for_each(|process| process.failure_domain = Some(doc.to_owned()));
    let picture = Picture::of(&program);
    nothing_overlaps("docs of any text", &picture, &place(&picture));
    well_formed(&svg(&picture));
    for line in mermaid(&picture).lines() {
        let quotes = line.matches('"').count();
        assert!(quotes == 0 || quotes == 2, "{line}");
    }
    for line in dot(&picture).lines() {
        let bare = line.replace("\\\\", "").replace("\\\"", "");
        assert!(bare.matches('"').count() % 2 == 0, "{line}");
    }
}

#[test]
fn mermaid_and_dot_have_every_process_route_and_frame_once() {
    let picture = picture(&root().join("cli/tests/graph/plant.yaml"));
    let text = mermaid(&picture);
    let lines = |chosen: &dyn Fn(&str) -> bool| text.lines().filter(|line| chosen(line.trim())).count();
    assert_eq!(text.lines().nth(1), Some("flowchart LR"));
    assert_eq!(lines(&|line| line.starts_with('p') && line.contains("[\"<b>")), picture.cards.len());
    assert_eq!(lines(&|line| line.starts_with('p') && line.contains("|\"")), picture.lines.len());
    assert_eq!(lines(&|line| line.starts_with("linkStyle ")), picture.lines.len());
    assert_eq!(lines(&|line| line.starts_with("subgraph ")), lines(&|line| line == "end"));
    let text = dot(&picture);
    let count = |part: &str| text.matches(part).count();
    assert!(text.starts_with("// Generated") && text.ends_with("}\n"));
    assert_eq!(count(" [label=<<table border=\"1\""), picture.cards.len());
    assert_eq!(count(" -> "), picture.lines.len());
    assert_eq!((count("subgraph cluster_"), count("{")), (4, count("}")));
}

/// Every element is closed, every reference is one that XML has, and no letter is one that it has not.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        for reference in before.split('&').skip(1) {
            let name = reference.split(';').next().unwrap_or("");
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "&{reference}");
        }
        let is_legal =
            |letter: char| letter == '\n' || letter == '\t' || !(letter.is_control() || letter == '\u{ffff}');
        assert!(before.chars().all(is_legal) && !before.contains('>'), "{before:?}");
        let (tag, after) = after.split_once('>').expect("a tag ends");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') || tag.starts_with('!') => {}
            None => open.push(tag.split([' ', '\n']).next().unwrap_or("")),
        }
        rest = after;
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} are not closed");
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// Processes without ports or routes.
fn bare(processes: usize) -> Program {
    let mut program = Program { name: "made".to_owned(), ..Program::default() };
    let message = Message {
        kind: None,
        layout: None,
        memory: None,
        max_bytes: None,
        media_type: None,
        adapter: None,
        body: Body::Fields(Vec::new()),
        constants: Named::new(),
        notes: Notes::default(),
    };
    program.messages.insert("Message".to_owned(), message);
    for number in 0..processes {
        program.interfaces.insert(format!("I{number}"), Interface::default());
        let process = Process {
            interface: format!("I{number}"),
            exec: None,
            zone: None,
            cleanup: None,
            priority: None,
            failure_domain: None,
            host: None,
            instances: None,
            forwards: Vec::new(),
            mutates: Vec::new(),
            idempotent: false,
            observe: None,
            notes: Notes::default(),
        };
        program.processes.insert(format!("p{number}"), process);
    }
    program
}

/// A route between ports of one name, which are made where they are not there yet.
fn connect(program: &mut Program, from: usize, to: usize, name: &str, direction: Direction) {
    let answer = if direction == Direction::Out { Direction::In } else { Direction::Response };
    for (process, prefix, direction) in [(from, "out", direction), (to, "in", answer)] {
        let interface = program.interfaces.get_mut(&format!("I{process}")).expect("it was made");
        let reply = (direction != Direction::Out && direction != Direction::In).then(|| "Message".to_owned());
        let lane = [Lane::Data, Lane::Control, Lane::Trigger][name.len() % 3];
        interface.ports.or_insert_with(format!("{prefix}_{name}"), || Port {
            direction,
            message: "Message".to_owned(),
            reply,
            lane: Some(lane),
            loans: None,
            queue: Queue::default(),
            notes: Notes::default(),
        });
    }
    let end = |process: usize, prefix: &str| End { process: format!("p{process}"), port: format!("{prefix}_{name}") };
    program.routes.push(Route {
        from: end(from, "out"),
        to: end(to, "in"),
        transfer: None,
        boundary: None,
        delivery: name.ends_with('1').then_some(Delivery::AtLeastOnce),
        queue: Queue::default(),
        verify: None,
        notes: Notes::default(),
    });
}

/// Routes anywhere, cycles and to themselves too, in frames of all kinds; its policies may be nonsense.
fn program(random: &mut Random, processes: usize, routes: usize) -> Program {
    let mut program = bare(processes);
    program.hosts.insert("h0".to_owned(), Host { address: Some("10.0.0.1".to_owned()), ..Host::default() });
    let (hosts, zones, domains) = (random.below(4), random.below(3), random.below(6));
    for process in program.processes.values_mut() {
        process.host = (hosts > 0 && !random.one_in(4)).then(|| format!("h{}", random.below(hosts)));
        process.zone = Zone::from_word(["native_trusted", "native_core", "wasm_capsule"][random.below(zones + 1)]);
        process.failure_domain = (domains > 0 && random.one_in(2)).then(|| format!("domain{}", random.below(domains)));
        process.instances = random.one_in(5).then_some(3);
    }
    for _ in 0..routes {
        let (from, to) = (random.below(processes), random.below(processes));
        let name = format!("{}{}", "x".repeat(random.below(12)), random.below(4));
        let direction = if random.one_in(6) { Direction::Request } else { Direction::Out };
        connect(&mut program, from, to, &name, direction);
    }
    for number in 0..processes {
        let ports = &program.interfaces[&format!("I{number}")].ports;
        let of = |direction| ports.iter().filter(move |(_, port)| port.direction == direction).map(|(name, _)| name);
        let pairs: Vec<Forward> = of(Direction::In)
            .zip(of(Direction::Out))
            .map(|(from, to)| Forward { from: from.clone(), to: to.clone() })
            .collect();
        program.processes.get_mut(&format!("p{number}")).expect("it was made").forwards = pairs;
        if random.one_in(5) {
            let target = random.one_in(2).then(|| format!("p{}", random.below(processes)));
            let strategy = if target.is_some() { Strategy::Replace } else { Strategy::Restart };
            let on = Some("Message".to_owned());
            program.failovers.push(Failover {
                source: format!("p{number}"),
                target,
                on,
                strategy,
                notes: Notes::default(),
            });
        }
    }
    program
}
