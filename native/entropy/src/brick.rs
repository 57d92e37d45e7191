//! Where coefficients come from, and where they go: bricks.

use crate::plane::{BRICK, CELLS};

/// Up to 4³ coefficients that are not all 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brick<'a> {
    /// Its component (or step), from 0.
    pub component: usize,
    /// The place of its first coefficient in the array (z, y, x): any numbers, since bands begin anywhere.
    pub start: [usize; 3],
    /// Coefficients on each axis, 1..=4.
    pub extent: [usize; 3],
    /// The coefficients, `[z][y][x]` with 4 on each axis: 0 beyond the extent.
    pub values: &'a [i32; 64],
}

impl Brick<'_> {
    /// Its rows along x: the place of the first coefficient (z, y, x) and the coefficients.
    pub fn rows(&self) -> impl Iterator<Item = ([usize; 3], &[i32])> {
        let ([z, y, x], [nz, ny, nx]) = (self.start, self.extent);
        let places = (0..nz).flat_map(move |dz| (0..ny).map(move |dy| (dz, dy)));
        places.map(move |(dz, dy)| ([z + dz, y + dy, x], &self.values[(dz * BRICK + dy) * BRICK..][..nx]))
    }

    /// The values as 16 bits, if all of them fit.
    #[must_use]
    pub fn narrow(&self) -> Option<[i16; 64]> {
        let narrow = self.values.map(|value| value as i16);
        let fits = narrow.iter().zip(self.values).all(|(&narrow, &value)| i32::from(narrow) == value);
        fits.then_some(narrow)
    }
}

/// What a model codes.
pub(crate) trait Values {
    /// The coefficients of a brick, from a place on and within an extent. A decoder gets zeros.
    fn load(&self, component: usize, start: [usize; 3], extent: [usize; 3]) -> [i32; CELLS];

    /// Takes a brick that was coded.
    fn store(&mut self, brick: Brick<'_>);
}

/// What an encoder has: arrays of one extent.
pub(crate) struct Arrays<'a> {
    pub(crate) arrays: &'a [&'a [i32]],
    pub(crate) extent: [usize; 3],
}

impl Values for Arrays<'_> {
    fn load(&self, component: usize, [z, y, x]: [usize; 3], [nz, ny, nx]: [usize; 3]) -> [i32; CELLS] {
        let mut values = [0; CELLS];
        for (dz, dy) in (0..nz).flat_map(|dz| (0..ny).map(move |dy| (dz, dy))) {
            let from = ((z + dz) * self.extent[1] + y + dy) * self.extent[2] + x;
            values[(dz * BRICK + dy) * BRICK..][..nx].copy_from_slice(&self.arrays[component][from..from + nx]);
        }
        values
    }

    fn store(&mut self, _brick: Brick<'_>) {}
}

/// What a decoder has: something to be done with every brick.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(Brick<'_>)> Values for Each<F> {
    fn load(&self, _component: usize, _start: [usize; 3], _extent: [usize; 3]) -> [i32; CELLS] {
        [0; CELLS]
    }

    fn store(&mut self, brick: Brick<'_>) {
        (self.0)(brick);
    }
}

/// Where the bricks of an array begin, and their extents.
pub(crate) fn parts(extent: [usize; 3]) -> impl Iterator<Item = ([usize; 3], [usize; 3])> {
    let [nz, ny, nx] = extent.map(|n| n.div_ceil(BRICK));
    (0..nz * ny * nx).map(move |k| {
        let start = [k / nx / ny, k / nx % ny, k % nx].map(|n| n * BRICK);
        (start, [0, 1, 2].map(|axis| (extent[axis] - start[axis]).min(BRICK)))
    })
}

/// Whether any number of a brick is not 0.
pub(crate) fn any(numbers: &[i32; CELLS]) -> bool {
    numbers.iter().fold(0, |any, n| any | n) != 0
}

/// Copies bricks into arrays of an extent, one per component.
pub(crate) fn copy_to(arrays: &mut [Vec<i32>], extent: [usize; 3]) -> impl FnMut(Brick<'_>) {
    move |brick| {
        let array = &mut arrays[brick.component];
        for ([z, y, x], row) in brick.rows() {
            let to = &mut array[(z * extent[1] + y) * extent[2] + x..][..row.len()];
            // Nearly always 4: then it needs no call.
            match (to.as_mut_array::<BRICK>(), row.as_array()) {
                (Some(to), Some(row)) => *to = *row,
                _ => to.copy_from_slice(row),
            }
        }
    }
}
