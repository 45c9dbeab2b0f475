//! What `vil diff` and attach say about two releases is what happens when their compiled programs read one another's
//! messages: where one may stand in for the other, what both know is read as it was written and what a writer did not know
//! has its default; where none may, attach refuses, and bytes, or what is said of them, differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vil_codegen::Language;
use vil_codegen::plan::{Body, Unit};
use vil_core::sys::file;
use vil_core::world::{Contract, Facing, PortContract, World};
use vil_ir::dump::yaml;
use vil_ir::evolve::{Level, Sides, Verdict, layouts, programs, released};
use vil_ir::model::Program;
use vil_ir::passes;
use vil_ir::plan::plan_program;
use vil_msg::{Bytes, Descriptor, verify};
use vil_tests::random::Random;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;
use vil_tests::soak;

use crate::batch::{compiled, finish, line, start, written};
use crate::changes::CHANGES;
use crate::programs::c;
use crate::readings::reading;
use crate::schemas::program;
use crate::values::{find, has_short_messages, message};

/// Changes that are compiled at once, and messages that each side writes.
const PAIRS: usize = 60;
const MESSAGES: usize = 5;

/// Two releases of a program.
struct Pair {
    what: &'static str,
    programs: [Program; 2],
    units: [Unit; 2],
    /// What `vil diff` says: whether both attach to worlds of both.
    verdict: Verdict,
    /// What it says of bytes alone: whether both read what the other one wrote.
    bytes: Verdict,
}

/// What one side wrote, and what the other one printed of it.
struct Passage {
    values: Vec<u64>,
    bytes: Vec<u64>,
    printed: String,
}

impl Pair {
    fn of(at: usize, random: &mut Random, dirs: [&Path; 2]) -> Pair {
        let (what, apply, expected) = CHANGES[at % CHANGES.len()];
        let (programs, units) = loop {
            let (old, mut maker) = program(&format!("p{at}"), random);
            let mut new = old.clone();
            let is_changed = apply(&mut new, &mut maker) && new != old;
            let is_legal = passes::run(&new).iter().all(|fault| !fault.is_error());
            // Much of what is changed is nothing that the message holds; a few of those are enough.
            let counts = expected.is_some() || random.below(8) == 0;
            if !is_changed || !is_legal || (!counts && layout(&old) == layout(&new)) {
                continue;
            }
            let programs = [old, new];
            let units = [0, 1].map(|side| written(&programs[side], &[Language::C], dirs[side]));
            if [0, 1].iter().all(|side| has_short_messages(&programs[*side], &units[*side], random)) {
                break (programs, units);
            }
        };
        let texts = units.each_ref().map(text_of);
        let (bytes, findings) = layouts(texts[0], texts[1], Sides::RELEASES);
        let mut pair = Pair { what, programs, units, verdict: bytes, bytes };
        pair.verdict = pair.said_at(Level::Layout);
        assert!(expected.is_none_or(|expected| expected == pair.verdict), "{findings:?}\n{}", pair.said());
        pair
    }

    fn said_at(&self, level: Level) -> Verdict {
        programs(&self.programs[0], &self.programs[1], level).expect("both have layouts").verdict()
    }

    fn said(&self) -> String {
        let [old, new] = self.programs.each_ref().map(yaml);
        format!("{}: {}\n{old}\n{new}", self.what, self.verdict.word())
    }

    /// Whether both name and type everything in the same way; apart from bytes, this is what a reader goes by.
    fn is_said_alike(&self) -> bool {
        let [old, new] = self.units.each_ref().map(said_of);
        old == new
    }

