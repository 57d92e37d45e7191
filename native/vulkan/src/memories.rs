//! The buffers of a device, each made once, and who has which part of them.

use crate::buffer::Buffer;
use crate::{Error, Limits};
use ash::vk;
use gpu_allocator::MemoryLocation;
use gpu_allocator::vulkan::{Allocator, AllocatorCreateDesc};
use range_alloc::RangeAllocator;
use std::ops::Range;

/// What threads must not change at the same time.
pub(crate) struct Memories {
    pub(crate) allocator: Option<Allocator>,
    pub(crate) records: Buffer,
    pub(crate) models: Buffer,
    pub(crate) work: Buffer,
    pub(crate) texels: Buffer,
    /// Where models wait if the processor cannot write to `models`.
    staging: Option<Buffer>,
    free: RangeAllocator<u32>,
    free_staging: RangeAllocator<u32>,
}

/// The handles that commands need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffers {
    pub(crate) models: vk::Buffer,
    pub(crate) texels: vk::Buffer,
    /// Null without staging.
    pub(crate) staging: vk::Buffer,
}

impl Memories {
    pub(crate) fn new(
        instance: &ash::Instance,
        physical_device: vk::PhysicalDevice,
        device: &ash::Device,
        limits: Limits,
    ) -> Result<Self, Error> {
        let mut allocator = Allocator::new(&AllocatorCreateDesc {
            instance: instance.clone(),
            device: device.clone(),
            physical_device,
            debug_settings: Default::default(),
            buffer_device_address: false,
            allocation_sizes: Default::default(),
        })?;
        let mut made = Vec::new();
        let result = Self::fill(device, &mut allocator, limits, &mut made);
        let staging = match result {
            Ok(staging) => staging,
            Err(error) => {
                made.iter_mut().for_each(|buffer| buffer.free(device, &mut allocator));
                return Err(error);
            }
        };
        let [records, work, texels, models]: [Buffer; 4] = match made.try_into() {
            Ok(buffers) => buffers,
            Err(_) => unreachable!("as many buffers as sizes"),
        };
        let words = |bytes: u64| RangeAllocator::new(0..(bytes / 4) as u32);
        let (free, free_staging) = (words(limits.model_bytes), words(limits.staging_bytes));
        Ok(Self { allocator: Some(allocator), records, models, work, texels, staging, free, free_staging })
    }

    /// Records, work, texels and models are pushed to `made`; the buffer for staging, if there must be one, is returned.
    fn fill(
        device: &ash::Device,
        allocator: &mut Allocator,
        limits: Limits,
        made: &mut Vec<Buffer>,
    ) -> Result<Option<Buffer>, Error> {
        let fixed = [
            ("records", limits.record_bytes * u64::from(limits.frames), MemoryLocation::CpuToGpu),
            ("work", limits.work_bytes, MemoryLocation::GpuOnly),
            ("texels", limits.texel_bytes, MemoryLocation::GpuOnly),
        ];
        for (name, bytes, location) in fixed {
            made.push(Buffer::new(device, allocator, name, bytes, location)?);
        }
        if !limits.always_stage {
            let models = Buffer::new(device, allocator, "models", limits.model_bytes, MemoryLocation::CpuToGpu);
            // Too little memory of this kind is no error: many devices have only 256 MiB of it.
            if let Ok(mut models) = models {
                // Reading models over the bus in every frame would be slower than anything else here.
                if models.is_on_device() {
                    made.push(models);
                    return Ok(None);
                }
                models.free(device, allocator);
            }
        }
        let mut staging = Buffer::new(device, allocator, "staging", limits.staging_bytes, MemoryLocation::CpuToGpu)?;
        match Buffer::new(device, allocator, "models", limits.model_bytes, MemoryLocation::GpuOnly) {
            Ok(models) => made.push(models),
            Err(error) => {
                staging.free(device, allocator);
                return Err(error);
            }
        }
        Ok(Some(staging))
    }

    pub(crate) fn buffers(&self) -> Buffers {
        let staging = self.staging.as_ref().map_or(vk::Buffer::null(), |buffer| buffer.buffer);
        Buffers { models: self.models.buffer, texels: self.texels.buffer, staging }
    }

    /// Puts the words of a model into the memory of models, or into that for staging, whose place is returned behind it.
    pub(crate) fn put(&mut self, words: &[u32]) -> Result<(Range<u32>, Option<Range<u32>>), Error> {
        let len = u32::try_from(words.len()).unwrap_or(u32::MAX);
        if len == 0 {
            return Ok((0..0, None));
        }
        let place = allocate(&mut self.free, "memory of models", len)?;
        let Some(staging) = &mut self.staging else {
            return match self.models.write(place.start, words) {
                Ok(()) => Ok((place, None)),
                Err(error) => {
                    self.free.free_range(place);
                    Err(error)
                }
            };
        };
        let staged = allocate(&mut self.free_staging, "memory for staging", len);
        let written = staged.and_then(|staged| staging.write(staged.start, words).map(|()| staged));
        match written {
            Ok(staged) => Ok((place, Some(staged))),
            Err(error) => {
                self.free.free_range(place);
                Err(error)
            }
        }
    }

    pub(crate) fn give_back(&mut self, place: Range<u32>) {
        if !place.is_empty() {
            self.free.free_range(place);
        }
    }

    pub(crate) fn free_staging(&mut self, place: &Range<u32>) {
        if !place.is_empty() {
            self.free_staging.free_range(place.clone());
        }
    }

    pub(crate) fn free_all(&mut self, device: &ash::Device) {
        let Some(mut allocator) = self.allocator.take() else { return };
        let fixed = [&mut self.records, &mut self.models, &mut self.work, &mut self.texels];
        for buffer in fixed.into_iter().chain(&mut self.staging) {
            buffer.free(device, &mut allocator);
        }
    }
}

fn allocate(free: &mut RangeAllocator<u32>, what: &'static str, words: u32) -> Result<Range<u32>, Error> {
    free.allocate_range(words).map_err(|_| Error::Full {
        what,
        needed: u64::from(words) * 4,
        free: u64::from(free.total_available()) * 4,
    })
}
