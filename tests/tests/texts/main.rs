//! Texts that nobody wrote with good intent: whatever stands in a file, reading and judging it ends soon, within bounded
//! memory, without a panic, and every fault stands where it says.

mod bombs;
mod counting;
mod growth;
mod mutation;
mod reading;

use std::time::{Duration, Instant};

use vil_ir::load::Format;
use vil_tests::random::Random;
use vil_tests::soak;

use mutation::Corpus;
use reading::{Outcome, read};

#[global_allocator]
static HEAP: counting::Counting = counting::Counting;

/// How long texts are changed at random where no soak says how long.
const SHORT: Duration = Duration::from_secs(20);

/// Bytes that reading takes for each byte of a text without aliases, at most, and those that any text takes.
const FACTOR: u64 = 1000;
const BASE: u64 = 1 << 20;

/// Texts, and what became of them.
#[derive(Debug, Default)]
struct Tally {
    texts: u64,
    refused: u64,
    programs: u64,
}

impl Tally {
    /// Reads one text, which must keep to its share of memory.
    fn add(&mut self, text: &str, format: Format) {
        let (outcome, spent) = read(text, format);
        if !text.contains('&') {
            let most = FACTOR * text.len() as u64 + BASE;
            assert!(spent.most <= most, "{} bytes were held for {} bytes of text", spent.most, text.len());
        }
        self.texts += 1;
        self.refused += u64::from(outcome == Outcome::Refused);
        self.programs += u64::from(outcome == Outcome::Program);
    }
}

/// Says which text it was when reading it ends in a panic.
struct Told<'t>(&'t str);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the text was {:?}", self.0);
        }
    }
}

#[test]
fn texts_that_were_changed_at_random_are_read_or_refused_where_they_are_wrong() {
    let corpus = Corpus::of_twins();
    let mut random = Random::new("texts");
    let duration = soak::seconds().map_or(SHORT, Duration::from_secs);
    let deadline = Instant::now() + duration;
    let mut tally = Tally::default();
    while Instant::now() < deadline {
        let format = if random.below(3) == 0 { Format::Json } else { Format::Yaml };
        let text = if random.below(16) == 0 { raw(&mut random) } else { corpus.mutant(format, &mut random) };
        let _told = Told(&text);
        tally.add(&text, format);
    }
    println!("{tally:?}");
    assert!(tally.refused > 0 && tally.programs > 0, "all were unreadable, so little was tried: {tally:?}");
    soak::report("texts", tally.texts);
    soak::report("texts_that_were_programs", tally.programs);
}

/// Bytes that mean nothing, as text.
fn raw(random: &mut Random) -> String {
    let bytes: Vec<u8> = (0..random.below(300)).map(|_| random.bits() as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
