//! One block as wavelet latents: the alternatives that its codec is chosen from, and the bytes.

use super::block::{EncodeError, Encoded, Output, Wanted, describe, measure};
use crate::wavelet::{self, Effort, Latents, Model, Piece};
use neuvol_decode::{Kernel, Precision, Scratch, decode_block};
use neuvol_format::codec;
use neuvol_model::{Block, Raw, Residual};

/// Share of an error bound that is left to the rounding of decoders: SPEC section 11.4, "precise".
fn rounding(step: f64, (min, max): (f32, f32)) -> f64 {
    step / 256.0 + f64::from(min.abs() + max.abs()) / f64::from(1 << 20)
}

/// Whether the transform of values of this range stays within 32-bit floats; others are stored as they are.
fn is_codable((min, max): (f32, f32)) -> bool {
    let width = f64::from(max) - f64::from(min);
    (1e-30..=1e30).contains(&width) && min.abs().max(max.abs()) <= 1e30
}

/// A block before it is coded.
pub(super) struct Job {
    pub(super) wanted: Wanted,
    /// Per output; none where nothing has to be coded.
    pub(super) pieces: Vec<Option<Piece>>,
}

impl Job {
    /// Transforms what is wanted.
    pub(super) fn new(wanted: Wanted, n_levels: u8) -> Self {
        let mut lifting = wavelet::lifting();
        let fields = &wanted.fields;
        let pieces = (0..fields.n_outputs)
            .map(|output| {
                let range =
                    fields.output(output).iter().fold((f32::NAN, f32::NAN), |(min, max), v| (min.min(*v), max.max(*v)));
                is_codable(range).then(|| Piece::new(fields, output, n_levels, &mut lifting))
            })
            .collect();
        Self { wanted, pieces }
    }

    /// Codes one output under a model; `bound` is the largest error allowed, `latents` are those of its piece.
    pub(super) fn encode(
        &self,
        output: usize,
        model: &Model,
        bound: Option<f64>,
        latents: Option<Latents>,
        effort: &Effort,
    ) -> Result<Encoded, EncodeError> {
        let mut payloads = Vec::new();
        let mut described = describe(&self.wanted.fields, output, 0.0);
        let is_constant = described.min == described.max;
        if !is_constant && (model.is_lossless() || self.pieces[output].is_none()) {
            self.raw(output, &mut described, &mut payloads)?;
        } else if let (Some(piece), Some(latents)) = (&self.pieces[output], latents) {
            self.choose(output, piece, latents, model, bound, effort, &mut described, &mut payloads)?;
        }
        let mut encoded = Encoded { payloads, outputs: vec![described], losses: Vec::new() };
        measure(&self.wanted, output, &mut encoded, model.head.as_ref())?;
        // What was measured decides: a bound that does not hold, for whatever reason, is kept by the values themselves.
        if bound.is_some_and(|bound| encoded.outputs[0].max_abs_error > bound) {
            self.raw(output, &mut encoded.outputs[0], &mut encoded.payloads)?;
            measure(&self.wanted, output, &mut encoded, None)?;
        }
        Ok(encoded)
    }

