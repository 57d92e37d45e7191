//! `neuvol compress`

use super::{
    Failure,
    steps::StepArgs,
    target::CodecArgs,
    training::{Network, RunArgs, gop, show},
};
use crate::{
    compress::{Codec, CompressOptions, compress},
    predict::{Log, Predictor},
    source,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to read
    input: PathBuf,
    /// Variables to compress, each with models of its own, separated by commas; may be left out if the file has only one
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Variables that share one model (U,V,W of a vector field, related species); may be given several times
    #[arg(long = "vars", value_name = "A,B,C")]
    joint: Vec<String>,
    /// Time steps that share a model: up to 32 with wavelet, 64 with grid. Grid networks: 1 makes a model per step (teachers), more a student fitted to
    /// the data, auto chooses by trying [default: 8 for wavelet, 1 for grid]
    #[arg(long, value_name = "N|auto")]
    gop: Option<String>,
    /// Block extent z,y,x in voxels, multiples of 8 up to 256 [default: 64,64,64, less for smaller grids]
    #[arg(long, value_delimiter = ',', value_names = ["Z,Y,X"])]
    block: Option<Vec<u32>>,
    /// Levels of detail that can be read by themselves, 1 to 4: for streaming [default: as many as cost less than 1 % of the
    /// file]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    levels: Option<u8>,
    #[command(flatten)]
    steps: StepArgs,
    #[command(flatten)]
    codec: CodecArgs,
    #[command(flatten)]
    run: RunArgs,
    /// Predictor of where the search of wavelet models begins, as train-predictor writes it [default: a built-in one]
    #[arg(long, value_name = "FILE", help_heading = "Codec and quality")]
    predictor: Option<PathBuf>,
    /// Add what was tried, and what it gave, to a log for train-predictor
    #[arg(long, value_name = "FILE", help_heading = "Codec and quality")]
    probe_log: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

/// Steps that share a temporal basis: more of them bring nothing on hourly fields.
const WAVELET_GOP: u32 = 8;

/// Checks `--block`.
pub(super) fn block(block: Option<&[u32]>) -> Result<Option<[u32; 3]>, Failure> {
    let usage = |message: String| Failure::new(Failure::USAGE, message);
    let block = match block {
        None => return Ok(None),
        Some(&[z, y, x]) => [z, y, x],
        Some(other) => return Err(usage(format!("--block: {} numbers given, needs Z,Y,X", other.len()))),
    };
    let voxels: u64 = block.iter().map(|&n| u64::from(n)).product();
    if block.iter().any(|&n| n == 0 || n % 8 != 0 || n > 256) || voxels > 1 << 21 {
        return Err(usage(format!(
            "--block: {block:?} must be multiples of 8, at most 256 each and 2097152 voxels together"
        )));
    }
    Ok(Some(block))
}

/// Splits the values of `--vars`.
pub(super) fn groups(joint: &[String]) -> Vec<Vec<String>> {
    joint.iter().map(|names| names.split(',').map(str::to_owned).collect()).collect()
}

fn predictor(path: &Path) -> Result<Arc<Predictor>, Failure> {
    let predictor = Predictor::open(path);
    predictor.map(Arc::new).map_err(|error| Failure::new(Failure::BAD_INPUT, format!("--predictor: {error}")))
}

fn probe_log(path: &Path) -> Result<Arc<Log>, Failure> {
    Log::append(path).map(Arc::new).map_err(|error| {
        Failure::new(Failure::CANNOT_WRITE, format!("--probe-log: cannot write {}: {error}", path.display()))
    })
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let joint = groups(&args.joint);
    let codec = args.codec.codec(&args.network)?;
    let gop = match (&args.gop, &codec) {
        (Some(text), _) => gop(text)?,
        (None, Codec::Wavelet { .. }) => Some(WAVELET_GOP),
        (None, Codec::Grid) => Some(1),
    };
    if codec == Codec::Grid && args.levels.is_some_and(|levels| levels > 1) {
        let message = "--levels: grid networks are read as a whole; leave it out, or use --codec wavelet";
        return Err(Failure::new(Failure::USAGE, message));
    }
    if codec != Codec::Grid {
        let most = neuvol_entropy::MAX_COMPONENTS as u32;
        let only_for_grid = if gop.is_none_or(|gop| gop > most) {
            Some(format!("--gop: --codec wavelet takes 1 to {most} steps; auto and more are for --codec grid"))
        } else if !joint.is_empty() {
            Some("--vars: variables share a network with --codec grid only; use --var, or add --codec grid".into())
        } else if args.run.loss_plot.is_some() {
            Some("--loss-plot: is for --codec grid; leave it out, or add --codec grid".into())
        } else {
            None
        };
        if let Some(message) = only_for_grid {
            return Err(Failure::new(Failure::USAGE, message));
        }
    }
    let outputs = joint.iter().map(Vec::len).max().unwrap_or(1);
    let options = CompressOptions {
        variables: args.variables.clone(),
        block: block(args.block.as_deref())?,
        train: args.network.options(gop, outputs)?,
        codec,
        levels: args.levels,
        gop,
        steps: args.steps.steps()?,
        threads: args.run.threads,
        restart: args.run.restart,
        joint,
        predictor: args.predictor.as_deref().map(predictor).transpose()?,
        probe_log: args.probe_log.as_deref().map(probe_log).transpose()?,
    };
    let source = source::open(&args.input)?;
    log::info!("{}: {}", args.input.display(), source.format());
    show(&args.run, quiet, |output, stop, tell| compress(source, output, &options, stop, tell))
}
