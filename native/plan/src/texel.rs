//! What a texel holds.

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
