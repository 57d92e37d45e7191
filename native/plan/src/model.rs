//! Blocks as the kernels read them: words in device memory, and what the passes of a decode need to know of them.

mod grid;
mod head;
mod matrices;
mod values;
mod wavelet;

use crate::pass::{Pass, Work};
use crate::{Error, Kernel, Texel, Variants};
use neuvol_model::Block;

/// A block of any codec, for the kernels. Made on any thread, without a device.
#[derive(Debug)]
pub struct Model {
    kind: Kind,
    /// Extent of the voxels, `[z, y, x]`.
    pub(crate) extent: [u32; 3],
}

#[derive(Debug)]
enum Kind {
    Values(values::Values),
    Grid(Box<grid::Grid>),
    Wavelet(Box<wavelet::Latents>),
    Matrices(Box<matrices::Products>),
}

/// A moment of a model, and the range of its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Where the model's words begin.
    pub(crate) base: u32,
    /// Steps since the start of the segment.
    pub(crate) time: f64,
    pub(crate) range: (f32, f32),
    /// Variants of kernels that may be used.
    pub(crate) variants: Variants,
}

/// Texels that a pass packs itself, of a whole block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed {
    pub(crate) texel: Texel,
    /// Where they go: the first word, words of a row, and of a slice.
    pub(crate) first: u32,
    pub(crate) row: u32,
    pub(crate) slice: u32,
    pub(crate) unorm: (f32, f32),
}

impl Model {
    /// A block of `extent` voxels, output number `output` of it; and its words.
    ///
    /// # Errors
    /// [`Error::Argument`] if the block has another extent or no such output, [`Error::Model`] if it breaks its own rules.
    pub fn new(block: &Block, output: u8, extent: [u32; 3]) -> Result<(Self, Vec<u32>), Error> {
        if let Some(own) = block.extent().filter(|&own| own != extent) {
            return Err(Error::argument("extent", format!("is {extent:?}, the model covers {own:?}")));
        }
        let (kind, words) = match block {
            Block::Constant(value) => (Kind::Values(values::Values::constant(*value)), Vec::new()),
            Block::Raw(raw) => {
                let (values, words) = values::Values::raw(raw)?;
                (Kind::Values(values), words)
            }
            Block::Grid(network) => {
                let (grid, words) = grid::Grid::new(network, output)?;
                (Kind::Grid(Box::new(grid)), words)
            }
            Block::Wavelet(wavelet) => {
                let (latents, words) = wavelet::Latents::new(wavelet)?;
                (Kind::Wavelet(Box::new(latents)), words)
            }
            Block::Matrices(matrices) => {
                let (products, words) = matrices::Products::new(matrices)?;
                (Kind::Matrices(Box::new(products)), words)
            }
        };
        Ok((Self { kind, extent }, words))
    }

    /// A small number that models of the same kind share: they take the same time per voxel.
    #[must_use]
    pub fn class(&self) -> usize {
        match &self.kind {
            Kind::Values(_) => 0,
            Kind::Matrices(_) => 1,
            Kind::Grid(grid) => 2 + grid.class(),
            Kind::Wavelet(latents) => 10 + latents.class(),
        }
    }

    /// The kernels that are made for the model's shape, those of some variants among them.
    #[must_use]
    pub fn kernels(&self, variants: Variants) -> Vec<Kernel> {
        let kernel = |variants| match &self.kind {
            Kind::Wavelet(latents) => latents.kernel(variants),
            Kind::Grid(grid) => Some(grid.kernel(variants)),
            Kind::Values(_) | Kind::Matrices(_) => None,
        };
        let sets = variants.iter().map(Variants::only).chain([Variants::NONE]);
        let mut kernels: Vec<_> = sets.filter_map(kernel).collect();
        kernels.dedup();
        kernels
    }

    /// The one pass that makes texels of the whole block, if there is such a kernel: nothing else is needed then.
    pub(crate) fn texels(&self, moment: Moment, packed: &Packed) -> Option<Pass> {
        match &self.kind {
            Kind::Grid(grid) => grid.texels(moment, self.extent, packed),
            Kind::Values(_) | Kind::Wavelet(_) | Kind::Matrices(_) => None,
        }
    }

    /// Appends the passes that decode the model, and returns where the values stand in `work`.
    pub(crate) fn passes(&self, moment: Moment, work: &mut Work, passes: &mut Vec<Pass>) -> Result<u32, Error> {
        let n = count(self.extent);
        let values = work.take(n)?;
        match &self.kind {
            Kind::Values(kind) => kind.passes(moment, n, values, passes),
            Kind::Grid(grid) => grid.passes(moment, self.extent, values, work, passes)?,
            Kind::Wavelet(latents) => latents.passes(moment, values, work, passes)?,
            Kind::Matrices(products) => products.passes(moment, values, work, passes)?,
        }
        Ok(values)
    }
}

/// Voxels of a block: at most 2^21.
pub(crate) fn count(extent: [u32; 3]) -> u32 {
    extent.iter().product()
}
