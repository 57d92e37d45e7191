//! The writer: lays a [`Plan`] out and writes it so that a reader sees the whole file or none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::codec;
use crate::compress;
use crate::entry::{Entry, MaskRef};
use crate::error::{Error, limit};
use crate::front::Front;
use crate::header::{Header, Section, kind};
use crate::limits::{
    EXPANSION_SLACK, HEADER_LEN, MAX_COORDINATE_BYTES, MAX_EXPANSION, MAX_META_BYTES, MAX_NETWORKS, MAX_VARIABLES,
    NETWORK_LEN, SECTION_LEN, aligned,
};
use crate::mask::MaskRecord;
use crate::network::NetworkRecord;
use crate::plan::{EntryPlan, Plan, VariablePlan};
use crate::variable::Variable;

/// Sections shorter than this are stored as they are: easy to look at, and nothing to gain.
const COMPRESS_FROM: usize = 4096;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Length of the file in bytes.
    pub file_len: u64,
    /// Its content hash.
    pub content_hash: [u8; 32],
}

/// Gives the bytes of a blob: its number, and an empty vector to put them into.
type Blobs<'a> = dyn FnMut(u32, &mut Vec<u8>) -> io::Result<()> + 'a;

/// Writes a file: to a temporary file beside `path` that takes its name when it is complete and on the disk. On an
/// error, and after a crash, a file that was at `path` before is still there, untouched.
///
/// `blob` is asked for the payloads of [`Plan::blobs`] one after the other, in order.
///
/// # Errors
/// [`Error::Plan`] or [`Error::Limit`] if the plan breaks the format or `blob` gives other bytes than planned,
/// [`Error::Io`] if the file cannot be written or `blob` fails.
pub fn write_file(path: &Path, plan: &Plan, blob: &mut Blobs<'_>) -> Result<Written, Error> {
    let temporary = Temporary::create(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, &temporary.file);
    let written = write_to(&mut out, plan, blob)?;
    out.flush()
        .map_err(|error| Error::file("write", &temporary.path, error))?;
    drop(out);
    temporary.publish(path)?;
    Ok(written)
}

/// Writes a file into a stream, from its current position on. See [`write_file`].
///
/// # Errors
/// As [`write_file`].
pub fn write_to<W: Write + Seek>(out: &mut W, plan: &Plan, blob: &mut Blobs<'_>) -> Result<Written, Error> {
    let failed = |error| Error::io("cannot write the file", error);
    let mut layout = Layout::new(plan)?;
    let start = out.stream_position().map_err(failed)?;
    // The header holds the hash of what follows, so its place is taken now and filled last.
    out.write_all(&layout.front).map_err(failed)?;
    let mut hash = Sha256::new();
    hash.update(&layout.front[HEADER_LEN..]);

    let mut bytes = Vec::new();
    let mut position = layout.front.len() as u64;
    for (n, (planned, &offset)) in plan.blobs.iter().zip(&layout.blob_offsets).enumerate() {
        bytes.clear();
        blob(n as u32, &mut bytes).map_err(|error| Error::io(format!("payload {n} cannot be had"), error))?;
        if bytes.len() as u64 != u64::from(planned.len) || crate::crc(&bytes) != planned.crc {
            let what = format!(
                "payload {n} has {} bytes with CRC {:#010x}, planned were {} with {:#010x}",
                bytes.len(),
                crate::crc(&bytes),
                planned.len,
                planned.crc
            );
            return Err(Error::plan(what));
        }
        let padding = &[0; 64][..(offset - position) as usize];
        for part in [padding, &bytes] {
            out.write_all(part).map_err(failed)?;
            hash.update(part);
        }
        position = offset + u64::from(planned.len);
    }

    layout.header.content_hash = hash.finalize().into();
    out.seek(SeekFrom::Start(start)).map_err(failed)?;
    out.write_all(&layout.header.to_bytes()).map_err(failed)?;
    out.seek(SeekFrom::Start(start + position)).map_err(failed)?;
    Ok(Written {
        file_len: position,
        content_hash: layout.header.content_hash,
    })
}

