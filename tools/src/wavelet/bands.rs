//! Where the detail bands of a transform lie, for what the encoder does band by band.

use neuvol_entropy::Layout;

/// A detail band: a box of the array of coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Band {
    /// Its first coefficient, z, y, x.
    pub(super) start: [usize; 3],
    /// Coefficients on each axis, none of them 0.
    pub(super) extent: [usize; 3],
}

/// All detail bands, coarse to fine.
pub(super) fn detail_bands(layout: &Layout) -> Vec<Band> {
    let mut bands = Vec::new();
    for stream in 1..layout.n_streams() {
        let (low, all) = (layout.region(stream - 1), layout.region(stream));
        for id in 1..8usize {
            let is_high = |axis: usize| id >> axis & 1 == 1;
            let start = std::array::from_fn(|axis| if is_high(axis) { low[axis] } else { 0 });
            let extent: [usize; 3] =
                std::array::from_fn(|axis| if is_high(axis) { all[axis] - low[axis] } else { low[axis] });
            if extent.iter().all(|&n| n > 0) {
                bands.push(Band { start, extent });
            }
        }
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_and_the_lowest_one_cover_the_array_once() {
        for (extent, n_levels) in [([24, 64, 65], 4), ([1, 3, 9], 2), ([5, 4, 6], 3)] {
            let layout = Layout::new(extent, n_levels).unwrap();
            let details: usize = detail_bands(&layout).iter().map(|band| band.extent.iter().product::<usize>()).sum();
            assert_eq!(details + layout.region(0).iter().product::<usize>(), layout.len());
        }
    }
}
