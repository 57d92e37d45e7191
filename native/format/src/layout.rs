//! Lays a [`Plan`] out: every byte of the file but the payloads, and where those go.

use crate::codec;
use crate::compress;
use crate::entry::{Entry, MaskRef};
use crate::error::{Error, limit};
use crate::front::Front;
use crate::header::{FrontGuard, Header, Section, kind};
use crate::image::{self, Image};
use crate::limits::{
    ALIGNMENT, ENTRY_LEN, EXPANSION_SLACK, HEADER_LEN, MASK_LEN, MAX_COORDINATE_BYTES, MAX_EXPANSION, MAX_META_BYTES,
    MAX_NETWORKS, MAX_PACKED_FRONT, MAX_VARIABLES, NETWORK_LEN, SECTION_LEN, aligned,
};
use crate::mask::MaskRecord;
use crate::network::NetworkRecord;
use crate::plan::{EntryPlan, Plan, VariablePlan};
use crate::variable::Variable;

/// Sections shorter than this are stored as they are: easy to look at, and nothing to gain.
const COMPRESS_FROM: usize = 4096;

/// Where everything goes.
pub(crate) struct Layout {
    pub(crate) header: Header,
    /// What stands before the payloads: header (without the hash), directory and all sections before BLKS, padded up to
    /// BLKS; or the header of a packed file and its front.
    pub(crate) front: Vec<u8>,
    /// In the image of the file, as the next.
    pub(crate) blks_offset: u64,
    /// Of every blob.
    pub(crate) blob_offsets: Vec<u64>,
}

/// One section of the front before it has a place.
struct Part {
    section: Section,
    stored: Vec<u8>,
}

impl Layout {
    /// Lays a file out: packed, if that is wanted, possible and shorter.
    pub(crate) fn new(plan: &Plan) -> Result<Self, Error> {
        check_counts(plan)?;
        let plain = Self::plain(plan, ALIGNMENT)?;
        if plan.packed
            && plain.front.len() <= HEADER_LEN + MAX_PACKED_FRONT
            && let Some(packed) = Self::plain(plan, 1)?.pack()?
            && packed.header.file_len < plain.header.file_len
        {
            packed.verify(plan)?;
            return Ok(packed);
        }
        plain.verify(plan)?;
        Ok(plain)
    }

    /// A file that is not packed, with payloads at multiples of `alignment`.
    fn plain(plan: &Plan, alignment: u64) -> Result<Self, Error> {
        let mut parts = vec![
            Part::compressible(kind::META, meta_bytes(plan)?)?,
            Part::table(kind::VARS, variables_bytes(plan)?, plan.variables.len()),
            Part::table(kind::SEGS, segments_bytes(plan), plan.variables.iter().map(|v| v.segments.len()).sum()),
        ];
        let networks_at = parts.len();
        if !plan.networks.is_empty() {
            let len = networks_len(plan)?;
            parts.push(Part::table(kind::NETS, vec![0; len], plan.networks.len()));
        }
        let masks_at = parts.len();
        if !plan.masks.is_empty() {
            let bytes = vec![0; plan.masks.len() * MASK_LEN];
            parts.push(Part::table(kind::MASK, bytes, plan.masks.len()));
        }
        let index_at = parts.len();
        let n_entries = plan.variables.iter().map(|variable| variable.entries.len()).sum::<usize>();
        parts.push(Part::table(kind::INDX, vec![0; n_entries * ENTRY_LEN], n_entries));
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
        let (blob_offsets, file_len) = place_blobs(plan, blks_offset, alignment)?;
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
        Self::assemble(&sections, &parts, blob_offsets, file_len)
    }

    fn assemble(sections: &[Section], parts: &[Part], blob_offsets: Vec<u64>, file_len: u64) -> Result<Self, Error> {
        let directory: Vec<u8> = sections.iter().flat_map(Section::to_bytes).collect();
        let header = Header {
            version: (crate::MAJOR, crate::MINOR),
            file_len,
            content_hash: [0; 32],
            n_sections: sections.len() as u32,
            front: FrontGuard::Plain { directory_crc: crate::crc(&directory) },
        };
        let mut front = header.to_bytes();
        front.extend_from_slice(&directory);
        for part in parts {
            pad_to(&mut front, part.section.offset)?;
            front.extend_from_slice(&part.stored);
        }
        let blks_offset = sections.last().map_or(0, |blks| blks.offset);
        pad_to(&mut front, blks_offset)?;
        Ok(Self { header, front, blks_offset, blob_offsets })
    }