/// Where everything goes.
struct Layout {
    header: Header,
    /// Header (without the hash), directory and all sections before BLKS, padded up to BLKS.
    front: Vec<u8>,
    /// Of every blob in the file.
    blob_offsets: Vec<u64>,
}

/// One section of the front before it has a place.
struct Part {
    section: Section,
    stored: Vec<u8>,
}

impl Layout {
    fn new(plan: &Plan) -> Result<Self, Error> {
        check_counts(plan)?;
        let mut parts = vec![
            Part::compressible(kind::META, meta_bytes(plan)?)?,
            Part::table(kind::VARS, variables_bytes(plan)?, plan.variables.len()),
            Part::table(
                kind::SEGS,
                segments_bytes(plan),
                plan.variables.iter().map(|v| v.segments.len()).sum(),
            ),
        ];
        let networks_at = parts.len();
        if !plan.networks.is_empty() {
            let len = networks_len(plan)?;
            parts.push(Part::table(kind::NETS, vec![0; len], plan.networks.len()));
        }
        let masks_at = parts.len();
        if !plan.masks.is_empty() {
            let bytes = vec![0; plan.masks.len() * crate::limits::MASK_LEN];
            parts.push(Part::table(kind::MASK, bytes, plan.masks.len()));
        }
        let index_at = parts.len();
        let n_entries = plan
            .variables
            .iter()
            .map(|variable| variable.entries.len())
            .sum::<usize>();
        parts.push(Part::table(
            kind::INDX,
            vec![0; n_entries * crate::limits::ENTRY_LEN],
            n_entries,
        ));
        if !plan.coordinates.is_empty() {
            parts.push(Part::compressible(kind::COOR, plan.coordinates.clone())?);
        }

        // Lengths are known: place everything, then fill in what names places.
        let n_sections = parts.len() + 1;
        let mut end = (HEADER_LEN + n_sections * SECTION_LEN) as u64;
        for part in &mut parts {
            part.section.offset = place(end)?;
            end = part.section.offset + part.section.len;
        }
        let blks_offset = place(end)?;
        let (blob_offsets, file_len) = place_blobs(plan, blks_offset)?;
        if !plan.networks.is_empty() {
            let part = &mut parts[networks_at];
            part.stored = networks_bytes(plan, part.section.offset);
            part.section.crc = crate::crc(&part.stored[..plan.networks.len() * NETWORK_LEN]);
        }
        if !plan.masks.is_empty() {
            parts[masks_at].stored = masks_bytes(plan, &blob_offsets)?;
        }
        parts[index_at].stored = index_bytes(plan, &blob_offsets)?;

        let mut sections: Vec<Section> = parts.iter().map(|part| part.section.clone()).collect();
        let mut blks = Section::plain(kind::BLKS, file_len - blks_offset);
        blks.offset = blks_offset;
        sections.push(blks);
        let layout = Self::assemble(&sections, &parts, blob_offsets, file_len)?;
        layout
            .verify(plan)
            .map_err(|error| Error::plan(format!("a reader would refuse the file: {error}")))?;
        Ok(layout)
    }

    fn assemble(sections: &[Section], parts: &[Part], blob_offsets: Vec<u64>, file_len: u64) -> Result<Self, Error> {
        let directory: Vec<u8> = sections.iter().flat_map(Section::to_bytes).collect();
        let header = Header {
            version: (crate::MAJOR, crate::MINOR),
            file_len,
            content_hash: [0; 32],
            n_sections: sections.len() as u32,
            directory_crc: crate::crc(&directory),
        };
        let mut front = header.to_bytes().to_vec();
        front.extend_from_slice(&directory);
        for part in parts {
            pad_to(&mut front, part.section.offset)?;
            front.extend_from_slice(&part.stored);
        }
        pad_to(&mut front, sections.last().map_or(0, |blks| blks.offset))?;
        Ok(Self {
            header,
            front,
            blob_offsets,
        })
    }

