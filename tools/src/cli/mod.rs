//! The command line: arguments, exit codes, and one module per command.

mod bench;
#[cfg(feature = "train")]
mod compress;
mod decode;
#[cfg(feature = "train")]
mod distill;
mod generate;
mod info;
mod model;
mod output;
#[cfg(feature = "train")]
mod predictor;
mod preview;
mod report;
mod steps;
#[cfg(feature = "train")]
mod target;
#[cfg(feature = "train")]
mod training;
mod verify;

use crate::{metrics::CompareError, source::SourceError};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Turns scientific volumes into tiny neural models that game engines decode into 3D textures.
///
/// Results go to standard output, progress and messages to standard error.
///
/// Exit codes: 0 done · 2 usage · 3 the quality is below what was asked for, or a mask differs · 65 bad input · 70 bug ·
/// 73 cannot write · 75 interrupted, run the same command again to continue.
#[derive(Debug, Parser)]
#[command(name = "neuvol", version, max_term_width = 110)]
struct Cli {
    /// No progress and no messages except errors
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model of variables of a file (NetCDF, NIfTI, NRRD, TIFF stack, VTK, raw) and write it
    #[cfg(feature = "train")]
    Compress(compress::Args),
    /// Merge models of single steps (teachers) into models of many steps (students), without the data
    #[cfg(feature = "train")]
    Distill(distill::Args),
    /// Fit the network that foresees what compress will need to its own logs
    #[cfg(feature = "train")]
    TrainPredictor(predictor::Args),
    /// Show what a model file holds
    Info(info::Args),
    /// Compare a model file with the data that it was made from
    Verify(verify::Args),
    /// Decode a model file into another format
    Decode(decode::Args),
    /// Write pictures of original, decoded and difference
    Preview(preview::Args),
    /// Write one HTML file with all figures and pictures of a model, and of others beside it
    Report(report::Args),
    /// Time the decoding of a model file on this machine
    Bench(bench::Args),
    /// Write a synthetic day of air quality as NetCDF, as large as wanted
    Generate(generate::Args),
}

/// An error with the exit code that it stands for.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    const USAGE: u8 = 2;
    const BELOW_TARGET: u8 = 3;
    const BAD_INPUT: u8 = 65;
    const CANNOT_WRITE: u8 = 73;
    #[cfg(feature = "train")]
    const BUG: u8 = 70;
    #[cfg(feature = "train")]
    const INTERRUPTED: u8 = 75;

    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(Self::BAD_INPUT, error.to_string())
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Self::new(Self::BAD_INPUT, error.to_string())
    }
}

impl From<neuvol_engine::Error> for Failure {
    fn from(error: neuvol_engine::Error) -> Self {
        Self::new(Self::BAD_INPUT, error.to_string())
    }
}

/// Runs the tool with the process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = if cli.quiet { log::LevelFilter::Error } else { log::LevelFilter::Info };
    env_logger::Builder::new()
        .filter_level(level)
        .parse_default_env()
        .format_timestamp(None)
        .format_target(false)
        .init();
    let result = match cli.command {
        #[cfg(feature = "train")]
        Command::Compress(args) => compress::run(&args, cli.quiet),
        #[cfg(feature = "train")]
        Command::Distill(args) => distill::run(&args, cli.quiet),
        #[cfg(feature = "train")]
        Command::TrainPredictor(args) => predictor::run(&args, cli.quiet),
        Command::Info(args) => info::run(&args),
        Command::Verify(args) => verify::run(&args, cli.quiet),
        Command::Decode(args) => decode::run(&args, cli.quiet),
        Command::Preview(args) => preview::run(&args, cli.quiet),
        Command::Report(args) => report::run(&args, cli.quiet),
        Command::Bench(args) => bench::run(&args, cli.quiet),
        Command::Generate(args) => generate::run(&args, cli.quiet),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("neuvol: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
