//! The engine against a slow and obvious decoder of whole volumes, on files with every kind of block.

use half::f16;
use neuvol_engine::{
    DEFAULT_CACHE_BYTES, Error, Kernel, OpenOptions, Precision, Request, Stats, Target, TargetData, Volume,
};
use neuvol_format::{BlockKey, BlockMask};
use rand::{Rng, SeedableRng, rngs::SmallRng};

#[path = "common/mixed.rs"]
mod mixed;

use mixed::{DIMS, file};

/// The whole grid of one segment at a local time by the oracle.
fn segment(volume: &Volume, segment: u32, local: f64) -> Vec<f32> {
    let reader = volume.reader();
    let info = &reader.variables()[0];
    let mut whole = vec![f32::NAN; DIMS.iter().product::<u32>() as usize];
    for block in 0..info.n_blocks() {
        let key = BlockKey { variable: 0, quality: 0, level: 0, segment, block };
        let entry = reader.entry(key).unwrap();
        let (origin, extent) = (info.block_origin(block), info.block_extent(block, 0));
        let mask = reader.mask(key, &entry).unwrap();
        let mut values = vec![0.0; extent.iter().product::<u32>() as usize];
        if !matches!(mask, BlockMask::NoneValid) {
            let parsed = neuvol_model::parse_block(reader, key, &entry).unwrap();
            neuvol_model::decode_block_reference(&parsed, &entry, extent, local, &mut values).unwrap();
        }
        for (i, value) in values.into_iter().enumerate() {
            let i = i as u32;
            let [z, y, x] = [i / extent[2] / extent[1], i / extent[2] % extent[1], i % extent[2]];
            let valid = match &mask {
                BlockMask::AllValid => true,
                BlockMask::NoneValid => false,
                BlockMask::Bits(mask) => [local.floor(), local.ceil()]
                    .iter()
                    .all(|&step| mask.get((step as u32).min(mask.steps() - 1), z, y, x)),
            };
            if valid {
                let at = ((origin[0] + z) * DIMS[1] + origin[1] + y) * DIMS[2] + origin[2] + x;
                whole[at as usize] = value;
            }
        }
    }
    whole
}

/// The whole grid at a time and level.
fn reference(volume: &Volume, time: f64, level: u8) -> (Vec<f32>, [u32; 3]) {
    let mut whole = match time {
        t if t <= 2.0 => segment(volume, 0, t),
        t if t >= 3.0 => segment(volume, 1, t - 3.0),
        t => {
            let weight = (t - 2.0) as f32;
            let (a, b) = (segment(volume, 0, 2.0), segment(volume, 1, 0.0));
            a.iter().zip(&b).map(|(a, b)| a * (1.0 - weight) + b * weight).collect()
        }
    };
    let mut dims = DIMS;
    for _ in 0..level {
        let half = dims.map(|n| n.div_ceil(2));
        let mut out = Vec::new();
        for z in 0..half[0] {
            for y in 0..half[1] {
                for x in 0..half[2] {
                    let mut children = Vec::new();
                    for (dz, dy, dx) in (0..8).map(|c| (c >> 2, c >> 1 & 1, c & 1)) {
                        let child = [2 * z + dz, 2 * y + dy, 2 * x + dx];
                        if (0..3).all(|a| child[a] < dims[a]) {
                            children.push(whole[((child[0] * dims[1] + child[1]) * dims[2] + child[2]) as usize]);
                        }
                    }
                    children.retain(|v| !v.is_nan());
                    out.push(children.iter().sum::<f32>() / children.len() as f32);
                }
            }
        }
        (whole, dims) = (out, half);
    }
    (whole, dims)
}

fn assert_close(got: f32, want: f32, tolerance: f32, what: &str) {
    assert!(
        got.is_nan() == want.is_nan() && (got.is_nan() || (got - want).abs() <= tolerance),
        "{what}: {got} instead of {want}"
    );
}

