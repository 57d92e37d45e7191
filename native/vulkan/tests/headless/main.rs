//! Decoding on a Vulkan device compared with the oracle: every codec, texel, path, odd sizes and times between steps, under
//! the validation layers with synchronization validation. Runs on any driver; in CI on lavapipe.
//!
//! `NEUVOL_REQUIRE_VULKAN=1` makes a missing driver an error.
#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::print_stdout, reason = "the device, and how near to the oracle it came")]

#[path = "../../../plan/tests/common/cases.rs"]
mod cases;
#[path = "../../../decode/tests/common/mod.rs"]
mod common;
mod host;
#[path = "../../../plan/tests/common/texels.rs"]
mod texels;

use cases::{ALLOWED_FAST, Case, WIDE, added, cases, entry, oracle};
use host::{HeadlessHost, messages};
use neuvol_model::{Block, Raw, RawType, decode_block_reference, voxels};
use neuvol_vulkan::{Error, Features, Job, Later, Limits, Texel, Validity, WritePath};
use texels::{expected, texels};

#[test]
fn every_codec_is_decoded_as_the_oracle_does() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let gpu = host.gpu(Limits::default());
    println!("on {}", host.name());
    let mut worst = ("", 0.0f32);
    let cases = cases();
    for case in &cases {
        let uploaded = gpu.upload(&case.block, 1, case.extent, Validity::All).expect(&case.name);
        for (n, &time) in case.times.iter().enumerate() {
            let (right, range) = oracle(case, time);
            let path = [WritePath::Store, WritePath::Copy][n % 2];
            // One texel more on every side must stay as it was.
            let target = host.target(case.extent.map(|n| n + 2), Texel::R32F, path);
            let texture = host.register(&gpu, &target);
            let job = Job {
                block: &uploaded,
                time,
                range,
                later: None,
                halvings: 0,
                min: [0; 3],
                max: case.extent,
                texture: &texture,
                to: [1; 3],
                unorm: range,
                invalid: 0.0,
                fast: false,
            };
            let bytes = host.run_jobs(&gpu, &target, 0x7F, &[job]);
            let found = texels(&bytes, Texel::R32F);
            let (inside, outside) = texels::inside(&found, target.extent, [1; 3], case.extent);
            assert!(
                outside.iter().all(|texel| texel[0].to_bits() == 0x7F7F_7F7F),
                "{}: texels around changed",
                case.name
            );
            let error = inside.iter().zip(&right).map(|(a, b)| (a[0] - b).abs()).fold(0.0, f32::max);
            let allowed = case.allowed(range);
            assert!(error <= allowed, "{} at {time}: error {error:e}, allowed {allowed:e}", case.name);
            let error = error / (range.1 - range.0).max(f32::MIN_POSITIVE);
            if error > worst.1 {
                worst = (&case.name, error);
            }
            // SAFETY: the queue is idle.
            unsafe { gpu.unregister(texture) };
            host.destroy(target);
        }
        // SAFETY: as above.
        unsafe { gpu.release(uploaded) };
    }
    println!("{} blocks; largest error {:e} of the range: {}", cases.len(), worst.1, worst.0);
    drop(gpu);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn fast_jobs_stay_near_the_oracle() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let listened = host.features();
    fast_jobs(&mut host);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
    drop(host);
    // What the layers do not know yet.
    let Some(mut host) = HeadlessHost::without_layers() else { return };
    if host.features() != listened {
        fast_jobs(&mut host);
    }
}

