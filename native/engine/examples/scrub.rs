//! Plays a file on the first Vulkan device as a headset would, and prints what frames took.
//!
//! `cargo run --release -p neuvol-engine --example scrub -- FILE [--budget-us 1000] [--frames 900] [--variable 0]
//! [--steps-per-second 8] [--draw 200] [--cuda]`
//!
//! Every 1/90 s a frame asks for the whole grid at the time of then, forward and back again, and records what fits the budget;
//! what is not there yet is replaced by the next time. Before it, the frame fills 64 MiB `--draw` times, in place of what a game
//! would draw: a device without other work saves power and is several times slower. Times are the device's own.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../../vulkan/tests/headless/host.rs"]
mod host;

use host::HeadlessHost;
use neuvol_engine::vulkan::{Limits, Texel, WritePath};
use neuvol_engine::{
    Budget, Context, ContextOptions, OpenOptions, Request, TextureDesc, TextureRequest, TicketStatus, Volume,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: scrub FILE [--budget-us N] [--frames N] [--variable N] [--steps-per-second N] [--draw N] [--cuda]";
const FRAMES_PER_SECOND: f64 = 90.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or(USAGE)?;
    let (mut budget, mut frames, mut variable, mut speed, mut draws) = (1000.0, 900u64, 0u32, 8.0, 200);
    let mut cuda = false;
    while let Some(name) = arguments.next() {
        if name == "--cuda" {
            cuda = true;
            continue;
        }
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--budget-us" => budget = value.parse()?,
            "--frames" => frames = value.parse()?,
            "--variable" => variable = value.parse()?,
            "--steps-per-second" => speed = value.parse()?,
            "--draw" => draws = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let volume = Arc::new(Volume::open_file(path.as_ref(), OpenOptions::default())?);
    let Some(mut host) = HeadlessHost::without_layers() else { std::process::exit(3) };
    let limits = Limits { model_bytes: 128 << 20, work_bytes: 128 << 20, ..Limits::default() };
    // SAFETY: dropped before the host, with nothing on its way.
    let context = unsafe { Context::new(host.handle(), ContextOptions { threads: 0, limits, cuda }) }?;
    context.set_budget(Budget { gpu_us: budget, ..Budget::default() })?;
    let info = volume.variable(variable)?.clone();
    let path = if cuda { WritePath::Copy } else { WritePath::Store };
    let target = host.target(info.dims, Texel::R16F, path);
    host.enter(&target);
    host.prepare_drawing();
    let desc = TextureDesc {
        image: target.image,
        extent: target.extent,
        texel: target.texel,
        path: target.path,
        layout: Some(target.path.target().0),
    };
    // SAFETY: the image is as described, and destroyed behind the context.
    let texture = unsafe { context.register(desc) }?;
    let (dims, steps, blocks) = (info.dims, info.steps, info.n_blocks());
    println!("{}; {dims:?} voxels, {steps} steps, {blocks} blocks; budget {budget} µs", host.name());
    println!("{:?}: {}", context.backend().kind, context.backend().reason);

    let last = f64::from(steps - 1);
    let (mut tickets, mut recording) = (Vec::new(), Vec::new());
    let start = Instant::now();
    for frame in 1..=frames {
        // There and back again.
        let way = (frame as f64 / FRAMES_PER_SECOND * speed) % (2.0 * last).max(1.0);
        let (time, time_velocity) = if way <= last { (way, speed) } else { (2.0 * last - way, -speed) };
        let request = TextureRequest {
            source: Request::whole(variable, dims, time),
            texture,
            to: [0; 3],
            priority: 1.0,
            time_velocity,
            value_range: None,
            invalid: 0.0,
            replace: true,
        };
        tickets.push(context.submit(1, &volume, &request)?);
        host.submit(|_, commands| {
            host.draw(commands, draws);
            if let Some(work) = context.begin(frame, frame - 1) {
                let before = Instant::now();
                // SAFETY: the command buffer is being recorded, the texture in its layout.
                unsafe { work.record(commands) };
                recording.push(before.elapsed().as_secs_f64() * 1e6);
            }
        });
        let end = Duration::from_secs_f64(frame as f64 / FRAMES_PER_SECOND);
        std::thread::sleep(end.saturating_sub(start.elapsed()));
        if start.elapsed().as_secs_f64() > 2.0 * frames as f64 / FRAMES_PER_SECOND {
            println!(
                "stopped after {frame} of {frames} frames: this device draws less than 45 of them in a second; see --draw"
            );
            break;
        }
    }
    let stats = context.stats();
    let done = |ticket: &&u64| matches!(context.status(**ticket), Some(TicketStatus::Done { .. }));
    let done = tickets.iter().filter(done).count();
    let played = tickets.len();
    println!("{played} frames, {} with work, {done} times complete", stats.recorded_frames);
    let of = stats.frames;
    println!("device: p50 {:.0} µs, p99 {:.0} µs, {} of {} over budget", of.p50, of.p99, of.overruns, of.frames);
    recording.sort_by(f64::total_cmp);
    let at = |share: f64| recording.get((share * recording.len() as f64) as usize).copied().unwrap_or(0.0);
    println!("recording: p50 {:.0} µs, p99 {:.0} µs; {} frames missed", at(0.5), at(0.99), stats.missed_frames);
    let mvoxel = stats.voxels as f64 / 1e6;
    println!("{} blocks, {mvoxel:.0} Mvoxel, {} models read", stats.blocks, stats.loads);
    println!("{} models on the device, {} bytes", stats.models, stats.model_bytes);
    drop(context);
    host.destroy(target);
    Ok(())
}
