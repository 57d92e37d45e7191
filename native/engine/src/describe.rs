//! What a file says about its data, in the form that hosts ask for.

use crate::{Error, Result, Volume};
use neuvol_format::{Attribute, Coordinate, Meta, Variable, VariableMeta};

/// An axis of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// The fastest spatial axis.
    X,
    /// The second spatial axis.
    Y,
    /// The slowest spatial axis.
    Z,
    /// Time steps.
    Time,
}

impl Volume {
    /// A variable of the file: grid, blocks, levels, steps, value range.
    pub fn variable(&self, variable: u32) -> Result<&Variable> {
        find(self.reader.variables(), "variable", variable)
    }

    /// Name, dimensions and attributes of a variable.
    pub fn variable_meta(&self, variable: u32) -> Result<&VariableMeta> {
        find(&self.reader.meta().variables, "variable", variable)
    }

    /// The number of the variable called `name`.
    pub fn variable_named(&self, name: &str) -> Result<u32> {
        let names = self.reader.meta().variables.iter().map(|variable| variable.name.as_str());
        find_named(names, "variable name", name)
    }

    /// Name of the dimension along an axis of a variable; `None` if the variable does not have that axis.
    pub fn variable_dimension(&self, variable: u32, axis: Axis) -> Result<Option<&str>> {
        let meta = self.variable_meta(variable)?;
        let (time, space) = match meta.dimensions.split_first() {
            Some((time, space)) if self.variable(variable)?.has_time => (Some(time), space),
            _ => (None, meta.dimensions.as_slice()),
        };
        // Slowest first: x is the last one.
        let from_last = |n: usize| space.len().checked_sub(n + 1).and_then(|index| space.get(index));
        let name = match axis {
            Axis::X => from_last(0),
            Axis::Y => from_last(1),
            Axis::Z => from_last(2),
            Axis::Time => time,
        };
        Ok(name.map(String::as_str))
    }

    /// A coordinate of the file: name, shape, attributes.
    pub fn coordinate(&self, coordinate: u32) -> Result<&Coordinate> {
        find(&self.reader.meta().coordinates, "coordinate", coordinate)
    }

    /// The number of the coordinate called `name`.
    pub fn coordinate_named(&self, name: &str) -> Result<u32> {
        let names = self.reader.meta().coordinates.iter().map(|coordinate| coordinate.name.as_str());
        find_named(names, "coordinate name", name)
    }

    /// Number of values of a coordinate; 1 for a scalar.
    pub fn coordinate_len(&self, coordinate: u32) -> Result<u64> {
        let shape = &self.coordinate(coordinate)?.shape;
        shape.iter().try_fold(1u64, |len, &n| len.checked_mul(n)).ok_or_else(|| {
            let message = format!("{coordinate} has the impossible shape {shape:?}: the file is damaged");
            Error::argument("coordinate", message)
        })
    }

    /// The values of a coordinate, its last axis fastest. Unpacks all coordinates of the file at every call.
    pub fn coordinate_values(&self, coordinate: u32) -> Result<Vec<f64>> {
        Ok(self.reader.coordinate_values(self.coordinate(coordinate)?)?)
    }
}

/// The `units` attribute in a list of attributes; empty if there is none or it is not a text.
pub fn units(attributes: &[Attribute]) -> &str {
    Meta::attribute(attributes, "units").and_then(Attribute::as_str).unwrap_or_default()
}

fn find<'a, T>(list: &'a [T], argument: &'static str, index: u32) -> Result<&'a T> {
    list.get(index as usize).ok_or_else(|| {
        Error::argument(argument, format!("{index} does not exist, the file has {} (numbers from 0)", list.len()))
    })
}

fn find_named<'a>(names: impl Iterator<Item = &'a str> + Clone, argument: &'static str, name: &str) -> Result<u32> {
    names.clone().position(|other| other == name).map(|index| index as u32).ok_or_else(|| {
        let known = names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        Error::argument(argument, format!("\"{name}\" does not exist, the file has {known}"))
    })
}
