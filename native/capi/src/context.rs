//! Graphics devices of hosts.

use crate::boundary::{boundary, boundary_with};
use crate::gpu_types::{
    NEUVOL_BACKEND_CUDA, NEUVOL_BACKEND_CUDA_STAGED, NEUVOL_BACKEND_VULKAN, NEUVOL_VULKAN_COOPERATIVE_MATRIX,
    NEUVOL_VULKAN_EXTENDED_FORMATS, NEUVOL_VULKAN_EXTERNAL_MEMORY, NEUVOL_VULKAN_EXTERNAL_SEMAPHORE,
    NEUVOL_VULKAN_FLOAT16, NEUVOL_VULKAN_INTEGER_DOT_PRODUCT, NEUVOL_VULKAN_USE_CUDA, neuvol_backend, neuvol_budget,
    neuvol_context, neuvol_context_stats, neuvol_vulkan_desc,
};
use crate::memory::{read_struct, write_struct, write_text, write_value};
use crate::result::{Failure, NEUVOL_ERROR_INVALID_HANDLE, NEUVOL_NOT_READY, NEUVOL_OK, Outcome, neuvol_result};
use crate::version::check_abi_version;
use neuvol_engine::vulkan::{Features, Host, Limits, vk};
use neuvol_engine::{BackendKind, Budget, Context, ContextOptions, Handles, Lease};
use std::ffi::{c_char, c_void};

static CONTEXTS: Handles<Context> = Handles::new();

/// The context behind a handle, kept while the result lives.
pub(crate) fn lease_context(context: neuvol_context) -> Outcome<Lease<Context>> {
    CONTEXTS.lease(context.id).ok_or_else(|| invalid_handle(context))
}

fn invalid_handle(context: neuvol_context) -> Failure {
    let reason = if context.id == 0 { "names nothing (id 0)" } else { "is destroyed or was never made" };
    Failure::new(NEUVOL_ERROR_INVALID_HANDLE, format!("context: {reason}"))
}

/// Drops what came from a volume in all contexts.
pub(crate) fn forget(volume: u64) {
    CONTEXTS.all().iter().for_each(|context| context.forget(volume));
}

pub(crate) fn insert_context(context: Context) -> neuvol_context {
    neuvol_context { id: CONTEXTS.insert(context) }
}

pub(crate) fn remove_context(context: neuvol_context) -> bool {
    CONTEXTS.remove(context.id)
}

/// Makes a context on a Vulkan device of the host: pipelines, memories, and threads that read models. Takes up to seconds: to be
/// called while a scene is loaded.
///
/// Any thread. The device belongs to the host and must live until neuvol_context_destroy(). The library loads nothing itself
/// and submits nothing: it records into command buffers of the host.
///
/// @param desc The device, and how it may be used.
/// @param out Receives the handle; an id of 0 on an error.
///
/// # Safety
/// `desc` is null or valid for reading its size, its handles alive and of one device; `out` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_context_create_vulkan(
    desc: *const neuvol_vulkan_desc,
    out: *mut neuvol_context,
) -> neuvol_result {
    boundary("neuvol_context_create_vulkan", || {
        // SAFETY: pointers as this function demands them.
        unsafe {
            write_value("out", out, neuvol_context { id: 0 })?;
            let desc = read_struct("desc", desc)?;
            check_abi_version(desc.abi_version)?;
            let context = Context::new(host(&desc)?, options(&desc)?)?;
            write_value("out", out, insert_context(context))
        }
    })
}

