//! Decodes bricks on the first Vulkan device and prints, as Markdown, how far they are from the oracle and what they take.
//!
//! `cargo run --release -p neuvol-vulkan --example gpu_check [-- --brick 64 --most 512 --peak-tflops 67 --warm-up-ms 150]`
//!
//! Times are the device's own, the median of 9 runs on a device that was busy before (`--warm-up-ms`, 150), for 1, 8, 64 and
//! 512 bricks in one command buffer (up to `--most`), in 32-bit floats and in each faster variant that the device has. A second table says where the time of 64 bricks goes. With
//! `--peak-tflops` it says what share of that the multiplications of the networks are.
//! On a device without a GPU (lavapipe) times only show how the work grows.
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
use neuvol_vulkan::{Features, Gpu, Job, Limits, Texel, Uploaded, Validity, WritePath};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Wider than any value; grid networks have values in their range.
const WIDE: (f32, f32) = (-1e6, 1e6);
/// Times of which the median counts.
const RUNS: usize = 9;
/// Every model has several steps, and is decoded between two.
const TIME: f64 = 1.25;

/// What is measured.
struct Options {
    side: u32,
    most: u32,
    /// Peak of the device in 32-bit floats, in TFLOP/s.
    peak: Option<f64>,
    warm_up: Duration,
}

fn options() -> Options {
    let mut options = Options { side: 64, most: 512, peak: None, warm_up: Duration::from_millis(150) };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next();
        let number = value.as_ref().and_then(|value| value.parse().ok());
        match (name.as_str(), number, value.and_then(|value| value.parse().ok())) {
            ("--brick", Some(number), _) => options.side = number,
            ("--most", Some(number), _) => options.most = number,
            ("--warm-up-ms", Some(number), _) => options.warm_up = Duration::from_millis(number.into()),
            ("--peak-tflops", _, Some(peak)) => options.peak = Some(peak),
            _ => {
                eprintln!("usage: gpu_check [--brick VOXELS] [--most BRICKS] [--peak-tflops N] [--warm-up-ms N]");
                std::process::exit(2);
            }
        }
    }
    options
}

fn main() {
    let options = options();
    let side = options.side;
    let Some(mut host) = HeadlessHost::without_layers() else { std::process::exit(3) };
    println!("{}; bricks of {side}³ voxels into an R16F texture; {:?}\n", host.name(), host.features());
    let share = if options.peak.is_some() { " share of the peak |" } else { "" };
    println!("| model | variant | largest error / range | bricks | ms | µs per brick | Mvoxel/s |{share}");
    println!("|---|---|---|---|---|---|---|{}", if options.peak.is_some() { "---|" } else { "" });
    let limits = Limits { model_bytes: 128 << 20, work_bytes: 128 << 20, record_bytes: 8 << 20, ..Limits::default() };
    let enabled = host.features();
    let none = Features { extended_formats: enabled.extended_formats, ..Features::default() };
    let mut parts = Vec::new();
    for (variant, features) in [
        ("f32", none),
        ("float16", Features { float16: enabled.float16, ..none }),
        ("int8", Features { integer_dot_product: enabled.integer_dot_product, ..none }),
        ("cooperative matrix", Features { cooperative_matrix: enabled.cooperative_matrix, ..none }),
    ] {
        if variant != "f32" && features == none {
            continue;
        }
        let gpu = host.gpu_with(features, limits);
        let is_right = variant == "f32" || host.self_test(&gpu) == [variant];
        if !is_right {
            println!("| all | {variant} | not used: wrong on this device, or not what the kernels are made for |");
            continue;
        }
        for (name, block) in models([side; 3]) {
            let measured = measure(&mut host, &gpu, &block, variant, &options);
            for (n, error, seconds) in measured.rows {
                let voxels_per_second = f64::from(n) * voxels([side; 3]) as f64 / seconds;
                let share = options.peak.map_or(String::new(), |peak| {
                    format!(" {:.1} % |", 100.0 * 2.0 * products(&block) * voxels_per_second / (peak * 1e12))
                });
                println!(
                    "| {name} | {variant} | {error:.1e} | {n} | {:.3} | {:.1} | {:.0} |{share}",
                    1e3 * seconds,
                    1e6 * seconds / f64::from(n),
                    voxels_per_second / 1e6
                );
            }
            parts.extend(measured.parts.into_iter().map(|part| (name.clone(), variant, part)));
        }
    }
    println!("\n| model | variant | kernel | dispatches | µs per brick, {} together |", options.most.min(64));
    println!("|---|---|---|---|---|");
    for (name, variant, (kernel, dispatches, microseconds)) in parts {
        println!("| {name} | {variant} | {kernel} | {dispatches} | {microseconds:.2} |");
    }
}

