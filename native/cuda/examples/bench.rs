//! How fast networks are decoded on the first CUDA device: Gvoxel/s over many bricks with a model each, by the device's own
//! clock.
//!
//! `cargo run --release -p neuvol-cuda --example bench [-- --bricks 225 --side 64 --repeat 50 --json]`
//!
//! All bricks of one shape are decoded into linear 16-bit floats by one submission; the median of `--repeat` counts, after a
//! warm-up. 225 bricks of 64³ are 59 Mvoxel. Before each submission constants of twice the size of the cache of level 2 are written, so that
//! it finds that cold. Rows are grid networks of two hidden layers (4 levels of 4 features, cells of 16 to 2
//! voxels) and wavelet latents with heads of one hidden layer, in 32-bit floats and fused; errors are the first brick's
//! against the oracle, as shares of its range.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../../decode/tests/common/mod.rs"]
mod common;

use common::latents::{Shape, latents};
use common::{nested, normalise, random_network};
use half::f16;
use neuvol_cuda::{Destination, Gpu, Job, Limits, Task, Texel, Texels, Uploaded, Validity, devices};
use neuvol_model::{Block, GridConfig, TimeConfig, decode_block_reference, voxels};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

const WARM_UP: Duration = Duration::from_millis(300);
/// Bytes that a constant of 128³ writes.
const FLUSHED: u64 = 8 << 20;

struct Options {
    bricks: u32,
    side: u32,
    repeat: usize,
    json: bool,
}

struct Row {
    model: String,
    variant: &'static str,
    median_us: f64,
    best_us: f64,
    gvoxels_per_s: f64,
    error: f32,
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { bricks: 225, side: 64, repeat: 50, json: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--json" {
            options.json = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--bricks" => options.bricks = value.parse()?,
            "--side" => options.side = value.parse()?,
            "--repeat" => options.repeat = value.parse()?,
            _ => return Err("usage: bench [--bricks N] [--side VOXELS] [--repeat N] [--json]".into()),
        }
    }
    if options.bricks == 0 || options.repeat == 0 || options.side == 0 || options.side > 128 {
        return Err("--bricks and --repeat must be at least 1, --side 1 to 128".into());
    }
    Ok(options)
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let device = devices()?.into_iter().next().ok_or("no device")?;
    let extent = [options.side; 3];
    let cold = u64::from(device.l2_cache).max(1) * 2;
    let texels = (voxels(extent) * 2).next_multiple_of(16) as u64 * u64::from(options.bricks);
    let texels = texels.max(cold.next_multiple_of(FLUSHED));
    let limits =
        Limits { model_bytes: 1 << 30, work_bytes: 1 << 30, texel_bytes: texels, record_bytes: 16 << 20, frames: 1 };
    let gpu = Gpu::new(&device, limits)?;
    let constant = gpu.upload(&Block::Constant(0.0), 0, [128; 3], Validity::All)?;
    let flush = vec![job(&constant, [128; 3], (0.0, 1.0), Texel::R32F, false); cold.div_ceil(FLUSHED) as usize];
    let mut rows = Vec::new();
    for (model, block) in models(extent) {
        let uploaded: Result<Vec<_>, _> =
            (0..options.bricks).map(|_| gpu.upload(&block, 0, extent, Validity::All)).collect();
        let uploaded = uploaded?;
        for (variant, fast) in [("float32", false), ("fused", true)] {
            let jobs: Vec<_> =
                uploaded.iter().map(|brick| job(brick, extent, range_of(&block), Texel::R16F, fast)).collect();
            let (median_us, best_us, error) = measure(&gpu, &block, &jobs, &flush, &options)?;
            let n = voxels(extent) as f64 * f64::from(options.bricks);
            rows.push(Row {
                model: model.clone(),
                variant,
                median_us,
                best_us,
                gvoxels_per_s: n / median_us / 1000.0,
                error,
            });
        }
        for block in uploaded {
            // SAFETY: nothing is on its way.
            unsafe { gpu.release(block) };
        }
    }
    print(&gpu, &rows, &options);
    Ok(())
}

