//! `--every` and `--time-range`: which time steps of the data a model is made from.

use super::Failure;
use crate::source::{self, Source, Steps, some_steps};
use std::path::Path;

/// Time steps of the data
#[derive(Debug, Clone, clap::Args)]
pub(super) struct StepArgs {
    /// Only every N-th time step of the data
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) every: u32,
    /// Only the time steps A to B of the data, B not included: a part of a long series
    #[arg(long, value_name = "A..B")]
    time_range: Option<String>,
}

impl StepArgs {
    /// The steps asked for.
    pub(super) fn steps(&self) -> Result<Steps, Failure> {
        let mut steps = Steps { every: self.every, ..Steps::default() };
        if let Some(text) = &self.time_range {
            let numbers = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            let (first, end) = numbers.filter(|(first, end)| first < end).ok_or_else(|| {
                Failure::new(
                    Failure::USAGE,
                    format!("--time-range: {text} must be A..B with A below B, for example 0..24"),
                )
            })?;
            (steps.first, steps.end) = (first, Some(end));
        }
        Ok(steps)
    }

    /// Opens a file and takes the steps asked for.
    pub(super) fn open(&self, path: &Path) -> Result<Box<dyn Source>, Failure> {
        Ok(some_steps(source::open(path)?, self.steps()?)?)
    }

    /// The same without leaving steps out.
    pub(super) fn open_all(&self, path: &Path) -> Result<Box<dyn Source>, Failure> {
        Ok(some_steps(source::open(path)?, Steps { every: 1, ..self.steps()? })?)
    }
}
