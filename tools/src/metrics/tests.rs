//! Checks against numpy, scipy and scikit-image. The expected numbers were printed by (numpy 2.4, scikit-image 0.26):
//!
//! ```python
//! import numpy as np
//! from skimage.metrics import structural_similarity
//! z, y, x = np.meshgrid(np.arange(nz), np.arange(ny), np.arange(nx), indexing="ij"); i = (z * ny + y) * nx + x
//! a = np.sin(.31 * x + .2 * step) * np.cos(.23 * y) + .5 * np.sin(.4 * z + .05 * x) + .02 * (i * 7919 % 101) / 101
//! a = (a + offset).astype("f4")
//! b = (a + .2 * ((i + 17 * step) * 104729 % 1009 / 1009 - .45)).astype("f4")
//! L = float(a.max()) - a.min(); d = b.astype("f8") - a; top = a >= np.quantile(a, .999)
//! s, full = structural_similarity(a - a.min() + 0., b - a.min() + 0., data_range=L, win_size=7, full=True)  # in f8
//! print(20 * np.log10(L / np.sqrt((d * d).mean())), abs(d).max(), d.mean(), np.quantile(abs(d), .999),
//!       d[top].mean() / (a[top].mean() - a.min()), s, full[3:-3, 3:-3, 3:-3].min())
//! ```

use std::convert::Infallible;

use super::*;

const DIMS: [u32; 3] = [20, 24, 28];

/// (original, decoded) of the formula above at [z, y, x].
fn value([_, ny, nx]: [u32; 3], offset: f64, step: u32, [z, y, x]: [u32; 3]) -> (f32, f32) {
    let index = (u64::from(z) * u64::from(ny) + u64::from(y)) * u64::from(nx) + u64::from(x);
    let (zf, yf, xf) = (f64::from(z), f64::from(y), f64::from(x));
    let wave = (0.31 * xf + 0.2 * f64::from(step)).sin() * (0.23 * yf).cos() + 0.5 * (0.4 * zf + 0.05 * xf).sin();
    let original = (wave + 0.02 * ((index * 7919 % 101) as f64) / 101.0 + offset) as f32;
    let noise = ((index + 17 * u64::from(step)) * 104_729 % 1009) as f64 / 1009.0 - 0.45;
    (original, (f64::from(original) + 0.2 * noise) as f32)
}

fn range(dims: [u32; 3], offset: f64) -> ValueRange {
    let mut range = ValueRange { min: f64::INFINITY, max: f64::NEG_INFINITY };
    for z in 0..dims[0] {
        for y in 0..dims[1] {
            for x in 0..dims[2] {
                let v = f64::from(value(dims, offset, 0, [z, y, x]).0);
                range = ValueRange { min: range.min.min(v), max: range.max.max(v) };
            }
        }
    }
    range
}

/// Adds a step whose voxels `voxel([z, y, x])` gives as (original, decoded).
fn add(comparison: &mut Comparison, dims: [u32; 3], voxel: impl Fn([u32; 3]) -> (f32, f32)) {
    let result: Result<(), Infallible> = comparison.add_step(dims, |z, original, decoded| {
        let nx = dims[2] as usize;
        for (i, (a, b)) in original.iter_mut().zip(decoded).enumerate() {
            (*a, *b) = voxel([z, (i / nx) as u32, (i % nx) as u32]);
        }
        Ok(())
    });
    let Ok(()) = result;
}

fn compare(dims: [u32; 3], range: ValueRange, voxel: impl Fn([u32; 3]) -> (f32, f32)) -> Figures {
    let options = Options { ssim_target: Some(0.985), ..Options::default() };
    let mut comparison = Comparison::new(range, [8, 8, 8], options);
    add(&mut comparison, dims, voxel);
    comparison.finish().total
}

#[track_caller]
fn assert_near(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} instead of {expected}");
}