fn models(extent: [u32; 3]) -> Vec<(String, Block)> {
    let mut models = Vec::new();
    for n_neurons in [16, 32, 64] {
        let config = GridConfig {
            levels: nested(1, 4, 4, 14),
            n_neurons,
            n_hidden_layers: 2,
            n_outputs: 1,
            time: TimeConfig::default(),
        };
        let mut network = random_network(config, extent, 7);
        normalise(&mut network, 0, 1.0, 0.8);
        models.push((format!("grid, {n_neurons} neurons"), Block::Grid(network)));
    }
    for channels in [8, 16, 32] {
        let shape = Shape { extent, head: Some((channels, 1)), ..Shape::default() };
        models.push((format!("head, {channels} channels"), Block::Wavelet(Box::new(latents(&shape, 3)))));
    }
    models
}

/// Wider than any value of latents; grid networks have values in their range.
fn range_of(block: &Block) -> (f32, f32) {
    if matches!(block, Block::Grid(_)) { (-2.0, 5.0) } else { (-1e4, 1e4) }
}

fn job(block: &Uploaded, extent: [u32; 3], range: (f32, f32), texel: Texel, fast: bool) -> Job<'_> {
    let task = Task {
        block: block.source(),
        time: 0.0,
        range,
        later: None,
        halvings: 0,
        min: [0; 3],
        max: extent,
        texel,
        texture: extent,
        to: [0; 3],
        unorm: range,
        invalid: 0.0,
        image: None,
    };
    Job { task, variants: block.variants(fast) }
}

/// Median and best of the times, in µs, and the error of the first brick.
fn measure(
    gpu: &Gpu,
    block: &Block,
    jobs: &[Job<'_>],
    flush: &[Job<'_>],
    options: &Options,
) -> Result<(f64, f64, f32), Failure> {
    let run = |jobs: &[Job<'_>]| -> Result<(f64, Texels), Failure> {
        // SAFETY: the blocks outlive it.
        let submitted = unsafe { gpu.submit(jobs, Destination::Own) }?;
        gpu.wait(&submitted)?;
        let time = gpu.elapsed(&submitted)?;
        let first = submitted.texels[0];
        gpu.retire(submitted);
        Ok((time, first))
    };
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        run(jobs)?;
    }
    let mut times = Vec::new();
    for _ in 0..options.repeat {
        run(flush)?;
        times.push(run(jobs)?.0);
    }
    times.sort_by(f64::total_cmp);
    let (_, place) = run(jobs)?;

    let (extent, range) = ([options.side; 3], range_of(block));
    let mut right = vec![0.0; voxels(extent)];
    decode_block_reference(block, &entry(range), extent, 0.0, &mut right)?;
    let words = gpu.read(place.first, place.row * options.side * options.side)?;
    let found = words.chunks_exact(place.row as usize).flat_map(|row| {
        let halves = row.iter().flat_map(|word| [*word as u16, (*word >> 16) as u16]);
        halves.take(options.side as usize).map(|bits| f16::from_bits(bits).to_f32())
    });
    let error = found.zip(&right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / common::range_of(&right);
    Ok((times[times.len() / 2], times[0], error))
}

fn entry((min, max): (f32, f32)) -> neuvol_format::Entry {
    neuvol_format::Entry {
        codec: 0,
        output: 0,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min,
        max,
        max_abs_error: 0.0,
        rmse: 0.0,
        network: None,
        mask: neuvol_format::MaskRef::AllValid,
    }
}

fn print(gpu: &Gpu, rows: &[Row], options: &Options) {
    let device = gpu.device();
    if options.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let Row { model, variant, median_us, best_us, gvoxels_per_s, error } = row;
                serde_json::json!({
                    "model": model, "variant": variant, "median_us": median_us, "best_us": best_us,
                    "gvoxels_per_s": gvoxels_per_s, "error": error,
                })
            })
            .collect();
        let all = serde_json::json!({
            "device": device.name, "capability": [device.capability.0, device.capability.1], "driver": device.driver,
            "multiprocessors": device.multiprocessors, "l2_cache": device.l2_cache,
            "bricks": options.bricks, "side": options.side, "repeat": options.repeat, "rows": rows,
        });
        println!("{all:#}");
        return;
    }
    let (major, minor) = device.capability;
    println!("{}, compute capability {major}.{minor}, driver of CUDA {}", device.name, device.driver);
    println!("{} bricks of {}³, median of {}\n", options.bricks, options.side, options.repeat);
    println!("| model | kernels | median µs | best µs | Gvoxel/s | largest error / range |");
    println!("|---|---|---:|---:|---:|---:|");
    for Row { model, variant, median_us, best_us, gvoxels_per_s, error } in rows {
        println!("| {model} | {variant} | {median_us:.0} | {best_us:.0} | {gvoxels_per_s:.2} | {error:.1e} |");
    }
}
