//! The world as the conductor holds it: made, looked at from outside without a role, and removed in the end, come
//! what may.

use vil::{Audit, RouteInfo, World};
use vil_examples::credit;
use vil_examples::stage::now_ns;

/// A world of our own; dropped, its name is gone.
#[derive(Debug)]
pub(crate) struct Stand {
    world: World,
    name: String,
}

impl Stand {
    /// A new world under a name that nobody else has.
    pub(crate) fn make() -> Result<Self, String> {
        let program = credit::program().map_err(|error| error.to_string())?;
        // A process id alone comes again, and another container may have it at the same time.
        let name = format!("credit-{}-{:x}", std::process::id(), now_ns());
        let world = World::create(&name, &program, None);
        let world = world.map_err(|error| format!("the world cannot be made: {error}"))?;
        Ok(Self { world, name })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Counts of all routes, in the program's order.
    pub(crate) fn routes(&self) -> Result<Vec<RouteInfo>, String> {
        self.world.routes().map_err(|status| format!("the routes cannot be read: {status}"))
    }

    /// Who holds the slots, after what the dead left has been recovered.
    pub(crate) fn settle(&self) -> Result<Audit, String> {
        self.world.recover().map_err(|status| format!("the world cannot be recovered: {status}"))?;
        self.world.audit().map_err(|status| format!("the world cannot be audited: {status}"))
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Err(error) = World::unlink(&self.name) {
            eprintln!("the world {} cannot be removed: {error}", self.name);
        }
    }
}
