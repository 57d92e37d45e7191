//! Contexts whose models CUDA decodes: what reaches the textures of a headless Vulkan host against what the processor decodes,
//! and how they go on when CUDA cannot.
//!
//! `NEUVOL_REQUIRE_CUDA=1` makes a missing driver an error. The driver may be the one of `tests/fake-cuda`.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout, reason = "this is a test that says how near it came")]

#[path = "../../../vulkan/tests/headless/host.rs"]
mod host;
#[path = "../common/latents.rs"]
mod latents;
#[path = "../common/mixed.rs"]
mod mixed;
#[path = "../common/playing.rs"]
mod playing;

use host::{HeadlessHost, messages};
use neuvol_engine::vulkan::{Gpu, Limits, Texel, WritePath};
use neuvol_engine::{BackendKind, Context, ContextOptions, Precision, Request, TextureRequest};
use playing::{compare, expected, latents_volume, mixed_volume, play, register, request};
use std::ffi::{CString, c_char};

/// A context with CUDA; `None` without a driver. The fake driver takes the device for its own.
fn context(host: &HeadlessHost, limits: Limits, shares_memory: bool) -> Option<Context> {
    let mut vulkan = host.handle();
    vulkan.features.external_memory &= shares_memory;
    // SAFETY: dropped at once.
    let gpu = unsafe { Gpu::new(vulkan, Limits::default()) }.expect("a device");
    let uuid = gpu.identity().expect("every device of Vulkan 1.1 has one").device_uuid;
    drop(gpu);
    impersonate(uuid);
    // SAFETY: tests drop it before the host, with nothing on its way.
    let context =
        unsafe { Context::new(vulkan, ContextOptions { threads: 2, limits, cuda: true }) }.expect("a context");
    let backend = context.backend();
    if backend.kind == BackendKind::Vulkan {
        assert!(std::env::var_os("NEUVOL_REQUIRE_CUDA").is_none(), "NEUVOL_REQUIRE_CUDA is set: {}", backend.reason);
        println!("not run: {}", backend.reason);
        return None;
    }
    Some(context)
}

fn impersonate(uuid: [u8; 16]) {
    // SAFETY: loading NVIDIA's driver, or ours, does nothing by itself.
    let Ok(driver) = (unsafe { libloading::Library::new("libcuda.so.1") }) else { return };
    // SAFETY: the type of the function of the fake driver; NVIDIA's has none of that name.
    let Ok(set) = (unsafe { driver.get::<unsafe extern "C" fn(*const c_char, *const c_char)>(b"fake_cuda_set") })
    else {
        return;
    };
    let digits: String = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let digits = CString::new(digits).expect("no 0");
    // SAFETY: two texts that live until it returns.
    unsafe { set(c"UUID".as_ptr(), digits.as_ptr()) };
    // The library must stay: it has threads.
    std::mem::forget(driver);
}

#[test]
fn cuda_fills_textures_as_the_processor_decodes() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let volumes = [("mixed", mixed_volume()), ("latents", latents_volume(1)), ("prefixes", latents_volume(3))];
    let (mut n, mut worst) = (0u64, 0.0f32);
    for shares_memory in [true, false] {
        let limits = Limits { work_bytes: 1 << 22, ..Limits::default() };
        let Some(context) = context(&host, limits, shares_memory) else { return };
        let kind = if shares_memory { BackendKind::Cuda } else { BackendKind::CudaStaged };
        assert_eq!(context.backend().kind, kind, "{}", context.backend().reason);
        let mut frame = 0;
        for (key, (name, volume)) in volumes.iter().enumerate() {
            let variable = volume.variable(0).expect("there is one").clone();
            for (i, time) in [0.0, 1.3, 2.75, 4.0].into_iter().enumerate() {
                for level in 0..variable.n_levels {
                    let dims = variable.level_dims(level);
                    let mut source = Request::whole(0, dims, time);
                    source.level = level;
                    source.precision = Precision::Exact;
                    if (i + usize::from(level)) % 2 == 1 {
                        // Cut at both ends.
                        source.min = dims.map(|n| n / 4);
                        source.max = dims.map(|n| n - n / 5);
                    }
                    let extent = std::array::from_fn(|a| source.extent()[a] as u32 + 3);
                    let target = host.target(extent, Texel::R32F, WritePath::Copy);
                    let layout = n.is_multiple_of(2).then(|| WritePath::Copy.target().0);
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
        assert_eq!(context.backend().kind, kind, "{}", context.backend().reason);
        assert!(context.stats().loads > 0 && context.stats().frames.frames > 0, "{:?}", context.stats());
    }
    println!("{n} boxes, largest error {worst:e} of the range");
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn vulkan_goes_on_where_a_texture_takes_no_copies() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let Some(context) = context(&host, Limits::default(), true) else { return };
    let volume = mixed_volume();
    let mut frame = 0;
    for path in [WritePath::Copy, WritePath::Store, WritePath::Copy] {
        let target = host.target(mixed::DIMS, Texel::R32F, path);
        let texture = register(&context, &target, None);
        let whole = request(Request::whole(0, mixed::DIMS, 1.0), texture);
        let ticket = context.submit(1, &volume, &whole).expect("a valid request");
        let bytes = play(&mut host, &context, &target, ticket, &mut frame);
        compare(&bytes, mixed::DIMS, &whole, &expected(&volume, &whole.source));
        assert!(context.unregister(texture));
        host.destroy(target);
    }
    let backend = context.backend();
    assert_eq!(backend.kind, BackendKind::Vulkan);
    assert!(backend.reason.contains("VK_IMAGE_USAGE_TRANSFER_DST_BIT"), "{}", backend.reason);
    drop(context);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// For a driver that loses its device after some launches (`NEUVOL_FAKE_CUDA_LOSE_AFTER`).
#[test]
fn vulkan_goes_on_where_cuda_is_lost() {
    if std::env::var_os("NEUVOL_FAKE_CUDA_LOSE_AFTER").is_none() {
        println!("only for drivers that lose their device");
        return;
    }
    let Some(mut host) = HeadlessHost::new() else { return };
    let Some(context) = context(&host, Limits::default(), true) else { return };
    let volume = mixed_volume();
    let mut frame = 0;
    let target = host.target(mixed::DIMS, Texel::R32F, WritePath::Copy);
    let texture = register(&context, &target, None);
    for i in 0..40 {
        let whole = request(Request::whole(0, mixed::DIMS, f64::from(i % 5)), texture);
        let ticket = context.submit(1, &volume, &whole).expect("a valid request");
        let bytes = play(&mut host, &context, &target, ticket, &mut frame);
        compare(&bytes, mixed::DIMS, &whole, &expected(&volume, &whole.source));
    }
    let backend = context.backend();
    assert_eq!(backend.kind, BackendKind::Vulkan);
    assert!(backend.reason.contains("ILLEGAL_ADDRESS"), "{}", backend.reason);
    assert!(context.unregister(texture));
    host.destroy(target);
    drop(context);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}
