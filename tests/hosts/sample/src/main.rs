//! Writes a smoke plume over a hill, 8 time steps, as a raw file in the naming convention of the Open SciVis data sets.
//! `plume.neuvol` is made from it: see `README.md`.
//!
//! Nothing but formulas and a noise of fixed seed, so that there is no source to name and every machine writes the same.

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Voxels along x, y, z; z is up.
const DIMS: [usize; 3] = [72, 56, 80];
const STEPS: usize = 8;

fn main() -> ExitCode {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let [nx, ny, nz] = DIMS;
    let path = folder.join(format!("smoke_{nx}x{ny}x{nz}x{STEPS}_float32.raw"));
    match File::create(&path).map(BufWriter::new).and_then(write) {
        Ok(()) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn write(mut out: impl Write) -> std::io::Result<()> {
    for step in 0..STEPS {
        for z in 0..DIMS[2] {
            for y in 0..DIMS[1] {
                for x in 0..DIMS[0] {
                    // Metres in a box of about 1 km, the same along all axes.
                    let position = [x, y, z].map(|n| (n as f32 + 0.5) / DIMS[2] as f32);
                    let value = smoke(position, step as f32);
                    out.write_all(&value.to_le_bytes())?;
                }
            }
        }
    }
    out.flush()
}

/// Concentration of smoke, 0 to about 100; NaN in the ground.
fn smoke([x, y, z]: [f32; 3], time: f32) -> f32 {
    let ground = hill(x, y);
    if z < ground {
        return f32::NAN;
    }
    let source = [0.24, 0.36];
    let height = (z - hill(source[0], source[1])).max(0.0);
    // Eddies drift up and with the wind, and stir the more the higher they are.
    let eddies = [6.5 * x - 0.3 * time, 6.5 * y, 6.5 * z - 0.45 * time];
    let stir = 0.015 + 0.2 * height;
    let at = |offset: f32| fractal(eddies.map(|n| n + offset), 3) - 0.5;
    let [x, y] = [x + 1.3 * stir * at(0.0), y + 1.3 * stir * at(31.0)];
    let rise = height + 1.1 * stir * at(57.0);
    // The wind bends the plume, and it meanders.
    let centre =
        [source[0] + 0.36 * rise.max(0.0).powf(1.35), source[1] + 0.07 * rise * (8.0 * rise - 0.8 * time).sin()];
    // The young plume ends in a cap that still rises.
    let top = 0.45 + 0.065 * time;
    let cap = smooth(top + 0.03, top - 0.1, rise);
    let wide = 0.04 + 0.19 * height.powf(0.9) + 0.07 * bell((rise - top + 0.12) / 0.09);
    let distance = (x - centre[0]).hypot(y - centre[1]) / wide;
    // Its skin is made of billows, and fresh air between them thins it.
    let billows = fractal(eddies.map(|n| 1.5 * n + 11.0), 3);
    let inside = smooth(1.35, 0.55, distance + 1.6 * (0.5 - billows));
    let thin = 0.3 + 0.7 * smooth(0.3, 0.65, billows);
    100.0 * cap * inside * thin * (0.045 / wide).powf(0.42)
}

/// Height of the ground.
fn hill(x: f32, y: f32) -> f32 {
    let mound = |cx: f32, cy: f32, width: f32| bell((x - cx).hypot(y - cy) / width);
    0.03 + 0.16 * mound(0.68, 0.2, 0.22) + 0.09 * mound(0.35, 0.62, 0.2) + 0.02 * mound(0.1, 0.1, 0.2)
}

fn bell(x: f32) -> f32 {
    (-x * x).exp()
}

/// 0 at `from`, 1 at `to`, and flat beyond.
fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Noise of several scales, 0 to 1.
fn fractal(position: [f32; 3], octaves: i32) -> f32 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for octave in 0..octaves {
        let (scale, weight) = (2f32.powi(octave), 0.5f32.powi(octave));
        sum += weight * noise(position.map(|n| n * scale + 17.0 * octave as f32));
        weights += weight;
    }
    sum / weights
}

/// Random values at whole positions, smooth between them.
fn noise(position: [f32; 3]) -> f32 {
    let cell = position.map(|n| n.floor());
    let weights: [f32; 3] = std::array::from_fn(|axis| smooth(0.0, 1.0, position[axis] - cell[axis]));
    let mut value = 0.0;
    for corner in 0..8 {
        let far = |axis: usize| corner >> axis & 1;
        let weight: f32 = (0..3).map(|axis| if far(axis) == 1 { weights[axis] } else { 1.0 - weights[axis] }).product();
        value += weight * hash(std::array::from_fn(|axis| cell[axis] as i32 + far(axis)));
    }
    value
}

/// A number in 0..1 that depends on all bits of a position.
fn hash(position: [i32; 3]) -> f32 {
    let mut bits = 0x9E37_79B9_u32;
    for n in position {
        bits = (bits ^ n as u32).wrapping_mul(0x85EB_CA6B);
        bits ^= bits >> 13;
        bits = bits.wrapping_mul(0xC2B2_AE35);
        bits ^= bits >> 16;
    }
    (bits >> 8) as f32 / (1 << 24) as f32
}
