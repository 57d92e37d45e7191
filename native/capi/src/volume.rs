//! Opening, closing and describing volumes.

use crate::boundary::boundary;
use crate::memory::{check_len, read_struct, read_text, write_struct, write_text, write_value};
use crate::result::{Failure, NEUVOL_ERROR_INVALID_HANDLE, Outcome, neuvol_result};
use crate::types::{NEUVOL_CACHE_NONE, neuvol_open_desc, neuvol_volume, neuvol_volume_info, neuvol_volume_stats};
use crate::version::check_abi_version;
use neuvol_engine::{DEFAULT_CACHE_BYTES, Handles, Lease, OpenOptions, Volume};
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;

static VOLUMES: Handles<Arc<Volume>> = Handles::new();

/// The volume behind a handle, kept open while the result lives.
pub(crate) fn lease(volume: neuvol_volume) -> Outcome<Lease<Arc<Volume>>> {
    VOLUMES.lease(volume.id).ok_or_else(|| invalid_handle(volume))
}

fn invalid_handle(volume: neuvol_volume) -> Failure {
    let reason = if volume.id == 0 { "names nothing (id 0)" } else { "is closed or was never open" };
    Failure::new(NEUVOL_ERROR_INVALID_HANDLE, format!("volume: {reason}"))
}

/// Opens a file. It is mapped, and only its front (header, directory, metadata) is read and checked; blocks are read and
/// checked when they are decoded.
///
/// Any thread. The library owns the volume until neuvol_volume_close(). The file must not be truncated or written to
/// while it is open; replacing it by renaming another one is safe.
///
/// @param path Name of the file in UTF-8; needs no NUL.
/// @param path_len Bytes of `path`.
/// @param desc Options, or null for the usual ones.
/// @param out Receives the handle; an id of 0 on an error.
///
/// # Safety
/// `path` is valid for reading `path_len` bytes, `desc` null or valid for reading its size, `out` null or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_volume_open_file(
    path: *const c_char,
    path_len: usize,
    desc: *const neuvol_open_desc,
    out: *mut neuvol_volume,
) -> neuvol_result {
    boundary("neuvol_volume_open_file", || {
        // SAFETY: pointers as this function demands them.
        unsafe {
            write_value("out", out, neuvol_volume { id: 0 })?;
            let path = read_text("path", path, path_len)?;
            let volume = Volume::open_file(Path::new(path), options(desc)?)?;
            log::info!("opened {path}: {} variables", volume.reader().variables().len());
            write_value("out", out, register(volume))
        }
    })
}

/// Opens a file that lies in memory. As neuvol_volume_open_file() otherwise.
///
/// Any thread. The memory is borrowed: it must stay valid and unchanged until neuvol_volume_close() returns.
///
/// @param data The bytes of the file; any alignment.
/// @param len How many.
/// @param desc Options, or null for the usual ones.
/// @param out Receives the handle; an id of 0 on an error.
///
/// # Safety
/// `data` is valid for reading `len` bytes until the volume is closed, `desc` null or valid for reading its size, `out`
/// null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_volume_open_memory(
    data: *const c_void,
    len: usize,
    desc: *const neuvol_open_desc,
    out: *mut neuvol_volume,
) -> neuvol_result {
    boundary("neuvol_volume_open_memory", || {
        // SAFETY: pointers as this function demands them.
        unsafe {
            write_value("out", out, neuvol_volume { id: 0 })?;
            if data.is_null() {
                return Err(Failure::null("data"));
            }
            check_len("len", len)?;
            let volume = Volume::from_raw(data.cast(), len, options(desc)?)?;
            write_value("out", out, register(volume))
        }
    })
}

