//! A core and a matrix per axis in the place of latents, where that is cheaper.

use super::{EncodeError, Job, Latents, Output, Piece, Worth};
use crate::matrices;
use crate::wavelet::Effort;
use neuvol_decode::{Kernel, Precision, Products, Scratch};
use std::sync::atomic::{AtomicU64, Ordering};

/// Matrices whose bits are more than this many times those of the latents, both estimated, are not coded.
const HOPE: f64 = 1.1;

/// Matrices are not tried again at a step of which an estimate failed up to this many times.
const NEAR: f64 = 1.5;

/// The step at which matrices were given up last, for one output; 0 = none.
#[derive(Debug, Default)]
pub(super) struct Hopeless(AtomicU64);

impl Hopeless {
    fn is_near(&self, step: f64) -> bool {
        let failed = f64::from_bits(self.0.load(Ordering::Relaxed));
        (failed / NEAR..=failed * NEAR).contains(&step)
    }

    fn note(&self, step: f64) {
        self.0.store(step.to_bits(), Ordering::Relaxed);
    }
}

/// Matrices that are worth more than what they were compared with.
pub(super) struct Cheaper {
    pub(super) payload: Vec<u8>,
    /// D + λR.
    pub(super) cost: f64,
}

impl Job {
    /// Matrices at a quantiser step, if their D + λR is less than `cost`.
    #[expect(clippy::too_many_arguments, reason = "one call")]
    pub(super) fn matrices(
        &self,
        output: usize,
        piece: &Piece,
        latents: &Latents,
        described: &Output,
        step: f64,
        worth: Worth,
        effort: &Effort,
        cost: f64,
    ) -> Result<Option<Cheaper>, EncodeError> {
        if self.hopeless[output].is_near(step) {
            return Ok(None);
        }
        let (values, extent) = piece.values();
        let limit = HOPE * matrices::bits(latents.iter().flatten());
        let fitted = matrices::fit(values, extent, step, limit).filter(|fitted| fitted.estimate() <= limit);
        let Some(fitted) = fitted else {
            self.hopeless[output].note(step);
            return Ok(None);
        };
        let block = fitted.into_block(piece.offset, effort.coder);
        let payload = block.to_bytes()?;
        let mut its_cost = worth.bit * 8.0 * payload.len() as f64;
        let products = Products::new(&block, Kernel::best(Precision::Exact))?;
        let fields = &self.wanted.fields;
        let (mut decoded, mut scratch) = (vec![0.0; fields.voxels()], Scratch::default());
        for at in 0..fields.n_steps {
            products.decode(at as f64, (described.min, described.max), &mut decoded, &mut scratch)?;
            let values = fields.step(output, at).iter().zip(&decoded).filter(|(value, _)| !value.is_nan());
            its_cost += values.map(|(&value, &decoded)| self.cost_of(output, value, decoded, worth)).sum::<f64>();
        }
        Ok((its_cost < cost).then_some(Cheaper { payload, cost: its_cost }))
    }
}
