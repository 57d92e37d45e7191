//! Unity: the functions that it looks for in a native plugin, and those that its scripts need on top of the common ones.
//! Nothing else knows Unity.
//!
//! Unity calls `UnityPluginLoad` when it loads the library; with "load on startup" that is before it makes its Vulkan device,
//! which [`hook`] then completes. It tells of its device by events: of none first (in the editor), then of the real one,
//! maybe twice. The context is made when a script first asks for it, and goes with the device.

mod chain;
mod event;
mod hook;
mod tables;

use crate::boundary::{boundary, boundary_with, guarded};
use crate::context::{insert_context, lease_context, remove_context};
use crate::gpu_types::{neuvol_context, neuvol_texel, neuvol_texture};
use crate::memory::{Versioned, read_struct, write_value};
use crate::result::{Failure, NEUVOL_ERROR_NO_VULKAN, NEUVOL_NOT_READY, NEUVOL_OK, Outcome, neuvol_result};
use crate::texture::texel;
use crate::types::versioned;
use crate::variable::reversed;
use event::Event;
use neuvol_engine::vulkan::Host;
use neuvol_engine::{BackendKind, Context, ContextOptions};
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use tables::{
    DeviceEvent, Graphics, GraphicsVulkan, GraphicsVulkanV2, Guid, Interfaces, PluginEventConfig, RenderEvent, Renderer,
};

/// A texture of Unity.
#[allow(non_camel_case_types, reason = "the name is that of the header")]
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_unity_texture_desc {
    /// sizeof(neuvol_unity_texture_desc).
    pub struct_size: u32,
    /// What a texel holds; must be the texture's format.
    pub texel: neuvol_texel,
    /// Texels x, y, z.
    pub dims: [u32; 3],
    /// Must be 0.
    pub reserved0: u32,
    /// What GetNativeTexturePtr() of the texture gives. Call it once and keep it: it waits for the render thread.
    pub native_texture: *mut c_void,
}

// Its size in version 0.2, when it was new. It never changes. The pointer is a number here: it is not followed.
versioned! {
    neuvol_unity_texture_desc 32,
}

/// What Unity has told.
static UNITY: Mutex<Unity> = Mutex::new(Unity { tables: None, device: Device::Unknown });

/// Whether the next context may decode with CUDA.
static USE_CUDA: AtomicBool = AtomicBool::new(false);

/// What render events need. Only ever read there, and never waited for.
static ACTIVE: RwLock<Option<Active>> = RwLock::new(None);

struct Unity {
    tables: Option<Tables>,
    device: Device,
}

#[derive(Clone, Copy)]
struct Tables {
    graphics: &'static Graphics,
    /// None before Unity 2019, and where Unity is built without Vulkan.
    vulkan: Option<&'static GraphicsVulkan>,
    event: i32,
}

enum Device {
    /// Unity has told of none yet.
    Unknown,
    /// One that is not Vulkan's.
    Other(Renderer),
    /// No script has asked for the context yet.
    Vulkan(Host),
    /// The context's number.
    Ready(Host, neuvol_context),
    /// The context could not be made.
    Failed(Host, neuvol_result, String),
}

#[derive(Clone, Copy)]
struct Active {
    vulkan: &'static GraphicsVulkan,
    event: i32,
    context: neuvol_context,
    extended_formats: bool,
    /// CUDA decodes, or did when the context was made.
    copies: bool,
}

/// Never held while Unity is called: it may call back.
fn unity() -> MutexGuard<'static, Unity> {
    UNITY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unity calls this when it has loaded the library.
///
/// cbindgen:ignore
///
/// # Safety
/// `interfaces` is null or Unity's `IUnityInterfaces`, which stay valid as long as the process runs.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Unity's name")]
pub unsafe extern "system" fn UnityPluginLoad(interfaces: *const c_void) {
    let result = guarded(|| {
        // SAFETY: promised by the caller.
        unsafe { load(interfaces) }
    });
    if let Err(message) = result {
        log::error!("UnityPluginLoad: {message}");
    }
}

/// # Safety
/// As for [`UnityPluginLoad`].
unsafe fn load(interfaces: *const c_void) {
    // SAFETY: promised by the caller: tables are as Unity lays them out, and stay.
    unsafe {
        let Some(interfaces) = interfaces.cast::<Interfaces>().as_ref() else { return };
        let find = |guid: Guid| (interfaces.get_split)(guid.0, guid.1);
        let Some(graphics) = find(tables::GRAPHICS).cast::<Graphics>().as_ref() else {
            log::error!("this Unity has no native interface for graphics");
            return;
        };
        let newer = find(tables::GRAPHICS_VULKAN_V2).cast::<GraphicsVulkanV2>().as_ref();
        let vulkan = match newer {
            Some(newer) => Some(&newer.first),
            None => find(tables::GRAPHICS_VULKAN).cast::<GraphicsVulkan>().as_ref(),
        };
        let event = (graphics.reserve_event_id_range)(1);
        unity().tables = Some(Tables { graphics, vulkan, event });
        // It is refused when the device is there already: then the library was not preloaded, and there are no extras.
        let hooked = match (newer, vulkan) {
            (Some(newer), _) => (newer.add_intercept_initialization)(hook::initialize, std::ptr::null_mut(), 0),
            (None, Some(vulkan)) => (vulkan.intercept_initialization)(hook::initialize, std::ptr::null_mut()),
            (None, None) => false,
        };
        log::info!("loaded by Unity{}", if hooked { ", before its graphics device" } else { "" });
        (graphics.register_device_event_callback)(on_device_event);
        // Unity has told of its device before anyone listened, if the library was not preloaded.
        on_device_event(DeviceEvent::INITIALIZE);
    }
}

