//! `neuvol bench`

use super::{Failure, model, output};
use clap::ValueEnum;
use neuvol_engine::{Kernel, OpenOptions, Precision, Request, Target, TargetData, Volume};
use serde::Serialize;
use std::{fmt::Write, fs, path::PathBuf, time::Instant};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model file
    model: PathBuf,
    /// Variables, separated by commas [default: all of the model]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Threads for decoding; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Arithmetic: 32-bit floats, or the fastest that this processor has
    #[arg(long, value_enum, default_value_t = Arithmetic::Fast)]
    precision: Arithmetic,
    /// Level of detail
    #[arg(long, default_value_t = 0)]
    level: u8,
    /// Quality layer, 0 is the best
    #[arg(long, default_value_t = 0)]
    quality: u8,
    /// How often everything is decoded; medians are shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arithmetic {
    Exact,
    Fast,
}

/// What was measured of one variable. Times are wall times.
#[derive(Debug, Serialize)]
struct Timing {
    name: String,
    steps: u32,
    /// Of all steps, on the level that was asked for.
    voxels: u64,
    /// Opening the file and decoding every step once, nothing being prepared.
    opened_anew: Rate,
    /// Decoding every step again, all blocks being prepared.
    prepared: Rate,
    /// Memory that the prepared blocks take.
    prepared_bytes: u64,
}

/// A duration and what it means.
#[derive(Clone, Copy, Debug, Serialize)]
struct Rate {
    seconds: f64,
    mvoxel_per_s: f64,
}

impl Rate {
    /// The median of some rounds.
    fn new(mut seconds: Vec<f64>, voxels: u64) -> Self {
        seconds.sort_by(f64::total_cmp);
        let seconds = seconds[seconds.len() / 2];
        Self { seconds, mvoxel_per_s: voxels as f64 / seconds / 1e6 }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    kernel: &'static str,
    threads: usize,
    rounds: u32,
    variables: Vec<Timing>,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let volume = model::open(&args.model, args.threads)?;
    let chosen = model::choose(&volume, &args.variables)?;
    model::check_quality(&volume, &chosen, args.quality)?;
    for &variable in &chosen {
        let n = volume.reader().variables()[variable].n_levels;
        if args.level >= n {
            let name = model::name(&volume, variable);
            let message = format!("--level: {} is not there, {name} has 0 to {}", args.level, n - 1);
            return Err(Failure::new(Failure::USAGE, message));
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let bar = output::bar(u64::from(args.rounds) * 2 * chosen.len() as u64, "timing", quiet);
    let mut report = Report {
        kernel: Kernel::best(precision(args)).name(),
        threads: if args.threads == 0 { cores } else { args.threads },
        rounds: args.rounds,
        variables: Vec::new(),
    };
    for variable in chosen {
        report.variables.push(time(args, variable, &mut || bar.inc(1))?);
    }
    bar.finish_and_clear();
    if args.json { output::print_json(&report) } else { output::print(&text(args, &report)) }
}

fn precision(args: &Args) -> Precision {
    match args.precision {
        Arithmetic::Exact => Precision::Exact,
        Arithmetic::Fast => Precision::Fast,
    }
}

fn time(args: &Args, variable: usize, done: &mut dyn FnMut()) -> Result<Timing, Failure> {
    // Room for all blocks: what a player would have that scrubs through all steps.
    let options = OpenOptions { threads: args.threads, cache_bytes: u64::MAX };
    let (mut anew, mut prepared) = (Vec::new(), Vec::new());
    let mut values = Vec::new();
    let (mut prepared_bytes, mut found) = (0, None);
    for _ in 0..args.rounds {
        let start = Instant::now();
        let volume = Volume::open_file(&args.model, options)?;
        decode_all(args, &volume, variable, &mut values)?;
        anew.push(start.elapsed().as_secs_f64());
        done();
        let start = Instant::now();
        decode_all(args, &volume, variable, &mut values)?;
        prepared.push(start.elapsed().as_secs_f64());
        done();
        prepared_bytes = volume.stats().cache_bytes;
        found = Some(volume);
    }
    // There is at least one round.
    let volume = found.ok_or_else(|| Failure::new(Failure::USAGE, "--rounds: at least 1"))?;
    let info = &volume.reader().variables()[variable];
    let voxels = info.level_dims(args.level).iter().map(|&n| u64::from(n)).product::<u64>() * u64::from(info.steps);
    Ok(Timing {
        name: model::name(&volume, variable).to_owned(),
        steps: info.steps,
        voxels,
        opened_anew: Rate::new(anew, voxels),
        prepared: Rate::new(prepared, voxels),
        prepared_bytes,
    })
}

/// Decodes every step of a variable, one after the other, into the same memory.
fn decode_all(args: &Args, volume: &Volume, variable: usize, values: &mut Vec<f32>) -> Result<(), Failure> {
    let info = &volume.reader().variables()[variable];
    for step in 0..info.steps {
        let mut request = Request::whole(variable as u32, info.level_dims(args.level), f64::from(step));
        request.level = args.level;
        request.quality = args.quality;
        request.precision = precision(args);
        let voxels =
            request.voxels().ok_or_else(|| Failure::new(Failure::BAD_INPUT, "the grid does not fit memory"))?;
        values.resize(voxels, 0.0);
        volume.decode(&request, Target::dense(TargetData::F32(values), &request))?;
    }
    Ok(())
}

fn text(args: &Args, report: &Report) -> String {
    let bytes = fs::metadata(&args.model).map_or(0, |metadata| metadata.len());
    let mut text = format!(
        "{} ({}), {} on {} threads, medians of {} rounds, level {}\n",
        args.model.display(),
        output::bytes(bytes),
        report.kernel,
        report.threads,
        report.rounds,
        args.level
    );
    for timing in &report.variables {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n{}: {} steps, {:.1} Mvoxel", timing.name, timing.steps, timing.voxels as f64 / 1e6);
        let mut line = |what: &str, rate: Rate| {
            let _ = writeln!(
                text,
                "  {what:<12} {:>8.3} s {:>8.0} Mvoxel/s {:>8.1} ms per step",
                rate.seconds,
                rate.mvoxel_per_s,
                1e3 * rate.seconds / f64::from(timing.steps)
            );
        };
        line("opened anew", timing.opened_anew);
        line("prepared", timing.prepared);
        let _ = writeln!(text, "  prepared blocks take {}", output::bytes(timing.prepared_bytes));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_shown() {
        let rate = Rate::new(vec![9.0, 1.0, 2.0], 4_000_000);
        assert_eq!((rate.seconds, rate.mvoxel_per_s), (2.0, 2.0));
    }
}
