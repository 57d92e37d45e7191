//! Coordinates: positions along dimensions, 2-D latitudes, bounds, ...

use crate::boundary::boundary;
use crate::memory::{read_text, write_numbers, write_struct, write_text, write_value};
use crate::result::{Failure, NEUVOL_ERROR_UNSUPPORTED, neuvol_result};
use crate::types::{NEUVOL_MAX_RANK, neuvol_coordinate_info, neuvol_volume};
use crate::volume::lease;
use neuvol_engine::units;
use std::ffi::c_char;

/// Finds a coordinate by its name, which for the positions along a dimension is the name of the dimension.
///
/// Any thread.
///
/// @param name UTF-8; needs no NUL.
/// @param name_len Bytes of `name`.
/// @param coordinate Receives its number.
///
/// # Safety
/// `name` is valid for reading `name_len` bytes, `coordinate` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_coordinate_find(
    volume: neuvol_volume,
    name: *const c_char,
    name_len: usize,
    coordinate: *mut u32,
) -> neuvol_result {
    boundary("neuvol_coordinate_find", || {
        // SAFETY: as this function demands.
        unsafe {
            let name = read_text("name", name, name_len)?;
            write_value("coordinate", coordinate, lease(volume)?.coordinate_named(name)?)
        }
    })
}

/// Describes the shape of a coordinate.
///
/// Any thread. NEUVOL_ERROR_UNSUPPORTED if it has more than NEUVOL_MAX_RANK axes.
///
/// @param coordinate Its number, from 0.
/// @param info Its struct_size must be set; receives the rest.
///
/// # Safety
/// `info` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_coordinate_get_info(
    volume: neuvol_volume,
    coordinate: u32,
    info: *mut neuvol_coordinate_info,
) -> neuvol_result {
    boundary("neuvol_coordinate_get_info", || {
        let volume = lease(volume)?;
        let value_count = volume.coordinate_len(coordinate)?;
        let axes = &volume.coordinate(coordinate)?.shape;
        let mut shape = [0; NEUVOL_MAX_RANK];
        let Some(target) = shape.get_mut(..axes.len()) else {
            let message = format!("coordinate: {coordinate} has {} axes, the most are {NEUVOL_MAX_RANK}", axes.len());
            return Err(Failure::new(NEUVOL_ERROR_UNSUPPORTED, message));
        };
        target.copy_from_slice(axes);
        let value = neuvol_coordinate_info { struct_size: 0, rank: axes.len() as u32, value_count, shape };
        // SAFETY: as this function demands.
        unsafe { write_struct("info", info, &value) }
    })
}

/// Gives the name of a coordinate.
///
/// Any thread. Buffer and lengths as for neuvol_variable_get_name().
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_coordinate_get_name(
    volume: neuvol_volume,
    coordinate: u32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_coordinate_get_name", || {
        let volume = lease(volume)?;
        // SAFETY: as this function demands.
        unsafe { write_text(&volume.coordinate(coordinate)?.name, buffer, capacity, needed) }
    })
}

/// Gives the units of a coordinate, as its source states them, for example "degrees_north"; empty if it does not.
///
/// Any thread. Buffer and lengths as for neuvol_variable_get_name().
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_coordinate_get_units(
    volume: neuvol_volume,
    coordinate: u32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_coordinate_get_units", || {
        let volume = lease(volume)?;
        // SAFETY: as this function demands.
        unsafe { write_text(units(&volume.coordinate(coordinate)?.attributes), buffer, capacity, needed) }
    })
}

/// Gives the values of a coordinate as doubles, its last axis fastest; integers beyond 2^53 are rounded.
///
/// Any thread. Call it with null values and a capacity of 0 to learn the count.
///
/// @param coordinate Its number, from 0.
/// @param values Receives all values. May be null.
/// @param capacity Room in `values`; with too little nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
/// @param needed Receives the count. May be null.
///
/// # Safety
/// `values` is null or valid for writing `capacity` doubles, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_coordinate_get_values(
    volume: neuvol_volume,
    coordinate: u32,
    values: *mut f64,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_coordinate_get_values", || {
        let volume = lease(volume)?;
        let len = usize::try_from(volume.coordinate_len(coordinate)?)
            .map_err(|_| Failure::argument("coordinate", "has more values than fit into memory"))?;
        // SAFETY: as this function demands.
        unsafe { write_numbers(len, values, capacity, needed, || Ok(volume.coordinate_values(coordinate)?)) }
    })
}
