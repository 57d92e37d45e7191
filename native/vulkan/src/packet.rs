//! Recording: jobs are put together pass by pass ahead of time, on any thread; what the render thread does is to write the
//! commands into a command buffer of the host.

use crate::external::Arrivals;
use crate::gpu::{Gpu, Limits, Staged, Uploaded, whole};
use crate::job::{Copy, Job};
use crate::{Error, WritePath, kernels};
use ash::vk;
use neuvol_plan::{Batch, Kernel, Variants};
use std::collections::HashSet;
use std::sync::Arc;

/// The commands of some jobs. Recording them allocates nothing and waits for nothing.
///
/// It is made with [`Gpu::prepare`] or [`Gpu::prepare_copies`], and must be given back: with [`Gpu::retire`] when its commands
/// are finished, with [`Gpu::withdraw`] if it was never recorded.
#[derive(Debug)]
pub struct Packet {
    slot: u32,
    rounds: Vec<Commands>,
    uploads: Vec<Upload>,
    arrivals: Arrivals,
    /// Textures whose layout the host leaves to this, each once.
    transitions: Vec<Transition>,
}

/// What a round does.
#[derive(Debug)]
struct Commands {
    dispatches: Vec<Dispatch>,
    copies: Vec<Copy>,
}

/// A model on its way to the device.
#[derive(Debug)]
struct Upload {
    staged: Arc<Staged>,
    region: vk::BufferCopy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transition {
    pub(crate) image: vk::Image,
    /// The host's layout.
    pub(crate) from: vk::ImageLayout,
    pub(crate) path: WritePath,
}

/// One kernel over the records of some passes.
#[derive(Debug)]
struct Dispatch {
    kernel: Kernel,
    pipeline: vk::Pipeline,
    layout: vk::PipelineLayout,
    set: vk::DescriptorSet,
    first: u32,
    stride: u32,
    /// Along x, and jobs.
    groups: [u32; 2],
}

impl Packet {
    /// One that only copies.
    pub(crate) fn of_arrivals(slot: u32, arrivals: Arrivals, transitions: Vec<Transition>) -> Self {
        Self { slot, rounds: Vec::new(), uploads: Vec::new(), arrivals, transitions }
    }

