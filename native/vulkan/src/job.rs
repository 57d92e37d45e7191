//! Recording: jobs, put together pass by pass, in a command buffer of the host.

use crate::gpu::{Gpu, Limits, Mask, Uploaded, whole};
use crate::kernels::Kernel;
use crate::model::Moment;
use crate::pass::{Pass, Work};
use crate::variants::Variants;
use crate::{Error, Texel, Texture, WritePath};
use ash::vk;
use std::collections::BTreeMap;

/// Workgroups along an axis that every device takes.
const MOST_GROUPS: u32 = 65535;
/// See `store.slang`.
const CELLS: u32 = 8;
const ALL_VALID: u32 = 0xFFFF_FFFF;
const NONE_VALID: u32 = 0xFFFF_FFFE;

/// A box of one block at one time, and where its values go.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The block.
    pub block: &'a Uploaded,
    /// Steps since the start of the block's segment (limited to it); a fraction is a time between two steps.
    pub time: f64,
    /// Smallest and largest value of the block's entry: values are limited to them.
    pub range: (f32, f32),
    /// First voxel (z, y, x) of the box in the block, and one past the last.
    pub min: [u32; 3],
    /// See `min`.
    pub max: [u32; 3],
    /// The texture.
    pub texture: &'a Texture,
    /// Texel (z, y, x) of the first voxel.
    pub to: [u32; 3],
    /// Values that become 0 and 1 in R8 and R16 textures.
    pub unorm: (f32, f32),
    /// What invalid voxels get; in R8 and R16 textures as it is stored there, 0..=1.
    pub invalid: f32,
    /// Whether numbers of fewer bits may be used where the device has them: errors of some thousandths of what a network adds.
    /// Without it, and for blocks with a guaranteed error, 32-bit floats are used. See [`Gpu::self_test_record`].
    pub fast: bool,
}

/// A job's texels in the buffer, and where they go in the image.
struct Copy {
    image: vk::Image,
    region: vk::BufferImageCopy,
}

