//! What the commands that train have in common: options of the network, progress, the summary.

use super::{Failure, output};
use crate::{
    compress::{CompressError, Event, Summary, VariableSummary},
    metrics::CompareError,
    preview::{LinePlot, Series, line_plot},
    train::{LOSS_EVERY, Sampling, Student, TrainError, TrainOptions},
};
use indicatif::ProgressBar;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// Turned on by Ctrl-C and SIGTERM.
static STOP: AtomicBool = AtomicBool::new(false);

/// How the run goes and where its result goes
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The model file to write
    #[arg(long, short)]
    pub(super) output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// Throw an unfinished run of the same output away instead of continuing it
    #[arg(long)]
    pub(super) restart: bool,
    /// One JSON object per line on standard output: start, progress, done
    #[arg(long)]
    json: bool,
    /// Blocks trained at once; 0 = one per core
    #[arg(long, default_value_t = 0)]
    pub(super) threads: usize,
    /// Also write a picture of the loss along training
    #[arg(long, value_name = "PNG")]
    pub(super) loss_plot: Option<PathBuf>,
}

/// The network of a block and its training
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network (terms of instant-ngp) and training")]
pub(super) struct Network {
    /// Grid levels; each has cells half as long as the one before
    #[arg(long, default_value_t = TrainOptions::default().n_levels)]
    n_levels: u8,
    /// Features per grid vertex [default: 4 for single steps, 8 for groups of steps]
    #[arg(long)]
    n_features_per_level: Option<u8>,
    /// Levels with more than 2^N vertices are hashed into 2^N entries; 0 = never
    #[arg(long, default_value_t = TrainOptions::default().log2_hashmap_size)]
    log2_hashmap_size: u8,
    /// Cell of the finest level: 2^N voxels
    #[arg(long, default_value_t = TrainOptions::default().log2_finest_cell)]
    log2_finest_cell: u8,
    /// Width of the hidden layers
    #[arg(long, default_value_t = TrainOptions::default().n_neurons)]
    n_neurons: u16,
    /// Hidden layers
    #[arg(long, default_value_t = TrainOptions::default().n_hidden_layers)]
    n_hidden_layers: u8,
    /// Optimiser steps of a block of average entropy, for a network of one time step; one of n steps gets √n times as many
    #[arg(long, default_value_t = TrainOptions::default().steps)]
    steps: u32,
    /// Voxels per optimiser step
    #[arg(long, default_value_t = TrainOptions::default().batch)]
    batch: u32,
    /// Learning rate of the grid at the start
    #[arg(long, default_value_t = TrainOptions::default().learning_rate)]
    learning_rate: f32,
    /// How training voxels are drawn
    #[arg(long, value_enum, default_value_t = TrainOptions::default().sampling)]
    sampling: Sampling,
    /// How one network stands for several steps
    #[arg(long, value_enum, default_value_t = TrainOptions::default().student)]
    student: Student,
    /// Store parameters as entropy-coded integers and train for λ times their bits per value beside the squared error, as
    /// shares of the variable's range: smaller files, of a lower quality the larger λ is; about 0.001 to 0.00001 [default:
    /// parameters as 16-bit floats]
    #[arg(long, value_name = "LAMBDA")]
    rate: Option<f32>,
    /// Seed of everything random; the same seed gives the same file
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Features per level of a network of one time step, and of several.
const FEATURES: (u8, u8) = (4, 8);

impl Network {
    /// The name of an option that was given another value than its default, if there is one.
    pub(super) fn changed(&self) -> Option<&'static str> {
        let usual = TrainOptions::default();
        let changed = [
            ("--n-levels", self.n_levels != usual.n_levels),
            ("--n-features-per-level", self.n_features_per_level.is_some()),
            ("--log2-hashmap-size", self.log2_hashmap_size != usual.log2_hashmap_size),
            ("--log2-finest-cell", self.log2_finest_cell != usual.log2_finest_cell),
            ("--n-neurons", self.n_neurons != usual.n_neurons),
            ("--n-hidden-layers", self.n_hidden_layers != usual.n_hidden_layers),
            ("--steps", self.steps != usual.steps),
            ("--batch", self.batch != usual.batch),
            ("--learning-rate", self.learning_rate != usual.learning_rate),
            ("--sampling", self.sampling != usual.sampling),
            ("--student", self.student != usual.student),
            ("--rate", self.rate.is_some()),
        ];
        changed.into_iter().find(|(_, changed)| *changed).map(|(name, _)| name)
    }

