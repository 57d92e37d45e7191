//! Magnitudes by eleven contexts, mixed in the logistic domain by three sets of weights.

use crate::around::{Around, Known};
use crate::error::Damage;
use crate::escape::{BINS, Escape};
use crate::group::{Magnitudes, Place};
use crate::near::{EXACT, Near};
use crate::plane::BRICK;
use crate::range::Bits;
use crate::slot::{FALLING, MOST, Slot, Weights, error, first_bins, weight};
use crate::steps::{GROUPS, STEPS, Steps};
use crate::tables::{level, most, octaves, squash, stretch};

/// Contexts with slots of their own.
const CONTEXTS: usize = 10;

/// Evidence of a bit: the steps of the fast coder, one per context, a constant.
const EVIDENCE: usize = CONTEXTS + 2;

/// The constant.
const CONSTANT: i16 = 102;

/// Bins that weights tell apart: the last one stands for all above.
const KINDS: usize = 4;

/// Slots of each context, times bins.
const SIZES: [usize; CONTEXTS] = [
    20 * 16 * 3,
    64 * 3,
    4 * 6 * 4 * 7,
    3 * 7 * 256,
    40 * 13,
    10 * 16 * 3,
    EXACT,
    64 * 7,
    4 * 16 * 8 * 4,
    8 * STEPS * 3,
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

/// Weights of one kind of bits.
const FIRST: Weights<EVIDENCE> = {
    let mut weights = [weight(14); EVIDENCE];
    weights[0] = weight(40);
    weights[EVIDENCE - 1] = 0;
    Weights::new(weights)
};

/// What is known about magnitudes.
#[derive(Debug)]
pub(crate) struct Dense {
    steps: Steps,
    /// Bins padded to 16: the slots of a context are one cache line.
    slots: Vec<[Slot; BINS + 1]>,
    /// Sets of weights: by table set, by the expected magnitude, by what is nearby.
    weights: [Vec<[Weights<EVIDENCE>; KINDS]>; 3],
    escape: Escape,
}

impl Dense {
    pub(crate) fn new() -> Self {
        let weights = [GROUPS, STEPS, NEARBY].map(|n| vec![[FIRST; KINDS]; n]);
        Self { steps: Steps::new(), slots: vec![first_bins(); SLOTS], weights, escape: Escape::new() }
    }
}

/// Values of [`Choice::nearby`].
const NEARBY: usize = 13 * 4 * 4;

/// Where to look for a coefficient.
struct Choice {
    /// The logarithm of the expected magnitude.
    value: u32,
    slots: [usize; CONTEXTS],
    /// What chooses the second and third set of weights.
    step: usize,
    nearby: usize,
}

impl Choice {
    #[inline(always)]
    fn new(around: &Around<'_>, known: &Known, at: usize, place: &Place<'_>) -> Self {
        let near = Near::new(&known.magnitudes, at);
        let Near { w1, w2, n1, n2, u1, u2, nw, ne, .. } = near;
        let (sum, beside) = (w1 + n1 + u1, w2 + n2 + u2 + nw + ne + near.diagonals());
        let sum = octaves(2 * sum + beside, 2, 12);
        let value = level(near.expected(around, place));
        let step = (value as usize >> 4).min(STEPS - 1);

        let parent = u32::from(around.parent.magnitudes.cells[place.parent]);
        let Place { parent_sum, level_sum, beside, inner, .. } = *place;
        let (siblings, sibling_sum) = (u32::from(beside.siblings[inner]), u32::from(beside.sibling_sums[inner]));
        let n_siblings = around.siblings.len().max(1) as u32;
        let (earlier, earlier_sum) = (u32::from(beside.earlier[inner]), u32::from(beside.earlier_sums[inner]));
        let far = 243 * parent + 13 * parent_sum + (13 * sibling_sum + 216 * siblings) / n_siblings + 4 * earlier_sum;
        let far = octaves(far, 64, 15);

        let (counts, bricks, brick) = (place.counts, &known.bricks, place.brick);
        let count = |at: usize| u32::from(counts.cells[at]);
        let others = count(brick - 1) + count(brick - counts.row) + count(brick - counts.slice);
        let history = if around.component > 0 {
            most(earlier / 4, 3) * 10 + octaves(earlier_sum, 16, 9)
        } else {
            octaves(2 * count(brick) + others, 2, 12)
        };
        let own = [0, 1, 2, 2, 3][most(count(brick), 4)];
        let next = [brick + 1, brick + bricks.row, brick + bricks.slice].map(|at| usize::from(bricks.cells[at]));

        let (band, level, high) = (around.band(), around.level, around.high);
        let contexts = [
            (step.min(19) * 16 + far) * 3 + level,
            ((most(w1, 3) * 4 + most(n1, 3)) * 4 + most(u1, 3)) * 3 + most(parent, 2),
            ((most(parent, 3) * 6 + octaves(parent_sum, 8, 5)) * 4 + most(siblings / n_siblings, 3)) * 7 + band,
            (level * 7 + band) * 256 + place.part,
            history * 13 + sum,
            (octaves(level_sum, 8, 9) * 16 + far) * 3 + high,
            near.exact(around),
            ((most(w1 + w2, 3) * 4 + most(n1 + n2, 3)) * 4 + most(u1 + u2, 3)) * 7 + band,
            ((own * 16 + inner / BRICK) * 8 + (next[0] * 2 + next[1]) * 2 + next[2]) * 4 + sum.min(3),
            (around.component.min(7) * STEPS + step) * 3 + high,
        ];
        let mut slots = STARTS;
        for (slot, context) in slots.iter_mut().zip(contexts) {
            *slot += context;
        }
        Self { value, slots, step, nearby: (sum * 4 + own) * 4 + next.iter().sum::<usize>() }
    }
}

impl Magnitudes for Dense {
    const DENSE: bool = true;
    const EARLIER: usize = 3;

    fn reset(&mut self) {
        self.steps.reset();
        self.slots.fill(first_bins());
        self.weights.iter_mut().for_each(|sets| sets.fill([FIRST; KINDS]));
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
        let choice = Choice::new(around, known, at, place);
        let mut steps = self.steps.between(around.group(), choice.value);
        for bin in 0..BINS {
            let mut evidence = [0; EVIDENCE];
            evidence[0] = stretch(steps.one(bin) << 6) as i16;
            for (evidence, &at) in evidence[1..].iter_mut().zip(&choice.slots) {
                *evidence = self.slots[at][bin].evidence();
            }
            evidence[EVIDENCE - 1] = CONSTANT;
            let kind = bin.min(KINDS - 1);
            let [by_group, by_step, by_nearby] = &mut self.weights;
            let sets = [
                &mut by_group[around.group()][kind],
                &mut by_step[choice.step][kind],
                &mut by_nearby[choice.nearby][kind],
            ];
            let sums = sets.each_ref().map(|set| set.weigh(&evidence));
            // About a third.
            let one = squash(((sums[0] + sums[1] + sums[2]) * 85) >> 8);
            let bit = bits.bit(one, truth > bin as u32);
            for (set, sum) in sets.into_iter().zip(sums) {
                set.learn(&evidence, error(bit, squash(sum)), &FALLING);
            }
            steps.learn(bin, bit);
            for &at in &choice.slots {
                self.slots[at][bin].learn(bit, MOST);
            }
            if !bit {
                return Ok(bin as u32);
            }
        }
        self.escape.code(bits, truth)
    }
}
