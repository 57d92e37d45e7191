//! Whether the faster variants of kernels are right on this device: drivers promise more than they hold. Small networks are
//! decoded by each variant and compared with the oracle; one that fails is dropped.

use crate::buffer::Buffer;
use crate::error::Named;
use crate::gpu::{Gpu, Uploaded, whole};
use crate::{Error, Job, Packet, Texel, Texture, Validity, WritePath, format};
use ash::vk;
use gpu_allocator::MemoryLocation;
use gpu_allocator::vulkan::{Allocation, AllocationCreateDesc, AllocationScheme, Allocator};
use half::f16;
use neuvol_entropy::Coder;
use neuvol_model::{
    Block, GridConfig, GridLevel, GridNetwork, Head, Tensor, TimeConfig, TimeInterpolation, Wavelet, voxels,
};
use neuvol_plan::{Variant, Variants};
use std::sync::Arc;

/// Of each block. Odd, and wider than a workgroup.
const EXTENT: [u32; 3] = [6, 9, 40];
/// Errors that are allowed, as a share of the range of what a network adds.
const ALLOWED: f32 = 5e-3;
/// Channels and hidden layers of heads: what the presets write, and odd ones.
const HEADS: [(u8, u8); 4] = [(8, 1), (16, 1), (24, 1), (5, 2)];
/// Neurons of grid networks of 2 hidden layers.
const GRIDS: [u16; 3] = [16, 32, 64];
/// Wider than any value of a wavelet.
const WIDE: (f32, f32) = (-1e6, 1e6);

/// A test of the faster kernels on its way. It is made with [`Gpu::self_test_prepare`], and must be given back: with
/// [`Gpu::self_test_check`] when its commands are finished, with [`Gpu::self_test_withdraw`] if it was never recorded.
#[derive(Debug)]
pub struct SelfTest {
    packet: Packet,
    texels: Texels,
    cases: Vec<Case>,
}

/// One block in one variant.
#[derive(Debug)]
struct Case {
    variant: Variant,
    block: Uploaded,
    range: (f32, f32),
    right: Vec<f32>,
    allowed: f32,
}

impl Gpu {
    /// Prepares a test of the faster kernels that [`Features`](crate::Features) allow, each against the oracle; `None` if there
    /// are none. Until [`Gpu::self_test_check`] has found them right they are not used. Takes up to a second, as kernels are
    /// compiled. `slot` is that of [`Gpu::prepare`].
    ///
    /// # Errors
    /// As [`Gpu::upload`] and [`Gpu::prepare`]. Everything but the faster kernels can be used then.
    pub fn self_test_prepare(&self, slot: u32) -> Result<Option<SelfTest>, Error> {
        let mut cases = Vec::new();
        let prepared = self.add_cases(&mut cases).and_then(|()| {
            if cases.is_empty() {
                return Ok(None);
            }
            let texels = self.texels_of(cases.len())?;
            match self.prepare_cases(slot, &cases, &texels) {
                Ok(packet) => Ok(Some((packet, texels))),
                Err(error) => {
                    self.free_texels(texels);
                    Err(error)
                }
            }
        });
        match prepared {
            Ok(Some((packet, texels))) => Ok(Some(SelfTest { packet, texels, cases })),
            Ok(None) => Ok(None),
            Err(error) => {
                self.release_cases(cases);
                Err(error)
            }
        }
    }

    /// Records the test.
    ///
    /// # Safety
    /// As [`Gpu::record`], of which this is one.
    pub unsafe fn self_test_record(&self, commands: vk::CommandBuffer, test: &SelfTest) {
        // SAFETY: promised by the caller.
        unsafe { self.record_test(commands, &test.packet, &test.texels) };
    }