impl Gpu {
    /// Writes jobs into a command buffer that is being recorded, outside of a render pass. `frame` counts the host's
    /// frames: the records of frame n are overwritten by frame n + [`Limits::frames`](crate::Limits::frames).
    ///
    /// Textures must be in the layout that their [`WritePath`] names, with earlier accesses made available; what follows
    /// must wait for `COMPUTE_SHADER` / `SHADER_WRITE`, or `TRANSFER` / `TRANSFER_WRITE`.
    ///
    /// Jobs that do not fit the work memory together are decoded one round after the other.
    ///
    /// # Errors
    /// [`Error::Full`] if a memory is too small for one job, or that of records for all; [`Error::Argument`] for a box that
    /// does not fit. Nothing is recorded then.
    ///
    /// # Safety
    /// The command buffer must be in the recording state and of a queue family with compute; frame
    /// `frame - Limits::frames` must be finished; blocks and textures must stay until the commands are.
    pub unsafe fn record(&self, commands: vk::CommandBuffer, frame: u64, jobs: &[Job<'_>]) -> Result<(), Error> {
        let ready = self.variants.ready();
        // SAFETY: promised by the caller.
        unsafe { self.record_as(commands, frame, jobs, &|_| ready, &mut |_| {}) }
    }

    /// [`Gpu::record`] with the variants that fast jobs may use, and what is to follow each dispatch.
    ///
    /// # Safety
    /// As [`Gpu::record`].
    pub(crate) unsafe fn record_as(
        &self,
        commands: vk::CommandBuffer,
        frame: u64,
        jobs: &[Job<'_>],
        variants: &dyn Fn(usize) -> Variants,
        after: &mut dyn FnMut(Kernel),
    ) -> Result<(), Error> {
        let rounds = self.rounds(jobs, variants)?;
        // All records are in place before anything is recorded, so that an error leaves the command buffer as it was.
        let mut records = Records::new(self.limits, frame);
        let dispatches: Vec<Vec<Dispatch>> =
            rounds.iter().map(|round| self.dispatches(round, &mut records)).collect::<Result<_, _>>()?;
        self.memories().records.write(records.start, &records.words)?;
        for (round, dispatches) in rounds.iter().zip(dispatches) {
            for (n, dispatch) in dispatches.iter().enumerate() {
                // SAFETY: the caller promises a command buffer that is being recorded.
                unsafe {
                    self.wait(commands, n == 0);
                    self.dispatch(commands, dispatch);
                }
                after(dispatch.kernel);
            }
            // SAFETY: as above.
            unsafe { self.copy(commands, &round.copies) };
        }
        Ok(())
    }

    /// Makes the passes of all jobs, as many jobs at once as the memories hold.
    fn rounds<'a>(&self, jobs: &[Job<'a>], variants: &dyn Fn(usize) -> Variants) -> Result<Vec<Round<'a>>, Error> {
        let memory = |bytes: u64| Work::new((bytes / 4) as u32);
        let mut rounds: Vec<Round<'a>> = Vec::new();
        let (mut work, mut texels) = (memory(0), memory(0));
        for (n, job) in jobs.iter().enumerate() {
            job.check()?;
            let variants = if job.fast { variants(n) } else { Variants::NONE };
            if let Some(round) = rounds.last_mut() {
                match round.add(job, variants, &mut work, &mut texels) {
                    Err(Error::Full { .. }) => {}
                    result => {
                        result?;
                        continue;
                    }
                }
            }
            // What the round before works in is free again behind a barrier.
            (work, texels) = (memory(self.limits.work_bytes), memory(self.limits.texel_bytes));
            let mut round = Round { queues: Vec::new(), copies: Vec::new() };
            round.add(job, variants, &mut work, &mut texels)?;
            rounds.push(round);
        }
        Ok(rounds)
    }

    /// The dispatches of a round in their order: the first passes of all jobs, those of one kernel together, then the second
    /// ones, ...
    fn dispatches(&self, round: &Round<'_>, records: &mut Records) -> Result<Vec<Dispatch>, Error> {
        let mut dispatches = Vec::new();
        for step in 0..round.queues.iter().map(|(passes, _)| passes.len()).max().unwrap_or(0) {
            // Passes that store go with the set of their texture.
            let mut together: BTreeMap<(Kernel, u64), (vk::DescriptorSet, Vec<&Pass>)> = BTreeMap::new();
            for (passes, texture) in &round.queues {
                let Some(pass) = passes.get(step) else { continue };
                let set = match texture.store {
                    Some((_, set)) if pass.kernel.writes_image() => set,
                    _ => self.texels,
                };
                let key = (pass.kernel, vk::Handle::as_raw(set));
                together.entry(key).or_insert_with(|| (set, Vec::new())).1.push(pass);
            }
            for ((kernel, _), (set, passes)) in together {
                let groups = passes.iter().map(|pass| pass.groups).max().unwrap_or(0);
                if groups > MOST_GROUPS || passes.len() > MOST_GROUPS as usize {
                    let message = format!("need {groups} workgroups of {kernel:?} for {} blocks", passes.len());
                    return Err(Error::argument("jobs", message));
                }
                let (first, stride) = records.add(&passes)?;
                dispatches.push(Dispatch { kernel, set, first, stride, groups: [groups, passes.len() as u32] });
            }
        }
        Ok(dispatches)
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
        let Some(pipeline) = self.pipelines.get(dispatch.kernel) else {
            // Textures that would need it cannot be registered.
            unreachable!("a kernel that the device does not have");
        };
        let layout = self.pipelines.layout(dispatch.kernel);
        let mut push = [0; 16];
        push[..4].copy_from_slice(&dispatch.first.to_le_bytes());
        push[4..8].copy_from_slice(&dispatch.stride.to_le_bytes());
        // SAFETY: promised by the caller; pipeline, layout and sets belong to this device and fit each other.
        unsafe {
            let point = vk::PipelineBindPoint::COMPUTE;
            self.device.cmd_bind_pipeline(commands, point, pipeline);
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
        let buffer = self.memories().texel_buffer.buffer;
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
                self.device.cmd_copy_buffer_to_image(commands, buffer, copy.image, layout, &[copy.region]);
            }
        }
    }
}

/// Jobs that fit the memories together.
struct Round<'a> {
    /// The passes of each job, and the texture that the last one writes.
    queues: Vec<(Vec<Pass>, &'a Texture)>,
    copies: Vec<Copy>,
}

impl<'a> Round<'a> {
    fn add(&mut self, job: &Job<'a>, variants: Variants, work: &mut Work, texels: &mut Work) -> Result<(), Error> {
        let mut passes = Vec::new();
        let moment = Moment { base: job.block.place.start, time: job.time, range: job.range, variants };
        let values = job.block.model.passes(moment, work, &mut passes)?;
        let (store, copy) = job.store(values, texels)?;
        passes.push(store);
        self.copies.extend(copy);
        self.queues.push((passes, job.texture));
        Ok(())
    }
}

/// The records of a frame.
struct Records {
    words: Vec<u32>,
    /// Where they stand in the memory of records, and how many there may be.
    start: u32,
    most: usize,
}

impl Records {
    fn new(limits: Limits, frame: u64) -> Self {
        let most = (limits.record_bytes / 4) as u32;
        // Below `frames`, which fits 32 bits.
        let start = (frame % u64::from(limits.frames)) as u32 * most;
        Self { words: Vec::new(), start, most: most as usize }
    }

