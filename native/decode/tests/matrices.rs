//! A core and a matrix per axis: every kernel against the reference decoder.
mod common;

use common::matrices::{bound, matrices};
use common::{max_error, psnr};
use neuvol_decode::{Kernel, Prepared, Products, Scratch};
use neuvol_model::{Block, Matrices, TimeInterpolation, voxels};
use proptest::prelude::*;

const WIDE: (f32, f32) = (-1e30, 1e30);

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::all().into_iter().filter(|kernel| kernel.is_available())
}

fn decode(model: &Matrices, kernel: Kernel, time: f64, range: (f32, f32), scratch: &mut Scratch) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(model.level_extent())];
    Products::new(model, kernel).unwrap().decode(time, range, &mut out, scratch).unwrap();
    out
}

fn reference(model: &Matrices, time: f64, range: (f32, f32)) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(model.level_extent())];
    model.decode_reference(time, range, &mut out).unwrap();
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_kernel_agrees_with_the_oracle(
        extent in prop_oneof![
            [1u32..=9, 1u32..=9, 1u32..=40],
            [1u32..=40, 1u32..=9, 1u32..=9],
            [10u32..=20, 10u32..=20, 10u32..=70],
        ],
        ranks in [1u32..=4, 1u32..=20, 1u32..=20, 1u32..=40],
        steps in 1u32..=4,
        level in 0u8..=3,
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
        time in prop_oneof![-1.0f64..5.0, (0u8..4).prop_map(f64::from)],
        range in prop_oneof![Just(WIDE), Just((-3.0, 2.5))],
        seed in any::<u64>(),
    ) {
        let [t, z, y, x] = ranks;
        let ranks = [t.min(steps), z.min(extent[0]), y.min(extent[1]), x.min(extent[2])];
        let model = Matrices { interpolation, ..matrices(extent, steps, ranks, level, seed) };
        let expected = reference(&model, time, range);
        let bound = bound(&model);
        let mut scratch = Scratch::new();
        for kernel in kernels() {
            let values = decode(&model, kernel, time, range, &mut scratch);
            let error = max_error(&expected, &values);
            prop_assert!(values.iter().all(|v| v.is_finite()));
            prop_assert!(error <= bound, "{}: {error} of {bound}", kernel.name());
        }
    }
}

#[test]
fn a_scratch_serves_blocks_of_all_shapes() {
    let mut scratch = Scratch::new();
    let shapes = [([33, 20, 70], [4, 30, 3, 50]), ([5, 9, 130], [1, 5, 9, 17]), ([40, 17, 16], [4, 40, 17, 16])];
    for (extent, ranks) in shapes.into_iter().chain([([2, 3, 4], [2, 2, 1, 3]), ([64, 64, 64], [4, 24, 24, 24])]) {
        let model = matrices(extent, 4, ranks, 0, 3);
        let expected = reference(&model, 1.5, WIDE);
        for kernel in kernels() {
            let used = decode(&model, kernel, 1.5, WIDE, &mut scratch);
            assert!(psnr(&expected, &used) > 110.0, "{extent:?} {}", kernel.name());
            // The same numbers again, whatever the buffers held.
            assert_eq!(used, decode(&model, kernel, 1.5, WIDE, &mut Scratch::new()));
        }
    }
}

#[test]
fn the_largest_numbers_do_no_harm() {
    let mut model = matrices([3, 7, 20], 2, [2, 3, 7, 20], 0, 1);
    model.core.iter_mut().chain(&mut model.columns).flatten().for_each(|q| *q = 1 << 20);
    model.core[1][5] = -(1 << 20);
    model.columns[3][4] = -(1 << 20);
    for (step, offset, fineness) in [(f32::MAX, f32::MAX, f32::MAX), (f32::MIN_POSITIVE / 4.0, -f32::MAX, 1e30)] {
        let model = Matrices { step, offset, fineness, ..model.clone() };
        for kernel in kernels() {
            let values = decode(&model, kernel, 0.5, (-1.0, 2.0), &mut Scratch::new());
            assert!(values.iter().all(|value| (-1.0..=2.0).contains(value)));
        }
    }
}

#[test]
fn memory_is_that_of_the_core_and_the_matrices() {
    let model = matrices([64, 64, 64], 8, [8, 24, 24, 24], 0, 1);
    let prepared = Prepared::new(Block::Matrices(Box::new(model.clone())), 0, Kernel::Scalar).unwrap();
    assert!(prepared.memory_bytes() < model.memory_bytes(), "{}", prepared.memory_bytes());
}

#[test]
fn wrong_arguments_are_refused() {
    let model = matrices([6, 7, 8], 1, [1, 2, 3, 4], 1, 2);
    for kernel in kernels() {
        let products = Products::new(&model, kernel).unwrap();
        assert_eq!(products.extent(), [3, 4, 4]);
        assert!(!matches!(products.kernel(), Kernel::Vnni | Kernel::Bf16));
        assert!(products.decode(0.0, WIDE, &mut [0.0; 5], &mut Scratch::new()).is_err());
    }
    assert!(Products::new(&Matrices { step: -1.0, ..model }, Kernel::Scalar).is_err());
}
