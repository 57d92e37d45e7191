//! Payloads of codec 3: what is written is read back, and no bytes do harm.
use half::f16;
use neuvol_model::{Error, GridConfig, GridLevel, GridNetwork, TimeConfig, TimeInterpolation};
use proptest::prelude::*;

prop_compose! {
    fn any_config()(
        n_levels in 1u8..=8,
        finest in 1u8..=8,
        features in prop::collection::vec(1u8..=6, 8),
        log2_hashmap_size in prop_oneof![Just(0u8), 4u8..=8],
        n_neurons in 1u16..=40,
        n_hidden_layers in 1u8..=4,
        n_outputs in 1u8..=16,
        n_time_codes in prop_oneof![Just(0u16), 1u16..=9],
        gains in any::<bool>(),
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
    ) -> GridConfig {
        let finest = finest.min(9 - n_levels);
        let levels = (0..n_levels)
            .zip(features)
            .map(|(l, n_features)| GridLevel { log2_cell: finest + n_levels - 1 - l, n_features, log2_hashmap_size })
            .collect();
        let time = TimeConfig { n_codes: n_time_codes, gains, interpolation };
        let time = if n_time_codes == 0 { TimeConfig::default() } else { time };
        GridConfig { levels, n_neurons, n_hidden_layers, n_outputs, time }
    }
}

fn any_extent() -> impl Strategy<Value = [u32; 3]> {
    [1u32..=40, 1u32..=40, 1u32..=40]
}

/// Every parameter gets another finite value.
fn filled(config: GridConfig, extent: [u32; 3], seed: u16) -> GridNetwork {
    let mut network = GridNetwork::zeros(config, extent).unwrap();
    let mut state = u32::from(seed);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f16::from_f32((state >> 16) as f32 / 65536.0 - 0.5)
    };
    let GridNetwork { tables, layers, time_codes, time_gains, .. } = &mut network;
    tables.iter_mut().flatten().for_each(|v| *v = next());
    layers.iter_mut().flat_map(|l| l.weights.iter_mut().chain(&mut l.biases)).for_each(|v| *v = next());
    time_codes.iter_mut().chain(time_gains).for_each(|v| *v = next());
    network
}

fn steps(network: &GridNetwork) -> u32 {
    u32::from(network.config.time.n_codes).max(1)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(config in any_config(), extent in any_extent(), seed in any::<u16>()) {
        let network = filled(config, extent, seed);
        network.validate().unwrap();
        let bytes = network.to_bytes();
        let levels = network.config.levels.len();
        prop_assert_eq!(bytes.len() as u64, 16 + 8 * levels as u64 + 2 * network.config.n_parameters(extent));
        let read = GridNetwork::from_bytes(&bytes, extent, None, steps(&network)).unwrap();
        prop_assert_eq!(&read, &network);
        let mlp = network.mlp_bytes();
        prop_assert_eq!(mlp.len(), 2 * network.config.n_mlp_parameters());
        let shared = GridNetwork::from_bytes(&network.to_bytes_shared(), extent, Some(&mlp), steps(&network)).unwrap();
        prop_assert_eq!(&shared, &network);
    }

    #[test]
    fn damaged_payloads_are_errors_or_valid_networks(
        config in any_config(),
        extent in any_extent(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let network = filled(config, extent, 1);
        let bytes = network.to_bytes();
        let header = 16 + 8 * network.config.levels.len();
        let mut damaged = bytes.clone();
        for (place, byte) in damage {
            damaged[place.index(header)] = byte;
        }
        if let Ok(read) = GridNetwork::from_bytes(&damaged, extent, None, steps(&network)) {
            read.validate().unwrap();
            prop_assert_eq!(read.to_bytes(), damaged);
        }
        let cut = &bytes[..cut.index(bytes.len())];
        prop_assert!(GridNetwork::from_bytes(cut, extent, None, steps(&network)).is_err());
        let mut longer = bytes;
        longer.push(0);
        let error = GridNetwork::from_bytes(&longer, extent, None, steps(&network)).unwrap_err();
        prop_assert!(matches!(error, Error::Length { .. }), "{}", error);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), extent in any_extent()) {
        let _ = GridNetwork::from_bytes(&bytes, extent, Some(&bytes), 3);
    }
}

