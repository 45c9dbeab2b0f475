//! What the kernel itself offers: a pipe, a Unix socket of packets, and an eventfd.
//!
//! In `wake` a side sleeps in its call until it has something. In `round-trip` and `stream` nobody sleeps: the calls return at
//! once and are repeated, which is several times as fast and the shape in which libvil is measured there.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{End, Side};
use crate::machine::failure;
use crate::message::Buffer;

/// Bytes that a pipe or socket buffers at least, where the machine allows it.
const BUFFER: usize = 1 << 20;

/// What side A and side B inherit, in turn: reading and writing wires of each.
pub(crate) fn wires(subject: &str, is_polled: bool) -> Answer<Vec<[OwnedFd; 2]>> {
    let wires = match subject {
        "pipe" => {
            let ([read_a, write_b], [read_b, write_a]) = (pipe()?, pipe()?);
            vec![[read_a, write_a], [read_b, write_b]]
        }
        "seqpacket" => {
            let [a, b] = sockets()?;
            vec![[a.try_clone().map_err(sentence)?, a], [b.try_clone().map_err(sentence)?, b]]
        }
        "eventfd" => {
            let (to_a, to_b) = (event()?, event()?);
            let again = |file: &OwnedFd| file.try_clone().map_err(sentence);
            vec![[again(&to_a)?, again(&to_b)?], [to_b, to_a]]
        }
        _ => Vec::new(),
    };
    for wire in wires.iter().flatten() {
        set(wire, is_polled)?;
    }
    Ok(wires)
}

/// Why packets of this size cannot be sent on this machine.
pub(crate) fn not_here(size: usize) -> Option<String> {
    let [socket, _] = sockets().ok()?;
    let (mut room, mut length): (libc::c_int, _) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: the option is an int, and there is room for one.
    unsafe {
        let room = (&raw mut room).cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, room, &mut length)
    };
    // A packet has to fit with its head, which the kernel takes from the same room.
    let is_enough = usize::try_from(room).is_ok_and(|room| size + 4096 <= room);
    (!is_enough)
        .then(|| format!("sockets take {room} bytes at once here, not {size}; net.core.wmem_max allows no more"))
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn sentence(error: std::io::Error) -> String {
    error.to_string()
}

fn pipe() -> Answer<[OwnedFd; 2]> {
    let mut both = [0; 2];
    // SAFETY: there is room for two.
    if unsafe { libc::pipe(both.as_mut_ptr()) } != 0 {
        return Err(failure("a pipe cannot be had"));
    }
    // SAFETY: it is open. Less than is wished for is no fault.
    unsafe { libc::fcntl(both[1], libc::F_SETPIPE_SZ, BUFFER) };
    // SAFETY: both are open and nobody else's.
    Ok(both.map(|file| unsafe { OwnedFd::from_raw_fd(file) }))
}

fn sockets() -> Answer<[OwnedFd; 2]> {
    let mut both = [0; 2];
    // SAFETY: there is room for two.
    if unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, both.as_mut_ptr()) } != 0 {
        return Err(failure("sockets cannot be had"));
    }
    for file in both {
        for option in [libc::SO_SNDBUF, libc::SO_RCVBUF, libc::SO_SNDBUFFORCE, libc::SO_RCVBUFFORCE] {
            let size = 2 * BUFFER as libc::c_int;
            let (size, length) = ((&raw const size).cast(), size_of::<libc::c_int>() as libc::socklen_t);
            // SAFETY: the option is an int. Less than is wished for is no fault here.
            unsafe { libc::setsockopt(file, libc::SOL_SOCKET, option, size, length) };
        }
    }
    // SAFETY: both are open and nobody else's.
    Ok(both.map(|file| unsafe { OwnedFd::from_raw_fd(file) }))
}

fn event() -> Answer<OwnedFd> {
    // SAFETY: nothing is handed over.
    let file = unsafe { libc::eventfd(0, 0) };
    if file < 0 {
        return Err(failure("an eventfd cannot be had"));
    }
    // SAFETY: it is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

/// Sides inherit it, and calls on it return at once if they are to be repeated.
fn set(file: &OwnedFd, is_polled: bool) -> Answer<()> {
    let file = file.as_raw_fd();
    // SAFETY: the file is open.
    let failed = unsafe {
        libc::fcntl(file, libc::F_SETFD, 0) < 0
            || (is_polled && libc::fcntl(file, libc::F_SETFL, libc::fcntl(file, libc::F_GETFL) | libc::O_NONBLOCK) < 0)
    };
    if failed { Err(failure("a file cannot be set up")) } else { Ok(()) }
}

/// Reads and writes of one side.
#[derive(Debug)]
pub(crate) struct Wire {
    read: RawFd,
    write: RawFd,
    buffer: Buffer,
}

impl Wire {
    /// That of a side, from what it inherited. Packets are at most as large as sockets take at once.
    pub(crate) fn inherited(arguments: &Arguments, side: Side) -> Answer<Wire> {
        let text = arguments.text("wires").unwrap_or_default();
        let all: Vec<RawFd> = text.split(',').filter_map(|number| number.parse().ok()).collect();
        let [read_a, write_a, read_b, write_b] = all[..] else { return Err("the wires are missing".into()) };
        let (read, write, foreign) = match side {
            Side::A => (read_a, write_a, [read_b, write_b]),
            Side::B => (read_b, write_b, [read_a, write_a]),
        };
        for file in foreign {
            // SAFETY: it was inherited, and nobody in this process uses it.
            unsafe { libc::close(file) };
        }
        Ok(Wire { read, write, buffer: Buffer::new(arguments.size()?, arguments.is_filled()) })
    }
}

impl End for Wire {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        let bytes = self.buffer.write(number);
        let mut done = 0;
        while done < bytes.len() {
            // SAFETY: the bytes are there.
            let count = unsafe { libc::write(self.write, bytes[done..].as_ptr().cast(), bytes.len() - done) };
            match moved(count) {
                Some(count) => done += count,
                None if done == 0 => return false,
                None => std::hint::spin_loop(),
            }
        }
        true
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        let bytes = self.buffer.bytes();
        let mut done = 0;
        while done < bytes.len() {
            // SAFETY: there is room for so many.
            let count = unsafe { libc::read(self.read, bytes[done..].as_mut_ptr().cast(), bytes.len() - done) };
            match moved(count) {
                Some(0) => panic!("the other side is gone"),
                Some(count) => done += count,
                None if done == 0 => return None,
                None => std::hint::spin_loop(),
            }
        }
        Some(self.buffer.read())
    }
}

/// Bytes that a call moved; none when it is to be repeated.
#[inline(always)]
fn moved(count: isize) -> Option<usize> {
    usize::try_from(count).map_or_else(
        |_| {
            let error = std::io::Error::last_os_error();
            let is_for_now = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
            assert!(is_for_now, "a message cannot be moved: {error}");
            None
        },
        Some,
    )
}

/// Two counters of the kernel's.
#[derive(Debug)]
pub(crate) struct Event {
    wire: Wire,
    seen: u64,
}

impl Event {
    /// One side of it.
    pub(crate) fn inherited(arguments: &Arguments, side: Side) -> Answer<Event> {
        let mut wire = Wire::inherited(arguments, side)?;
        wire.buffer = Buffer::new(8, false);
        Ok(Event { wire, seen: 0 })
    }
}

impl End for Event {
    fn send(&mut self, _: u64) -> bool {
        self.wire.send(1)
    }

    fn receive(&mut self) -> Option<u64> {
        self.seen += self.wire.receive()?;
        Some(self.seen)
    }
}
