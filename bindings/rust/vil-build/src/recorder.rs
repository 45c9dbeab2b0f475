//! The disk, and a note of every file that was asked for: also of those that are not there yet.

use vil_ir::load::{Disk, Files};

/// Reads files and remembers their names.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Paths in the order in which they were asked for.
    pub(crate) asked: Vec<String>,
}

impl Files for Recorder {
    fn read(&mut self, path: &str) -> Result<String, String> {
        self.asked.push(path.to_owned());
        Disk.read(path)
    }
}
