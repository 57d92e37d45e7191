//! Opens any bytes and walks everything in them: nothing may panic, hang or eat memory.
//!
//! A fuzzer cannot guess checksums, so every input is walked twice: as it is, and with all checksums made right.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neuvol_format_fuzz::{repair, walk};

fuzz_target!(|bytes: &[u8]| {
    let _ = walk(bytes);
    let mut repaired = bytes.to_vec();
    if let Some(file_len) = repaired.get_mut(16..24) {
        file_len.copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    }
    repair(&mut repaired);
    let _ = walk(&repaired);
});
