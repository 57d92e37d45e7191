//! Where the values of a block come from: a data file, or teachers, with or without the data beside them.

use super::{
    CompressError, Layout, Unit,
    block::{Encoded, Output, OwnError, Peaks, Similarity, Validity, Wanted},
    points::{self, Teachers},
};
use crate::{
    source::{Models, Source, SourceError},
    train::Fields,
};
use neuvol_format::{BlockMask, Segment};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is compressed.
pub(super) enum Input {
    /// A data file.
    Data(Mutex<Box<dyn Source>>),
    /// Models, and how they are merged.
    Models(Box<ModelInput>),
}

/// Models to be merged.
pub(super) struct ModelInput {
    pub(super) models: Models,
    /// The data that they were made from, and its weight α in the loss L_KD + α·L_data.
    pub(super) data: Option<(Mutex<Box<dyn Source>>, f64)>,
    /// Share of samples between the voxels.
    pub(super) off_lattice: f32,
    /// Merge finished students again instead of copying them.
    pub(super) remerge: bool,
}

impl Input {
    /// Whether errors are measured against the source of the values.
    pub(super) fn is_measured(&self) -> bool {
        match self {
            Self::Data(_) => true,
            Self::Models(input) => input.data.is_some(),
        }
    }

    /// Calls `look` with the source.
    pub(super) fn with_source<T>(&self, look: impl FnOnce(&dyn Source) -> T) -> T {
        match self {
            Self::Data(source) => look(source.lock().unwrap_or_else(PoisonError::into_inner).as_ref()),
            Self::Models(input) => look(&input.models),
        }
    }

    /// The data file, if it is one that is compressed.
    pub(super) fn data(&self) -> Option<MutexGuard<'_, Box<dyn Source>>> {
        match self {
            Self::Data(source) => Some(source.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::Models(_) => None,
        }
    }

    /// Smallest, largest and number of valid values of a variable, where they are known without reading it.
    pub(super) fn value_range(&self, variable: usize) -> Option<(f32, f32, u64)> {
        match self {
            Self::Data(_) => None,
            Self::Models(input) => Some(input.models.value_range(variable)),
        }
    }

    /// Reads a box of one step.
    pub(super) fn read(
        &self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        match self {
            Self::Data(source) => {
                source.lock().unwrap_or_else(PoisonError::into_inner).read(variable, step, min, max, out)
            }
            Self::Models(input) => input.models.read_box(variable, step, min, max, out),
        }
    }

    /// Everything that a block is fitted to.
    pub(super) fn wanted(&self, layout: &Layout, unit: Unit, seed: u64) -> Result<Wanted, CompressError> {
        let steps = layout.segment(unit);
        let fields =
            self.fields(layout, unit, steps, |index, step, min, max, out| self.read(index, step, min, max, out))?;
        let mut wanted = Wanted { fields, ..Wanted::default() };
        let Self::Models(input) = self else {
            return Ok(wanted);
        };
        let variables = &layout.groups[unit.group as usize];
        wanted.old_steps = (steps.first..steps.first + steps.steps)
            .map(|step| {
                input.models.place(layout.variables[variables[0]].source_index, step).is_some_and(|p| p.range.steps > 1)
            })
            .collect();
        for &variable in variables {
            wanted.own.push(input.own_error(layout, variable, unit.block, steps)?);
        }
        if input.off_lattice > 0.0 {
            let teachers = Teachers::new(&input.models, layout, unit)?;
            wanted.points = Some((points::draw(&teachers, &wanted.fields, seed), input.off_lattice));
        }
        if let Some((data, alpha)) = &input.data {
            let truth = self.fields(layout, unit, steps, |index, step, min, max, out| {
                let mut data = data.lock().unwrap_or_else(PoisonError::into_inner);
                let name = &input.models.variables()[index].name;
                let own = data.variables().iter().position(|v| v.name == *name);
                // The same was checked when the run began.
                let own =
                    own.ok_or_else(|| SourceError::argument(data.path(), "data", format!("has no variable {name}")))?;
                data.read(own, step, min, max, out)
            })?;
            mix(&mut wanted.fields, &truth, *alpha);
            // What is fitted is no longer what the old students gave.
            wanted.old_steps.clear();
            wanted.truth = Some(truth);
        }
        Ok(wanted)
    }

    fn fields(
        &self,
        layout: &Layout,
        unit: Unit,
        steps: Segment,
        mut read: impl FnMut(usize, u32, [u32; 3], [u32; 3], &mut Vec<f32>) -> Result<(), SourceError>,
    ) -> Result<Fields, SourceError> {
        let variables = &layout.groups[unit.group as usize];
        let first = &layout.variables[variables[0]];
        let (origin, extent) = (first.grid.origin(unit.block), first.grid.extent(unit.block, 0));
        let end = std::array::from_fn(|a| origin[a] + extent[a]);
        let mut values = Vec::with_capacity(neuvol_model::voxels(extent) * steps.steps as usize * variables.len());
        let mut one = Vec::new();
        for &variable in variables {
            for step in steps.first..steps.first + steps.steps {
                read(layout.variables[variable].source_index, step, origin, end, &mut one)?;
                values.extend_from_slice(&one);
            }
        }
        Ok(Fields { extent, n_outputs: variables.len(), n_steps: steps.steps as usize, values })
    }

