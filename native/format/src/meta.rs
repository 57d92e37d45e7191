//! What the numbers mean: the JSON of META (SPEC section 5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attribute::Attribute;
use crate::coordinate::Coordinate;

/// Everything that describes the data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Program and version that wrote the file.
    #[serde(default)]
    pub created_by: String,
    /// Name of the source file.
    #[serde(default)]
    pub source: String,
    /// What was done to the data.
    #[serde(default)]
    pub history: String,
    /// Global attributes of the source, verbatim.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// One per variable, in the order of [`Reader::variables`](crate::Reader::variables).
    pub variables: Vec<VariableMeta>,
    /// Coordinates: one-dimensional ones, bounds, latitude and longitude on the grid, ...
    #[serde(default)]
    pub coordinates: Vec<Coordinate>,
    /// Every setting of the encoder, for the record.
    #[serde(default)]
    pub encoder: Value,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What one variable means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VariableMeta {
    /// Its name.
    pub name: String,
    /// Names of the source's axes, slowest first.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// Type of the source's values, as `f32` or `i16`.
    #[serde(default)]
    pub source_dtype: String,
    /// Its attributes in the source, verbatim.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

impl Meta {
    /// The attribute called `name` in a list of attributes.
    #[must_use]
    pub fn attribute<'a>(list: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
        list.iter().find(|attribute| attribute.name == name)
    }
}
