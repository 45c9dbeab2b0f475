//! What a binary was generated from: one entry for each port of its process. Constants of generated code.

use std::ffi::CStr;
use std::marker::PhantomData;

use crate::{Carried, Error, Result, Status};

/// Which way a port goes, as C counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Direction {
    In = 0,
    Out = 1,
}

/// One port of a process and the message that passes through it.
///
/// Made from a [`Carried`] type only, which is what lets a [`crate::Sender`] trust it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PortContract(vil_sys::vil_port_contract_t);

// SAFETY: it holds numbers and pointers to 'static strings, none of which ever changes.
unsafe impl Send for PortContract {}
// SAFETY: as above.
unsafe impl Sync for PortContract {}

impl PortContract {
    /// A port that receives `T`.
    pub const fn input<T: Carried>(port: &'static CStr) -> Self {
        Self::new::<T>(port, Direction::In)
    }

    /// A port that sends `T`.
    pub const fn output<T: Carried>(port: &'static CStr) -> Self {
        Self::new::<T>(port, Direction::Out)
    }

    const fn new<T: Carried>(port: &'static CStr, direction: Direction) -> Self {
        assert!(T::LAYOUT_ID != 0, "0 is no layout id");
        Self(vil_sys::vil_port_contract_t {
            port: port.as_ptr(),
            message: T::NAME.as_ptr(),
            layout_id: T::LAYOUT_ID,
            layout_text: T::LAYOUT_TEXT.as_ptr(),
            size: T::SIZE,
            align: T::ALIGN,
            direction: direction as u32,
            reserved: 0,
        })
    }

    fn port(&self) -> &'static CStr {
        // SAFETY: `new` took it from a 'static CStr.
        unsafe { CStr::from_ptr(self.0.port) }
    }

    fn message(&self) -> &'static CStr {
        // SAFETY: `new` took it from a 'static CStr.
        unsafe { CStr::from_ptr(self.0.message) }
    }

    fn carries<T: Carried>(&self) -> bool {
        let same_size = (self.0.size, self.0.align) == (T::SIZE, T::ALIGN);
        self.0.layout_id == T::LAYOUT_ID && same_size
    }
}

/// The contract of one process of a program. A world compares it with its own before anything is exchanged.
///
/// ```
/// # use vil::{Contract, Message, PortContract};
/// # #[derive(Clone, Copy)] #[repr(C)] struct Tick { time: u64 }
/// # // SAFETY: one integer.
/// # unsafe impl Message for Tick {
/// #     const NAME: &'static std::ffi::CStr = c"Tick";
/// #     const LAYOUT_ID: u64 = 1;
/// #     const LAYOUT_TEXT: &'static std::ffi::CStr = c"";
/// # }
/// static PORTS: [PortContract; 1] = [PortContract::output::<Tick>(c"ticks")];
/// static CONTRACT: Contract = Contract::new(c"market", c"feed", &PORTS);
/// ```
pub struct Contract {
    raw: vil_sys::vil_contract_t,
    ports: PhantomData<&'static [PortContract]>,
}

// SAFETY: it holds numbers and pointers to 'static data that never changes.
unsafe impl Send for Contract {}
// SAFETY: as above.
unsafe impl Sync for Contract {}

impl Contract {
    /// Level of the generator that this crate's types belong to.
    const GENERATOR_LEVEL: u32 = 1;

    /// The contract of `process` in `program`.
    pub const fn new(program: &'static CStr, process: &'static CStr, ports: &'static [PortContract]) -> Self {
        assert!(ports.len() <= 65_536, "a process has fewer ports");
        let raw = vil_sys::vil_contract_t {
            struct_size: std::mem::size_of::<vil_sys::vil_contract_t>() as u32,
            generator_level: Self::GENERATOR_LEVEL,
            program: program.as_ptr(),
            process: process.as_ptr(),
            ports: ports.as_ptr().cast(),
            port_count: ports.len() as u32,
            reserved: 0,
        };
        Self { raw, ports: PhantomData }
    }

