//! Textures of the host.

use crate::kernels::Kernel;
use ash::vk;

/// What a texel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Texel {
    /// `VK_FORMAT_R32_SFLOAT`: the value.
    R32F,
    /// `VK_FORMAT_R16_SFLOAT`: the value, rounded.
    R16F,
    /// `VK_FORMAT_R8_UNORM`: the value in its range.
    R8,
    /// `VK_FORMAT_R16_UNORM`: the value in its range.
    R16,
    /// `VK_FORMAT_R16G16_SFLOAT`: the value, and 1 where it is valid, else 0.
    Rg16F,
    /// `VK_FORMAT_R16G16B16A16_SFLOAT`: the value, and its slope along z, y and x per voxel, for lighting.
    Rgba16F,
}

impl Texel {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::R32F, Self::R16F, Self::R8, Self::R16, Self::Rg16F, Self::Rgba16F];

    /// Vulkan's name of it.
    #[must_use]
    pub fn format(self) -> vk::Format {
        match self {
            Self::R32F => vk::Format::R32_SFLOAT,
            Self::R16F => vk::Format::R16_SFLOAT,
            Self::R8 => vk::Format::R8_UNORM,
            Self::R16 => vk::Format::R16_UNORM,
            Self::Rg16F => vk::Format::R16G16_SFLOAT,
            Self::Rgba16F => vk::Format::R16G16B16A16_SFLOAT,
        }
    }

    /// Bytes of a texel.
    #[must_use]
    pub fn bytes(self) -> u32 {
        match self {
            Self::R8 => 1,
            Self::R16F | Self::R16 => 2,
            Self::R32F | Self::Rg16F => 4,
            Self::Rgba16F => 8,
        }
    }

    /// Its number in `store.slang`.
    pub(crate) fn id(self) -> u32 {
        match self {
            Self::R32F => 0,
            Self::R16F => 1,
            Self::R8 => 2,
            Self::R16 => 3,
            Self::Rg16F => 4,
            Self::Rgba16F => 5,
        }
    }

    pub(crate) fn image_kernel(self) -> Kernel {
        match self {
            Self::R32F => Kernel::StoreR32F,
            Self::R16F => Kernel::StoreR16F,
            Self::R8 => Kernel::StoreR8,
            Self::R16 => Kernel::StoreR16,
            Self::Rg16F => Kernel::StoreRg16F,
            Self::Rgba16F => Kernel::StoreRgba16F,
        }
    }
}

/// How texels reach a texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WritePath {
    /// `imageStore`: the image has `VK_IMAGE_USAGE_STORAGE_BIT` and is in the layout `GENERAL` while it is written.
    Store,
    /// `vkCmdCopyBufferToImage`: the image has `VK_IMAGE_USAGE_TRANSFER_DST_BIT` and is in the layout
    /// `TRANSFER_DST_OPTIMAL` while it is written.
    Copy,
}

impl WritePath {
    /// Layout, stage and access of the writing.
    #[must_use]
    pub fn target(self) -> (vk::ImageLayout, vk::PipelineStageFlags, vk::AccessFlags) {
        match self {
            Self::Store => {
                (vk::ImageLayout::GENERAL, vk::PipelineStageFlags::COMPUTE_SHADER, vk::AccessFlags::SHADER_WRITE)
            }
            Self::Copy => (
                vk::ImageLayout::TRANSFER_DST_OPTIMAL,
                vk::PipelineStageFlags::TRANSFER,
                vk::AccessFlags::TRANSFER_WRITE,
            ),
        }
    }
}

/// A 3D texture of the host that values are written to. It belongs to the host; what this holds of it must be given back
/// with [`Gpu::unregister`](crate::Gpu::unregister) before the image is destroyed.
#[derive(Debug)]
pub struct Texture {
    pub(crate) image: vk::Image,
    /// Extent in texels, `[z, y, x]`.
    pub(crate) extent: [u32; 3],
    pub(crate) texel: Texel,
    /// The layout that the host keeps it in, if it leaves changing that to packets.
    pub(crate) layout: Option<vk::ImageLayout>,
    /// View and descriptor set of the store path.
    pub(crate) store: Option<(vk::ImageView, vk::DescriptorSet)>,
    /// Whether it can be copied to, whatever the path.
    pub(crate) takes_copies: bool,
}

impl Texture {
    /// The image.
    #[must_use]
    pub fn image(&self) -> vk::Image {
        self.image
    }

    /// Whether packets change its layout by themselves.
    #[must_use]
    pub fn changes_layout(&self) -> bool {
        self.layout.is_some()
    }

    /// How texels reach it.
    #[must_use]
    pub fn path(&self) -> WritePath {
        if self.store.is_some() { WritePath::Store } else { WritePath::Copy }
    }
}
