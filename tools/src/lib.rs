//! The parts of the `neuvol` command line tool: readers, training, compression, measurement, pictures and export.
//!
//! Axes stand in the order z, y, x; arrays have x fastest; NaN is an invalid voxel.

mod cf_time;
pub mod cli;
#[cfg(feature = "train")]
pub mod compress;
pub mod export;
pub mod generate;
#[cfg(feature = "train")]
mod matrices;
pub mod metrics;
#[cfg(feature = "train")]
pub mod predict;
pub mod preview;
mod readable;
pub mod report;
pub mod source;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "train")]
pub mod wavelet;
