//! Which worlds a command is about: one by its name, or all in the runtime directory.

use std::path::PathBuf;

use vil_core::base::error::{Error, Fault};
use vil_core::sys::file::{RuntimeDir, place_of};

use crate::source::Report;

/// Which worlds, and how it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// One world.
    #[arg(value_name = "NAME", conflicts_with = "all")]
    pub(crate) name: Option<String>,

    /// All worlds in the runtime directory.
    #[arg(long)]
    pub(crate) all: bool,

    /// Directory of the worlds, which must be there; otherwise $VIL_RUNTIME_DIR, and without that /dev/shm/vil-UID.
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,

    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Report::Text)]
    format: Report,

    /// As --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Which {
    /// The directory and the names in it that are meant. A directory that is missing has no worlds, unless it or a world
    /// in it was named: then it is not the one that was meant, and nobody may take it for a healthy one.
    pub(crate) fn find(&self) -> Result<(Option<RuntimeDir>, Vec<String>), Error> {
        let dir = match RuntimeDir::find(self.runtime_dir.as_deref()) {
            Err(error) if error.fault == Fault::NotFound => {
                let is_named = self.name.is_some() || self.runtime_dir.is_some();
                return if is_named { Err(Error::new(error.fault, self.none(None))) } else { Ok((None, Vec::new())) };
            }
            dir => dir?,
        };
        let names = match &self.name {
            Some(name) => {
                // A name that leads to nothing is an error of its own, before anything is looked at.
                dir.world(name)?.open_to_look()?;
                vec![name.clone()]
            }
            None => dir.worlds()?,
        };
        Ok((Some(dir), names))
    }

    /// How the answer is written.
    pub(crate) fn report(&self) -> Report {
        if self.json { Report::Json } else { self.format }
    }

    /// The directory that was looked in, whether it is there or not.
    pub(crate) fn place(&self) -> String {
        place_of(self.runtime_dir.as_deref()).display().to_string()
    }

    /// That there are no worlds, and where.
    pub(crate) fn none(&self, dir: Option<&RuntimeDir>) -> String {
        match dir {
            Some(_) => format!("no worlds in {}", self.place()),
            None => format!("no worlds: there is no directory {}", self.place()),
        }
    }
}
