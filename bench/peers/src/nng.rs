//! nng: a pair of pair sockets over ipc, where libnng 1 is on the machine.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{End, Side};
use crate::library::Found;
use crate::message::Buffer;
use crate::scratch;

/// The library's name.
const NAME: &str = "libnng.so.1";

// Numbers of nng.h.
const NONBLOCK: c_int = 2;

/// Passed by value, as nng.h has it.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct Socket {
    id: u32,
}

type Join = unsafe extern "C" fn(Socket, *const c_char, *mut u32, c_int) -> c_int;
type Send = unsafe extern "C" fn(Socket, *mut c_void, usize, c_int) -> c_int;
type Receive = unsafe extern "C" fn(Socket, *mut c_void, *mut usize, c_int) -> c_int;
type Number = unsafe extern "C" fn(Socket, *const c_char, c_int) -> c_int;
type Limit = unsafe extern "C" fn(Socket, *const c_char, usize) -> c_int;

/// Why it cannot run here.
pub(crate) fn not_here() -> Option<String> {
    Found::named(NAME).err()
}

/// One side of it.
#[derive(Debug)]
pub(crate) struct Pair {
    send: Send,
    receive: Receive,
    socket: Socket,
    flags: c_int,
    buffer: Buffer,
    version: String,
}

impl Pair {
    /// Side A listens, side B dials until A does.
    pub(crate) fn open(arguments: &Arguments, side: Side, is_polled: bool) -> Answer<Pair> {
        let library = Found::named(NAME)?;
        let address = CString::new(format!("ipc://{}/nng", scratch::directory(arguments.owner()?).display()));
        let address = address.map_err(|error| error.to_string())?;
        let mut socket = Socket::default();
        // SAFETY: the types are those of nng.h, version 1.
        unsafe {
            well(library.function::<unsafe extern "C" fn(*mut Socket) -> c_int>("nng_pair0_open")?(&mut socket))?;
            let set = library.function::<Number>("nng_socket_set_int")?;
            // 8192 is the most that it takes.
            let cells = c_int::try_from(arguments.capacity()?.min(8192)).unwrap_or(8192);
            for option in [c"send-buffer", c"recv-buffer"] {
                well(set(socket, option.as_ptr(), cells))?;
            }
            let limit = library.function::<Limit>("nng_socket_set_size")?;
            well(limit(socket, c"recv-size-max".as_ptr(), 0))?;
            let join = library.function::<Join>(if side == Side::A { "nng_listen" } else { "nng_dial" })?;
            let flags = if side == Side::A { 0 } else { NONBLOCK };
            well(join(socket, address.as_ptr(), std::ptr::null_mut(), flags))?;
            let version = library.function::<unsafe extern "C" fn() -> *const c_char>("nng_version")?();
            Ok(Pair {
                send: library.function("nng_send")?,
                receive: library.function("nng_recv")?,
                socket,
                flags: if is_polled { NONBLOCK } else { 0 },
                buffer: Buffer::new(arguments.size()?, arguments.is_filled()),
                version: CStr::from_ptr(version).to_string_lossy().into_owned(),
            })
        }
    }

    /// Of the library.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

fn well(code: c_int) -> Answer<()> {
    if code == 0 { Ok(()) } else { Err(format!("nng says {code}")) }
}

impl End for Pair {
    fn send(&mut self, number: u64) -> bool {
        let bytes = self.buffer.write(number);
        // SAFETY: the bytes are there; the library copies them and only reads.
        unsafe { (self.send)(self.socket, bytes.as_ptr().cast_mut().cast(), bytes.len(), self.flags) == 0 }
    }

    fn receive(&mut self) -> Option<u64> {
        let bytes = self.buffer.bytes();
        let mut size = bytes.len();
        // SAFETY: there is room for so many.
        let code = unsafe { (self.receive)(self.socket, bytes.as_mut_ptr().cast(), &mut size, self.flags) };
        (code == 0).then(|| self.buffer.read())
    }
}