    /// Checks the options; `gop` steps and `outputs` variables share a network.
    pub(super) fn options(&self, gop: Option<u32>, outputs: usize) -> Result<TrainOptions, Failure> {
        let usage = |message: String| Failure::new(Failure::USAGE, message);
        if self.steps == 0 || self.batch == 0 || self.batch > 1 << 22 {
            return Err(usage("--steps must be at least 1, --batch 1 to 4194304".into()));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return Err(usage(format!("--learning-rate: {} must be above 0 and at most 1", self.learning_rate)));
        }
        if let Some(rate) = self.rate
            && !(1e-9..=1.0).contains(&rate)
        {
            return Err(usage(format!("--rate: {rate} must be 1e-9 to 1; 0.0003 is a usual one")));
        }
        let usual = if gop == Some(1) { FEATURES.0 } else { FEATURES.1 };
        let n_features_per_level = self.n_features_per_level.unwrap_or(usual.max(outputs as u8));
        if usize::from(n_features_per_level) < outputs {
            return Err(usage(format!(
                "--n-features-per-level: {n_features_per_level} features cannot hold {outputs} variables; give one or more each"
            )));
        }
        let train = TrainOptions {
            n_levels: self.n_levels,
            n_features_per_level,
            log2_hashmap_size: self.log2_hashmap_size,
            log2_finest_cell: self.log2_finest_cell,
            n_neurons: self.n_neurons,
            n_hidden_layers: self.n_hidden_layers,
            steps: self.steps,
            batch: self.batch,
            learning_rate: self.learning_rate,
            sampling: self.sampling,
            student: self.student,
            rate: self.rate,
            seed: self.seed,
        };
        if usize::from(self.n_neurons) < outputs {
            return Err(usage(format!("--n-neurons: {} neurons cannot hold {outputs} variables", self.n_neurons)));
        }
        let config = train.grid_config([256; 3], outputs, gop.unwrap_or(1) as usize);
        config.validate().map_err(|error| usage(format!("network: {error}")))?;
        Ok(train)
    }
}

/// Most steps that share a network: their values are in memory together while it is trained.
const MAX_GOP: u32 = 64;

/// Reads `--gop`: a number of steps, or `auto`, which is `None`.
pub(super) fn gop(text: &str) -> Result<Option<u32>, Failure> {
    match text.parse() {
        Ok(gop) if (1..=MAX_GOP).contains(&gop) => Ok(Some(gop)),
        _ if text == "auto" => Ok(None),
        _ => Err(Failure::new(Failure::USAGE, format!("--gop: {text} must be 1 to {MAX_GOP} steps, or auto"))),
    }
}

/// Watches for Ctrl-C, shows the run of `work`, and prints its summary.
pub(super) fn show(
    args: &RunArgs,
    quiet: bool,
    work: impl FnOnce(&Path, &AtomicBool, &mut (dyn FnMut(Event) + Send)) -> Result<Summary, CompressError>,
) -> Result<(), Failure> {
    output::check_output(&args.output, args.force)?;
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::new(Failure::BUG, format!("cannot watch for Ctrl-C: {error}")))?;
    let start = Instant::now();
    let mut display = Display { bar: ProgressBar::hidden(), stage: "", quiet, json: args.json, failure: None };
    let result = work(&args.output, &STOP, &mut |event| display.show(&event));
    display.bar.finish_and_clear();
    if let Some(failure) = display.failure {
        return Err(failure);
    }
    let summary = result.map_err(failure)?;
    if let Some(path) = &args.loss_plot {
        plot_losses(&summary, path)?;
    }
    if args.json {
        let mut line = serde_json::json!(summary);
        line["event"] = "done".into();
        line["seconds"] = start.elapsed().as_secs_f64().into();
        line["cpu_seconds"] = output::cpu_seconds().into();
        line["peak_memory"] = output::peak_memory().into();
        output::print_json(&line)
    } else {
        output::print(&describe(&summary, start.elapsed().as_secs_f64()))
    }
}

/// Draws the median loss of the trained blocks, one line per variable.
fn plot_losses(summary: &Summary, path: &Path) -> Result<(), Failure> {
    let line = |v: &VariableSummary| {
        let points = v.losses.iter().enumerate().map(|(at, &loss)| ((at as u32 * LOSS_EVERY).into(), loss.into()));
        Series { name: v.name.clone(), points: points.collect() }
    };
    let plot = line_plot(&LinePlot {
        title: "Training: median of the blocks",
        x_label: "optimiser step",
        y_label: "mean squared error of values in 0..1",
        series: summary.variables.iter().map(line).collect(),
        logarithmic: true,
        ..LinePlot::default()
    });
    plot.save_png(path)
        .map_err(|error| Failure::new(Failure::CANNOT_WRITE, format!("cannot write {}: {error}", path.display())))
}

