//! Every kernel against the reference decoder.
mod common;

use common::{f32_bound, max_error, nested, normalise, psnr, random_network, range_of};
use neuvol_decode::{Folded, Kernel, Scratch};
use neuvol_model::{
    GridConfig, GridLevel, GridNetwork, QuantisedNetwork, QuantisedTable, Tensor, TimeConfig, TimeInterpolation,
    map_to_range, voxels,
};
use proptest::prelude::*;

/// Values are y itself.
const UNIT: (f32, f32) = (0.0, 1.0);

/// y of a block at a time, decoded by a kernel, and the kernel that really ran.
fn decode(network: &GridNetwork, output: u8, kernel: Kernel, time: f64, scratch: &mut Scratch) -> (Vec<f32>, Kernel) {
    let folded = Folded::new(network, output, kernel).unwrap();
    let mut out = vec![f32::NAN; voxels(network.extent)];
    folded.decode(time, UNIT, &mut out, scratch).unwrap();
    (out, folded.kernel())
}

/// The reference decoder with the same mapping.
fn reference(network: &GridNetwork, output: u8, time: f64) -> Vec<f32> {
    let mut out = vec![0.0; voxels(network.extent)];
    network.evaluate_block(time, output, &mut out);
    out.iter_mut().for_each(|v| *v = map_to_range(*v, UNIT));
    out
}

fn check(network: &GridNetwork, output: u8, time: f64, scratch: &mut Scratch) -> Result<(), TestCaseError> {
    let expected = reference(network, output, time);
    for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
        let (values, ran) = decode(network, output, kernel, time, scratch);
        let (error, bound) = (max_error(&expected, &values), f32_bound(network));
        prop_assert!(values.iter().all(|v| v.is_finite()));
        match ran {
            Kernel::Vnni => prop_assert!(psnr(&expected, &values) >= 55.0, "vnni: {} dB", psnr(&expected, &values)),
            Kernel::Bf16 => prop_assert!(psnr(&expected, &values) >= 60.0, "bf16: {} dB", psnr(&expected, &values)),
            _ => prop_assert!(error <= bound, "{} as {}: {error} > {bound}", kernel.name(), ran.name()),
        }
    }
    Ok(())
}

prop_compose! {
    fn any_config()(
        finest in 1u8..=4,
        n_levels in 1u8..=4,
        features in prop::collection::vec(1u8..=5, 4),
        log2_hashmap_size in prop_oneof![Just(0u8), 4u8..=9],
        n_neurons in prop_oneof![Just(16u16), Just(32u16), Just(64u16), 1u16..=128],
        n_hidden_layers in prop_oneof![Just(2u8), 1u8..=4],
        n_outputs in 1u8..=3,
        n_time_codes in prop_oneof![Just(0u16), 1u16..=5],
        gains in any::<bool>(),
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
    ) -> GridConfig {
        let mut levels = nested(finest, n_levels, 1, log2_hashmap_size);
        levels.iter_mut().zip(features).for_each(|(level, n)| level.n_features = n);
        let time = TimeConfig { n_codes: n_time_codes, gains, interpolation };
        let time = if n_time_codes == 0 { TimeConfig::default() } else { time };
        GridConfig { levels, n_neurons, n_hidden_layers, n_outputs, time }
    }
}

fn any_extent() -> impl Strategy<Value = [u32; 3]> {
    let side = || prop_oneof![Just(1u32), Just(2u32), 1u32..=20];
    let row = prop_oneof![1u32..=20, 30u32..=36, 60u32..=70];
    (side(), side(), row).prop_map(|(z, y, x)| [z, y, x])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_kernel_agrees_with_the_oracle(
        config in any_config(),
        extent in any_extent(),
        output in 0u8..3,
        time in prop_oneof![-1.0f64..6.0, (0u8..5).prop_map(f64::from)],
        seed in any::<u64>(),
    ) {
        let output = output % config.n_outputs;
        let mut network = random_network(config, extent, seed);
        normalise(&mut network, output, time, 0.9);
        check(&network, output, time, &mut Scratch::new())?;
    }
}

