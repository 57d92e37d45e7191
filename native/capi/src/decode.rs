//! Decoding into host memory.

use crate::boundary::boundary;
use crate::memory::{check_len, read_struct};
use crate::result::{Failure, Outcome, neuvol_result};
use crate::types::{
    NEUVOL_DECODE_VALUE_RANGE, NEUVOL_FORMAT_F16, NEUVOL_FORMAT_F32, NEUVOL_FORMAT_U8, NEUVOL_FORMAT_U16,
    NEUVOL_PRECISION_EXACT, NEUVOL_PRECISION_FAST, neuvol_decode_desc, neuvol_precision, neuvol_volume,
};
use crate::variable::{narrow, reversed};
use crate::volume::lease;
use half::f16;
use neuvol_engine::{Precision, Request, Target, TargetData};
use std::ffi::c_void;

/// Decodes a box into memory of the caller. Returns when all of it is there; blocks are shared among the volume's threads.
///
/// Any thread, several at once too. On an error the content of `dst` and `coverage` is undefined, but only voxels of the
/// box are ever written.
///
/// @param desc What to decode, and how it lies in memory.
/// @param dst Receives the voxels, x fastest, then y, then z; aligned to the size of one element of the format.
/// @param dst_bytes Bytes of `dst`.
/// @param coverage Receives one byte per voxel, with the same pitches (in bytes): 255 where the voxel is valid, 0 where
/// it is not. Null if it is not wanted. Must not overlap `dst`.
/// @param coverage_bytes Bytes of `coverage`, 0 without.
///
/// # Safety
/// `desc` is null or valid for reading its size, `dst` null or valid for writing `dst_bytes`, `coverage` null or valid for
/// writing `coverage_bytes`; nothing else touches them during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_decode_to_host(
    volume: neuvol_volume,
    desc: *const neuvol_decode_desc,
    dst: *mut c_void,
    dst_bytes: usize,
    coverage: *mut u8,
    coverage_bytes: usize,
) -> neuvol_result {
    boundary("neuvol_decode_to_host", || {
        let volume = lease(volume)?;
        // SAFETY: as this function demands.
        let desc = unsafe { read_struct("desc", desc) }?;
        let request = request(&desc)?;
        check_memory(dst, dst_bytes, coverage, coverage_bytes)?;
        let [_, rows, columns] = request.extent();
        let row_stride = pitch("desc.row_pitch", desc.row_pitch, columns)?;
        let slice_stride = pitch("desc.slice_pitch", desc.slice_pitch, rows.saturating_mul(row_stride))?;
        // SAFETY: not null, of a length that slices may have, aligned (checked inside), and nobody else's for now, as
        // this function demands; the two do not overlap. Whatever is in there is only written.
        let (data, coverage) = unsafe {
            let coverage = (!coverage.is_null()).then(|| std::slice::from_raw_parts_mut(coverage, coverage_bytes));
            (target_data(desc.format, dst, dst_bytes)?, coverage)
        };
        let value_range = value_range(&desc)?;
        volume.decode(&request, Target { data, row_stride, slice_stride, value_range, coverage })?;
        Ok(())
    })
}

fn request(desc: &neuvol_decode_desc) -> Outcome<Request> {
    if desc.flags & !NEUVOL_DECODE_VALUE_RANGE != 0 {
        return Err(Failure::argument("desc.flags", format!("unknown flags in {:#x}", desc.flags)));
    }
    if desc.reserved0 != 0 {
        return Err(Failure::argument("desc.reserved0", "must be 0"));
    }
    Ok(Request {
        variable: desc.variable,
        quality: narrow("desc.quality", desc.quality)?,
        level: narrow("desc.level", desc.level)?,
        time: desc.time,
        min: reversed(desc.box_min),
        max: reversed(desc.box_max),
        precision: precision(desc.precision)?,
        kernel: None,
    })
}

pub(crate) fn precision(precision: neuvol_precision) -> Outcome<Precision> {
    match precision {
        NEUVOL_PRECISION_EXACT => Ok(Precision::Exact),
        NEUVOL_PRECISION_FAST => Ok(Precision::Fast),
        other => Err(Failure::argument("desc.precision", format!("{other} is none of NEUVOL_PRECISION_*"))),
    }
}

fn value_range(desc: &neuvol_decode_desc) -> Outcome<Option<(f32, f32)>> {
    let (min, max) = (desc.value_min, desc.value_max);
    let integers = matches!(desc.format, NEUVOL_FORMAT_U8 | NEUVOL_FORMAT_U16);
    match desc.flags & NEUVOL_DECODE_VALUE_RANGE != 0 {
        true if integers => Ok(Some((min, max))),
        true => Err(Failure::argument("desc.flags", "a value range is for integer formats")),
        // Most likely the flag was forgotten.
        false if min != 0.0 || max != 0.0 => {
            Err(Failure::argument("desc.value_min, value_max", "must be 0 without NEUVOL_DECODE_VALUE_RANGE"))
        }
        false => Ok(None),
    }
}

fn check_memory(dst: *mut c_void, dst_bytes: usize, coverage: *mut u8, coverage_bytes: usize) -> Outcome {
    if dst.is_null() {
        return Err(Failure::null("dst"));
    }
    check_len("dst_bytes", dst_bytes)?;
    if coverage.is_null() {
        return match coverage_bytes {
            0 => Ok(()),
            _ => Err(Failure::null("coverage")),
        };
    }
    check_len("coverage_bytes", coverage_bytes)?;
    let (a, b) = (dst.addr(), coverage.addr());
    if a < b.saturating_add(coverage_bytes) && b < a.saturating_add(dst_bytes) {
        return Err(Failure::argument("coverage", "overlaps dst"));
    }
    Ok(())
}

fn pitch(name: &str, pitch: u64, dense: usize) -> Outcome<usize> {
    match pitch {
        0 => Ok(dense),
        _ => usize::try_from(pitch).map_err(|_| Failure::argument(name, format!("{pitch} is more than any memory"))),
    }
}

/// # Safety
/// `dst` is valid for writing `bytes` bytes while the result lives, not null, and nobody else's.
unsafe fn target_data<'a>(format: i32, dst: *mut c_void, bytes: usize) -> Outcome<TargetData<'a>> {
    // SAFETY: promised by the caller, for each of them.
    unsafe {
        match format {
            NEUVOL_FORMAT_F32 => Ok(TargetData::F32(elements(dst, bytes)?)),
            NEUVOL_FORMAT_F16 => Ok(TargetData::F16(elements::<f16>(dst, bytes)?)),
            NEUVOL_FORMAT_U8 => Ok(TargetData::U8(elements(dst, bytes)?)),
            NEUVOL_FORMAT_U16 => Ok(TargetData::U16(elements(dst, bytes)?)),
            other => Err(Failure::argument("desc.format", format!("{other} is none of NEUVOL_FORMAT_*"))),
        }
    }
}

/// # Safety
/// As [`target_data`]; every pattern of bits is a T.
unsafe fn elements<'a, T>(dst: *mut c_void, bytes: usize) -> Outcome<&'a mut [T]> {
    let dst = dst.cast::<T>();
    if !dst.is_aligned() {
        return Err(Failure::argument("dst", format!("is not aligned to {} bytes", align_of::<T>())));
    }
    // SAFETY: promised by the caller; aligned.
    Ok(unsafe { std::slice::from_raw_parts_mut(dst, bytes / size_of::<T>()) })
}
