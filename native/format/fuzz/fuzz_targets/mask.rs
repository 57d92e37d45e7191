//! Decodes any bytes as a mask, and encodes any mask: nothing may panic, and what was written is what is read.
//!
//! From the folder of `neuvol-format`: `cargo +nightly fuzz run mask`. The first four bytes are the size of the mask, the
//! fifth says what the rest is: the bytes of a mask in a file, or its voxels.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neuvol_format::Mask;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[z, y, x, steps, kind], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let extent = [u32::from(z % 24) + 1, u32::from(y % 24) + 1, u32::from(x) + 1];
    let steps = u32::from(steps % 5) + 1;
    let mask = if kind % 2 == 0 {
        match Mask::decode(rest, extent, steps) {
            // Encoding takes much longer than decoding.
            Ok(mask) if kind % 8 == 0 => mask,
            Ok(_) | Err(_) => return,
        }
    } else {
        // Few bytes stand for many voxels: they are repeated along the axes that `kind` names.
        let axes = [2, 4, 8, 16].map(|bit| u32::from(kind & bit != 0));
        Mask::from_fn(extent, steps, |t, z, y, x| {
            let at = ((t * axes[0] * extent[0] + z * axes[1]) * extent[1] + y * axes[2]) * extent[2] + x * axes[3];
            let byte = rest.get((at / 8) as usize % rest.len().max(1));
            byte.is_some_and(|byte| byte >> (at % 8) & 1 != 0)
        })
    };
    assert_eq!(mask.extent(), extent);
    let coded = mask.encode();
    assert!(coded.len() <= mask.bits().len() + 1);
    assert_eq!(Mask::decode(&coded, extent, steps).expect("it was just encoded"), mask);
});
