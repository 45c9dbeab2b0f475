//! ZeroMQ: a pair of PAIR sockets over ipc, where libzmq is on the machine.

use std::ffi::{CString, c_char, c_int, c_void};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{End, Side};
use crate::library::Found;
use crate::message::Buffer;
use crate::scratch;

/// The library's name.
const NAME: &str = "libzmq.so.5";

// Numbers of zmq.h, fixed since its version 4.
const PAIR: c_int = 0;
const SNDHWM: c_int = 23;
const RCVHWM: c_int = 24;
const LINGER: c_int = 17;
const DONTWAIT: c_int = 1;

type Socket = *mut c_void;
type Send = unsafe extern "C" fn(Socket, *const c_void, usize, c_int) -> c_int;
type Receive = unsafe extern "C" fn(Socket, *mut c_void, usize, c_int) -> c_int;
type Name = unsafe extern "C" fn(Socket, *const c_char) -> c_int;
type Option = unsafe extern "C" fn(Socket, c_int, *const c_void, usize) -> c_int;

/// Why it cannot run here.
pub(crate) fn not_here() -> std::option::Option<String> {
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
    /// Side A binds, side B connects; either may come first.
    pub(crate) fn open(arguments: &Arguments, side: Side, is_polled: bool) -> Answer<Pair> {
        let library = Found::named(NAME)?;
        let address = CString::new(format!("ipc://{}/zeromq", scratch::directory(arguments.owner()?).display()));
        let address = address.map_err(|error| error.to_string())?;
        // SAFETY: the types are those of zmq.h; sockets and contexts are used as it says.
        unsafe {
            let context = library.function::<unsafe extern "C" fn() -> *mut c_void>("zmq_ctx_new")?();
            let socket =
                library.function::<unsafe extern "C" fn(Socket, c_int) -> Socket>("zmq_socket")?(context, PAIR);
            if socket.is_null() {
                return Err("no socket can be had".into());
            }
            let set = library.function::<Option>("zmq_setsockopt")?;
            let cells = c_int::try_from(arguments.capacity()?).unwrap_or(c_int::MAX);
            for (option, value) in [(SNDHWM, cells), (RCVHWM, cells), (LINGER, 10_000)] {
                set(socket, option, (&raw const value).cast::<c_void>(), size_of::<c_int>());
            }
            let join = library.function::<Name>(if side == Side::A { "zmq_bind" } else { "zmq_connect" })?;
            if join(socket, address.as_ptr()) != 0 {
                return Err(crate::machine::failure("the address cannot be had"));
            }
            let mut version = [0; 3];
            let [major, minor, patch] = &mut version;
            library.function::<unsafe extern "C" fn(*mut c_int, *mut c_int, *mut c_int)>("zmq_version")?(
                major, minor, patch,
            );
            Ok(Pair {
                send: library.function("zmq_send")?,
                receive: library.function("zmq_recv")?,
                socket,
                flags: if is_polled { DONTWAIT } else { 0 },
                buffer: Buffer::new(arguments.size()?, arguments.is_filled()),
                version: version.map(|number| number.to_string()).join("."),
            })
        }
    }

    /// Of the library.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

impl End for Pair {
    fn send(&mut self, number: u64) -> bool {
        let bytes = self.buffer.write(number);
        // SAFETY: the bytes are there; the library copies them.
        unsafe { (self.send)(self.socket, bytes.as_ptr().cast(), bytes.len(), self.flags) >= 0 }
    }

    fn receive(&mut self) -> std::option::Option<u64> {
        let bytes = self.buffer.bytes();
        // SAFETY: there is room for so many.
        let count = unsafe { (self.receive)(self.socket, bytes.as_mut_ptr().cast(), bytes.len(), self.flags) };
        (count >= 0).then(|| self.buffer.read())
    }
}
