//! `neuvol preview`

use super::{Failure, model, output, steps::StepArgs};
use crate::{
    metrics::{Options, compare},
    preview::{FigureSpec, LinePlot, MiddleSlices, RgbImage, Series, line_plot, slice_figure},
};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The data that the model was made from
    original: PathBuf,
    /// The model file
    model: PathBuf,
    /// Folder for the pictures; made if it does not exist
    #[arg(long, short)]
    output: PathBuf,
    /// Variables, separated by commas [default: all of the model]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Time steps to show, separated by commas [default: the middle one]
    #[arg(long = "step", value_delimiter = ',')]
    steps: Vec<u32>,
    /// Threads for decoding; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    taken: StepArgs,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let volume = model::open(&args.model, args.threads)?;
    let chosen = model::choose(&volume, &args.variables)?;
    for &variable in &chosen {
        let last = volume.reader().variables()[variable].steps - 1;
        if let Some(step) = args.steps.iter().find(|&&step| step > last) {
            return Err(Failure::new(Failure::USAGE, format!("--step: {step} is not one of 0..={last}")));
        }
    }
    fs::create_dir_all(&args.output).map_err(|error| {
        Failure::new(Failure::CANNOT_WRITE, format!("cannot make {}: {error}", args.output.display()))
    })?;
    let total: u64 = chosen.iter().map(|&v| u64::from(volume.reader().variables()[v].steps)).sum();
    let bar = output::bar(total, "comparing", quiet);
    let mut written = String::new();
    for variable in chosen {
        let info = &volume.reader().variables()[variable];
        let name = model::name(&volume, variable);
        let units = model::units(&volume, variable);
        let (mut source, index) = model::original(&args.original, &args.taken, &volume, variable)?;
        let steps = if args.steps.is_empty() { vec![info.steps / 2] } else { args.steps.clone() };
        let mut slices: Vec<(u32, MiddleSlices)> =
            steps.iter().map(|&step| (step, MiddleSlices::new(info.dims))).collect();
        let options = Options { ssim: false, ..Options::default() };
        let mut done = || bar.inc(1);
        let report = compare(&volume, variable, source.as_mut(), index, options, &mut done, &mut |step, z, a, b| {
            for (_, slices) in slices.iter_mut().filter(|(wanted, _)| *wanted == step) {
                slices.add_plane(z, a, b);
            }
        })?;
        let long_name = model::attribute(&volume, variable, "long_name")
            .or_else(|| model::attribute(&volume, variable, "standard_name"))
            .unwrap_or_default();
        for (step, slices) in slices {
            let title = if info.has_time { format!("{name}, step {step} of {}", info.steps) } else { name.to_owned() };
            let figure = slice_figure(&FigureSpec {
                title: &title,
                subtitle: &long_name,
                units: &units,
                psnr_db: Some(report.steps[step as usize].errors.psnr_db),
                slices: slices.slices(),
                ..FigureSpec::default()
            });
            save(&figure, &args.output.join(format!("{}_step{step:03}.png", file_name(name))), &mut written)?;
        }
        if info.steps > 1 {
            let points = report.steps.iter().enumerate().map(|(step, f)| (step as f64, f.errors.psnr_db)).collect();
            let plot = line_plot(&LinePlot {
                title: &format!("{name}: quality by time step"),
                x_label: "step",
                y_label: "PSNR [dB]",
                series: vec![Series { name: name.to_owned(), points }],
                target: Some((report.total.errors.psnr_db, "all steps")),
                ..LinePlot::default()
            });
            save(&plot, &args.output.join(format!("{}_psnr.png", file_name(name))), &mut written)?;
        }
    }
    bar.finish_and_clear();
    output::print(&written)
}

/// A variable's name as a file name.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

fn save(image: &RgbImage, path: &Path, written: &mut String) -> Result<(), Failure> {
    image
        .save_png(path)
        .map_err(|error| Failure::new(Failure::CANNOT_WRITE, format!("cannot write {}: {error}", path.display())))?;
    // Writing into a String cannot fail.
    let _ = writeln!(written, "{}", path.display());
    Ok(())
}
