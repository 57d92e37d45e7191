//! A box of a block at a time, and the texture that it goes to.

use crate::gpu::{Uploaded, whole};
use crate::{Texture, WritePath};
use ash::vk;
use neuvol_plan::{Kernel, Task, Texels};

/// A box of one block at one time, and where its values go.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The block.
    pub block: &'a Uploaded,
    /// Steps since the start of the block's segment (limited to it); a fraction is a time between two steps.
    pub time: f64,
    /// Smallest and largest value of the block's entry: values are limited to them.
    pub range: (f32, f32),
    /// The same block in the segment behind, for a time between the last step of one and the first of the other.
    pub later: Option<Later<'a>>,
    /// How often every axis is halved: levels of detail that are not stored (SPEC section 6).
    pub halvings: u8,
    /// First voxel (z, y, x) of the box in the (halved) block, and one past the last.
    pub min: [u32; 3],
    /// See `min`.
    pub max: [u32; 3],
    /// The texture.
    pub texture: &'a Texture,
    /// Texel (z, y, x) of the first voxel.
    pub to: [u32; 3],
    /// Values that become 0 and 1 in R8 and R16 textures.
    pub unorm: (f32, f32),
    /// What invalid voxels get; in R8 and R16 textures as it is stored there, 0..=1.
    pub invalid: f32,
    /// Whether numbers of fewer bits may be used where the device has them: errors of some thousandths of what a network adds.
    /// Without it, and for blocks with a guaranteed error, 32-bit floats are used. See [`Gpu::self_test_prepare`](crate::Gpu::self_test_prepare).
    pub fast: bool,
}

/// The first step of the segment behind.
#[derive(Clone, Copy, Debug)]
pub struct Later<'a> {
    /// The block there.
    pub block: &'a Uploaded,
    /// Smallest and largest value of its entry.
    pub range: (f32, f32),
    /// Its share, 0..=1.
    pub weight: f32,
}

impl Job<'_> {
    /// What is to be done for it on any device.
    pub(crate) fn task(&self) -> Task<'_> {
        let later = self.later.map(|later| neuvol_plan::Later {
            block: later.block.source(),
            range: later.range,
            weight: later.weight,
        });
        let texel = self.texture.texel;
        Task {
            block: self.block.source(),
            time: self.time,
            range: self.range,
            later,
            halvings: self.halvings,
            min: self.min,
            max: self.max,
            texel,
            texture: self.texture.extent,
            to: self.to,
            unorm: self.unorm,
            invalid: self.invalid,
            image: (self.texture.path() == WritePath::Store).then(|| Kernel::of_image(texel)),
        }
    }
}

/// Texels that stand in a buffer, and where they go in the image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) image: vk::Image,
    pub(crate) region: vk::BufferImageCopy,
}

impl Copy {
    pub(crate) fn new(image: vk::Image, texels: Texels) -> Self {
        let Texels { first, row_length, size, to, .. } = texels;
        let whole = whole();
        let region = vk::BufferImageCopy {
            buffer_offset: u64::from(first) * 4,
            buffer_row_length: row_length,
            buffer_image_height: size[1],
            image_subresource: vk::ImageSubresourceLayers {
                aspect_mask: whole.aspect_mask,
                mip_level: 0,
                base_array_layer: 0,
                layer_count: 1,
            },
            // Below the extents of an image, which fit.
            image_offset: vk::Offset3D { x: to[2] as i32, y: to[1] as i32, z: to[0] as i32 },
            image_extent: vk::Extent3D { width: size[2], height: size[1], depth: size[0] },
        };
        Self { image, region }
    }
}
