//! Magnitudes by nine contexts, mixed in the logistic domain by two sets of weights.

use crate::around::{Around, Known};
use crate::error::Damage;
use crate::escape::{BINS, Escape};
use crate::fast::context;
use crate::group::{Magnitudes, Place};
use crate::range::Bits;
use crate::slot::{MOST, Slot, correct, error, weigh, weight};
use crate::tables::{GUESS_DENSE, half_octaves, level, squash};

/// Contexts.
const CONTEXTS: usize = 11;

/// Evidence of a bit: one per context, a constant, and zeros up to a multiple of 4.
const EVIDENCE: usize = 12;

/// The constant.
const CONSTANT: i32 = 102;

/// Steps of the fast coder's context.
const STEPS: usize = GUESS_DENSE.len();

/// Slots of each context, times bins.
const SIZES: [usize; CONTEXTS] = [
    9 * STEPS,
    20 * 16 * 3,
    64 * 3,
    4 * 6 * 4 * 7,
    3 * 7 * 256,
    40 * 13,
    10 * 16 * 3,
    27 * 2 * 3 * 7,
    64 * 7,
    4 * 16 * 8 * 4,
    8 * 28 * 3,
];

/// Where the slots of each context begin.
const STARTS: [usize; CONTEXTS] = {
    let mut starts = [0; CONTEXTS];
    let mut k = 1;
    while k < CONTEXTS {
        starts[k] = starts[k - 1] + SIZES[k - 1];
        k += 1;
    }
    starts
};

const SLOTS: usize = STARTS[CONTEXTS - 1] + SIZES[CONTEXTS - 1];

/// How far weights that have seen n·16 bits move, in 1/2^16: from 0.02 down to 0.002.
static RATE: [i32; 64] = {
    let mut rate = [0; 64];
    let mut n = 0;
    while n < rate.len() {
        let exact = 1_311_000 / (1000 + 32 * n as i32);
        rate[n] = if exact < 131 { 131 } else { exact };
        n += 1;
    }
    rate
};

/// Weights of one kind of bits.
#[derive(Debug, Clone, Copy)]
struct Weights {
    weights: [i32; EVIDENCE],
    seen: u32,
}

impl Weights {
    const FIRST: Self = {
        let mut weights = [0; EVIDENCE];
        let mut k = 0;
        while k < CONTEXTS {
            weights[k] = weight(26);
            k += 1;
        }
        Self { weights, seen: 0 }
    };

    #[inline(always)]
    fn learn(&mut self, evidence: &[i32; EVIDENCE], error: i32) {
        correct(&mut self.weights, evidence, error, RATE[(self.seen / 16) as usize & 63]);
        self.seen = (self.seen + 1).min(1023);
    }
}

/// What is known about magnitudes.
#[derive(Debug)]
pub(crate) struct Dense {
    /// Bins padded to 16: the slots of a context are one cache line.
    slots: Vec<[Slot; BINS + 1]>,
    /// By table set and bin, by context value and bin.
    weights: [Vec<Weights>; 2],
    escape: Escape,
}

impl Dense {
    pub(crate) fn new() -> Self {
        let mut first = [Slot::new(26214, 0); BINS + 1];
        first[0] = Slot::new(6554, 0);
        let mut slots = vec![first; SLOTS];
        for (at, slots) in slots[..SIZES[0]].iter_mut().enumerate() {
            *slots = [Slot::new(GUESS_DENSE[at % STEPS], 0); BINS + 1];
        }
        Self { slots, weights: [vec![Weights::FIRST; 9 * 4], vec![Weights::FIRST; 28 * 4]], escape: Escape::new() }
    }
}

