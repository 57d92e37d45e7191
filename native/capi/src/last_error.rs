//! The text of the last error, per thread.

use crate::boundary::guarded;
use crate::memory::copy_text;
use std::cell::RefCell;
use std::ffi::c_char;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Sets the text. A thread that is ending has none.
pub(crate) fn set(message: String) {
    let _ = LAST.try_with(|last| last.replace(message));
}

/// Copies the text of the calling thread's last error: which function, which argument or file, the cause.
///
/// Any thread; each has its own text. It stays until the next error of this thread; a success does not change it.
///
/// @param buffer Receives UTF-8 with a NUL at its end, cut between two characters if it does not fit. May be null.
/// @param capacity Bytes of `buffer`, the NUL included. May be 0.
/// @return Bytes of the whole text without the NUL; 0 if there was no error.
///
/// # Safety
/// `buffer` is null or valid for writing `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neuvol_last_error(buffer: *mut c_char, capacity: usize) -> usize {
    guarded(|| {
        LAST.try_with(|last| {
            let last = last.borrow();
            // SAFETY: promised by the caller.
            unsafe { copy_text(&last, buffer, capacity) };
            last.len()
        })
        .unwrap_or(0)
    })
    .unwrap_or(0)
}
