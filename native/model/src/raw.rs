use crate::bytes::Cursor;
use crate::oracle::{limit, time_position};
use crate::{Error, voxels};
use half::f16;
use std::io::Read;

/// Most bytes of values (uncompressed) in one raw payload.
pub const MAX_RAW_BYTES: u64 = 1 << 30;
const ZSTD_LEVEL: i32 = 9;
const HEADER_LEN: usize = 24;
const WHAT: &str = "raw block";

/// Type of the stored values of a raw block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RawType {
    /// 32-bit float, taken as it is.
    F32,
    /// 16-bit float, taken as it is.
    F16,
    /// Unsigned 8-bit integer, scaled.
    U8,
    /// Unsigned 16-bit integer, scaled.
    U16,
    /// Signed 16-bit integer, scaled.
    I16,
    /// Signed 32-bit integer, scaled.
    I32,
}

impl RawType {
    const ALL: [RawType; 6] = [RawType::F32, RawType::F16, RawType::U8, RawType::U16, RawType::I16, RawType::I32];

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            RawType::U8 => 1,
            RawType::F16 | RawType::U16 | RawType::I16 => 2,
            RawType::F32 | RawType::I32 => 4,
        }
    }

    fn id(self) -> u8 {
        1 + self as u8
    }

    fn from_id(id: u8) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|t| t.id() == id);
        known.ok_or(Error::Unsupported { what: "value type of a raw block:", id: id.into() })
    }

    /// Smallest and largest stored integer; `None` for floats.
    fn integers(self) -> Option<(f64, f64)> {
        match self {
            RawType::F32 | RawType::F16 => None,
            RawType::U8 => Some((0.0, u8::MAX.into())),
            RawType::U16 => Some((0.0, u16::MAX.into())),
            RawType::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            RawType::I32 => Some((i32::MIN.into(), i32::MAX.into())),
        }
    }
}

/// How the values of a raw payload are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RawCompression {
    /// Plain.
    None,
    /// zstd.
    Zstd,
}

/// A raw block (codec 2), unpacked: the stored values of every step of its segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    dtype: RawType,
    extent: [u32; 3],
    steps: u32,
    scale: f64,
    offset: f64,
    /// Little-endian, order (step, z, y, x).
    bytes: Vec<u8>,
}

impl Raw {
    /// A block that stores floats as they are; exact for [`RawType::F32`]. `values` in the order (step, z, y, x).
    ///
    /// # Errors
    /// An integer type, a wrong number of values, or more than [`MAX_RAW_BYTES`].
    pub fn from_floats(values: &[f32], extent: [u32; 3], steps: u32, dtype: RawType) -> Result<Self, Error> {
        check_len(values, extent, steps, dtype)?;
        let bytes = match dtype {
            RawType::F32 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            RawType::F16 => values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect(),
            _ => {
                return Err(Error::argument("dtype", format!("{dtype:?} needs a range, use Raw::quantise")));
            }
        };
        Ok(Raw { dtype, extent, steps, scale: 1.0, offset: 0.0, bytes })
    }

    /// A block that maps `range` (min, max) to all integers of `dtype`. Values outside are limited to it, NaN is
    /// stored as min. The error is at most half a quantum, (max − min) / (2·(number of integers − 1)), plus the
    /// rounding of the result to f32.
    ///
    /// # Errors
    /// A float type, a range that is not finite or reversed, a wrong number of values, or more than [`MAX_RAW_BYTES`].
    pub fn quantise(
        values: &[f32],
        extent: [u32; 3],
        steps: u32,
        dtype: RawType,
        range: (f32, f32),
    ) -> Result<Self, Error> {
        check_len(values, extent, steps, dtype)?;
        let (min, max) = (f64::from(range.0), f64::from(range.1));
        let Some((low, high)) = dtype.integers() else {
            return Err(Error::argument("dtype", format!("{dtype:?} is not an integer type, use Raw::from_floats")));
        };
        if !(min.is_finite() && max.is_finite() && min <= max) {
            return Err(Error::argument("range", format!("is {range:?}, must be finite with min <= max")));
        }
        let scale = if max > min { (max - min) / (high - low) } else { 1.0 };
        let offset = min - low * scale;
        let quantum = |v: f32| {
            let v = if v.is_nan() { min } else { f64::from(v).clamp(min, max) };
            ((v - offset) / scale).round().clamp(low, high) as i64
        };
        let size = dtype.size();
        let bytes = values.iter().flat_map(|&v| quantum(v).to_le_bytes().into_iter().take(size)).collect();
        Ok(Raw { dtype, extent, steps, scale, offset, bytes })
    }

