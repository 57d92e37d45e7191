//! Groups to streams and back.

use crate::brick::{Arrays, Brick, Each, copy_to};
use crate::coder::{Coder, Learnt};
use crate::error::{Damage, Error};
use crate::layout::Layout;
use crate::range;
use crate::{MAX_COMPONENTS, MAX_MAGNITUDE};

fn check_components(n: usize) -> Result<(), Error> {
    if (1..=MAX_COMPONENTS).contains(&n) {
        return Ok(());
    }
    Err(Error::argument("components", format!("{n} of them, not 1..={MAX_COMPONENTS}")))
}

/// Checks that arrays have `len` values within ±[`MAX_MAGNITUDE`]; `name` is the argument that they came as.
pub(crate) fn check_arrays(name: &'static str, len: usize, arrays: &[&[i32]]) -> Result<(), Error> {
    for (component, values) in arrays.iter().enumerate() {
        if values.len() != len {
            return Err(Error::argument(
                name,
                format!("array {component} has {} values instead of {len}", values.len()),
            ));
        }
        if let Some(index) = values.iter().position(|value| value.unsigned_abs() > MAX_MAGNITUDE) {
            return Err(Error::Magnitude { component, index, value: values[index] });
        }
    }
    Ok(())
}

/// Encodes the components of a group, arrays `[z][y][x]` of the layout: one stream per level, coarse to fine.
///
/// # Errors
/// [`Error::Argument`] if there are no components, more than [`MAX_COMPONENTS`] or any of another length than the layout
/// has; [`Error::Magnitude`] if a coefficient is beyond ±[`MAX_MAGNITUDE`].
pub fn encode(coder: Coder, layout: &Layout, components: &[&[i32]]) -> Result<Vec<Vec<u8>>, Error> {
    check_components(components.len())?;
    check_arrays("components", layout.len(), components)?;
    let mut values = Arrays { arrays: components, extent: layout.extent() };
    let mut learnt = Learnt::new(coder);
    let mut stream = |stream| {
        let mut bits = range::Encoder::new();
        let coded = learnt.stream(&mut bits, layout, stream, components.len(), &mut values);
        coded.map_err(|damage| damage.of(stream, 0))?;
        Ok(bits.finish())
    };
    (0..layout.n_streams()).map(&mut stream).collect()
}

/// Decodes a group of `n` components from all its streams or the first of them: the coefficients of missing streams
/// are 0.
///
/// # Errors
/// [`Error::Argument`] if `n` is not 1..=[`MAX_COMPONENTS`] or there are more streams than the layout has;
/// [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`] if a stream is damaged. Not every damage shows.
pub fn decode<S: AsRef<[u8]>>(coder: Coder, layout: &Layout, n: usize, streams: &[S]) -> Result<Vec<Vec<i32>>, Error> {
    let mut decoder = Decoder::new(coder, layout, n)?;
    for stream in streams {
        decoder.push(stream.as_ref())?;
    }
    Ok(decoder.into_components())
}

/// Decodes a group stream by stream, as they come, into arrays.
#[derive(Debug)]
pub struct Decoder {
    bricks: BrickDecoder,
    components: Vec<Vec<i32>>,
}

impl Decoder {
    /// A decoder of a group of `n` components; all coefficients are 0 at first.
    ///
    /// # Errors
    /// [`Error::Argument`] if `n` is not 1..=[`MAX_COMPONENTS`].
    pub fn new(coder: Coder, layout: &Layout, n: usize) -> Result<Self, Error> {
        let bricks = BrickDecoder::new(coder, layout, n)?;
        // Not clones of one: zeros that come from the system take no time until they are touched.
        Ok(Self { bricks, components: (0..n).map(|_| vec![0; layout.len()]).collect() })
    }

