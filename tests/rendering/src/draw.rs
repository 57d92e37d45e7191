//! Draws with a compiled shader as an engine does: everything that it wants is looked up by name.

use crate::device::{Buffer, Device, Image, START, Shape};
use crate::spirv::{Kind, Module};
use ash::vk;
use std::collections::HashMap;

/// What a material and a camera set: constants as bytes, and textures.
#[derive(Default)]
pub(crate) struct Properties<'a> {
    constants: HashMap<String, Vec<u8>>,
    textures: HashMap<String, &'a Image>,
}

impl<'a> Properties<'a> {
    pub(crate) fn set(&mut self, name: &str, values: &[f32]) {
        self.constants.insert(name.into(), values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    pub(crate) fn texture(&mut self, name: &str, image: &'a Image) {
        self.textures.insert(name.into(), image);
    }
}

/// How the eyes' pictures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stereo {
    Mono,
    /// Twice as many instances; the vertex shader writes the layer.
    Instanced,
    /// The device draws the views of this mask.
    Multiview(u32),
}

/// A triangle mesh.
pub(crate) struct Mesh {
    pub(crate) vertices: Vec<[f32; 3]>,
    pub(crate) indices: Vec<u16>,
}

/// Draws a mesh over backgrounds, one for each eye, with blending of colours that are multiplied by alpha and only the faces
/// that are seen from behind. Gives 8-bit RGBA.
pub(crate) fn draw(
    device: &Device,
    stages: &[Module; 2],
    properties: &Properties<'_>,
    mesh: &Mesh,
    stereo: Stereo,
    size: [usize; 2],
    backgrounds: &[Vec<[u8; 4]>],
) -> Result<Vec<Vec<[u8; 4]>>, String> {
    let layers = backgrounds.len() as u32;
    let sets = Sets::new(device, stages, properties)?;
    let pass = render_pass(device, stereo);
    let pipeline = pipeline(device, stages, sets.layout, pass, size);
    let shape = Shape {
        view: vk::ImageViewType::TYPE_2D_ARRAY,
        format: vk::Format::R8G8B8A8_UNORM,
        extent: [size[0] as u32, size[1] as u32, layers],
    };
    let usage =
        vk::ImageUsageFlags::COLOR_ATTACHMENT | vk::ImageUsageFlags::TRANSFER_DST | vk::ImageUsageFlags::TRANSFER_SRC;
    let target = device.image(shape, usage);
    let views = [target.view];
    let info = vk::FramebufferCreateInfo::default()
        .render_pass(pass)
        .attachments(&views)
        .width(size[0] as u32)
        .height(size[1] as u32)
        // With views the pass says which layers it draws to.
        .layers(if matches!(stereo, Stereo::Multiview(_)) { 1 } else { layers });
    // SAFETY: the device is alive.
    let framebuffer = unsafe { device.device.create_framebuffer(&info, None) }.expect("a framebuffer");
    let pixels: Vec<u8> = backgrounds.iter().flat_map(|pixels| pixels.as_flattened().to_vec()).collect();
    let exchange = vk::BufferUsageFlags::TRANSFER_SRC | vk::BufferUsageFlags::TRANSFER_DST;
    let exchange = device.buffer(&pixels, exchange);
    let bytes: Vec<u8> = mesh.vertices.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect();
    let vertices = device.buffer(&bytes, vk::BufferUsageFlags::VERTEX_BUFFER);
    let bytes: Vec<u8> = mesh.indices.iter().flat_map(|index| index.to_le_bytes()).collect();
    let indices = device.buffer(&bytes, vk::BufferUsageFlags::INDEX_BUFFER);
    let transfer = |access| (vk::PipelineStageFlags::TRANSFER, access);
    let colour = (
        vk::PipelineStageFlags::COLOR_ATTACHMENT_OUTPUT,
        vk::AccessFlags::COLOR_ATTACHMENT_READ | vk::AccessFlags::COLOR_ATTACHMENT_WRITE,
    );
    let (write, read) = (transfer(vk::AccessFlags::TRANSFER_WRITE), transfer(vk::AccessFlags::TRANSFER_READ));
    let (to, from) = (vk::ImageLayout::TRANSFER_DST_OPTIMAL, vk::ImageLayout::TRANSFER_SRC_OPTIMAL);
    let attached = vk::ImageLayout::COLOR_ATTACHMENT_OPTIMAL;
    device.run(|commands| {
        let vulkan = &device.device;
        let extent = vk::Extent2D { width: size[0] as u32, height: size[1] as u32 };
        let begin = vk::RenderPassBeginInfo::default()
            .render_pass(pass)
            .framebuffer(framebuffer)
            .render_area(extent.into());
        let instances = if stereo == Stereo::Instanced { layers } else { 1 };
        let graphics = vk::PipelineBindPoint::GRAPHICS;
        // SAFETY: the commands are being recorded, and all that they name lives until they are done.
        unsafe {
            device.transition(commands, target.image, (vk::ImageLayout::UNDEFINED, to), START, write);
            vulkan.cmd_copy_buffer_to_image(commands, exchange.buffer, target.image, to, &[shape.copy()]);
            device.transition(commands, target.image, (to, attached), write, colour);
            vulkan.cmd_begin_render_pass(commands, &begin, vk::SubpassContents::INLINE);
            vulkan.cmd_bind_pipeline(commands, graphics, pipeline);
            vulkan.cmd_bind_descriptor_sets(commands, graphics, sets.layout, 0, &sets.sets, &[]);
            vulkan.cmd_bind_vertex_buffers(commands, 0, &[vertices.buffer], &[0]);
            vulkan.cmd_bind_index_buffer(commands, indices.buffer, 0, vk::IndexType::UINT16);
            vulkan.cmd_draw_indexed(commands, mesh.indices.len() as u32, instances, 0, 0, 0);
            vulkan.cmd_end_render_pass(commands);
            device.transition(commands, target.image, (attached, from), colour, read);
            vulkan.cmd_copy_image_to_buffer(commands, target.image, from, exchange.buffer, &[shape.copy()]);
        }
    });
    let pixels = exchange.content().as_chunks::<4>().0;
    Ok(pixels.chunks(size[0] * size[1]).map(<[_]>::to_vec).collect())
}

/// Runs a compute shader that writes one 3D image, which can be sampled afterwards.
pub(crate) fn compute(
    device: &Device,
    module: &Module,
    properties: &Properties<'_>,
    output: (&str, Shape),
    groups: [u32; 3],
) -> Result<Image, String> {
    let usage = vk::ImageUsageFlags::STORAGE | vk::ImageUsageFlags::SAMPLED;
    let image = device.image(output.1, usage);
    let modules = std::array::from_ref(module);
    let mut all = Properties { constants: properties.constants.clone(), textures: properties.textures.clone() };
    all.texture(output.0, &image);
    let sets = Sets::new(device, modules, &all)?;
    let shader = shader(device, module);
    let stage = vk::PipelineShaderStageCreateInfo::default()
        .stage(vk::ShaderStageFlags::COMPUTE)
        .module(shader)
        .name(&module.entry);
    let info = [vk::ComputePipelineCreateInfo::default().stage(stage).layout(sets.layout)];
    // SAFETY: all of it is alive.
    let pipelines = unsafe { device.device.create_compute_pipelines(vk::PipelineCache::null(), &info, None) };
    let pipeline = pipelines.map_err(|(_, error)| error.to_string())?[0];
    let write = (vk::PipelineStageFlags::COMPUTE_SHADER, vk::AccessFlags::SHADER_WRITE);
    let read = (vk::PipelineStageFlags::ALL_COMMANDS, vk::AccessFlags::SHADER_READ);
    let (general, sampled) = (vk::ImageLayout::GENERAL, vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL);
    device.run(|commands| {
        let point = vk::PipelineBindPoint::COMPUTE;
        device.transition(commands, image.image, (vk::ImageLayout::UNDEFINED, general), START, write);
        // SAFETY: the commands are being recorded, and all that they name lives until they are done.
        unsafe {
            device.device.cmd_bind_pipeline(commands, point, pipeline);
            device.device.cmd_bind_descriptor_sets(commands, point, sets.layout, 0, &sets.sets, &[]);
            device.device.cmd_dispatch(commands, groups[0], groups[1], groups[2]);
        }
        device.transition(commands, image.image, (general, sampled), write, read);
    });
    Ok(image)
}

/// Descriptor sets with what the modules want, and the layout of a pipeline for them.
struct Sets {
    layout: vk::PipelineLayout,
    sets: Vec<vk::DescriptorSet>,
}

impl Sets {
    fn new(device: &Device, modules: &[Module], properties: &Properties<'_>) -> Result<Self, String> {
        let vulkan = &device.device;
        let kind_of = |kind: &Kind| match kind {
            Kind::Constants(_) => vk::DescriptorType::UNIFORM_BUFFER,
            Kind::Texture => vk::DescriptorType::SAMPLED_IMAGE,
            Kind::Sampler => vk::DescriptorType::SAMPLER,
            Kind::Storage => vk::DescriptorType::STORAGE_IMAGE,
        };
        let all = [
            vk::DescriptorType::UNIFORM_BUFFER,
            vk::DescriptorType::SAMPLED_IMAGE,
            vk::DescriptorType::SAMPLER,
            vk::DescriptorType::STORAGE_IMAGE,
        ];
        let sizes = all.map(|ty| vk::DescriptorPoolSize { ty, descriptor_count: 32 });
        let info = vk::DescriptorPoolCreateInfo::default().max_sets(modules.len() as u32).pool_sizes(&sizes);
        // SAFETY: the device is alive.
        let pool = unsafe { vulkan.create_descriptor_pool(&info, None) }.expect("a pool");
        let mut layouts = Vec::new();
        for module in modules {
            let bindings: Vec<_> = module
                .resources
                .iter()
                .map(|resource| {
                    vk::DescriptorSetLayoutBinding::default()
                        .binding(resource.binding)
                        .descriptor_type(kind_of(&resource.kind))
                        .descriptor_count(1)
                        .stage_flags(vk::ShaderStageFlags::ALL)
                })
                .collect();
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            // SAFETY: as above.
            layouts.push(unsafe { vulkan.create_descriptor_set_layout(&info, None) }.expect("a layout"));
        }
        let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool).set_layouts(&layouts);
        // SAFETY: as above.
        let sets = unsafe { vulkan.allocate_descriptor_sets(&info) }.expect("descriptor sets");
        for (module, set) in modules.iter().zip(&sets) {
            for resource in &module.resources {
                let mut buffers = [vk::DescriptorBufferInfo::default()];
                let mut images = [vk::DescriptorImageInfo::default().sampler(device.sampler)];
                let write = vk::WriteDescriptorSet::default()
                    .dst_set(*set)
                    .dst_binding(resource.binding)
                    .descriptor_type(kind_of(&resource.kind));
                let write = if let Kind::Constants(members) = &resource.kind {
                    let buffer = constants(device, members, properties)?;
                    buffers[0] = buffers[0].buffer(buffer.buffer).range(vk::WHOLE_SIZE);
                    write.buffer_info(&buffers)
                } else {
                    if resource.kind != Kind::Sampler {
                        let found = properties.textures.get(&resource.name);
                        let image = found.ok_or_else(|| format!("nobody has set the texture {}", resource.name))?;
                        let is_storage = resource.kind == Kind::Storage;
                        let sampled = vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL;
                        let layout = if is_storage { vk::ImageLayout::GENERAL } else { sampled };
                        images[0] = images[0].image_view(image.view).image_layout(layout);
                    }
                    write.image_info(&images)
                };
                // SAFETY: all of it is alive, and the set is not in use.
                unsafe { vulkan.update_descriptor_sets(&[write], &[]) };
            }
        }
        let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&layouts);
        // SAFETY: as above.
        let layout = unsafe { vulkan.create_pipeline_layout(&info, None) }.expect("a layout");
        Ok(Self { layout, sets })
    }
}

