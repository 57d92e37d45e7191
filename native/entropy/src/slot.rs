//! Probabilities that learn, and their mixture.

use crate::escape::BINS;
use crate::range::Bits;
use crate::tables::{SQUASH_MOST, squash, stretch};

/// Bits of a probability that learns.
const BITS: u32 = 22;

/// A slot is a probability above this many bits of its count.
const COUNT_BITS: u32 = 10;

/// Most bits that a slot can count.
pub(crate) const MOST: u32 = 255;

/// Bounds of the probability that the range coder gets without a mixture, in 1/2^16.
pub(crate) const LEAST: u32 = 32;

/// How far a slot that has seen n bits moves towards the next one, in 1/2^16: 1/(n + 1.6), at least 0.0046.
static RATE: [u16; MOST as usize + 1] = {
    let mut rate = [0; MOST as usize + 1];
    let mut n = 0;
    while n < rate.len() {
        let exact = 655_360 / (10 * n as u32 + 16);
        rate[n] = if exact < 300 { 300 } else { exact as u16 };
        n += 1;
    }
    rate
};

/// How far a slot that has seen n bits is trusted, in 1/2^8: n/(n + 1).
static TRUST: [u16; MOST as usize + 1] = {
    let mut trust = [0; MOST as usize + 1];
    let mut n = 0;
    while n < trust.len() {
        trust[n] = ((256 * n + n.div_ceil(2)) / (n + 1)) as u16;
        n += 1;
    }
    trust
};

/// The chance of a 1 and the number of bits seen, 0..=[`MOST`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot(u32);

impl Slot {
    /// `one` in 1/2^16, with the weight of `count` bits.
    pub(crate) const fn new(one: u16, count: u32) -> Self {
        Self((one as u32) << (BITS - 16 + COUNT_BITS) | count)
    }

    /// Bits seen; the mask lets the compiler see that the tables are large enough.
    #[inline(always)]
    fn count(self) -> usize {
        (self.0 & MOST) as usize
    }

    /// The chance of a 1, in 1/2^22.
    #[inline(always)]
    fn one(self) -> u32 {
        self.0 >> COUNT_BITS
    }

    /// The chance of a 1, in 1/2^16: 0..2^16.
    #[inline(always)]
    pub(crate) fn for_coder(self) -> u32 {
        self.one() >> (BITS - 16)
    }

    /// How far it is trusted, in 1/2^8.
    #[inline(always)]
    pub(crate) fn trust(self) -> u32 {
        TRUST[self.count()].into()
    }

    /// The logarithm of the odds in 1/256, smaller the fewer bits were seen.
    #[inline(always)]
    pub(crate) fn evidence(self) -> i16 {
        ((stretch(self.one()) * i32::from(TRUST[self.count()])) >> 8) as i16
    }

    /// Learns a bit; `most` is how many bits it remembers.
    #[inline(always)]
    pub(crate) fn learn(&mut self, bit: bool, most: u32) {
        let n = self.count();
        let rate = u64::from(RATE[n]);
        let one = self.one();
        // Towards 0 in both directions, so that neither end is reached.
        let one = if bit {
            one + ((u64::from((1 << BITS) - one) * rate) >> 16) as u32
        } else {
            one - ((u64::from(one) * rate) >> 16) as u32
        };
        self.0 = one << COUNT_BITS | (n as u32 + 1).min(most);
    }

    /// Codes a bit with this probability alone.
    pub(crate) fn code(&mut self, bits: &mut impl Bits, truth: bool) -> bool {
        let bit = bits.bit(self.for_coder().clamp(LEAST, (1 << 16) - LEAST), truth);
        self.learn(bit, MOST);
        bit
    }
}

/// New slots for the bins of a magnitude.
pub(crate) fn first_bins() -> [Slot; BINS + 1] {
    let mut slots = [Slot::new(26214, 0); BINS + 1];
    slots[0] = Slot::new(6554, 0);
    slots
}

/// Bits behind the point of a weight.
const WEIGHT_BITS: u32 = 16;

/// Bound of a weight: ±4. It keeps sums of products within 32 bits.
const WEIGHT_MOST: i32 = (1 << (WEIGHT_BITS + 2)) - 1;

/// A weight from 1/100.
pub(crate) const fn weight(hundredths: i32) -> i32 {
    (hundredths << WEIGHT_BITS) / 100
}

