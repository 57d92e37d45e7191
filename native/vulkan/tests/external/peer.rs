//! A second device on the same GPU in the place of another API: it imports the memory of a ring and writes texels to it with the
//! kernel that decides how they stand there.

use crate::host::HeadlessHost;
use ash::vk;
use neuvol_vulkan::{Exported, Host, Slot, Texel, Texels, Texture, Transfer};
use std::os::fd::IntoRawFd;

const STORE: &[u8] = include_bytes!("../../shaders/spirv/store_buffer.spv");

/// A box of values that become texels.
#[derive(Clone)]
pub struct Values {
    pub values: Vec<f32>,
    pub texel: Texel,
    /// Values that become 0 and 1.
    pub unorm: (f32, f32),
    /// How they stand in their slot.
    pub texels: Texels,
}

impl Values {
    /// Its way from a slot into a texture.
    pub fn transfer<'a>(&self, slot: &'a Slot, texture: &'a Texture) -> Transfer<'a> {
        Transfer { slot, texels: self.texels, texture }
    }
}

pub struct Peer {
    instance: ash::Instance,
    host: Host,
    device: ash::Device,
    queue: vk::Queue,
    pool: vk::CommandPool,
    sets: [vk::DescriptorSetLayout; 2],
    layout: vk::PipelineLayout,
    pipeline: vk::Pipeline,
}

/// A buffer, and all memory behind it.
pub struct Owned {
    buffer: vk::Buffer,
    memory: vk::DeviceMemory,
}

