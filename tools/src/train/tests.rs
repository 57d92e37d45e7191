use super::*;
use neuvol_decode::{Folded, Kernel, Scratch};

const EXTENT: [u32; 3] = [12, 30, 33];

fn waves() -> Vec<f32> {
    let [nz, ny, nx] = EXTENT.map(|n| n as usize);
    (0..nz * ny * nx)
        .map(|i| {
            let (z, y, x) = ((i / nx / ny) as f32, (i / nx % ny) as f32, (i % nx) as f32);
            3.0 + (0.3 * x + 0.1 * z).sin() * (0.23 * y).cos() + 0.02 * z * y
        })
        .collect()
}

fn range(values: &[f32]) -> (f32, f32) {
    let fold = |pick: fn(f32, f32) -> f32| values.iter().copied().fold(f32::NAN, pick);
    (fold(f32::min), fold(f32::max))
}

fn fit(values: &[f32], options: &TrainOptions, steps: u32, seed: u64) -> Result<Trained, TrainError> {
    let fields = Fields { extent: EXTENT, n_outputs: 1, n_steps: 1, values: values.to_vec() };
    train(&Job { fields: &fields, ranges: &[range(values)], points: None, rate: None, steps, seed }, options, &|| false)
}

/// Trains and measures with the oracle; PSNR over the range of the valid values.
fn psnr(values: &[f32], options: &TrainOptions, steps: u32) -> f64 {
    let (low, high) = range(values);
    let trained = fit(values, options, steps, 1).unwrap();
    let mut decoded = vec![0.0; values.len()];
    trained.network.evaluate_block(0.0, 0, &mut decoded);
    let errors = values.iter().zip(&decoded).filter(|(v, _)| !v.is_nan());
    let (sum, n) = errors.fold((0.0, 0.0), |(sum, n), (&v, &y)| {
        let error = f64::from((v - low) / (high - low) - y);
        (sum + error * error, n + 1.0)
    });
    -10.0 * (sum / n).log10()
}

#[test]
fn training_starts_at_the_interpolated_grid_and_improves_on_it() {
    let values = waves();
    let options = TrainOptions::default();
    let start = psnr(&values, &TrainOptions { learning_rate: 1e-9, ..options.clone() }, 1);
    let end = psnr(&values, &options, 300);
    assert!(start > 25.0, "start {start}");
    assert!(end > start + 8.0, "from {start} to {end}");
}

#[test]
fn quantised_networks_are_smaller_and_nearly_as_good() {
    let values = waves();
    let fields = Fields { extent: EXTENT, n_outputs: 1, n_steps: 1, values: values.clone() };
    let ranges = [range(&values)];
    let quality = |rate: Option<f32>| {
        let job = Job { fields: &fields, ranges: &ranges, points: None, rate, steps: 400, seed: 1 };
        let trained = train(&job, &TrainOptions::default(), &|| false).unwrap();
        let bytes = trained.to_bytes().unwrap();
        // What was measured is what a reader gets.
        assert_eq!(GridNetwork::from_bytes(&bytes, EXTENT, None, 1).unwrap(), trained.network);
        assert_eq!(GridNetwork::is_quantised(&bytes), rate.is_some());
        (psnr_of_output(&trained.network, &fields, &ranges, 0), bytes.len())
    };
    let (plain, fine, coarse) = (quality(None), quality(Some(1e-5)), quality(Some(1e-3)));
    assert!(fine.0 > plain.0 - 2.0 && fine.1 * 5 < plain.1 * 2, "{plain:?} {fine:?}");
    assert!(coarse.0 > 20.0 && coarse.0 < fine.0 && coarse.1 * 3 < fine.1 * 2, "{fine:?} {coarse:?}");
}

#[test]
fn every_kernel_decodes_a_trained_network_like_the_oracle() {
    let values = waves();
    let network = fit(&values, &TrainOptions::default(), 300, 1).unwrap().network;
    let (mut wanted, mut got) = (vec![0.0; values.len()], vec![0.0; values.len()]);
    network.evaluate_block(0.0, 0, &mut wanted);
    wanted.iter_mut().for_each(|y| *y = y.clamp(0.0, 1.0));
    for kernel in Kernel::all().into_iter().filter(|kernel| kernel.is_available()) {
        let folded = Folded::new(&network, 0, kernel).unwrap();
        folded.decode(0.0, (0.0, 1.0), &mut got, &mut Scratch::new()).unwrap();
        let errors = wanted.iter().zip(&got).map(|(a, b)| f64::from((a - b).abs()));
        let worst = errors.clone().fold(0.0, f64::max);
        let psnr = -10.0 * (errors.map(|e| e * e).sum::<f64>() / got.len() as f64).log10();
        match folded.kernel() {
            Kernel::Vnni => assert!(psnr >= 55.0, "{psnr}"),
            Kernel::Bf16 => assert!(psnr >= 60.0, "{psnr}"),
            exact => assert!(worst <= 1e-5, "{}: {worst}", exact.name()),
        }
    }
}

