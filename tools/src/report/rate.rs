//! Bytes by block and by segment.

use super::{Model, ReportError};
use neuvol_format::{Entry, MaskRef, Reader, Segment, limits};
use serde::Serialize;
use std::collections::HashMap;

/// The bytes of one variable. Payloads and masks count once: what several variables share is split evenly between them,
/// then evenly between the entries of each. Shared networks are not in it.
#[derive(Clone, Debug, Serialize)]
pub struct Rate {
    /// Blocks z, y, x.
    pub blocks: [u32; 3],
    /// Bytes of every block, all segments together, x fastest.
    pub block_bytes: Vec<f64>,
    /// Bytes of every segment, all blocks together.
    pub segments: Vec<SegmentBytes>,
    /// The ten largest blocks.
    pub largest: Vec<BlockBytes>,
}

/// Bytes of one segment.
#[derive(Clone, Debug, Serialize)]
pub struct SegmentBytes {
    /// Its first step.
    pub first: u32,
    /// Its steps.
    pub steps: u32,
    /// Its bytes.
    pub bytes: f64,
}

/// Bytes of one block.
#[derive(Clone, Debug, Serialize)]
pub struct BlockBytes {
    /// Its position z, y, x in blocks.
    pub block: [u32; 3],
    /// Its bytes.
    pub bytes: f64,
}

impl Rate {
    /// Bytes of all blocks.
    pub fn total(&self) -> f64 {
        self.block_bytes.iter().sum()
    }
}

/// Place and length of bytes in BLKS.
type Blob = (u64, u32);

/// The rates of all variables of a file.
pub(super) fn rates(model: &Model) -> Result<Vec<Rate>, ReportError> {
    rates_of(model.volume.reader()).map_err(|source| ReportError::Format { file: model.file.clone(), source })
}

fn rates_of<B: AsRef<[u8]>>(reader: &Reader<B>) -> Result<Vec<Rate>, neuvol_format::Error> {
    let n_variables = reader.variables().len();
    // Entries of each variable that use a blob, and variables that do.
    let mut entries: HashMap<(u32, Blob), u32> = HashMap::new();
    let mut variables: HashMap<Blob, u32> = HashMap::new();
    for variable in 0..n_variables as u32 {
        for key in reader.keys(variable) {
            for blob in blobs(reader, &reader.entry(key)?).into_iter().flatten() {
                let count = entries.entry((variable, blob)).or_default();
                if *count == 0 {
                    *variables.entry(blob).or_default() += 1;
                }
                *count += 1;
            }
        }
    }
    let mut rates = Vec::new();
    for variable in 0..n_variables {
        let info = &reader.variables()[variable];
        let mut block_bytes = vec![0.0; info.n_blocks() as usize];
        let segment = |&Segment { first, steps }: &Segment| SegmentBytes { first, steps, bytes: 0.0 };
        let mut segments: Vec<SegmentBytes> = reader.segments(variable).iter().map(segment).collect();
        for key in reader.keys(variable as u32) {
            for blob in blobs(reader, &reader.entry(key)?).into_iter().flatten() {
                let sharing = f64::from(variables[&blob]) * f64::from(entries[&(variable as u32, blob)]);
                let share = f64::from(blob.1) / sharing;
                block_bytes[key.block as usize] += share;
                segments[key.segment as usize].bytes += share;
            }
        }
        let mut order: Vec<u32> = (0..info.n_blocks()).collect();
        order.sort_by(|&a, &b| block_bytes[b as usize].total_cmp(&block_bytes[a as usize]));
        let largest = order
            .into_iter()
            .take(10)
            .map(|block| BlockBytes { block: info.block_position(block), bytes: block_bytes[block as usize] })
            .collect();
        rates.push(Rate { blocks: info.blocks(), block_bytes, segments, largest });
    }
    Ok(rates)
}

