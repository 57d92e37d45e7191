//! Components of one group, level by level.

use crate::around::{Around, BRICK, Known, Level};
use crate::bricks::Bricks;
use crate::error::Damage;
use crate::layout::{Band, Layout};
use crate::lowest::Lowest;
use crate::plane::Plane;
use crate::range::Bits;
use crate::signs::Signs;

/// How many components before the present one tell about it.
const EARLIER: usize = 3;

/// Codes magnitudes in bricks that are not empty.
pub(crate) trait Magnitudes {
    /// Whether it wants the sums of [`Around`] and the components before.
    const DENSE: bool;

    /// Codes the magnitude of the coefficient in cell `at` of a band.
    fn code<B: Bits>(
        &mut self,
        bits: &mut B,
        around: &Around<'_>,
        known: &Known,
        at: usize,
        place: &Place,
        truth: u32,
    ) -> Result<u32, Damage>;
}

/// Where a coefficient is.
pub(crate) struct Place<'a> {
    /// The cell of its parent, and that in the sums of the parent's level.
    pub(crate) parent: usize,
    pub(crate) parent_level: usize,
    /// Coefficients that are not 0 in each brick so far, and the cell of its brick.
    pub(crate) counts: &'a Plane<u8>,
    pub(crate) count: usize,
    /// In which of 4 × 8 × 8 parts of the band it lies.
    pub(crate) cell: usize,
    pub(crate) inner: usize,
}

/// All that is learnt while a group is coded.
#[derive(Debug)]
pub(crate) struct Model<M> {
    lowest: Lowest,
    bricks: Bricks,
    signs: Signs,
    magnitudes: M,
}

impl<M: Magnitudes> Model<M> {
    pub(crate) fn new(magnitudes: M) -> Self {
        Self { lowest: Lowest::new(), bricks: Bricks::new(), signs: Signs::new(), magnitudes }
    }

    /// Codes one stream: what it adds to all components. The encoder finds the values in them, the decoder sets them.
    pub(crate) fn stream<B: Bits>(
        &mut self,
        bits: &mut B,
        layout: &Layout,
        stream: usize,
        components: &mut [Vec<i32>],
    ) -> Result<(), Damage> {
        if stream == 0 {
            return components.iter_mut().try_for_each(|values| self.lowest.code(bits, layout, values));
        }
        let level = layout.n_levels() + 1 - stream;
        // The latest first.
        let mut earlier: Vec<Level> = Vec::new();
        for (c, values) in components.iter_mut().enumerate() {
            let parents = Parents::new::<M>(layout, level + 1, values);
            let mut done = Level::default();
            for band in layout.bands(level) {
                let mut around = around::<M>(layout, level, &band, &parents, &done, &earlier);
                around.component = c;
                let known = self.band(bits, layout, &band, &around, values)?;
                done[usize::from(band.id)] = Some(known);
            }
            earlier.insert(0, done);
            earlier.truncate(EARLIER);
        }
        Ok(())
    }

    fn band<B: Bits>(
        &mut self,
        bits: &mut B,
        layout: &Layout,
        band: &Band,
        around: &Around<'_>,
        values: &mut [i32],
    ) -> Result<Known, Damage> {
        let mut known = Known::new(band.extent);
        let [nz, ny, nx] = band.extent;
        let row_of = |z: usize, y: usize| layout.at([band.start[0] + z, band.start[1] + y, band.start[2]]);
        let occupied = |brick: [usize; 3]| {
            let [z, y, x] = [0, 1, 2].map(|axis| {
                let first = brick[axis] * BRICK;
                first..(first + BRICK).min(band.extent[axis])
            });
            z.clone().any(|z| {
                y.clone().any(|y| values[row_of(z, y)..][..nx][x.clone()].iter().any(|&value| value != 0))
            })
        };
        self.bricks.code(bits, around, &mut known, occupied);

        let mut counts = Plane::new(known.bricks.extent);
        let cell = |i: usize, n: usize, parts: usize| i * parts / n;
        for z in 0..nz {
            for y in 0..ny {
                if bits.overrun() {
                    return Err(Damage::Truncated);
                }
                let parent = around.parent.magnitudes.at(around.up([z, y, 0]));
                let parent_level = around.level_sums.at(around.up([z, y, 0]));
                let cell_row = (cell(z, nz, 4) * 8 + cell(y, ny, 8)) * 8;
                let (start, brick) = (known.magnitudes.at([z, y, 0]), known.bricks.at([z / BRICK, y / BRICK, 0]));
                let row = &mut values[row_of(z, y)..][..nx];
                for first in (0..nx).step_by(BRICK) {
                    let count = brick + first / BRICK;
                    if known.bricks.cells[count] == 0 {
                        continue;
                    }
                    for x in first..(first + BRICK).min(nx) {
                        let up = around.map[2][x];
                        let place = Place {
                            parent: parent + up,
                            parent_level: parent_level + up,
                            counts: &counts,
                            count,
                            inner: z % 4 * 4 + y % 4,
                            cell: cell_row + cell(x, nx, 8),
                        };
                        let (at, truth) = (start + x, row[x]);
                        let magnitude =
                            self.magnitudes.code(bits, around, &known, at, &place, truth.unsigned_abs())?;
                        if magnitude > 0 {
                            let parent = around.parent.signs.cells[place.parent];
                            let sibling = around.last.map_or(0, |last| last.signs.cells[at]);
                            let negative =
                                self.signs.code(bits, band.id, &known.signs, at, parent, sibling, &known.magnitudes, magnitude, truth < 0);
                            let value = if negative { -(magnitude as i32) } else { magnitude as i32 };
                            row[x] = value;
                            known.set(at, value);
                            counts.cells[count] += 1;
                        } else {
                            row[x] = 0;
                        }
                    }
                }
            }
        }
        Ok(known)
    }
}

