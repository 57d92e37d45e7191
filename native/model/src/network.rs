mod header;
mod quantised;

pub use quantised::{QuantisedNetwork, QuantisedTable};

use crate::bytes::{Cursor, put_f16s};
use crate::{Error, GridConfig};
use half::f16;
use header::{Header, ParameterType};

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
    /// the bytes of the entry's network (kind 1), if it has one. Quantised parameters are
    /// [dequantised](QuantisedNetwork::dequantised).
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
        let header = Header::read(&mut cursor, extent, segment_steps)?;
        if header.parameter_type == ParameterType::Quantised {
            return QuantisedNetwork::read(cursor, header, extent)?.dequantised();
        }
        let Header { config, shared_mlp, .. } = header;
        let tables = (0..config.levels.len())
            .map(|l| {
                let n = config.n_entries(l, extent) * usize::from(config.levels[l].n_features);
                cursor.f16s(n, "table")
            })
            .collect::<Result<_, _>>()?;
        let layers = if !shared_mlp {
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

    /// Whether a codec 3 payload has quantised parameters, which [`QuantisedNetwork::from_bytes`] reads as they are.
    pub fn is_quantised(payload: &[u8]) -> bool {
        payload.get(header::PARAMETER_TYPE_AT) == Some(&header::QUANTISED)
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
        let header = Header { config: self.config.clone(), parameter_type: ParameterType::F16, shared_mlp: shared };
        let mut out = header.to_bytes(self.extent);
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