    /// Reads the front back with the reader's own code, so that no rule is written down twice.
    fn verify(&self, plan: &Plan) -> Result<(), Error> {
        let front = Front::parse(&self.front, self.header.file_len)?;
        for n in 0..plan.variables.len() as u32 {
            for key in front.keys(n) {
                if let MaskRef::Stored(mask) = front.entry(&self.front, key)?.mask {
                    front.mask(&self.front, key, mask)?;
                }
            }
        }
        for coordinate in &plan.meta.coordinates {
            coordinate.slice(&plan.coordinates)?;
        }
        Ok(())
    }
}

impl Section {
    fn plain(kind: [u8; 4], len: u64) -> Self {
        Self {
            kind,
            flags: 0,
            offset: 0,
            len,
            raw_len: len,
            compression: compress::NONE,
            items: 0,
            crc: 0,
        }
    }
}

impl Part {
    /// Records, stored as they are. Only those that are checked as a whole have a CRC in the directory.
    fn table(kind: [u8; 4], stored: Vec<u8>, items: usize) -> Self {
        let mut section = Section::plain(kind, stored.len() as u64);
        section.items = items as u64;
        if kind == kind::VARS || kind == kind::SEGS {
            section.crc = crate::crc(&stored);
        }
        Self { section, stored }
    }

    /// Bytes that are compressed if that pays and a reader will accept the ratio.
    fn compressible(kind: [u8; 4], raw: Vec<u8>) -> Result<Self, Error> {
        let raw_len = raw.len() as u64;
        let mut part = Self {
            section: Section::plain(kind, raw_len),
            stored: raw,
        };
        if part.stored.len() >= COMPRESS_FROM {
            let folded = compress::fold(&part.stored).map_err(|error| Error::io("cannot compress", error))?;
            let len = folded.len() as u64;
            if len < raw_len && raw_len <= len * MAX_EXPANSION + EXPANSION_SLACK {
                part.section.compression = compress::ZSTD;
                part.section.len = len;
                part.stored = folded;
            }
        }
        part.section.crc = crate::crc(&part.stored);
        Ok(part)
    }
}

/// Checks what must hold before anything can be laid out.
fn check_counts(plan: &Plan) -> Result<(), Error> {
    limit("number of variables", plan.variables.len() as u64, MAX_VARIABLES)?;
    limit("number of networks", plan.networks.len() as u64, MAX_NETWORKS)?;
    limit("number of payloads", plan.blobs.len() as u64, u32::MAX.into())?;
    // Two numbers of the 32 bits have a meaning of their own.
    limit("number of masks", plan.masks.len() as u64, u64::from(u32::MAX) - 1)?;
    limit("bytes of COOR", plan.coordinates.len() as u64, MAX_COORDINATE_BYTES)?;
    if let Some(n) = plan.blobs.iter().position(|blob| blob.len == 0) {
        return Err(Error::plan(format!(
            "payload {n} is empty: an entry without payload has no blob"
        )));
    }
    Ok(())
}

fn meta_bytes(plan: &Plan) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec(&plan.meta).map_err(|error| Error::plan(format!("META: {error}")))?;
    limit("bytes of META", json.len() as u64, MAX_META_BYTES)?;
    Ok(json)
}

fn variables_bytes(plan: &Plan) -> Result<Vec<u8>, Error> {
    let (mut first_segment, mut first_entry) = (0u32, 0u64);
    let mut bytes = Vec::new();
    for (n, planned) in plan.variables.iter().enumerate() {
        let too_many = || Error::plan(format!("variable {n}: too many segments"));
        let n_segments = u32::try_from(planned.segments.len()).map_err(|_| too_many())?;
        let variable = variable(planned, first_segment, n_segments, first_entry);
        if variable.n_entries() != Some(planned.entries.len() as u64) {
            let what = format!(
                "variable {n} has {} entries: {} qualities x {} stored levels x {n_segments} segments x {} blocks are \
                 needed",
                planned.entries.len(),
                planned.n_qualities,
                planned.n_stored_levels,
                variable.n_blocks()
            );
            return Err(Error::plan(what));
        }
        bytes.extend_from_slice(&variable.to_bytes());
        first_segment = first_segment.checked_add(n_segments).ok_or_else(too_many)?;
        first_entry += planned.entries.len() as u64;
    }
    Ok(bytes)
}

