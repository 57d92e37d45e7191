//! Textures of the host.

use ash::vk;
use neuvol_plan::Texel;

/// Vulkan's name of what a texel holds.
#[must_use]
pub fn format(texel: Texel) -> vk::Format {
    match texel {
        Texel::R32F => vk::Format::R32_SFLOAT,
        Texel::R16F => vk::Format::R16_SFLOAT,
        Texel::R8 => vk::Format::R8_UNORM,
        Texel::R16 => vk::Format::R16_UNORM,
        Texel::Rg16F => vk::Format::R16G16_SFLOAT,
        Texel::Rgba16F => vk::Format::R16G16B16A16_SFLOAT,
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

    /// Its extent in texels, `[z, y, x]`.
    #[must_use]
    pub fn extent(&self) -> [u32; 3] {
        self.extent
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
