//! The device of a host, and what is made on it.

use crate::error::Named;
use crate::memories::{Buffers, Memories};
use crate::pipelines::Pipelines;
use crate::texture::format;
use crate::timing::Timing;
use crate::variants::{Chosen, allowed, has_matrices};
use crate::{Error, Features, Texel, Texture, WritePath};
use ash::vk;
use neuvol_model::Block;
use neuvol_plan::{Kernel, Mask, Model, Source, Validity};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What every device binds at once; more would be an optional limit.
const MOST_BYTES: u64 = 128 << 20;
/// Textures that can be registered at once.
const MOST_TEXTURES: u32 = 256;

/// The Vulkan objects of a host.
#[derive(Clone, Copy)]
pub struct Host {
    /// Its instance.
    pub instance: vk::Instance,
    /// The physical device of its device.
    pub physical_device: vk::PhysicalDevice,
    /// Its device.
    pub device: vk::Device,
    /// Its loader: everything is loaded through it.
    pub get_instance_proc_addr: vk::PFN_vkGetInstanceProcAddr,
    /// Queue family of the command buffers that are recorded into.
    pub queue_family: u32,
    /// What it has enabled on its device.
    pub features: Features,
}

/// Sizes of the memories that are made once. Each is at most 128 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Models of blocks, in bytes.
    pub model_bytes: u64,
    /// What blocks are decoded in, in bytes: for each block some 4 to 28 bytes per voxel, of a grid network also 4 per neuron
    /// and vertex of its finest grid. Blocks that do not fit together follow each other.
    pub work_bytes: u64,
    /// Texels on their way to images that can only be copied to, in bytes.
    pub texel_bytes: u64,
    /// Records of one packet, in bytes.
    pub record_bytes: u64,
    /// Packets that may exist at the same time: those that are being made, and those whose commands are on their way.
    pub frames: u32,
    /// Models on their way to device memory that the processor cannot write to, in bytes.
    pub staging_bytes: u64,
    /// Stage models even where the processor could write to device memory.
    pub always_stage: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            model_bytes: 64 << 20,
            work_bytes: 64 << 20,
            texel_bytes: 16 << 20,
            record_bytes: 256 << 10,
            frames: 4,
            staging_bytes: 8 << 20,
            always_stage: false,
        }
    }
}

/// The pipelines and memories on a host's device. Its methods may be called from many threads; [`Gpu::record`] by one at a
/// time, as the command buffer is the host's.
pub struct Gpu {
    pub(crate) host: Host,
    pub(crate) device: ash::Device,
    pub(crate) limits: Limits,
    pub(crate) pipelines: Pipelines,
    pub(crate) variants: Chosen,
    pub(crate) memories: Mutex<Memories>,
    /// The same for ever, so that recording needs no lock.
    pub(crate) buffers: Buffers,
    timing: Timing,
    pool: vk::DescriptorPool,
    /// Records, models, work; and the buffer of texels.
    pub(crate) common: vk::DescriptorSet,
    pub(crate) texels: vk::DescriptorSet,
}

/// A block in device memory. To be given back with [`Gpu::release`].
#[derive(Debug)]
pub struct Uploaded {
    pub(crate) model: Model,
    /// Words in the memory of models.
    pub(crate) place: Range<u32>,
    pub(crate) mask: Mask,
    pub(crate) staged: Option<Arc<Staged>>,
}

impl Uploaded {
    /// A small number that blocks of the same kind share, which take the same time per voxel.
    #[must_use]
    pub fn class(&self) -> usize {
        self.model.class()
    }

    /// For plans.
    pub(crate) fn source(&self) -> Source<'_> {
        Source { model: &self.model, base: self.place.start, mask: self.mask }
    }

    /// Bytes of device memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.place.end - self.place.start) * 4
    }

    /// Bytes that the first packet with this block will have to bring to the device.
    #[must_use]
    pub fn staged_bytes(&self) -> u64 {
        self.staged.as_ref().filter(|staged| staged.waits.load(Ordering::Relaxed)).map_or(0, |_| self.bytes())
    }
}

/// Words in the memory for staging.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) place: Range<u32>,
    /// Until a packet takes them.
    waits: AtomicBool,
}

