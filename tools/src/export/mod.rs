//! Writing decoded models in formats that other programs read.

pub mod netcdf;
