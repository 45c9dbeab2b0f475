//! How long it takes iceoryx2 until a first message is possible: for a process that is there, and from its start on.
//!
//! Side A has made the services and polls; for each sample it starts a process anew, on the other processor, which opens them
//! as publisher, sends one message on each and ends. `--from open` counts from its first call until its last message is sent,
//! `--from spawn` from its start until the last message is received, `--from create` what the first process does alone: node,
//! services and ports. The first time is not counted.

use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use iceoryx2::node::Node;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::service::ipc;

use crate::Answer;
use crate::arguments::Arguments;
use crate::iceoryx::{self, Route};
use crate::line::Line;
use crate::link::Link;
use crate::machine::{now, pin, tick_ns};
use crate::message::Touch;

/// Words of 64 bytes, as in libvil's benchmark.
const WORDS: usize = 8;

/// Words of the link: when opening began, and when the first message was sent.
const BEGUN: usize = 1;
const SENT: usize = 2;

/// Word of the link: how many processes may go.
const DONE: usize = 3;

fn touch() -> Touch {
    Touch::new(WORDS * 8, false)
}

fn name(route: usize) -> String {
    format!("route {route}")
}

/// The side that is there before.
pub(crate) fn waits(arguments: &Arguments, link: &Link) -> Answer<Line> {
    let cores = arguments.cores()?;
    pin(cores.a)?;
    let repeats = arguments.number("repeats", 20)?.max(1);
    if arguments.text("from") == Some("create") {
        return makes(arguments, repeats);
    }
    let (_node, subscribers) = receiving(arguments)?;
    let mut times = Vec::new();
    for repeat in 1..=repeats + 1 {
        let started = now();
        let mut child = start(&arguments.clone().with("repeat", repeat))?;
        let mut received = 0;
        for subscriber in &subscribers {
            while iceoryx::take(subscriber, touch()).is_none() {
                if child.try_wait().map_err(|error| error.to_string())?.is_some_and(|status| !status.success()) {
                    return Err("the process that attaches ended".into());
                }
                std::hint::spin_loop();
            }
            received = now();
        }
        // ORDER: Acquire and Release, each side sees what the other did before.
        while link.word(SENT).load(Ordering::Acquire) < started {
            std::hint::spin_loop();
        }
        link.word(DONE).store(repeat as u64, Ordering::Release);
        let moment = |word| link.word(word).load(Ordering::Acquire);
        let ticks = match arguments.text("from") {
            Some("spawn") => received.wrapping_sub(started),
            _ => moment(SENT).wrapping_sub(moment(BEGUN)),
        };
        times.push(ticks as f64 * tick_ns());
        child.wait().map_err(|error| error.to_string())?;
    }
    Ok(said(arguments, &times))
}

fn said(arguments: &Arguments, times: &[f64]) -> Line {
    let line = Line::times(arguments, times[1..].to_vec());
    iceoryx::about(line, arguments, iceoryx::VERSION).text("shape", "two processes, one opens what the other has made")
}

/// The first process, again and again.
fn makes(arguments: &Arguments, repeats: usize) -> Answer<Line> {
    let once = |_| {
        let begun = now();
        let open = receiving(arguments)?;
        let ticks = now().wrapping_sub(begun);
        drop(open);
        Ok(ticks as f64 * tick_ns())
    };
    let times: Vec<f64> = (0..=repeats).map(once).collect::<Answer<_>>()?;
    Ok(said(arguments, &times))
}

type Receiving = (Node<ipc::Service>, Vec<Subscriber<ipc::Service, [u64; WORDS], ()>>);

/// A node, all services and a subscriber of each.
fn receiving(arguments: &Arguments) -> Answer<Receiving> {
    let node = iceoryx::node(arguments)?;
    let open = |route| Route::<WORDS>::open(&node, &name(route), arguments.capacity()?, 1)?.subscriber();
    let subscribers = (0..arguments.number("routes", 1)?).map(open).collect::<Answer<_>>()?;
    Ok((node, subscribers))
}

fn start(arguments: &Arguments) -> Answer<std::process::Child> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself);
    command.args(arguments.clone().with("side", "b").words()).stdin(Stdio::null()).stdout(Stdio::null());
    // It inherits where this thread is bound to. On the processor where this side polls it would have to wait for its turn.
    let cores = arguments.cores()?;
    pin(cores.b)?;
    let child = command.spawn().map_err(|error| format!("a process cannot be started: {error}"));
    pin(cores.a)?;
    child
}

/// The process that attaches.
pub(crate) fn comes(arguments: &Arguments, link: &Link) -> Answer<()> {
    let begun = now();
    pin(arguments.cores()?.b)?;
    let node = iceoryx::node(arguments)?;
    let open = |route| {
        let route = Route::<WORDS>::open(&node, &name(route), arguments.capacity()?, 1)?;
        Ok((route.publisher()?, route))
    };
    let routes: Vec<_> = (0..arguments.number("routes", 1)?).map(open).collect::<Answer<_>>()?;
    for (publisher, _) in &routes {
        iceoryx::publish(publisher, touch(), 1);
    }
    let sent = now();
    // ORDER: Release and Acquire, pair with those of whoever waits.
    link.word(BEGUN).store(begun, Ordering::Release);
    link.word(SENT).store(sent, Ordering::Release);
    while link.word(DONE).load(Ordering::Acquire) < arguments.number("repeat", 0)? as u64 {
        std::thread::yield_now();
    }
    Ok(())
}
