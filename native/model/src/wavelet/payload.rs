//! The codec 4 payload and back.

use super::{Residual, Wavelet, residual};
use crate::bytes::{Cursor, put_f16s};
use crate::config::check_extent;
use crate::{Error, Head, TimeInterpolation};
use half::f16;
use neuvol_entropy::{Coder, Decoder, Layout, MAX_COMPONENTS, MAX_LEVELS};
use std::sync::Arc;

const FLAG_PRECISE: u8 = 1;
const FLAG_RESIDUAL: u8 = 1 << 1;
const INTERPOLATION_SHIFT: u8 = 2;
const KNOWN_FLAGS: u8 = FLAG_PRECISE | FLAG_RESIDUAL | 0b11 << INTERPOLATION_SHIFT;
const WHAT: &str = "wavelet block";

/// What stands before the streams.
struct Front {
    step: f32,
    offset: f32,
    n_levels: u8,
    n_components: u8,
    coder: Coder,
    precise: bool,
    interpolation: TimeInterpolation,
    weights: Vec<f16>,
    /// Lengths in bytes, coarse to fine.
    streams: Vec<usize>,
    /// Quantum and length in bytes.
    residual: Option<(f32, usize)>,
}

impl Front {
    fn read(cursor: &mut Cursor<'_>, steps: u32) -> Result<Self, Error> {
        let step = cursor.positive_f32("step")?;
        let offset = cursor.finite_f32("offset")?;
        let (n_levels, n_components, coder, flags) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
        if !(1..=MAX_LEVELS).contains(&n_levels) {
            return Err(Error::payload("n_levels", 8, format!("is {n_levels}, must be in 1..={MAX_LEVELS}")));
        }
        if !(1..=MAX_COMPONENTS).contains(&n_components.into()) || u32::from(n_components) > steps {
            let reason = format!("is {n_components}, must be in 1..={MAX_COMPONENTS} and at most the {steps} steps");
            return Err(Error::payload("n_components", 9, reason));
        }
        let coder = Coder::from_id(coder).map_err(|_| Error::Unsupported { what: "coder", id: coder.into() })?;
        let interpolation = match (flags & !KNOWN_FLAGS, flags >> INTERPOLATION_SHIFT & 0b11) {
            (0, 0) => TimeInterpolation::Codes,
            (0, 1) => TimeInterpolation::CubicCodes,
            (0, 2) => TimeInterpolation::Values,
            _ => return Err(Error::Unsupported { what: "wavelet block flags", id: flags.into() }),
        };
        let (precise, has_residual) = (flags & FLAG_PRECISE != 0, flags & FLAG_RESIDUAL != 0);
        let n_weights = if steps == 1 { 0 } else { usize::from(n_components).saturating_mul(steps as usize) };
        let weights = cursor.f16s(n_weights, "weights")?;
        let streams = (0..=n_levels).map(|_| Ok(cursor.u32()? as usize)).collect::<Result<_, Error>>()?;
        let residual =
            if has_residual { Some((cursor.positive_f32("quantum")?, cursor.u32()? as usize)) } else { None };
        Ok(Self { step, offset, n_levels, n_components, coder, precise, interpolation, weights, streams, residual })
    }

    /// Streams of an entry of a level.
    fn n_streams(&self, level: u8) -> Result<usize, Error> {
        match self.n_levels.checked_sub(level) {
            Some(finest) => Ok(usize::from(finest) + 1),
            None => {
                let reason = format!("is {}, an entry of level {level} needs as many", self.n_levels);
                Err(Error::payload("n_levels", 8, reason))
            }
        }
    }

    /// Bytes of the streams of an entry of a level, with the residual on level 0. Saturates.
    fn streams_len(&self, level: u8) -> Result<usize, Error> {
        let residual = if level == 0 { self.residual.map_or(0, |(_, len)| len) } else { 0 };
        let streams = &self.streams[..self.n_streams(level)?];
        Ok(streams.iter().fold(residual, |sum, &len| sum.saturating_add(len)))
    }
}

