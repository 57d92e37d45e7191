//! Components of one group, level by level.

use crate::around::{Around, BRICK, Known, Level};
use crate::bricks::Bricks;
use crate::error::Damage;
use crate::layout::{Band, Layout};
use crate::lowest::Lowest;
use crate::plane::Plane;
use crate::range::Bits;
use crate::signs::{self, Signs};

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
        place: &Place<'_>,
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
    pub(crate) brick: usize,
    /// In which of the 4 × 4 rows of its brick it lies.
    pub(crate) inner: usize,
    /// In which of 4 × 8 × 8 parts of the band it lies.
    pub(crate) part: usize,
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
        for (component, values) in components.iter_mut().enumerate() {
            let parents = Parents::new::<M>(layout, level + 1, values);
            let mut done = Level::default();
            for band in layout.bands(level) {
                let around = around::<M>(layout, level, &band, component, &parents, &done, &earlier);
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
            z.clone()
                .any(|z| y.clone().any(|y| values[row_of(z, y)..][..nx][x.clone()].iter().any(|&value| value != 0)))
        };
        self.bricks.code(bits, around, &mut known, occupied);

        let mut counts = Plane::new(known.bricks.extent);
        for z in 0..nz {
            for y in 0..ny {
                if bits.overrun() {
                    return Err(Damage::Truncated);
                }
                let up = around.up([z, y]);
                let (parent, parent_level) = (around.parent.magnitudes.at(up), around.level_sums.at(up));
                let (start, brick_row) = (known.magnitudes.at([z, y, 0]), known.bricks.at([z / BRICK, y / BRICK, 0]));
                let part_row = (z * 4 / nz * 8 + y * 8 / ny) * 8;
                let row = &mut values[row_of(z, y)..][..nx];
                for first in (0..nx).step_by(BRICK) {
                    let brick = brick_row + first / BRICK;
                    if known.bricks.cells[brick] == 0 {
                        continue;
                    }
                    for (x, value) in (first..).zip(&mut row[first..(first + BRICK).min(nx)]) {
                        let place = Place {
                            parent: parent + around.map[2][x],
                            parent_level: parent_level + around.map[2][x],
                            counts: &counts,
                            brick,
                            inner: z % BRICK * BRICK + y % BRICK,
                            part: part_row + x * 8 / nx,
                        };
                        let (at, truth) = (start + x, *value);
                        let magnitude = self.magnitudes.code(bits, around, &known, at, &place, truth.unsigned_abs())?;
                        if magnitude > 0 {
                            let near = signs::Near::new(around, &known, at, place.parent, magnitude);
                            let negative = self.signs.code(bits, &near, truth < 0);
                            *value = if negative { -(magnitude as i32) } else { magnitude as i32 };
                            known.set(at, *value);
                            counts.cells[brick] += 1;
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
    component: usize,
    parents: &'a Parents,
    done: &'a Level,
    earlier: &'a [Level],
) -> Around<'a> {
    let id = usize::from(band.id);
    let (parent, level_sums) = match &parents.bands[id] {
        Some(parent) => (parent, &parents.level_sums),
        None => (&parents.none, &parents.none_sums),
    };
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
        component,
        level: level.min(3) - 1,
        high: band.id.count_ones() as usize - 1,
        parent,
        parent_sums: parents.sums[id].as_ref().unwrap_or(&parents.none_sums),
        level_sums,
        map,
        siblings,
        n_siblings,
        sibling_bricks,
        last,
        sibling_sums,
        earlier,
        earlier_sums,
        before: earlier_bands().next(),
    }
}
