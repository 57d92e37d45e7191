//! Decodes any bytes as residuals, and encodes any values: nothing may panic or hang, and what was written is what is read.
//!
//! From the folder of `neuvol-entropy`: `cargo +nightly fuzz run residuals`. The first bytes are the extent, the steps and
//! what the rest is: a stream or values.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neuvol_entropy::{MAX_MAGNITUDE, residual};

fuzz_target!(|bytes: &[u8]| {
    let Some((&[z, y, x, kind], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let extent = [z % 8, y % 9, x % 20].map(|n| usize::from(n) + 1);
    let n = usize::from(kind >> 1 & 3) + 1;
    let steps = if kind & 1 == 0 {
        match residual::decode(extent, n, rest) {
            Ok(steps) => steps,
            Err(_) => return,
        }
    } else {
        // Few bytes stand for many values; the rest of `kind` shifts them.
        let value = |at: usize| {
            let byte = rest.get(at % rest.len().max(1)).map_or(0, |&byte| i32::from(byte as i8));
            (byte << (kind >> 4)).clamp(-(MAX_MAGNITUDE as i32), MAX_MAGNITUDE as i32)
        };
        let len: usize = extent.iter().product();
        (0..n).map(|k| (0..len).map(|at| value(k * 7 + at)).collect()).collect()
    };
    let slices: Vec<&[i32]> = steps.iter().map(Vec::as_slice).collect();
    let bytes = residual::encode(extent, &slices).expect("values within bounds");
    assert_eq!(residual::decode(extent, n, &bytes).expect("it was just encoded"), steps);
});
