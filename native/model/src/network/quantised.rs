//! A grid network whose parameters are integers: parameter type 2 of codec 3.
use super::header::{Header, PARAMETER_TYPE_AT, ParameterType};
use super::{Dense, GridNetwork, WHAT};
use crate::bytes::{Cursor, put_f16s};
use crate::{Error, GridConfig, Tensor};
use half::f16;
use neuvol_entropy::entries::{self, Entries, Table};

/// The table of a level, quantised.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedTable {
    /// What a value of 1 stands for, > 0: parameter = value · step.
    pub step: f32,
    /// `[entry][feature]`, within ±2^20.
    pub values: Vec<i32>,
}

/// A grid network as parameter type 2 of codec 3 stores it: the tables as integers times a step per level, entropy-coded,
/// the MLP as bytes times a scale per tensor, what depends on the time as f16. Decoders take what
/// [`dequantised`](Self::dequantised) gives.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedNetwork {
    /// Shape.
    pub config: GridConfig,
    /// Extent of the block in voxels, `[z, y, x]`.
    pub extent: [u32; 3],
    /// One table per level.
    pub tables: Vec<QuantisedTable>,
    /// Weights `[output][input]` and biases `[output]` in turn, hidden layers and the last layer.
    pub tensors: Vec<Tensor>,
    /// `[code][neuron]`, as in [`GridNetwork`].
    pub time_codes: Vec<f16>,
    /// `[code][input]`, as in [`GridNetwork`].
    pub time_gains: Vec<f16>,
}

impl QuantisedNetwork {
    /// The parameter that an integer stands for: the product in f32, rounded to f16 (to nearest, ties to even).
    pub fn parameter(value: i32, step: f32) -> f16 {
        f16::from_f32(value as f32 * step)
    }

    /// The network with f16 parameters, which this one stands for (SPEC section 11.3).
    ///
    /// # Errors
    /// A part has another size than the shape says, a step or scale is out of its limits, or a parameter is not finite.
    pub fn dequantised(&self) -> Result<GridNetwork, Error> {
        self.validate()?;
        let tables = self
            .tables
            .iter()
            .map(|QuantisedTable { step, values }| values.iter().map(|&value| Self::parameter(value, *step)).collect());
        let of = |tensor: &Tensor| -> Vec<f16> {
            tensor.values.iter().map(|&value| Self::parameter(value.into(), tensor.scale)).collect()
        };
        let shapes = self.config.layer_shapes();
        let layers = shapes.into_iter().zip(self.tensors.chunks_exact(2)).map(|((n_in, n_out), tensors)| Dense {
            n_in,
            n_out,
            weights: of(&tensors[0]),
            biases: of(&tensors[1]),
        });
        let network = GridNetwork {
            tables: tables.collect(),
            layers: layers.collect(),
            time_codes: self.time_codes.clone(),
            time_gains: self.time_gains.clone(),
            config: self.config.clone(),
            extent: self.extent,
        };
        network.validate()?;
        Ok(network)
    }

    /// Checks shapes, steps and scales. What the sizes do not show is checked by the network that this one stands for.
    fn validate(&self) -> Result<(), Error> {
        self.config.validate_for(self.extent)?;
        if let Some(step) = self.tables.iter().map(|table| table.step).find(|step| !is_step(*step)) {
            return Err(Error::argument("step", format!("is {step}, must be finite and above 0")));
        }
        if let Some(scale) = self.tensors.iter().map(|tensor| tensor.scale).find(|scale| !is_scale(*scale)) {
            return Err(Error::argument("scale", format!("is {scale}, must be finite and at least 0")));
        }
        let lengths = tensor_lengths(&self.config);
        if !self.tensors.iter().map(|tensor| tensor.values.len()).eq(lengths.iter().copied()) {
            let found: Vec<usize> = self.tensors.iter().map(|tensor| tensor.values.len()).collect();
            return Err(Error::argument("tensors", format!("have {found:?} values, must have {lengths:?}")));
        }
        Ok(())
    }

