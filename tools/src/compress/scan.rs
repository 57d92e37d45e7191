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
    /// Entropy in bits of (step, block), block fastest.
    pub(super) entropies: Vec<f32>,
}

/// Reads every block twice, for the range (unless it is known) and then for the entropies over that range. `None` if
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
        let mut scan = Scan { min: f32::NAN, max: f32::NAN, valid: 0, entropies: Vec::new() };
        if let Some((min, max, valid)) = input.value_range(variable.source_index) {
            (scan.min, scan.max, scan.valid) = (min, max, valid);
        }
        for pass in passes(variable) {
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
                    }
                    done += 1;
                    tell(Event::Scan { done, total });
                }
            }
        }
        scans.push(scan);
    }
    Ok(Some(scans))
}
