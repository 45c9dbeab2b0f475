//! Typed zero-copy messages between processes: the safe Rust face of libvil.
//!
//! A [`World`] is the shared memory of one running program. A process attaches to it with its [`Contract`] and opens
//! its ports: a [`Sender`] for each out port, a [`Receiver`] for each in port, both typed by their [`Message`]. Types,
//! contract and a struct that opens all ports of a process are generated from the program by `vil gen --lang rust`.
//!
//! ```no_run
//! # fn send<T: vil::Message + Default>(sender: &vil::Sender<T>) -> vil::Result<()> {
//! let mut loan = sender.loan()?; // a slot of shared memory
//! *loan = T::default(); // written in place
//! loan.publish()?; // the receiver reads these very bytes
//! # Ok(())
//! # }
//! ```
//!
//! A [`Relative`] message holds texts and slices as long as they are. It is made by a [`Draft`] in a slot, through the generated
//! writer of its root, and read by a generated view; [`measure`] tells its size before.
//!
//! ```no_run
//! # fn send<T: vil::Relative>(sender: &vil::Sender<T>, fill: impl Fn(T::Writer<'_>)) -> vil::Result<()> {
//! let mut draft = sender.draft()?; // a slot again
//! fill(draft.root()); // such as scan.set_label("hall")
//! draft.finish()?.publish()?; // only what is finished can be published
//! # Ok(())
//! # }
//! ```
//!
//! An [`External`] message is bytes that this program only passes on: an [`Envelope`] of them, or through an [`Adapter`] any flat
//! or relative message, as JSON by the [`JsonAdapter`].
//!
//! A [`LoanBatch`] and an [`IncomingBatch`] do the same for several messages by one call, which costs less for each. Small
//! messages that may be copied go by [`Sender::send`] and [`Receiver::read`], several of them by [`Sender::send_batch`] and
//! [`Receiver::read_batch`].
//!
//! A process may hold several ends at once: a [`WaitSet`] waits for many of them, or lends an event loop its descriptor. A
//! [`Requester`] asks and a [`Responder`] answers over a pair of routes. A [`Heap`] needs no program: [`Block`]s of several
//! sizes, which [`Pusher`] and [`Popper`] pass through its queues. Who is attached, who died and what happened is told by a
//! [`Registry`] and its [`Trail`].
//!
//! Everything here goes through the C surface (`vil-sys`), so it means what `docs/c-conventions.md` says. Hot calls
//! (loan, publish, receive, release) inline into the C functions, allocate nothing, and answer a [`Status`]; cold ones
//! answer an [`Error`] with a sentence.
//!
//! Threads: an end of a port is bound to one thread in C. Here it is [`Send`] and not [`Sync`]: when another thread that
//! owns it by now uses it for the first time, the wrapper moves it over. Nothing is ever used by two threads at once.

mod adapter;
mod batch;
mod canceller;
mod carried;
mod contract;
mod descriptor;
mod diagnostics;
mod diff;
mod error;
mod external;
mod heap;
mod incoming;
mod kept;
mod loan;
mod message;
pub mod mode;
mod observe;
mod options;
mod owned;
mod program;
mod queue;
mod receiver;
mod registry;
mod relative;
mod request;
mod sender;
mod status;
mod text;
mod verify;
mod wait;
mod waitset;
mod world;

pub use adapter::{Adapter, JsonAdapter};
pub use batch::{IncomingBatch, LoanBatch};
pub use canceller::Canceller;
pub use carried::Carried;
pub use contract::{Contract, PortContract};
pub use descriptor::{Descriptor, Json, MessageFault};
pub use diagnostics::{Diagnostic, Severity};
pub use diff::{Diff, Finding, Level, Verdict};
pub use error::{Error, Result};
pub use external::{Envelope, External, Whole};
pub use heap::{Block, Heap, HeapClass, HeapInfo, HeapOptions, Memory};
pub use incoming::{Incoming, Unforwarded};
pub use kept::Kept;
pub use loan::{Loan, Unpublished};
pub use message::Message;
pub use observe::{Audit, Lane, Latency, ProcessInfo, RouteInfo};
pub use options::Options;
pub use program::Program;
pub use queue::{Popper, Pusher, QueueInfo, QueueKind, QueueShape, Unpushed, WhenFull};
pub use receiver::Receiver;
pub use registry::{Ends, Entry, Event, EventKind, Language, Registry, Trail};
pub use relative::{
    Draft, Finished, Lent, Plain, Relative, Slice, SliceWriter, Store, Str, StrWriters, Strs, Struct, Unfinished, View,
    Views, Writer, Writers, measure, view,
};
pub use request::{Requester, Responder};
pub use sender::{Sender, Unsent};
pub use status::Status;
pub use verify::Verify;
pub use wait::{AnyReceiver, wait_any};
pub use waitset::{SetCanceller, WaitSet, Woken};
pub use world::World;

use std::ffi::CStr;

/// The library's version, such as `0.1.0`.
pub fn version() -> &'static str {
    // SAFETY: libvil promises a static NUL-terminated string, never NULL.
    let version = unsafe { CStr::from_ptr(vil_sys::vil_version()) };
    version.to_str().unwrap_or("")
}
