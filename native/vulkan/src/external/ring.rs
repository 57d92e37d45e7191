//! A buffer in slots that another API writes and packets copy from.

use super::functions::of_instance;
use super::handle::{Exported, MEMORY, MEMORY_EXTENSION, MemoryExport};
use crate::error::Named;
use crate::{Error, Gpu, Host};
use ash::vk;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Slots begin at multiples of this: enough for wide stores, and for copies on every device.
const ALIGNMENT: u64 = 256;
/// One bit each.
const MOST_SLOTS: u32 = u64::BITS;
/// What every device allocates at once.
const MOST_BYTES: u64 = 1 << 30;

const WHAT: &str = "memory shared with another API";

/// A buffer on the host's device, cut into slots. It is made by [`Gpu::ring`] or [`Gpu::staging_ring`], may be used by any
/// thread, and lives until it and all its slots are dropped: to be done before the host's device goes.
#[derive(Debug)]
pub struct Ring(Arc<Memory>);

/// A slot of a ring, taken with [`Ring::take`]. It is free again when all its clones are dropped, of which a
/// [`Packet`](crate::Packet) keeps one until it is given back. Whoever lets another API write it keeps one until that is done.
#[derive(Clone, Debug)]
pub struct Slot(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    memory: Arc<Memory>,
    n: u32,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.memory.taken.fetch_and(!(1 << self.n), Ordering::Release);
    }
}

/// The buffer, its memory, and which slots of it are taken.
struct Memory {
    device: ash::Device,
    buffer: vk::Buffer,
    memory: vk::DeviceMemory,
    /// Of the allocation.
    size: u64,
    slot_bytes: u64,
    /// From a slot to the next one.
    stride: u64,
    slots: u32,
    kind: Kind,
    /// Bit n: slot n is taken.
    taken: AtomicU64,
}

/// Who writes the slots, and how.
#[derive(Clone, Copy)]
enum Kind {
    /// Another API on the device.
    Shared(MemoryExport),
    /// Whoever can write to memory of the processor: it is mapped here.
    Staging(NonNull<u8>),
}

