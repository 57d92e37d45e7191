//! Entropy coder of quantised wavelet latents.

#![forbid(unsafe_code)]

mod around;
mod bricks;
mod dense;
mod error;
mod escape;
mod fast;
mod group;
mod layout;
mod lowest;
mod plane;
mod range;
mod signs;
#[allow(missing_docs)] pub mod slot;
mod tables;

pub use error::Error;
pub use layout::{Layout, MAX_AXIS, MAX_LEVELS};

use dense::Dense;
use fast::Fast;
use group::Model;
use range::Encoder;

/// Largest magnitude of a coefficient.
pub const MAX_MAGNITUDE: u32 = 1 << 20;

/// Most components of a group.
pub const MAX_COMPONENTS: usize = 32;

/// How coefficients are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coder {
    /// One context per coefficient: decodes quickly.
    Fast,
    /// Nine contexts, mixed: fewer bytes, slower.
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

/// What was learnt, of either coder.
#[derive(Debug)]
enum AnyModel {
    Fast(Model<Fast>),
    Dense(Model<Dense>),
}

impl AnyModel {
    fn new(coder: Coder) -> Self {
        match coder {
            Coder::Fast => Self::Fast(Model::new(Fast::new())),
            Coder::Dense => Self::Dense(Model::new(Dense::new())),
        }
    }

    fn stream<B: range::Bits>(
        &mut self,
        bits: &mut B,
        layout: &Layout,
        stream: usize,
        components: &mut [Vec<i32>],
    ) -> Result<(), error::Damage> {
        match self {
            Self::Fast(model) => model.stream(bits, layout, stream, components),
            Self::Dense(model) => model.stream(bits, layout, stream, components),
        }
    }
}

/// Encodes the components of a group.
///
/// # Errors
/// See there.
pub fn encode(coder: Coder, layout: &Layout, components: &[&[i32]]) -> Result<Vec<Vec<u8>>, Error> {
    let mut values: Vec<Vec<i32>> = components.iter().map(|values| values.to_vec()).collect();
    let mut model = AnyModel::new(coder);
    let code = |stream| {
        let mut bits = Encoder::new();
        model.stream(&mut bits, layout, stream, &mut values).map_err(|damage| damage.of(stream, 0))?;
        Ok(bits.finish())
    };
    (0..layout.n_streams()).map(code).collect()
}

/// Decodes a group.
#[derive(Debug)]
pub struct Decoder {
    model: AnyModel,
    layout: Layout,
    components: Vec<Vec<i32>>,
    next: usize,
}

impl Decoder {
    /// A decoder.
    pub fn new(coder: Coder, layout: Layout, n: usize) -> Self {
        let components = vec![vec![0; layout.len()]; n];
        Self { model: AnyModel::new(coder), layout, components, next: 0 }
    }

    /// Decodes the next stream.
    ///
    /// # Errors
    /// If damaged.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let stream = self.next;
        let damaged = |damage: error::Damage| damage.of(stream, bytes.len());
        let mut bits = range::Decoder::new(bytes).map_err(damaged)?;
        self.model.stream(&mut bits, &self.layout, stream, &mut self.components).map_err(damaged)?;
        bits.finish().map_err(damaged)?;
        self.next += 1;
        Ok(())
    }

    /// The values.
    pub fn components(&self) -> &[Vec<i32>] {
        &self.components
    }
}