#[test]
fn hashed_levels_and_other_shapes_train_too() {
    let options = TrainOptions {
        log2_finest_cell: 1,
        log2_hashmap_size: 9,
        n_neurons: 24,
        n_hidden_layers: 1,
        n_features_per_level: 2,
        ..TrainOptions::default()
    };
    let levels = options.grid_config(EXTENT, 1, 1).levels.len();
    assert!(options.grid_config(EXTENT, 1, 1).is_hashed(levels - 1, EXTENT));
    assert!(psnr(&waves(), &options, 200) > 30.0);
}

#[test]
fn invalid_voxels_are_not_learned() {
    let mut values = waves();
    let whole = psnr(&values, &TrainOptions::default(), 200);
    values.iter_mut().step_by(3).for_each(|v| *v = f32::NAN);
    let holes = psnr(&values, &TrainOptions::default(), 200);
    assert!(holes > whole - 3.0, "{holes} against {whole}");
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let values = waves();
    let train = |seed| fit(&values, &TrainOptions::default(), 40, seed).unwrap().network.to_bytes();
    assert_eq!(train(5), train(5));
    assert_ne!(train(5), train(6));
}

#[test]
fn training_can_be_stopped() {
    let values = waves();
    let fields = Fields { extent: EXTENT, n_outputs: 1, n_steps: 1, values: values.clone() };
    let job = Job { fields: &fields, ranges: &[range(&values)], points: None, rate: None, steps: 400, seed: 0 };
    let result = train(&job, &TrainOptions::default(), &|| true);
    assert!(matches!(result, Err(TrainError::Interrupted)));
}

/// Waves that move and grow, `n_outputs` variables at `n_steps` steps; the second variable has holes that move.
fn moving(n_outputs: usize, n_steps: usize) -> Fields {
    let [nz, ny, nx] = EXTENT.map(|n| n as usize);
    let mut values = Vec::new();
    for output in 0..n_outputs {
        for step in 0..n_steps {
            for i in 0..nz * ny * nx {
                let (z, y, x) = (i / nx / ny, i / nx % ny, i % nx);
                let phase = 0.3 * x as f32 + 0.1 * z as f32 - 0.4 * step as f32 + output as f32;
                let value = phase.sin() * (0.2 * y as f32 + 0.1 * step as f32).cos() + 0.05 * (step * z) as f32;
                values.push(if output == 1 && (x + step) % 7 == 0 { f32::NAN } else { value });
            }
        }
    }
    Fields { extent: EXTENT, n_outputs, n_steps, values }
}

fn fit_fields(fields: &Fields, options: &TrainOptions, steps: u32) -> (GridNetwork, Vec<(f32, f32)>) {
    let ranges: Vec<_> = (0..fields.n_outputs).map(|output| range(fields.output(output))).collect();
    let job = Job { fields, ranges: &ranges, points: None, rate: None, steps, seed: 1 };
    (train(&job, options, &|| false).unwrap().network, ranges)
}

/// PSNR of an output over all steps, at the steps.
fn psnr_of_output(network: &GridNetwork, fields: &Fields, ranges: &[(f32, f32)], output: usize) -> f64 {
    let (low, high) = ranges[output];
    let (mut sum, mut n) = (0.0, 0.0);
    let mut decoded = vec![0.0; fields.voxels()];
    for step in 0..fields.n_steps {
        network.evaluate_block(step as f64, output as u8, &mut decoded);
        for (&v, &y) in fields.step(output, step).iter().zip(&decoded).filter(|(v, _)| !v.is_nan()) {
            sum += f64::from((v - low) / (high - low) - y).powi(2);
            n += 1.0;
        }
    }
    -10.0 * (sum / n).log10()
}

#[test]
fn students_of_every_kind_hold_moving_patterns() {
    let fields = moving(1, 6);
    // The mean over time alone, which a network that ignores the time would give.
    let mut mean = fields.clone();
    for i in 0..fields.voxels() {
        let sum: f32 = (0..6).map(|step| fields.step(0, step)[i]).sum();
        (0..6).for_each(|step| mean.values[step * fields.voxels() + i] = sum / 6.0);
    }
    let (low, high) = range(&fields.values);
    let errors = fields.values.iter().zip(&mean.values).map(|(a, b)| f64::from((a - b) / (high - low)).powi(2));
    let of_mean = -10.0 * (errors.sum::<f64>() / fields.values.len() as f64).log10();
    for (student, gain) in [(Student::Gains, 15.0), (Student::Grid4d, 12.0), (Student::Codes, 6.0)] {
        let options = TrainOptions { student, n_features_per_level: 8, ..TrainOptions::default() };
        let (network, ranges) = fit_fields(&fields, &options, 300);
        network.validate().unwrap();
        assert_eq!(network.time_gains.is_empty(), student == Student::Codes);
        let psnr = psnr_of_output(&network, &fields, &ranges, 0);
        assert!(psnr > of_mean + gain, "{student:?}: {psnr} dB, the mean alone {of_mean} dB");
        let read = GridNetwork::from_bytes(&network.to_bytes(), EXTENT, None, 6).unwrap();
        assert_eq!(read, network);
    }
}

