//! The quantised tables of a grid network: integers `[entry][feature]`, level by level.
//!
//! All tables of a network are one stream, which `STREAM.md` describes in its section on entries. A *dense* table has an
//! entry for every vertex of a grid and is expected from its neighbours and from the coarser grid; the entries of a
//! *hashed* one stand in no order, so that only their features tell of each other.
//!
//! ```
//! use neuvol_entropy::entries::{self, Entries, Table};
//!
//! let tables = [
//!     Table { entries: Entries::Dense([2, 2, 3]), n_features: 2 },
//!     Table { entries: Entries::Hashed(16), n_features: 2 },
//! ];
//! let (mut coarse, fine) = (vec![0; 24], vec![0; 32]);
//! (coarse[3], coarse[20]) = (-2, 700);
//!
//! let bytes = entries::encode(&tables, &[&coarse, &fine])?;
//! assert_eq!(entries::decode(&tables, &bytes)?, [coarse, fine]);
//! # Ok::<(), neuvol_entropy::Error>(())
//! ```

mod model;

use crate::MAX_MAGNITUDE;
use crate::error::{Damage, Error};
use crate::layout::check_extent;
use crate::range::{self, Bits};
use model::Model;

/// Most tables of a stream.
pub const MAX_TABLES: usize = 8;

/// Most features of an entry.
pub const MAX_FEATURES: usize = 32;

/// Most values of all tables together.
pub const MAX_VALUES: usize = 1 << 26;

/// What the entries of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries {
    /// The vertices of a grid of so many (z, y, x), each 1..=[`MAX_AXIS`](crate::MAX_AXIS); entry (z·ny + y)·nx + x. Vertex v of the next
    /// dense table lies at vertex v/2 of this one on every axis.
    Dense([usize; 3]),
    /// So many slots of a hash table.
    Hashed(usize),
}

/// The shape of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its entries.
    pub entries: Entries,
    /// Values per entry, 1..=[`MAX_FEATURES`].
    pub n_features: usize,
}

impl Table {
    /// Entries as an array (z, y, x).
    fn extent(self) -> [usize; 3] {
        match self.entries {
            Entries::Dense(extent) => extent,
            Entries::Hashed(n) => [1, 1, n],
        }
    }

    /// Values `[entry][feature]`; saturates.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no table is empty")]
    pub fn len(self) -> usize {
        self.extent().into_iter().fold(self.n_features, usize::saturating_mul)
    }
}

/// Encodes 1..=[`MAX_TABLES`] tables, coarse to fine: `values[table]` as `[entry][feature]`, within
/// ±[`MAX_MAGNITUDE`].
///
/// # Errors
/// [`Error::Argument`] if a shape is outside its limits, there are more than [`MAX_VALUES`] values, or a table has
/// another number of them than its shape says; [`Error::Magnitude`], with the table as the component, if one is too large.
pub fn encode(tables: &[Table], values: &[&[i32]]) -> Result<Vec<u8>, Error> {
    check_tables(tables)?;
    if tables.len() != values.len() {
        return Err(Error::argument("values", format!("of {} tables, not of {}", values.len(), tables.len())));
    }
    for (n, (table, values)) in tables.iter().zip(values).enumerate() {
        if values.len() != table.len() {
            let message = format!("table {n} has {} of them instead of {}", values.len(), table.len());
            return Err(Error::argument("values", message));
        }
        if let Some(index) = values.iter().position(|value| value.unsigned_abs() > MAX_MAGNITUDE) {
            return Err(Error::Magnitude { component: n, index, value: values[index] });
        }
    }
    let mut bits = range::Encoder::new();
    let mut known: Vec<Vec<i32>> = values.iter().map(|values| values.to_vec()).collect();
    code(tables, &mut bits, &mut known).map_err(|damage| damage.of(0, 0))?;
    Ok(bits.finish())
}

/// Decodes tables as [`encode`] takes them. Memory is about 4 bytes per value of a table beside the result, and 1 MB for what was
/// learnt; the time is bounded by the number of values.
///
/// # Errors
/// [`Error::Argument`] if a shape is outside its limits; [`Error::Truncated`], [`Error::Trailing`] or [`Error::Invalid`],
/// with stream 0, if the bytes are damaged. Not every damage shows.
pub fn decode(tables: &[Table], bytes: &[u8]) -> Result<Vec<Vec<i32>>, Error> {
    check_tables(tables)?;
    // Zeros that come from the system take no memory until they are touched.
    let mut values: Vec<Vec<i32>> = tables.iter().map(|table| vec![0; table.len()]).collect();
    let decoded = range::Decoder::new(bytes).and_then(|mut bits| {
        code(tables, &mut bits, &mut values)?;
        bits.finish()
    });
    decoded.map_err(|damage| damage.of(0, bytes.len()))?;
    Ok(values)
}

fn code<B: Bits>(tables: &[Table], bits: &mut B, values: &mut [Vec<i32>]) -> Result<(), Damage> {
    let mut model = Model::new();
    tables.iter().zip(values).try_for_each(|(table, values)| model.table(bits, *table, values))
}

fn check_tables(tables: &[Table]) -> Result<(), Error> {
    if !(1..=MAX_TABLES).contains(&tables.len()) {
        return Err(Error::argument("tables", format!("{} of them, not 1..={MAX_TABLES}", tables.len())));
    }
    for table in tables {
        if !(1..=MAX_FEATURES).contains(&table.n_features) {
            let message = format!("{} features of an entry, not 1..={MAX_FEATURES}", table.n_features);
            return Err(Error::argument("tables", message));
        }
        match table.entries {
            Entries::Dense(extent) => check_extent(extent)?,
            Entries::Hashed(0) => return Err(Error::argument("tables", "a hash table without entries")),
            Entries::Hashed(_) => {}
        }
    }
    let n = tables.iter().fold(0usize, |n, table| n.saturating_add(table.len()));
    if n > MAX_VALUES {
        return Err(Error::argument("tables", format!("{n} values, more than {MAX_VALUES}")));
    }
    Ok(())
}