/// A buffer with every member of a constant buffer at its place.
fn constants(device: &Device, members: &[(String, u32)], properties: &Properties<'_>) -> Result<Buffer, String> {
    let mut bytes = vec![0; 16384];
    for (name, offset) in members {
        let value = properties.constants.get(name).ok_or_else(|| format!("nobody has set {name}"))?;
        let offset = *offset as usize;
        // What a member has room for ends where the next one begins.
        let next = members.iter().map(|(_, at)| *at as usize).filter(|at| *at > offset).min().unwrap_or(bytes.len());
        let length = value.len().min(next - offset);
        bytes[offset..offset + length].copy_from_slice(&value[..length]);
    }
    Ok(device.buffer(&bytes, vk::BufferUsageFlags::UNIFORM_BUFFER))
}

fn shader(device: &Device, module: &Module) -> vk::ShaderModule {
    let info = vk::ShaderModuleCreateInfo::default().code(&module.words);
    // SAFETY: the device is alive; the layers check the code.
    unsafe { device.device.create_shader_module(&info, None) }.expect("a module")
}

/// Draws over what is there; with views, to both layers at once.
fn render_pass(device: &Device, stereo: Stereo) -> vk::RenderPass {
    let layout = vk::ImageLayout::COLOR_ATTACHMENT_OPTIMAL;
    let attachments = [vk::AttachmentDescription::default()
        .format(vk::Format::R8G8B8A8_UNORM)
        .samples(vk::SampleCountFlags::TYPE_1)
        .load_op(vk::AttachmentLoadOp::LOAD)
        .store_op(vk::AttachmentStoreOp::STORE)
        .initial_layout(layout)
        .final_layout(layout)];
    let references = [vk::AttachmentReference { attachment: 0, layout }];
    let graphics = vk::PipelineBindPoint::GRAPHICS;
    let subpasses = [vk::SubpassDescription::default().pipeline_bind_point(graphics).color_attachments(&references)];
    let masks = if let Stereo::Multiview(mask) = stereo { [mask] } else { [0] };
    let mut views = vk::RenderPassMultiviewCreateInfo::default().view_masks(&masks).correlation_masks(&masks);
    let mut info = vk::RenderPassCreateInfo::default().attachments(&attachments).subpasses(&subpasses);
    if masks != [0] {
        info = info.push_next(&mut views);
    }
    // SAFETY: the device is alive, and has multiview.
    unsafe { device.device.create_render_pass(&info, None) }.expect("a render pass")
}

