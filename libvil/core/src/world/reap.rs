//! Reaping from outside: recovers the dead of a world, and removes a world in which nobody lives.
//!
//! It attaches to nothing and takes no entry, so it works on a full table too, and on a file that is no world any more.
//! Who lives is left alone, stopped or not.

use std::fs::File;

use crate::base::error::{Error, Fault};
use crate::base::words::{ProcState, ProcessId};
use crate::mem::Shared;
use crate::registry::{Liveness, living, recover_all, state};
use crate::sys::file::{About, RuntimeDir};
use crate::sys::map::Mapping;
use crate::sys::token::{Token, are_all_free};
use crate::world::open::read;
use crate::world::proof::Proofs;

/// What came of reaping a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaped {
    /// Nobody lived in it, and its name is gone, with the messages that it kept.
    Removed,
    /// Somebody lives in it; this many dead ones were recovered, and this many are pending.
    Recovered {
        /// Entries that this call finished.
        recovered: u32,
        /// Entries that wait until messages which they forwarded are released.
        pending: u32,
    },
    /// Its processes are dead and recovered, and what they forked holds a token; it can be removed when that has ended.
    HeldByChildren {
        /// Entries that this call finished.
        recovered: u32,
    },
}

/// Recovers the dead of a world; when nobody lives in it, removes it, whatever its file says.
pub fn reap(dir: &RuntimeDir, name: &str) -> Result<Reaped, Error> {
    let path = dir.world(name)?;
    let _lock = path.lock()?;
    let (token, _) = Token::open(|| path.open())?;
    if token.lock_out() {
        path.unlink()?;
        return Ok(Reaped::Removed);
    }
    // Who wants to enter may: from here on nothing is removed.
    drop(token);
    visit(path.open()?, name, Mapping::new)
}

/// What `reap` would do: the same done to a copy that nobody else sees, so the world is looked at and no more.
pub fn foresee(dir: &RuntimeDir, name: &str) -> Result<Reaped, Error> {
    let path = dir.world(name)?;
    let (file, about) = path.open_to_look()?;
    if are_all_free(&file) {
        return Ok(Reaped::Removed);
    }
    visit((file, about), name, Mapping::copy)
}

/// Recovers all dead, without an entry. Whatever the world's choice, the visitor fences: it is not registered with the
/// kernel, so the membarrier of who goes to sleep does not reach it, and its own fence before each look for sleepers is
/// what keeps that one from being overlooked.
fn visit(
    (file, about): (File, About),
    name: &str,
    map: impl FnOnce(&File, u64) -> std::io::Result<Mapping>,
) -> Result<Reaped, Error> {
    let (_, geometry) = read(&file, about.size)?;
    let os = |error: std::io::Error| Error::from_os(&format!("world `{name}`"), &error);
    let mapping = map(&file, geometry.total_size).map_err(os)?;
    let corrupt = || Error::new(Fault::Corrupt, format!("world `{name}` is smaller than its header says"));
    let shared = Shared::map(mapping, geometry).ok_or_else(corrupt)?;
    let proofs = Proofs::new(shared.geometry.processes);
    let visitor = Visitor { shared: &shared, file: &file, proofs };
    let recovered = recover_all(&shared, &visitor);
    let pending = entries(&shared).filter(|entry| state(&shared, *entry).state == ProcState::Dead).count() as u32;
    match living(&shared) {
        0 if pending == 0 => Ok(Reaped::HeldByChildren { recovered }),
        _ => Ok(Reaped::Recovered { recovered, pending }),
    }
}

fn entries(shared: &Shared) -> impl Iterator<Item = ProcessId> + use<> {
    (0..shared.geometry.processes as u16).map(ProcessId)
}

/// Who recovers without an entry.
struct Visitor<'a> {
    shared: &'a Shared,
    file: &'a File,
    proofs: Proofs,
}

impl Liveness for Visitor<'_> {
    fn is_free(&self, process: ProcessId) -> bool {
        self.proofs.is_dead(self.file, self.shared, process)
    }
}
