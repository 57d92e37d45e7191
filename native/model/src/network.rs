use crate::bytes::{Cursor, put_f16s};
use crate::{Error, GridConfig, GridLevel, TimeConfig, TimeInterpolation};
use half::f16;

const RELU: u8 = 1;
const PARAMETERS_F16: u8 = 1;
const FLAG_SHARED_MLP: u8 = 1;
const FLAG_TIME_GAINS: u8 = 1 << 1;
const INTERPOLATION_SHIFT: u8 = 2;
const KNOWN_FLAGS: u8 = FLAG_SHARED_MLP | FLAG_TIME_GAINS | 0b11 << INTERPOLATION_SHIFT;
const WHAT: &str = "grid network";

/// A fully connected layer, y = W·x + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Inputs.
    pub n_in: usize,
    /// Outputs.
    pub n_out: usize,
    /// W as `[output][input]`, `n_out * n_in` numbers.
    pub weights: Vec<f16>,
    /// b, `n_out` numbers.
    pub biases: Vec<f16>,
}

/// A grid network (codec 3) of one block: multi-resolution grid encoding followed by a ReLU MLP.
#[derive(Clone, Debug, PartialEq)]
pub struct GridNetwork {
    /// Shape.
    pub config: GridConfig,
    /// Extent of the block in voxels, `[z, y, x]`.
    pub extent: [u32; 3],
    /// One table per level, `[entry][feature]`.
    pub tables: Vec<Vec<f16>>,
    /// Hidden layers and the last layer, as [`GridConfig::layer_shapes`] says.
    pub layers: Vec<Dense>,
    /// `[code][neuron]`, added to the first layer before its ReLU; empty without time codes.
    pub time_codes: Vec<f16>,
    /// `[code][input]`, by which the encoding is multiplied; empty without gains.
    pub time_gains: Vec<f16>,
}

impl GridNetwork {
    /// A network of this shape whose parameters are all 0.
    ///
    /// # Errors
    /// A shape or extent outside the limits of the format.
    pub fn zeros(config: GridConfig, extent: [u32; 3]) -> Result<Self, Error> {
        config.validate_for(extent)?;
        let zeros = |n: usize| vec![f16::ZERO; n];
        Ok(GridNetwork {
            tables: (0..config.levels.len())
                .map(|l| zeros(config.n_entries(l, extent) * usize::from(config.levels[l].n_features)))
                .collect(),
            layers: config
                .layer_shapes()
                .into_iter()
                .map(|(n_in, n_out)| Dense { n_in, n_out, weights: zeros(n_in * n_out), biases: zeros(n_out) })
                .collect(),
            time_codes: zeros(config.n_time_code_parameters()),
            time_gains: zeros(config.n_time_gains()),
            config,
            extent,
        })
    }

