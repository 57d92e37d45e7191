//! Wavelet latents and their head (codec 4).

use super::head::{Half, Parameters};
use super::{Moment, count};
use crate::Error;
use crate::Kernel;
use crate::pass::{Pass, Work, add_residual, bits, interpolate, scale};
use crate::{Variant, Variants};
use half::f16;
use neuvol_entropy::{Layout, MAX_COMPONENTS};
use neuvol_model::{TimeInterpolation, Wavelet, time_position};

/// Lines of a workgroup: see `lines.slang` and `rise.slang`.
const LINES: u32 = 8;
const MOST_LINES: u32 = 32;
/// Samples that fit the memory of a workgroup: see `lift.slang`.
const MOST_SAMPLES: u32 = 4096;

#[derive(Debug)]
pub(super) struct Latents {
    layout: Layout,
    level: usize,
    extent: [u32; 3],
    steps: u32,
    step: f32,
    offset: f32,
    interpolation: TimeInterpolation,
    n_components: usize,
    weights: Vec<f16>,
    /// Of the mixed components, in steps of the quantiser.
    largest: f32,
    head: Option<Parameters>,
    /// Where the first step stands, and the quantum.
    residual: Option<(u32, f32)>,
}

impl Latents {
    pub(super) fn new(model: &Wavelet) -> Result<(Self, Vec<u32>), Error> {
        model.validate()?;
        let mut words = bricks(model);
        let head = model.head.as_ref().map(|head| Parameters::put(head, model.precise, &mut words));
        let residual = model.residual.as_ref().map(|residual| {
            let at = words.len() as u32;
            words.extend(residual.steps.iter().flatten().map(|value| value.cast_unsigned()));
            (at, residual.quantum)
        });
        let latents = Self {
            layout: model.layout(),
            level: model.level.into(),
            extent: model.level_extent(),
            steps: model.steps,
            step: model.step,
            offset: model.offset,
            interpolation: model.interpolation,
            n_components: model.components.len(),
            weights: model.weights.clone(),
            largest: largest(model),
            head,
            residual,
        };
        Ok((latents, words))
    }

    /// By the width of the head.
    pub(super) fn class(&self) -> usize {
        self.head.as_ref().map_or(0, |head| 1 + usize::from(head.shape.blocks))
    }

    /// The kernel for the shape of the head, if there is one.
    pub(super) fn kernel(&self, variants: Variants) -> Option<Kernel> {
        self.head.map(|head| head.kernel(variants))
    }

    pub(super) fn passes(
        &self,
        moment: Moment,
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        let (step, next, fraction) = time_position(moment.time, self.steps);
        if fraction == 0.0 {
            return self.at_step(step, moment, values, work, passes);
        }
        if self.interpolation != TimeInterpolation::Values && self.residual.is_none() {
            return self.without_residual(moment, values, work, passes);
        }
        let n = count(self.extent);
        let later = work.take(n)?;
        self.at_step(step, moment, values, work, passes)?;
        self.at_step(next, moment, later, work, passes)?;
        passes.push(interpolate(values, n, later, fraction, moment.range));
        Ok(())
    }

    fn at_step(
        &self,
        step: u32,
        moment: Moment,
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        self.without_residual(Moment { time: step.into(), ..moment }, values, work, passes)?;
        if let Some((first, quantum)) = self.residual {
            let n = count(self.extent);
            let at = moment.base + first + step * n;
            passes.push(add_residual(values, n, at, quantum, moment.range));
        }
        Ok(())
    }

    fn without_residual(
        &self,
        moment: Moment,
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        let mut r = self.transform(moment, work, passes)?;
        let mut extent = self.region(self.layout.n_levels() - self.level);
        self.centre(r, extent, passes);
        for axis in 0..3 {
            while extent[axis] > self.extent[axis] {
                let before = extent;
                extent[axis] = extent[axis].div_ceil(2);
                let to = work.take(count(extent))?;
                let words = vec![r, to, extent[0], extent[1], extent[2], before[0], before[1], before[2], axis as u32];
                passes.push(Pass::elements(Kernel::Halve, count(extent), words));
                r = to;
            }
        }
        let n = count(self.extent);
        let variants = self.in_reach(moment);
        let (Some(head), Some(kernel)) = (self.head, self.kernel(variants)) else {
            passes.push(scale(r, values, n, (self.step, self.offset), moment.range));
            return Ok(());
        };
        let means = work.take(n)?;
        let [z, y, x] = self.extent;
        passes.push(Pass::tiles(Kernel::Mean, self.extent, vec![r, means, z, y, x]));
        let mut words = vec![r, means, values, z, y, x, moment.base + head.at];
        let (min, max) = moment.range;
        words.extend(bits([self.step, self.offset, head.mean, head.deviation, min, max]));
        // Each variant reads its own; what a head has not is not read.
        let Half { at, limit, matrix } = head.half.unwrap_or_default();
        words.extend([moment.base + at, limit.to_bits()]);
        words.extend([matrix, head.int8].map(|at| moment.base + at.unwrap_or(0)));
        passes.push(Pass::tiles(kernel, self.extent, words));
        Ok(())
    }

