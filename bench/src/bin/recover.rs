//! How long a survivor needs to take back what a killed process held: 30,000 slots in a heap of 65,536. The promise is
//! 1 ms, for the median of 31 deaths. The kernel's own work, from the kill to the release of the token, is not counted.

use std::process::ExitCode;
use std::time::Instant;

use vil_bench::{Answer, Place, median, plan, say_ready, wait_for_the_end};
use vil_core::base::words::{ProcState, ProcessId};
use vil_core::heap;
use vil_core::registry::{Liveness, Outcome, recover, state};
use vil_core::world::World;

const SLOTS: u32 = 65_536;
const HELD: u32 = 30_000;
const DEATHS: usize = 31;
const PROMISE_US: f64 = 1000.0;

/// One route whose cells and loans together are the heap.
const PROGRAM: &str = "vil: 1\nprogram: hoard\nmessages:\n  Gold: { kind: event, fields: [ { name: bytes, type: \"[u8; 64]\" } ] }\n\
interfaces:\n  Mine: { ports: { gold: { direction: out, message: Gold, loans: 32768, queue: { capacity: 32768, backpressure: fail } } } }\n\
\x20 Vault: { ports: { gold: { direction: in, message: Gold } } }\n\
processes:\n  mine: { interface: Mine }\n  vault: { interface: Vault }\n\
routes:\n  - { from: mine.gold, to: vault.gold, transfer: loan_write, delivery: at_least_once }\n";

/// Takes slots, and waits for its death.
fn hold(place: &Place) -> Answer<()> {
    let world = place.attach(None)?;
    let shared = world.shared();
    let class = shared.geometry.classes.first().ok_or("the heap has no class")?;
    let (mut held, mut hint) = (Vec::new(), 0);
    let count = heap::acquire(shared, world.me(), class, HELD, &mut hint, &mut held);
    if count != HELD {
        return Err(format!("{count} slots instead of {HELD}"));
    }
    say_ready()?;
    wait_for_the_end();
    Ok(())
}

/// Kills a holder and takes its slots back; microseconds of the latter.
fn one_death(place: &Place, world: &World) -> Answer<f64> {
    let mut holder = place.start("hold")?;
    holder.ready()?;
    let shared = world.shared();
    let living = |process: &ProcessId| *process != world.me() && state(shared, *process).state == ProcState::Alive;
    let entries = (0..shared.geometry.processes as u16).map(ProcessId);
    let victim = entries.clone().find(living).ok_or("nobody holds anything")?;
    holder.kill()?;
    while !world.is_free(victim) {
        std::hint::spin_loop();
    }
    let start = Instant::now();
    let outcome = recover(shared, world, victim);
    let time = start.elapsed();
    match outcome {
        Outcome::Recovered(true) => Ok(time.as_secs_f64() * 1e6),
        other => Err(format!("the holder was {other:?}")),
    }
}

fn run(is_json: bool) -> Answer<ExitCode> {
    let place = Place::new();
    let world = place.create(&plan(PROGRAM)?)?;
    let slots = world.shared().geometry.slots;
    if slots != SLOTS {
        return Err(format!("the heap has {slots} slots instead of {SLOTS}"));
    }
    let mut times = (0..DEATHS).map(|_| one_death(&place, &world)).collect::<Answer<Vec<f64>>>()?;
    let audit = world.audit();
    if (audit.free, audit.leaked) != (u64::from(SLOTS), 0) {
        return Err(format!("not every slot came back: {audit:?}"));
    }
    let middle = median(&mut times);
    let (least, most) = (times[0], times[times.len() - 1]);
    let is_kept = middle <= PROMISE_US;
    if is_json {
        println!(
            "{{\"benchmark\":\"recover\",\"subject\":\"vil-rust\",\"unit\":\"us\",\"value\":{middle:.1},\
             \"slots\":{SLOTS},\"held\":{HELD},\"deaths\":{DEATHS},\"median_us\":{middle:.1},\
             \"least_us\":{least:.1},\"most_us\":{most:.1},\"promise_us\":{PROMISE_US:.1},\"kept\":{is_kept}}}"
        );
    } else {
        println!("recover: {HELD} slots of a dead process in a heap of {SLOTS}, {DEATHS} deaths");
        println!("  median {middle:.0} us, least {least:.0} us, most {most:.0} us; promised: {PROMISE_US:.0} us");
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let answer = match &arguments[..] {
        [role, place] if role == "hold" => hold(&Place::of_another(place)).map(|()| ExitCode::SUCCESS),
        [json] if json == "--json" => run(true),
        // As a trial of the conductor, which holds the value against the promise itself.
        [benchmark, subject, ..] if benchmark == "recover" && subject == "vil-rust" => {
            run(true).map(|_| ExitCode::SUCCESS)
        }
        [] => run(false),
        _ => Err("usage: recover [--json]".to_owned()),
    };
    answer.unwrap_or_else(|sentence| {
        eprintln!("recover: {sentence}");
        ExitCode::from(2)
    })
}
