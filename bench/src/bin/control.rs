//! Latency of the control lane with the data lane full and its consumer stalled, against that with the data lane empty: at
//! most 1.5 times as long is promised. One run, alternating blocks of round trips between two processes, medians.

use std::process::ExitCode;
use std::time::Instant;

use vil_bench::{Answer, NOBODY, Place, median, plan, say_ready, sentence};
use vil_core::world::{Contract, Receiver, Sender, Stop, World};

/// Pairs of blocks, and round trips in a block.
const PAIRS: usize = 41;
const TRIPS: usize = 400;
const PROMISE: f64 = 1.5;

/// An order that is answered, and one before whose answer the data lane is emptied.
const ECHO: u64 = 0;
const DRAIN: u64 = 1;

const PROGRAM: &str = "vil: 1\nprogram: office\nmessages:\n  Order: { kind: event, fields: [ { name: what, type: u64 } ] }\n\
\x20 Letter: { kind: event, fields: [ { name: text, type: \"[u8; 256]\" } ] }\n\
interfaces:\n  Desk:\n    ports:\n      orders: { direction: out, message: Order, lane: control, queue: { capacity: 64, backpressure: fail } }\n\
\x20     letters: { direction: out, message: Letter, lane: data, queue: { capacity: 256, backpressure: fail } }\n\
\x20     receipts: { direction: in, message: Order, lane: control }\n\
\x20 Post:\n    ports:\n      orders: { direction: in, message: Order, lane: control }\n\
\x20     letters: { direction: in, message: Letter, lane: data }\n\
\x20     receipts: { direction: out, message: Order, lane: control, queue: { capacity: 64, backpressure: fail } }\n\
processes:\n  desk: { interface: Desk }\n  post: { interface: Post }\n\
defaults: { routes: { transfer: loan_write, delivery: at_least_once } }\n\
routes:\n  - { from: desk.orders, to: post.orders }\n  - { from: desk.letters, to: post.letters }\n\
\x20 - { from: post.receipts, to: desk.receipts }\n";

fn send(sender: &mut Sender, what: u64) -> Result<(), Stop> {
    let loan = sender.loan()?;
    // SAFETY: the loan is ours until it is published, aligned to 8, and every message here has at least 8 bytes.
    unsafe { loan.data.cast::<u64>().write(what) };
    sender.publish(loan.ticket).inspect_err(|_| {
        // It is held, so this does not fail.
        let _ = sender.discard(loan.ticket);
    })
}

fn take(receiver: &mut Receiver, timeout_ns: u64) -> Result<u64, Stop> {
    let received = receiver.receive(timeout_ns)?;
    // SAFETY: the message is ours until it is released, aligned to 8, and has at least 8 bytes.
    let what = unsafe { received.message.data.cast::<u64>().read() };
    receiver.release(received.route, received.message.ticket).map(|()| what)
}

fn said(stop: Stop) -> String {
    format!("a call answers {stop:?}")
}

/// Answers orders, and leaves letters where they are until it is told.
fn post(place: &Place) -> Answer<()> {
    let world = place.attach(Some("post"))?;
    let mut orders = Receiver::open(&world, "orders").map_err(sentence)?;
    let mut letters = Receiver::open(&world, "letters").map_err(sentence)?;
    let mut receipts = Sender::open(&world, "receipts").map_err(sentence)?;
    say_ready()?;
    loop {
        match take(&mut orders, u64::MAX) {
            Ok(what) => {
                while what == DRAIN && take(&mut letters, 0).is_ok() {}
                send(&mut receipts, what).map_err(said)?;
            }
            Err(Stop::PeerGone) => return Ok(()),
            Err(stop) => return Err(said(stop)),
        }
    }
}

/// The ends of the process that measures.
struct Desk {
    orders: Sender,
    letters: Sender,
    receipts: Receiver,
}

impl Desk {
    fn open(place: &Place) -> Answer<Desk> {
        let contract = Contract { process: Some("desk"), ..NOBODY };
        let world = World::open(&place.dir()?, "bench", &contract).map_err(sentence)?;
        let sender = |port| Sender::open(&world, port).map_err(sentence);
        let receipts = Receiver::open(&world, "receipts").map_err(sentence)?;
        Ok(Desk { orders: sender("orders")?, letters: sender("letters")?, receipts })
    }

    fn trip(&mut self, what: u64) -> Answer<()> {
        send(&mut self.orders, what).map_err(said)?;
        take(&mut self.receipts, 10_000_000_000).map(drop).map_err(said)
    }

    /// The median round trip of a block in nanoseconds. With `is_full` the data lane is, and before each round trip one
    /// more letter is tried and refused.
    fn block(&mut self, is_full: bool) -> Answer<f64> {
        self.trip(DRAIN)?;
        while is_full && send(&mut self.letters, 0).is_ok() {}
        let mut times = Vec::with_capacity(TRIPS);
        for _ in 0..TRIPS {
            if is_full && send(&mut self.letters, 0) != Err(Stop::Full) {
                return Err("the data lane is not full".to_owned());
            }
            let start = Instant::now();
            self.trip(ECHO)?;
            times.push(start.elapsed().as_secs_f64() * 1e9);
        }
        Ok(median(&mut times))
    }
}

fn run(is_json: bool) -> Answer<ExitCode> {
    let place = Place::new();
    let _keeper = place.create(&plan(PROGRAM)?)?;
    let mut other = place.start("post")?;
    other.ready()?;
    let mut desk = Desk::open(&place)?;
    desk.block(true)?;
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        empty.push(desk.block(false)?);
        full.push(desk.block(true)?);
    }
    let mut ratios: Vec<f64> = full.iter().zip(&empty).map(|(full, empty)| full / empty).collect();
    let (empty, full, ratio) = (median(&mut empty), median(&mut full), median(&mut ratios));
    let is_kept = ratio <= PROMISE;
    if is_json {
        println!(
            "{{\"benchmark\":\"control\",\"subject\":\"vil-rust\",\"unit\":\"x\",\"value\":{ratio:.3},\
             \"pairs\":{PAIRS},\"trips\":{TRIPS},\"empty_ns\":{empty:.0},\"full_ns\":{full:.0},\
             \"ratio\":{ratio:.3},\"promise\":{PROMISE},\"kept\":{is_kept}}}"
        );
    } else {
        println!("control: round trips on the control lane, {PAIRS} pairs of blocks of {TRIPS}, medians");
        println!(
            "  data lane empty {empty:.0} ns, full and stalled {full:.0} ns, ratio {ratio:.2}; promised: {PROMISE}"
        );
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let answer = match &arguments[..] {
        [role, place] if role == "post" => post(&Place::of_another(place)).map(|()| ExitCode::SUCCESS),
        [json] if json == "--json" => run(true),
        // As a trial of the conductor, which holds the value against the promise itself.
        [benchmark, subject, ..] if benchmark == "control" && subject == "vil-rust" => {
            run(true).map(|_| ExitCode::SUCCESS)
        }
        [] => run(false),
        _ => Err("usage: control [--json]".to_owned()),
    };
    answer.unwrap_or_else(|sentence| {
        eprintln!("control: {sentence}");
        ExitCode::from(2)
    })
}
