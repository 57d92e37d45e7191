//! Blocks of matrices through coder and decoder, beside wavelet latents.

use super::{Fitted, fit};
use crate::train::Fields;
use crate::wavelet::{self, Effort, Model, Piece, Preset};
use neuvol_decode::{Kernel, Precision, Scratch, decode_block};
use neuvol_format::{Entry, MaskRef, codec};
use neuvol_model::{Block, Matrices, Wavelet};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N_STEPS: usize = 8;
const EXTENT: [usize; 3] = [40, 44, 48];

/// Sums of separable waves, whose frequencies are no whole numbers and whose amplitudes fall with them, `[step][voxel]`.
fn spectral_field(n_waves: usize) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let [nz, ny, nx] = EXTENT;
    let mut field = vec![vec![0f32; nz * ny * nx]; N_STEPS];
    for _ in 0..n_waves {
        let frequencies: [f64; 4] = std::array::from_fn(|_| rng.random_range(0.02..1.2f64).powi(2));
        let phases: [f64; 4] = std::array::from_fn(|_| rng.random_range(0.0..6.3));
        let amplitude = 1.0 / (0.2 + frequencies[1] + frequencies[2] + frequencies[3]);
        let wave = |axis: usize, n: usize| -> Vec<f64> {
            (0..n).map(|i| (i as f64 * frequencies[axis] + phases[axis]).cos()).collect()
        };
        let [t, z, y, x] = [wave(0, N_STEPS), wave(1, nz), wave(2, ny), wave(3, nx)];
        for (step, values) in field.iter_mut().enumerate() {
            for (at, value) in values.iter_mut().enumerate() {
                *value += (amplitude * t[step] * z[at / nx / ny] * y[at / nx % ny] * x[at % nx]) as f32;
            }
        }
    }
    field
}

/// Root mean square error of a decoded block.
fn rmse(block: &Block, values: &[Vec<f32>], extent: [usize; 3]) -> f64 {
    let entry = Entry {
        codec: codec::MATRICES,
        output: 0,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min: -1e9,
        max: 1e9,
        max_abs_error: f32::NAN,
        rmse: f32::NAN,
        network: None,
        mask: MaskRef::AllValid,
    };
    let (mut out, mut scratch, mut sum) = (vec![0.0; values[0].len()], Scratch::new(), 0.0);
    for (step, values) in values.iter().enumerate() {
        let kernel = Kernel::best(Precision::Exact);
        let extent = extent.map(|n| n as u32);
        decode_block(block, &entry, extent, step as f64, kernel, &mut out, &mut scratch).unwrap();
        sum += values.iter().zip(&out).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    }
    (sum / (values.len() * out.len()) as f64).sqrt()
}

/// The bytes of a block and what they decode to.
fn written(fitted: Fitted, offset: f32, effort: &Effort, extent: [usize; 3], n_steps: usize) -> (usize, Block) {
    let block = fitted.into_block(offset, effort.coder);
    let bytes = block.to_bytes().unwrap();
    let read = Matrices::from_bytes(&bytes, extent.map(|n| n as u32), 0, n_steps as u32).unwrap();
    assert_eq!(read, block);
    (bytes.len(), Block::Matrices(Box::new(read)))
}

#[test]
#[expect(clippy::print_stdout, reason = "the sizes are worth knowing")]
fn spectral_fields_take_fewer_bytes_than_latents_at_the_same_error() {
    let effort = Effort { n_channels: 0, ..Preset::Default.effort() };
    let field = spectral_field(40);
    let fields = Fields {
        extent: EXTENT.map(|n| n as u32),
        n_outputs: 1,
        n_steps: N_STEPS,
        values: field.iter().flatten().copied().collect(),
    };
    let piece = Piece::new(&fields, 0, effort.n_levels, &mut wavelet::lifting());
    let (min, max) = field.iter().flatten().fold((f32::MAX, f32::MIN), |(min, max), &v| (min.min(v), max.max(v)));
    for share in [0.1, 0.03, 0.01] {
        let model = Model { step: share * f64::from(max - min), head: None, peak_weight: 0.0 };
        let latents = wavelet::fit(&piece, &model, &effort, &|| false).unwrap();
        let latents = wavelet::assemble(&piece, latents, &model, &effort, false);
        let wavelet_bytes = latents.to_bytes().unwrap();
        let read = Wavelet::from_bytes(&wavelet_bytes, latents.extent, 0, N_STEPS as u32, None).unwrap();
        let wanted = rmse(&Block::Wavelet(Box::new(read)), &field, EXTENT);
        // The step that gives the same error, by halving an interval.
        let (values, extent) = piece.values();
        let (mut low, mut high) = (0.25 * model.step, 4.0 * model.step);
        let mut best = None;
        for _ in 0..10 {
            let step = (low * high).sqrt();
            let (bytes, block) =
                written(fit(values, extent, step, f64::INFINITY).unwrap(), piece.offset, &effort, EXTENT, N_STEPS);
            let error = rmse(&block, &field, EXTENT);
            if error <= wanted {
                low = step;
                best = Some((bytes, error));
            } else {
                high = step;
            }
        }
        let (bytes, error) = best.expect("a quarter of the step is exact enough");
        let psnr = 20.0 * (f64::from(max - min) / error).log10();
        println!("{psnr:.2} dB: matrices {bytes} bytes, latents {} bytes", wavelet_bytes.len());
        assert!(bytes * 5 < wavelet_bytes.len() * 4);
    }
}

#[test]
fn errors_are_about_those_of_the_quantiser() {
    let field = spectral_field(12);
    let effort = Preset::Fast.effort();
    for step in [1.0, 0.1, 1e-3] {
        let (_, block) = written(fit(&field, EXTENT, step, f64::INFINITY).unwrap(), 0.0, &effort, EXTENT, N_STEPS);
        let error = rmse(&block, &field, EXTENT);
        assert!(error < 0.5 * step && error > 0.0, "{error} at {step}");
    }
}

#[test]
fn fields_without_structure_are_blocks_too() {
    let effort = Preset::Fast.effort();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for (extent, n_steps) in [([1, 1, 1], 1), ([1, 1, 9], 1), ([1, 7, 5], 40), ([9, 8, 70], 2)] {
        let n = extent.iter().product();
        let noise: Vec<Vec<f32>> =
            (0..n_steps).map(|_| (0..n).map(|_| rng.random_range(-1.0..1.0f32)).collect()).collect();
        for (values, step, most) in [(noise, 0.01, 0.01), (vec![vec![0.0; n]; n_steps], 0.1, 0.0)] {
            let fitted = fit(&values, extent, step, f64::INFINITY).unwrap();
            assert!(fitted.estimate() >= 0.0);
            let (_, block) = written(fitted, 0.0, &effort, extent, n_steps);
            let error = rmse(&block, &values, extent);
            // More than 32 steps do not fit into as many columns.
            assert!(error <= most || n_steps > 32, "{extent:?}: {error}");
        }
    }
    assert!(fit(&vec![vec![0.0]; 257], [1, 1, 1], 1.0, f64::INFINITY).is_none());
}

#[test]
fn what_takes_many_more_bits_than_allowed_is_given_up() {
    let field = spectral_field(12);
    let bits = fit(&field, EXTENT, 0.1, f64::INFINITY).unwrap().estimate();
    assert!(fit(&field, EXTENT, 0.1, bits).is_some());
    assert!(fit(&field, EXTENT, 0.1, bits / 4.0).is_none());
}
