//! The crash points: where the harness looks in before a shared access. In a normal build there is nothing here.
//!
//! Under `cfg(crash_points)` every access of `base::atomic` first calls a hook of the calling thread with the kind of
//! access and the name of its site, and a seeded mistake can be switched on by name.

/// What is about to happen to a shared word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Load,
    /// It is written, by a plain store.
    Store,
    /// It is read and written in one step.
    Update,
}

#[cfg(crash_points)]
mod hooked {
    use super::Access;
    use std::cell::{Cell, RefCell};

    type Hook = Box<dyn FnMut(Access, &'static str)>;

    thread_local! {
        /// Is a hook in its place? Asked at each access, so it is asked apart.
        static ARMED: Cell<bool> = const { Cell::new(false) };
        static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
        static MUTANT: Cell<&'static str> = const { Cell::new("") };
    }

    /// Calls the thread's hook. The hook is out of its place while it runs, so accesses made inside it are not hooked
    /// unless it sets a hook of its own.
    #[inline]
    pub fn point(access: Access, site: &'static str) {
        if ARMED.with(Cell::get) {
            call(access, site);
        }
    }

    fn call(access: Access, site: &'static str) {
        let taken = HOOK.with(|hook| hook.borrow_mut().take());
        ARMED.with(|armed| armed.set(false));
        if let Some(mut taken_hook) = taken {
            taken_hook(access, site);
            ARMED.with(|armed| armed.set(true));
            HOOK.with(|hook| *hook.borrow_mut() = Some(taken_hook));
        }
    }

    /// Sets the thread's hook and answers the one before.
    pub fn set_hook(hook: Option<Hook>) -> Option<Hook> {
        ARMED.with(|armed| armed.set(hook.is_some()));
        HOOK.with(|place| std::mem::replace(&mut *place.borrow_mut(), hook))
    }

    /// Switches one seeded mistake on for this thread; the empty name switches all off.
    pub fn set_mutant(name: &'static str) {
        MUTANT.with(|mutant| mutant.set(name));
    }

    /// Is this seeded mistake on?
    pub fn mutant(name: &'static str) -> bool {
        MUTANT.with(Cell::get) == name
    }
}

#[cfg(loom)]
pub use crate::base::modelled::{mutant, point, set_mutant};

#[cfg(crash_points)]
pub use hooked::{mutant, point, set_hook, set_mutant};

/// Nothing, in a normal build.
#[cfg(not(any(crash_points, loom)))]
#[inline(always)]
pub(crate) fn point(_access: Access, _site: &'static str) {}

/// No seeded mistake is ever on in a normal build.
#[cfg(not(any(crash_points, loom)))]
#[inline(always)]
pub(crate) fn mutant(_name: &'static str) -> bool {
    false
}
