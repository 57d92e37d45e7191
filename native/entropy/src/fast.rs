//! Magnitudes by one context: the logarithm of a weighted sum of neighbours, between two of whose steps the chance of a
//! bit is interpolated.

use crate::around::{Around, Known};
use crate::error::Damage;
use crate::escape::{BINS, ESCAPE, Escape};
use crate::group::{Magnitudes, Place};
use crate::range::Bits;
use crate::tables::{GUESS_FAST, level};

/// Steps of the context.
const STEPS: usize = GUESS_FAST.len();

/// Table sets: by level and number of high axes.
const GROUPS: usize = 9;

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
        let one = if bit {
            one + ((u64::from((1 << BITS) - one) * rate) >> 20) as u32
        } else {
            one - ((u64::from(one) * rate) >> 20) as u32
        };
        self.0 = one << COUNT_BITS | count;
    }
}

/// What is known about magnitudes.
#[derive(Debug)]
pub(crate) struct Fast {
    /// Bins padded to 16: a power of two.
    slots: Vec<[Slot; BINS + 1]>,
    escape: Escape,
}

impl Fast {
    pub(crate) fn new() -> Self {
        let slot = |step: usize| [Slot(u32::from(GUESS_FAST[step]) << (BITS - 16 + COUNT_BITS)); BINS + 1];
        Self { slots: (0..GROUPS * STEPS).map(|at| slot(at % STEPS)).collect(), escape: Escape::new() }
    }
}

/// Weights of the neighbours.
const WEIGHTS: [[u32; 14]; 7] = [
    [76, 23, 61, 15, 33, 0, 8, 43, 0, 6, 0, 10, 2 + PAR, 0 + SIB],
    [65, 17, 69, 5, 43, 3, 0, 27, 0, 14, 0, 10, 6 + PAR, 4 + SIB],
    [44, 13, 46, 6, 24, 2, 9, 25, 3, 14, 9, 15, 4 + PAR, 14 + SIB],
    [53, 3, 59, 19, 41, 3, 1, 16, 0, 3, 4, 23, 6 + PAR, 20 + SIB],
    [37, 8, 42, 13, 27, 3, 13, 20, 7, 12, 3, 17, 4 + PAR, 20 + SIB],
    [44, 9, 45, 7, 33, 3, 12, 24, 0, 8, 0, 8, 2 + PAR, 40],
    [33, 10, 37, 11, 20, 4, 13, 27, 10, 11, 9, 16, 2 + PAR, 22],
];
const PAR: u32 = 10;
const SIB: u32 = 6;

/// The context value, in 1/256 magnitudes.
#[inline(always)]
pub(crate) fn context(around: &Around<'_>, known: &Known, at: usize, place: &Place) -> u32 {
    let plane = &known.magnitudes;
    let (row, slice) = (plane.row, plane.slice);
    let before = |back: usize| u32::from(plane.cells[at - back]);
    let w = &WEIGHTS[(around.id as usize - 1) % 7];
    let near = [
        1, 2, row, 2 * row, slice, 2 * slice, row + 1, row - 1, slice + 1, slice - 1, slice + row, slice - row,
    ];
    let near: u32 = near.iter().zip(w).map(|(&back, w)| w * before(back)).sum();
    near + w[12] * u32::from(around.parent.magnitudes.cells[place.parent])
        + ((w[13] * u32::from(around.siblings.cells[at]) * [0, 420, 210, 140, 105, 84, 70][around.n_siblings]) / 420)
}

impl Magnitudes for Fast {
    const DENSE: bool = false;

    #[inline(always)]
    fn code<B: Bits>(
        &mut self,
        bits: &mut B,
        around: &Around<'_>,
        known: &Known,
        at: usize,
        place: &Place,
        truth: u32,
    ) -> Result<u32, Damage> {
        let value = level(context(around, known, at, place));
        let (mut step, mut high) = ((value >> 4) as usize, value & 15);
        if step > STEPS - 2 {
            (step, high) = (STEPS - 2, SHARES);
        }
        let low = SHARES - high;
        let first = around.group() * STEPS + step;
        let [below, above] = &mut self.slots[first..first + 2] else { unreachable!("two slots") };
        for bin in 0..BINS {
            let one = (low * below[bin].one() + high * above[bin].one()) >> (4 + BITS - 16);
            let bit = bits.bit(one.clamp(32, 65536 - 32), truth > bin as u32);
            below[bin].learn(bit, low);
            above[bin].learn(bit, high);
            if !bit {
                return Ok(bin as u32);
            }
        }
        debug_assert!(B::DECODES || truth >= ESCAPE);
        self.escape.code(bits, truth)
    }
}