    /// The same file, packed; `None` if it cannot be.
    fn pack(self) -> Result<Option<Self>, Error> {
        let packed = image::pack(&self.front).map_err(|error| Error::io("cannot compress", error))?;
        let Some(packed) = packed else { return Ok(None) };
        // The packing has checked that it fits.
        let front = FrontGuard::Packed { len: packed.len() as u16, crc: crate::crc(&packed) };
        let mut header = Header { front, ..self.header };
        header.file_len = header.front_end() + (header.file_len - self.blks_offset);
        if u32::try_from(header.file_len).is_err() {
            return Ok(None);
        }
        let mut front = header.to_bytes();
        front.extend_from_slice(&packed);
        Ok(Some(Self { header, front, ..self }))
    }

    /// Reads the front back with the reader's own code, so that no rule is written down twice.
    fn verify(&self, plan: &Plan) -> Result<(), Error> {
        self.read_back(plan).map_err(|error| Error::plan(format!("a reader would refuse the file: {error}")))
    }

    fn read_back(&self, plan: &Plan) -> Result<(), Error> {
        let header = Header::parse(&self.front, self.header.file_len)?;
        let unpacked = image::unpack(&self.front, &header)?;
        let image = Image::new(&self.front, &header, unpacked.as_deref());
        let front = Front::parse(image, header.clone())?;
        for n in 0..plan.variables.len() as u32 {
            for key in front.keys(n) {
                if let MaskRef::Stored(mask) = front.entry(image, key)?.mask {
                    front.mask(image, key, mask)?;
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
        Self { kind, flags: 0, offset: 0, len, raw_len: len, compression: compress::NONE, items: 0, crc: 0 }
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
        let mut part = Self { section: Section::plain(kind, raw_len), stored: raw };
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
        return Err(Error::plan(format!("payload {n} is empty: an entry without payload has no blob")));
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
    plan.variables.iter().flat_map(|variable| &variable.segments).flat_map(|segment| segment.to_bytes()).collect()
}

/// Offsets of the networks from the start of NETS, and its length.
fn network_places(plan: &Plan) -> (Vec<u64>, u64) {
    let mut end = (plan.networks.len() * NETWORK_LEN) as u64;
    let places = plan.networks.iter().map(|network| {
        let place = end.next_multiple_of(ALIGNMENT);
        end = place + network.bytes.len() as u64;
        place
    });
    (places.collect(), end)
}

fn networks_len(plan: &Plan) -> Result<usize, Error> {
    if let Some(n) = plan.networks.iter().position(|network| u32::try_from(network.bytes.len()).is_err()) {
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
        let record = NetworkRecord { kind: network.kind, crc, offset: nets_offset + place, len };
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
            check_entry(plan, entry, &what)?;
            let (payload_offset, payload_len, payload_crc) = match entry.blob {
                Some(blob) => {
                    let (offset, len, crc) = place_of(plan, blob_offsets, blob, &what)?;
                    // Where the whole blob is, so are its first bytes.
                    entry.prefix.map_or((offset, len, crc), |prefix| (offset, prefix.len, prefix.crc))
                }
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
fn check_entry(plan: &Plan, entry: &EntryPlan, what: &str) -> Result<(), Error> {
    let zero = entry.codec == codec::CONSTANT && entry.min == 0.0 && entry.max == 0.0;
    if entry.mask == MaskRef::NoneValid && !zero {
        return Err(Error::plan(format!("{what} has no valid voxels: it must be the constant 0")));
    }
    if let Some(prefix) = entry.prefix {
        let blob = entry.blob.and_then(|blob| plan.blobs.get(blob as usize));
        if prefix.len == 0 || blob.is_none_or(|blob| prefix.len > blob.len) {
            return Err(Error::plan(format!("{what}: its payload has no prefix of {} bytes", prefix.len)));
        }
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
        _ => Err(Error::plan(format!("{user} names payload {blob} of {}", plan.blobs.len()))),
    }
}

fn place(end: u64) -> Result<u64, Error> {
    aligned(end).ok_or_else(|| Error::plan("the file is too long"))
}

/// Offsets of the blobs and the length of the file.
fn place_blobs(plan: &Plan, blks_offset: u64, alignment: u64) -> Result<(Vec<u64>, u64), Error> {
    let mut end = blks_offset;
    let mut offsets = Vec::with_capacity(plan.blobs.len());
    for blob in &plan.blobs {
        let offset = end.checked_next_multiple_of(alignment).ok_or_else(|| Error::plan("the file is too long"))?;
        offsets.push(offset);
        end = offset.checked_add(blob.len.into()).ok_or_else(|| Error::plan("the file is too long"))?;
    }
    Ok((offsets, end))
}

fn pad_to(bytes: &mut Vec<u8>, offset: u64) -> Result<(), Error> {
    let len = usize::try_from(offset).map_err(|_| Error::plan("the front of the file does not fit into memory"))?;
    bytes.resize(len, 0);
    Ok(())
}
