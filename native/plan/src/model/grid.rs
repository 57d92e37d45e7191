//! Grid networks (codec 3): layer 1 is folded into a lattice on the finest grid, which the voxels interpolate.

use super::head::MOST_HALF;
use super::{Moment, Packed, count};
use crate::Error;
use crate::pass::{Pass, Work, bits, halves, interpolate};
use crate::{GridShape, Kernel};
use crate::{Variant, Variants};
use half::f16;
use neuvol_model::{GridNetwork, TimeConfig, TimeInterpolation, time_position};

/// Words of a network before its levels, and of a level: see `fold.slang`.
const HEAD: usize = 12;
const LEVEL: usize = 8;
/// Vertices of a workgroup that folds, and neurons.
const FOLDED: (u32, u32) = (128, 16);

/// Inputs whose weights fit the memory of a block of threads of [`Kernel::GridFused`].
const MOST_FUSED: usize = 64;

/// The word of a record of [`Kernel::GridSteps`] that says how many times follow.
const LATER_TIMES: usize = 17;

/// Neurons that may be summed in numbers of 16 bits: the error of 128 is too large.
const MOST_SUMMED: u16 = 64;

#[derive(Debug)]
pub(super) struct Grid {
    time: TimeConfig,
    time_codes: Vec<f16>,
    time_gains: Vec<f16>,
    shape: GridShape,
    /// `None` if it must not be used.
    half: Option<Half>,
    n_inputs: usize,
    /// Of the finest grid.
    vertices: [u32; 3],
}

/// The layers behind the first in numbers of 16 bits.
#[derive(Clone, Copy, Debug)]
struct Half {
    /// Where they stand.
    at: u32,
    /// Of the neurons of layer 1.
    limit: f32,
    /// Where they stand for matrix units.
    matrix: u32,
}

impl Grid {
    pub(super) fn new(network: &GridNetwork, output: u8) -> Result<(Self, Vec<u32>), Error> {
        let config = &network.config;
        config.validate_for(network.extent)?;
        if output >= config.n_outputs {
            let message = format!("is {output}, the network has {} outputs", config.n_outputs);
            return Err(Error::argument("output", message));
        }
        let n_neurons = if config.n_neurons > 16 { config.n_neurons.next_multiple_of(32) } else { 16 };
        let n_inputs = config.levels.iter().map(|level| usize::from(level.n_features)).sum();
        let finest = config.levels.last().map_or(0, |level| level.log2_cell);
        let vertices = vertices(network.extent, finest);
        // At most 128 neurons.
        let shape = GridShape { neurons: n_neurons as u8, hidden: config.n_hidden_layers, log2_cell: finest };

        let mut words = vec![0; HEAD + LEVEL * config.levels.len()];
        for (n, (level, table)) in config.levels.iter().zip(&network.tables).enumerate() {
            let size = self::vertices(network.extent, level.log2_cell);
            let entries = table.len() / usize::from(level.n_features).max(1);
            let hashed = entries as u64 != size.iter().map(|&n| u64::from(n)).product::<u64>();
            let mask = if hashed { entries as u32 - 1 } else { 0 };
            let at = words.len() as u32;
            let record = [level.log2_cell.into(), level.n_features.into(), size[0], size[1], size[2], mask, at, 0];
            words[HEAD + LEVEL * n..][..LEVEL].copy_from_slice(&record);
            words.extend(table.chunks(2).map(|pair| {
                let second = pair.get(1).map_or(0, |half| half.to_bits());
                u32::from(pair[0].to_bits()) | u32::from(second) << 16
            }));
        }
        let n_neurons = usize::from(n_neurons);
        let filled = |numbers: Vec<f32>, words: &mut Vec<u32>| {
            let n = words.len() + n_neurons;
            words.extend(bits(numbers));
            words.resize(n, 0);
        };
        let weights = words.len() as u32;
        let mut biases = 0;
        let mut others = 0;
        for (n, layer) in network.layers.iter().enumerate() {
            let weight = |o: usize, i: usize| {
                let exists = o < layer.n_out && i < layer.n_in;
                if exists { layer.weights[o * layer.n_in + i].to_f32() } else { 0.0 }
            };
            if n == 1 {
                others = words.len() as u32;
            }
            if n + 1 == network.layers.len() {
                let output = usize::from(output);
                filled((0..layer.n_in).map(|i| weight(output, i)).collect(), &mut words);
                words.push(layer.biases[output].to_f32().to_bits());
                break;
            }
            // Layer 1 as a whole, the others in blocks of outputs; neighbouring threads read neighbouring words.
            let (block, n_in) = if n == 0 { (n_neurons, layer.n_in) } else { (shape.block() as usize, n_neurons) };
            for first in (0..n_neurons).step_by(block) {
                for i in 0..n_in {
                    words.extend(bits((first..first + block).map(|o| weight(o, i))));
                }
            }
            if n == 0 {
                biases = words.len() as u32;
            }
            filled(layer.biases.iter().map(|bias| bias.to_f32()).collect(), &mut words);
        }
        let half = limit_of_neurons(network).map(|limit| {
            let at = words.len() as u32;
            let numbers: Vec<f32> = words[others as usize..].iter().map(|&word| f32::from_bits(word)).collect();
            words.extend(halves(&numbers));
            let matrix = words.len() as u32;
            words.extend(matrix_parameters(network, output, n_neurons));
            Half { at, limit, matrix }
        });
        let head = [
            config.levels.len() as u32,
            n_neurons as u32,
            config.n_hidden_layers.into(),
            shape.block(),
            finest.into(),
            vertices[0],
            vertices[1],
            vertices[2],
            weights,
            biases,
            others,
            0,
        ];
        words[..HEAD].copy_from_slice(&head);
        let grid = Self {
            time: config.time,
            time_codes: network.time_codes.clone(),
            time_gains: network.time_gains.clone(),
            shape,
            half,
            n_inputs,
            vertices,
        };
        Ok((grid, words))
    }