/// Unity calls this before it unloads the library, if it ever does: the editor keeps libraries.
///
/// cbindgen:ignore
///
/// # Safety
/// Nothing of the library may be running.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "Unity's name")]
pub unsafe extern "system" fn UnityPluginUnload() {
    let result = guarded(|| {
        let tables = unity().tables.take();
        if let Some(tables) = tables {
            // SAFETY: the table is Unity's, and the callback was registered.
            unsafe { (tables.graphics.unregister_device_event_callback)(on_device_event) };
        }
        change(Device::Unknown);
    });
    if let Err(message) = result {
        log::error!("UnityPluginUnload: {message}");
    }
}

/// # Safety
/// Called by Unity only, or as by Unity.
unsafe extern "system" fn on_device_event(event: DeviceEvent) {
    let result = guarded(|| match event {
        // SAFETY: the tables are Unity's, which has a device now.
        DeviceEvent::INITIALIZE => unsafe { on_initialize() },
        DeviceEvent::SHUTDOWN => change(Device::Unknown),
        // A reset of the device is nothing that Vulkan has.
        _ => {}
    });
    if let Err(message) = result {
        log::error!("device event of Unity: {message}");
    }
}

/// # Safety
/// As for [`on_device_event`].
unsafe fn on_initialize() {
    let Some(tables) = unity().tables else { return };
    // SAFETY: promised by the caller.
    let renderer = unsafe { (tables.graphics.renderer)() };
    let Some(vulkan) = tables.vulkan.filter(|_| renderer == Renderer::VULKAN) else {
        change(if renderer == Renderer::NULL { Device::Unknown } else { Device::Other(renderer) });
        return;
    };
    // SAFETY: as above, and the renderer is Vulkan.
    let instance = unsafe {
        (vulkan.configure_event)(tables.event, &PluginEventConfig::COMPUTE);
        (vulkan.instance)()
    };
    let Some(get_instance_proc_addr) = instance.get_instance_proc_addr else { return change(Device::Other(renderer)) };
    let host = Host {
        instance: instance.instance,
        physical_device: instance.physical_device,
        device: instance.device,
        get_instance_proc_addr,
        queue_family: instance.queue_family,
        features: hook::features_of(instance.device),
    };
    // Told twice of the same device.
    let known = match &unity().device {
        Device::Vulkan(known) | Device::Ready(known, _) | Device::Failed(known, ..) => known.device == host.device,
        Device::Unknown | Device::Other(_) => false,
    };
    if !known {
        change(Device::Vulkan(host));
    }
}

/// Takes another device; the context of the one before is destroyed while that is still alive.
fn change(device: Device) {
    let before = std::mem::replace(&mut unity().device, device);
    if let Device::Ready(_, context) = before {
        *ACTIVE.write().unwrap_or_else(PoisonError::into_inner) = None;
        // Waits for a render event that is running; none begins any more. A script may have destroyed it already.
        remove_context(context);
    }
}

/// Gives the context on Unity's graphics device. It is made by the first call, which takes up to seconds (to be done while a
/// scene is loaded), and is destroyed with Unity's device. A script may destroy it, as other contexts; then the next call makes
/// another one.
///
/// Any thread but Unity's render thread. NEUVOL_NOT_READY as long as Unity has no graphics device,
/// NEUVOL_ERROR_NO_VULKAN if that is not Vulkan's.
///
/// @param out Receives the context; an id of 0 if there is none.
///
/// # Safety
/// `out` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_unity_context(out: *mut neuvol_context) -> neuvol_result {
    boundary_with("neuvol_unity_context", || {
        // SAFETY: as this function demands.
        unsafe { write_value("out", out, neuvol_context { id: 0 })? };
        let Some(context) = ready()? else { return Ok(NEUVOL_NOT_READY) };
        // SAFETY: as above.
        unsafe { write_value("out", out, context)? };
        Ok(NEUVOL_OK)
    })
}

/// Lets the context of Unity's device decode with CUDA where that is possible: NEUVOL_VULKAN_USE_CUDA for Unity. Textures that
/// can be copied to are then copied to.
///
/// Any thread. Before the first neuvol_unity_context(): a context that exists stays as it is, until Unity makes another device.
///
/// @param enabled 0 or 1.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_unity_use_cuda(enabled: i32) -> neuvol_result {
    boundary("neuvol_unity_use_cuda", || {
        USE_CUDA.store(flag("enabled", enabled)?, Ordering::Relaxed);
        Ok(())
    })
}

