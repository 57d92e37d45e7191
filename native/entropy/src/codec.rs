//! Groups to streams and back.

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

/// Encodes the components of a group, arrays `[z][y][x]` of the layout: one stream per level, coarse to fine.
///
/// # Errors
/// [`Error::Argument`] if there are no components, more than [`MAX_COMPONENTS`] or any of another length than the layout
/// has; [`Error::Magnitude`] if a coefficient is beyond ±[`MAX_MAGNITUDE`].
pub fn encode(coder: Coder, layout: &Layout, components: &[&[i32]]) -> Result<Vec<Vec<u8>>, Error> {
    check_components(components.len())?;
    for (component, values) in components.iter().enumerate() {
        if values.len() != layout.len() {
            let message =
                format!("component {component} has {} coefficients instead of {}", values.len(), layout.len());
            return Err(Error::argument("components", message));
        }
        if let Some(index) = values.iter().position(|value| value.unsigned_abs() > MAX_MAGNITUDE) {
            return Err(Error::Magnitude { component, index, value: values[index] });
        }
    }
    // The model sets what it codes, in both directions.
    let mut values: Vec<Vec<i32>> = components.iter().map(|values| values.to_vec()).collect();
    let mut learnt = Learnt::new(coder);
    let mut stream = |stream| {
        let mut bits = range::Encoder::new();
        learnt.stream(&mut bits, layout, stream, &mut values).map_err(|damage| damage.of(stream, 0))?;
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

/// Decodes a group stream by stream, as they come.
#[derive(Debug)]
pub struct Decoder {
    learnt: Learnt,
    layout: Layout,
    components: Vec<Vec<i32>>,
    n_pushed: usize,
    failed: Option<Error>,
}

impl Decoder {
    /// A decoder of a group of `n` components; all coefficients are 0 at first.
    ///
    /// # Errors
    /// [`Error::Argument`] if `n` is not 1..=[`MAX_COMPONENTS`].
    pub fn new(coder: Coder, layout: &Layout, n: usize) -> Result<Self, Error> {
        check_components(n)?;
        let components = vec![vec![0; layout.len()]; n];
        Ok(Self { learnt: Learnt::new(coder), layout: layout.clone(), components, n_pushed: 0, failed: None })
    }

    /// Decodes the next stream.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`] if it is damaged: the coefficients of its level are
    /// arbitrary then, and every further call gives the same error. [`Error::Argument`] if all streams were there.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let stream = self.n_pushed;
        if stream == self.layout.n_streams() {
            return Err(Error::argument("bytes", format!("the group has {stream} streams, and all were decoded")));
        }
        let result = self.decode(stream, bytes).map_err(|damage| damage.of(stream, bytes.len()));
        match &result {
            Ok(()) => self.n_pushed += 1,
            Err(error) => self.failed = Some(error.clone()),
        }
        result
    }

    fn decode(&mut self, stream: usize, bytes: &[u8]) -> Result<(), Damage> {
        let mut bits = range::Decoder::new(bytes)?;
        self.learnt.stream(&mut bits, &self.layout, stream, &mut self.components)?;
        bits.finish()
    }

    /// Streams decoded so far.
    #[must_use]
    pub fn n_pushed(&self) -> usize {
        self.n_pushed
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
