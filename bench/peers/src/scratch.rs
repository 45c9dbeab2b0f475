//! What a trial leaves on the machine while it runs: a directory of its own and shared memory under a name of its own. Both
//! go with it; what a killed one left behind goes when the next one begins.

use std::path::{Path, PathBuf};

/// Names of everything begin with it, and the number of the owning process follows.
const PREFIX: &str = "vil-peers-";

/// Where shared memory has its names.
const SHARED: &str = "/dev/shm";

/// What one trial may leave behind; removed with this.
#[derive(Debug)]
pub(crate) struct Scratch {
    owner: u32,
}

impl Scratch {
    /// Of this process, after what dead ones left was removed.
    pub(crate) fn new() -> Scratch {
        remove(|owner| !Path::new(&format!("/proc/{owner}")).exists());
        let scratch = Scratch { owner: std::process::id() };
        // Where it cannot be made, whoever needs it says so.
        let _ = std::fs::create_dir_all(directory(scratch.owner as usize));
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(|owner| owner == self.owner);
    }
}

/// The directory of a trial.
pub(crate) fn directory(owner: usize) -> PathBuf {
    let memory = Path::new(SHARED);
    let above = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    above.join(format!("{PREFIX}{owner}"))
}

/// What names of shared memory begin with.
pub(crate) fn prefix(owner: usize) -> String {
    format!("{PREFIX}{owner}_")
}

/// Removes what belongs to the owners that are chosen.
fn remove(chosen: impl Fn(u32) -> bool) {
    for place in [PathBuf::from(SHARED), std::env::temp_dir()] {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if owner_of(&name.to_string_lossy()).is_some_and(&chosen) {
                let path = entry.path();
                // What is gone already is as good as removed.
                let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            }
        }
    }
}

fn owner_of(name: &str) -> Option<u32> {
    let rest = name.strip_prefix(PREFIX)?;
    rest.split('_').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is() {
        assert_eq!(owner_of("vil-peers-12"), Some(12));
        assert_eq!(owner_of(&format!("{}x.data", prefix(12))), Some(12));
        assert_eq!((owner_of("vil-peers-"), owner_of("iox2_12"), owner_of("vil-peers-x_1")), (None, None, None));
    }

    #[test]
    fn a_scratch_goes_with_its_owner() {
        let scratch = Scratch::new();
        let path = directory(scratch.owner as usize);
        assert!(path.is_dir());
        drop(scratch);
        assert!(!path.exists());
    }
}
