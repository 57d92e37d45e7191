//! Decodes and what must come out of them, as a text file for the C programs.
//!
//! One line per case: variable, quality, level, time, box minimum x y z, box maximum x y z, format, precision, row pitch,
//! slice pitch, flags, value minimum and maximum, tolerance, number of values; then the values of the box in one line,
//! x fastest. Floating-point numbers are the hexadecimal digits of their bits.

use crate::reference;
use crate::sample::{SOIL, THETA, THETA_RANGE, VOID};
use neuvol_capi::{
    NEUVOL_DECODE_VALUE_RANGE, NEUVOL_FORMAT_F16, NEUVOL_FORMAT_F32, NEUVOL_FORMAT_U8, NEUVOL_FORMAT_U16,
    NEUVOL_PRECISION_EXACT, NEUVOL_PRECISION_FAST, neuvol_decode_desc,
};
use std::fmt::Write;

const FORMATS: [i32; 4] = [NEUVOL_FORMAT_F32, NEUVOL_FORMAT_F16, NEUVOL_FORMAT_U8, NEUVOL_FORMAT_U16];

/// A description with only variable, level, time and box (x, y, z) set: 32-bit floats, exact, dense.
pub fn desc(variable: u32, level: u32, time: f64, box_min: [u32; 3], box_max: [u32; 3]) -> neuvol_decode_desc {
    neuvol_decode_desc {
        struct_size: size_of::<neuvol_decode_desc>() as u32,
        flags: 0,
        format: NEUVOL_FORMAT_F32,
        precision: NEUVOL_PRECISION_EXACT,
        variable,
        level,
        quality: 0,
        reserved0: 0,
        time,
        box_min,
        box_max,
        row_pitch: 0,
        slice_pitch: 0,
        value_min: 0.0,
        value_max: 0.0,
    }
}

/// The cases for the model that [`crate::sample::write`] writes.
pub fn all() -> Vec<neuvol_decode_desc> {
    let mut cases = Vec::new();
    let whole = [[37, 20, 18], [19, 10, 9], [10, 5, 5]];
    for (level, dims) in (0..).zip(whole) {
        // A step, between two steps of a segment, between two segments, the last step.
        for time in [0.0, 0.25, 2.5, 4.0] {
            cases.push(desc(THETA, level, time, [0; 3], dims));
        }
    }
    // Boxes inside a block, across blocks, of one voxel.
    for (min, max) in [([3, 2, 1], [9, 12, 4]), ([14, 15, 13], [35, 18, 18]), ([36, 19, 17], [37, 20, 18])] {
        for format in FORMATS {
            cases.push(neuvol_decode_desc { format, ..desc(THETA, 0, 1.75, min, max) });
        }
    }
    for format in FORMATS {
        let base = neuvol_decode_desc { format, ..desc(THETA, 1, 3.5, [2, 1, 0], [19, 10, 9]) };
        cases.push(neuvol_decode_desc { row_pitch: 23, ..base });
        cases.push(neuvol_decode_desc { row_pitch: 20, slice_pitch: 211, quality: 1, ..base });
        cases.push(desc_of_plane(SOIL, format, [10, 9, 1]));
        cases.push(desc_of_plane(VOID, format, [8, 8, 8]));
        if matches!(format, NEUVOL_FORMAT_U8 | NEUVOL_FORMAT_U16) {
            let flags = NEUVOL_DECODE_VALUE_RANGE;
            cases.push(neuvol_decode_desc { flags, value_min: 275.0, value_max: 290.0, ..base });
        }
    }
    cases.push(neuvol_decode_desc { precision: NEUVOL_PRECISION_FAST, ..desc(THETA, 0, 0.5, [0; 3], whole[0]) });
    cases
}

fn desc_of_plane(variable: u32, format: i32, dims: [u32; 3]) -> neuvol_decode_desc {
    neuvol_decode_desc { format, ..desc(variable, 0, 0.0, [0; 3], dims) }
}

/// What a case gives as 32-bit floats, according to the reference decoder.
pub fn expected(file: &[u8], desc: &neuvol_decode_desc) -> Vec<f32> {
    let grid = reference::grid(file, desc.variable, desc.quality as u8, desc.level as u8, desc.time);
    let zyx = |[x, y, z]: [u32; 3]| [z, y, x];
    grid.cut(zyx(desc.box_min), zyx(desc.box_max))
}

/// How far a value may be from the reference: rounding in another order, or less precise arithmetic.
pub fn tolerance(desc: &neuvol_decode_desc) -> f32 {
    let relative = if desc.precision == NEUVOL_PRECISION_FAST { 0.02 } else { 1e-4 };
    relative * (THETA_RANGE.1 - THETA_RANGE.0)
}

/// The file with all cases.
pub fn text(file: &[u8]) -> String {
    let mut text = String::new();
    for desc in all() {
        let values = expected(file, &desc);
        let [x0, y0, z0] = desc.box_min;
        let [x1, y1, z1] = desc.box_max;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} {} {} {:x} {x0} {y0} {z0} {x1} {y1} {z1} {} {} {} {} {} {:x} {:x} {:x} {}",
            desc.variable,
            desc.quality,
            desc.level,
            desc.time.to_bits(),
            desc.format,
            desc.precision,
            desc.row_pitch,
            desc.slice_pitch,
            desc.flags,
            desc.value_min.to_bits(),
            desc.value_max.to_bits(),
            tolerance(&desc).to_bits(),
            values.len(),
        );
        for value in values {
            let _ = write!(text, "{:x} ", value.to_bits());
        }
        text.push('\n');
    }
    text
}
