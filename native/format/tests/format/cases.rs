//! The files of the golden folder, built by hand.

use neuvol_entropy::Coder;
use neuvol_format::{
    Attribute, AttributeValue, Blob, Coordinate, EntryPlan, Mask, MaskPlan, MaskRef, Meta, NetworkPlan, Plan, Segment,
    VariableMeta, VariablePlan, codec, crc, network_kind, write_to,
};
use serde_json::json;

use crate::payloads::{Grid, Latents, Numbers, Tucker, head, raw};

/// A plan and the bytes of its blobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    pub(crate) plan: Plan,
    pub(crate) blobs: Vec<Vec<u8>>,
}

impl Case {
    pub(crate) fn add_blob(&mut self, bytes: Vec<u8>) -> u32 {
        self.plan.blobs.push(Blob { len: bytes.len() as u32, crc: crc(&bytes) });
        self.blobs.push(bytes);
        self.blobs.len() as u32 - 1
    }

    pub(crate) fn add_mask(&mut self, mask: &Mask) -> MaskRef {
        let blob = self.add_blob(mask.encode());
        let plan = MaskPlan { blob, extent: mask.extent(), steps: mask.steps(), valid: mask.count() };
        self.plan.masks.push(plan);
        MaskRef::Stored(self.plan.masks.len() as u32 - 1)
    }

    pub(crate) fn add_network(&mut self, kind: u16, bytes: Vec<u8>) -> u32 {
        self.plan.networks.push(NetworkPlan { kind, bytes });
        self.plan.networks.len() as u32 - 1
    }