fn fast_jobs(host: &mut HeadlessHost) {
    let enabled = host.features();
    let base = Features { extended_formats: enabled.extended_formats, ..Features::default() };
    let variants = [
        ("float16", Features { float16: enabled.float16, ..base }),
        ("int8", Features { integer_dot_product: enabled.integer_dot_product, ..base }),
        ("cooperative matrix", Features { cooperative_matrix: enabled.cooperative_matrix, ..base }),
    ];
    for (name, features) in variants.into_iter().filter(|(_, features)| *features != base) {
        let gpu = host.gpu_with(features, Limits::default());
        let found = host.self_test(&gpu);
        if name == "cooperative matrix" && found.is_empty() {
            println!("{name}: not used on this device");
            continue;
        }
        assert_eq!(found, [name], "the driver does as it says");
        let (mut worst, mut differ) = ("", 0);
        let mut largest = 0.0f32;
        let cases = cases();
        for case in &cases {
            let (right, added) = added(case);
            let exact = values(host, &gpu, case, false);
            let fast = values(host, &gpu, case, true);
            // Of what is not a network nothing changes, nor of a guaranteed error.
            differ += u32::from(exact != fast);
            let Some(added) = added else {
                assert!(exact == fast, "{}: without a network there is nothing to be faster in", case.name);
                continue;
            };
            // A few voxels get the same from the network.
            if added == 0.0 {
                continue;
            }
            let error = common::max_error(&fast, &right);
            assert!(error <= ALLOWED_FAST * added, "{name}, {}: error {error:e}, added {added:e}", case.name);
            if error / added > largest {
                (worst, largest) = (&case.name, error / added);
            }
        }
        assert!(differ > 8, "{differ} blocks were decoded by the variant");
        println!("{name}: {differ} blocks; largest error {largest:e} of what the network adds: {worst}");
        drop(gpu);
    }
}

/// What the device says.
fn values(host: &mut HeadlessHost, gpu: &neuvol_vulkan::Gpu, case: &Case, fast: bool) -> Vec<f32> {
    let uploaded = gpu.upload(&case.block, 1, case.extent, Validity::All).expect(&case.name);
    let target = host.target(case.extent, Texel::R32F, WritePath::Store);
    let texture = host.register(gpu, &target);
    let range = if matches!(case.block, Block::Grid(_)) { (-2.0, 5.0) } else { WIDE };
    let job = Job {
        block: &uploaded,
        time: case.times[case.times.len() - 1],
        range,
        later: None,
        halvings: 0,
        min: [0; 3],
        max: case.extent,
        texture: &texture,
        to: [0; 3],
        unorm: range,
        invalid: 0.0,
        fast,
    };
    let bytes = host.run_jobs(gpu, &target, 0, &[job]);
    // SAFETY: the queue is idle.
    unsafe {
        gpu.unregister(texture);
        gpu.release(uploaded);
    }
    host.destroy(target);
    texels(&bytes, Texel::R32F).iter().map(|texel| texel[0]).collect()
}

#[test]
fn every_texel_is_stored_on_every_path() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let gpu = host.gpu(Limits::default());
    let extent = [5, 7, 11];
    let values: Vec<f32> = (0..voxels(extent) * 2).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
    let block = Block::Raw(Raw::from_floats(&values, extent, 2, RawType::F32).expect("a valid block"));
    let n = voxels(extent);
    // One mask per step.
    let mut bits = vec![0u8; (2 * n).div_ceil(8)];
    let valid = |step: usize, at: usize| !(at * 7 + step * 3).is_multiple_of(5);
    for at in 0..2 * n {
        bits[at / 8] |= u8::from(valid(at / n, at % n)) << (at % 8);
    }
    let masks = [Validity::All, Validity::None, Validity::Bits { bits: &bits, steps: 2 }];
    for texel in Texel::ALL {
        for path in [WritePath::Store, WritePath::Copy] {
            for (kind, validity) in masks.into_iter().enumerate() {
                let uploaded = gpu.upload(&block, 0, extent, validity).expect("room");
                let (min, max) = ([1, 0, 2], [5, 6, 9]);
                let target = host.target([6, 8, 13], texel, path);
                let texture = host.register(&gpu, &target);
                let range = (-2.5, 2.5);
                let job = Job {
                    block: &uploaded,
                    time: 0.25,
                    range,
                    later: None,
                    halvings: 0,
                    min,
                    max,
                    texture: &texture,
                    to: [1, 2, 3],
                    unorm: (-3.0, 3.0),
                    invalid: 0.75,
                    fast: false,
                };
                let bytes = host.run_jobs(&gpu, &target, 0, &[job]);
                let mut right = vec![0.0; n];
                decode_block_reference(&block, &entry(range), extent, 0.25, &mut right).expect("a valid block");
                let is_valid = |at: usize| match kind {
                    0 => true,
                    1 => false,
                    _ => valid(0, at) && valid(1, at),
                };
                let wanted = expected(&right, &is_valid, extent, (min, max), (job.unorm, job.invalid), texel);
                let found = texels(&bytes, texel);
                let (inside, _) = texels::inside(&found, target.extent, [1, 2, 3], [4, 6, 7]);
                for (at, (found, wanted)) in inside.iter().zip(&wanted).enumerate() {
                    for channel in 0..texels::channels(texel) {
                        let (a, b) = (found[channel], wanted[channel]);
                        let bound = texels::rounding(texel, b);
                        assert!((a - b).abs() <= bound, "{texel:?}, {path:?}, mask {kind}, texel {at}: {a} for {b}");
                    }
                }
                // SAFETY: the queue is idle.
                unsafe {
                    gpu.unregister(texture);
                    gpu.release(uploaded);
                }
                host.destroy(target);
            }
        }
    }
    drop(gpu);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn many_blocks_are_decoded_together() {
    let Some(mut host) = HeadlessHost::new() else { return };
    for limits in [
        Limits::default(),
        // Several rounds.
        Limits { work_bytes: 1 << 20, texel_bytes: 160 << 10, ..Limits::default() },
        Limits { always_stage: true, staging_bytes: 4 << 20, ..Limits::default() },
    ] {
        many_blocks(&mut host, limits);
    }
}

