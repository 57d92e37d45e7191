//! One document about a model file, and others beside it: quality by step, bytes by part, block and segment, training,
//! the worst block.
//!
//! [`gather`] measures (a slab of blocks in memory at a time), [`page`] makes one HTML file of what it found. Everything
//! in a [`Document`] can be written as JSON; figures without a value (NaN, infinite) are null there.

mod dates;
mod head;
mod html;
mod parts;
mod pictures;
mod rate;
#[cfg(test)]
mod tests;
mod worst;

pub use dates::TimeAxis;
pub use head::{ModelInfo, VariableInfo};
pub use html::page;
pub use parts::Part;
pub use pictures::Picture;
pub use rate::{BlockBytes, Rate, SegmentBytes};
pub use worst::{Worst, WorstIn};

use crate::{
    metrics::{self, CompareError, Options, compare},
    source::Source,
};
use neuvol_engine::Volume;
use serde::Serialize;

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A model or the data cannot be read.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A model file is damaged.
    #[error("{file}: {source}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong.
        source: neuvol_format::Error,
    },
    /// A payload of a model file is damaged.
    #[error("{file}: {source}")]
    Payload {
        /// The file.
        file: String,
        /// What is wrong.
        source: neuvol_model::Error,
    },
}

/// An open model file of the report.
pub struct Model {
    /// Its name in tables and pictures.
    pub name: String,
    /// Its path, for people.
    pub file: String,
    /// The file.
    pub volume: Volume,
}

/// Everything that the report says.
#[derive(Debug, Serialize)]
pub struct Document {
    /// The data that the models are compared with.
    pub original: String,
    /// The files: the model first, then the others.
    pub models: Vec<ModelInfo>,
    /// The compared variables.
    pub variables: Vec<VariableReport>,
}

/// What was found about one variable.
#[derive(Debug, Serialize)]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// Its units; may be empty.
    pub units: String,
    /// Its long name; may be empty.
    pub long_name: String,
    /// Its time axis, if it has one whose values are known.
    pub time: Option<TimeAxis>,
    /// One per file, in their order; `None` where a file lacks the variable.
    pub measured: Vec<Option<Measured>>,
    /// Bytes of the first file by block and segment.
    pub rate: Rate,
    /// The worst block of the first file; `None` without valid values.
    pub worst: Option<Worst>,
}

/// The figures of a variable in one file.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Name of the file in the report.
    pub model: String,
    /// Bytes of its payloads and masks; what variables share is split evenly.
    pub bytes: f64,
    /// Bits per valid value of these bytes; NaN (null) without valid values.
    pub bits_per_value: f64,
    /// The comparison with the data.
    #[serde(flatten)]
    pub report: metrics::Report,
}

/// Finds the data of a variable of a volume, checked against its grid.
pub type Original<'a, E> = dyn FnMut(&Volume, usize) -> Result<(Box<dyn Source>, usize), E> + 'a;

/// Compares every model with the data and looks into the files. `chosen` are variables of the first model; `done` is
/// called after every step of a comparison.
///
/// # Errors
/// Those of `original`; a file that is damaged.
pub fn gather<E: From<ReportError>>(
    models: &[Model],
    chosen: &[usize],
    original_name: &str,
    original: &mut Original<'_, E>,
    done: &mut dyn FnMut(),
) -> Result<Document, E> {
    let infos = models.iter().map(ModelInfo::read).collect::<Result<Vec<_>, _>>()?;
    let rates = models.iter().map(rate::rates).collect::<Result<Vec<_>, _>>()?;
    let mut variables = Vec::new();
    for &variable in chosen {
        let Some(first) = models.first() else { break };
        let meta = &first.volume.reader().meta().variables[variable];
        let mut measured = Vec::new();
        let mut present = Vec::new();
        let mut place = None;
        for (n, model) in models.iter().enumerate() {
            let names = &model.volume.reader().meta().variables;
            let Some(own) = names.iter().position(|other| other.name == meta.name) else {
                measured.push(None);
                continue;
            };
            let info = &model.volume.reader().variables()[own];
            let (mut source, index) = original(&model.volume, own)?;
            let mut blocks = worst::BlockErrors::new(info);
            let mut observe = |step, z, a: &[f32], b: &[f32]| blocks.add_plane(step, z, a, b);
            let report = compare(&model.volume, own, source.as_mut(), index, Options::default(), done, &mut observe)
                .map_err(ReportError::from)?;
            if n == 0 {
                place = worst::place(&report, &blocks);
            }
            let bytes = rates[n][own].total();
            let bits_per_value = if info.valid == 0 { f64::NAN } else { 8.0 * bytes / info.valid as f64 };
            measured.push(Some(Measured { model: model.name.clone(), bytes, bits_per_value, report }));
            present.push((n, own));
        }
        let time = dates::time_axis(&first.volume, variable);
        let worst = match place {
            None => None,
            Some(place) => {
                let (mut source, index) = original(&first.volume, variable)?;
                Some(worst::look(models, &present, source.as_mut(), index, place, time.as_ref())?)
            }
        };
        let text = |name| head::text_attribute(&meta.attributes, name);
        variables.push(VariableReport {
            name: meta.name.clone(),
            units: text("units"),
            long_name: Some(text("long_name")).filter(|t| !t.is_empty()).unwrap_or_else(|| text("standard_name")),
            time,
            measured,
            rate: rates[0][variable].clone(),
            worst,
        });
    }
    Ok(Document { original: original_name.to_owned(), models: infos, variables })
}
