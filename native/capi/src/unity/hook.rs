//! What Unity's device needs beyond what Unity asks for, added while instance and device are made.
//!
//! A plugin that is loaded at the start may stand between Unity and Vulkan's loader. This one looks at two calls only,
//! `vkCreateInstance` and `vkCreateDevice`, and adds extensions and features that the machine says it has. If a call with
//! the additions fails, it is done again exactly as Unity asked for it: a device without extras is better than none.

use super::chain;
use super::tables::FunctionName;
use neuvol_engine::vulkan::{Features, vk};
use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A function whose type is known by its name.
type Function = unsafe extern "system" fn();

/// Of the instance. What the others of a device rest on.
const INSTANCE_EXTENSIONS: &[&CStr] = &[
    vk::KHR_GET_PHYSICAL_DEVICE_PROPERTIES2_NAME,
    vk::KHR_EXTERNAL_MEMORY_CAPABILITIES_NAME,
    vk::KHR_EXTERNAL_SEMAPHORE_CAPABILITIES_NAME,
];

/// Memory and semaphores that another API on the same GPU can use, and what Vulkan 1.0 lacks for them.
const DEVICE_EXTENSIONS: &[&CStr] = &[
    vk::KHR_GET_MEMORY_REQUIREMENTS2_NAME,
    vk::KHR_DEDICATED_ALLOCATION_NAME,
    vk::KHR_EXTERNAL_MEMORY_NAME,
    vk::KHR_EXTERNAL_SEMAPHORE_NAME,
    chain::EXTERNAL_MEMORY,
    chain::EXTERNAL_SEMAPHORE,
];

/// What is known of Unity's calls. Locked for moments only, and never in a render event.
static SEEN: Mutex<Seen> = Mutex::new(Seen { next: None, instances: Vec::new(), devices: Vec::new() });

struct Seen {
    /// The loader's function, or that of another plugin.
    next: Option<vk::PFN_vkGetInstanceProcAddr>,
    instances: Vec<SeenInstance>,
    devices: Vec<(vk::Device, Features)>,
}

#[derive(Clone, Copy)]
struct SeenInstance {
    handle: vk::Instance,
    /// Whether extensions of a device may rest on [`INSTANCE_EXTENSIONS`].
    has_extensions: bool,
}

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The features that are enabled on a device; none if it was made before this library was loaded.
pub(super) fn features_of(device: vk::Device) -> Features {
    let found = seen().devices.iter().rev().find(|(seen, _)| *seen == device).map(|(_, features)| *features);
    found.unwrap_or_default()
}

/// Called by Unity before it makes its instance, with the function that it would use.
///
/// # Safety
/// `next` must be a function of Vulkan's loader, or do as that does.
pub(super) unsafe extern "system" fn initialize(
    next: vk::PFN_vkGetInstanceProcAddr,
    _user: *mut c_void,
) -> vk::PFN_vkGetInstanceProcAddr {
    seen().next = Some(next);
    get_instance_proc_addr
}

/// # Safety
/// As Vulkan says for `vkGetInstanceProcAddr`.
unsafe extern "system" fn get_instance_proc_addr(instance: vk::Instance, name: FunctionName) -> vk::PFN_vkVoidFunction {
    // Copied, so that nothing is locked while other code runs.
    let next = seen().next?;
    // SAFETY: promised by the caller.
    let theirs = unsafe { next(instance, name) };
    if theirs.is_none() || name.is_null() {
        return theirs;
    }
    // SAFETY: the name ends in 0, as the caller promised.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: pointers to functions, of which the caller knows the type by the name.
    unsafe {
        match name.to_bytes() {
            b"vkGetInstanceProcAddr" => {
                Some(transmute::<vk::PFN_vkGetInstanceProcAddr, Function>(get_instance_proc_addr))
            }
            b"vkCreateInstance" => Some(transmute::<vk::PFN_vkCreateInstance, Function>(create_instance)),
            b"vkCreateDevice" => {
                will_create_device(instance);
                Some(transmute::<vk::PFN_vkCreateDevice, Function>(create_device))
            }
            _ => theirs,
        }
    }
}

/// The call itself does not say to which instance the physical device belongs: it is the one that was asked for the function.
fn will_create_device(instance: vk::Instance) {
    let mut seen = seen();
    let known = seen.instances.iter().position(|known| known.handle == instance);
    let known = known.map(|at| seen.instances.remove(at));
    // Else one that was made before anyone listened.
    seen.instances.push(known.unwrap_or(SeenInstance { handle: instance, has_extensions: false }));
}

/// The next function of this name, as the type that Vulkan gives it.
///
/// # Safety
/// `F` must be the type of a pointer to the function `name`.
unsafe fn next<F: Copy>(instance: vk::Instance, name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<vk::PFN_vkVoidFunction>()) };
    let next = seen().next?;
    // SAFETY: the instance is null or one that the loader has made.
    let function = unsafe { next(instance, name.as_ptr()) };
    // SAFETY: both are a pointer to a function; the caller knows the type.
    function.map(|_| unsafe { std::mem::transmute_copy::<vk::PFN_vkVoidFunction, F>(&function) })
}

