//! Stands between the plugin and Vulkan: which commands go where, and what is destroyed while the device may use it.
//!
//! The plugin gets all functions through one `vkGetInstanceProcAddr`; this gives it functions of its own for those that rules
//! are about. Unity's own calls do not come here.

use crate::rules::{self, State};
use ash::vk::{self, Handle};
use std::collections::HashMap;
use std::ffi::{CStr, c_char};
use std::mem::{transmute, transmute_copy};
use std::sync::Mutex;

type Function = unsafe extern "system" fn();

/// The functions behind those here, and the way to get more.
static REAL: Mutex<Option<Real>> = Mutex::new(None);

struct Real {
    get_instance_proc_addr: vk::PFN_vkGetInstanceProcAddr,
    get_device_proc_addr: Option<vk::PFN_vkGetDeviceProcAddr>,
    functions: HashMap<&'static str, Function>,
}

/// The function that the plugin gets, on top of the one that it would get.
pub(crate) fn over(get_instance_proc_addr: vk::PFN_vkGetInstanceProcAddr) -> vk::PFN_vkGetInstanceProcAddr {
    let real = Real { get_instance_proc_addr, get_device_proc_addr: None, functions: HashMap::new() };
    *REAL.lock().expect("never poisoned") = Some(real);
    watched_instance_proc_addr
}

/// # Safety
/// As Vulkan says for `vkGetInstanceProcAddr`.
unsafe extern "system" fn watched_instance_proc_addr(
    instance: vk::Instance,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    let next = REAL.lock().expect("never poisoned").as_ref()?.get_instance_proc_addr;
    // SAFETY: promised by the caller.
    unsafe {
        let theirs = next(instance, name)?;
        if CStr::from_ptr(name) == c"vkGetDeviceProcAddr" {
            REAL.lock().expect("never poisoned").as_mut()?.get_device_proc_addr =
                Some(transmute::<Function, vk::PFN_vkGetDeviceProcAddr>(theirs));
            return Some(transmute::<vk::PFN_vkGetDeviceProcAddr, Function>(watched_device_proc_addr));
        }
        Some(substitute(name, theirs))
    }
}

/// # Safety
/// As Vulkan says for `vkGetDeviceProcAddr`.
unsafe extern "system" fn watched_device_proc_addr(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    let next = REAL.lock().expect("never poisoned").as_ref()?.get_device_proc_addr?;
    // SAFETY: promised by the caller.
    unsafe { next(device, name).map(|theirs| substitute(name, theirs)) }
}

/// # Safety
/// `name` must end in 0.
unsafe fn substitute(name: *const c_char, theirs: Function) -> Function {
    // SAFETY: promised by the caller.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    match WATCHED.iter().find(|(watched, _)| watched.as_bytes() == name) {
        Some((watched, ours)) => {
            if let Some(real) = &mut *REAL.lock().expect("never poisoned") {
                real.functions.insert(watched, theirs);
            }
            ours()
        }
        None => theirs,
    }
}

/// The function behind the one of this name.
///
/// # Safety
/// `F` must be its type.
unsafe fn real<F>(name: &str) -> F {
    let function = REAL.lock().expect("never poisoned").as_ref().and_then(|real| real.functions.get(name).copied());
    let function = function.expect("it was given to the plugin");
    // SAFETY: promised by the caller.
    unsafe { transmute_copy(&function) }
}

/// Checks a command of the plugin.
fn command(state: &mut State, commands: vk::CommandBuffer, name: &str) {
    state.commands += 1;
    let Some(running) = state.in_event(name) else { return };
    let problem = match (running.is_fetched, running.outside) {
        _ if running.commands != commands => Some("into a command buffer of an earlier state"),
        (false, _) => Some("without asking for the state after the last access"),
        (_, false) => Some("inside of a render pass"),
        _ => None,
    };
    if let Some(problem) = problem {
        state.broken(format!("{name} {problem}"));
    }
}

