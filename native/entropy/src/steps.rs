//! The chance of a bit by the logarithm of an expected magnitude: slots at steps of the logarithm, between two of which it
//! is interpolated.

use crate::escape::BINS;
use crate::tables::GUESS;

/// Steps of the logarithm.
pub(crate) const STEPS: usize = GUESS.len();

/// Table sets: by level and number of high axes.
pub(crate) const GROUPS: usize = 9;

/// Bits of a probability.
const BITS: u32 = 21;

/// A slot is a probability above this many bits of its count.
const COUNT_BITS: u32 = 11;

/// Parts of a bit that a slot learns.
const SHARES: u32 = 16;

/// Where counting ends, in 1/16 bits.
const COUNT_MOST: u32 = 124 * SHARES;

/// Parts of 1/16 bits that have one rate.
const PER_RATE: u32 = 4;

/// How far a slot that has seen n/4 bits moves towards the next one, in 1/2^16: 1/(n/4 + 1.6).
static RATE: [u16; (COUNT_MOST / PER_RATE) as usize + 1] = {
    let mut rate = [0; (COUNT_MOST / PER_RATE) as usize + 1];
    let mut n = 0;
    while n < rate.len() {
        rate[n] = (6_553_600 / (25 * n as u32 + 160)) as u16;
        n += 1;
    }
    rate
};

/// The chance of a 1 and how many 1/16 bits were seen, 0..=[`COUNT_MOST`].
#[derive(Debug, Clone, Copy)]
struct Slot(u32);

impl Slot {
    #[inline(always)]
    fn one(self) -> u32 {
        self.0 >> COUNT_BITS
    }

    /// Learns `share` sixteenths of a bit.
    #[inline(always)]
    fn learn(&mut self, bit: bool, share: u32) {
        let count = ((self.0 & ((1 << COUNT_BITS) - 1)) + share).min(COUNT_MOST);
        let rate = u64::from(RATE[(count / PER_RATE) as usize]) * u64::from(share);
        let one = self.one();
        // Towards 0 in both directions, so that neither end is reached.
        let one = if bit {
            one + ((u64::from((1 << BITS) - one) * rate) >> 20) as u32
        } else {
            one - ((u64::from(one) * rate) >> 20) as u32
        };
        self.0 = one << COUNT_BITS | count;
    }
}

/// Chances by the logarithm of the expected magnitude. Bins are padded to 16, a power of two.
#[derive(Debug)]
pub(crate) struct Steps(Vec<[Slot; BINS + 1]>);

/// The two slots next to a logarithm, for every bin.
pub(crate) struct Between<'a> {
    slots: &'a mut [[Slot; BINS + 1]; 2],
    /// Share of the upper one.
    high: u32,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self((0..GROUPS * STEPS).map(|at| Self::first(at % STEPS)).collect())
    }

    fn first(step: usize) -> [Slot; BINS + 1] {
        [Slot(u32::from(GUESS[step]) << (BITS - 16 + COUNT_BITS)); BINS + 1]
    }

    /// Forgets all.
    pub(crate) fn reset(&mut self) {
        for (at, slots) in self.0.iter_mut().enumerate() {
            *slots = Self::first(at % STEPS);
        }
    }

    /// The slots of a logarithm as [`level`](crate::tables::level) gives it.
    #[inline(always)]
    pub(crate) fn between(&mut self, group: usize, value: u32) -> Between<'_> {
        let (mut step, mut high) = ((value / SHARES) as usize, value % SHARES);
        if step > STEPS - 2 {
            (step, high) = (STEPS - 2, SHARES);
        }
        let slots = self.0[group * STEPS + step..].first_chunk_mut().expect("the last step but one, or before");
        Between { slots, high }
    }
}

impl Between<'_> {
    /// The chance that the magnitude is above the bin, in 1/2^16.
    #[inline(always)]
    pub(crate) fn one(&self, bin: usize) -> u32 {
        let [below, above] = &*self.slots;
        ((SHARES - self.high) * below[bin].one() + self.high * above[bin].one()) >> (4 + BITS - 16)
    }

    #[inline(always)]
    pub(crate) fn learn(&mut self, bin: usize, bit: bool) {
        let [below, above] = &mut *self.slots;
        below[bin].learn(bit, SHARES - self.high);
        above[bin].learn(bit, self.high);
    }
}
