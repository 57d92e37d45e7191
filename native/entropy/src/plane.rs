//! Arrays of small numbers with a margin of zeros, so that neighbours need no bounds.

/// Zeros around the numbers, on every side.
const MARGIN: usize = 2;

/// A 3-D array `[z][y][x]` with a margin.
#[derive(Debug, Clone)]
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
        let [nz, ny, nx] = extent.map(|n| n + 2 * MARGIN);
        Self { cells: vec![T::default(); nz * ny * nx], extent, row: nx, slice: nx * ny }
    }

    /// The cell of a place. Up to two less or more on an axis is the margin.
    #[inline(always)]
    pub(crate) fn at(&self, [z, y, x]: [usize; 3]) -> usize {
        (z + MARGIN) * self.slice + (y + MARGIN) * self.row + x + MARGIN
    }

    #[inline(always)]
    pub(crate) fn get(&self, place: [usize; 3]) -> T {
        self.cells[self.at(place)]
    }
}

impl Plane<u16> {
    /// Adds `factor` times the numbers of another array of the same extent. The result must stay below 2^16.
    pub(crate) fn add(&mut self, other: &Plane<u8>, factor: u16) {
        for (sum, &n) in self.cells.iter_mut().zip(&other.cells) {
            *sum += factor * u16::from(n);
        }
    }

    /// Sums over the 3³ places around each; they must stay below 2^16.
    pub(crate) fn sums(&self) -> Plane<u16> {
        // One axis after the other, over rows and margins alike: what comes into a margin is never looked at, and
        // nothing comes out of it but the zeros of `self`.
        let along = |cells: &[u16], step: usize| {
            let mut sums = vec![0; cells.len()];
            let (before, after) = (&cells[..cells.len() - 2 * step], &cells[2 * step..]);
            let middle = &cells[step..cells.len() - step];
            let inner = &mut sums[step..cells.len() - step];
            for (((sum, a), b), c) in inner.iter_mut().zip(before).zip(middle).zip(after) {
                *sum = a + b + c;
            }
            sums
        };
        let cells = along(&along(&along(&self.cells, 1), self.row), self.slice);
        Plane { cells, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_neighbours() {
        let extent = [3, 4, 5];
        let mut plane = Plane::<u8>::new(extent);
        for (i, n) in plane.cells.clone().into_iter().enumerate() {
            assert_eq!((i, n), (i, 0));
        }
        for z in 0..3 {
            for y in 0..4 {
                for x in 0..5 {
                    let at = plane.at([z, y, x]);
                    plane.cells[at] = ((z * 7 + y * 5 + x * 3) % 11) as u8;
                }
            }
        }
        let mut wide = Plane::<u16>::new(extent);
        wide.add(&plane, 3);
        let sums = wide.sums();
        for z in 0..3 {
            for y in 0..4 {
                for x in 0..5 {
                    let mut sum = 0;
                    for (dz, dy, dx) in (0..27).map(|i| (i / 9, i / 3 % 3, i % 3)) {
                        // One less on each axis is still in the margin.
                        let at = plane.at([z + dz, y + dy, x + dx]) - plane.slice - plane.row - 1;
                        sum += 3 * u16::from(plane.cells[at]);
                    }
                    assert_eq!(sums.get([z, y, x]), sum);
                }
            }
        }
    }
}