    /// Looks at what a test has found, and takes it back. Kernels that are right are used from now on for jobs that are
    /// [`fast`](Job::fast), others never. Returns the names of those in use.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the result cannot be read, [`Error::Vulkan`] if the device is lost.
    ///
    /// # Safety
    /// The commands must be finished.
    pub unsafe fn self_test_check(&self, test: SelfTest) -> Result<Vec<&'static str>, Error> {
        let SelfTest { packet, texels, cases } = test;
        let found = texels.buffer.read(cases.len() * voxels(EXTENT));
        if let Ok(found) = &found {
            for variant in self.variants.enabled().iter() {
                match wrong(&cases, variant, found) {
                    None => self.variants.accept(variant),
                    Some(reason) => self.variants.drop_variant(variant, &reason),
                }
            }
        }
        // SAFETY: promised by the caller.
        let retired = unsafe { self.retire(packet) };
        self.free_texels(texels);
        self.release_cases(cases);
        retired?;
        found.map(|_| self.variants.ready().iter().map(Variant::name).collect())
    }

    /// Takes a test back that was not recorded.
    pub fn self_test_withdraw(&self, test: SelfTest) {
        self.withdraw(test.packet);
        self.free_texels(test.texels);
        self.release_cases(test.cases);
    }

    fn add_cases(&self, cases: &mut Vec<Case>) -> Result<(), Error> {
        for variant in self.variants.enabled().iter() {
            let heads = HEADS.map(|(n_channels, n_hidden)| wavelet(n_channels, n_hidden));
            for answer in heads.into_iter().chain(GRIDS.map(grid)) {
                let Answer { block, range, right, allowed } = answer?;
                let block = self.upload(&block, 0, EXTENT, Validity::All)?;
                // Some variants are only for some shapes.
                let is_tested =
                    block.model.kernels(Variants::only(variant)).iter().any(|kernel| kernel.variant() == Some(variant));
                let case = Case { variant, block, range, right, allowed };
                if is_tested {
                    cases.push(case);
                } else {
                    // SAFETY: nothing has read it.
                    unsafe { self.release(case.block) };
                }
            }
        }
        // Compiling may just have shown that a variant cannot be had.
        let enabled = self.variants.enabled();
        let (left, gone) = std::mem::take(cases).into_iter().partition(|case| enabled.contains(case.variant));
        *cases = left;
        for case in gone {
            // SAFETY: as above.
            unsafe { self.release(case.block) };
        }
        Ok(())
    }

    fn prepare_cases(&self, slot: u32, cases: &[Case], texels: &Texels) -> Result<Packet, Error> {
        let jobs: Vec<Job<'_>> = (0u32..)
            .zip(cases)
            .map(|(n, case)| Job {
                block: &case.block,
                time: 0.0,
                range: case.range,
                later: None,
                halvings: 0,
                min: [0; 3],
                max: EXTENT,
                texture: &texels.texture,
                to: [n * EXTENT[0], 0, 0],
                unorm: case.range,
                invalid: 0.0,
                fast: true,
            })
            .collect();
        self.prepare_as(slot, &jobs, &[], 1, &|n| Variants::only(cases[n].variant))
    }

    /// # Safety
    /// As [`Gpu::record`].
    unsafe fn record_test(&self, commands: vk::CommandBuffer, packet: &Packet, texels: &Texels) {
        let texture = &texels.texture;
        let (transfer, host) = (vk::PipelineStageFlags::TRANSFER, vk::PipelineStageFlags::HOST);
        let (write, read) = (vk::AccessFlags::TRANSFER_WRITE, vk::AccessFlags::TRANSFER_READ);
        let (to, from) = (vk::ImageLayout::TRANSFER_DST_OPTIMAL, vk::ImageLayout::TRANSFER_SRC_OPTIMAL);
        let image = |layouts: (vk::ImageLayout, vk::ImageLayout), before, after| {
            [vk::ImageMemoryBarrier::default()
                .image(texture.image)
                .old_layout(layouts.0)
                .new_layout(layouts.1)
                .src_access_mask(before)
                .dst_access_mask(after)
                .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .subresource_range(whole())]
        };
        let none = vk::AccessFlags::empty();
        let flags = vk::DependencyFlags::empty();
        let begin = image((vk::ImageLayout::UNDEFINED, to), none, write);
        let end = image((to, from), write, read);
        let done = [vk::MemoryBarrier::default().src_access_mask(write).dst_access_mask(vk::AccessFlags::HOST_READ)];
        let [depth, height, width] = texture.extent;
        let region = vk::BufferImageCopy::default()
            .image_subresource(vk::ImageSubresourceLayers {
                aspect_mask: whole().aspect_mask,
                mip_level: 0,
                base_array_layer: 0,
                layer_count: 1,
            })
            .image_extent(vk::Extent3D { width, height, depth });
        let buffer = texels.buffer.buffer;
        // SAFETY: promised by the caller; the image is as described, and its content of no interest before.
        unsafe {
            let top = vk::PipelineStageFlags::TOP_OF_PIPE;
            self.device.cmd_pipeline_barrier(commands, top, transfer, flags, &[], &[], &begin);
            self.record(commands, packet);
            self.device.cmd_pipeline_barrier(commands, transfer, transfer, flags, &[], &[], &end);
            self.device.cmd_copy_image_to_buffer(commands, texture.image, from, buffer, &[region]);
            self.device.cmd_pipeline_barrier(commands, transfer, host, flags, &done, &[], &[]);
        }
    }

    fn texels_of(&self, n_cases: usize) -> Result<Texels, Error> {
        let extent = [EXTENT[0] * n_cases as u32, EXTENT[1], EXTENT[2]];
        let mut memories = self.memories();
        let Some(allocator) = memories.allocator.as_mut() else { unreachable!("it lives as long as the Gpu") };
        Texels::new(&self.device, allocator, extent)
    }

    fn free_texels(&self, texels: Texels) {
        if let Some(allocator) = self.memories().allocator.as_mut() {
            texels.free(&self.device, allocator);
        }
    }

    fn release_cases(&self, cases: Vec<Case>) {
        for case in cases {
            // SAFETY: its commands are finished, or were never recorded.
            unsafe { self.release(case.block) };
        }
    }
}

