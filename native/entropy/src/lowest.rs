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
                    let expected = expected(layout, values, [z, y, x]);
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

/// What a coefficient is expected to be, from those before it.
fn expected(layout: &Layout, values: &[i32], [z, y, x]: [usize; 3]) -> i32 {
    let back = |dz, dy, dx| values[layout.at([z - dz, y - dy, x - dx])];
    // On a face of the band: what a plane through three corners gives, between its two neighbours.
    let plane = |a: i32, b: i32, corner: i32| median(a, b, a + b - corner);
    match (z > 0, y > 0, x > 0) {
        (false, false, false) => 0,
        (false, false, true) => back(0, 0, 1),
        (false, true, false) => back(0, 1, 0),
        (true, false, false) => back(1, 0, 0),
        (false, true, true) => plane(back(0, 0, 1), back(0, 1, 0), back(0, 1, 1)),
        (true, false, true) => plane(back(0, 0, 1), back(1, 0, 0), back(1, 0, 1)),
        (true, true, false) => plane(back(0, 1, 0), back(1, 0, 0), back(1, 1, 0)),
        (true, true, true) => median(back(0, 0, 1), back(0, 1, 0), back(1, 0, 0)),
    }
}

fn median(a: i32, b: i32, c: i32) -> i32 {
    a.min(b).max(a.max(b).min(c))
}