impl Staged {
    /// Whether it is for the caller to bring them to the device.
    pub(crate) fn take(&self) -> bool {
        self.waits.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn give_back(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }
}

impl Gpu {
    /// Makes pipelines and memories. Takes some milliseconds to seconds (compiling): to be called while a scene is loaded.
    ///
    /// # Errors
    /// [`Error::Vulkan`] or [`Error::Memory`] if the device refuses something, [`Error::Argument`] for limits that cannot be
    /// had.
    ///
    /// # Safety
    /// The handles of `host` must belong together, and be alive until the `Gpu` and the rings and timelines that it made are
    /// dropped.
    pub unsafe fn new(host: Host, limits: Limits) -> Result<Self, Error> {
        if limits.frames == 0 {
            return Err(Error::argument("frames", "is 0, must be at least 1"));
        }
        for (name, bytes) in [
            ("model_bytes", limits.model_bytes),
            ("work_bytes", limits.work_bytes),
            ("texel_bytes", limits.texel_bytes),
            ("record_bytes", limits.record_bytes.saturating_mul(limits.frames.into())),
            ("staging_bytes", limits.staging_bytes),
        ] {
            if bytes == 0 || bytes > MOST_BYTES || bytes % 4 != 0 {
                return Err(Error::argument(name, format!("is {bytes}, must be a multiple of 4 up to {MOST_BYTES}")));
            }
        }
        let loader = ash::StaticFn { get_instance_proc_addr: host.get_instance_proc_addr };
        // SAFETY: the caller promises living handles that belong together.
        let (instance, device) = unsafe {
            let instance = ash::Instance::load(&loader, host.instance);
            let device = ash::Device::load(instance.fp_v1_0(), host.device);
            (instance, device)
        };
        let mut features = host.features;
        if features.cooperative_matrix && !has_matrices(&loader, &instance, host.physical_device) {
            log::info!("matrix units are not used: the device has others than the kernels are made for");
            features.cooperative_matrix = false;
        }
        let mut pipelines = Pipelines::new(&device, host.features.extended_formats)?;
        let memories = Memories::new(&instance, host.physical_device, &device, limits);
        let memories = memories.inspect_err(|_| pipelines.destroy(&device))?;
        let mut gpu = Self {
            timing: Timing::none(),
            host,
            buffers: memories.buffers(),
            device,
            limits,
            pipelines,
            variants: Chosen::new(allowed(features)),
            memories: Mutex::new(memories),
            pool: vk::DescriptorPool::null(),
            common: vk::DescriptorSet::null(),
            texels: vk::DescriptorSet::null(),
        };
        // From here on dropping it gives everything back.
        gpu.make_sets()?;
        // SAFETY: as above.
        gpu.timing = unsafe { Timing::new(&instance, &host, &gpu.device, limits.frames) }?;
        Ok(gpu)
    }

    fn make_sets(&mut self) -> Result<(), Error> {
        let sizes = [
            vk::DescriptorPoolSize { ty: vk::DescriptorType::STORAGE_BUFFER, descriptor_count: 4 },
            vk::DescriptorPoolSize { ty: vk::DescriptorType::STORAGE_IMAGE, descriptor_count: MOST_TEXTURES },
        ];
        let info = vk::DescriptorPoolCreateInfo::default()
            .flags(vk::DescriptorPoolCreateFlags::FREE_DESCRIPTOR_SET)
            .max_sets(MOST_TEXTURES + 2)
            .pool_sizes(&sizes);
        // SAFETY: the device is alive, the description is complete.
        self.pool = unsafe { self.device.create_descriptor_pool(&info, None) }.named("vkCreateDescriptorPool")?;
        self.common = self.make_set(self.pipelines.common)?;
        self.texels = self.make_set(self.pipelines.to_buffer)?;
        let memories = self.memories();
        let buffers = [&memories.records, &memories.models, &memories.work, &memories.texels]
            .map(|buffer| [vk::DescriptorBufferInfo { buffer: buffer.buffer, offset: 0, range: buffer.bytes }]);
        let places = [(self.common, 0), (self.common, 1), (self.common, 2), (self.texels, 0)];
        let writes: Vec<_> = buffers
            .iter()
            .zip(places)
            .map(|(buffer, (set, binding))| {
                vk::WriteDescriptorSet::default()
                    .dst_set(set)
                    .dst_binding(binding)
                    .descriptor_type(vk::DescriptorType::STORAGE_BUFFER)
                    .buffer_info(buffer)
            })
            .collect();
        // SAFETY: sets and buffers were made by this device, nothing uses them yet.
        unsafe { self.device.update_descriptor_sets(&writes, &[]) };
        Ok(())
    }

