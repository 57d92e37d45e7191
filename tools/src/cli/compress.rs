//! `neuvol compress`

use super::{
    Failure,
    steps::StepArgs,
    training::{Network, RunArgs, gop, show},
};
use crate::{
    compress::{CompressOptions, compress},
    source,
};
use std::path::PathBuf;

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
    /// Time steps that share a network: 1 makes a model per step (teachers), more a student fitted to the data, auto chooses
    /// by trying
    #[arg(long, default_value = "1", value_name = "N|auto")]
    gop: String,
    /// Block extent z,y,x in voxels, multiples of 8 up to 256 [default: 64,64,64, less for smaller grids]
    #[arg(long, value_delimiter = ',', value_names = ["Z,Y,X"])]
    block: Option<Vec<u32>>,
    #[command(flatten)]
    steps: StepArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    network: Network,
}

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

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let joint = groups(&args.joint);
    let gop = gop(&args.gop)?;
    let outputs = joint.iter().map(Vec::len).max().unwrap_or(1);
    let options = CompressOptions {
        variables: args.variables.clone(),
        block: block(args.block.as_deref())?,
        train: args.network.options(gop, outputs)?,
        gop,
        steps: args.steps.steps()?,
        threads: args.run.threads,
        restart: args.run.restart,
        joint,
    };
    let source = source::open(&args.input)?;
    log::info!("{}: {}", args.input.display(), source.format());
    show(&args.run, quiet, |output, stop, tell| compress(source, output, &options, stop, tell))
}
