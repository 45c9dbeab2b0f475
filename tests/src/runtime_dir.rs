//! A directory for the worlds of one test: in shared memory, its owner's alone, removed when the test is done.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Derefs to its path. Child processes find it when they are given it as `VIL_RUNTIME_DIR`.
#[derive(Debug)]
pub struct RuntimeDir {
    path: PathBuf,
}

impl RuntimeDir {
    /// An empty directory whose name contains `name`.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // ORDER: Relaxed, only distinct numbers are needed.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(format!("/dev/shm/vil-test-{name}-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path }
    }

    /// Names of the worlds in it, sorted.
    pub fn worlds(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).expect("the directory is there");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut worlds: Vec<_> = names.filter_map(|name| name.strip_suffix(".vil").map(str::to_owned)).collect();
        worlds.sort();
        worlds
    }
}

impl std::ops::Deref for RuntimeDir {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
