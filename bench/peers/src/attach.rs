//! How long it takes iceoryx2 until a first message is possible: for a process that is there, and from its start on.
//!
//! Side A has made the services and polls; for each sample it starts a process anew, which opens them as publisher, sends one
//! message on each and ends.

use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

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
    let routes = arguments.number("routes", 1)?;
    let node = iceoryx::node(arguments)?;
    let open = |route| Route::<WORDS>::open(&node, &name(route), arguments.capacity()?, 1);
    let routes: Vec<_> = (0..routes).map(open).collect::<Answer<_>>()?;
    let subscribers: Vec<_> = routes.iter().map(Route::subscriber).collect::<Answer<_>>()?;
    let mut times = Vec::new();
    for repeat in 1..=arguments.number("repeats", 20)? {
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
    Ok(iceoryx::about(Line::times(arguments, times), arguments, iceoryx::VERSION).number("routes", routes.len() as f64))
}

fn start(arguments: &Arguments) -> Answer<std::process::Child> {
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself);
    command.args(arguments.clone().with("side", "b").words()).stdin(Stdio::null()).stdout(Stdio::null());
    crate::conductor::dies_with_parent(&mut command);
    command.spawn().map_err(|error| format!("a process cannot be started: {error}"))
}

/// The process that attaches.
pub(crate) fn comes(arguments: &Arguments, link: &Link) -> Answer<()> {
    pin(arguments.cores()?.b)?;
    let begun = now();
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
