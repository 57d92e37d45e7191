//! `neuvol verify`

use super::{Failure, model, output, steps::StepArgs};
use crate::metrics::{Between, Options, Report, compare, compare_between};
use serde::Serialize;
use std::{fmt::Write, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The data that the model was made from
    original: PathBuf,
    /// The model file
    model: PathBuf,
    /// Variables to compare, separated by commas [default: all of the model]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Quality level to compare, 0 is the best
    #[arg(long, default_value_t = 0)]
    quality: u8,
    /// Print JSON, with a row per time step
    #[arg(long)]
    json: bool,
    /// Exit with code 3 if the PSNR of a variable is below this many dB
    #[arg(long, value_name = "DB")]
    min_psnr: Option<f64>,
    /// Exit with code 3 if the mean SSIM of a variable is below this
    #[arg(long)]
    min_ssim: Option<f64>,
    /// Leave SSIM out, which takes most of the time
    #[arg(long, conflicts_with = "min_ssim")]
    no_ssim: bool,
    /// Threads for decoding; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// With --every the steps between are compared with what the model gives at their times
    #[command(flatten)]
    steps: StepArgs,
}

#[derive(Serialize)]
struct Verified {
    original: String,
    model: String,
    model_bytes: u64,
    /// Bytes of the verified variables as 32-bit floats.
    raw_bytes: u64,
    ratio: f64,
    decode_seconds: f64,
    decoded_voxels: u64,
    variables: Vec<VerifiedVariable>,
}

#[derive(Serialize)]
struct VerifiedVariable {
    name: String,
    units: String,
    #[serde(flatten)]
    report: Report,
    /// Times between the model's steps; with --every.
    between: Option<Between>,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let volume = model::open(&args.model, args.threads)?;
    let chosen = model::choose(&volume, &args.variables)?;
    model::check_quality(&volume, &chosen, args.quality)?;
    let mut verified = Verified {
        original: args.original.display().to_string(),
        model: args.model.display().to_string(),
        model_bytes: volume.reader().header().file_len,
        raw_bytes: 0,
        ratio: 0.0,
        decode_seconds: 0.0,
        decoded_voxels: 0,
        variables: Vec::new(),
    };
    let steps: u64 = chosen.iter().map(|&v| u64::from(volume.reader().variables()[v].steps)).sum();
    let bar = output::bar(steps, "comparing", quiet);
    for variable in chosen {
        let info = &volume.reader().variables()[variable];
        verified.raw_bytes += 4 * u64::from(info.steps) * info.dims.iter().map(|&n| u64::from(n)).product::<u64>();
        let (mut source, index) = model::original(&args.original, &args.steps, &volume, variable)?;
        let options = Options { quality: args.quality, ssim: !args.no_ssim, ..Options::default() };
        let mut done = || bar.inc(1);
        let report = compare(&volume, variable, source.as_mut(), index, options, &mut done, &mut |_, _, _, _| {})?;
        let between = if args.steps.every > 1 {
            let mut all = args.steps.open_all(&args.original)?;
            Some(compare_between(&volume, variable, all.as_mut(), index, args.steps.every, &mut || {})?)
        } else {
            None
        };
        verified.variables.push(VerifiedVariable {
            name: model::name(&volume, variable).to_owned(),
            units: model::units(&volume, variable),
            report,
            between,
        });
    }
    bar.finish_and_clear();
    let stats = volume.stats();
    verified.ratio = verified.raw_bytes as f64 / verified.model_bytes as f64;
    (verified.decode_seconds, verified.decoded_voxels) = (stats.seconds, stats.voxels);
    if args.json {
        output::print_json(&verified)?
    } else {
        output::print(&text(&verified))?
    }
    judge(args, &verified)
}

fn judge(args: &Args, verified: &Verified) -> Result<(), Failure> {
    let below = |message: String| Err(Failure::new(Failure::BELOW_TARGET, message));
    for v in &verified.variables {
        let errors = &v.report.total.errors;
        if errors.lost + errors.invented > 0 {
            return below(format!(
                "{}: the mask differs: {} valid values lost, {} invented",
                v.name, errors.lost, errors.invented
            ));
        }
        if let Some(target) = args.min_psnr
            && (errors.psnr_db.is_nan() || errors.psnr_db < target)
        {
            return below(format!("{}: PSNR {:.2} dB is below --min-psnr {target}", v.name, errors.psnr_db));
        }
        if let Some(target) = args.min_ssim {
            match &v.report.total.ssim {
                Some(ssim) if ssim.mean >= target => {}
                Some(ssim) => {
                    return below(format!("{}: SSIM {:.4} is below --min-ssim {target}", v.name, ssim.mean));
                }
                None => {
                    return below(format!(
                        "{}: no window is free of invalid voxels, so --min-ssim {target} cannot be judged; leave it out",
                        v.name
                    ));
                }
            }
        }
    }
    Ok(())
}

fn text(verified: &Verified) -> String {
    let mut out = String::new();
    for v in &verified.variables {
        let report = &v.report;
        let e = &report.total.errors;
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "{} [{}], range {} … {}, {} steps",
            v.name,
            v.units,
            output::value(report.range.min),
            output::value(report.range.max),
            report.steps.len()
        );
        let _ = writeln!(out, "  PSNR             {:.2} dB", e.psnr_db);
        if let Some(s) = &report.total.ssim {
            let _ = writeln!(
                out,
                "  SSIM             mean {:.4}; blocks: 1st percentile {:.4}, worst {:.4} (step {}, block {:?})",
                s.mean, s.p1_block, s.min_block, s.worst.step, s.worst.block
            );
        }
        let _ = writeln!(
            out,
            "  error            RMSE {}, 99.9 % below {}, largest {}, mean {}",
            output::value(e.rmse),
            output::value(e.p999_abs_error),
            output::value(e.max_abs_error),
            output::value(e.mean_error)
        );
        if let Some(peak) = e.peak_top {
            let _ = writeln!(out, "  peaks            the highest 0.1 % are off by {:+.1} % on average", 100.0 * peak);
        }
        if let Some(between) = v.between {
            let db = |psnr: Option<f64>| psnr.map_or("–".to_owned(), |psnr| format!("{psnr:.2} dB"));
            let _ = writeln!(
                out,
                "  between steps    PSNR {} at {} times that the model does not have; linear interpolation of its steps {}",
                db(between.psnr_db),
                between.steps,
                db(between.linear_psnr_db)
            );
        }
        let mask = if e.lost + e.invented == 0 {
            "exact".to_owned()
        } else {
            format!("{} lost, {} invented", e.lost, e.invented)
        };
        let _ = writeln!(out, "  mask             {mask}; {} valid values", e.valid);
    }
    let _ = writeln!(
        out,
        "size {} for {} of 32-bit floats: {:.1} times smaller",
        output::bytes(verified.model_bytes),
        output::bytes(verified.raw_bytes),
        verified.ratio
    );
    let _ = writeln!(
        out,
        "decoded {:.1} million voxels in {:.2} s",
        verified.decoded_voxels as f64 / 1e6,
        verified.decode_seconds
    );
    out
}
