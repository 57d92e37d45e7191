//! How much work the encoder does.

use neuvol_entropy::Coder;
use serde::{Deserialize, Serialize};

/// How long the encoder may take for how few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Several MB of 32-bit floats per second and core.
    Fast,
    /// Small files in seconds to minutes.
    Default,
    /// The smallest files; several times slower than the default.
    Best,
}

/// What a preset stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    /// Channels of the head; 0 = no head.
    pub n_channels: u8,
    /// Hidden 1×1×1 layers of the head.
    pub n_hidden: u8,
    /// Rounds of joint training.
    pub rounds: u32,
    /// Optimiser steps of the head in each round.
    pub iterations: u32,
    /// Rounds of the latents of a block under a finished head.
    pub block_rounds: u32,
    /// Worth of a bit when latents are quantised: 1 is theory.
    pub kappa: f32,
    /// Levels of the wavelet transform.
    pub n_levels: u8,
    /// The entropy coder.
    pub coder: Coder,
    /// Voxels (all steps) that the head is trained on at most.
    pub sample: usize,
}

impl Preset {
    /// The work that the preset stands for.
    pub fn effort(self) -> Effort {
        match self {
            Self::Fast => Effort {
                n_channels: 8,
                n_hidden: 1,
                rounds: 3,
                iterations: 60,
                block_rounds: 1,
                kappa: 0.7,
                n_levels: 4,
                coder: Coder::Fast,
                sample: 1 << 20,
            },
            Self::Default => Effort {
                n_channels: 16,
                n_hidden: 1,
                rounds: 13,
                iterations: 120,
                block_rounds: 5,
                kappa: 0.7,
                n_levels: 4,
                coder: Coder::Dense,
                sample: 3 << 22,
            },
            Self::Best => Effort {
                n_channels: 24,
                n_hidden: 1,
                rounds: 32,
                iterations: 200,
                block_rounds: 12,
                kappa: 0.7,
                n_levels: 5,
                coder: Coder::Dense,
                sample: 1 << 24,
            },
        }
    }
}
