//! Merging: models of single steps (teachers) become models of many steps (students).

use super::{
    CompressError, CompressOptions, Event, Layout, Summary,
    input::{Input, ModelInput},
    layout::cut,
    run,
};
use crate::source::{Models, Source, SourceVariable};
use neuvol_format::Segment;
use std::{
    path::Path,
    sync::{Mutex, atomic::AtomicBool},
};

/// How models are merged.
#[derive(Debug, Clone)]
pub struct DistillOptions {
    /// Which variables, network and group of steps; blocks are those of the models.
    pub compress: CompressOptions,
    /// Weight α of the data in L_KD + α·L_data; unused without data.
    pub alpha: f64,
    /// Share of the samples that lie between the voxels, 0..1.
    pub off_lattice: f32,
    /// Merge models of just the steps of a group again instead of taking them over.
    pub remerge: bool,
}

/// Merges models into students that minimise L_KD = Σ_t Σ_c ‖M_student(c,t) − M_t(c)‖², plus α times the same against
/// `data` where it is given. Without data the result's errors are upper bounds: those against the models plus the models'
/// own. Models of just the steps of a group are taken over as they are, so old steps are not forgotten; the steps of a
/// shorter one are merged with those that follow.
pub fn distill(
    models: Models,
    data: Option<Box<dyn Source>>,
    output: &Path,
    options: &DistillOptions,
    stop: &AtomicBool,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Result<Summary, CompressError> {
    let mut compress = options.compress.clone();
    if compress.variables.is_empty() && compress.joint.is_empty() {
        compress.variables = models.variables().iter().map(|v| v.name.clone()).collect();
    }
    let mut plain =
        Layout::new(&models, &compress, &|_, variable: &SourceVariable| cut(0, variable.steps, 1).collect())?;
    for variable in &mut plain.variables {
        variable.grid.block_dims = models.block_dims(variable.source_index);
    }
    if let Some(data) = &data {
        check_data(data.as_ref(), &models, &plain)?;
    }
    let inputs = serde_json::json!({
        "models": models.identity(),
        "data": data.as_ref().map(|data| file_identity(data.path())),
        "alpha": data.as_ref().map(|_| options.alpha),
        "off_lattice": options.off_lattice,
        "remerge": options.remerge,
    });
    let existing: Vec<Vec<Segment>> = (0..models.variables().len()).map(|v| segments(&models, v)).collect();
    let remerge = options.remerge;
    let layout = |gop: u32| {
        plain.with_segments(&|index| if remerge { recut(&existing[index], gop) } else { keep(&existing[index], gop) })
    };
    let data = data.map(|data| (Mutex::new(data), options.alpha));
    let input = ModelInput { models, data, off_lattice: options.off_lattice, remerge };
    run(&Input::Models(Box::new(input)), &layout, &inputs, output, &compress, stop, tell)
}

/// What names a file in a run.
pub(super) fn file_identity(path: &Path) -> serde_json::Value {
    let metadata = std::fs::metadata(path).ok();
    let modified = metadata.as_ref().and_then(|m| m.modified().ok());
    serde_json::json!({
        "path": path.display().to_string(),
        "bytes": metadata.as_ref().map(std::fs::Metadata::len),
        "modified": modified.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map(|d| d.as_nanos().to_string()),
    })
}

/// The segments of a variable in all files, one after the other.
fn segments(models: &Models, variable: usize) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let end = |segments: &[Segment]| segments.last().map_or(0, |last| last.first + last.steps);
    while let Some(place) = models.place(variable, end(&segments)) {
        segments.push(place.range);
        if end(&segments) >= models.variables()[variable].steps {
            break;
        }
    }
    segments
}

/// Groups of steps that begin anew, whatever was there.
fn recut(existing: &[Segment], gop: u32) -> Vec<Segment> {
    cut(0, existing.iter().map(|segment| segment.steps).sum(), gop).collect()
}

/// Whole groups that are one segment already stay; the steps between them are cut anew.
fn keep(existing: &[Segment], gop: u32) -> Vec<Segment> {
    let mut kept = Vec::new();
    let mut first = 0;
    for segment in existing.iter().filter(|segment| segment.steps == gop && gop > 1) {
        kept.extend(cut(first, segment.first - first, gop));
        kept.push(*segment);
        first = segment.first + segment.steps;
    }
    let steps = existing.last().map_or(0, |last| last.first + last.steps);
    kept.extend(cut(first, steps - first, gop));
    kept
}

fn check_data(data: &dyn Source, models: &Models, layout: &Layout) -> Result<(), CompressError> {
    for variable in &layout.variables {
        let described = &models.variables()[variable.source_index];
        let found = data.variables().iter().find(|v| v.name == variable.name);
        match found {
            Some(found) if found.dims == variable.grid.dims && found.steps == described.steps => {}
            Some(found) => {
                return Err(CompressError::Argument(format!(
                    "--data: in {} {} has {:?} voxels and {} steps, in the models {:?} and {}; give the data that the models \
                     were made from",
                    data.path().display(),
                    variable.name,
                    found.dims,
                    found.steps,
                    variable.grid.dims,
                    described.steps
                )));
            }
            None => {
                return Err(CompressError::Argument(format!(
                    "--data: {} has no variable {}",
                    data.path().display(),
                    variable.name
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_groups_stay_and_what_is_left_is_cut_anew() {
        let join = |steps: &[u32]| -> Vec<Segment> {
            let mut first = 0;
            let next = |&steps: &u32| {
                first += steps;
                Segment { first: first - steps, steps }
            };
            steps.iter().map(next).collect()
        };
        let lengths = |segments: Vec<Segment>| segments.iter().map(|s| s.steps).collect::<Vec<_>>();
        assert_eq!(lengths(keep(&join(&[4, 2, 1, 1, 1, 1, 1]), 4)), [4, 4, 3]);
        assert_eq!(lengths(keep(&join(&[1, 1, 4, 1]), 4)), [2, 4, 1]);
        assert_eq!(lengths(keep(&join(&[1, 1, 1]), 1)), [1, 1, 1]);
        assert_eq!(lengths(recut(&join(&[1, 1, 4, 1]), 4)), [4, 3]);
    }
}
