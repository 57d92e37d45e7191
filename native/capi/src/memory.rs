//! Reading and writing the caller's memory. Nothing here trusts a length, a size field or an alignment more than C does.

use crate::result::{Failure, NEUVOL_ERROR_BUFFER_TOO_SMALL, NEUVOL_ERROR_STRUCT_SIZE, Outcome};
use std::ffi::c_char;
use std::mem::{MaybeUninit, size_of};
use std::ptr;

/// A larger structure than this is not a future version but memory that nobody filled in.
const MAX_STRUCT_SIZE: usize = 4096;

/// A structure of the ABI that begins with its size.
///
/// # Safety
/// `repr(C)`, the first field is the `u32` size, no padding, and every pattern of bits is a value.
pub(crate) unsafe trait Versioned: Copy {
    /// Size of the structure in version 0.1, the first one.
    const FIRST_SIZE: usize;
}

/// Reads a structure that the caller filled in: as many bytes as it has, 0 for fields that it does not know yet.
///
/// # Safety
/// `pointer` is null or valid for reading as many bytes as the size in its first field says.
pub(crate) unsafe fn read_struct<T: Versioned>(name: &str, pointer: *const T) -> Outcome<T> {
    // SAFETY: promised by the caller.
    let size = unsafe { struct_size(name, pointer) }?;
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: source and destination have at least this many bytes, and the destination is ours.
    unsafe {
        ptr::copy_nonoverlapping(pointer.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        // Every pattern of bits is a value of T, as its trait says.
        Ok(value.assume_init())
    }
}

/// Fills a structure of the caller: as many fields as it has, 0 for those that this version does not know. Its size field
/// stays.
///
/// # Safety
/// `pointer` is null or valid for reading its size field and writing as many bytes as that says.
pub(crate) unsafe fn write_struct<T: Versioned>(name: &str, pointer: *mut T, value: &T) -> Outcome {
    // SAFETY: promised by the caller.
    let size = unsafe { struct_size(name, pointer) }?;
    let known = size.min(size_of::<T>());
    let field = size_of::<u32>();
    let target = pointer.cast::<u8>();
    // SAFETY: the target has `size` bytes, the value `known` at least; T has no padding, so all its bytes are there.
    unsafe {
        ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>().add(field), target.add(field), known - field);
        ptr::write_bytes(target.add(known), 0, size - known);
    }
    Ok(())
}

/// Checks the size field of a structure before it is used for anything.
///
/// # Safety
/// `pointer` is null or valid for reading a u32.
unsafe fn struct_size<T: Versioned>(name: &str, pointer: *const T) -> Outcome<usize> {
    if pointer.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: the size is the first field; its alignment is not relied on.
    let size = unsafe { pointer.cast::<u32>().read_unaligned() } as usize;
    if !(T::FIRST_SIZE..=MAX_STRUCT_SIZE).contains(&size) {
        let message = format!("{name}.struct_size: is {size}, set it to sizeof the structure ({})", size_of::<T>());
        return Err(Failure::new(NEUVOL_ERROR_STRUCT_SIZE, message));
    }
    Ok(size)
}

/// Writes one plain value.
///
/// # Safety
/// `pointer` is null or valid for writing a T.
pub(crate) unsafe fn write_value<T: Copy>(name: &str, pointer: *mut T, value: T) -> Outcome {
    if pointer.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: not null, so valid, as the caller promised; the alignment is not relied on.
    unsafe { pointer.write_unaligned(value) };
    Ok(())
}

/// Reads a text that the caller gives as pointer and length.
///
/// # Safety
/// `pointer` is null or valid for reading `len` bytes, which do not change while the result lives.
pub(crate) unsafe fn read_text<'a>(name: &str, pointer: *const c_char, len: usize) -> Outcome<&'a str> {
    if pointer.is_null() {
        return Err(Failure::null(name));
    }
    check_len(name, len)?;
    // SAFETY: not null and, as the caller promised, that many bytes long.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), len) };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Failure::argument(name, format!("is not UTF-8 (byte {} is wrong)", error.valid_up_to())))?;
    if text.contains('\0') {
        return Err(Failure::argument(name, "contains a NUL: give the length without the terminator"));
    }
    Ok(text)
}

/// Gives a text to the caller: always its length, and the text if there is room for it and its NUL.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes; `needed` is null or valid for writing.
pub(crate) unsafe fn write_text(text: &str, buffer: *mut c_char, capacity: usize, needed: *mut usize) -> Outcome {
    // SAFETY: promised by the caller.
    let wanted = unsafe { begin_output("buffer", buffer, capacity, needed, text.len()) }?;
    if !wanted {
        return Ok(());
    }
    if capacity <= text.len() {
        // Nothing half: a cut name or JSON would be taken for a whole one. But no old content either.
        // SAFETY: promised by the caller.
        unsafe { copy_text("", buffer, capacity) };
        return Err(too_small("buffer", capacity, text.len() + 1, "bytes"));
    }
    // SAFETY: promised by the caller.
    unsafe { copy_text(text, buffer, capacity) };
    Ok(())
}