fn host(desc: &neuvol_vulkan_desc) -> Outcome<Host> {
    let known = NEUVOL_VULKAN_EXTENDED_FORMATS
        | NEUVOL_VULKAN_FLOAT16
        | NEUVOL_VULKAN_INTEGER_DOT_PRODUCT
        | NEUVOL_VULKAN_COOPERATIVE_MATRIX
        | NEUVOL_VULKAN_EXTERNAL_MEMORY
        | NEUVOL_VULKAN_EXTERNAL_SEMAPHORE
        | NEUVOL_VULKAN_USE_CUDA;
    if desc.flags & !known != 0 {
        return Err(Failure::argument("desc.flags", format!("unknown flags in {:#x}", desc.flags)));
    }
    for (name, pointer) in [
        ("desc.instance", desc.instance),
        ("desc.physical_device", desc.physical_device),
        ("desc.device", desc.device),
        ("desc.get_instance_proc_addr", desc.get_instance_proc_addr),
    ] {
        if pointer.is_null() {
            return Err(Failure::null(name));
        }
    }
    let raw = |pointer: *mut c_void| pointer.expose_provenance() as u64;
    Ok(Host {
        instance: vk::Handle::from_raw(raw(desc.instance)),
        physical_device: vk::Handle::from_raw(raw(desc.physical_device)),
        device: vk::Handle::from_raw(raw(desc.device)),
        // SAFETY: not null, and the function that the host says it is.
        get_instance_proc_addr: unsafe {
            std::mem::transmute::<*mut c_void, vk::PFN_vkGetInstanceProcAddr>(desc.get_instance_proc_addr)
        },
        queue_family: desc.queue_family,
        features: Features {
            extended_formats: desc.flags & NEUVOL_VULKAN_EXTENDED_FORMATS != 0,
            float16: desc.flags & NEUVOL_VULKAN_FLOAT16 != 0,
            integer_dot_product: desc.flags & NEUVOL_VULKAN_INTEGER_DOT_PRODUCT != 0,
            cooperative_matrix: desc.flags & NEUVOL_VULKAN_COOPERATIVE_MATRIX != 0,
            external_memory: desc.flags & NEUVOL_VULKAN_EXTERNAL_MEMORY != 0,
            external_semaphore: desc.flags & NEUVOL_VULKAN_EXTERNAL_SEMAPHORE != 0,
        },
    })
}

fn options(desc: &neuvol_vulkan_desc) -> Outcome<ContextOptions> {
    let or = |value: u64, usual: u64| if value == 0 { usual } else { value };
    let usual = Limits::default();
    let frames = or(desc.frames.into(), 3) as u32;
    if frames > 16 {
        return Err(Failure::argument("desc.frames", format!("is {frames}, at most 16")));
    }
    let limits = Limits {
        model_bytes: or(desc.model_bytes, usual.model_bytes),
        work_bytes: or(desc.work_bytes, usual.work_bytes),
        texel_bytes: or(desc.texel_bytes, usual.texel_bytes),
        // One more is prepared meanwhile.
        frames: frames + 1,
        ..usual
    };
    Ok(ContextOptions { threads: desc.threads as usize, limits, cuda: desc.flags & NEUVOL_VULKAN_USE_CUDA != 0 })
}

/// Ends a context: waits for its threads, cancels what was asked for, gives all memory back. Its textures are forgotten.
///
/// Any thread, but not while another one is in neuvol_context_record(). All command buffers that were recorded must be
/// finished, unless the device is lost. An id of 0 is fine and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_context_destroy(context: neuvol_context) -> neuvol_result {
    boundary("neuvol_context_destroy", || {
        if context.id == 0 || remove_context(context) { Ok(()) } else { Err(invalid_handle(context)) }
    })
}

/// Tells what decodes, and the CUDA device, or why CUDA is not used. A context changes from CUDA to Vulkan when CUDA fails or a
/// texture turns out to take no copies; nothing that was asked for is lost.
///
/// Any thread. Buffer and lengths as for neuvol_variable_get_name().
///
/// @param backend Receives one of NEUVOL_BACKEND_*.
/// @param buffer Receives a text for a person.
///
/// # Safety
/// `backend` is null or valid for writing, `buffer` null or valid for writing `capacity` bytes, `needed` null or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_context_get_backend(
    context: neuvol_context,
    backend: *mut neuvol_backend,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_context_get_backend", || {
        let found = lease_context(context)?.backend();
        let kind = match found.kind {
            BackendKind::Vulkan => NEUVOL_BACKEND_VULKAN,
            BackendKind::Cuda => NEUVOL_BACKEND_CUDA,
            BackendKind::CudaStaged => NEUVOL_BACKEND_CUDA_STAGED,
        };
        // SAFETY: as this function demands.
        unsafe {
            write_value("backend", backend, kind)?;
            write_text(&found.reason, buffer, capacity, needed)
        }
    })
}