/// # Safety
/// As Vulkan says for `vkCreateInstance`.
unsafe extern "system" fn create_instance(
    info: *const vk::InstanceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Instance,
) -> vk::Result {
    // SAFETY: the name and the type belong together.
    let Some(create) = (unsafe { next::<vk::PFN_vkCreateInstance>(vk::Instance::null(), c"vkCreateInstance") }) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    // SAFETY: as the caller promised.
    unsafe {
        let with = guarded(|| create_instance_with(create, info, allocator, out));
        if with == Some(vk::Result::SUCCESS) {
            return vk::Result::SUCCESS;
        }
        let result = create(info, allocator, out);
        if result == vk::Result::SUCCESS {
            remember_instance(SeenInstance { handle: *out, has_extensions: false });
        }
        result
    }
}

/// # Safety
/// As Vulkan says for `vkCreateInstance`, which `create` is.
unsafe fn create_instance_with(
    create: vk::PFN_vkCreateInstance,
    info: *const vk::InstanceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Instance,
) -> Option<vk::Result> {
    // SAFETY: names and types belong together, and pointers are as the caller promised.
    unsafe {
        let enumerate: vk::PFN_vkEnumerateInstanceExtensionProperties =
            next(vk::Instance::null(), c"vkEnumerateInstanceExtensionProperties")?;
        let there = extensions(|count, properties| enumerate(std::ptr::null(), count, properties))?;
        let mut names = Names::of((*info).pp_enabled_extension_names, (*info).enabled_extension_count)?;
        // Vulkan 1.1 has them all.
        let is_newer = (*info).p_application_info.as_ref().is_some_and(|app| app.api_version >= vk::API_VERSION_1_1);
        let mut has_extensions = true;
        for name in INSTANCE_EXTENSIONS {
            has_extensions &= names.add(name, &there);
        }
        let changed = vk::InstanceCreateInfo {
            enabled_extension_count: names.count(),
            pp_enabled_extension_names: names.pointer(),
            ..*info
        };
        let result = create(&changed, allocator, out);
        if result == vk::Result::SUCCESS {
            remember_instance(SeenInstance { handle: *out, has_extensions: has_extensions || is_newer });
        }
        Some(result)
    }
}

fn remember_instance(instance: SeenInstance) {
    let mut seen = seen();
    seen.instances.retain(|known| known.handle != instance.handle);
    seen.instances.push(instance);
}

/// # Safety
/// As Vulkan says for `vkCreateDevice`.
unsafe extern "system" fn create_device(
    physical: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Device,
) -> vk::Result {
    let Some(instance) = seen().instances.last().copied() else { return vk::Result::ERROR_INITIALIZATION_FAILED };
    // SAFETY: the name and the type belong together.
    let Some(create) = (unsafe { next::<vk::PFN_vkCreateDevice>(instance.handle, c"vkCreateDevice") }) else {
        return vk::Result::ERROR_INITIALIZATION_FAILED;
    };
    // SAFETY: as the caller promised.
    unsafe {
        let with = guarded(|| create_device_with(instance, create, physical, info, allocator, out));
        if with == Some(vk::Result::SUCCESS) {
            return vk::Result::SUCCESS;
        }
        let result = create(physical, info, allocator, out);
        if result == vk::Result::SUCCESS {
            remember_device(*out, chain::features_of(&*info));
        }
        result
    }
}

/// # Safety
/// As Vulkan says for `vkCreateDevice`, which `create` is.
unsafe fn create_device_with(
    instance: SeenInstance,
    create: vk::PFN_vkCreateDevice,
    physical: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Device,
) -> Option<vk::Result> {
    // SAFETY: names and types belong together, and pointers are as the caller promised.
    unsafe {
        let enumerate: vk::PFN_vkEnumerateDeviceExtensionProperties =
            next(instance.handle, c"vkEnumerateDeviceExtensionProperties")?;
        let there = extensions(|count, properties| enumerate(physical, std::ptr::null(), count, properties))?;
        let mut names = Names::of((*info).pp_enabled_extension_names, (*info).enabled_extension_count)?;
        let mut wanted = supported(instance, physical)?;
        if instance.has_extensions {
            for name in DEVICE_EXTENSIONS {
                names.add(name, &there);
            }
            wanted.float16 &= names.add(vk::KHR_SHADER_FLOAT16_INT8_NAME, &there);
            wanted.integer_dot_product &= names.add(vk::KHR_SHADER_INTEGER_DOT_PRODUCT_NAME, &there);
            wanted.external_semaphore &=
                names.add(chain::EXTERNAL_SEMAPHORE, &there) && names.add(vk::KHR_TIMELINE_SEMAPHORE_NAME, &there);
        } else {
            wanted = Features { extended_formats: wanted.extended_formats, ..Features::default() };
        }
        let mut result = vk::Result::ERROR_INITIALIZATION_FAILED;
        chain::with_features(&*info, wanted, |changed| {
            let changed = vk::DeviceCreateInfo {
                enabled_extension_count: names.count(),
                pp_enabled_extension_names: names.pointer(),
                ..*changed
            };
            result = create(physical, &changed, allocator, out);
            if result == vk::Result::SUCCESS {
                remember_device(*out, chain::features_of(&changed));
            }
        });
        Some(result)
    }
}

