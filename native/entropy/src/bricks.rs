//! Flags of bricks: a brick of 4³ coefficients that are all 0 takes one bit, or a small part of one.

use crate::around::{Around, BRICK, Known};
use crate::range::Bits;
use crate::slot::{MOST, Mixed, Slot, weight};
use crate::tables::half_octaves;

/// What is known about flags.
#[derive(Debug)]
pub(crate) struct Bricks(Mixed<5>);

impl Bricks {
    pub(crate) fn new() -> Self {
        let sizes = [64 * 9, 16 * 4 * 9, 7 * 2 * 3 * 9, 16 * 8 * 3, 2 * 8 * 2 * 4 * 3];
        Self(Mixed::new(sizes, Slot::new(1 << 15, 0), 9, weight(30), 655, MOST))
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
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    let brick = [z, y, x];
                    let places = places(around, known, brick);
                    let flag = self.0.code(bits, places, around.group(), !B::DECODES && truth(brick));
                    let at = known.bricks.at(brick);
                    known.bricks.cells[at] = flag.into();
                }
            }
        }
    }
}

/// The slots of a brick's flag.
fn places(around: &Around<'_>, known: &Known, brick: [usize; 3]) -> [usize; 5] {
    let group = around.group();
    let bricks = &known.bricks;
    let at = bricks.at(brick);
    let before = |back: usize| usize::from(bricks.cells[at - back]);
    let (row, slice) = (bricks.row, bricks.slice);
    let (west, north, up) = (before(1), before(row), before(slice));
    let near = west + north + up;
    let corner = (before(row - 1) * 2 + before(slice - 1)) * 2 + before(slice - row);

    let (inside, wide) = parents(around, brick);
    let siblings = usize::from(around.sibling_bricks.get(brick));
    let last = around.last.map_or(0, |last| usize::from(last.bricks.get(brick)));
    let (same, beside) = around.before.map_or((0, 0), |before| {
        let (cells, at) = (&before.bricks.cells, before.bricks.at(brick));
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
    let mut first = [0; 3];
    let mut extent = [0; 3];
    for axis in 0..3 {
        let map = &around.map[axis];
        first[axis] = map[brick[axis] * BRICK];
        extent[axis] = map[(brick[axis] * BRICK + BRICK).min(map.len()) - 1] + 1 - first[axis];
    }
    let parent = &around.parent.magnitudes;
    // One less on each axis: the margin is wide enough, and so it is at the other end.
    let corner = parent.at(first) - parent.slice - parent.row - 1;
    let (mut inside, mut wide) = (0, 0);
    for z in 0..extent[0] + 2 {
        for y in 0..extent[1] + 2 {
            let from = corner + z * parent.slice + y * parent.row;
            let row = &parent.cells[from..from + extent[2] + 2];
            wide += row.iter().map(|&n| u32::from(n)).sum::<u32>();
            if (1..=extent[0]).contains(&z) && (1..=extent[1]).contains(&y) {
                inside += row[1..=extent[2]].iter().map(|&n| u32::from(n)).sum::<u32>();
            }
        }
    }
    (inside, wide)
}