    /// A block that need not be made again: a model of the same steps and variables.
    pub(super) fn copy(&self, layout: &Layout, unit: Unit) -> Result<Option<Encoded>, CompressError> {
        match self {
            Self::Models(input) if !input.remerge => input.copy(layout, unit),
            _ => Ok(None),
        }
    }
}

/// The wanted values of L_KD + α·L_data: with M the teacher and x the data, ‖s−M‖² + α‖s−x‖² and
/// (1+α)·‖s − (M+αx)/(1+α)‖² differ by a constant, so their gradients are the same.
fn mix(teachers: &mut Fields, data: &Fields, alpha: f64) {
    for (value, &x) in teachers.values.iter_mut().zip(&data.values).filter(|(_, x)| !x.is_nan()) {
        *value = ((f64::from(*value) + alpha * f64::from(x)) / (1.0 + alpha)) as f32;
    }
}

impl ModelInput {
    fn own_error(&self, layout: &Layout, variable: usize, block: u32, steps: Segment) -> Result<OwnError, SourceError> {
        let described = &layout.variables[variable];
        let mut own = OwnError::default();
        let mut step = steps.first;
        while step < steps.first + steps.steps {
            let (key, entry, place) = self.models.entry(described.source_index, step, block)?;
            let end = (place.range.first + place.range.steps).min(steps.first + steps.steps);
            let mask = place
                .volume
                .reader()
                .mask(key, &entry)
                .map_err(|error| SourceError::invalid(self.models.path(), "Neuvol model", error.to_string()))?;
            let voxels = neuvol_model::voxels(described.grid.extent(block, 0)) as u64;
            let valid = match mask {
                BlockMask::AllValid => voxels * u64::from(end - step),
                BlockMask::NoneValid => 0,
                BlockMask::Bits(mask) if mask.steps() == 1 => mask.count() * u64::from(end - step),
                BlockMask::Bits(mask) => mask.count(),
            };
            if valid > 0 {
                // NaN, an error that was not measured, must stay one: `max` would drop it.
                let error = f64::from(entry.max_abs_error);
                own.max_abs = if error > own.max_abs || error.is_nan() { error } else { own.max_abs };
                own.sum_squares += f64::from(entry.rmse).powi(2) * valid as f64;
            }
            step = end;
        }
        Ok(own)
    }

    fn copy(&self, layout: &Layout, unit: Unit) -> Result<Option<Encoded>, CompressError> {
        let steps = layout.segment(unit);
        let mut encoded = Encoded { payloads: Vec::new(), outputs: Vec::new(), losses: Vec::new() };
        let mut payloads = Vec::new();
        for &variable in &layout.groups[unit.group as usize] {
            let described = &layout.variables[variable];
            let (key, entry, place) = self.models.entry(described.source_index, steps.first, unit.block)?;
            if place.range != steps || entry.network.is_some() {
                return Ok(None);
            }
            let reader = place.volume.reader();
            let damaged = |error: neuvol_format::Error| {
                SourceError::invalid(self.models.path(), "Neuvol model", error.to_string())
            };
            let payload = if entry.payload_len == 0 {
                None
            } else {
                let known = payloads.iter().position(|&offset| offset == entry.payload_offset);
                Some(match known {
                    Some(known) => known,
                    None => {
                        payloads.push(entry.payload_offset);
                        encoded.payloads.push(reader.payload(&entry).map_err(damaged)?.to_vec());
                        payloads.len() - 1
                    }
                })
            };
            let voxels = neuvol_model::voxels(described.grid.extent(unit.block, 0)) as u64;
            let (validity, valid) = match reader.mask(key, &entry).map_err(damaged)? {
                BlockMask::AllValid => (Validity::All, voxels * u64::from(steps.steps)),
                BlockMask::NoneValid => (Validity::None, 0),
                BlockMask::Bits(mask) => {
                    let times = if mask.steps() == 1 { steps.steps } else { 1 };
                    let valid = mask.count() * u64::from(times);
                    (Validity::Some(mask), valid)
                }
            };
            encoded.outputs.push(Output {
                codec: entry.codec,
                payload,
                output: entry.output,
                head: false,
                min: entry.min,
                max: entry.max,
                validity,
                valid,
                max_abs_error: entry.max_abs_error.into(),
                sum_squares: f64::from(entry.rmse).powi(2) * valid as f64,
                fitted_squares: 0.0,
                old: (0.0, valid),
                peaks: Peaks::default(),
                ssim: Similarity::default(),
                levels: Vec::new(),
            });
        }
        Ok(Some(encoded))
    }
}
