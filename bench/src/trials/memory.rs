//! Memory that stays with libvil: two processes and one route, after messages have flown around its slots twice.
//!
//! Counted is what the two processes have more than before they opened anything: private pages of both, and pages of shared
//! mappings once (Pss). Pages of the program itself count too where opening made them resident; its world's program and plan,
//! which lie beside it here and not in it, are read before.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use serde_json::json;
use vil_bench::Answer;
use vil_bench::arguments::Arguments;
use vil_bench::cores::pin;
use vil_bench::peer::Peer;
use vil_bench::probe::Relax;
use vil_bench::samples::Line;

use crate::exchange::messages::Bytes64;
use crate::exchange::{Side, create, open, read_program, remove, world_name};
use crate::hands::{Giver, take};

/// `vil-memory memory vil-rust`; what goes wrong is a sentence and exit code 2.
pub(crate) fn main() -> ExitCode {
    let done = Arguments::of_process().and_then(|arguments| trial(&arguments));
    done.map_or_else(
        |sentence| {
            eprintln!("{sentence}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}

/// The process that makes the world and is gone before anybody enters it, where a trial asks for one.
const MAKER: &str = "maker";

fn makes(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    create::<Bytes64>(arguments, arguments.wanted("world")?, Side::Answerer).map(drop)
}

fn trial(arguments: &Arguments) -> Answer<()> {
    if arguments.size()? != size_of::<Bytes64>() {
        return Err(format!("messages have {} B here", size_of::<Bytes64>()));
    }
    match arguments.role() {
        None => receives(arguments),
        Some(MAKER) => makes(arguments),
        Some(_) => sends(arguments),
    }
}

/// This process's share of resident memory in bytes.
fn resident() -> Answer<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("the kernel does not say Pss")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().map_err(|_| "Pss is no number".to_owned())?;
    Ok(kib * 1024)
}

fn messages(arguments: &Arguments) -> Answer<usize> {
    Ok(2 * arguments.number("cells", 1024)?)
}

/// Both sides go on in turns, by a line each: who shares a page with whom must not change between the two looks.
fn receives(arguments: &Arguments) -> Answer<()> {
    pin(arguments.cores()?.a)?;
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let name = world_name();
    let is_made_before = arguments.text("made") == Some("before");
    if is_made_before {
        Peer::start(arguments, MAKER, &[("world", name.clone())])?.end()?;
    }
    let mut command = Command::new(itself);
    command.args(arguments.words()).args(["--role", "sender", "--world", &name]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut other = command.spawn().map_err(|error| format!("the sender cannot be started: {error}"))?;
    let mut say = other.stdin.take().ok_or("it has no ears")?;
    let mut hear = BufReader::new(other.stdout.take().ok_or("it has no voice")?).lines();
    let mut heard = || -> Answer<u64> {
        let line = hear.next().ok_or("the sender ended")?.map_err(|error| error.to_string())?;
        line.parse().map_err(|_| format!("`{line}` is no number"))
    };
    let theirs_before = heard()?;
    read_program(arguments)?;
    let before = resident()?;
    let enter = if is_made_before { open::<Bytes64> } else { create::<Bytes64> };
    let ends = enter(arguments, &name, Side::Answerer)?;
    let relax = Relax::on(arguments.cores()?);
    let mut go = || writeln!(say, "go").map_err(|error| error.to_string());
    go()?;
    for number in 0..messages(arguments)? {
        take(&ends.receivers[0], number as u64, true, relax)?;
    }
    heard()?;
    let after = resident()?;
    go()?;
    let theirs_after = heard()?;
    go()?;
    other.wait().map_err(|error| error.to_string())?;
    remove(&name);
    let grown = (after + theirs_after).saturating_sub(before + theirs_before);
    Line::value(&arguments.benchmark, &arguments.subject, "bytes", grown as f64)
        .with("resident_before", json!(before + theirs_before))
        .with("resident_after", json!(after + theirs_after))
        .say();
    Ok(())
}

fn sends(arguments: &Arguments) -> Answer<()> {
    Peer::is_one()?;
    pin(arguments.cores()?.b)?;
    let mut lines = std::io::stdin().lines();
    let mut told = || lines.next().map(drop).ok_or_else(|| "nobody is there".to_owned());
    println!("{}", resident()?);
    told()?;
    let ends = open::<Bytes64>(arguments, arguments.wanted("world")?, Side::Asker)?;
    let (mut giver, relax) = (Giver::new(arguments), Relax::on(arguments.cores()?));
    for number in 0..messages(arguments)? {
        giver.send(&ends.senders[0], number as u64, true, relax)?;
    }
    println!("0");
    told()?;
    println!("{}", resident()?);
    told()
}
