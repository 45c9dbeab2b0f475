//! The command line of a trial program: `PROGRAM BENCHMARK SUBJECT [--key value]...`. A key that nobody knows is no fault,
//! so that one conductor may drive programs that know fewer.

use std::collections::BTreeMap;

use crate::Answer;
use crate::cores::Cores;

/// What a trial program was asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Who is measured.
    pub subject: String,
    keys: BTreeMap<String, String>,
}

impl Arguments {
    /// Those of this process.
    pub fn of_process() -> Answer<Arguments> {
        Arguments::parse(std::env::args().skip(1))
    }

    /// From words.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Answer<Arguments> {
        let usage = || "usage: PROGRAM BENCHMARK SUBJECT [--key value]...".to_owned();
        let mut words = words.into_iter();
        let (benchmark, subject) = (words.next().ok_or_else(usage)?, words.next().ok_or_else(usage)?);
        let mut keys = BTreeMap::new();
        while let Some(word) = words.next() {
            let key = word.strip_prefix("--").ok_or_else(usage)?.to_owned();
            let value = words.next().ok_or_else(|| format!("--{key} wants a value"))?;
            keys.insert(key, value);
        }
        Ok(Arguments { benchmark, subject, keys })
    }

    /// A key's text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// A key's text; without it an error.
    pub fn wanted(&self, key: &str) -> Answer<&str> {
        self.text(key).ok_or_else(|| format!("--{key} is missing"))
    }

    /// A key's number, or what is meant without it.
    pub fn number(&self, key: &str, default: usize) -> Answer<usize> {
        let Some(text) = self.text(key) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{key} wants a number, not `{text}`"))
    }

    /// Bytes of a message, at least 8.
    pub fn size(&self) -> Answer<usize> {
        self.number("size", 64).map(|size| size.max(8))
    }

    /// How many messages are measured, at least 1.
    pub fn messages(&self) -> Answer<usize> {
        self.number("messages", 10_000).map(|count| count.max(1))
    }

    /// Whether every byte of a message is written and read, not only its first word.
    pub fn is_filled(&self) -> bool {
        self.text("touch") == Some("all")
    }

    /// The two processors.
    pub fn cores(&self) -> Answer<Cores> {
        Ok(Cores { a: self.number("core-a", 0)?, b: self.number("core-b", 0)? })
    }

    /// The role of a process that another trial process has started.
    pub fn role(&self) -> Option<&str> {
        self.text("role")
    }

    /// As words again.
    pub fn words(&self) -> Vec<String> {
        let keys = self.keys.iter().flat_map(|(key, value)| [format!("--{key}"), value.clone()]);
        [self.benchmark.clone(), self.subject.clone()].into_iter().chain(keys).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Answer<Arguments> {
        Arguments::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn keys_have_values_and_defaults() {
        let arguments = parsed("stream floor --size 4096 --touch all --core-a 0 --core-b 1").expect("it parses");
        assert_eq!((arguments.size(), arguments.messages()), (Ok(4096), Ok(10_000)));
        assert!(arguments.is_filled() && arguments.role().is_none());
        assert_eq!(arguments.cores(), Ok(Cores { a: 0, b: 1 }));
        assert_eq!(Arguments::parse(arguments.words()), Ok(arguments));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["stream", "stream floor size", "stream floor --size"] {
            assert!(parsed(line).is_err(), "{line}");
        }
        assert!(parsed("stream floor --size big").and_then(|arguments| arguments.size()).is_err());
    }
}
