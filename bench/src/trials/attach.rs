//! How long it takes until a first message is possible, through the crate `vil`: for a process that is there, for one that is
//! started, and for the one that makes the world.
//!
//! The answerer has made the world and polls; for each sample it starts an asker anew, which opens the world and all its
//! routes, sends one message on each and ends. `--from open` counts from the asker's first call until its last message is
//! sent, `--from spawn` from its start until the last message is received. `--from create` counts what the first process
//! does alone: the program is loaded, the world made and all ends opened.

use std::process::{Command, Stdio};

use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;
use vil_bench::{Answer, clock};

use crate::exchange::{Payload, Side, Trial, create, open, remove, with_size, world_name};
use crate::hands::{Giver, take};

/// `vil-trial attach vil-rust`.
pub(crate) fn trial(arguments: &Arguments) -> Answer<()> {
    with_size(arguments, &Attach)
}

struct Attach;

impl Trial for Attach {
    fn run<T: Payload>(&self, arguments: &Arguments) -> Answer<()> {
        match arguments.role() {
            Some(_) => comes::<T>(arguments),
            None if arguments.text("from") == Some("create") => makes::<T>(arguments),
            None => waits::<T>(arguments),
        }
    }
}

fn repeats(arguments: &Arguments) -> Answer<usize> {
    Ok(arguments.number("repeats", 20)?.max(1))
}

/// The first process, again and again; the first time is not counted.
fn makes<T: Payload>(arguments: &Arguments) -> Answer<()> {
    pin(arguments.cores()?.a)?;
    let mut times = Vec::new();
    for repeat in 0..=repeats(arguments)? {
        let name = format!("{}-{repeat}", world_name());
        let begun = clock::now();
        let ends = create::<T>(arguments, &name, Side::Asker)?;
        if repeat > 0 {
            times.push(clock::now().wrapping_sub(begun) as f64 * clock::tick_ns());
        }
        drop(ends);
        remove(&name);
    }
    Line::times(&arguments.benchmark, &arguments.subject, times).say();
    Ok(())
}

/// The side that is there before.
fn waits<T: Payload>(arguments: &Arguments) -> Answer<()> {
    pin(arguments.cores()?.a)?;
    let name = world_name();
    let ends = create::<T>(arguments, &name, Side::Answerer)?;
    let (tick, relax) = (clock::tick_ns(), Relax::on(arguments.cores()?));
    let mut times = Vec::new();
    for repeat in 0..=repeats(arguments)? {
        let (started, asker) = start(arguments, &name, repeat)?;
        for receiver in &ends.receivers {
            take(receiver, repeat as u64, false, relax)?;
        }
        let received = clock::now();
        let output = asker.wait_with_output().map_err(|error| error.to_string())?;
        let opened = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>();
        let opened = opened.map_err(|_| "the asker ended before it had opened".to_owned())?;
        let spawned = received.wrapping_sub(started) as f64 * tick;
        if repeat > 0 {
            times.push(if arguments.text("from") == Some("spawn") { spawned } else { opened });
        }
    }
    remove(&name);
    Line::times(&arguments.benchmark, &arguments.subject, times).say();
    Ok(())
}

/// Starts it on its own processor: on the one where this side polls it would have to wait for its turn. It inherits where
/// this thread is bound to, so nothing has to run between fork and exec. Its time begins when all of that is prepared: what this
/// side reads, writes and moves for it is no part of it.
fn start(arguments: &Arguments, world: &str, repeat: usize) -> Answer<(u64, std::process::Child)> {
    let cores = arguments.cores()?;
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(itself);
    command.args(arguments.words()).args(["--role", "asker", "--world", world]);
    command.arg("--repeat").arg(repeat.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    pin(cores.b)?;
    let started = clock::now();
    let asker = command.spawn().map_err(|error| format!("the asker cannot be started: {error}"));
    pin(cores.a)?;
    Ok((started, asker?))
}

/// The process that attaches. Its time goes out when it has sent everything: finding out how long a tick is takes longer
/// than all of this.
fn comes<T: Payload>(arguments: &Arguments) -> Answer<()> {
    let begun = clock::now();
    Peer::is_one()?;
    pin(arguments.cores()?.b)?;
    let ends = open::<T>(arguments, arguments.wanted("world")?, Side::Asker)?;
    let (number, relax) = (arguments.number("repeat", 0)? as u64, Relax::on(arguments.cores()?));
    let mut giver = Giver::new(arguments);
    for sender in &ends.senders {
        giver.send(sender, number, false, relax)?;
    }
    let ticks = clock::now().wrapping_sub(begun);
    println!("{:.0}", ticks as f64 * clock::tick_ns());
    Ok(())
}
