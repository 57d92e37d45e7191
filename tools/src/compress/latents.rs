//! One block as wavelet latents: the alternatives that its codec is chosen from, and the bytes.

mod matrices;

use super::{
    block::{EncodeError, Encoded, Output, Wanted, describe, measure},
    residual::{self, Bounded, Compared, Worth},
};
use crate::wavelet::{self, Effort, Latents, Model, Piece};
use neuvol_decode::{Kernel, Precision, Scratch};
use neuvol_format::codec;
use neuvol_model::{Raw, Residual, Wavelet};

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
    hopeless: Vec<matrices::Hopeless>,
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
        let hopeless = (0..fields.n_outputs).map(|_| matrices::Hopeless::default()).collect();
        Self { wanted, pieces, hopeless }
    }

    /// Codes one output under a model; `bound` is the largest error allowed, `latents` are those of its piece.
    pub(super) fn encode(
        &self,
        output: usize,
        model: &Model,
        bound: Option<f64>,
        latents: Option<&Latents>,
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

    /// Picks the codec with the least D + λR: latents with the head or without, matrices, a constant, or the values.
    #[expect(clippy::too_many_arguments, reason = "one call")]
    fn choose(
        &self,
        output: usize,
        piece: &Piece,
        latents: &Latents,
        model: &Model,
        bound: Option<f64>,
        effort: &Effort,
        described: &mut Output,
        payloads: &mut Vec<Vec<u8>>,
    ) -> Result<(), EncodeError> {
        let fields = &self.wanted.fields;
        let worth = Worth { loss: model.peak_weight * model.step, bit: wavelet::lambda(model.step) };
        let (min, max) = (described.min, described.max);
        let mut block = wavelet::assemble(piece, latents.clone(), model, effort, bound.is_some());
        let mut cost = self.cost(output, &block, described, worth)?;
        if model.head.is_some() {
            // The head serves all blocks; one that it harms goes without.
            let mut plain = block.clone();
            plain.head = None;
            let plain_cost = self.cost(output, &plain, described, worth)?;
            if plain_cost < cost {
                (block.head, cost) = (None, plain_cost);
            }
        }
        if let Some(bound) = bound {
            block.residual = self.bounded(output, &block, bound, described)?;
        } else if model.peak_weight > 0.0 {
            block.residual = self.peaks(output, &block, described, worth)?;
            if block.residual.is_some() {
                cost = self.cost(output, &block, described, worth)?;
            }
        }
        let (mut payload, mut kind) = (block.to_bytes()?, codec::WAVELET);
        cost += worth.bit * 8.0 * payload.len() as f64;
        if bound.is_none()
            && let Some(cheaper) = self.matrices(output, piece, latents, described, model.step, worth, effort, cost)?
        {
            (payload, cost, kind, block.head) = (cheaper.payload, cheaper.cost, codec::MATRICES, None);
        }

        let middle = (f64::from(min) + (f64::from(max) - f64::from(min)) * 0.5) as f32;
        let value = if bound.is_some() { middle } else { piece.offset };
        let values = fields.output(output).iter().filter(|v| !v.is_nan());
        let constant: f64 = values.map(|&v| self.cost_of(output, v, value, worth)).sum();
        let half_range = f64::from(max - value).max(f64::from(value - min));
        if constant <= cost && bound.is_none_or(|bound| half_range <= bound) {
            (described.codec, described.min, described.max) = (codec::CONSTANT, value, value);
            return Ok(());
        }
        (described.codec, described.head) = (kind, block.head.is_some());
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

    /// Whether a value is one of the highest of its variable, as far as that matters.
    fn is_top(&self, output: usize, value: f32) -> bool {
        self.wanted.about.get(output).is_some_and(|about| value >= about.top)
    }

    /// What an error costs, in squares.
    fn cost_of(&self, output: usize, value: f32, decoded: f32, worth: Worth) -> f64 {
        let difference = f64::from(value) - f64::from(decoded);
        if self.is_top(output, value) { worth.of(difference) } else { difference * difference }
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
        block: &Wavelet,
        described: &Output,
        mut visit: impl FnMut(usize, usize, f32, f32),
    ) -> Result<(), EncodeError> {
        let fields = &self.wanted.fields;
        let mut scratch = Scratch::default();
        let mut decoded = vec![0.0; fields.voxels()];
        let latents = neuvol_decode::Latents::new(block, Kernel::best(Precision::Exact))?;
        for step in 0..fields.n_steps {
            latents.decode(step as f64, (described.min, described.max), &mut decoded, &mut scratch)?;
            let values = fields.step(output, step).iter().zip(&decoded).enumerate();
            values.filter(|(_, (v, _))| !v.is_nan()).for_each(|(at, (&v, &d))| visit(step, at, v, d));
        }
        Ok(())
    }

    /// Squared errors, and what the highest values lost.
    fn cost(&self, output: usize, block: &Wavelet, described: &Output, worth: Worth) -> Result<f64, EncodeError> {
        let mut sum = 0.0;
        self.compare(output, block, described, |_, _, value, decoded| {
            sum += self.cost_of(output, value, decoded, worth);
        })?;
        Ok(sum)
    }

    /// What has to be added so that no error is above a bound; none if nothing has.
    fn bounded(
        &self,
        output: usize,
        block: &Wavelet,
        bound: f64,
        described: &Output,
    ) -> Result<Option<Residual>, EncodeError> {
        let fields = &self.wanted.fields;
        let range = (described.min, described.max);
        let Some(mut bounded) = Bounded::new(bound, block.step.into(), range, fields.n_steps, fields.voxels()) else {
            return Ok(None); // the measured error will exceed the bound, and the block be stored as it is
        };
        self.compare(output, block, described, |step, at, value, decoded| {
            bounded.add(Compared { step, at, difference: f64::from(value) - f64::from(decoded) });
        })?;
        Ok(bounded.finish())
    }

    /// What is worth adding to the highest values; none if nothing is.
    fn peaks(
        &self,
        output: usize,
        block: &Wavelet,
        described: &Output,
        worth: Worth,
    ) -> Result<Option<Residual>, EncodeError> {
        let fields = &self.wanted.fields;
        let mut top = Vec::new();
        self.compare(output, block, described, |step, at, value, decoded| {
            if self.is_top(output, value) {
                top.push(Compared { step, at, difference: f64::from(value) - f64::from(decoded) });
            }
        })?;
        let residual = residual::of_peaks(&top, worth, fields.extent, fields.n_steps);
        let failed = |error: neuvol_entropy::Error| {
            EncodeError::ReadBack(neuvol_model::Error::Argument { name: "residual", message: error.to_string() })
        };
        residual.map_err(failed)
    }
}
