//! Where the time of decoding wavelet blocks goes, as a table: entropy decoding, mixing and lifting, head.
//!
//! `cargo bench -p neuvol-decode --bench shares`. CPU times of one thread, the shortest of many: other
//! work on the machine only makes them longer. What lifting takes is measured on
//! the same block without a head, what the head takes is the rest.
#![allow(clippy::print_stdout)] // the table

#[path = "../tests/common/mod.rs"]
mod common;

use common::latents::{Shape, latents};
use cpu_time::ThreadTime;
use neuvol_decode::{Kernel, Latents, Scratch};
use neuvol_entropy::Coder;
use neuvol_model::{Wavelet, voxels};
use std::hint::black_box;
use std::time::Duration;

const RANGE: (f32, f32) = (-100.0, 100.0);
const SIDE: u32 = 64;
/// Steps of a segment, and components.
const STEPS: u32 = 8;
/// How long each thing is measured.
const TIME: Duration = Duration::from_millis(400);

fn main() {
    let n = voxels([SIDE; 3]) as f64;
    let bare = block(None);
    let entropy = [Coder::Fast, Coder::Dense].map(|coder| {
        let bytes = Wavelet { coder, ..bare.clone() }.to_bytes().expect("a valid model");
        seconds(|| drop(black_box(Wavelet::from_bytes(black_box(&bytes), [SIDE; 3], 0, STEPS, None))))
    });
    println!("Blocks of {SIDE}³ voxels, {STEPS} steps in one segment; Mvoxel/s of one core.\n");
    println!(
        "Entropy decoding of a segment: {:.0} (fast coder), {:.0} (dense coder) Mvoxel/s of its steps.\n",
        f64::from(STEPS) * n / entropy[0] / 1e6,
        f64::from(STEPS) * n / entropy[1] / 1e6
    );
    println!(
        "| kernel | head | a step of a prepared block | of it lifting | of it the head | all steps from bytes (fast coder) | of it entropy | (dense coder) | of it entropy |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for kernel in Kernel::all().into_iter().filter(|kernel| kernel.is_available()) {
        for n_channels in [4, 8, 16] {
            let model = block(Some(n_channels));
            let prepared = Latents::new(&model, kernel).expect("a valid model");
            if prepared.kernel() != kernel {
                continue;
            }
            // Kernels for heads have no code of their own for blocks without one.
            let lifting = step(&Latents::new(&bare, kernel).expect("a valid model"));
            let whole = step(&prepared);
            let packing = seconds(|| drop(black_box(Latents::new(black_box(&model), kernel))));
            let cold = entropy.map(|entropy| {
                let all = entropy + packing + f64::from(STEPS) * whole;
                (f64::from(STEPS) * n / all / 1e6, 100.0 * entropy / all)
            });
            let share = (100.0 * lifting / whole).min(100.0);
            println!(
                "| {} | C = {n_channels} | {:.0} | {share:.0} % | {:.0} % | {:.0} | {:.0} % | {:.0} | {:.0} % |",
                kernel.name(),
                n / whole / 1e6,
                100.0 - share,
                cold[0].0,
                cold[0].1,
                cold[1].0,
                cold[1].1
            );
        }
    }
}

fn block(n_channels: Option<u8>) -> Wavelet {
    let head = n_channels.map(|n| (n, 1));
    latents(&Shape { extent: [SIDE; 3], steps: STEPS, n_components: STEPS, head, ..Shape::default() }, 5)
}

/// One step of a prepared block.
fn step(latents: &Latents) -> f64 {
    let mut scratch = Scratch::new();
    let mut out = vec![0f32; voxels([SIDE; 3])];
    seconds(|| latents.decode(3.0, RANGE, black_box(&mut out), &mut scratch).expect("a valid request"))
}

/// Shortest CPU time of a call.
fn seconds(mut work: impl FnMut()) -> f64 {
    work();
    let begin = ThreadTime::now();
    let mut shortest = f64::INFINITY;
    while begin.elapsed() < TIME {
        let start = ThreadTime::now();
        work();
        shortest = start.elapsed().as_secs_f64().min(shortest);
    }
    shortest
}
