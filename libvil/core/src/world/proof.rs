//! The two proofs of death of a world's process: its token is free, or its pidfd says that it has ended.
//!
//! The token alone is hidden by a child that was made around fork's handlers and keeps the lock alive; the pidfd alone is
//! defeated by exec and by other pid namespaces. Neither is ever a timeout: a stopped process lives.

use std::fs::File;
use std::sync::Mutex;

use crate::base::words::{ProcWord, ProcessId};
use crate::mem::Shared;
use crate::registry::{self, Certificate};
use crate::sys::pidfd::{Found, Pidfd, find};
use crate::sys::process::{self, Stat};
use crate::sys::token::is_free;

/// What one process knows of the lives of others.
#[derive(Debug)]
pub(crate) struct Proofs {
    namespaces: Option<u64>,
    /// Processes that were found alive, so that asking again costs one call. There is room for all from the start: waits
    /// ask too, and allocate nothing.
    known: Mutex<Vec<(ProcessId, ProcWord, Pidfd)>>,
}

impl Proofs {
    /// Knows nobody yet, in a world of so many entries.
    pub(crate) fn new(entries: u32) -> Proofs {
        let known = Vec::with_capacity(entries as usize);
        Proofs { namespaces: process::namespaces(), known: Mutex::new(known) }
    }

    /// Our own certificate; `None` where procfs does not tell.
    pub(crate) fn own(&self, stat: Option<Stat>) -> Option<Certificate> {
        Some(Certificate { pid: process::pid(), start: stat?.start, namespaces: self.namespaces? })
    }

    /// Is nobody left who could use this entry? The caller has read the entry's word before, and asks about tokens
    /// through an open file that holds none of this one.
    pub(crate) fn is_dead(&self, file: &File, shared: &Shared, process: ProcessId) -> bool {
        if is_free(file, process) {
            return true;
        }
        // The lock is held: by the process itself, which then lives, or by what was forked off it. Should a newcomer have
        // come into the entry meanwhile, its epoch is another, and burying the old one fails.
        match registry::certificate(shared, process) {
            Some((word, certificate)) if Some(certificate.namespaces) == self.namespaces => {
                self.has_ended(process, word, certificate)
            }
            _ => false,
        }
    }

    fn has_ended(&self, process: ProcessId, word: ProcWord, certificate: Certificate) -> bool {
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let place = known.iter().position(|(of, ..)| *of == process);
        if let Some((_, of, pidfd)) = place.map(|place| &known[place])
            && *of == word
        {
            return pidfd.has_ended();
        }
        place.map(|place| known.swap_remove(place));
        match find(certificate.pid, certificate.start) {
            Found::Gone => true,
            Found::Unknown => false,
            Found::There(pidfd) => {
                known.push((process, word, pidfd));
                false
            }
        }
    }
}
