//! Magnitudes before a coefficient in its band, and what the models make of them.

use crate::around::Around;
use crate::group::Place;
use crate::plane::Plane;

/// Magnitudes of the neighbours that are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    /// One and two to the west (x), the north (y) and up (z).
    pub(crate) w1: u32,
    pub(crate) w2: u32,
    pub(crate) n1: u32,
    pub(crate) n2: u32,
    pub(crate) u1: u32,
    pub(crate) u2: u32,
    /// In the row to the north.
    pub(crate) nw: u32,
    pub(crate) ne: u32,
    /// In the slice above: to the west, east, north and south.
    pub(crate) uw: u32,
    pub(crate) ue: u32,
    pub(crate) un: u32,
    pub(crate) us: u32,
}

/// Weights of w1, w2, n1, n2, u1, u2, nw, ne, uw, ue, un, us, the parent and the mean of the siblings, in 1/256, by band.
///
/// Fitted by non-negative least squares to the magnitudes in bricks that are not empty, each divided by the mean of its
/// neighbours: 43 arrays of latents (a 7 T head, air pollution, two weather models, convection, functional MRI).
static WEIGHTS: [[u8; 14]; 7] = [
    [64, 23, 54, 16, 33, 0, 15, 41, 0, 7, 0, 12, 4, 0],
    [55, 17, 65, 3, 38, 4, 4, 25, 2, 16, 0, 11, 7, 6],
    [41, 14, 46, 5, 24, 1, 10, 23, 4, 13, 9, 15, 3, 22],
    [52, 4, 50, 18, 35, 3, 6, 18, 0, 6, 7, 20, 7, 25],
    [38, 8, 38, 13, 26, 2, 12, 20, 7, 12, 5, 16, 4, 28],
    [42, 11, 45, 7, 28, 3, 12, 25, 2, 10, 0, 11, 2, 38],
    [33, 9, 33, 9, 20, 4, 13, 27, 11, 12, 10, 15, 1, 30],
];

/// 1/n in 1/256, for the mean of n siblings.
static RECIPROCAL: [u32; 7] = [0, 256, 128, 85, 64, 51, 43];

/// Exact contexts of a band.
const EXACT_OF_BAND: usize = 27 * 2 * 3;

/// Contexts of [`Near::exact`].
pub(crate) const EXACT: usize = EXACT_OF_BAND * 7;

impl Near {
    /// The neighbours of cell `at`.
    #[inline(always)]
    pub(crate) fn new(magnitudes: &Plane<u8>, at: usize) -> Self {
        let before = |back: usize| u32::from(magnitudes.cells[at - back]);
        let (row, slice) = (magnitudes.row, magnitudes.slice);
        Self {
            w1: before(1),
            w2: before(2),
            n1: before(row),
            n2: before(2 * row),
            u1: before(slice),
            u2: before(2 * slice),
            nw: before(row + 1),
            ne: before(row - 1),
            uw: before(slice + 1),
            ue: before(slice - 1),
            un: before(slice + row),
            us: before(slice - row),
        }
    }

    /// The sum of the neighbours above, but for the one straight above.
    #[inline(always)]
    pub(crate) fn diagonals(&self) -> u32 {
        self.uw + self.ue + self.un + self.us
    }

    /// The magnitude to be expected of a coefficient, in 1/256, below 2^16.
    #[inline(always)]
    pub(crate) fn expected(&self, around: &Around<'_>, place: &Place<'_>) -> u32 {
        let Self { w1, w2, n1, n2, u1, u2, nw, ne, uw, ue, un, us } = *self;
        let weights = WEIGHTS[around.band()].map(u32::from);
        let parent = u32::from(around.parent.magnitudes.cells[place.parent]);
        let near = [w1, w2, n1, n2, u1, u2, nw, ne, uw, ue, un, us, parent];
        let near: u32 = near.iter().zip(weights).map(|(n, weight)| n * weight).sum();
        let siblings = u32::from(place.beside.siblings[place.inner]);
        near + ((weights[13] * siblings * RECIPROCAL[around.siblings.len()]) >> 8)
    }

    /// A context of the nearest neighbours as they are, below [`EXACT`].
    #[inline(always)]
    pub(crate) fn exact(&self, around: &Around<'_>) -> usize {
        let three = (self.w1.min(2) * 3 + self.n1.min(2)) * 3 + self.u1.min(2);
        around.band() * EXACT_OF_BAND + ((three * 2 + self.ne.min(1)) * 3 + self.diagonals().min(2)) as usize
    }
}
