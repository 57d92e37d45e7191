//! The hook between a caller and a loader that is made up.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Call by call: "instance" or "device" and extensions, and the features of a device.
type Calls = Vec<(Vec<String>, Features)>;

/// What the loader was asked for.
static CALLS: Mutex<Calls> = Mutex::new(Vec::new());
/// Whether the loader refuses whatever Unity did not ask for itself.
static REFUSES: AtomicBool = AtomicBool::new(false);
/// Whether the device can share semaphores.
static SEMAPHORES: AtomicBool = AtomicBool::new(true);
/// The tests share all of this, and the state of the hook.
static ALONE: Mutex<()> = Mutex::new(());

const UNITYS: &CStr = c"VK_KHR_surface";

fn handle<T>(number: usize) -> T {
    const { assert!(size_of::<T>() == size_of::<usize>()) };
    // SAFETY: handles are numbers to everything here.
    unsafe { std::mem::transmute_copy(&number) }
}

/// # Safety
/// As for [`Names::of`].
unsafe fn noted(kind: &str, names: *const *const c_char, count: u32, features: Features) -> vk::Result {
    // SAFETY: promised by the caller.
    let names = unsafe { Names::of(names, count) }.expect("valid names").0;
    // SAFETY: as above.
    let names = names.into_iter().map(|name| unsafe { CStr::from_ptr(name) }.to_str().expect("ASCII").to_owned());
    let names: Vec<String> = [kind.to_owned()].into_iter().chain(names).collect();
    let refused = REFUSES.load(Ordering::Relaxed) && (names.len() > 2 || features != Features::default());
    CALLS.lock().expect("a lock").push((names, features));
    if refused { vk::Result::ERROR_FEATURE_NOT_PRESENT } else { vk::Result::SUCCESS }
}

unsafe extern "system" fn make_instance(
    info: *const vk::InstanceCreateInfo<'_>,
    _: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Instance,
) -> vk::Result {
    // SAFETY: the hook and the tests give valid pointers.
    unsafe {
        *out = handle(0x10);
        let info = &*info;
        noted("instance", info.pp_enabled_extension_names, info.enabled_extension_count, Features::default())
    }
}

unsafe extern "system" fn make_device(
    _: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    _: *const vk::AllocationCallbacks<'_>,
    out: *mut vk::Device,
) -> vk::Result {
    // SAFETY: as above.
    unsafe {
        *out = handle(0x20);
        let info = &*info;
        noted("device", info.pp_enabled_extension_names, info.enabled_extension_count, chain::features_of(info))
    }
}

/// # Safety
/// As Vulkan says for enumerations.
unsafe fn enumerate(names: &[&CStr], count: *mut u32, out: *mut vk::ExtensionProperties) -> vk::Result {
    // SAFETY: promised by the caller.
    unsafe {
        if out.is_null() {
            *count = names.len() as u32;
        }
        for (n, name) in names.iter().enumerate().take(if out.is_null() { 0 } else { *count as usize }) {
            *out.add(n) = vk::ExtensionProperties::default().extension_name(name).expect("a short name");
        }
    }
    vk::Result::SUCCESS
}

unsafe extern "system" fn instance_extensions(
    _: *const c_char,
    count: *mut u32,
    out: *mut vk::ExtensionProperties,
) -> vk::Result {
    // SAFETY: as Vulkan says.
    unsafe { enumerate(INSTANCE_EXTENSIONS, count, out) }
}

/// All but those of integer dot products; without [`SEMAPHORES`] also not that of semaphores.
fn offered() -> Vec<&'static CStr> {
    let mut names = [DEVICE_EXTENSIONS, &[vk::KHR_SHADER_FLOAT16_INT8_NAME, vk::KHR_TIMELINE_SEMAPHORE_NAME]].concat();
    names.retain(|name| SEMAPHORES.load(Ordering::Relaxed) || *name != chain::EXTERNAL_SEMAPHORE);
    names
}

unsafe extern "system" fn device_extensions(
    _: vk::PhysicalDevice,
    _: *const c_char,
    count: *mut u32,
    out: *mut vk::ExtensionProperties,
) -> vk::Result {
    let names = offered();
    // SAFETY: as Vulkan says.
    unsafe { enumerate(&names, count, out) }
}

unsafe extern "system" fn features(_: vk::PhysicalDevice, out: *mut vk::PhysicalDeviceFeatures) {
    // SAFETY: as Vulkan says.
    unsafe { (*out).shader_storage_image_extended_formats = vk::TRUE };
}

/// Says yes to all that the hook asks about.
unsafe extern "system" fn features2(_: vk::PhysicalDevice, out: *mut vk::PhysicalDeviceFeatures2<'_>) {
    // SAFETY: as Vulkan says; all structures are a header and numbers of 32 bits, which begin with the features.
    unsafe {
        let mut at = (*out).p_next.cast::<vk::BaseOutStructure<'_>>();
        while let Some(structure) = at.as_mut() {
            let first = at.add(1).cast::<u32>();
            match structure.s_type {
                vk::StructureType::PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES
                | vk::StructureType::PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES
                | vk::StructureType::PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES => *first = vk::TRUE,
                other => panic!("{other:?} is not asked about"),
            }
            at = structure.p_next;
        }
    }
}

