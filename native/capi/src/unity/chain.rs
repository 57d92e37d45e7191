//! The optional features of a device in the description that makes it: which are asked for, and a copy with more of them.
//!
//! A description has a chain of structures behind it, which belong to Unity and are not changed. The copy has copies of the
//! structures at the front of the chain, as long as their sizes are known here; the rest stays Unity's. A feature whose
//! structure stands behind an unknown one is left as it is.

use neuvol_engine::vulkan::Features;
use neuvol_engine::vulkan::vk::{self, TaggedStructure};
use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// Lets another API use the device's memory.
#[cfg(not(windows))]
pub(super) const EXTERNAL_MEMORY: &CStr = vk::KHR_EXTERNAL_MEMORY_FD_NAME;
/// Lets another API use the device's memory.
#[cfg(windows)]
pub(super) const EXTERNAL_MEMORY: &CStr = vk::KHR_EXTERNAL_MEMORY_WIN32_NAME;
/// The same for semaphores.
#[cfg(not(windows))]
pub(super) const EXTERNAL_SEMAPHORE: &CStr = vk::KHR_EXTERNAL_SEMAPHORE_FD_NAME;
/// The same for semaphores.
#[cfg(windows)]
pub(super) const EXTERNAL_SEMAPHORE: &CStr = vk::KHR_EXTERNAL_SEMAPHORE_WIN32_NAME;

/// What a description asks for. Cooperative matrices need more than a feature; nobody is told of them.
///
/// # Safety
/// All that the description points to must be as Vulkan says.
pub(super) unsafe fn features_of(info: &vk::DeviceCreateInfo<'_>) -> Features {
    let mut found = Features::default();
    let mut timeline = false;
    // SAFETY: promised by the caller: structures are what their types say.
    unsafe {
        if let Some(basic) = info.p_enabled_features.as_ref() {
            found.extended_formats |= basic.shader_storage_image_extended_formats == vk::TRUE;
        }
        for at in Chain(info.p_next.cast()) {
            match (*at).s_type {
                vk::PhysicalDeviceFeatures2::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceFeatures2<'_>>();
                    found.extended_formats |= features.features.shader_storage_image_extended_formats == vk::TRUE;
                }
                vk::PhysicalDeviceVulkan12Features::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceVulkan12Features<'_>>();
                    found.float16 |= features.shader_float16 == vk::TRUE;
                    timeline |= features.timeline_semaphore == vk::TRUE;
                }
                vk::PhysicalDeviceTimelineSemaphoreFeatures::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceTimelineSemaphoreFeatures<'_>>();
                    timeline |= features.timeline_semaphore == vk::TRUE;
                }
                vk::PhysicalDeviceShaderFloat16Int8Features::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceShaderFloat16Int8Features<'_>>();
                    found.float16 |= features.shader_float16 == vk::TRUE;
                }
                vk::PhysicalDeviceVulkan13Features::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceVulkan13Features<'_>>();
                    found.integer_dot_product |= features.shader_integer_dot_product == vk::TRUE;
                }
                vk::PhysicalDeviceShaderIntegerDotProductFeatures::STRUCTURE_TYPE => {
                    let features = &*at.cast::<vk::PhysicalDeviceShaderIntegerDotProductFeatures<'_>>();
                    found.integer_dot_product |= features.shader_integer_dot_product == vk::TRUE;
                }
                _ => {}
            }
        }
        found.external_memory = names_extension(info, EXTERNAL_MEMORY);
        found.external_semaphore = timeline && names_extension(info, EXTERNAL_SEMAPHORE);
    }
    found
}

/// # Safety
/// As for [`features_of`].
unsafe fn names_extension(info: &vk::DeviceCreateInfo<'_>, extension: &CStr) -> bool {
    if info.pp_enabled_extension_names.is_null() {
        return false;
    }
    let count = info.enabled_extension_count as usize;
    // SAFETY: promised by the caller: so many texts that end in 0.
    unsafe {
        let names: &[*const c_char] = std::slice::from_raw_parts(info.pp_enabled_extension_names, count);
        names.iter().any(|&name| !name.is_null() && CStr::from_ptr(name) == extension)
    }
}