    /// The variants whose numbers are large enough for the inputs of the head.
    fn in_reach(&self, Moment { variants, range: (min, max), .. }: Moment) -> Variants {
        let Some(Parameters { half: Some(half), mean, deviation, .. }) = self.head else { return variants };
        // What is far outside of the range of values never comes out; and no transform makes more of coefficients than this.
        let width = (1.5 * (max - min) / self.step).min(4.0 * self.largest);
        let far = [min, max].map(|value| 1.5 * (value - mean).abs()).into_iter().fold(0.0, f32::max);
        let far = far.min((self.offset - mean).abs() + self.step * 4.0 * self.largest);
        if (2.0 * width).max(far / deviation) <= half.limit {
            return variants;
        }
        [Variant::Half, Variant::Matrix, Variant::Fused].into_iter().fold(variants, Variants::without)
    }

    /// Extent of the lowest band (0), or of what level n gives.
    fn region(&self, n: usize) -> [u32; 3] {
        self.layout.region(n).map(|n| n as u32)
    }

    /// Mixes the components and undoes the transform, as far as the model's level; where the result stands.
    ///
    /// As few passes as possible, as each waits for the one before: all levels that fit a workgroup in one, of the others two.
    fn transform(&self, moment: Moment, work: &mut Work, passes: &mut Vec<Pass>) -> Result<u32, Error> {
        let last = self.layout.n_levels() - self.level;
        let table = moment.base;
        let bricks = self.layout.extent().map(|n| n.div_ceil(4) as u32);
        let weights = self.weights_at(moment.time);
        let small = (0..=last).rev().find(|&n| count(self.region(n)) <= MOST_SAMPLES);
        let mut low = self.region(small.unwrap_or(0));
        let mut r = work.take(count(low))?;
        match small {
            Some(n) => {
                let mut words = vec![table, r, n as u32];
                words.extend(bricks);
                words.extend(bits(weights));
                words.extend((0..=n).flat_map(|n| self.region(n)));
                passes.push(Pass { kernel: Kernel::Small, groups: 1, words });
            }
            None => {
                let mut words = vec![table, r];
                words.extend(low.into_iter().chain(bricks));
                words.extend(bits(weights));
                passes.push(Pass::elements(Kernel::Mix, count(low), words));
            }
        }
        for stream in small.unwrap_or(0) + 1..=last {
            let extent = self.region(stream);
            let to = work.take(count(extent))?;
            let n_lines = (MOST_SAMPLES / extent[0]).min(MOST_LINES);
            let n_lines = 1 << n_lines.ilog2();
            let mut words = vec![table, r, to];
            words.extend(extent.into_iter().chain(low).chain(bricks));
            words.push(n_lines);
            words.extend(bits(weights));
            passes.push(Pass { kernel: Kernel::Rise, groups: (extent[1] * extent[2]).div_ceil(n_lines), words });
            if low[1..] != extent[1..] && extent[1] * extent[2] <= MOST_SAMPLES {
                let words = vec![to, extent[0], extent[1], extent[2], low[1], low[2]];
                passes.push(Pass { kernel: Kernel::Plane, groups: extent[0], words });
            } else {
                for axis in (1..3).filter(|&axis| low[axis] != extent[axis]) {
                    passes.push(lines(to, extent, axis, [0, 0, 0, 0]));
                }
            }
            (r, low) = (to, extent);
        }
        Ok(r)
    }

    /// Weights of the components at a time; those that are left are 0.
    fn weights_at(&self, time: f64) -> [f32; MAX_COMPONENTS] {
        let mut weights = [0.0; MAX_COMPONENTS];
        weights[..self.n_components].fill(1.0);
        if self.steps > 1 {
            for (rows, out) in self.weights.chunks_exact(self.steps as usize).zip(weights.chunks_exact_mut(1)) {
                self.interpolation.interpolate(rows, self.steps, time, out);
            }
        }
        weights
    }