// SAFETY: what is behind the pointer is only touched by callers, in slots that they have; the rest are handles of objects that
// Vulkan lets every thread use.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_shared() { "shared" } else { "staging" };
        f.debug_struct("Memory")
            .field("kind", &kind)
            .field("slots", &self.slots)
            .field("slot_bytes", &self.slot_bytes)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl Gpu {
    /// Makes a ring of `slots` (1 to 64) of `slot_bytes` each (a multiple of 8), together at most 1 GiB, in memory of the device
    /// that other APIs on it can import. Two or three slots keep both sides busy.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the host has not enabled external memory, or the device cannot share such a buffer: then
    /// [`Gpu::staging_ring`] or decoding with Vulkan is left. [`Error::Argument`] for sizes, [`Error::Vulkan`] if the device
    /// has too little memory.
    pub fn ring(&self, slot_bytes: u64, slots: u32) -> Result<Ring, Error> {
        let stride = stride(slot_bytes, slots)?;
        let not_enabled = |why: &str| Error::Unsupported {
            what: WHAT,
            reason: format!(
                "{why}: enable {MEMORY_EXTENSION} when the device is made (in Unity, let the plugin be loaded on startup), \
                 or go through memory of the processor"
            ),
        };
        if !self.host.features.external_memory {
            return Err(not_enabled(&format!("the host has not enabled {MEMORY_EXTENSION}")));
        }
        // SAFETY: the handles of the host are alive.
        let Some(export) = (unsafe { MemoryExport::load(&self.host) }) else {
            return Err(not_enabled(&format!("{MEMORY_EXTENSION} was said to be enabled, but is not")));
        };
        // SAFETY: as above.
        unsafe { check_exportable(&self.host)? };
        let mut made = Memory::buffer(&self.device, (slot_bytes, stride, slots), Kind::Shared(export))?;
        let requirements = made.requirements();
        // Rather not the part that the processor sees: there is little of it on many devices.
        let memory_type = self.memory_type(requirements, |flags| {
            let is_visible = flags.contains(vk::MemoryPropertyFlags::HOST_VISIBLE);
            flags.contains(vk::MemoryPropertyFlags::DEVICE_LOCAL).then_some(is_visible.into())
        });
        let Some(memory_type) = memory_type else {
            return Err(Error::Unsupported { what: WHAT, reason: "the device has no memory of its own for it".into() });
        };
        let mut dedicated = vk::MemoryDedicatedAllocateInfo::default().buffer(made.buffer);
        let mut exported = vk::ExportMemoryAllocateInfo::default().handle_types(MEMORY);
        let info = vk::MemoryAllocateInfo::default()
            .allocation_size(requirements.size)
            .memory_type_index(memory_type)
            .push_next(&mut dedicated)
            .push_next(&mut exported);
        made.allocate(&info)?;
        Ok(Ring(Arc::new(made)))
    }

    /// The same in memory of the processor, which needs no extension: for devices that were made before anything could be
    /// enabled. [`Ring::mapped`] is where it can be written: by the processor, or by CUDA behind `cuMemHostRegister`.
    ///
    /// # Errors
    /// As [`Gpu::ring`], but for the extension.
    pub fn staging_ring(&self, slot_bytes: u64, slots: u32) -> Result<Ring, Error> {
        let stride = stride(slot_bytes, slots)?;
        let mut made = Memory::buffer(&self.device, (slot_bytes, stride, slots), Kind::Staging(NonNull::dangling()))?;
        let requirements = made.requirements();
        let coherent = vk::MemoryPropertyFlags::HOST_VISIBLE | vk::MemoryPropertyFlags::HOST_COHERENT;
        // Not the window into the device's own memory, which CUDA could not register; cached, as others are slow to write piecemeal.
        let memory_type = self.memory_type(requirements, |flags| {
            let is_device = flags.contains(vk::MemoryPropertyFlags::DEVICE_LOCAL);
            let is_cached = flags.contains(vk::MemoryPropertyFlags::HOST_CACHED);
            flags.contains(coherent).then_some(2 * u32::from(is_device) + u32::from(!is_cached))
        });
        // Every device has it for buffers.
        let Some(memory_type) = memory_type else {
            let reason = "the device has no coherent memory that the processor can write".into();
            return Err(Error::Unsupported { what: "staging ring", reason });
        };
        let info = vk::MemoryAllocateInfo::default().allocation_size(requirements.size).memory_type_index(memory_type);
        made.allocate(&info)?;
        let flags = vk::MemoryMapFlags::empty();
        // SAFETY: the memory is visible to the processor and not mapped yet.
        let mapped = unsafe { self.device.map_memory(made.memory, 0, vk::WHOLE_SIZE, flags) }.named("vkMapMemory")?;
        let Some(mapped) = NonNull::new(mapped.cast()) else {
            return Err(Error::Vulkan { call: "vkMapMemory", result: vk::Result::ERROR_MEMORY_MAP_FAILED });
        };
        made.kind = Kind::Staging(mapped);
        Ok(Ring(Arc::new(made)))
    }

    /// The type of memory that is allowed and has the least `rank`.
    fn memory_type(
        &self,
        requirements: vk::MemoryRequirements,
        rank: impl Fn(vk::MemoryPropertyFlags) -> Option<u32>,
    ) -> Option<u32> {
        let names = [c"vkGetPhysicalDeviceMemoryProperties"; 2];
        let mut properties = vk::PhysicalDeviceMemoryProperties::default();
        // SAFETY: name and type belong together, and the handles of the host are alive.
        unsafe {
            let get: vk::PFN_vkGetPhysicalDeviceMemoryProperties = of_instance(&self.host, names)?;
            get(self.host.physical_device, &mut properties);
        }
        // Kinds that need a feature, or are slow.
        let special = vk::MemoryPropertyFlags::PROTECTED
            | vk::MemoryPropertyFlags::LAZILY_ALLOCATED
            | vk::MemoryPropertyFlags::DEVICE_COHERENT_AMD
            | vk::MemoryPropertyFlags::DEVICE_UNCACHED_AMD;
        (0..properties.memory_type_count)
            .filter(|n| requirements.memory_type_bits & 1 << n != 0)
            .filter_map(|n| {
                let flags = properties.memory_types[n as usize].property_flags;
                rank(flags).filter(|_| !flags.intersects(special)).map(|rank| (rank, n))
            })
            .min()
            .map(|(_, n)| n)
    }
}

