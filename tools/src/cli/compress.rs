//! `neuvol compress`

use super::{Failure, output};
use crate::{
    compress::{CompressError, CompressOptions, Event, Summary, VariableSummary, compress},
    preview::{LinePlot, Series, line_plot},
    source,
    train::{LOSS_EVERY, Sampling, TrainError, TrainOptions},
};
use indicatif::ProgressBar;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// Turned on by Ctrl-C and SIGTERM.
static STOP: AtomicBool = AtomicBool::new(false);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to read
    input: PathBuf,
    /// Variables to compress, separated by commas; may be left out if the file has only one
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// The model file to write
    #[arg(long, short)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// Throw an unfinished run of the same output away instead of continuing it
    #[arg(long)]
    restart: bool,
    /// One JSON object per line on standard output: start, progress, done
    #[arg(long)]
    json: bool,
    /// Blocks trained at once; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Block extent z,y,x in voxels, multiples of 8 up to 256 [default: 64,64,64, less for smaller grids]
    #[arg(long, value_delimiter = ',', value_names = ["Z,Y,X"])]
    block: Option<Vec<u32>>,
    /// Also write a picture of the loss along training
    #[arg(long, value_name = "PNG")]
    loss_plot: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

/// The network of a block and its training
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network (terms of instant-ngp) and training")]
struct Network {
    /// Grid levels; each has cells half as long as the one before
    #[arg(long, default_value_t = TrainOptions::default().n_levels)]
    n_levels: u8,
    /// Features per grid vertex
    #[arg(long, default_value_t = TrainOptions::default().n_features_per_level)]
    n_features_per_level: u8,
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
    /// Optimiser steps of a block of average entropy
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
    /// Seed of everything random; the same seed gives the same file
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Args {
    fn options(&self) -> Result<CompressOptions, Failure> {
        let usage = |message: String| Failure::new(Failure::USAGE, message);
        let block = match self.block.as_deref() {
            None => None,
            Some(&[z, y, x]) => Some([z, y, x]),
            Some(other) => return Err(usage(format!("--block: {} numbers given, needs Z,Y,X", other.len()))),
        };
        if let Some(block) = block {
            let voxels: u64 = block.iter().map(|&n| u64::from(n)).product();
            if block.iter().any(|&n| n == 0 || n % 8 != 0 || n > 256) || voxels > 1 << 21 {
                return Err(usage(format!(
                    "--block: {block:?} must be multiples of 8, at most 256 each and 2097152 voxels together"
                )));
            }
        }
        let n = &self.network;
        if n.steps == 0 || n.batch == 0 || n.batch > 1 << 22 {
            return Err(usage("--steps must be at least 1, --batch 1 to 4194304".into()));
        }
        if !(n.learning_rate > 0.0 && n.learning_rate <= 1.0) {
            return Err(usage(format!("--learning-rate: {} must be above 0 and at most 1", n.learning_rate)));
        }
        let train = TrainOptions {
            n_levels: n.n_levels,
            n_features_per_level: n.n_features_per_level,
            log2_hashmap_size: n.log2_hashmap_size,
            log2_finest_cell: n.log2_finest_cell,
            n_neurons: n.n_neurons,
            n_hidden_layers: n.n_hidden_layers,
            steps: n.steps,
            batch: n.batch,
            learning_rate: n.learning_rate,
            sampling: n.sampling,
            seed: n.seed,
        };
        train.grid_config([256; 3]).validate().map_err(|error| usage(format!("network: {error}")))?;
        Ok(CompressOptions {
            variables: self.variables.clone(),
            block,
            train,
            threads: self.threads,
            restart: self.restart,
        })
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let options = args.options()?;
    output::check_output(&args.output, args.force)?;
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::new(Failure::BUG, format!("cannot watch for Ctrl-C: {error}")))?;
    let source = source::open(&args.input)?;
    log::info!("{}: {}", args.input.display(), source.format());
    let start = Instant::now();
    let mut display = Display { bar: ProgressBar::hidden(), stage: "", quiet, json: args.json, failure: None };
    let result = compress(source, &args.output, &options, &STOP, &mut |event| display.show(&event));
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
        CompressError::Train { .. } | CompressError::ReadBack { .. } | CompressError::Threads(_) => Failure::BUG,
        CompressError::Journal(_) | CompressError::Write { .. } => Failure::CANNOT_WRITE,
        CompressError::Interrupted { .. } => Failure::INTERRUPTED,
    };
    Failure::new(code, error.to_string())
}

fn describe(summary: &Summary, seconds: f64) -> String {
    let mut text = String::new();
    for v in &summary.variables {
        let [constant, raw, grid] = v.blocks;
        text += &format!(
            "{}: PSNR {:.2} dB, RMSE {}, largest error {}; blocks: {grid} networks, {raw} raw, {constant} constant\n",
            v.name,
            v.psnr,
            output::value(v.rmse),
            output::value(v.max_abs_error)
        );
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
        if self.json && !matches!(event, Event::Scan { .. } | Event::Write) {
            let printed = output::print_json(event);
            self.failure = self.failure.take().or(printed.err());
        }
        let quiet = self.quiet;
        match *event {
            Event::Scan { done, total } => self.stage("reading", total, quiet).set_position(done),
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
