//! What a model file says about itself.

use super::{Model, Part, ReportError, dates, parts};
use neuvol_format::{Attribute, Meta, codec};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One file of the report.
#[derive(Debug, Serialize)]
pub struct ModelInfo {
    /// Its name in tables and pictures.
    pub name: String,
    /// Its path.
    pub file: String,
    /// Version of its format.
    pub format: String,
    /// Its length.
    pub bytes: u64,
    /// Bytes of all its values as 32-bit floats.
    pub raw_bytes: u64,
    /// `raw_bytes / bytes`.
    pub ratio: f64,
    /// SHA-256 of its content, hexadecimal.
    pub content_hash: String,
    /// The program that made it.
    pub created_by: String,
    /// The file that it was made from.
    pub source: String,
    /// What was done to the data.
    pub history: String,
    /// CPU seconds of its making, where it says so.
    pub cpu_seconds: Option<f64>,
    /// Optimiser steps between two losses.
    pub loss_every: Option<f64>,
    /// Median loss along training by variable, where it says so; NaN (null) where there is no number.
    pub losses: BTreeMap<String, Vec<f64>>,
    /// The other settings of the encoder.
    pub encoder: Value,
    /// All its variables.
    pub variables: Vec<VariableInfo>,
    /// Its bytes by part; they sum up to `bytes`.
    pub parts: Vec<Part>,
}

/// One variable of a file.
#[derive(Debug, Serialize)]
pub struct VariableInfo {
    /// Its name.
    pub name: String,
    /// Its units; may be empty.
    pub units: String,
    /// Voxels z, y, x.
    pub dims: [u32; 3],
    /// Steps.
    pub steps: u32,
    /// Whether it has a time axis.
    pub has_time: bool,
    /// Voxels of a block z, y, x.
    pub block: [u32; 3],
    /// Blocks z, y, x.
    pub blocks: [u32; 3],
    /// Groups of steps that are stored together.
    pub segments: usize,
    /// Steps of the shortest and the longest segment.
    pub segment_steps: [u32; 2],
    /// Smallest valid value of the data; NaN (null) if there is none.
    pub min: f32,
    /// Largest valid value.
    pub max: f32,
    /// Valid values.
    pub valid: u64,
    /// All values, valid or not.
    pub values: u64,
    /// Entries of the index by codec.
    pub codecs: Vec<(String, u64)>,
    /// First and last time and their distance in words; empty without a time axis whose values are known.
    pub time: String,
}

impl ModelInfo {
    /// Reads what a file says about itself.
    pub(super) fn read(model: &Model) -> Result<Self, ReportError> {
        let reader = model.volume.reader();
        let format = |source| ReportError::Format { file: model.file.clone(), source };
        let header = reader.header();
        let meta = reader.meta();
        let variables = (0..reader.variables().len())
            .map(|index| variable(model, index).map_err(format))
            .collect::<Result<Vec<_>, _>>()?;
        let raw_bytes = variables.iter().map(|v| 4 * v.values).sum();
        let mut encoder = meta.encoder.clone();
        let mut take = |name: &str| encoder.as_object_mut().and_then(|settings| settings.remove(name));
        let losses = match take("losses") {
            Some(Value::Object(lines)) => lines.into_iter().map(|(name, line)| (name, numbers(&line))).collect(),
            _ => BTreeMap::new(),
        };
        let loss_every = take("loss_every").and_then(|v| v.as_f64()).filter(|&n| n > 0.0);
        let cpu_seconds = take("cpu_seconds").and_then(|v| v.as_f64());
        Ok(Self {
            name: model.name.clone(),
            file: model.file.clone(),
            format: format!("{}.{}", header.version.0, header.version.1),
            bytes: header.file_len,
            raw_bytes,
            ratio: raw_bytes as f64 / header.file_len as f64,
            content_hash: header.content_hash.iter().map(|b| format!("{b:02x}")).collect(),
            created_by: meta.created_by.clone(),
            source: meta.source.clone(),
            history: meta.history.clone(),
            cpu_seconds,
            loss_every,
            losses,
            encoder,
            variables,
            parts: parts::parts(model)?,
        })
    }
}

/// The numbers of a JSON array.
fn numbers(array: &Value) -> Vec<f64> {
    array.as_array().map_or(Vec::new(), |all| all.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect())
}

fn variable(model: &Model, index: usize) -> Result<VariableInfo, neuvol_format::Error> {
    let reader = model.volume.reader();
    let v = &reader.variables()[index];
    let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
    for key in reader.keys(index as u32) {
        *counts.entry(reader.entry(key)?.codec).or_default() += 1;
    }
    let segments = reader.segments(index);
    let steps = || segments.iter().map(|segment| segment.steps);
    let meta = &reader.meta().variables[index];
    Ok(VariableInfo {
        name: meta.name.clone(),
        units: text_attribute(&meta.attributes, "units"),
        dims: v.dims,
        steps: v.steps,
        has_time: v.has_time,
        block: v.block_dims,
        blocks: v.blocks(),
        segments: segments.len(),
        segment_steps: [steps().min().unwrap_or(0), steps().max().unwrap_or(0)],
        min: v.min,
        max: v.max,
        valid: v.valid,
        values: u64::from(v.steps) * v.dims.iter().map(|&n| u64::from(n)).product::<u64>(),
        codecs: counts.into_iter().map(|(id, count)| (codec_name(id), count)).collect(),
        time: dates::time_axis(&model.volume, index).map_or(String::new(), |time| time.in_words()),
    })
}

/// A codec as people name it.
pub(super) fn codec_name(id: u16) -> String {
    match id {
        codec::GRID => "grid network".to_owned(),
        _ => codec::name(id).map_or_else(|| format!("codec {id}"), str::to_owned),
    }
}

/// A text attribute; empty if there is none.
pub(super) fn text_attribute(attributes: &[Attribute], name: &str) -> String {
    Meta::attribute(attributes, name).and_then(Attribute::as_str).unwrap_or_default().to_owned()
}
