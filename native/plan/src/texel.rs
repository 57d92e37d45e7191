//! What a texel holds, and how texels stand in a buffer.

/// What a texel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Texel {
    /// A 32-bit float: the value.
    R32F,
    /// A 16-bit float: the value, rounded.
    R16F,
    /// 8 bits: the value in its range.
    R8,
    /// 16 bits: the value in its range.
    R16,
    /// Two 16-bit floats: the value, and 1 where it is valid, else 0.
    Rg16F,
    /// Four 16-bit floats: the value, and its slope along z, y and x per voxel, for lighting.
    Rgba16F,
}

impl Texel {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::R32F, Self::R16F, Self::R8, Self::R16, Self::Rg16F, Self::Rgba16F];

    /// Bytes of a texel.
    #[must_use]
    pub fn bytes(self) -> u32 {
        match self {
            Self::R8 => 1,
            Self::R16F | Self::R16 => 2,
            Self::R32F | Self::Rg16F => 4,
            Self::Rgba16F => 8,
        }
    }

    /// Texels that share a word; at least 1.
    pub(crate) fn per_word(self) -> u32 {
        (4 / self.bytes()).max(1)
    }

    /// Its number in records.
    pub(crate) fn id(self) -> u32 {
        match self {
            Self::R32F => 0,
            Self::R16F => 1,
            Self::R8 => 2,
            Self::R16 => 3,
            Self::Rg16F => 4,
            Self::Rgba16F => 5,
        }
    }
}

/// The texels of a box in a buffer: x fastest, then y, then z. Rows of x begin with a word, and what a row leaves of its last word is
/// unused; slices follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texels {
    /// The first word.
    pub first: u32,
    /// Words of a row.
    pub row: u32,
    /// Texels of a row, those that fill up its last word among them.
    pub row_length: u32,
    /// Extent (z, y, x) of the box.
    pub size: [u32; 3],
    /// Texel (z, y, x) of its first voxel in the texture.
    pub to: [u32; 3],
}

impl Texels {
    /// Those of a box that begins with the word `first` of the buffer.
    #[must_use]
    pub fn new(texel: Texel, first: u32, size: [u32; 3], to: [u32; 3]) -> Self {
        let words = size[2].div_ceil(texel.per_word());
        // No buffer holds what is limited here.
        let row = words.saturating_mul((texel.bytes() / 4).max(1));
        Self { first, row, row_length: words.saturating_mul(texel.per_word()), size, to }
    }

    /// Words of the box, an even number, as copies begin at multiples of the texel; the largest number there is if there are more.
    #[must_use]
    pub fn words(&self) -> u32 {
        let words = self.row.saturating_mul(self.size[1]).saturating_mul(self.size[0]);
        words.checked_next_multiple_of(2).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_with_a_word() {
        let layout = |texel| {
            let texels = Texels::new(texel, 0, [3, 5, 7], [0; 3]);
            (texels.row_length, texels.row, texels.words())
        };
        assert_eq!(layout(Texel::R32F), (7, 7, 106));
        assert_eq!(layout(Texel::R16F), (8, 4, 60));
        assert_eq!(layout(Texel::R16), (8, 4, 60));
        assert_eq!(layout(Texel::R8), (8, 2, 30));
        assert_eq!(layout(Texel::Rg16F), (7, 7, 106));
        assert_eq!(layout(Texel::Rgba16F), (7, 14, 210));
    }

    #[test]
    fn too_large_a_box_fits_nothing() {
        for texel in Texel::ALL {
            assert_eq!(Texels::new(texel, 0, [u32::MAX; 3], [0; 3]).words(), u32::MAX);
        }
    }
}