    /// Decodes the next stream.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`] if it is damaged: the coefficients of its level are
    /// arbitrary then, and every further call gives the same error. [`Error::Argument`] if all streams were there.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let extent = self.bricks.layout.extent();
        self.bricks.push(bytes, copy_to(&mut self.components, extent))
    }

    /// Streams decoded so far.
    #[must_use]
    pub fn n_pushed(&self) -> usize {
        self.bricks.n_pushed()
    }

    /// The components, `[z][y][x]`. What the streams so far do not hold is 0.
    #[must_use]
    pub fn components(&self) -> &[Vec<i32>] {
        &self.components
    }

    /// The components, likewise.
    #[must_use]
    pub fn into_components(self) -> Vec<Vec<i32>> {
        self.components
    }
}

/// Decodes groups stream by stream, and hands out the bricks that are not empty: groups of few coefficients take little
/// time and memory.
///
/// ```
/// use neuvol_entropy::{BrickDecoder, Coder, Layout, encode};
///
/// let layout = Layout::new([8, 8, 8], 1)?;
/// let mut values = vec![0; layout.len()];
/// (values[0], values[300]) = (12, -3);
/// let streams = encode(Coder::Fast, &layout, &[&values])?;
///
/// let mut found = vec![];
/// let mut decoder = BrickDecoder::new(Coder::Fast, &layout, 1)?;
/// for stream in &streams {
///     decoder.push(stream, |brick| found.push((brick.component, brick.start, brick.values[4])))?;
/// }
/// assert_eq!(found, [(0, [0, 0, 0], 0), (0, [4, 4, 4], -3)]);
///
/// // The next group.
/// decoder.reset(Coder::Fast, &layout, 1)?;
/// # Ok::<(), neuvol_entropy::Error>(())
/// ```
#[derive(Debug)]
pub struct BrickDecoder {
    learnt: Learnt,
    layout: Layout,
    n: usize,
    n_pushed: usize,
    failed: Option<Error>,
}

impl BrickDecoder {
    /// A decoder of a group of `n` components.
    ///
    /// # Errors
    /// [`Error::Argument`] if `n` is not 1..=[`MAX_COMPONENTS`].
    pub fn new(coder: Coder, layout: &Layout, n: usize) -> Result<Self, Error> {
        check_components(n)?;
        Ok(Self { learnt: Learnt::new(coder), layout: layout.clone(), n, n_pushed: 0, failed: None })
    }

    /// Begins another group, whatever came of the one before. Memory is used again.
    ///
    /// # Errors
    /// [`Error::Argument`] if `n` is not 1..=[`MAX_COMPONENTS`]; then nothing changes.
    pub fn reset(&mut self, coder: Coder, layout: &Layout, n: usize) -> Result<(), Error> {
        check_components(n)?;
        self.learnt.reset(coder);
        self.layout.clone_from(layout);
        (self.n, self.n_pushed, self.failed) = (n, 0, None);
        Ok(())
    }

    /// Decodes the next stream and hands each of its bricks that is not empty to `each`: all of the first component, then
    /// of the next one, and so on. No coefficient comes twice.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`] if it is damaged: the bricks that came are arbitrary
    /// then, and every further call gives the same error. [`Error::Argument`] if all streams were there.
    pub fn push(&mut self, bytes: &[u8], each: impl FnMut(Brick<'_>)) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let stream = self.n_pushed;
        if stream == self.layout.n_streams() {
            return Err(Error::argument("bytes", format!("the group has {stream} streams, and all were decoded")));
        }
        let result = self.decode(stream, bytes, each).map_err(|damage| damage.of(stream, bytes.len()));
        match &result {
            Ok(()) => self.n_pushed += 1,
            Err(error) => self.failed = Some(error.clone()),
        }
        result
    }

    fn decode(&mut self, stream: usize, bytes: &[u8], each: impl FnMut(Brick<'_>)) -> Result<(), Damage> {
        let mut bits = range::Decoder::new(bytes)?;
        self.learnt.stream(&mut bits, &self.layout, stream, self.n, &mut Each(each))?;
        bits.finish()
    }

    /// Streams decoded so far.
    #[must_use]
    pub fn n_pushed(&self) -> usize {
        self.n_pushed
    }
}