impl Wavelet {
    /// Reads a codec 4 payload of a block of `extent` voxels (on level 0) and a segment of `steps` steps, for an entry of
    /// `level`. `head` is the entry's network, if it has one.
    ///
    /// # Errors
    /// Any broken rule, with its place; nothing is allocated before the length of the payload was found right.
    pub fn from_bytes(
        payload: &[u8],
        extent: [u32; 3],
        level: u8,
        steps: u32,
        head: Option<Arc<Head>>,
    ) -> Result<Self, Error> {
        check_extent(extent)?;
        let mut cursor = Cursor::new(payload, WHAT);
        let front = Front::read(&mut cursor, steps)?;
        let n_streams = front.n_streams(level)?;
        let expected = cursor.offset().saturating_add(front.streams_len(level)?);
        if expected != payload.len() {
            let (expected, found) = (expected as u64, payload.len() as u64);
            return Err(Error::Length { what: WHAT, expected, found });
        }
        let layout = Layout::new(extent.map(|n| n as usize), front.n_levels).map_err(|error| damage(error, 8))?;
        let mut decoder =
            Decoder::new(front.coder, &layout, front.n_components.into()).map_err(|error| damage(error, 9))?;
        for &len in &front.streams[..n_streams] {
            let at = cursor.offset();
            decoder.push(cursor.take(len)?).map_err(|error| damage(error, at))?;
        }
        let residual = match front.residual {
            Some((quantum, len)) if level == 0 => {
                let at = cursor.offset();
                Some(Residual { quantum, steps: residual::decode(extent, steps, cursor.take(len)?, at)? })
            }
            _ => None,
        };
        cursor.finish()?;
        let Front { step, offset, n_levels, coder, precise, interpolation, weights, .. } = front;
        let components = decoder.into_components();
        Ok(Wavelet {
            extent,
            level,
            steps,
            step,
            offset,
            n_levels,
            coder,
            precise,
            interpolation,
            weights,
            components,
            residual,
            head,
        })
    }

    /// The codec 4 payload of level 0. That of an entry of another level is its first
    /// [`prefix_len`](Self::prefix_len) bytes.
    ///
    /// # Errors
    /// A model of another level than 0, one that breaks a rule, or coefficients that are too large to be coded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.validate()?;
        if self.level != 0 {
            return Err(Error::argument("level", format!("is {}, only level 0 has all coefficients", self.level)));
        }
        let components: Vec<&[i32]> = self.components.iter().map(Vec::as_slice).collect();
        let streams = neuvol_entropy::encode(self.coder, &self.layout(), &components)
            .map_err(|error| Error::argument("components", error.to_string()))?;
        let residual = match &self.residual {
            Some(residual) => Some((residual.quantum, residual::encode(self.extent, residual)?)),
            None => None,
        };

        let mut flags = match self.interpolation {
            TimeInterpolation::Codes => 0,
            TimeInterpolation::CubicCodes => 1,
            TimeInterpolation::Values => 2,
        } << INTERPOLATION_SHIFT;
        flags |= if self.precise { FLAG_PRECISE } else { 0 };
        flags |= if residual.is_some() { FLAG_RESIDUAL } else { 0 };
        let mut out = Vec::new();
        out.extend(self.step.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend([self.n_levels, self.components.len() as u8, self.coder.id(), flags]);
        put_f16s(&mut out, &self.weights);
        for stream in &streams {
            put_len(&mut out, stream)?;
        }
        if let Some((quantum, stream)) = &residual {
            out.extend(quantum.to_le_bytes());
            put_len(&mut out, stream)?;
        }
        for stream in &streams {
            out.extend(stream);
        }
        out.extend(residual.into_iter().flat_map(|(_, stream)| stream));
        Ok(out)
    }

    /// Bytes of a level-0 payload that are the payload of an entry of `level`; `steps` are those of the segment.
    ///
    /// # Errors
    /// A payload whose front is damaged, one with fewer levels than `level`, or one that ends before.
    pub fn prefix_len(payload: &[u8], steps: u32, level: u8) -> Result<usize, Error> {
        let mut cursor = Cursor::new(payload, WHAT);
        let front = Front::read(&mut cursor, steps)?;
        cursor.take(front.streams_len(level)?)?;
        Ok(cursor.offset())
    }
}

fn put_len(out: &mut Vec<u8>, stream: &[u8]) -> Result<(), Error> {
    let value = stream.len() as u64;
    let len = u32::try_from(value);
    let len = len.map_err(|_| Error::Limit { what: "length of a stream", value, limit: u32::MAX.into() })?;
    out.extend(len.to_le_bytes());
    Ok(())
}

/// The error about a stream that stands at `offset` of the payload.
fn damage(error: neuvol_entropy::Error, offset: usize) -> Error {
    Error::payload("stream", offset, error.to_string())
}
