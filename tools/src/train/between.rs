//! What a student gives between two steps, judged on the steps it knows.
//!
//! Every inner step is predicted from the ones around it, as if it had been withheld: by the network at interpolated
//! codes, linear or cubic, and by the mean of the two decoded values. The codes win only if they are nowhere near worse:
//! so a fractional time is, to the best that the data can tell, never worse than linear interpolation of decoded steps.

use super::fields::Targets;
use neuvol_model::{GridNetwork, TimeConfig, TimeInterpolation};
use rand::Rng;

/// Voxels that are looked at per step.
const SAMPLES: usize = 1024;
/// Interpolated codes must have at most this share of the squared error of interpolated values: what holds at twice the
/// distance in time is no promise for the true one.
const MARGIN: f64 = 0.7;
/// Fewer steps than this say too little about the times between them.
const FEWEST_STEPS: usize = 8;

/// Chooses the interpolation of a trained network with time codes.
pub(super) fn choose(network: &GridNetwork, targets: &Targets, rng: &mut impl Rng) -> TimeInterpolation {
    let n_steps = targets.n_steps;
    if n_steps < FEWEST_STEPS {
        return TimeInterpolation::Values;
    }
    let kinds = [TimeInterpolation::Values, TimeInterpolation::CubicCodes, TimeInterpolation::Codes];
    let mut errors = [0f64; 3];
    let mut wanted = vec![0f32; targets.n_outputs];
    let mut got = wanted.clone();
    let [_, ny, nx] = targets.extent;
    for step in 1..n_steps.saturating_sub(1) {
        // The steps at odd distances, up to two on each side.
        let around: Vec<usize> = [step.checked_sub(3), Some(step - 1), Some(step + 1), Some(step + 3)]
            .into_iter()
            .flatten()
            .filter(|&step| step < n_steps)
            .collect();
        let time = around.iter().filter(|&&at| at < step).count() as f64 - 0.5;
        let mut candidates = kinds.map(|kind| thinned(network, &around, kind));
        for _ in 0..SAMPLES {
            let voxel = rng.random_range(0..targets.voxels() as u32);
            targets.get(step as u32, voxel, &mut wanted);
            for (network, error) in candidates.iter_mut().zip(&mut errors) {
                network.evaluate(voxel / nx / ny, voxel / nx % ny, voxel % nx, time, &mut got);
                for (wanted, got) in wanted.iter().zip(&got).filter(|(wanted, _)| !wanted.is_nan()) {
                    *error += f64::from(wanted - got.clamp(0.0, 1.0)).powi(2);
                }
            }
        }
    }
    log::debug!("squared errors between steps of values, cubic codes, linear codes: {errors:.4?}");
    let mut best = 0;
    for kind in 1..kinds.len() {
        let limit = if best == 0 { MARGIN * errors[0] } else { errors[best] };
        if errors[kind] < limit {
            best = kind;
        }
    }
    kinds[best]
}

/// The network with the codes of some steps only.
fn thinned(network: &GridNetwork, steps: &[usize], interpolation: TimeInterpolation) -> GridNetwork {
    let mut thinned = network.clone();
    thinned.config.time = TimeConfig { n_codes: steps.len() as u16, interpolation, ..network.config.time };
    let pick = |rows: &[half::f16], width: usize| -> Vec<half::f16> {
        if rows.is_empty() {
            return Vec::new();
        }
        steps.iter().flat_map(|&step| &rows[step * width..][..width]).copied().collect()
    };
    thinned.time_codes = pick(&network.time_codes, usize::from(network.config.n_neurons));
    thinned.time_gains = pick(&network.time_gains, network.config.n_inputs());
    thinned
}
