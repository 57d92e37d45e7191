//! Describing variables and their blocks.

use crate::boundary::boundary;
use crate::memory::{read_text, write_struct, write_text, write_value};
use crate::result::{Failure, Outcome, neuvol_result};
use crate::types::{
    NEUVOL_AXIS_TIME, NEUVOL_AXIS_X, NEUVOL_AXIS_Y, NEUVOL_AXIS_Z, NEUVOL_VARIABLE_HAS_TIME, neuvol_axis,
    neuvol_variable_info, neuvol_volume,
};
use crate::volume::lease;
use neuvol_engine::{Axis, units};
use std::ffi::c_char;

/// z, y, x (the engine's order) to x, y, z and back.
pub(crate) fn reversed([a, b, c]: [u32; 3]) -> [u32; 3] {
    [c, b, a]
}

/// A number of a level or quality layer, which the engine holds in fewer bits.
pub(crate) fn narrow(name: &str, value: u32) -> Outcome<u8> {
    u8::try_from(value).map_err(|_| Failure::argument(name, format!("{value} does not exist")))
}

/// Finds a variable by its name.
///
/// Any thread.
///
/// @param name UTF-8; needs no NUL.
/// @param name_len Bytes of `name`.
/// @param variable Receives its number.
///
/// # Safety
/// `name` is valid for reading `name_len` bytes, `variable` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_variable_find(
    volume: neuvol_volume,
    name: *const c_char,
    name_len: usize,
    variable: *mut u32,
) -> neuvol_result {
    boundary("neuvol_variable_find", || {
        // SAFETY: as this function demands.
        unsafe {
            let name = read_text("name", name, name_len)?;
            write_value("variable", variable, lease(volume)?.variable_named(name)?)
        }
    })
}

/// Describes the grid and the values of a variable.
///
/// Any thread.
///
/// @param variable Its number, from 0.
/// @param info Its struct_size must be set; receives the rest.
///
/// # Safety
/// `info` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_variable_get_info(
    volume: neuvol_volume,
    variable: u32,
    info: *mut neuvol_variable_info,
) -> neuvol_result {
    boundary("neuvol_variable_get_info", || {
        let volume = lease(volume)?;
        let variable = volume.variable(variable)?;
        let value = neuvol_variable_info {
            struct_size: 0,
            flags: if variable.has_time { NEUVOL_VARIABLE_HAS_TIME } else { 0 },
            dims: reversed(variable.dims),
            block_dims: reversed(variable.block_dims),
            block_counts: reversed(variable.blocks()),
            level_count: variable.n_levels.into(),
            quality_count: variable.n_qualities.into(),
            step_count: variable.steps,
            value_min: variable.min,
            value_max: variable.max,
            valid_count: variable.valid,
            max_abs_error: variable.max_abs_error,
            rmse: variable.rmse,
        };
        // SAFETY: as this function demands.
        unsafe { write_struct("info", info, &value) }
    })
}

/// Gives the name of a variable in UTF-8.
///
/// Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
///
/// @param variable Its number, from 0.
/// @param buffer Receives the text and a NUL. May be null.
/// @param capacity Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
/// @param needed Receives the bytes of the text without the NUL. May be null.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_variable_get_name(
    volume: neuvol_volume,
    variable: u32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_variable_get_name", || {
        let volume = lease(volume)?;
        // SAFETY: as this function demands.
        unsafe { write_text(&volume.variable_meta(variable)?.name, buffer, capacity, needed) }
    })
}

/// Gives the units of a variable, as its source states them; empty if it does not.
///
/// Any thread. Buffer and lengths as for neuvol_variable_get_name().
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_variable_get_units(
    volume: neuvol_volume,
    variable: u32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_variable_get_units", || {
        let volume = lease(volume)?;
        // SAFETY: as this function demands.
        unsafe { write_text(units(&volume.variable_meta(variable)?.attributes), buffer, capacity, needed) }
    })
}

/// Gives the name of the dimension along an axis of a variable; empty if the variable does not have that axis. A
/// coordinate with the name of a dimension holds the positions along it.
///
/// Any thread. Buffer and lengths as for neuvol_variable_get_name().
///
/// @param axis One of NEUVOL_AXIS_X, _Y, _Z, _TIME.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_variable_get_dimension(
    volume: neuvol_volume,
    variable: u32,
    axis: neuvol_axis,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_variable_get_dimension", || {
        let axis = match axis {
            NEUVOL_AXIS_X => Axis::X,
            NEUVOL_AXIS_Y => Axis::Y,
            NEUVOL_AXIS_Z => Axis::Z,
            NEUVOL_AXIS_TIME => Axis::Time,
            other => return Err(Failure::argument("axis", format!("{other} is none of NEUVOL_AXIS_*"))),
        };
        let volume = lease(volume)?;
        let name = volume.variable_dimension(variable, axis)?.unwrap_or_default();
        // SAFETY: as this function demands.
        unsafe { write_text(name, buffer, capacity, needed) }
    })
}

/// Gives bounds of the valid values of a block around a time, for example to skip empty space. They hold on every level
/// of detail. A block without valid voxels has an empty range: minimum +infinity, maximum -infinity.
///
/// Any thread. Reads only the index of the file.
///
/// @param variable Number of the variable.
/// @param quality Quality layer.
/// @param time Time in steps; the bounds hold for the steps around it and all times between them.
/// @param block Number of the block: bx + blocks.x * (by + blocks.y * bz).
/// @param out_min Receives the lower bound.
/// @param out_max Receives the upper bound.
///
/// # Safety
/// `out_min` and `out_max` are null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_block_get_range(
    volume: neuvol_volume,
    variable: u32,
    quality: u32,
    time: f64,
    block: u32,
    out_min: *mut f32,
    out_max: *mut f32,
) -> neuvol_result {
    boundary("neuvol_block_get_range", || {
        let range = lease(volume)?.block_range(variable, narrow("quality", quality)?, time, block)?;
        let (min, max) = range.unwrap_or((f32::INFINITY, f32::NEG_INFINITY));
        // SAFETY: as this function demands.
        unsafe {
            write_value("out_min", out_min, min)?;
            write_value("out_max", out_max, max)
        }
    })
}
