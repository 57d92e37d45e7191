//! From the journal to the file.

use super::{
    Codec, CompressError, CompressOptions, Layout, Stages, Summary, Unit, VariableSummary,
    journal::{Journal, JournalError, LevelRecord, OutputRecord, Record, Valid},
    levels::LevelPayload,
    plan::StoredModel,
    scan::Scan,
};
use crate::{
    source::{Source, SourceCoordinate},
    train::LOSS_EVERY,
};
use neuvol_format::{
    Blob, Coordinate, EntryPlan, MaskPlan, MaskRef, Meta, NetworkPlan, Plan, VariableMeta, VariablePlan, codec,
    network_kind, write_file,
};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io, path::Path};

/// Coordinates start at multiples of this in COOR, so that every type is aligned.
const COORDINATE_ALIGN: usize = 8;

/// Where a blob's bytes come from: a piece of a unit's record.
#[derive(Clone, Copy)]
enum Origin {
    Payload(Unit, usize),
    Mask(Unit, usize),
}

/// Blobs of the file in the making, and the masks that are shared by equal content.
#[derive(Default)]
struct Blobs {
    plan: Vec<Blob>,
    origins: Vec<Origin>,
    /// Payloads that several variables share.
    payloads: HashMap<(Unit, usize), u32>,
    masks: Vec<MaskPlan>,
    known_masks: HashMap<([u32; 3], u32, [u8; 32]), u32>,
}

