//! A twin: the worlds of a directory as they are at one moment, copied. No token is held on a copy, so everybody who lived
//! in the original is dead in it.

use std::path::Path;

use vil_tests::runtime_dir::RuntimeDir;

use crate::diary::Pages;

/// Files by their names, and what the diary said at the same moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    files: Vec<(String, Vec<u8>)>,
    /// The diary.
    pub(crate) pages: Pages,
}

impl Snapshot {
    /// Nothing has happened yet.
    pub(crate) fn empty() -> Snapshot {
        Snapshot { files: Vec::new(), pages: Pages::empty() }
    }

    /// Of a directory, whatever lies in it.
    pub(crate) fn take(dir: &Path, pages: Pages) -> Snapshot {
        let entries = std::fs::read_dir(dir).expect("the directory is there").flatten();
        let file = |entry: std::fs::DirEntry| {
            let bytes = std::fs::read(entry.path()).expect("a world can be read");
            (entry.file_name().into_string().expect("names are UTF-8"), bytes)
        };
        Snapshot { files: entries.map(file).collect(), pages }
    }

    /// Into an empty directory.
    pub(crate) fn put(&self, dir: &RuntimeDir) {
        for entry in std::fs::read_dir(&**dir).expect("the directory is there").flatten() {
            std::fs::remove_file(entry.path()).expect("the directory is ours");
        }
        for (name, bytes) in &self.files {
            std::fs::write(dir.join(name), bytes).expect("there is room");
        }
    }

    /// Is there no world?
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes of the one world, for a hand that corrupts them.
    pub(crate) fn world(&mut self) -> &mut Vec<u8> {
        &mut self.files[0].1
    }
}
