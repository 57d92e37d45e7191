//! Grid networks (codec 3): layer 1 is folded into a lattice on the finest grid, which the voxels interpolate.

use super::{Moment, count};
use crate::Error;
use crate::kernels::Kernel;
use crate::pass::{Pass, Work, bits, interpolate};
use half::f16;
use neuvol_model::{GridNetwork, TimeConfig, TimeInterpolation, time_position};

/// Words of a network before its levels, and of a level: see `fold.slang`.
const HEAD: usize = 12;
const LEVEL: usize = 8;

#[derive(Debug)]
pub(super) struct Grid {
    time: TimeConfig,
    time_codes: Vec<f16>,
    time_gains: Vec<f16>,
    n_neurons: usize,
    n_inputs: usize,
    /// Of the finest grid.
    vertices: [u32; 3],
    output: u8,
}

impl Grid {
    pub(super) fn new(network: &GridNetwork, output: u8) -> Result<(Self, Vec<u32>), Error> {
        let config = &network.config;
        config.validate_for(network.extent)?;
        if output >= config.n_outputs {
            let message = format!("is {output}, the network has {} outputs", config.n_outputs);
            return Err(Error::argument("output", message));
        }
        let n_neurons = usize::from(config.n_neurons);
        let n_inputs = config.levels.iter().map(|level| usize::from(level.n_features)).sum();
        let finest = config.levels.last().map_or(0, |level| level.log2_cell);
        let vertices = vertices(network.extent, finest);

        let mut words = vec![0; HEAD + LEVEL * config.levels.len()];
        let mut first_layers = network.layers.iter();
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
        // Weights [input][output]: neighbouring threads read neighbouring words.
        let transposed = |layer: &neuvol_model::Dense, words: &mut Vec<u32>| {
            for i in 0..layer.n_in {
                words.extend(bits((0..layer.n_out).map(|o| layer.weights[o * layer.n_in + i].to_f32())));
            }
            let at = words.len() as u32;
            words.extend(bits(layer.biases.iter().map(|bias| bias.to_f32())));
            at
        };
        let weights = words.len() as u32;
        let biases = first_layers.next().map_or(0, |layer| transposed(layer, &mut words));
        let others = words.len() as u32;
        for layer in first_layers {
            transposed(layer, &mut words);
        }
        let head = [
            config.levels.len() as u32,
            config.n_neurons.into(),
            config.n_hidden_layers.into(),
            config.n_outputs.into(),
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
            n_neurons,
            n_inputs,
            vertices,
            output,
        };
        Ok((grid, words))
    }

    /// By the width, 0..8.
    pub(super) fn class(&self) -> usize {
        (self.n_neurons / 16).min(7)
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
        let Moment { base, time, range: (min, max) } = moment;
        let n = count(self.vertices) * self.n_neurons as u32;
        let lattice = work.take(n)?;
        let mut code = vec![0.0; self.n_neurons];
        let mut gain = vec![1.0; self.n_inputs];
        if self.time.n_codes > 0 {
            self.time.interpolate(&self.time_codes, time, &mut code);
        }
        let gains = !self.time_gains.is_empty();
        if gains {
            self.time.interpolate(&self.time_gains, time, &mut gain);
        }
        let mut words = vec![base, lattice, gains.into(), 0];
        words.extend(bits(code));
        if gains {
            words.extend(bits(gain));
        }
        passes.push(Pass::elements(Kernel::Fold, n, words));
        let [z, y, x] = extent;
        let words = vec![base, lattice, values, z, y, x, self.output.into(), min.to_bits(), max.to_bits()];
        passes.push(Pass::elements(Kernel::Grid, count(extent), words));
        Ok(())
    }
}

/// Vertices of a grid on each axis (SPEC section 11.3).
fn vertices(extent: [u32; 3], log2_cell: u8) -> [u32; 3] {
    extent.map(|n| (n - 1).div_ceil(1 << log2_cell) + 1)
}
