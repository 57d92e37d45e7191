//! Tests of the readers on files made on the fly, and on the development data if there are any.

mod damage;
mod data;
mod dense;
mod netcdf;
