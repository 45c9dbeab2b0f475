//! A world seen from outside: its file is mapped for reading alone, no entry is taken and nothing is written, so that
//! looking disturbs nobody and works on worlds that are full, stuck or abandoned.

use std::fs::File;

use crate::base::error::{Error, Fault};
use crate::base::words::{ProcState, ProcessId};
use crate::mem::{Catalog, Shared};
use crate::observe::tap::{Tap, Tapped};
use crate::observe::{RouteSnapshot, look_at_process, look_at_route};
use crate::queue::{claimed, settled_cells};
use crate::registry::trail::{Cursor, Recorded};
use crate::registry::{Audit, Ends, Info, audit, ends_held, messages_held, slots_held};
use crate::sys::file::{About, RuntimeDir, WorldPath};
use crate::sys::map::Mapping;
use crate::world::{Proofs, read};

/// A world that is looked at.
#[derive(Debug)]
pub struct Outside {
    shared: Shared,
    catalog: Catalog,
    file: File,
    about: About,
    named: WorldPath,
    proofs: Proofs,
}

impl Outside {
    /// Looks at a world. The errors are those of opening it.
    pub fn look(dir: &RuntimeDir, name: &str) -> Result<Outside, Error> {
        let named = dir.world(name)?;
        let (file, about) = named.open_to_look()?;
        let (catalog, geometry) = read(&file, about.size)?;
        let os = |error: std::io::Error| Error::from_os(&format!("world `{name}`"), &error);
        let mapping = Mapping::look(&file, geometry.total_size).map_err(os)?;
        let corrupt = || Error::new(Fault::Corrupt, format!("world `{name}` is smaller than its header says"));
        let shared = Shared::map(mapping, geometry).ok_or_else(corrupt)?;
        let proofs = Proofs::new(shared.geometry.processes);
        Ok(Outside { shared, catalog, file, about, named, proofs })
    }

    /// What the world says of itself.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The name that it was found by.
    pub fn name(&self) -> &str {
        self.named.name()
    }

    /// Was it removed since, so that its name leads to another world or to none?
    pub fn is_removed(&self) -> bool {
        !self.named.leads_to(self.about)
    }

    /// Bytes of the world.
    pub fn size(&self) -> u64 {
        self.shared.geometry.total_size
    }

    /// Entries of the process table in which somebody is, dead or alive.
    pub fn processes(&self) -> Vec<(ProcessId, Info)> {
        let entries = 0..self.shared.geometry.processes as usize;
        let found = entries.filter_map(|index| Some((ProcessId(index as u16), look_at_process(&self.shared, index)?)));
        found.filter(|(_, info)| info.word.state != ProcState::Free).collect()
    }

    /// Is the process of an entry proven dead?
    pub fn is_dead(&self, process: ProcessId) -> bool {
        self.proofs.is_dead(&self.file, &self.shared, process)
    }

    /// Slots that each entry holds.
    pub fn slots_held(&self) -> Vec<u32> {
        slots_held(&self.shared)
    }

    /// Those of them that are messages which nobody has released.
    pub fn messages_held(&self) -> Vec<u32> {
        messages_held(&self.shared)
    }

    /// Which ends of a route an entry holds; `None` when there is no such route.
    pub fn ends_held(&self, process: ProcessId, route: usize) -> Option<Ends> {
        ends_held(&self.shared, process, route)
    }

    /// One route; `None` when there is no such route.
    pub fn route(&self, index: usize) -> Option<RouteSnapshot> {
        look_at_route(&self.shared, &self.catalog, index)
    }

    /// Can head and tail of a route be those of its ring, and where its cells are claimed, those too?
    pub fn is_sound(&self, index: usize) -> bool {
        let Some(ring) = self.shared.geometry.rings.get(index) else { return false };
        match ring.claimed {
            true => claimed::is_sound(&self.shared, ring),
            false => settled_cells(&self.shared, ring).is_some(),
        }
    }

    /// Every slot explained, without recovering anything first.
    pub fn audit(&self) -> Audit {
        audit(&self.shared)
    }

    /// The oldest event of the audit trail that is still there.
    pub fn trail(&self) -> Cursor {
        Cursor::oldest(&self.shared)
    }

    /// The next event of the trail.
    pub fn read(&self, cursor: &mut Cursor) -> Option<Recorded> {
        cursor.read(&self.shared)
    }

    /// Watches the messages of a route from the oldest that was not released; `None` where that cannot be done: no such
    /// route, nonsense, or cells that are claimed.
    pub fn tap(&self, route: usize) -> Option<Tap> {
        Tap::new(&self.shared, route)
    }

    /// The next message of a tap, if there is one now.
    pub fn tapped(&self, tap: &mut Tap) -> Option<Tapped> {
        tap.read(&self.shared)
    }
}
