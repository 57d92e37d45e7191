//! What is learnt about the entries of tables: a feature of all entries, then the next one.

use super::{Entries, MAX_FEATURES, MAX_TABLES, Table};
use crate::MAX_MAGNITUDE;
use crate::around::REMEMBERED;
use crate::error::Damage;
use crate::escape::{BINS, Escape};
use crate::lowest::predict;
use crate::range::Bits;
use crate::signs::MOST as SIGNS_MOST;
use crate::slot::{FALLING, MOST, Mixed, STEADY, Slot, weight};
use crate::tables::{most, octaves};

/// Largest of the sum of near magnitudes, on its logarithmic scale; and those of the coarser table and of the features
/// before.
const NEAR_MOST: u32 = 12;
const PARENT_MOST: u32 = 9;
const FEATURES_MOST: u32 = 11;

/// Numbers of those.
const NEAR: usize = NEAR_MOST as usize + 1;
const PARENT: usize = PARENT_MOST as usize + 1;
const BEFORE: usize = FEATURES_MOST as usize + 1;

/// Features of all tables.
const COLUMNS: usize = MAX_TABLES * MAX_FEATURES;

/// Parts of an array on each axis that contexts tell apart.
const PARTS: usize = 8;

/// Sizes of the tables of magnitudes (per bin) and signs.
const MAGNITUDES: [usize; 7] =
    [NEAR * PARENT, 64 * 3, COLUMNS * NEAR, BEFORE * NEAR, 16 * 8, MAX_TABLES * PARTS * PARTS * PARTS, 64 * 8];
const SIGNS: [usize; 4] = [81, 81, COLUMNS * 9, 81];

/// One feature of all entries of a table, as it was coded.
#[derive(Debug, Clone, Default)]
struct Column {
    extent: [usize; 3],
    /// Up to [`REMEMBERED`].
    magnitudes: Vec<u8>,
    /// 0 zero, 1 positive, 2 negative.
    signs: Vec<u8>,
}

impl Column {
    fn new(extent: [usize; 3]) -> Self {
        let n = extent.iter().product();
        Self { extent, magnitudes: vec![0; n], signs: vec![0; n] }
    }

    fn set(&mut self, at: usize, value: i32) {
        self.magnitudes[at] = value.unsigned_abs().min(REMEMBERED) as u8;
        self.signs[at] = u8::from(value > 0) + 2 * u8::from(value < 0);
    }
}

/// A place of an array without a margin: what lies outside counts as 0.
#[derive(Debug, Clone, Copy)]
struct Place {
    extent: [usize; 3],
    place: [usize; 3],
    at: usize,
}

impl Place {
    /// What stands so many places further on each axis.
    fn get<T: Copy + Default>(self, cells: &[T], [dz, dy, dx]: [isize; 3]) -> T {
        let [nz, ny, nx] = self.extent;
        let [z, y, x] = self.place;
        let inside = z.wrapping_add_signed(dz) < nz && y.wrapping_add_signed(dy) < ny && x.wrapping_add_signed(dx) < nx;
        if !inside {
            return T::default();
        }
        let step = (dz * ny as isize + dy) * nx as isize + dx;
        cells[self.at.wrapping_add_signed(step)]
    }

    /// Odd axes, as bits.
    fn parity(self) -> usize {
        self.place.iter().fold(0, |bits, n| bits * 2 + n % 2)
    }

    fn part(self) -> usize {
        (0..3).fold(0, |part, axis| part * PARTS + self.place[axis] * PARTS / self.extent[axis])
    }

    /// The entries of the coarser table around: 8, some of them alike.
    fn parents(self, [nz, ny, nx]: [usize; 3]) -> [usize; 8] {
        let on = |axis: usize, n: usize, upper: usize| ((self.place[axis] + upper) / 2).min(n - 1);
        std::array::from_fn(|k| (on(0, nz, k >> 2) * ny + on(1, ny, k >> 1 & 1)) * nx + on(2, nx, k & 1))
    }
}

/// All that is learnt, and the tables that are known.
pub(super) struct Model {
    magnitudes: Mixed<7>,
    signs: Mixed<4>,
    escape: Escape,
    /// Tables that were coded.
    n_tables: usize,
    /// The table before, if it is dense.
    coarser: Vec<Column>,
    /// Features of the present table.
    columns: Vec<Column>,
    /// The sum of their magnitudes at every entry.
    sums: Vec<u16>,
}

