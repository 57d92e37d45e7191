//! Payloads of codec 3 with quantised parameters: what is written is read back, and no bytes do harm.
use half::f16;
use neuvol_model::{
    Error, GridConfig, GridLevel, GridNetwork, QuantisedNetwork, QuantisedTable, Tensor, TimeConfig, TimeInterpolation,
};
use proptest::prelude::*;

prop_compose! {
    fn any_config()(
        n_levels in 1u8..=5,
        finest in 1u8..=4,
        features in prop::collection::vec(1u8..=4, 8),
        log2_hashmap_size in prop_oneof![Just(0u8), 4u8..=8],
        n_neurons in 1u16..=20,
        n_hidden_layers in 1u8..=4,
        n_outputs in 1u8..=4,
        n_time_codes in prop_oneof![Just(0u16), 1u16..=5],
        gains in any::<bool>(),
    ) -> GridConfig {
        let levels = (0..n_levels)
            .zip(features)
            .map(|(l, n_features)| GridLevel { log2_cell: finest + n_levels - 1 - l, n_features, log2_hashmap_size })
            .collect();
        let time = TimeConfig { n_codes: n_time_codes, gains, interpolation: TimeInterpolation::CubicCodes };
        let time = if n_time_codes == 0 { TimeConfig::default() } else { time };
        GridConfig { levels, n_neurons, n_hidden_layers, n_outputs, time }
    }
}

fn any_extent() -> impl Strategy<Value = [u32; 3]> {
    [1u32..=24, 1u32..=24, 1u32..=24]
}

/// Integers up to ±3, a few up to ±300.
fn filled(config: &GridConfig, extent: [u32; 3], seed: u32) -> QuantisedNetwork {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let shape = GridNetwork::zeros(config.clone(), extent).unwrap();
    let table = |values: &Vec<f16>| QuantisedTable {
        step: 0.03125 + next() as f32 / 1e6,
        values: (0..values.len())
            .map(|_| {
                let most = if next() % 50 == 0 { 300 } else { 3 };
                (next() % (2 * most + 1)) as i32 - most as i32
            })
            .collect(),
    };
    let tables = shape.tables.iter().map(table).collect();
    let tensor =
        |n: usize| Tensor { scale: (next() % 7) as f32 / 128.0, values: (0..n).map(|_| next() as u8 as i8).collect() };
    let lengths = shape.layers.iter().flat_map(|layer| [layer.weights.len(), layer.biases.len()]);
    let tensors = lengths.map(tensor).collect();
    let mut halves = |n: usize| (0..n).map(|_| f16::from_f32(next() as f32 / 65536.0 - 0.5)).collect();
    QuantisedNetwork {
        tables,
        tensors,
        time_codes: halves(config.n_time_code_parameters()),
        time_gains: halves(config.n_time_gains()),
        config: config.clone(),
        extent,
    }
}

