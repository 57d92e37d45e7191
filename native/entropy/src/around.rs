//! What is known about a band before its first coefficient: coarser levels, the other bands of its level, the components
//! before.

use crate::layout::{Band, Layout};
use crate::plane::Plane;

/// Magnitudes are remembered up to here.
pub(crate) const REMEMBERED: u32 = 127;

/// Coefficients on each axis of a brick: bricks of zeros take one flag.
pub(crate) const BRICK: usize = 4;

/// A band whose coefficients are (or are becoming) known.
#[derive(Debug, Clone)]
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
        let bricks = Plane::new(extent.map(|n| n.div_ceil(BRICK)));
        Self { magnitudes: Plane::new(extent), signs: Plane::new(extent), bricks }
    }

    /// A band of an array that is known already.
    pub(crate) fn load(layout: &Layout, band: &Band, values: &[i32]) -> Self {
        let mut known = Self::new(band.extent);
        let [nz, ny, nx] = band.extent;
        for z in 0..nz {
            for y in 0..ny {
                let from = layout.at([band.start[0] + z, band.start[1] + y, band.start[2]]);
                let to = known.magnitudes.at([z, y, 0]);
                for (x, &value) in values[from..from + nx].iter().enumerate() {
                    known.set(to + x, value);
                }
            }
        }
        known
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
    /// 3³ sums of the parent's magnitudes, and of those of all bands of its level, or likewise. Dense only.
    pub(crate) parent_sums: &'a Plane<u16>,
    pub(crate) level_sums: &'a Plane<u16>,
    /// Places of the parent by places of the band, for each axis.
    pub(crate) map: [Vec<usize>; 3],
    /// Magnitudes of the bands of this level and extent that are known, added, and how many there are.
    pub(crate) siblings: Plane<u16>,
    pub(crate) n_siblings: usize,
    /// Bricks that are not empty, likewise.
    pub(crate) sibling_bricks: Plane<u16>,
    /// The last one of them.
    pub(crate) last: Option<&'a Known>,
    /// 3³ sums of the siblings. Dense only.
    pub(crate) sibling_sums: Plane<u16>,
    /// Magnitudes of the three components before, the last one 4 times, then 2 times and once; and their 3³ sums. Dense
    /// only.
    pub(crate) earlier: Plane<u16>,
    pub(crate) earlier_sums: Plane<u16>,
    /// The component before.
    pub(crate) before: Option<&'a Known>,
}

impl Around<'_> {
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

    /// The place where the parents of a row begin.
    pub(crate) fn up(&self, [z, y]: [usize; 2]) -> [usize; 3] {
        [self.map[0][z], self.map[1][y], 0]
    }
}
