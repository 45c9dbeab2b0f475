//! A newcomer's entry of the process table: the token first, then the entry whose byte it is.

use crate::base::words::{ProcState, ProcessId};
use crate::mem::Shared;
use crate::registry::{self, Certificate, Identity, Liveness, claim};
use crate::sys::token::Token;
use crate::sys::{clock, process};
use crate::world::proof::Proofs;

/// A world in which we do not live yet.
pub(super) struct Probe<'a> {
    pub(super) shared: &'a Shared,
    pub(super) proofs: &'a Proofs,
    /// Holds no byte.
    pub(super) token: &'a Token,
}

impl Liveness for Probe<'_> {
    fn is_free(&self, process: ProcessId) -> bool {
        self.proofs.is_dead(self.token.file(), self.shared, process)
    }
}

/// Takes a token byte, then claims its entry; recovers the dead and looks again when all entries are taken.
pub(super) fn take_entry(
    probe: &Probe<'_>,
    role: &str,
    certificate: Option<Certificate>,
) -> std::io::Result<Option<ProcessId>> {
    let Probe { shared, token, .. } = *probe;
    let identity = Identity { pid: process::pid(), since_ns: clock::now_ns(), name: role };
    for _ in 0..2 {
        for process in (0..shared.geometry.processes as u16).map(ProcessId) {
            // A taken byte says that somebody lives, so only that of a free entry is tried.
            if registry::state(shared, process).state != ProcState::Free || !token.take(process)? {
                continue;
            }
            if claim(shared, process, identity) {
                if let Some(certificate) = certificate {
                    registry::certify(shared, process, certificate);
                }
                return Ok(Some(process));
            }
            token.give_back(process);
        }
        registry::recover_all(shared, probe);
    }
    Ok(None)
}
