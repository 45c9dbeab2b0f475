//! The diary that a victim writes outside of the library: what it was about to do and what it had done when it died.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use vil_tests::scratch::Scratch;

/// Lanes that a diary has room for, and what victims know as `DIARY_SIZE`.
const LANES: usize = 64;
const SIZE: usize = LANES * 64;

/// One lane: counts of messages. What is true is between the two of each pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Publishing them has begun.
    pub(crate) attempted: u64,
    /// Publishing them has answered.
    pub(crate) published: u64,
    /// Releasing them has begun.
    pub(crate) releasing: u64,
    /// Releasing them has answered.
    pub(crate) released: u64,
}

/// What a diary says at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pages(pub(crate) Vec<Page>);

/// A diary.
pub(crate) struct Diary {
    file: File,
    path: PathBuf,
    _dir: Scratch,
}

impl Pages {
    /// Nothing has happened.
    pub(crate) fn empty() -> Pages {
        Pages(vec![Page::default(); LANES])
    }

    fn encode(&self) -> Vec<u8> {
        let words = |page: &Page| [page.attempted, page.published, page.releasing, page.released, 0, 0, 0, 0];
        self.0.iter().flat_map(words).flat_map(u64::to_le_bytes).collect()
    }

    fn decode(bytes: &[u8]) -> Pages {
        let word =
            |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at * 8..at * 8 + 8].try_into().expect("eight bytes"));
        let page = |bytes: &[u8]| Page {
            attempted: word(bytes, 0),
            published: word(bytes, 1),
            releasing: word(bytes, 2),
            released: word(bytes, 3),
        };
        Pages(bytes.chunks_exact(64).map(page).collect())
    }
}

impl Diary {
    /// A diary that begins with this.
    pub(crate) fn new(pages: &Pages) -> Diary {
        let dir = Scratch::new("diary");
        let path = dir.join("diary");
        std::fs::write(&path, pages.encode()).expect("the directory is ours");
        let file = File::open(&path).expect("it was just written");
        Diary { file, path, _dir: dir }
    }

    /// The file, for the victim.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says now.
    pub(crate) fn pages(&self) -> Pages {
        let mut bytes = vec![0; SIZE];
        self.file.read_exact_at(&mut bytes, 0).expect("a diary is readable");
        Pages::decode(&bytes)
    }
}