fn failure(error: CompressError) -> Failure {
    let code = match &error {
        CompressError::Source(_) => Failure::BAD_INPUT,
        CompressError::Argument(_) => Failure::USAGE,
        CompressError::Train { source: TrainError::Diverged { .. }, .. } => Failure::USAGE,
        CompressError::Check(CompareError::Source(_)) => Failure::BAD_INPUT,
        CompressError::Train { .. }
        | CompressError::ReadBack { .. }
        | CompressError::Check(_)
        | CompressError::Threads(_) => Failure::BUG,
        CompressError::Journal(_) | CompressError::Write { .. } => Failure::CANNOT_WRITE,
        CompressError::Interrupted { .. } => Failure::INTERRUPTED,
    };
    Failure::new(code, error.to_string())
}

fn describe(summary: &Summary, seconds: f64) -> String {
    let mut text = String::new();
    for v in &summary.variables {
        let [constant, raw, grid] = v.blocks;
        let (least, most) = if v.measured { ("", "") } else { ("at least ", "at most ") };
        text += &format!(
            "{}: PSNR {least}{:.2} dB, RMSE {most}{}, largest error {most}{}; blocks: {grid} models, {raw} raw, {constant} \
             constant\n",
            v.name,
            v.psnr,
            output::value(v.rmse),
            output::value(v.max_abs_error)
        );
        if (v.fitted_psnr - v.psnr).abs() > 1e-6 {
            text += &format!("  PSNR {:.2} dB against the models (and data) that it was fitted to\n", v.fitted_psnr);
        }
        if let Some(psnr) = v.forgetting_psnr {
            text += &match psnr.is_finite() {
                true => format!("  PSNR {psnr:.2} dB of the old steps against what the old models gave\n"),
                false => "  the old steps give what the old models gave\n".to_owned(),
            };
        }
    }
    text += &format!(
        "{}: {}, {:.1} times smaller than {} of 32-bit floats, in {seconds:.1} s{}\n",
        summary.output.display(),
        output::bytes(summary.bytes),
        summary.ratio,
        output::bytes(summary.raw_bytes),
        output::peak_memory().map_or(String::new(), |n| format!(" and at most {} of memory", output::bytes(n)))
    );
    text
}

/// Shows events as bars or as JSON lines.
struct Display {
    bar: ProgressBar,
    stage: &'static str,
    quiet: bool,
    json: bool,
    failure: Option<Failure>,
}

impl Display {
    fn show(&mut self, event: &Event) {
        if self.json && !matches!(event, Event::Scan { .. } | Event::Probing { .. } | Event::Write) {
            let printed = output::print_json(event);
            self.failure = self.failure.take().or(printed.err());
        }
        let quiet = self.quiet;
        match *event {
            Event::Scan { done, total } => self.stage("reading", total, quiet).set_position(done),
            Event::Probing { done, total } => self.stage("trying", total, quiet).set_position(done),
            Event::Probe(probe) => {
                if !quiet {
                    self.bar.suspend(|| {
                        log::info!(
                            "{} steps together, {} features: {}, {:.2} dB",
                            probe.gop,
                            probe.n_features_per_level,
                            output::bytes(probe.bytes),
                            probe.psnr
                        );
                    });
                }
            }
            Event::Attempt { step, psnr, bytes, reached } => {
                if !quiet {
                    self.bar.suspend(|| {
                        let verdict = if reached { "reached" } else { "not reached" };
                        log::info!("step {step:.4}: {psnr:.2} dB, {}, target {verdict}", output::bytes(bytes));
                    });
                }
            }
            Event::Start { total, resumed } => {
                if resumed > 0 && !quiet {
                    self.bar.suspend(|| log::info!("continuing: {resumed} of {total} blocks are finished"));
                }
                let bar = self.stage("training", total, quiet);
                bar.set_position(resumed);
                // The rate is that of this run, not of the one before.
                bar.reset_eta();
            }
            Event::Progress { done, total, loss, psnr, bytes } => {
                let bar = self.stage("training", total, quiet);
                let loss = loss.map_or(String::new(), |loss| format!("loss {loss:.2e}, "));
                bar.set_message(format!("· {loss}PSNR {psnr:.2} dB, {}", output::bytes(bytes)));
                bar.set_position(done);
            }
            Event::Write => {
                self.stage("writing", 1, quiet);
            }
        }
    }

    fn stage(&mut self, stage: &'static str, total: u64, quiet: bool) -> &ProgressBar {
        if self.stage != stage {
            self.bar.finish_and_clear();
            self.bar = output::bar(total, stage, quiet);
            self.stage = stage;
        }
        &self.bar
    }
}
