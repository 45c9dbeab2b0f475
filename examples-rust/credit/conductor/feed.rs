//! Feeds one life of ingest through a pipe, in bounded memory, in a thread of its own: a made stream, a file, or a
//! stream that is counted while it passes.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use vil_examples::generate::Generator;
use vil_examples::recount::Recount;
use vil_examples::totals::Totals;

use crate::source::{PIECE, Source};

/// Bytes that the pipe may hold; the kernel may grant less.
const PIPE: usize = 1 << 20;

/// The thread that feeds one life of ingest.
#[derive(Debug)]
pub(crate) struct Feed {
    thread: JoinHandle<std::io::Result<Option<Totals>>>,
    gate: Option<Sender<()>>,
}

/// Where a feed waits.
pub(crate) enum Hold {
    /// Nowhere.
    No,
    /// Behind this many good records of a made stream.
    Records(u64),
    /// Behind this many bytes of a file.
    Bytes(u64),
}

impl Feed {
    /// Starts to feed; the other end of the pipe is for ingest.
    pub(crate) fn start(source: &Source, hold: Hold) -> std::io::Result<(Self, PipeReader)> {
        let (reader, writer) = std::io::pipe()?;
        // A refusal leaves the pipe as small as it was, which only costs switches.
        let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE);
        let (gate, passed) = channel();
        let thread = match source {
            Source::Made { records, seed } => {
                let generator = Generator::new(*records, *seed);
                spawn(move || made(generator, writer, &hold, &passed))?
            }
            Source::File { path, .. } => {
                let file = File::open(path)?;
                spawn(move || copied(file, writer, &hold, &passed).map(|()| None))?
            }
            Source::Stream(stream) => {
                let stream = stream.try_clone()?;
                spawn(move || passed_on(stream, writer).map(Some))?
            }
        };
        Ok((Self { thread, gate: Some(gate) }, reader))
    }

    /// Lets the feed go on from where it waits.
    pub(crate) fn open_gate(&mut self) {
        self.gate = None;
    }

    /// What has been fed, when all of it was and the feed counts: a file is counted beforehand.
    pub(crate) fn finish(mut self) -> std::io::Result<Option<Totals>> {
        self.open_gate();
        match self.thread.join() {
            Ok(fed) => fed,
            Err(_) => Err(std::io::Error::other("the thread that feeds ingest panicked")),
        }
    }
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name("feed".into()).spawn(work)
}

/// Waits until the gate is dropped; nothing is ever sent through it.
fn wait(passed: &Receiver<()>) {
    let _ = passed.recv();
}

/// A reader that is gone is no error: ingest was killed, and another feed begins anew.
fn unless_gone(written: std::io::Result<()>) -> std::io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

fn made(
    mut generator: Generator,
    mut pipe: PipeWriter,
    hold: &Hold,
    passed: &Receiver<()>,
) -> std::io::Result<Option<Totals>> {
    let mut text = Vec::with_capacity(2 * PIECE);
    let mut more = true;
    while more {
        more = generator.write_next(&mut text);
        let held = matches!(hold, Hold::Records(at) if more && generator.totals().records == *at);
        if text.len() >= PIECE / 4 || held || !more {
            if !unless_gone(pipe.write_all(&text))? {
                return Ok(None);
            }
            text.clear();
        }
        if held {
            wait(passed);
        }
    }
    Ok(Some(generator.totals().clone()))
}

/// The kernel moves the bytes where it can.
fn copied(file: File, mut pipe: PipeWriter, hold: &Hold, passed: &Receiver<()>) -> std::io::Result<()> {
    let mut rest = file;
    if let Hold::Bytes(at) = hold {
        if !unless_gone(std::io::copy(&mut (&rest).take(*at), &mut pipe).map(drop))? {
            return Ok(());
        }
        wait(passed);
    }
    unless_gone(std::io::copy(&mut rest, &mut pipe).map(drop)).map(drop)
}

fn passed_on(mut stream: File, mut pipe: PipeWriter) -> std::io::Result<Totals> {
    let mut recount = Recount::default();
    let mut piece = vec![0; PIECE];
    loop {
        let read = match stream.read(&mut piece) {
            Ok(0) => return Ok(recount.finish()),
            Ok(read) => &piece[..read],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        pipe.write_all(read)?;
        recount.feed(read, |_, _| {});
    }
}

/// What a made stream comes to, when no life of ingest read it to the end.
pub(crate) fn expected(records: u64, seed: u64) -> Totals {
    let mut generator = Generator::new(records, seed);
    let mut text = Vec::new();
    while generator.write_next(&mut text) {
        text.clear();
    }
    generator.totals().clone()
}

/// Where to hold a feed so that this many records are behind it; `bytes` says where that is in a file.
pub(crate) fn hold<E>(source: &Source, records: u64, bytes: impl FnOnce(&Path) -> Result<u64, E>) -> Result<Hold, E> {
    Ok(match source {
        Source::Made { .. } => Hold::Records(records),
        Source::File { path, .. } => Hold::Bytes(bytes(path)?),
        Source::Stream(_) => Hold::No,
    })
}
