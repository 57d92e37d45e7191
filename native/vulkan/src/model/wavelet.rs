//! Wavelet latents and their head (codec 4).

use super::{Moment, count};
use crate::Error;
use crate::kernels::{HeadShape, Kernel};
use crate::pass::{Pass, Work, add_residual, bits, halves, interpolate, scale};
use crate::variants::{Variant, Variants};
use half::f16;
use neuvol_entropy::{Layout, MAX_COMPONENTS};
use neuvol_model::{HEAD_INPUTS, HEAD_KERNEL, Head, TimeInterpolation, Wavelet, time_position};

/// Lines of a workgroup: see `lines.slang` and `rise.slang`.
const LINES: u32 = 8;
const MOST_LINES: u32 = 32;
/// Samples that fit the memory of a workgroup: see `lift.slang`.
const MOST_SAMPLES: u32 = 4096;

/// No sum of numbers of 16 bits may be larger; their largest is 65504.
pub(super) const MOST_HALF: f32 = 60000.0;

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

/// The parameters of a head.
#[derive(Clone, Copy, Debug)]
struct Parameters {
    shape: HeadShape,
    /// Where they stand.
    at: u32,
    /// `None` if it must not be used.
    half: Option<Half>,
    /// Where they stand for integers of 8 bits; `None` if these must not be used, or the head has no kernel for them.
    int8: Option<u32>,
    /// Of the second input.
    mean: f32,
    deviation: f32,
}

/// The parameters of a head in numbers of 16 bits.
#[derive(Clone, Copy, Debug, Default)]
struct Half {
    /// Where they stand.
    at: u32,
    /// Of inputs.
    limit: f32,
    /// Where they stand for matrix units, if the shape of the head suits them.
    matrix: Option<u32>,
}

