//! Decodes blocks of untrusted files with the reference decoder. Used by the fuzz target and by the tests.

use neuvol_format::{BlockKey, Entry, Reader, codec};
use neuvol_model::{decode_block_reference, parse_block, voxels};

/// Largest block that is decoded, in voxels: the reference decoder is slow.
const MOST_VOXELS: usize = 1024;

/// Largest block whose coefficients, core or tables are unpacked, in voxels: a few bytes may stand for 32 arrays of it.
const MOST_COEFFICIENTS: usize = 1 << 15;

/// Parses a block and decodes it if it is small; any error is fine, any value must lie in the range of the entry.
pub fn decode(reader: &Reader<&[u8]>, key: BlockKey, entry: &Entry) {
    let variable = &reader.variables()[key.variable as usize];
    let is_unpacked = matches!(entry.codec, codec::GRID | codec::WAVELET | codec::MATRICES);
    if is_unpacked && voxels(variable.block_extent(key.block, 0)) > MOST_COEFFICIENTS {
        return;
    }
    let Ok(block) = parse_block(reader, key, entry) else {
        return;
    };
    let extent = variable.block_extent(key.block, key.level);
    if voxels(extent) > MOST_VOXELS {
        return;
    }
    let steps = reader.segments(key.variable as usize)[key.segment as usize].steps;
    let mut out = vec![f32::NAN; voxels(extent)];
    for time in [0.0, f64::from(steps - 1) / 2.0] {
        if decode_block_reference(&block, entry, extent, time, &mut out).is_ok() {
            assert!(out.iter().all(|value| (entry.min..=entry.max).contains(value)), "{out:?} for {entry:?}");
        }
    }
}
