//! `neuvol distill`

use super::{
    Failure,
    compress::groups,
    steps::StepArgs,
    training::{Network, RunArgs, gop, show},
};
use crate::{
    compress::{Codec, CompressOptions, DistillOptions, distill},
    source::{Models, Steps},
};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Models to merge, in the order of their times: teachers (one per step, as `compress` writes them), or older students
    /// followed by teachers of new steps
    #[arg(required = true)]
    models: Vec<PathBuf>,
    /// Variables to merge, each into models of its own, separated by commas [default: all]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Variables that share one student; may be given several times
    #[arg(long = "vars", value_name = "A,B,C")]
    joint: Vec<String>,
    /// Time steps that share a student; auto chooses by trying
    #[arg(long, default_value = "24", value_name = "N|auto")]
    gop: String,
    /// The data that the models were made from: the loss becomes L_KD + alpha * L_data
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Weight of the data against the teachers
    #[arg(long, default_value_t = 1.0, requires = "data")]
    alpha: f64,
    /// Share of the samples that lie between the voxels, 0 to 0.9
    #[arg(long, default_value_t = 0.125, value_name = "SHARE")]
    off_lattice: f32,
    /// Merge models of a whole group of steps again instead of taking them over as they are
    #[arg(long)]
    remerge: bool,
    #[command(flatten)]
    steps: StepArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    network: Network,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let usage = |message: String| Failure::new(Failure::USAGE, message);
    if !(args.alpha >= 0.0 && args.alpha.is_finite()) {
        return Err(usage(format!("--alpha: {} must be 0 or more", args.alpha)));
    }
    if !(0.0..=0.9).contains(&args.off_lattice) {
        return Err(usage(format!("--off-lattice: {} must be 0 to 0.9", args.off_lattice)));
    }
    let joint = groups(&args.joint);
    let gop = gop(&args.gop)?;
    let outputs = joint.iter().map(Vec::len).max().unwrap_or(1);
    let options = DistillOptions {
        compress: CompressOptions {
            codec: Codec::Grid,
            levels: None,
            predictor: None,
            probe_log: None,
            variables: args.variables.clone(),
            block: None,
            train: args.network.options(gop, outputs)?,
            gop,
            steps: Steps::default(),
            threads: args.run.threads,
            restart: args.run.restart,
            joint,
        },
        alpha: args.alpha,
        off_lattice: args.off_lattice,
        remerge: args.remerge,
    };
    let paths: Vec<&Path> = args.models.iter().map(PathBuf::as_path).collect();
    let models = Models::open(&paths)?;
    let data = args.data.as_deref().map(|path| args.steps.open(path)).transpose()?;
    show(&args.run, quiet, |output, stop, tell| distill(models, data, output, &options, stop, tell))
}