#[test]
fn the_better_kind_of_student_is_found() {
    let mut noisy = moving(1, 8);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    // The same pattern at every step, but for noise.
    for i in 0..noisy.values.len() {
        noisy.values[i] = noisy.values[i % noisy.voxels()] + rng.random_range(-0.5..0.5);
    }
    for (fields, gains) in [(&noisy, false), (&moving(1, 8), true)] {
        let (network, _) = fit_fields(fields, &TrainOptions::default(), 300);
        assert_eq!(network.config.time.gains, gains);
    }
}

#[test]
fn the_start_of_a_student_with_enough_features_is_the_pyramid_of_every_step() {
    let fields = moving(1, 4);
    let student = Student::Gains;
    let options = TrainOptions { student, n_features_per_level: 4, learning_rate: 1e-9, ..TrainOptions::default() };
    let (student, ranges) = fit_fields(&fields, &options, 1);
    for step in 0..4 {
        let one = Fields { n_steps: 1, values: fields.step(0, step).to_vec(), ..fields.clone() };
        let job = Job { fields: &one, ranges: &ranges, points: None, rate: None, steps: 1, seed: 1 };
        let teacher = train(&job, &options, &|| false).unwrap().network;
        let (mut a, mut b) = (vec![0.0; one.voxels()], vec![0.0; one.voxels()]);
        student.evaluate_block(step as f64, 0, &mut a);
        teacher.evaluate_block(0.0, 0, &mut b);
        let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.02, "step {step}: {worst}");
    }
}

#[test]
fn variables_of_one_network_keep_their_own_holes() {
    let fields = moving(2, 3);
    let options = TrainOptions { n_features_per_level: 8, ..TrainOptions::default() };
    let (network, ranges) = fit_fields(&fields, &options, 300);
    assert_eq!(network.config.n_outputs, 2);
    for output in 0..2 {
        let psnr = psnr_of_output(&network, &fields, &ranges, output);
        assert!(psnr > 28.0, "output {output}: {psnr}");
    }
}

#[test]
fn noise_is_interpolated_by_values_between_its_steps() {
    let mut fields = moving(1, 9);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    fields.values.iter_mut().for_each(|v| *v = rng.random_range(0.0..1.0));
    let options = TrainOptions { student: Student::Codes, ..TrainOptions::default() };
    let (network, _) = fit_fields(&fields, &options, 60);
    assert_eq!(network.config.time.interpolation, TimeInterpolation::Values);
}

#[test]
fn a_selection_keeps_the_values_of_its_outputs() {
    let points = Points { positions: vec![[0.0; 3]; 2], steps: vec![0, 1], values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
    assert_eq!(points.select(&[2, 0], 3).values, [3.0, 1.0, 6.0, 4.0]);
    let fields = Fields { extent: [1, 1, 2], n_outputs: 2, n_steps: 1, values: vec![1.0, 2.0, 3.0, 4.0] };
    assert_eq!(fields.select(&[1]).values, [3.0, 4.0]);
}

#[test]
fn points_between_the_voxels_are_fitted_too() {
    let values = waves();
    let fields = Fields { extent: EXTENT, n_outputs: 1, n_steps: 1, values: values.clone() };
    let mut points = Points::default();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..4000 {
        points.positions.push(EXTENT.map(|n| rng.random_range(0.0..(n - 1) as f32)));
        points.steps.push(0);
        // Far from what the voxels say, so that it shows.
        points.values.push(range(&values).1);
    }
    let ranges = [range(&values)];
    let job = Job { fields: &fields, ranges: &ranges, points: Some((&points, 0.9)), rate: None, steps: 200, seed: 1 };
    let pulled = train(&job, &TrainOptions::default(), &|| false).unwrap().network;
    let free = train(&Job { points: None, ..job }, &TrainOptions::default(), &|| false).unwrap().network;
    let mean = |network: &GridNetwork| {
        let mut out = [0.0];
        let sum: f32 = points.positions[..500]
            .iter()
            .map(|&position| {
                network.evaluate_between(position, 0.0, &mut out);
                out[0]
            })
            .sum();
        sum / 500.0
    };
    assert!(mean(&pulled) > mean(&free) + 0.2, "{} {}", mean(&pulled), mean(&free));
}
