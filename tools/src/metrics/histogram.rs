//! Bounded-memory distributions: percentiles of the error and the voxels at the top of the original.

/// Bits dropped from an `f32` to make a bin number: 9 mantissa bits stay, 512 bins per power of two.
const DROPPED_BITS: u32 = 14;
/// One bin for every non-negative finite `f32` after dropping bits.
const N_BINS: usize = (0x7f80_0000u32 >> DROPPED_BITS) as usize;

/// Counts of non-negative values in bins of equal *relative* width (1/512), from 0 to the largest `f32`.
///
/// A percentile read from it is at most 0.2 % too high and never too low. Memory: 1 MiB.
pub(super) struct LogHistogram {
    counts: Vec<u64>,
    total: u64,
}

impl LogHistogram {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; N_BINS], total: 0 }
    }

    /// Counts one value; it must be finite and not negative.
    pub(super) fn add(&mut self, value: f32) {
        let bin = (value.abs().to_bits() >> DROPPED_BITS) as usize;
        self.counts[bin.min(N_BINS - 1)] += 1;
        self.total += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The smallest bin edge that at least `share` (0..=1) of the values do not exceed; `None` without values.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let wanted = ((share * self.total as f64).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        for (bin, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                // The upper edge, so that the figure never flatters. Bin 0 holds exact zeros and denormals.
                let edge = if bin == 0 { 0 } else { (bin as u32 + 1) << DROPPED_BITS };
                return Some(f64::from(f32::from_bits(edge.min(0x7f7f_ffff))));
            }
        }
        None
    }
}

/// Linear bins over the value range of the original.
const N_PEAK_BINS: usize = 1 << 16;

/// Where the original is largest: count, mean value and mean signed error of its top share.
///
/// Bins of 1/65536 of the range; the bin that holds the threshold belongs to the top as a whole, so data with equal
/// values (integers) are split exactly like `original >= threshold`. Memory: 1.5 MiB.
pub(super) struct PeakHistogram {
    bins: Vec<PeakBin>,
    lowest: f64,
    bins_per_unit: f64,
}

#[derive(Clone, Copy, Default)]
struct PeakBin {
    count: u64,
    /// Sum of (original - lowest).
    value: f64,
    /// Sum of (decoded - original).
    error: f64,
}

impl PeakHistogram {
    /// Covers `lowest..=highest`; values outside count in the first or last bin.
    pub(super) fn new(lowest: f64, highest: f64) -> Self {
        let range = highest - lowest;
        let bins_per_unit = if range > 0.0 { (N_PEAK_BINS - 1) as f64 / range } else { 0.0 };
        Self { bins: vec![PeakBin::default(); N_PEAK_BINS], lowest, bins_per_unit }
    }

    /// Counts one voxel by its original value and its signed error (decoded - original).
    pub(super) fn add(&mut self, original: f64, error: f64) {
        let value = original - self.lowest;
        // A float-to-integer cast saturates, so values below the range land in bin 0.
        let bin = (value * self.bins_per_unit) as usize;
        let bin = &mut self.bins[bin.min(N_PEAK_BINS - 1)];
        bin.count += 1;
        bin.value += value;
        bin.error += error;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.bins.iter_mut().zip(&other.bins) {
            mine.count += theirs.count;
            mine.value += theirs.value;
            mine.error += theirs.error;
        }
    }

    /// Mean signed error of the `share` (0..=1) largest originals over (their mean - lowest): -0.2 = a fifth of the
    /// peaks is lost where they were. `None` without voxels or when the originals do not rise above `lowest`.
    pub(super) fn relative_error(&self, share: f64) -> Option<f64> {
        let total: u64 = self.bins.iter().map(|bin| bin.count).sum();
        if total == 0 {
            return None;
        }
        let wanted = ((share * total as f64).ceil() as u64).max(1);
        let mut top = PeakBin::default();
        for bin in self.bins.iter().rev() {
            top.count += bin.count;
            top.value += bin.value;
            top.error += bin.error;
            if top.count >= wanted {
                break;
            }
        }
        (top.value > 0.0).then(|| top.error / top.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_is_within_its_documented_resolution() {
        let mut histogram = LogHistogram::new();
        for i in 1..=10_000 {
            histogram.add(i as f32 * 1e-3);
        }
        for share in [0.01, 0.5, 0.9, 0.999, 1.0] {
            let exact = share * 10.0;
            let got = histogram.quantile(share).unwrap();
            assert!(
                got >= exact * 0.999_999 && got <= exact * (1.0 + 1.0 / 512.0 + 1e-6),
                "{share}: {got} for {exact}"
            );
        }
    }

    #[test]
    fn zeros_and_nothing() {
        let mut histogram = LogHistogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.add(0.0);
        histogram.add(f32::MAX);
        assert_eq!(histogram.quantile(0.5), Some(0.0));
        assert_eq!(histogram.quantile(1.0), Some(f64::from(f32::MAX)));
    }

    #[test]
    fn the_top_of_tied_values_is_all_of_them() {
        // 90 voxels of 0 without error, 10 of 100 with error -20: the top 1 % is all ten of the tie.
        let mut peaks = PeakHistogram::new(0.0, 100.0);
        for i in 0..100 {
            if i < 90 { peaks.add(0.0, 5.0) } else { peaks.add(100.0, -20.0) }
        }
        assert!((peaks.relative_error(0.01).unwrap() + 0.2).abs() < 1e-12);
        assert_eq!(PeakHistogram::new(1.0, 1.0).relative_error(0.001), None);
    }
}