/// A network whose parameters are integers, written and read back.
fn quantised(network: &GridNetwork) -> GridNetwork {
    let largest = |values: &[half::f16]| values.iter().map(|v| v.to_f32().abs()).fold(1e-3, f32::max);
    let table = |values: &Vec<half::f16>| {
        let step = largest(values) / 20.0;
        QuantisedTable { step, values: values.iter().map(|v| (v.to_f32() / step).round() as i32).collect() }
    };
    let tensor = |values: &Vec<half::f16>| {
        let scale = largest(values) / 127.0;
        Tensor { scale, values: values.iter().map(|v| (v.to_f32() / scale).round() as i8).collect() }
    };
    let quantised = QuantisedNetwork {
        config: network.config.clone(),
        extent: network.extent,
        tables: network.tables.iter().map(table).collect(),
        tensors: network.layers.iter().flat_map(|layer| [tensor(&layer.weights), tensor(&layer.biases)]).collect(),
        time_codes: network.time_codes.clone(),
        time_gains: network.time_gains.clone(),
    };
    let steps = u32::from(network.config.time.n_codes).max(1);
    GridNetwork::from_bytes(&quantised.to_bytes().unwrap(), network.extent, None, steps).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn quantised_parameters_are_those_of_the_oracle_too(
        config in any_config(),
        extent in any_extent(),
        time in prop_oneof![-1.0f64..6.0, (0u8..5).prop_map(f64::from)],
        seed in any::<u64>(),
    ) {
        let mut network = random_network(config, extent, seed);
        normalise(&mut network, 0, time, 0.9);
        check(&quantised(&network), 0, time, &mut Scratch::new())?;
    }
}

fn config(n_neurons: u16, n_hidden_layers: u8) -> GridConfig {
    GridConfig { levels: nested(1, 4, 4, 0), n_neurons, n_hidden_layers, n_outputs: 1, time: TimeConfig::default() }
}

#[test]
fn whole_blocks_of_common_shapes() {
    let mut scratch = Scratch::new();
    for (n_neurons, n_hidden_layers) in [(16, 1), (16, 2), (32, 2), (64, 2), (64, 1)] {
        let extent = [24, 32, 64];
        let mut network = random_network(config(n_neurons, n_hidden_layers), extent, 11);
        normalise(&mut network, 0, 0.0, 0.9);
        let expected = reference(&network, 0, 0.0);
        for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
            let (values, ran) = decode(&network, 0, kernel, 0.0, &mut scratch);
            let relative = max_error(&expected, &values) / range_of(&expected);
            let db = psnr(&expected, &values);
            match ran {
                Kernel::Vnni => assert!(db >= 55.0, "{n_neurons}x{n_hidden_layers} vnni: {db} dB"),
                Kernel::Bf16 => assert!(db >= 60.0, "{n_neurons}x{n_hidden_layers} bf16: {db} dB"),
                ran => assert!(relative <= 1e-5, "{n_neurons}x{n_hidden_layers} {}: {relative}", ran.name()),
            }
        }
    }
}

#[test]
fn two_hidden_layers_run_on_the_kernel_that_was_asked_for() {
    for n_neurons in [16, 32, 64] {
        let network = random_network(config(n_neurons, 2), [32, 32, 32], 11);
        for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
            assert_eq!(Folded::new(&network, 0, kernel).unwrap().kernel(), kernel, "{n_neurons} neurons");
        }
    }
}

#[test]
fn fast_kernels_leave_shapes_without_a_product_to_f32() {
    for n_hidden_layers in [1, 3] {
        let network = random_network(config(16, n_hidden_layers), [16, 16, 32], 3);
        let ran = Folded::new(&network, 0, Kernel::Vnni).unwrap().kernel();
        assert!(!matches!(ran, Kernel::Vnni | Kernel::Bf16), "{ran:?}");
    }
}

#[test]
fn fast_kernels_refuse_networks_they_would_spoil() {
    // The output is the small difference of two large channels: rounding either of them drowns it.
    let mut network = random_network(config(16, 2), [16, 16, 16], 5);
    let hidden = &mut network.layers[1];
    for i in 0..16 {
        hidden.weights[16 + i] = hidden.weights[i];
    }
    hidden.biases[0] = half::f16::from_f32(1000.0);
    hidden.biases[1] = half::f16::from_f32(1000.0);
    hidden.weights[16] += half::f16::from_f32(0.002);
    network.layers[2].weights.fill(half::f16::ZERO);
    network.layers[2].weights[0] = half::f16::from_f32(1.0);
    network.layers[2].weights[1] = half::f16::from_f32(-1.0);
    normalise(&mut network, 0, 0.0, 0.9);
    let ran = Folded::new(&network, 0, Kernel::Vnni).unwrap().kernel();
    assert!(!matches!(ran, Kernel::Vnni | Kernel::Bf16), "{ran:?}");
    check(&network, 0, 0.0, &mut Scratch::new()).unwrap();
}

