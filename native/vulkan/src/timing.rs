//! What packets take on the device, by its own clock.

use crate::error::Named;
use crate::{Error, Host};
use ash::vk;

/// Two time stamps per slot. Without a clock nothing is measured.
#[derive(Debug)]
pub(crate) struct Timing {
    pool: vk::QueryPool,
    /// µs of a tick.
    tick: f64,
    /// Bits of a time stamp that count.
    mask: u64,
}

impl Timing {
    pub(crate) fn none() -> Self {
        Self { pool: vk::QueryPool::null(), tick: 0.0, mask: 0 }
    }

    /// # Safety
    /// The handles must be alive and belong together.
    pub(crate) unsafe fn new(
        instance: &ash::Instance,
        host: &Host,
        device: &ash::Device,
        slots: u32,
    ) -> Result<Self, Error> {
        // SAFETY: promised by the caller.
        let (properties, families) = unsafe {
            (
                instance.get_physical_device_properties(host.physical_device),
                instance.get_physical_device_queue_family_properties(host.physical_device),
            )
        };
        let Some(family) = families.get(host.queue_family as usize) else {
            let message = format!("is {}, the device has {} families", host.queue_family, families.len());
            return Err(Error::argument("queue_family", message));
        };
        let bits = family.timestamp_valid_bits;
        if bits == 0 {
            log::warn!("queue family {} has no time stamps: what frames take cannot be measured", host.queue_family);
            return Ok(Self::none());
        }
        let info = vk::QueryPoolCreateInfo::default().query_type(vk::QueryType::TIMESTAMP).query_count(2 * slots);
        // SAFETY: as above.
        let pool = unsafe { device.create_query_pool(&info, None) }.named("vkCreateQueryPool")?;
        let tick = f64::from(properties.limits.timestamp_period) / 1e3;
        Ok(Self { pool, tick, mask: u64::MAX >> (64 - bits.min(64)) })
    }

    /// # Safety
    /// The command buffer is being recorded, outside of a render pass; what the slot measured before is finished.
    pub(crate) unsafe fn begin(&self, device: &ash::Device, commands: vk::CommandBuffer, slot: u32) {
        if self.mask != 0 {
            // SAFETY: promised by the caller.
            unsafe {
                device.cmd_reset_query_pool(commands, self.pool, 2 * slot, 2);
                // Behind all that the host has recorded before: waiting for it is not this packet's time.
                device.cmd_write_timestamp(commands, vk::PipelineStageFlags::BOTTOM_OF_PIPE, self.pool, 2 * slot);
            }
        }
    }

    /// # Safety
    /// As [`Timing::begin`], which came before.
    pub(crate) unsafe fn end(&self, device: &ash::Device, commands: vk::CommandBuffer, slot: u32) {
        if self.mask != 0 {
            let stage = vk::PipelineStageFlags::BOTTOM_OF_PIPE;
            // SAFETY: promised by the caller.
            unsafe { device.cmd_write_timestamp(commands, stage, self.pool, 2 * slot + 1) };
        }
    }

    /// What the commands of a slot took, in µs; `None` if that is not known (yet). Never waits.
    pub(crate) fn elapsed(&self, device: &ash::Device, slot: u32) -> Result<Option<f64>, Error> {
        if self.mask == 0 {
            return Ok(None);
        }
        let mut ticks = [0u64; 2];
        let flags = vk::QueryResultFlags::TYPE_64;
        // SAFETY: the pool has these queries; results are only read.
        match unsafe { device.get_query_pool_results(self.pool, 2 * slot, &mut ticks, flags) } {
            Ok(()) => Ok(Some((ticks[1].wrapping_sub(ticks[0]) & self.mask) as f64 * self.tick)),
            Err(vk::Result::NOT_READY) => Ok(None),
            Err(result) => Err(Error::Vulkan { call: "vkGetQueryPoolResults", result }),
        }
    }

    pub(crate) fn destroy(&mut self, device: &ash::Device) {
        // SAFETY: the owner promises that the device does not use it any more; null is allowed.
        unsafe { device.destroy_query_pool(self.pool, None) };
        *self = Self::none();
    }
}
