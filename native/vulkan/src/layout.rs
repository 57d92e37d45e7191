//! How texels stand in buffers that are copied to images.

use crate::Texel;

/// How a box of texels stands in a buffer: x fastest, then y, then z; rows begin with a word of 32 bits, and what a row leaves of
/// its last word is unused. This is what `store.slang` writes for images that are copied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TexelLayout {
    /// Texels from a row to the next one.
    pub row_texels: u32,
    /// Words from a row to the next one.
    pub row_words: u32,
    /// Words from a slice to the next one.
    pub slice_words: u32,
    /// Bytes of the box, up to where the next one may begin: a multiple of 8.
    pub bytes: u64,
}

impl TexelLayout {
    /// The one of a box of `size` (z, y, x) texels. Numbers that are too large become the largest there is.
    #[must_use]
    pub fn new(texel: Texel, size: [u32; 3]) -> Self {
        let bytes = texel.bytes();
        let per_word = (4 / bytes).max(1);
        let words = size[2].div_ceil(per_word);
        let row_words = words.saturating_mul((bytes / 4).max(1));
        let slice_words = row_words.saturating_mul(size[1]);
        let all = u64::from(slice_words) * u64::from(size[0]);
        Self {
            row_texels: words.saturating_mul(per_word),
            row_words,
            slice_words,
            bytes: all.saturating_mul(4).div_ceil(8).saturating_mul(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_with_a_word() {
        let layout = |texel| {
            let TexelLayout { row_texels, row_words, slice_words, bytes } = TexelLayout::new(texel, [3, 5, 7]);
            (row_texels, row_words, slice_words, bytes)
        };
        assert_eq!(layout(Texel::R32F), (7, 7, 35, 424));
        assert_eq!(layout(Texel::R16F), (8, 4, 20, 240));
        assert_eq!(layout(Texel::R16), (8, 4, 20, 240));
        assert_eq!(layout(Texel::R8), (8, 2, 10, 120));
        assert_eq!(layout(Texel::Rg16F), (7, 7, 35, 424));
        assert_eq!(layout(Texel::Rgba16F), (7, 14, 70, 840));
    }

    #[test]
    fn too_large_a_box_fits_nothing() {
        for texel in Texel::ALL {
            assert!(TexelLayout::new(texel, [u32::MAX; 3]).bytes > 1 << 40);
        }
    }
}
