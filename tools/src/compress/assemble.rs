//! From the journal to the file.

use super::{
    CompressError, CompressOptions, Layout, Summary, Unit, VariableSummary,
    journal::{Journal, JournalError, Record, Valid},
    scan::Scan,
};
use crate::source::{Source, SourceCoordinate};
use neuvol_format::{
    Blob, Coordinate, EntryPlan, MaskPlan, MaskRef, Meta, Plan, Segment, VariableMeta, VariablePlan, codec, crc,
    write_file,
};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io, path::Path};

/// Coordinates start at multiples of this in COOR, so that every type is aligned.
const COORDINATE_ALIGN: usize = 8;

/// Where a blob's bytes come from.
enum Origin {
    Payload(Unit),
    Mask(Unit),
}

/// Blobs of the file in the making, and the masks that are shared by equal content.
#[derive(Default)]
struct Blobs {
    plan: Vec<Blob>,
    origins: Vec<Origin>,
    masks: Vec<MaskPlan>,
    known_masks: HashMap<([u32; 3], [u8; 32]), u32>,
}

/// Writes the file from a complete journal.
pub(super) fn assemble(
    source: &dyn Source,
    output: &Path,
    layout: &Layout,
    scans: &[Scan],
    options: &CompressOptions,
    journal: &Journal,
) -> Result<Summary, CompressError> {
    let (meta, coordinates) = metadata(source, layout, options)?;
    let mut blobs = Blobs::default();
    let mut variables = Vec::new();
    let mut summaries = Vec::new();
    let mut raw_bytes = 0;
    for (index, (variable, scan)) in layout.variables.iter().zip(scans).enumerate() {
        let mut entries = Vec::new();
        let mut totals = Totals::default();
        for step in 0..variable.steps {
            for block in 0..variable.n_blocks() {
                let unit = Unit { variable: index as u32, step, block };
                let record = journal.record(unit).ok_or_else(|| CompressError::Interrupted {
                    kept: journal.len(),
                    journal: journal.path().to_owned(),
                })?;
                totals.add(record);
                let blob = (record.payload_len > 0).then(|| blobs.payload(record));
                let mask = blobs.mask(record, variable.extent(block), journal)?;
                let rmse = (record.sum_squares / record.valid.max(1) as f64).sqrt();
                entries.push(EntryPlan {
                    codec: record.codec,
                    output: 0,
                    blob,
                    min: record.min,
                    max: record.max,
                    max_abs_error: record.max_abs_error as f32,
                    rmse: rmse as f32,
                    network: None,
                    mask,
                });
            }
        }
        let longest = variable.dims.iter().copied().max().unwrap_or(1);
        let rmse = (totals.squares / scan.valid.max(1) as f64).sqrt();
        raw_bytes += 4 * u64::from(variable.steps) * variable.dims.iter().map(|&n| u64::from(n)).product::<u64>();
        variables.push(VariablePlan {
            dims: variable.dims,
            block_dims: variable.block,
            steps: variable.steps,
            n_levels: (longest.ilog2() + 1).min(4) as u8,
            n_stored_levels: 1,
            n_qualities: 1,
            has_time: variable.has_time,
            segments: (0..variable.steps).map(|first| Segment { first, steps: 1 }).collect(),
            min: scan.min,
            max: scan.max,
            valid: scan.valid,
            max_abs_error: totals.max_abs_error as f32,
            rmse: rmse as f32,
            entries,
        });
        summaries.push(VariableSummary {
            name: variable.name.clone(),
            psnr: 20.0 * ((f64::from(scan.max) - f64::from(scan.min)) / rmse).log10(),
            rmse,
            max_abs_error: totals.max_abs_error,
            blocks: totals.blocks,
            valid: scan.valid,
            losses: totals.median_losses(),
        });
    }
    let plan = Plan { meta, coordinates, variables, networks: Vec::new(), masks: blobs.masks, blobs: blobs.plan };
    let origins = blobs.origins;
    let written = write_file(output, &plan, &mut |blob, out| {
        let (Origin::Payload(unit) | Origin::Mask(unit)) = origins[blob as usize];
        let record = journal.record(unit).ok_or_else(|| io::Error::other("the journal lost a block"))?;
        match origins[blob as usize] {
            Origin::Payload(_) => journal.payload(record, out),
            Origin::Mask(_) => journal.mask(record, out),
        }
    })
    .map_err(|source| CompressError::Write { path: output.to_owned(), source })?;
    Ok(Summary {
        output: output.to_owned(),
        bytes: written.file_len,
        raw_bytes,
        ratio: raw_bytes as f64 / written.file_len as f64,
        variables: summaries,
        content_hash: written.content_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

impl Blobs {
    fn payload(&mut self, record: &Record) -> u32 {
        self.origins.push(Origin::Payload(record.unit));
        self.plan.push(Blob { len: record.payload_len, crc: record.payload_crc });
        self.plan.len() as u32 - 1
    }

    fn mask(&mut self, record: &Record, extent: [u32; 3], journal: &Journal) -> Result<MaskRef, CompressError> {
        match record.validity {
            Valid::All => return Ok(MaskRef::AllValid),
            Valid::None => return Ok(MaskRef::NoneValid),
            Valid::Mask => {}
        }
        let mut bytes = Vec::new();
        journal
            .mask(record, &mut bytes)
            .map_err(|source| JournalError::Io { path: journal.path().to_owned(), source })?;
        let key = (extent, Sha256::digest(&bytes).into());
        if let Some(&known) = self.known_masks.get(&key) {
            return Ok(MaskRef::Stored(known));
        }
        self.origins.push(Origin::Mask(record.unit));
        self.plan.push(Blob { len: record.mask_len, crc: crc(&bytes) });
        let blob = self.plan.len() as u32 - 1;
        self.masks.push(MaskPlan { blob, extent, steps: 1, valid: record.valid });
        let number = self.masks.len() as u32 - 1;
        self.known_masks.insert(key, number);
        Ok(MaskRef::Stored(number))
    }
}

/// Sums over the units of a variable.
#[derive(Default)]
struct Totals {
    squares: f64,
    max_abs_error: f64,
    blocks: [u64; 3],
    /// Per trained block.
    losses: Vec<Vec<f32>>,
}

impl Totals {
    fn add(&mut self, record: &Record) {
        self.squares += record.sum_squares;
        self.max_abs_error = self.max_abs_error.max(record.max_abs_error);
        let kind = match record.codec {
            codec::CONSTANT => 0,
            codec::RAW => 1,
            _ => 2,
        };
        self.blocks[kind] += 1;
        if !record.losses.is_empty() {
            self.losses.push(record.losses.clone());
        }
    }

    /// Along training; blocks with fewer steps stay at their last loss.
    fn median_losses(&self) -> Vec<f32> {
        let longest = self.losses.iter().map(Vec::len).max().unwrap_or(0);
        (0..longest)
            .map(|at| {
                let mut losses: Vec<f32> = self.losses.iter().map(|l| l[at.min(l.len() - 1)]).collect();
                losses.sort_by(f32::total_cmp);
                losses[losses.len() / 2]
            })
            .collect()
    }
}

/// META and COOR.
fn metadata(source: &dyn Source, layout: &Layout, options: &CompressOptions) -> Result<(Meta, Vec<u8>), CompressError> {
    let mut coordinates: Vec<SourceCoordinate> = Vec::new();
    let mut variables = Vec::new();
    for variable in &layout.variables {
        for coordinate in source.coordinates(variable.source_index)? {
            if !coordinates.iter().any(|known| known.name == coordinate.name) {
                coordinates.push(coordinate);
            }
        }
        let described = &source.variables()[variable.source_index];
        variables.push(VariableMeta {
            name: described.name.clone(),
            dimensions: described.dimensions.clone(),
            source_dtype: described.dtype.clone(),
            attributes: described.attributes.clone(),
        });
    }
    let mut bytes = Vec::new();
    let coordinates = coordinates
        .into_iter()
        .map(|coordinate| {
            bytes.resize(bytes.len().next_multiple_of(COORDINATE_ALIGN), 0);
            let offset = bytes.len() as u64;
            bytes.extend_from_slice(&coordinate.values.bytes);
            Coordinate {
                name: coordinate.name,
                dimensions: coordinate.dimensions,
                shape: coordinate.shape,
                dtype: coordinate.values.dtype.name().to_owned(),
                offset,
                attributes: coordinate.attributes,
            }
        })
        .collect();
    let file_name = source.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let meta = Meta {
        created_by: format!("neuvol {version}"),
        // No date: the same input and settings give the same bytes.
        history: format!("compressed from {file_name} by neuvol {version}"),
        source: file_name,
        attributes: source.attributes().to_vec(),
        variables,
        coordinates,
        encoder: serde_json::json!({ "preset": "grid-network", "train": options.train }),
        ..Meta::default()
    };
    Ok((meta, bytes))
}
