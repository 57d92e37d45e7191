//! Wavelet latents and heads: every kernel against the reference decoder.
mod common;

use common::Random;
use common::latents::{Shape, head, latents};
use common::{max_error, psnr, range_of};
use neuvol_decode::{Kernel, Latents, Prepared, Scratch};
use neuvol_model::{Block, TimeInterpolation, Wavelet, voxels};
use proptest::prelude::*;
use std::sync::Arc;

const WIDE: (f32, f32) = (-1e30, 1e30);

fn decode(model: &Wavelet, kernel: Kernel, time: f64, range: (f32, f32), scratch: &mut Scratch) -> (Vec<f32>, Kernel) {
    let latents = Latents::new(model, kernel).unwrap();
    let mut out = vec![f32::NAN; voxels(model.level_extent())];
    latents.decode(time, range, &mut out, scratch).unwrap();
    (out, latents.kernel())
}

fn reference(model: &Wavelet, time: f64, range: (f32, f32)) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(model.level_extent())];
    model.decode_reference(time, range, &mut out).unwrap();
    out
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::all().into_iter().filter(|kernel| kernel.is_available())
}

/// What f32 arithmetic may differ by: rounding in relation to the largest number that is on the way.
fn bound(model: &Wavelet, expected: &[f32], time: f64) -> f32 {
    let weights = model.component_weights(time.floor());
    let later = model.component_weights(time.ceil());
    let weight = weights.iter().chain(&later).map(|w| w.abs()).fold(0.0, f32::max);
    let largest = model.components.iter().flatten().map(|v| v.unsigned_abs()).max().unwrap() as f32;
    let of_r = model.step * weight * largest * model.components.len() as f32;
    let of_values = expected.iter().map(|v| v.abs()).fold(0.0, f32::max);
    2e-5 * (of_r + of_values) + 1e-6
}

fn check(model: &Wavelet, time: f64, range: (f32, f32), scratch: &mut Scratch) -> Result<(), TestCaseError> {
    let expected = reference(model, time, range);
    let free = reference(model, time, WIDE);
    for kernel in kernels() {
        let (values, ran) = decode(model, kernel, time, range, scratch);
        let error = max_error(&expected, &values);
        prop_assert!(values.iter().all(|v| v.is_finite()));
        match ran {
            Kernel::Vnni | Kernel::Bf16 => prop_assert!(!model.precise && error <= 0.02 * range_of(&free)),
            _ => prop_assert!(error <= bound(model, &free, time), "{} as {}: {error}", kernel.name(), ran.name()),
        }
    }
    Ok(())
}

