//! `neuvol verify`

use super::{Failure, model, output};
use crate::{
    metrics::{Comparison, Options, Report, ValueRange},
    source::Source,
};
use indicatif::ProgressBar;
use neuvol_engine::{Request, Target, TargetData, Volume};
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
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let volume = model::open(&args.model, args.threads)?;
    let chosen = model::choose(&volume, &args.variables)?;
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
        let (mut source, index) = model::original(&args.original, &volume, variable)?;
        let report = compare(&volume, variable, source.as_mut(), index, !args.no_ssim, &bar, &mut |_, _, _, _| {})?;
        verified.variables.push(VerifiedVariable {
            name: model::name(&volume, variable).to_owned(),
            units: model::units(&volume, variable),
            report,
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

/// Sees every plane of a comparison: step, z, original, decoded.
pub(super) type Observe<'a> = dyn FnMut(u32, u32, &[f32], &[f32]) + 'a;

/// Compares all steps of one variable, a slab of blocks at a time.
pub(super) fn compare(
    volume: &Volume,
    variable: usize,
    source: &mut dyn Source,
    index: usize,
    ssim: bool,
    bar: &ProgressBar,
    observe: &mut Observe<'_>,
) -> Result<Report, Failure> {
    let info = &volume.reader().variables()[variable];
    let (min, max) = (f64::from(info.min), f64::from(info.max));
    // Without a valid value there is no range; any will do for the empty comparison.
    let range = if min <= max { ValueRange { min, max } } else { ValueRange { min: 0.0, max: 0.0 } };
    let options = Options { ssim, ..Options::default() };
    let mut comparison = Comparison::new(range, info.block_dims, options);
    let [nz, ny, nx] = info.dims;
    let plane = ny as usize * nx as usize;
    let (mut original, mut decoded) = (Vec::new(), Vec::new());
    for step in 0..info.steps {
        comparison.add_step(info.dims, |z, out_original, out_decoded| {
            let within = z % info.block_dims[0];
            if within == 0 {
                let end = (z + info.block_dims[0]).min(nz);
                source.read(index, step, [z, 0, 0], [end, ny, nx], &mut original)?;
                let mut request = Request::whole(variable as u32, info.dims, f64::from(step));
                (request.min[0], request.max[0]) = (z, end);
                decoded.resize(original.len(), 0.0);
                volume.decode(&request, Target::dense(TargetData::F32(&mut decoded), &request))?;
            }
            let at = within as usize * plane;
            out_original.copy_from_slice(&original[at..at + plane]);
            out_decoded.copy_from_slice(&decoded[at..at + plane]);
            observe(step, z, out_original, out_decoded);
            Ok::<(), Failure>(())
        })?;
        bar.inc(1);
    }
    Ok(comparison.finish())
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
