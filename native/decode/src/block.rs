use crate::folded::Folded;
use crate::kernel::Kernel;
use crate::scratch::Scratch;
use neuvol_format::Entry;
use neuvol_model::{Block, Error, check_block_output};

/// Decodes a block of any codec, with the contract of [`neuvol_model::decode_block_reference`]: values at `local_time`
/// (steps since the start of the segment, limited to it) in the range of the entry, masks left to the caller.
///
/// A grid network is folded for this one call; to decode it at several times keep a [`Folded`].
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
    }
    Ok(())
}
