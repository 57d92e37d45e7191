//! The lowest band: differences to a neighbour.

use crate::MAX_MAGNITUDE;
use crate::error::Damage;
use crate::layout::Layout;
use crate::range::Bits;
use crate::slot::Slot;

/// Bits of the largest difference.
const LENGTH_MOST: usize = (2 * MAX_MAGNITUDE).ilog2() as usize + 1;

/// What is known about the lengths of differences.
#[derive(Debug)]
pub(crate) struct Lowest {
    /// By the length of the difference before, and by the bits of the length known so far.
    lengths: Vec<[Slot; LENGTH_MOST + 1]>,
}

impl Lowest {
    pub(crate) fn new() -> Self {
        Self { lengths: vec![[Slot::new(1 << 15, 0); LENGTH_MOST + 1]; LENGTH_MOST + 1] }
    }

    /// Codes the lowest band of one component.
    pub(crate) fn code<B: Bits>(&mut self, bits: &mut B, layout: &Layout, values: &mut [i32]) -> Result<(), Damage> {
        let [nz, ny, nx] = layout.region(0);
        let mut before = 0;
        for z in 0..nz {
            for y in 0..ny {
                if bits.overrun() {
                    return Err(Damage::Truncated);
                }
                for x in 0..nx {
                    let expected = match (z, y, x) {
                        (0, 0, 0) => 0,
                        (_, 0, 0) => values[layout.at([z - 1, 0, 0])],
                        (_, _, 0) => values[layout.at([z, y - 1, 0])],
                        _ => values[layout.at([z, y, x - 1])],
                    };
                    let value = &mut values[layout.at([z, y, x])];
                    let difference = self.difference(bits, &mut before, *value - expected);
                    *value = expected + difference;
                    if value.unsigned_abs() > MAX_MAGNITUDE {
                        return Err(Damage::Invalid("a coefficient of the lowest band is too large"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Codes a difference: its length in bits, the bits below the highest one, the sign. `before` is the length of the
    /// one before, and then of this one.
    fn difference<B: Bits>(&mut self, bits: &mut B, before: &mut usize, truth: i32) -> i32 {
        let magnitude = truth.unsigned_abs();
        let right = (u32::BITS - magnitude.leading_zeros()) as usize;
        let slots = &mut self.lengths[*before];
        let mut length = 0;
        while length < LENGTH_MOST && slots[length].code(bits, length < right) {
            length += 1;
        }
        *before = length;
        if length == 0 {
            return 0;
        }
        let below = length as u32 - 1;
        let magnitude = (1 << below | bits.raw(below, magnitude)) as i32;
        if bits.bit(1 << 15, truth < 0) { -magnitude } else { magnitude }
    }
}