#[test]
fn volume_matches_numpy_and_scikit_image() {
    let got = compare(DIMS, range(DIMS, 0.0), |at| value(DIMS, 0.0, 0, at));
    let errors = &got.errors;
    assert_eq!((errors.valid, errors.lost, errors.invented), (13_440, 0, 0));
    assert_near(errors.psnr_db, 34.212_912_7, 1e-6);
    assert_near(errors.rmse, 0.058_590_403_6, 1e-8);
    assert_near(errors.max_abs_error, 0.109_801_787_9, 1e-8);
    assert_near(errors.mean_error, 0.009_946_375_5, 1e-8);
    assert!(errors.p999_abs_error >= 0.109_714 && errors.p999_abs_error <= 0.109_801_8, "{}", errors.p999_abs_error);
    assert_near(errors.peak_top.unwrap(), 0.007_211_920, 1e-6);

    let ssim = got.ssim.unwrap();
    assert_eq!(ssim.windows, 14 * 18 * 22);
    assert_near(ssim.mean, 0.989_992_413_877, 1e-9);
    assert_near(ssim.min_window, 0.964_533_183_219, 1e-8);
    assert_eq!((ssim.blocks, ssim.blocks_below_target), (36, Some(1)));
    assert_near(ssim.min_block, 0.983_697_764_892, 1e-9);
    assert_near(ssim.p1_block, 0.984_622_794_957, 1e-9);
    assert_eq!(ssim.worst, WorstBlock { step: 0, block: [2, 1, 3] });
}

#[test]
fn a_large_offset_costs_no_digits() {
    let got = compare(DIMS, range(DIMS, 280.0), |at| value(DIMS, 280.0, 0, at));
    assert_near(got.errors.psnr_db, 34.212_876_3, 1e-6);
    assert_near(got.ssim.unwrap().mean, 0.989_992_390_082, 1e-9);
}

#[test]
fn plane_matches_two_dimensional_scikit_image() {
    let dims = [1, 40, 50];
    let got = compare(dims, range(dims, 0.0), |at| value(dims, 0.0, 0, at));
    assert_near(got.errors.psnr_db, 32.079_272_48, 1e-6);
    assert_near(got.errors.peak_top.unwrap(), -0.028_915_669_7, 1e-6);
    let ssim = got.ssim.unwrap();
    assert_eq!(ssim.windows, 34 * 44);
    assert_near(ssim.mean, 0.983_112_147_393, 1e-9);
}

/// Expected number: scipy's `uniform_filter(size=(3, 7, 7))` in the SSIM formula with covariances times n / (n - 1).
#[test]
fn the_window_shrinks_on_a_thin_axis() {
    let dims = [4, 24, 28];
    let ssim = compare(dims, range(dims, 0.0), |at| value(dims, 0.0, 0, at)).ssim.unwrap();
    assert_eq!(ssim.windows, 792);
    assert_near(ssim.mean, 0.984_555_202_635, 1e-9);
    let lengths: Vec<usize> = (0..=9).map(|n| ssim::window_length(7, n)).collect();
    assert_eq!(lengths, [1, 1, 1, 3, 3, 5, 5, 7, 7, 7]);
}

/// Expected number: mean of scikit-image's map over the windows that touch neither invalid place.
#[test]
fn windows_that_touch_invalid_voxels_are_left_out() {
    let got = compare(DIMS, range(DIMS, 0.0), |at| {
        let (a, b) = value(DIMS, 0.0, 0, at);
        let [z, y, x] = at;
        if z < 4 && (5..9).contains(&y) && (6..20).contains(&x) {
            (f32::NAN, f32::NAN)
        } else if at == [15, 20, 20] {
            (a, f32::INFINITY)
        } else {
            (a, b)
        }
    });
    assert_eq!((got.errors.valid, got.errors.lost, got.errors.invented), (13_440 - 4 * 4 * 14 - 1, 1, 0));
    let ssim = got.ssim.unwrap();
    assert_eq!(ssim.windows, 4684);
    assert_near(ssim.mean, 0.989_982_722_919, 1e-9);
}

