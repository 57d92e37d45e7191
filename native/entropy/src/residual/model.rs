//! What is learnt about residuals: flags of bricks, then magnitudes and signs where there are any.

use crate::around::Known;
use crate::brick::{Values, any};
use crate::error::Damage;
use crate::escape::{BINS, Escape};
use crate::near::Near;
use crate::plane::{BRICK, Plane};
use crate::range::Bits;
use crate::signs::MOST as SIGNS_MOST;
use crate::slab::Slab;
use crate::slot::{FALLING, MOST, Mixed, STEADY, Slot, weight};
use crate::tables::{most, octaves};

/// Bins of a magnitude that contexts tell apart: the last one stands for all above.
const KINDS: usize = 4;

/// Parts of an array on each axis that contexts tell apart.
const PARTS: usize = 8;

/// Largest of the sum of near magnitudes, on its logarithmic scale.
const NEAR_MOST: u32 = 12;

/// Sizes of the tables of flags, magnitudes (per bin) and signs.
const FLAGS: [usize; 4] = [64, 128, 7 * 4 * 2, PARTS * PARTS * PARTS];
const MAGNITUDES: [usize; 6] = [81, 13 * 10, 64 * 4, 64 * 5, 3 * 7 * 3, PARTS * PARTS * PARTS];
const SIGNS: [usize; 4] = [81, 81, 27, 81];

/// All that is learnt, and the steps that are known.
#[derive(Debug)]
pub(crate) struct Model {
    flags: Mixed<4>,
    magnitudes: Mixed<6>,
    signs: Mixed<4>,
    escape: Escape,
    extent: [usize; 3],
    /// Parts by places of voxels and of bricks.
    parts: [[Vec<usize>; 3]; 2],
    /// The present step, the one before and the one before that.
    known: [Known; 3],
}

/// The six cells beside one.
fn beside<T>(plane: &Plane<T>, at: usize) -> [usize; 6] {
    [at - 1, at + 1, at - plane.row, at + plane.row, at - plane.slice, at + plane.slice]
}

/// The part of an array that each place of its axes lies in.
fn parts(extent: [usize; 3]) -> [Vec<usize>; 3] {
    let parts = |axis: usize, factor: usize| (0..extent[axis]).map(|at| at * PARTS / extent[axis] * factor).collect();
    [parts(0, PARTS * PARTS), parts(1, PARTS), parts(2, 1)]
}

impl Model {
    /// Nothing; arrays have this extent.
    pub(crate) fn new(extent: [usize; 3]) -> Self {
        Self {
            flags: Mixed::new(FLAGS, Slot::new(1 << 15, 0), 4, weight(35), &STEADY, MOST),
            magnitudes: Mixed::new(
                MAGNITUDES.map(|n| n * KINDS),
                Slot::new(1 << 14, 0),
                (NEAR_MOST as usize + 1) * KINDS,
                weight(25),
                &FALLING,
                MOST,
            ),
            signs: Mixed::new(SIGNS, Slot::new(1 << 15, 10), 4, weight(30), &STEADY, SIGNS_MOST),
            escape: Escape::new(),
            extent,
            parts: [parts(extent), parts(extent.map(|n| n.div_ceil(BRICK)))],
            known: [(); 3].map(|()| Known::new(extent)),
        }
    }

    /// Codes one step.
    pub(crate) fn step<B: Bits, V: Values>(&mut self, bits: &mut B, step: usize, values: &mut V) -> Result<(), Damage> {
        self.known.rotate_right(1);
        self.known[0].clear();
        let extent = self.extent;
        let load = |values: &V, brick: [usize; 3]| {
            let start = brick.map(|n| n * BRICK);
            values.load(step, start, [0, 1, 2].map(|axis| (extent[axis] - start[axis]).min(BRICK)))
        };
        self.code_flags(bits, |brick| any(&load(values, brick)));
        let strides = [self.known[0].magnitudes.slice, self.known[0].magnitudes.row];
        let mut slab = Slab::new();
        for z in 0..self.known[0].bricks.extent[0] {
            slab.fill(&self.known[0], z, |block| {
                block.values = load(values, block.brick);
                block.about = 0;
            });
            slab.each(strides, |block, piece| {
                if bits.overrun() {
                    return Err(Damage::Truncated);
                }
                for k in 0..piece.len {
                    let (at, inner) = (piece.cell + k, piece.inner + k);
                    let [z, y, x] = piece.place;
                    let truth = block.values[inner];
                    let count = &mut block.about;
                    let magnitude = self.magnitude(bits, at, [z, y, x + k], *count, truth.unsigned_abs())?;
                    if magnitude > 0 {
                        let (places, set) = self.sign_places(at, magnitude);
                        let negative = self.signs.code(bits, places, set, truth < 0);
                        let value = if negative { -(magnitude as i32) } else { magnitude as i32 };
                        self.known[0].set(at, value);
                        block.values[inner] = value;
                        *count += 1;
                    }
                }
                Ok(())
            })?;
            slab.bricks(step, [0; 3]).for_each(|brick| values.store(brick));
        }
        Ok(())
    }

