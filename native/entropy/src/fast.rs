//! Magnitudes by two contexts: the logarithm of a weighted sum of neighbours, and the nearest neighbours as they are.

use crate::around::{Around, Known};
use crate::error::Damage;
use crate::escape::{BINS, Escape};
use crate::group::{Magnitudes, Place};
use crate::near::{EXACT, Near};
use crate::range::Bits;
use crate::slot::{LEAST, MOST, Slot, first_bins};
use crate::steps::Steps;
use crate::tables::level;

/// Weight of the nearest neighbours against that of the sum, once they are trusted, in 1/8.
const WEIGHT: u32 = 3;

/// What is known about magnitudes.
#[derive(Debug)]
pub(crate) struct Fast {
    steps: Steps,
    /// By the nearest neighbours and the level. Bins are padded to 16, a power of two.
    exact: Vec<[Slot; BINS + 1]>,
    escape: Escape,
}

impl Fast {
    pub(crate) fn new() -> Self {
        Self { steps: Steps::new(), exact: vec![first_bins(); EXACT * 3], escape: Escape::new() }
    }
}

impl Magnitudes for Fast {
    const DENSE: bool = false;
    const EARLIER: usize = 1;

    fn reset(&mut self) {
        self.steps.reset();
        self.exact.fill(first_bins());
        self.escape = Escape::new();
    }

    #[inline(always)]
    fn code<B: Bits>(
        &mut self,
        bits: &mut B,
        around: &Around<'_>,
        known: &Known,
        at: usize,
        place: &Place<'_>,
        truth: u32,
    ) -> Result<u32, Damage> {
        let near = Near::new(&known.magnitudes, at);
        let value = level(near.expected(around, place));
        let mut steps = self.steps.between(around.group(), value);
        let exact = &mut self.exact[near.exact(around) * 3 + around.level];
        for (bin, exact) in exact.iter_mut().take(BINS).enumerate() {
            let trust = WEIGHT * exact.trust();
            let one = (steps.one(bin) * (2048 - trust) + exact.for_coder() * trust) >> 11;
            let bit = bits.bit(one.clamp(LEAST, (1 << 16) - LEAST), truth > bin as u32);
            steps.learn(bin, bit);
            exact.learn(bit, MOST);
            if !bit {
                return Ok(bin as u32);
            }
        }
        self.escape.code(bits, truth)
    }
}
