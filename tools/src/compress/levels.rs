//! Levels of detail that can be read by themselves: an index entry each, for the first bytes of the block's payload where
//! its codec allows that.

use super::block::{EncodeError, Encoded, Output, Validity, Wanted, validity};
use crate::train::Fields;
use neuvol_decode::{Kernel, Precision, Prepared, Scratch};
use neuvol_format::{codec, crc};
use neuvol_model::{Block, Matrices, Raw, Wavelet};
use serde::{Deserialize, Serialize};

/// Index entries of the levels may take this share of the bytes that they make readable in parts.
const MOST_INDEX: f64 = 0.01;
/// Bytes of an index entry.
const ENTRY: f64 = 64.0;

/// The payload of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LevelPayload {
    /// A constant.
    None,
    /// The first bytes of the payload of level 0.
    Prefix { len: u32, crc: u32 },
    /// One of the block's payloads.
    Own(usize),
}

/// A variable of a block on a coarser level; what is not here is that of level 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    pub(super) codec: u16,
    pub(super) payload: LevelPayload,
    pub(super) validity: Validity,
    pub(super) valid: u64,
    /// Against the source, whose values are averaged like those of a level that is derived.
    pub(super) max_abs_error: f64,
    pub(super) sum_squares: f64,
}

/// Levels of a variable of `n_levels` that are worth their entries; `bytes` are those of the payloads, `entries` those of
/// one level.
pub(super) fn worthwhile(n_levels: u8, bytes: f64, entries: u64) -> u8 {
    let affordable = MOST_INDEX * bytes / (ENTRY * entries.max(1) as f64);
    1 + (n_levels - 1).min(affordable as u8)
}

/// Adds levels 1 to `n_stored − 1` to all outputs of a block, and measures them.
pub(super) fn add(wanted: &Wanted, encoded: &mut Encoded, n_stored: u8) -> Result<(), EncodeError> {
    let mut coarse: Option<Fields> = None;
    for level in 1..n_stored {
        let fields = coarse.as_ref().unwrap_or(&wanted.fields).halved();
        for number in 0..encoded.outputs.len() {
            let made = make(wanted, &fields, number, level, encoded)?;
            encoded.outputs[number].levels.push(made);
        }
        coarse = Some(fields);
    }
    Ok(())
}

/// One level of output `number`; `fields` are the source on that level.
fn make(
    wanted: &Wanted,
    fields: &Fields,
    number: usize,
    level: u8,
    encoded: &mut Encoded,
) -> Result<Level, EncodeError> {
    let Encoded { outputs, payloads, .. } = encoded;
    let output = &outputs[number];
    let of = number % fields.n_outputs;
    let mut made = Level {
        codec: output.codec,
        payload: LevelPayload::None,
        validity: validity(fields, of),
        valid: fields.output(of).iter().filter(|v| !v.is_nan()).count() as u64,
        max_abs_error: 0.0,
        sum_squares: 0.0,
    };
    match (output.codec, output.payload) {
        (codec::CONSTANT, _) | (_, None) => made.add_errors(fields.output(of).iter().map(|v| (*v, output.min))),
        (codec::WAVELET, Some(at)) => {
            let steps = fields.n_steps as u32;
            match Wavelet::prefix_len(&payloads[at], steps, level) {
                Ok(len) => {
                    let bytes = &payloads[at][..len];
                    made.payload = LevelPayload::Prefix { len: len as u32, crc: crc(bytes) };
                    let block = Wavelet::from_bytes(bytes, wanted.fields.extent, level, steps, None)?;
                    made.measure(Block::Wavelet(Box::new(block)), fields, of, output)?;
                }
                // A block that is too small to be split as often is small in any case.
                Err(_) => made.own(fields, of, payloads)?,
            }
        }
        (codec::MATRICES, Some(at)) => {
            // All levels have the same bytes.
            let bytes = &payloads[at];
            made.payload = LevelPayload::Prefix { len: bytes.len() as u32, crc: crc(bytes) };
            let block = Matrices::from_bytes(bytes, wanted.fields.extent, level, fields.n_steps as u32)?;
            made.measure(Block::Matrices(Box::new(block)), fields, of, output)?;
        }
        _ => made.own(fields, of, payloads)?,
    }
    Ok(made)
}

impl Level {
    /// Stores the averaged values themselves.
    fn own(&mut self, fields: &Fields, output: usize, payloads: &mut Vec<Vec<u8>>) -> Result<(), EncodeError> {
        if self.valid == 0 {
            self.codec = codec::CONSTANT;
            return Ok(());
        }
        (self.codec, self.payload) = (codec::RAW, LevelPayload::Own(payloads.len()));
        payloads.push(Raw::encode_f32(fields.output(output), fields.extent, fields.n_steps as u32)?);
        Ok(())
    }

    fn measure(&mut self, block: Block, fields: &Fields, of: usize, output: &Output) -> Result<(), EncodeError> {
        let prepared = Prepared::new(block, 0, Kernel::best(Precision::Exact))?;
        let (mut decoded, mut scratch) = (vec![0.0; fields.voxels()], Scratch::default());
        for step in 0..fields.n_steps {
            prepared.decode(step as f64, (output.min, output.max), &mut decoded, &mut scratch)?;
            self.add_errors(fields.step(of, step).iter().copied().zip(decoded.iter().copied()));
        }
        Ok(())
    }

    fn add_errors(&mut self, pairs: impl Iterator<Item = (f32, f32)>) {
        for (value, decoded) in pairs.filter(|(value, _)| !value.is_nan()) {
            let error = (f64::from(value) - f64::from(decoded)).abs();
            self.max_abs_error = self.max_abs_error.max(error);
            self.sum_squares += error * error;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::worthwhile;

    #[test]
    fn levels_are_for_payloads_that_are_large_enough() {
        assert_eq!(worthwhile(4, 1e3, 1), 1);
        assert_eq!(worthwhile(4, 13e3, 1), 3);
        assert_eq!(worthwhile(4, 1e6, 8), 4);
        assert_eq!(worthwhile(4, 1e6, 100), 2);
        assert_eq!(worthwhile(1, 1e9, 1), 1);
    }
}
