//! Tests of the readers on files made on the fly, and on the development data if there are any.

mod data;
mod dense;
mod damage;
mod netcdf;