    /// Bytes of models that it brings to the device.
    #[must_use]
    pub fn upload_bytes(&self) -> u64 {
        self.uploads.iter().map(|upload| upload.region.size).sum()
    }
}

impl Gpu {
    /// Puts jobs together, ahead of their recording and on any thread. `slot` (below [`Limits::frames`]) is the part of the
    /// memory of records that they use: the packet that had it before must have been given back.
    ///
    /// Jobs that do not fit the work memory together are decoded one round after the other. The models of `also` are brought
    /// to the device as well, for packets to come.
    ///
    /// # Errors
    /// [`Error::Full`] if a memory is too small for one job, or that of records for all; [`Error::Argument`] for a box that
    /// does not fit.
    pub fn prepare(&self, slot: u32, jobs: &[Job<'_>], also: &[&Uploaded]) -> Result<Packet, Error> {
        self.prepare_in_parts(slot, jobs, also, 1)
    }

    /// The same in parts that follow each other, about equally many jobs in each: the more, the shorter is each dispatch, so that
    /// a compositor does not have to wait for long.
    ///
    /// # Errors
    /// As [`Gpu::prepare`].
    pub fn prepare_in_parts(
        &self,
        slot: u32,
        jobs: &[Job<'_>],
        also: &[&Uploaded],
        parts: usize,
    ) -> Result<Packet, Error> {
        let ready = self.variants.ready();
        self.prepare_as(slot, jobs, also, parts, &|_| ready)
    }

    /// The same with the variants that each fast job may use.
    pub(crate) fn prepare_as(
        &self,
        slot: u32,
        jobs: &[Job<'_>],
        also: &[&Uploaded],
        parts: usize,
        variants: &dyn Fn(usize) -> Variants,
    ) -> Result<Packet, Error> {
        self.check_slot(slot)?;
        let tasks: Vec<_> = (0..)
            .zip(jobs)
            .map(|(n, job)| {
                let variants = if job.fast { variants(n) } else { Variants::NONE };
                (job.task(), variants, job.texture.store.map_or(0, |(_, set)| vk::Handle::as_raw(set)))
            })
            .collect();
        let Limits { work_bytes, texel_bytes, record_bytes, .. } = self.limits;
        let limits = neuvol_plan::Limits { work_bytes, texel_bytes, record_bytes, keep_texels: false };
        let batch = Batch::new(&tasks, parts, limits)?;
        // Records are counted from the slot's part of their memory.
        let start = slot * (record_bytes / 4) as u32;
        let rounds = batch.rounds.iter().map(|round| Commands {
            dispatches: round.dispatches.iter().map(|planned| self.dispatch_of(planned, jobs, start)).collect(),
            copies: round.packed.iter().map(|&(job, texels)| Copy::new(jobs[job].texture.image, texels)).collect(),
        });
        let rounds = rounds.collect();
        self.memories().records.write(start, &batch.words)?;
        let blocks = jobs.iter().flat_map(|job| [Some(job.block), job.later.map(|later| later.block)]).flatten();
        let uploads = blocks.chain(also.iter().copied()).filter_map(|block| {
            let staged = block.staged.as_ref().filter(|staged| staged.take())?;
            let region = vk::BufferCopy {
                src_offset: u64::from(staged.place.start) * 4,
                dst_offset: u64::from(block.place.start) * 4,
                size: u64::from(staged.place.end - staged.place.start) * 4,
            };
            Some(Upload { staged: Arc::clone(staged), region })
        });
        let uploads = uploads.collect();
        let mut seen = HashSet::new();
        let transitions = jobs.iter().filter_map(|job| {
            let from = job.texture.layout?;
            let transition = Transition { image: job.texture.image, from, path: job.texture.path() };
            seen.insert(transition).then_some(transition)
        });
        let (transitions, arrivals) = (transitions.collect(), Arrivals::default());
        Ok(Packet { slot, rounds, uploads, arrivals, transitions })
    }

    pub(crate) fn check_slot(&self, slot: u32) -> Result<(), Error> {
        if slot >= self.limits.frames {
            return Err(Error::argument("slot", format!("is {slot}, must be below {}", self.limits.frames)));
        }
        Ok(())
    }

    /// Writes the commands of a packet into a command buffer that is being recorded, outside of a render pass.
    ///
    /// Textures whose layout the host keeps to itself must be in the layout that their [`WritePath`] names, with earlier
    /// accesses made available; what follows must wait for `COMPUTE_SHADER` / `SHADER_WRITE`, or `TRANSFER` /
    /// `TRANSFER_WRITE`. Others are brought there and back, with the barriers that this takes.
    ///
    /// # Safety
    /// The command buffer must be in the recording state and of the queue family of the host; blocks and textures of the
    /// packet must stay until its commands are finished. A packet is recorded once.
    pub unsafe fn record(&self, commands: vk::CommandBuffer, packet: &Packet) {
        // SAFETY: promised by the caller.
        unsafe { self.record_profiled(commands, packet, &mut |_| {}) };
    }

    /// As [`Gpu::record`], and calls `after` with the name of the kernel behind each dispatch: a time stamp written there tells
    /// what it took, as every dispatch waits for the one before.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    pub unsafe fn record_profiled(
        &self,
        commands: vk::CommandBuffer,
        packet: &Packet,
        after: &mut dyn FnMut(&'static str),
    ) {
        // SAFETY: all promised by the caller.
        unsafe {
            self.begin_timing(commands, packet.slot);
            self.upload_staged(commands, &packet.uploads);
            self.transitions(commands, &packet.transitions, true);
            for round in &packet.rounds {
                for (n, dispatch) in round.dispatches.iter().enumerate() {
                    self.wait(commands, n == 0);
                    self.dispatch(commands, dispatch);
                    after(kernels::name(dispatch.kernel));
                }
                self.copy(commands, &round.copies);
            }
            self.copy_arrivals(commands, &packet.arrivals);
            self.transitions(commands, &packet.transitions, false);
            self.end_timing(commands, packet.slot);
        }
    }

    /// Takes a packet back whose commands are finished, and gives the time that they took on the device, in µs; `None` if
    /// the device does not tell.
    ///
    /// # Errors
    /// [`Error::Vulkan`] if the device is lost.
    ///
    /// # Safety
    /// The commands must be finished.
    pub unsafe fn retire(&self, packet: Packet) -> Result<Option<f64>, Error> {
        for upload in packet.uploads {
            self.memories().free_staging(&upload.staged.place);
        }
        self.elapsed(packet.slot)
    }

    /// Takes a packet back that was not recorded: its models wait for the next one.
    pub fn withdraw(&self, packet: Packet) {
        packet.uploads.iter().for_each(|upload| upload.staged.give_back());
    }

    /// What a planned dispatch is on this device; `start` is where the records of its slot begin.
    fn dispatch_of(&self, planned: &neuvol_plan::Dispatch, jobs: &[Job<'_>], start: u32) -> Dispatch {
        let neuvol_plan::Dispatch { kernel, task, first, stride, groups } = *planned;
        let set = match jobs[task].texture.store {
            Some((_, set)) if kernel.writes_image() => set,
            _ => self.texels,
        };
        let Some(pipeline) = self.pipelines.get(kernel) else {
            // Textures that would need it cannot be registered, models bring theirs.
            unreachable!("{kernel:?} was not made");
        };
        let layout = self.pipelines.layout(kernel);
        Dispatch { kernel, pipeline, layout, set, first: start + first, stride, groups }
    }

    /// Copies staged models to where kernels read them.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn upload_staged(&self, commands: vk::CommandBuffer, uploads: &[Upload]) {
        if uploads.is_empty() {
            return;
        }
        let barrier = vk::MemoryBarrier::default()
            .src_access_mask(vk::AccessFlags::TRANSFER_WRITE)
            .dst_access_mask(vk::AccessFlags::SHADER_READ);
        let (transfer, compute) = (vk::PipelineStageFlags::TRANSFER, vk::PipelineStageFlags::COMPUTE_SHADER);
        let flags = vk::DependencyFlags::empty();
        // SAFETY: promised by the caller; the regions lie in both buffers. Kernels of the frame before may still read other
        // parts of the buffer; this one was given out when all that used it was finished, but validation sees whole buffers.
        unsafe {
            self.device.cmd_pipeline_barrier(
                commands,
                compute,
                transfer,
                flags,
                &[vk::MemoryBarrier::default()],
                &[],
                &[],
            );
            for upload in uploads {
                self.device.cmd_copy_buffer(commands, self.buffers.staging, self.buffers.models, &[upload.region]);
            }
            self.device.cmd_pipeline_barrier(commands, transfer, compute, flags, &[barrier], &[], &[]);
        }
    }

    /// Brings textures to the layout that is written to, or back to that of the host.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn transitions(&self, commands: vk::CommandBuffer, transitions: &[Transition], enter: bool) {
        for transition in transitions {
            let (layout, stage, access) = transition.path.target();
            // Whatever the host does with it: this is once per texture and frame.
            let (host, any) =
                (vk::PipelineStageFlags::ALL_COMMANDS, vk::AccessFlags::MEMORY_READ | vk::AccessFlags::MEMORY_WRITE);
            let (old, new, from, to) =
                if enter { (transition.from, layout, any, access) } else { (layout, transition.from, access, any) };
            let (before, after) = if enter { (host, stage) } else { (stage, host) };
            let barrier = vk::ImageMemoryBarrier::default()
                .image(transition.image)
                .subresource_range(whole())
                .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .old_layout(old)
                .new_layout(new)
                .src_access_mask(from)
                .dst_access_mask(to);
            // SAFETY: promised by the caller.
            unsafe {
                let flags = vk::DependencyFlags::empty();
                self.device.cmd_pipeline_barrier(commands, before, after, flags, &[], &[], &[barrier]);
            }
        }
    }

    /// Lets a dispatch wait for what the one before wrote; the first one of a round also for those who still read what it
    /// will write: the frame or the round before.
    ///
    /// Dispatches of different kernels may be independent, but they share a buffer, and validation cannot see that they work
    /// in different parts of it.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn wait(&self, commands: vk::CommandBuffer, first: bool) {
        let compute = vk::PipelineStageFlags::COMPUTE_SHADER;
        let before = if first { compute | vk::PipelineStageFlags::TRANSFER } else { compute };
        let both = vk::AccessFlags::SHADER_READ | vk::AccessFlags::SHADER_WRITE;
        let barrier = vk::MemoryBarrier::default().src_access_mask(both).dst_access_mask(both);
        let flags = vk::DependencyFlags::empty();
        // SAFETY: promised by the caller.
        unsafe { self.device.cmd_pipeline_barrier(commands, before, compute, flags, &[barrier], &[], &[]) };
    }

    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn dispatch(&self, commands: vk::CommandBuffer, dispatch: &Dispatch) {
        let layout = dispatch.layout;
        let mut push = [0; 16];
        push[..4].copy_from_slice(&dispatch.first.to_le_bytes());
        push[4..8].copy_from_slice(&dispatch.stride.to_le_bytes());
        // SAFETY: promised by the caller; pipeline, layout and sets belong to this device and fit each other.
        unsafe {
            let point = vk::PipelineBindPoint::COMPUTE;
            self.device.cmd_bind_pipeline(commands, point, dispatch.pipeline);
            self.device.cmd_bind_descriptor_sets(commands, point, layout, 0, &[self.common, dispatch.set], &[]);
            self.device.cmd_push_constants(commands, layout, vk::ShaderStageFlags::COMPUTE, 0, &push);
            self.device.cmd_dispatch(commands, dispatch.groups[0], 1, dispatch.groups[1]);
        }
    }

    /// Copies texels from the buffer to the images that cannot be stored to.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn copy(&self, commands: vk::CommandBuffer, copies: &[Copy]) {
        if copies.is_empty() {
            return;
        }
        let barrier = vk::MemoryBarrier::default()
            .src_access_mask(vk::AccessFlags::SHADER_WRITE)
            .dst_access_mask(vk::AccessFlags::TRANSFER_READ);
        // SAFETY: promised by the caller.
        unsafe {
            self.device.cmd_pipeline_barrier(
                commands,
                vk::PipelineStageFlags::COMPUTE_SHADER,
                vk::PipelineStageFlags::TRANSFER,
                vk::DependencyFlags::empty(),
                &[barrier],
                &[],
                &[],
            );
            for copy in copies {
                let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
                let buffer = self.buffers.texels;
                self.device.cmd_copy_buffer_to_image(commands, buffer, copy.image, layout, &[copy.region]);
            }
        }
    }
}
