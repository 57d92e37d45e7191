//! Packets of texels that are there already: copies from slots into textures.

use super::Slot;
use crate::gpu::Gpu;
use crate::job::Copy;
use crate::packet::Transition;
use crate::{Error, Packet, Texel, Texels, Texture, WritePath};
use ash::vk;

/// A box of texels in a slot, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    /// The slot.
    pub slot: &'a Slot,
    /// How the box stands there, in the format of the texture. Its first word is counted from the begin of the slot, and must be
    /// even.
    pub texels: Texels,
    /// The texture. It must be one that [can be copied to](Texture::takes_copies).
    pub texture: &'a Texture,
}

/// What a packet copies from slots. It keeps them until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Each once.
    slots: Vec<Slot>,
    copies: Vec<(vk::Buffer, Copy)>,
}

impl Transfer<'_> {
    fn check(&self, device: &ash::Device) -> Result<(), Error> {
        if !self.slot.is_of(device) {
            return Err(Error::argument("slot", "is of a ring on another device"));
        }
        if !self.texture.takes_copies() {
            let reason =
                "it has no VK_IMAGE_USAGE_TRANSFER_DST_BIT: create it with that and say so, or decode with Vulkan";
            return Err(Error::Unsupported { what: "copy into the texture", reason: reason.into() });
        }
        let Texels { first, size, to, .. } = self.texels;
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            let (to, size, extent) = (to[axis], size[axis], self.texture.extent[axis]);
            if size == 0 || to.checked_add(size).is_none_or(|end| end > extent) {
                let message = format!("{name} range {to}..+{size} is empty or outside 0..{extent} of the texture");
                return Err(Error::argument("to", message));
            }
        }
        if self.texels != Texels::new(self.texture.texel, first, size, to) {
            let message = format!("have rows of {} words, not those of {:?}", self.texels.row, self.texture.texel);
            return Err(Error::argument("texels", message));
        }
        let (words, slot) = (u64::from(self.texels.words()), self.slot.bytes() / 4);
        if !first.is_multiple_of(2) || u64::from(first) + words > slot {
            let message = format!(
                "begin with word {first} of the slot: it must be even, and {words} words must fit the slot's {slot} behind it"
            );
            return Err(Error::argument("texels", message));
        }
        Ok(())
    }

    fn copy(&self) -> Copy {
        let mut copy = Copy::new(self.texture.image, self.texels);
        copy.region.buffer_offset += self.slot.offset();
        copy
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
            arrivals.copies.push((slot.buffer(), transfer.copy()));
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
            for (buffer, copy) in &arrivals.copies {
                let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
                self.device.cmd_copy_buffer_to_image(commands, *buffer, copy.image, layout, &[copy.region]);
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