/// An image for all cases, one after the other along z, and a buffer that it is read through.
#[derive(Debug)]
struct Texels {
    texture: Texture,
    memory: Option<Allocation>,
    buffer: Buffer,
}

impl Texels {
    fn new(device: &ash::Device, allocator: &mut Allocator, extent: [u32; 3]) -> Result<Self, Error> {
        let bytes = 4 * voxels(extent) as u64;
        let buffer = Buffer::new(device, allocator, "self-test", bytes, MemoryLocation::GpuToCpu)?;
        let texel = Texel::R32F;
        let mut made = Self {
            texture: Texture { image: vk::Image::null(), extent, texel, store: None, layout: None, takes_copies: true },
            memory: None,
            buffer,
        };
        debug_assert_eq!(made.texture.path(), WritePath::Copy);
        match made.fill(device, allocator) {
            Ok(()) => Ok(made),
            Err(error) => {
                made.free(device, allocator);
                Err(error)
            }
        }
    }

    fn fill(&mut self, device: &ash::Device, allocator: &mut Allocator) -> Result<(), Error> {
        let [depth, height, width] = self.texture.extent;
        let info = vk::ImageCreateInfo::default()
            .image_type(vk::ImageType::TYPE_3D)
            .format(format(self.texture.texel))
            .extent(vk::Extent3D { width, height, depth })
            .mip_levels(1)
            .array_layers(1)
            .samples(vk::SampleCountFlags::TYPE_1)
            .usage(vk::ImageUsageFlags::TRANSFER_SRC | vk::ImageUsageFlags::TRANSFER_DST);
        // SAFETY: the device is alive, the description is complete.
        self.texture.image = unsafe { device.create_image(&info, None) }.named("vkCreateImage")?;
        // SAFETY: the image was just made by this device.
        let requirements = unsafe { device.get_image_memory_requirements(self.texture.image) };
        let memory = self.memory.insert(allocator.allocate(&AllocationCreateDesc {
            name: "self-test",
            requirements,
            location: MemoryLocation::GpuOnly,
            linear: false,
            allocation_scheme: AllocationScheme::GpuAllocatorManaged,
        })?);
        // SAFETY: the memory fits the requirements of the image, which is not bound yet.
        unsafe { device.bind_image_memory(self.texture.image, memory.memory(), memory.offset()) }
            .named("vkBindImageMemory")
    }

    fn free(mut self, device: &ash::Device, allocator: &mut Allocator) {
        // SAFETY: the owner promises that the device does not use it any more; a null handle is allowed.
        unsafe { device.destroy_image(self.texture.image, None) };
        if let Some(memory) = self.memory.take()
            && let Err(error) = allocator.free(memory)
        {
            log::error!("device memory could not be given back: {error}");
        }
        self.buffer.free(device, allocator);
    }
}

/// What is wrong with a variant, if anything is.
fn wrong(cases: &[Case], variant: Variant, found: &[f32]) -> Option<String> {
    let cases = cases.iter().zip(found.chunks_exact(voxels(EXTENT))).filter(|(case, _)| case.variant == variant);
    let shares: Result<Vec<f32>, String> =
        cases.map(|(case, found)| share_of_allowed(found, &case.right, case.allowed)).collect();
    let worst = shares.map(|shares| shares.into_iter().fold(0.0, f32::max));
    if let Ok(worst) = worst {
        log::info!("kernels in {} are right: errors of up to {worst:.3} of what is allowed", variant.name());
    }
    worst.err()
}

/// The largest error, 1 being what is allowed; or what is wrong.
fn share_of_allowed(found: &[f32], right: &[f32], allowed: f32) -> Result<f32, String> {
    let mut worst = 0.0f32;
    for (found, right) in found.iter().zip(right) {
        let error = (found - right).abs();
        if error > allowed || error.is_nan() {
            return Err(format!("{found} was found instead of {right}, allowed are {allowed}"));
        }
        worst = worst.max(error / allowed);
    }
    Ok(worst)
}

/// A block, and what it should decode to.
struct Answer {
    block: Block,
    range: (f32, f32),
    right: Vec<f32>,
    allowed: f32,
}