    /// Payload that holds f32 values exactly: shuffled, zstd.
    ///
    /// # Errors
    /// See [`from_floats`](Self::from_floats).
    pub fn encode_f32(values: &[f32], extent: [u32; 3], steps: u32) -> Result<Vec<u8>, Error> {
        Self::from_floats(values, extent, steps, RawType::F32)?.to_bytes(RawCompression::Zstd, true)
    }

    /// Payload with integers instead of floats: shuffled, zstd.
    ///
    /// # Errors
    /// See [`quantise`](Self::quantise).
    pub fn encode_quantised(
        values: &[f32],
        extent: [u32; 3],
        steps: u32,
        dtype: RawType,
        range: (f32, f32),
    ) -> Result<Vec<u8>, Error> {
        Self::quantise(values, extent, steps, dtype, range)?.to_bytes(RawCompression::Zstd, true)
    }

    /// The codec 2 payload.
    ///
    /// # Errors
    /// If the compressor fails.
    pub fn to_bytes(&self, compression: RawCompression, shuffled: bool) -> Result<Vec<u8>, Error> {
        let mut out = vec![self.dtype.id(), (compression == RawCompression::Zstd).into(), shuffled.into()];
        out.resize(8, 0);
        out.extend(self.scale.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        let shuffled = if shuffled { shuffle(&self.bytes, self.dtype.size()) } else { self.bytes.clone() };
        match compression {
            RawCompression::None => out.extend(shuffled),
            RawCompression::Zstd => {
                let packed = zstd::bulk::compress(&shuffled, ZSTD_LEVEL)
                    .map_err(|e| Error::argument("values", format!("zstd could not compress them: {e}")))?;
                out.extend(packed);
            }
        }
        Ok(out)
    }

    /// Reads a codec 2 payload for a block of `extent` voxels and a segment of `steps` steps.
    ///
    /// # Errors
    /// Any broken rule, with its place. Memory grows with the data that really come out of the decompressor and never
    /// beyond what the extent needs or [`MAX_RAW_BYTES`].
    pub fn from_bytes(payload: &[u8], extent: [u32; 3], steps: u32) -> Result<Self, Error> {
        let mut cursor = Cursor::new(payload, WHAT);
        let dtype = RawType::from_id(cursor.u8()?)?;
        let compression = match cursor.u8()? {
            0 => RawCompression::None,
            1 => RawCompression::Zstd,
            id => {
                return Err(Error::Unsupported { what: "compression of a raw block:", id: id.into() });
            }
        };
        let shuffled = match cursor.u8()? {
            0 => false,
            1 => true,
            id => {
                return Err(Error::Unsupported { what: "shuffle of a raw block:", id: id.into() });
            }
        };
        cursor.reserved(5)?;
        let (scale, offset) = (cursor.f64()?, cursor.f64()?);
        if !scale.is_finite() {
            return Err(Error::payload("scale", 8, format!("is {scale}, must be finite")));
        }
        if !offset.is_finite() {
            return Err(Error::payload("offset", 16, format!("is {offset}, must be finite")));
        }
        let len = raw_len(extent, steps, dtype)?;
        let stored = cursor.take(payload.len() - HEADER_LEN)?;
        let bytes = match compression {
            RawCompression::None if stored.len() == len => stored.to_vec(),
            RawCompression::None => {
                let (expected, found) = ((HEADER_LEN + len) as u64, payload.len() as u64);
                return Err(Error::Length { what: WHAT, expected, found });
            }
            RawCompression::Zstd => decompress(stored, len)?,
        };
        let bytes = if shuffled { unshuffle(&bytes, dtype.size()) } else { bytes };
        Ok(Raw { dtype, extent, steps, scale, offset, bytes })
    }

    /// Type of the stored values.
    pub fn dtype(&self) -> RawType {
        self.dtype
    }

    /// Extent in voxels, `[z, y, x]`.
    pub fn extent(&self) -> [u32; 3] {
        self.extent
    }

    /// Steps of the segment.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Bytes of memory that the values take.
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The values of one step, as stored (before they are limited to a range); x fastest.
    ///
    /// # Errors
    /// A step that the block does not have or `out` of another length than the extent.
    pub fn step(&self, step: u32, out: &mut [f32]) -> Result<(), Error> {
        self.for_each(step, out, |out, value| *out = value)
    }

    /// The values at a time, limited to `range` (NaN becomes its min): a step, or the linear interpolation of the two
    /// steps around `local_time` (in steps since the start of the segment, limited to the segment).
    ///
    /// # Errors
    /// `out` of another length than the extent.
    pub fn decode(&self, local_time: f64, range: (f32, f32), out: &mut [f32]) -> Result<(), Error> {
        let (step, next, fraction) = time_position(local_time, self.steps);
        self.for_each(step, out, |out, value| *out = limit(value, range))?;
        if fraction > 0.0 {
            self.for_each(next, out, |out, value| *out += (limit(value, range) - *out) * fraction)?;
        }
        Ok(())
    }

    fn for_each(&self, step: u32, out: &mut [f32], mut put: impl FnMut(&mut f32, f32)) -> Result<(), Error> {
        let n = voxels(self.extent);
        if out.len() != n {
            return Err(Error::argument("out", format!("has {} elements, the block has {n} voxels", out.len())));
        }
        if step >= self.steps {
            return Err(Error::argument("step", format!("is {step}, the block has {} steps", self.steps)));
        }
        let len = n * self.dtype.size();
        let bytes = &self.bytes[step as usize * len..][..len];
        let scaled = |stored: f64| (stored * self.scale + self.offset) as f32;
        match self.dtype {
            RawType::F32 => visit(bytes, out, f32::from_le_bytes, &mut put),
            RawType::F16 => visit(bytes, out, |b| f16::from_le_bytes(b).to_f32(), &mut put),
            RawType::U8 => visit(bytes, out, |[b]| scaled(b.into()), &mut put),
            RawType::U16 => visit(bytes, out, |b| scaled(u16::from_le_bytes(b).into()), &mut put),
            RawType::I16 => visit(bytes, out, |b| scaled(i16::from_le_bytes(b).into()), &mut put),
            RawType::I32 => visit(bytes, out, |b| scaled(i32::from_le_bytes(b).into()), &mut put),
        }
        Ok(())
    }
}

fn visit<const N: usize>(
    bytes: &[u8],
    out: &mut [f32],
    value: impl Fn([u8; N]) -> f32,
    put: &mut impl FnMut(&mut f32, f32),
) {
    let (stored, _) = bytes.as_chunks::<N>();
    for (out, stored) in out.iter_mut().zip(stored) {
        put(out, value(*stored));
    }
}

fn raw_len(extent: [u32; 3], steps: u32, dtype: RawType) -> Result<usize, Error> {
    let len = (voxels(extent) as u64).saturating_mul(steps.into()).saturating_mul(dtype.size() as u64);
    if len > MAX_RAW_BYTES {
        let what = "size of a raw block in bytes (voxels of the block x steps of the segment)";
        return Err(Error::Limit { what, value: len, limit: MAX_RAW_BYTES });
    }
    Ok(len as usize)
}

fn check_len(values: &[f32], extent: [u32; 3], steps: u32, dtype: RawType) -> Result<(), Error> {
    let expected = raw_len(extent, steps, dtype)? / dtype.size();
    if values.len() != expected {
        let message = format!("has {} elements; {steps} steps of {extent:?} voxels need {expected}", values.len());
        return Err(Error::argument("values", message));
    }
    Ok(())
}

/// Bytes of equal significance together, as in HDF5's shuffle filter.
fn shuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    (0..size).flat_map(|k| bytes.iter().skip(k).step_by(size)).copied().collect()
}

