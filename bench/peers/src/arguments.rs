//! The command line of a trial program: `PROGRAM BENCHMARK SUBJECT [--key value]...`. Keys that nobody asks for are no fault.

use std::collections::BTreeMap;

use crate::Answer;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    pub(crate) benchmark: String,
    pub(crate) subject: String,
    keys: BTreeMap<String, String>,
}

impl Arguments {
    /// Of this process.
    pub(crate) fn of_process() -> Answer<Arguments> {
        Arguments::parse(std::env::args().skip(1))
    }

    fn parse(words: impl IntoIterator<Item = String>) -> Answer<Arguments> {
        let usage = || "usage: vil-peers BENCHMARK SUBJECT [--key value]...".to_owned();
        let mut words = words.into_iter();
        let (benchmark, subject) = (words.next().ok_or_else(usage)?, words.next().ok_or_else(usage)?);
        let mut keys = BTreeMap::new();
        while let Some(word) = words.next() {
            let key = word.strip_prefix("--").ok_or_else(usage)?.to_owned();
            keys.insert(key, words.next().ok_or_else(usage)?);
        }
        Ok(Arguments { benchmark, subject, keys })
    }

    /// A key's text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// A key's number, or what is meant without it.
    pub(crate) fn number(&self, key: &str, default: usize) -> Answer<usize> {
        let Some(text) = self.text(key) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{key} wants a number, not `{text}`"))
    }

    /// Bytes of a message: a multiple of 8, at least 8.
    pub(crate) fn size(&self) -> Answer<usize> {
        self.number("size", 64).map(|size| size.max(8).next_multiple_of(8))
    }

    /// Messages that are measured; in `fan-out` receipts of them.
    pub(crate) fn messages(&self) -> Answer<usize> {
        self.number("messages", 10_000).map(|count| count.max(1))
    }

    /// Messages before those that are measured: two laps of the ring.
    pub(crate) fn warm_up(&self) -> Answer<usize> {
        let cells = self.capacity()?;
        Ok(2 * cells + if cells < 256 { 0 } else { 500 })
    }

    /// Messages that may be on their way at once.
    pub(crate) fn capacity(&self) -> Answer<usize> {
        self.number("cells", 256).map(|cells| cells.max(2))
    }

    /// Messages that are handed over at once, where the peer can do that.
    pub(crate) fn chunk(&self) -> Answer<usize> {
        self.number("chunk", 1).map(|chunk| chunk.max(1))
    }

    /// Messages of a stream that a sample is the mean of.
    pub(crate) fn block(&self) -> Answer<usize> {
        let chunk = self.chunk()?;
        self.number("batch", 64).map(|block| block.max(1).next_multiple_of(chunk))
    }

    /// Consumers of each message.
    pub(crate) fn consumers(&self) -> Answer<usize> {
        self.number("consumers", 1).map(|consumers| consumers.max(1))
    }

    /// Whether every byte is written and read, not the first word alone.
    pub(crate) fn is_filled(&self) -> bool {
        self.text("touch") == Some("all")
    }

    /// The processors.
    pub(crate) fn cores(&self) -> Answer<Cores> {
        Ok(Cores { a: self.number("core-a", 0)?, b: self.number("core-b", 0)? })
    }

    /// The process that made the scratch directory of this trial.
    pub(crate) fn owner(&self) -> Answer<usize> {
        self.number("owner", 0)
    }

    /// As words again.
    pub(crate) fn words(&self) -> Vec<String> {
        let keys = self.keys.iter().flat_map(|(key, value)| [format!("--{key}"), value.clone()]);
        [self.benchmark.clone(), self.subject.clone()].into_iter().chain(keys).collect()
    }

    /// With a key more.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: impl ToString) -> Arguments {
        self.keys.insert(key.to_owned(), value.to_string());
        self
    }
}

/// Where the two sides run; the same processor twice where there is only one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) a: usize,
    pub(crate) b: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Answer<Arguments> {
        Arguments::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn keys_have_values_and_defaults() {
        let arguments = parsed("stream pipe --size 20 --touch all").expect("it parses");
        assert_eq!((arguments.size(), arguments.messages(), arguments.capacity()), (Ok(24), Ok(10_000), Ok(256)));
        assert!(arguments.is_filled());
        assert_eq!(arguments.words(), ["stream", "pipe", "--size", "20", "--touch", "all"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(
            parsed("stream").is_err() && parsed("stream pipe size").is_err() && parsed("stream pipe --size").is_err()
        );
        assert!(parsed("stream pipe --size big").expect("it parses").size().is_err());
    }
}