fn small() -> GridNetwork {
    let level = |log2_cell| GridLevel { log2_cell, n_features: 2, log2_hashmap_size: 0 };
    let levels = vec![level(2), level(1)];
    filled(
        GridConfig { levels, n_neurons: 3, n_hidden_layers: 2, n_outputs: 2, time: TimeConfig::codes(3) },
        [5, 4, 6],
        7,
    )
}

fn read_with(change: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = small().to_bytes();
    change(&mut bytes);
    GridNetwork::from_bytes(&bytes, [5, 4, 6], None, 3).unwrap_err().to_string()
}

#[test]
fn errors_name_the_field() {
    assert!(read_with(|b| b[0] = 0).contains("levels"));
    assert!(read_with(|b| b[1] = 5).contains("n_hidden_layers"));
    assert!(read_with(|b| b[2] = 0).contains("n_outputs"));
    assert!(read_with(|b| b[3] = 2).contains("unsupported activation 2"));
    assert!(read_with(|b| b[4] = 129).contains("n_neurons"));
    assert!(read_with(|b| b[6] = 2).contains("n_time_codes"));
    assert!(read_with(|b| b[8] = 3).contains("unsupported parameter type 3"));
    assert!(read_with(|b| b[9] = 1).contains("names no network"));
    assert!(read_with(|b| b[9] = 1 << 4).contains("unsupported grid network flags 16"));
    assert!(read_with(|b| b[9] = 0x80).contains("unsupported grid network flags 128"));
    assert!(read_with(|b| b[9] = 3 << 2).contains("unsupported grid network flags 12"));
    // Gains that the payload does not have.
    assert!(read_with(|b| b[9] = 2).contains("exactly"));
    assert!(read_with(|b| b[15] = 1).contains("byte 15"));
    assert!(read_with(|b| b[16] = 3).contains("log2_cell"));
    assert!(read_with(|b| b[17] = 33).contains("n_features"));
    assert!(read_with(|b| b[18] = 3).contains("log2_hashmap_size"));
    assert!(read_with(|b| b[20] = 1).contains("n_entries"));
    assert!(read_with(|b| b[33] = 0x7c).contains("finite"));
}

#[test]
fn limits_hold_before_anything_is_allocated() {
    let level = GridLevel { log2_cell: 1, n_features: 16, log2_hashmap_size: 0 };
    let config = GridConfig {
        levels: vec![level],
        n_neurons: 16,
        n_hidden_layers: 1,
        n_outputs: 1,
        time: TimeConfig::default(),
    };
    assert!(config.validate_for([128, 128, 128]).is_ok());
    assert!(config.validate_for([257, 8, 8]).unwrap_err().to_string().contains("extent"));
    assert!(config.validate_for([0, 8, 8]).unwrap_err().to_string().contains("extent"));
    assert!(config.validate_for([256, 256, 256]).unwrap_err().to_string().contains("limit"));
}

#[test]
fn vertices_and_hashes_follow_the_text() {
    let level = |log2_hashmap_size| GridLevel { log2_cell: 2, n_features: 1, log2_hashmap_size };
    let config = |log2| GridConfig {
        levels: vec![level(log2)],
        n_neurons: 1,
        n_hidden_layers: 1,
        n_outputs: 1,
        time: TimeConfig::default(),
    };
    // 1 voxel has 1 vertex; 9 voxels end on a vertex, 10 do not.
    assert_eq!(config(0).n_vertices(0, [1, 9, 10]), [1, 3, 4]);
    assert!(!config(4).is_hashed(0, [1, 9, 10])); // 12 vertices, 16 entries
    assert!(config(4).is_hashed(0, [5, 9, 10])); // 24 vertices
    assert_eq!(config(4).n_entries(0, [5, 9, 10]), 16);
    assert_eq!(config(0).entry_index(0, [5, 9, 10], 1, 2, 3), (3 + 2) * 4 + 3);
    let hash = 3u32 ^ 2u32.wrapping_mul(2_654_435_761) ^ 805_459_861;
    assert_eq!(config(4).entry_index(0, [5, 9, 10], 1, 2, 3), (hash % 16) as usize);
}

