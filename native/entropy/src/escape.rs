//! Magnitudes too large for the models.

use crate::MAX_MAGNITUDE;
use crate::error::Damage;
use crate::range::Bits;
use crate::slot::Slot;

/// Magnitudes of this and more escape from the models, which ask "larger than 0, 1, 2 ...?".
pub(crate) const ESCAPE: u32 = 15;

/// Bins of a model: the last one asks "larger than 14?".
pub(crate) const BINS: usize = ESCAPE as usize;

/// Most bits below the highest one of what is left.
const LENGTH_MOST: usize = (MAX_MAGNITUDE + 1 - ESCAPE).ilog2() as usize;

/// What is known about large magnitudes.
#[derive(Debug)]
pub(crate) struct Escape([Slot; LENGTH_MOST + 1]);

impl Escape {
    pub(crate) fn new() -> Self {
        Self([Slot::new(1 << 15, 0); LENGTH_MOST + 1])
    }

    /// Codes a magnitude of [`ESCAPE`] or more: the number of bits of what is above 14, then the bits (exp-Golomb).
    #[cold]
    pub(crate) fn code<B: Bits>(&mut self, bits: &mut B, truth: u32) -> Result<u32, Damage> {
        let rest = if B::DECODES { 1 } else { truth + 1 - ESCAPE };
        let right = rest.ilog2() as usize;
        let mut length = 0;
        while self.0[length].code(bits, length < right) {
            length += 1;
            if length > LENGTH_MOST {
                return Err(Damage::Invalid("a coefficient has too many bits"));
            }
        }
        let rest = 1 << length | bits.raw(length as u32, rest);
        let magnitude = rest + ESCAPE - 1;
        if magnitude > MAX_MAGNITUDE {
            return Err(Damage::Invalid("a coefficient is too large"));
        }
        Ok(magnitude)
    }
}
