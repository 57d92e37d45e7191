//! Decoding on a CUDA device compared with the oracle: every codec, texel, odd sizes, times between steps, levels of detail and
//! masks. Runs on any device of the driver that is found.
//!
//! `NEUVOL_REQUIRE_CUDA=1` makes a missing driver an error.
#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::print_stdout, reason = "the device, and how near to the oracle it came")]

#[path = "../../../plan/tests/common/cases.rs"]
mod cases;
#[path = "../../../decode/tests/common/mod.rs"]
mod common;
#[path = "../../../plan/tests/common/texels.rs"]
mod texels;

use cases::{ALLOWED_FAST, Case, WIDE, added, cases, entry, oracle};
use neuvol_cuda::{Destination, Error, Gpu, Job, Limits, Task, Texel, Unavailable, Uploaded, Validity, devices};
use neuvol_model::{Block, Raw, RawType, decode_block_reference, voxels};
use texels::{channels, expected, rounding, texels};

fn gpu(limits: Limits) -> Option<Gpu> {
    match devices() {
        Ok(devices) => {
            println!("on {}, compute capability {:?}", devices[0].name, devices[0].capability);
            Some(Gpu::new(&devices[0], limits).expect("the device has memory for the tests"))
        }
        Err(reason) => {
            assert!(std::env::var_os("NEUVOL_REQUIRE_CUDA").is_none(), "NEUVOL_REQUIRE_CUDA is set: {reason}");
            println!("not run: {reason}");
            None
        }
    }
}

fn has_much_memory(gpu: &Gpu) -> bool {
    gpu.device().shared_memory > 98_304
}

/// A whole block.
fn task<'a>(block: &'a Uploaded, extent: [u32; 3], time: f64, range: (f32, f32), texel: Texel) -> Task<'a> {
    Task {
        block: block.source(),
        time,
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
    }
}