#[test]
fn a_network_worked_out_by_hand() {
    // One feature over cells of 2 voxels along x: vertices 0, 1, 3 at voxels 0, 2, 4. One neuron doubles it, the output
    // is 1 - h / 2. The codes are -1 and 3.
    let level = GridLevel { log2_cell: 1, n_features: 1, log2_hashmap_size: 0 };
    let config =
        GridConfig { levels: vec![level], n_neurons: 1, n_hidden_layers: 1, n_outputs: 1, time: TimeConfig::codes(2) };
    let mut network = GridNetwork::zeros(config, [1, 1, 4]).unwrap();
    let f = f16::from_f32;
    network.tables[0] = vec![f(0.0), f(1.0), f(3.0)];
    network.layers[0].weights = vec![f(2.0)];
    network.layers[1].weights = vec![f(-0.5)];
    network.layers[1].biases = vec![f(1.0)];
    network.time_codes = vec![f(-1.0), f(3.0)];
    let mut out = [0.0; 4];
    // 2e = 0, 1, 2, 4; code -1: 0 (ReLU), 0, 1, 3.
    network.evaluate_block(0.0, 0, &mut out);
    assert_eq!(out, [1.0, 1.0, 0.5, -0.5]);
    // A quarter of the way the code is 0.
    network.evaluate_block(0.25, 0, &mut out);
    assert_eq!(out, [1.0, 0.5, 0.0, -1.0]);
    // Beyond the last step it stays 3.
    network.evaluate_block(7.0, 0, &mut out);
    assert_eq!(out, [-0.5, -1.0, -1.5, -2.5]);
}

/// One vertex and neuron, the feature 1, W₁ 1, the output h: y is ReLU(g(t) + c(t)).
fn straight(time: TimeConfig, codes: &[f32], gains: &[f32]) -> GridNetwork {
    let level = GridLevel { log2_cell: 1, n_features: 1, log2_hashmap_size: 0 };
    let config = GridConfig { levels: vec![level], n_neurons: 1, n_hidden_layers: 1, n_outputs: 1, time };
    let mut network = GridNetwork::zeros(config, [1, 1, 1]).unwrap();
    network.tables[0].fill(f16::ONE);
    network.layers.iter_mut().for_each(|layer| layer.weights.fill(f16::ONE));
    network.time_codes = codes.iter().copied().map(f16::from_f32).collect();
    network.time_gains = gains.iter().copied().map(f16::from_f32).collect();
    network.validate().unwrap();
    network
}

fn value(network: &GridNetwork, time: f64) -> f32 {
    let mut out = [f32::NAN];
    network.evaluate_block(time, 0, &mut out);
    out[0]
}

#[test]
fn gains_multiply_the_encoding() {
    let time = TimeConfig { n_codes: 2, gains: true, interpolation: TimeInterpolation::Codes };
    let network = straight(time, &[0.25, 0.5], &[2.0, -3.0]);
    assert_eq!(value(&network, 0.0), 2.25);
    assert_eq!(value(&network, 0.25), 0.75 + 0.3125);
    assert_eq!(value(&network, 1.0), 0.0); // ReLU
    assert_eq!(network.time_gain(0.5), [-0.5]);
}

