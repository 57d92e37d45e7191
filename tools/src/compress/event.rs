//! What a run tells while it goes on.

use super::Probe;
use serde::Serialize;

/// Something to tell the user while a run goes on.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The source is being read for ranges and entropies.
    Scan {
        /// Blocks read.
        done: u64,
        /// Blocks in all.
        total: u64,
    },
    /// Groups of steps are being tried.
    Probing {
        /// Trainings finished.
        done: u64,
        /// Trainings in all.
        total: u64,
    },
    /// What a group of steps gave.
    Probe(Probe),
    /// Latents and a head were made for a target, and measured.
    Attempt {
        /// The quantiser's step in the unit of the values.
        step: f64,
        /// PSNR in dB over the variable's range (of the blocks that were tried).
        psnr: f64,
        /// Bytes of payloads and head, as if all blocks were like those.
        bytes: u64,
        /// Whether the target is reached.
        reached: bool,
    },
    /// Training begins.
    Start {
        /// Units (blocks × segments of steps × groups of variables) in all.
        total: u64,
        /// Units found finished in the journal.
        resumed: u64,
    },
    /// A unit is finished.
    Progress {
        /// Units finished.
        done: u64,
        /// Units in all.
        total: u64,
        /// Last loss of this unit (mean squared error of normalised values), if it was trained.
        loss: Option<f32>,
        /// PSNR in dB over the variable's range of all units finished so far, against what they were fitted to.
        psnr: f64,
        /// Payload bytes so far.
        bytes: u64,
    },
    /// The file is being written.
    Write,
}
