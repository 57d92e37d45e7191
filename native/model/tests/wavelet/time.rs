//! Components, weights, what stands between two steps, residuals.

use crate::random::{Numbers, fill, zeros};
use half::f16;
use neuvol_model::{TimeConfig, TimeInterpolation, Wavelet, voxels};

const EXTENT: [u32; 3] = [3, 6, 7];
const STEPS: u32 = 4;
const RANGE: (f32, f32) = (-2.0, 3.0);
const ALL: [TimeInterpolation; 3] =
    [TimeInterpolation::Codes, TimeInterpolation::CubicCodes, TimeInterpolation::Values];

fn block(interpolation: TimeInterpolation, with_residual: bool) -> Wavelet {
    let block = Wavelet { steps: STEPS, step: 0.25, offset: 0.5, precise: true, interpolation, ..zeros(EXTENT, 2) };
    fill(block, 3, with_residual, &mut Numbers::new(5))
}

fn decode(block: &Wavelet, time: f64, range: (f32, f32)) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(EXTENT)];
    block.decode_reference(time, range, &mut out).unwrap();
    out
}

#[test]
fn weights_are_interpolated_as_codes_are() {
    for interpolation in ALL {
        let block = block(interpolation, false);
        let config = TimeConfig { n_codes: STEPS as u16, gains: false, interpolation };
        let transposed: Vec<f16> = (0..12).map(|n| block.weights[n % 3 * STEPS as usize + n / 3]).collect();
        for time in [-1.0, 0.0, 0.25, 1.0, 1.75, 2.5, 3.0, 7.0] {
            let mut want = vec![0.0; 3];
            config.interpolate(&transposed, time, &mut want);
            assert_eq!(block.component_weights(time), want, "{interpolation:?} at {time}");
        }
    }
    assert_eq!(zeros(EXTENT, 1).component_weights(0.0), [1.0]);
}

#[test]
fn a_block_is_the_weighted_sum_of_its_components() {
    let wide = (-1e9, 1e9);
    for (interpolation, times) in ALL.into_iter().zip([&[0.0, 1.0, 1.25, 3.0][..], &[0.0, 2.5], &[0.0, 2.0]]) {
        let block = block(interpolation, false);
        let parts: Vec<Vec<f32>> = (0..3)
            .map(|k| {
                let components = vec![block.components[k].clone()];
                decode(&Wavelet { components, ..zeros(EXTENT, 2) }, 0.0, wide)
            })
            .collect();
        for &time in times {
            let weights = block.component_weights(time);
            for (at, value) in decode(&block, time, wide).into_iter().enumerate() {
                let r: f32 = (0..3).map(|k| weights[k] * parts[k][at]).sum();
                let want = 0.5 + 0.25 * r;
                assert!((value - want).abs() <= 1e-5 * (1.0 + want.abs()), "{value} instead of {want}");
            }
        }
    }
}

#[test]
fn values_between_steps_are_those_of_both() {
    for block in [block(TimeInterpolation::Values, false), block(TimeInterpolation::Codes, true)] {
        let (before, after) = (decode(&block, 1.0, RANGE), decode(&block, 2.0, RANGE));
        for (at, value) in decode(&block, 1.25, RANGE).into_iter().enumerate() {
            let want = before[at] * 0.75 + after[at] * 0.25;
            assert!((value - want).abs() < 1e-6, "{value} instead of {want}");
        }
    }
}

#[test]
fn a_residual_is_added_to_the_limited_values() {
    let with = block(TimeInterpolation::CubicCodes, true);
    let without = Wavelet { residual: None, ..with.clone() };
    let residual = with.residual.clone().unwrap();
    let mut limited = 0;
    for step in 0..STEPS {
        let (with, without) = (decode(&with, step.into(), RANGE), decode(&without, step.into(), RANGE));
        for (at, value) in with.into_iter().enumerate() {
            let sum = without[at] + residual.quantum * residual.steps[step as usize][at] as f32;
            assert_eq!(value, sum.clamp(RANGE.0, RANGE.1));
            limited += usize::from(value != sum);
        }
    }
    assert!(limited > 0, "the test must reach the ends of the range");
}