    /// Adds the records of some passes of one kernel: the place of the first, and the distance between two.
    fn add(&mut self, passes: &[&Pass]) -> Result<(u32, u32), Error> {
        let stride = passes.iter().map(|pass| pass.words.len()).max().unwrap_or(0);
        let first = self.start + self.words.len() as u32;
        let len = self.words.len() + stride * passes.len();
        if len > self.most {
            let (needed, free) = (len as u64 * 4, self.most as u64 * 4);
            return Err(Error::Full { what: "memory of records", needed, free });
        }
        for pass in passes {
            self.words.extend_from_slice(&pass.words);
            self.words.resize(self.words.len() + stride - pass.words.len(), 0);
        }
        Ok((first, stride as u32))
    }
}

/// One kernel over the records of some passes.
struct Dispatch {
    kernel: Kernel,
    set: vk::DescriptorSet,
    first: u32,
    stride: u32,
    /// Along x, and jobs.
    groups: [u32; 2],
}

impl Job<'_> {
    fn check(&self) -> Result<(), Error> {
        let extent = self.block.model.extent;
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            let (min, max) = (self.min[axis], self.max[axis]);
            if min >= max || max > extent[axis] {
                let message = format!("{name} range {min}..{max} is empty or outside 0..{} of the block", extent[axis]);
                return Err(Error::argument("box", message));
            }
            let end = self.to[axis].checked_add(max - min);
            if end.is_none_or(|end| end > self.texture.extent[axis]) {
                let message = format!(
                    "{name} range {}..+{} is outside 0..{} of the texture",
                    self.to[axis],
                    max - min,
                    self.texture.extent[axis]
                );
                return Err(Error::argument("to", message));
            }
        }
        neuvol_model::check_range(self.range)?;
        if self.time.is_nan() {
            return Err(Error::argument("time", "is not a number"));
        }
        let (low, high) = self.unorm;
        if matches!(self.texture.texel, Texel::R8 | Texel::R16) && !(low < high && (high - low).is_finite()) {
            return Err(Error::argument("unorm", format!("is {low}..{high}, must be a range that is not empty")));
        }
        Ok(())
    }

    /// The pass that brings values to the texture, and the copy behind it.
    fn store(&self, values: u32, texels: &mut Work) -> Result<(Pass, Option<Copy>), Error> {
        let extent = self.block.model.extent;
        let size: [u32; 3] = std::array::from_fn(|axis| self.max[axis] - self.min[axis]);
        let texel = self.texture.texel;
        let bytes = texel.bytes();
        // Rows begin with a word.
        let per_word = (4 / bytes).max(1);
        let cells = size[2].div_ceil(per_word);
        let row = cells * (bytes / 4).max(1);
        let (kernel, first, across, copy) = match self.texture.path() {
            WritePath::Store => (texel.image_kernel(), 0, size[2], None),
            WritePath::Copy => {
                let len = row * size[1] * size[0];
                // Offsets of copies must be multiples of the texel.
                let first = texels.take(len.next_multiple_of(2))?;
                (Kernel::StoreBuffer, first, cells, Some(self.copy(first, size, cells * per_word)))
            }
        };
        let [one, other] = self.masks();
        let (low, high) = self.unorm;
        let mut words = vec![values];
        for part in [extent, self.min, size, self.to] {
            words.extend(part);
        }
        words.extend([texel.id(), one, self.invalid.to_bits(), low.to_bits(), (1.0 / (high - low)).to_bits()]);
        words.extend([first, row, row * size[1], other]);
        let groups = size[0] * size[1].div_ceil(CELLS) * across.div_ceil(CELLS);
        Ok((Pass { kernel, groups, words }, copy))
    }

    fn copy(&self, first: u32, size: [u32; 3], row_length: u32) -> Copy {
        let whole = whole();
        let region = vk::BufferImageCopy {
            buffer_offset: u64::from(first) * 4,
            buffer_row_length: row_length,
            buffer_image_height: size[1],
            image_subresource: vk::ImageSubresourceLayers {
                aspect_mask: whole.aspect_mask,
                mip_level: 0,
                base_array_layer: 0,
                layer_count: 1,
            },
            // Below the extents of an image, which fit.
            image_offset: vk::Offset3D { x: self.to[2] as i32, y: self.to[1] as i32, z: self.to[0] as i32 },
            image_extent: vk::Extent3D { width: size[2], height: size[1], depth: size[0] },
        };
        Copy { image: self.texture.image, region }
    }

    /// Where the validity of the steps around the time stands.
    fn masks(&self) -> [u32; 2] {
        match self.block.mask {
            Mask::All => [ALL_VALID; 2],
            Mask::None => [NONE_VALID; 2],
            Mask::Bits { at, words, steps } => {
                let (step, next, _) = neuvol_model::time_position(self.time, steps);
                [step, next].map(|step| self.block.place.start + at + step * words)
            }
        }
    }
}