prop_compose! {
    fn any_shape()(
        extent in prop_oneof![
            [1u32..=9, 1u32..=9, 1u32..=40],
            [1u32..=40, 1u32..=9, 1u32..=9],
            [10u32..=20, 10u32..=20, 10u32..=70],
            (Just(8u32), Just(17u32), prop_oneof![Just(16u32), Just(32u32), Just(64u32)]).prop_map(|(z, y, x)| [z, y, x]),
        ],
        n_levels in 1u8..=5,
        steps in 1u32..=4,
        n_components in 1u32..=4,
        head in prop::option::of((prop_oneof![Just(1u8), Just(3), Just(4), Just(8), Just(12), Just(16), Just(23), Just(32), Just(64)], 0u8..=3)),
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
        precise in any::<bool>(),
        residual in any::<bool>(),
        level in 0u8..=3,
        largest in prop_oneof![Just(3i32), Just(300), Just(100_000)],
    ) -> Shape {
        let level = if residual { 0 } else { level.min(n_levels) };
        let n_components = n_components.min(steps);
        Shape { extent, n_levels, steps, n_components, head, interpolation, precise, residual, level, largest }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn every_kernel_agrees_with_the_oracle(
        shape in any_shape(),
        time in prop_oneof![-1.0f64..5.0, (0u8..4).prop_map(f64::from)],
        wide in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let model = latents(&shape, seed);
        check(&model, time, if wide { WIDE } else { (-3.0, 2.5) }, &mut Scratch::new())?;
    }
}

#[test]
fn a_scratch_serves_blocks_of_all_shapes() {
    let mut scratch = Scratch::new();
    for (seed, extent) in
        [[33, 20, 70], [5, 9, 130], [40, 17, 16], [8, 64, 64], [2, 3, 4], [20, 33, 50]].iter().enumerate()
    {
        for n_channels in [4, 8, 12] {
            let shape = Shape { extent: *extent, head: Some((n_channels, 1)), ..Shape::default() };
            let model = latents(&shape, seed as u64);
            check(&model, 0.0, WIDE, &mut scratch).unwrap();
            // The same numbers again, whatever the buffers held.
            for kernel in kernels() {
                let used = decode(&model, kernel, 0.0, WIDE, &mut scratch);
                assert_eq!(used, decode(&model, kernel, 0.0, WIDE, &mut Scratch::new()));
            }
        }
    }
}

#[test]
fn fast_kernels_run_and_are_exact_enough() {
    let mut scratch = Scratch::new();
    for n_channels in [1, 3, 4, 8, 12, 16, 24, 32, 48, 64] {
        for n_hidden in [1, 0, 2, 3] {
            if n_hidden != 1 && n_channels % 8 != 0 {
                continue;
            }
            let extent = if n_channels > 16 { [12, 19, 40] } else { [17, 33, 48] };
            let shape =
                Shape { extent, steps: 4, n_components: 4, head: Some((n_channels, n_hidden)), ..Shape::default() };
            let model = latents(&shape, 7);
            for time in [0.0, 1.5, 3.0] {
                let expected = reference(&model, time, WIDE);
                for kernel in kernels() {
                    let (values, ran) = decode(&model, kernel, time, WIDE, &mut scratch);
                    assert_eq!(ran, kernel, "C = {n_channels}, {n_hidden} hidden");
                    let db = psnr(&expected, &values);
                    let demanded = match kernel {
                        Kernel::Vnni => 55.0,
                        Kernel::Bf16 => 60.0,
                        _ => 110.0,
                    };
                    assert!(db >= demanded, "C = {n_channels}, {n_hidden} hidden, {}: {db} dB", kernel.name());
                }
            }
        }
    }
}

#[test]
fn kernels_that_would_be_too_coarse_are_replaced() {
    // A head whose output is much larger than what it corrects.
    let shape = Shape { extent: [24, 24, 24], head: Some((8, 1)), ..Shape::default() };
    let mut model = latents(&shape, 3);
    let mut loud = head(8, 1, &mut Random::new(5));
    loud.tensors[4].scale = 40.0;
    loud.tensors[4].values = vec![127, -127, 126, -127, 127, -126, 127, -127];
    model.head = Some(Arc::new(loud));
    if Kernel::Vnni.is_available() {
        let (values, ran) = decode(&model, Kernel::Vnni, 0.0, WIDE, &mut Scratch::new());
        assert!(ran != Kernel::Vnni && psnr(&reference(&model, 0.0, WIDE), &values) >= 60.0);
    }
    for precise in [Wavelet { precise: true, ..model.clone() }, Wavelet { head: None, ..model.clone() }] {
        for kernel in kernels() {
            let (_, ran) = decode(&precise, kernel, 0.0, WIDE, &mut Scratch::new());
            assert!(!matches!(ran, Kernel::Vnni | Kernel::Bf16));
        }
    }
}

#[test]
fn ranges_grow_where_a_block_becomes_louder() {
    // All but nothing in the middle, where ranges are found, and much behind it.
    let shape = Shape { extent: [48, 32, 32], n_levels: 2, head: Some((16, 1)), ..Shape::default() };
    let mut model = latents(&shape, 11);
    let n = model.components[0].len();
    for component in &mut model.components {
        for (at, value) in component.iter_mut().enumerate() {
            // Places of the highest band along z: the first half of the block is quiet.
            let loud = at % (n / 2) > n / 4 + n / 8;
            *value = if loud { 40 * *value } else { 0 };
        }
    }
    let expected = reference(&model, 0.0, WIDE);
    for kernel in kernels() {
        let (values, ran) = decode(&model, kernel, 0.0, WIDE, &mut Scratch::new());
        let db = psnr(&expected, &values);
        assert!(db > 50.0, "{} as {}: {db} dB", kernel.name(), ran.name());
    }
}

#[test]
fn memory_is_that_of_the_coefficients_that_are_not_0() {
    let shape = Shape { extent: [64, 64, 64], steps: 8, n_components: 8, head: Some((8, 1)), ..Shape::default() };
    let model = latents(&shape, 1);
    let prepared = Prepared::new(Block::Wavelet(Box::new(model.clone())), 0, Kernel::Scalar).unwrap();
    let dense = 4 * 8 * voxels(shape.extent);
    assert!(prepared.memory_bytes() < dense / 4, "{} of {dense}", prepared.memory_bytes());
}

#[test]
fn wrong_arguments_are_refused() {
    let model = latents(&Shape { extent: [6, 7, 8], ..Shape::default() }, 2);
    let latents = Latents::new(&model, Kernel::Scalar).unwrap();
    assert_eq!(latents.extent(), [6, 7, 8]);
    assert!(latents.decode(0.0, WIDE, &mut [0.0; 5], &mut Scratch::new()).is_err());
    assert!(Latents::new(&Wavelet { step: -1.0, ..model }, Kernel::Scalar).is_err());
}
