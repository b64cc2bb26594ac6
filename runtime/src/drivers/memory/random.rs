//! Repeatable random numbers for faults: the same seed gives the same run.

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        match end {
            0 => 0,
            _ => (self.number() % end as u64) as usize,
        }
    }

    /// Between 0 and 1.
    pub(super) fn fraction(&mut self) -> f64 {
        // The 53 bits that an f64 holds exactly.
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }
}
