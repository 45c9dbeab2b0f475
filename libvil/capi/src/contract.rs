//! What a binary was generated from: static data of generated code.

use std::ffi::c_char;

use vil_core::world::{Contract, Facing, PortContract};

use crate::error::Failure;
use crate::guard::text;
use crate::options::sized;

/// One port of a generated binary.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_port_contract_t {
    /// The port's name in its process.
    pub port: *const c_char,
    /// The message it carries.
    pub message: *const c_char,
    /// The message's layout id.
    pub layout_id: u64,
    /// The message's layout text, read only to explain a mismatch.
    pub layout_text: *const c_char,
    /// Bytes per message.
    pub size: u32,
    /// Alignment of the message in bytes, for people.
    pub align: u32,
    /// 0 in, 1 out.
    pub direction: u32,
    /// 0.
    pub reserved: u32,
}

/// What a binary was generated from. Static data; libvil keeps no pointer to it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vil_contract_t {
    /// sizeof(vil_contract_t).
    pub struct_size: u32,
    /// The generator's level: 1.
    pub generator_level: u32,
    /// Name of the program, for people.
    pub program: *const c_char,
    /// The binary's process in the program; NULL: no role, and no ports.
    pub process: *const c_char,
    /// Its ports.
    pub ports: *const vil_port_contract_t,
    /// How many.
    pub port_count: u32,
    /// 0.
    pub reserved: u32,
}

/// Levels of generated code that this libvil accepts.
const LEVELS: std::ops::RangeInclusive<u32> = 1..=1;

/// Ports of one process; more is a struct that was not filled in.
const MAX_PORTS: u32 = 65_536;

/// Borrows a contract as the runtime's.
///
/// # Safety
/// `contract` is NULL or points to a struct of its `struct_size` whose texts are NULL or NUL-terminated and whose
/// `ports` has `port_count` entries.
pub(crate) unsafe fn with_contract<R>(
    contract: *const vil_contract_t,
    call: impl FnOnce(&Contract<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    // SAFETY: as promised by the caller.
    let Some(contract) = (unsafe { sized(contract) })? else { return call(&Contract { process: None, ports: &[] }) };
    if !LEVELS.contains(&contract.generator_level) {
        return Err(Failure::Argument(
            "generator_level is of a newer libvil; use the libvil that this code was generated for",
        ));
    }
    if contract.reserved != 0 {
        return Err(Failure::Argument("reserved members of vil_contract_t are 0"));
    }
    if contract.port_count > MAX_PORTS || (contract.ports.is_null() && contract.port_count > 0) {
        return Err(Failure::Argument("ports and port_count of the contract disagree"));
    }
    let ports = match contract.port_count {
        0 => &[],
        // SAFETY: as promised by the caller.
        count => unsafe { std::slice::from_raw_parts(contract.ports, count as usize) },
    };
    // SAFETY: as promised by the caller.
    let ports = ports.iter().map(|port| unsafe { borrow(port) }).collect::<Result<Vec<_>, _>>()?;
    let process = match contract.process.is_null() {
        true => None,
        // SAFETY: as promised by the caller.
        false => Some(unsafe { text(contract.process, "process of the contract is not UTF-8") }?),
    };
    call(&Contract { process, ports: &ports })
}

/// # Safety
/// The port's texts are NULL or NUL-terminated.
unsafe fn borrow(port: &vil_port_contract_t) -> Result<PortContract<'_>, Failure> {
    let what = "a port of the contract has no name, message or layout text";
    if port.reserved != 0 {
        return Err(Failure::Argument("reserved members of vil_port_contract_t are 0"));
    }
    // SAFETY: as promised by the caller.
    let [name, message, layout_text] =
        [port.port, port.message, port.layout_text].map(|place| unsafe { text(place, what) });
    let facing = match port.direction {
        0 => Facing::In,
        1 => Facing::Out,
        _ => return Err(Failure::Argument("direction of a port is 0 (in) or 1 (out)")),
    };
    let (layout_id, size) = (port.layout_id, port.size);
    Ok(PortContract { port: name?, message: message?, layout_id, layout_text: layout_text?, size, facing })
}
