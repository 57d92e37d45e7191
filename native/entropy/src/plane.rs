//! Arrays of small numbers with a margin of zeros, so that neighbours need no bounds.

/// Places on each axis of a brick.
pub(crate) const BRICK: usize = 4;

/// Places of a brick.
pub(crate) const CELLS: usize = BRICK * BRICK * BRICK;

/// Zeros around the numbers, on every side.
const MARGIN: usize = 2;

/// Cells behind the last margin: a row of [`LANES`] may begin anywhere.
const BEHIND: usize = 4;

/// Cells that are read at once: a row of a brick with one more on each side, and two that do not matter.
const LANES: usize = 8;

/// A 3-D array `[z][y][x]` with a margin. Its last bricks are as large as all others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plane<T> {
    pub(crate) cells: Vec<T>,
    pub(crate) extent: [usize; 3],
    /// Cells from a row to the next.
    pub(crate) row: usize,
    /// Cells from a slice to the next.
    pub(crate) slice: usize,
}

impl<T: Copy + Default> Plane<T> {
    pub(crate) fn new(extent: [usize; 3]) -> Self {
        let mut plane = Self::default();
        plane.reshape(extent);
        plane
    }

    /// Takes another extent, with cells that are all zeros if they were before. There may be more of them than it needs.
    pub(crate) fn reshape(&mut self, extent: [usize; 3]) {
        let [nz, ny, nx] = extent.map(|n| n.next_multiple_of(BRICK) + 2 * MARGIN);
        let n = nz * ny * nx + BEHIND;
        if self.cells.len() < n {
            // Zeros that come from the system take no time until they are touched.
            self.cells = vec![T::default(); n];
        }
        (self.extent, self.row, self.slice) = (extent, nx, nx * ny);
    }

    /// The cell of a place. Up to two less or more on an axis is the margin.
    #[inline(always)]
    pub(crate) fn at(&self, [z, y, x]: [usize; 3]) -> usize {
        (z + MARGIN) * self.slice + (y + MARGIN) * self.row + x + MARGIN
    }

    /// The cells of the rows of the brick whose first cell is `at`.
    pub(crate) fn rows(&self, at: usize) -> impl Iterator<Item = usize> + use<T> {
        let (slice, row) = (self.slice, self.row);
        (0..BRICK * BRICK).map(move |k| at + k / BRICK * slice + k % BRICK * row)
    }

    /// Sets the numbers of the brick whose first cell is `at`.
    pub(crate) fn set_brick(&mut self, at: usize, numbers: &[T; CELLS]) {
        for (at, numbers) in self.rows(at).zip(numbers.as_chunks::<BRICK>().0) {
            self.cells[at..at + BRICK].copy_from_slice(numbers);
        }
    }
}

/// A brick of a sum of planes, with one cell more on each side.
pub(crate) struct Wide([[u16; LANES]; WIDE * WIDE]);

const WIDE: usize = BRICK + 2;

impl Wide {
    /// Zeros.
    pub(crate) fn new() -> Self {
        Self([[0; LANES]; WIDE * WIDE])
    }

    /// Adds `factor` times the numbers of a plane; `at` is the first cell of the brick. No sum may reach 2^16.
    #[inline(always)]
    pub(crate) fn add(&mut self, plane: &Plane<u8>, at: usize, factor: u16) {
        let corner = at - plane.slice - plane.row - 1;
        for (k, sums) in self.0.iter_mut().enumerate() {
            let from = corner + k / WIDE * plane.slice + k % WIDE * plane.row;
            let row: &[u8; LANES] = plane.cells[from..].first_chunk().expect("there are cells behind the last row");
            for (sum, &n) in sums.iter_mut().zip(row) {
                *sum += factor * u16::from(n);
            }
        }
    }

    /// The numbers of the brick.
    #[inline(always)]
    pub(crate) fn middle(&self) -> [u16; CELLS] {
        let mut middle = [0; CELLS];
        for (k, row) in middle.as_chunks_mut::<BRICK>().0.iter_mut().enumerate() {
            let from = &self.0[(k / BRICK + 1) * WIDE + k % BRICK + 1];
            row.copy_from_slice(&from[1..=BRICK]);
        }
        middle
    }

    /// The sums over the 3³ places around each of the brick's. They must stay below 2^16.
    #[inline(always)]
    pub(crate) fn sums(&self) -> [u16; CELLS] {
        let three = |a: &[u16; BRICK], b: &[u16; BRICK], c: &[u16; BRICK]| {
            let mut sum = [0; BRICK];
            for (x, sum) in sum.iter_mut().enumerate() {
                *sum = a[x] + b[x] + c[x];
            }
            sum
        };
        let mut along_x = [[0; BRICK]; WIDE * WIDE];
        for (sums, row) in along_x.iter_mut().zip(&self.0) {
            for (x, sum) in sums.iter_mut().enumerate() {
                *sum = row[x] + row[x + 1] + row[x + 2];
            }
        }
        let mut sums = [0; CELLS];
        for (k, row) in sums.as_chunks_mut::<BRICK>().0.iter_mut().enumerate() {
            let (z, y) = (k / BRICK, k % BRICK);
            let slice =
                |z: usize| three(&along_x[z * WIDE + y], &along_x[z * WIDE + y + 1], &along_x[z * WIDE + y + 2]);
            *row = three(&slice(z), &slice(z + 1), &slice(z + 2));
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_neighbours() {
        let extent = [3, 6, 9];
        let mut plane = Plane::<u8>::new(extent);
        assert!(plane.cells.iter().all(|&n| n == 0));
        for (z, y, x) in (0..3 * 6 * 9).map(|i| (i / 54, i / 9 % 6, i % 9)) {
            let at = plane.at([z, y, x]);
            plane.cells[at] = ((z * 7 + y * 5 + x * 3) % 11) as u8;
        }
        let get = |z: usize, y: usize, x: usize| u16::from(plane.cells[plane.at([z, y, x])]);
        for brick in [[0, 0, 0], [0, 0, 8], [0, 4, 4], [0, 4, 8]] {
            let mut wide = Wide::new();
            wide.add(&plane, plane.at(brick), 3);
            wide.add(&plane, plane.at(brick), 2);
            let (middle, sums) = (wide.middle(), wide.sums());
            for k in 0..CELLS {
                let [z, y, x] = [brick[0] + k / 16, brick[1] + k / 4 % 4, brick[2] + k % 4];
                if z >= 3 || y >= 6 || x >= 9 {
                    continue;
                }
                assert_eq!(middle[k], 5 * get(z, y, x));
                // One less on each axis is still in the margin.
                let around =
                    (0..27).map(|i| plane.at([z + i / 9, y + i / 3 % 3, x + i % 3]) - plane.slice - plane.row - 1);
                let sum: u16 = around.map(|at| 5 * u16::from(plane.cells[at])).sum();
                assert_eq!(sums[k], sum, "{brick:?} {k}");
            }
        }
    }

    #[test]
    fn planes_of_zeros_change_their_extent() {
        let mut plane = Plane::<u8>::new([5, 6, 7]);
        for extent in [[1, 1, 1], [7, 5, 6], [30, 2, 9], [4, 4, 4]] {
            plane.reshape(extent);
            assert!(plane.cells.iter().all(|&n| n == 0));
            let brick = [1; CELLS];
            let at = plane.at([0; 3]);
            plane.set_brick(at, &brick);
            assert_eq!(plane.cells.iter().filter(|&&n| n != 0).count(), CELLS);
            plane.set_brick(at, &[0; CELLS]);
        }
    }
}
