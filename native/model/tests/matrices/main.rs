//! A core and a matrix per axis (codec 5): bytes, the values against the formula of the specification, time, levels, damage.

mod damage;
mod payload;
mod random;
mod values;