/// Calls `body` with a copy of the description that asks for `wanted`, too, where that can be said. Of what other APIs can use only
/// the feature is added; extensions are for the caller to name.
///
/// # Safety
/// As for [`features_of`].
pub(super) unsafe fn with_features(
    info: &vk::DeviceCreateInfo<'_>,
    wanted: Features,
    body: impl FnOnce(&vk::DeviceCreateInfo<'_>),
) {
    // SAFETY: promised by the caller.
    let (mut copies, has) = unsafe { (copies(info.p_next), Has::of(info.p_next)) };
    let mut changed = *info;
    let mut basic = vk::PhysicalDeviceFeatures::default();
    if wanted.extended_formats && !has.features2 {
        // SAFETY: promised by the caller.
        basic = unsafe { info.p_enabled_features.as_ref() }.copied().unwrap_or_default();
        basic.shader_storage_image_extended_formats = vk::TRUE;
        changed.p_enabled_features = &basic;
    }
    for copy in &mut copies {
        match copy {
            Known::Features2(features) if wanted.extended_formats => {
                features.features.shader_storage_image_extended_formats = vk::TRUE;
            }
            Known::Vulkan12(features) => {
                features.shader_float16 |= vk::Bool32::from(wanted.float16);
                features.timeline_semaphore |= vk::Bool32::from(wanted.external_semaphore);
            }
            Known::TimelineSemaphore(features) if wanted.external_semaphore => features.timeline_semaphore = vk::TRUE,
            Known::Float16Int8(features) if wanted.float16 => features.shader_float16 = vk::TRUE,
            Known::Vulkan13(features) if wanted.integer_dot_product => features.shader_integer_dot_product = vk::TRUE,
            Known::DotProduct(features) if wanted.integer_dot_product => features.shader_integer_dot_product = vk::TRUE,
            _ => {}
        }
    }
    if wanted.float16 && !has.float16 {
        copies.push(Known::Float16Int8(vk::PhysicalDeviceShaderFloat16Int8Features::default().shader_float16(true)));
    }
    if wanted.integer_dot_product && !has.dot_product {
        let features = vk::PhysicalDeviceShaderIntegerDotProductFeatures::default().shader_integer_dot_product(true);
        copies.push(Known::DotProduct(features));
    }
    if wanted.external_semaphore && !has.timeline {
        let features = vk::PhysicalDeviceTimelineSemaphoreFeatures::default().timeline_semaphore(true);
        copies.push(Known::TimelineSemaphore(features));
    }
    // From the last copy to the first: each points to the one behind it.
    let mut next = has.rest;
    for copy in copies.iter_mut().rev() {
        next = copy.link(next);
    }
    changed.p_next = next;
    body(&changed);
    // Until here the copies are pointed to.
    drop(copies);
    let _ = basic;
}

/// What a chain has, and where the part of it begins that is not copied.
struct Has {
    features2: bool,
    float16: bool,
    dot_product: bool,
    timeline: bool,
    rest: *const c_void,
}

impl Has {
    /// # Safety
    /// The chain must be valid.
    unsafe fn of(chain: *const c_void) -> Self {
        let mut has = Self { features2: false, float16: false, dot_product: false, timeline: false, rest: ptr::null() };
        for at in Chain(chain.cast()) {
            // SAFETY: promised by the caller.
            let ty = unsafe { (*at).s_type };
            has.features2 |= ty == vk::PhysicalDeviceFeatures2::STRUCTURE_TYPE;
            has.float16 |= [
                vk::PhysicalDeviceVulkan12Features::STRUCTURE_TYPE,
                vk::PhysicalDeviceShaderFloat16Int8Features::STRUCTURE_TYPE,
            ]
            .contains(&ty);
            has.dot_product |= [
                vk::PhysicalDeviceVulkan13Features::STRUCTURE_TYPE,
                vk::PhysicalDeviceShaderIntegerDotProductFeatures::STRUCTURE_TYPE,
            ]
            .contains(&ty);
            has.timeline |= [
                vk::PhysicalDeviceVulkan12Features::STRUCTURE_TYPE,
                vk::PhysicalDeviceTimelineSemaphoreFeatures::STRUCTURE_TYPE,
            ]
            .contains(&ty);
            // SAFETY: as above.
            if has.rest.is_null() && unsafe { Known::copy(at) }.is_none() {
                has.rest = at.cast();
            }
        }
        has
    }
}

/// Copies of the structures at the front of a chain.
///
/// # Safety
/// The chain must be valid.
unsafe fn copies(chain: *const c_void) -> Vec<Known> {
    // SAFETY: promised by the caller.
    Chain(chain.cast()).map_while(|at| unsafe { Known::copy(at) }).collect()
}

macro_rules! known {
    ($($name:ident $ty:ident),* $(,)?) => {
        /// A copy of a structure whose size is known.
        #[allow(clippy::large_enum_variant, reason = "a handful, for one call")]
        enum Known {
            $($name(vk::$ty<'static>),)*
        }

        impl Known {
            /// # Safety
            /// `at` must point to a structure of its type.
            unsafe fn copy(at: *const vk::BaseInStructure<'_>) -> Option<Self> {
                // SAFETY: promised by the caller; the structures are plain numbers and pointers.
                unsafe {
                    match (*at).s_type {
                        $(vk::$ty::STRUCTURE_TYPE => Some(Self::$name(at.cast::<vk::$ty<'static>>().read())),)*
                        _ => None,
                    }
                }
            }

            /// Lets it point to `next`; gives where it is.
            fn link(&mut self, next: *const c_void) -> *const c_void {
                match self {
                    $(Self::$name(structure) => {
                        structure.p_next = next.cast_mut();
                        ptr::from_ref(structure).cast()
                    })*
                }
            }
        }
    };
}

known! {
    Features2 PhysicalDeviceFeatures2,
    Vulkan11 PhysicalDeviceVulkan11Features,
    Vulkan12 PhysicalDeviceVulkan12Features,
    Vulkan13 PhysicalDeviceVulkan13Features,
    Float16Int8 PhysicalDeviceShaderFloat16Int8Features,
    DotProduct PhysicalDeviceShaderIntegerDotProductFeatures,
    Storage16 PhysicalDevice16BitStorageFeatures,
    Storage8 PhysicalDevice8BitStorageFeatures,
    Multiview PhysicalDeviceMultiviewFeatures,
    Ycbcr PhysicalDeviceSamplerYcbcrConversionFeatures,
    DescriptorIndexing PhysicalDeviceDescriptorIndexingFeatures,
    BufferDeviceAddress PhysicalDeviceBufferDeviceAddressFeatures,
    TimelineSemaphore PhysicalDeviceTimelineSemaphoreFeatures,
    ImagelessFramebuffer PhysicalDeviceImagelessFramebufferFeatures,
}

/// The structures of a chain, first to last.
struct Chain(*const vk::BaseInStructure<'static>);

impl Iterator for Chain {
    type Item = *const vk::BaseInStructure<'static>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.0;
        // SAFETY: chains are valid, as every function here demands: each structure points to the next one or to nothing.
        self.0 = unsafe { at.as_ref() }?.p_next;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Features = Features {
        extended_formats: true,
        float16: true,
        integer_dot_product: true,
        cooperative_matrix: false,
        external_memory: true,
        external_semaphore: true,
    };

    /// What ALL is where no extension is named.
    const UNNAMED: Features = Features { external_memory: false, external_semaphore: false, ..ALL };

    fn types(info: &vk::DeviceCreateInfo<'_>) -> Vec<vk::StructureType> {
        // SAFETY: the chains of these tests are valid.
        Chain(info.p_next.cast()).map(|at| unsafe { (*at).s_type }).collect()
    }

    /// What is asked for with everything wanted, and the chain's types.
    fn extended(info: &vk::DeviceCreateInfo<'_>) -> (Features, Vec<vk::StructureType>) {
        let mut out = None;
        // SAFETY: the descriptions of these tests are valid.
        unsafe { with_features(info, ALL, |info| out = Some((features_of(info), types(info)))) };
        out.expect("it was called")
    }

    #[test]
    fn a_description_without_features_gets_them() {
        let info = vk::DeviceCreateInfo::default();
        let (features, types) = extended(&info);
        assert_eq!(features, UNNAMED);
        assert_eq!(types.len(), 3);
        // SAFETY: nothing is pointed to.
        assert_eq!(unsafe { features_of(&info) }, Features::default());
    }

    #[test]
    fn what_unity_asks_for_stays() {
        let basic = vk::PhysicalDeviceFeatures::default().geometry_shader(true);
        let info = vk::DeviceCreateInfo::default().enabled_features(&basic);
        // SAFETY: the description is valid.
        unsafe {
            with_features(&info, ALL, |info| {
                assert_eq!((*info.p_enabled_features).geometry_shader, vk::TRUE);
                assert_eq!((*info.p_enabled_features).shader_storage_image_extended_formats, vk::TRUE);
            });
        }
        assert_eq!(basic.shader_storage_image_extended_formats, vk::FALSE, "Unity's own memory is not changed");
    }

    #[test]
    fn structures_that_are_there_are_copied_and_extended() {
        let mut features2 = vk::PhysicalDeviceFeatures2::default();
        let mut vulkan12 = vk::PhysicalDeviceVulkan12Features::default().timeline_semaphore(true);
        let mut cooperative = vk::PhysicalDeviceCooperativeMatrixFeaturesKHR::default().cooperative_matrix(true);
        let info = vk::DeviceCreateInfo::default()
            .push_next(&mut cooperative)
            .push_next(&mut vulkan12)
            .push_next(&mut features2);
        let before = types(&info);
        let (features, after) = extended(&info);
        assert_eq!(features, UNNAMED);
        let added = vk::PhysicalDeviceShaderIntegerDotProductFeatures::STRUCTURE_TYPE;
        assert_eq!(after, [before[0], before[1], added, before[2]], "the rest of the chain is Unity's");
        // SAFETY: the description is valid.
        unsafe {
            with_features(&info, ALL, |info| {
                let kept = Chain(info.p_next.cast())
                    .nth(1)
                    .expect("the copy")
                    .cast::<vk::PhysicalDeviceVulkan12Features<'_>>();
                assert_eq!((*kept).timeline_semaphore, vk::TRUE);
            });
            assert_eq!(features_of(&info), Features::default());
        }
    }

    #[test]
    fn a_structure_behind_an_unknown_one_is_left_alone() {
        let mut features2 = vk::PhysicalDeviceFeatures2::default();
        let mut unknown = vk::PhysicalDeviceMeshShaderFeaturesEXT::default();
        let info = vk::DeviceCreateInfo::default().push_next(&mut features2).push_next(&mut unknown);
        let (features, types) = extended(&info);
        assert_eq!(features, Features { extended_formats: false, ..UNNAMED });
        assert_eq!(types.len(), 5);
        assert_eq!(types[3..], [unknown.s_type, vk::PhysicalDeviceFeatures2::STRUCTURE_TYPE]);
    }

    #[test]
    fn what_other_apis_can_use_takes_names_and_a_feature() {
        let asks = |names: &[*const c_char], timeline: bool| {
            let mut features = vk::PhysicalDeviceTimelineSemaphoreFeatures::default().timeline_semaphore(timeline);
            let info = vk::DeviceCreateInfo::default().enabled_extension_names(names).push_next(&mut features);
            // SAFETY: the description is valid.
            let found = unsafe { features_of(&info) };
            (found.external_memory, found.external_semaphore)
        };
        let (other, memory, semaphore) =
            (vk::KHR_SWAPCHAIN_NAME.as_ptr(), EXTERNAL_MEMORY.as_ptr(), EXTERNAL_SEMAPHORE.as_ptr());
        assert_eq!(asks(&[], true), (false, false));
        assert_eq!(asks(&[other, memory], true), (true, false));
        assert_eq!(asks(&[semaphore, other], true), (false, true));
        assert_eq!(asks(&[memory, semaphore], false), (true, false));
    }

    #[test]
    fn unitys_own_timelines_are_extended_in_place() {
        let mut timeline = vk::PhysicalDeviceTimelineSemaphoreFeatures::default();
        let names = [EXTERNAL_MEMORY.as_ptr(), EXTERNAL_SEMAPHORE.as_ptr()];
        let info = vk::DeviceCreateInfo::default().enabled_extension_names(&names).push_next(&mut timeline);
        let (features, types) = extended(&info);
        assert_eq!(features, ALL);
        assert_eq!(types.iter().filter(|ty| **ty == timeline.s_type).count(), 1, "no structure may be there twice");
        assert_eq!(timeline.timeline_semaphore, vk::FALSE, "Unity's own memory is not changed");
    }
}
