//! What the kernels of a plan are called here, and how they are launched.

use neuvol_plan::{HeadShape, Kernel};

/// A file of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Module {
    Basic,
    Grid,
    Head,
}

impl Module {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [Self::Basic, Self::Grid, Self::Head];
}

/// How a kernel is launched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) module: Module,
    pub(crate) name: String,
    /// Threads of a block.
    pub(crate) threads: u32,
    /// See `Launch` in `common.cuh`.
    pub(crate) shape: [u32; 2],
}

/// Blocks of channels that `head.cu` has kernels for in registers.
const HEADS: [u8; 6] = [1, 2, 3, 4, 6, 8];

/// The kernel of a plan. `None` for those of other backends: plans for this one have none of them.
pub(crate) fn entry(kernel: Kernel) -> Option<Entry> {
    let basic = |name: &str, threads| Some(Entry { module: Module::Basic, name: name.into(), threads, shape: [0; 2] });
    let grid = |name: String, threads, shape| Some(Entry { module: Module::Grid, name, threads, shape });
    let head = |name: String, threads, shape| Some(Entry { module: Module::Head, name, threads, shape });
    match kernel {
        Kernel::Copy => basic("copy", 64),
        Kernel::Mix => basic("mix", 64),
        Kernel::Small => basic("small", 128),
        Kernel::Rise => basic("rise", 128),
        Kernel::Plane => basic("plane", 128),
        Kernel::Lines => basic("lines", 64),
        Kernel::Halve => basic("halve", 64),
        Kernel::Mean => basic("mean", 128),
        Kernel::Contract => basic("contract", 64),
        Kernel::Finish => basic("finish", 64),
        Kernel::Reduce => basic("reduce", 64),
        Kernel::StoreBuffer => basic("store_buffer", 64),
        Kernel::Fold => grid("fold".into(), 128, [0; 2]),
        Kernel::Grid(shape) => match (shape.neurons, shape.hidden, shape.log2_cell) {
            (_, 1, cell @ 1..=2) => grid(format!("grid_4_1_{cell}"), 128, [0; 2]),
            (16, 2, cell @ 1..=2) => grid(format!("grid_4_2_{cell}"), 128, [0; 2]),
            (_, 2, cell @ 1..=2) => grid(format!("grid_8_2_{cell}"), 128, [0; 2]),
            // Over the same tiles.
            _ => grid("grid_deep".into(), 32, [1, 0]),
        },
        Kernel::GridDeep => grid("grid_deep".into(), 32, [0; 2]),
        Kernel::GridSteps(shape) => grid(format!("grid_steps_{}", shape.neurons), 256, [0; 2]),
        Kernel::GridFused(shape) => grid(format!("grid_fused_{}", shape.neurons), 256, [0; 2]),
        Kernel::Head(HeadShape { blocks, hidden }) if hidden <= 1 && HEADS.contains(&blocks) => {
            head(format!("head_{blocks}_{hidden}"), 128, [0; 2])
        }
        Kernel::Head(HeadShape { blocks, hidden }) => head("head_any".into(), 32, [blocks.into(), hidden.into()]),
        Kernel::HeadFused(HeadShape { blocks, hidden }) => {
            head(format!("head_fused_{}_{hidden}", blocks.div_ceil(2)), 256, [0; 2])
        }
        Kernel::HeadHalf(_)
        | Kernel::HeadInt8(_)
        | Kernel::HeadMatrix(_)
        | Kernel::GridHalf(_)
        | Kernel::GridMatrix(_)
        | Kernel::StoreR32F
        | Kernel::StoreR16F
        | Kernel::StoreR8
        | Kernel::StoreR16
        | Kernel::StoreRg16F
        | Kernel::StoreRgba16F => None,
    }
}

/// Bytes of shared memory that a launch of a kernel asks for, beyond what its code declares; `n_inputs` is the largest of the
/// records of [`Kernel::GridFused`] (see [`FUSED_INPUTS`]).
pub(crate) fn shared_bytes(kernel: Kernel, n_inputs: u32) -> u32 {
    let (Kernel::GridFused(shape) | Kernel::GridSteps(shape)) = kernel else { return 0 };
    let (neurons, cells) = (u32::from(shape.neurons), shape.fused_cells());
    // See `Fused` in `grid_fused.cuh`.
    let coarse = (cells / 4 + 1) * 9;
    let middle = (cells / 2 + 1) * 25;
    let fine = (cells + 1) * 81;
    let fragments = if neurons > 32 { neurons / 16 * (neurons / 8) * 32 * 8 } else { 0 };
    fine * neurons * 2
        + (middle + coarse + 1) * neurons * 4
        + n_inputs * neurons * 2
        + fragments
        + coarse * n_inputs * 4
}

/// The word of a record of [`Kernel::GridFused`] that says how many inputs the network has.
pub(crate) const FUSED_INPUTS: usize = 11;
/// At most.
pub(crate) const MOST_FUSED_INPUTS: u32 = 64;