/// A level of a component that is known completely.
struct Parents {
    bands: Level,
    /// 3³ sums of each band's magnitudes.
    sums: [Option<Plane<u16>>; 8],
    /// The same of all bands.
    level_sums: Plane<u16>,
    /// Where there is no parent.
    none: Known,
    none_sums: Plane<u16>,
}

impl Parents {
    fn new<M: Magnitudes>(layout: &Layout, level: usize, values: &[i32]) -> Self {
        let mut bands = Level::default();
        let mut sums = [const { None }; 8];
        let single = [1; 3];
        let mut level_sums = Plane::new(single);
        if level <= layout.n_levels() {
            if M::DENSE {
                level_sums = Plane::new(layout.region(layout.n_levels() - level));
            }
            for band in layout.bands(level) {
                let known = Known::load(layout, &band, values);
                if M::DENSE {
                    let sum = sums_of(&known.magnitudes);
                    add_corner(&mut level_sums, &sum);
                    sums[usize::from(band.id)] = Some(sum);
                }
                bands[usize::from(band.id)] = Some(known);
            }
        }
        Self { bands, sums, level_sums, none: Known::new(single), none_sums: Plane::new(single) }
    }
}

/// 3³ sums of magnitudes.
fn sums_of(magnitudes: &Plane<u8>) -> Plane<u16> {
    let mut wide = Plane::new(magnitudes.extent);
    wide.add(magnitudes, 1);
    wide.sums()
}

/// Adds a smaller array to the corner of a larger one.
fn add_corner(to: &mut Plane<u16>, from: &Plane<u16>) {
    let [nz, ny, nx] = from.extent;
    for z in 0..nz {
        for y in 0..ny {
            let (to_at, from_at) = (to.at([z, y, 0]), from.at([z, y, 0]));
            for (sum, n) in to.cells[to_at..to_at + nx].iter_mut().zip(&from.cells[from_at..from_at + nx]) {
                *sum += n;
            }
        }
    }
}

/// Gathers what is known about a band.
fn around<'a, M: Magnitudes>(
    layout: &Layout,
    level: usize,
    band: &Band,
    parents: &'a Parents,
    done: &'a Level,
    earlier: &'a [Level],
) -> Around<'a> {
    let id = usize::from(band.id);
    let parent = parents.bands[id].as_ref().unwrap_or(&parents.none);
    let map = [0, 1, 2].map(|axis| {
        let (n, n_parent) = (band.extent[axis], parent.magnitudes.extent[axis]);
        (0..n).map(|i| (i * n_parent / n).min(n_parent - 1)).collect()
    });
    let mut siblings = Plane::new(band.extent);
    let mut sibling_bricks = Plane::new(band.extent.map(|n| n.div_ceil(BRICK)));
    let (mut n_siblings, mut last) = (0, None);
    for other in layout.bands(level).take_while(|other| other.id != band.id) {
        if let Some(known) = done[usize::from(other.id)].as_ref().filter(|_| other.extent == band.extent) {
            siblings.add(&known.magnitudes, 1);
            sibling_bricks.add(&known.bricks, 1);
            (n_siblings, last) = (n_siblings + 1, Some(known));
        }
    }
    let earlier_bands = || earlier.iter().filter_map(|level| level[id].as_ref());
    let single = Plane::new([1; 3]);
    let [sibling_sums, earlier, earlier_sums] = if M::DENSE {
        let mut sum = Plane::new(band.extent);
        for (known, factor) in earlier_bands().zip([4, 2, 1]) {
            sum.add(&known.magnitudes, factor);
        }
        let sums = sum.sums();
        [siblings.sums(), sum, sums]
    } else {
        [single.clone(), single.clone(), single]
    };
    Around {
        id: band.id,
        component: 0,
        level: level.min(3) - 1,
        high: band.id.count_ones() as usize - 1,
        parent,
        parent_sums: parents.sums[id].as_ref().unwrap_or(&parents.none_sums),
        level_sums: &parents.level_sums,
        map,
        siblings,
        n_siblings,
        sibling_bricks,
        last,
        sibling_sums,
        earlier,
        earlier_sums,
        before: earlier_bands().next(),
        has_earlier: earlier_bands().next().is_some(),
    }
}