/// Gives numbers to the caller: always their count, and the numbers if there is room for all.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` numbers; `needed` is null or valid for writing.
pub(crate) unsafe fn write_numbers(
    len: usize,
    buffer: *mut f64,
    capacity: usize,
    needed: *mut usize,
    values: impl FnOnce() -> Outcome<Vec<f64>>,
) -> Outcome {
    // SAFETY: promised by the caller.
    let wanted = unsafe { begin_output("values", buffer, capacity, needed, len) }?;
    if !wanted {
        return Ok(());
    }
    if capacity < len {
        return Err(too_small("values", capacity, len, "numbers"));
    }
    let values = values()?;
    let n = values.len().min(capacity);
    // SAFETY: the buffer has room for `capacity` numbers; bytes are copied, so its alignment does not matter.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr().cast::<u8>(), buffer.cast::<u8>(), n * size_of::<f64>()) };
    Ok(())
}

/// Writes the needed length; `false` if the caller only asked for that.
///
/// # Safety
/// `needed` is null or valid for writing.
unsafe fn begin_output<T>(
    name: &str,
    buffer: *mut T,
    capacity: usize,
    needed: *mut usize,
    len: usize,
) -> Outcome<bool> {
    if !needed.is_null() {
        // SAFETY: not null, so valid, as the caller promised.
        unsafe { needed.write_unaligned(len) };
    }
    match (buffer.is_null(), capacity) {
        (true, 0) if needed.is_null() => Err(Failure::null(name)),
        (true, 0) => Ok(false),
        (true, _) => Err(Failure::null(name)),
        (false, _) => Ok(true),
    }
}

/// Copies a text and a NUL, cut between two characters if it does not fit. Does nothing without room for the NUL.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes.
pub(crate) unsafe fn copy_text(text: &str, buffer: *mut c_char, capacity: usize) {
    if buffer.is_null() || capacity == 0 {
        return;
    }
    let len = text.floor_char_boundary(capacity - 1);
    // SAFETY: len + 1 <= capacity bytes are written, which the caller promised to be there.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast::<u8>(), len);
        buffer.add(len).write(0);
    }
}

/// Refuses lengths that no memory has; slices must not be longer.
pub(crate) fn check_len(name: &str, bytes: usize) -> Outcome {
    if isize::try_from(bytes).is_err() {
        return Err(Failure::argument(name, format!("{bytes} bytes are more than any memory")));
    }
    Ok(())
}

pub(crate) fn too_small(name: &str, have: usize, need: usize, unit: &str) -> Failure {
    Failure::new(NEUVOL_ERROR_BUFFER_TOO_SMALL, format!("{name}: has room for {have} {unit}, {need} are needed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Now {
        struct_size: u32,
        first: u32,
        later: u64,
    }
    // SAFETY: repr(C), u32 first, no padding, integers.
    unsafe impl Versioned for Now {
        const FIRST_SIZE: usize = 8;
    }

    #[test]
    fn structures_of_other_versions_are_read_and_written() {
        // The words are the fields; `later` has two.
        let mut words = [8u32, 7, 6, 5, 4, 3];
        let pointer = words.as_mut_ptr().cast::<Now>();
        // SAFETY: the words are as long as each size says, and aligned enough for unaligned access.
        unsafe {
            assert_eq!(read_struct("d", pointer).unwrap(), Now { struct_size: 8, first: 7, later: 0 });
            write_struct("d", pointer, &Now { struct_size: 0, first: 1, later: u64::MAX }).unwrap();
            assert_eq!(pointer.cast::<[u32; 6]>().read(), [8, 1, 6, 5, 4, 3]);
            pointer.cast::<u32>().write(20);
            assert_eq!(read_struct("d", pointer).unwrap(), Now { struct_size: 20, first: 1, later: 6 | 5 << 32 });
            write_struct("d", pointer, &Now { struct_size: 0, first: 2, later: 9 }).unwrap();
            assert_eq!(pointer.cast::<[u32; 6]>().read(), [20, 2, 9, 0, 0, 3]);
            for wrong in [0, 7, 4097, u32::MAX] {
                pointer.cast::<u32>().write(wrong);
                assert_eq!(read_struct("d", pointer).unwrap_err().code, NEUVOL_ERROR_STRUCT_SIZE, "{wrong}");
            }
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (capacity, expected) in [(1, ""), (2, "a"), (3, "a"), (4, "aé"), (9, "aéb")] {
            let mut buffer = [0x55u8; 9];
            // SAFETY: the buffer has 9 bytes.
            unsafe { copy_text("aéb", buffer.as_mut_ptr().cast(), capacity) };
            assert_eq!(&buffer[..expected.len()], expected.as_bytes());
            assert_eq!(buffer[expected.len()], 0);
            assert!(buffer[expected.len() + 1..].iter().all(|&b| b == 0x55));
        }
    }
}
