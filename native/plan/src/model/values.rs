//! Constants and plain values (codecs 1 and 2).

use super::Moment;
use crate::Error;
use crate::Kernel;
use crate::pass::{Pass, bits};
use neuvol_model::{Raw, time_position, voxels};

#[derive(Debug)]
pub(super) enum Values {
    Constant(f32),
    /// One array after the other.
    Steps(u32),
}

impl Values {
    pub(super) fn constant(value: f32) -> Self {
        Self::Constant(value)
    }

    /// Plain values: 32-bit floats on the device, whatever they were.
    pub(super) fn raw(raw: &Raw) -> Result<(Self, Vec<u32>), Error> {
        let mut step = vec![0.0; voxels(raw.extent())];
        let mut words = Vec::with_capacity(step.len() * raw.steps() as usize);
        for n in 0..raw.steps() {
            raw.step(n, &mut step)?;
            words.extend(bits(step.iter().copied()));
        }
        Ok((Self::Steps(raw.steps()), words))
    }

    pub(super) fn passes(&self, moment: Moment, n: u32, values: u32, passes: &mut Vec<Pass>) {
        let Moment { base, time, range: (min, max), .. } = moment;
        let words = match *self {
            Self::Constant(value) => vec![values, n, 0, 0, 0, value.to_bits(), value.to_bits(), 1],
            Self::Steps(steps) => {
                let (step, next, fraction) = time_position(time, steps);
                let [first, later] = [step, next].map(|step| base + step * n);
                vec![values, n, first, later, fraction.to_bits(), min.to_bits(), max.to_bits(), 0]
            }
        };
        passes.push(Pass::elements(Kernel::Copy, n, words));
    }
}
