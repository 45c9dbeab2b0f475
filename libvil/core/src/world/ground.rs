//! Where a world is made: it is laid out before anything is taken, and room is made for it under the directory's lock.

use std::os::unix::fs::FileExt;

use vil_ir::plan::Plan;

use crate::base::atomic::Barrier;
use crate::base::error::{Error, Fault};
use crate::mem::{Catalog, Geometry};
use crate::sys::file::WorldPath;
use crate::sys::membarrier;
use crate::sys::token::Token;
use crate::world::World;
use crate::world::contract::{Contract, check};
use crate::world::memory::lay_out;

/// A world that is laid out and not built.
pub(super) struct Ground<'a> {
    path: &'a WorldPath,
    role: Option<&'a str>,
    catalog: Catalog,
    geometry: Geometry,
    bytes: Vec<u8>,
}

impl<'a> Ground<'a> {
    /// Lays it out for who could open it then; `wish` becomes fences where this process cannot make barriers.
    pub(super) fn new(
        path: &'a WorldPath,
        plan: &Plan,
        contract: &Contract<'a>,
        wish: Barrier,
    ) -> Result<Ground<'a>, Error> {
        let barrier = match wish {
            Barrier::Membarrier if membarrier::is_allowed().is_ok() => Barrier::Membarrier,
            _ => Barrier::Fences,
        };
        let (catalog, geometry, bytes) = lay_out(plan, barrier)?;
        check(&catalog.plan, path.name(), contract)?;
        Ok(Ground { path, role: contract.process, catalog, geometry, bytes })
    }

    /// Builds it in an empty file in this place, and lives in it.
    pub(super) fn build(self, token: Token, place: &str) -> Result<World, Error> {
        let Ground { path, role, catalog, geometry, bytes } = self;
        path.fill(token.file(), geometry.total_size, place)?;
        let os = |error: std::io::Error| Error::from_os(&format!("world `{}`", path.name()), &error);
        token.file().write_all_at(&bytes, 0).map_err(os)?;
        World::enter(path, token, catalog, geometry, role)
    }
}

/// Under the directory's lock: `Exists` when there is a world of this name, whoever lives in it.
pub(super) fn vacant(path: &WorldPath) -> Result<(), Error> {
    match path.is_taken()? {
        true => Err(Error::new(Fault::Exists, format!("world `{}` exists", path.name()))),
        false => Ok(()),
    }
}

/// Under the directory's lock: removes a world of this name in which nobody lives, whatever it says of itself.
pub(super) fn clear_abandoned(path: &WorldPath) -> Result<(), Error> {
    let token = match Token::open(|| path.open()) {
        Ok((token, _)) => token,
        Err(error) if error.fault == Fault::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if token.lock_out() {
        return path.unlink();
    }
    Err(Error::new(Fault::Exists, format!("world `{}` exists and somebody lives in it; open it instead", path.name())))
}
