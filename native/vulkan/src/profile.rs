//! Where the time of a decode goes.

use crate::gpu::Gpu;
use crate::{Error, Job};
use ash::vk;

impl Gpu {
    /// As [`Gpu::record`], and calls `after` with the name of the kernel behind each dispatch: a timestamp written there tells
    /// what it took, as every dispatch waits for the one before.
    ///
    /// # Errors
    /// As [`Gpu::record`].
    ///
    /// # Safety
    /// As [`Gpu::record`].
    pub unsafe fn record_profiled(
        &self,
        commands: vk::CommandBuffer,
        frame: u64,
        jobs: &[Job<'_>],
        after: &mut dyn FnMut(&'static str),
    ) -> Result<(), Error> {
        let ready = self.variants.ready();
        // SAFETY: promised by the caller.
        unsafe { self.record_as(commands, frame, jobs, &|_| ready, &mut |kernel| after(kernel.name())) }
    }
}
