//! A file of wavelet latents: heads, residuals, prefixes as levels of detail, two segments.
#![allow(dead_code, reason = "every user has its own part of it")]

use half::f16;
use neuvol_entropy::Coder;
use neuvol_format::{
    Blob, EntryPlan, MaskRef, Meta, NetworkPlan, Plan, Segment, VariableMeta, VariablePlan, codec, crc, network_kind,
};
use neuvol_model::{Head, Residual, Tensor, TimeInterpolation, Wavelet, voxels};
use rand::{Rng, rngs::SmallRng};
use std::io::Cursor;
use std::sync::Arc;

pub(crate) const DIMS: [u32; 3] = [11, 19, 21];
pub(crate) const BLOCK: [u32; 3] = [8, 16, 16];
pub(crate) const SEGMENTS: [Segment; 2] = [Segment { first: 0, steps: 3 }, Segment { first: 3, steps: 2 }];
pub(crate) const STEPS: u32 = 5;
pub(crate) const RANGE: (f32, f32) = (-1.5, 2.5);

/// The models of a variable, `[segment][block]`; every other one has a head, some have a residual.
pub(crate) fn models(rng: &mut SmallRng, head: &Arc<Head>) -> Vec<Vec<Wavelet>> {
    let blocks: [u32; 3] = std::array::from_fn(|a| DIMS[a].div_ceil(BLOCK[a]));
    let interpolations = [TimeInterpolation::Codes, TimeInterpolation::CubicCodes, TimeInterpolation::Values];
    let mut model = |segment: Segment, number: u32| {
        let at = [number / (blocks[1] * blocks[2]), number / blocks[2] % blocks[1], number % blocks[2]];
        let extent: [u32; 3] = std::array::from_fn(|a| BLOCK[a].min(DIMS[a] - at[a] * BLOCK[a]));
        let precise = number.is_multiple_of(3);
        let array = |most: i32, rng: &mut SmallRng| {
            let value = |_| if rng.random_range(0..3) == 0 { rng.random_range(-most..=most) } else { 0 };
            (0..voxels(extent)).map(value).collect::<Vec<i32>>()
        };
        Wavelet {
            extent,
            level: 0,
            steps: segment.steps,
            step: 0.125,
            offset: 0.5,
            n_levels: 3 + number as u8 % 2,
            coder: Coder::ALL[number as usize % 2],
            precise,
            interpolation: interpolations[number as usize % 3],
            weights: (0..2 * segment.steps).map(|_| f16::from_f32(rng.random_range(-1.0..1.0))).collect(),
            components: (0..2).map(|_| array(12, rng)).collect(),
            residual: precise
                .then(|| Residual { quantum: 0.03, steps: (0..segment.steps).map(|_| array(2, rng)).collect() }),
            head: number.is_multiple_of(2).then(|| head.clone()),
        }
    };
    SEGMENTS.map(|segment| (0..blocks.iter().product()).map(|number| model(segment, number)).collect()).to_vec()
}

pub(crate) fn head(rng: &mut SmallRng) -> Head {
    let tensors = Head::tensor_lengths(4, 1)
        .into_iter()
        .map(|n| Tensor { scale: 0.005, values: (0..n).map(|_| rng.random()).collect() })
        .collect();
    Head { n_channels: 4, n_hidden: 1, mean: 0.4, deviation: 0.7, tensors }
}

/// A file of the models with this many stored levels.
pub(crate) fn file(models: &[Vec<Wavelet>], head: &Head, n_stored_levels: u8) -> Vec<u8> {
    let (mut blobs, mut payloads, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for level in 0..n_stored_levels {
        for (number, model) in models.iter().flatten().enumerate() {
            if level == 0 {
                let bytes = model.to_bytes().unwrap();
                blobs.push(Blob { len: bytes.len() as u32, crc: crc(&bytes) });
                payloads.push(bytes);
            }
            let payload = &payloads[number];
            let part = &payload[..Wavelet::prefix_len(payload, model.steps, level).unwrap()];
            entries.push(EntryPlan {
                codec: codec::WAVELET,
                output: 0,
                blob: Some(number as u32),
                prefix: (level > 0).then(|| Blob { len: part.len() as u32, crc: crc(part) }),
                min: RANGE.0,
                max: RANGE.1,
                max_abs_error: f32::NAN,
                rmse: f32::NAN,
                network: model.head.as_ref().map(|_| 0),
                mask: MaskRef::AllValid,
            });
        }
    }
    let variable = VariablePlan {
        dims: DIMS,
        block_dims: BLOCK,
        steps: STEPS,
        n_levels: 4,
        n_stored_levels,
        n_qualities: 1,
        has_time: true,
        segments: SEGMENTS.to_vec(),
        min: RANGE.0,
        max: RANGE.1,
        valid: 1,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        entries,
    };
    let description = VariableMeta {
        name: "a".into(),
        dimensions: ["t", "z", "y", "x"].map(String::from).to_vec(),
        source_dtype: "f32".into(),
        attributes: Vec::new(),
    };
    let plan = Plan {
        meta: Meta { variables: vec![description], ..Meta::default() },
        variables: vec![variable],
        networks: vec![NetworkPlan { kind: network_kind::HEAD, bytes: head.to_bytes() }],
        blobs,
        ..Plan::default()
    };
    let mut out = Cursor::new(Vec::new());
    neuvol_format::write_to(&mut out, &plan, &mut |blob, bytes| {
        bytes.extend_from_slice(&payloads[blob as usize]);
        Ok(())
    })
    .unwrap();
    out.into_inner()
}