    /// By the width, 0..8.
    pub(super) fn class(&self) -> usize {
        (usize::from(self.shape.neurons) / 16).min(7)
    }

    /// The kernel for the shape of the network.
    pub(super) fn kernel(&self, variants: Variants) -> Kernel {
        match self.half {
            Some(_) if variants.contains(Variant::Fused) && self.fits_fused() => Kernel::GridFused(self.shape),
            // Measured: see the heads.
            Some(_) if variants.contains(Variant::Half) => Kernel::GridHalf(self.shape),
            Some(_) if variants.contains(Variant::Matrix) => Kernel::GridMatrix(self.shape),
            _ if self.shape.hidden <= 2 => Kernel::Grid(self.shape),
            _ => Kernel::GridDeep,
        }
    }

    fn fits_fused(&self) -> bool {
        self.shape.fits_fused() && self.n_inputs <= MOST_FUSED
    }

    /// The pass that writes texels itself, if the network has one at this moment.
    pub(super) fn texels(&self, moment: Moment, extent: [u32; 3], packed: &Packed) -> Option<Pass> {
        let (_, _, fraction) = time_position(moment.time, self.time.n_codes.into());
        let at_once = self.time.interpolation != TimeInterpolation::Values || fraction == 0.0;
        let half = self.half.filter(|_| at_once)?;
        let Kernel::GridFused(_) = self.kernel(moment.variants) else { return None };
        Some(self.fused(half, moment, extent, None, Some(packed)))
    }

    /// The pass that does the whole network: into `values`, or as texels.
    fn fused(
        &self,
        Half { limit, matrix, .. }: Half,
        moment: Moment,
        extent: [u32; 3],
        values: Option<u32>,
        packed: Option<&Packed>,
    ) -> Pass {
        let Moment { base, time, range: (min, max), .. } = moment;
        let (code, gain) = self.time_at(time);
        let [z, y, x] = extent;
        let kind = packed.map_or(u32::MAX, |packed| packed.texel.id());
        let mut words = vec![base, values.unwrap_or(0), kind, z, y, x, min.to_bits(), max.to_bits(), limit.to_bits()];
        words.extend([base + matrix, gain.is_some().into(), self.n_inputs as u32]);
        let (low, high) = packed.map_or((0.0, 1.0), |packed| packed.unorm);
        let texels = packed.map_or([0; 3], |packed| [packed.first, packed.row, packed.slice]);
        words.extend(texels.into_iter().chain([low.to_bits(), (1.0 / (high - low)).to_bits(), 0]));
        words.extend(bits(code).chain(bits(gain.unwrap_or_default())));
        Pass::tiles(Kernel::GridFused(self.shape), extent, words)
    }

    /// What a time adds to the neurons of layer 1, and multiplies its inputs with if it does.
    fn time_at(&self, time: f64) -> (Vec<f32>, Option<Vec<f32>>) {
        let mut code = vec![0.0; self.time_codes.len() / usize::from(self.time.n_codes).max(1)];
        if self.time.n_codes > 0 {
            self.time.interpolate(&self.time_codes, time, &mut code);
        }
        code.resize(self.shape.neurons.into(), 0.0);
        let gain = (!self.time_gains.is_empty()).then(|| {
            let mut gain = vec![1.0; self.n_inputs];
            self.time.interpolate(&self.time_gains, time, &mut gain);
            gain
        });
        (code, gain)
    }