/// The distance of slots.
fn stride(slot_bytes: u64, slots: u32) -> Result<u64, Error> {
    if slots == 0 || slots > MOST_SLOTS {
        return Err(Error::argument("slots", format!("is {slots}, must be 1 to {MOST_SLOTS}")));
    }
    if slot_bytes == 0 || !slot_bytes.is_multiple_of(8) || slot_bytes > MOST_BYTES {
        return Err(Error::argument(
            "slot_bytes",
            format!("is {slot_bytes}, must be a multiple of 8 up to {MOST_BYTES}"),
        ));
    }
    let stride = slot_bytes.next_multiple_of(ALIGNMENT);
    if stride * u64::from(slots) > MOST_BYTES {
        let message = format!(
            "is {slot_bytes}: {slots} slots of it are more than {MOST_BYTES} bytes; make fewer or smaller ones"
        );
        return Err(Error::argument("slot_bytes", message));
    }
    Ok(stride)
}

/// What the buffer is used for. It must be the same where it is imported by Vulkan.
const USAGE: vk::BufferUsageFlags = vk::BufferUsageFlags::from_raw(
    vk::BufferUsageFlags::TRANSFER_SRC.as_raw() | vk::BufferUsageFlags::STORAGE_BUFFER.as_raw(),
);

/// Whether the device can give out such a buffer.
///
/// # Safety
/// The host's handles must be alive.
unsafe fn check_exportable(host: &Host) -> Result<(), Error> {
    let names = [c"vkGetPhysicalDeviceExternalBufferProperties", c"vkGetPhysicalDeviceExternalBufferPropertiesKHR"];
    let info = vk::PhysicalDeviceExternalBufferInfo::default().usage(USAGE).handle_type(MEMORY);
    let mut properties = vk::ExternalBufferProperties::default();
    // SAFETY: promised by the caller; names and type belong together.
    unsafe {
        let Some(get) = of_instance::<vk::PFN_vkGetPhysicalDeviceExternalBufferProperties>(host, names) else {
            let reason = "the host's instance is of Vulkan 1.0: make one of 1.1, or enable \
                          VK_KHR_external_memory_capabilities on it";
            return Err(Error::Unsupported { what: WHAT, reason: reason.into() });
        };
        get(host.physical_device, &info, &mut properties);
    }
    let found = properties.external_memory_properties.external_memory_features;
    if !found.contains(vk::ExternalMemoryFeatureFlags::EXPORTABLE) {
        let reason = format!("the device cannot export buffers as {MEMORY:?}: go through memory of the processor");
        return Err(Error::Unsupported { what: WHAT, reason });
    }
    Ok(())
}

impl Ring {
    /// A handle of its memory for another API. To be called once for each of them.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a staging ring, [`Error::Vulkan`] if the system has no handles left.
    pub fn export(&self) -> Result<Exported, Error> {
        let Kind::Shared(export) = self.0.kind else {
            let reason = "a staging ring is memory of the processor, which is written through its pointer".into();
            return Err(Error::Unsupported { what: WHAT, reason });
        };
        // SAFETY: the memory was allocated for that, and is alive.
        let handle = unsafe { export.get(self.0.device.handle(), self.0.memory) }?;
        Ok(Exported { handle, size: self.0.size, dedicated: true })
    }

    /// Takes a slot that nobody has; `None` while all are taken. Never waits.
    #[must_use]
    pub fn take(&self) -> Option<Slot> {
        let all = u64::MAX >> (MOST_SLOTS - self.0.slots);
        // The lowest bit that is 0.
        let take = |taken: u64| (taken != all).then_some(taken | taken.wrapping_add(1));
        // What packets and others did with it happened before.
        let before = self.0.taken.fetch_update(Ordering::Acquire, Ordering::Relaxed, take).ok()?;
        let n = before.trailing_ones();
        Some(Slot(Arc::new(Taken { memory: Arc::clone(&self.0), n })))
    }

    /// Slots.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.0.slots
    }

    /// Slots that nobody has.
    #[must_use]
    pub fn free_slots(&self) -> u32 {
        self.0.slots - self.0.taken.load(Ordering::Relaxed).count_ones()
    }

    /// Bytes of a slot.
    #[must_use]
    pub fn slot_bytes(&self) -> u64 {
        self.0.slot_bytes
    }

    /// Bytes of all slots, and what is between them: what another API maps or registers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    /// Whether it can be exported; if not, it is a staging ring.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    /// Where the [`bytes`](Self::bytes) of a staging ring stand, as long as it or a slot of it lives.
    #[must_use]
    pub fn mapped(&self) -> Option<NonNull<u8>> {
        self.0.mapped()
    }
}