/// The sum of evidence by weights, in 1/256, within the bounds of [`squash`]. At most 12 terms of ±2047.
#[inline(always)]
fn weigh<const N: usize>(weights: &[i32; N], evidence: &[i16; N]) -> i32 {
    let sum: i32 = weights.iter().zip(evidence).map(|(w, e)| (w >> 2) * i32::from(*e)).sum();
    (sum >> (WEIGHT_BITS - 2)).clamp(-SQUASH_MOST - 1, SQUASH_MOST)
}

/// Moves weights against the error of their sum; `error` in 1/2^16, `rate` in 1/2^16, below 2^11.
#[inline(always)]
fn correct<const N: usize>(weights: &mut [i32; N], evidence: &[i16; N], error: i32, rate: i32) {
    // Factors of 16 bits: that is what processors multiply fastest.
    let error = ((error * rate + (1 << 11)) >> 12) as i16;
    for (w, e) in weights.iter_mut().zip(evidence) {
        let step = (i32::from(error) * i32::from(*e) + (1 << 11)) >> 12;
        *w = (*w + step).clamp(-WEIGHT_MOST, WEIGHT_MOST);
    }
}

/// The bit's distance from its expectation, in 1/2^16.
#[inline(always)]
pub(crate) fn error(bit: bool, one: u32) -> i32 {
    (i32::from(bit) << 16) - one as i32
}

/// Bits that have one rate.
const PER_RATE: u32 = 16;

/// How far weights move that have seen n·16 bits, in 1/2^16.
pub(crate) type Rates = [i32; 256];

/// 0.01 at any time.
pub(crate) static STEADY: Rates = [655; 256];

/// 0.02/(1 + 0.032·n), at least 0.0027.
pub(crate) static FALLING: Rates = {
    let mut rates = [0; 256];
    let mut n = 0;
    while n < rates.len() {
        let exact = 1_311_000 / (1000 + 32 * n as i32);
        rates[n] = if exact < 180 { 180 } else { exact };
        n += 1;
    }
    rates
};

/// A set of weights and the bits that it has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<const N: usize> {
    weights: [i32; N],
    seen: u32,
}

impl<const N: usize> Weights<N> {
    pub(crate) const fn new(weights: [i32; N]) -> Self {
        Self { weights, seen: 0 }
    }

    /// The sum of evidence, see [`weigh`].
    #[inline(always)]
    pub(crate) fn weigh(&self, evidence: &[i16; N]) -> i32 {
        weigh(&self.weights, evidence)
    }

    /// Learns from the error of its sum.
    #[inline(always)]
    pub(crate) fn learn(&mut self, evidence: &[i16; N], error: i32, rates: &Rates) {
        correct(&mut self.weights, evidence, error, rates[(self.seen / PER_RATE) as usize & (rates.len() - 1)]);
        self.seen = (self.seen + 1).min(PER_RATE * rates.len() as u32 - 1);
    }
}

/// Bits of one kind, each expected by `N` slots: one of every table, mixed by one set of weights.
#[derive(Debug)]
pub(crate) struct Mixed<const N: usize> {
    tables: [Vec<Slot>; N],
    sets: Vec<Weights<N>>,
    /// What they are at first.
    first: Slot,
    first_weights: Weights<N>,
    rates: &'static Rates,
    most: u32,
}

impl<const N: usize> Mixed<N> {
    /// `sizes` of the tables, `first` what their slots are, `sets` of weights that begin as `weight` and move at `rates`;
    /// slots remember `most` bits.
    pub(crate) fn new(
        sizes: [usize; N],
        first: Slot,
        sets: usize,
        weight: i32,
        rates: &'static Rates,
        most: u32,
    ) -> Self {
        let first_weights = Weights::new([weight; N]);
        let (tables, sets) = (sizes.map(|n| vec![first; n]), vec![first_weights; sets]);
        Self { tables, sets, first, first_weights, rates, most }
    }

    /// Forgets all.
    pub(crate) fn reset(&mut self) {
        self.tables.iter_mut().for_each(|table| table.fill(self.first));
        self.sets.fill(self.first_weights);
    }

    /// Codes a bit; `at` are places in the tables.
    pub(crate) fn code<B: Bits>(&mut self, bits: &mut B, at: [usize; N], set: usize, truth: bool) -> bool {
        let mut evidence = [0; N];
        for ((evidence, table), &at) in evidence.iter_mut().zip(&self.tables).zip(&at) {
            *evidence = table[at].evidence();
        }
        let weights = &mut self.sets[set];
        let one = squash(weights.weigh(&evidence));
        let bit = bits.bit(one, truth);
        weights.learn(&evidence, error(bit, one), self.rates);
        for (table, &at) in self.tables.iter_mut().zip(&at) {
            table[at].learn(bit, self.most);
        }
        bit
    }
}
