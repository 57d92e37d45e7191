//! Packets of texels that are there already: copies from slots into textures.

use super::Slot;
use crate::gpu::{Gpu, whole};
use crate::packet::Transition;
use crate::{Error, Packet, Texel, TexelLayout, Texture, WritePath};
use ash::vk;

/// A box of texels in a slot, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    /// The slot.
    pub slot: &'a Slot,
    /// Byte of the slot at which the box begins, a multiple of 8; it stands there as [`TexelLayout`] has it for the texel of the
    /// texture.
    pub offset: u64,
    /// The texture. It must be one that [can be copied to](Texture::takes_copies).
    pub texture: &'a Texture,
    /// Extent (z, y, x) of the box in texels.
    pub size: [u32; 3],
    /// Texel (z, y, x) of its first one.
    pub to: [u32; 3],
}

/// What a packet copies from slots. It keeps them until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Each once.
    slots: Vec<Slot>,
    copies: Vec<(vk::Buffer, vk::Image, vk::BufferImageCopy)>,
}

impl Transfer<'_> {
    fn check(&self, device: &ash::Device) -> Result<(), Error> {
        if !self.slot.is_of(device) {
            return Err(Error::argument("slot", "is of a ring on another device"));
        }
        if !self.texture.takes_copies() {
            let reason =
                "it has VK_IMAGE_USAGE_STORAGE_BIT only: create it with VK_IMAGE_USAGE_TRANSFER_DST_BIT and say so, \
                          or decode with Vulkan"
                    .into();
            return Err(Error::Unsupported { what: "copy into the texture", reason });
        }
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            let (to, size, extent) = (self.to[axis], self.size[axis], self.texture.extent[axis]);
            if size == 0 || to.checked_add(size).is_none_or(|end| end > extent) {
                let message = format!("{name} range {to}..+{size} is empty or outside 0..{extent} of the texture");
                return Err(Error::argument("to", message));
            }
        }
        let bytes = TexelLayout::new(self.texture.texel, self.size).bytes;
        if self.offset % 8 != 0 || self.offset.checked_add(bytes).is_none_or(|end| end > self.slot.bytes()) {
            let message = format!(
                "is {}: it must be a multiple of 8, and {bytes} bytes must fit the slot's {} behind it",
                self.offset,
                self.slot.bytes()
            );
            return Err(Error::argument("offset", message));
        }
        Ok(())
    }

    fn region(&self) -> vk::BufferImageCopy {
        let whole = whole();
        let layers = vk::ImageSubresourceLayers {
            aspect_mask: whole.aspect_mask,
            mip_level: whole.base_mip_level,
            base_array_layer: whole.base_array_layer,
            layer_count: whole.layer_count,
        };
        // Below the extents of an image, which fit.
        let [z, y, x] = self.to.map(|n| n as i32);
        let [depth, height, width] = self.size;
        vk::BufferImageCopy {
            buffer_offset: self.slot.offset() + self.offset,
            buffer_row_length: TexelLayout::new(self.texture.texel, self.size).row_texels,
            buffer_image_height: height,
            image_subresource: layers,
            image_offset: vk::Offset3D { x, y, z },
            image_extent: vk::Extent3D { width, height, depth },
        }
    }
}

