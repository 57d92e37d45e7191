//! Blocks of every codec, in shapes that kernels may trip over, and what the oracle says of them: what the backends of graphics
//! devices are tested with.
#![allow(dead_code, unreachable_pub)] // every backend uses its own part of this

use super::common;
use super::common::latents::{Shape, latents};
use super::common::matrices::{bound, matrices};
use super::common::{nested, normalise, random_network};
use neuvol_model::{
    Block, GridConfig, Raw, RawType, TimeConfig, TimeInterpolation, Wavelet, decode_block_reference, voxels,
};

/// Wider than any value.
pub const WIDE: (f32, f32) = (-1e6, 1e6);

/// A block, its extent, and times to decode it at.
pub struct Case {
    pub name: String,
    pub block: Block,
    pub extent: [u32; 3],
    pub times: Vec<f64>,
}

impl Case {
    /// How far values may be from the oracle's: 1e-5 of the range; of matrices also what 32-bit floats lose against the
    /// largest number on the way.
    pub fn allowed(&self, range: (f32, f32)) -> f32 {
        let rounding = match &self.block {
            Block::Matrices(model) => bound(model),
            _ => 0.0,
        };
        1e-5 * (range.1 - range.0) + rounding
    }
}

pub fn case(name: impl Into<String>, block: Block, extent: [u32; 3], times: &[f64]) -> Case {
    Case { name: name.into(), block, extent, times: times.to_vec() }
}

pub fn grid(extent: [u32; 3], (n_neurons, hidden): (u16, u8), time: TimeConfig, finest: u8, hashed: u8) -> Block {
    // Two features stand in a word; an odd number is split between words.
    let levels = nested(finest, if finest == 1 { 5 } else { 3 }, if finest == 3 { 3 } else { 2 }, hashed);
    let config = GridConfig { levels, n_neurons, n_hidden_layers: hidden, n_outputs: 2, time };
    let mut network = random_network(config, extent, 7);
    normalise(&mut network, 1, 1.0, 0.8);
    Block::Grid(network)
}

pub fn wavelet(shape: Shape) -> Case {
    let model: Wavelet = latents(&shape, 3);
    let times: &[f64] = if shape.steps > 1 { &[0.0, 1.0, 1.7] } else { &[0.0] };
    let name = format!("{shape:?}");
    case(name, Block::Wavelet(Box::new(model.clone())), model.level_extent(), times)
}

