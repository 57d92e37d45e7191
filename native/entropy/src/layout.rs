//! Where the bands of a wavelet transform lie in its array (Mallat's layout, in place).

use crate::Error;

/// Longest axis of an array, in coefficients.
pub const MAX_AXIS: usize = 256;

/// Most levels of a transform.
pub const MAX_LEVELS: u8 = 8;

/// An axis of this many samples or fewer is not split.
const SHORTEST: usize = 4;

/// Order in which the detail bands of a level are coded. Bits: 1 = high in z, 2 = high in y, 4 = high in x.
pub(crate) const ORDER: [u8; 7] = [1, 2, 4, 3, 5, 6, 7];

/// The shape of an array of wavelet coefficients and the number of times it was split.
///
/// A level splits every axis of more than 4 samples into a low part, which comes first and is the longer one if the
/// number is odd, and a high part; the next level splits the low part of all axes. Arrays are `[z][y][x]`, x fastest.
///
/// ```
/// use neuvol_entropy::Layout;
///
/// let layout = Layout::new([24, 64, 65], 4)?;
/// assert_eq!((layout.n_streams(), layout.len()), (5, 24 * 64 * 65));
/// // What the coarsest stream alone and what the first two give.
/// assert_eq!((layout.region(0), layout.region(1)), ([3, 4, 5], [3, 8, 9]));
/// # Ok::<(), neuvol_entropy::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Low parts, from the whole array to the lowest band: `n_levels + 1`.
    regions: Vec<[usize; 3]>,
}

/// Checks that all axes are 1..=[`MAX_AXIS`].
pub(crate) fn check_extent(extent: [usize; 3]) -> Result<(), Error> {
    if extent.iter().all(|n| (1..=MAX_AXIS).contains(n)) {
        return Ok(());
    }
    Err(Error::argument("extent", format!("{extent:?} has an axis outside 1..={MAX_AXIS}")))
}

/// A detail band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    /// 1..=7, see [`ORDER`].
    pub(crate) id: u8,
    /// Its first coefficient in the array.
    pub(crate) start: [usize; 3],
    /// Coefficients on each axis, none of them 0.
    pub(crate) extent: [usize; 3],
}

impl Layout {
    /// The layout of `extent` coefficients (z, y, x), split `n_levels` times.
    ///
    /// # Errors
    /// [`Error::Argument`] if an axis is not 1..=[`MAX_AXIS`] or `n_levels` not 1..=[`MAX_LEVELS`].
    pub fn new(extent: [usize; 3], n_levels: u8) -> Result<Self, Error> {
        check_extent(extent)?;
        if !(1..=MAX_LEVELS).contains(&n_levels) {
            return Err(Error::argument("n_levels", format!("{n_levels} is not in 1..={MAX_LEVELS}")));
        }
        let mut regions = vec![extent];
        for level in 0..usize::from(n_levels) {
            regions.push(regions[level].map(|n| if n > SHORTEST { n.div_ceil(2) } else { n }));
        }
        Ok(Self { regions })
    }

    /// Coefficients on each axis (z, y, x).
    #[must_use]
    pub fn extent(&self) -> [usize; 3] {
        self.regions[0]
    }

    /// Levels of the transform.
    #[must_use]
    pub fn n_levels(&self) -> usize {
        self.regions.len() - 1
    }

    /// Streams of a group of arrays of this layout: the lowest band and one per level.
    #[must_use]
    pub fn n_streams(&self) -> usize {
        self.regions.len()
    }

    /// Coefficients of an array, never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no layout is empty")]
    pub fn len(&self) -> usize {
        self.extent().iter().product()
    }

    /// The corner of the array that the streams `0..=stream` fill: a transform of its own with `stream` levels.
    ///
    /// # Panics
    /// If there is no such stream.
    #[must_use]
    pub fn region(&self, stream: usize) -> [usize; 3] {
        self.regions[self.n_levels() - stream]
    }

    /// The detail bands of a level (1 = finest) in coding order: none if no axis was split.
    pub(crate) fn bands(&self, level: usize) -> impl Iterator<Item = Band> + '_ {
        ORDER.into_iter().filter_map(move |id| self.band(level, id))
    }

    /// One band of a level, if both exist.
    pub(crate) fn band(&self, level: usize, id: u8) -> Option<Band> {
        let (all, low) = (self.regions.get(level.checked_sub(1)?)?, self.regions.get(level)?);
        let (mut start, mut extent) = ([0; 3], *low);
        for axis in 0..3 {
            if id >> axis & 1 != 0 {
                start[axis] = low[axis];
                extent[axis] = all[axis] - low[axis];
            }
        }
        extent.iter().all(|&n| n > 0).then_some(Band { id, start, extent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_the_array_once() {
        for (extent, n_levels) in [([24, 64, 65], 4), ([1, 1, 1], 8), ([5, 4, 6], 3), ([33, 7, 256], 8), ([4, 4, 4], 1)]
        {
            let layout = Layout::new(extent, n_levels).expect("a fitting extent");
            let mut seen = vec![0; layout.len()];
            let lowest = Band { id: 0, start: [0; 3], extent: layout.region(0) };
            let details = (1..=layout.n_levels()).flat_map(|level| layout.bands(level));
            for band in details.chain([lowest]) {
                for z in 0..band.extent[0] {
                    for y in 0..band.extent[1] {
                        for x in 0..band.extent[2] {
                            let [z, y, x] = [band.start[0] + z, band.start[1] + y, band.start[2] + x];
                            seen[(z * extent[1] + y) * extent[2] + x] += 1;
                        }
                    }
                }
            }
            assert!(seen.iter().all(|&n| n == 1), "{extent:?}");
        }
    }

    #[test]
    fn wrong_shapes_are_refused() {
        for (extent, n_levels) in [([0, 1, 1], 1), ([1, 257, 1], 1), ([8, 8, 8], 0), ([8, 8, 8], 9)] {
            assert!(matches!(Layout::new(extent, n_levels), Err(Error::Argument { .. })));
        }
    }
}