fn variable(plan: &VariablePlan, first_segment: u32, n_segments: u32, first_entry: u64) -> Variable {
    Variable {
        dims: plan.dims,
        block_dims: plan.block_dims,
        steps: plan.steps,
        n_levels: plan.n_levels,
        n_stored_levels: plan.n_stored_levels,
        n_qualities: plan.n_qualities,
        has_time: plan.has_time,
        min: plan.min,
        max: plan.max,
        valid: plan.valid,
        max_abs_error: plan.max_abs_error,
        rmse: plan.rmse,
        first_segment,
        n_segments,
        first_entry,
    }
}

fn segments_bytes(plan: &Plan) -> Vec<u8> {
    plan.variables
        .iter()
        .flat_map(|variable| &variable.segments)
        .flat_map(|segment| segment.to_bytes())
        .collect()
}

/// Offsets of the networks from the start of NETS, and its length.
fn network_places(plan: &Plan) -> (Vec<u64>, u64) {
    let mut end = (plan.networks.len() * NETWORK_LEN) as u64;
    let places = plan.networks.iter().map(|network| {
        let place = end.next_multiple_of(crate::limits::ALIGNMENT);
        end = place + network.bytes.len() as u64;
        place
    });
    (places.collect(), end)
}

fn networks_len(plan: &Plan) -> Result<usize, Error> {
    if let Some(n) = plan
        .networks
        .iter()
        .position(|network| u32::try_from(network.bytes.len()).is_err())
    {
        return Err(Error::plan(format!("network {n} is longer than 4 GiB")));
    }
    usize::try_from(network_places(plan).1).map_err(|_| Error::plan("the networks are too long together"))
}

fn networks_bytes(plan: &Plan, nets_offset: u64) -> Vec<u8> {
    let (places, len) = network_places(plan);
    let mut bytes = Vec::with_capacity(len as usize);
    for (network, place) in plan.networks.iter().zip(&places) {
        // The length was checked to fit.
        let (len, crc) = (network.bytes.len() as u32, crate::crc(&network.bytes));
        let record = NetworkRecord {
            kind: network.kind,
            crc,
            offset: nets_offset + place,
            len,
        };
        bytes.extend_from_slice(&record.to_bytes());
    }
    for (network, &place) in plan.networks.iter().zip(&places) {
        bytes.resize(place as usize, 0);
        bytes.extend_from_slice(&network.bytes);
    }
    bytes
}

fn masks_bytes(plan: &Plan, blob_offsets: &[u64]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (n, mask) in plan.masks.iter().enumerate() {
        let (offset, len, crc) = place_of(plan, blob_offsets, mask.blob, &format!("mask {n}"))?;
        let mut record = MaskRecord::new(offset, len, crc, mask.extent, mask.steps);
        record.valid = mask.valid;
        bytes.extend_from_slice(&record.to_bytes());
    }
    Ok(bytes)
}

fn index_bytes(plan: &Plan, blob_offsets: &[u64]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (n, planned) in plan.variables.iter().enumerate() {
        let variable = variable(planned, 0, planned.segments.len() as u32, 0);
        for (i, entry) in planned.entries.iter().enumerate() {
            let key = variable.key_of(n as u32, i as u64);
            let what = format!("variable {n}, entry {i}");
            check_entry(entry, &what)?;
            let (payload_offset, payload_len, payload_crc) = match entry.blob {
                Some(blob) => place_of(plan, blob_offsets, blob, &what)?,
                None => (0, 0, 0),
            };
            let entry = Entry {
                codec: entry.codec,
                output: entry.output,
                payload_offset,
                payload_len,
                payload_crc,
                min: entry.min,
                max: entry.max,
                max_abs_error: entry.max_abs_error,
                rmse: entry.rmse,
                network: entry.network,
                mask: entry.mask,
            };
            bytes.extend_from_slice(&entry.to_bytes(key));
        }
    }
    Ok(bytes)
}