unsafe extern "system" fn loader(instance: vk::Instance, name: FunctionName) -> vk::PFN_vkVoidFunction {
    // SAFETY: names end in 0; types are those of the names.
    unsafe {
        let of_instance = instance != vk::Instance::null();
        match CStr::from_ptr(name).to_bytes() {
            b"vkGetInstanceProcAddr" => Some(transmute::<vk::PFN_vkGetInstanceProcAddr, Function>(loader)),
            b"vkCreateInstance" => Some(transmute::<vk::PFN_vkCreateInstance, Function>(make_instance)),
            b"vkEnumerateInstanceExtensionProperties" => {
                Some(transmute::<vk::PFN_vkEnumerateInstanceExtensionProperties, Function>(instance_extensions))
            }
            _ if !of_instance => None,
            b"vkCreateDevice" => Some(transmute::<vk::PFN_vkCreateDevice, Function>(make_device)),
            b"vkEnumerateDeviceExtensionProperties" => {
                Some(transmute::<vk::PFN_vkEnumerateDeviceExtensionProperties, Function>(device_extensions))
            }
            b"vkGetPhysicalDeviceFeatures" => {
                Some(transmute::<vk::PFN_vkGetPhysicalDeviceFeatures, Function>(features))
            }
            b"vkGetPhysicalDeviceFeatures2KHR" => {
                Some(transmute::<vk::PFN_vkGetPhysicalDeviceFeatures2, Function>(features2))
            }
            _ => None,
        }
    }
}

/// What Unity does. Gives the results, and what the loader was asked for.
fn run(refuses: bool) -> ([vk::Result; 2], vk::Device, Calls) {
    REFUSES.store(refuses, Ordering::Relaxed);
    let names = [UNITYS.as_ptr()];
    // SAFETY: the loader above does as a loader does, and pointers are of values here.
    unsafe {
        let get = initialize(loader, std::ptr::null_mut());
        let none = vk::Instance::null();
        assert!(get(none, c"vkCreateDevice".as_ptr()).is_none(), "what the loader lacks is not made up");
        let create: vk::PFN_vkCreateInstance =
            transmute::<Function, _>(get(none, c"vkCreateInstance".as_ptr()).expect("a function"));
        let info = vk::InstanceCreateInfo::default().enabled_extension_names(&names);
        let mut instance = none;
        let first = create(&info, std::ptr::null(), &mut instance);
        let create: vk::PFN_vkCreateDevice =
            transmute::<Function, _>(get(instance, c"vkCreateDevice".as_ptr()).expect("a function"));
        let info = vk::DeviceCreateInfo::default().enabled_extension_names(&names);
        let mut device = vk::Device::null();
        let second = create(handle(0x30), &info, std::ptr::null(), &mut device);
        ([first, second], device, std::mem::take(&mut CALLS.lock().expect("a lock")))
    }
}

#[test]
fn what_is_there_is_added_and_remembered() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (results, device, calls) = run(false);
    assert_eq!(results, [vk::Result::SUCCESS; 2]);
    let [(instance, _), (names, features)] = &calls[..] else { panic!("{calls:?}") };
    let text = |names: &[&CStr]| names.iter().map(|name| name.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(instance[..2], ["instance", UNITYS.to_str().unwrap()], "Unity's own come first");
    assert_eq!(instance[2..], text(INSTANCE_EXTENSIONS));
    assert_eq!(names[2..], text(&offered()));
    let expected = Features {
        extended_formats: true,
        float16: true,
        external_memory: true,
        external_semaphore: true,
        ..Features::default()
    };
    assert_eq!(*features, expected, "a feature without its extension is not asked for");
    assert_eq!(features_of(device), expected);
    assert_eq!(features_of(handle(0x99)), Features::default());
}

#[test]
fn without_shared_semaphores_no_timelines_are_asked_for() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    SEMAPHORES.store(false, Ordering::Relaxed);
    let (results, device, calls) = run(false);
    SEMAPHORES.store(true, Ordering::Relaxed);
    assert_eq!(results, [vk::Result::SUCCESS; 2]);
    let timeline = vk::KHR_TIMELINE_SEMAPHORE_NAME.to_str().unwrap();
    assert!(!calls[1].0.iter().any(|name| name == timeline), "{calls:?}");
    let features = features_of(device);
    assert_eq!((features.external_memory, features.external_semaphore), (true, false));
}

#[test]
fn refused_additions_leave_what_unity_asked_for() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (results, device, calls) = run(true);
    assert_eq!(results, [vk::Result::SUCCESS; 2]);
    let asked: Vec<(usize, bool)> =
        calls.iter().map(|(names, features)| (names.len(), features.extended_formats)).collect();
    assert_eq!(asked, [(5, false), (2, false), (2, true), (2, false)], "each is tried with more first: {calls:?}");
    assert_eq!(features_of(device), Features::default());
}