#[test]
fn mask_differences_are_counted_in_both_directions() {
    let unit = ValueRange { min: 0.0, max: 1.0 };
    let got = compare([2, 3, 4], unit, |at| match at {
        [0, 0, 0] => (f32::NAN, 0.5),
        [1, _, 0] => (0.5, f32::NAN),
        [1, 2, 3] => (f32::NAN, f32::NAN),
        _ => (0.25, 0.25),
    });
    assert_eq!((got.errors.invented, got.errors.lost, got.errors.valid), (1, 3, 19));
    assert_eq!((got.errors.psnr_db, got.errors.max_abs_error), (f64::INFINITY, 0.0));
}

#[test]
fn constant_regions_follow_the_rule() {
    let unit = ValueRange { min: 0.0, max: 1.0 };
    let constant = |decoded: f32| compare([9, 9, 9], unit, |_| (0.8, decoded)).ssim.unwrap().mean;
    assert_eq!(constant(0.809), 1.0);
    assert_eq!(constant(0.82), 0.0);
    // Without any range at all: equal is 1, everything else 0.
    let none = ValueRange { min: 5.0, max: 5.0 };
    assert_eq!(compare([9, 9, 9], none, |_| (5.0, 5.0)).ssim.unwrap().mean, 1.0);
    assert_eq!(compare([9, 9, 9], none, |_| (5.0, 5.5)).ssim.unwrap().mean, 0.0);
    assert_eq!(compare([9, 9, 9], none, |[z, ..]| (5.0, 5.0 + z as f32)).ssim.unwrap().mean, 0.0);
}

#[test]
fn steps_add_up_and_a_failed_step_does_not_count() {
    let range = ValueRange { min: -1.6, max: 1.6 };
    let mut both = Comparison::new(range, [8, 8, 8], Options::default());
    add(&mut both, DIMS, |at| value(DIMS, 0.0, 0, at));
    let failed = both.add_step(DIMS, |z, _, _| if z == 3 { Err("disk full") } else { Ok(()) });
    assert_eq!(failed, Err("disk full"));
    add(&mut both, DIMS, |at| {
        let (a, b) = value(DIMS, 0.0, 1, at);
        (a, b + 0.3)
    });
    let report = both.finish();
    assert_eq!(report.steps.len(), 2);
    let (first, second) = (&report.steps[0], &report.steps[1]);
    let total = &report.total;
    assert_eq!(total.errors.valid, first.errors.valid + second.errors.valid);
    let mean_square = (first.errors.rmse.powi(2) + second.errors.rmse.powi(2)) / 2.0;
    assert_near(total.errors.rmse, mean_square.sqrt(), 1e-12);
    assert_eq!(total.errors.max_abs_error, second.errors.max_abs_error);
    let ssim = |figures: &Figures| figures.ssim.clone().unwrap();
    assert_near(ssim(total).mean, (ssim(first).mean + ssim(second).mean) / 2.0, 1e-12);
    assert_eq!(ssim(total).worst.step, 1);
    assert_eq!(ssim(total).min_block, ssim(second).min_block);

    let json = serde_json::to_value(&report).unwrap();
    assert!(json["total"]["psnr_db"].is_f64() && json["steps"][1]["ssim"]["worst"]["block"].is_array());
}

#[test]
fn empty_and_fully_invalid_fields_give_no_numbers_and_no_panic() {
    let unit = ValueRange { min: 0.0, max: 1.0 };
    for dims in [[0, 0, 0], [1, 0, 5], [3, 3, 3]] {
        let got = compare(dims, unit, |_| (f32::NAN, f32::NAN));
        assert!(
            got.errors.psnr_db.is_nan() && got.errors.valid == 0 && got.ssim.is_none() && got.errors.peak_top.is_none()
        );
    }
    let one = compare([1, 1, 1], unit, |_| (0.25, 0.75));
    assert_near(one.errors.psnr_db, 6.020_599_9, 1e-6);
    assert_eq!(one.ssim.unwrap().windows, 1);
}