fn flag(name: &'static str, value: i32) -> Outcome<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Failure::argument(name, format!("is {other}, must be 0 or 1"))),
    }
}

/// The context, which is made now if it is not there yet; `None` while there is no device.
fn ready() -> Outcome<Option<neuvol_context>> {
    let mut unity = unity();
    let host = match &unity.device {
        Device::Unknown => return Ok(None),
        Device::Ready(_, context) if lease_context(*context).is_ok() => return Ok(Some(*context)),
        Device::Failed(_, code, message) => return Err(Failure::new(*code, message.clone())),
        Device::Other(renderer) => {
            let message = format!(
                "Unity draws with {}: choose Vulkan in the project's player settings, or decode to memory",
                renderer.name()
            );
            return Err(Failure::new(NEUVOL_ERROR_NO_VULKAN, message));
        }
        Device::Vulkan(host) | Device::Ready(host, _) => *host,
    };
    let Some((vulkan, event)) = unity.tables.and_then(|tables| Some((tables.vulkan?, tables.event))) else {
        return Ok(None);
    };
    let options = ContextOptions { cuda: USE_CUDA.load(Ordering::Relaxed), ..ContextOptions::default() };
    // SAFETY: Unity's handles belong together and live until it tells that they go, when the context is destroyed.
    match unsafe { Context::new(host, options) } {
        Ok(context) => {
            let copies = context.backend().kind != BackendKind::Vulkan;
            let context = insert_context(context);
            unity.device = Device::Ready(host, context);
            *ACTIVE.write().unwrap_or_else(PoisonError::into_inner) =
                Some(Active { vulkan, event, context, extended_formats: host.features.extended_formats, copies });
            Ok(Some(context))
        }
        Err(error) => {
            let failure = Failure::from(error);
            unity.device = Device::Failed(host, failure.code, failure.message.clone());
            Err(failure)
        }
    }
}

/// Gives the function for CommandBuffer.IssuePluginEvent(), once per frame, with the number that
/// neuvol_unity_event_id() gives. It records what is decoded in this frame.
///
/// Any thread. The function stays valid as long as the library is loaded, and does nothing while there is no context.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_unity_render_event() -> *mut c_void {
    on_render_event as RenderEvent as *mut c_void
}

/// Gives the number of the render event, which Unity has reserved for this library; -1 if Unity has not loaded it.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_unity_event_id() -> i32 {
    guarded(|| unity().tables.map_or(-1, |tables| tables.event)).unwrap_or(-1)
}

/// # Safety
/// Called by Unity only, on its render thread, as a render event.
unsafe extern "system" fn on_render_event(event: i32) {
    // A panic is in the log already; there is nobody to tell.
    let _ = guarded(|| {
        // Somebody changes the device: the next frame will do.
        let Some(active) = ACTIVE.try_read().ok().and_then(|active| *active) else { return };
        if event != active.event {
            return;
        }
        let Ok(context) = lease_context(active.context) else { return };
        let Active { vulkan, extended_formats, copies, .. } = active;
        // SAFETY: Unity is running a render event.
        unsafe { Event { vulkan, context: &context, extended_formats, copies }.run() };
    });
}

/// Registers a 3D texture of Unity, as neuvol_texture_register() does for other hosts. The render event finds out how it can
/// be written to: a RenderTexture of dimension Tex3D with enableRandomWrite is stored to, others are copied to. Until then
/// neuvol_texture_status() is NEUVOL_NOT_READY; a texture that is not as described is an error then.
///
/// Any thread. neuvol_unity_context() must have given a context. The texture must live until it is unregistered and the frames
/// recorded before are finished.
///
/// @param out Receives the texture; an id of 0 on an error.
///
/// # Safety
/// `desc` is null or valid for reading its size, `out` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_unity_texture_register(
    desc: *const neuvol_unity_texture_desc,
    out: *mut neuvol_texture,
) -> neuvol_result {
    boundary("neuvol_unity_texture_register", || {
        // SAFETY: as this function demands.
        let desc = unsafe {
            write_value("out", out, neuvol_texture { id: 0 })?;
            read_struct("desc", desc)?
        };
        if desc.reserved0 != 0 {
            return Err(Failure::argument("desc.reserved0", "must be 0"));
        }
        if desc.native_texture.is_null() {
            return Err(Failure::null("desc.native_texture"));
        }
        let texel = texel("desc.texel", desc.texel)?;
        let Device::Ready(_, context) = unity().device else {
            let message = "there is no context: call neuvol_unity_context() first";
            return Err(Failure::new(NEUVOL_ERROR_NO_VULKAN, message));
        };
        let native = desc.native_texture.expose_provenance() as u64;
        let id = lease_context(context)?.declare(reversed(desc.dims), texel, native);
        // SAFETY: as above.
        unsafe { write_value("out", out, neuvol_texture { id }) }
    })
}