/// The texels of each job, in the order of its box.
fn decoded(gpu: &Gpu, jobs: &[Job<'_>]) -> Vec<Vec<[f32; 4]>> {
    // SAFETY: the blocks live until the wait is over.
    let submitted = unsafe { gpu.submit(jobs, Destination::Own) }.expect("jobs that fit");
    gpu.wait(&submitted).expect("the device works");
    assert!(gpu.is_done(&submitted).expect("the device works"));
    let found = submitted.texels.iter().zip(jobs).map(|(place, job)| {
        let [nz, ny, nx] = place.size;
        let words = gpu.read(place.first, place.row * ny * nz).expect("the texels are there");
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let row = place.row as usize * 4;
        let used = (nx * job.task.texel.bytes()) as usize;
        bytes.chunks_exact(row).flat_map(|row| texels(&row[..used], job.task.texel)).collect()
    });
    let found = found.collect();
    gpu.retire(submitted);
    found
}

fn first_channel(texels: &[[f32; 4]]) -> Vec<f32> {
    texels.iter().map(|texel| texel[0]).collect()
}

fn upload(gpu: &Gpu, case: &Case) -> Uploaded {
    gpu.upload(&case.block, 1, case.extent, Validity::All).expect(&case.name)
}

#[test]
fn every_codec_is_decoded_as_the_oracle_does() {
    let Some(gpu) = gpu(Limits::default()) else { return };
    let mut worst = ("", 0.0f32);
    let cases = cases();
    for case in &cases {
        let uploaded = upload(&gpu, case);
        for &time in &case.times {
            let (right, range) = oracle(case, time);
            let task = task(&uploaded, case.extent, time, range, Texel::R32F);
            let found = decoded(&gpu, &[Job { task, variants: uploaded.variants(false) }]);
            let error = common::max_error(&first_channel(&found[0]), &right);
            let allowed = case.allowed(range);
            assert!(error <= allowed, "{} at {time}: error {error:e}, allowed {allowed:e}", case.name);
            let error = error / (range.1 - range.0).max(f32::MIN_POSITIVE);
            if error > worst.1 {
                worst = (&case.name, error);
            }
        }
        // SAFETY: nothing is on its way.
        unsafe { gpu.release(uploaded) };
    }
    println!("{} blocks; largest error {:e} of the range: {}", cases.len(), worst.1, worst.0);
}

#[test]
fn fast_jobs_stay_near_the_oracle() {
    let Some(gpu) = gpu(Limits::default()) else { return };
    let (mut worst, mut differ, mut largest) = ("", 0, 0.0f32);
    let cases = cases();
    for case in &cases {
        let (right, added) = added(case);
        let uploaded = upload(&gpu, case);
        let range = if matches!(case.block, Block::Grid(_)) { (-2.0, 5.0) } else { WIDE };
        let time = case.times[case.times.len() - 1];
        let job = |fast| Job {
            task: task(&uploaded, case.extent, time, range, Texel::R32F),
            variants: uploaded.variants(fast),
        };
        let found = decoded(&gpu, &[job(false), job(true)]);
        differ += u32::from(found[0] != found[1]);
        if let Some(added) = added.filter(|&added| added > 0.0) {
            let error = common::max_error(&first_channel(&found[1]), &right);
            assert!(error <= ALLOWED_FAST * added, "{}: error {error:e}, added {added:e}", case.name);
            if error / added > largest {
                (worst, largest) = (&case.name, error / added);
            }
        } else {
            assert!(added.is_some() || found[0] == found[1], "{}: there is nothing to be faster in", case.name);
        }
        // SAFETY: nothing is on its way.
        unsafe { gpu.release(uploaded) };
    }
    // Those of 32 and 64 neurons need more shared memory than Turing has.
    let least = if has_much_memory(&gpu) { 10 } else { 8 };
    assert!(differ >= least, "{differ} blocks were decoded by fused kernels");
    println!("fused: {differ} blocks; largest error {largest:e} of what the network adds: {worst}");
}

#[test]
fn every_texel_holds_what_it_should() {
    let Some(gpu) = gpu(Limits::default()) else { return };
    let extent = [6u32, 9, 13];
    let n = voxels(extent);
    let values: Vec<f32> = (0..n * 2).map(|i| (i as f32 * 0.61).sin() * 4.0).collect();
    let block = Block::Raw(Raw::from_floats(&values, extent, 2, RawType::F32).expect("a valid block"));
    // Another mask for each step: between them a voxel must be valid in both.
    let mut bits = vec![0u8; (2 * n).div_ceil(8)];
    for at in (0..2 * n).filter(|at| at % 7 != 3 && (*at < n || at % 5 != 0)) {
        bits[at / 8] |= 1 << (at % 8);
    }
    let is_set = |at: usize| bits[at / 8] >> (at % 8) & 1 != 0;
    let range = (-4.0f32, 4.0);
    for masked in [false, true] {
        let validity = if masked { Validity::Bits { bits: &bits, steps: 2 } } else { Validity::All };
        let uploaded = gpu.upload(&block, 0, extent, validity).expect("there is room");
        let is_valid = |at: usize| !masked || (is_set(at) && is_set(n + at));
        let mut right = vec![0.0; n];
        decode_block_reference(&block, &entry(range), extent, 0.25, &mut right).expect("a valid block");
        for texel in Texel::ALL {
            for (min, max) in [([0; 3], extent), ([1, 2, 3], [5, 8, 12]), ([5, 0, 12], extent)] {
                let unorm = (-3.0, 3.5);
                let job = Job {
                    task: Task {
                        min,
                        max,
                        texture: [40, 41, 42],
                        to: [3, 4, 5],
                        unorm,
                        invalid: 0.25,
                        ..task(&uploaded, extent, 0.25, range, texel)
                    },
                    variants: uploaded.variants(true),
                };
                let found = decoded(&gpu, &[job]);
                let wanted = expected(&right, &is_valid, extent, (min, max), (unorm, 0.25), texel);
                for (found, wanted) in found[0].iter().zip(&wanted) {
                    for channel in 0..channels(texel) {
                        let allowed = rounding(texel, wanted[channel]);
                        let error = (found[channel] - wanted[channel]).abs();
                        assert!(error <= allowed, "{texel:?}, {min:?}..{max:?}: {found:?}, not {wanted:?}");
                    }
                }
                assert_eq!(found[0].len(), wanted.len());
            }
        }
        // SAFETY: nothing is on its way.
        unsafe { gpu.release(uploaded) };
    }
}

/// Fused kernels of grid networks write texels themselves.
#[test]
fn texels_straight_from_a_network_are_those_of_its_values() {
    let Some(gpu) = gpu(Limits::default()) else { return };
    let mut direct = 0;
    for case in cases().iter().filter(|case| matches!(case.block, Block::Grid(_))) {
        let uploaded = upload(&gpu, case);
        let time = case.times[case.times.len() - 1];
        let range = (-2.0, 5.0);
        let whole = task(&uploaded, case.extent, time, range, Texel::R32F);
        let variants = uploaded.variants(true);
        let values = first_channel(&decoded(&gpu, &[Job { task: whole, variants }])[0]);
        for texel in [Texel::R16F, Texel::R8, Texel::R16] {
            let task = Task { unorm: (-1.5, 4.0), ..task(&uploaded, case.extent, time, range, texel) };
            let found = first_channel(&decoded(&gpu, &[Job { task, variants }])[0]);
            let all = |_| true;
            let wanted = expected(&values, &all, case.extent, ([0; 3], case.extent), ((-1.5, 4.0), 0.0), texel);
            let wrong = found
                .iter()
                .zip(&wanted)
                .filter(|(found, wanted)| (**found - wanted[0]).abs() > rounding(texel, wanted[0]));
            assert_eq!(wrong.count(), 0, "{}, {texel:?}", case.name);
        }
        direct += u32::from(variants != uploaded.variants(false));
        // SAFETY: nothing is on its way.
        unsafe { gpu.release(uploaded) };
    }
    assert_eq!(direct, if has_much_memory(&gpu) { 4 } else { 2 }, "networks with fused kernels");
}

#[test]
fn many_blocks_follow_each_other_in_small_memories() {
    let limits = Limits { work_bytes: 1 << 20, texel_bytes: 4 << 20, frames: 2, ..Limits::default() };
    let Some(gpu) = gpu(limits) else { return };
    let cases: Vec<_> = cases().into_iter().filter(|case| voxels(case.extent) < 20_000).collect();
    let uploaded: Vec<_> = cases.iter().map(|case| upload(&gpu, case)).collect();
    let oracles: Vec<_> = cases.iter().map(|case| oracle(case, case.times[0])).collect();
    let jobs: Vec<_> = cases
        .iter()
        .zip(&uploaded)
        .zip(&oracles)
        .map(|((case, block), (_, range))| Job {
            task: task(block, case.extent, case.times[0], *range, Texel::R32F),
            variants: block.variants(false),
        })
        .collect();
    // Both slots at once, more than once.
    for _ in 0..2 {
        let found = decoded(&gpu, &jobs);
        for ((case, (right, range)), found) in cases.iter().zip(&oracles).zip(&found) {
            let error = common::max_error(&first_channel(found), right);
            assert!(error <= case.allowed(*range), "{}: {error:e}", case.name);
        }
    }
    // SAFETY: blocks stay until the end.
    let one = unsafe { gpu.submit(&jobs, Destination::Own) }.expect("a free slot");
    // SAFETY: as above.
    let two = unsafe { gpu.submit(&jobs[..1], Destination::Own) }.expect("a free slot");
    // SAFETY: as above.
    let full = unsafe { gpu.submit(&jobs[..1], Destination::Own) };
    assert!(matches!(full, Err(Error::Full { what: "number of submissions", .. })), "{full:?}");
    gpu.wait(&two).expect("the device works");
    assert!(gpu.is_done(&one).expect("the device works"), "submissions follow each other");
    assert!(gpu.elapsed(&one).expect("it is finished") > 0.0);
    gpu.retire(one);
    gpu.retire(two);
    for block in uploaded {
        // SAFETY: nothing is on its way.
        unsafe { gpu.release(block) };
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let Some(gpu) = gpu(Limits { model_bytes: 1 << 16, texel_bytes: 1 << 12, ..Limits::default() }) else { return };
    let extent = [8, 8, 8];
    let values = vec![1.0; voxels(extent)];
    let block = Block::Raw(Raw::from_floats(&values, extent, 1, RawType::F32).expect("a valid block"));
    let uploaded: Vec<_> = (0..64).map(|_| gpu.upload(&block, 0, extent, Validity::All)).collect();
    assert!(matches!(&uploaded[0], Ok(block) if block.bytes() == 2048));
    assert!(matches!(uploaded.last(), Some(Err(Error::Full { what: "memory of models", .. }))));
    let uploaded: Vec<_> = uploaded.into_iter().flatten().collect();
    assert_eq!(uploaded.len(), 32);
    let whole = task(&uploaded[0], extent, 0.0, (0.0, 2.0), Texel::R32F);
    let job = |task| Job { task, variants: uploaded[0].variants(true) };
    for (name, jobs, wanted) in [
        ("nothing", Vec::new(), "jobs"),
        ("three times 2 KiB of texels", vec![job(whole); 3], "texel"),
        ("a box that stands out", vec![job(Task { max: [9, 8, 8], ..whole })], "box"),
        ("a place that stands out", vec![job(Task { to: [1, 0, 0], ..whole })], "to"),
        ("no time", vec![job(Task { time: f64::NAN, ..whole })], "time"),
    ] {
        // SAFETY: nothing is put on its way.
        let result = unsafe { gpu.submit(&jobs, Destination::Own) };
        let message = result.expect_err(name).to_string();
        assert!(message.contains(wanted) || message.contains("work memory"), "{name}: {message}");
    }
    assert!(gpu.read(0, 1025).is_err());
    for block in uploaded {
        // SAFETY: as above.
        unsafe { gpu.release(block) };
    }
    let none = Limits { model_bytes: 0, ..Limits::default() };
    assert!(matches!(Gpu::new(gpu.device(), none), Err(Error::Argument { name: "model_bytes", .. })));
    assert!(matches!(neuvol_cuda::matching([0xEE; 16]), Err(Unavailable::NoMatch { .. })));
}
