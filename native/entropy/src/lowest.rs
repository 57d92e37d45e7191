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
                let at = (z * ny + y) * nx + x;
                let expected = predict([z, y, x], at, [ny * nx, nx, 1], &values);
                let value = &mut values[at];
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

/// What a value of an array is expected to be, from those before it: `place` is (z, y, x), `at` where it stands in `values`,
/// `strides` what lies between one and the next one on each axis.
#[inline(always)]
pub(crate) fn predict(place: [usize; 3], at: usize, strides: [usize; 3], values: &[i32]) -> i32 {
    let [z, y, x] = strides;
    let back = |by: usize| values[at - by];
    // On a face: what a plane through three corners gives, between its two neighbours.
    let plane = |a: usize, b: usize| median(back(a), back(b), back(a) + back(b) - back(a + b));
    match place.map(|n| n > 0) {
        [false, false, false] => 0,
        [false, false, true] => back(x),
        [false, true, false] => back(y),
        [true, false, false] => back(z),
        [false, true, true] => plane(x, y),
        [true, false, true] => plane(x, z),
        [true, true, false] => plane(y, z),
        [true, true, true] => median(back(x), back(y), back(z)),
    }
}

fn median(a: i32, b: i32, c: i32) -> i32 {
    a.min(b).max(a.max(b).min(c))
}
