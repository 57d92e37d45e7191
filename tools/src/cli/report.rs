//! `neuvol report`

use super::{Failure, model, output, steps::StepArgs};
use crate::report::{self, Document, Model, ReportError};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model file
    model: PathBuf,
    /// The data that the models were made from
    original: PathBuf,
    /// The HTML file to write; pictures and style are in it
    #[arg(long, short)]
    output: PathBuf,
    /// Another model of the same data, to compare with; may be given several times
    #[arg(long = "with", value_name = "MODEL")]
    others: Vec<PathBuf>,
    /// Variables, separated by commas [default: all of the model]
    #[arg(long = "var", value_delimiter = ',')]
    variables: Vec<String>,
    /// Also write the pictures as files into a folder; made if it does not exist
    #[arg(long, value_name = "FOLDER")]
    png: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// Threads for decoding; 0 = one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    steps: StepArgs,
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::new(Self::BAD_INPUT, error.to_string())
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    check_outputs(args)?;
    let paths: Vec<&Path> = std::iter::once(&args.model).chain(&args.others).map(PathBuf::as_path).collect();
    let mut models = Vec::new();
    for (path, name) in paths.iter().zip(names(&paths)) {
        models.push(Model { name, file: path.display().to_string(), volume: model::open(path, args.threads)? });
    }
    let chosen = model::choose(&models[0].volume, &args.variables)?;
    let bar = output::bar(steps(&models, &chosen), "comparing", quiet);
    let name = args.original.display().to_string();
    let mut original = |volume: &_, variable| model::original(&args.original, &args.steps, volume, variable);
    let document = report::gather(&models, &chosen, &name, &mut original, &mut || bar.inc(1));
    bar.finish_and_clear();
    write(args, &document?)
}

/// Finds out what cannot be written before hours of measuring.
fn check_outputs(args: &Args) -> Result<(), Failure> {
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    let mut inputs = [&args.model, &args.original].into_iter().chain(&args.others);
    if let Some(input) = inputs.find(|input| same(input, &args.output)) {
        let message = format!("--output: {} is an input of the report", input.display());
        return Err(Failure::new(Failure::USAGE, message));
    }
    output::check_output(&args.output, args.force)?;
    match &args.png {
        None => Ok(()),
        Some(folder) => fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error)),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Failure::CANNOT_WRITE, format!("cannot {what} {}: {error}", path.display()))
}

/// Short names: the stems of the files, or their paths where stems are the same.
fn names(paths: &[&Path]) -> Vec<String> {
    let stem = |path: &&Path| path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let stems: Vec<String> = paths.iter().map(stem).collect();
    let unique = |name: &String| stems.iter().filter(|other| *other == name).count() == 1;
    let name = |(path, stem): (&&Path, &String)| if unique(stem) { stem.clone() } else { path.display().to_string() };
    paths.iter().zip(&stems).map(name).collect()
}

/// Steps to compare, all models together.
fn steps(models: &[Model], chosen: &[usize]) -> u64 {
    let names: Vec<&str> = chosen.iter().map(|&variable| model::name(&models[0].volume, variable)).collect();
    let of = |model: &Model| {
        let reader = model.volume.reader();
        let all = reader.meta().variables.iter().zip(reader.variables());
        all.filter(|(meta, _)| names.contains(&meta.name.as_str())).map(|(_, v)| u64::from(v.steps)).sum::<u64>()
    };
    models.iter().map(of).sum()
}

fn write(args: &Args, document: &Document) -> Result<(), Failure> {
    let (html, pictures) = report::page(document).map_err(|error| cannot("draw for", &args.output, &error))?;
    if let Some(folder) = &args.png {
        for picture in &pictures {
            let path = folder.join(&picture.file);
            picture.image.save_png(&path).map_err(|error| cannot("write", &path, &error))?;
        }
    }
    let partial = {
        let mut name = args.output.as_os_str().to_owned();
        name.push(".partial");
        PathBuf::from(name)
    };
    let written = fs::write(&partial, &html).and_then(|()| fs::rename(&partial, &args.output));
    written.map_err(|error| {
        // Nothing half-written stays behind; the first error is the one to report.
        let _ = fs::remove_file(&partial);
        cannot("write", &args.output, &error)
    })?;
    if args.json { output::print_json(document) } else { output::print(&text(args, document, &html, pictures.len())) }
}

fn text(args: &Args, document: &Document, html: &str, pictures: usize) -> String {
    let size = output::bytes(html.len() as u64);
    let mut text = format!("{}: {size} with {pictures} pictures\n", args.output.display());
    for variable in &document.variables {
        for measured in variable.measured.iter().flatten() {
            let total = &measured.report.total;
            let psnr = match total.errors.psnr_db {
                f64::INFINITY => "lossless".to_owned(),
                psnr if psnr.is_nan() => "no valid values".to_owned(),
                psnr => format!("PSNR {psnr:.2} dB"),
            };
            let bytes = output::bytes(measured.bytes.round() as u64);
            let ssim = total.ssim.as_ref().map_or(String::new(), |ssim| format!(", SSIM {:.4}", ssim.mean));
            text += &format!("{}, {}: {bytes}, {psnr}{ssim}\n", variable.name, measured.model);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_by_their_stems_where_those_differ() {
        let paths = ["a/x.neuvol", "b/y.neuvol", "b/x.neuvol"].map(Path::new);
        assert_eq!(names(&paths), ["a/x.neuvol", "y", "b/x.neuvol"]);
    }
}
