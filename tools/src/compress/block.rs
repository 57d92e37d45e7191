//! One block: choose its codec, train, serialise, and measure the serialised bytes.

use crate::train::{TrainError, TrainOptions, train_block};
use neuvol_decode::{Kernel, Precision, Scratch, decode_block};
use neuvol_format::{Entry, Mask, MaskRef, codec};
use neuvol_model::{Block, GridNetwork, Raw};

/// A block whose half range is below this share of the variable's range is stored as a constant: its largest error is
/// then smaller than that of an 8-bit texture by a factor of eight.
const CONSTANT_SHARE: f64 = 1.0 / 4096.0;

/// Why a block could not be encoded.
pub(super) enum EncodeError {
    Train(TrainError),
    ReadBack(neuvol_model::Error),
}

/// Which voxels of a block are valid.
pub(super) enum Validity {
    All,
    None,
    Some(Mask),
}

/// A block as it will be written, and what it is worth.
pub(super) struct Encoded {
    pub(super) codec: u16,
    pub(super) payload: Vec<u8>,
    pub(super) min: f32,
    pub(super) max: f32,
    pub(super) validity: Validity,
    pub(super) valid: u64,
    pub(super) max_abs_error: f64,
    pub(super) sum_squares: f64,
    pub(super) losses: Vec<f32>,
}

/// Encodes a block of `extent` z, y, x; NaN = invalid. `range` is that of the variable over all blocks and steps.
pub(super) fn encode(
    values: &[f32],
    extent: [u32; 3],
    range: (f32, f32),
    options: &TrainOptions,
    steps: u32,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Encoded, EncodeError> {
    let valid = values.iter().filter(|v| !v.is_nan()).count();
    let min = values.iter().copied().fold(f32::NAN, f32::min);
    let max = values.iter().copied().fold(f32::NAN, f32::max);
    let validity = if valid == values.len() {
        Validity::All
    } else if valid == 0 {
        Validity::None
    } else {
        let [_, ny, nx] = extent.map(|n| n as usize);
        Validity::Some(Mask::from_fn(extent, 1, |_, z, y, x| {
            !values[(z as usize * ny + y as usize) * nx + x as usize].is_nan()
        }))
    };
    let mut encoded = Encoded {
        codec: codec::CONSTANT,
        payload: Vec::new(),
        min: 0.0,
        max: 0.0,
        validity,
        valid: valid as u64,
        max_abs_error: 0.0,
        sum_squares: 0.0,
        losses: Vec::new(),
    };
    if valid == 0 {
        return Ok(encoded);
    }
    let width = f64::from(max) - f64::from(min);
    if width * 0.5 <= CONSTANT_SHARE * (f64::from(range.1) - f64::from(range.0)) {
        let middle = (f64::from(min) + width * 0.5) as f32;
        (encoded.min, encoded.max) = (middle, middle);
    } else {
        (encoded.min, encoded.max) = (min, max);
        let raw = Raw::encode_f32(values, extent, 1).map_err(EncodeError::ReadBack)?;
        let network_bytes = options.grid_config(extent).n_parameters(extent) * 2;
        if raw.len() as u64 <= network_bytes || !(max - min).is_finite() {
            // A network is never larger than what it replaces, and its range must be a 32-bit float.
            (encoded.codec, encoded.payload) = (codec::RAW, raw);
        } else {
            let trained =
                train_block(values, extent, (min, max), options, steps, seed, stop).map_err(EncodeError::Train)?;
            (encoded.codec, encoded.payload) = (codec::GRID, trained.network.to_bytes());
            encoded.losses = trained.losses;
        }
    }
    measure(values, extent, &mut encoded).map_err(EncodeError::ReadBack)?;
    Ok(encoded)
}

/// Decodes the payload bytes as a reader would, and compares.
fn measure(values: &[f32], extent: [u32; 3], encoded: &mut Encoded) -> Result<(), neuvol_model::Error> {
    let block = match encoded.codec {
        codec::CONSTANT => Block::Constant(encoded.min),
        codec::RAW => Block::Raw(Raw::from_bytes(&encoded.payload, extent, 1)?),
        _ => Block::Grid(GridNetwork::from_bytes(&encoded.payload, extent, None, 1)?),
    };
    let entry = Entry {
        codec: encoded.codec,
        output: 0,
        payload_offset: 0,
        payload_len: encoded.payload.len() as u32,
        payload_crc: 0,
        min: encoded.min,
        max: encoded.max,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        network: None,
        mask: MaskRef::AllValid,
    };
    let mut decoded = vec![0.0; values.len()];
    let kernel = Kernel::best(Precision::Exact);
    decode_block(&block, &entry, extent, 0.0, kernel, &mut decoded, &mut Scratch::default())?;
    for (&value, &decoded) in values.iter().zip(&decoded).filter(|(value, _)| !value.is_nan()) {
        let error = (f64::from(value) - f64::from(decoded)).abs();
        encoded.max_abs_error = encoded.max_abs_error.max(error);
        encoded.sum_squares += error * error;
    }
    Ok(())
}