pub fn cases() -> Vec<Case> {
    let odd = [5, 7, 11];
    let wave = |n: usize| (0..n).map(|i| (i as f32 * 0.37).sin() * 3.0).collect::<Vec<f32>>();
    let raw = |steps: u32, dtype| {
        let values = wave(voxels(odd) * steps as usize);
        Block::Raw(match dtype {
            RawType::F32 | RawType::F16 => Raw::from_floats(&values, odd, steps, dtype).expect("a valid block"),
            _ => Raw::quantise(&values, odd, steps, dtype, (-3.0, 3.0)).expect("a valid block"),
        })
    };
    let mut cases = vec![
        case("constant", Block::Constant(2.5), odd, &[0.0]),
        case("raw", raw(1, RawType::F32), odd, &[0.0]),
        case("raw, 3 steps of halves", raw(3, RawType::F16), odd, &[0.0, 1.25, 2.0]),
    ];
    let codes = |interpolation, gains| TimeConfig { n_codes: 4, gains, interpolation };
    for (extent, shape, time, finest, hashed) in [
        ([9, 14, 19], (16, 2), TimeConfig::default(), 2, 0),
        ([16, 16, 16], (32, 1), TimeConfig::default(), 1, 6),
        ([17, 3, 33], (7, 3), codes(TimeInterpolation::Codes, true), 2, 5),
        ([8, 8, 8], (16, 2), codes(TimeInterpolation::CubicCodes, true), 2, 0),
        ([12, 20, 9], (16, 2), codes(TimeInterpolation::Values, false), 2, 0),
        ([10, 9, 40], (48, 2), TimeConfig::default(), 3, 0),
        ([6, 6, 6], (128, 2), codes(TimeInterpolation::Codes, false), 2, 0),
        // What fused kernels are made for, in tiles that stand out and levels that are larger than a tile.
        ([20, 35, 37], (16, 2), codes(TimeInterpolation::Codes, true), 1, 0),
        ([18, 17, 40], (32, 2), TimeConfig::default(), 1, 6),
        ([33, 16, 19], (64, 2), codes(TimeInterpolation::Values, false), 1, 5),
        ([17, 33, 18], (16, 2), codes(TimeInterpolation::Values, false), 1, 0),
        ([6, 6, 6], (128, 4), codes(TimeInterpolation::Codes, false), 2, 0),
    ] {
        let name = format!("grid {extent:?}, {shape:?} neurons and layers, cells of 2^{finest}, {time:?}");
        cases.push(case(name, grid(extent, shape, time, finest, hashed), extent, &[0.0, 1.0, 1.3]));
    }
    let still = Shape { extent: [19, 21, 34], ..Shape::default() };
    let moving = Shape { steps: 4, n_components: 3, ..still.clone() };
    for shape in [
        still.clone(),
        Shape { head: Some((4, 1)), ..still.clone() },
        Shape { head: Some((8, 0)), extent: [1, 9, 70], ..still.clone() },
        Shape { head: Some((16, 2)), extent: [8, 8, 8], ..moving.clone() },
        Shape { head: Some((64, 1)), extent: [3, 2, 1], ..still.clone() },
        Shape { head: Some((24, 1)), extent: [7, 5, 40], ..still.clone() },
        Shape { head: Some((16, 1)), extent: [9, 12, 37], ..moving.clone() },
        Shape { head: Some((32, 1)), extent: [6, 9, 40], ..still.clone() },
        Shape { head: Some((61, 1)), extent: [3, 6, 33], ..still.clone() },
        Shape { head: Some((33, 2)), extent: [2, 5, 9], ..still.clone() },
        Shape { head: Some((5, 3)), extent: [9, 6, 35], ..still.clone() },
        Shape { largest: 70_000, ..moving.clone() },
        // Beyond what 16-bit floats hold.
        Shape { largest: 70_000, head: Some((16, 1)), ..moving.clone() },
        Shape { head: Some((8, 1)), interpolation: TimeInterpolation::Values, ..moving.clone() },
        Shape { interpolation: TimeInterpolation::CubicCodes, ..moving.clone() },
        Shape { residual: true, head: Some((4, 1)), ..moving.clone() },
        Shape { precise: true, head: Some((8, 1)), ..still.clone() },
        Shape { level: 1, head: Some((8, 1)), ..moving.clone() },
        Shape { level: 2, extent: [6, 33, 5], n_levels: 3, ..still.clone() },
        // Slices, lines and a lowest band that are larger than what a workgroup holds.
        Shape { extent: [3, 70, 100], ..still.clone() },
        Shape { extent: [200, 9, 10], ..still.clone() },
        Shape { extent: [34, 33, 35], n_levels: 1, ..moving.clone() },
        Shape { level: 3, extent: [1, 40, 256], ..moving },
    ] {
        cases.push(wavelet(shape));
    }
    for (extent, steps, ranks, level, interpolation) in [
        ([12, 17, 9], 5, [3, 4, 5, 6], 0, TimeInterpolation::Codes),
        ([12, 17, 9], 5, [2, 4, 5, 6], 1, TimeInterpolation::Values),
        ([1, 30, 1], 1, [1, 1, 7, 1], 0, TimeInterpolation::Codes),
        ([20, 20, 20], 8, [8, 20, 3, 2], 2, TimeInterpolation::CubicCodes),
    ] {
        let mut model = matrices(extent, steps, ranks, level, 5);
        model.interpolation = interpolation;
        let name = format!("matrices {extent:?}, {steps} steps, ranks {ranks:?}, level {level}, {interpolation:?}");
        let times: &[f64] = if steps > 1 { &[0.0, 2.6] } else { &[0.0] };
        let extent = model.level_extent();
        cases.push(case(name, Block::Matrices(Box::new(model)), extent, times));
    }
    cases
}

/// What the oracle says, within a range that it chooses: some values are limited.
pub fn oracle(case: &Case, time: f64) -> (Vec<f32>, (f32, f32)) {
    let mut values = vec![0.0; voxels(case.extent)];
    let decode = |range: (f32, f32), values: &mut [f32]| {
        decode_block_reference(&case.block, &entry(range), case.extent, time, values).expect("a valid block");
    };
    if matches!(case.block, Block::Grid(_)) {
        decode((-2.0, 5.0), &mut values);
        return (values, (-2.0, 5.0));
    }
    decode(WIDE, &mut values);
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let range = (low + 0.05 * (high - low), high - 0.05 * (high - low));
    decode(range, &mut values);
    (values, range)
}

pub fn entry((min, max): (f32, f32)) -> neuvol_format::Entry {
    neuvol_format::Entry {
        codec: 0,
        output: 1,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min,
        max,
        max_abs_error: 0.0,
        rmse: 0.0,
        network: None,
        mask: neuvol_format::MaskRef::AllValid,
    }
}

/// What a decode lacks for 32-bit floats: the largest share of what the network adds that a variant may be wrong by.
pub const ALLOWED_FAST: f32 = 5e-3;

/// What the oracle says at the last time of a case, and the range of what its network adds, if it has one.
pub fn added(case: &Case) -> (Vec<f32>, Option<f32>) {
    let time = case.times[case.times.len() - 1];
    let decode = |block: &Block, range| {
        let mut values = vec![0.0; voxels(case.extent)];
        decode_block_reference(block, &entry(range), case.extent, time, &mut values).expect("a valid block");
        values
    };
    match &case.block {
        Block::Grid(_) => {
            let values = decode(&case.block, (-2.0, 5.0));
            let range = common::range_of(&values);
            (values, Some(range))
        }
        Block::Wavelet(model) if model.head.is_some() && !model.precise => {
            let values = decode(&case.block, WIDE);
            let plain = Wavelet { head: None, ..(**model).clone() };
            let plain = decode(&Block::Wavelet(Box::new(plain)), WIDE);
            let difference: Vec<f32> = values.iter().zip(&plain).map(|(a, b)| a - b).collect();
            (values, Some(common::range_of(&difference)))
        }
        block => (decode(block, WIDE), None),
    }
}