impl Latents {
    pub(super) fn new(model: &Wavelet) -> Result<(Self, Vec<u32>), Error> {
        model.validate()?;
        let mut words = bricks(model);
        let head = model.head.as_ref().map(|head| {
            let at = words.len() as u32;
            let shape = HeadShape { blocks: head.n_channels.div_ceil(4), hidden: head.n_hidden };
            let numbers = parameters(head);
            words.extend(bits(numbers.iter().copied()));
            let limit = limit_of_inputs(head).filter(|_| !model.precise);
            let half = limit.map(|limit| {
                let at = words.len() as u32;
                words.extend(halves(&numbers));
                let matrix = words.len() as u32;
                let has_matrix = shape.blocks > 1 && shape.hidden <= 1;
                if has_matrix {
                    words.extend(matrix_parameters(head, shape));
                }
                Half { at, limit, matrix: has_matrix.then_some(matrix) }
            });
            let int8 = (shape.hidden <= 1 && !model.precise).then_some(words.len() as u32);
            if int8.is_some() {
                words.extend(int8_parameters(head, shape));
            }
            Parameters { shape, at, half, int8, mean: head.mean, deviation: head.deviation }
        });
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

    /// The kernel for the shape of the head, if there is one. Matrix units come last: where they were measured (an NVIDIA
    /// H100), pairs of 16-bit floats were faster for all widths. 8-bit integers are for devices that have no 16-bit floats: most
    /// numbers are two of them, which is nearer to what is right, and more work.
    pub(super) fn kernel(&self, variants: Variants) -> Option<Kernel> {
        self.head.map(|Parameters { shape, half, int8, .. }| match half {
            Some(_) if variants.contains(Variant::Half) => Kernel::HeadHalf(shape),
            _ if int8.is_some() && variants.contains(Variant::Int8) => Kernel::HeadInt8(shape),
            Some(Half { matrix: Some(_), .. }) if variants.contains(Variant::Matrix) => Kernel::HeadMatrix(shape),
            _ => Kernel::Head(shape),
        })
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
        variants.without(Variant::Half).without(Variant::Matrix)
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

/// The parameters of a head in the order of `head.slang`, channels filled up to a multiple of 4.
fn parameters(head: &Head) -> Vec<f32> {
    let n = usize::from(head.n_channels);
    let padded = n.next_multiple_of(4);
    let mut numbers = Vec::new();
    let per_channel = |numbers: &mut Vec<f32>, tensor: usize| {
        numbers.extend(head.parameters(tensor));
        numbers.resize(numbers.len() + padded - n, 0.0);
    };
    let convolution = head.parameters(0);
    for i in 0..HEAD_INPUTS * HEAD_KERNEL {
        numbers.extend((0..n).map(|o| convolution[o * HEAD_INPUTS * HEAD_KERNEL + i]));
        numbers.resize(numbers.len() + padded - n, 0.0);
    }
    per_channel(&mut numbers, 1);
    for layer in 1..=usize::from(head.n_hidden) {
        let weights = head.parameters(2 * layer);
        for block in 0..padded / 4 {
            for i in 0..padded {
                let weight = |o: usize| if i < n && o < n { weights[o * n + i] } else { 0.0 };
                numbers.extend((4 * block..4 * block + 4).map(weight));
            }
        }
        per_channel(&mut numbers, 2 * layer + 1);
    }
    let output = head.tensors.len() - 2;
    per_channel(&mut numbers, output);
    numbers.extend(head.parameters(output + 1));
    numbers
}

/// The parameters of a head of at most one hidden layer in the order of `head_matrix.slang`.
fn matrix_parameters(head: &Head, shape: HeadShape) -> Vec<u32> {
    const INPUTS: usize = HEAD_INPUTS * HEAD_KERNEL;
    let (n, padded) = (usize::from(head.n_channels), 16 * shape.tiles() as usize);
    let (weights, biases) = (head.parameters(0), head.parameters(1));
    let mut numbers = vec![0.0; 64 * padded];
    for o in 0..n {
        for (input, place) in (0..HEAD_INPUTS).flat_map(|input| (0..HEAD_KERNEL).map(move |place| (input, place))) {
            numbers[(HEAD_INPUTS * place + input) * padded + o] = weights[o * INPUTS + input * HEAD_KERNEL + place];
        }
        // Two halves have about the bits that a bias needs.
        let high = f16::from_f32(biases[o]).to_f32();
        numbers[INPUTS * padded + o] = high;
        numbers[(INPUTS + 1) * padded + o] = biases[o] - high;
    }
    let mut behind = vec![0.0; 2 * padded];
    if head.n_hidden > 0 {
        let weights = head.parameters(2);
        for i in 0..padded {
            numbers.extend((0..padded).map(|o| if i < n && o < n { weights[o * n + i] } else { 0.0 }));
        }
        for (pair, bias) in behind.chunks_exact_mut(2).zip(head.parameters(3)) {
            pair[0] = bias;
        }
    }
    let output = head.tensors.len() - 2;
    for (pair, weight) in behind.chunks_exact_mut(2).zip(head.parameters(output)) {
        pair[1] = weight;
    }
    behind.extend(head.parameters(output + 1));
    halves(&numbers).chain(bits(behind)).collect()
}

/// The parameters of a head of at most one hidden layer in the order of `head_int8.slang`.
fn int8_parameters(head: &Head, shape: HeadShape) -> Vec<u32> {
    const INPUTS: usize = HEAD_INPUTS * HEAD_KERNEL;
    let (n, padded) = (usize::from(head.n_channels), 4 * usize::from(shape.blocks));
    // Sums are of at most 64 numbers of 8 bits: floats hold them.
    let sum = |values: &[i8], scale: f32| values.iter().map(|&value| f32::from(value)).sum::<f32>() * scale;
    let word = |bytes: [i8; 4]| u32::from_le_bytes(bytes.map(i8::cast_unsigned));
    let per_channel = |words: &mut Vec<u32>, numbers: Vec<f32>| {
        words.extend(bits(numbers));
        words.resize(words.len() + padded - n, 0);
    };
    let convolution = &head.tensors[0];
    let hidden = (head.n_hidden > 0).then(|| &head.tensors[2]);
    let mut words: Vec<u32> = bits([convolution.scale, hidden.map_or(0.0, |tensor| tensor.scale)]).collect();
    let rows = || convolution.values.chunks_exact(INPUTS);
    for input in 0..HEAD_INPUTS {
        for column in (0..6).chain([8]) {
            words.extend(rows().map(|row| {
                let place = |z: usize, column: usize| row[input * HEAD_KERNEL + 9 * z + column];
                let more = if column < 6 { place(column % 3, 6 + column / 3) } else { 0 };
                word([place(0, column), place(1, column), place(2, column), more])
            }));
            words.resize(words.len() + padded - n, 0);
        }
    }
    per_channel(&mut words, head.parameters(1));
    for input in 0..HEAD_INPUTS {
        let of_input = |row: &[i8]| sum(&row[input * HEAD_KERNEL..(input + 1) * HEAD_KERNEL], convolution.scale);
        per_channel(&mut words, rows().map(of_input).collect());
    }
    if let Some(hidden) = hidden {
        for block in 0..padded / 4 {
            words.extend(
                hidden
                    .values
                    .chunks_exact(n)
                    .map(|row| word([0, 2, 1, 3].map(|i| row.get(4 * block + i).copied().unwrap_or(0)))),
            );
            words.resize(words.len() + padded - n, 0);
        }
        per_channel(&mut words, head.parameters(3));
        per_channel(&mut words, hidden.values.chunks_exact(n).map(|row| sum(row, hidden.scale)).collect());
    }
    let output = head.tensors.len() - 2;
    per_channel(&mut words, head.parameters(output));
    words.extend(bits(head.parameters(output + 1)));
    words
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

/// How large both inputs of a head may be so that no number of 16 bits overflows; `None` if that is too little to be of use.
/// Larger inputs are limited to it.
fn limit_of_inputs(head: &Head) -> Option<f32> {
    // Inputs are numbers of some standard deviations, or of the quantiser's steps.
    [4096.0f32, 1024.0, 256.0, 64.0].into_iter().find(|&limit| {
        let mut largest = limit;
        (0..head.tensors.len()).step_by(2).all(|tensor| {
            let (weights, biases) = (head.parameters(tensor), head.parameters(tensor + 1));
            let n_in = weights.len() / biases.len();
            let rows = weights.chunks_exact(n_in).zip(&biases);
            let sum = |row: &[f32]| row.iter().map(|weight| weight.abs() * largest).sum::<f32>();
            largest = rows.map(|(row, bias)| sum(row) + bias.abs()).fold(0.0, f32::max);
            largest <= MOST_HALF
        })
    })
}