fn unshuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    let n = bytes.len() / size;
    let mut out = vec![0; bytes.len()];
    for k in 0..size {
        for (out, byte) in out.iter_mut().skip(k).step_by(size).zip(&bytes[k * n..]) {
            *out = *byte;
        }
    }
    out
}

/// Exactly `len` bytes out of a zstd stream.
fn decompress(stored: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    let damaged = |e: std::io::Error| Error::payload("zstd data", HEADER_LEN, e.to_string());
    let decoder = zstd::stream::read::Decoder::with_buffer(stored).map_err(damaged)?;
    let mut bytes = Vec::with_capacity(len.min(1 << 20));
    decoder.take(len as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() != len {
        let found = if bytes.len() > len { "more".to_string() } else { bytes.len().to_string() };
        return Err(Error::payload("zstd data", HEADER_LEN, format!("holds {found} bytes, the block needs {len}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffle_puts_bytes_of_equal_significance_together() {
        assert_eq!(shuffle(&[1, 2, 3, 4, 5, 6], 2), [1, 3, 5, 2, 4, 6]);
        assert_eq!(unshuffle(&[1, 3, 5, 2, 4, 6], 2), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_bomb_is_rejected_without_unpacking_it() {
        let bomb = zstd::bulk::compress(&vec![0u8; 64 << 20], 19).unwrap();
        let error = decompress(&bomb, 4096).unwrap_err();
        assert!(error.to_string().contains("holds more bytes"), "{error}");
    }
}
