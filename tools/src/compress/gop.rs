//! How many steps share a network, chosen by measured rate and distortion.
//!
//! Some blocks are encoded in full with every candidate, at two rates (n and 2n features per level). The two points of a
//! candidate give its PSNR as a line over the logarithm of its bytes; the candidate whose line is highest at the mean of
//! all rates wins. Models made for the choice are thrown away.

use super::{
    CompressError, CompressOptions, Event, Layout, block, input::Input, layout::PlannedUnit, run::encode, scan::Scan,
};
use crate::train::TrainOptions;
use neuvol_model::MAX_FEATURES;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Candidates, as far as the data has so many steps.
const CANDIDATES: [u32; 5] = [2, 4, 8, 12, 24];
/// Blocks that are tried, spread over the entropies.
const BLOCKS: usize = 3;

/// What a candidate cost and gave on the blocks that were tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Probe {
    /// Steps that share a network.
    pub gop: u32,
    /// Features per level.
    pub n_features_per_level: u8,
    /// Payload bytes.
    pub bytes: u64,
    /// PSNR in dB over the variables' ranges.
    pub psnr: f64,
}

/// Candidates for `steps` steps: those that fit, or all steps together if none does.
pub(super) fn candidates(steps: u32) -> Vec<u32> {
    let mut fitting: Vec<u32> = CANDIDATES.into_iter().filter(|&gop| gop <= steps).collect();
    if steps < 24 && !fitting.contains(&steps) {
        fitting.push(steps);
    }
    fitting
}