#[test]
fn large_lattices_are_streamed_and_still_agree() {
    // With so many channels the grid of 2-voxel cells exceeds the budget; in the first case it has features of its own.
    let mut scratch = Scratch::new();
    for (n_neurons, finest, extent) in [(64, 1, [40, 36, 66]), (128, 2, [20, 40, 64])] {
        let mut config = config(n_neurons, 2);
        config.levels = nested(finest, 3, 4, 0);
        let mut network = random_network(config, extent, 21);
        normalise(&mut network, 0, 0.0, 0.9);
        let expected = reference(&network, 0, 0.0);
        for kernel in [Kernel::Avx2, Kernel::Avx512, Kernel::Vnni].into_iter().filter(|k| k.is_available()) {
            let folded = Folded::new(&network, 0, kernel).unwrap();
            assert!(folded.memory_bytes() < 6 << 20, "{n_neurons}: {} bytes", folded.memory_bytes());
            let mut values = vec![f32::NAN; voxels(extent)];
            folded.decode(0.0, UNIT, &mut values, &mut scratch).unwrap();
            match folded.kernel() {
                Kernel::Vnni => assert!(psnr(&expected, &values) >= 55.0),
                _ => assert!(max_error(&expected, &values) <= f32_bound(&network)),
            }
        }
    }
}

#[test]
fn one_folded_network_serves_all_times_and_scratch_is_shared() {
    let mut scratch = Scratch::new();
    let mut big = random_network(config(64, 2), [20, 20, 40], 1);
    normalise(&mut big, 0, 0.0, 0.9);
    check(&big, 0, 0.0, &mut scratch).unwrap();
    let config = GridConfig { time: TimeConfig::codes(4), n_outputs: 2, ..config(16, 2) };
    let mut network = random_network(config, [16, 16, 17], 2);
    normalise(&mut network, 1, 1.5, 0.4);
    for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
        let folded = Folded::new(&network, 1, kernel).unwrap();
        for time in [3.0, 0.0, 1.25, f64::NAN, -7.0, 1e30] {
            let expected = reference(&network, 1, time);
            let mut values = vec![f32::NAN; voxels(network.extent)];
            folded.decode(time, UNIT, &mut values, &mut scratch).unwrap();
            match folded.kernel() {
                Kernel::Vnni => assert!(psnr(&expected, &values) >= 55.0),
                Kernel::Bf16 => assert!(psnr(&expected, &values) >= 60.0),
                _ => assert!(max_error(&expected, &values) <= f32_bound(&network)),
            }
        }
    }
}

#[test]
fn gains_are_folded_anew_for_every_time() {
    // Small and streamed grids, networks of different shapes in turns, and every kernel with memory left by the others.
    let mut scratch = Scratch::new();
    let shapes = [
        (16, nested(2, 4, 8, 0), [16, 16, 37], [3.0, 0.0, 1.25, f64::NAN, 1e30].as_slice()),
        (64, nested(1, 3, 4, 9), [40, 36, 66], &[2.0, 0.5]),
    ];
    for (n_neurons, levels, extent, times) in shapes {
        for interpolation in [TimeInterpolation::Codes, TimeInterpolation::CubicCodes, TimeInterpolation::Values] {
            let time = TimeConfig { n_codes: 4, gains: true, interpolation };
            let config = GridConfig { levels: levels.clone(), time, ..config(n_neurons, 2) };
            let mut network = random_network(config, extent, 31);
            normalise(&mut network, 0, 1.0, 0.4);
            let folded: Vec<Folded> = [Kernel::Scalar, Kernel::Avx2, Kernel::Bf16, Kernel::Vnni]
                .into_iter()
                .filter(|k| k.is_available())
                .map(|kernel| Folded::new(&network, 0, kernel).unwrap())
                .collect();
            for &time in times {
                let expected = reference(&network, 0, time);
                for folded in &folded {
                    let mut values = vec![f32::NAN; voxels(extent)];
                    folded.decode(time, UNIT, &mut values, &mut scratch).unwrap();
                    match folded.kernel() {
                        Kernel::Vnni => assert!(psnr(&expected, &values) >= 55.0, "{interpolation:?} {time}"),
                        Kernel::Bf16 => assert!(psnr(&expected, &values) >= 60.0, "{interpolation:?} {time}"),
                        _ => assert!(max_error(&expected, &values) <= f32_bound(&network), "{interpolation:?} {time}"),
                    }
                }
            }
            let held = scratch.memory_bytes();
            let mut values = vec![f32::NAN; voxels(extent)];
            folded.iter().for_each(|folded| folded.decode(1.5, UNIT, &mut values, &mut scratch).unwrap());
            assert_eq!(scratch.memory_bytes(), held, "grown memory is enough for every later time");
        }
    }
}

