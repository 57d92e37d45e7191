//! A core and a matrix per axis (codec 5).

use super::{Moment, count};
use crate::Error;
use crate::Kernel;
use crate::pass::{Pass, Work, bits, interpolate, scale};
use neuvol_model::{Matrices, TimeInterpolation, time_position};

#[derive(Debug)]
pub(super) struct Products {
    extent: [u32; 3],
    ranks: [u32; 3],
    n_arrays: u32,
    steps: u32,
    step: f32,
    offset: f32,
    interpolation: TimeInterpolation,
    /// Of the time matrix, `[step][column]`.
    rows: Vec<f32>,
    /// Where the matrices of z, y and x stand.
    matrices: [u32; 3],
}

impl Products {
    pub(super) fn new(model: &Matrices) -> Result<(Self, Vec<u32>), Error> {
        model.validate()?;
        let [time, space @ ..] = model.matrices();
        let mut words: Vec<u32> = bits(model.core.iter().flatten().map(|&q| q as f32)).collect();
        let matrices = space.map(|matrix| {
            let at = words.len() as u32;
            words.extend(bits(matrix.into_iter().map(|number| number as f32)));
            at
        });
        let products = Self {
            extent: model.level_extent(),
            ranks: model.ranks,
            n_arrays: model.core.len() as u32,
            steps: model.steps,
            step: model.step,
            offset: model.offset,
            interpolation: model.interpolation,
            rows: time.into_iter().map(|number| number as f32).collect(),
            matrices,
        };
        Ok((products, words))
    }

    pub(super) fn passes(
        &self,
        moment: Moment,
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        let (step, next, fraction) = time_position(moment.time, self.steps);
        if fraction == 0.0 || self.interpolation != TimeInterpolation::Values {
            return self.at(moment, values, work, passes);
        }
        let n = count(self.extent);
        let later = work.take(n)?;
        self.at(Moment { time: step.into(), ..moment }, values, work, passes)?;
        self.at(Moment { time: next.into(), ..moment }, later, work, passes)?;
        passes.push(interpolate(values, n, later, fraction, moment.range));
        Ok(())
    }

    fn at(&self, moment: Moment, values: u32, work: &mut Work, passes: &mut Vec<Pass>) -> Result<(), Error> {
        let mut weights = vec![0.0; self.n_arrays as usize];
        self.interpolation.interpolate(&self.rows, self.steps, moment.time, &mut weights);
        let mut extent = self.ranks;
        let mut r = work.take(count(extent))?;
        let mut words = vec![moment.base, 1, r, 1, self.n_arrays, count(extent), 1, 0, 1];
        words.extend(bits(weights));
        passes.push(Pass::elements(Kernel::Contract, count(extent), words));
        for axis in 0..3 {
            let (from, before) = (r, extent);
            extent[axis] = self.extent[axis];
            r = work.take(count(extent))?;
            let outer = before[..axis].iter().product();
            let inner = before[axis + 1..].iter().product();
            let matrix = moment.base + self.matrices[axis];
            let words = vec![from, 0, r, outer, before[axis], inner, extent[axis], matrix, 0];
            passes.push(Pass::elements(Kernel::Contract, count(extent), words));
        }
        passes.push(scale(r, values, count(self.extent), (self.step, self.offset), moment.range));
        Ok(())
    }
}
