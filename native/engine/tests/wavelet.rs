//! Levels of detail that are the first bytes of one payload (codec 4), against the oracle.

use neuvol_engine::{Kernel, OpenOptions, Precision, Request, Target, TargetData, Volume};
use neuvol_format::BlockKey;
use neuvol_model::{Wavelet, voxels};
use rand::{SeedableRng, rngs::SmallRng};
use std::sync::Arc;

#[path = "common/latents.rs"]
mod latents;

use latents::{BLOCK, DIMS, RANGE, file, head, models};

/// A block at a stored level and a time, from its models and not from the file.
fn block(models: &[Vec<Wavelet>], number: usize, level: u8, time: f64) -> Vec<f32> {
    let at = |segment: usize, local: f64| {
        let model = &models[segment][number];
        let residual = model.residual.clone().filter(|_| level == 0);
        let model = Wavelet { level, residual, ..model.clone() };
        let mut out = vec![f32::NAN; voxels(model.level_extent())];
        model.decode_reference(local, RANGE, &mut out).unwrap();
        out
    };
    match time {
        t if t <= 2.0 => at(0, t),
        t if t >= 3.0 => at(1, t - 3.0),
        t => {
            let weight = (t - 2.0) as f32;
            at(0, 2.0).iter().zip(at(1, 0.0)).map(|(a, b)| a * (1.0 - weight) + b * weight).collect()
        }
    }
}

/// The mean of the ≤ 2×2×2 children.
fn halved(values: &[f32], extent: [u32; 3]) -> (Vec<f32>, [u32; 3]) {
    let half = extent.map(|n| n.div_ceil(2));
    let mut sums = vec![(0.0, 0.0); voxels(half)];
    for (at, value) in values.iter().enumerate() {
        let at = at as u32;
        let [z, y, x] = [at / extent[2] / extent[1] / 2, at / extent[2] % extent[1] / 2, at % extent[2] / 2];
        let (sum, n) = &mut sums[((z * half[1] + y) * half[2] + x) as usize];
        *sum += value;
        *n += 1.0;
    }
    (sums.into_iter().map(|(sum, n)| sum / n).collect(), half)
}

#[test]
fn every_level_and_time_agrees_with_the_oracle() {
    let mut rng = SmallRng::seed_from_u64(1);
    let head = Arc::new(head(&mut rng));
    let models = models(&mut rng, &head);
    for n_stored_levels in [4, 2] {
        let volume = Volume::from_vec(file(&models, &head, n_stored_levels), OpenOptions::default()).unwrap();
        let info = volume.reader().variables()[0].clone();
        for level in 0..4u8 {
            for time in [0.0, 0.4, 1.0, 1.75, 2.0, 2.25, 3.0, 3.5, 4.0] {
                for number in 0..info.n_blocks() {
                    let stored = level.min(n_stored_levels - 1);
                    let mut want = block(&models, number as usize, stored, time);
                    let mut extent = info.block_extent(number, stored);
                    for _ in stored..level {
                        (want, extent) = halved(&want, extent);
                    }
                    let min = info.block_origin(number).map(|n| n >> level);
                    let max = std::array::from_fn(|a| min[a] + extent[a]);
                    for kernel in [Kernel::Scalar, Kernel::best(Precision::Exact)] {
                        let request =
                            Request { min, max, level, kernel: Some(kernel), ..Request::whole(0, DIMS, time) };
                        let mut got = vec![f32::NAN; request.voxels().unwrap()];
                        volume.decode(&request, Target::dense(TargetData::F32(&mut got), &request)).unwrap();
                        assert_eq!(got.len(), want.len());
                        for (got, want) in got.iter().zip(&want) {
                            let place = format!("{n_stored_levels} levels, level {level}, time {time}, block {number}");
                            assert!((got - want).abs() < 1e-4, "{place}: {got} instead of {want}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn levels_share_a_payload_and_read_less_of_it() {
    let mut rng = SmallRng::seed_from_u64(2);
    let head = Arc::new(head(&mut rng));
    let models = models(&mut rng, &head);
    let bytes = file(&models, &head, 4);
    let volume = Volume::from_vec(bytes.clone(), OpenOptions::default()).unwrap();
    let reader = volume.reader();
    let entry = |level| reader.entry(BlockKey { variable: 0, quality: 0, level, segment: 0, block: 0 }).unwrap();
    let finest = entry(0);
    let check = reader.check().unwrap();
    assert_eq!(check.payloads, 2 * u64::from(reader.variables()[0].n_blocks()));
    let mut read = Vec::new();
    for level in 0..4 {
        assert_eq!(entry(level).payload_offset, finest.payload_offset);
        let dims = DIMS.map(|n| n.div_ceil(1 << level));
        let request = Request { level, ..Request::whole(0, dims, 1.0) };
        let mut values = vec![0f32; request.voxels().unwrap()];
        let target = Target::dense(TargetData::F32(&mut values), &request);
        read.push(volume.decode(&request, target).unwrap().payload_bytes);
    }
    assert!(read.is_sorted_by(|finer, coarser| finer >= coarser), "{read:?}");
    assert_eq!(reader.payload(&entry(3)).unwrap(), &reader.payload(&finest).unwrap()[..entry(3).payload_len as usize]);

    // What is wrong behind the end of a level does it no harm.
    let mut damaged = bytes.clone();
    damaged[finest.payload_offset as usize + finest.payload_len as usize - 1] ^= 1;
    let volume = Volume::from_vec(damaged, OpenOptions::default()).unwrap();
    for level in 0..4 {
        let max = BLOCK.map(|n| n >> level);
        let request = Request { level, max, ..Request::whole(0, DIMS, 0.5) };
        let mut values = vec![0f32; request.voxels().unwrap()];
        let result = volume.decode(&request, Target::dense(TargetData::F32(&mut values), &request));
        assert_eq!(result.is_err(), level == 0, "level {level}");
    }
}