impl Gpu {
    /// Puts copies together that bring texels from slots into textures, ahead of their recording and on any thread. `slot` is the
    /// packet's, as in [`Gpu::prepare`]. The result is recorded and given back as every packet; it keeps the slots of its
    /// transfers until then. Boxes must not overlap in a texture.
    ///
    /// What the slots hold must be finished before the command buffer is submitted, and stay until the packet is given back.
    ///
    /// # Errors
    /// [`Error::Argument`] for a box that does not fit, [`Error::Unsupported`] for a texture that cannot be copied to.
    pub fn prepare_copies(&self, slot: u32, transfers: &[Transfer<'_>]) -> Result<Packet, Error> {
        self.check_slot(slot)?;
        let mut arrivals = Arrivals::default();
        let mut transitions: Vec<Transition> = Vec::new();
        for transfer in transfers {
            transfer.check(&self.device)?;
            let (slot, texture) = (transfer.slot, transfer.texture);
            if !arrivals.slots.iter().any(|known| known.is(slot)) {
                arrivals.slots.push(slot.clone());
            }
            arrivals.copies.push((slot.buffer(), texture.image, transfer.region()));
            // A host that has the image in the layout of stores lends it for a moment.
            let lent = (texture.path() == WritePath::Store).then_some(vk::ImageLayout::GENERAL);
            if let Some(from) = texture.layout.or(lent) {
                let transition = Transition { image: texture.image, from, path: WritePath::Copy };
                if !transitions.contains(&transition) {
                    transitions.push(transition);
                }
            }
        }
        Ok(Packet::of_arrivals(slot, arrivals, transitions))
    }

    /// Copies what has arrived in slots to its textures.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    pub(crate) unsafe fn copy_arrivals(&self, commands: vk::CommandBuffer, arrivals: &Arrivals) {
        // SAFETY: promised by the caller; the regions lie in the slots and the images.
        unsafe {
            for slot in &arrivals.slots {
                self.hand_over(commands, slot, true);
            }
            for (buffer, image, region) in &arrivals.copies {
                let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
                self.device.cmd_copy_buffer_to_image(commands, *buffer, *image, layout, &[*region]);
            }
            for slot in &arrivals.slots {
                self.hand_over(commands, slot, false);
            }
        }
    }

    /// Takes a slot over from another API, or gives it back. Of the processor's memory nothing is to be done: a submission sees
    /// all that was written to it before.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn hand_over(&self, commands: vk::CommandBuffer, slot: &Slot, acquire: bool) {
        if !slot.is_shared() {
            return;
        }
        let (outside, here) = (vk::QUEUE_FAMILY_EXTERNAL, self.host.queue_family);
        let (from, to) = if acquire { (outside, here) } else { (here, outside) };
        let (none, read) = (vk::AccessFlags::empty(), vk::AccessFlags::TRANSFER_READ);
        let transfer = vk::PipelineStageFlags::TRANSFER;
        // The other half is the other API's, outside of any command buffer; nothing was written here that it had to see.
        let (before, after, access) = if acquire {
            (vk::PipelineStageFlags::TOP_OF_PIPE, transfer, read)
        } else {
            (transfer, vk::PipelineStageFlags::BOTTOM_OF_PIPE, none)
        };
        let barrier = vk::BufferMemoryBarrier::default()
            .src_access_mask(none)
            .dst_access_mask(access)
            .src_queue_family_index(from)
            .dst_queue_family_index(to)
            .buffer(slot.buffer())
            .offset(slot.offset())
            .size(slot.bytes());
        let flags = vk::DependencyFlags::empty();
        // SAFETY: promised by the caller; the slot lies in the buffer.
        unsafe { self.device.cmd_pipeline_barrier(commands, before, after, flags, &[], &[barrier], &[]) };
    }
}

impl Texture {
    /// Whether texels can be copied into it, as [`Gpu::prepare_copies`] does: it was registered for [`WritePath::Copy`], or
    /// [`allow_copies`](Self::allow_copies) was said of it.
    #[must_use]
    pub fn takes_copies(&self) -> bool {
        self.takes_copies
    }

    /// Says of a texture for [`WritePath::Store`] that it can be copied into as well.
    ///
    /// # Safety
    /// The image must have `VK_IMAGE_USAGE_TRANSFER_DST_BIT`.
    #[must_use]
    pub unsafe fn allow_copies(self) -> Self {
        Self { takes_copies: true, ..self }
    }

    /// What a texel holds.
    #[must_use]
    pub fn texel(&self) -> Texel {
        self.texel
    }
}