/// Says that the device is lost. Nothing more is done on it, and everything that is asked for fails with
/// NEUVOL_ERROR_DEVICE_LOST; decoding to host memory goes on working.
///
/// Any thread. Destroy the context and make one on the new device.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_context_device_lost(context: neuvol_context) -> neuvol_result {
    boundary("neuvol_context_device_lost", || {
        lease_context(context)?.set_device_lost();
        Ok(())
    })
}

/// Says what later frames may take. May be called in every frame.
///
/// Any thread.
///
/// # Safety
/// `budget` is null or valid for reading its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_context_set_budget(
    context: neuvol_context,
    budget: *const neuvol_budget,
) -> neuvol_result {
    boundary("neuvol_context_set_budget", || {
        let context = lease_context(context)?;
        // SAFETY: as this function demands.
        let budget = unsafe { read_struct("budget", budget) }?;
        if budget.reserved0 != 0 {
            return Err(Failure::argument("budget.reserved0", "must be 0"));
        }
        let usual = Budget::default();
        context.set_budget(Budget {
            gpu_us: budget.gpu_us.into(),
            upload_bytes: if budget.max_upload_bytes == 0 { usual.upload_bytes } else { budget.max_upload_bytes },
            blocks: if budget.max_blocks == 0 { usual.blocks } else { budget.max_blocks as usize },
        })?;
        Ok(())
    })
}

/// Records what the next frame decodes. Never waits, allocates or logs; if a worker is just handing work over, this frame does
/// without. What is recorded is finished for all commands behind it, if the textures' layouts are left to this.
///
/// The render thread, or whichever owns the command buffer; one at a time.
///
/// @param command_buffer VkCommandBuffer in the recording state, of the context's queue family, outside of a render pass.
/// @param frame Number of the frame; counts up.
/// @param safe_frame The last frame of which all commands are finished on the device; less than `frame`.
/// @return NEUVOL_OK if something was recorded, NEUVOL_NOT_READY if there is nothing to do.
///
/// # Safety
/// As said; all registered textures alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_context_record(
    context: neuvol_context,
    command_buffer: *mut c_void,
    frame: u64,
    safe_frame: u64,
) -> neuvol_result {
    boundary_with("neuvol_context_record", || {
        let context = lease_context(context)?;
        if command_buffer.is_null() {
            return Err(Failure::null("command_buffer"));
        }
        if safe_frame >= frame {
            return Err(Failure::argument(
                "safe_frame",
                format!("is {safe_frame}, frame {frame} is only being recorded"),
            ));
        }
        let commands = vk::Handle::from_raw(command_buffer.expose_provenance() as u64);
        // SAFETY: promised by the caller.
        let any = unsafe { context.record(commands, frame, safe_frame) };
        Ok(if any { NEUVOL_OK } else { NEUVOL_NOT_READY })
    })
}

/// Gives what a context has done so far.
///
/// Any thread.
///
/// @param stats Its struct_size must be set; receives the rest.
///
/// # Safety
/// `stats` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_context_get_stats(
    context: neuvol_context,
    stats: *mut neuvol_context_stats,
) -> neuvol_result {
    boundary("neuvol_context_get_stats", || {
        let sums = lease_context(context)?.stats();
        let value = neuvol_context_stats {
            struct_size: 0,
            blocks_waiting: sums.waiting,
            frames: sums.recorded_frames,
            frames_measured: sums.frames.frames,
            frames_overrun: sums.frames.overruns,
            frames_missed: sums.missed_frames,
            blocks_decoded: sums.blocks,
            voxels_decoded: sums.voxels,
            upload_bytes: sums.upload_bytes,
            model_bytes: sums.model_bytes,
            models_loaded: sums.loads,
            models: sums.models,
            gpu_us_p50: sums.frames.p50 as f32,
            gpu_us_p99: sums.frames.p99 as f32,
            reserved0: 0,
        };
        // SAFETY: as this function demands.
        unsafe { write_struct("stats", stats, &value) }
    })
}