    /// Picks the codec with the least D + λR: latents with the head or without, a constant, or the values.
    #[expect(clippy::too_many_arguments, reason = "one call")]
    fn choose(
        &self,
        output: usize,
        piece: &Piece,
        latents: Latents,
        model: &Model,
        bound: Option<f64>,
        effort: &Effort,
        described: &mut Output,
        payloads: &mut Vec<Vec<u8>>,
    ) -> Result<(), EncodeError> {
        let fields = &self.wanted.fields;
        let lambda = wavelet::lambda(model.step);
        let (min, max) = (described.min, described.max);
        let mut block = wavelet::assemble(piece, latents, model, effort, bound.is_some(), None);
        let mut squares = self.squares(output, &Block::Wavelet(Box::new(block.clone())), described)?;
        if model.head.is_some() {
            // The head serves all blocks; one that it harms goes without.
            let mut plain = block.clone();
            plain.head = None;
            let plain_squares = self.squares(output, &Block::Wavelet(Box::new(plain)), described)?;
            if plain_squares < squares {
                (block.head, squares) = (None, plain_squares);
            }
        }
        if let Some(bound) = bound {
            block.residual = self.residual(output, &block, bound, described)?;
        }
        let payload = block.to_bytes()?;
        let cost = squares + lambda * 8.0 * payload.len() as f64;

        let middle = (f64::from(min) + (f64::from(max) - f64::from(min)) * 0.5) as f32;
        let value = if bound.is_some() { middle } else { piece.offset };
        let constant: f64 =
            fields.output(output).iter().filter(|v| !v.is_nan()).map(|v| f64::from(v - value).powi(2)).sum();
        let half_range = f64::from(max - value).max(f64::from(value - min));
        if constant <= cost && bound.is_none_or(|bound| half_range <= bound) {
            (described.codec, described.min, described.max) = (codec::CONSTANT, value, value);
            return Ok(());
        }
        (described.codec, described.head) = (codec::WAVELET, block.head.is_some());
        described.payload = Some(payloads.len());
        // Rarely, the values themselves are fewer bytes.
        if payload.len() * 4 > fields.output(output).len() {
            let raw = Raw::encode_f32(fields.output(output), fields.extent, fields.n_steps as u32)?;
            if raw.len() <= payload.len() {
                return self.raw(output, described, payloads);
            }
        }
        payloads.push(payload);
        Ok(())
    }

    /// Stores the values themselves.
    fn raw(&self, output: usize, described: &mut Output, payloads: &mut Vec<Vec<u8>>) -> Result<(), EncodeError> {
        let fields = &self.wanted.fields;
        let range = describe(fields, output, 0.0);
        let raw = Raw::encode_f32(fields.output(output), fields.extent, fields.n_steps as u32)?;
        (described.codec, described.head, described.min, described.max) = (codec::RAW, false, range.min, range.max);
        // A payload that was there before is replaced, so that none is written without use.
        match described.payload.filter(|&at| at < payloads.len()) {
            Some(at) => payloads[at] = raw,
            None => {
                described.payload = Some(payloads.len());
                payloads.push(raw);
            }
        }
        Ok(())
    }

    /// Calls `visit` with value and decoded value of every valid voxel, step by step.
    fn compare(
        &self,
        output: usize,
        block: &Block,
        described: &Output,
        mut visit: impl FnMut(usize, usize, f32, f32),
    ) -> Result<(), EncodeError> {
        let fields = &self.wanted.fields;
        let entry = super::block::entry(described, 0);
        let mut scratch = Scratch::default();
        let mut decoded = vec![0.0; fields.voxels()];
        let kernel = Kernel::best(Precision::Exact);
        for step in 0..fields.n_steps {
            decode_block(block, &entry, fields.extent, step as f64, kernel, &mut decoded, &mut scratch)?;
            let values = fields.step(output, step).iter().zip(&decoded).enumerate();
            values.filter(|(_, (v, _))| !v.is_nan()).for_each(|(at, (&v, &d))| visit(step, at, v, d));
        }
        Ok(())
    }

    fn squares(&self, output: usize, block: &Block, described: &Output) -> Result<f64, EncodeError> {
        let mut sum = 0.0;
        self.compare(output, block, described, |_, _, value, decoded| {
            sum += (f64::from(value) - f64::from(decoded)).powi(2);
        })?;
        Ok(sum)
    }

    /// What has to be added so that no error is above a bound; none if nothing has.
    fn residual(
        &self,
        output: usize,
        block: &neuvol_model::Wavelet,
        bound: f64,
        described: &Output,
    ) -> Result<Option<Residual>, EncodeError> {
        let fields = &self.wanted.fields;
        let allowed = bound - rounding(block.step.into(), (described.min, described.max));
        if allowed <= 0.0 {
            return Ok(None); // the measured error will exceed the bound, and the block be stored as it is
        }
        let quantum = (2.0 * allowed) as f32;
        let mut steps = vec![vec![0i32; fields.voxels()]; fields.n_steps];
        let mut any = false;
        self.compare(output, &Block::Wavelet(Box::new(block.clone())), described, |step, at, value, decoded| {
            let difference = f64::from(value) - f64::from(decoded);
            if difference.abs() > allowed {
                let n = ((difference.abs() - allowed) / f64::from(quantum)).ceil();
                steps[step][at] = (n * difference.signum()) as i32;
                any = true;
            }
        })?;
        Ok(any.then_some(Residual { quantum, steps }))
    }
}