/// Numbers in -1..1, the same on every device.
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Latents with a head as trained ones look.
fn wavelet(n_channels: u8, n_hidden: u8) -> Result<Answer, Error> {
    let mut random = Random(u32::from(n_channels));
    let lengths = Head::tensor_lengths(n_channels, n_hidden);
    let last = lengths.len() - 2;
    let tensors = lengths.iter().enumerate().map(|(tensor, &len)| {
        let largest = match tensor {
            0 => 2.0 / 54f32.sqrt(),
            t if t == last => 0.4 / f32::from(n_channels).sqrt(),
            t if t % 2 == 0 => 2.0 / f32::from(n_channels).sqrt(),
            _ => 0.2,
        };
        Tensor { scale: largest / 127.0, values: (0..len).map(|_| (random.next() * 127.0) as i8).collect() }
    });
    let head = Head { n_channels, n_hidden, mean: 0.3, deviation: 2.5, tensors: tensors.collect() };
    let mut model = Wavelet {
        extent: EXTENT,
        level: 0,
        steps: 1,
        step: 0.15,
        offset: 0.7,
        n_levels: 2,
        coder: Coder::Fast,
        precise: false,
        interpolation: TimeInterpolation::Codes,
        weights: Vec::new(),
        components: vec![(0..voxels(EXTENT)).map(|_| (random.next() * 4.0) as i32).collect()],
        residual: None,
        head: None,
    };
    let (mut plain, mut right) = (vec![0.0; voxels(EXTENT)], vec![0.0; voxels(EXTENT)]);
    model.decode_reference(0.0, WIDE, &mut plain)?;
    model.head = Some(Arc::new(head));
    model.decode_reference(0.0, WIDE, &mut right)?;
    let allowed = ALLOWED * range_of(right.iter().zip(&plain).map(|(with, without)| with - without));
    Ok(Answer { block: Block::Wavelet(Box::new(model)), range: WIDE, right, allowed })
}

/// A grid network whose values take most of 0..1.
fn grid(n_neurons: u16) -> Result<Answer, Error> {
    let mut random = Random(n_neurons.into());
    let levels = [3, 2, 1].map(|log2_cell| GridLevel { log2_cell, n_features: 2, log2_hashmap_size: 0 });
    let time = TimeConfig::default();
    let config = GridConfig { levels: levels.to_vec(), n_neurons, n_hidden_layers: 2, n_outputs: 1, time };
    let mut network = GridNetwork::zeros(config, EXTENT)?;
    network.tables.iter_mut().flatten().for_each(|value| *value = f16::from_f32(random.next()));
    for layer in &mut network.layers {
        let amplitude = (6.0 / layer.n_in as f32).sqrt();
        layer.weights.iter_mut().for_each(|value| *value = f16::from_f32(random.next() * amplitude));
        layer.biases.iter_mut().for_each(|value| *value = f16::from_f32(random.next() * 0.25));
    }
    let mut right = vec![0.0; voxels(EXTENT)];
    network.evaluate_block(0.0, 0, &mut right);
    let low = right.iter().copied().fold(f32::MAX, f32::min);
    let factor = 0.8 / range_of(right.iter().copied());
    if let Some(last) = network.layers.last_mut() {
        last.weights.iter_mut().for_each(|value| *value = f16::from_f32(value.to_f32() * factor));
        last.biases[0] = f16::from_f32((last.biases[0].to_f32() - low) * factor + 0.1);
    }
    network.evaluate_block(0.0, 0, &mut right);
    let allowed = ALLOWED * range_of(right.iter().copied());
    Ok(Answer { block: Block::Grid(network), range: (0.0, 1.0), right, allowed })
}

fn range_of(values: impl Iterator<Item = f32>) -> f32 {
    let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
    high - low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_of_use() {
        let heads = HEADS.map(|(n_channels, n_hidden)| wavelet(n_channels, n_hidden));
        for answer in heads.into_iter().chain(GRIDS.map(grid)) {
            let Answer { right, allowed, range, .. } = answer.unwrap();
            assert!(allowed > 1e-4, "a network that adds nothing tests nothing");
            assert!(right.iter().all(|value| range.0 < *value && *value < range.1), "limits would hide errors");
        }
    }

    #[test]
    fn errors_are_found() {
        let right = vec![2.0; 9];
        let mut found = vec![2.4; 9];
        assert_eq!(share_of_allowed(&found, &right, 0.5).map(|share| share < 1.0), Ok(true));
        for bad in [3.0, f32::NAN] {
            found[7] = bad;
            assert!(share_of_allowed(&found, &right, 0.5).is_err());
        }
    }
}
