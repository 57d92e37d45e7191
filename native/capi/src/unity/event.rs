//! The render event: what is done on Unity's render thread, in Unity's command buffer.
//!
//! Nothing here waits, and nothing is logged: Unity takes logs on the main thread, which may be waiting for this one.

use super::tables::{AccessMode, GraphicsVulkan, Image, QueueAccess, RecordingState};
use neuvol_engine::vulkan::{self, Texel, WritePath, vk};
use neuvol_engine::{Context, Error, Written};
use std::ffi::c_void;

/// Textures that one event looks at for the first time; others wait for the next one.
const MOST_NEW: usize = 16;

/// What an event works with.
pub(super) struct Event<'a> {
    pub(super) vulkan: &'static GraphicsVulkan,
    pub(super) context: &'a Context,
    /// Whether images of all formats can be stored to.
    pub(super) extended_formats: bool,
    /// Images that can be copied to are: CUDA decodes.
    pub(super) copies: bool,
}

impl Event<'_> {
    /// Looks at new textures, and records what is ready.
    ///
    /// # Safety
    /// Only inside of a render event of Unity.
    pub(super) unsafe fn run(&self) {
        // SAFETY: as the caller promised.
        unsafe {
            self.look_at_new();
            self.record();
        }
    }

    /// Finds the images of textures that were declared by their native pointers.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn look_at_new(&self) {
        let mut new = [(0, 0, [0; 3], Texel::R32F); MOST_NEW];
        let mut count = 0;
        self.context.undetermined(|id, native, extent, texel| {
            if let Some(place) = new.get_mut(count) {
                *place = (id, native, extent, texel);
                count += 1;
            }
        });
        for &(id, native, extent, texel) in &new[..count] {
            // SAFETY: as the caller promised.
            let Some(image) = (unsafe { self.access(native, None) }) else {
                self.context.refuse(id, refusal("Unity does not know it".into()));
                continue;
            };
            match path_of(&image, extent, texel, self.extended_formats, self.copies) {
                // SAFETY: the image is Unity's, of this kind, and lives while the texture is registered.
                Ok(path) => unsafe { self.context.resolve(id, image.image, path, None) },
                Err(reason) => self.context.refuse(id, refusal(reason)),
            }
        }
    }

    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn record(&self) {
        // SAFETY: as the caller promised.
        let Some(state) = (unsafe { self.state() }) else { return };
        let Some(frame) = self.context.begin(state.frame, state.safe_frame) else { return };
        // SAFETY: as above.
        unsafe { (self.vulkan.ensure_outside_render_pass)() };
        // Unity may have lost a texture, or put another image behind it: whatever was prepared for the old one must not
        // be recorded, and waits for what the host does about that.
        let gone = frame.textures().iter().find_map(|texture| {
            // SAFETY: as above.
            let image = unsafe { self.access(texture.native, Some(texture.path)) };
            lost(texture, image.as_ref()).map(|reason| (texture.id, reason))
        });
        if let Some((id, reason)) = gone {
            drop(frame);
            self.context.refuse(id, refusal(reason.into()));
            return;
        }
        // Each access may have changed where commands go: only this state is the one to use.
        // SAFETY: as above.
        let Some(state) = (unsafe { self.state() }) else { return };
        // Inside of a render pass no compute is allowed. Unity was told so twice.
        if state.subpass >= 0 || state.command_buffer == vk::CommandBuffer::null() {
            return;
        }
        // SAFETY: Unity's command buffer is being recorded, on this thread, and the images are in the layouts of their
        // paths.
        unsafe { frame.record(state.command_buffer) };
    }

    /// Asks for a texture, with a path to bring it into the state for writing. `None` if Unity does not have it.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn access(&self, native: u64, path: Option<WritePath>) -> Option<Image> {
        let (mode, (layout, stages, access)) = match path {
            Some(path) => (AccessMode::PIPELINE_BARRIER, path.target()),
            None => {
                let nothing = (vk::ImageLayout::UNDEFINED, vk::PipelineStageFlags::empty(), vk::AccessFlags::empty());
                (AccessMode::OBSERVE_ONLY, nothing)
            }
        };
        let mut image = Image::empty();
        let whole = std::ptr::null();
        // SAFETY: as the caller promised; Unity knows which native pointers are its own.
        let there = unsafe {
            (self.vulkan.access_texture)(native as *mut c_void, whole, layout, stages, access, mode, &mut image)
        };
        (there && image.image != vk::Image::null()).then_some(image)
    }

    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn state(&self) -> Option<RecordingState> {
        let mut state = RecordingState::empty();
        // SAFETY: as the caller promised.
        let there = unsafe { (self.vulkan.command_recording_state)(&mut state, QueueAccess::DONT_CARE) };
        there.then_some(state)
    }
}

