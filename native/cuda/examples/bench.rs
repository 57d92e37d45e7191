//! How fast networks are decoded on the first CUDA device: Gvoxel/s over many bricks with a model each, by the device's own
//! clock.
//!
//! `cargo run --release -p neuvol-cuda --example bench [-- --bricks 225 --side 64 --repeat 50 --json]`
//!
//! All bricks of one shape are decoded into linear 16-bit floats by one submission; the median of `--repeat` counts, after a
//! warm-up. 225 bricks of 64³ are 59 Mvoxel: their tables and texels are larger than the cache of level 2 of any device so far,
//! so that every submission finds it cold. Rows are grid networks of two hidden layers (4 levels of 4 features, cells of 16 to 2
//! voxels) and wavelet latents with heads of one hidden layer, in 32-bit floats and fused; errors are the first brick's
//! against the oracle, as shares of its range.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../../decode/tests/common/mod.rs"]
mod common;

use common::latents::{Shape, latents};
use common::{nested, normalise, random_network};
use half::f16;
use neuvol_cuda::{Destination, Gpu, Job, Limits, Task, Texel, Uploaded, Validity, devices};
use neuvol_model::{Block, GridConfig, TimeConfig, decode_block_reference, voxels};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

const WARM_UP: Duration = Duration::from_millis(300);

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
    let texels = (voxels(extent) * 2).next_multiple_of(16) as u64 * u64::from(options.bricks);
    let limits =
        Limits { model_bytes: 1 << 30, work_bytes: 1 << 30, texel_bytes: texels, record_bytes: 16 << 20, frames: 1 };
    let gpu = Gpu::new(&device, limits)?;
    let mut rows = Vec::new();
    for (model, block) in models(extent) {
        let uploaded: Result<Vec<_>, _> =
            (0..options.bricks).map(|_| gpu.upload(&block, 0, extent, Validity::All)).collect();
        let uploaded = uploaded?;
        for (variant, fast) in [("float32", false), ("fused", true)] {
            rows.push(measure(&gpu, &model, &block, &uploaded, variant, fast, &options)?);
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

fn measure(
    gpu: &Gpu,
    model: &str,
    block: &Block,
    uploaded: &[Uploaded],
    variant: &'static str,
    fast: bool,
    options: &Options,
) -> Result<Row, Failure> {
    let extent = [options.side; 3];
    let range = if matches!(block, Block::Grid(_)) { (-2.0, 5.0) } else { (-1e4, 1e4) };
    let jobs: Vec<_> = uploaded
        .iter()
        .map(|block| Job {
            task: Task {
                block: block.source(),
                time: 0.0,
                range,
                later: None,
                halvings: 0,
                min: [0; 3],
                max: extent,
                texel: Texel::R16F,
                texture: extent,
                to: [0; 3],
                unorm: range,
                invalid: 0.0,
                image: None,
            },
            variants: block.variants(fast),
        })
        .collect();
    let once = || -> Result<(f64, u32, u32), Failure> {
        // SAFETY: the blocks outlive it.
        let submitted = unsafe { gpu.submit(&jobs, Destination::Own) }?;
        gpu.wait(&submitted)?;
        let time = gpu.elapsed(&submitted)?;
        let place = submitted.texels[0];
        gpu.retire(submitted);
        Ok((time, place.first, place.row))
    };
    let start = Instant::now();
    let (mut first, mut row) = (0, 0);
    while row == 0 || start.elapsed() < WARM_UP {
        (_, first, row) = once()?;
    }
    let mut times = (0..options.repeat).map(|_| once().map(|(time, ..)| time)).collect::<Result<Vec<_>, _>>()?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];

    let mut right = vec![0.0; voxels(extent)];
    decode_block_reference(block, &entry(range), extent, 0.0, &mut right)?;
    let words = gpu.read(first, row * options.side * options.side)?;
    let found = words.chunks_exact(row as usize).flat_map(|row| {
        let halves = row.iter().flat_map(|word| [*word as u16, (*word >> 16) as u16]);
        halves.take(options.side as usize).map(|bits| f16::from_bits(bits).to_f32())
    });
    let error = found.zip(&right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / common::range_of(&right);
    let n = voxels(extent) as f64 * f64::from(options.bricks);
    Ok(Row {
        model: model.to_owned(),
        variant,
        median_us: median,
        best_us: times[0],
        gvoxels_per_s: n / median / 1000.0,
        error,
    })
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
