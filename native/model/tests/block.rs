//! Blocks read through a whole file.
use half::f16;
use neuvol_entropy::Coder;
use neuvol_format::{
    Blob, BlockKey, Entry, EntryPlan, MaskRef, Meta, NetworkPlan, Plan, Reader, Segment, VariableMeta, VariablePlan,
    codec, network_kind,
};
use neuvol_model::{
    Block, Error, GridConfig, GridLevel, GridNetwork, Head, Raw, Tensor, TimeConfig, TimeInterpolation, Wavelet,
    check_block_output, decode_block_reference, parse_block, voxels,
};
use std::io::Cursor;
use std::sync::Arc;

const STEPS: u32 = 2;
/// Extents of the two blocks; the second one is cut at the edge of the grid.
const EXTENTS: [[u32; 3]; 2] = [[16, 16, 24], [4, 16, 24]];

fn network(extent: [u32; 3]) -> GridNetwork {
    let level = |log2_cell| GridLevel { log2_cell, n_features: 2, log2_hashmap_size: 4 };
    let levels = vec![level(3), level(2)];
    let config =
        GridConfig { levels, n_neurons: 4, n_hidden_layers: 2, n_outputs: 2, time: TimeConfig::codes(STEPS as u16) };
    let mut network = GridNetwork::zeros(config, extent).unwrap();
    let value = |i: usize| f16::from_f32((i * 37 % 64) as f32 / 32.0 - 1.0);
    let GridNetwork { tables, layers, time_codes, .. } = &mut network;
    let layers = layers.iter_mut().flat_map(|l| l.weights.iter_mut().chain(&mut l.biases));
    tables.iter_mut().flatten().chain(layers).chain(time_codes).enumerate().for_each(|(i, v)| *v = value(i));
    network
}

fn raw_values(extent: [u32; 3]) -> Vec<f32> {
    (0..voxels(extent) * STEPS as usize).map(|i| i as f32 * 0.25).collect()
}

/// Two components, the second only in one coefficient.
fn wavelet(extent: [u32; 3]) -> Wavelet {
    let mut components = vec![vec![0; voxels(extent)]; 2];
    for (at, value) in components[0].iter_mut().enumerate() {
        *value = at as i32 * 7 % 5 - 2;
    }
    components[1][3] = 9;
    Wavelet {
        extent,
        level: 0,
        steps: STEPS,
        step: 0.5,
        offset: 1.0,
        n_levels: 2,
        coder: Coder::Fast,
        precise: false,
        interpolation: TimeInterpolation::Codes,
        weights: [1.0, 0.5, -1.0, 0.25].map(f16::from_f32).to_vec(),
        components,
        residual: None,
        head: Some(Arc::new(head())),
    }
}

fn head() -> Head {
    let tensor = |n: usize| Tensor { scale: 0.01, values: (0..n).map(|i| (i * 29 % 101) as i8 - 50).collect() };
    let tensors = Head::tensor_lengths(2, 1).into_iter().map(tensor).collect();
    Head { n_channels: 2, n_hidden: 1, mean: 1.0, deviation: 0.5, tensors }
}

/// Segment 0: constants. 1: raw. 2: grid networks, the second with a shared MLP. 3: wavelets with a head, the second with
/// a network of another kind. 4: an unknown codec, and an output too many.
fn file() -> Vec<u8> {
    let networks = EXTENTS.map(network);
    let blobs = [
        Raw::encode_f32(&raw_values(EXTENTS[0]), EXTENTS[0], STEPS).unwrap(),
        Raw::encode_f32(&raw_values(EXTENTS[1]), EXTENTS[1], STEPS).unwrap(),
        networks[0].to_bytes(),
        networks[1].to_bytes_shared(),
        vec![1; 40],
        networks[1].to_bytes(),
        wavelet(EXTENTS[0]).to_bytes().unwrap(),
        wavelet(EXTENTS[1]).to_bytes().unwrap(),
    ];
    let entry = |codec, blob| EntryPlan {
        codec,
        output: 0,
        blob,
        prefix: None,
        min: -2.0,
        max: 5000.0,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        network: None,
        mask: MaskRef::AllValid,
    };
    let constant = EntryPlan { min: 7.5, max: 7.5, ..entry(codec::CONSTANT, None) };
    let entries = vec![
        constant,
        constant,
        entry(codec::RAW, Some(0)),
        entry(codec::RAW, Some(1)),
        EntryPlan { output: 1, ..entry(codec::GRID, Some(2)) },
        EntryPlan { network: Some(0), ..entry(codec::GRID, Some(3)) },
        EntryPlan { network: Some(1), ..entry(codec::WAVELET, Some(6)) },
        EntryPlan { network: Some(0), ..entry(codec::WAVELET, Some(7)) },
        entry(99, Some(4)),
        EntryPlan { output: 2, ..entry(codec::GRID, Some(5)) },
    ];
    let variable = VariablePlan {
        dims: [20, 16, 24],
        block_dims: [16, 16, 24],
        steps: 5 * STEPS,
        n_levels: 1,
        n_stored_levels: 1,
        n_qualities: 1,
        has_time: true,
        segments: (0..5).map(|s| Segment { first: s * STEPS, steps: STEPS }).collect(),
        min: -2.0,
        max: 5000.0,
        valid: 20 * 16 * 24 * 10,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        entries,
    };
    let names = VariableMeta {
        name: "v".into(),
        dimensions: ["t", "z", "y", "x"].map(String::from).to_vec(),
        source_dtype: "f32".into(),
        attributes: Vec::new(),
    };
    let plan = Plan {
        meta: Meta { variables: vec![names], ..Meta::default() },
        variables: vec![variable],
        networks: vec![
            NetworkPlan { kind: network_kind::MLP, bytes: networks[1].mlp_bytes() },
            NetworkPlan { kind: network_kind::HEAD, bytes: head().to_bytes() },
        ],
        blobs: blobs.iter().map(|b| Blob { len: b.len() as u32, crc: neuvol_format::crc(b) }).collect(),
        ..Plan::default()
    };
    let mut out = Cursor::new(Vec::new());
    let mut give = |n: u32, bytes: &mut Vec<u8>| {
        bytes.extend(&blobs[n as usize]);
        Ok(())
    };
    neuvol_format::write_to(&mut out, &plan, &mut give).unwrap();
    out.into_inner()
}

