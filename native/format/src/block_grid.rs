//! A grid cut into blocks (SPEC section 6).

use crate::variable::product;

/// A grid and the blocks that it is cut into; those at the upper edges may be smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockGrid {
    /// Voxels z, y, x of the grid on level 0.
    pub dims: [u32; 3],
    /// Voxels z, y, x of a block on level 0.
    pub block_dims: [u32; 3],
}

impl BlockGrid {
    /// Number of blocks z, y, x; the same on all levels.
    #[must_use]
    pub fn blocks(&self) -> [u32; 3] {
        std::array::from_fn(|axis| self.dims[axis].div_ceil(self.block_dims[axis].max(1)))
    }

    /// Number of blocks.
    #[must_use]
    pub fn n_blocks(&self) -> u32 {
        u32::try_from(product(self.blocks())).unwrap_or(u32::MAX)
    }

    /// Position (bz, by, bx) of block number `block` in the grid of blocks.
    #[must_use]
    pub fn position(&self, block: u32) -> [u32; 3] {
        let [_, ny, nx] = self.blocks().map(|n| n.max(1));
        [block / nx / ny, block / nx % ny, block % nx]
    }

    /// Number of the block at position (bz, by, bx) of the grid of blocks.
    #[must_use]
    pub fn index(&self, position: [u32; 3]) -> u32 {
        let [_, ny, nx] = self.blocks();
        let [bz, by, bx] = position;
        bz.wrapping_mul(ny).wrapping_add(by).wrapping_mul(nx).wrapping_add(bx)
    }

    /// First voxel z, y, x of a block on level 0.
    #[must_use]
    pub fn origin(&self, block: u32) -> [u32; 3] {
        let position = self.position(block);
        std::array::from_fn(|axis| position[axis].saturating_mul(self.block_dims[axis]))
    }

    /// Voxels z, y, x of a block on a level: the block, cut at the edge of the grid, halved `level` times (rounding up).
    /// All 0 for a block that does not exist.
    #[must_use]
    pub fn extent(&self, block: u32, level: u8) -> [u32; 3] {
        if block >= self.n_blocks() {
            return [0; 3];
        }
        let origin = self.origin(block);
        std::array::from_fn(|axis| {
            let rest = self.dims[axis].saturating_sub(origin[axis]).min(self.block_dims[axis]);
            halved(rest, level)
        })
    }

    /// Voxels z, y, x of the whole grid on a level: every axis halved `level` times, rounding up.
    #[must_use]
    pub fn level_dims(&self, level: u8) -> [u32; 3] {
        self.dims.map(|n| halved(n, level))
    }
}

/// ⌈n / 2^level⌉.
fn halved(n: u32, level: u8) -> u32 {
    n.div_ceil(1 << u32::from(level).min(31))
}
