//! Contexts on a headless device: what frames write against what the processor decodes, and what frames may not do.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout, reason = "this is a test that says how near it came")]

#[path = "../../../vulkan/tests/headless/host.rs"]
mod host;
#[path = "../common/latents.rs"]
mod latents;
#[path = "../common/mixed.rs"]
mod mixed;
#[path = "../common/playing.rs"]
mod playing;
mod stress;

use host::{HeadlessHost, messages};
use neuvol_engine::vulkan::{Limits, Texel, WritePath, vk};
use neuvol_engine::{Budget, Context, ContextOptions, Error, Request, TextureRequest, TicketStatus};
use playing::{PATIENCE, compare, expected, latents_volume, mixed_volume, play, register, request};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Counts what a thread allocates and frees.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        // SAFETY: as the trait demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        // SAFETY: as the trait demands.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn context(host: &HeadlessHost, limits: Limits) -> Context {
    // SAFETY: tests drop it before the host, with nothing on its way.
    unsafe { Context::new(host.handle(), ContextOptions { threads: 2, limits, cuda: false }) }.expect("a context")
}

#[test]
fn frames_write_what_the_processor_decodes() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let limits = [
        Limits::default(),
        // Staged, in rounds.
        Limits { always_stage: true, staging_bytes: 1 << 20, work_bytes: 1 << 20, ..Limits::default() },
    ];
    let volumes = [("mixed", mixed_volume()), ("latents", latents_volume(1)), ("prefixes", latents_volume(3))];
    let (mut n, mut worst) = (0u64, 0.0f32);
    for (round, limits) in limits.into_iter().enumerate() {
        let context = context(&host, limits);
        let mut frame = 0;
        for (key, (name, volume)) in volumes.iter().enumerate() {
            let variable = volume.variable(0).expect("there is one").clone();
            for (i, time) in [0.0, 1.0, 1.3, 2.0, 2.75, 3.0, 4.0].into_iter().enumerate() {
                for level in 0..variable.n_levels {
                    let dims = variable.level_dims(level);
                    let mut source = Request::whole(0, dims, time);
                    source.level = level;
                    if (i + usize::from(level) + round) % 2 == 1 {
                        // Cut at both ends.
                        source.min = dims.map(|n| n / 4);
                        source.max = dims.map(|n| n - n / 5);
                    }
                    let path = [WritePath::Store, WritePath::Copy][(n % 2) as usize];
                    let extent = std::array::from_fn(|a| source.extent()[a] as u32 + 3);
                    let target = host.target(extent, Texel::R32F, path);
                    // Every other one leaves its layout to the context, which is the path's anyway here.
                    let layout = (n % 4 < 2).then(|| path.target().0);
                    let texture = register(&context, &target, layout);
                    let request = TextureRequest { to: [1, 2, 0], ..request(source, texture) };
                    let ticket = context.submit(key as u64, volume, &request).expect("a valid request");
                    let bytes = play(&mut host, &context, &target, ticket, &mut frame);
                    let error = compare(&bytes, extent, &request, &expected(volume, &request.source));
                    let range = variable.max - variable.min;
                    assert!(error <= 1e-5 * range, "{name}, time {time}, level {level}: {error} of {range}");
                    worst = worst.max(error / range);
                    assert!(context.unregister(texture));
                    host.destroy(target);
                    n += 1;
                }
            }
        }
        assert!(context.stats().loads > 0 && context.stats().frames.frames > 0, "{:?}", context.stats());
        assert_eq!(context.stats().upload_bytes > 0, limits.always_stage);
    }
    println!("{n} boxes, largest error {worst:e} of the range");
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn recording_allocates_nothing() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let context = context(&host, Limits { always_stage: true, ..Limits::default() });
    let volume = mixed_volume();
    let target = host.target(mixed::DIMS, Texel::R16F, WritePath::Copy);
    let texture = register(&context, &target, Some(vk::ImageLayout::TRANSFER_DST_OPTIMAL));
    let whole = request(Request::whole(0, mixed::DIMS, 2.5), texture);
    let ticket = context.submit(1, &volume, &whole).expect("a valid request");
    let (mut frame, mut recorded, mut most) = (0, 0, 0);
    let start = Instant::now();
    while !matches!(context.status(ticket), Some(TicketStatus::Done { .. })) {
        assert!(start.elapsed() < PATIENCE);
        frame += 1;
        let empty = CALLS.with(Cell::get);
        let work = context.begin(frame, frame - 1);
        let calls = CALLS.with(Cell::get) - empty;
        assert_eq!(calls, 0, "beginning a frame");
        let Some(work) = work else {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        host.run(&target, 0, |commands| {
            // The driver (a software one) allocates for its command buffer: what it does for the same calls is not ours. So
            // what is counted is between our calls: nothing may be freed or made by the queues.
            let before = CALLS.with(Cell::get);
            // SAFETY: the command buffer is being recorded, the texture in its layout.
            unsafe { work.record(commands) };
            most = most.max(CALLS.with(Cell::get) - before);
        });
        recorded += 1;
    }
    // The driver and the layers use another allocator: they are C.
    assert_eq!(most, 0, "in {recorded} frames");
    assert!(recorded > 1);
    assert!(context.unregister(texture));
    host.destroy(target);
}