fn many_blocks(host: &mut HeadlessHost, limits: Limits) {
    let gpu = host.gpu(limits);
    let cases = cases();
    let uploaded: Vec<_> =
        cases.iter().map(|case| gpu.upload(&case.block, 1, case.extent, Validity::All).expect(&case.name)).collect();
    // All blocks side by side along z.
    let depth = cases.iter().map(|case| case.extent[0]).sum();
    let (height, width) = (70, 256);
    for path in [WritePath::Store, WritePath::Copy] {
        let target = host.target([depth, height, width], Texel::R32F, path);
        let texture = host.register(&gpu, &target);
        let answers: Vec<_> = cases.iter().map(|case| oracle(case, case.times[case.times.len() - 1])).collect();
        let mut z = 0;
        let jobs: Vec<Job<'_>> = cases
            .iter()
            .zip(&uploaded)
            .zip(&answers)
            .map(|((case, block), (_, range))| {
                let to = [z, 0, 0];
                z += case.extent[0];
                let time = case.times[case.times.len() - 1];
                Job {
                    block,
                    time,
                    range: *range,
                    later: None,
                    halvings: 0,
                    min: [0; 3],
                    max: case.extent,
                    texture: &texture,
                    to,
                    unorm: *range,
                    invalid: 0.0,
                    fast: false,
                }
            })
            .collect();
        let bytes = host.run_jobs(&gpu, &target, 0, &jobs);
        let found = texels(&bytes, Texel::R32F);
        for ((case, job), (right, range)) in cases.iter().zip(&jobs).zip(&answers) {
            let (inside, _) = texels::inside(&found, target.extent, job.to, case.extent);
            let error = inside.iter().zip(right).map(|(a, b)| (a[0] - b).abs()).fold(0.0, f32::max);
            assert!(error <= case.allowed(*range), "{}: {error:e}", case.name);
        }
        // SAFETY: the queue is idle.
        unsafe { gpu.unregister(texture) };
        host.destroy(target);
    }
    // SAFETY: as above.
    uploaded.into_iter().for_each(|block| unsafe { gpu.release(block) });
    drop(gpu);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

#[test]
fn what_does_not_fit_is_refused() {
    let Some(mut host) = HeadlessHost::new() else { return };
    let extent = [8, 8, 8];
    let block = Block::Constant(1.0);
    let gpu = host.gpu(Limits { model_bytes: 4096, work_bytes: 4096, ..Limits::default() });
    let raw = Block::Raw(Raw::from_floats(&[0.5; 2048], [8, 8, 8], 4, RawType::F32).expect("a valid block"));
    let full = gpu.upload(&raw, 0, extent, Validity::All).expect_err("it has 8 KiB");
    assert!(matches!(full, Error::Full { needed: 8192, free: 4096, .. }), "{full}");
    let wrong = gpu.upload(&raw, 0, [8, 8, 7], Validity::All).expect_err("another extent");
    assert!(wrong.to_string().contains("covers"), "{wrong}");
    let short = Validity::Bits { bits: &[0; 3], steps: 1 };
    assert!(gpu.upload(&block, 0, extent, short).expect_err("64 bytes").to_string().contains("3 bytes"));

    let uploaded = gpu.upload(&block, 0, extent, Validity::All).expect("it has no words");
    let large = gpu.upload(&block, 0, [16; 3], Validity::All).expect("it has no words");
    let target = host.target([16, 16, 16], Texel::R32F, WritePath::Store);
    let texture = host.register(&gpu, &target);
    let job = Job {
        block: &uploaded,
        time: 0.0,
        range: (1.0, 1.0),
        later: None,
        halvings: 0,
        min: [0; 3],
        max: extent,
        texture: &texture,
        to: [1; 3],
        unorm: (0.0, 1.0),
        invalid: 0.0,
        fast: false,
    };
    let refused = |jobs: &[Job<'_>]| gpu.prepare(0, jobs, &[]).expect_err("it does not fit").to_string();
    assert!(refused(&[Job { block: &large, max: [16; 3], to: [0; 3], ..job }]).contains("work memory is full"));
    assert!(refused(&[Job { max: [8, 8, 9], ..job }]).contains("outside 0..8 of the block"));
    assert!(refused(&[Job { max: [8, 8, 5], halvings: 1, ..job }]).contains("outside 0..4 of the block"));
    assert!(refused(&[Job { to: [1, 9, 1], ..job }]).contains("outside 0..16 of the texture"));
    assert!(refused(&[Job { range: (2.0, 1.0), ..job }]).contains("range"));
    assert!(refused(&[Job { time: f64::NAN, ..job }]).contains("not a number"));
    let later = Some(Later { block: &large, range: (1.0, 1.0), weight: 0.5 });
    assert!(refused(&[Job { later, ..job }]).contains("behind them"));
    let later = Some(Later { block: &uploaded, range: (1.0, 1.0), weight: 1.5 });
    assert!(refused(&[Job { later, ..job }]).contains("weight"));
    assert!(gpu.prepare(9, &[job], &[]).expect_err("there is no such slot").to_string().contains("slot"));
    // SAFETY: the queue is idle.
    unsafe {
        gpu.unregister(texture);
        gpu.release(uploaded);
        gpu.release(large);
    }
    host.destroy(target);
    drop(gpu);

    let gpu = host.gpu_with(Features::default(), Limits::default());
    let target = host.target([4, 4, 4], Texel::R16F, WritePath::Store);
    // SAFETY: the image is as described.
    let error = unsafe { gpu.register(target.image, target.extent, Texel::R16F, WritePath::Store, None) };
    assert!(error.expect_err("not enabled").to_string().contains("shaderStorageImageExtendedFormats"));
    host.destroy(target);
    drop(gpu);
    assert_eq!(messages(), Vec::<String>::new(), "the validation layers are silent");
}

/// Whether the layers would speak at all: an image in the wrong layout.
#[test]
fn a_wrong_layout_is_heard() {
    let Some(mut host) = HeadlessHost::new().filter(|host| host.has_layers) else { return };
    let gpu = host.gpu(Limits::default());
    let uploaded = gpu.upload(&Block::Constant(1.0), 0, [4, 4, 4], Validity::All).expect("it has no words");
    let mut target = host.target([4, 4, 4], Texel::R32F, WritePath::Store);
    let texture = host.register(&gpu, &target);
    let job = Job {
        block: &uploaded,
        time: 0.0,
        range: (1.0, 1.0),
        later: None,
        halvings: 0,
        min: [0; 3],
        max: [4; 3],
        texture: &texture,
        to: [0; 3],
        unorm: (0.0, 1.0),
        invalid: 0.0,
        fast: false,
    };
    // The host now brings it into the layout of copies.
    target.path = WritePath::Copy;
    // Wrong on purpose; drivers without layouts, such as lavapipe, do not mind.
    host.run_jobs(&gpu, &target, 0, &[job]);
    let heard = messages();
    assert!(heard.iter().any(|text| text.contains("ayout")), "the layers said: {heard:?}");
    // SAFETY: the queue is idle.
    unsafe {
        gpu.unregister(texture);
        gpu.release(uploaded);
    }
    host.destroy(target);
}
