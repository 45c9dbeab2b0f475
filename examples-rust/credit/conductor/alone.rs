//! The parser alone: the same input through the same lines and rules in this one process, without libvil and without
//! other stages. What the pipeline is held against: whatever it is slower by is what the three processes cost.

use std::time::Instant;

use vil_examples::lines::{Line, Lines};
use vil_examples::parse::parse;
use vil_examples::totals::Totals;

use crate::Signals;
use crate::feed::{self, Feed, Hold};
use crate::outcome::Refusal;
use crate::source::Source;

/// Lines between two looks for a signal.
const LOOK: u64 = 1 << 16;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Alone {
    pub(crate) totals: Totals,
    pub(crate) seconds: f64,
    /// In what the totals are not those of the independent count.
    pub(crate) differences: Vec<String>,
}

/// Reads all of the input.
pub(crate) fn run(source: &Source, signals: &Signals) -> Result<Alone, Refusal> {
    let refuse = |error: std::io::Error| format!("the input cannot be read: {error}");
    let (feed, input) = Feed::start(source, Hold::No).map_err(refuse)?;
    let mut lines = Lines::new(input);
    let (mut totals, mut start) = (Totals::default(), None);
    while let Some((line, text)) = lines.next_line().map_err(refuse)? {
        start = start.or_else(|| Some(Instant::now()));
        let record = match text {
            Line::Text(text) => parse(text),
            Line::TooLong => None,
        };
        match record {
            Some(record) => totals.add_record(record.amount, record.kol, record.branch),
            None => totals.add_malformed(line),
        }
        if line % LOOK == 0 {
            signals.check()?;
        }
    }
    let seconds = start.map_or(0.0, |start| start.elapsed().as_secs_f64());
    let fed = feed.finish().map_err(refuse)?;
    let expected = match (source, fed) {
        (Source::File { expected, .. }, _) => expected.clone(),
        (_, Some(fed)) => fed,
        (Source::Made { records, seed }, None) => feed::expected(*records, *seed),
        (Source::Stream(_), None) => return Err(Refusal::Failed("the stream was not read to its end".into())),
    };
    let differences = totals.differences(&expected);
    Ok(Alone { totals, seconds, differences })
}
