//! The first look at the data: range, valid values and block entropies.

use super::{CompressError, Event, Layout, input::Input, layout::LayoutVariable};
use crate::train::block_entropy;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a variable's values are like.
pub(super) struct Scan {
    /// Smallest valid value; NaN if there is none.
    pub(super) min: f32,
    /// Largest valid value.
    pub(super) max: f32,
    /// Valid values of all steps.
    pub(super) valid: u64,
    /// The highest values are those from here on, see [`TOP_SHARE`]; NaN without valid values.
    pub(super) top: f32,
    /// Entropy in bits of (step, block), block fastest.
    pub(super) entropies: Vec<f32>,
}

/// Share of the values that count as the highest ones.
const TOP_SHARE: f64 = 1e-3;
/// Bins over the range, by which they are found: the bin that holds the threshold belongs to them as a whole.
const TOP_BINS: usize = 1 << 16;

/// Where the highest values begin.
struct TopFinder {
    bins: Vec<u64>,
    lowest: f64,
    bins_per_unit: f64,
}

impl TopFinder {
    fn new(scan: &Scan) -> Self {
        let range = f64::from(scan.max) - f64::from(scan.min);
        let bins_per_unit = if range > 0.0 { (TOP_BINS - 1) as f64 / range } else { 0.0 };
        Self { bins: vec![0; TOP_BINS], lowest: scan.min.into(), bins_per_unit }
    }

    fn add(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|v| !v.is_nan()) {
            let bin = ((f64::from(value) - self.lowest) * self.bins_per_unit) as usize;
            self.bins[bin.min(TOP_BINS - 1)] += 1;
        }
    }

    fn threshold(&self) -> f32 {
        let total: u64 = self.bins.iter().sum();
        let wanted = ((TOP_SHARE * total as f64).ceil() as u64).max(1);
        let mut count = 0;
        let first = self.bins.iter().enumerate().rev().find(|(_, n)| {
            count += *n;
            count >= wanted
        });
        match first {
            Some((bin, _)) if self.bins_per_unit > 0.0 => (self.lowest + bin as f64 / self.bins_per_unit) as f32,
            _ => self.lowest as f32,
        }
    }
}

/// Reads every block twice, for the range (unless it is known) and then for what depends on the range: entropies, and where the highest values begin. `None` if
/// stopped.
pub(super) fn scan(
    input: &Input,
    layout: &Layout,
    stop: &AtomicBool,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Result<Option<Vec<Scan>>, CompressError> {
    let units = |v: &LayoutVariable| u64::from(v.steps) * u64::from(v.grid.n_blocks());
    let passes = |v: &LayoutVariable| if input.value_range(v.source_index).is_some() { 1..2 } else { 0..2 };
    let total = layout.variables.iter().map(|v| units(v) * passes(v).count() as u64).sum::<u64>();
    let mut done = 0;
    let mut values = Vec::new();
    let mut scans = Vec::with_capacity(layout.variables.len());
    for variable in &layout.variables {
        let mut scan = Scan { min: f32::NAN, max: f32::NAN, valid: 0, top: f32::NAN, entropies: Vec::new() };
        if let Some((min, max, valid)) = input.value_range(variable.source_index) {
            (scan.min, scan.max, scan.valid) = (min, max, valid);
        }
        for pass in passes(variable) {
            let mut top = TopFinder::new(&scan);
            for step in 0..variable.steps {
                for block in 0..variable.grid.n_blocks() {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    let origin = variable.grid.origin(block);
                    let extent = variable.grid.extent(block, 0);
                    let end = std::array::from_fn(|a| origin[a] + extent[a]);
                    input.read(variable.source_index, step, origin, end, &mut values)?;
                    if pass == 0 {
                        for &value in values.iter().filter(|v| !v.is_nan()) {
                            // min and max ignore the NaN that they start with.
                            scan.min = scan.min.min(value);
                            scan.max = scan.max.max(value);
                            scan.valid += 1;
                        }
                    } else {
                        scan.entropies.push(block_entropy(&values, (scan.min, scan.max)) as f32);
                        top.add(&values);
                    }
                    done += 1;
                    tell(Event::Scan { done, total });
                }
            }
            if pass == 1 {
                scan.top = top.threshold();
            }
        }
        scans.push(scan);
    }
    Ok(Some(scans))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_values_are_a_thousandth_and_ties_stay_together() {
        let scan = |min, max| Scan { min, max, valid: 0, top: f32::NAN, entropies: Vec::new() };
        let mut finder = TopFinder::new(&scan(0.0, 9_999.0));
        finder.add(&(0..10_000).map(|i| i as f32).collect::<Vec<_>>());
        let threshold = finder.threshold();
        assert!(threshold > 9_989.0 - 0.2 && threshold <= 9_990.0, "{threshold}");

        let mut finder = TopFinder::new(&scan(-5.0, 5.0));
        finder.add(&[&[5.0; 40][..], &[-5.0; 60], &[f32::NAN; 9]].concat());
        assert!((4.99..=5.0).contains(&finder.threshold()));

        let mut finder = TopFinder::new(&scan(2.0, 2.0));
        finder.add(&[2.0; 8]);
        assert_eq!(finder.threshold(), 2.0);
    }
}
