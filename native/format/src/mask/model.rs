//! What a context-coded mask expects of its next bit (SPEC section 9): probabilities that learn, and their contexts.

use super::range::Coder;

/// Bits of a probability that learns.
const BITS: u32 = 22;
/// What nothing is known about: one half.
const HALF: i64 = 1 << (BITS - 1);
/// A slot is a probability above this many bits of its count; 0 is a slot that was never used.
const COUNT_BITS: u32 = 10;
/// Bounds of the probability that the range coder gets, in 1/2^16.
const LEAST: i64 = 8;
const MOST: i64 = (1 << 16) - LEAST;
/// How many bits a slot of a voxel remembers.
const VOXEL_COUNT: usize = 127;
/// How many bits a slot of a flag remembers: there are few of them, and they change their mind sooner.
const FLAG_COUNT: usize = 30;

/// How far a slot that has seen n bits moves towards the next one, in 1/2^16.
const RATE: [i64; VOXEL_COUNT + 1] = {
    let mut rate = [0; VOXEL_COUNT + 1];
    let mut n = 0;
    while n <= VOXEL_COUNT {
        rate[n] = 655_360 / (10 * n as i64 + 16);
        n += 1;
    }
    rate
};

/// How far a slot that has seen n bits is believed against the slots of the smaller contexts, in 1/2^16.
const BELIEF: [i64; VOXEL_COUNT + 1] = {
    let mut belief = [0; VOXEL_COUNT + 1];
    let mut n = 0;
    while n <= VOXEL_COUNT {
        belief[n] = 65_536 * n as i64 / (n as i64 + 4);
        n += 1;
    }
    belief
};

/// The chance of a 1 and the number of bits seen, 0..=127.
#[derive(Debug, Clone, Copy, Default)]
struct Slot(u32);

impl Slot {
    /// Bits seen; the mask lets the compiler see that the tables are large enough.
    #[inline(always)]
    fn count(self) -> usize {
        self.0 as usize & VOXEL_COUNT
    }

    #[inline(always)]
    fn one(self) -> i64 {
        i64::from(self.0 >> COUNT_BITS)
    }

    /// Learns a bit; `one` is what the slot believed, which a new slot takes from the smaller contexts.
    #[inline(always)]
    fn learn(&mut self, one: i64, bit: bool, most: usize) {
        let n = self.count();
        let away = if bit { (1 << BITS) - one } else { -one };
        // Towards 0 in both directions, so that neither end is reached.
        let step = (away.abs() * RATE[n]) >> 16;
        let one = if bit { one + step } else { one - step };
        self.0 = (one as u32) << COUNT_BITS | (n + 1).min(most) as u32;
    }
}

#[inline(always)]
fn for_coder(one: i64) -> u32 {
    (one >> (BITS - 16)).clamp(LEAST, MOST) as u32
}

/// A flag with a probability of its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flag(Slot);

impl Flag {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, truth: impl FnOnce(&[u64]) -> bool) -> bool {
        let one = if self.0.count() == 0 { HALF } else { self.0.one() };
        let bit = coder.code(for_coder(one), truth);
        self.0.learn(one, bit, FLAG_COUNT);
        bit
    }
}

/// Slots of nested contexts: the `WIDTHS[k]` lowest bits of a context word name a slot of order k.
#[derive(Debug)]
pub(super) struct Orders<const K: usize> {
    slots: Vec<Slot>,
    /// Where the slots of each order begin, and the mask of its bits.
    places: [(u32, u32); K],
}

impl<const K: usize> Orders<K> {
    pub(super) fn new(widths: [u32; K]) -> Self {
        let mut len = 0;
        let places = widths.map(|width| {
            let start = len;
            len += 1 << width;
            (start, (1 << width) - 1)
        });
        Self { slots: vec![Slot::default(); len as usize], places }
    }

    #[inline(always)]
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, context: u32, truth: impl FnOnce(&[u64]) -> bool) -> bool {
        let mut one = HALF;
        let mut seen = [(0, 0); K];
        for (seen, &(start, mask)) in seen.iter_mut().zip(&self.places) {
            let at = (start + (context & mask)) as usize;
            let slot = self.slots[at];
            let own = if slot.count() == 0 { one } else { slot.one() };
            one += ((own - one) * BELIEF[slot.count()]) >> 16;
            *seen = (at, own);
        }
        let bit = coder.code(for_coder(one), truth);
        for (at, own) in seen {
            self.slots[at].learn(own, bit, VOXEL_COUNT);
        }
        bit
    }
}