    pub(super) fn passes(
        &self,
        moment: Moment,
        extent: [u32; 3],
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        let (step, next, fraction) = time_position(moment.time, self.time.n_codes.into());
        if self.time.interpolation != TimeInterpolation::Values || fraction == 0.0 {
            return self.at(moment, extent, values, work, passes);
        }
        let later = work.take(count(extent))?;
        if let (Kernel::GridFused(shape), Some(half), true) =
            (self.kernel(moment.variants), self.half, self.time_gains.is_empty())
        {
            // Both share the lattice.
            let mut pass = self.fused(half, Moment { time: step.into(), ..moment }, extent, Some(values), None);
            pass.kernel = Kernel::GridSteps(shape);
            pass.words[LATER_TIMES] = 1;
            pass.words.push(later);
            pass.words.extend(bits(self.time_at(next.into()).0));
            passes.push(pass);
            passes.push(interpolate(values, count(extent), later, fraction, moment.range));
            return Ok(());
        }
        for (step, values) in [(step, values), (next, later)] {
            self.at(Moment { time: step.into(), ..moment }, extent, values, work, passes)?;
        }
        passes.push(interpolate(values, count(extent), later, fraction, moment.range));
        Ok(())
    }

    fn at(
        &self,
        moment: Moment,
        extent: [u32; 3],
        values: u32,
        work: &mut Work,
        passes: &mut Vec<Pass>,
    ) -> Result<(), Error> {
        if let (Kernel::GridFused(_), Some(half)) = (self.kernel(moment.variants), self.half) {
            passes.push(self.fused(half, moment, extent, Some(values), None));
            return Ok(());
        }
        let Moment { base, time, range: (min, max), .. } = moment;
        let lattice = work.take(count(self.vertices) * u32::from(self.shape.neurons))?;
        let (code, gain) = self.time_at(time);
        let mut words = vec![base, lattice, gain.is_some().into(), 0];
        words.extend(bits(code).chain(bits(gain.unwrap_or_default())));
        let groups = count(self.vertices).div_ceil(FOLDED.0) * (u32::from(self.shape.neurons) / FOLDED.1);
        passes.push(Pass { kernel: Kernel::Fold, groups, words });
        let [z, y, x] = extent;
        let mut words = vec![base, lattice, values, z, y, x, min.to_bits(), max.to_bits()];
        if let Some(Half { at, limit, matrix }) = self.half {
            words.extend([base + at, limit.to_bits(), base + matrix]);
        }
        passes.push(match self.kernel(moment.variants) {
            Kernel::GridDeep => Pass::elements(Kernel::GridDeep, count(extent), words),
            kernel => Pass::tiles(kernel, extent, words),
        });
        Ok(())
    }
}

/// Vertices of a grid on each axis (SPEC section 11.3).
fn vertices(extent: [u32; 3], log2_cell: u8) -> [u32; 3] {
    extent.map(|n| (n - 1).div_ceil(1 << log2_cell) + 1)
}

/// Layer 2 and the output in the order of `grid_matrix.slang`.
fn matrix_parameters(network: &GridNetwork, output: u8, n_neurons: usize) -> Vec<u32> {
    let (layer, last) = (&network.layers[1], &network.layers[2]);
    let n = layer.n_in;
    let mut numbers = Vec::with_capacity(n_neurons * n_neurons);
    for i in 0..n_neurons {
        numbers.extend((0..n_neurons).map(|o| if i < n && o < n { layer.weights[o * n + i].to_f32() } else { 0.0 }));
    }
    let output = usize::from(output);
    let mut behind = vec![0.0; 2 * n_neurons];
    for (o, pair) in behind.chunks_exact_mut(2).enumerate().take(n) {
        pair.copy_from_slice(&[layer.biases[o].to_f32(), last.weights[output * n + o].to_f32()]);
    }
    behind.push(last.biases[output].to_f32());
    halves(&numbers).chain(bits(behind)).collect()
}

/// How large the neurons of layer 1 may be so that no number of 16 bits overflows in layer 2; `None` if there is no such layer,
/// more of them, too many neurons, or the limit would be too low to be of use. Larger neurons are limited to it.
fn limit_of_neurons(network: &GridNetwork) -> Option<f32> {
    if network.config.n_hidden_layers != 2 || network.config.n_neurons > MOST_SUMMED {
        return None;
    }
    let layer = &network.layers[1];
    let rows = layer.weights.chunks_exact(layer.n_in).zip(&layer.biases);
    let largest = |limit: f32| {
        let sum = |row: &[f16]| row.iter().map(|weight| weight.to_f32().abs() * limit).sum::<f32>();
        rows.clone().map(|(row, bias)| sum(row) + bias.to_f32().abs()).fold(0.0, f32::max)
    };
    [4096.0f32, 1024.0, 256.0, 64.0].into_iter().find(|&limit| largest(limit) <= MOST_HALF)
}