/// Rules for writers that a reader does not check, or could not see.
fn check_entry(entry: &EntryPlan, what: &str) -> Result<(), Error> {
    let zero = entry.codec == codec::CONSTANT && entry.min == 0.0 && entry.max == 0.0;
    if entry.mask == MaskRef::NoneValid && !zero {
        return Err(Error::plan(format!(
            "{what} has no valid voxels: it must be the constant 0"
        )));
    }
    if entry.network == Some(u32::MAX) || matches!(entry.mask, MaskRef::Stored(n) if n >= u32::MAX - 1) {
        return Err(Error::plan(format!("{what}: no such network or mask")));
    }
    Ok(())
}

/// Offset, length and CRC of a blob; `user` names who asks for it.
fn place_of(plan: &Plan, blob_offsets: &[u64], blob: u32, user: &str) -> Result<(u64, u32, u32), Error> {
    match (plan.blobs.get(blob as usize), blob_offsets.get(blob as usize)) {
        (Some(planned), Some(&offset)) => Ok((offset, planned.len, planned.crc)),
        _ => Err(Error::plan(format!(
            "{user} names payload {blob} of {}",
            plan.blobs.len()
        ))),
    }
}

fn place(end: u64) -> Result<u64, Error> {
    aligned(end).ok_or_else(|| Error::plan("the file is too long"))
}

/// Offsets of the blobs and the length of the file.
fn place_blobs(plan: &Plan, blks_offset: u64) -> Result<(Vec<u64>, u64), Error> {
    let mut end = blks_offset;
    let mut offsets = Vec::with_capacity(plan.blobs.len());
    for blob in &plan.blobs {
        let offset = place(end)?;
        offsets.push(offset);
        end = offset
            .checked_add(blob.len.into())
            .ok_or_else(|| Error::plan("the file is too long"))?;
    }
    Ok((offsets, end))
}

fn pad_to(bytes: &mut Vec<u8>, offset: u64) -> Result<(), Error> {
    let len = usize::try_from(offset).map_err(|_| Error::plan("the front of the file does not fit into memory"))?;
    bytes.resize(len, 0);
    Ok(())
}

/// A file beside the final one that disappears unless it is published.
struct Temporary {
    file: File,
    path: PathBuf,
    published: bool,
}

impl Temporary {
    fn create(target: &Path) -> Result<Self, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let no_name = || {
            Error::file(
                "write",
                target,
                io::Error::new(io::ErrorKind::InvalidInput, "not a file name"),
            )
        };
        let mut name = target.file_name().ok_or_else(no_name)?.to_os_string();
        // Process and counter keep two writers of one file apart: the last to finish wins, neither is mixed up.
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        name.push(format!(".{}-{n}.neuvol.partial", std::process::id()));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        let file = file.map_err(|error| Error::file("create", &path, error))?;
        Ok(Self {
            file,
            path,
            published: false,
        })
    }

    /// Puts the data on the disk and gives the file its name.
    fn publish(mut self, target: &Path) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(|error| Error::file("write", &self.path, error))?;
        fs::rename(&self.path, target).map_err(|error| Error::file("replace", target, error))?;
        self.published = true;
        sync_directory(target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.published {
            // Nothing can be done about a failure, and the error that led here matters more.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a rename survive a power cut.
#[cfg(unix)]
fn sync_directory(target: &Path) -> Result<(), Error> {
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::file("sync", directory, error))
}

/// Other systems cannot sync a directory.
#[cfg(not(unix))]
fn sync_directory(_target: &Path) -> Result<(), Error> {
    Ok(())
}
