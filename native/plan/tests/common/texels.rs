//! What texels hold, and what they should.
#![allow(dead_code, unreachable_pub)] // every backend uses its own part of this

use half::f16;
use neuvol_plan::Texel;

/// The channels of all texels; those that a format lacks are 0.
pub fn texels(bytes: &[u8], texel: Texel) -> Vec<[f32; 4]> {
    let half = |bytes: &[u8]| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
    bytes
        .chunks_exact(texel.bytes() as usize)
        .map(|b| match texel {
            Texel::R32F => [f32::from_le_bytes([b[0], b[1], b[2], b[3]]), 0.0, 0.0, 0.0],
            Texel::R16F => [half(b), 0.0, 0.0, 0.0],
            Texel::R8 => [f32::from(b[0]) / 255.0, 0.0, 0.0, 0.0],
            Texel::R16 => [f32::from(u16::from_le_bytes([b[0], b[1]])) / 65535.0, 0.0, 0.0, 0.0],
            Texel::Rg16F => [half(b), half(&b[2..]), 0.0, 0.0],
            Texel::Rgba16F => [half(b), half(&b[2..]), half(&b[4..]), half(&b[6..])],
        })
        .collect()
}

pub fn channels(texel: Texel) -> usize {
    match texel {
        Texel::Rg16F => 2,
        Texel::Rgba16F => 4,
        _ => 1,
    }
}

/// How far a stored number may be from what was to be stored: half a step of the format, and what f32 may differ by.
pub fn rounding(texel: Texel, value: f32) -> f32 {
    let step = match texel {
        Texel::R32F => 0.0,
        Texel::R8 => 0.5 / 255.0,
        Texel::R16 => 0.5 / 65535.0,
        // Drivers may round halves towards zero.
        _ => value.abs().max(6.1e-5) / 1024.0,
    };
    step * 1.001 + 2e-6
}

/// The texels of a box, and the others.
pub fn inside(
    texels: &[[f32; 4]],
    extent: [u32; 3],
    first: [u32; 3],
    size: [u32; 3],
) -> (Vec<[f32; 4]>, Vec<[f32; 4]>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (at, texel) in texels.iter().enumerate() {
        let at = at as u32;
        let place = [at / (extent[1] * extent[2]), at / extent[2] % extent[1], at % extent[2]];
        let is_inside = (0..3).all(|axis| (first[axis]..first[axis] + size[axis]).contains(&place[axis]));
        if is_inside { inside.push(*texel) } else { outside.push(*texel) }
    }
    (inside, outside)
}

/// What a job should write, in the order of its box.
pub fn expected(
    values: &[f32],
    is_valid: &dyn Fn(usize) -> bool,
    extent: [u32; 3],
    (min, max): ([u32; 3], [u32; 3]),
    (unorm, invalid): ((f32, f32), f32),
    texel: Texel,
) -> Vec<[f32; 4]> {
    let index = |at: [u32; 3]| ((at[0] * extent[1] + at[1]) * extent[2] + at[2]) as usize;
    let slope = |at: [u32; 3], axis: usize| {
        let (mut before, mut after) = (at, at);
        before[axis] = at[axis].saturating_sub(1);
        after[axis] = (at[axis] + 1).min(extent[axis] - 1);
        let (a, b) = (index(before), index(after));
        if a == b || !is_valid(a) || !is_valid(b) {
            return 0.0;
        }
        (values[b] - values[a]) / (after[axis] - before[axis]) as f32
    };
    let mut out = Vec::new();
    for z in min[0]..max[0] {
        for y in min[1]..max[1] {
            for x in min[2]..max[2] {
                let at = [z, y, x];
                let n = index(at);
                let value = if is_valid(n) { values[n] } else { invalid };
                let share = (value - unorm.0) / (unorm.1 - unorm.0);
                out.push(match texel {
                    Texel::R32F | Texel::R16F => [value, 0.0, 0.0, 0.0],
                    Texel::R8 | Texel::R16 if is_valid(n) => [share.clamp(0.0, 1.0), 0.0, 0.0, 0.0],
                    Texel::R8 | Texel::R16 => [invalid, 0.0, 0.0, 0.0],
                    Texel::Rg16F => [value, f32::from(u8::from(is_valid(n))), 0.0, 0.0],
                    Texel::Rgba16F => [value, slope(at, 0), slope(at, 1), slope(at, 2)],
                });
            }
        }
    }
    out
}
