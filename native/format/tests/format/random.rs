//! Random plans that keep the rules of the format.

use neuvol_format::{
    Attribute, AttributeValue, Blob, EntryPlan, Mask, MaskRef, Segment, VariableMeta, VariablePlan, codec, crc,
};
use proptest::prelude::*;

use crate::cases::{Case, constant_entry};
use crate::payloads::Numbers;

/// The shape of one variable; contents come from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    dims: [u32; 3],
    block_dims: [u32; 3],
    segments: Vec<u32>,
    n_levels: u8,
    n_stored_levels: u8,
    n_qualities: u8,
}

fn shape() -> impl Strategy<Value = Shape> {
    let dims = prop::array::uniform3(1..20u32);
    let block_dims = prop::array::uniform3(prop::sample::select(vec![8, 16, 24]));
    let segments = prop::collection::vec(1..4u32, 1..4);
    (dims, block_dims, segments, 1..=4u8, 0..4u8, 1..=2u8).prop_map(
        |(dims, block_dims, segments, n_levels, stored, n_qualities)| Shape {
            dims,
            block_dims,
            segments,
            n_levels,
            n_stored_levels: 1 + stored % n_levels,
            n_qualities,
        },
    )
}

/// Any text, and texts that JSON must escape.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("\"\\\u{0}\u{2028}\n".to_owned())]
}

fn attribute() -> impl Strategy<Value = Attribute> {
    use prop::collection::vec;
    let value = prop_oneof![
        text().prop_map(AttributeValue::Char),
        vec(text(), 0..3).prop_map(AttributeValue::String),
        vec(any::<i8>(), 0..4).prop_map(AttributeValue::Byte),
        vec(any::<u8>(), 0..4).prop_map(AttributeValue::UByte),
        vec(any::<i16>(), 0..4).prop_map(AttributeValue::Short),
        vec(any::<u16>(), 0..4).prop_map(AttributeValue::UShort),
        vec(any::<i32>(), 0..4).prop_map(AttributeValue::Int),
        vec(any::<u32>(), 0..4).prop_map(AttributeValue::UInt),
        vec(any::<i64>(), 0..4).prop_map(AttributeValue::Int64),
        vec(any::<u64>(), 0..4).prop_map(AttributeValue::UInt64),
        vec(any::<f32>().prop_filter("NaN is not equal to itself", |v| !v.is_nan()), 0..4)
            .prop_map(AttributeValue::Float),
        vec(any::<f64>().prop_filter("NaN is not equal to itself", |v| !v.is_nan()), 0..4)
            .prop_map(AttributeValue::Double),
    ];
    (text(), value).prop_map(|(name, value)| Attribute { name, value })
}

/// A whole file.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let attributes = prop::collection::vec(attribute(), 0..4);
    (prop::collection::vec(shape(), 1..4), attributes, any::<u64>()).prop_map(|(shapes, attributes, seed)| {
        let mut case = Case::default();
        let mut numbers = Numbers::new(seed);
        case.plan.meta.attributes = attributes;
        case.plan.coordinates = {
            // Compressible and long enough to be compressed in some files.
            let len = numbers.below(12000) as usize;
            (0..len).map(|i| (i / 7) as u8).collect()
        };
        for kind in 0..numbers.below(3) as u16 {
            let len = numbers.below(300) as usize;
            let bytes = numbers.bytes(len);
            case.add_network(kind, bytes);
        }
        for (n, shape) in shapes.iter().enumerate() {
            add_variable(&mut case, n, shape, &mut numbers);
        }
        case.plan.packed = numbers.below(2) == 1;
        case
    })
}

fn add_variable(case: &mut Case, n: usize, shape: &Shape, numbers: &mut Numbers) {
    let mut steps = 0;
    let segments: Vec<Segment> = shape
        .segments
        .iter()
        .map(|&len| {
            let first = steps;
            steps += len;
            Segment { first, steps: len }
        })
        .collect();
    let mut plan = VariablePlan {
        dims: shape.dims,
        block_dims: shape.block_dims,
        steps,
        n_levels: shape.n_levels,
        n_stored_levels: shape.n_stored_levels,
        n_qualities: shape.n_qualities,
        has_time: true,
        segments,
        min: -2.0,
        max: 3.5,
        valid: 1 + numbers.below(u64::from(shape.dims.iter().product::<u32>() * steps)),
        max_abs_error: numbers.below(1000) as f32 / 8.0,
        rmse: 0.25,
        entries: Vec::new(),
    };
    for _quality in 0..plan.n_qualities {
        for level in 0..plan.n_stored_levels {
            for segment in plan.segments.clone() {
                for extent in block_extents(shape.dims, shape.block_dims, level) {
                    plan.entries.push(entry(case, extent, segment.steps, numbers));
                }
            }
        }
    }
    let dimensions = ["time", "z", "y", "x"].map(str::to_owned).to_vec();
    let meta =
        VariableMeta { name: format!("v{n}"), dimensions, source_dtype: "f32".to_owned(), attributes: Vec::new() };
    case.plan.meta.variables.push(meta);
    case.plan.variables.push(plan);
}

/// Extents of all blocks, written down anew so that the reader's own arithmetic is tested.
fn block_extents(dims: [u32; 3], block_dims: [u32; 3], level: u8) -> Vec<[u32; 3]> {
    let axis = |i: usize| {
        let starts = (0..dims[i]).step_by(block_dims[i] as usize);
        starts.map(move |start| (block_dims[i].min(dims[i] - start) + (1 << level) - 1) >> level).collect::<Vec<_>>()
    };
    let (zs, ys, xs) = (axis(0), axis(1), axis(2));
    let mut extents = Vec::new();
    for &z in &zs {
        for &y in &ys {
            extents.extend(xs.iter().map(|&x| [z, y, x]));
        }
    }
    extents
}

fn entry(case: &mut Case, extent: [u32; 3], steps: u32, numbers: &mut Numbers) -> EntryPlan {
    let mask = match numbers.below(4) {
        0 => MaskRef::NoneValid,
        1 => {
            let mask_steps = if numbers.below(2) == 0 { 1 } else { steps };
            let mask = Mask::from_fn(extent, mask_steps, |_, _, _, _| numbers.below(3) > 0);
            case.add_mask(&mask)
        }
        _ => MaskRef::AllValid,
    };
    if mask == MaskRef::NoneValid {
        return EntryPlan { mask, ..constant_entry(0.0) };
    }
    if numbers.below(4) == 0 {
        return EntryPlan { mask, ..constant_entry(numbers.below(9) as f32) };
    }
    // Some entries share the payload before them.
    let blob = match case.blobs.len() as u32 {
        n if n > 0 && numbers.below(4) == 0 => n - 1,
        _ => {
            let len = 1 + numbers.below(200) as usize;
            let bytes = numbers.bytes(len);
            case.add_blob(bytes)
        }
    };
    // Some have only its first bytes.
    let len = 1 + numbers.below(case.plan.blobs[blob as usize].len.into()) as u32;
    let part = &case.blobs[blob as usize][..len as usize];
    let prefix = (numbers.below(4) == 0).then(|| Blob { len, crc: crc(part) });
    let n_networks = case.plan.networks.len() as u64;
    EntryPlan {
        codec: codec::RAW + numbers.below(3) as u16,
        output: numbers.below(16) as u8,
        blob: Some(blob),
        prefix,
        min: -1.0 - numbers.below(100) as f32,
        max: numbers.below(100) as f32,
        network: (n_networks > 0 && numbers.below(2) == 0).then(|| numbers.below(n_networks) as u32),
        mask,
        ..constant_entry(0.0)
    }
}