    /// # Safety
    /// As [`Gpu::record`](Gpu::record).
    pub(crate) unsafe fn begin_timing(&self, commands: vk::CommandBuffer, slot: u32) {
        // SAFETY: promised by the caller.
        unsafe { self.timing.begin(&self.device, commands, slot) };
    }

    /// # Safety
    /// As [`Gpu::record`](Gpu::record).
    pub(crate) unsafe fn end_timing(&self, commands: vk::CommandBuffer, slot: u32) {
        // SAFETY: promised by the caller.
        unsafe { self.timing.end(&self.device, commands, slot) };
    }

    /// What the packet of a slot took, in µs.
    pub(crate) fn elapsed(&self, slot: u32) -> Result<Option<f64>, Error> {
        self.timing.elapsed(&self.device, slot)
    }

    fn make_set(&self, layout: vk::DescriptorSetLayout) -> Result<vk::DescriptorSet, Error> {
        let layouts = [layout];
        let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(self.pool).set_layouts(&layouts);
        // SAFETY: pool and layout were made by this device; callers hold `memories` where sets are made later on.
        let sets = unsafe { self.device.allocate_descriptor_sets(&info) }.named("vkAllocateDescriptorSets")?;
        Ok(sets[0])
    }

    /// The sizes that it was made with.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn memories(&self) -> MutexGuard<'_, Memories> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a block of `extent` voxels (its output number `output`, which matters to grid networks) into device memory.
    /// The first block of a new shape of network also compiles kernels for it, which takes some milliseconds to a second.
    ///
    /// # Errors
    /// [`Error::Full`] if the memory of models is full, [`Error::Argument`] or [`Error::Model`] for what does not fit.
    pub fn upload(
        &self,
        block: &Block,
        output: u8,
        extent: [u32; 3],
        validity: Validity<'_>,
    ) -> Result<Uploaded, Error> {
        let (model, mut words) = Model::new(block, output, extent)?;
        for kernel in model.kernels(self.variants.enabled()) {
            match (self.pipelines.ensure(&self.device, kernel), kernel.variant()) {
                // A model can do without.
                (Err(error), Some(variant)) => self.variants.drop_variant(variant, &error),
                (made, _) => made?,
            }
        }
        let mask = Mask::put(validity, extent, &mut words)?;
        let (place, staged) = self.memories().put(&words)?;
        let staged = staged.map(|place| Arc::new(Staged { place, waits: AtomicBool::new(true) }));
        Ok(Uploaded { model, place, mask, staged })
    }

    /// Gives the memory of a block back.
    ///
    /// # Safety
    /// No packet with it may still be there.
    pub unsafe fn release(&self, uploaded: Uploaded) {
        let mut memories = self.memories();
        if let Some(staged) = uploaded.staged.filter(|staged| staged.take()) {
            memories.free_staging(&staged.place);
        }
        memories.give_back(uploaded.place);
    }

    /// Makes a 3D image of the host known, of `extent` (z, y, x) texels. `layout` is the one in which the host keeps it: packets
    /// bring it to that of the path and back. `None` if the host does that itself.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the path needs a feature that the host has not enabled, [`Error::Vulkan`] if the device
    /// refuses a view.
    ///
    /// # Safety
    /// The image must be alive until [`Gpu::unregister`], of type 3D, and have the format of `texel` and the usage that
    /// `path` names.
    pub unsafe fn register(
        &self,
        image: vk::Image,
        extent: [u32; 3],
        texel: Texel,
        path: WritePath,
        layout: Option<vk::ImageLayout>,
    ) -> Result<Texture, Error> {
        if extent.contains(&0) {
            return Err(Error::argument("extent", format!("is {extent:?}: no axis may be 0")));
        }
        if layout.is_some_and(|layout| [vk::ImageLayout::UNDEFINED, vk::ImageLayout::PREINITIALIZED].contains(&layout))
        {
            return Err(Error::argument("layout", format!("is {layout:?}, which nothing can be brought back to")));
        }
        let store = match path {
            WritePath::Copy => None,
            WritePath::Store => Some(self.storage(image, texel)?),
        };
        Ok(Texture { image, extent, texel, store, layout, takes_copies: path == WritePath::Copy })
    }