fn steps(config: &GridConfig) -> u32 {
    u32::from(config.time.n_codes).max(1)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(config in any_config(), extent in any_extent(), seed in any::<u32>()) {
        let network = filled(&config, extent, seed);
        let bytes = network.to_bytes().unwrap();
        prop_assert_eq!(&QuantisedNetwork::from_bytes(&bytes, extent, steps(&config)).unwrap(), &network);
        // Whoever reads a grid network gets the parameters that the integers stand for, in f16.
        let read = GridNetwork::from_bytes(&bytes, extent, None, steps(&config)).unwrap();
        read.validate().unwrap();
        prop_assert_eq!(&read, &network.dequantised().unwrap());
        for (table, quantised) in read.tables.iter().zip(&network.tables) {
            for (parameter, &value) in table.iter().zip(&quantised.values) {
                prop_assert_eq!(*parameter, f16::from_f32(value as f32 * quantised.step));
            }
        }
        let layers = read.layers.iter().flat_map(|layer| [&layer.weights, &layer.biases]);
        for (parameters, tensor) in layers.zip(&network.tensors) {
            for (parameter, &value) in parameters.iter().zip(&tensor.values) {
                prop_assert_eq!(*parameter, f16::from_f32(f32::from(value) * tensor.scale));
            }
        }
        // The same network in f16 says the same.
        let plain = GridNetwork::from_bytes(&read.to_bytes(), extent, None, steps(&config)).unwrap();
        prop_assert_eq!(&plain, &read);
    }

    #[test]
    fn damaged_payloads_are_errors_or_valid_networks(
        config in any_config(),
        extent in any_extent(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = filled(&config, extent, 1).to_bytes().unwrap();
        let mut damaged = bytes.clone();
        for (place, byte) in damage {
            damaged[place.index(bytes.len())] = byte;
        }
        if let Ok(read) = GridNetwork::from_bytes(&damaged, extent, None, steps(&config)) {
            read.validate().unwrap();
        }
        let cut = &bytes[..cut.index(bytes.len())];
        let error = GridNetwork::from_bytes(cut, extent, None, steps(&config)).unwrap_err();
        prop_assert!(matches!(error, Error::Length { .. }), "{}", error);
        let mut longer = bytes;
        longer.push(0);
        let error = GridNetwork::from_bytes(&longer, extent, None, steps(&config)).unwrap_err();
        prop_assert!(matches!(error, Error::Length { .. }), "{}", error);
    }
}

fn small() -> QuantisedNetwork {
    let level = |log2_cell| GridLevel { log2_cell, n_features: 2, log2_hashmap_size: 0 };
    let levels = vec![level(2), level(1)];
    let config = GridConfig { levels, n_neurons: 3, n_hidden_layers: 1, n_outputs: 2, time: TimeConfig::default() };
    filled(&config, [5, 4, 6], 7)
}

/// The error of a payload with a change: two steps stand at byte 32, four scales at 40, the length of the stream at 56.
fn read_with(change: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = small().to_bytes().unwrap();
    change(&mut bytes);
    GridNetwork::from_bytes(&bytes, [5, 4, 6], None, 1).unwrap_err().to_string()
}

fn put(at: usize, value: f32) -> impl Fn(&mut Vec<u8>) {
    move |bytes| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes())
}

#[test]
fn errors_say_where_and_why() {
    assert!(read_with(|b| b[8] = 3).contains("unsupported parameter type 3"));
    assert!(read_with(|b| b[9] = 1).contains("flags at byte 9"));
    for value in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(read_with(put(36, value)).contains("step at byte 36"), "{value}");
    }
    for value in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(read_with(put(44, value)).contains("scale at byte 44"), "{value}");
    }
    assert!(read_with(put(32, 1e9)).contains("no finite number of 16 bits"));
    assert!(read_with(put(40, 1e9)).contains("no finite number of 16 bits"));
    for len in [0u32, u32::MAX] {
        let error = read_with(|b| b[56..60].copy_from_slice(&len.to_le_bytes()));
        assert!(error.contains("grid network has"), "{error}");
    }
    let stream = 60 + (4 * 3 + 3 + 3 * 2 + 2);
    assert!(read_with(|b| b[stream..stream + 8].fill(0xFF)).contains("stream at byte"));
    // The payload of f16 parameters is another one.
    let plain = small().dequantised().unwrap().to_bytes();
    let error = QuantisedNetwork::from_bytes(&plain, [5, 4, 6], 1).unwrap_err().to_string();
    assert!(error.contains("parameter type at byte 8"), "{error}");
}

#[test]
fn networks_put_together_wrongly_are_refused() {
    let wrong = |change: &dyn Fn(&mut QuantisedNetwork)| {
        let mut network = small();
        change(&mut network);
        let error = network.to_bytes().unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
        assert_eq!(network.dequantised().is_err(), !error.to_string().contains("beyond"), "{error}");
    };
    wrong(&|n| n.tables[1].step = 0.0);
    wrong(&|n| n.tables[1].step = f32::NAN);
    wrong(&|n| n.tables[1].step = 1e9);
    wrong(&|n| drop(n.tables.pop()));
    wrong(&|n| n.tables[0].values.truncate(3));
    wrong(&|n| {
        n.tables[0].step = 1e-6;
        n.tables[0].values[3] = 1 << 21;
    });
    wrong(&|n| n.tensors[0].scale = -1.0);
    wrong(&|n| n.tensors[0].scale = f32::INFINITY);
    wrong(&|n| drop(n.tensors.pop()));
    wrong(&|n| n.tensors[2].values.truncate(3));
    wrong(&|n| n.time_codes.push(f16::ONE));
    wrong(&|n| n.time_gains.push(f16::ONE));
}