fn key(segment: u32, block: u32) -> BlockKey {
    BlockKey { variable: 0, quality: 0, level: 0, segment, block }
}

fn parse(reader: &Reader<Vec<u8>>, segment: u32, block: u32) -> Result<Block, Error> {
    let key = key(segment, block);
    parse_block(reader, key, &reader.entry(key).unwrap())
}

fn decode(reader: &Reader<Vec<u8>>, segment: u32, block: u32, time: f64) -> Vec<f32> {
    let parsed = parse(reader, segment, block).unwrap();
    let extent = EXTENTS[block as usize];
    let mut out = vec![f32::NAN; voxels(extent)];
    decode_block_reference(&parsed, &reader.entry(key(segment, block)).unwrap(), extent, time, &mut out).unwrap();
    out
}

#[test]
fn every_codec_comes_through_a_file() {
    let reader = Reader::new(file()).unwrap();
    assert_eq!(decode(&reader, 0, 1, 0.0), vec![7.5; voxels(EXTENTS[1])]);
    for block in 0..2 {
        let (extent, n) = (EXTENTS[block as usize], voxels(EXTENTS[block as usize]));
        assert_eq!(decode(&reader, 1, block, 1.0), raw_values(extent)[n..]);
        let network = network(extent);
        assert_eq!(parse(&reader, 2, block).unwrap(), Block::Grid(network.clone()));
        let mut expected = vec![0.0; n];
        network.evaluate_block(0.5, if block == 0 { 1 } else { 0 }, &mut expected);
        expected.iter_mut().for_each(|y| *y = (-2.0 + 5002.0 * *y).clamp(-2.0, 5000.0));
        assert_eq!(decode(&reader, 2, block, 0.5), expected);
    }
    let wavelet = wavelet(EXTENTS[0]);
    let mut expected = vec![0.0; voxels(EXTENTS[0])];
    wavelet.decode_reference(0.5, (-2.0, 5000.0), &mut expected).unwrap();
    assert_eq!(decode(&reader, 3, 0, 0.5), expected);
    assert_eq!(parse(&reader, 3, 0).unwrap(), Block::Wavelet(Box::new(wavelet)));
}

#[test]
fn what_cannot_be_decoded_is_said() {
    let reader = Reader::new(file()).unwrap();
    assert!(parse(&reader, 3, 1).unwrap_err().to_string().contains("network 0 is of kind 1, codec 4 needs 2"));
    assert!(parse(&reader, 4, 0).unwrap_err().to_string().contains("unsupported codec 99"));
    assert!(parse(&reader, 4, 1).unwrap_err().to_string().contains("output 2 of 2"));
    let entry = reader.entry(key(1, 0)).unwrap();
    for (name, wrong) in
        [("key.variable", BlockKey { variable: 1, ..key(1, 0) }), ("key.segment", key(5, 0)), ("key.block", key(1, 2))]
    {
        assert!(parse_block(&reader, wrong, &entry).unwrap_err().to_string().contains(name));
    }
    // The payload of the other block has another size.
    assert!(parse_block(&reader, key(1, 1), &entry).is_err());
    let block = parse(&reader, 1, 0).unwrap();
    let mut out = vec![0.0; voxels(EXTENTS[0])];
    assert!(check_block_output(&block, &entry, EXTENTS[0], &out).is_ok());
    assert!(decode_block_reference(&block, &entry, EXTENTS[1], 0.0, &mut out).is_err());
    assert!(decode_block_reference(&block, &entry, EXTENTS[0], 0.0, &mut out[1..]).is_err());
    let grid = parse(&reader, 2, 0).unwrap();
    let wide = Entry { min: -3e38, max: 3e38, ..reader.entry(key(2, 0)).unwrap() };
    let error = decode_block_reference(&grid, &wide, EXTENTS[0], 0.0, &mut out).unwrap_err();
    assert!(error.to_string().contains("range"), "{error}");
}
