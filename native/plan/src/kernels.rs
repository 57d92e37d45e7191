//! The kernels that every backend has.

use crate::{Texel, Variant};

/// One kernel, made for one shape of a model where speed asks for it. Records are described in the sources of
/// `native/vulkan/shaders`; those of `native/cuda/kernels` read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Values that need no decoding.
    Copy,
    /// Components of latents mixed for one time.
    Mix,
    /// The coarse levels of a wavelet transform in one workgroup.
    Small,
    /// One level of it along z.
    Rise,
    /// One level of it along y and x.
    Plane,
    /// One level of it along one axis, or samples moved to the middles of their voxels.
    Lines,
    /// Means of two neighbours along an axis.
    Halve,
    /// Means of 5³ voxels.
    Mean,
    /// Values out of latents by their head.
    Head(HeadShape),
    /// The same in [`Variant::Half`].
    HeadHalf(HeadShape),
    /// The same in [`Variant::Int8`].
    HeadInt8(HeadShape),
    /// The same in [`Variant::Matrix`].
    HeadMatrix(HeadShape),
    /// The same in [`Variant::Fused`]: heads of at most 32 channels and one hidden layer.
    HeadFused(HeadShape),
    /// The folded lattice of a grid network.
    Fold,
    /// Values of a grid network of 1 or 2 hidden layers out of its lattice.
    Grid(GridShape),
    /// The same in [`Variant::Half`].
    GridHalf(GridShape),
    /// The same in [`Variant::Matrix`].
    GridMatrix(GridShape),
    /// Values or texels of a grid network, its lattice included, in [`Variant::Fused`]: see [`GridShape::fits_fused`].
    GridFused(GridShape),
    /// The same for several times at once, which share the lattice: networks without gains.
    GridSteps(GridShape),
    /// Values of a grid network of any number of layers out of its lattice.
    GridDeep,
    /// One axis of an array multiplied by a matrix.
    Contract,
    /// Residuals, interpolation and scaling.
    Finish,
    /// A level of detail that no file stores.
    Reduce,
    /// Packs texels into a buffer.
    StoreBuffer,
    /// Stores texels into an image, whose format the shader names.
    StoreR32F,
    /// The same.
    StoreR16F,
    /// The same.
    StoreR8,
    /// The same.
    StoreR16,
    /// The same.
    StoreRg16F,
    /// The same.
    StoreRgba16F,
}

/// What a kernel of heads is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeadShape {
    /// Blocks of 4 channels, 1..=16.
    pub blocks: u8,
    /// Hidden layers, 0..=3.
    pub hidden: u8,
}

impl HeadShape {
    /// Voxels of a thread: as many as keep all numbers in registers.
    #[must_use]
    pub fn depth(self) -> u32 {
        match self.blocks {
            0..=4 => 4,
            5..=8 => 2,
            _ => 1,
        }
    }

    /// Tiles of 16 channels of a matrix.
    #[must_use]
    pub fn tiles(self) -> u32 {
        u32::from(self.blocks).div_ceil(4)
    }

    /// Voxels of a thread for numbers of 16 bits.
    #[must_use]
    pub fn half_depth(self) -> u32 {
        match self.blocks {
            0..=2 => 8,
            3..=8 => 4,
            _ => 2,
        }
    }
}

/// What a kernel of grid networks is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GridShape {
    /// Neurons of a layer: 16, or a multiple of 32.
    pub neurons: u8,
    /// Hidden layers: 1 or 2.
    pub hidden: u8,
    /// Of the finest cell.
    pub log2_cell: u8,
}

impl GridShape {
    /// Whether there is a kernel for [`Variant::Fused`]: two hidden layers of 16, 32 or 64 neurons on cells of 2 voxels.
    #[must_use]
    pub fn fits_fused(self) -> bool {
        self.hidden == 2 && self.log2_cell == 1 && matches!(self.neurons, 16 | 32 | 64)
    }

    /// Cells along z that a block of threads of [`Kernel::GridFused`] works on: as many as its memory holds.
    #[must_use]
    pub fn fused_cells(self) -> u32 {
        if self.neurons > 32 { 4 } else { 8 }
    }

    /// Neurons of layer 2 that are computed together: as many as keep all numbers in registers.
    #[must_use]
    pub fn block(self) -> u32 {
        u32::from(self.neurons).min(32)
    }
}

impl Kernel {
    /// Those that do not depend on the shape of a model: made at the start.
    pub const ALWAYS: [Self; 20] = [
        Self::Copy,
        Self::Mix,
        Self::Small,
        Self::Rise,
        Self::Plane,
        Self::Lines,
        Self::Halve,
        Self::Mean,
        Self::Fold,
        Self::GridDeep,
        Self::Contract,
        Self::Finish,
        Self::Reduce,
        Self::StoreBuffer,
        Self::StoreR32F,
        Self::StoreR16F,
        Self::StoreR8,
        Self::StoreR16,
        Self::StoreRg16F,
        Self::StoreRgba16F,
    ];

    /// The one that stores texels into an image.
    #[must_use]
    pub fn of_image(texel: Texel) -> Self {
        match texel {
            Texel::R32F => Self::StoreR32F,
            Texel::R16F => Self::StoreR16F,
            Texel::R8 => Self::StoreR8,
            Texel::R16 => Self::StoreR16,
            Texel::Rg16F => Self::StoreRg16F,
            Texel::Rgba16F => Self::StoreRgba16F,
        }
    }

    /// Whether it writes a storage image.
    #[must_use]
    pub fn writes_image(self) -> bool {
        self > Self::StoreBuffer
    }

    /// Whether it needs `shaderStorageImageExtendedFormats`, which a host must have enabled.
    #[must_use]
    pub fn needs_extended_formats(self) -> bool {
        matches!(self, Self::StoreR16F | Self::StoreR8 | Self::StoreR16 | Self::StoreRg16F)
    }

    /// The variant that it belongs to; `None` if it runs on any device.
    #[must_use]
    pub fn variant(self) -> Option<Variant> {
        match self {
            Self::HeadHalf(_) | Self::GridHalf(_) => Some(Variant::Half),
            Self::HeadInt8(_) => Some(Variant::Int8),
            Self::HeadMatrix(_) | Self::GridMatrix(_) => Some(Variant::Matrix),
            Self::HeadFused(_) | Self::GridFused(_) | Self::GridSteps(_) => Some(Variant::Fused),
            _ => None,
        }
    }

    /// Voxels of a workgroup on each axis, of kernels that work on tiles: see their sources.
    #[must_use]
    pub fn tile(self) -> [u32; 3] {
        match self {
            Self::Mean => [4, 8, 32],
            Self::Head(shape) | Self::HeadInt8(shape) => [shape.depth(), 4, 32],
            Self::HeadHalf(shape) => [shape.half_depth(), 4, 32],
            Self::HeadFused(_) => [8, 8, 32],
            Self::GridFused(shape) | Self::GridSteps(shape) => [2 * shape.fused_cells(), 16, 16],
            Self::HeadMatrix(_) | Self::Grid(_) | Self::GridHalf(_) | Self::GridMatrix(_) => [4, 4, 32],
            _ => [1; 3],
        }
    }
}
