//! The functions that plugins call.

use crate::rules::{self, Running, State, Texture};
use crate::tables::{
    DeviceEventCallback, EventConfig, GRAPHICS, Graphics, Guid, Image, InitCallback, Instance, Interfaces,
    OBSERVE_ONLY, PIPELINE_BARRIER, RecordingState, VULKAN, VULKAN_V2, Vulkan, renderer,
};
use ash::vk;
use std::ffi::c_void;
use std::mem::zeroed;
use std::ptr::{from_ref, null};

pub(crate) static INTERFACES: Interfaces =
    Interfaces { get, register: register_interface, get_split, register_split: register_interface_split };

static TABLE: Graphics = Graphics { renderer: current_renderer, register, unregister, reserve };

static VULKAN_TABLE: Vulkan = Vulkan {
    intercept_initialization,
    intercept_vulkan_api: unexpected,
    configure_event,
    instance,
    command_recording_state,
    access_texture,
    access_render_buffer_texture: unexpected,
    access_render_buffer_resolve_texture: unexpected,
    access_buffer: unexpected,
    ensure_outside_render_pass,
    ensure_inside_render_pass: unexpected,
    access_queue: unexpected,
    configure_swapchain: unexpected,
    access_texture_by_id: unexpected,
    add_intercept_initialization,
    remove_intercept_initialization: unexpected,
};

unsafe extern "system" fn get(guid: Guid) -> *const c_void {
    find(guid)
}

unsafe extern "system" fn get_split(high: u64, low: u64) -> *const c_void {
    find(Guid(high, low))
}

unsafe extern "system" fn register_interface(_: Guid, _: *const c_void) {}

unsafe extern "system" fn register_interface_split(_: u64, _: u64, _: *const c_void) {}

fn find(guid: Guid) -> *const c_void {
    let has_v2 = rules::with_default(|state| state.has_v2);
    match guid {
        GRAPHICS => from_ref(&TABLE).cast(),
        VULKAN => from_ref(&VULKAN_TABLE).cast(),
        VULKAN_V2 if has_v2 => from_ref(&VULKAN_TABLE).cast(),
        _ => null(),
    }
}

unsafe extern "system" fn current_renderer() -> i32 {
    rules::with(|state| state.renderer).unwrap_or(renderer::NULL)
}

unsafe extern "system" fn register(callback: Option<DeviceEventCallback>) {
    rules::with(|state| state.callback = callback);
}

unsafe extern "system" fn unregister(_: Option<DeviceEventCallback>) {
    rules::with(|state| state.callback = None);
}

unsafe extern "system" fn reserve(count: i32) -> i32 {
    rules::with_default(|state| {
        state.next_event += count;
        state.next_event - count
    })
}

unsafe extern "system" fn unexpected() {
    rules::with(|state| state.broken("a function that the fake Unity does not have"));
}

unsafe extern "system" fn intercept_initialization(callback: Option<InitCallback>, user: *mut c_void) -> bool {
    // SAFETY: the same with a priority.
    unsafe { add_intercept_initialization(callback, user, 0) }
}

unsafe extern "system" fn add_intercept_initialization(
    callback: Option<InitCallback>,
    user: *mut c_void,
    priority: i32,
) -> bool {
    rules::with_default(|state| {
        let (None, Some(callback)) = (&state.instance, callback) else { return false };
        state.intercepts.push((priority, callback, user as usize));
        true
    })
}

unsafe extern "system" fn configure_event(event: i32, config: *const EventConfig) {
    rules::with(|state| {
        if state.renderer != renderer::VULKAN {
            state.broken("ConfigureEvent without a Vulkan device");
        }
        if !(1000..state.next_event).contains(&event) {
            state.broken("ConfigureEvent of a number that was not reserved");
        }
        // SAFETY: the plugin gives a valid pointer.
        state.configured.insert(event, unsafe { *config });
    });
}

unsafe extern "system" fn instance() -> Instance {
    let found = rules::with(|state| {
        if state.instance.is_none() {
            state.broken("Instance without a Vulkan device");
        }
        state.instance
    });
    // SAFETY: numbers and handles, which may be 0.
    found.flatten().unwrap_or_else(|| unsafe { zeroed() })
}

