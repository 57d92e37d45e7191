//! The models that the blocks of a variable share: quantiser step and head of every quality, made to reach a target.

use super::{
    CompressError, Layout,
    block::{Encoded, Similarity},
    journal::Journal,
    scan::Scan,
    target::{Goals, Measured, Part, Target},
};
use crate::wavelet::Model;
use neuvol_model::Head;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How often all blocks are encoded with better models before the last resort.
const ATTEMPTS: u32 = 9;
/// dB by which a result may be better than its target before bytes are worth another attempt.
pub(super) const SLACK: f64 = 0.03;
/// The same for a result of all blocks, of which those of the sample were tried before.
const EXCESS: f64 = 0.12;
/// Times that all blocks are encoded again because they came out better than the target.
pub(super) const ADJUSTMENTS: u32 = 2;
/// dB per halving of the step, until two attempts have shown it.
pub(super) const SLOPE: f64 = 3.5;
/// The worth of lost peaks grows by this after each miss.
const PEAK_GROWTH: f64 = 1.5;

/// The models of all variables, `[variable][quality]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) models: Vec<Vec<StoredModel>>,
    /// Levels of detail of every variable that can be read by themselves, at least 1.
    pub(super) n_stored_levels: Vec<u8>,
    /// How often all blocks were encoded and missed a target.
    pub(super) attempt: u32,
}

impl Plan {
    /// The models, `[variable][quality]`.
    pub(super) fn load(&self) -> Vec<Vec<Model>> {
        self.models.iter().map(|qualities| qualities.iter().map(StoredModel::load).collect()).collect()
    }

    /// A plan that should reach the targets that all blocks of a complete journal miss, or miss by being too good; none if
    /// they are good enough. `ssim` are the means of whole volumes, `[variable][quality]`; empty if no target needs them.
    pub(super) fn improved(
        &self,
        goals: &Goals,
        layout: &Layout,
        scans: &[Scan],
        journal: &Journal,
        ssim: &[Vec<f64>],
    ) -> Result<Option<Self>, CompressError> {
        let mut better = Self { attempt: self.attempt + 1, ..self.clone() };
        let mut changed = false;
        for (variable, scan) in scans.iter().enumerate() {
            let (group, output) = layout.place(variable);
            for (quality, &target) in goals.targets.iter().enumerate() {
                let model = &mut better.models[variable][quality];
                let number = quality * layout.groups[group as usize].len() + output;
                let mut sum = Measured::default();
                for record in journal.records().iter().filter(|record| record.unit.group == group) {
                    let output = &record.outputs[number];
                    sum.bytes += f64::from(output.payload.map_or(0, |payload| record.payloads[payload].len));
                    sum.add(&Part {
                        squares: output.sum_squares,
                        valid: output.valid,
                        largest: output.max_abs_error,
                        peaks: output.peaks,
                        ssim: output.ssim,
                    });
                }
                sum.bytes += model.head_bytes().map_or(0, |bytes| bytes.len()) as f64;
                if let Some(&sum_of_one) = ssim.get(variable).and_then(|qualities| qualities.get(quality)) {
                    // What counts are the windows of whole volumes, also those across the faces of blocks.
                    sum.ssim = Similarity { sum: sum_of_one, windows: 1 };
                }
                let margin = sum.margin(target, scan);
                let is_final = matches!(target, Target::MaxError(_)) || margin.is_infinite() || margin.is_nan();
                let excess = if self.attempt < ADJUSTMENTS { EXCESS } else { f64::INFINITY };
                let keeps_peaks = sum.keeps(goals.keep_peaks);
                if is_final || model.step == 0.0 || ((0.0..excess).contains(&margin) && keeps_peaks) {
                    continue;
                }
                changed = true;
                if self.attempt >= ATTEMPTS {
                    check_last_resort(target, &layout.variables[variable].name)?;
                    *model = StoredModel::new(&Model::lossless());
                    continue;
                }
                if !keeps_peaks {
                    model.peak_weight = PEAK_GROWTH * model.peak_weight.max(1.0);
                }
                if !(0.0..excess).contains(&margin) {
                    // Each miss asks for a little more, so that this ends.
                    let aim = margin - SLACK * (0.5 + f64::from(self.attempt));
                    model.step *= target.correction(aim, SLOPE);
                }
            }
        }
        Ok(changed.then_some(better))
    }
}

/// Whether storing the values themselves reaches a target; it never makes a variable small.
pub(super) fn check_last_resort(target: Target, name: &str) -> Result<(), CompressError> {
    match target {
        Target::Bytes(_) => {
            let message = format!("--target-bytes: {name} cannot be made that small; give more bytes");
            Err(CompressError::Argument(message))
        }
        Target::Psnr(_) | Target::Ssim(_) | Target::MaxError(_) => Ok(()),
    }
}

/// A model as the journal keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredModel {
    pub(super) step: f64,
    pub(super) peak_weight: f64,
    /// The head's bytes in base 64.
    head: Option<String>,
}

impl StoredModel {
    pub(super) fn new(model: &Model) -> Self {
        use base64::Engine;
        let text = |head: &Arc<Head>| base64::prelude::BASE64_STANDARD.encode(head.to_bytes());
        Self { step: model.step, peak_weight: model.peak_weight, head: model.head.as_ref().map(text) }
    }

    pub(super) fn load(&self) -> Model {
        use base64::Engine;
        // It was written by `new`; what no longer reads is as good as no head, and the target is measured anyway.
        let head = self.head.as_ref().and_then(|text| base64::prelude::BASE64_STANDARD.decode(text).ok());
        let head = head.and_then(|bytes| Head::from_bytes(&bytes).ok()).map(Arc::new);
        Model { step: self.step, head, peak_weight: self.peak_weight }
    }

    pub(super) fn head_bytes(&self) -> Option<Vec<u8>> {
        self.load().head.map(|head| head.to_bytes())
    }
}

/// The parts of a block, one per quality and output, as one.
pub(super) fn merge(parts: Vec<Encoded>) -> Encoded {
    let mut all = Encoded { payloads: Vec::new(), outputs: Vec::new(), losses: Vec::new() };
    for part in parts {
        let first = all.payloads.len();
        all.payloads.extend(part.payloads);
        for mut output in part.outputs {
            output.payload = output.payload.map(|payload| payload + first);
            all.outputs.push(output);
        }
    }
    all
}
