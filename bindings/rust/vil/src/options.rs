//! How a world is found or made, when the defaults do not do.

use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;
use std::ptr::{self, NonNull};

use crate::{Contract, Error, Program, Result, Status, World, text};

/// How a world is found or made: [`World`]'s constructors with more to say, in the manner of `std::fs::OpenOptions`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    runtime_dir: Option<PathBuf>,
    fences: bool,
}

/// Name and options as C takes them; lives as long as the call.
struct Place {
    name: CString,
    runtime_dir: Option<CString>,
    flags: u32,
}

impl Place {
    fn name(&self) -> *const c_char {
        self.name.as_ptr()
    }

    fn options(&self) -> vil_sys::vil_world_options_t {
        vil_sys::vil_world_options_t {
            struct_size: size_of::<vil_sys::vil_world_options_t>() as u32,
            flags: self.flags,
            runtime_dir: self.runtime_dir.as_deref().map_or(ptr::null(), CStr::as_ptr),
            language: vil_sys::VIL_LANGUAGE_RUST,
            reserved: 0,
        }
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where worlds live. Otherwise `$VIL_RUNTIME_DIR`, and without that `/dev/shm/vil-UID`.
    pub fn runtime_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.runtime_dir = Some(dir.into());
        self
    }

    /// Whether a world that is made orders memory by fences, for the sake of processes that may not call membarrier(2):
    /// otherwise they are refused with [`Status::E_BARRIER`].
    pub fn fences(mut self, fences: bool) -> Self {
        self.fences = fences;
        self
    }

    /// Attaches to a world that exists. Without a contract it can only be looked at.
    pub fn open(&self, name: &str, contract: Option<&'static Contract>) -> Result<World> {
        let place = self.place(name)?;
        attach(contract, |world, error| {
            // SAFETY: strings and options live through the call, the contract for ever, the out-pointers are ours.
            unsafe { vil_sys::vil_world_open(place.name(), raw(contract), &place.options(), world, error) }
        })
    }

    /// Makes the world and attaches to it, in place of one of this name in which nobody lives any more, messages and
    /// all; [`Status::E_EXISTS`] when somebody does.
    pub fn create(&self, name: &str, program: &Program, contract: Option<&'static Contract>) -> Result<World> {
        let place = self.place(name)?;
        let program = program.as_raw();
        attach(contract, |world, error| {
            // SAFETY: as in `open`; the program is borrowed, so its handle is open.
            unsafe { vil_sys::vil_world_create(place.name(), program, raw(contract), &place.options(), world, error) }
        })
    }

    /// Attaches to the world, making it when there is none; who loses a race for making it attaches to the winner's.
    pub fn open_or_create(&self, name: &str, program: &Program, contract: Option<&'static Contract>) -> Result<World> {
        let place = self.place(name)?;
        let (program, options) = (program.as_raw(), place.options());
        attach(contract, |world, error| {
            // SAFETY: as in `create`.
            unsafe { vil_sys::vil_world_open_or_create(place.name(), program, raw(contract), &options, world, error) }
        })
    }

    /// Removes the world's name. Who is attached stays attached.
    pub fn unlink(&self, name: &str) -> Result<()> {
        let place = self.place(name)?;
        // SAFETY: strings and options live through the call, the error is ours.
        Error::guard(|error| unsafe { vil_sys::vil_world_unlink(place.name(), &place.options(), error) })
    }

    fn place(&self, name: &str) -> Result<Place> {
        let name = text::c_string("world's name", name).map_err(|error| Error::new(Status::E_NAME, error.message))?;
        let runtime_dir = self.runtime_dir.as_deref().map(|dir| text::c_path("runtime directory", dir)).transpose()?;
        Ok(Place { name, runtime_dir, flags: if self.fences { vil_sys::VIL_WORLD_FENCES } else { 0 } })
    }
}

fn raw(contract: Option<&'static Contract>) -> *const vil_sys::vil_contract_t {
    contract.map_or(ptr::null(), Contract::as_raw)
}

fn attach(
    contract: Option<&'static Contract>,
    call: impl FnOnce(*mut *mut vil_sys::vil_world_t, *mut vil_sys::vil_error_t) -> vil_sys::vil_status_t,
) -> Result<World> {
    let mut world = ptr::null_mut();
    Error::guard(|error| call(&mut world, error))?;
    NonNull::new(world).map(|raw| World::new(raw, contract)).ok_or_else(|| Status::E_PANIC.into())
}
