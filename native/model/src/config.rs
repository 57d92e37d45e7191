use crate::Error;
use crate::oracle::time_position;
use half::f16;

/// Most levels of a grid network.
pub const MAX_LEVELS: usize = 8;
/// Most features per level.
pub const MAX_FEATURES: u8 = 32;
/// Largest cell: 2^8 voxels, the longest side of a block.
pub const MAX_LOG2_CELL: u8 = 8;
/// Most neurons of a hidden layer.
pub const MAX_NEURONS: u16 = 128;
/// Most hidden layers.
pub const MAX_HIDDEN_LAYERS: u8 = 4;
/// Most outputs of one network.
pub const MAX_OUTPUTS: u8 = 16;
/// Most parameters (tables, MLP and time codes together) of one network.
pub const MAX_PARAMETERS: u64 = 1 << 26;
/// Longest side of a block in voxels.
const MAX_SIDE: u32 = 256;
/// Most voxels of a block.
const MAX_BLOCK_VOXELS: u64 = 1 << 21;

/// One level of the grid encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GridLevel {
    /// Cubic cells of 2^log2_cell voxels, 1..=8. Must be one less than that of the level before.
    pub log2_cell: u8,
    /// Features per vertex, 1..=32.
    pub n_features: u8,
    /// Largest table, as a power of two (4..=24); 0 = always dense. Larger grids are hashed into it.
    pub log2_hashmap_size: u8,
}

/// Shape of a grid network: everything but its parameters and the extent of its block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GridConfig {
    /// Levels, coarse to fine, 1..=8.
    pub levels: Vec<GridLevel>,
    /// Width of the hidden layers, 1..=128.
    pub n_neurons: u16,
    /// Hidden layers, 1..=4.
    pub n_hidden_layers: u8,
    /// Outputs of the last layer, 1..=16.
    pub n_outputs: u8,
    /// How the network depends on the time.
    pub time: TimeConfig,
}

/// How a network depends on the time. The default is not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeConfig {
    /// Time codes: 0, or the number of steps of the segment.
    pub n_codes: u16,
    /// Whether every code also has a gain per input, by which the encoding is multiplied.
    pub gains: bool,
    /// What stands between two steps.
    pub interpolation: TimeInterpolation,
}

/// What a network with time codes gives between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeInterpolation {
    /// The network at the linear interpolation of the codes (and gains).
    #[default]
    Codes,
    /// The network at the cubic interpolation (Catmull-Rom) of the codes (and gains).
    CubicCodes,
    /// The linear interpolation of the values of the two steps.
    Values,
}

impl TimeConfig {
    /// `n_codes` additive codes, interpolated linearly.
    pub fn codes(n_codes: u16) -> Self {
        Self { n_codes, ..Self::default() }
    }

    /// The row at `time` steps since the start of the segment (limited to it) of codes or gains `[code][number]`, into
    /// `out`: linear or cubic, as [`interpolation`](Self::interpolation) says, and the codes themselves at the steps.
    ///
    /// # Panics
    /// If `rows` has fewer than `n_codes` rows of the length of `out`, or `n_codes` is 0.
    pub fn interpolate(&self, rows: &[f16], time: f64, out: &mut [f32]) {
        self.interpolation.interpolate(rows, self.n_codes.into(), time, out);
    }
}

impl TimeInterpolation {
    /// As [`TimeConfig::interpolate`], of `n` rows. [`Values`](Self::Values) is taken as linear.
    ///
    /// # Panics
    /// If `rows` has fewer than `n` rows of the length of `out`, or `n` is 0.
    pub fn interpolate<T: Copy + Into<f32>>(self, rows: &[T], n: u32, time: f64, out: &mut [f32]) {
        let (step, next, f) = time_position(time, n);
        let cubic = self == TimeInterpolation::CubicCodes && f != 0.0;
        let width = out.len();
        let number = |step: u32, at: usize| -> f32 { rows[step as usize * width + at].into() };
        for (at, out) in out.iter_mut().enumerate() {
            let (a, b) = (number(step, at), number(next, at));
            *out = if cubic {
                // Catmull & Rom 1974; beyond the ends the curve goes on straight.
                let before = if step > 0 { number(step - 1, at) } else { 2.0 * a - b };
                let after = if next + 1 < n { number(next + 1, at) } else { 2.0 * b - a };
                let (slope_a, slope_b) = (0.5 * (b - before), 0.5 * (after - a));
                let (c2, c3) = (3.0 * (b - a) - 2.0 * slope_a - slope_b, 2.0 * (a - b) + slope_a + slope_b);
                a + f * (slope_a + f * (c2 + f * c3))
            } else {
                a + (b - a) * f
            };
        }
    }
}

/// Checks the limits of a block.
pub(crate) fn check_extent(extent: [u32; 3]) -> Result<(), Error> {
    if extent.iter().any(|e| !(1..=MAX_SIDE).contains(e)) {
        return Err(Error::argument("extent", format!("is {extent:?}, every side must be in 1..={MAX_SIDE}")));
    }
    let voxels = extent.iter().map(|&e| u64::from(e)).product();
    if voxels > MAX_BLOCK_VOXELS {
        return Err(Error::Limit { what: "number of voxels of a block", value: voxels, limit: MAX_BLOCK_VOXELS });
    }
    Ok(())
}