impl Slot {
    /// Its number, below [`Ring::slots`].
    #[must_use]
    pub fn index(&self) -> u32 {
        self.0.n
    }

    /// Its first byte in the ring's memory: a multiple of 256.
    #[must_use]
    pub fn offset(&self) -> u64 {
        u64::from(self.0.n) * self.0.memory.stride
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.memory.slot_bytes
    }

    /// Where a slot of a staging ring stands, as long as it lives.
    #[must_use]
    pub fn mapped(&self) -> Option<NonNull<u8>> {
        // SAFETY: the slot is within the memory.
        self.0.memory.mapped().map(|start| unsafe { start.add(self.offset() as usize) })
    }

    /// Whether both are clones of one.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn buffer(&self) -> vk::Buffer {
        self.0.memory.buffer
    }

    /// Whether packets must acquire it from another API and release it again.
    pub(super) fn is_shared(&self) -> bool {
        self.0.memory.is_shared()
    }

    pub(super) fn is_of(&self, device: &ash::Device) -> bool {
        self.0.memory.device.handle() == device.handle()
    }
}

impl Memory {
    /// A buffer without memory.
    fn buffer(device: &ash::Device, (slot_bytes, stride, slots): (u64, u64, u32), kind: Kind) -> Result<Self, Error> {
        let size = stride * u64::from(slots);
        let mut external = vk::ExternalMemoryBufferCreateInfo::default().handle_types(MEMORY);
        let mut info = vk::BufferCreateInfo::default().size(size).usage(USAGE);
        if matches!(kind, Kind::Shared(_)) {
            info = info.push_next(&mut external);
        }
        // SAFETY: the device is alive, the description is complete.
        let buffer = unsafe { device.create_buffer(&info, None) }.named("vkCreateBuffer")?;
        let memory = vk::DeviceMemory::null();
        let taken = AtomicU64::new(0);
        // From here on dropping it gives everything back.
        Ok(Self { device: device.clone(), buffer, memory, size, slot_bytes, stride, slots, kind, taken })
    }

    fn requirements(&self) -> vk::MemoryRequirements {
        // SAFETY: the buffer is alive and of this device.
        unsafe { self.device.get_buffer_memory_requirements(self.buffer) }
    }

    fn allocate(&mut self, info: &vk::MemoryAllocateInfo<'_>) -> Result<(), Error> {
        // SAFETY: the description is complete; the memory fits the buffer, which has none yet.
        unsafe {
            self.memory = self.device.allocate_memory(info, None).named("vkAllocateMemory")?;
            self.size = info.allocation_size;
            self.device.bind_buffer_memory(self.buffer, self.memory, 0).named("vkBindBufferMemory")
        }
    }

    fn bytes(&self) -> u64 {
        self.stride * u64::from(self.slots)
    }

    fn is_shared(&self) -> bool {
        matches!(self.kind, Kind::Shared(_))
    }

    fn mapped(&self) -> Option<NonNull<u8>> {
        match self.kind {
            Kind::Shared(_) => None,
            Kind::Staging(mapped) => Some(mapped),
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: nothing has a slot any more, so no packet copies from it; null is allowed. Freeing unmaps.
        unsafe {
            self.device.destroy_buffer(self.buffer, None);
            self.device.free_memory(self.memory, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_begin_aligned() {
        assert_eq!(stride(8, 1).unwrap(), ALIGNMENT);
        assert_eq!(stride(512, 3).unwrap(), 512);
        assert_eq!(stride(520, 64).unwrap(), 768);
        for (bytes, slots, word) in [(0, 1, "slot_bytes"), (12, 1, "slot_bytes"), (8, 0, "slots"), (8, 65, "slots")] {
            assert!(stride(bytes, slots).unwrap_err().to_string().starts_with(word), "{bytes} bytes, {slots} slots");
        }
        assert!(stride(1 << 29, 3).unwrap_err().to_string().contains("fewer"));
        assert!(stride(u64::MAX - 7, 64).is_err());
    }
}