#[test]
fn budgets_spread_the_work_over_frames() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let context = context(&host, Limits::default());
    let volume = mixed_volume();
    let target = host.target(mixed::DIMS, Texel::R32F, WritePath::Store);
    let texture = register(&context, &target, None);
    // One block a frame.
    context.set_budget(Budget { gpu_us: 1.0, blocks: 1, ..Budget::default() }).expect("a budget");
    let whole = request(Request::whole(0, mixed::DIMS, 1.0), texture);
    let ticket = context.submit(1, &volume, &whole).expect("a valid request");
    let mut frame = 0;
    play(&mut host, &context, &target, ticket, &mut frame);
    let stats = context.stats();
    assert_eq!((stats.recorded_frames, stats.blocks), (12, 12), "{stats:?}");
    // None.
    context.set_budget(Budget { gpu_us: 0.0, ..Budget::default() }).expect("a budget");
    let ticket = context.submit(1, &volume, &whole).expect("a valid request");
    for _ in 0..50 {
        frame += 1;
        assert!(context.begin(frame, frame - 1).is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(matches!(context.status(ticket), Some(TicketStatus::Waiting { missing: 12, blocks: 12 })));
    assert!(context.set_budget(Budget { gpu_us: f64::NAN, ..Budget::default() }).is_err());
    assert_eq!(context.cancel(ticket), Some(true));
    assert_eq!(context.cancel(ticket), Some(false));
    assert!(matches!(context.status(ticket), Some(TicketStatus::Cancelled)));
    assert_eq!(context.cancel(u64::MAX), None);
    assert!(context.unregister(texture) && !context.unregister(texture));
    host.destroy(target);
}

#[test]
fn what_is_gone_is_not_written() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let context = context(&host, Limits::default());
    let volume = mixed_volume();
    let keep = host.target(mixed::DIMS, Texel::R32F, WritePath::Store);
    let gone = host.target(mixed::DIMS, Texel::R32F, WritePath::Store);
    let (kept, texture) = (register(&context, &keep, None), register(&context, &gone, None));
    let whole = |texture| request(Request::whole(0, mixed::DIMS, 1.0), texture);
    let lost = context.submit(1, &volume, &whole(texture)).expect("a valid request");
    let ticket = context.submit(1, &volume, &whole(kept)).expect("a valid request");
    // Until a packet is ready.
    let start = Instant::now();
    while context.begin(1, 0).is_none() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(context.unregister(texture));
    host.destroy(gone);
    assert!(matches!(context.status(lost), Some(TicketStatus::Cancelled)));
    let error = context.submit(1, &volume, &whole(texture)).expect_err("it is gone");
    assert!(error.to_string().contains("not registered"), "{error}");
    let mut frame = 1;
    let bytes = play(&mut host, &context, &keep, ticket, &mut frame);
    compare(&bytes, mixed::DIMS, &whole(kept), &expected(&volume, &whole(kept).source));
    // A volume that is closed.
    let ticket = context.submit(1, &volume, &whole(kept)).expect("a valid request");
    context.forget(1);
    assert!(matches!(context.status(ticket), Some(TicketStatus::Cancelled | TicketStatus::Done { .. })));
    assert_eq!(Arc::strong_count(&volume), 1, "nobody reads it any more");
    assert_eq!(context.stats().models, 0);
    // A device that is lost.
    let ticket = context.submit(1, &volume, &whole(kept)).expect("a valid request");
    context.set_device_lost();
    assert!(matches!(context.status(ticket), Some(TicketStatus::Failed(error)) if matches!(*error, Error::DeviceLost)));
    assert!(matches!(context.submit(1, &volume, &whole(kept)), Err(Error::DeviceLost)));
    drop(context);
    host.destroy(keep);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// A texture that goes while a frame that writes it is not known to be finished, and the context right behind it.
#[test]
fn a_context_leaves_nothing_on_the_device() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let context = context(&host, Limits::default());
    let volume = mixed_volume();
    let target = host.target(mixed::DIMS, Texel::R32F, WritePath::Store);
    let texture = register(&context, &target, None);
    let whole = request(Request::whole(0, mixed::DIMS, 1.0), texture);
    let ticket = context.submit(1, &volume, &whole).expect("a valid request");
    play(&mut host, &context, &target, ticket, &mut 0);
    assert!(context.unregister(texture));
    drop(context);
    host.destroy(target);
    // The layers count what is left when the device goes.
    drop(host);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn models_make_room_for_others() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let volume = latents_volume(1);
    let dims = latents::DIMS;
    // Room for a few of the 16 models of two segments.
    let context = context(&host, Limits { model_bytes: 96 << 10, ..Limits::default() });
    let target = host.target(dims, Texel::R32F, WritePath::Store);
    let texture = register(&context, &target, None);
    let mut frame = 0;
    for time in [0.0, 2.5, 4.0, 1.0] {
        let whole = request(Request::whole(0, dims, time), texture);
        let ticket = context.submit(1, &volume, &whole).expect("a valid request");
        let bytes = play(&mut host, &context, &target, ticket, &mut frame);
        let error = compare(&bytes, dims, &whole, &expected(&volume, &whole.source));
        assert!(error < 1e-4, "{time}: {error}");
    }
    let stats = context.stats();
    assert!(stats.loads > 16, "some were read again: {stats:?}");
    drop(context);
    // Not even one: an error that says so.
    let context = crate::context(&host, Limits { model_bytes: 1 << 10, ..Limits::default() });
    let texture = register(&context, &target, None);
    let ticket = context.submit(1, &volume, &request(Request::whole(0, dims, 0.0), texture)).expect("a valid request");
    let start = Instant::now();
    let error = loop {
        frame += 1;
        if let Some(work) = context.begin(frame, frame - 1) {
            // SAFETY: as above.
            host.run(&target, 0, |commands| unsafe { work.record(commands) });
        }
        match context.status(ticket) {
            Some(TicketStatus::Failed(error)) => break error,
            Some(TicketStatus::Waiting { .. }) => assert!(start.elapsed() < PATIENCE, "{:?}", context.stats()),
            other => panic!("{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(error.to_string().contains("memory of models is full"), "{error}");
    // Models that fit are decoded as before.
    let small = mixed_volume();
    let source = Request { min: [8, 16, 32], ..Request::whole(0, mixed::DIMS, 0.0) };
    let request = request(source, texture);
    let ticket = context.submit(2, &small, &request).expect("a valid request");
    play(&mut host, &context, &target, ticket, &mut frame);
    drop(context);
    host.destroy(target);
}

#[test]
fn models_of_the_next_steps_are_there_in_time() {
    let Some(host) = HeadlessHost::new() else { return };
    let context = context(&host, Limits::default());
    let volume = latents_volume(1);
    let blocks = volume.variable(0).expect("there is one").n_blocks();
    let source = Request::whole(0, latents::DIMS, 0.0);
    // Only models, of the first segment and what the next second needs.
    let ahead = TextureRequest { time_velocity: 4.0, ..request(source, 0) };
    let ticket = context.submit(1, &volume, &ahead).expect("a valid request");
    let start = Instant::now();
    while context.stats().models < 2 * blocks {
        assert!(start.elapsed() < PATIENCE, "{:?}", context.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
    while !matches!(context.status(ticket), Some(TicketStatus::Done { frame: 0, .. })) {
        assert!(start.elapsed() < PATIENCE, "{:?}", context.status(ticket));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(context.stats().loads, u64::from(2 * blocks));
}
