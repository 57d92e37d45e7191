//! Playing frames of a headless host, and what should be in its textures then.
#![allow(dead_code, unreachable_pub)] // every test uses its own part of this

use super::host::{self, HeadlessHost};
use super::{latents, mixed};
use neuvol_engine::vulkan::vk;
use neuvol_engine::{
    Context, OpenOptions, Request, Target, TargetData, TextureDesc, TextureRequest, TicketStatus, Volume,
};
use rand::{SeedableRng, rngs::SmallRng};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No test takes nearly that long, however busy the machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub fn mixed_volume() -> Arc<Volume> {
    Arc::new(Volume::from_vec(mixed::file(7), OpenOptions::default()).expect("a valid file"))
}

pub fn latents_volume(stored_levels: u8) -> Arc<Volume> {
    let mut rng = SmallRng::seed_from_u64(3);
    let head = Arc::new(latents::head(&mut rng));
    let models = latents::models(&mut rng, &head);
    let bytes = latents::file(&models, &head, stored_levels);
    Arc::new(Volume::from_vec(bytes, OpenOptions::default()).expect("a valid file"))
}

pub fn register(context: &Context, target: &host::Target, layout: Option<vk::ImageLayout>) -> u64 {
    let (image, extent, texel, path) = (target.image, target.extent, target.texel, target.path);
    // SAFETY: the image is as described, and destroyed when nothing writes to it any more.
    unsafe { context.register(TextureDesc { image, extent, texel, path, layout }) }.expect("a texture")
}

pub fn request(source: Request, texture: u64) -> TextureRequest {
    TextureRequest {
        source,
        texture,
        to: [0; 3],
        priority: 1.0,
        time_velocity: 0.0,
        value_range: None,
        invalid: -7.5,
        replace: false,
    }
}

/// Frames until the request is done; the texture's content then.
pub fn play(
    host: &mut HeadlessHost,
    context: &Context,
    target: &host::Target,
    ticket: u64,
    frame: &mut u64,
) -> Vec<u8> {
    let start = Instant::now();
    let mut bytes = host.run(target, 0x7F, |_| {});
    loop {
        match context.status(ticket).expect("a known ticket") {
            TicketStatus::Waiting { .. } => {}
            TicketStatus::Done { .. } => return bytes,
            other => panic!("{other:?}"),
        }
        assert!(start.elapsed() < PATIENCE, "{:?}", context.stats());
        *frame += 1;
        // Every frame is finished before the next.
        let Some(work) = context.begin(*frame, *frame - 1) else {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        let before = bytes.clone();
        // SAFETY: the command buffer is being recorded, the texture in the layout of its path.
        bytes = host.run_over(target, &before, |commands| unsafe { work.record(commands) });
    }
}

/// The same box by the processor.
pub fn expected(volume: &Volume, request: &Request) -> Vec<f32> {
    let mut values = vec![0.0; request.voxels().expect("a small box")];
    volume.decode(request, Target::dense(TargetData::F32(&mut values), request)).expect("a valid request");
    values
}

pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Largest difference inside of the box; everything outside must be as it was.
pub fn compare(bytes: &[u8], extent: [u32; 3], request: &TextureRequest, right: &[f32]) -> f32 {
    let found = floats(bytes);
    let size = request.source.extent();
    let mut worst = 0.0f32;
    for z in 0..extent[0] as usize {
        for y in 0..extent[1] as usize {
            for x in 0..extent[2] as usize {
                let value = found[(z * extent[1] as usize + y) * extent[2] as usize + x];
                let at = [z, y, x];
                let inside =
                    (0..3).all(|a| (request.to[a] as usize..request.to[a] as usize + size[a]).contains(&at[a]));
                if !inside {
                    assert_eq!(value.to_bits(), 0x7F7F_7F7F, "{at:?} was not to be written");
                    continue;
                }
                let [bz, by, bx]: [usize; 3] = std::array::from_fn(|a| at[a] - request.to[a] as usize);
                let right = right[(bz * size[1] + by) * size[2] + bx];
                if right.is_nan() {
                    assert_eq!(value, request.invalid, "{at:?} is not valid");
                } else {
                    worst = worst.max((value - right).abs());
                }
            }
        }
    }
    worst
}