    /// Codes which bricks have other values than 0.
    fn code_flags<B: Bits>(&mut self, bits: &mut B, truth: impl Fn([usize; 3]) -> bool) {
        let [mz, my, mx] = self.known[0].bricks.extent;
        for z in 0..mz {
            for y in 0..my {
                for x in 0..mx {
                    let brick = [z, y, x];
                    let (places, set) = self.flag_places(brick);
                    let flag = self.flags.code(bits, places, set, !B::DECODES && truth(brick));
                    let bricks = &mut self.known[0].bricks;
                    let at = bricks.at(brick);
                    bricks.cells[at] = flag.into();
                }
            }
        }
    }

    /// The part that a voxel (kind 0) or brick (kind 1) lies in.
    #[inline(always)]
    fn part(&self, kind: usize, [z, y, x]: [usize; 3]) -> usize {
        let [of_z, of_y, of_x] = &self.parts[kind];
        of_z[z] + of_y[y] + of_x[x]
    }

    /// The slots of a brick's flag, and the set of weights.
    fn flag_places(&self, brick: [usize; 3]) -> ([usize; 4], usize) {
        let [now, before, first] = self.known.each_ref().map(|known| &known.bricks);
        let at = now.at(brick);
        let (row, slice) = (now.row, now.slice);
        let flag = |back: usize| usize::from(now.cells[at - back]);
        let then = |at: usize| usize::from(before.cells[at]);
        let (west, north, up) = (flag(1), flag(row), flag(slice));
        let near = west + north + up;
        let nearest = (west * 2 + north) * 2 + up;
        let corner = (flag(row - 1) * 2 + flag(slice - 1)) * 2 + flag(slice - row);
        let second = (flag(2) * 2 + flag(2 * row)) * 2 + flag(2 * slice);
        let around: usize = beside(before, at).into_iter().map(then).sum();
        let places = [
            nearest * 8 + corner,
            (nearest * 2 + then(at)) * 8 + second,
            ((around * 2 + then(at)) * 2 + usize::from(first.cells[at])) * 2 + usize::from(near > 1),
            self.part(1, brick),
        ];
        (places, near)
    }

    /// Codes the magnitude of a voxel in cell `at`; `count` are the values that are not 0 in its brick so far.
    fn magnitude<B: Bits>(
        &mut self,
        bits: &mut B,
        at: usize,
        place: [usize; 3],
        count: u8,
        truth: u32,
    ) -> Result<u32, Damage> {
        let [now, before, first] = self.known.each_ref().map(|known| &known.magnitudes);
        let then = |at: usize| u32::from(before.cells[at]);
        let near = Near::new(now, at);
        let Near { w1, w2, n1, n2, u1, u2, nw, ne, uw, ue, un, us } = near;
        let nearest = w1 + n1 + u1;
        let sum = octaves(2 * nearest + w2 + n2 + u2 + nw + ne + near.diagonals(), 2, NEAR_MOST);
        let corners = [nw, ne, uw, ue, un, us].iter().fold(0, |corners, &n| corners * 2 + most(n, 1));
        let (same, around) = (then(at), beside(before, at).into_iter().map(then).sum::<u32>());
        let inner = place.iter().fold(0, |inner, at| inner * BRICK + at % BRICK);
        let contexts = [
            ((most(w1, 2) * 3 + most(n1, 2)) * 3 + most(u1, 2)) * 3 + most(same, 2),
            sum * 10 + octaves(6 * same + around, 2, 9),
            corners * 4 + most(nearest, 3),
            inner * 5 + [0, 1, 2, 3, 3, 4][most(count.into(), 5)],
            (most(same, 2) * 7 + most(around, 6)) * 3 + most(first.cells[at].into(), 2),
            self.part(0, place),
        ];
        for bin in 0..BINS {
            let kind = bin.min(KINDS - 1);
            let places = contexts.map(|context| context * KINDS + kind);
            if !self.magnitudes.code(bits, places, sum * KINDS + kind, truth > bin as u32) {
                return Ok(bin as u32);
            }
        }
        self.escape.code(bits, truth)
    }

    /// The slots of the sign of a voxel in cell `at`, and the set of weights.
    fn sign_places(&self, at: usize, magnitude: u32) -> ([usize; 4], usize) {
        let [now, before, first] = self.known.each_ref().map(|known| &known.signs);
        let (row, slice) = (now.row, now.slice);
        let sign = |back: usize| usize::from(now.cells[at - back]);
        let four = |a: usize, b: usize, c: usize, d: usize| ((a * 3 + b) * 3 + c) * 3 + d;
        let (same, earlier) = (usize::from(before.cells[at]), usize::from(first.cells[at]));
        let places = [
            four(sign(1), sign(row), sign(slice), same),
            four(sign(2), sign(2 * row), sign(2 * slice), same),
            four(0, same, earlier, sign(1)),
            four(sign(row + 1), sign(row - 1), sign(slice + 1), sign(slice - 1)),
        ];
        (places, most(magnitude, 4) - 1)
    }
}
