//! Whatever a relative message holds, C, C++ and Rust write the same bytes for the same calls and read one another's, from
//! plain memory and through worlds in which every message is verified.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vil_codegen::Language;
use vil_codegen::plan::Unit;
use vil_ir::dump::yaml;
use vil_ir::model::Program;
use vil_tests::random::Random;
use vil_tests::runtime_dir::RuntimeDir;
use vil_tests::scratch::Scratch;
use vil_tests::soak;

use crate::batch::{compiled, finish, line, start, written};
use crate::programs::{c, cpp, rust};
use crate::schemas::{known, program};
use crate::values::{has_short_messages, message};

/// Schemas that are compiled at once, and messages of each.
const SCHEMAS: usize = 20;
const MESSAGES: usize = 6;

/// The schemas of one batch, the messages of each and what was compiled from them.
struct Batch {
    programs: Vec<Program>,
    messages: Vec<String>,
    compiled: Vec<(Language, PathBuf)>,
    count: String,
    _dir: Scratch,
}

impl Batch {
    fn of(random: &mut Random) -> Batch {
        let dir = Scratch::new("random-messages");
        let known = known("known");
        let last = (known.clone(), written(&known, Language::ALL, &dir));
        let mut random_one = |at| loop {
            let program = program(&format!("p{at}"), random).0;
            let unit = written(&program, Language::ALL, &dir);
            if has_short_messages(&program, &unit, random) {
                break (program, unit);
            }
        };
        let all = (0..SCHEMAS).map(&mut random_one).chain([last]);
        let (programs, units): (Vec<Program>, Vec<Unit>) = all.unzip();
        let both = programs.iter().zip(&units).flat_map(|both| std::iter::repeat_n(both, MESSAGES));
        let messages = both.map(|(program, unit)| line(&message(program, unit, random))).collect();
        let sources = [
            (Language::C, c::source(&units, true)),
            (Language::Cpp, cpp::source(&units)),
            (Language::Rust, rust::source(&units)),
        ];
        let compiled = std::thread::scope(|scope| {
            let all = sources.map(|(language, text)| {
                let dir: &Path = &dir;
                scope.spawn(move || (language, compiled(language, &text, dir)))
            });
            all.into_iter().map(|one| one.join().unwrap_or_else(|said| std::panic::resume_unwind(said))).collect()
        });
        Batch { programs, messages, compiled, count: MESSAGES.to_string(), _dir: dir }
    }

    fn compare(&self, printed: &str, expected: &[String], what: &str) {
        let mut lines = printed.split_inclusive('\n');
        for (at, expected) in expected.iter().enumerate() {
            let found = lines.next();
            let program = &self.programs[at / MESSAGES];
            let values = &self.messages[at];
            assert!(found == Some(expected), "{what}: {found:?}\nnot {expected:?}\nof {values}{}", yaml(program));
        }
        assert_eq!(lines.next(), None, "{what}");
    }

    /// The bytes of every message, the same in all languages.
    fn bytes(&self) -> Vec<String> {
        let values = self.messages.concat();
        let makers = self.compiled.iter().map(|(language, program)| {
            let name = format!("the maker in {}", language.word());
            finish(start(program, &["make", &self.count], Path::new("/nowhere"), values.clone()), &name)
        });
        let made: Vec<String> = makers.collect();
        let expected: Vec<String> = made[0].split_inclusive('\n').map(str::to_owned).collect();
        assert_eq!(expected.len(), self.messages.len());
        for ((language, _), made) in self.compiled.iter().zip(&made) {
            self.compare(made, &expected, &format!("bytes by {} beside those by C", language.word()));
        }
        expected
    }

    fn read_everywhere(&self, bytes: &[String]) {
        for (language, program) in &self.compiled {
            let name = format!("the reader in {}", language.word());
            let seen = finish(start(program, &["see", &self.count], Path::new("/nowhere"), bytes.concat()), &name);
            self.compare(&seen, &self.messages, &name);
        }
    }

    fn travel(&self) {
        for (from, sender) in &self.compiled {
            for (to, receiver) in &self.compiled {
                let dir = RuntimeDir::new("random-messages");
                let pair = format!("from {} to {}", from.word(), to.word());
                let receiving = start(receiver, &["take", &self.count], &dir, String::new());
                let sending = start(sender, &["send", &self.count], &dir, self.messages.concat());
                finish(sending, &format!("the sender {pair}"));
                self.compare(&finish(receiving, &format!("the receiver {pair}")), &self.messages, &pair);
            }
        }
    }
}

#[test]
fn every_language_reads_the_relative_messages_that_every_language_writes() {
    let mut random = Random::new("every_language_reads_the_relative_messages_that_every_language_writes");
    let began = Instant::now();
    let budget = soak::seconds().map_or(Duration::ZERO, Duration::from_secs);
    let mut schemas = 0;
    // A soak has ten batches at least.
    while schemas == 0 || began.elapsed() < budget || (!budget.is_zero() && schemas < 10 * SCHEMAS) {
        let batch = Batch::of(&mut random);
        batch.read_everywhere(&batch.bytes());
        batch.travel();
        schemas += batch.programs.len();
    }
    soak::report("random_message_schemas", schemas as u64);
    soak::report("random_messages", (schemas * MESSAGES) as u64);
    println!("{schemas} schemas, {} messages each, in 3 languages and 9 pairs: {:?}", MESSAGES, began.elapsed());
}
