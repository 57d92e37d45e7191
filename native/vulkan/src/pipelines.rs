//! The pipelines of all kernels, and the layouts that they share.

use crate::Error;
use crate::error::Named;
use crate::kernels;
use ash::vk;
use neuvol_plan::Kernel;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Words that a dispatch gets: the first record of its jobs, and the distance between two.
const PUSH_BYTES: u32 = 16;

/// Everything that is made once for a device.
#[derive(Debug)]
pub(crate) struct Pipelines {
    /// Records, models, work.
    pub(crate) common: vk::DescriptorSetLayout,
    /// Where texels go: a buffer, or an image.
    pub(crate) to_buffer: vk::DescriptorSetLayout,
    pub(crate) to_image: vk::DescriptorSetLayout,
    buffer_layout: vk::PipelineLayout,
    image_layout: vk::PipelineLayout,
    /// Those of shapes come with the first model that needs them.
    pipelines: RwLock<HashMap<Kernel, vk::Pipeline>>,
}

impl Pipelines {
    /// Kernels that need what the host has not enabled are left out.
    pub(crate) fn new(device: &ash::Device, extended_formats: bool) -> Result<Self, Error> {
        let null = vk::DescriptorSetLayout::null();
        let mut made = Self {
            common: null,
            to_buffer: null,
            to_image: null,
            buffer_layout: vk::PipelineLayout::null(),
            image_layout: vk::PipelineLayout::null(),
            pipelines: RwLock::default(),
        };
        match made.fill(device, extended_formats) {
            Ok(()) => Ok(made),
            Err(error) => {
                made.destroy(device);
                Err(error)
            }
        }
    }

    fn fill(&mut self, device: &ash::Device, extended_formats: bool) -> Result<(), Error> {
        self.common = set_layout(device, &[vk::DescriptorType::STORAGE_BUFFER; 3])?;
        self.to_buffer = set_layout(device, &[vk::DescriptorType::STORAGE_BUFFER])?;
        self.to_image = set_layout(device, &[vk::DescriptorType::STORAGE_IMAGE])?;
        self.buffer_layout = pipeline_layout(device, &[self.common, self.to_buffer])?;
        self.image_layout = pipeline_layout(device, &[self.common, self.to_image])?;
        for kernel in Kernel::ALWAYS {
            if extended_formats || !kernel.needs_extended_formats() {
                self.ensure(device, kernel)?;
            }
        }
        Ok(())
    }

    /// Makes the pipeline of a kernel if there is none yet. It may take a second: not for a thread that draws.
    pub(crate) fn ensure(&self, device: &ash::Device, kernel: Kernel) -> Result<(), Error> {
        if self.get(kernel).is_some() {
            return Ok(());
        }
        // Without the lock, as recording must not wait for a compiler.
        let made = pipeline(device, kernel, self.layout(kernel))?;
        let mut pipelines = self.pipelines.write().unwrap_or_else(PoisonError::into_inner);
        let kept = *pipelines.entry(kernel).or_insert(made);
        drop(pipelines);
        if kept != made {
            // Another thread was faster, and a command buffer may already hold its pipeline.
            // SAFETY: nothing has got this one.
            unsafe { device.destroy_pipeline(made, None) };
        }
        Ok(())
    }

    /// The pipeline of a kernel; `None` if the host has not enabled what it needs.
    pub(crate) fn get(&self, kernel: Kernel) -> Option<vk::Pipeline> {
        self.pipelines.read().unwrap_or_else(PoisonError::into_inner).get(&kernel).copied()
    }

    pub(crate) fn layout(&self, kernel: Kernel) -> vk::PipelineLayout {
        if kernel.writes_image() { self.image_layout } else { self.buffer_layout }
    }

    pub(crate) fn destroy(&mut self, device: &ash::Device) {
        // SAFETY: the owner promises that the device does not use them any more; null handles are allowed.
        unsafe {
            let pipelines = self.pipelines.get_mut().unwrap_or_else(PoisonError::into_inner);
            for (_, pipeline) in pipelines.drain() {
                device.destroy_pipeline(pipeline, None);
            }
            for layout in [self.buffer_layout, self.image_layout] {
                device.destroy_pipeline_layout(layout, None);
            }
            for layout in [self.common, self.to_buffer, self.to_image] {
                device.destroy_descriptor_set_layout(layout, None);
            }
        }
    }
}

fn set_layout(device: &ash::Device, types: &[vk::DescriptorType]) -> Result<vk::DescriptorSetLayout, Error> {
    let bindings: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(n, &kind)| {
            vk::DescriptorSetLayoutBinding::default()
                .binding(n as u32)
                .descriptor_type(kind)
                .descriptor_count(1)
                .stage_flags(vk::ShaderStageFlags::COMPUTE)
        })
        .collect();
    let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
    // SAFETY: the device is alive, the description is complete.
    unsafe { device.create_descriptor_set_layout(&info, None) }.named("vkCreateDescriptorSetLayout")
}

fn pipeline_layout(device: &ash::Device, sets: &[vk::DescriptorSetLayout]) -> Result<vk::PipelineLayout, Error> {
    let push = [vk::PushConstantRange { stage_flags: vk::ShaderStageFlags::COMPUTE, offset: 0, size: PUSH_BYTES }];
    let info = vk::PipelineLayoutCreateInfo::default().set_layouts(sets).push_constant_ranges(&push);
    // SAFETY: as above.
    unsafe { device.create_pipeline_layout(&info, None) }.named("vkCreatePipelineLayout")
}

fn pipeline(device: &ash::Device, kernel: Kernel, layout: vk::PipelineLayout) -> Result<vk::Pipeline, Error> {
    let words: Vec<u32> =
        kernels::spirv(kernel).as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let info = vk::ShaderModuleCreateInfo::default().code(&words);
    // SAFETY: the words are a module that was checked when it was compiled.
    let module = unsafe { device.create_shader_module(&info, None) }.named("vkCreateShaderModule")?;
    let constants = kernels::constants(kernel);
    let entries: Vec<_> = (0..constants.len() as u32)
        .map(|n| vk::SpecializationMapEntry { constant_id: n, offset: 4 * n, size: 4 })
        .collect();
    let data: Vec<u8> = constants.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let specialization = vk::SpecializationInfo::default().map_entries(&entries).data(&data);
    let stage = vk::PipelineShaderStageCreateInfo::default()
        .stage(vk::ShaderStageFlags::COMPUTE)
        .module(module)
        .name(c"main")
        .specialization_info(&specialization);
    let info = [vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout)];
    // SAFETY: module and layout were made by this device, and fit each other.
    let made = unsafe { device.create_compute_pipelines(vk::PipelineCache::null(), &info, None) };
    // SAFETY: pipelines do not need their modules once they are made.
    unsafe { device.destroy_shader_module(module, None) };
    match made {
        Ok(pipelines) => Ok(pipelines[0]),
        Err((_, result)) => Err(Error::Vulkan { call: "vkCreateComputePipelines", result }),
    }
}
