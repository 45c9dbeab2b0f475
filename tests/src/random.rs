//! Random numbers of one test: different in every run, and the same again when `VIL_SEED` says which. The seed is printed.

/// A generator.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Seeded by `VIL_SEED`, else by the clock; says so under the test's name.
    pub fn new(test: &str) -> Random {
        let given = std::env::var("VIL_SEED").ok().and_then(|seed| seed.parse().ok());
        let clock =
            || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_nanos());
        let seed = given.unwrap_or_else(|| clock() as u64);
        println!("{test}: VIL_SEED={seed}");
        Random::of(seed)
    }

    /// Of a known seed.
    pub fn of(seed: u64) -> Random {
        // The generator never leaves zero, and neighbouring seeds must not begin alike.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.bits() >> 16) % end
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}