    /// Holds what happened between two sides against the verdict; whether an incompatible one refused the message, or read it
    /// as something else.
    fn judge(&self, from: usize, passage: &Passage) -> bool {
        let to = 1 - from;
        let [writer, reader] = [from, to].map(|side| (&self.programs[side], &self.units[side]));
        let descriptor = &find(reader.1, "M").message.as_ref().expect("it is one").descriptor;
        let descriptor = Descriptor::new(descriptor).unwrap_or_else(|fault| panic!("{fault:?}"));
        let refused = verify(&descriptor, Bytes::of_words(&passage.bytes[1..], passage.bytes[0] as u32)).err();
        if self.bytes == Verdict::Incompatible {
            return refused.is_some() || passage.printed != line(&passage.values);
        }
        let expected = line(&reading(&passage.values, writer, reader));
        let side = if from == 0 { "the new one reads the old one's" } else { "the old one reads the new one's" };
        assert_eq!(passage.printed, expected, "{side}\n{}", self.said());
        // A closed enum may not get values, which is no matter of bytes; else what may be read is sound.
        let is_meant = self.is_bound_alone() || self.said_at(Level::Semantic) != Verdict::Incompatible;
        assert!(refused.is_none() || !is_meant, "{side}: {refused:?}\n{}", self.said());
        false
    }

    /// Whether nothing but the most bytes of a message makes them incompatible.
    fn is_bound_alone(&self) -> bool {
        self.verdict != self.bytes
    }

    /// Processes of the other release come into a world of this one; whether one of them was refused.
    fn attach(&self, world: usize, dir: &RuntimeDir) -> bool {
        let place = file::RuntimeDir::open(Some(dir)).unwrap_or_else(|error| panic!("{error}"));
        let plan = plan_program(&self.programs[world]).expect("it has a plan");
        let name = format!("{}-{world}", self.units[0].stem);
        let nobody = Contract { process: None, ports: &[] };
        let _keeper = World::create(&place, &name, &plan, &nobody).unwrap_or_else(|error| panic!("{error}"));
        let message = find(&self.units[1 - world], "M").message.as_ref().expect("it is one");
        let bound = |side: usize| self.programs[side].messages.get("M").and_then(|message| message.max_bytes);
        let (room, size) = (bound(world), bound(1 - world).expect("it is relative") as u32);
        let mut is_refused = false;
        for (process, port, facing) in [("writer", "out", Facing::Out), ("reader", "into", Facing::In)] {
            let (layout_id, layout_text) = (message.layout_id, message.layout_text.as_str());
            let ports = [PortContract { port, message: "M", layout_id, layout_text, size, facing }];
            let came = World::open(&place, &name, &Contract { process: Some(process), ports: &ports });
            let is_long = facing == Facing::Out && Some(u64::from(size)) > room;
            let expected = self.bytes != Verdict::Incompatible && !is_long;
            assert_eq!(came.is_ok(), expected, "{process}: {:?}\n{}", came.err(), self.said());
            is_refused |= came.is_err();
        }
        is_refused
    }
}

fn layout(program: &Program) -> String {
    released(program).expect("a legal program has layouts").get("M").expect("it is there").text.clone()
}

fn text_of(unit: &Unit) -> &str {
    &find(unit, "M").message.as_ref().expect("it is one").layout_text
}

/// Everything by which a reader knows what it reads.
fn said_of(unit: &Unit) -> String {
    let mut said = String::new();
    for found in &unit.types {
        said += &format!("{} {} {} {:?}\n", found.name.declared, found.size, found.align, found.checks);
        match &found.body {
            Body::Union(union) => {
                let arms = union.arms.iter().map(|arm| (&arm.snake, arm.tag)).collect::<Vec<_>>();
                said += &format!("{} {} {} {arms:?}\n", union.tag.word(), union.open, union.arm_offset);
            }
            Body::Members(members) => {
                for member in members {
                    let bound = member.reach.as_ref().map(|reach| (reach.presence, format!("{:?}", reach.access)));
                    said += &format!("{} {} {:?} {bound:?}\n", member.name, member.offset, member.shape);
                }
            }
        }
    }
    let enums = unit
        .enums
        .iter()
        .map(|found| format!("{} {} {:?}\n", found.name.declared, found.repr.word(), found.note.facts));
    said + &enums.collect::<String>()
}