fn pipeline(
    device: &Device,
    modules: &[Module; 2],
    layout: vk::PipelineLayout,
    pass: vk::RenderPass,
    size: [usize; 2],
) -> vk::Pipeline {
    let stages: Vec<_> = [vk::ShaderStageFlags::VERTEX, vk::ShaderStageFlags::FRAGMENT]
        .into_iter()
        .zip(modules)
        .map(|(stage, module)| {
            let info = vk::PipelineShaderStageCreateInfo::default().stage(stage).name(&module.entry);
            info.module(shader(device, module))
        })
        .collect();
    let bindings = [vk::VertexInputBindingDescription::default().stride(12)];
    let attributes = [vk::VertexInputAttributeDescription::default().format(vk::Format::R32G32B32_SFLOAT)];
    let input = vk::PipelineVertexInputStateCreateInfo::default()
        .vertex_binding_descriptions(&bindings)
        .vertex_attribute_descriptions(&attributes);
    let assembly = vk::PipelineInputAssemblyStateCreateInfo::default().topology(vk::PrimitiveTopology::TRIANGLE_LIST);
    let [width, height] = size.map(|n| n as f32);
    let viewports = [vk::Viewport { x: 0.0, y: 0.0, width, height, min_depth: 0.0, max_depth: 1.0 }];
    let scissors = [vk::Extent2D { width: size[0] as u32, height: size[1] as u32 }.into()];
    let viewport = vk::PipelineViewportStateCreateInfo::default().viewports(&viewports).scissors(&scissors);
    // Unity's front faces are clockwise.
    let raster = vk::PipelineRasterizationStateCreateInfo::default()
        .cull_mode(vk::CullModeFlags::FRONT)
        .front_face(vk::FrontFace::CLOCKWISE)
        .line_width(1.0);
    let samples = vk::PipelineMultisampleStateCreateInfo::default().rasterization_samples(vk::SampleCountFlags::TYPE_1);
    let blends = [vk::PipelineColorBlendAttachmentState::default()
        .blend_enable(true)
        .src_color_blend_factor(vk::BlendFactor::ONE)
        .dst_color_blend_factor(vk::BlendFactor::ONE_MINUS_SRC_ALPHA)
        .src_alpha_blend_factor(vk::BlendFactor::ONE)
        .dst_alpha_blend_factor(vk::BlendFactor::ONE_MINUS_SRC_ALPHA)
        .color_write_mask(vk::ColorComponentFlags::RGBA)];
    let blend = vk::PipelineColorBlendStateCreateInfo::default().attachments(&blends);
    let info = [vk::GraphicsPipelineCreateInfo::default()
        .stages(&stages)
        .vertex_input_state(&input)
        .input_assembly_state(&assembly)
        .viewport_state(&viewport)
        .rasterization_state(&raster)
        .multisample_state(&samples)
        .color_blend_state(&blend)
        .render_pass(pass)
        .layout(layout)];
    // SAFETY: all of it is alive; the layers check the rest.
    let made = unsafe { device.device.create_graphics_pipelines(vk::PipelineCache::null(), &info, None) };
    made.expect("a pipeline")[0]
}