impl Peer {
    pub fn new(host: &HeadlessHost) -> Self {
        let (instance, host) = (host.instance.clone(), host.handle());
        let queues =
            [vk::DeviceQueueCreateInfo::default().queue_family_index(host.queue_family).queue_priorities(&[1.0])];
        let names = [ash::khr::external_memory_fd::NAME.as_ptr()];
        let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&names);
        // SAFETY: the instance is alive, and all descriptions are complete.
        unsafe {
            let device = instance.create_device(host.physical_device, &info, None).expect("a second device");
            let queue = device.get_device_queue(host.queue_family, 0);
            let info = vk::CommandPoolCreateInfo::default().queue_family_index(host.queue_family);
            let pool = device.create_command_pool(&info, None).expect("a pool");
            let set = |n: u32| {
                let bindings: Vec<_> = (0..n)
                    .map(|binding| {
                        vk::DescriptorSetLayoutBinding::default()
                            .binding(binding)
                            .descriptor_type(vk::DescriptorType::STORAGE_BUFFER)
                            .descriptor_count(1)
                            .stage_flags(vk::ShaderStageFlags::COMPUTE)
                    })
                    .collect();
                let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
                device.create_descriptor_set_layout(&info, None).expect("a layout")
            };
            let sets = [set(3), set(1)];
            let push = [vk::PushConstantRange { stage_flags: vk::ShaderStageFlags::COMPUTE, offset: 0, size: 16 }];
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets).push_constant_ranges(&push);
            let layout = device.create_pipeline_layout(&info, None).expect("a layout");
            let words: Vec<u32> = STORE.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let info = vk::ShaderModuleCreateInfo::default().code(&words);
            let module = device.create_shader_module(&info, None).expect("a module");
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(module)
                .name(c"main");
            let info = [vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout)];
            let made = device.create_compute_pipelines(vk::PipelineCache::null(), &info, None);
            device.destroy_shader_module(module, None);
            let pipeline = made.expect("a pipeline")[0];
            Self { instance, host, device, queue, pool, sets, layout, pipeline }
        }
    }

    /// This device as if it were a host's.
    pub fn handle(&self) -> Host {
        Host { device: self.device.handle(), ..self.host }
    }

    /// Imports the memory of a ring of so many bytes.
    pub fn import(&self, exported: Exported, bytes: u64) -> Owned {
        let fd_kind = vk::ExternalMemoryHandleTypeFlags::OPAQUE_FD;
        let mut external = vk::ExternalMemoryBufferCreateInfo::default().handle_types(fd_kind);
        // The same as where it comes from, as Vulkan demands of dedicated memory.
        let usage = vk::BufferUsageFlags::TRANSFER_SRC | vk::BufferUsageFlags::STORAGE_BUFFER;
        let info = vk::BufferCreateInfo::default().size(bytes).usage(usage).push_next(&mut external);
        assert!(exported.dedicated);
        // SAFETY: the device is alive; the descriptor belongs to it once the import has succeeded.
        unsafe {
            let buffer = self.device.create_buffer(&info, None).expect("a buffer");
            let requirements = self.device.get_buffer_memory_requirements(buffer);
            let mut dedicated = vk::MemoryDedicatedAllocateInfo::default().buffer(buffer);
            let fd = exported.handle.into_raw_fd();
            let mut import = vk::ImportMemoryFdInfoKHR::default().handle_type(fd_kind).fd(fd);
            let info = vk::MemoryAllocateInfo::default()
                .allocation_size(exported.size)
                .memory_type_index(self.memory_type(requirements, vk::MemoryPropertyFlags::DEVICE_LOCAL))
                .push_next(&mut dedicated)
                .push_next(&mut import);
            let memory = self.device.allocate_memory(&info, None).expect("the import");
            self.device.bind_buffer_memory(buffer, memory, 0).expect("bound");
            Owned { buffer, memory }
        }
    }

    /// Writes the texels of all boxes into their slots, and waits until that is done.
    pub fn write(&self, to: &Owned, boxes: &[(&Slot, &Values)]) {
        let (mut records, mut work) = (Vec::new(), Vec::new());
        for (slot, values) in boxes {
            let Texels { first, row, size, .. } = values.texels;
            let kind = Texel::ALL.iter().position(|texel| *texel == values.texel).expect("one of them") as u32;
            let (low, high) = values.unorm;
            records.push(work.len() as u32);
            records.extend(size);
            records.extend([0; 3]);
            records.extend(size);
            records.extend([0; 3]);
            records.extend([kind, u32::MAX, 0, low.to_bits(), (1.0 / (high - low)).to_bits()]);
            records.extend([(slot.offset() / 4) as u32 + first, row, row * size[1], u32::MAX]);
            work.extend(values.values.iter().map(|value| value.to_bits()));
        }
        const RECORD: u32 = 22;
        assert_eq!(records.len(), boxes.len() * RECORD as usize);
        let [records, models, work] = [&records[..], &[0], &work[..]].map(|words| self.words(words));
        let sizes = boxes.iter().map(|(_, values)| values.texels.size);
        let groups = sizes.map(|[z, y, x]| z * y.div_ceil(8) * x.div_ceil(8)).max().expect("a box");
        let sizes = [vk::DescriptorPoolSize { ty: vk::DescriptorType::STORAGE_BUFFER, descriptor_count: 4 }];
        let info = vk::DescriptorPoolCreateInfo::default().max_sets(2).pool_sizes(&sizes);
        let compute = vk::PipelineStageFlags::COMPUTE_SHADER;
        let (here, outside) = (self.host.queue_family, vk::QUEUE_FAMILY_EXTERNAL);
        let hand_over = |from, to_family, src, dst| {
            vk::BufferMemoryBarrier::default()
                .src_queue_family_index(from)
                .dst_queue_family_index(to_family)
                .src_access_mask(src)
                .dst_access_mask(dst)
                .buffer(to.buffer)
                .size(vk::WHOLE_SIZE)
        };
        let (none, write) = (vk::AccessFlags::empty(), vk::AccessFlags::SHADER_WRITE);
        // SAFETY: all belongs to this device, which is idle again before anything of it goes.
        unsafe {
            let pool = self.device.create_descriptor_pool(&info, None).expect("a pool");
            let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool).set_layouts(&self.sets);
            let sets = self.device.allocate_descriptor_sets(&info).expect("sets");
            for (n, buffer) in [records.buffer, models.buffer, work.buffer, to.buffer].into_iter().enumerate() {
                let buffers = [vk::DescriptorBufferInfo { buffer, offset: 0, range: vk::WHOLE_SIZE }];
                let write = vk::WriteDescriptorSet::default()
                    .dst_set(sets[n / 3])
                    .dst_binding(n as u32 % 3)
                    .descriptor_type(vk::DescriptorType::STORAGE_BUFFER)
                    .buffer_info(&buffers);
                self.device.update_descriptor_sets(&[write], &[]);
            }
            self.submit(|commands| {
                let mut push = [0; 16];
                push[4..8].copy_from_slice(&RECORD.to_le_bytes());
                let (point, flags) = (vk::PipelineBindPoint::COMPUTE, vk::DependencyFlags::empty());
                let acquire = hand_over(outside, here, none, write);
                let top = vk::PipelineStageFlags::TOP_OF_PIPE;
                self.device.cmd_pipeline_barrier(commands, top, compute, flags, &[], &[acquire], &[]);
                self.device.cmd_bind_pipeline(commands, point, self.pipeline);
                self.device.cmd_bind_descriptor_sets(commands, point, self.layout, 0, &sets, &[]);
                self.device.cmd_push_constants(commands, self.layout, vk::ShaderStageFlags::COMPUTE, 0, &push);
                self.device.cmd_dispatch(commands, groups, 1, boxes.len() as u32);
                let release = hand_over(here, outside, write, none);
                let bottom = vk::PipelineStageFlags::BOTTOM_OF_PIPE;
                self.device.cmd_pipeline_barrier(commands, compute, bottom, flags, &[], &[release], &[]);
            });
            self.device.destroy_descriptor_pool(pool, None);
        }
        [records, models, work].into_iter().for_each(|buffer| self.destroy(buffer));
    }

    pub fn destroy(&self, owned: Owned) {
        // SAFETY: the device is idle.
        unsafe {
            self.device.destroy_buffer(owned.buffer, None);
            self.device.free_memory(owned.memory, None);
        }
    }

    /// # Safety
    /// `record` must record what is valid.
    unsafe fn submit(&self, record: impl FnOnce(vk::CommandBuffer)) {
        let info = vk::CommandBufferAllocateInfo::default().command_pool(self.pool).command_buffer_count(1);
        // SAFETY: the device is alive and used by this thread only.
        unsafe {
            let commands = self.device.allocate_command_buffers(&info).expect("a command buffer");
            self.device.begin_command_buffer(commands[0], &vk::CommandBufferBeginInfo::default()).expect("it begins");
            record(commands[0]);
            self.device.end_command_buffer(commands[0]).expect("it ends");
            let submit = [vk::SubmitInfo::default().command_buffers(&commands)];
            self.device.queue_submit(self.queue, &submit, vk::Fence::null()).expect("it is submitted");
            self.device.queue_wait_idle(self.queue).expect("it is done");
            self.device.free_command_buffers(self.pool, &commands);
        }
    }

    /// A buffer that holds these words.
    fn words(&self, words: &[u32]) -> Owned {
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER;
        let info = vk::BufferCreateInfo::default().size(words.len() as u64 * 4).usage(usage);
        let wanted = vk::MemoryPropertyFlags::HOST_VISIBLE | vk::MemoryPropertyFlags::HOST_COHERENT;
        // SAFETY: the device is alive; the memory is mapped while it is written.
        unsafe {
            let buffer = self.device.create_buffer(&info, None).expect("a buffer");
            let requirements = self.device.get_buffer_memory_requirements(buffer);
            let info = vk::MemoryAllocateInfo::default()
                .allocation_size(requirements.size)
                .memory_type_index(self.memory_type(requirements, wanted));
            let memory = self.device.allocate_memory(&info, None).expect("memory");
            self.device.bind_buffer_memory(buffer, memory, 0).expect("bound");
            let flags = vk::MemoryMapFlags::empty();
            let mapped = self.device.map_memory(memory, 0, vk::WHOLE_SIZE, flags).expect("mapped").cast::<u32>();
            mapped.copy_from_nonoverlapping(words.as_ptr(), words.len());
            self.device.unmap_memory(memory);
            Owned { buffer, memory }
        }
    }

    fn memory_type(&self, requirements: vk::MemoryRequirements, wanted: vk::MemoryPropertyFlags) -> u32 {
        // SAFETY: the instance is alive.
        let found = unsafe { self.instance.get_physical_device_memory_properties(self.host.physical_device) };
        // The memory of a ring is not visible to the processor, where there is such.
        let visible = vk::MemoryPropertyFlags::HOST_VISIBLE;
        (0..found.memory_type_count)
            .map(|n| (n, found.memory_types[n as usize].property_flags))
            .filter(|(n, flags)| requirements.memory_type_bits & 1 << n != 0 && flags.contains(wanted))
            .min_by_key(|(_, flags)| flags.contains(visible))
            .map(|(n, _)| n)
            .expect("a type of memory")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SAFETY: the queue is idle, and what tests made of the device is gone.
        unsafe {
            self.device.destroy_pipeline(self.pipeline, None);
            self.device.destroy_pipeline_layout(self.layout, None);
            self.sets.iter().for_each(|set| self.device.destroy_descriptor_set_layout(*set, None));
            self.device.destroy_command_pool(self.pool, None);
            self.device.destroy_device(None);
        }
    }
}
