//! `decode_block` against the reference decoder, for every codec.
mod common;

use common::{f32_bound, max_error, nested, random_network};
use neuvol_decode::{Kernel, Scratch, decode_block};
use neuvol_format::{Entry, MaskRef, codec};
use neuvol_model::{Block, GridConfig, Raw, RawType, TimeConfig, decode_block_reference, voxels};

const EXTENT: [u32; 3] = [5, 9, 34];

fn entry(codec: u16, (min, max): (f32, f32)) -> Entry {
    Entry {
        codec,
        output: 0,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min,
        max,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        network: None,
        mask: MaskRef::AllValid,
    }
}

#[test]
fn every_codec_decodes_as_the_reference_does() {
    let steps = 3;
    let values: Vec<f32> = (0..voxels(EXTENT) * steps).map(|i| (i as f32).sin()).collect();
    let levels = nested(1, 3, 2, 6);
    let config = GridConfig { levels, n_neurons: 20, n_hidden_layers: 2, n_outputs: 1, time: TimeConfig::codes(3) };
    let network = random_network(config, EXTENT, 5);
    let bound = f32_bound(&network);
    let blocks = [
        (Block::Constant(3.5), entry(codec::CONSTANT, (3.5, 3.5)), 0.0),
        (Block::Raw(Raw::from_floats(&values, EXTENT, 3, RawType::F32).unwrap()), entry(codec::RAW, (-0.9, 0.9)), 0.0),
        // Values of up to 3 in magnitude, so their own rounding counts as well.
        (Block::Grid(network), entry(codec::GRID, (-1.0, 3.0)), 4.0 * bound + 8.0 * f32::EPSILON),
    ];
    let mut scratch = Scratch::new();
    for (block, entry, allowed) in &blocks {
        for time in [0.0, 0.75, 2.0] {
            let mut expected = vec![0.0; voxels(EXTENT)];
            decode_block_reference(block, entry, EXTENT, time, &mut expected).unwrap();
            for kernel in Kernel::all() {
                let mut out = vec![f32::NAN; voxels(EXTENT)];
                decode_block(block, entry, EXTENT, time, kernel, &mut out, &mut scratch).unwrap();
                assert!(max_error(&expected, &out) <= *allowed, "codec {}, {}", entry.codec, kernel.name());
            }
        }
        let mut short = vec![0.0; voxels(EXTENT) - 1];
        assert!(decode_block(block, entry, EXTENT, 0.0, Kernel::Scalar, &mut short, &mut scratch).is_err());
    }
    let (grid, grid_entry, _) = &blocks[2];
    let mut out = vec![0.0; voxels(EXTENT)];
    let reversed = Entry { min: 1.0, max: 0.0, ..*grid_entry };
    assert!(decode_block(grid, &reversed, EXTENT, 0.0, Kernel::Scalar, &mut out, &mut scratch).is_err());
    let other = Entry { output: 1, ..*grid_entry };
    assert!(decode_block(grid, &other, EXTENT, 0.0, Kernel::Scalar, &mut out, &mut scratch).is_err());
}

#[test]
fn kernels_of_this_machine() {
    assert!(Kernel::Scalar.is_available());
    for precision in [neuvol_decode::Precision::Exact, neuvol_decode::Precision::Fast] {
        assert!(Kernel::best(precision).is_available());
    }
    assert!(!matches!(Kernel::best(neuvol_decode::Precision::Exact), Kernel::Bf16 | Kernel::Vnni));
}
