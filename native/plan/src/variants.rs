//! Faster variants of the kernels of networks, for tasks that allow less precision.

/// A faster variant of the kernels of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variant {
    /// Numbers of 16 bits, two at once.
    Half,
    /// Dot products of 8-bit integers: weights as they are stored, and most of what they are multiplied with in two bytes.
    Int8,
    /// Matrix units.
    Matrix,
    /// Matrix units, in kernels that do a whole network at once. Only CUDA has them.
    Fused,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Half, Self::Int8, Self::Matrix, Self::Fused];

    /// For messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Half => "float16",
            Self::Int8 => "int8",
            Self::Matrix => "cooperative matrix",
            Self::Fused => "fused",
        }
    }
}

/// A set of variants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variants(u8);

impl Variants {
    /// The kernels in 32-bit floats only.
    pub const NONE: Self = Self(0);

    /// One variant.
    #[must_use]
    pub fn only(variant: Variant) -> Self {
        Self(1 << variant as u8)
    }

    /// This and another set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All but one.
    #[must_use]
    pub fn without(self, variant: Variant) -> Self {
        Self(self.0 & !Self::only(variant).0)
    }

    /// Whether a variant is among them.
    #[must_use]
    pub fn contains(self, variant: Variant) -> bool {
        self.0 & Self::only(variant).0 != 0
    }

    /// Those that are among them.
    pub fn iter(self) -> impl Iterator<Item = Variant> {
        Variant::ALL.into_iter().filter(move |&variant| self.contains(variant))
    }

    /// As a number, for atomics.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Out of such a number; bits of no variant count for nothing.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}
