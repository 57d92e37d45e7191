//! What the commands need of an open model and the source beside it.

use super::{Failure, steps::StepArgs};
use crate::source::Source;
use neuvol_engine::{OpenOptions, Request, Target, TargetData, Volume};
use neuvol_format::Variable;
use std::path::Path;

/// Opens a model with all cores.
pub(super) fn open(path: &Path, threads: usize) -> Result<Volume, Failure> {
    Volume::open_file(path, OpenOptions { threads, ..OpenOptions::default() }).map_err(|error| match error {
        // As all messages of this program: the path first.
        neuvol_engine::Error::File { path, source } => {
            Failure::new(Failure::BAD_INPUT, format!("{}: {source}", path.display()))
        }
        other => other.into(),
    })
}

/// Finds variables by name; no names = all.
pub(super) fn choose(volume: &Volume, names: &[String]) -> Result<Vec<usize>, Failure> {
    let all: Vec<&str> = volume.reader().meta().variables.iter().map(|v| v.name.as_str()).collect();
    if names.is_empty() {
        return Ok((0..all.len()).collect());
    }
    names
        .iter()
        .map(|name| {
            all.iter().position(|n| n == name).ok_or_else(|| {
                Failure::new(Failure::USAGE, format!("--var: {name} is not in the model; it has: {}", all.join(", ")))
            })
        })
        .collect()
}

/// The name of a variable.
pub(super) fn name(volume: &Volume, variable: usize) -> &str {
    &volume.reader().meta().variables[variable].name
}

/// The CF units of a variable; empty if it has none.
pub(super) fn units(volume: &Volume, variable: usize) -> String {
    attribute(volume, variable, "units").unwrap_or_default()
}

/// A text attribute of a variable.
pub(super) fn attribute(volume: &Volume, variable: usize, name: &str) -> Option<String> {
    let attributes = &volume.reader().meta().variables[variable].attributes;
    attributes.iter().find(|a| a.name == name).and_then(|a| a.as_str()).map(str::to_owned)
}

/// Decodes a whole step at level 0 into `out` (z, y, x; NaN = invalid).
pub(super) fn decode_step(
    volume: &Volume,
    variable: usize,
    info: &Variable,
    time: f64,
    out: &mut Vec<f32>,
) -> Result<neuvol_engine::Stats, Failure> {
    let request = Request::whole(variable as u32, info.dims, time);
    let voxels = request.voxels().ok_or_else(|| Failure::new(Failure::BAD_INPUT, "the grid does not fit memory"))?;
    out.resize(voxels, 0.0);
    Ok(volume.decode(&request, Target::dense(TargetData::F32(out), &request))?)
}

/// The original of a variable: the source and its variable number, checked against the model's grid.
pub(super) fn original(
    path: &Path,
    steps: &StepArgs,
    volume: &Volume,
    variable: usize,
) -> Result<(Box<dyn Source>, usize), Failure> {
    let source = steps.open(path)?;
    let name = name(volume, variable);
    let info = &volume.reader().variables()[variable];
    let index = source.variables().iter().position(|v| v.name == name).ok_or_else(|| {
        let has: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
        Failure::new(
            Failure::BAD_INPUT,
            format!("{} has no variable {name} that fits the model; it has: {}", path.display(), has.join(", ")),
        )
    })?;
    let found = &source.variables()[index];
    if found.dims != info.dims || found.steps != info.steps {
        return Err(Failure::new(
            Failure::BAD_INPUT,
            format!(
                "{}: {name} has {:?} voxels and {} steps, the model has {:?} and {}; it was made from another file",
                path.display(),
                found.dims,
                found.steps,
                info.dims,
                info.steps
            ),
        ));
    }
    Ok((source, index))
}

/// Checks that variables have a quality level.
pub(super) fn check_quality(volume: &Volume, variables: &[usize], quality: u8) -> Result<(), Failure> {
    for &variable in variables {
        let levels = volume.reader().variables()[variable].n_qualities;
        if quality >= levels {
            let name = name(volume, variable);
            let message = format!("--quality: {quality} is not there, {name} has 0 to {}", levels - 1);
            return Err(Failure::new(Failure::USAGE, message));
        }
    }
    Ok(())
}
