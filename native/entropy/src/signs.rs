//! Signs. Neighbours along the low axes of a band tend to have the same one, along the high axes the opposite one.

use crate::around::{Around, Known};
use crate::range::Bits;
use crate::slot::{Mixed, STEADY, Slot, weight};

/// Combinations of three and of two signs in the seven bands.
const THREE: usize = 27 * 7;
const TWO: usize = 9 * 7;

/// Combinations of three signs with "1" and "more than 1" told apart.
const FIVE: usize = 125 * 7;

/// Magnitudes that are told apart.
const MAGNITUDES: usize = 4;

/// Most bits that a slot of signs counts.
pub(crate) const MOST: u32 = 98;

/// What is known about signs. Those of coefficients are 0 for zero, 1 positive, 2 negative.
#[derive(Debug)]
pub(crate) struct Signs(Mixed<8>);

impl Signs {
    pub(crate) fn new() -> Self {
        let sizes = [THREE, THREE, TWO, TWO, THREE, THREE, THREE * MAGNITUDES, FIVE];
        Self(Mixed::new(sizes, Slot::new(1 << 15, 10), 7, weight(35), &STEADY, MOST))
    }

    /// Forgets all.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    /// Codes whether a coefficient that is not 0 is negative.
    pub(crate) fn code(&mut self, bits: &mut impl Bits, near: &Near, truth: bool) -> bool {
        self.0.code(bits, near.places, near.band, truth)
    }
}

/// What tells about a sign.
pub(crate) struct Near {
    band: usize,
    places: [usize; 8],
}

impl Near {
    /// Of the coefficient in cell `at` of a band, of a magnitude that is not 0; `parent` is the cell of its parent.
    pub(crate) fn new(around: &Around<'_>, known: &Known, at: usize, parent: usize, magnitude: u32) -> Self {
        let (row, slice) = (known.signs.row, known.signs.slice);
        let before = |back: usize| usize::from(known.signs.cells[at - back]);
        let strong = |back: usize| {
            let sign = before(back);
            if known.magnitudes.cells[at - back] > 1 { sign + 2 } else { sign }
        };
        let (west, north, up) = (before(1), before(row), before(slice));
        let parent = usize::from(around.parent.signs.cells[parent]);
        let sibling = around.siblings.last().map_or(0, |last| usize::from(last.signs.cells[at]));
        let band = around.band();
        let three = |a: usize, b: usize, c: usize| ((a * 3 + b) * 3 + c) * 7 + band;
        let two = |a: usize, b: usize| (a * 3 + b) * 7 + band;
        let nearest = three(west, north, up);
        let places = [
            nearest,
            three(before(2), before(2 * row), before(2 * slice)),
            two(parent, west),
            two(sibling, parent),
            three(before(row + 1), before(row - 1), west),
            three(before(slice + row), before(slice - row), up),
            nearest * MAGNITUDES + (magnitude as usize).min(MAGNITUDES) - 1,
            ((strong(1) * 5 + strong(row)) * 5 + strong(slice)) * 7 + band,
        ];
        Self { band, places }
    }
}
