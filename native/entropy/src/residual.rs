//! Corrections in the voxel domain: sparse integers, most of them 0, nearly all of the others ±1.
//!
//! A block whose error is bounded adds a multiple of a quantum to what its coefficients give, at the voxels where that is
//! beyond the bound. All steps of a block are one stream, which `STREAM.md` describes in its section on residuals.
//!
//! ```
//! use neuvol_entropy::residual;
//!
//! let (mut first, mut second) = (vec![0; 4 * 5 * 6], vec![0; 4 * 5 * 6]);
//! (first[17], first[18], second[17]) = (1, 1, -2);
//!
//! let bytes = residual::encode([4, 5, 6], &[&first, &second])?;
//! assert_eq!(residual::decode([4, 5, 6], 2, &bytes)?, [first, second]);
//! # Ok::<(), neuvol_entropy::Error>(())
//! ```

mod model;

use crate::brick::{Arrays, Brick, Each, Values, copy_to};
use crate::codec::check_arrays;
use crate::error::{Damage, Error};
use crate::layout::check_extent;
use crate::range::{self, Bits};
use model::Model;

/// Most steps of a stream.
pub const MAX_STEPS: usize = 32;

/// Encodes the residuals of 1..=[`MAX_STEPS`] steps: arrays `[z][y][x]` (x fastest) of `extent` (z, y, x) values within
/// ±[`MAX_MAGNITUDE`](crate::MAX_MAGNITUDE).
///
/// # Errors
/// [`Error::Argument`] if an axis is not 1..=[`MAX_AXIS`](crate::MAX_AXIS), the number of steps is not 1..=[`MAX_STEPS`]
/// or a step has another number of values; [`Error::Magnitude`], with the step as the component, if a value is too large.
pub fn encode(extent: [usize; 3], steps: &[&[i32]]) -> Result<Vec<u8>, Error> {
    check_extent(extent)?;
    check_steps(steps.len())?;
    check_arrays("steps", extent.iter().product(), steps)?;
    let mut bits = range::Encoder::new();
    code(extent, steps.len(), &mut bits, &mut Arrays { arrays: steps, extent }).map_err(|damage| damage.of(0, 0))?;
    Ok(bits.finish())
}

/// Decodes the residuals of `n_steps` steps: arrays as [`encode`] takes them.
///
/// # Errors
/// Those of [`decode_bricks`].
pub fn decode(extent: [usize; 3], n_steps: usize, bytes: &[u8]) -> Result<Vec<Vec<i32>>, Error> {
    // Without steps there is nothing to be allocated, and too many are an error before they are.
    check_extent(extent)?;
    check_steps(n_steps)?;
    let mut steps: Vec<Vec<i32>> = (0..n_steps).map(|_| vec![0; extent.iter().product()]).collect();
    decode_bricks(extent, n_steps, bytes, copy_to(&mut steps, extent))?;
    Ok(steps)
}

/// Decodes the residuals of `n_steps` steps and hands each brick that is not empty to `each`, with the step as its component:
/// first all of step 0, then of step 1, and so on. Bricks begin at multiples of 4.
///
/// Memory is about 6 bytes per voxel of one step; the time is bounded by the number of voxels.
///
/// # Errors
/// [`Error::Argument`] if an axis is not 1..=[`MAX_AXIS`](crate::MAX_AXIS) or `n_steps` not 1..=[`MAX_STEPS`];
/// [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`], with stream 0, if the bytes are damaged: the bricks that
/// came are arbitrary then. Not every damage shows.
pub fn decode_bricks(
    extent: [usize; 3],
    n_steps: usize,
    bytes: &[u8],
    each: impl FnMut(Brick<'_>),
) -> Result<(), Error> {
    check_extent(extent)?;
    check_steps(n_steps)?;
    let decoded = range::Decoder::new(bytes).and_then(|mut bits| {
        code(extent, n_steps, &mut bits, &mut Each(each))?;
        bits.finish()
    });
    decoded.map_err(|damage| damage.of(0, bytes.len()))
}

fn code<B: Bits, V: Values>(extent: [usize; 3], n: usize, bits: &mut B, values: &mut V) -> Result<(), Damage> {
    let mut model = Model::new(extent);
    (0..n).try_for_each(|step| model.step(bits, step, values))
}

fn check_steps(n: usize) -> Result<(), Error> {
    if (1..=MAX_STEPS).contains(&n) {
        return Ok(());
    }
    Err(Error::argument("steps", format!("{n} of them, not 1..={MAX_STEPS}")))
}
