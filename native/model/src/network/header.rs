//! What stands before the parameters of a codec 3 payload, whatever their type.
use crate::bytes::Cursor;
use crate::{Error, GridConfig, GridLevel, TimeConfig, TimeInterpolation};

const RELU: u8 = 1;
const FLAG_SHARED_MLP: u8 = 1;
const FLAG_TIME_GAINS: u8 = 1 << 1;
const INTERPOLATION_SHIFT: u8 = 2;
const KNOWN_FLAGS: u8 = FLAG_SHARED_MLP | FLAG_TIME_GAINS | 0b11 << INTERPOLATION_SHIFT;

/// Where the parameter type stands.
pub(crate) const PARAMETER_TYPE_AT: usize = 8;
const F16: u8 = 1;
pub(crate) const QUANTISED: u8 = 2;

/// How the parameters are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterType {
    F16,
    Quantised,
}

/// The first bytes of a payload.
pub(crate) struct Header {
    pub(crate) config: GridConfig,
    pub(crate) parameter_type: ParameterType,
    /// Whether the MLP is the entry's network.
    pub(crate) shared_mlp: bool,
}

impl Header {
    /// Reads it for a block of `extent` voxels and a segment of `segment_steps` steps.
    pub(crate) fn read(cursor: &mut Cursor<'_>, extent: [u32; 3], segment_steps: u32) -> Result<Self, Error> {
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
        let parameter_type = match parameter_type {
            F16 => ParameterType::F16,
            QUANTISED => ParameterType::Quantised,
            id => return Err(Error::Unsupported { what: "parameter type", id: id.into() }),
        };
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
        Ok(Self { config, parameter_type, shared_mlp: flags & FLAG_SHARED_MLP != 0 })
    }

    /// Its bytes.
    pub(crate) fn to_bytes(&self, extent: [u32; 3]) -> Vec<u8> {
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
        flags |= if self.shared_mlp { FLAG_SHARED_MLP } else { 0 };
        flags |= if config.time.gains { FLAG_TIME_GAINS } else { 0 };
        let parameter_type = match self.parameter_type {
            ParameterType::F16 => F16,
            ParameterType::Quantised => QUANTISED,
        };
        out.extend([parameter_type, flags, 0, 0, 0, 0, 0, 0]);
        for (l, level) in config.levels.iter().enumerate() {
            out.extend([level.log2_cell, level.n_features, level.log2_hashmap_size, 0]);
            out.extend((config.n_entries(l, extent) as u32).to_le_bytes());
        }
        out
    }
}
