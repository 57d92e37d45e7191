//! Flags of bricks: a brick of 4³ coefficients that are all 0 takes one bit, or a small part of one.

use crate::around::{Around, Known};
use crate::plane::BRICK;
use crate::range::Bits;
use crate::slot::{MOST, Mixed, STEADY, Slot, weight};
use crate::tables::half_octaves;

/// What is known about flags.
#[derive(Debug)]
pub(crate) struct Bricks(Mixed<5>);

impl Bricks {
    pub(crate) fn new() -> Self {
        let sizes = [64 * 9, 16 * 4 * 9, 7 * 2 * 3 * 9, 16 * 8 * 3, 2 * 8 * 2 * 4 * 3];
        Self(Mixed::new(sizes, Slot::new(1 << 15, 0), 9, weight(30), &STEADY, MOST))
    }

    /// Forgets all.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    /// Codes the flags of a band, in order; `truth` tells whether a brick has other coefficients than 0.
    pub(crate) fn code<B: Bits>(
        &mut self,
        bits: &mut B,
        around: &Around<'_>,
        known: &mut Known,
        truth: impl Fn([usize; 3]) -> bool,
    ) {
        let [nz, ny, nx] = known.bricks.extent;
        let mut shadow = Shadow::new(around, nx);
        for z in 0..nz {
            for y in 0..ny {
                shadow.move_to(around, [z, y, 0]);
                for x in 0..nx {
                    let brick = [z, y, x];
                    let parents = if shadow.falls_on(x) { parents(around, brick) } else { (0, 0) };
                    let places = places(around, known, brick, parents);
                    let flag = self.0.code(bits, places, around.group(), !B::DECODES && truth(brick));
                    let at = known.bricks.at(brick);
                    known.bricks.cells[at] = flag.into();
                }
            }
        }
    }
}

/// Which bricks of a row may have parents, or places beside them, that are not 0.
struct Shadow {
    /// By brick: the parent's bricks, first to last, that hold parents and places beside them.
    map: Vec<[usize; 2]>,
    /// By brick of the parent, along x: whether any of the row's is not empty.
    parents: Vec<bool>,
}

impl Shadow {
    fn new(around: &Around<'_>, n: usize) -> Self {
        let map = (0..n).map(|x| near_parents(around, [0, 0, x])[2]).collect();
        Self { map, parents: vec![false; around.parent.bricks.extent[2]] }
    }

    fn move_to(&mut self, around: &Around<'_>, brick: [usize; 3]) {
        let bricks = &around.parent.bricks;
        let [[z, last_z], [y, last_y], _] = near_parents(around, brick);
        self.parents.fill(false);
        for (z, y) in (z..=last_z).flat_map(|z| (y..=last_y).map(move |y| (z, y))) {
            let row = &bricks.cells[bricks.at([z, y, 0])..];
            for (any, &flag) in self.parents.iter_mut().zip(row) {
                *any |= flag != 0;
            }
        }
    }

    #[inline(always)]
    fn falls_on(&self, x: usize) -> bool {
        let [first, last] = self.map[x];
        self.parents[first..=last].contains(&true)
    }
}

/// The parent's bricks, first to last of each axis, that hold the parents of a brick and the places beside them.
fn near_parents(around: &Around<'_>, brick: [usize; 3]) -> [[usize; 2]; 3] {
    let places = around.parents(brick);
    [0, 1, 2].map(|axis| {
        let [first, last] = places[axis];
        let most = around.parent.magnitudes.extent[axis] - 1;
        [first.saturating_sub(1) / BRICK, (last + 1).min(most) / BRICK]
    })
}

/// The slots of a brick's flag; `inside` and `wide` are what [`parents`] gives.
fn places(around: &Around<'_>, known: &Known, brick: [usize; 3], (inside, wide): (u32, u32)) -> [usize; 5] {
    let group = around.group();
    let bricks = &known.bricks;
    let at = bricks.at(brick);
    let before = |back: usize| usize::from(bricks.cells[at - back]);
    let (row, slice) = (bricks.row, bricks.slice);
    let (west, north, up) = (before(1), before(row), before(slice));
    let near = west + north + up;
    let corner = (before(row - 1) * 2 + before(slice - 1)) * 2 + before(slice - row);

    let flag = |known: &&Known| usize::from(known.bricks.cells[at]);
    let siblings: usize = around.siblings.iter().map(flag).sum();
    let last = around.siblings.last().map_or(0, flag);
    let (same, beside) = around.earlier.first().map_or((0, 0), |before| {
        let cells = &before.bricks.cells;
        let beside = [at - 1, at + 1, at - row, at + row, at - slice, at + slice].map(|at| usize::from(cells[at]));
        (usize::from(cells[at]), beside.iter().sum())
    });
    [
        (((west * 2 + north) * 2 + up) * 8 + corner) * 9 + group,
        ((half_octaves(inside + 1) as usize).min(15) * 4 + near) * 9 + group,
        ((siblings * 2 + last) * 3 + inside.min(2) as usize) * 9 + group,
        ((half_octaves(wide + 1) as usize).min(15) * 8 + (west * 2 + north) * 2 + up) * 3 + around.level,
        (((same * 8 + beside) * 2 + usize::from(around.component > 0)) * 4 + near) * 3 + around.level,
    ]
}

/// The sum of the parent's magnitudes at the places of a brick, and that with one more on each side.
fn parents(around: &Around<'_>, brick: [usize; 3]) -> (u32, u32) {
    let places = around.parents(brick);
    let first = places.map(|[first, _]| first);
    let extent = places.map(|[first, last]| last + 1 - first);
    let parent = &around.parent.magnitudes;
    // One less on each axis: the margin is wide enough, and so it is at the other end.
    let corner = parent.at(first) - parent.slice - parent.row - 1;
    // Eight cells at once, of which a row has up to six; their sums are in four parts of 16 bits.
    const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
    let pairs = |cells: u64| (cells & EVEN) + (cells >> 8 & EVEN);
    let row_mask = |n: usize| (1 << (8 * n)) - 1;
    let (all, inner) = (row_mask(extent[2] + 2), row_mask(extent[2]));
    let (mut inside, mut wide) = (0, 0);
    for z in 0..extent[0] + 2 {
        for y in 0..extent[1] + 2 {
            let row = &parent.cells[corner + z * parent.slice + y * parent.row..];
            let cells = u64::from_le_bytes(*row.first_chunk().expect("a plane has cells behind its margin")) & all;
            wide += pairs(cells);
            if (1..=extent[0]).contains(&z) && (1..=extent[1]).contains(&y) {
                inside += pairs(cells >> 8 & inner);
            }
        }
    }
    let sum = |parts: u64| (parts.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u32;
    (sum(inside), sum(wide))
}
