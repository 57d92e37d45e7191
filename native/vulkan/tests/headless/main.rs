//! Decoding on a Vulkan device compared with the oracle: every codec, texel, path, odd sizes and times between steps, under
//! the validation layers with synchronization validation. Runs on any driver; in CI on lavapipe.
//!
//! `NEUVOL_REQUIRE_VULKAN=1` makes a missing driver an error.
#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::print_stdout, reason = "the device, and how near to the oracle it came")]

#[path = "../../../decode/tests/common/mod.rs"]
mod common;
mod host;
mod texels;

use common::latents::{Shape, latents};
use common::matrices::{bound, matrices};
use common::{nested, normalise, random_network};
use host::{HeadlessHost, messages};
use neuvol_model::{
    Block, GridConfig, Raw, RawType, TimeConfig, TimeInterpolation, Wavelet, decode_block_reference, voxels,
};
use neuvol_vulkan::{Error, Features, Job, Later, Limits, Texel, Validity, WritePath};
use texels::{expected, texels};

/// Wider than any value.
const WIDE: (f32, f32) = (-1e6, 1e6);

/// A block, its extent, and times to decode it at.
struct Case {
    name: String,
    block: Block,
    extent: [u32; 3],
    times: Vec<f64>,
}

impl Case {
    /// How far values may be from the oracle's: 1e-5 of the range; of matrices also what 32-bit floats lose against the
    /// largest number on the way.
    fn allowed(&self, range: (f32, f32)) -> f32 {
        let rounding = match &self.block {
            Block::Matrices(model) => bound(model),
            _ => 0.0,
        };
        1e-5 * (range.1 - range.0) + rounding
    }
}

fn case(name: impl Into<String>, block: Block, extent: [u32; 3], times: &[f64]) -> Case {
    Case { name: name.into(), block, extent, times: times.to_vec() }
}

fn grid(extent: [u32; 3], (n_neurons, hidden): (u16, u8), time: TimeConfig, finest: u8, hashed: u8) -> Block {
    // Two features stand in a word; an odd number is split between words.
    let levels = nested(finest, 3, if finest == 3 { 3 } else { 2 }, hashed);
    let config = GridConfig { levels, n_neurons, n_hidden_layers: hidden, n_outputs: 2, time };
    let mut network = random_network(config, extent, 7);
    normalise(&mut network, 1, 1.0, 0.8);
    Block::Grid(network)
}

fn wavelet(shape: Shape) -> Case {
    let model: Wavelet = latents(&shape, 3);
    let times: &[f64] = if shape.steps > 1 { &[0.0, 1.0, 1.7] } else { &[0.0] };
    let name = format!("{shape:?}");
    case(name, Block::Wavelet(Box::new(model.clone())), model.level_extent(), times)
}