    /// Checks that every part has the size that the shape says and that every parameter is finite.
    ///
    /// # Errors
    /// The first rule that is broken. Parsed networks always pass; this is for networks put together by hand.
    pub fn validate(&self) -> Result<(), Error> {
        let (config, extent) = (&self.config, self.extent);
        config.validate_for(extent)?;
        let size = |name: &'static str, found: usize, expected: usize| {
            if found == expected {
                Ok(())
            } else {
                Err(Error::argument(name, format!("has {found} elements, must have {expected}")))
            }
        };
        size("tables", self.tables.len(), config.levels.len())?;
        for (l, table) in self.tables.iter().enumerate() {
            size("tables", table.len(), config.n_entries(l, extent) * usize::from(config.levels[l].n_features))?;
        }
        let shapes = config.layer_shapes();
        size("layers", self.layers.len(), shapes.len())?;
        for (layer, (n_in, n_out)) in self.layers.iter().zip(shapes) {
            size("n_in", layer.n_in, n_in)?;
            size("n_out", layer.n_out, n_out)?;
            size("weights", layer.weights.len(), n_in * n_out)?;
            size("biases", layer.biases.len(), n_out)?;
        }
        size("time_codes", self.time_codes.len(), config.n_time_code_parameters())?;
        size("time_gains", self.time_gains.len(), config.n_time_gains())?;
        let mlp = self.layers.iter().flat_map(|d| d.weights.iter().chain(&d.biases));
        let time = self.time_codes.iter().chain(&self.time_gains);
        if self.tables.iter().flatten().chain(mlp).chain(time).any(|v| !v.is_finite()) {
            return Err(Error::argument("parameters", "a NaN or infinite parameter; all must be finite in f16"));
        }
        Ok(())
    }

    /// Reads a codec 3 payload for a block of `extent` voxels and a segment of `segment_steps` steps. `shared` holds
    /// the bytes of the entry's network (kind 1), if it has one.
    ///
    /// # Errors
    /// Any broken rule, with its place; nothing is allocated that the length of the payload does not justify.
    pub fn from_bytes(
        payload: &[u8],
        extent: [u32; 3],
        shared: Option<&[u8]>,
        segment_steps: u32,
    ) -> Result<Self, Error> {
        let mut cursor = Cursor::new(payload, WHAT);
        let n_levels = cursor.u8()?;
        let n_hidden_layers = cursor.u8()?;
        let n_outputs = cursor.u8()?;
        let activation = cursor.u8()?;
        let n_neurons = cursor.u16()?;
        let n_codes = cursor.u16()?;
        let parameter_type = cursor.u8()?;
        let flags = cursor.u8()?;
        cursor.reserved(6)?;
        if activation != RELU {
            return Err(Error::Unsupported { what: "activation", id: activation.into() });
        }
        if parameter_type != PARAMETERS_F16 {
            return Err(Error::Unsupported { what: "parameter type", id: parameter_type.into() });
        }
        let interpolation = match (flags & !KNOWN_FLAGS, flags >> INTERPOLATION_SHIFT & 0b11) {
            (0, 0) => TimeInterpolation::Codes,
            (0, 1) => TimeInterpolation::CubicCodes,
            (0, 2) => TimeInterpolation::Values,
            _ => return Err(Error::Unsupported { what: "grid network flags", id: flags.into() }),
        };
        let time = TimeConfig { n_codes, gains: flags & FLAG_TIME_GAINS != 0, interpolation };
        if n_codes != 0 && u32::from(n_codes) != segment_steps {
            let reason = format!("is {n_codes}, must be 0 or the {segment_steps} steps of the segment");
            return Err(Error::payload("n_time_codes", 6, reason));
        }
        let mut levels = Vec::new();
        let mut stored_entries = Vec::new();
        for _ in 0..n_levels {
            let (log2_cell, n_features, log2_hashmap_size) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
            cursor.reserved(1)?;
            stored_entries.push((cursor.offset(), cursor.u32()?));
            levels.push(GridLevel { log2_cell, n_features, log2_hashmap_size });
        }
        let config = GridConfig { levels, n_neurons, n_hidden_layers, n_outputs, time };
        config.validate_for(extent)?;
        for (level, (offset, stored)) in stored_entries.into_iter().enumerate() {
            let expected = config.n_entries(level, extent);
            if stored as usize != expected {
                return Err(Error::payload("n_entries", offset, format!("is {stored}, must be {expected}")));
            }
        }

        let tables = (0..config.levels.len())
            .map(|l| {
                let n = config.n_entries(l, extent) * usize::from(config.levels[l].n_features);
                cursor.f16s(n, "table")
            })
            .collect::<Result<_, _>>()?;
        let layers = if flags & FLAG_SHARED_MLP == 0 {
            read_mlp(&mut cursor, &config)?
        } else {
            let bytes = shared.ok_or_else(|| {
                Error::payload("flags", 9, "the MLP is said to be shared, but the entry names no network")
            })?;
            let mut shared = Cursor::new(bytes, "shared network");
            let layers = read_mlp(&mut shared, &config)?;
            shared.finish()?;
            layers
        };
        let time_codes = cursor.f16s(config.n_time_code_parameters(), "time codes")?;
        let time_gains = cursor.f16s(config.n_time_gains(), "time gains")?;
        cursor.finish()?;
        Ok(GridNetwork { config, extent, tables, layers, time_codes, time_gains })
    }

    /// The codec 3 payload with the MLP in it.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.serialise(false)
    }

    /// The codec 3 payload that leaves the MLP to the entry's network, whose bytes are
    /// [`mlp_bytes`](Self::mlp_bytes).
    pub fn to_bytes_shared(&self) -> Vec<u8> {
        self.serialise(true)
    }

    /// The MLP alone: the bytes of a network of kind 1.
    pub fn mlp_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for layer in &self.layers {
            put_f16s(&mut out, &layer.weights);
            put_f16s(&mut out, &layer.biases);
        }
        out
    }

    fn serialise(&self, shared: bool) -> Vec<u8> {
        let config = &self.config;
        let mut out = vec![config.levels.len() as u8, config.n_hidden_layers, config.n_outputs, RELU];
        out.extend(config.n_neurons.to_le_bytes());
        out.extend(config.time.n_codes.to_le_bytes());
        let interpolation = match config.time.interpolation {
            TimeInterpolation::Codes => 0,
            TimeInterpolation::CubicCodes => 1,
            TimeInterpolation::Values => 2,
        };
        let mut flags = interpolation << INTERPOLATION_SHIFT;
        flags |= if shared { FLAG_SHARED_MLP } else { 0 };
        flags |= if config.time.gains { FLAG_TIME_GAINS } else { 0 };
        out.extend([PARAMETERS_F16, flags, 0, 0, 0, 0, 0, 0]);
        for (l, level) in config.levels.iter().enumerate() {
            out.extend([level.log2_cell, level.n_features, level.log2_hashmap_size, 0]);
            out.extend((config.n_entries(l, self.extent) as u32).to_le_bytes());
        }
        for table in &self.tables {
            put_f16s(&mut out, table);
        }
        if !shared {
            out.extend(self.mlp_bytes());
        }
        put_f16s(&mut out, &self.time_codes);
        put_f16s(&mut out, &self.time_gains);
        out
    }
}

fn read_mlp(cursor: &mut Cursor<'_>, config: &GridConfig) -> Result<Vec<Dense>, Error> {
    config
        .layer_shapes()
        .into_iter()
        .map(|(n_in, n_out)| {
            let weights = cursor.f16s(n_in * n_out, "weights")?;
            let biases = cursor.f16s(n_out, "biases")?;
            Ok(Dense { n_in, n_out, weights, biases })
        })
        .collect()
}