/// # Safety
/// `desc` is null or valid for reading its size.
unsafe fn options(desc: *const neuvol_open_desc) -> Outcome<OpenOptions> {
    if desc.is_null() {
        return Ok(OpenOptions::default());
    }
    // SAFETY: promised by the caller.
    let desc = unsafe { read_struct("desc", desc) }?;
    check_abi_version(desc.abi_version)?;
    if desc.reserved0 != 0 {
        return Err(Failure::argument("desc.reserved0", "must be 0"));
    }
    let cache_bytes = match desc.cache_bytes {
        0 => DEFAULT_CACHE_BYTES,
        NEUVOL_CACHE_NONE => 0,
        bytes => bytes,
    };
    Ok(OpenOptions { threads: desc.threads as usize, cache_bytes })
}

fn register(volume: Volume) -> neuvol_volume {
    neuvol_volume { id: VOLUMES.insert(Arc::new(volume)) }
}

/// Closes a volume. Waits until the calls that use it on other threads have returned; calls that begin later fail with
/// NEUVOL_ERROR_INVALID_HANDLE. Decodes into textures that are not recorded yet are cancelled.
///
/// Any thread. An id of 0 is fine and does nothing; a handle that is closed already is NEUVOL_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_volume_close(volume: neuvol_volume) -> neuvol_result {
    boundary("neuvol_volume_close", || {
        if volume.id == 0 {
            return Ok(());
        }
        if !VOLUMES.remove(volume.id) {
            return Err(invalid_handle(volume));
        }
        // From here on nobody can ask for it any more; what was asked for before is dropped.
        crate::context::forget(volume.id);
        Ok(())
    })
}

/// Describes an open file.
///
/// Any thread.
///
/// @param info Its struct_size must be set; receives the rest.
///
/// # Safety
/// `info` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_volume_get_info(volume: neuvol_volume, info: *mut neuvol_volume_info) -> neuvol_result {
    boundary("neuvol_volume_get_info", || {
        let volume = lease(volume)?;
        let reader = volume.reader();
        let header = reader.header();
        let value = neuvol_volume_info {
            struct_size: 0,
            format_major: header.version.0.into(),
            format_minor: header.version.1.into(),
            variable_count: reader.variables().len() as u32,
            coordinate_count: reader.meta().coordinates.len() as u32,
            reserved0: 0,
            file_bytes: header.file_len,
            content_hash: header.content_hash,
        };
        // SAFETY: as this function demands.
        unsafe { write_struct("info", info, &value) }
    })
}

/// Gives all metadata of the file as one JSON object in UTF-8: attributes, variables, coordinates, settings of the
/// encoder. Section 5 of the format's description says what is in it.
///
/// Any thread. Call it with a null buffer and a capacity of 0 to learn the length.
///
/// @param buffer Receives the text and a NUL. May be null.
/// @param capacity Bytes of `buffer`; with too few nothing is given and the result is NEUVOL_ERROR_BUFFER_TOO_SMALL.
/// @param needed Receives the bytes of the text without the NUL. May be null.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes, `needed` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_volume_get_metadata(
    volume: neuvol_volume,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> neuvol_result {
    boundary("neuvol_volume_get_metadata", || {
        let text = lease(volume)?.metadata_json();
        // SAFETY: as this function demands.
        unsafe { write_text(&text, buffer, capacity, needed) }
    })
}

/// Gives sums over all decodes since the volume was opened.
///
/// Any thread.
///
/// @param stats Its struct_size must be set; receives the rest.
///
/// # Safety
/// `stats` is null or valid for reading and writing its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_volume_get_stats(
    volume: neuvol_volume,
    stats: *mut neuvol_volume_stats,
) -> neuvol_result {
    boundary("neuvol_volume_get_stats", || {
        let sums = lease(volume)?.stats();
        let value = neuvol_volume_stats {
            struct_size: 0,
            reserved0: 0,
            file_bytes: sums.file_bytes,
            blocks_decoded: sums.blocks,
            voxels_decoded: sums.voxels,
            payload_bytes: sums.payload_bytes,
            decode_seconds: sums.seconds,
            cache_hits: sums.cache_hits,
            cache_misses: sums.cache_misses,
            cache_bytes: sums.cache_bytes,
        };
        // SAFETY: as this function demands.
        unsafe { write_struct("stats", stats, &value) }
    })
}
