//! Which codec and what it has to reach.

use super::{Failure, training::Network};
use crate::{
    compress::{Bound, Codec, Goals, Target},
    wavelet::Preset,
};

/// How blocks are coded
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// Wavelet latents with a head that is trained with them: the smallest files
    Wavelet,
    /// A hash grid with an MLP per block, as in instant-ngp
    Grid,
}

/// Codec and quality
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Codec and quality")]
pub(super) struct CodecArgs {
    /// How blocks are coded
    #[arg(long, value_enum, default_value_t = Kind::Wavelet)]
    codec: Kind,
    /// How long the encoder may take for how few bytes
    #[arg(long, value_enum, default_value_t = Preset::Default)]
    preset: Preset,
    /// PSNR to reach in dB over the variable's range; up to eight, one per quality level, best first [default: 45]
    #[arg(long, value_delimiter = ',', value_name = "DB,..", group = "target")]
    target_psnr: Vec<f64>,
    /// Mean SSIM to reach over all steps, as `neuvol verify` measures it; up to eight, best first, for example .98,.95,.9,.8
    #[arg(long, value_delimiter = ',', value_name = "S,..", group = "target")]
    target_ssim: Vec<f64>,
    /// Largest error of any voxel, guaranteed: in the variable's unit, or with % as a share of its range
    #[arg(long, value_delimiter = ',', value_name = "E,..", group = "target")]
    max_error: Vec<String>,
    /// Bytes that the blocks of each variable may take: 40000, 40k or 1.5M
    #[arg(long, value_delimiter = ',', value_name = "N,..", group = "target")]
    target_bytes: Vec<String>,
    /// The highest 0.1 % of the values may lose at most this share of their height on average, for example 5%
    #[arg(long, value_name = "P%", conflicts_with = "max_error")]
    keep_peaks: Option<String>,
}

/// Without a target.
const USUAL_PSNR: f64 = 45.0;
/// Limit of the format.
const MAX_QUALITIES: usize = 8;

impl CodecArgs {
    /// Checks the options; those of the grid's network are only for it.
    pub(super) fn codec(&self, network: &Network) -> Result<Codec, Failure> {
        let usage = |message: String| Failure::new(Failure::USAGE, message);
        let targets = self.targets()?;
        if self.codec == Kind::Grid {
            if !targets.is_empty() || self.keep_peaks.is_some() || self.preset != Preset::Default {
                return Err(usage("--codec grid: targets, --keep-peaks and --preset are for --codec wavelet; --rate sets the quality of grid \
                     networks"
                        .into()));
            }
            return Ok(Codec::Grid);
        }
        if let Some(option) = network.changed() {
            return Err(usage(format!("{option}: is for --codec grid; add it, or leave the option out")));
        }
        let targets = if targets.is_empty() { vec![Target::Psnr(USUAL_PSNR)] } else { targets };
        if targets.len() > MAX_QUALITIES {
            return Err(usage(format!(
                "{} targets given, a file has at most {MAX_QUALITIES} quality levels",
                targets.len()
            )));
        }
        let keep_peaks = self.keep_peaks.as_deref().map(share).transpose()?;
        Ok(Codec::Wavelet { preset: self.preset, goals: Goals { targets, keep_peaks } })
    }

    fn targets(&self) -> Result<Vec<Target>, Failure> {
        let usage = |message: String| Failure::new(Failure::USAGE, message);
        let mut targets = Vec::new();
        for &psnr in &self.target_psnr {
            if !(psnr > 0.0 && psnr <= 200.0) {
                return Err(usage(format!("--target-psnr: {psnr} must be above 0 and at most 200 dB")));
            }
            targets.push(Target::Psnr(psnr));
        }
        for &ssim in &self.target_ssim {
            if !(ssim > 0.0 && ssim < 1.0) {
                return Err(usage(format!("--target-ssim: {ssim} must be between 0 and 1")));
            }
            targets.push(Target::Ssim(ssim));
        }
        for text in &self.max_error {
            let (number, relative) = text.strip_suffix('%').map_or((text.as_str(), false), |number| (number, true));
            let bound: f64 = number.trim().parse().unwrap_or(f64::NAN);
            if !(bound.is_finite() && bound > 0.0) {
                return Err(usage(format!("--max-error: {text} must be a number above 0, perhaps with %")));
            }
            targets.push(Target::MaxError(if relative {
                Bound::Relative(bound / 100.0)
            } else {
                Bound::Absolute(bound)
            }));
        }
        for text in &self.target_bytes {
            targets.push(Target::Bytes(bytes(text).ok_or_else(|| {
                usage(format!("--target-bytes: {text} must be a number of bytes above 0, perhaps with k, M or G"))
            })?));
        }
        Ok(targets)
    }
}

/// The share that `--keep-peaks` gives: 5% or 5 %.
fn share(text: &str) -> Result<f64, Failure> {
    let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match percent {
        Some(percent) if percent > 0.0 && percent < 100.0 => Ok(percent / 100.0),
        _ => {
            let message = format!("--keep-peaks: {text} must be a percentage between 0% and 100%, for example 5%");
            Err(Failure::new(Failure::USAGE, message))
        }
    }
}

/// A number of bytes: 40000, 40k, 1.5M.
fn bytes(text: &str) -> Option<u64> {
    let (number, factor) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'M') => (&text[..at], 1e6),
        (at, 'G') => (&text[..at], 1e9),
        _ => (text, 1.0),
    };
    let bytes = number.parse::<f64>().ok()? * factor;
    (1.0..=1e18).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_read_with_units() {
        assert_eq!(
            ["40000", "40k", "1.5M", "2G"].map(bytes),
            [Some(40_000), Some(40_000), Some(1_500_000), Some(2_000_000_000)]
        );
        assert_eq!(["", "k", "-3", "0", "nan", "4 kB"].map(bytes), [None; 6]);
    }
}
