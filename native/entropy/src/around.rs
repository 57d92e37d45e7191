//! What is known about a band before its first coefficient: coarser levels, the other bands of its level, the components
//! before.

use crate::layout::{Band, ORDER};
use crate::parents::Parents;
use crate::plane::{BRICK, CELLS, Plane, Wide};

/// Magnitudes are remembered up to here.
pub(crate) const REMEMBERED: u32 = 127;

/// A band whose coefficients are (or are becoming) known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) magnitudes: Plane<u8>,
    /// 0 zero, 1 positive, 2 negative.
    pub(crate) signs: Plane<u8>,
    /// Per brick: whether any coefficient is not 0.
    pub(crate) bricks: Plane<u8>,
}

impl Known {
    /// A band of zeros.
    pub(crate) fn new(extent: [usize; 3]) -> Self {
        let mut known = Self::default();
        known.reshape(extent);
        known
    }

    /// Zeros become those of another extent.
    pub(crate) fn reshape(&mut self, extent: [usize; 3]) {
        self.magnitudes.reshape(extent);
        self.signs.reshape(extent);
        self.bricks.reshape(extent.map(|n| n.div_ceil(BRICK)));
    }

    /// Zeros again: only bricks that are not empty take time.
    pub(crate) fn clear(&mut self) {
        let [nz, ny, nx] = self.bricks.extent;
        for (z, y) in (0..nz * ny).map(|k| (k / ny, k % ny)) {
            let row = self.bricks.at([z, y, 0]);
            for x in 0..nx {
                if self.bricks.cells[row + x] != 0 {
                    self.bricks.cells[row + x] = 0;
                    let at = self.magnitudes.at([z * BRICK, y * BRICK, x * BRICK]);
                    self.magnitudes.set_brick(at, &[0; CELLS]);
                    self.signs.set_brick(at, &[0; CELLS]);
                }
            }
        }
    }

    /// Notes a coefficient in a cell.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, value: i32) {
        self.magnitudes.cells[at] = value.unsigned_abs().min(REMEMBERED) as u8;
        self.signs.cells[at] = u8::from(value > 0) + 2 * u8::from(value < 0);
    }
}

/// The bands of one level of one component, by id.
pub(crate) type Level = [Option<Known>; 8];

/// A band and all that is known about it beforehand.
pub(crate) struct Around<'a> {
    /// 1..=7.
    pub(crate) id: u8,
    /// The component, from 0.
    pub(crate) component: usize,
    /// 0..3: the finest level, the next, all others.
    pub(crate) level: usize,
    /// High axes, less one.
    pub(crate) high: usize,
    /// The band of the same id one level coarser, or a single zero.
    pub(crate) parent: &'a Known,
    /// Places of the parent by places of the band, for each axis.
    pub(crate) map: [Vec<usize>; 3],
    /// The bands of this level and extent that are known, in order.
    pub(crate) siblings: Vec<&'a Known>,
    /// This band of the components before, the last one first.
    pub(crate) earlier: Vec<&'a Known>,
}

impl<'a> Around<'a> {
    /// Of a band at a level of which `done` is known already; `parents` is the level above, `before` the same level of all
    /// components before, in order, of which the last `n_earlier` count.
    pub(crate) fn new(
        band: &Band,
        level: usize,
        parents: &'a Parents,
        done: &'a Level,
        before: &'a [Level],
        n_earlier: usize,
    ) -> Self {
        let id = usize::from(band.id);
        let parent = parents.band(before.len(), id);
        let map = [0, 1, 2].map(|axis| {
            let (n, n_parent) = (band.extent[axis], parent.magnitudes.extent[axis]);
            (0..n).map(|i| i * n_parent / n).collect()
        });
        let siblings = ORDER.into_iter().take_while(|&other| other != band.id);
        let siblings = siblings.filter_map(|other| done[usize::from(other)].as_ref());
        Self {
            id: band.id,
            component: before.len(),
            level: level.min(3) - 1,
            high: band.id.count_ones() as usize - 1,
            parent,
            map,
            siblings: siblings.filter(|known| known.magnitudes.extent == band.extent).collect(),
            earlier: before.iter().rev().take(n_earlier).filter_map(|level| level[id].as_ref()).collect(),
        }
    }

    /// The band, 0..7.
    #[inline(always)]
    pub(crate) fn band(&self) -> usize {
        usize::from(self.id) - 1
    }

    /// The table set, 0..9: level and high axes.
    #[inline(always)]
    pub(crate) fn group(&self) -> usize {
        self.level * 3 + self.high
    }

    /// The first and the last parents of a brick, by axis.
    pub(crate) fn parents(&self, brick: [usize; 3]) -> [[usize; 2]; 3] {
        [0, 1, 2].map(|axis| {
            let (map, first) = (&self.map[axis], brick[axis] * BRICK);
            [map[first], map[(first + BRICK).min(map.len()) - 1]]
        })
    }
}

/// What a brick has around it, `[z][y][x]`.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// The sum of the magnitudes of the siblings.
    pub(crate) siblings: [u16; CELLS],
    /// Their sums over 3³ places. Dense only, like what follows.
    pub(crate) sibling_sums: [u16; CELLS],
    /// Magnitudes of the three components before, the last one 4 times, then 2 times and once; and their 3³ sums.
    pub(crate) earlier: [u16; CELLS],
    pub(crate) earlier_sums: [u16; CELLS],
}

impl Default for Beside {
    fn default() -> Self {
        let zero = [0; CELLS];
        Self { siblings: zero, sibling_sums: zero, earlier: zero, earlier_sums: zero }
    }
}

impl Beside {
    /// Becomes that of the brick whose first coefficient is in cell `at`.
    pub(crate) fn set(&mut self, around: &Around<'_>, at: usize, dense: bool) {
        let mut siblings = Wide::new();
        for known in &around.siblings {
            siblings.add(&known.magnitudes, at, 1);
        }
        self.siblings = siblings.middle();
        if dense {
            self.sibling_sums = siblings.sums();
            let mut earlier = Wide::new();
            for (known, factor) in around.earlier.iter().zip([4, 2, 1]) {
                earlier.add(&known.magnitudes, at, factor);
            }
            (self.earlier, self.earlier_sums) = (earlier.middle(), earlier.sums());
        }
    }
}