/// Functions that call the real ones after a look: name, type, parameters, result, and what is looked at.
macro_rules! watched {
    ($($name:ident $pfn:ident ($($parameter:ident: $ty:ty),*) $(-> $result:ty)? |$state:ident| $look:expr;)*) => {
        const WATCHED: &[(&str, fn() -> Function)] = &[$((
            stringify!($name),
            // SAFETY: pointers to functions, of which the caller knows the type by the name.
            || unsafe { transmute::<vk::$pfn, Function>($name) },
        )),*];

        $(
            #[allow(non_snake_case, reason = "the name is Vulkan's")]
            unsafe extern "system" fn $name($($parameter: $ty),*) $(-> $result)? {
                rules::with(|$state| $look);
                // SAFETY: as the plugin promised for this name.
                unsafe { real::<vk::$pfn>(stringify!($name))($($parameter),*) }
            }
        )*
    };
}

watched! {
    vkCmdDispatch PFN_vkCmdDispatch (commands: vk::CommandBuffer, x: u32, y: u32, z: u32)
        |state| command(state, commands, "vkCmdDispatch");
    vkCmdBindPipeline PFN_vkCmdBindPipeline
        (commands: vk::CommandBuffer, point: vk::PipelineBindPoint, pipeline: vk::Pipeline)
        |state| { command(state, commands, "vkCmdBindPipeline"); state.used(pipeline.as_raw()) };
    vkCmdBindDescriptorSets PFN_vkCmdBindDescriptorSets (
        commands: vk::CommandBuffer, point: vk::PipelineBindPoint, layout: vk::PipelineLayout, first: u32, count: u32,
        sets: *const vk::DescriptorSet, offset_count: u32, offsets: *const u32
    ) |state| {
        command(state, commands, "vkCmdBindDescriptorSets");
        // SAFETY: as the plugin promised to Vulkan.
        for &set in unsafe { std::slice::from_raw_parts(sets, count as usize) } {
            state.used(set.as_raw());
            for object in state.sets.get(&set).cloned().unwrap_or_default().into_values() {
                state.used(object);
            }
        }
    };
    vkCmdPushConstants PFN_vkCmdPushConstants (
        commands: vk::CommandBuffer, layout: vk::PipelineLayout, stages: vk::ShaderStageFlags, offset: u32, size: u32,
        values: *const std::ffi::c_void
    ) |state| command(state, commands, "vkCmdPushConstants");
    vkCmdPipelineBarrier PFN_vkCmdPipelineBarrier (
        commands: vk::CommandBuffer, before: vk::PipelineStageFlags, after: vk::PipelineStageFlags,
        flags: vk::DependencyFlags, memory_count: u32, memory: *const vk::MemoryBarrier<'_>, buffer_count: u32,
        buffers: *const vk::BufferMemoryBarrier<'_>, image_count: u32, images: *const vk::ImageMemoryBarrier<'_>
    ) |state| {
        command(state, commands, "vkCmdPipelineBarrier");
        // SAFETY: as the plugin promised to Vulkan.
        let images = (0..image_count as usize).map(|n| unsafe { (*images.add(n)).image });
        // Images of its own are the plugin's business.
        if images.into_iter().any(|image| state.owns(image)) {
            state.broken("a barrier on a texture, whose layout is Unity's");
        }
    };
    vkCmdCopyBuffer PFN_vkCmdCopyBuffer (
        commands: vk::CommandBuffer, from: vk::Buffer, to: vk::Buffer, count: u32, regions: *const vk::BufferCopy
    ) |state| {
        command(state, commands, "vkCmdCopyBuffer");
        state.used(from.as_raw());
        state.used(to.as_raw());
    };
    vkCmdCopyBufferToImage PFN_vkCmdCopyBufferToImage (
        commands: vk::CommandBuffer, buffer: vk::Buffer, image: vk::Image, layout: vk::ImageLayout, count: u32,
        regions: *const vk::BufferImageCopy
    ) |state| {
        command(state, commands, "vkCmdCopyBufferToImage");
        state.copies += 1;
        state.used(buffer.as_raw());
        let is_accessed = state.running.as_ref().is_none_or(|running| running.accessed.contains(&image));
        if state.owns(image) && !is_accessed {
            state.broken("a copy to a texture that was not accessed in this event");
        }
    };
    vkUpdateDescriptorSets PFN_vkUpdateDescriptorSets (
        device: vk::Device, write_count: u32, writes: *const vk::WriteDescriptorSet<'_>, copy_count: u32,
        copies: *const vk::CopyDescriptorSet<'_>
    ) |state| {
        // SAFETY: as the plugin promised to Vulkan.
        for write in unsafe { std::slice::from_raw_parts(writes, write_count as usize) } {
            state.unused("an update", write.dst_set.as_raw());
            // SAFETY: as above.
            let objects = unsafe { named(write) };
            let place = |(n, object)| ((write.dst_binding, write.dst_array_element + n), object);
            state.sets.entry(write.dst_set).or_default().extend((0..).zip(objects).map(place));
        }
    };
    vkDestroyImageView PFN_vkDestroyImageView (device: vk::Device, view: vk::ImageView, allocator: *const vk::AllocationCallbacks<'_>)
        |state| state.unused("vkDestroyImageView", view.as_raw());
    vkDestroyBuffer PFN_vkDestroyBuffer (device: vk::Device, buffer: vk::Buffer, allocator: *const vk::AllocationCallbacks<'_>)
        |state| state.unused("vkDestroyBuffer", buffer.as_raw());
    vkDestroyPipeline PFN_vkDestroyPipeline (device: vk::Device, pipeline: vk::Pipeline, allocator: *const vk::AllocationCallbacks<'_>)
        |state| state.unused("vkDestroyPipeline", pipeline.as_raw());
    vkFreeDescriptorSets PFN_vkFreeDescriptorSets (
        device: vk::Device, pool: vk::DescriptorPool, count: u32, sets: *const vk::DescriptorSet
    ) -> vk::Result |state| {
        // SAFETY: as the plugin promised to Vulkan.
        for set in unsafe { std::slice::from_raw_parts(sets, count as usize) } {
            state.unused("vkFreeDescriptorSets", set.as_raw());
            state.sets.remove(set);
        }
    };
    vkQueueSubmit PFN_vkQueueSubmit
        (queue: vk::Queue, count: u32, submits: *const vk::SubmitInfo<'_>, fence: vk::Fence) -> vk::Result
        |state| state.broken("vkQueueSubmit by a plugin that said that it does not use the queue");
    vkQueueWaitIdle PFN_vkQueueWaitIdle (queue: vk::Queue) -> vk::Result
        |state| state.broken("vkQueueWaitIdle by a plugin that said that it does not use the queue");
    vkDeviceWaitIdle PFN_vkDeviceWaitIdle (device: vk::Device) -> vk::Result
        |state| state.broken("vkDeviceWaitIdle by a plugin that said that it does not use the queue");
}

/// The views and buffers that a write puts into its set.
///
/// # Safety
/// The write must be as Vulkan says.
unsafe fn named(write: &vk::WriteDescriptorSet<'_>) -> Vec<u64> {
    let count = write.descriptor_count as usize;
    // SAFETY: promised by the caller.
    unsafe {
        match write.descriptor_type {
            vk::DescriptorType::STORAGE_IMAGE | vk::DescriptorType::SAMPLED_IMAGE => {
                let infos = std::slice::from_raw_parts(write.p_image_info, count);
                infos.iter().map(|info| info.image_view.as_raw()).collect()
            }
            vk::DescriptorType::STORAGE_BUFFER | vk::DescriptorType::UNIFORM_BUFFER => {
                let infos = std::slice::from_raw_parts(write.p_buffer_info, count);
                infos.iter().map(|info| info.buffer.as_raw()).collect()
            }
            _ => Vec::new(),
        }
    }
}
