//! What to decode.

use crate::{Error, Kernel, Precision, Result};
use neuvol_format::Variable;

/// One box of one variable at one time, level and quality.
#[derive(Debug, Clone)]
pub struct Request {
    /// Variable number.
    pub variable: u32,
    /// Quality layer, 0 is the best.
    pub quality: u8,
    /// Level of detail; level k halves every axis k times.
    pub level: u8,
    /// Time in steps, 0..=steps−1; a fraction is a time between two steps.
    pub time: f64,
    /// First voxel z, y, x of the box, in voxels of the level.
    pub min: [u32; 3],
    /// One past the last voxel.
    pub max: [u32; 3],
    /// f32 arithmetic, or the fastest that the CPU has.
    pub precision: Precision,
    /// A certain kernel instead of the best one for the precision.
    pub kernel: Option<Kernel>,
}

impl Request {
    /// The whole grid of a variable at a time, level 0, best quality, f32 arithmetic.
    pub fn whole(variable: u32, dims: [u32; 3], time: f64) -> Self {
        Self { variable, quality: 0, level: 0, time, min: [0; 3], max: dims, precision: Precision::Exact, kernel: None }
    }

    /// Extent z, y, x of the box (0 where max ≤ min).
    pub fn extent(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.max[axis].saturating_sub(self.min[axis]) as usize)
    }

    /// Number of voxels of the box; `None` if it does not fit `usize`.
    pub fn voxels(&self) -> Option<usize> {
        let [z, y, x] = self.extent();
        z.checked_mul(y)?.checked_mul(x)
    }

    pub(crate) fn check(&self, variable: &Variable) -> Result<()> {
        if self.quality >= variable.n_qualities {
            return Err(Error::argument(
                "quality",
                format!("{} does not exist, the variable has 0..={}", self.quality, variable.n_qualities - 1),
            ));
        }
        if self.level >= variable.n_levels {
            return Err(Error::argument(
                "level",
                format!("{} does not exist, the variable has 0..={}", self.level, variable.n_levels - 1),
            ));
        }
        let last = variable.steps - 1;
        if !(self.time >= 0.0 && self.time <= f64::from(last)) {
            return Err(Error::argument("time", format!("{} is outside 0..={last} steps", self.time)));
        }
        let dims = variable.level_dims(self.level);
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            if self.min[axis] >= self.max[axis] || self.max[axis] > dims[axis] {
                return Err(Error::argument(
                    "box",
                    format!(
                        "{name} range {}..{} is empty or outside 0..{} of level {}",
                        self.min[axis], self.max[axis], dims[axis], self.level
                    ),
                ));
            }
        }
        if let Some(kernel) = self.kernel
            && !kernel.is_available()
        {
            return Err(Error::argument("kernel", format!("{} is not available on this CPU", kernel.name())));
        }
        Ok(())
    }

    pub(crate) fn kernel(&self) -> Kernel {
        self.kernel.unwrap_or_else(|| Kernel::best(self.precision))
    }
}

/// What one decode did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    /// Blocks that the box overlaps.
    pub blocks: u32,
    /// Voxels written to the target.
    pub voxels: u64,
    /// Payload bytes read: those of blocks that had to be prepared.
    pub payload_bytes: u64,
    /// Wall time in seconds.
    pub seconds: f64,
}
