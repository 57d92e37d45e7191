//! What comes out of a run.

use serde::Serialize;
use std::path::PathBuf;

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The file written.
    pub output: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Bytes of the same values as 32-bit floats, invalid ones included.
    pub raw_bytes: u64,
    /// raw_bytes / bytes.
    pub ratio: f64,
    /// Per variable.
    pub variables: Vec<VariableSummary>,
    /// SHA-256 of the content, hexadecimal.
    pub content_hash: String,
    /// Where the time went.
    pub stages: Stages,
}

/// Elapsed seconds of the stages of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Stages {
    /// Reading the source for ranges and entropies, and choosing a group of steps.
    pub scan: f64,
    /// Making the models that blocks share, and the blocks that this takes: all, if there are few.
    pub models: f64,
    /// Of `models`: reading its sample of blocks and transforming them.
    pub transform: f64,
    /// Of `models`: training heads and latents.
    pub training: f64,
    /// Of `models`: coding the blocks of the sample under them, and measuring what that gives.
    pub coding: f64,
    /// Making the blocks (the other blocks).
    pub blocks: f64,
    /// Measuring whether all blocks together reach the targets.
    pub check: f64,
    /// Writing the file.
    pub write: f64,
}

/// What came out for one variable; measured on the serialised blocks with the f32 decoder.
#[derive(Debug, Clone, Serialize)]
pub struct VariableSummary {
    /// Name.
    pub name: String,
    /// Steps that share a network.
    pub gop: u32,
    /// Whether the errors were measured against the source. If not (models merged without their data) the errors are upper
    /// bounds and the PSNR is a lower one.
    pub measured: bool,
    /// PSNR in dB over the range of the valid values; infinite for a lossless result.
    pub psnr: f64,
    /// Root mean square error in the variable's units.
    pub rmse: f64,
    /// Largest absolute error in the variable's units.
    pub max_abs_error: f64,
    /// PSNR in dB against what the networks were fitted to: the data, the teachers, or a mixture of both.
    pub fitted_psnr: f64,
    /// PSNR in dB of the steps of older students against what these gave before they were merged again; infinite if
    /// nothing was forgotten, none without such steps.
    pub forgetting_psnr: Option<f64>,
    /// Blocks by codec: constant, raw, grid or wavelet.
    pub blocks: [u64; 3],
    /// Valid values.
    pub valid: u64,
    /// Median loss (normalised mean squared error) of the trained blocks along training.
    pub losses: Vec<f32>,
}