    pub(crate) fn as_raw(&self) -> *const vil_sys::vil_contract_t {
        &self.raw
    }

    fn ports(&self) -> &'static [PortContract] {
        // SAFETY: `new` took pointer and count from one 'static slice, and PortContract is transparent over the C entry.
        unsafe { std::slice::from_raw_parts(self.raw.ports.cast(), self.raw.port_count as usize) }
    }

    /// Whether a `T` may pass through this port in this direction. libvil compares the contract with the world, this
    /// compares `T` with the contract, so that a `Sender<T>` never writes a `T` into another message's slot.
    pub(crate) fn agree<T: Carried>(&self, port: &CStr, direction: Direction) -> Result<()> {
        let name = port.to_string_lossy();
        // A request port has an entry for each direction.
        let of_name = || self.ports().iter().filter(|entry| entry.port() == port);
        let Some(entry) = of_name().find(|entry| entry.0.direction == direction as u32) else {
            if of_name().next().is_none() {
                return Err(Error::new(Status::E_NOT_FOUND, format!("the contract has no port `{name}`")));
            }
            return Err(Error::new(Status::E_ARGUMENT, format!("port `{name}` goes the other way")));
        };
        if !entry.carries::<T>() {
            let (theirs, ours) = (entry.message().to_string_lossy(), T::NAME.to_string_lossy());
            return Err(Error::new(Status::E_CONTRACT, format!("port `{name}` carries `{theirs}`, not `{ours}`")));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ports()).finish()
    }
}

impl std::fmt::Debug for PortContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.port().to_string_lossy(), self.message().to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    macro_rules! message {
        ($name:ident, $type:ty, $id:literal) => {
            #[derive(Clone, Copy)]
            #[repr(transparent)]
            struct $name($type);
            // SAFETY: one integer, whose every bit pattern is a value.
            unsafe impl Message for $name {
                const NAME: &'static CStr = c"Some";
                const LAYOUT_ID: u64 = $id;
                const LAYOUT_TEXT: &'static CStr = c"";
            }
        };
    }
    message!(Long, u64, 1);
    message!(OtherLong, u64, 2);
    message!(SameIdButShort, u32, 1);

    static PORTS: [PortContract; 4] = [
        PortContract::output::<Long>(c"out"),
        PortContract::input::<Long>(c"back"),
        PortContract::output::<Long>(c"ask"),
        PortContract::input::<OtherLong>(c"ask"),
    ];
    static CONTRACT: Contract = Contract::new(c"program", c"process", &PORTS);

    fn status<T: Carried>(port: &CStr, direction: Direction) -> Status {
        CONTRACT.agree::<T>(port, direction).map_or_else(|error| error.status, |()| Status::OK)
    }

    #[test]
    fn a_port_agrees_with_the_message_and_direction_it_was_declared_with() {
        assert_eq!(status::<Long>(c"out", Direction::Out), Status::OK);
        assert_eq!(status::<Long>(c"back", Direction::In), Status::OK);
        assert_eq!(status::<Long>(c"ask", Direction::Out), Status::OK);
        assert_eq!(status::<OtherLong>(c"ask", Direction::In), Status::OK);
    }

    #[test]
    fn a_port_refuses_another_message_another_direction_and_another_name() {
        assert_eq!(status::<OtherLong>(c"out", Direction::Out), Status::E_CONTRACT);
        assert_eq!(status::<SameIdButShort>(c"out", Direction::Out), Status::E_CONTRACT);
        assert_eq!(status::<Long>(c"out", Direction::In), Status::E_ARGUMENT);
        assert_eq!(status::<Long>(c"ou", Direction::Out), Status::E_NOT_FOUND);
        assert_eq!(status::<Long>(c"ask", Direction::In), Status::E_CONTRACT);
    }
}
