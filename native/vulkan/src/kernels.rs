//! The compute kernels, compiled from `shaders/*.slang`.

/// One kernel. Records of its jobs are described in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kernel {
    Copy,
    Mix,
    Lines,
    Halve,
    Head,
    Fold,
    Grid,
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

macro_rules! spirv {
    ($name:literal) => {
        include_bytes!(concat!("../shaders/spirv/", $name, ".spv"))
    };
}

impl Kernel {
    /// All of them. Those that store into images stand last.
    pub(crate) const ALL: [Self; 17] = [
        Self::Copy,
        Self::Mix,
        Self::Lines,
        Self::Halve,
        Self::Head,
        Self::Fold,
        Self::Grid,
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

    /// The module, for `vkCreateShaderModule`.
    pub(crate) fn spirv(self) -> &'static [u8] {
        match self {
            Self::Copy => spirv!("copy"),
            Self::Mix => spirv!("mix"),
            Self::Lines => spirv!("lines"),
            Self::Halve => spirv!("halve"),
            Self::Head => spirv!("head"),
            Self::Fold => spirv!("fold"),
            Self::Grid => spirv!("grid"),
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
