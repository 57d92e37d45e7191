//! What the tests across borders share. The tests themselves are in `tests/`, C and C++ programs in `c/`.
//!
//! - [`sample`] writes small models with everything that the format has.
//! - [`mod@reference`] decodes whole grids slowly, from the format's description and the oracle of `neuvol-model`.
//! - [`cases`] is a list of decodes with their expected values, as a file that the C programs read.
//! - [`native`] builds the shared library and C programs against it.

pub mod cases;
pub mod native;
pub mod reference;
pub mod sample;
