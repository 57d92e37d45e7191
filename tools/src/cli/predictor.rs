//! `neuvol train-predictor`

use super::{Failure, output};
use crate::predict::{FitOptions, fit, read};
use std::path::PathBuf;

/// Fewer probes than this say nothing.
const FEWEST: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Logs of probes that compress --probe-log wrote
    #[arg(required = true)]
    logs: Vec<PathBuf>,
    /// The predictor to write
    #[arg(long, short)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// Share of the variables that are held back to judge by, 0 to 0.5
    #[arg(long, default_value_t = 0.2, value_name = "SHARE")]
    held_back: f64,
    /// Another number gives another predictor
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    output::check_output(&args.output, args.force)?;
    if !(0.0..=0.5).contains(&args.held_back) {
        return Err(Failure::new(Failure::USAGE, format!("--held-back: {} must be 0 to 0.5", args.held_back)));
    }
    let mut probes = Vec::new();
    for path in &args.logs {
        let failed = |error| Failure::new(Failure::BAD_INPUT, format!("cannot read {}: {error}", path.display()));
        probes.extend(read(path).map_err(failed)?);
    }
    if probes.len() < FEWEST {
        let message = format!("{} probes are too few, {FEWEST} are needed: add logs of more runs", probes.len());
        return Err(Failure::new(Failure::BAD_INPUT, message));
    }
    let bar = output::bar(0, "fitting", quiet);
    let options = FitOptions { seed: args.seed, held_back: args.held_back };
    let fitted = fit(&probes, options, &mut |done, total| {
        bar.set_length(total.into());
        bar.set_position(done.into());
    });
    bar.finish_and_clear();
    let fitted = fitted.ok_or_else(|| Failure::new(Failure::BAD_INPUT, "all probes were held back: add more logs"))?;
    let cannot =
        |error: String| Failure::new(Failure::CANNOT_WRITE, format!("cannot write {}: {error}", args.output.display()));
    let text = serde_json::to_string(&fitted.predictor).map_err(|error| cannot(error.to_string()))?;
    std::fs::write(&args.output, text + "\n").map_err(|error| cannot(error.to_string()))?;
    if args.json {
        return output::print_json(&fitted);
    }
    let line = |name: &str, [gain, bits, ssim]: [f64; 3]| {
        format!("{name:<28} PSNR {gain:.2} dB, bytes by a factor of {:.2}, SSIM {ssim:.2} dB\n", bits.exp2())
    };
    let [used, held] = fitted.probes;
    let mut text = format!("{}: {used} probes, {held} held back\nroot mean square errors\n", args.output.display());
    text += &line("  fitted", fitted.errors);
    if held > 0 {
        text += &line("  held back", fitted.held_back_errors);
        text += &line("  held back, by the mean", fitted.trivial_errors);
    }
    output::print(&text)
}
