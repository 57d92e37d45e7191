//! Optional features of devices, and the faster variants of kernels that they allow.

use ash::vk;
use neuvol_plan::{Variant, Variants};
use std::sync::atomic::{AtomicU8, Ordering};

/// Optional features that a host has enabled on its device: what the device merely supports does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// `shaderStorageImageExtendedFormats`. Without it only R32F and RGBA16F images can be stored to; others are copied to.
    pub extended_formats: bool,
    /// `shaderFloat16`.
    pub float16: bool,
    /// `shaderIntegerDotProduct`. Only heads of wavelet latents have kernels for it, which are used where those for 16-bit floats
    /// are not. They gain nothing on devices without `integerDotProduct4x8BitPackedSignedAccelerated`.
    pub integer_dot_product: bool,
    /// `VK_KHR_cooperative_matrix` with `cooperativeMatrix`, `shaderFloat16`, `vulkanMemoryModel` and
    /// `vulkanMemoryModelDeviceScope`, on a device and an instance of Vulkan 1.3.
    pub cooperative_matrix: bool,
    /// `VK_KHR_external_memory_fd`, on Windows `VK_KHR_external_memory_win32`, on an instance and a device of Vulkan 1.1. See
    /// [`Gpu::ring`](crate::Gpu::ring).
    pub external_memory: bool,
    /// `VK_KHR_external_semaphore_fd`, on Windows `VK_KHR_external_semaphore_win32`, and `timelineSemaphore`. See
    /// [`Gpu::timeline`](crate::Gpu::timeline).
    pub external_semaphore: bool,
}

/// The variants that features allow. Whether a device has what [`Variant::Matrix`] is made for is for `has_matrices` to say.
pub(crate) fn allowed(features: Features) -> Variants {
    let allows = |variant: &Variant| match variant {
        Variant::Half => features.float16,
        Variant::Int8 => features.integer_dot_product,
        Variant::Matrix => features.cooperative_matrix,
        Variant::Fused => false,
    };
    let allowed = Variant::ALL.into_iter().filter(allows);
    allowed.fold(Variants::NONE, |set, variant| set.union(Variants::only(variant)))
}

/// Memory of a workgroup that the kernels with matrices need, in bytes.
const MATRIX_MEMORY: u32 = 48 << 10;

/// Whether the device has matrices of 16³ in 16-bit floats, and subgroups of 32 threads and no others, for which the kernels are
/// written. Only for hosts that have enabled cooperative matrices: their instance is of Vulkan 1.3.
pub(crate) fn has_matrices(loader: &ash::StaticFn, instance: &ash::Instance, device: vk::PhysicalDevice) -> bool {
    let mut sizes = vk::PhysicalDeviceSubgroupSizeControlProperties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut sizes);
    // SAFETY: the functions belong to a living instance.
    let entry = unsafe { ash::Entry::from_static_fn(loader.clone()) };
    let extension = ash::khr::cooperative_matrix::Instance::new(&entry, instance);
    // SAFETY: instance and device are alive; a device with cooperative matrices is one of Vulkan 1.3.
    let shapes = unsafe {
        instance.get_physical_device_properties2(device, &mut properties);
        extension.get_physical_device_cooperative_matrix_properties(device).unwrap_or_default()
    };
    let memory = properties.properties.limits.max_compute_shared_memory_size;
    let half = vk::ComponentTypeKHR::FLOAT16;
    let is_right = |shape: &vk::CooperativeMatrixPropertiesKHR<'_>| {
        [shape.m_size, shape.n_size, shape.k_size] == [16; 3]
            && [shape.a_type, shape.b_type, shape.c_type, shape.result_type] == [half; 4]
            && shape.scope == vk::ScopeKHR::SUBGROUP
    };
    [sizes.min_subgroup_size, sizes.max_subgroup_size] == [32; 2]
        && memory >= MATRIX_MEMORY
        && shapes.iter().any(is_right)
}

/// Which variants there are on a device. Changed by any thread.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// May be used if they turn out to be right: pipelines are made for them.
    enabled: AtomicU8,
    /// Have turned out to be right.
    ready: AtomicU8,
}

impl Chosen {
    pub(crate) fn new(enabled: Variants) -> Self {
        Self { enabled: AtomicU8::new(enabled.bits()), ready: AtomicU8::new(0) }
    }

    pub(crate) fn enabled(&self) -> Variants {
        Variants::from_bits(self.enabled.load(Ordering::Acquire))
    }

    pub(crate) fn ready(&self) -> Variants {
        Variants::from_bits(self.ready.load(Ordering::Acquire))
    }

    /// From now on it is used, unless it was dropped.
    pub(crate) fn accept(&self, variant: Variant) {
        let bit = Variants::only(variant).bits() & self.enabled.load(Ordering::Acquire);
        self.ready.fetch_or(bit, Ordering::AcqRel);
    }

    /// It is never used again.
    pub(crate) fn drop_variant(&self, variant: Variant, reason: &dyn std::fmt::Display) {
        let bit = Variants::only(variant).bits();
        self.ready.fetch_and(!bit, Ordering::AcqRel);
        if self.enabled.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
            log::warn!("kernels in {} are not used: {reason}", variant.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_variant_stays_dropped() {
        let chosen = Chosen::new(allowed(Features { float16: true, ..Features::default() }));
        assert_eq!(chosen.ready(), Variants::NONE);
        chosen.accept(Variant::Half);
        assert!(chosen.ready().contains(Variant::Half));
        chosen.drop_variant(Variant::Half, &"a test");
        chosen.accept(Variant::Half);
        assert_eq!((chosen.ready(), chosen.enabled()), (Variants::NONE, Variants::NONE));
    }

    #[test]
    fn without_features_there_are_no_variants() {
        assert_eq!(allowed(Features { extended_formats: true, ..Features::default() }), Variants::NONE);
    }
}
