//! A world: the shared memory of one running program, attached to.

use std::ptr::NonNull;

use crate::observe::{audit, process_info, route_info};
use crate::{Audit, Canceller, Contract, Error, Options, ProcessInfo, Program, Registry, Result, RouteInfo, Status};

/// The attachment of this process to a world. Ends opened from it stay usable after it is dropped.
#[derive(Debug)]
pub struct World {
    raw: NonNull<vil_sys::vil_world_t>,
    contract: Option<&'static Contract>,
}

// SAFETY: docs/c-conventions.md: a world handle, unlike an end of a port, may be used by any thread.
unsafe impl Send for World {}
// SAFETY: as above, and by several at once.
unsafe impl Sync for World {}

impl World {
    /// Attaches to a world that exists. Without a contract it can only be looked at.
    pub fn open(name: &str, contract: Option<&'static Contract>) -> Result<Self> {
        Options::new().open(name, contract)
    }

    /// Makes the world and attaches to it, in place of one of this name in which nobody lives any more, messages and
    /// all; [`Status::E_EXISTS`] when somebody does.
    pub fn create(name: &str, program: &Program, contract: Option<&'static Contract>) -> Result<Self> {
        Options::new().create(name, program, contract)
    }

    /// Attaches to the world, making it when there is none; who loses a race for making it attaches to the winner's.
    pub fn open_or_create(name: &str, program: &Program, contract: Option<&'static Contract>) -> Result<Self> {
        Options::new().open_or_create(name, program, contract)
    }

    /// Removes the world's name. Who is attached stays attached.
    pub fn unlink(name: &str) -> Result<()> {
        Options::new().unlink(name)
    }

    pub(crate) fn new(raw: NonNull<vil_sys::vil_world_t>, contract: Option<&'static Contract>) -> Self {
        Self { raw, contract }
    }

    /// What wakes the waits of this world's ends, from any thread.
    pub fn canceller(&self) -> Canceller {
        Canceller::new(self.raw)
    }

    /// Counts all slots by who holds them.
    pub fn audit(&self) -> Result<Audit, Status> {
        audit(self.as_raw())
    }

    /// Recovers what dead processes left; how many there were.
    pub fn recover(&self) -> Result<u32, Status> {
        // SAFETY: the handle is open until drop, the out-pointer is ours.
        count(|out| unsafe { vil_sys::vil_world_recover(self.as_raw(), out) })
    }

    /// All routes with their counts, in the order of their indices.
    pub fn routes(&self) -> Result<Vec<RouteInfo>, Status> {
        // SAFETY: as in `recover`.
        let routes = count(|out| unsafe { vil_sys::vil_world_route_count(self.as_raw(), out) })?;
        (0..routes).map(|index| route_info(self.as_raw(), index)).collect()
    }

    /// The processes that are attached.
    pub fn processes(&self) -> Result<Vec<ProcessInfo>, Status> {
        // SAFETY: as in `recover`.
        let entries = count(|out| unsafe { vil_sys::vil_world_process_count(self.as_raw(), out) })?;
        (0..entries).filter_map(|index| process_info(self.as_raw(), index).transpose()).collect()
    }

    /// Who is attached, who holds what, who is dead, and what happened.
    pub fn registry(&self) -> Registry<'_> {
        Registry::new(self)
    }

    pub(crate) fn as_raw(&self) -> *mut vil_sys::vil_world_t {
        self.raw.as_ptr()
    }

    /// The contract it was opened with, which typed ends need.
    pub(crate) fn contract(&self) -> Result<&'static Contract> {
        let missing = "the world was opened without a contract; a typed port needs one";
        self.contract.ok_or_else(|| Error::new(Status::E_ARGUMENT, missing))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A canceller that is left gets E_HANDLE from now on.
        let _ = vil_sys::vil_world_close(self.as_raw());
    }
}

fn count(call: impl FnOnce(*mut u32) -> vil_sys::vil_status_t) -> Result<u32, Status> {
    let mut out = 0;
    Status::check(call(&mut out))?;
    Ok(out)
}
