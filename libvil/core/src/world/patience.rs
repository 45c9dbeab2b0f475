//! Whether a waiter polls before it sleeps, as far as one attachment can know. A guess: nothing but time depends on it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::sys::process::{processors, processors_online};

/// So many polls in vain in a row, and then polling is tried only now and then.
const VAIN: u32 = 4;
/// One wait of so many polls all the same: peers move.
const SELDOM: u32 = 16;

/// Whether to poll before a sleep: only while the peer may be running on another processor.
#[derive(Debug)]
pub(super) enum Patience {
    /// There is a processor for each process of the program.
    Polls,
    /// There are fewer processors than processes: whoever polls keeps its peers from running.
    Yields,
    /// We are bound to fewer processors than there are. Our peers may be bound to others or to ours, so it is tried.
    Learns {
        /// Polls in a row that found nothing.
        vain: AtomicU32,
    },
}

/// What a waiter does before it sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// It polls for a moment.
    Poll,
    /// It gives the processor to its peers.
    Yield,
    /// Nothing: who yields to strangers waits until they are done, and who sleeps is woken before that.
    Sleep,
}

impl Patience {
    /// Of a program of so many processes.
    pub(super) fn of(stages: usize) -> Patience {
        if stages <= processors() {
            Patience::Polls
        } else if stages <= processors_online() {
            Patience::Learns { vain: AtomicU32::new(0) }
        } else {
            Patience::Yields
        }
    }

    /// What is done now.
    pub(super) fn first(&self) -> First {
        match self {
            Patience::Polls => First::Poll,
            Patience::Yields => First::Yield,
            Patience::Learns { vain } => {
                // ORDER: Relaxed, a guess that any thread may spoil.
                let before = vain.load(Ordering::Relaxed);
                if before < VAIN || before.is_multiple_of(SELDOM) {
                    return First::Poll;
                }
                // ORDER: Relaxed, as above.
                vain.store(before.wrapping_add(1), Ordering::Relaxed);
                First::Sleep
            }
        }
    }

    /// Is polling worth it, as far as it was of late? Asked without a trace.
    pub(super) fn is_promising(&self) -> bool {
        match self {
            Patience::Polls => true,
            Patience::Yields => false,
            // ORDER: Relaxed, as in `first`.
            Patience::Learns { vain } => vain.load(Ordering::Relaxed) == 0,
        }
    }

    /// Whether polling found something.
    pub(super) fn learn(&self, was_worth_it: bool) {
        if let Patience::Learns { vain } = self {
            // ORDER: Relaxed, as in `first`.
            let next = if was_worth_it { 0 } else { vain.load(Ordering::Relaxed).wrapping_add(1) };
            // ORDER: Relaxed, as in `first`.
            vain.store(next, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of so many waits poll, when no poll finds anything.
    fn polled(patience: &Patience, waits: usize) -> Vec<usize> {
        let poll = |_: &usize| {
            let polls = patience.first() == First::Poll;
            if polls {
                patience.learn(false);
            }
            polls
        };
        (0..waits).filter(poll).collect()
    }

    #[test]
    fn who_is_bound_to_a_processor_polls_as_long_as_that_finds_something() {
        let patience = Patience::Learns { vain: AtomicU32::new(0) };
        for _ in 0..100 {
            assert_eq!(patience.first(), First::Poll);
            patience.learn(true);
        }
        assert_eq!(polled(&patience, 60), [0, 1, 2, 3, 16, 32, 48], "and then only now and then");
        while patience.first() != First::Poll {}
        patience.learn(true);
        assert_eq!(polled(&patience, 10), [0, 1, 2, 3], "until it finds something again");
    }

    #[test]
    fn others_do_always_or_never() {
        assert_eq!(polled(&Patience::Polls, 3), [0, 1, 2]);
        assert!(polled(&Patience::Yields, 100).is_empty());
        assert!(matches!(Patience::of(1), Patience::Polls), "one process has always a processor");
        assert!(matches!(Patience::of(100_000), Patience::Yields), "no machine has so many");
    }
}
