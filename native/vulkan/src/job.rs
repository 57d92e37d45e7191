//! Recording: jobs, put together pass by pass, in a command buffer of the host.

use crate::gpu::{Gpu, Mask, Uploaded, whole};
use crate::kernels::Kernel;
use crate::model::Moment;
use crate::pass::{Pass, Work};
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
    /// # Errors
    /// [`Error::Full`] if the memories are too small for the jobs, [`Error::Argument`] for a box that does not fit. Nothing
    /// is recorded then.
    ///
    /// # Safety
    /// The command buffer must be in the recording state and of a queue family with compute; frame
    /// `frame - Limits::frames` must be finished; blocks and textures must stay until the commands are.
    pub unsafe fn record(&self, commands: vk::CommandBuffer, frame: u64, jobs: &[Job<'_>]) -> Result<(), Error> {
        let mut work = Work::new((self.limits.work_bytes / 4) as u32);
        let mut texels = Work::new((self.limits.texel_bytes / 4) as u32);
        let mut copies = Vec::new();
        // The passes of a job, and the texture that the last one writes.
        let mut queues: Vec<(Vec<Pass>, &Texture)> = Vec::new();
        for job in jobs {
            job.check()?;
            let mut passes = Vec::new();
            let moment = Moment { base: job.block.place.start, time: job.time, range: job.range };
            let values = job.block.model.passes(moment, &mut work, &mut passes)?;
            passes.push(job.store(values, &mut texels, &mut copies)?);
            queues.push((passes, job.texture));
        }
        let dispatches = self.write_records(frame, &queues)?;
        // SAFETY: the caller promises a command buffer that is being recorded.
        unsafe {
            for (n, dispatch) in dispatches.iter().enumerate() {
                let stages = vk::PipelineStageFlags::COMPUTE_SHADER;
                // What the passes before wrote, and for the first: work memory that the frame before still reads. Dispatches
                // of different kernels may be independent, but they share a buffer, and validation cannot see that they
                // work in different parts of it.
                let barrier = vk::MemoryBarrier::default()
                    .src_access_mask(vk::AccessFlags::SHADER_WRITE | vk::AccessFlags::SHADER_READ)
                    .dst_access_mask(vk::AccessFlags::SHADER_READ | vk::AccessFlags::SHADER_WRITE);
                let before = if n == 0 { stages | vk::PipelineStageFlags::TRANSFER } else { stages };
                self.device.cmd_pipeline_barrier(
                    commands,
                    before,
                    stages,
                    vk::DependencyFlags::empty(),
                    &[barrier],
                    &[],
                    &[],
                );
                self.dispatch(commands, dispatch);
            }
            self.copy(commands, &copies);
        }
        Ok(())
    }

    /// Puts the records of all passes into the memory of the frame. Returns the dispatches in their order: the first passes
    /// of all jobs, those of one kernel together, then the second ones, ...
    fn write_records(&self, frame: u64, queues: &[(Vec<Pass>, &Texture)]) -> Result<Vec<Dispatch>, Error> {
        let words = (self.limits.record_bytes / 4) as u32;
        // Below `frames`, which fits 32 bits.
        let start = (frame % u64::from(self.limits.frames.max(1))) as u32 * words;
        let mut records = Vec::new();
        let mut dispatches = Vec::new();
        for step in 0..queues.iter().map(|(passes, _)| passes.len()).max().unwrap_or(0) {
            // The last pass of a job may come later than those of others; it stores, and its set is that of its texture.
            let mut together: BTreeMap<(Kernel, u64), (vk::DescriptorSet, Vec<&Pass>)> = BTreeMap::new();
            for (passes, texture) in queues {
                let Some(pass) = passes.get(step) else { continue };
                let set = match texture.store {
                    Some((_, set)) if pass.kernel.writes_image() => set,
                    _ => self.texels,
                };
                let key = (pass.kernel, vk::Handle::as_raw(set));
                together.entry(key).or_insert_with(|| (set, Vec::new())).1.push(pass);
            }
            for ((kernel, _), (set, passes)) in together {
                let stride = passes.iter().map(|pass| pass.words.len()).max().unwrap_or(0);
                let groups = passes.iter().map(|pass| pass.groups).max().unwrap_or(0);
                if groups > MOST_GROUPS || passes.len() > MOST_GROUPS as usize {
                    let message = format!("need {groups} workgroups of {kernel:?} for {} blocks", passes.len());
                    return Err(Error::argument("jobs", message));
                }
                let first = start + records.len() as u32;
                for pass in &passes {
                    records.extend_from_slice(&pass.words);
                    records.resize(records.len() + stride - pass.words.len(), 0);
                }
                dispatches.push(Dispatch {
                    kernel,
                    set,
                    first,
                    stride: stride as u32,
                    groups: [groups, passes.len() as u32],
                });
            }
        }
        if records.len() > words as usize {
            let needed = records.len() as u64 * 4;
            return Err(Error::Full { what: "memory of records", needed, free: self.limits.record_bytes });
        }
        self.memories().records.write(start, &records)?;
        Ok(dispatches)
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

    /// The pass that brings values to the texture.
    fn store(&self, values: u32, texels: &mut Work, copies: &mut Vec<Copy>) -> Result<Pass, Error> {
        let extent = self.block.model.extent;
        let size: [u32; 3] = std::array::from_fn(|axis| self.max[axis] - self.min[axis]);
        let texel = self.texture.texel;
        let bytes = texel.bytes();
        // Rows begin with a word.
        let per_word = (4 / bytes).max(1);
        let cells = size[2].div_ceil(per_word);
        let row = cells * (bytes / 4).max(1);
        let (kernel, first, across) = match self.texture.path() {
            WritePath::Store => (texel.image_kernel(), 0, size[2]),
            WritePath::Copy => {
                let len = row * size[1] * size[0];
                // Offsets of copies must be multiples of the texel.
                let first = texels.take(len.next_multiple_of(2))?;
                copies.push(self.copy(first, size, cells * per_word));
                (Kernel::StoreBuffer, first, cells)
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
        Ok(Pass { kernel, groups, words })
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
