//! Decodes bricks on the first Vulkan device and prints, as Markdown, how far they are from the oracle and what they take.
//!
//! `cargo run --release -p neuvol-vulkan --example gpu_check [-- --brick 64 --most 512]`
//!
//! Times are the device's own, of the second of two runs, for 1, 8, 64 and 512 bricks in one command buffer (up to `--most`).
//! On a device without a GPU (lavapipe) they only show how the work grows.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../../decode/tests/common/mod.rs"]
mod common;
#[path = "../tests/headless/host.rs"]
mod host;

use common::latents::{Shape, latents};
use common::matrices::matrices;
use common::{nested, normalise, random_network};
use host::HeadlessHost;
use neuvol_model::{Block, GridConfig, TimeConfig, decode_block_reference, voxels};
use neuvol_vulkan::{Job, Limits, Texel, Uploaded, Validity, WritePath};

/// Wider than any value; grid networks have values in their range.
const WIDE: (f32, f32) = (-1e6, 1e6);
/// Every model has several steps, and is decoded between two.
const TIME: f64 = 1.25;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut side, mut most) = (64, 512);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--brick", Some(value)) => side = value,
            ("--most", Some(value)) => most = value,
            _ => {
                eprintln!("usage: gpu_check [--brick VOXELS] [--most BRICKS]");
                std::process::exit(2);
            }
        }
    }
    let Some(mut host) = HeadlessHost::without_layers() else { std::process::exit(3) };
    let limits = Limits { model_bytes: 128 << 20, work_bytes: 128 << 20, record_bytes: 8 << 20, ..Limits::default() };
    let gpu = host.gpu(limits);
    println!("{}; bricks of {side}³ voxels into an R16F texture\n", host.name());
    println!("| model | largest error / range | bricks | ms | µs per brick | Mvoxel/s |\n|---|---|---|---|---|---|");
    let extent = [side; 3];
    for (name, block) in models(extent) {
        let uploaded = gpu.upload(&block, 0, extent, Validity::All).expect("room for a model");
        let range = if matches!(block, Block::Grid(_)) { (0.0, 1.0) } else { WIDE };
        let error = error(&mut host, &gpu, &block, &uploaded, extent, range);
        for n in [1, 8, 64, 512].into_iter().filter(|n| *n <= most) {
            let per_axis = (f64::from(n).cbrt()).round() as u32;
            let target = host.target([side * per_axis; 3], Texel::R16F, WritePath::Store);
            let texture = host.register(&gpu, &target);
            let jobs: Vec<Job<'_>> = (0..n)
                .map(|brick| {
                    let at = [brick / (per_axis * per_axis), brick / per_axis % per_axis, brick % per_axis];
                    job(&uploaded, &texture, extent, at.map(|n| n * side), range)
                })
                .collect();
            let mut seconds = 0.0;
            for frame in 0..2 {
                // SAFETY: the command buffer is being recorded; the host waits for it.
                let record = |commands| unsafe { gpu.record(commands, frame, &jobs) }.expect("room for all records");
                seconds = host.time(&target, record);
            }
            let n_voxels = f64::from(n) * voxels(extent) as f64;
            println!(
                "| {name} | {error:.1e} | {n} | {:.3} | {:.1} | {:.0} |",
                1e3 * seconds,
                1e6 * seconds / f64::from(n),
                n_voxels / seconds / 1e6
            );
            // SAFETY: the queue is idle.
            unsafe { gpu.unregister(texture) };
            host.destroy(target);
        }
        // SAFETY: as above.
        unsafe { gpu.release(uploaded) };
    }
    drop(gpu);
}

/// One model of each kind.
fn models(extent: [u32; 3]) -> Vec<(String, Block)> {
    let mut models = Vec::new();
    for n_neurons in [16, 32, 64] {
        let time = TimeConfig::codes(4);
        let config = GridConfig { levels: nested(2, 4, 4, 0), n_neurons, n_hidden_layers: 2, n_outputs: 1, time };
        let mut network = random_network(config, extent, 7);
        normalise(&mut network, 0, TIME, 0.8);
        models.push((format!("grid 16-{n_neurons}-{n_neurons}-1"), Block::Grid(network)));
    }
    for n_channels in [None, Some(4), Some(8), Some(16), Some(32)] {
        let head = n_channels.map(|n| (n, 1));
        let shape = Shape { extent, steps: 8, n_components: 8, head, ..Shape::default() };
        let name = n_channels.map_or("wavelet, no head".to_owned(), |n| format!("wavelet, C = {n}"));
        models.push((name, Block::Wavelet(Box::new(latents(&shape, 5)))));
    }
    let rank = extent[0].min(24);
    models.push((
        format!("matrices, ranks {rank}"),
        Block::Matrices(Box::new(matrices(extent, 8, [8, rank, rank, rank], 0, 5))),
    ));
    models
}

fn job<'a>(
    block: &'a Uploaded,
    texture: &'a neuvol_vulkan::Texture,
    max: [u32; 3],
    to: [u32; 3],
    range: (f32, f32),
) -> Job<'a> {
    Job { block, time: TIME, range, min: [0; 3], max, texture, to, unorm: range, invalid: 0.0, fast: false }
}

/// Largest difference of an R32F texture from the oracle, as a share of the range of the values.
fn error(
    host: &mut HeadlessHost,
    gpu: &neuvol_vulkan::Gpu,
    block: &Block,
    uploaded: &Uploaded,
    extent: [u32; 3],
    range: (f32, f32),
) -> f32 {
    let target = host.target(extent, Texel::R32F, WritePath::Store);
    let texture = host.register(gpu, &target);
    let job = job(uploaded, &texture, extent, [0; 3], range);
    // SAFETY: the command buffer is being recorded; the host waits for it.
    let bytes = host.run(&target, 0, |commands| unsafe { gpu.record(commands, 0, &[job]) }.expect("room for a job"));
    let mut right = vec![0.0; voxels(extent)];
    let entry = neuvol_format::Entry {
        codec: 0,
        output: 0,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min: range.0,
        max: range.1,
        max_abs_error: 0.0,
        rmse: 0.0,
        network: None,
        mask: neuvol_format::MaskRef::AllValid,
    };
    decode_block_reference(block, &entry, extent, TIME, &mut right).expect("a valid block");
    // SAFETY: the queue is idle.
    unsafe { gpu.unregister(texture) };
    host.destroy(target);
    let found = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let largest = found.zip(&right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    largest / common::range_of(&right).max(f32::MIN_POSITIVE)
}