#[test]
fn cubic_codes_follow_catmull_and_rom() {
    let cubic = |n_codes| TimeConfig { n_codes, gains: true, interpolation: TimeInterpolation::CubicCodes };
    // Half-way the curve is (−p₋₁ + 9p₀ + 9p₁ − p₂) / 16.
    let network = straight(cubic(4), &[0.0; 4], &[1.0, 2.0, 4.0, 3.0]);
    assert_eq!(value(&network, 1.5), (-1.0 + 18.0 + 36.0 - 3.0) / 16.0);
    // At the ends p₋₁ = 2·1 − 2 = 0 and p₄ = 2·3 − 4 = 2.
    assert_eq!(value(&network, 0.5), (9.0 + 18.0 - 4.0) / 16.0);
    assert_eq!(value(&network, 2.5), (-2.0 + 36.0 + 27.0 - 2.0) / 16.0);
    // A quarter of the way: slopes (4 − 1)/2 and (3 − 2)/2; 2 + f·(1.5 + f·(2.5 + f·(−2))).
    assert_eq!(value(&network, 1.25), 2.0 + 0.25 * (1.5 + 0.25 * (2.5 - 0.5)));
    for (step, gain) in [1.0, 2.0, 4.0, 3.0].into_iter().enumerate() {
        assert_eq!(value(&network, step as f64), gain);
    }
    assert_eq!((value(&network, -3.0), value(&network, 9.0)), (1.0, 3.0));
    // Codes likewise; two steps make a line, one step a constant.
    assert_eq!(value(&straight(cubic(2), &[1.0, 3.0], &[0.0; 2]), 0.25), 1.5);
    assert_eq!(value(&straight(cubic(1), &[1.0], &[0.5]), 0.25), 1.5);
}

#[test]
fn values_are_interpolated_between_decoded_steps() {
    let time = |interpolation| TimeConfig { n_codes: 3, gains: false, interpolation };
    let codes = [-2.0, -0.5, 0.0]; // y = ReLU(1 + c) = 0, 0.5, 1
    let network = straight(time(TimeInterpolation::Values), &codes, &[]);
    assert_eq!(value(&network, 0.75), 0.375);
    assert_eq!(value(&network, 1.5), 0.75);
    assert_eq!(value(&straight(time(TimeInterpolation::Codes), &codes, &[]), 0.5), 0.0, "the network in between");
    // Each step is limited to 0..=1 first: 3 counts as 1. At a step itself y is as it is.
    let network = straight(time(TimeInterpolation::Values), &[-2.0, 2.0, 0.0], &[]);
    assert_eq!(value(&network, 0.5), 0.5);
    assert_eq!(value(&network, 1.0), 3.0);
}

#[test]
fn gains_and_interpolations_need_codes() {
    for flags in [1 << 1, 1 << 2, 2 << 2] {
        let mut bytes = straight(TimeConfig::default(), &[], &[]).to_bytes();
        bytes[9] = flags;
        let error = GridNetwork::from_bytes(&bytes, [1, 1, 1], None, 3).unwrap_err().to_string();
        assert!(error.contains("without time codes"), "{error}");
    }
}

#[test]
fn payloads_with_gains_of_wrong_lengths_are_errors() {
    let time = TimeConfig { n_codes: 3, gains: true, interpolation: TimeInterpolation::CubicCodes };
    let bytes = straight(time, &[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).to_bytes();
    let read = |bytes: &[u8]| GridNetwork::from_bytes(bytes, [1, 1, 1], None, 3);
    assert_eq!(read(&bytes).unwrap().time_gains.len(), 3);
    assert!(matches!(read(&bytes[..bytes.len() - 2]), Err(Error::Length { .. })));
    assert!(matches!(read(&[&bytes[..], &[0, 0]].concat()), Err(Error::Length { .. })));
    let mut without = bytes.clone();
    without[9] &= !(1 << 1);
    assert!(matches!(read(&without), Err(Error::Length { .. })), "gains that the flags do not name");
    let mut infinite = bytes;
    let last = infinite.len() - 1;
    infinite[last] = 0x7c;
    assert!(read(&infinite).unwrap_err().to_string().contains("finite"));
}
