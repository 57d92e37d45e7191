//! A file with every kind of block that needs no head, masks that change with time, and two segments.
#![allow(dead_code, reason = "every user has its own part of it")]

use half::f16;
use neuvol_format::{Blob, EntryPlan, Mask, MaskPlan, MaskRef, Meta, Plan, Segment, VariableMeta, VariablePlan, codec};
use neuvol_model::{GridConfig, GridLevel, GridNetwork, Raw, TimeConfig, TimeInterpolation};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::io::Cursor;

/// Voxels z, y, x.
pub(crate) const DIMS: [u32; 3] = [11, 19, 37];
/// Time steps.
pub(crate) const STEPS: u32 = 5;

/// Two segments (3 and 2 steps), blocks of 8×16×16 that are networks with time codes (some with gains), raw, constant and empty ones, masks
/// that change with time.
pub(crate) fn file(seed: u64) -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let block_dims = [8, 16, 16];
    let segments = [Segment { first: 0, steps: 3 }, Segment { first: 3, steps: 2 }];
    let blocks: [u32; 3] = std::array::from_fn(|a| DIMS[a].div_ceil(block_dims[a]));
    let (mut payloads, mut blobs, mut masks, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut add = |bytes: Vec<u8>, blobs: &mut Vec<Blob>| {
        blobs.push(Blob { len: bytes.len() as u32, crc: neuvol_format::crc(&bytes) });
        payloads.push(bytes);
        blobs.len() as u32 - 1
    };
    for segment in &segments {
        for block in 0..blocks.iter().product::<u32>() {
            let at = [block / (blocks[1] * blocks[2]), block / blocks[2] % blocks[1], block % blocks[2]];
            let extent: [u32; 3] = std::array::from_fn(|a| block_dims[a].min(DIMS[a] - at[a] * block_dims[a]));
            let voxels = extent.iter().product::<u32>() as usize;
            let (mut min, mut max) = (-2.0, 3.0);
            let (codec, blob) = match (block + segment.first) % 4 {
                0 => {
                    let interpolations =
                        [TimeInterpolation::Codes, TimeInterpolation::CubicCodes, TimeInterpolation::Values];
                    let interpolation = interpolations[block as usize / 4 % 3];
                    let time = TimeConfig { n_codes: segment.steps as u16, gains: block % 8 == 0, interpolation };
                    let config = GridConfig {
                        levels: vec![
                            GridLevel { log2_cell: 2, n_features: 2, log2_hashmap_size: 0 },
                            GridLevel { log2_cell: 1, n_features: 3, log2_hashmap_size: 5 },
                        ],
                        n_neurons: 16,
                        n_hidden_layers: 2,
                        n_outputs: 1,
                        time,
                    };
                    let mut network = GridNetwork::zeros(config, extent).unwrap();
                    let random = |values: &mut Vec<f16>, rng: &mut SmallRng| {
                        values.iter_mut().for_each(|v| *v = f16::from_f32(rng.random_range(-0.6..0.6)));
                    };
                    network.tables.iter_mut().for_each(|table| random(table, &mut rng));
                    for layer in &mut network.layers {
                        random(&mut layer.weights, &mut rng);
                        random(&mut layer.biases, &mut rng);
                    }
                    random(&mut network.time_codes, &mut rng);
                    random(&mut network.time_gains, &mut rng);
                    (codec::GRID, Some(add(network.to_bytes(), &mut blobs)))
                }
                1 | 2 => {
                    let values: Vec<f32> =
                        (0..voxels * segment.steps as usize).map(|_| rng.random_range(-2.0..3.0)).collect();
                    let bytes = Raw::encode_f32(&values, extent, segment.steps).unwrap();
                    (codec::RAW, Some(add(bytes, &mut blobs)))
                }
                _ => {
                    max = 0.25;
                    min = max;
                    (codec::CONSTANT, None)
                }
            };
            let mask = match rng.random_range(0..4) {
                0 => MaskRef::NoneValid,
                1 => {
                    let steps = if rng.random() { 1 } else { segment.steps };
                    let mask = Mask::from_fn(extent, steps, |_, _, _, _| rng.random_range(0..5) > 0);
                    let blob = add(mask.encode(), &mut blobs);
                    masks.push(MaskPlan { blob, extent, steps, valid: mask.count() });
                    MaskRef::Stored(masks.len() as u32 - 1)
                }
                _ => MaskRef::AllValid,
            };
            let (codec, blob) = if mask == MaskRef::NoneValid { (codec::CONSTANT, None) } else { (codec, blob) };
            if mask == MaskRef::NoneValid {
                (min, max) = (0.0, 0.0);
            }
            entries.push(EntryPlan {
                codec,
                output: 0,
                blob,
                prefix: None,
                min,
                max,
                max_abs_error: f32::NAN,
                rmse: f32::NAN,
                network: None,
                mask,
            });
        }
    }
    let variable = VariablePlan {
        dims: DIMS,
        block_dims,
        steps: STEPS,
        n_levels: 4,
        n_stored_levels: 1,
        n_qualities: 1,
        has_time: true,
        segments: segments.to_vec(),
        min: -2.0,
        max: 3.0,
        valid: 1,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        entries,
    };
    let meta = Meta {
        variables: vec![VariableMeta {
            name: "a".into(),
            dimensions: ["t", "z", "y", "x"].map(String::from).to_vec(),
            source_dtype: "f32".into(),
            attributes: Vec::new(),
        }],
        ..Meta::default()
    };
    let plan = Plan { meta, variables: vec![variable], masks, blobs, ..Plan::default() };
    let mut out = Cursor::new(Vec::new());
    neuvol_format::write_to(&mut out, &plan, &mut |blob, bytes| {
        bytes.clear();
        bytes.extend_from_slice(&payloads[blob as usize]);
        Ok(())
    })
    .unwrap();
    out.into_inner()
}
