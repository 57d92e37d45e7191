//! `neuvol decode`

use super::{Failure, model, output};
use crate::export::netcdf;
use neuvol_engine::{Request, Target, TargetData};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// NetCDF-4 with coordinates and CF attributes
    Netcdf,
    /// 32-bit floats, little-endian, x fastest, one step after the other; invalid voxels are NaN
    Raw,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model file
    model: PathBuf,
    /// Format to write
    #[arg(long, value_enum, default_value = "netcdf")]
    to: Format,
    /// The file to write
    #[arg(long, short)]
    output: PathBuf,
    /// Variables, separated by commas [default: all; raw takes one]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Quality level, 0 is the best (raw only)
    #[arg(long, default_value_t = 0)]
    quality: u8,
    /// Level of detail (raw only): each halves the resolution
    #[arg(long, default_value_t = 0)]
    level: u8,
    /// One time in steps, fractions allowed (raw only) [default: all steps]
    #[arg(long)]
    time: Option<f64>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// Threads for decoding; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    output::check_output(&args.output, args.force)?;
    let volume = model::open(&args.model, args.threads)?;
    let chosen = model::choose(&volume, &args.variables)?;
    match args.to {
        Format::Raw => raw(args, &volume, &chosen, quiet),
        Format::Netcdf => {
            if args.level != 0 || args.quality != 0 || args.time.is_some() {
                return Err(Failure::new(
                    Failure::USAGE,
                    "--level, --quality and --time: NetCDF is written with all steps at full resolution and the best quality; use \
                     --to raw",
                ));
            }
            to_netcdf(args, &volume, &chosen, quiet)
        }
    }
}

fn raw(args: &Args, volume: &neuvol_engine::Volume, chosen: &[usize], quiet: bool) -> Result<(), Failure> {
    let &[variable] = chosen else {
        return Err(Failure::new(Failure::USAGE, "--var: a raw file holds one variable; name it"));
    };
    let info = &volume.reader().variables()[variable];
    if args.level >= info.n_levels {
        let last = info.n_levels - 1;
        return Err(Failure::new(Failure::USAGE, format!("--level: {} is not one of 0..={last}", args.level)));
    }
    model::check_quality(volume, chosen, args.quality)?;
    let dims = info.level_dims(args.level);
    let times: Vec<f64> = match args.time {
        Some(time) => vec![time],
        None => (0..info.steps).map(f64::from).collect(),
    };
    let cannot = |error: std::io::Error| {
        Failure::new(Failure::CANNOT_WRITE, format!("cannot write {}: {error}", args.output.display()))
    };
    let partial = {
        let mut name = args.output.as_os_str().to_owned();
        name.push(".partial");
        PathBuf::from(name)
    };
    let bar = output::bar(times.len() as u64, "decoding", quiet);
    let mut values = Vec::new();
    let mut file = BufWriter::new(File::create(&partial).map_err(cannot)?);
    let mut write = || -> Result<(), Failure> {
        for &time in &times {
            let mut request = Request::whole(variable as u32, dims, time);
            (request.level, request.quality) = (args.level, args.quality);
            let voxels =
                request.voxels().ok_or_else(|| Failure::new(Failure::BAD_INPUT, "the grid does not fit memory"))?;
            values.resize(voxels, 0f32);
            volume.decode(&request, Target::dense(TargetData::F32(&mut values), &request))?;
            for value in &values {
                file.write_all(&value.to_le_bytes()).map_err(cannot)?;
            }
            bar.inc(1);
        }
        file.flush().map_err(cannot)?;
        file.get_ref().sync_all().map_err(cannot)
    };
    let written = write();
    bar.finish_and_clear();
    if written.is_err() {
        // Nothing half-written stays behind; the first error is the one to report.
        let _ = std::fs::remove_file(&partial);
        return written;
    }
    std::fs::rename(&partial, &args.output).map_err(cannot)?;
    output::print(&format!(
        "{}: {} × {} 32-bit floats (z × y × x), {} step{}\n",
        args.output.display(),
        times.len(),
        output::grid(dims),
        times.len(),
        if times.len() == 1 { "" } else { "s" }
    ))
}

fn to_netcdf(args: &Args, volume: &neuvol_engine::Volume, chosen: &[usize], quiet: bool) -> Result<(), Failure> {
    let reader = volume.reader();
    let variables: Vec<netcdf::ExportVariable> = chosen
        .iter()
        .map(|&index| {
            let info = &reader.variables()[index];
            netcdf::ExportVariable { index, dims: info.dims, steps: info.steps, has_time: info.has_time }
        })
        .collect();
    let coordinates = reader
        .coordinate_bytes()
        .map_err(|error| Failure::new(Failure::BAD_INPUT, format!("{}: {error}", args.model.display())))?;
    let bar = output::bar(variables.iter().map(|v| u64::from(v.steps)).sum(), "decoding", quiet);
    let options = netcdf::ExportOptions {
        history: format!("decoded from {} by neuvol {}", args.model.display(), env!("CARGO_PKG_VERSION")),
        deflate: 1,
    };
    let exported =
        netcdf::write(&args.output, reader.meta(), &coordinates, &variables, &options, &mut |index, step, out| {
            bar.inc(1);
            model::decode_step(volume, index, &reader.variables()[index], f64::from(step), out)
                .map(|_| ())
                .map_err(|failure| failure.to_string().into())
        });
    bar.finish_and_clear();
    let exported = exported.map_err(|error| {
        let code = match error {
            netcdf::ExportError::Read { .. } => Failure::BAD_INPUT,
            _ => Failure::CANNOT_WRITE,
        };
        Failure::new(code, error.to_string())
    })?;
    for (name, reason) in &exported.left_out {
        log::warn!("coordinate {name} is left out: {reason}");
    }
    let names: Vec<&str> = chosen.iter().map(|&index| model::name(volume, index)).collect();
    output::print(&format!("{}: {}\n", args.output.display(), names.join(", ")))
}