impl Model {
    /// Nothing.
    pub(super) fn new() -> Self {
        Self {
            magnitudes: Mixed::new(
                MAGNITUDES.map(|n| n * BINS),
                Slot::new(1 << 14, 0),
                NEAR * BINS,
                weight(20),
                &FALLING,
                MOST,
            ),
            signs: Mixed::new(SIGNS, Slot::new(1 << 15, 10), 4, weight(30), &STEADY, SIGNS_MOST),
            escape: Escape::new(),
            n_tables: 0,
            coarser: Vec::new(),
            columns: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Codes a table: `values` as `[entry][feature]`.
    pub(super) fn table<B: Bits>(&mut self, bits: &mut B, table: Table, values: &mut [i32]) -> Result<(), Damage> {
        let extent = table.extent();
        let dense = matches!(table.entries, Entries::Dense(_));
        if !dense {
            self.coarser.clear();
        }
        self.sums.clear();
        self.sums.resize(extent.iter().product(), 0);
        for feature in 0..table.n_features {
            self.columns.push(Column::new(extent));
            let n = table.n_features;
            let predicted =
                dense && bits.raw(1, (!B::DECODES && is_predictable(extent, n, feature, values)).into()) == 1;
            self.column(bits, extent, dense, predicted, n, values)?;
            let column = &self.columns[feature];
            for (sum, &magnitude) in self.sums.iter_mut().zip(&column.magnitudes) {
                *sum += u16::from(magnitude);
            }
        }
        self.coarser.clear();
        if dense {
            std::mem::swap(&mut self.coarser, &mut self.columns);
        }
        self.columns.clear();
        self.n_tables += 1;
        Ok(())
    }

    /// Codes one feature, the last one of `columns`, of `n_features`.
    fn column<B: Bits>(
        &mut self,
        bits: &mut B,
        extent: [usize; 3],
        dense: bool,
        predicted: bool,
        n_features: usize,
        values: &mut [i32],
    ) -> Result<(), Damage> {
        let feature = self.columns.len() - 1;
        let mut at = 0;
        for z in 0..extent[0] {
            for y in 0..extent[1] {
                for x in 0..extent[2] {
                    if x % 64 == 0 && bits.overrun() {
                        return Err(Damage::Truncated);
                    }
                    let place = Place { extent, place: [z, y, x], at };
                    let stored = at * n_features + feature;
                    let expected = if predicted { expected(extent, [z, y, x], stored, n_features, values) } else { 0 };
                    let difference = self.value(bits, place, dense, values[stored].wrapping_sub(expected))?;
                    let value = difference + expected;
                    if value.unsigned_abs() > MAX_MAGNITUDE {
                        return Err(Damage::Invalid("a value of a table is too large"));
                    }
                    values[stored] = value;
                    self.columns[feature].set(at, difference);
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// Codes one value.
    fn value<B: Bits>(&mut self, bits: &mut B, place: Place, dense: bool, truth: i32) -> Result<i32, Damage> {
        let around = Around::new(self, place, dense);
        let (contexts, near) = around.magnitude_places();
        let wanted = truth.unsigned_abs();
        let mut magnitude = 0;
        while self.magnitudes.code(
            bits,
            contexts.map(|context| context * BINS + magnitude as usize),
            near * BINS + magnitude as usize,
            wanted > magnitude,
        ) {
            magnitude += 1;
            if magnitude as usize == BINS {
                magnitude = self.escape.code(bits, wanted)?;
                break;
            }
        }
        if magnitude == 0 {
            return Ok(0);
        }
        let negative = self.signs.code(bits, around.sign_places(), most(magnitude, 4) - 1, truth < 0);
        Ok(if negative { -(magnitude as i32) } else { magnitude as i32 })
    }
}

/// What is known about a value before it is coded.
struct Around {
    place: Place,
    table: usize,
    feature: usize,
    dense: bool,
    /// Magnitudes and signs before in the feature: W, N, U; W2, N2, U2; NW, NE, UW, UE, UN, US.
    near: [u32; 12],
    signs: [usize; 10],
    /// Of the coarser table: magnitude and sign at the place, the sum of the eight around.
    parent: (u32, usize),
    parents: u32,
    /// Magnitudes and signs of the last two features.
    before: [(u32, usize); 2],
    /// Magnitudes of all features before: at the place and at the six beside it.
    sums: u32,
}

/// Steps to the near places in the order of [`Around::near`].
const STEPS: [[isize; 3]; 12] = [
    [0, 0, -1],
    [0, -1, 0],
    [-1, 0, 0],
    [0, 0, -2],
    [0, -2, 0],
    [-2, 0, 0],
    [0, -1, -1],
    [0, -1, 1],
    [-1, 0, -1],
    [-1, 0, 1],
    [-1, -1, 0],
    [-1, 1, 0],
];

/// Steps to the places beside.
const BESIDE: [[isize; 3]; 6] = [[0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 1, 0], [-1, 0, 0], [1, 0, 0]];

impl Around {
    fn new(model: &Model, place: Place, dense: bool) -> Self {
        let feature = model.columns.len() - 1;
        let column = &model.columns[feature];
        let (mut parent, mut parents) = ((0, 0), 0);
        if let Some(coarser) = model.coarser.get(feature) {
            let around = place.parents(coarser.extent);
            parent = (coarser.magnitudes[around[0]].into(), coarser.signs[around[0]].into());
            parents = around.iter().map(|&at| u32::from(coarser.magnitudes[at])).sum();
        }
        let of = |back: usize| {
            let column = feature.checked_sub(back).map(|feature| &model.columns[feature]);
            column.map_or((0, 0), |column| (column.magnitudes[place.at].into(), column.signs[place.at].into()))
        };
        let sum = |step| u32::from(place.get(&model.sums, step));
        // Hash tables are in no order.
        let beside: u32 = if dense { BESIDE.into_iter().map(sum).sum() } else { 6 * sum([0; 3]) };
        Self {
            place,
            table: model.n_tables,
            feature,
            dense,
            near: if dense { STEPS.map(|step| place.get(&column.magnitudes, step).into()) } else { [0; 12] },
            signs: std::array::from_fn(|n| if dense { place.get(&column.signs, STEPS[n]).into() } else { 0 }),
            parent,
            parents,
            before: [of(1), of(2)],
            sums: 6 * sum([0; 3]) + beside,
        }
    }

    /// The slots of a magnitude, and how large the near ones are.
    fn magnitude_places(&self) -> ([usize; 7], usize) {
        let [w, n, u, w2, n2, u2, others @ ..] = self.near;
        let others: u32 = others.iter().sum();
        let near = octaves(2 * (w + n + u) + w2 + n2 + u2 + others, 2, NEAR_MOST);
        let three = |a: u32, b: u32, c: u32| (most(a, 3) * 4 + most(b, 3)) * 4 + most(c, 3);
        let (parity, part) = if self.dense { (self.place.parity(), self.place.part()) } else { (0, 0) };
        let features = octaves(2 * self.sums / self.feature.max(1) as u32, 8, FEATURES_MOST);
        let [(last, _), (second, _)] = self.before;
        let places = [
            near * PARENT + octaves(self.parents, 8, PARENT_MOST),
            three(w, n, u) * 3 + most(self.parent.0, 2),
            (self.table * MAX_FEATURES + self.feature) * NEAR + near,
            features * NEAR + near,
            (most(last, 3) * 4 + most(second, 3)) * 8 + parity,
            self.table * PARTS * PARTS * PARTS + part,
            three(w + w2, n + n2, u + u2) * 8 + parity,
        ];
        (places, near)
    }

    /// The slots of a sign.
    fn sign_places(&self) -> [usize; 4] {
        let four = |a: usize, b: usize, c: usize, d: usize| ((a * 3 + b) * 3 + c) * 3 + d;
        let [w, n, u, w2, n2, u2, nw, ne, uw, ue] = self.signs;
        let [(_, last), (_, second)] = self.before;
        [
            four(w, n, u, self.parent.1),
            four(w2, n2, u2, self.parent.1),
            (self.table * MAX_FEATURES + self.feature) * 9 + last * 3 + second,
            four(nw, ne, uw, ue),
        ]
    }
}

/// The value to be expected of an entry from those before it in x, y and z; `at` is its place in `values`.
fn expected(extent: [usize; 3], place: [usize; 3], at: usize, n_features: usize, values: &[i32]) -> i32 {
    predict(place, at, [extent[1] * extent[2] * n_features, extent[2] * n_features, n_features], values)
}

/// Whether the differences to what is expected of a feature are shorter than its values, and within bounds.
fn is_predictable(extent: [usize; 3], n_features: usize, feature: usize, values: &[i32]) -> bool {
    let length = |value: i32| u64::from((2 * value.unsigned_abs() + 1).ilog2());
    let (mut alone, mut differences) = (0, 0);
    let mut at = feature;
    for z in 0..extent[0] {
        for y in 0..extent[1] {
            for x in 0..extent[2] {
                let difference = values[at] - expected(extent, [z, y, x], at, n_features, values);
                if difference.unsigned_abs() > MAX_MAGNITUDE {
                    return false;
                }
                alone += length(values[at]);
                differences += length(difference);
                at += n_features;
            }
        }
    }
    differences < alone
}
