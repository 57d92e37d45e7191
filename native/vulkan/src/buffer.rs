//! Buffers of a fixed size.

use crate::Error;
use crate::error::Named;
use ash::vk;
use gpu_allocator::MemoryLocation;
use gpu_allocator::vulkan::{Allocation, AllocationCreateDesc, AllocationScheme, Allocator};

/// A storage buffer and its memory. Must be given back with [`Buffer::free`].
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) buffer: vk::Buffer,
    pub(crate) bytes: u64,
    allocation: Option<Allocation>,
}

impl Buffer {
    pub(crate) fn new(
        device: &ash::Device,
        allocator: &mut Allocator,
        name: &'static str,
        bytes: u64,
        location: MemoryLocation,
    ) -> Result<Self, Error> {
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER
            | vk::BufferUsageFlags::TRANSFER_SRC
            | vk::BufferUsageFlags::TRANSFER_DST;
        let info = vk::BufferCreateInfo::default().size(bytes).usage(usage);
        // SAFETY: the device is alive, the description is complete.
        let buffer = unsafe { device.create_buffer(&info, None) }.named("vkCreateBuffer")?;
        // SAFETY: the buffer was just made by this device.
        let requirements = unsafe { device.get_buffer_memory_requirements(buffer) };
        let allocated = allocator.allocate(&AllocationCreateDesc {
            name,
            requirements,
            location,
            linear: true,
            allocation_scheme: AllocationScheme::GpuAllocatorManaged,
        });
        let bound = allocated.map_err(Error::from).and_then(|allocation| {
            // SAFETY: the memory fits the requirements of the buffer, which is not bound yet.
            let bound = unsafe { device.bind_buffer_memory(buffer, allocation.memory(), allocation.offset()) };
            match bound {
                Ok(()) => Ok(allocation),
                Err(result) => {
                    // A failure to free is a mistake in the books of the allocator, and the first error matters more.
                    let _ = allocator.free(allocation);
                    Err(Error::Vulkan { call: "vkBindBufferMemory", result })
                }
            }
        });
        match bound {
            Ok(allocation) => Ok(Self { buffer, bytes, allocation: Some(allocation) }),
            Err(error) => {
                // SAFETY: nothing uses the buffer.
                unsafe { device.destroy_buffer(buffer, None) };
                Err(error)
            }
        }
    }

    /// Whether its memory is the device's own.
    pub(crate) fn is_on_device(&self) -> bool {
        let properties = self.allocation.as_ref().map(Allocation::memory_properties);
        properties.is_some_and(|properties| properties.contains(vk::MemoryPropertyFlags::DEVICE_LOCAL))
    }

    /// Writes words, `at` being the first one's place. The memory must be mapped.
    pub(crate) fn write(&mut self, at: u32, words: &[u32]) -> Result<(), Error> {
        let (start, len) = (at as usize * 4, words.len() * 4);
        let mapped = self.allocation.as_mut().and_then(Allocation::mapped_slice_mut);
        let place = mapped.and_then(|bytes| bytes.get_mut(start..start + len));
        let Some(place) = place else {
            let reason = format!("{len} bytes at {start} cannot be written by the processor");
            return Err(Error::Unsupported { what: "mapped memory", reason });
        };
        for (bytes, word) in place.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }

    /// The first `n` numbers. The memory must be mapped.
    pub(crate) fn read(&self, n: usize) -> Result<Vec<f32>, Error> {
        let mapped = self.allocation.as_ref().and_then(Allocation::mapped_slice).and_then(|bytes| bytes.get(..n * 4));
        let Some(bytes) = mapped else {
            let reason = format!("{n} numbers cannot be read by the processor");
            return Err(Error::Unsupported { what: "mapped memory", reason });
        };
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn free(&mut self, device: &ash::Device, allocator: &mut Allocator) {
        // SAFETY: the owner of the buffer promises that the device does not use it any more.
        unsafe { device.destroy_buffer(self.buffer, None) };
        self.buffer = vk::Buffer::null();
        if let Some(allocation) = self.allocation.take()
            && let Err(error) = allocator.free(allocation)
        {
            log::error!("device memory could not be given back: {error}");
        }
    }
}
