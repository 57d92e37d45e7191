//! Measures the codings of masks: bytes in the file and voxels decoded per second.
//!
//! `cargo run --release -p neuvol-format --example mask_bytes -- FILE[:STEPS]...`
//!
//! A file holds four little-endian u32 (steps, z, y, x) and a byte per voxel, 0 or 1, x fastest. It is cut into blocks of
//! at most 64 voxels per axis and segments of `STEPS` steps (1 if not given); blocks that are all valid or all invalid
//! need no mask and are left out, and a segment without change is one step, as in a file.

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, error, fs};

use neuvol_format::Mask;

/// As in the file format.
const LEVEL: i32 = 19;

/// Longest block edge, in voxels.
const EDGE: usize = 64;

struct Volume {
    /// Steps, z, y, x.
    shape: [usize; 4],
    voxels: Vec<u8>,
}

impl Volume {
    fn read(path: &str) -> Result<Self, Box<dyn error::Error>> {
        let bytes = fs::read(path)?;
        let (head, voxels) = bytes.split_at_checked(16).ok_or("no shape")?;
        let mut shape = [0; 4];
        for (n, word) in shape.iter_mut().zip(head.chunks_exact(4)) {
            *n = u32::from_le_bytes(word.try_into()?) as usize;
        }
        if shape.iter().product::<usize>() != voxels.len() {
            return Err(format!("{shape:?} voxels in {} bytes", voxels.len()).into());
        }
        Ok(Self { shape, voxels: voxels.to_vec() })
    }

    /// The mask of a box; one step if they are all alike. `None` if all voxels are alike.
    fn mask(&self, start: [usize; 4], len: [usize; 4]) -> Option<Mask> {
        let get = |step: u32, z: u32, y: u32, x: u32| {
            let at = [step, z, y, x]
                .iter()
                .zip(start)
                .zip(self.shape)
                .fold(0, |at, ((&i, start), n)| at * n + start + i as usize);
            self.voxels[at] != 0
        };
        let [steps, extent @ ..] = len.map(|n| n as u32);
        let first = Mask::from_fn(extent, 1, get);
        let all = Mask::from_fn(extent, steps, get);
        let same = all.count() == first.count() * u64::from(steps)
            && (1..steps).all(|step| all.invalid(step).eq(first.invalid(0)));
        let mask = if same { first } else { all };
        let voxels = extent.iter().map(|&n| u64::from(n)).product::<u64>() * u64::from(mask.steps());
        (1..voxels).contains(&mask.count()).then_some(mask)
    }

    fn masks(&self, steps: usize) -> Vec<Mask> {
        let [nt, nz, ny, nx] = self.shape;
        let [ez, ey, ex] = [nz, ny, nx].map(|n| n.next_multiple_of(8).min(EDGE));
        let mut masks = Vec::new();
        for t in (0..nt).step_by(steps) {
            for z in (0..nz).step_by(ez) {
                for y in (0..ny).step_by(ey) {
                    for x in (0..nx).step_by(ex) {
                        let len = [steps.min(nt - t), ez.min(nz - z), ey.min(ny - y), ex.min(nx - x)];
                        masks.extend(self.mask([t, z, y, x], len));
                    }
                }
            }
        }
        masks
    }
}

/// Millions of voxels per second of `decode` over all `masks`: the fastest of the passes within some time.
fn speed<T>(masks: &[T], voxels: u64, decode: impl Fn(&T)) -> f64 {
    let start = Instant::now();
    let mut fastest = Duration::MAX;
    while start.elapsed() < Duration::from_millis(400) {
        let pass = Instant::now();
        masks.iter().for_each(&decode);
        fastest = fastest.min(pass.elapsed());
    }
    voxels as f64 / fastest.as_secs_f64() / 1e6
}

fn main() -> Result<(), Box<dyn error::Error>> {
    println!(
        "| file | steps | masks | voxels | bits | zstd (coding 1) | coding 2 | zstd / coding 2 | decoding zstd, Mvoxel/s | coding 2 | encoding |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for argument in env::args().skip(1) {
        let (path, steps) = argument.rsplit_once(':').unwrap_or((&argument, "1"));
        let masks = Volume::read(path)?.masks(steps.parse::<usize>()?.max(1));
        let bits: usize = masks.iter().map(|mask| mask.bits().len()).sum();
        let size = |mask: &Mask| u64::from(mask.steps()) * mask.extent().iter().map(|&n| u64::from(n)).product::<u64>();
        let voxels = masks.iter().map(size).sum();
        let mut zstd = Vec::new();
        let mut coded = Vec::new();
        for mask in &masks {
            zstd.push((mask, zstd::bulk::compress(mask.bits(), LEVEL)?));
        }
        let start = Instant::now();
        for mask in &masks {
            coded.push((mask, mask.encode()));
        }
        let encoding = voxels as f64 / start.elapsed().as_secs_f64() / 1e6;
        for (mask, bytes) in &coded {
            assert_eq!(&Mask::decode(bytes, mask.extent(), mask.steps())?, *mask, "{path}");
        }
        let zstd_speed = speed(&zstd, voxels, |(mask, bytes)| {
            black_box(zstd::bulk::decompress(bytes, mask.bits().len()).expect("it was just compressed"));
        });
        let coded_speed = speed(&coded, voxels, |(mask, bytes)| {
            black_box(Mask::decode(bytes, mask.extent(), mask.steps()).expect("it was just encoded"));
        });
        let sum = |all: &[(&Mask, Vec<u8>)]| all.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        let (zstd, coded) = (sum(&zstd), sum(&coded));
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".msk");
        println!(
            "| {name} | {steps} | {} | {voxels} | {bits} | {zstd} | {coded} | {:.2} | {zstd_speed:.0} | {coded_speed:.0} | {encoding:.1} |",
            masks.len(),
            zstd as f64 / coded as f64
        );
    }
    Ok(())
}
