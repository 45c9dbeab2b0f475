//! Where the lines come from, and what is known about them before anything runs.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use vil_examples::recount::Recount;
use vil_examples::totals::Totals;

use crate::Signals;
use crate::outcome::Refusal;

/// Bytes read at once.
pub(crate) const PIECE: usize = 256 << 10;

/// Where the lines come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Made; the same again each time.
    Made {
        /// Good records.
        records: u64,
        /// What they are drawn from.
        seed: u64,
    },
    /// A regular file.
    File {
        /// Its path, to open it again.
        path: PathBuf,
        /// What the independent count says, once it has been made.
        expected: Totals,
    },
    /// Stdin, a pipe, a device: can be read once.
    Stream(File),
}

impl Source {
    pub(crate) fn made(records: u64, seed: u64) -> Self {
        Source::Made { records, seed }
    }

    /// `-` is stdin. What is no regular file is a stream.
    pub(crate) fn open(path: &Path) -> Result<Self, Refusal> {
        let refuse = |error: std::io::Error| Refusal::Usage(format!("{} cannot be read: {error}", path.display()));
        if path == Path::new("-") {
            let stdin = std::io::stdin().as_fd().try_clone_to_owned().map_err(refuse)?;
            return Ok(Source::Stream(File::from(stdin)));
        }
        let file = File::open(path).map_err(refuse)?;
        let kind = file.metadata().map_err(refuse)?.file_type();
        if kind.is_dir() {
            return Err(Refusal::Usage(format!("{} is a directory", path.display())));
        }
        if kind.is_file() {
            return Ok(Source::File { path: path.to_owned(), expected: Totals::default() });
        }
        Ok(Source::Stream(file))
    }

    pub(crate) fn can_be_read_again(&self) -> bool {
        !matches!(self, Source::Stream(_))
    }

    /// Counts a file with the second parser.
    pub(crate) fn counted(self, signals: &Signals) -> Result<Self, Refusal> {
        match self {
            Source::File { path, .. } => {
                let expected = count(&path, signals, |_, _| true)?;
                Ok(Source::File { path, expected })
            }
            other => Ok(other),
        }
    }

    /// Good records, where known beforehand.
    pub(crate) fn records(&self) -> Option<u64> {
        match self {
            Source::Made { records, .. } => Some(*records),
            Source::File { expected, .. } => Some(expected.records),
            Source::Stream(_) => None,
        }
    }
}

/// Bytes of a file up to and with its n-th good line.
pub(crate) fn bytes_until(path: &Path, good: u64, signals: &Signals) -> Result<u64, Refusal> {
    let mut end = 0;
    count(path, signals, |seen, offset| {
        end = offset;
        seen < good
    })?;
    Ok(end)
}

/// Counts a file, as long as `seen(good, offset)` behind each good line with an end says so.
fn count(path: &Path, signals: &Signals, mut seen: impl FnMut(u64, u64) -> bool) -> Result<Totals, Refusal> {
    let refuse = |error: std::io::Error| Refusal::Usage(format!("{} cannot be read: {error}", path.display()));
    let mut file = File::open(path).map_err(refuse)?;
    let mut recount = Recount::default();
    let mut piece = vec![0; PIECE];
    let (mut before, mut wanted) = (0, true);
    while wanted {
        signals.check()?;
        let read = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(refuse(error)),
        };
        recount.feed(&piece[..read], |good, at| wanted = wanted && seen(good, before + at as u64));
        before += read as u64;
    }
    Ok(recount.finish())
}
