//! The coders and what each of them learns.

use crate::Error;
use crate::brick::Values;
use crate::dense::Dense;
use crate::error::Damage;
use crate::fast::Fast;
use crate::group::Model;
use crate::layout::Layout;
use crate::range::Bits;

/// How coefficients are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coder {
    /// Two contexts per coefficient: decodes two to five times as fast.
    Fast,
    /// Eleven contexts per coefficient, mixed: 1 to 4 % fewer bytes for whole volumes, half a percent for blocks of 64³.
    Dense,
}

impl Coder {
    /// All coders.
    pub const ALL: [Self; 2] = [Self::Fast, Self::Dense];

    /// The number that stands for it in a file.
    #[must_use]
    pub fn id(self) -> u8 {
        match self {
            Self::Fast => 1,
            Self::Dense => 2,
        }
    }

    /// The coder of a number.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is none.
    pub fn from_id(id: u8) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|coder| coder.id() == id).ok_or(Error::Unsupported { id })
    }
}

/// What was learnt, by either coder.
#[derive(Debug)]
pub(crate) enum Learnt {
    Fast(Box<Model<Fast>>),
    Dense(Box<Model<Dense>>),
}

impl Learnt {
    /// Nothing.
    pub(crate) fn new(coder: Coder) -> Self {
        match coder {
            Coder::Fast => Self::Fast(Box::new(Model::new(Fast::new()))),
            Coder::Dense => Self::Dense(Box::new(Model::new(Dense::new()))),
        }
    }

    /// Forgets all; the memory is kept if the coder stays the same.
    pub(crate) fn reset(&mut self, coder: Coder) {
        match (self, coder) {
            (Self::Fast(model), Coder::Fast) => model.reset(),
            (Self::Dense(model), Coder::Dense) => model.reset(),
            (learnt, coder) => *learnt = Self::new(coder),
        }
    }

    /// Codes one stream of `n` components, see [`Model::stream`].
    pub(crate) fn stream<B: Bits, V: Values>(
        &mut self,
        bits: &mut B,
        layout: &Layout,
        stream: usize,
        n: usize,
        values: &mut V,
    ) -> Result<(), Damage> {
        match self {
            Self::Fast(model) => model.stream(bits, layout, stream, n, values),
            Self::Dense(model) => model.stream(bits, layout, stream, n, values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_coders() {
        for coder in Coder::ALL {
            assert_eq!(Coder::from_id(coder.id()), Ok(coder));
        }
        assert_eq!(Coder::from_id(0), Err(Error::Unsupported { id: 0 }));
        assert_eq!(Coder::from_id(3), Err(Error::Unsupported { id: 3 }));
    }
}
