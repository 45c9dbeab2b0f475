//! An event loop in Rust: a task on tokio that awaits the set's descriptor and receives until nothing is left.

#[path = "../golden/pipeline/rust/demo_line.rs"]
mod demo_line;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use demo_line::{SINK_CONTRACT, Sink, program};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use vil::{Options, Status, WaitSet, Woken};
use vil_core::sys::clock::now_ns;

use crate::PATIENCE;

/// Longer than a slice of waiting lets a lost wake-up lie.
const LATE_NS: u64 = 2_000_000;

#[derive(Default)]
struct Seen {
    messages: u64,
    alarms: u64,
    wakes: u64,
    late: u64,
    gone: u64,
}

impl Seen {
    /// What the receivers have; each of them is asked until it has nothing. False when nothing else was left.
    fn serve(&mut self, sink: &Sink, set: &WaitSet<'_>) -> bool {
        let mut is_first = true;
        while let Ok(reading) = sink.readings.receive(Duration::ZERO) {
            assert_eq!(reading.value, self.messages as f64, "readings come in order");
            self.late += u64::from(is_first && now_ns() - reading.time > LATE_NS);
            self.messages += 1;
            is_first = false;
        }
        while let Ok(alarm) = sink.alarms.receive(Duration::ZERO) {
            let value = alarm.as_overheated().map(|arm| arm.value);
            assert_eq!(value, Some(self.alarms as f64), "alarms come in order");
            self.alarms += 1;
        }
        // Losses are told by the set alone, one at a time.
        match set.wait(Duration::ZERO) {
            Ok(Woken::PeerGone(_)) => self.gone += 1,
            Ok(Woken::Ready(_)) => {}
            Err(Status::EMPTY) => return false,
            Err(status) => panic!("{status}"),
        }
        true
    }
}

/// Receives until both producers are gone; what it saw.
pub(crate) fn run(worlds: &Path) -> BTreeMap<String, u64> {
    let world = Options::new().runtime_dir(worlds).open_or_create(
        "loops",
        &program().expect("it parses"),
        Some(&SINK_CONTRACT),
    );
    let sink = Sink::attach(world.unwrap_or_else(|error| panic!("{error}"))).unwrap_or_else(|error| panic!("{error}"));
    let set = WaitSet::new(&sink.world).expect("the world is open");
    set.add(&sink.readings, 1).expect("there is room");
    set.add(&sink.alarms, 2).expect("there is room");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let seen = runtime.block_on(async {
        let mut seen = Seen::default();
        let descriptor = set.descriptor().expect("a descriptor");
        // SAFETY: the set keeps the descriptor open and the same until it is dropped, and it outlives this task.
        let fd = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.expect("it polls");
        while seen.gone < 2 {
            let readable = tokio::time::timeout(PATIENCE, fd.readable()).await.expect("a wake-up comes");
            let mut ready = readable.expect("it polls");
            seen.wakes += 1;
            while seen.serve(&sink, &set) {}
            ready.clear_ready();
        }
        seen
    });
    let Seen { messages, alarms, wakes, late, .. } = seen;
    let figures = [("messages", messages), ("alarms", alarms), ("wakes", wakes), ("late", late)];
    figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
}