    fn storage(&self, image: vk::Image, texel: Texel) -> Result<(vk::ImageView, vk::DescriptorSet), Error> {
        if self.pipelines.get(Kernel::of_image(texel)).is_none() {
            let reason = format!(
                "stores to {:?} need shaderStorageImageExtendedFormats, which the host has not enabled: enable it, or let \
                 texels be copied",
                format(texel)
            );
            return Err(Error::Unsupported { what: "storage image", reason });
        }
        let info = vk::ImageViewCreateInfo::default()
            .image(image)
            .view_type(vk::ImageViewType::TYPE_3D)
            .format(format(texel))
            .subresource_range(whole());
        // SAFETY: the caller of `register` promises a fitting image.
        let view = unsafe { self.device.create_image_view(&info, None) }.named("vkCreateImageView")?;
        // The lock keeps two threads out of the pool.
        let memories = self.memories();
        let set = self.make_set(self.pipelines.to_image);
        drop(memories);
        let set = set.map_err(|error| {
            // SAFETY: nothing uses the view.
            unsafe { self.device.destroy_image_view(view, None) };
            let full = [vk::Result::ERROR_OUT_OF_POOL_MEMORY, vk::Result::ERROR_FRAGMENTED_POOL];
            match error {
                Error::Vulkan { result, .. } if full.contains(&result) => Error::Unsupported {
                    what: "storage image",
                    reason: format!("{MOST_TEXTURES} textures are registered: unregister some first"),
                },
                other => other,
            }
        })?;
        let images = [vk::DescriptorImageInfo {
            sampler: vk::Sampler::null(),
            image_view: view,
            image_layout: vk::ImageLayout::GENERAL,
        }];
        let write = vk::WriteDescriptorSet::default()
            .dst_set(set)
            .descriptor_type(vk::DescriptorType::STORAGE_IMAGE)
            .image_info(&images);
        // SAFETY: set and view were just made; nothing uses them.
        unsafe { self.device.update_descriptor_sets(&[write], &[]) };
        Ok((view, set))
    }

    /// Forgets a texture.
    ///
    /// # Safety
    /// No command buffer that writes it may still be on its way.
    pub unsafe fn unregister(&self, texture: Texture) {
        let Some((view, set)) = texture.store else { return };
        let memories = self.memories();
        // SAFETY: the caller promises that nothing uses them.
        unsafe {
            self.device.destroy_image_view(view, None);
            if let Err(result) = self.device.free_descriptor_sets(self.pool, &[set]) {
                log::error!("vkFreeDescriptorSets failed: {result}");
            }
        }
        drop(memories);
    }
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gpu").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Waits for nothing: the host must have finished every command buffer that was recorded.
impl Drop for Gpu {
    fn drop(&mut self) {
        // SAFETY: the host promises that the device is alive and idle as far as this is concerned.
        unsafe { self.device.destroy_descriptor_pool(self.pool, None) };
        self.pipelines.destroy(&self.device);
        self.timing.destroy(&self.device);
        let memories = self.memories.get_mut().unwrap_or_else(PoisonError::into_inner);
        memories.free_all(&self.device);
    }
}

/// The first level and layer of an image: all there is of a 3D texture without mipmaps.
pub(crate) fn whole() -> vk::ImageSubresourceRange {
    vk::ImageSubresourceRange {
        aspect_mask: vk::ImageAspectFlags::COLOR,
        base_mip_level: 0,
        level_count: 1,
        base_array_layer: 0,
        layer_count: 1,
    }
}
