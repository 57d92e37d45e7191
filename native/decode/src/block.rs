use crate::folded::Folded;
use crate::kernel::Kernel;
use crate::matrices::Products;
use crate::scratch::Scratch;
use crate::wavelet::Latents;
use neuvol_format::Entry;
use neuvol_model::{Block, Error, Raw, check_block_output};

/// A block of any codec, ready to be decoded at any time of its segment: what is worth keeping between two decodes.
#[derive(Debug)]
pub enum Prepared {
    /// Codec 1: the same value everywhere.
    Constant(f32),
    /// Codec 2: unpacked values.
    Raw(Raw),
    /// Codec 3: one output of a network for one kernel.
    Grid(Box<Folded>),
    /// Codec 4: wavelet latents and head.
    Wavelet(Box<Latents>),
    /// Codec 5: a core and a matrix per axis.
    Matrices(Box<Products>),
}

impl Prepared {
    /// Prepares output number `output` of a block; `output` matters to grid networks, `kernel` to all networks, see
    /// [`Folded::new`], [`Latents::new`] and [`Products::new`].
    ///
    /// # Errors
    /// An output that the network does not have, or a network put together by hand that breaks its own shape.
    pub fn new(block: Block, output: u8, kernel: Kernel) -> Result<Self, Error> {
        Ok(match block {
            Block::Constant(value) => Prepared::Constant(value),
            Block::Raw(raw) => Prepared::Raw(raw),
            Block::Grid(network) => Prepared::Grid(Box::new(Folded::new(&network, output, kernel)?)),
            Block::Wavelet(wavelet) => Prepared::Wavelet(Box::new(Latents::new(&wavelet, kernel)?)),
            Block::Matrices(matrices) => Prepared::Matrices(Box::new(Products::new(&matrices, kernel)?)),
        })
    }

    /// Decodes the block at `local_time` (steps since the start of the segment, limited to it), limited to `range`
    /// (min, max); NaN becomes min, masks are left to the caller. `out` has the voxels of the block, x fastest.
    ///
    /// # Errors
    /// `out` of another length than the block; a range that is reversed or too wide for f32.
    pub fn decode(
        &self,
        local_time: f64,
        range: (f32, f32),
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        match self {
            Prepared::Constant(value) => out.fill(*value),
            Prepared::Raw(raw) => raw.decode(local_time, range, out)?,
            Prepared::Grid(folded) => folded.decode(local_time, range, out, scratch)?,
            Prepared::Wavelet(latents) => latents.decode(local_time, range, out, scratch)?,
            Prepared::Matrices(products) => products.decode(local_time, range, out, scratch)?,
        }
        Ok(())
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Prepared::Constant(_) => 0,
                Prepared::Raw(raw) => raw.memory_bytes(),
                Prepared::Grid(folded) => size_of::<Folded>() + folded.memory_bytes(),
                Prepared::Wavelet(latents) => size_of::<Latents>() + latents.memory_bytes(),
                Prepared::Matrices(products) => size_of::<Products>() + products.memory_bytes(),
            }
    }
}

/// Decodes a block of any codec, with the contract of [`neuvol_model::decode_block_reference`]: values at `local_time`
/// (steps since the start of the segment, limited to it) in the range of the entry, masks left to the caller.
///
/// A grid network is folded, latents and cores are packed for this one call; to decode at several times keep a [`Prepared`].
///
/// # Errors
/// Arguments that do not fit each other.
pub fn decode_block(
    block: &Block,
    entry: &Entry,
    extent: [u32; 3],
    local_time: f64,
    kernel: Kernel,
    out: &mut [f32],
    scratch: &mut Scratch,
) -> Result<(), Error> {
    check_block_output(block, entry, extent, out)?;
    let range = (entry.min, entry.max);
    match block {
        Block::Constant(value) => out.fill(*value),
        Block::Raw(raw) => raw.decode(local_time, range, out)?,
        Block::Grid(network) => {
            Folded::new(network, entry.output, kernel)?.decode(local_time, range, out, scratch)?;
        }
        Block::Wavelet(wavelet) => {
            Latents::new(wavelet, kernel)?.decode(local_time, range, out, scratch)?;
        }
        Block::Matrices(matrices) => {
            Products::new(matrices, kernel)?.decode(local_time, range, out, scratch)?;
        }
    }
    Ok(())
}
