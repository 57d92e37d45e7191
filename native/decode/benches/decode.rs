//! Decoding rates of one core, in voxels per second.
//!
//! `cargo bench -p neuvol-decode`; with zfp among the peers (needs CMake and a C compiler):
//! `cargo bench -p neuvol-decode --features zfp`.
//!
//! Times are wall-clock: on a busy machine read the smallest numbers, they are the ones other programs disturb least.
#[path = "../tests/common/mod.rs"]
#[allow(dead_code)]
mod common;

use common::{nested, random_network};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use neuvol_decode::{Folded, Kernel, Scratch};
use neuvol_model::{GridConfig, GridNetwork, voxels};
use std::hint::black_box;
use std::time::Duration;

const BLOCK: [u32; 3] = [64, 64, 64];
const FIELD: usize = 128;

fn network(n_neurons: u16, n_hidden_layers: u8) -> GridNetwork {
    let config = GridConfig { levels: nested(1, 4, 4, 0), n_neurons, n_hidden_layers, n_outputs: 1, n_time_codes: 0 };
    random_network(config, BLOCK, 11)
}

fn available() -> impl Iterator<Item = Kernel> {
    Kernel::all().into_iter().filter(|k| k.is_available())
}

/// A folded network, decoded: what a player pays for every further time step of a segment.
fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode 64^3");
    group.throughput(Throughput::Elements(voxels(BLOCK) as u64));
    let mut out = vec![0f32; voxels(BLOCK)];
    let mut scratch = Scratch::new();
    for (name, n_neurons, n_hidden_layers) in
        [("16-16-1", 16, 1), ("16-16-16-1", 16, 2), ("16-32-32-1", 32, 2), ("16-64-64-1", 64, 2)]
    {
        let network = network(n_neurons, n_hidden_layers);
        for kernel in available() {
            let folded = Folded::new(&network, 0, kernel).expect("a valid network");
            if folded.kernel() != kernel {
                continue;
            }
            group.bench_function(BenchmarkId::new(name, kernel.name()), |bencher| {
                bencher.iter(|| folded.decode(0.0, (0.0, 1.0), black_box(&mut out), &mut scratch));
            });
        }
    }
    let network = network(16, 2);
    group.sample_size(10);
    group.bench_function(BenchmarkId::new("16-16-16-1", "oracle"), |bencher| {
        bencher.iter(|| network.evaluate_block(0.0, 0, black_box(&mut out)));
    });
    group.finish();
}

/// Folding and decoding: what the first decode of a block costs.
fn fold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold and decode 64^3");
    group.throughput(Throughput::Elements(voxels(BLOCK) as u64));
    let mut out = vec![0f32; voxels(BLOCK)];
    let mut scratch = Scratch::new();
    for (name, n_neurons) in [("16-16-16-1", 16), ("16-64-64-1", 64)] {
        let network = network(n_neurons, 2);
        for kernel in available() {
            group.bench_function(BenchmarkId::new(name, kernel.name()), |bencher| {
                bencher.iter(|| {
                    let folded = Folded::new(&network, 0, kernel).expect("a valid network");
                    folded.decode(0.0, (0.0, 1.0), black_box(&mut out), &mut scratch)
                });
            });
        }
    }
    group.finish();
}

/// A smooth field with some detail, in 0..1.
fn field() -> Vec<f32> {
    let wave = |i: usize, k: f32, p: f32| (i as f32 / FIELD as f32 * k + p).sin();
    let value = |z: usize, y: usize, x: usize| {
        let coarse = wave(x, 7.0, 0.3) * wave(y, 5.0, 1.1) * wave(z, 6.0, 0.7);
        let fine = wave(x + y, 41.0, 0.0) * wave(y + z, 37.0, 2.0) * wave(z + x, 43.0, 1.0);
        0.5 + 0.4 * coarse + 0.08 * fine
    };
    let index = 0..FIELD * FIELD * FIELD;
    index.map(|i| value(i / FIELD / FIELD, i / FIELD % FIELD, i % FIELD)).collect()
}

/// Conventional ways to store a field at about 4:1 or more.
fn peers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peers 128^3");
    let field = field();
    group.throughput(Throughput::Elements(field.len() as u64));
    let mut out = vec![0f32; field.len()];

    let bytes: Vec<u8> = field.iter().map(|v| (v * 255.0).round() as u8).collect();
    let packed = zstd::bulk::compress(&bytes, 9).expect("zstd");
    println!("zstd 8-bit: {:.1}:1", (4 * field.len()) as f64 / packed.len() as f64);
    let mut unpacked = vec![0u8; bytes.len()];
    group.bench_function("zstd 8-bit", |bencher| {
        bencher.iter(|| {
            zstd::bulk::decompress_to_buffer(&packed, &mut unpacked).expect("zstd");
            for (out, byte) in out.iter_mut().zip(&unpacked) {
                *out = f32::from(*byte) / 255.0;
            }
            black_box(&mut out);
        });
    });
    #[cfg(feature = "zfp")]
    zfp::bench(&mut group, &field, &mut out);
    group.finish();
}

#[cfg(feature = "zfp")]
mod zfp {
    use super::{FIELD, black_box};
    use criterion::BenchmarkGroup;
    use criterion::measurement::WallTime;
    use std::ffi::c_void;
    use zfp_sys::*;

    /// (De)compresses between `values` and `buffer` at a fixed accuracy; returns the bytes used.
    fn run(values: &mut [f32], buffer: &mut [u8], tolerance: f64, compress: bool) -> usize {
        assert_eq!(values.len(), FIELD * FIELD * FIELD);
        // SAFETY: the field describes `values`, the bit stream lies in `buffer`, and both outlive the calls; every
        // object is freed once.
        unsafe {
            let data = values.as_mut_ptr().cast::<c_void>();
            let field = zfp_field_3d(data, zfp_type_zfp_type_float, FIELD, FIELD, FIELD);
            let stream = zfp_stream_open(std::ptr::null_mut());
            zfp_stream_set_accuracy(stream, tolerance);
            let bits = stream_open(buffer.as_mut_ptr().cast(), buffer.len());
            zfp_stream_set_bit_stream(stream, bits);
            zfp_stream_rewind(stream);
            let used = if compress { zfp_compress(stream, field) } else { zfp_decompress(stream, field) };
            zfp_field_free(field);
            zfp_stream_close(stream);
            stream_close(bits);
            used
        }
    }

    pub(super) fn bench(group: &mut BenchmarkGroup<'_, WallTime>, field: &[f32], out: &mut [f32]) {
        let mut buffer = vec![0u8; 8 * field.len()];
        let mut values = field.to_vec();
        // The largest power of two as tolerance that leaves at least a quarter of the bytes.
        let (tolerance, used) = (1..24)
            .map(|k| (0.5f64.powi(k), run(&mut values, &mut buffer, 0.5f64.powi(k), true)))
            .find(|&(_, used)| used >= field.len())
            .expect("24 bits are more than a quarter");
        run(&mut values, &mut buffer, tolerance, true);
        println!("zfp: tolerance {tolerance:.1e}, {:.1}:1", (4 * field.len()) as f64 / used as f64);
        group.bench_function("zfp", |bencher| {
            bencher.iter(|| black_box(run(out, &mut buffer, tolerance, false)));
        });
        let error = field.iter().zip(out.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(f64::from(error) <= tolerance, "zfp must keep its promise: {error} > {tolerance}");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = decode, fold, peers
}
criterion_main!(benches);
