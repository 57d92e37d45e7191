//! The compute kernels, compiled from `shaders/*.slang`.

use crate::variants::Variant;

/// One kernel, made for one shape of a model where speed asks for it. Records of its jobs are described in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kernel {
    Copy,
    Mix,
    Small,
    Rise,
    Plane,
    Lines,
    Halve,
    Mean,
    Head(HeadShape),
    HeadHalf(HeadShape),
    HeadInt8(HeadShape),
    HeadMatrix(HeadShape),
    Fold,
    Grid(GridShape),
    GridHalf(GridShape),
    GridMatrix(GridShape),
    GridDeep,
    Contract,
    Finish,
    Reduce,
    /// Packs texels into a buffer.
    StoreBuffer,
    /// Stores texels into an image, whose format the shader names.
    StoreR32F,
    StoreR16F,
    StoreR8,
    StoreR16,
    StoreRg16F,
    StoreRgba16F,
}

/// What a kernel of heads is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HeadShape {
    /// Blocks of 4 channels, 1..=16.
    pub(crate) blocks: u8,
    /// Hidden layers, 0..=3.
    pub(crate) hidden: u8,
}

impl HeadShape {
    /// Voxels of a thread: as many as keep all numbers in registers.
    pub(crate) fn depth(self) -> u32 {
        match self.blocks {
            0..=4 => 4,
            5..=8 => 2,
            _ => 1,
        }
    }

    /// Tiles of 16 channels of a matrix.
    pub(crate) fn tiles(self) -> u32 {
        u32::from(self.blocks).div_ceil(4)
    }

    /// Voxels of a thread for numbers of 16 bits.
    pub(crate) fn half_depth(self) -> u32 {
        match self.blocks {
            0..=2 => 8,
            3..=8 => 4,
            _ => 2,
        }
    }
}

/// What a kernel of grid networks is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GridShape {
    /// Neurons of a layer: 16, or a multiple of 32.
    pub(crate) neurons: u8,
    /// Hidden layers: 1 or 2.
    pub(crate) hidden: u8,
    /// Of the finest cell.
    pub(crate) log2_cell: u8,
}

impl GridShape {
    /// Neurons of layer 2 that are computed together: as many as keep all numbers in registers.
    pub(crate) fn block(self) -> u32 {
        u32::from(self.neurons).min(32)
    }
}

macro_rules! spirv {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../shaders/spirv/", $name, ".spv")).as_slice())
    };
}

impl Kernel {
    /// Those that do not depend on the shape of a model: made at the start.
    pub(crate) const ALWAYS: [Self; 20] = [
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

    /// Whether it writes a storage image.
    pub(crate) fn writes_image(self) -> bool {
        self > Self::StoreBuffer
    }

    /// Whether it needs `shaderStorageImageExtendedFormats`, which a host must have enabled.
    pub(crate) fn needs_extended_formats(self) -> bool {
        matches!(self, Self::StoreR16F | Self::StoreR8 | Self::StoreR16 | Self::StoreRg16F)
    }

    /// The variant that it belongs to; `None` if it runs on any device.
    pub(crate) fn variant(self) -> Option<Variant> {
        match self {
            Self::HeadHalf(_) | Self::GridHalf(_) => Some(Variant::Half),
            Self::HeadInt8(_) => Some(Variant::Int8),
            Self::HeadMatrix(_) | Self::GridMatrix(_) => Some(Variant::Matrix),
            _ => None,
        }
    }

    /// Voxels of a workgroup on each axis, of kernels that work on tiles: see their sources.
    pub(crate) fn tile(self) -> [u32; 3] {
        match self {
            Self::Mean => [4, 8, 32],
            Self::Head(shape) | Self::HeadInt8(shape) => [shape.depth(), 4, 32],
            Self::HeadHalf(shape) => [shape.half_depth(), 4, 32],
            Self::HeadMatrix(_) | Self::Grid(_) | Self::GridHalf(_) | Self::GridMatrix(_) => [4, 4, 32],
            _ => [1; 3],
        }
    }

    /// The specialization constants, from number 0 on.
    pub(crate) fn constants(self) -> Vec<u32> {
        match self {
            Self::Head(shape) | Self::HeadInt8(shape) => vec![shape.blocks.into(), shape.hidden.into(), shape.depth()],
            Self::HeadHalf(shape) => vec![shape.blocks.into(), shape.hidden.into(), shape.half_depth()],
            Self::HeadMatrix(shape) => vec![shape.tiles(), shape.hidden.into()],
            Self::GridMatrix(shape) => vec![u32::from(shape.neurons) / 16, shape.log2_cell.into()],
            Self::Grid(shape) => {
                let (neurons, block) = (u32::from(shape.neurons), shape.block());
                vec![block / 4, neurons / block, shape.hidden.into(), shape.log2_cell.into()]
            }
            Self::GridHalf(shape) => {
                let (neurons, block) = (u32::from(shape.neurons), shape.block());
                vec![block / 4, neurons / block, shape.log2_cell.into()]
            }
            _ => Vec::new(),
        }
    }

    /// The module, for `vkCreateShaderModule`.
    pub(crate) fn spirv(self) -> &'static [u8] {
        self.module().1
    }

    /// For messages.
    pub(crate) fn name(self) -> &'static str {
        self.module().0
    }

    fn module(self) -> (&'static str, &'static [u8]) {
        match self {
            Self::Copy => spirv!("copy"),
            Self::Mix => spirv!("mix"),
            Self::Small => spirv!("small"),
            Self::Rise => spirv!("rise"),
            Self::Plane => spirv!("plane"),
            Self::Lines => spirv!("lines"),
            Self::Halve => spirv!("halve"),
            Self::Mean => spirv!("mean"),
            Self::Head(_) => spirv!("head"),
            Self::HeadHalf(_) => spirv!("head_half"),
            Self::HeadInt8(_) => spirv!("head_int8"),
            Self::HeadMatrix(_) => spirv!("head_matrix"),
            Self::Fold => spirv!("fold"),
            Self::Grid(_) => spirv!("grid"),
            Self::GridHalf(_) => spirv!("grid_half"),
            Self::GridMatrix(_) => spirv!("grid_matrix"),
            Self::GridDeep => spirv!("grid_deep"),
            Self::Contract => spirv!("contract"),
            Self::Finish => spirv!("finish"),
            Self::Reduce => spirv!("reduce"),
            Self::StoreBuffer => spirv!("store_buffer"),
            Self::StoreR32F => spirv!("store_r32f"),
            Self::StoreR16F => spirv!("store_r16f"),
            Self::StoreR8 => spirv!("store_r8"),
            Self::StoreR16 => spirv!("store_r16"),
            Self::StoreRg16F => spirv!("store_rg16f"),
            Self::StoreRgba16F => spirv!("store_rgba16f"),
        }
    }
}
