//! The lowest band: differences to a neighbour.

use std::slice;

use crate::MAX_MAGNITUDE;
use crate::brick::{Arrays, Brick, Values, any, copy_to, parts};
use crate::error::Damage;
use crate::range::Bits;
use crate::slot::Slot;

/// Bits of the largest difference.
const LENGTH_MOST: usize = (2 * MAX_MAGNITUDE).ilog2() as usize + 1;

/// Slots of a length.
const FIRST: [Slot; LENGTH_MOST + 1] = [Slot::new(1 << 15, 0); LENGTH_MOST + 1];

/// What is known about the lengths of differences.
#[derive(Debug)]
pub(crate) struct Lowest {
    /// By the length of the difference before, and by the bits of the length known so far.
    lengths: Vec<[Slot; LENGTH_MOST + 1]>,
}

impl Lowest {
    pub(crate) fn new() -> Self {
        Self { lengths: vec![FIRST; LENGTH_MOST + 1] }
    }

    /// Forgets all.
    pub(crate) fn reset(&mut self) {
        self.lengths.fill(FIRST);
    }

    /// Codes the lowest band of one component.
    pub(crate) fn code<B: Bits, V: Values>(
        &mut self,
        bits: &mut B,
        extent: [usize; 3],
        component: usize,
        coefficients: &mut V,
    ) -> Result<(), Damage> {
        let [nz, ny, nx] = extent;
        let mut values = vec![0; nz * ny * nx];
        if !B::DECODES {
            let mut copy = copy_to(slice::from_mut(&mut values), extent);
            for (start, extent) in parts(extent) {
                copy(Brick { component: 0, start, extent, values: &coefficients.load(component, start, extent) });
            }
        }
        let mut before = 0;
        for (z, y) in (0..nz * ny).map(|k| (k / ny, k % ny)) {
            if bits.overrun() {
                return Err(Damage::Truncated);
            }
            for x in 0..nx {
                let expected = expected(&values, extent, [z, y, x]);
                let value = &mut values[(z * ny + y) * nx + x];
                let difference = self.difference(bits, &mut before, *value - expected);
                *value = expected + difference;
                if value.unsigned_abs() > MAX_MAGNITUDE {
                    return Err(Damage::Invalid("a coefficient of the lowest band is too large"));
                }
            }
        }
        let arrays = Arrays { arrays: &[&values], extent };
        for (start, extent) in parts(extent) {
            let values = arrays.load(0, start, extent);
            if any(&values) {
                coefficients.store(Brick { component, start, extent, values: &values });
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
fn expected(values: &[i32], [_, ny, nx]: [usize; 3], [z, y, x]: [usize; 3]) -> i32 {
    let back = |dz: usize, dy: usize, dx: usize| values[((z - dz) * ny + y - dy) * nx + x - dx];
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
