//! iceoryx2 through its C API, where this program was built beside an installed one (`build.rs`). Everything that is
//! measured there happens in `iceoryx_c.c`; from here it costs one call more a message.

use std::ffi::{CString, c_char, c_int};

use crate::Answer;
use crate::arguments::Arguments;
use crate::drive::{self, End, Side};
use crate::iceoryx;
use crate::library::Found;
use crate::line::Line;
use crate::link::Link;
use crate::machine::pin;
use crate::scratch;

/// The library that `build.rs` made.
const MADE: Option<&str> = option_env!("VIL_PEERS_ICEORYX2_C");

/// What it is, said beside its figures; its header does not tell.
const VERSION: &str = "as installed";

type Open = unsafe extern "C" fn(*const c_char, *const c_char, usize, c_int) -> c_int;
type Publishes = unsafe extern "C" fn(*const c_char, usize, usize) -> c_int;
type Subscribes = unsafe extern "C" fn(*const c_char, usize, usize, usize) -> c_int;
type Numbered = unsafe extern "C" fn(u64) -> c_int;
type Receive = unsafe extern "C" fn(usize, *mut u64) -> c_int;

/// Why it cannot run here.
pub(crate) fn not_here() -> Option<String> {
    match MADE {
        None => Some("no iceoryx2 C library was named by ICEORYX2_C_PREFIX when the peers were built".into()),
        Some(made) => Found::named(made).err(),
    }
}

/// What one process has open.
#[derive(Debug)]
struct Ports {
    library: Found,
    send: Numbered,
    discard: Numbered,
    receive: Receive,
    subscribers: usize,
}

impl Ports {
    fn new(arguments: &Arguments) -> Answer<Ports> {
        let library = Found::named(MADE.ok_or("it is not here")?)?;
        let owner = arguments.owner()?;
        let text = |text: String| CString::new(text).map_err(|error| error.to_string());
        let (root, prefix) = (text(scratch::directory(owner).display().to_string())?, text(scratch::prefix(owner))?);
        // SAFETY: the functions are those of iceoryx_c.c; the texts end and are only read.
        unsafe {
            let open = library.function::<Open>("vil_peers_open")?;
            well(open(root.as_ptr(), prefix.as_ptr(), arguments.size()?, c_int::from(arguments.is_filled())))?;
            Ok(Ports {
                send: library.function("vil_peers_send")?,
                discard: library.function("vil_peers_discard")?,
                receive: library.function("vil_peers_receive")?,
                subscribers: 0,
                library,
            })
        }
    }

    fn publishes(&self, arguments: &Arguments, name: &CString, consumers: usize) -> Answer<()> {
        // SAFETY: as in `new`.
        unsafe {
            let publishes = self.library.function::<Publishes>("vil_peers_publishes")?;
            well(publishes(name.as_ptr(), arguments.capacity()?, consumers))
        }
    }

    fn subscribes(&mut self, arguments: &Arguments, name: &CString, consumers: usize) -> Answer<()> {
        // SAFETY: as in `new`.
        unsafe {
            let subscribes = self.library.function::<Subscribes>("vil_peers_subscribes")?;
            well(subscribes(name.as_ptr(), arguments.capacity()?, consumers, consumers))?;
        }
        self.subscribers = consumers;
        Ok(())
    }

    /// As in `iceoryx.rs`.
    fn open(arguments: &Arguments, side: Side) -> Answer<Ports> {
        let mut ports = Ports::new(arguments)?;
        let consumers = arguments.consumers()?;
        let (to_a, to_b) = (c"c to a".to_owned(), c"c to b".to_owned());
        match side {
            Side::A => ports.subscribes(arguments, &to_a, consumers)?,
            Side::B => ports.publishes(arguments, &to_a, consumers)?,
        }
        if arguments.benchmark == "round-trip" {
            match side {
                Side::A => ports.publishes(arguments, &to_b, 1)?,
                Side::B => ports.subscribes(arguments, &to_b, 1)?,
            }
        }
        Ok(ports)
    }

    #[inline(always)]
    fn take(&self, subscriber: usize) -> Option<u64> {
        let mut number = 0;
        // SAFETY: as in `new`; there are so many subscribers.
        let status = unsafe { (self.receive)(subscriber, &mut number) };
        assert!(status >= 0, "receiving is possible: {status}");
        (status == 1).then_some(number)
    }
}

fn well(status: c_int) -> Answer<()> {
    if status == 0 { Ok(()) } else { Err(format!("iceoryx2's C API says {}", -status)) }
}

impl End for Ports {
    #[inline(always)]
    fn send(&mut self, number: u64) -> bool {
        // SAFETY: as in `new`; a publisher is open.
        let status = unsafe { (self.send)(number) };
        assert_eq!(status, 0, "a message can be sent");
        true
    }

    #[inline(always)]
    fn receive(&mut self) -> Option<u64> {
        let number = self.take(0)?;
        for subscriber in 1..self.subscribers {
            drive::check(drive::repeated(|| self.take(subscriber)), number);
        }
        Some(number)
    }
}

/// One side of `round-trip`, `stream` or `fan-out`.
pub(crate) fn exchange(arguments: &Arguments, link: &Link, side: Side) -> Answer<Option<Line>> {
    if side == Side::B {
        link.meet(1, 2);
    }
    let mut ports = Ports::open(arguments, side)?;
    if side == Side::A {
        link.meet(1, 2);
    }
    link.meet(2, 2);
    // They connect when they first ask.
    for subscriber in 0..ports.subscribers {
        assert!(ports.take(subscriber).is_none(), "nothing was sent yet");
    }
    link.meet(3, 2);
    let line = drive::run(arguments, side, &mut ports)?;
    link.meet(4, 2);
    let shape = "two processes, both poll";
    Ok(line.map(|line| iceoryx::about(line, arguments, VERSION).text("shape", shape)))
}

/// `one-thread` and `empty`.
pub(crate) fn alone(arguments: &Arguments) -> Answer<Line> {
    pin(arguments.cores()?.a)?;
    let mut ports = Ports::new(arguments)?;
    let name = c"c alone".to_owned();
    ports.subscribes(arguments, &name, 1)?;
    ports.publishes(arguments, &name, 1)?;
    let line = match (arguments.benchmark.as_str(), arguments.text("operation")) {
        ("empty", _) => drive::alone(arguments, |_| assert!(ports.take(0).is_none(), "there is no message")),
        (_, Some("loan")) => drive::alone(arguments, |number| {
            // SAFETY: as in `Ports::new`; a publisher is open.
            assert_eq!(unsafe { (ports.discard)(number) }, 0, "there is a sample");
        }),
        _ => drive::alone(arguments, |number| {
            assert!(ports.send(number), "it is sent");
            drive::check(ports.take(0).expect("it is there at once"), number);
        }),
    };
    line.map(|line| iceoryx::about(line, arguments, VERSION).text("shape", "one thread"))
}
