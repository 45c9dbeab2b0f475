//! Numbers that are different in every run and the same for the same seed. `VIL_SEED` sets it; whoever makes one says so.

/// A source of numbers; xorshift, which is more than good enough to choose what to break next.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

/// The seed of this run: `VIL_SEED`, else the clock.
///
/// # Panics
/// When the variable is set to something that is not a number.
pub fn seed() -> u64 {
    match std::env::var("VIL_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("VIL_SEED is `{text}`, not a number")),
        Err(_) => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |time| time.as_nanos() as u64)
        }
    }
}

impl Random {
    /// The source of a seed.
    pub fn new(seed: u64) -> Random {
        // Seeds that differ little must not give numbers that differ little.
        Random { state: (seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// The next number.
    pub fn next_word(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to `end`, which is above 0.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next_word() >> 16) % end
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these; there is at least one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}
