//! How long a box takes from the request to the texture, on the first Vulkan device: worker, decoding, the frame that records
//! it and the end of that frame, by the host's clock.
//!
//! `cargo run --release -p neuvol-engine --example latency -- FILE [--variable 0] [--repeat 50] [--cuda]`
//!
//! Boxes of up to 64³ and 256³ voxels from the middle of the grid, at one time after the other; medians. Models are on the device before
//! it begins. Frames follow each other without a pause, so that what counts is the way and not the frame rate.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../../vulkan/tests/headless/host.rs"]
mod host;

use host::HeadlessHost;
use neuvol_engine::vulkan::{Limits, Texel, WritePath};
use neuvol_engine::{
    Budget, Context, ContextOptions, OpenOptions, Precision, Request, TextureDesc, TextureRequest, TicketStatus, Volume,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const USAGE: &str = "usage: latency FILE [--variable N] [--repeat N] [--cuda]";
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or(USAGE)?;
    let (mut variable, mut repeat, mut cuda) = (0u32, 50usize, false);
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--cuda" => cuda = true,
            "--variable" => variable = arguments.next().ok_or(USAGE)?.parse()?,
            "--repeat" => repeat = arguments.next().ok_or(USAGE)?.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let volume = Arc::new(Volume::open_file(file.as_ref(), OpenOptions::default())?);
    let info = volume.variable(variable)?.clone();
    let Some(mut host) = HeadlessHost::without_layers() else { std::process::exit(3) };
    let limits = Limits { model_bytes: 128 << 20, work_bytes: 128 << 20, texel_bytes: 64 << 20, ..Limits::default() };
    let path = if cuda { WritePath::Copy } else { WritePath::Store };
    // SAFETY: dropped before the host, with nothing on its way.
    let context = unsafe { Context::new(host.handle(), ContextOptions { threads: 0, limits, cuda }) }?;
    context.set_budget(Budget { gpu_us: 1e6, upload_bytes: u64::MAX, blocks: usize::MAX })?;
    println!("{}; {:?}: {}", host.name(), context.backend().kind, context.backend().reason);
    println!("\n| box | median µs | best µs |\n|---|---:|---:|");
    let mut frame = 0;
    for side in [64u32, 256] {
        let size = info.dims.map(|n| n.min(side));
        let target = host.target(size, Texel::R16F, path);
        host.enter(&target);
        let desc = TextureDesc {
            image: target.image,
            extent: target.extent,
            texel: target.texel,
            path,
            layout: Some(path.target().0),
        };
        // SAFETY: the image is as described, and destroyed when nothing writes to it any more.
        let texture = unsafe { context.register(desc) }?;
        let mut times = Vec::new();
        // The first round brings the models to the device.
        for n in 0..2 * repeat {
            let mut source = Request::whole(variable, size, f64::from((n % repeat) as u32 % info.steps));
            source.min = std::array::from_fn(|axis| (info.dims[axis] - size[axis]) / 2);
            source.max = std::array::from_fn(|axis| source.min[axis] + size[axis]);
            source.precision = Precision::Fast;
            let request = TextureRequest {
                source,
                texture,
                to: [0; 3],
                priority: 1.0,
                time_velocity: 0.0,
                value_range: None,
                invalid: 0.0,
                replace: false,
            };
            let start = Instant::now();
            let ticket = context.submit(1, &volume, &request)?;
            loop {
                match context.status(ticket) {
                    Some(TicketStatus::Done { .. }) => break,
                    Some(TicketStatus::Waiting { .. }) if start.elapsed() < PATIENCE => {}
                    other => return Err(format!("{other:?}").into()),
                }
                frame += 1;
                if let Some(work) = context.begin(frame, frame - 1) {
                    // SAFETY: the command buffer is being recorded, the texture in its layout. `submit` waits for its end.
                    host.submit(|_, commands| unsafe { work.record(commands) });
                } else {
                    std::thread::yield_now();
                }
            }
            if n >= repeat {
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        times.sort_by(f64::total_cmp);
        let [z, y, x] = size;
        println!("| {x} × {y} × {z} | {:.0} | {:.0} |", times[times.len() / 2], times[0]);
        context.unregister(texture);
        host.destroy(target);
    }
    Ok(())
}
