use crate::oracle::map_to_range;
use crate::{Error, GridNetwork, Head, Matrices, Raw, Wavelet, voxels};
use neuvol_format::{BlockKey, Entry, Reader, codec, network_kind};
use std::sync::Arc;

/// The model of one block and segment.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Codec 1: the same value everywhere.
    Constant(f32),
    /// Codec 2: plain values.
    Raw(Raw),
    /// Codec 3: a grid network.
    Grid(GridNetwork),
    /// Codec 4: wavelet latents and head.
    Wavelet(Box<Wavelet>),
    /// Codec 5: a core and a matrix per axis.
    Matrices(Box<Matrices>),
}

impl Block {
    /// Extent of the voxels that the model covers; `None` for a constant, which fits any.
    pub fn extent(&self) -> Option<[u32; 3]> {
        match self {
            Block::Constant(_) => None,
            Block::Raw(raw) => Some(raw.extent()),
            Block::Grid(network) => Some(network.extent),
            Block::Wavelet(wavelet) => Some(wavelet.level_extent()),
            Block::Matrices(matrices) => Some(matrices.level_extent()),
        }
    }

    /// Bytes of memory that the parameters take.
    pub fn memory_bytes(&self) -> usize {
        match self {
            Block::Constant(_) => 0,
            Block::Raw(raw) => raw.memory_bytes(),
            Block::Grid(network) => network.config.n_parameters(network.extent) as usize * 2,
            Block::Wavelet(wavelet) => wavelet.memory_bytes(),
            Block::Matrices(matrices) => matrices.memory_bytes(),
        }
    }
}

/// Checks that a block can be decoded for an entry: its extent, the length of the output, the number of the output.
/// Every decoder calls this first.
///
/// # Errors
/// Names the argument that does not fit.
pub fn check_block_output(block: &Block, entry: &Entry, extent: [u32; 3], out: &[f32]) -> Result<(), Error> {
    if out.len() != voxels(extent) {
        let message = format!("has {} elements, a block of {extent:?} has {} voxels", out.len(), voxels(extent));
        return Err(Error::argument("out", message));
    }
    if let Some(own) = block.extent().filter(|&own| own != extent) {
        return Err(Error::argument("extent", format!("is {extent:?}, the model covers {own:?}")));
    }
    match block {
        Block::Grid(network) if entry.output >= network.config.n_outputs => {
            let message = format!("is {}, the network has {} outputs", entry.output, network.config.n_outputs);
            Err(Error::argument("entry.output", message))
        }
        Block::Grid(_) => check_range((entry.min, entry.max)),
        _ => Ok(()),
    }
}

/// Checks that y can be mapped to a range (min, max) in f32.
///
/// # Errors
/// A reversed range, or one whose width is not a finite f32.
pub fn check_range((min, max): (f32, f32)) -> Result<(), Error> {
    if min <= max && (max - min).is_finite() {
        return Ok(());
    }
    let message = format!("is {min}..{max}; it must be in order and its width must be a finite 32-bit float");
    Err(Error::argument("range", message))
}