impl GridConfig {
    /// Checks every rule of the format that does not depend on an extent.
    pub fn validate(&self) -> Result<(), Error> {
        let range = |name: &'static str, value: u64, max: u64| {
            if (1..=max).contains(&value) {
                Ok(())
            } else {
                Err(Error::argument(name, format!("is {value}, must be in 1..={max}")))
            }
        };
        range("levels", self.levels.len() as u64, MAX_LEVELS as u64)?;
        range("n_neurons", self.n_neurons.into(), MAX_NEURONS.into())?;
        range("n_hidden_layers", self.n_hidden_layers.into(), MAX_HIDDEN_LAYERS.into())?;
        range("n_outputs", self.n_outputs.into(), MAX_OUTPUTS.into())?;
        for level in &self.levels {
            range("log2_cell", level.log2_cell.into(), MAX_LOG2_CELL.into())?;
            range("n_features", level.n_features.into(), MAX_FEATURES.into())?;
            if level.log2_hashmap_size != 0 && !(4..=24).contains(&level.log2_hashmap_size) {
                let message = format!("is {}, must be 0 (dense) or in 4..=24", level.log2_hashmap_size);
                return Err(Error::argument("log2_hashmap_size", message));
            }
        }
        for pair in self.levels.windows(2) {
            if pair[0].log2_cell != pair[1].log2_cell + 1 {
                let message =
                    format!("is {} after {}, must fall by exactly 1 per level", pair[1].log2_cell, pair[0].log2_cell);
                return Err(Error::argument("log2_cell", message));
            }
        }
        if self.time.n_codes == 0 && self.time != TimeConfig::default() {
            return Err(Error::argument("time", "gains or an interpolation without time codes"));
        }
        Ok(())
    }

    /// [`validate`](Self::validate), the limits of a block, and the limit on the number of parameters.
    pub fn validate_for(&self, extent: [u32; 3]) -> Result<(), Error> {
        self.validate()?;
        check_extent(extent)?;
        let parameters = self.n_parameters(extent);
        if parameters > MAX_PARAMETERS {
            let what = "number of parameters of a grid network";
            return Err(Error::Limit { what, value: parameters, limit: MAX_PARAMETERS });
        }
        Ok(())
    }

    /// Vertices of a level per axis: ⌈(n−1)/cell⌉ + 1.
    pub fn n_vertices(&self, level: usize, extent: [u32; 3]) -> [u32; 3] {
        let cell = 1u32 << self.levels[level].log2_cell;
        extent.map(|n| n.saturating_sub(1).div_ceil(cell) + 1)
    }

    fn n_all_vertices(&self, level: usize, extent: [u32; 3]) -> u64 {
        self.n_vertices(level, extent).iter().fold(1, |n, &v| n.saturating_mul(v.into()))
    }

    /// Whether the vertices of a level share the entries of a hash table.
    pub fn is_hashed(&self, level: usize, extent: [u32; 3]) -> bool {
        let log2 = self.levels[level].log2_hashmap_size;
        log2 != 0 && self.n_all_vertices(level, extent) > 1u64 << log2.min(63)
    }

    /// Entries in the table of a level.
    pub fn n_entries(&self, level: usize, extent: [u32; 3]) -> usize {
        if self.is_hashed(level, extent) {
            1 << self.levels[level].log2_hashmap_size
        } else {
            self.n_all_vertices(level, extent).try_into().unwrap_or(usize::MAX)
        }
    }

    /// Entry of the vertex (vz, vy, vx) in the table of its level; below [`n_entries`](Self::n_entries).
    pub fn entry_index(&self, level: usize, extent: [u32; 3], vz: u32, vy: u32, vx: u32) -> usize {
        if self.is_hashed(level, extent) {
            let hash = vx ^ vy.wrapping_mul(2_654_435_761) ^ vz.wrapping_mul(805_459_861);
            hash as usize & (self.n_entries(level, extent) - 1)
        } else {
            let [_, ny, nx] = self.n_vertices(level, extent).map(|n| n as usize);
            (vz as usize * ny + vy as usize) * nx + vx as usize
        }
    }

    /// Inputs of the first layer: the features of all levels.
    pub fn n_inputs(&self) -> usize {
        self.levels.iter().map(|l| usize::from(l.n_features)).sum()
    }

    /// (inputs, outputs) of every dense layer, first to last.
    pub fn layer_shapes(&self) -> Vec<(usize, usize)> {
        let width = usize::from(self.n_neurons);
        let mut shapes = vec![(self.n_inputs(), width)];
        shapes.extend((1..self.n_hidden_layers).map(|_| (width, width)));
        shapes.push((width, self.n_outputs.into()));
        shapes
    }

    /// Parameters of the MLP: weights and biases.
    pub fn n_mlp_parameters(&self) -> usize {
        self.layer_shapes().iter().map(|&(n_in, n_out)| (n_in + 1) * n_out).sum()
    }

    /// All parameters of a block of this extent: tables, MLP and time codes. Saturates.
    pub fn n_parameters(&self, extent: [u32; 3]) -> u64 {
        let tables = (0..self.levels.len()).fold(0u64, |n, l| {
            let entries = self.n_entries(l, extent) as u64;
            n.saturating_add(entries.saturating_mul(self.levels[l].n_features.into()))
        });
        let codes = (self.n_time_code_parameters() + self.n_time_gains()) as u64;
        tables.saturating_add(self.n_mlp_parameters() as u64).saturating_add(codes)
    }

    /// Numbers in the time codes, `[code][neuron]`.
    pub fn n_time_code_parameters(&self) -> usize {
        usize::from(self.time.n_codes) * usize::from(self.n_neurons)
    }

    /// Numbers in the time gains, `[code][input]`; 0 without gains.
    pub fn n_time_gains(&self) -> usize {
        if self.time.gains { usize::from(self.time.n_codes) * self.n_inputs() } else { 0 }
    }
}