    /// The codec 3 payload, with parameter type 2.
    ///
    /// # Errors
    /// Those of [`dequantised`](Self::dequantised), and values beyond ±2^20.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.dequantised()?;
        let values: Vec<&[i32]> = self.tables.iter().map(|table| &table.values[..]).collect();
        let stream = entries::encode(&shapes(&self.config, self.extent), &values)
            .map_err(|error| Error::argument("tables", error.to_string()))?;
        let header =
            Header { config: self.config.clone(), parameter_type: ParameterType::Quantised, shared_mlp: false };
        let mut out = header.to_bytes(self.extent);
        out.extend(self.tables.iter().flat_map(|table| table.step.to_le_bytes()));
        out.extend(self.tensors.iter().flat_map(|tensor| tensor.scale.to_le_bytes()));
        out.extend((stream.len() as u32).to_le_bytes());
        out.extend(self.tensors.iter().flat_map(|tensor| &tensor.values).map(|value| value.cast_unsigned()));
        put_f16s(&mut out, &self.time_codes);
        put_f16s(&mut out, &self.time_gains);
        out.extend(stream);
        Ok(out)
    }

    /// Reads a codec 3 payload of parameter type 2 for a block of `extent` voxels and a segment of `segment_steps` steps.
    ///
    /// # Errors
    /// Any broken rule, with its place, and parameters of another type. Tables are no larger than the block justifies.
    pub fn from_bytes(payload: &[u8], extent: [u32; 3], segment_steps: u32) -> Result<Self, Error> {
        let mut cursor = Cursor::new(payload, WHAT);
        let header = Header::read(&mut cursor, extent, segment_steps)?;
        if header.parameter_type != ParameterType::Quantised {
            return Err(Error::payload("parameter type", PARAMETER_TYPE_AT, "is 1 (f16), must be 2 (quantised)"));
        }
        Self::read(cursor, header, extent)
    }

    /// Reads what follows the header.
    pub(super) fn read(mut cursor: Cursor<'_>, header: Header, extent: [u32; 3]) -> Result<Self, Error> {
        let Header { config, shared_mlp, .. } = header;
        if shared_mlp {
            return Err(Error::payload(
                "flags",
                9,
                "the MLP is said to be shared, but a quantised network has its own",
            ));
        }
        let steps = (0..config.levels.len()).map(|_| cursor.positive_f32("step")).collect::<Result<Vec<_>, _>>()?;
        let lengths = tensor_lengths(&config);
        let mut scales = Vec::new();
        for _ in &lengths {
            let offset = cursor.offset();
            let scale = cursor.finite_f32("scale")?;
            if !is_scale(scale) {
                return Err(Error::payload("scale", offset, format!("is {scale}, must be at least 0")));
            }
            scales.push(scale);
        }
        let len = cursor.u32()? as usize;
        let mut tensors = Vec::new();
        for (scale, length) in scales.into_iter().zip(lengths) {
            let offset = cursor.offset();
            let values: Vec<i8> = cursor.take(length)?.iter().map(|byte| byte.cast_signed()).collect();
            check_finite("tensor", offset, values.iter().map(|&value| value.into()), scale)?;
            tensors.push(Tensor { scale, values });
        }
        let time_codes = cursor.f16s(config.n_time_code_parameters(), "time codes")?;
        let time_gains = cursor.f16s(config.n_time_gains(), "time gains")?;
        let offset = cursor.offset();
        let stream = cursor.take(len)?;
        // Everything else is right before tables are made.
        cursor.finish()?;
        let values = entries::decode(&shapes(&config, extent), stream)
            .map_err(|error| Error::payload("stream", offset, error.to_string()))?;
        for (values, &step) in values.iter().zip(&steps) {
            check_finite("stream", offset, values.iter().copied(), step)?;
        }
        let tables = steps.into_iter().zip(values).map(|(step, values)| QuantisedTable { step, values }).collect();
        Ok(Self { config, extent, tables, tensors, time_codes, time_gains })
    }
}

/// All parameters must be finite numbers of 16 bits.
fn check_finite(what: &'static str, offset: usize, values: impl Iterator<Item = i32>, step: f32) -> Result<(), Error> {
    let largest = values.map(i32::unsigned_abs).max().unwrap_or(0) as i32;
    if QuantisedNetwork::parameter(largest, step).is_finite() {
        return Ok(());
    }
    Err(Error::payload(what, offset, format!("{largest} times {step} is no finite number of 16 bits")))
}

fn is_step(step: f32) -> bool {
    step.is_finite() && step > 0.0
}

fn is_scale(scale: f32) -> bool {
    scale.is_finite() && scale >= 0.0
}

/// Numbers of weights and biases in turn.
fn tensor_lengths(config: &GridConfig) -> Vec<usize> {
    config.layer_shapes().into_iter().flat_map(|(n_in, n_out)| [n_in * n_out, n_out]).collect()
}

/// What the entropy coder has to know of the tables.
fn shapes(config: &GridConfig, extent: [u32; 3]) -> Vec<Table> {
    let shape = |(level, of): (usize, &crate::GridLevel)| Table {
        entries: if config.is_hashed(level, extent) {
            Entries::Hashed(config.n_entries(level, extent))
        } else {
            Entries::Dense(config.n_vertices(level, extent).map(|n| n as usize))
        },
        n_features: of.n_features.into(),
    };
    config.levels.iter().enumerate().map(shape).collect()
}
