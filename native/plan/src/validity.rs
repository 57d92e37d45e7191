//! Which voxels of a block are valid.

use crate::Error;

/// Which voxels of a block are valid.
#[derive(Clone, Copy, Debug)]
pub enum Validity<'a> {
    /// All.
    All,
    /// None.
    None,
    /// Those whose bit is 1: one bit per voxel, lowest first, x fastest; one array for all steps, or one per step.
    Bits {
        /// The bits, as in `neuvol_format::Mask`.
        bits: &'a [u8],
        /// Arrays: 1, or the steps of the segment.
        steps: u32,
    },
}

/// Where the validity of a block stands in the memory of models.
#[derive(Clone, Copy, Debug)]
pub enum Mask {
    /// All voxels are valid.
    All,
    /// No voxel is valid.
    None,
    /// Bits, every step beginning with a word.
    Bits {
        /// The first word, counted from the block's.
        at: u32,
        /// Words of a step.
        words: u32,
        /// Steps.
        steps: u32,
    },
}

impl Mask {
    /// Appends the bits of a block of `extent` voxels to its words.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are more or fewer bits than voxels.
    pub fn put(validity: Validity<'_>, extent: [u32; 3], words: &mut Vec<u32>) -> Result<Self, Error> {
        match validity {
            Validity::All => Ok(Self::All),
            Validity::None => Ok(Self::None),
            Validity::Bits { bits, steps } => {
                let voxels = neuvol_model::voxels(extent);
                if steps == 0 || bits.len() != (voxels * steps as usize).div_ceil(8) {
                    let message = format!("are {} bytes for {steps} steps of {voxels} voxels", bits.len());
                    return Err(Error::argument("validity", message));
                }
                let at = words.len() as u32;
                words.extend(mask_words(bits, voxels, steps));
                Ok(Self::Bits { at, words: voxels.div_ceil(32) as u32, steps })
            }
        }
    }
}

/// Bits of validity in words, every step beginning with a word.
fn mask_words(bits: &[u8], voxels: usize, steps: u32) -> impl Iterator<Item = u32> {
    (0..steps as usize).flat_map(move |step| {
        (0..voxels.div_ceil(32)).map(move |word| {
            (0..32).filter(|bit| word * 32 + bit < voxels).fold(0, |sum, bit| {
                let at = step * voxels + word * 32 + bit;
                sum | u32::from(bits[at / 8] >> (at % 8) & 1) << bit
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_mask_begin_with_a_word() {
        // 35 voxels, two steps: the first all valid, of the second only voxel 33.
        let mut bits = [0u8; 9];
        for at in (0..35).chain([35 + 33]) {
            bits[at / 8] |= 1 << (at % 8);
        }
        assert_eq!(mask_words(&bits, 35, 2).collect::<Vec<_>>(), [u32::MAX, 7, 0, 2]);
        let mut words = vec![9];
        let mask = Mask::put(Validity::Bits { bits: &bits, steps: 2 }, [1, 5, 7], &mut words).unwrap();
        assert!(matches!(mask, Mask::Bits { at: 1, words: 2, steps: 2 }));
        assert_eq!(words.len(), 5);
    }
}