/// Tries the candidates on the first steps of some blocks of the largest group. `layout(gop)` cuts the steps. `None` if
/// stopped.
pub(super) fn choose(
    input: &Input,
    layout: &(dyn Fn(u32) -> Layout + Sync),
    scans: &[Scan],
    options: &CompressOptions,
    stop: &AtomicBool,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Result<Option<u32>, CompressError> {
    let plain = layout(1);
    let steps = plain.variables.iter().map(|v| v.steps).max().unwrap_or(1);
    let candidates = candidates(steps);
    if let [] | [_] = candidates[..] {
        return Ok(Some(candidates.first().copied().unwrap_or(1)));
    }
    let window = candidates.iter().copied().max().unwrap_or(1);
    let group = (0..plain.groups.len()).max_by_key(|&g| plain.variables[plain.groups[g][0]].steps).unwrap_or(0) as u32;
    let blocks = spread(&plain, group, scans, window);

    let mut tried: Vec<(u32, u8)> = Vec::new();
    for &gop in &candidates {
        let features = options.train.n_features_per_level;
        tried.extend([features, features.saturating_mul(2).min(MAX_FEATURES)].map(|n| (gop, n)));
    }
    tried.dedup();
    let layouts: Vec<Layout> = tried.iter().map(|&(gop, _)| layout(gop)).collect();
    let mut jobs = Vec::new();
    for (number, (layout, &(_, n_features_per_level))) in layouts.iter().zip(&tried).enumerate() {
        let train = TrainOptions { n_features_per_level, ..options.train.clone() };
        for planned in layout.units(scans, &train) {
            let segment = layout.segment(planned.unit);
            if planned.unit.group == group
                && blocks.contains(&planned.unit.block)
                && segment.first + segment.steps <= window
            {
                jobs.push((number, planned, CompressOptions { train: train.clone(), ..options.clone() }));
            }
        }
    }
    let total = jobs.len() as u64;
    let sums = Mutex::new((vec![(0u64, 0f64, 0u64); tried.len()], 0, tell));
    jobs.par_iter().with_max_len(1).try_for_each(|(number, planned, options)| {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let layout = &layouts[*number];
        let encoded = encode(input, layout, scans, planned, options, stop)?;
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        let (sums, done, tell) = &mut *sums;
        add(&mut sums[*number], &encoded, planned, layout, scans);
        *done += 1;
        tell(Event::Probing { done: *done, total });
        Ok::<(), CompressError>(())
    })?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let (sums, _, tell) = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let probes: Vec<Probe> = tried
        .iter()
        .zip(&sums)
        .map(|(&(gop, n_features_per_level), &(bytes, squares, n))| Probe {
            gop,
            n_features_per_level,
            bytes,
            psnr: -10.0 * (squares / n.max(1) as f64).max(1e-20).log10(),
        })
        .collect();
    for &probe in &probes {
        tell(Event::Probe(probe));
    }
    Ok(Some(best(&probes)))
}

/// Blocks of the group at evenly spread ranks of their entropy, the most complex one among them.
fn spread(layout: &Layout, group: u32, scans: &[Scan], window: u32) -> Vec<u32> {
    let variables = &layout.groups[group as usize];
    let n_blocks = layout.variables[variables[0]].grid.n_blocks();
    let entropy = |block: u32| -> f64 {
        let mut sum = 0.0;
        for &variable in variables {
            for step in 0..window {
                sum += f64::from(scans[variable].entropies[(step * n_blocks + block) as usize]);
            }
        }
        sum
    };
    let mut ranked: Vec<u32> = (0..n_blocks).collect();
    ranked.sort_by(|&a, &b| entropy(b).total_cmp(&entropy(a)));
    let n = BLOCKS.min(ranked.len());
    (0..n).map(|i| ranked[i * ranked.len() / n]).collect()
}

fn add(sum: &mut (u64, f64, u64), encoded: &block::Encoded, planned: &PlannedUnit, layout: &Layout, scans: &[Scan]) {
    sum.0 += encoded.payloads.iter().map(|payload| payload.len() as u64).sum::<u64>();
    for (output, &variable) in encoded.outputs.iter().zip(&layout.groups[planned.unit.group as usize]) {
        let range = f64::from(scans[variable].max) - f64::from(scans[variable].min);
        if range > 0.0 {
            sum.1 += output.fitted_squares / (range * range);
            sum.2 += output.valid;
        }
    }
}

/// The candidate with the highest PSNR at the (geometric) mean rate; the shorter one where two are equal.
fn best(probes: &[Probe]) -> u32 {
    let log = |probe: &Probe| (probe.bytes.max(1) as f64).log2();
    let mean = probes.iter().map(log).sum::<f64>() / probes.len().max(1) as f64;
    let mut best = (f64::NEG_INFINITY, 1);
    let mut gops: Vec<u32> = probes.iter().map(|probe| probe.gop).collect();
    gops.dedup();
    for gop in gops {
        let own: Vec<&Probe> = probes.iter().filter(|probe| probe.gop == gop).collect();
        let (low, high) = (own[0], own[own.len() - 1]);
        // More features that bring nothing are no reason to expect that fewer would do.
        let slope = if log(high) > log(low) { ((high.psnr - low.psnr) / (log(high) - log(low))).max(0.0) } else { 0.0 };
        let psnr = low.psnr + slope * (mean - log(low));
        if psnr > best.0 + 1e-9 {
            best = (psnr, gop);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_line_wins_wherever_its_points_lie() {
        let probe = |gop, n_features_per_level, bytes, psnr| Probe { gop, n_features_per_level, bytes, psnr };
        // 8 steps: 53 dB at 600, 55.5 dB at 1200; 24 steps: 51 dB at 200, 53.5 dB at 400 (so 55 dB at 600).
        let probes =
            [probe(8, 8, 600, 53.0), probe(8, 16, 1200, 55.5), probe(24, 8, 200, 51.0), probe(24, 16, 400, 53.5)];
        assert_eq!(best(&probes), 24);
        let probes =
            [probe(8, 8, 600, 53.0), probe(8, 16, 1200, 55.5), probe(24, 8, 200, 46.0), probe(24, 16, 400, 48.0)];
        assert_eq!(best(&probes), 8);
    }

    #[test]
    fn candidates_fit_the_steps() {
        assert_eq!(candidates(720), [2, 4, 8, 12, 24]);
        assert_eq!(candidates(5), [2, 4, 5]);
        assert_eq!(candidates(1), [1]);
    }
}