/// The payload and the stored mask of an entry.
fn blobs<B: AsRef<[u8]>>(reader: &Reader<B>, entry: &Entry) -> [Option<Blob>; 2] {
    let payload = (entry.payload_len > 0).then_some((entry.payload_offset, entry.payload_len));
    let mask = match entry.mask {
        MaskRef::Stored(n) => mask_blob(reader, n),
        MaskRef::AllValid | MaskRef::NoneValid => None,
    };
    [payload, mask]
}

/// Place and length of a stored mask (SPEC section 9).
fn mask_blob<B: AsRef<[u8]>>(reader: &Reader<B>, n: u32) -> Option<Blob> {
    let section = reader.sections().iter().find(|section| &section.kind == b"MASK")?;
    let len = limits::MASK_LEN as u64;
    let record = reader.slice(section.offset.checked_add(u64::from(n) * len)?, len)?;
    let offset = u64::from_le_bytes(*record.first_chunk()?);
    let len = u32::from_le_bytes(*record.get(8..)?.first_chunk()?);
    Some((offset, len))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use neuvol_format::{Blob as BlobPlan, EntryPlan, Meta, Plan, VariableMeta, VariablePlan, codec, crc, write_to};

    /// A file of two variables of two blocks and two segments; they share payloads of `lens` bytes as `uses` says.
    pub(in crate::report) fn file(lens: &[u32], uses: [[usize; 4]; 2]) -> Vec<u8> {
        let entry = |blob: usize| EntryPlan {
            codec: codec::WAVELET,
            output: 0,
            blob: Some(blob as u32),
            prefix: None,
            min: 0.0,
            max: 1.0,
            max_abs_error: 0.0,
            rmse: 0.0,
            network: None,
            mask: MaskRef::AllValid,
        };
        let variable = |blobs: [usize; 4]| VariablePlan {
            dims: [8, 8, 16],
            block_dims: [8, 8, 8],
            steps: 3,
            n_levels: 1,
            n_stored_levels: 1,
            n_qualities: 1,
            has_time: true,
            segments: vec![Segment { first: 0, steps: 1 }, Segment { first: 1, steps: 2 }],
            min: 0.0,
            max: 1.0,
            valid: 3072,
            max_abs_error: 0.0,
            rmse: 0.0,
            entries: blobs.map(entry).to_vec(),
        };
        let name = |name: &str| VariableMeta { name: name.to_owned(), ..VariableMeta::default() };
        let encoder = serde_json::json!({
            "preset": "<p>", "train": {"steps": 9}, "losses": {"a": [0.5, null, 0.1]}, "loss_every": 50, "cpu_seconds": 12.5
        });
        let bytes = |n: usize| vec![n as u8 + 1; lens[n] as usize];
        let plan = Plan {
            meta: Meta { variables: vec![name("a"), name("b")], encoder, ..Meta::default() },
            variables: uses.map(variable).to_vec(),
            blobs: (0..lens.len()).map(|n| BlobPlan { len: lens[n], crc: crc(&bytes(n)) }).collect(),
            ..Plan::default()
        };
        let mut file = std::io::Cursor::new(Vec::new());
        write_to(&mut file, &plan, &mut |n, out| {
            out.extend(bytes(n as usize));
            Ok(())
        })
        .unwrap();
        file.into_inner()
    }

    #[test]
    fn shared_payloads_count_once() {
        // Payload 0 is used by both variables, twice by the first; 1 and 2 by one each.
        let file = file(&[120, 50, 9], [[0, 1, 0, 1], [0, 2, 2, 2]]);
        let rates = rates_of(&Reader::new(file).unwrap()).unwrap();
        assert_eq!(rates[0].block_bytes, [60.0, 50.0]);
        assert_eq!(rates[1].block_bytes, [60.0 + 3.0, 6.0]);
        let segments: Vec<f64> = rates[1].segments.iter().map(|segment| segment.bytes).collect();
        assert_eq!(segments, [63.0, 6.0]);
        assert_eq!(rates[0].largest[0].block, [0, 0, 0]);
        assert_eq!(rates[0].total() + rates[1].total(), 179.0);
    }
}