/// What each side wrote and the other one read.
fn passages(pairs: &[Pair], dirs: [&Path; 2], random: &mut Random) -> [Vec<Passage>; 2] {
    let sources = [0, 1].map(|side| {
        let units: Vec<Unit> = pairs.iter().map(|pair| pair.units[side].clone()).collect();
        c::source(&units, false)
    });
    let built: Vec<PathBuf> = std::thread::scope(|scope| {
        let all = [0, 1].map(|side| {
            let (text, dir) = (&sources[side], dirs[side]);
            scope.spawn(move || compiled(Language::C, text, dir))
        });
        all.into_iter().map(|one| one.join().unwrap_or_else(|said| std::panic::resume_unwind(said))).collect()
    });
    let count = MESSAGES.to_string();
    let run = |side: usize, role: &str, input: String| {
        let who = format!("{role} of the {} one", ["old", "new"][side]);
        finish(start(&built[side], &[role, &count], Path::new("/nowhere"), input), &who)
    };
    [0, 1].map(|from| {
        let of = |pair: &Pair, random: &mut Random| message(&pair.programs[from], &pair.units[from], random);
        let all: Vec<Vec<u64>> =
            pairs.iter().flat_map(|pair| (0..MESSAGES).map(|_| of(pair, random)).collect::<Vec<_>>()).collect();
        let bytes = run(from, "make", all.iter().map(|values| line(values)).collect());
        let own = run(from, "see", bytes.clone());
        assert_eq!(own, all.iter().map(|values| line(values)).collect::<String>(), "each reads its own");
        let printed = run(1 - from, "see", bytes.clone());
        assert_eq!(bytes.lines().count(), all.len());
        assert_eq!(printed.lines().count(), all.len());
        let numbers = |line: &str| {
            line.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16).expect("a number")).collect()
        };
        let parts = all.into_iter().zip(bytes.lines()).zip(printed.split_inclusive('\n'));
        parts
            .map(|((values, bytes), printed)| Passage { values, bytes: numbers(bytes), printed: printed.to_owned() })
            .collect()
    })
}

/// What became of the changes that were made.
#[derive(Default)]
struct Found {
    verdicts: BTreeMap<(&'static str, &'static str), usize>,
    /// Incompatible, and not by name or type alone: some message was read as something else, or refused.
    misread: usize,
}

fn campaign(random: &mut Random, found: &mut Found) {
    let dirs = [Scratch::new("old-releases"), Scratch::new("new-releases")];
    let dirs: [&Path; 2] = [&dirs[0], &dirs[1]];
    let pairs: Vec<Pair> = (0..PAIRS).map(|at| Pair::of(at, random, dirs)).collect();
    let passages = passages(&pairs, dirs, random);
    let worlds = RuntimeDir::new("releases");
    for (at, pair) in pairs.iter().enumerate() {
        let mut is_misread = false;
        for (from, passages) in passages.iter().enumerate() {
            for passage in &passages[at * MESSAGES..(at + 1) * MESSAGES] {
                is_misread |= pair.judge(from, passage);
            }
        }
        let is_refused = [0, 1].map(|world| pair.attach(world, &worlds)).contains(&true);
        assert_eq!(is_refused, pair.verdict == Verdict::Incompatible, "the verdict predicts attach\n{}", pair.said());
        let is_other = is_misread || !pair.is_said_alike();
        let is_refused_for_nothing = pair.bytes == Verdict::Incompatible && !is_other;
        assert!(!is_refused_for_nothing, "neither bytes nor names nor types differ\n{}", pair.said());
        found.misread += usize::from(is_misread);
        *found.verdicts.entry((pair.what, pair.verdict.word())).or_default() += 1;
    }
}

#[test]
fn a_verdict_about_two_releases_is_what_happens_between_their_programs() {
    let mut random = Random::new("a_verdict_about_two_releases_is_what_happens_between_their_programs");
    let began = Instant::now();
    let budget = soak::seconds().map_or(Duration::ZERO, Duration::from_secs);
    let mut found = Found::default();
    while found.verdicts.is_empty() || began.elapsed() < budget {
        campaign(&mut random, &mut found);
    }
    let total: usize = found.verdicts.values().sum();
    for ((what, verdict), count) in &found.verdicts {
        println!("{count} of {total} {verdict}: {what}");
    }
    for verdict in Verdict::ALL {
        assert!(found.verdicts.keys().any(|(_, word)| *word == verdict.word()), "no change was {}", verdict.word());
    }
    soak::report("release_changes", total as u64);
    assert!(found.misread > 0, "no message of an incompatible release was read as something else");
    let misread = found.misread;
    println!("{total} changes, {MESSAGES} messages each way, {misread} misread or refused: {:?}", began.elapsed());
}