/// The slots of a coefficient, and the context value.
#[inline(always)]
fn places(around: &Around<'_>, known: &Known, at: usize, place: &Place) -> ([usize; CONTEXTS], usize) {
    let plane = &known.magnitudes;
    let (row, slice) = (plane.row, plane.slice);
    let before = |back: usize| u32::from(plane.cells[at - back]);
    let (w1, w2, n1, n2, u1, u2) =
        (before(1), before(2), before(row), before(2 * row), before(slice), before(2 * slice));
    let (nw, ne) = (before(row + 1), before(row - 1));
    let diagonals = before(slice + 1) + before(slice - 1) + before(slice + row) + before(slice - row);
    let near = half_octaves(2 * (w1 + n1 + u1) + w2 + n2 + u2 + nw + ne + diagonals + 2) as usize - 2;
    let near = near.min(12);

    let step = (level(context(around, known, at, place)) >> 2).min(STEPS as u32 - 1) as usize;
    let coarse = step >> 2;
    let parent = u32::from(around.parent.magnitudes.cells[place.parent]);
    let parent_sum = u32::from(around.parent_sums.cells[place.parent]);
    let level_sum = u32::from(around.level_sums.cells[place.parent_level]);
    let siblings = u32::from(around.siblings.cells[at]);
    let sibling_sum = u32::from(around.sibling_sums.cells[at]);
    let n_siblings = around.n_siblings.max(1) as u32;
    let (earlier, earlier_sum) = (u32::from(around.earlier.cells[at]), u32::from(around.earlier_sums.cells[at]));

    let far = 243 * parent + 13 * parent_sum + (13 * sibling_sum + 216 * siblings) / n_siblings + 4 * earlier_sum;
    let far = (half_octaves(far + 88) - 12).min(15) as usize;
    let bricks = if around.has_earlier {
        (earlier / 4).min(3) as usize * 10 + (half_octaves(earlier_sum + 16) - 8).min(9) as usize
    } else {
        let (counts, at) = (place.counts, place.count);
        let count = |at: usize| u32::from(counts.cells[at]);
        let sum = 2 * count(at) + count(at - 1) + count(at - counts.row) + count(at - counts.slice);
        half_octaves(sum + 2).min(13) as usize - 2
    };
    let band = usize::from(around.id) - 1;
    let most = |n: u32, most: u32| n.min(most) as usize;
    let contexts = [
        around.group() * STEPS + step,
        (coarse.min(19) * 16 + far) * 3 + around.level,
        ((most(w1, 3) * 4 + most(n1, 3)) * 4 + most(u1, 3)) * 3 + most(parent, 2),
        ((most(parent, 3) * 6 + (half_octaves(parent_sum + 7) - 5).min(5) as usize) * 4
            + most(siblings / n_siblings, 3))
            * 7
            + band,
        (around.level * 7 + band) * 256 + place.cell,
        bricks * 13 + near,
        ((half_octaves(level_sum + 7) - 5).min(9) as usize * 16 + far) * 3 + around.high,
        ((((most(w1, 2) * 3 + most(n1, 2)) * 3 + most(u1, 2)) * 2 + most(ne, 1)) * 3 + most(diagonals, 2)) * 7 + band,
        ((most(w1 + w2, 3) * 4 + most(n1 + n2, 3)) * 4 + most(u1 + u2, 3)) * 7 + band,
    ];
    let (counts, at) = (place.counts, place.count);
    let own = [0, 1, 2, 2, 3][usize::from(counts.cells[at]).min(4)];
    let b = &known.bricks;
    let next = [at + 1, at + b.row, at + b.slice].iter().fold(0, |n, &at| n * 2 + usize::from(b.cells[at]));
    let contexts = {
        let [a, b, c, d, e, f, g, h, i] = contexts;
        [a, b, c, d, e, f, g, h, i, ((own * 16 + place.inner) * 8 + next) * 4 + near.min(3), (around.component.min(7) * 28 + coarse) * 3 + around.high]
    };
    let mut places = STARTS;
    for (place, context) in places.iter_mut().zip(contexts) {
        *place += context;
    }
    (places, coarse)
}

impl Magnitudes for Dense {
    const DENSE: bool = true;

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
        let (places, coarse) = places(around, known, at, place);
        for bin in 0..BINS {
            let mut evidence = [0; EVIDENCE];
            for (evidence, &at) in evidence.iter_mut().zip(&places) {
                *evidence = self.slots[at][bin].evidence();
            }
            evidence[CONTEXTS] = CONSTANT;
            let kind = bin.min(3);
            let [by_group, by_value] = &mut self.weights;
            let sets = [&mut by_group[around.group() * 4 + kind], &mut by_value[coarse * 4 + kind]];
            let sums = sets.each_ref().map(|set| weigh(&set.weights, &evidence));
            let one = squash((sums[0] + sums[1]) >> 1); let bit = bits.bit(one, truth > bin as u32); if !B::DECODES {crate::slot::cost(2 + bin.min(4), bit, one);}
            for (set, sum) in sets.into_iter().zip(sums) {
                set.learn(&evidence, error(bit, squash(sum)));
            }
            for &at in &places {
                self.slots[at][bin].learn(bit, MOST);
            }
            if !bit {
                return Ok(bin as u32);
            }
        }
        self.escape.code(bits, truth)
    }
}