fn refusal(message: String) -> Error {
    Error::Argument { name: "native texture", message }
}

/// Why a registered texture cannot be written to any more.
fn lost(texture: &Written, image: Option<&Image>) -> Option<&'static str> {
    match image {
        None => Some("Unity does not know it any more"),
        Some(image) if image.image != texture.image => Some("Unity has put another image behind it: register it again"),
        Some(_) => None,
    }
}

/// How the image can be written to, or why not. The extent is `[z, y, x]`.
fn path_of(
    image: &Image,
    extent: [u32; 3],
    texel: Texel,
    extended_formats: bool,
    copies: bool,
) -> Result<WritePath, String> {
    if image.ty != vk::ImageType::TYPE_3D {
        return Err("is not a 3D texture".into());
    }
    let vk::Extent3D { width, height, depth } = image.extent;
    let [z, y, x] = extent;
    if [width, height, depth] != [x, y, z] {
        return Err(format!("has {width} x {height} x {depth} texels, not {x} x {y} x {z} as it was registered"));
    }
    if image.format != vulkan::format(texel) {
        return Err(format!(
            "has the format {:?}, but its texel was registered as {texel:?}, which is {:?}",
            image.format,
            vulkan::format(texel)
        ));
    }
    let every_device_stores = matches!(texel, Texel::R32F | Texel::Rgba16F);
    let can_store = image.usage.contains(vk::ImageUsageFlags::STORAGE) && (every_device_stores || extended_formats);
    let can_copy = image.usage.contains(vk::ImageUsageFlags::TRANSFER_DST);
    if can_copy && (copies || !can_store) {
        Ok(WritePath::Copy)
    } else if can_store {
        Ok(WritePath::Store)
    } else {
        Err(format!(
            "may neither be stored to nor copied to (its usage is {:?}): enable random write before it is created",
            image.usage
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(usage: vk::ImageUsageFlags) -> Image {
        let mut image = Image::empty();
        image.ty = vk::ImageType::TYPE_3D;
        image.extent = vk::Extent3D { width: 3, height: 2, depth: 1 };
        image.format = vk::Format::R16_SFLOAT;
        image.usage = usage;
        image
    }

    #[test]
    fn the_usage_decides_the_path() {
        let (store, copy) = (vk::ImageUsageFlags::STORAGE, vk::ImageUsageFlags::TRANSFER_DST);
        let path = |usage, extended| path_of(&image(usage), [1, 2, 3], Texel::R16F, extended, false);
        assert_eq!(path(store | copy, true), Ok(WritePath::Store));
        assert_eq!(path(store | copy, false), Ok(WritePath::Copy), "a device that may not store this format");
        assert_eq!(path(copy, true), Ok(WritePath::Copy));
        for (usage, extended) in [(store, false), (vk::ImageUsageFlags::SAMPLED, true)] {
            assert!(path(usage, extended).unwrap_err().contains("random write"));
        }
        let mut float = image(store);
        float.format = vk::Format::R32_SFLOAT;
        assert_eq!(path_of(&float, [1, 2, 3], Texel::R32F, false, false), Ok(WritePath::Store));
    }

    #[test]
    fn what_is_not_as_registered_is_said() {
        let mut image = image(vk::ImageUsageFlags::STORAGE);
        let reason = |image: &Image, extent, texel| path_of(image, extent, texel, true, false).unwrap_err();
        assert!(reason(&image, [3, 2, 1], Texel::R16F).contains("3 x 2 x 1 texels, not 1 x 2 x 3"));
        assert!(reason(&image, [1, 2, 3], Texel::R16).contains("R16_SFLOAT"));
        image.ty = vk::ImageType::TYPE_2D;
        assert!(reason(&image, [1, 2, 3], Texel::R16F).contains("not a 3D texture"));
    }
}
