//! Components of one group, level by level.

use std::mem;

use crate::around::{Around, Beside, Known, Level};
use crate::brick::{Brick, Values, any};
use crate::bricks::Bricks;
use crate::error::Damage;
use crate::layout::{Band, Layout};
use crate::lowest::Lowest;
use crate::parents::{Parents, Sums};
use crate::plane::{BRICK, Plane};
use crate::range::Bits;
use crate::signs::{self, Signs};
use crate::slab::Slab;

/// Codes magnitudes in bricks that are not empty.
pub(crate) trait Magnitudes {
    /// Whether it wants the sums of [`Beside`] and [`Sums`].
    const DENSE: bool;

    /// How many components before the present one tell about it.
    const EARLIER: usize;

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

    /// Forgets all.
    fn reset(&mut self);
}

/// Where a coefficient is.
pub(crate) struct Place<'a> {
    /// The cell of its parent.
    pub(crate) parent: usize,
    /// The 3³ sums of the magnitudes around it, in its band and in all bands of its level. Dense only.
    pub(crate) parent_sum: u32,
    pub(crate) level_sum: u32,
    /// Coefficients that are not 0 in each brick so far, and the cell of its brick.
    pub(crate) counts: &'a Plane<u8>,
    pub(crate) brick: usize,
    /// What its brick has around it, and which place of it this is.
    pub(crate) beside: &'a Beside,
    pub(crate) inner: usize,
    /// In which of 4 × 8 × 8 parts of the band it lies.
    pub(crate) part: usize,
}

/// All that is learnt while a group is coded, and what of the group is known.
#[derive(Debug)]
pub(crate) struct Model<M> {
    lowest: Lowest,
    details: Details<M>,
    parents: Parents,
    /// Bands of zeros, to be used again.
    pool: Vec<Known>,
}

impl<M: Magnitudes> Model<M> {
    pub(crate) fn new(magnitudes: M) -> Self {
        let (bricks, signs) = (Bricks::new(), Signs::new());
        let details = Details { bricks, signs, magnitudes, slab: Slab::new(), sums: Sums::new() };
        Self { lowest: Lowest::new(), details, parents: Parents::new(), pool: Vec::new() }
    }

    /// Forgets all, but keeps the memory.
    pub(crate) fn reset(&mut self) {
        self.lowest.reset();
        self.details.bricks.reset();
        self.details.signs.reset();
        self.details.magnitudes.reset();
        self.replace_parents(Vec::new());
    }

    /// Codes one stream: what it adds to all of `n` components.
    pub(crate) fn stream<B: Bits, V: Values>(
        &mut self,
        bits: &mut B,
        layout: &Layout,
        stream: usize,
        n: usize,
        values: &mut V,
    ) -> Result<(), Damage> {
        if stream == 0 {
            return (0..n).try_for_each(|component| self.lowest.code(bits, layout.region(0), component, values));
        }
        let level = layout.n_levels() + 1 - stream;
        let mut levels: Vec<Level> = Vec::new();
        for component in 0..n {
            let parents = self.parents.levels.get(component);
            if M::DENSE
                && let Some(level) = parents
            {
                self.details.sums.begin(level);
            }
            let mut done = Level::default();
            for band in layout.bands(level) {
                let mut known = self.pool.pop().unwrap_or_default();
                known.reshape(band.extent);
                let around = Around::new(&band, level, &self.parents, &done, &levels, M::EARLIER);
                self.details.band(bits, &band, &around, parents, &mut known, values)?;
                done[usize::from(band.id)] = Some(known);
            }
            levels.push(done);
            if level == 1 && component >= M::EARLIER {
                // Nobody will look at it.
                give_back(&mut self.pool, mem::take(&mut levels[component - M::EARLIER]));
            }
        }
        self.replace_parents(levels);
        Ok(())
    }

    fn replace_parents(&mut self, levels: Vec<Level>) {
        for level in mem::replace(&mut self.parents.levels, levels) {
            give_back(&mut self.pool, level);
        }
    }
}

/// Keeps bands to be used again.
fn give_back(pool: &mut Vec<Known>, level: Level) {
    for mut known in level.into_iter().flatten() {
        known.clear();
        pool.push(known);
    }
}

/// What is learnt about detail bands.
#[derive(Debug)]
struct Details<M> {
    bricks: Bricks,
    signs: Signs,
    magnitudes: M,
    slab: Slab<Beside>,
    sums: Sums,
}

impl<M: Magnitudes> Details<M> {
    /// Codes a band; `parents` is the level above.
    fn band<B: Bits, V: Values>(
        &mut self,
        bits: &mut B,
        band: &Band,
        around: &Around<'_>,
        parents: Option<&Level>,
        known: &mut Known,
        values: &mut V,
    ) -> Result<(), Damage> {
        let (extent, component) = (band.extent, around.component);
        let load = |values: &V, brick: [usize; 3]| {
            let start = [0, 1, 2].map(|axis| band.start[axis] + brick[axis] * BRICK);
            values.load(component, start, [0, 1, 2].map(|axis| (extent[axis] - brick[axis] * BRICK).min(BRICK)))
        };
        self.bricks.code(bits, around, known, |brick| any(&load(values, brick)));

        let [nz, ny, nx] = extent;
        let mut counts = Plane::new(known.bricks.extent);
        for z in 0..known.bricks.extent[0] {
            self.slab.fill(known, z, |block| {
                if let Some(level) = parents.filter(|_| M::DENSE) {
                    self.sums.prepare(level, around.parents(block.brick));
                }
                block.values = load(values, block.brick);
                block.about.set(around, block.first, M::DENSE);
            });
            let [parent_sums, level_sums] = self.sums.of(parents, usize::from(around.id));
            let (magnitudes, signs) = (&mut self.magnitudes, &mut self.signs);
            self.slab.each([known.magnitudes.slice, known.magnitudes.row], |block, piece| {
                if bits.overrun() {
                    return Err(Damage::Truncated);
                }
                let [z, y, first] = piece.place;
                let up = [around.map[0][z], around.map[1][y], 0];
                let row = around.parent.magnitudes.at(up);
                let (of_parent, of_level) = (parent_sums.at(up), level_sums.at(up));
                let part_row = (z * 4 / nz * 8 + y * 8 / ny) * 8;
                for k in 0..piece.len {
                    let (at, x) = (piece.cell + k, around.map[2][first + k]);
                    let inner = piece.inner + k;
                    let truth = block.values[inner];
                    let place = Place {
                        parent: row + x,
                        parent_sum: if M::DENSE { parent_sums.cells[of_parent + x].into() } else { 0 },
                        level_sum: if M::DENSE { level_sums.cells[of_level + x].into() } else { 0 },
                        counts: &counts,
                        brick: block.cell,
                        beside: &block.about,
                        inner,
                        part: part_row + (first + k) * 8 / nx,
                    };
                    let magnitude = magnitudes.code(bits, around, known, at, &place, truth.unsigned_abs())?;
                    if magnitude > 0 {
                        let near = signs::Near::new(around, known, at, place.parent, magnitude);
                        let negative = signs.code(bits, &near, truth < 0);
                        let value = if negative { -(magnitude as i32) } else { magnitude as i32 };
                        known.set(at, value);
                        block.values[inner] = value;
                        counts.cells[block.cell] += 1;
                    }
                }
                Ok(())
            })?;
            self.slab.bricks(component, band.start).for_each(|brick: Brick<'_>| values.store(brick));
        }
        Ok(())
    }
}