/// Reads the model behind an entry of the index: its payload and, if it has one, its shared network.
///
/// # Errors
/// A damaged payload, a codec that this version cannot decode ("unsupported codec 9"), or an entry that does not fit
/// its payload.
pub fn parse_block<B: AsRef<[u8]>>(reader: &Reader<B>, key: BlockKey, entry: &Entry) -> Result<Block, Error> {
    let (extent, steps) = place(reader, key)?;
    let block = match entry.codec {
        codec::CONSTANT => {
            if entry.payload_len != 0 {
                let (expected, found) = (0, entry.payload_len.into());
                return Err(Error::Length { what: "payload of a constant block", expected, found });
            }
            if entry.min != entry.max {
                let reason = format!("a constant block has min = max, but {} and {} are stored", entry.min, entry.max);
                return Err(Error::payload("constant block", 0, reason));
            }
            Block::Constant(entry.min)
        }
        codec::RAW => Block::Raw(Raw::from_bytes(reader.payload(entry)?, extent, steps)?),
        codec::GRID => {
            let shared = network(reader, entry, network_kind::MLP)?;
            Block::Grid(GridNetwork::from_bytes(reader.payload(entry)?, extent, shared, steps)?)
        }
        codec::WAVELET => {
            let head = network(reader, entry, network_kind::HEAD)?.map(Head::from_bytes).transpose()?.map(Arc::new);
            // Levels of detail are prefixes of one payload, which is that of the whole block.
            let whole = place(reader, BlockKey { level: 0, ..key })?.0;
            Block::Wavelet(Box::new(Wavelet::from_bytes(reader.payload(entry)?, whole, key.level, steps, head)?))
        }
        codec::MATRICES => {
            let whole = place(reader, BlockKey { level: 0, ..key })?.0;
            Block::Matrices(Box::new(Matrices::from_bytes(reader.payload(entry)?, whole, key.level, steps)?))
        }
        other => {
            return Err(Error::Unsupported { what: "codec", id: other.into() });
        }
    };
    match &block {
        Block::Grid(network) if entry.output >= network.config.n_outputs => {
            let reason = format!("the entry asks for output {} of {}", entry.output, network.config.n_outputs);
            Err(Error::payload("n_outputs", 2, reason))
        }
        _ => Ok(block),
    }
}

/// Bytes of the shared network of an entry, if it has one; it must be of the kind that the entry's codec needs.
fn network<'a, B: AsRef<[u8]>>(reader: &'a Reader<B>, entry: &Entry, kind: u16) -> Result<Option<&'a [u8]>, Error> {
    let Some(number) = entry.network else {
        return Ok(None);
    };
    let network = reader.network(number)?;
    if network.kind != kind {
        let reason = format!("network {number} is of kind {}, codec {} needs {kind}", network.kind, entry.codec);
        return Err(Error::payload("network", 0, reason));
    }
    Ok(Some(network.bytes))
}

/// Extent of a block in voxels of its level, and steps of its segment.
fn place<B: AsRef<[u8]>>(reader: &Reader<B>, key: BlockKey) -> Result<([u32; 3], u32), Error> {
    let missing = |name, value: u32, count: usize| Error::argument(name, format!("is {value}, the file has {count}"));
    let variables = reader.variables();
    let variable =
        variables.get(key.variable as usize).ok_or_else(|| missing("key.variable", key.variable, variables.len()))?;
    let segments = reader.segments(key.variable as usize);
    let segment =
        segments.get(key.segment as usize).ok_or_else(|| missing("key.segment", key.segment, segments.len()))?;
    if key.block >= variable.n_blocks() {
        return Err(missing("key.block", key.block, variable.n_blocks() as usize));
    }
    Ok((variable.block_extent(key.block, key.level), segment.steps))
}

/// The oracle: every voxel of a block at `local_time` (steps since the start of its segment, limited to it), mapped and
/// limited to the range of the entry, NaN replaced by its min. Masks are the caller's. `out` has the extent's voxels,
/// x fastest.
///
/// # Errors
/// Arguments that do not fit each other.
pub fn decode_block_reference(
    block: &Block,
    entry: &Entry,
    extent: [u32; 3],
    local_time: f64,
    out: &mut [f32],
) -> Result<(), Error> {
    check_block_output(block, entry, extent, out)?;
    let range = (entry.min, entry.max);
    match block {
        Block::Constant(value) => out.fill(*value),
        Block::Raw(raw) => raw.decode(local_time, range, out)?,
        Block::Grid(network) => {
            network.evaluate_block(local_time, entry.output, out);
            for value in out {
                *value = map_to_range(*value, range);
            }
        }
        Block::Wavelet(wavelet) => wavelet.decode_reference(local_time, range, out)?,
        Block::Matrices(matrices) => matrices.decode_reference(local_time, range, out)?,
    }
    Ok(())
}