/// Writes the file from a complete journal.
pub(super) fn assemble(
    source: &dyn Source,
    output: &Path,
    layout: &Layout,
    scans: &[Scan],
    options: &CompressOptions,
    (gop, measured): (u32, bool),
    journal: &Journal,
) -> Result<Summary, CompressError> {
    let totals = totals(layout, journal);
    let (meta, coordinates) = metadata(source, layout, options, gop, &totals)?;
    let mut blobs = Blobs::default();
    let mut networks = Vec::new();
    let heads = |variable: usize, networks: &mut Vec<NetworkPlan>| -> Vec<Option<u32>> {
        let models = journal.plan().and_then(|plan| plan.models.get(variable));
        let (group, output) = layout.place(variable);
        let mut quality = 0;
        let number = |model: &StoredModel| {
            let at = quality * layout.groups[group as usize].len() + output;
            quality += 1;
            // One that no block uses is not written.
            let mut records = journal.records().iter().filter(|record| record.unit.group == group);
            let bytes = records.any(|record| record.outputs[at].head).then(|| model.head_bytes())??;
            networks.push(NetworkPlan { kind: network_kind::HEAD, bytes });
            Some(networks.len() as u32 - 1)
        };
        models.map_or(Vec::new(), |models| models.iter().map(number).collect())
    };
    let mut variables = Vec::new();
    let mut summaries = Vec::new();
    let mut raw_bytes = 0;
    for (index, (variable, scan)) in layout.variables.iter().zip(scans).enumerate() {
        let totals = &totals[index];
        let (group, number) = layout.place(index);
        let n_qualities = options.codec.n_qualities();
        let heads = heads(index, &mut networks);
        let mut entries = Vec::new();
        let n_stored_levels = journal.plan().and_then(|plan| plan.n_stored_levels.get(index)).copied().unwrap_or(1);
        for (quality, level) in (0..n_qualities).flat_map(|quality| (0..n_stored_levels).map(move |l| (quality, l))) {
            for (segment, range) in variable.segments.iter().enumerate() {
                for block in 0..variable.grid.n_blocks() {
                    let unit = Unit { group, segment: segment as u32, block };
                    let record = journal.record(unit).ok_or_else(|| CompressError::Interrupted {
                        kept: journal.len(),
                        journal: journal.path().to_owned(),
                    })?;
                    let output = &record.outputs[quality * layout.groups[group as usize].len() + number];
                    let extent = variable.grid.extent(block, level);
                    let steps = range.steps;
                    if let Some(coarse) = level.checked_sub(1) {
                        let made = &output.levels[usize::from(coarse)];
                        entries.push(blobs.level(record, output, made, extent, steps, journal)?);
                        continue;
                    }
                    let rmse = (output.sum_squares / output.valid.max(1) as f64).sqrt();
                    entries.push(EntryPlan {
                        codec: output.codec,
                        output: output.output,
                        blob: output.payload.map(|payload| blobs.payload(record, payload)),
                        prefix: None,
                        min: output.min,
                        max: output.max,
                        max_abs_error: output.max_abs_error as f32,
                        rmse: rmse as f32,
                        network: heads.get(quality).copied().flatten().filter(|_| output.head),
                        mask: blobs.mask(record, output.validity, extent, steps, journal)?,
                    });
                }
            }
        }
        let rmse = (totals.squares / scan.valid.max(1) as f64).sqrt();
        raw_bytes += 4 * u64::from(variable.steps) * variable.grid.dims.iter().map(|&n| u64::from(n)).product::<u64>();
        variables.push(VariablePlan {
            dims: variable.grid.dims,
            block_dims: variable.grid.block_dims,
            steps: variable.steps,
            n_levels: variable.n_levels(),
            n_stored_levels,
            n_qualities: n_qualities as u8,
            has_time: variable.has_time,
            segments: variable.segments.clone(),
            min: scan.min,
            max: scan.max,
            valid: scan.valid,
            max_abs_error: totals.max_abs_error as f32,
            rmse: rmse as f32,
            entries,
        });
        summaries.push(VariableSummary {
            gop,
            measured,
            name: variable.name.clone(),
            psnr: 20.0 * ((f64::from(scan.max) - f64::from(scan.min)) / rmse).log10(),
            rmse,
            max_abs_error: totals.max_abs_error,
            fitted_psnr: totals.fitted_psnr(scan),
            forgetting_psnr: totals.forgetting_psnr(scan),
            blocks: totals.blocks,
            valid: scan.valid,
            losses: totals.median_losses(),
        });
    }
    let plan = Plan { meta, coordinates, variables, networks, masks: blobs.masks, blobs: blobs.plan, packed: true };
    let origins = blobs.origins;
    let written = write_file(output, &plan, &mut |blob, out| {
        let origin = origins[blob as usize];
        let (Origin::Payload(unit, number) | Origin::Mask(unit, number)) = origin;
        let record = journal.record(unit).ok_or_else(|| io::Error::other("the journal lost a block"))?;
        match origin {
            Origin::Payload(..) => journal.payload(record, number, out),
            Origin::Mask(..) => journal.mask(record, number, out),
        }
    })
    .map_err(|source| CompressError::Write { path: output.to_owned(), source })?;
    Ok(Summary {
        output: output.to_owned(),
        bytes: written.file_len,
        raw_bytes,
        ratio: raw_bytes as f64 / written.file_len as f64,
        variables: summaries,
        stages: Stages::default(),
        content_hash: written.content_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

impl Blobs {
    fn payload(&mut self, record: &Record, number: usize) -> u32 {
        *self.payloads.entry((record.unit, number)).or_insert_with(|| {
            self.origins.push(Origin::Payload(record.unit, number));
            let piece = record.payloads[number];
            self.plan.push(Blob { len: piece.len, crc: piece.crc });
            self.plan.len() as u32 - 1
        })
    }

    /// The entry of a coarser level.
    fn level(
        &mut self,
        record: &Record,
        output: &OutputRecord,
        level: &LevelRecord,
        extent: [u32; 3],
        segment_steps: u32,
        journal: &Journal,
    ) -> Result<EntryPlan, CompressError> {
        let (blob, prefix) = match level.payload {
            LevelPayload::None => (None, None),
            LevelPayload::Own(payload) => (Some(self.payload(record, payload)), None),
            LevelPayload::Prefix { len, crc } => {
                (output.payload.map(|payload| self.payload(record, payload)), Some(Blob { len, crc }))
            }
        };
        let (min, max) = if level.valid == 0 { (0.0, 0.0) } else { (output.min, output.max) };
        Ok(EntryPlan {
            codec: level.codec,
            output: 0,
            blob,
            prefix,
            min,
            max,
            max_abs_error: level.max_abs_error as f32,
            rmse: (level.sum_squares / level.valid.max(1) as f64).sqrt() as f32,
            network: None,
            mask: self.mask(record, level.validity, extent, segment_steps, journal)?,
        })
    }

    fn mask(
        &mut self,
        record: &Record,
        validity: Valid,
        extent: [u32; 3],
        segment_steps: u32,
        journal: &Journal,
    ) -> Result<MaskRef, CompressError> {
        let number = match validity {
            Valid::All => return Ok(MaskRef::AllValid),
            Valid::None => return Ok(MaskRef::NoneValid),
            Valid::Mask(number) => number,
        };
        let mask = record.masks[number];
        debug_assert!(mask.steps == 1 || mask.steps == segment_steps);
        let mut bytes = Vec::new();
        journal
            .mask(record, number, &mut bytes)
            .map_err(|source| JournalError::Io { path: journal.path().to_owned(), source })?;
        let key = (extent, mask.steps, Sha256::digest(&bytes).into());
        if let Some(&known) = self.known_masks.get(&key) {
            return Ok(MaskRef::Stored(known));
        }
        self.origins.push(Origin::Mask(record.unit, number));
        self.plan.push(Blob { len: mask.piece.len, crc: mask.piece.crc });
        let blob = self.plan.len() as u32 - 1;
        self.masks.push(MaskPlan { blob, extent, steps: mask.steps, valid: mask.valid });
        let number = self.masks.len() as u32 - 1;
        self.known_masks.insert(key, number);
        Ok(MaskRef::Stored(number))
    }
}

/// Totals per variable, summed in the order of the plan, so that threads do not show in the last digit.
fn totals(layout: &Layout, journal: &Journal) -> Vec<Totals> {
    let mut totals: Vec<Totals> = layout.variables.iter().map(|_| Totals::default()).collect();
    for (group, variables) in layout.groups.iter().enumerate() {
        let first = &layout.variables[variables[0]];
        for segment in 0..first.segments.len() as u32 {
            for block in 0..first.grid.n_blocks() {
                let Some(record) = journal.record(Unit { group: group as u32, segment, block }) else { continue };
                for (output, &variable) in record.outputs.iter().zip(variables) {
                    totals[variable].add(output, &record.losses);
                }
            }
        }
    }
    totals
}

/// Sums over the units of a variable.
#[derive(Default)]
struct Totals {
    squares: f64,
    fitted_squares: f64,
    old: (f64, u64),
    max_abs_error: f64,
    blocks: [u64; 3],
    /// Per trained block.
    losses: Vec<Vec<f32>>,
}

impl Totals {
    fn add(&mut self, output: &OutputRecord, losses: &[f32]) {
        self.squares += output.sum_squares;
        self.fitted_squares += output.fitted_squares;
        self.old = (self.old.0 + output.old.0, self.old.1 + output.old.1);
        // NaN, an error that was not measured, must stay one: `max` would drop it.
        let error = output.max_abs_error;
        self.max_abs_error = if error > self.max_abs_error || error.is_nan() { error } else { self.max_abs_error };
        let kind = match output.codec {
            codec::CONSTANT => 0,
            codec::RAW => 1,
            _ => 2,
        };
        self.blocks[kind] += 1;
        if kind == 2 && !losses.is_empty() {
            self.losses.push(losses.to_vec());
        }
    }

    fn fitted_psnr(&self, scan: &Scan) -> f64 {
        psnr(scan, self.fitted_squares, scan.valid)
    }

    fn forgetting_psnr(&self, scan: &Scan) -> Option<f64> {
        (self.old.1 > 0).then(|| psnr(scan, self.old.0, self.old.1))
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

/// Over the range of the variable, in dB.
fn psnr(scan: &Scan, squares: f64, n: u64) -> f64 {
    20.0 * ((f64::from(scan.max) - f64::from(scan.min)) / (squares / n.max(1) as f64).sqrt()).log10()
}

/// META and COOR.
fn metadata(
    source: &dyn Source,
    layout: &Layout,
    options: &CompressOptions,
    gop: u32,
    totals: &[Totals],
) -> Result<(Meta, Vec<u8>), CompressError> {
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
    let losses: serde_json::Map<String, serde_json::Value> = layout
        .variables
        .iter()
        .zip(totals)
        .map(|(variable, totals)| (variable.name.clone(), totals.median_losses().into()))
        .collect();
    let meta = Meta {
        created_by: format!("neuvol {version}"),
        // No date: the same input and settings give the same bytes.
        history: format!("compressed from {file_name} by neuvol {version}"),
        source: file_name,
        attributes: source.attributes().to_vec(),
        variables,
        coordinates,
        encoder: match &options.codec {
            Codec::Grid => serde_json::json!({
                "preset": "grid-network",
                "train": options.train,
                "gop": gop,
                "losses": losses,
                "loss_every": LOSS_EVERY,
            }),
            codec => serde_json::json!({ "codec": codec, "gop": gop, "seed": options.train.seed }),
        },
        ..Meta::default()
    };
    Ok((meta, bytes))
}