unsafe extern "system" fn ensure_outside_render_pass() {
    rules::with(|state| {
        if let Some(running) = state.in_event("EnsureOutsideRenderPass") {
            running.outside = true;
            // It may have ended a render pass: other commands follow.
            running.is_fetched = false;
        }
    });
}

unsafe extern "system" fn command_recording_state(out: *mut RecordingState, queue_access: i32) -> bool {
    rules::with_default(|state| {
        let (frame, safe_frame) = (state.frame, state.safe_frame);
        let Some(running) = state.in_event("CommandRecordingState") else { return false };
        running.is_fetched = true;
        // SAFETY: numbers and handles, which may be 0.
        let mut value: RecordingState = unsafe { zeroed() };
        value.command_buffer = running.commands;
        value.subpass_index = if running.outside { -1 } else { 0 };
        value.current_frame_number = frame;
        value.safe_frame_number = safe_frame;
        // SAFETY: the plugin gives a valid pointer.
        unsafe { out.write(value) };
        if queue_access != 0 {
            state.broken("CommandRecordingState with queue access");
        }
        true
    })
}

unsafe extern "system" fn access_texture(
    texture: *mut c_void,
    subresource: *const vk::ImageSubresource,
    layout: vk::ImageLayout,
    stages: vk::PipelineStageFlags,
    access: vk::AccessFlags,
    mode: i32,
    out: *mut Image,
) -> bool {
    rules::with_default(|state| {
        if state.in_event("AccessTexture").is_none() {
            return false;
        }
        if !subresource.is_null() || !matches!(mode, OBSERVE_ONLY | PIPELINE_BARRIER) {
            state.broken("AccessTexture in a way that the fake Unity does not know");
            return false;
        }
        // Whatever it does, the state before is void.
        next_commands(state);
        let Some(&known) = state.textures.get(&(texture as usize)) else { return false };
        if mode == PIPELINE_BARRIER {
            let after = Texture { layout, stages, access, ..known };
            transition(state, &known, &after);
            state.textures.insert(texture as usize, after);
            if let Some(running) = &mut state.running {
                running.accessed.insert(known.image);
            }
        }
        // SAFETY: numbers and handles, which may be 0.
        let mut value: Image = unsafe { zeroed() };
        value.image = known.image;
        // As the real one: it stays 0.
        value.layout = vk::ImageLayout::UNDEFINED;
        value.aspect = vk::ImageAspectFlags::COLOR;
        value.usage = known.usage;
        value.format = known.format;
        value.extent = known.extent;
        value.ty = known.ty;
        value.samples = vk::SampleCountFlags::TYPE_1;
        value.layers = 1;
        value.mip_count = 1;
        // SAFETY: the plugin gives a valid pointer.
        unsafe { out.write(value) };
        true
    })
}

/// Commands go to another buffer from here on, so that it shows who goes on with the old one.
fn next_commands(state: &mut State) {
    let Some(commands) = state.spare.pop() else { return state.broken("too many accesses in one frame") };
    state.used.push(commands);
    if let Some(Running { commands: current, is_fetched, .. }) = &mut state.running {
        *current = commands;
        *is_fetched = false;
    }
}

/// Records a barrier between two uses of a texture, into the commands that are current.
pub(crate) fn transition(state: &State, before: &Texture, after: &Texture) {
    let (Some(device), Some(commands)) = (&state.device, state.used.last()) else { return };
    // SAFETY: the buffer is being recorded, and the texture is in that layout.
    unsafe { barrier(device, *commands, before, after) };
}

/// # Safety
/// `commands` must be in the recording state, and the texture be used as `before` says.
pub(crate) unsafe fn barrier(device: &ash::Device, commands: vk::CommandBuffer, before: &Texture, after: &Texture) {
    let whole = vk::ImageSubresourceRange {
        aspect_mask: vk::ImageAspectFlags::COLOR,
        base_mip_level: 0,
        level_count: 1,
        base_array_layer: 0,
        layer_count: 1,
    };
    let change = vk::ImageMemoryBarrier::default()
        .image(before.image)
        .old_layout(before.layout)
        .new_layout(after.layout)
        .src_access_mask(before.access)
        .dst_access_mask(after.access)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .subresource_range(whole);
    let none = vk::DependencyFlags::empty();
    // SAFETY: promised by the caller.
    unsafe { device.cmd_pipeline_barrier(commands, before.stages, after.stages, none, &[], &[], &[change]) };
}