#[test]
fn every_box_time_and_level_agrees_with_the_oracle() {
    let mut rng = SmallRng::seed_from_u64(9);
    for seed in 0..3 {
        let volume = Volume::from_vec(file(seed), OpenOptions::default()).unwrap();
        for time in [0.0, 0.4, 1.0, 1.5, 2.0, 2.25, 3.0, 3.5, 4.0] {
            for level in 0..4u8 {
                let (want, dims) = reference(&volume, time, level);
                for case in 0..6 {
                    let (min, max): ([u32; 3], [u32; 3]) = if case == 0 {
                        ([0; 3], dims)
                    } else {
                        let min = dims.map(|n| rng.random_range(0..n));
                        (min, std::array::from_fn(|a| rng.random_range(min[a]..dims[a]) + 1))
                    };
                    let kernels = [Kernel::Scalar, Kernel::best(Precision::Exact)];
                    let request =
                        Request { min, max, level, kernel: Some(kernels[case % 2]), ..Request::whole(0, dims, time) };
                    let [nz, ny, nx] = request.extent();
                    let (row, slice) = (nx + case, (nx + case) * ny + 3);
                    let mut got = vec![-77.0f32; slice * nz];
                    let mut coverage = vec![7; slice * nz];
                    let target = Target {
                        data: TargetData::F32(&mut got),
                        row_stride: row,
                        slice_stride: slice,
                        value_range: None,
                        coverage: Some(&mut coverage),
                    };
                    let stats = volume.decode(&request, target).unwrap();
                    assert_eq!(stats.voxels, (nz * ny * nx) as u64);
                    for (i, (&got, &coverage)) in got.iter().zip(&coverage).enumerate() {
                        let (z, y, x) = (i / slice, i % slice / row, i % slice % row);
                        if y < ny && x < nx {
                            let at = [z as u32 + min[0], y as u32 + min[1], x as u32 + min[2]];
                            let want = want[((at[0] * dims[1] + at[1]) * dims[2] + at[2]) as usize];
                            assert_close(got, want, 5e-5, &format!("seed {seed} time {time} level {level} at {at:?}"));
                            assert_eq!(coverage, if want.is_nan() { 0 } else { 255 });
                        } else {
                            assert_eq!((got, coverage), (-77.0, 7), "padding must stay");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn integer_and_half_targets_are_the_rounded_floats() {
    let volume = Volume::from_vec(file(1), OpenOptions { threads: 1, ..OpenOptions::default() }).unwrap();
    let request = Request::whole(0, DIMS, 1.5);
    let n = request.voxels().unwrap();
    let mut floats = vec![0f32; n];
    volume.decode(&request, Target::dense(TargetData::F32(&mut floats), &request)).unwrap();
    let (mut half, mut bytes, mut words) = (vec![f16::ZERO; n], vec![9u8; n], vec![9u16; n]);
    volume.decode(&request, Target::dense(TargetData::F16(&mut half), &request)).unwrap();
    volume.decode(&request, Target::dense(TargetData::U8(&mut bytes), &request)).unwrap();
    let mut target = Target::dense(TargetData::U16(&mut words), &request);
    target.value_range = Some((0.0, 1.0));
    volume.decode(&request, target).unwrap();
    for i in 0..n {
        let v = floats[i];
        assert_eq!(half[i].to_bits(), f16::from_f32(v).to_bits());
        if v.is_nan() {
            assert_eq!((bytes[i], words[i]), (0, 0));
        } else {
            assert!((f32::from(bytes[i]) - (v + 2.0) / 5.0 * 255.0).abs() <= 0.5001);
            assert!((f32::from(words[i]) - v.clamp(0.0, 1.0) * 65535.0).abs() <= 0.51);
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    let volume = Volume::from_vec(file(0), OpenOptions::default()).unwrap();
    let good = Request::whole(0, DIMS, 0.0);
    let mut data = vec![0f32; good.voxels().unwrap()];
    let bad = [
        (Request { variable: 1, ..good.clone() }, "variable"),
        (Request { quality: 1, ..good.clone() }, "quality"),
        (Request { level: 4, ..good.clone() }, "level"),
        (Request { time: -0.1, ..good.clone() }, "time"),
        (Request { time: 4.01, ..good.clone() }, "time"),
        (Request { time: f64::NAN, ..good.clone() }, "time"),
        (Request { min: [3, 0, 0], max: [3, 1, 1], ..good.clone() }, "box"),
        (Request { max: [11, 19, 38], ..good.clone() }, "box"),
        (Request { max: [u32::MAX; 3], ..good.clone() }, "box"),
    ];
    for (request, wanted) in bad {
        let target = Target::dense(TargetData::F32(&mut data), &good);
        match volume.decode(&request, target) {
            Err(Error::Argument { name, .. }) => assert_eq!(name, wanted),
            other => panic!("{request:?}: {other:?}"),
        }
    }
    let short = data.len() - 1;
    let error = volume.decode(&good, Target::dense(TargetData::F32(&mut data[..short]), &good)).unwrap_err();
    assert!(error.to_string().contains("target"), "{error}");
}

#[test]
fn block_ranges_bound_the_decoded_values() {
    let volume = Volume::from_vec(file(2), OpenOptions::default()).unwrap();
    let info = volume.reader().variables()[0].clone();
    for time in [0.0, 1.5, 2.5, 4.0] {
        let (whole, _) = reference(&volume, time, 0);
        for block in 0..info.n_blocks() {
            let range = volume.block_range(0, 0, time, block).unwrap();
            let (origin, extent) = (info.block_origin(block), info.block_extent(block, 0));
            for i in 0..extent.iter().product::<u32>() {
                let [z, y, x] = [i / extent[2] / extent[1], i / extent[2] % extent[1], i % extent[2]];
                let v = whole[(((origin[0] + z) * DIMS[1] + origin[1] + y) * DIMS[2] + origin[2] + x) as usize];
                if !v.is_nan() {
                    let (low, high) = range.expect("a valid voxel");
                    assert!(low <= v && v <= high, "{v} outside {low}..{high}");
                }
            }
        }
    }
}

#[test]
fn a_damaged_block_is_an_error_and_the_others_still_decode() {
    let mut bytes = file(0);
    let volume = Volume::from_vec(bytes.clone(), OpenOptions::default()).unwrap();
    let key = (0..volume.reader().variables()[0].n_blocks())
        .map(|block| BlockKey { variable: 0, quality: 0, level: 0, segment: 0, block })
        .find(|&key| volume.reader().entry(key).unwrap().payload_len > 0)
        .unwrap();
    let entry = volume.reader().entry(key).unwrap();
    let info = volume.reader().variables()[0].clone();
    bytes[entry.payload_offset as usize + 5] ^= 0x10;
    let volume = Volume::from_vec(bytes, OpenOptions::default()).unwrap();
    for block in 0..info.n_blocks() {
        let (min, extent) = (info.block_origin(block), info.block_extent(block, 0));
        let max = std::array::from_fn(|a| min[a] + extent[a]);
        let request = Request { min, max, ..Request::whole(0, DIMS, 1.0) };
        let mut data = vec![0f32; request.voxels().unwrap()];
        let result = volume.decode(&request, Target::dense(TargetData::F32(&mut data), &request));
        assert_eq!(result.is_err(), block == key.block, "{block}: {result:?}");
    }
}

/// The bits of the whole grid, so that NaN counts too.
fn bits(volume: &Volume, request: &Request) -> (Vec<u32>, Stats) {
    let mut values = vec![0f32; request.voxels().unwrap()];
    let stats = volume.decode(request, Target::dense(TargetData::F32(&mut values), request)).unwrap();
    (values.into_iter().map(f32::to_bits).collect(), stats)
}

const TIMES: [f64; 10] = [0.0, 0.4, 1.0, 1.5, 2.0, 2.25, 3.0, 3.5, 4.0, 0.0];

#[test]
fn what_is_kept_changes_no_bit() {
    let bytes = file(4);
    let open = |cache_bytes| Volume::from_vec(bytes.clone(), OpenOptions { threads: 1, cache_bytes }).unwrap();
    // Everything fits, a part, hardly one block, nothing.
    for budget in [DEFAULT_CACHE_BYTES, 1 << 20, 40 << 10, 1] {
        let (volume, without) = (open(budget), open(0));
        for time in TIMES.into_iter().chain(TIMES) {
            for kernel in [Kernel::best(Precision::Exact), Kernel::Scalar] {
                let request = Request { kernel: Some(kernel), ..Request::whole(0, DIMS, time) };
                assert_eq!(bits(&volume, &request).0, bits(&without, &request).0, "{budget} bytes, time {time}");
                assert!(volume.stats().cache_bytes <= budget);
            }
        }
        let (stats, all) = (volume.stats(), without.stats());
        assert_eq!(stats.cache_hits + stats.cache_misses, all.cache_misses);
        assert_eq!((all.cache_hits, all.cache_bytes), (0, 0));
        match budget {
            DEFAULT_CACHE_BYTES => assert!(stats.cache_hits > 5 * stats.cache_misses, "{stats:?}"),
            1 => assert_eq!((stats.cache_hits, stats.payload_bytes), (0, all.payload_bytes)),
            _ => assert!(stats.cache_misses > 0 && stats.cache_bytes > 0, "{stats:?}"),
        }
    }
}

#[test]
fn payload_bytes_count_when_they_are_read() {
    let volume = Volume::from_vec(file(4), OpenOptions::default()).unwrap();
    let request = Request::whole(0, DIMS, 1.0);
    let first = bits(&volume, &request).1;
    assert!(first.payload_bytes > 0);
    let second = bits(&volume, &Request { time: 0.25, ..request.clone() }).1;
    assert_eq!((second.payload_bytes, second.blocks), (0, first.blocks));
    let fast = bits(&volume, &Request { kernel: Some(Kernel::Scalar), ..request }).1;
    assert!(Kernel::best(Precision::Exact) == Kernel::Scalar || fast.payload_bytes == first.payload_bytes);
    assert_eq!(volume.stats().payload_bytes, first.payload_bytes + fast.payload_bytes);
}

#[test]
fn many_threads_share_what_is_kept() {
    let bytes = file(4);
    let expected: Vec<Vec<u32>> = {
        let volume = Volume::from_vec(bytes.clone(), OpenOptions { threads: 1, cache_bytes: 0 }).unwrap();
        TIMES.iter().map(|&time| bits(&volume, &Request::whole(0, DIMS, time)).0).collect()
    };
    for cache_bytes in [DEFAULT_CACHE_BYTES, 200 << 10] {
        let volume = Volume::from_vec(bytes.clone(), OpenOptions { threads: 2, cache_bytes }).unwrap();
        std::thread::scope(|scope| {
            for first in 0..8 {
                let (volume, expected) = (&volume, &expected);
                scope.spawn(move || {
                    for i in 0..20 {
                        let n = (first * 3 + i) % TIMES.len();
                        assert_eq!(bits(volume, &Request::whole(0, DIMS, TIMES[n])).0, expected[n]);
                    }
                });
            }
        });
        assert!(volume.stats().cache_bytes <= cache_bytes);
    }
}
