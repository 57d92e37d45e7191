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
    train(&Job { fields: &fields, ranges: &[range(values)], points: None, steps, seed }, options, &|| false)
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
    let job = Job { fields: &fields, ranges: &[range(&values)], points: None, steps: 400, seed: 0 };
    let result = train(&job, &TrainOptions::default(), &|| true);
    assert!(matches!(result, Err(TrainError::Interrupted)));
}