/// What a model takes.
struct Measured {
    /// Bricks, largest error as a share of the range, seconds; none if the variant has no kernel for the model.
    rows: Vec<(u32, f32, f64)>,
    /// Kernel, dispatches, microseconds per brick.
    parts: Vec<(&'static str, usize, f64)>,
}

fn measure(host: &mut HeadlessHost, gpu: &Gpu, block: &Block, variant: &str, options: &Options) -> Measured {
    let Options { side, most, .. } = *options;
    let extent = [side; 3];
    let uploaded = gpu.upload(block, 0, extent, Validity::All).expect("room for a model");
    let range = if matches!(block, Block::Grid(_)) { (0.0, 1.0) } else { WIDE };
    let fast = variant != "f32";
    let mut measured = Measured { rows: Vec::new(), parts: Vec::new() };
    let error = error(host, gpu, block, &uploaded, extent, range, fast);
    let counts: Vec<u32> = [1, 8, 64, 512].into_iter().filter(|n| *n <= most).collect();
    for n in counts {
        let per_axis = (f64::from(n).cbrt()).round() as u32;
        let target = host.target([side * per_axis; 3], Texel::R16F, WritePath::Store);
        let texture = host.register(gpu, &target);
        let jobs: Vec<Job<'_>> = (0..n)
            .map(|brick| {
                let at = [brick / (per_axis * per_axis), brick / per_axis % per_axis, brick % per_axis];
                job(&uploaded, &texture, extent, at.map(|n| n * side), range, fast)
            })
            .collect();
        let packet = gpu.prepare(0, &jobs, &[]).expect("room for all records");
        // SAFETY: the command buffer is being recorded; the host waits for it. The packet only reads what it was made of.
        let time = || host.time(&target, |commands| unsafe { gpu.record(commands, &packet) });
        // A device that was idle runs slower than one that has been busy for a while.
        let start = Instant::now();
        while start.elapsed() < options.warm_up {
            time();
        }
        let mut times: Vec<f64> = (0..RUNS).map(|_| time()).collect();
        times.sort_by(f64::total_cmp);
        let seconds = times[RUNS / 2];
        measured.rows.push((n, error, seconds));
        if n == most.min(64) {
            let parts = host.profile(&target, |commands, after| {
                // SAFETY: as above.
                unsafe { gpu.record_profiled(commands, &packet, after) };
            });
            let mut together: BTreeMap<&'static str, (usize, f64)> = BTreeMap::new();
            for (kernel, seconds) in parts {
                let sum = together.entry(kernel).or_default();
                *sum = (sum.0 + 1, sum.1 + 1e6 * seconds / f64::from(n));
            }
            measured.parts = together.into_iter().map(|(kernel, (n, sum))| (kernel, n, sum)).collect();
        }
        // SAFETY: the queue is idle.
        unsafe {
            gpu.retire(packet).expect("a living device");
            gpu.unregister(texture);
        }
        host.destroy(target);
    }
    // SAFETY: as above.
    unsafe { gpu.release(uploaded) };
    let suffix = match variant {
        "float16" => "_half",
        "int8" => "_int8",
        "cooperative matrix" => "_matrix",
        _ => "",
    };
    if !measured.parts.iter().any(|(kernel, ..)| kernel.ends_with(suffix)) {
        (measured.rows, measured.parts) = (Vec::new(), Vec::new());
    }
    measured
}

/// Multiplications of the network per voxel, or of the matrices.
fn products(block: &Block) -> f64 {
    match block {
        Block::Grid(network) => {
            let config = &network.config;
            let (n, hidden) = (f64::from(config.n_neurons), f64::from(config.n_hidden_layers));
            let per_vertex = config.n_inputs() as f64 * n;
            // One vertex for each of the finest cells; 7 interpolations for each neuron of layer 1.
            let cell = config.levels.last().map_or(1.0, |level| f64::from(1u32 << level.log2_cell));
            per_vertex / cell.powi(3) + 7.0 * n + (hidden - 1.0) * n * n + n
        }
        Block::Wavelet(model) => model.head.as_ref().map_or(0.0, |head| {
            let (n, hidden) = (f64::from(head.n_channels), f64::from(head.n_hidden));
            54.0 * n + hidden * n * n + n
        }),
        Block::Matrices(model) => {
            let [z, y, x] = model.level_extent().map(f64::from);
            let [a, b, c] = model.ranks.map(f64::from);
            (z * a * b * c + z * y * b * c + z * y * x * c) / (z * y * x)
        }
        _ => 0.0,
    }
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
    for n_channels in [None, Some(4), Some(8), Some(16), Some(24), Some(32)] {
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
    fast: bool,
) -> Job<'a> {
    Job {
        block,
        time: TIME,
        range,
        later: None,
        halvings: 0,
        min: [0; 3],
        max,
        texture,
        to,
        unorm: range,
        invalid: 0.0,
        fast,
    }
}

/// Largest difference of an R32F texture from the oracle, as a share of the range of the values.
fn error(
    host: &mut HeadlessHost,
    gpu: &Gpu,
    block: &Block,
    uploaded: &Uploaded,
    extent: [u32; 3],
    range: (f32, f32),
    fast: bool,
) -> f32 {
    let target = host.target(extent, Texel::R32F, WritePath::Store);
    let texture = host.register(gpu, &target);
    let job = job(uploaded, &texture, extent, [0; 3], range, fast);
    let bytes = host.run_jobs(gpu, &target, 0, &[job]);
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