    /// Moves the samples of a coarser level to the middles of their voxels.
    fn centre(&self, r: u32, extent: [u32; 3], passes: &mut Vec<Pass>) {
        let layout = &self.layout;
        let last = layout.n_levels() - self.level;
        let splits: [u32; 3] = std::array::from_fn(|axis| {
            let split = |stream: &usize| layout.region(*stream)[axis] != layout.region(stream + 1)[axis];
            (last..layout.n_levels()).filter(split).count() as u32
        });
        // Each split that was not undone has multiplied the mean by the root of 2.
        let mut divisor = std::f32::consts::SQRT_2.powi(splits.iter().sum::<u32>() as i32);
        for axis in (0..3).filter(|&axis| splits[axis] > 0) {
            let of = 1 << splits[axis];
            let what = [1, of, layout.extent()[axis] as u32, divisor.to_bits()];
            passes.push(lines(r, extent, axis, what));
            divisor = 1.0;
        }
    }
}

/// A pass over all lines of an array along an axis.
fn lines(array: u32, extent: [u32; 3], axis: usize, what: [u32; 4]) -> Pass {
    let strides = [extent[1] * extent[2], extent[2], 1];
    // Of the other two axes the one that is nearer in memory runs fastest.
    let (a, b) = match axis {
        0 => (1, 2),
        1 => (0, 2),
        _ => (0, 1),
    };
    let [what, of, voxels, divisor] = what;
    let words = vec![
        array,
        extent[a],
        extent[b],
        strides[a],
        strides[b],
        strides[axis],
        extent[axis],
        what,
        of,
        voxels,
        divisor,
    ];
    Pass { kernel: Kernel::Lines, groups: (extent[a] * extent[b]).div_ceil(LINES), words }
}

/// The coefficients as `mixed.slang` reads them: a table, then what is not 0 all over of each brick of 4³.
fn bricks(model: &Wavelet) -> Vec<u32> {
    let size = model.extent.map(|n| (n as usize).div_ceil(4));
    let mut words = vec![0; size.iter().product()];
    for brick in 0..words.len() {
        let at = [brick / (size[1] * size[2]), brick / size[2] % size[1], brick % size[2]].map(|n| 4 * n);
        let full: Vec<_> = (0u32..)
            .zip(&model.components)
            .map(|(k, component)| (k, coefficients(component, model.extent, at)))
            .filter(|(_, values)| *values != [0; 64])
            .collect();
        if full.is_empty() {
            continue;
        }
        let list = words.len();
        words[brick] = list as u32;
        words.push(full.iter().fold(0, |components, (k, _)| components | 1 << k));
        words.resize(list + 1 + full.len(), 0);
        for (n, (_, values)) in full.iter().enumerate() {
            let narrow = values.iter().all(|&value| i16::try_from(value).is_ok());
            words[list + 1 + n] = words.len() as u32 | if narrow { 0 } else { 1 << 31 };
            if narrow {
                // Two's complement: the low 16 bits are the number.
                let pair = |pair: &[i32]| pair[0].cast_unsigned() & 0xFFFF | pair[1].cast_unsigned() << 16;
                words.extend(values.chunks_exact(2).map(pair));
            } else {
                words.extend(values.iter().map(|value| value.cast_unsigned()));
            }
        }
    }
    words
}

/// A brick of 4³ coefficients, 0 where it stands out.
fn coefficients(component: &[i32], extent: [u32; 3], at: [usize; 3]) -> [i32; 64] {
    let [nz, ny, nx] = extent.map(|n| n as usize);
    std::array::from_fn(|within| {
        let [z, y, x] = [at[0] + within / 16, at[1] + within / 4 % 4, at[2] + within % 4];
        if z < nz && y < ny && x < nx { component[(z * ny + y) * nx + x] } else { 0 }
    })
}

/// The largest that the components can be together at one place, at any step.
fn largest(model: &Wavelet) -> f32 {
    let steps = (model.steps as usize).max(1);
    let of = |(k, component): (usize, &Vec<i32>)| {
        let most = component.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0) as f32;
        let weights = model.weights.get(k * steps..(k + 1) * steps).unwrap_or_default();
        let weight = weights.iter().map(|weight| weight.to_f32().abs()).fold(0.0, f32::max);
        most * if weights.is_empty() { 1.0 } else { weight }
    };
    model.components.iter().enumerate().map(of).sum()
}