#[test]
fn networks_with_gains_run_on_the_kernel_that_was_asked_for() {
    let time = TimeConfig { n_codes: 5, gains: true, interpolation: TimeInterpolation::Codes };
    let network = random_network(GridConfig { time, ..config(16, 2) }, [32, 32, 32], 16);
    for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
        assert_eq!(Folded::new(&network, 0, kernel).unwrap().kernel(), kernel);
    }
}

#[test]
fn deeply_negative_vertices_stay_exact_behind_the_relu() {
    // One vertex far below 0 among large positive ones: integers saturate there, the mean must still be right.
    let levels = vec![GridLevel { log2_cell: 1, n_features: 1, log2_hashmap_size: 0 }];
    let config = GridConfig { levels, n_neurons: 16, n_hidden_layers: 2, n_outputs: 1, time: TimeConfig::default() };
    let mut network = random_network(config, [9, 9, 64], 8);
    for (i, value) in network.tables[0].iter_mut().enumerate() {
        *value = half::f16::from_f32(if i % 7 == 0 { -9.0 } else { 1.0 - (i % 5) as f32 * 0.1 });
    }
    network.layers[0].weights.iter_mut().for_each(|w| *w = half::f16::from_f32(0.5 + w.to_f32().abs()));
    network.layers[0].biases.fill(half::f16::ZERO);
    network.layers[1].weights.iter_mut().for_each(|w| *w = half::f16::from_f32(w.to_f32().abs()));
    network.layers[2].weights.iter_mut().for_each(|w| *w = half::f16::from_f32(w.to_f32().abs()));
    normalise(&mut network, 0, 0.0, 0.9);
    check(&network, 0, 0.0, &mut Scratch::new()).unwrap();
    if Kernel::Vnni.is_available() {
        assert_eq!(Folded::new(&network, 0, Kernel::Vnni).unwrap().kernel(), Kernel::Vnni);
    }
}

#[test]
fn values_are_limited_to_the_range_and_nan_becomes_its_minimum() {
    let mut network = random_network(config(16, 2), [9, 16, 35], 4);
    let mut scratch = Scratch::new();
    let range = (0.25, 0.5);
    normalise(&mut network, 0, 0.0, 4.0);
    let expected: Vec<f32> = {
        let mut y = vec![0.0; voxels(network.extent)];
        network.evaluate_block(0.0, 0, &mut y);
        y.iter().map(|&y| map_to_range(y, range)).collect()
    };
    assert!(expected.contains(&0.25) && expected.contains(&0.5), "the test needs values beyond both ends");
    let huge = half::f16::MAX;
    for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
        let mut out = vec![f32::NAN; voxels(network.extent)];
        Folded::new(&network, 0, kernel).unwrap().decode(0.0, range, &mut out, &mut scratch).unwrap();
        assert!(out.iter().all(|v| (0.25..=0.5).contains(v)), "{kernel:?}");
        assert!(max_error(&expected, &out) < 2e-2, "{kernel:?}");
        let nothing = Folded::new(&network, 0, kernel).unwrap().decode(0.0, range, &mut out[1..], &mut scratch);
        assert!(nothing.is_err());
    }
    // Four layers of the largest weights overflow to infinity, and the last one takes differences of those.
    network.config.n_hidden_layers = 4;
    let middle = network.layers[1].clone();
    network.layers.splice(1..2, [middle.clone(), middle.clone(), middle]);
    for layer in &mut network.layers[..4] {
        layer.weights.fill(huge);
        layer.biases.fill(huge);
    }
    network.layers[4].weights.iter_mut().enumerate().for_each(|(i, w)| *w = if i % 2 == 0 { huge } else { -huge });
    network.tables.iter_mut().flatten().for_each(|v| *v = huge);
    for kernel in Kernel::all().into_iter().filter(|k| k.is_available()) {
        let mut out = vec![f32::NAN; voxels(network.extent)];
        Folded::new(&network, 0, kernel).unwrap().decode(0.0, range, &mut out, &mut scratch).unwrap();
        assert!(out.iter().all(|v| (0.25..=0.5).contains(v)), "{kernel:?}");
    }
}

#[test]
fn unknown_outputs_are_an_error() {
    let network = random_network(config(16, 2), [4, 4, 4], 4);
    assert!(Folded::new(&network, 1, Kernel::Scalar).unwrap_err().to_string().contains("output"));
}
