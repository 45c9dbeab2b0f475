//! The made stream: the same for ever, and adding up to what its maker says.

use vil_examples::generate::Generator;
use vil_examples::lines::{Line, Lines};
use vil_examples::parse::parse;
use vil_examples::recount::Recount;
use vil_examples::totals::Totals;

fn stream(records: u64, seed: u64) -> (Vec<u8>, Totals) {
    let (mut text, mut generator) = (Vec::new(), Generator::new(records, seed));
    while generator.write_next(&mut text) {}
    (text, generator.totals().clone())
}

#[test]
fn both_readers_find_what_the_generator_knows() {
    for (records, seed) in [(0, 1), (1, 1), (500, 7), (20_000, 1), (20_000, u64::MAX)] {
        let (text, known) = stream(records, seed);
        let mut recount = Recount::default();
        recount.feed(&text, |_, _| {});
        assert_eq!(recount.finish().differences(&known), [""; 0], "{records} records, seed {seed}");

        let (mut lines, mut read) = (Lines::new(&text[..]), Totals::default());
        while let Some((number, line)) = lines.next_line().expect("memory can be read") {
            match line {
                Line::Text(text) => match parse(text) {
                    Some(record) => read.add_record(record.amount, record.kol, record.branch),
                    None => read.add_malformed(number),
                },
                Line::TooLong => read.add_malformed(number),
            }
        }
        assert_eq!(read.differences(&known), [""; 0], "{records} records, seed {seed}");
        assert_eq!(known.records, records);
    }
}

#[test]
fn a_stream_of_some_size_has_every_branch_and_malformed_lines() {
    let (text, known) = stream(200_000, 1);
    assert_eq!(known.branches.len(), 44);
    assert!((1500..2500).contains(&known.malformed), "{} malformed lines", known.malformed);
    assert!(text.split(|byte| *byte == b'\n').any(|line| line.len() > 1 << 20), "one line is too long");
    assert!(text.windows(2).any(|pair| pair == b"\r\n"));
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
    let (text, _) = stream(1000, 1);
    assert_eq!(text, stream(1000, 1).0);
    assert_ne!(text, stream(1000, 2).0);
    // FNV-1a; when it changes, every number that was ever told about the demo changes with it.
    let hash = text
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3));
    assert_eq!(hash, 5_706_623_654_722_511_811, "the stream of seed 1");
}
