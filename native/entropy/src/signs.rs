//! Signs. Neighbours along the low axes of a band tend to have the same one, along the high axes the opposite one.

use crate::plane::Plane;
use crate::range::Bits;
use crate::slot::{Mixed, Slot, weight};

/// Combinations of three signs, and of the seven bands.
const THREE: usize = 27 * 7;
const TWO: usize = 9 * 7;

/// What is known about signs. Those of coefficients are 0 for zero, 1 positive, 2 negative.
#[derive(Debug)]
pub(crate) struct Signs(Mixed<8>);

impl Signs {
    pub(crate) fn new() -> Self {
        let sizes = [THREE, THREE, TWO, TWO, THREE, THREE, 4 * THREE, 125 * 7];
        Self(Mixed::new(sizes, Slot::new(1 << 15, 10), 7, weight(35), 655, 98))
    }

    /// Codes whether the coefficient in cell `at` of band `id` is negative; `parent` and `sibling` are the signs at its
    /// place one level coarser and in the last band of its level.
    pub(crate) fn code(
        &mut self,
        bits: &mut impl Bits,
        id: u8,
        plane: &Plane<u8>,
        at: usize,
        parent: u8,
        sibling: u8,
        magnitudes: &Plane<u8>, magnitude: u32, truth: bool,
    ) -> bool {
        let (row, slice) = (plane.row, plane.slice);
        let before = |back: usize| usize::from(plane.cells[at - back]);
        let (west, north, up) = (before(1), before(row), before(slice));
        let (parent, sibling) = (usize::from(parent), usize::from(sibling));
        let band = usize::from(id) - 1;
        let five = |back: usize| before(back) + 2 * usize::from(before(back) > 0 && magnitudes.cells[at - back] > 1);
        let five = (five(1) * 5 + five(row)) * 5 + five(slice);
        let m = magnitude.min(4) as usize - 1;
        let three = |a: usize, b: usize, c: usize| ((a * 3 + b) * 3 + c) * 7 + band;
        let two = |a: usize, b: usize| (a * 3 + b) * 7 + band;
        let places = [
            three(west, north, up),
            three(before(2), before(2 * row), before(2 * slice)),
            two(parent, west),
            two(sibling, parent),
            three(before(row + 1), before(row - 1), west),
            three(before(slice + row), before(slice - row), up),
            three(west, north, up) * 4 + m, five * 7 + band,
        ];
        self.0.code(bits, places, band, truth)
    }
}
