//! One block: choose its codec, train, serialise, and measure the serialised bytes.

use super::levels::Level;
use crate::metrics::{ValueRange, block_ssim};
use crate::train::{Fields, Job, Points, TrainError, TrainOptions, train};
use neuvol_decode::{Kernel, Precision, Prepared, Scratch};
use neuvol_format::{Mask, codec};
use neuvol_model::{Block, GridNetwork, Head, Matrices, Raw, Wavelet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An output whose half range is below this share of the variable's range is stored as a constant: its largest error is
/// then smaller than that of an 8-bit texture by a factor of eight.
const CONSTANT_SHARE: f64 = 1.0 / 4096.0;

/// Why a block could not be encoded.
pub(super) enum EncodeError {
    Train(TrainError),
    ReadBack(neuvol_model::Error),
}

impl From<neuvol_model::Error> for EncodeError {
    fn from(error: neuvol_model::Error) -> Self {
        Self::ReadBack(error)
    }
}

/// Which voxels of a block are valid.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Validity {
    All,
    None,
    Some(Mask),
}

/// What a block shall become: the values to fit, and what is known about them.
#[derive(Default)]
pub(super) struct Wanted {
    /// What the network is fitted to.
    pub(super) fields: Fields,
    /// What the errors are measured against, if that is something else.
    pub(super) truth: Option<Fields>,
    /// The fields' own errors against the source, per output.
    pub(super) own: Vec<OwnError>,
    /// Steps (counted within the segment) that come from a student that is merged anew.
    pub(super) old_steps: Vec<bool>,
    /// Teachers' values between the voxels, and the share of samples that they get.
    pub(super) points: Option<(Points, f32)>,
    /// What else is measured, per output; may be absent.
    pub(super) about: Vec<About>,
}

/// What the measures of a block need to know of its variable.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    /// Smallest and largest value.
    pub(super) range: (f32, f32),
    /// The highest values are those from here on.
    pub(super) top: f32,
    /// Whether SSIM is measured, which takes time.
    pub(super) ssim: bool,
}

/// How the highest values are met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Peaks {
    /// Sum of original − decoded.
    pub(super) lost: f64,
    /// Sum of original − smallest value of the variable.
    pub(super) height: f64,
}

/// Sum and number of the SSIM windows inside a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Similarity {
    pub(super) sum: f64,
    pub(super) windows: u64,
}

/// The known error of values that are themselves decoded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnError {
    pub(super) max_abs: f64,
    pub(super) sum_squares: f64,
}

/// A block as it will be written, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Encoded {
    pub(super) payloads: Vec<Vec<u8>>,
    pub(super) outputs: Vec<Output>,
    pub(super) losses: Vec<f32>,
}

/// One variable of a block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    pub(super) codec: u16,
    /// Which of the payloads.
    pub(super) payload: Option<usize>,
    /// Which output of the payload's network.
    pub(super) output: u8,
    /// Whether it uses the head of its variable.
    pub(super) head: bool,
    pub(super) min: f32,
    pub(super) max: f32,
    pub(super) validity: Validity,
    pub(super) valid: u64,
    /// Against the source; an upper bound where the source is not there.
    pub(super) max_abs_error: f64,
    pub(super) sum_squares: f64,
    /// Against what the network was fitted to.
    pub(super) fitted_squares: f64,
    /// The same for the steps of an old student, and their valid values.
    pub(super) old: (f64, u64),
    pub(super) peaks: Peaks,
    pub(super) ssim: Similarity,
    /// Coarser levels that can be read by themselves, from level 1 on.
    pub(super) levels: Vec<Level>,
}