/// Which of the features the physical device has.
///
/// # Safety
/// `physical` must belong to the instance.
unsafe fn supported(instance: SeenInstance, physical: vk::PhysicalDevice) -> Option<Features> {
    // SAFETY: names and types belong together; the structures are valid and form a chain.
    unsafe {
        let ask: vk::PFN_vkGetPhysicalDeviceFeatures = next(instance.handle, c"vkGetPhysicalDeviceFeatures")?;
        let mut basic = vk::PhysicalDeviceFeatures::default();
        ask(physical, &mut basic);
        let extended_formats = basic.shader_storage_image_extended_formats == vk::TRUE;
        let ask_more: Option<vk::PFN_vkGetPhysicalDeviceFeatures2> =
            match next(instance.handle, c"vkGetPhysicalDeviceFeatures2") {
                Some(ask) => Some(ask),
                None => next(instance.handle, c"vkGetPhysicalDeviceFeatures2KHR"),
            };
        let Some(ask_more) = ask_more.filter(|_| instance.has_extensions) else {
            return Some(Features { extended_formats, ..Features::default() });
        };
        let mut float16 = vk::PhysicalDeviceShaderFloat16Int8Features::default();
        let mut dot = vk::PhysicalDeviceShaderIntegerDotProductFeatures::default();
        let mut timeline = vk::PhysicalDeviceTimelineSemaphoreFeatures::default();
        let mut all =
            vk::PhysicalDeviceFeatures2::default().push_next(&mut float16).push_next(&mut dot).push_next(&mut timeline);
        ask_more(physical, &mut all);
        Some(Features {
            extended_formats,
            float16: float16.shader_float16 == vk::TRUE,
            integer_dot_product: dot.shader_integer_dot_product == vk::TRUE,
            cooperative_matrix: false,
            // A matter of extensions alone.
            external_memory: false,
            external_semaphore: timeline.timeline_semaphore == vk::TRUE,
        })
    }
}

fn remember_device(device: vk::Device, features: Features) {
    let mut seen = seen();
    seen.devices.retain(|(known, _)| *known != device);
    seen.devices.push((device, features));
}

/// Runs what is more than Unity asked for; nothing that goes wrong in it may reach Unity.
fn guarded<T>(body: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten()
}

/// The list of extensions that an enumeration of Vulkan gives.
fn extensions(
    mut enumerate: impl FnMut(*mut u32, *mut vk::ExtensionProperties) -> vk::Result,
) -> Option<Vec<vk::ExtensionProperties>> {
    let mut count = 0;
    if enumerate(&mut count, std::ptr::null_mut()) != vk::Result::SUCCESS {
        return None;
    }
    let mut list = vec![vk::ExtensionProperties::default(); count as usize];
    if enumerate(&mut count, list.as_mut_ptr()) != vk::Result::SUCCESS {
        return None;
    }
    list.truncate(count as usize);
    Some(list)
}

/// The extensions that are asked for.
struct Names(Vec<*const c_char>);

impl Names {
    /// # Safety
    /// `names` must point to `count` texts that end in 0.
    unsafe fn of(names: *const *const c_char, count: u32) -> Option<Self> {
        if count == 0 {
            return Some(Self(Vec::new()));
        }
        if names.is_null() {
            return None;
        }
        // SAFETY: promised by the caller.
        Some(Self(unsafe { std::slice::from_raw_parts(names, count as usize) }.to_vec()))
    }

    /// Adds a name, if it is `there` and not asked for yet. Gives whether it is asked for then.
    fn add(&mut self, name: &'static CStr, there: &[vk::ExtensionProperties]) -> bool {
        // SAFETY: texts that end in 0, as whoever gave them promised.
        if self.0.iter().any(|&known| !known.is_null() && unsafe { CStr::from_ptr(known) } == name) {
            return true;
        }
        let is_there = there.iter().any(|found| found.extension_name_as_c_str() == Ok(name));
        if is_there {
            self.0.push(name.as_ptr());
        }
        is_there
    }

    fn count(&self) -> u32 {
        self.0.len() as u32
    }

    fn pointer(&self) -> *const *const c_char {
        self.0.as_ptr()
    }
}

#[cfg(test)]
mod tests;
