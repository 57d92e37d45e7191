//! Listens to what is recorded: a function between a `Gpu` and the driver.

use ash::vk;
use neuvol_vulkan::Host;
use std::ffi::{CStr, c_char};
use std::mem::transmute;
use std::sync::Mutex;

type Function = unsafe extern "system" fn();

/// What was recorded, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A barrier that hands memory over: families, access behind it, offset and size.
    HandOver { from: u32, to: u32, access: vk::AccessFlags, offset: u64, size: u64 },
    /// A barrier that changes layouts.
    Layout { from: vk::ImageLayout, to: vk::ImageLayout },
    /// A copy from a buffer, at this byte.
    Copy(u64),
}

static HEARD: Mutex<Vec<Heard>> = Mutex::new(Vec::new());
static NEXT: Mutex<Option<Next>> = Mutex::new(None);

#[derive(Clone, Copy)]
struct Next {
    instance: vk::PFN_vkGetInstanceProcAddr,
    device: vk::PFN_vkGetDeviceProcAddr,
    barrier: vk::PFN_vkCmdPipelineBarrier,
    copy: vk::PFN_vkCmdCopyBufferToImage,
}

/// The same host, listened to.
pub fn listened(host: Host) -> Host {
    // SAFETY: names and types belong together, and the host is alive.
    unsafe {
        let get = host.get_instance_proc_addr;
        let device = get(host.instance, c"vkGetDeviceProcAddr".as_ptr()).expect("a function");
        let device = transmute::<Function, vk::PFN_vkGetDeviceProcAddr>(device);
        let barrier = device(host.device, c"vkCmdPipelineBarrier".as_ptr()).expect("a function");
        let copy = device(host.device, c"vkCmdCopyBufferToImage".as_ptr()).expect("a function");
        *NEXT.lock().expect("a lock") = Some(Next {
            instance: get,
            device,
            barrier: transmute::<Function, vk::PFN_vkCmdPipelineBarrier>(barrier),
            copy: transmute::<Function, vk::PFN_vkCmdCopyBufferToImage>(copy),
        });
    }
    Host { get_instance_proc_addr: of_instance, ..host }
}

/// Takes what was heard so far.
pub fn heard() -> Vec<Heard> {
    std::mem::take(&mut HEARD.lock().expect("a lock"))
}

fn next() -> Next {
    NEXT.lock().expect("a lock").expect("somebody listens")
}

unsafe extern "system" fn of_instance(instance: vk::Instance, name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: as Vulkan says.
    unsafe {
        match CStr::from_ptr(name).to_bytes() {
            b"vkGetDeviceProcAddr" => Some(transmute::<vk::PFN_vkGetDeviceProcAddr, Function>(of_device)),
            _ => (next().instance)(instance, name),
        }
    }
}

unsafe extern "system" fn of_device(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    // SAFETY: as Vulkan says.
    unsafe {
        match CStr::from_ptr(name).to_bytes() {
            b"vkCmdPipelineBarrier" => Some(transmute::<vk::PFN_vkCmdPipelineBarrier, Function>(barrier)),
            b"vkCmdCopyBufferToImage" => Some(transmute::<vk::PFN_vkCmdCopyBufferToImage, Function>(copy)),
            _ => (next().device)(device, name),
        }
    }
}

unsafe extern "system" fn barrier(
    commands: vk::CommandBuffer,
    before: vk::PipelineStageFlags,
    after: vk::PipelineStageFlags,
    flags: vk::DependencyFlags,
    memory_count: u32,
    memory: *const vk::MemoryBarrier<'_>,
    buffer_count: u32,
    buffers: *const vk::BufferMemoryBarrier<'_>,
    image_count: u32,
    images: *const vk::ImageMemoryBarrier<'_>,
) {
    // SAFETY: as Vulkan says.
    unsafe {
        for n in 0..buffer_count as usize {
            let b = &*buffers.add(n);
            let (from, to) = (b.src_queue_family_index, b.dst_queue_family_index);
            let heard = Heard::HandOver { from, to, access: b.dst_access_mask, offset: b.offset, size: b.size };
            HEARD.lock().expect("a lock").push(heard);
        }
        for n in 0..image_count as usize {
            let image = &*images.add(n);
            HEARD.lock().expect("a lock").push(Heard::Layout { from: image.old_layout, to: image.new_layout });
        }
        (next().barrier)(
            commands,
            before,
            after,
            flags,
            memory_count,
            memory.cast(),
            buffer_count,
            buffers.cast(),
            image_count,
            images.cast(),
        );
    }
}

unsafe extern "system" fn copy(
    commands: vk::CommandBuffer,
    buffer: vk::Buffer,
    image: vk::Image,
    layout: vk::ImageLayout,
    count: u32,
    regions: *const vk::BufferImageCopy,
) {
    // SAFETY: as Vulkan says.
    unsafe {
        for n in 0..count as usize {
            HEARD.lock().expect("a lock").push(Heard::Copy((*regions.add(n)).buffer_offset));
        }
        (next().copy)(commands, buffer, image, layout, count, regions);
    }
}