/// Encodes a block; `ranges` are those of the variables over all blocks and steps.
pub(super) fn encode(
    wanted: &Wanted,
    ranges: &[(f32, f32)],
    options: &TrainOptions,
    steps: u32,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Encoded, EncodeError> {
    let fields = &wanted.fields;
    let mut encoded = Encoded { payloads: Vec::new(), outputs: Vec::new(), losses: Vec::new() };
    let mut learned = Vec::new();
    for (output, range) in ranges.iter().enumerate() {
        let constant = CONSTANT_SHARE * (f64::from(range.1) - f64::from(range.0));
        let described = describe(fields, output, constant);
        if described.min < described.max {
            learned.push(output);
        }
        encoded.outputs.push(described);
    }
    let raws = learned
        .iter()
        .map(|&output| Raw::encode_f32(fields.output(output), fields.extent, fields.n_steps as u32))
        .collect::<Result<Vec<_>, _>>()?;
    let raw_bytes: u64 = raws.iter().map(|raw| raw.len() as u64).sum();
    let learned_ranges: Vec<(f32, f32)> =
        learned.iter().map(|&o| (encoded.outputs[o].min, encoded.outputs[o].max)).collect();
    let config = options.grid_config(fields.extent, learned.len().max(1), fields.n_steps);
    // A network is never larger than what it replaces, and its range must be a 32-bit float. How many bytes quantised
    // parameters take shows when they are trained.
    let is_larger = |bytes: u64| raw_bytes <= bytes;
    let is_too_large = options.rate.is_none() && is_larger(2 * config.n_parameters(fields.extent));
    if is_too_large || learned_ranges.iter().any(|(min, max)| !(max - min).is_finite()) {
        encoded.store(&learned, raws);
    } else {
        // Outputs that are constants here are left out.
        let selected = (learned.len() < fields.n_outputs).then(|| {
            let points =
                wanted.points.as_ref().map(|(points, share)| (points.select(&learned, fields.n_outputs), *share));
            (fields.select(&learned), points)
        });
        let (fields, points) = match &selected {
            Some((fields, points)) => (fields, points),
            None => (fields, &wanted.points),
        };
        let points = points.as_ref().map(|(points, share)| (points, *share));
        let of_variables: Vec<(f32, f32)> = learned.iter().map(|&output| ranges[output]).collect();
        let rate = options.rate.map(|lambda| lambda / share_of_squares(&learned_ranges, &of_variables));
        let job = Job { fields, ranges: &learned_ranges, points, rate, steps, seed };
        let trained = train(&job, options, stop).map_err(EncodeError::Train)?;
        let payload = trained.to_bytes()?;
        if options.rate.is_some() && is_larger(payload.len() as u64) {
            encoded.store(&learned, raws);
        } else {
            for (number, &output) in learned.iter().enumerate() {
                let described = &mut encoded.outputs[output];
                (described.codec, described.payload, described.output) = (codec::GRID, Some(0), number as u8);
            }
            encoded.payloads.push(payload);
            encoded.losses = trained.losses;
        }
    }
    measure(wanted, 0, &mut encoded, None)?;
    Ok(encoded)
}

impl Encoded {
    /// Stores the values of some outputs themselves.
    fn store(&mut self, outputs: &[usize], raws: Vec<Vec<u8>>) {
        for (&output, raw) in outputs.iter().zip(raws) {
            self.outputs[output].codec = codec::RAW;
            self.outputs[output].payload = Some(self.payloads.len());
            self.payloads.push(raw);
        }
    }
}

/// What a squared error of values in 0..1 over the ranges of a block is over those of its variables: the mean over outputs.
fn share_of_squares(block: &[(f32, f32)], variables: &[(f32, f32)]) -> f32 {
    let width = |range: &(f32, f32)| f64::from(range.1) - f64::from(range.0);
    let shares: f64 = block.iter().zip(variables).map(|(b, v)| (width(b) / width(v)).powi(2)).sum();
    (shares / block.len().max(1) as f64) as f32
}

/// What can be said of an output before it is coded: a constant (its values differ from the middle by `constant` at most),
/// or min < max.
pub(super) fn describe(fields: &Fields, output: usize, constant: f64) -> Output {
    let values = fields.output(output);
    let valid = values.iter().filter(|v| !v.is_nan()).count();
    let min = values.iter().copied().fold(f32::NAN, f32::min);
    let max = values.iter().copied().fold(f32::NAN, f32::max);
    let mut described = Output {
        codec: codec::CONSTANT,
        payload: None,
        output: 0,
        head: false,
        min: 0.0,
        max: 0.0,
        validity: validity(fields, output),
        valid: valid as u64,
        max_abs_error: 0.0,
        sum_squares: 0.0,
        fitted_squares: 0.0,
        old: (0.0, 0),
        peaks: Peaks::default(),
        ssim: Similarity::default(),
        levels: Vec::new(),
    };
    if valid > 0 {
        let width = f64::from(max) - f64::from(min);
        if width * 0.5 <= constant {
            let middle = (f64::from(min) + width * 0.5) as f32;
            (described.min, described.max) = (middle, middle);
        } else {
            (described.min, described.max) = (min, max);
        }
    }
    described
}

/// The mask of an output: one step where all are alike.
pub(super) fn validity(fields: &Fields, output: usize) -> Validity {
    let values = fields.output(output);
    if values.iter().all(|v| v.is_nan()) {
        return Validity::None;
    }
    if !values.iter().any(|v| v.is_nan()) {
        return Validity::All;
    }
    let first = fields.step(output, 0);
    let alike = (1..fields.n_steps)
        .all(|step| fields.step(output, step).iter().zip(first).all(|(a, b)| a.is_nan() == b.is_nan()));
    let [_, ny, nx] = fields.extent.map(|n| n as usize);
    let steps = if alike { 1 } else { fields.n_steps as u32 };
    Validity::Some(Mask::from_fn(fields.extent, steps, |step, z, y, x| {
        !fields.step(output, step as usize)[(z as usize * ny + y as usize) * nx + x as usize].is_nan()
    }))
}

/// Decodes the payload bytes as a reader would, and compares with the outputs from `first` on. `head` is that of their model.
pub(super) fn measure(
    wanted: &Wanted,
    first: usize,
    encoded: &mut Encoded,
    head: Option<&Arc<Head>>,
) -> Result<(), neuvol_model::Error> {
    let Fields { extent, n_steps, .. } = wanted.fields;
    let mut decoded = vec![0.0; wanted.fields.voxels()];
    let mut scratch = Scratch::default();
    for (number, output) in encoded.outputs.iter_mut().enumerate() {
        let number = first + number;
        let bytes = output.payload.map_or(&[][..], |payload| &encoded.payloads[payload]);
        let block = match output.codec {
            codec::CONSTANT => Block::Constant(output.min),
            codec::RAW => Block::Raw(Raw::from_bytes(bytes, extent, n_steps as u32)?),
            codec::WAVELET => {
                let head = head.filter(|_| output.head).cloned();
                Block::Wavelet(Box::new(Wavelet::from_bytes(bytes, extent, 0, n_steps as u32, head)?))
            }
            codec::MATRICES => Block::Matrices(Box::new(Matrices::from_bytes(bytes, extent, 0, n_steps as u32)?)),
            _ => Block::Grid(GridNetwork::from_bytes(bytes, extent, None, n_steps as u32)?),
        };
        output.fitted_squares = 0.0;
        output.old = (0.0, 0);
        (output.peaks, output.ssim) = (Peaks::default(), Similarity::default());
        let about = wanted.about.get(number);
        let mut against_truth = OwnError::default();
        let mut largest: f64 = 0.0;
        let prepared = Prepared::new(block, output.output, Kernel::best(Precision::Exact))?;
        for step in 0..n_steps {
            prepared.decode(step as f64, (output.min, output.max), &mut decoded, &mut scratch)?;
            let mut old = (0.0, 0);
            for (at, &value) in wanted.fields.step(number, step).iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                let error = (f64::from(value) - f64::from(decoded[at])).abs();
                largest = largest.max(error);
                old = (old.0 + error * error, old.1 + 1);
                if let Some(about) = about
                    && value >= about.top
                {
                    output.peaks.lost += f64::from(value) - f64::from(decoded[at]);
                    output.peaks.height += f64::from(value) - f64::from(about.range.0);
                }
            }
            if let Some(&About { range: (min, max), ssim: true, .. }) = about {
                let range = ValueRange { min: min.into(), max: max.into() };
                let (sum, windows) = block_ssim(range, extent, wanted.fields.step(number, step), &decoded);
                output.ssim.sum += sum;
                output.ssim.windows += windows;
            }
            output.fitted_squares += old.0;
            if wanted.old_steps.get(step) == Some(&true) {
                output.old = (output.old.0 + old.0, output.old.1 + old.1);
            }
            if let Some(truth) = &wanted.truth {
                for (&value, &decoded) in truth.step(number, step).iter().zip(&decoded).filter(|(v, _)| !v.is_nan()) {
                    let error = (f64::from(value) - f64::from(decoded)).abs();
                    against_truth.max_abs = against_truth.max_abs.max(error);
                    against_truth.sum_squares += error * error;
                }
            }
        }
        if wanted.truth.is_some() {
            (output.max_abs_error, output.sum_squares) = (against_truth.max_abs, against_truth.sum_squares);
        } else {
            // The triangle inequality of both norms: against the source it is at most this.
            let own = wanted.own.get(number).copied().unwrap_or_default();
            output.max_abs_error = largest + own.max_abs;
            output.sum_squares = (output.fitted_squares.sqrt() + own.sum_squares.sqrt()).powi(2);
        }
    }
    Ok(())
}