fn cases() -> Vec<Case> {
    let odd = [5, 7, 11];
    let wave = |n: usize| (0..n).map(|i| (i as f32 * 0.37).sin() * 3.0).collect::<Vec<f32>>();
    let raw = |steps: u32, dtype| {
        let values = wave(voxels(odd) * steps as usize);
        Block::Raw(match dtype {
            RawType::F32 | RawType::F16 => Raw::from_floats(&values, odd, steps, dtype).expect("a valid block"),
            _ => Raw::quantise(&values, odd, steps, dtype, (-3.0, 3.0)).expect("a valid block"),
        })
    };
    let mut cases = vec![
        case("constant", Block::Constant(2.5), odd, &[0.0]),
        case("raw", raw(1, RawType::F32), odd, &[0.0]),
        case("raw, 3 steps of halves", raw(3, RawType::F16), odd, &[0.0, 1.25, 2.0]),
    ];
    let codes = |interpolation, gains| TimeConfig { n_codes: 4, gains, interpolation };
    for (extent, shape, time, finest, hashed) in [
        ([9, 14, 19], (16, 2), TimeConfig::default(), 2, 0),
        ([16, 16, 16], (32, 1), TimeConfig::default(), 1, 6),
        ([17, 3, 33], (7, 3), codes(TimeInterpolation::Codes, true), 2, 5),
        ([8, 8, 8], (16, 2), codes(TimeInterpolation::CubicCodes, true), 2, 0),
        ([12, 20, 9], (16, 2), codes(TimeInterpolation::Values, false), 2, 0),
        ([10, 9, 40], (48, 2), TimeConfig::default(), 3, 0),
        ([6, 6, 6], (128, 2), codes(TimeInterpolation::Codes, false), 2, 0),
        ([6, 6, 6], (128, 4), codes(TimeInterpolation::Codes, false), 2, 0),
    ] {
        let name = format!("grid {extent:?}, {shape:?} neurons and layers, cells of 2^{finest}, {time:?}");
        cases.push(case(name, grid(extent, shape, time, finest, hashed), extent, &[0.0, 1.0, 1.3]));
    }
    let still = Shape { extent: [19, 21, 34], ..Shape::default() };
    let moving = Shape { steps: 4, n_components: 3, ..still.clone() };
    for shape in [
        still.clone(),
        Shape { head: Some((4, 1)), ..still.clone() },
        Shape { head: Some((8, 0)), extent: [1, 9, 70], ..still.clone() },
        Shape { head: Some((16, 2)), extent: [8, 8, 8], ..moving.clone() },
        Shape { head: Some((64, 1)), extent: [3, 2, 1], ..still.clone() },
        Shape { head: Some((24, 1)), extent: [7, 5, 40], ..still.clone() },
        Shape { head: Some((16, 1)), extent: [9, 12, 37], ..moving.clone() },
        Shape { head: Some((32, 1)), extent: [6, 9, 40], ..still.clone() },
        Shape { head: Some((61, 1)), extent: [3, 6, 33], ..still.clone() },
        Shape { head: Some((33, 2)), extent: [2, 5, 9], ..still.clone() },
        Shape { head: Some((5, 3)), extent: [9, 6, 35], ..still.clone() },
        Shape { largest: 70_000, ..moving.clone() },
        // Beyond what 16-bit floats hold.
        Shape { largest: 70_000, head: Some((16, 1)), ..moving.clone() },
        Shape { head: Some((8, 1)), interpolation: TimeInterpolation::Values, ..moving.clone() },
        Shape { interpolation: TimeInterpolation::CubicCodes, ..moving.clone() },
        Shape { residual: true, head: Some((4, 1)), ..moving.clone() },
        Shape { precise: true, head: Some((8, 1)), ..still.clone() },
        Shape { level: 1, head: Some((8, 1)), ..moving.clone() },
        Shape { level: 2, extent: [6, 33, 5], n_levels: 3, ..still.clone() },
        // Slices, lines and a lowest band that are larger than what a workgroup holds.
        Shape { extent: [3, 70, 100], ..still.clone() },
        Shape { extent: [200, 9, 10], ..still.clone() },
        Shape { extent: [34, 33, 35], n_levels: 1, ..moving.clone() },
        Shape { level: 3, extent: [1, 40, 256], ..moving },
    ] {
        cases.push(wavelet(shape));
    }
    for (extent, steps, ranks, level, interpolation) in [
        ([12, 17, 9], 5, [3, 4, 5, 6], 0, TimeInterpolation::Codes),
        ([12, 17, 9], 5, [2, 4, 5, 6], 1, TimeInterpolation::Values),
        ([1, 30, 1], 1, [1, 1, 7, 1], 0, TimeInterpolation::Codes),
        ([20, 20, 20], 8, [8, 20, 3, 2], 2, TimeInterpolation::CubicCodes),
    ] {
        let mut model = matrices(extent, steps, ranks, level, 5);
        model.interpolation = interpolation;
        let name = format!("matrices {extent:?}, {steps} steps, ranks {ranks:?}, level {level}, {interpolation:?}");
        let times: &[f64] = if steps > 1 { &[0.0, 2.6] } else { &[0.0] };
        let extent = model.level_extent();
        cases.push(case(name, Block::Matrices(Box::new(model)), extent, times));
    }
    cases
}

/// What the oracle says, within a range that it chooses: some values are limited.
fn oracle(case: &Case, time: f64) -> (Vec<f32>, (f32, f32)) {
    let mut values = vec![0.0; voxels(case.extent)];
    let decode = |range: (f32, f32), values: &mut [f32]| {
        decode_block_reference(&case.block, &entry(range), case.extent, time, values).expect("a valid block");
    };
    if matches!(case.block, Block::Grid(_)) {
        decode((-2.0, 5.0), &mut values);
        return (values, (-2.0, 5.0));
    }
    decode(WIDE, &mut values);
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let range = (low + 0.05 * (high - low), high - 0.05 * (high - low));
    decode(range, &mut values);
    (values, range)
}

fn entry((min, max): (f32, f32)) -> neuvol_format::Entry {
    neuvol_format::Entry {
        codec: 0,
        output: 1,
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

/// What a decode lacks for 32-bit floats: the largest share of what the network adds that a variant may be wrong by.
const ALLOWED_FAST: f32 = 5e-3;

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

/// What the oracle says at the last time of a case, and the range of what its network adds, if it has one.
fn added(case: &Case) -> (Vec<f32>, Option<f32>) {
    let time = case.times[case.times.len() - 1];
    let decode = |block: &Block, range| {
        let mut values = vec![0.0; voxels(case.extent)];
        decode_block_reference(block, &entry(range), case.extent, time, &mut values).expect("a valid block");
        values
    };
    match &case.block {
        Block::Grid(_) => {
            let values = decode(&case.block, (-2.0, 5.0));
            let range = common::range_of(&values);
            (values, Some(range))
        }
        Block::Wavelet(model) if model.head.is_some() && !model.precise => {
            let values = decode(&case.block, WIDE);
            let plain = Wavelet { head: None, ..(**model).clone() };
            let plain = decode(&Block::Wavelet(Box::new(plain)), WIDE);
            let difference: Vec<f32> = values.iter().zip(&plain).map(|(a, b)| a - b).collect();
            (values, Some(common::range_of(&difference)))
        }
        block => (decode(block, WIDE), None),
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
                let wanted = expected(&right, &is_valid, extent, (min, max), &job, texel);
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
