//! `neuvol generate`

use super::{Failure, output};
use crate::generate::{GenerateError, GenerateOptions, VARIABLES, generate};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The NetCDF file to write
    output: PathBuf,
    /// Time steps, levels, rows and columns
    #[arg(long, default_value = "24x40x200x300", value_name = "TxZxYxX", value_parser = parse_size)]
    size: [u32; 4],
    /// Seed of the weather
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Variables, separated by commas, among PM25, O3, T
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

fn parse_size(text: &str) -> Result<[u32; 4], String> {
    let numbers: Vec<u32> =
        text.split('x').map(|n| n.parse().map_err(|_| format!("{n:?} is not a number"))).collect::<Result<_, _>>()?;
    match numbers[..] {
        [t, z, y, x] if numbers.iter().all(|n| (1..=4096).contains(n)) => Ok([t, z, y, x]),
        [_, _, _, _] => Err("each number must be 1 to 4096".to_owned()),
        _ => Err("needs four numbers: steps x levels x rows x columns".to_owned()),
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    output::check_output(&args.output, args.force)?;
    let [nt, nz, ny, nx] = args.size;
    let variables = match &args.variables[..] {
        [] => VARIABLES.map(String::from).to_vec(),
        chosen => chosen.to_vec(),
    };
    let options = GenerateOptions { nt, nz, ny, nx, seed: args.seed, variables };
    let bar = output::bar(u64::from(nt), "writing", quiet);
    let result = generate(&args.output, &options, |done| bar.set_position(u64::from(done)));
    bar.finish_and_clear();
    result.map_err(|error| {
        let code = match error {
            GenerateError::Argument { .. } => Failure::USAGE,
            GenerateError::NetCdf { .. } | GenerateError::Io { .. } => Failure::CANNOT_WRITE,
        };
        Failure::new(code, error.to_string())
    })?;
    let bytes = std::fs::metadata(&args.output).map_or(0, |m| m.len());
    output::print(&format!(
        "{}: {nt} × {nz} × {ny} × {nx} (t × z × y × x) of {}, {}\n",
        args.output.display(),
        options.variables.join(", "),
        output::bytes(bytes)
    ))
}
