//! The kernels as Vulkan takes them: compiled from `shaders/*.slang`, made for a shape by specialization constants.

use neuvol_plan::Kernel;

macro_rules! spirv {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../shaders/spirv/", $name, ".spv")).as_slice())
    };
}

/// The specialization constants, from number 0 on.
pub(crate) fn constants(kernel: Kernel) -> Vec<u32> {
    match kernel {
        Kernel::Head(shape) | Kernel::HeadInt8(shape) => vec![shape.blocks.into(), shape.hidden.into(), shape.depth()],
        Kernel::HeadHalf(shape) => vec![shape.blocks.into(), shape.hidden.into(), shape.half_depth()],
        Kernel::HeadMatrix(shape) => vec![shape.tiles(), shape.hidden.into()],
        Kernel::GridMatrix(shape) => vec![u32::from(shape.neurons) / 16, shape.log2_cell.into()],
        Kernel::Grid(shape) => {
            let (neurons, block) = (u32::from(shape.neurons), shape.block());
            vec![block / 4, neurons / block, shape.hidden.into(), shape.log2_cell.into()]
        }
        Kernel::GridHalf(shape) => {
            let (neurons, block) = (u32::from(shape.neurons), shape.block());
            vec![block / 4, neurons / block, shape.log2_cell.into()]
        }
        _ => Vec::new(),
    }
}

/// The module, for `vkCreateShaderModule`.
pub(crate) fn spirv(kernel: Kernel) -> &'static [u8] {
    module(kernel).1
}

/// For messages.
pub(crate) fn name(kernel: Kernel) -> &'static str {
    module(kernel).0
}

fn module(kernel: Kernel) -> (&'static str, &'static [u8]) {
    match kernel {
        Kernel::Copy => spirv!("copy"),
        Kernel::Mix => spirv!("mix"),
        Kernel::Small => spirv!("small"),
        Kernel::Rise => spirv!("rise"),
        Kernel::Plane => spirv!("plane"),
        Kernel::Lines => spirv!("lines"),
        Kernel::Halve => spirv!("halve"),
        Kernel::Mean => spirv!("mean"),
        Kernel::Head(_) => spirv!("head"),
        Kernel::HeadHalf(_) => spirv!("head_half"),
        Kernel::HeadInt8(_) => spirv!("head_int8"),
        Kernel::HeadMatrix(_) => spirv!("head_matrix"),
        Kernel::HeadFused(_) | Kernel::GridFused(_) | Kernel::GridSteps(_) => {
            unreachable!("no variant of kernels for Vulkan is fused")
        }
        Kernel::Fold => spirv!("fold"),
        Kernel::Grid(_) => spirv!("grid"),
        Kernel::GridHalf(_) => spirv!("grid_half"),
        Kernel::GridMatrix(_) => spirv!("grid_matrix"),
        Kernel::GridDeep => spirv!("grid_deep"),
        Kernel::Contract => spirv!("contract"),
        Kernel::Finish => spirv!("finish"),
        Kernel::Reduce => spirv!("reduce"),
        Kernel::StoreBuffer => spirv!("store_buffer"),
        Kernel::StoreR32F => spirv!("store_r32f"),
        Kernel::StoreR16F => spirv!("store_r16f"),
        Kernel::StoreR8 => spirv!("store_r8"),
        Kernel::StoreR16 => spirv!("store_r16"),
        Kernel::StoreRg16F => spirv!("store_rg16f"),
        Kernel::StoreRgba16F => spirv!("store_rgba16f"),
    }
}
