//! A source of which only some time steps are taken.

use super::{CoordinateValues, Source, SourceCoordinate, SourceError, SourceVariable, check_box};
use neuvol_format::Attribute;
use serde::Serialize;
use std::path::Path;

struct Thinned {
    inner: Box<dyn Source>,
    steps: Steps,
    variables: Vec<SourceVariable>,
}

/// Which time steps of a source are taken: every n-th from `first` on, below `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// The first one.
    pub first: u32,
    /// One past the last one; `None` = all that there are.
    pub end: Option<u32>,
    /// The distance between two, at least 1.
    pub every: u32,
}

impl Default for Steps {
    fn default() -> Self {
        Self { first: 0, end: None, every: 1 }
    }
}

impl Steps {
    /// Number of steps taken of `steps`.
    fn count(self, steps: u32) -> u32 {
        self.end.map_or(steps, |end| end.min(steps)).saturating_sub(self.first).div_ceil(self.every.max(1))
    }

    fn takes(self, step: u64) -> bool {
        step >= u64::from(self.first)
            && self.end.is_none_or(|end| step < u64::from(end))
            && (step - u64::from(self.first)).is_multiple_of(u64::from(self.every.max(1)))
    }
}

/// Some steps of a source. Variables without a time axis stay as they are.
///
/// # Errors
/// A variable with a time axis has none of the steps.
pub fn some_steps(inner: Box<dyn Source>, steps: Steps) -> Result<Box<dyn Source>, SourceError> {
    if steps == Steps::default() {
        return Ok(inner);
    }
    let mut variables = inner.variables().to_vec();
    for variable in variables.iter_mut().filter(|v| v.has_time) {
        let taken = steps.count(variable.steps);
        if taken == 0 || steps.end.is_some_and(|end| end > variable.steps) {
            let message = format!(
                "{}..{} are asked for, but {} has the steps 0..{}",
                steps.first,
                steps.end.map_or(String::new(), |end| end.to_string()),
                variable.name,
                variable.steps
            );
            return Err(SourceError::argument(inner.path(), "time steps", message));
        }
        variable.steps = taken;
    }
    Ok(Box::new(Thinned { inner, steps, variables }))
}

impl Source for Thinned {
    fn format(&self) -> &'static str {
        self.inner.format()
    }

    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn variables(&self) -> &[SourceVariable] {
        &self.variables
    }

    fn skipped(&self) -> &[(String, String)] {
        self.inner.skipped()
    }

    fn attributes(&self) -> &[Attribute] {
        self.inner.attributes()
    }

    fn coordinates(&self, variable: usize) -> Result<Vec<SourceCoordinate>, SourceError> {
        let mut coordinates = self.inner.coordinates(variable)?;
        let described = &self.variables[variable];
        if described.has_time {
            for coordinate in &mut coordinates {
                if let Some(axis) = coordinate.dimensions.iter().position(|d| *d == described.dimensions[0]) {
                    thin(coordinate, axis, self.steps);
                }
            }
        }
        Ok(coordinates)
    }

    fn read(
        &mut self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        check_box(self.path(), &self.variables, variable, step, min, max)?;
        let step = if self.variables[variable].has_time { self.steps.first + step * self.steps.every } else { step };
        self.inner.read(variable, step, min, max, out)
    }
}

/// Keeps the indices of an axis that are taken.
fn thin(coordinate: &mut SourceCoordinate, axis: usize, steps: Steps) {
    let inner = coordinate.shape[axis + 1..].iter().product::<u64>() as usize * coordinate.values.dtype.size();
    let len = coordinate.shape[axis];
    if inner == 0 || len == 0 {
        return;
    }
    let kept: Vec<u8> = coordinate
        .values
        .bytes
        .chunks_exact(inner)
        .enumerate()
        .filter(|(index, _)| steps.takes(*index as u64 % len))
        .flat_map(|(_, bytes)| bytes)
        .copied()
        .collect();
    coordinate.values = CoordinateValues { dtype: coordinate.values.dtype, bytes: kept };
    coordinate.shape[axis] = (0..len).filter(|&index| steps.takes(index)).count() as u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lose_the_steps_left_out() {
        let mut coordinate = SourceCoordinate {
            name: "time_bounds".into(),
            dimensions: vec!["a".into(), "time".into(), "b".into()],
            shape: vec![2, 5, 2],
            values: CoordinateValues::from_f64(&(0..20).map(f64::from).collect::<Vec<_>>()),
            attributes: Vec::new(),
        };
        let mut part = coordinate.clone();
        thin(&mut coordinate, 1, Steps { every: 2, ..Steps::default() });
        assert_eq!(coordinate.shape, [2, 3, 2]);
        let wanted = [0.0, 1.0, 4.0, 5.0, 8.0, 9.0, 10.0, 11.0, 14.0, 15.0, 18.0, 19.0];
        assert_eq!(coordinate.values, CoordinateValues::from_f64(&wanted));
        thin(&mut part, 1, Steps { first: 1, end: Some(3), every: 1 });
        assert_eq!(part.shape, [2, 2, 2]);
        assert_eq!(part.values, CoordinateValues::from_f64(&[2.0, 3.0, 4.0, 5.0, 12.0, 13.0, 14.0, 15.0]));
    }
}
