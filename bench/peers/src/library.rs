//! A shared library that may or may not be on this machine. Nothing here needs it to build.

use std::ffi::{OsStr, c_void};
use std::mem::ManuallyDrop;

use libloading::os::unix::{Library, Symbol};

use crate::Answer;

/// One that was found. It stays loaded, because threads of its own run in it until the process ends.
#[derive(Debug)]
pub(crate) struct Found {
    library: ManuallyDrop<Library>,
    name: &'static str,
}

impl Found {
    /// By the name under which the loader knows it.
    pub(crate) fn named(name: &'static str) -> Answer<Found> {
        // SAFETY: what it runs when it is loaded is what it runs in every program that uses it.
        let library = unsafe { Library::new(OsStr::new(name)) };
        library
            .map(|library| Found { library: ManuallyDrop::new(library), name })
            .map_err(|_| format!("{name} is not on this machine"))
    }

    /// A function of it.
    ///
    /// # Safety
    /// It has the type `F`, a function pointer.
    pub(crate) unsafe fn function<F: Copy>(&self, function: &'static str) -> Answer<F> {
        assert_eq!(size_of::<F>(), size_of::<*mut c_void>(), "a function is called by its address");
        // SAFETY: the caller's promise.
        let symbol: Result<Symbol<F>, _> = unsafe { self.library.get(function) };
        symbol.map(|symbol| *symbol).map_err(|_| format!("{} has no {function}", self.name))
    }
}