    /// Adds a coordinate of f64 values.
    fn add_coordinate(&mut self, name: &str, dimensions: &[&str], shape: &[u64], values: &[f64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add_coordinate_bytes(name, dimensions, shape, "f64", &bytes);
    }

    fn add_coordinate_bytes(&mut self, name: &str, dimensions: &[&str], shape: &[u64], dtype: &str, bytes: &[u8]) {
        self.plan.meta.coordinates.push(Coordinate {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            shape: shape.to_vec(),
            dtype: dtype.to_owned(),
            offset: self.plan.coordinates.len() as u64,
            attributes: vec![Attribute::text("long_name", format!("{name} of the test"))],
        });
        self.plan.coordinates.extend(bytes);
    }

    fn add_variable(&mut self, name: &str, dimensions: &[&str], variable: VariablePlan) {
        self.plan.meta.variables.push(VariableMeta {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            source_dtype: "f32".to_owned(),
            attributes: vec![Attribute::text("units", "K")],
        });
        self.plan.variables.push(variable);
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = std::io::Cursor::new(Vec::new());
        let written = write_to(&mut out, &self.plan, &mut |n, bytes| {
            bytes.extend(&self.blobs[n as usize]);
            Ok(())
        });
        let bytes = out.into_inner();
        assert_eq!(written.expect("the case is a valid plan").file_len, bytes.len() as u64);
        bytes
    }
}

/// A case without content.
fn empty(name: &str) -> Case {
    let meta = Meta {
        created_by: "neuvol-format tests".to_owned(),
        source: format!("{name}.nc"),
        history: "made by hand".to_owned(),
        encoder: json!({ "case": name }),
        ..Meta::default()
    };
    Case { plan: Plan { meta, ..Plan::default() }, ..Case::default() }
}

/// A variable of one step, level, quality and segment, without entries.
fn variable(dims: [u32; 3], range: (f32, f32), valid: u64) -> VariablePlan {
    VariablePlan {
        dims,
        block_dims: [8, 8, 8],
        steps: 1,
        n_levels: 1,
        n_stored_levels: 1,
        n_qualities: 1,
        has_time: false,
        segments: vec![Segment { first: 0, steps: 1 }],
        min: range.0,
        max: range.1,
        valid,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        entries: Vec::new(),
    }
}

pub(crate) fn constant_entry(value: f32) -> EntryPlan {
    EntryPlan {
        codec: codec::CONSTANT,
        output: 0,
        blob: None,
        prefix: None,
        min: value,
        max: value,
        max_abs_error: 0.0,
        rmse: 0.0,
        network: None,
        mask: MaskRef::AllValid,
    }
}

fn entry(codec: u16, blob: u32, range: (f32, f32)) -> EntryPlan {
    EntryPlan { codec, blob: Some(blob), min: range.0, max: range.1, ..constant_entry(0.0) }
}

/// Names and contents of all golden files.
pub(crate) fn golden() -> Vec<(&'static str, Case)> {
    vec![
        ("constant", constant()),
        ("raw", raw_values()),
        ("grid", grid()),
        ("times", times()),
        ("quantised", quantised()),
        ("wavelet", wavelet_blocks()),
        ("matrices", matrices()),
        ("masks", masks()),
        ("layers", layers()),
        ("packed", packed()),
    ]
}

/// The smallest file: one block, one value, no coordinates.
fn constant() -> Case {
    let mut case = empty("constant");
    let entries = vec![constant_entry(2.5)];
    case.add_variable("t", &["y", "x"], VariablePlan { entries, ..variable([1, 7, 5], (2.5, 2.5), 35) });
    case
}

/// Raw payloads of several types, a mask, latitude and longitude on the grid.
fn raw_values() -> Case {
    let mut case = empty("raw");
    // Ten columns: a block of 8 and one of 2.
    let mask = Mask::from_fn([1, 2, 8], 1, |_, _, y, x| (x + y) % 3 != 0);
    let floats: Vec<u8> = (0..16).flat_map(|i| (i as f32 * 0.5 - 2.0).to_le_bytes()).collect();
    let first = case.add_blob(raw(1, 1.0, 0.0, &floats));
    let words: Vec<u8> = [0u16, 100, 40000, 65535].iter().flat_map(|word| word.to_le_bytes()).collect();
    let second = case.add_blob(raw(4, 1.0 / 65535.0, -1.0, &words));
    let mask_ref = case.add_mask(&mask);
    let entries = vec![
        EntryPlan { mask: mask_ref, ..entry(codec::RAW, first, (-1.5, 5.5)) },
        EntryPlan { max_abs_error: 1e-5, rmse: 5e-6, ..entry(codec::RAW, second, (-1.0, 0.0)) },
    ];
    let valid = mask.count() + 4;
    case.add_variable("t", &["y", "x"], VariablePlan { entries, ..variable([1, 2, 10], (-1.5, 5.5), valid) });
    let place = |i: i32, base: f64| base + f64::from(i) * 0.1 + f64::from(i / 10) * 0.013;
    let latitude: Vec<f64> = (0..20).map(|i| place(i, 40.0)).collect();
    let longitude: Vec<f64> = (0..20).map(|i| place(i, -8.0)).collect();
    case.add_coordinate("lat", &["y", "x"], &[2, 10], &latitude);
    case.add_coordinate("lon", &["y", "x"], &[2, 10], &longitude);
    let numbers: Vec<u8> = (0..10i16).flat_map(|i| (i * 3 - 5).to_le_bytes()).collect();
    case.add_coordinate_bytes("x", &["x"], &[10], "i16", &numbers);
    case.add_coordinate_bytes("grid_mapping", &[], &[], "i32", &7i32.to_le_bytes());
    case
}

/// Grid networks: own and shared MLP, dense and hashed levels, time codes, two outputs of one payload.
fn grid() -> Case {
    let mut case = empty("grid");
    let mut numbers = Numbers::new(3);
    let config = Grid { levels: vec![(3, 2, 0), (2, 4, 4)], n_hidden_layers: 2, n_neurons: 8, n_outputs: 2 };
    let network = case.add_network(network_kind::MLP, config.mlp(&mut numbers));
    // Blocks of 8 and 4 columns, segments of 3 and 1 steps.
    let extents = [[8, 8, 8], [8, 8, 4]];
    let mut payloads = Vec::new();
    for (n_time_codes, shared) in [(3, true), (0, false)] {
        for extent in extents {
            let payload = config.payload(extent, n_time_codes, shared, &mut numbers);
            payloads.push((case.add_blob(payload), shared.then_some(network)));
        }
    }
    let entries = |output: u8| {
        let entry = |&(blob, network): &(u32, Option<u32>)| EntryPlan {
            output,
            network,
            max_abs_error: 0.25,
            rmse: 0.125,
            ..entry(codec::GRID, blob, (-10.0, 30.0))
        };
        payloads.iter().map(entry).collect::<Vec<_>>()
    };
    for (output, name) in [(0, "u"), (1, "v")] {
        let plan = VariablePlan {
            steps: 4,
            has_time: true,
            segments: vec![Segment { first: 0, steps: 3 }, Segment { first: 3, steps: 1 }],
            max_abs_error: 0.25,
            rmse: 0.125,
            entries: entries(output),
            ..variable([8, 8, 12], (-10.0, 30.0), 4 * 8 * 8 * 12)
        };
        case.add_variable(name, &["time", "level", "lat", "lon"], plan);
    }
    case
}

/// Grid networks with time gains and each interpolation between steps; more features than a reader of 1.0 takes.
fn times() -> Case {
    let mut case = empty("times");
    let mut numbers = Numbers::new(7);
    let config = Grid { levels: vec![(3, 17, 0), (2, 3, 4)], n_hidden_layers: 2, n_neurons: 8, n_outputs: 1 };
    let network = case.add_network(network_kind::MLP, config.mlp(&mut numbers));
    for (name, flags) in
        [("linear", 2), ("cubic", 2 | 4), ("values", 2 | 8 | 1), ("cubic_codes", 4), ("values_codes", 8)]
    {
        let entry = |extent, numbers: &mut Numbers, case: &mut Case| {
            let payload = config.payload_with(extent, 4, flags, numbers);
            let shared = (flags & 1 != 0).then_some(network);
            EntryPlan { network: shared, ..entry(codec::GRID, case.add_blob(payload), (-1.0, 2.0)) }
        };
        // Blocks of 8 and 5 columns.
        let extents = [[4, 8, 8], [4, 8, 5]];
        let plan = VariablePlan {
            steps: 4,
            has_time: true,
            segments: vec![Segment { first: 0, steps: 4 }],
            entries: extents.map(|extent| entry(extent, &mut numbers, &mut case)).to_vec(),
            ..variable([4, 8, 13], (-1.0, 2.0), 4 * 4 * 8 * 13)
        };
        case.add_variable(name, &["time", "level", "lat", "lon"], plan);
    }
    case
}

/// Quantised parameters: dense tables of several steps, and a hashed one of a still variable.
fn quantised() -> Case {
    let mut case = empty("quantised");
    let mut numbers = Numbers::new(9);
    let moving = Grid { levels: vec![(3, 2, 0), (2, 2, 0), (1, 1, 0)], n_hidden_layers: 2, n_neurons: 8, n_outputs: 1 };
    let still = Grid { levels: vec![(3, 1, 0), (2, 3, 4)], n_hidden_layers: 1, n_neurons: 4, n_outputs: 1 };
    // Blocks of 8 and 5 columns.
    let extents = [[4, 8, 8], [4, 8, 5]];
    for (name, config, steps, flags) in [("moving", moving, 3, 2 | 4), ("still", still, 1, 0)] {
        let n_time_codes = if steps > 1 { steps } else { 0 };
        let entries = extents.map(|extent| {
            let payload = config.quantised_payload(extent, n_time_codes, flags, &mut numbers);
            entry(codec::GRID, case.add_blob(payload), (-1.0, 2.0))
        });
        let plan = VariablePlan {
            steps: steps.into(),
            has_time: steps > 1,
            segments: vec![Segment { first: 0, steps: steps.into() }],
            entries: entries.to_vec(),
            ..variable([4, 8, 13], (-1.0, 2.0), u64::from(steps) * 4 * 8 * 13)
        };
        let dimensions = ["time", "level", "lat", "lon"];
        case.add_variable(name, if steps > 1 { &dimensions } else { &dimensions[1..] }, plan);
    }
    case
}

/// Wavelet latents, with and without head and residual; the levels are the first bytes of one payload.
fn wavelet_blocks() -> Case {
    let mut case = empty("wavelet");
    let mut numbers = Numbers::new(4);
    let network = case.add_network(network_kind::HEAD, head(&mut numbers));
    let first = Latents { extent: [8, 8, 8], steps: 5, coder: Coder::Dense, flags: 1 | 2 | 8, n_components: 2 };
    let second = Latents { extent: [1, 8, 8], coder: Coder::Fast, flags: 4, n_components: 3, ..first };
    let payloads = [(first, Some(network)), (second, None)].map(|(latents, network)| {
        let (bytes, lens) = latents.payload(&mut numbers);
        (case.add_blob(bytes.clone()), bytes, lens, network)
    });
    let entries = (0..4).flat_map(|level| {
        payloads.iter().map(move |(blob, bytes, lens, network)| {
            let part = &bytes[..lens[level]];
            let prefix = (level > 0).then(|| Blob { len: part.len() as u32, crc: crc(part) });
            EntryPlan { prefix, network: *network, ..entry(codec::WAVELET, *blob, (-1.0, 2.0 - level as f32 * 0.25)) }
        })
    });
    let plan = VariablePlan {
        steps: 5,
        n_levels: 4,
        n_stored_levels: 4,
        has_time: true,
        segments: vec![Segment { first: 0, steps: 5 }],
        entries: entries.collect(),
        ..variable([9, 8, 8], (-1.0, 2.0), 5 * 9 * 8 * 8)
    };
    case.add_variable("pm25", &["time", "level", "lat", "lon"], plan);
    let still = Latents { extent: [1, 7, 6], steps: 1, coder: Coder::Dense, flags: 0, n_components: 1 };
    let blob = case.add_blob(still.payload(&mut numbers).0);
    let entries = vec![EntryPlan { network: Some(network), ..entry(codec::WAVELET, blob, (-1.0, 2.0)) }];
    case.add_variable("height", &["lat7", "lon6"], VariablePlan { entries, ..variable([1, 7, 6], (-1.0, 2.0), 42) });
    case
}

/// A core and a matrix per axis: levels that share a payload, one step, an axis of one voxel, a single voxel.
fn matrices() -> Case {
    let mut case = empty("matrices");
    let mut numbers = Numbers::new(8);
    let first = Tucker { lengths: [5, 8, 8, 8], ranks: [3, 5, 6, 8], coder: Coder::Dense, flags: 1 | 8 };
    let second = Tucker { lengths: [5, 1, 8, 8], ranks: [5, 1, 2, 7], coder: Coder::Fast, flags: 4 };
    let blobs = [first, second].map(|block| case.add_blob(block.payload(&mut numbers)));
    let entries =
        (0..3).flat_map(|level| blobs.map(|blob| entry(codec::MATRICES, blob, (-1.0, 2.0 - level as f32 * 0.25))));
    let plan = VariablePlan {
        steps: 5,
        n_levels: 3,
        n_stored_levels: 3,
        has_time: true,
        segments: vec![Segment { first: 0, steps: 5 }],
        entries: entries.collect(),
        ..variable([9, 8, 8], (-1.0, 2.0), 5 * 9 * 8 * 8)
    };
    case.add_variable("vorticity", &["time", "z", "y", "x"], plan);
    for (name, dims) in [("height", [1, 7, 6]), ("point", [1, 1, 1])] {
        let [z, y, x] = dims.map(|n| n as usize);
        let still = Tucker { lengths: [1, z, y, x], ranks: [1, z, y.min(4), x.min(3)], coder: Coder::Dense, flags: 0 };
        let blob = case.add_blob(still.payload(&mut numbers));
        let entries = vec![entry(codec::MATRICES, blob, (-1.0, 2.0))];
        let valid = dims.iter().map(|&n| u64::from(n)).product();
        let plan = VariablePlan { entries, ..variable(dims, (-1.0, 2.0), valid) };
        case.add_variable(name, &[&format!("{name}_y"), &format!("{name}_x")], plan);
    }
    case
}

/// Masks that are coded by context: terrain, a body that moves through all steps, and noise, which stays bits.
fn masks() -> Case {
    let mut case = empty("masks");
    // Blocks of 8, 24 and 72 voxels in x: a part of a word, and more than one.
    let height = |y: u32, x: u32| (y * y + 3 * x) / 16 % 7;
    let terrain = Mask::from_fn([8, 16, 72], 1, |_, z, y, x| z >= height(y, x));
    let moving = Mask::from_fn([8, 16, 24], 4, |step, z, y, x| {
        let far = |at: u32, centre: u32| (at.abs_diff(centre)).pow(2);
        far(z, 3) + far(y, 5 + step) + far(x, 4 + 3 * step) > 14 || (step == 2 && z > 5)
    });
    let coast = Mask::from_fn([8, 16, 72], 4, |step, _, y, x| step < 2 || height(x, y) > 3);
    let mut numbers = Numbers::new(6);
    let noise = Mask::from_fn([8, 16, 24], 1, |_, _, _, _| numbers.below(2) == 0);
    let [terrain, moving, coast, noise] = [&terrain, &moving, &coast, &noise].map(|mask| case.add_mask(mask));
    let entry = |mask| EntryPlan { mask, ..constant_entry(1.0) };
    for (name, masks) in [("air", [terrain, moving]), ("sea", [coast, noise])] {
        let plan = VariablePlan {
            block_dims: [8, 16, 72],
            steps: 4,
            has_time: true,
            segments: vec![Segment { first: 0, steps: 4 }],
            entries: masks.map(entry).to_vec(),
            ..variable([8, 16, 96], (1.0, 1.0), 1)
        };
        case.add_variable(name, &["time", "level", "lat", "lon"], plan);
    }
    case
}

/// Several variables, levels, qualities and segments; masks that are shared and masks per step; coordinates that are
/// not uniform; attributes of every type.
fn layers() -> Case {
    let mut case = empty("layers");
    case.plan.meta.attributes = every_attribute();
    let segments = vec![Segment { first: 0, steps: 2 }, Segment { first: 2, steps: 3 }];
    let mut plan = VariablePlan {
        steps: 5,
        n_levels: 3,
        n_stored_levels: 2,
        n_qualities: 2,
        has_time: true,
        segments,
        ..variable([2, 9, 10], (-1.0, 9.0), 543)
    };
    // Extents of the four blocks on level 0; level 1 halves them, rounding up.
    let extents = [[2, 8, 8], [2, 8, 2], [2, 1, 8], [2, 1, 2]];
    let fixed = Mask::from_fn(extents[0], 1, |_, z, y, x| z + y != x);
    let fixed = case.add_mask(&fixed);
    let moving = Mask::from_fn(extents[1], 2, |step, z, y, _| step == 0 || y > z);
    let moving = case.add_mask(&moving);
    let coarse = Mask::from_fn([1, 4, 4], 3, |step, _, y, x| u32::from(y == x) == step % 2);
    let coarse = case.add_mask(&coarse);
    let mut numbers = Numbers::new(5);
    for _quality in 0..2 {
        for level in 0..2 {
            for segment in 0..2 {
                for block in 0..4u32 {
                    let voxels: u32 = extents[block as usize].iter().map(|n| n.div_ceil(1 << level)).product();
                    let values = numbers.bytes((voxels * plan.segments[segment as usize].steps) as usize);
                    let blob = case.add_blob(raw(3, 0.04, -1.0, &values));
                    let mask = match (level, segment, block) {
                        (0, _, 0) => fixed,
                        (0, 0, 1) => moving,
                        (1, 1, 0) => coarse,
                        _ => MaskRef::AllValid,
                    };
                    let coded = EntryPlan { mask, ..entry(codec::RAW, blob, (-1.0, 9.0)) };
                    let none = EntryPlan { mask: MaskRef::NoneValid, ..constant_entry(0.0) };
                    plan.entries.push(if block == 3 { none } else { coded });
                }
            }
        }
    }
    case.add_variable("t", &["time", "level", "lat", "lon"], plan);
    let nothing = VariablePlan {
        entries: vec![EntryPlan { mask: MaskRef::NoneValid, ..constant_entry(0.0) }],
        ..variable([1, 8, 8], (f32::NAN, f32::NAN), 0)
    };
    case.add_variable("nothing", &["lat8", "lon8"], nothing);
    case.add_coordinate("level", &["level"], &[2], &[1000.0, 850.0]);
    case.add_coordinate("level_bounds", &["level", "bounds"], &[3, 2], &[1013.0, 925.0, 925.0, 700.0, 700.0, 400.0]);
    case.add_coordinate("time", &["time"], &[5], &[0.0, 1.0, 2.5, 6.0, 24.0]);
    case
}

/// A packed file: its payloads follow each other without gaps.
fn packed() -> Case {
    let mut case = wavelet_blocks();
    let mask = Mask::from_fn([8, 8, 8], 1, |_, z, y, x| z + y + x != 9);
    let count = mask.count();
    let mask = case.add_mask(&mask);
    let values: Vec<u8> = (0..512).map(|i| (i / 2) as u8).collect();
    let blob = case.add_blob(raw(3, 0.5, 0.0, &values));
    let entries = vec![EntryPlan { mask, ..entry(codec::RAW, blob, (0.0, 127.5)) }];
    let plan = VariablePlan { entries, ..variable([8, 8, 8], (0.0, 127.5), count) };
    case.add_variable("no2", &["level", "lat", "lon"], plan);
    case.plan.packed = true;
    case
}

fn every_attribute() -> Vec<Attribute> {
    let values = [
        ("char", AttributeValue::Char("one \"text\"\n\u{b5}g m\u{207b}\u{b3}".to_owned())),
        ("string", AttributeValue::String(vec!["a".to_owned(), String::new()])),
        ("byte", AttributeValue::Byte(vec![i8::MIN, i8::MAX])),
        ("ubyte", AttributeValue::UByte(vec![0, u8::MAX])),
        ("short", AttributeValue::Short(vec![i16::MIN, i16::MAX])),
        ("ushort", AttributeValue::UShort(vec![0, u16::MAX])),
        ("int", AttributeValue::Int(vec![i32::MIN, i32::MAX])),
        ("uint", AttributeValue::UInt(vec![0, u32::MAX])),
        ("int64", AttributeValue::Int64(vec![i64::MIN, i64::MAX])),
        ("uint64", AttributeValue::UInt64(vec![0, u64::MAX])),
        ("float", AttributeValue::Float(vec![0.1, -0.0, f32::MAX, f32::MIN_POSITIVE, f32::NAN, f32::INFINITY])),
        ("double", AttributeValue::Double(vec![0.1, f64::MAX, 5e-324, f64::NAN, f64::NEG_INFINITY])),
        ("empty", AttributeValue::Float(Vec::new())),
    ];
    values.map(|(name, value)| Attribute { name: name.to_owned(), value }).to_vec()
}
