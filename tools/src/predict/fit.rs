//! Fitting a predictor to logs of probes.

use super::{
    N_INPUTS, N_OUTPUTS, Predictor, Probe, inputs,
    network::{Layer, WIDTH},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Passes over all probes.
const PASSES: u32 = 1500;
const RATE: f32 = 5e-3;
/// Weights shrink by this share of the rate, and inputs are shaken by this share of their standard deviations: there are few
/// probes, of fewer variables.
const DECAY: f32 = 1.0;
const NOISE: f32 = 0.3;
/// Numbers in the file are rounded to so many binary digits.
const DIGITS: i32 = 12;

/// How a predictor is made.
#[derive(Debug, Clone, Copy)]
pub struct FitOptions {
    /// Of the first weights, and of what is held back.
    pub seed: u64,
    /// Share of the names that are held back to judge by, 0..=0.5.
    pub held_back: f64,
}

/// A predictor and how well it does.
#[derive(Debug, Clone, Serialize)]
pub struct Fitted {
    /// The predictor.
    #[serde(skip)]
    pub predictor: Predictor,
    /// Probes that it was fitted to, and those that were held back.
    pub probes: [usize; 2],
    /// Root mean square errors of gain in dB, log2 of bits, and SSIM in dB, of those that it was fitted to.
    pub errors: [f64; N_OUTPUTS],
    /// The same of those that were held back; NaN without any.
    pub held_back_errors: [f64; N_OUTPUTS],
    /// What a prediction by the mean of the fitted ones would give for those held back.
    pub trivial_errors: [f64; N_OUTPUTS],
}

/// Inputs and outputs (NaN = not known) of a probe.
struct Example {
    inputs: [f32; N_INPUTS],
    outputs: [f32; N_OUTPUTS],
}

/// Fits a predictor; `None` without probes.
pub fn fit(probes: &[Probe], options: FitOptions, progress: &mut dyn FnMut(u32, u32)) -> Option<Fitted> {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut names: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let held: Vec<&str> = names.into_iter().filter(|_| rng.random_bool(options.held_back.clamp(0.0, 0.5))).collect();
    let (held, used): (Vec<&Probe>, Vec<&Probe>) = probes.iter().partition(|probe| held.contains(&probe.name.as_str()));
    let example = |probe: &&Probe| Example {
        inputs: inputs(&probe.traits, &probe.query),
        outputs: [probe.outcome.gain, probe.outcome.log_bits, probe.outcome.ssim],
    };
    let (held, used): (Vec<_>, Vec<_>) = (held.iter().map(example).collect(), used.iter().map(example).collect());
    if used.is_empty() {
        return None;
    }
    let mut predictor = Predictor {
        about: format!("fitted to {} probes by neuvol train-predictor {}", used.len(), env!("CARGO_PKG_VERSION")),
        input_scales: (0..N_INPUTS).map(|i| scale(used.iter().map(|e| e.inputs[i]))).collect(),
        output_scales: (0..N_OUTPUTS).map(|i| scale(used.iter().map(|e| e.outputs[i]))).collect(),
        layers: [(N_INPUTS, WIDTH), (WIDTH, WIDTH), (WIDTH, N_OUTPUTS)]
            .map(|(n_in, n_out)| {
                let bound = (3.0 / n_in as f32).sqrt();
                let weights = (0..n_in * n_out).map(|_| rng.random_range(-bound..bound)).collect();
                Layer { weights, biases: vec![0.0; n_out] }
            })
            .into(),
    };
    train(&mut predictor, &used, &mut rng, progress);
    let round = |n: &mut f32| {
        let unit = ((n.abs().max(1e-20)).log2().floor() - DIGITS as f32).exp2();
        *n = (*n / unit).round() * unit;
    };
    for layer in &mut predictor.layers {
        layer.weights.iter_mut().chain(&mut layer.biases).for_each(round);
    }
    let errors = |examples: &[Example]| errors(&predictor, examples);
    let trivial: [f64; N_OUTPUTS] = std::array::from_fn(|i| {
        let mean = predictor.output_scales[i][0];
        rms(held.iter().map(|e| e.outputs[i] - mean))
    });
    Some(Fitted {
        probes: [used.len(), held.len()],
        errors: errors(&used),
        held_back_errors: errors(&held),
        trivial_errors: trivial,
        predictor,
    })
}

/// Mean and standard deviation of the numbers that are known.
fn scale(values: impl Iterator<Item = f32> + Clone) -> [f32; 2] {
    let known = || values.clone().filter(|v| !v.is_nan()).map(f64::from);
    let n = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / n;
    let deviation = (known().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    [mean as f32, if deviation > 1e-6 { deviation as f32 } else { 1.0 }]
}

fn rms(values: impl Iterator<Item = f32>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values.filter(|v| !v.is_nan()) {
        sum += f64::from(value).powi(2);
        n += 1.0;
    }
    (sum / n).sqrt()
}

fn errors(predictor: &Predictor, examples: &[Example]) -> [f64; N_OUTPUTS] {
    let mut columns: [Vec<f32>; N_OUTPUTS] = Default::default();
    for example in examples {
        let [.., last] = forward(predictor, example);
        for (i, column) in columns.iter_mut().enumerate() {
            let [mean, deviation] = predictor.output_scales[i];
            column.push(last[i] * deviation + mean - example.outputs[i]);
        }
    }
    columns.map(|column| rms(column.into_iter()))
}

/// What goes into every layer and comes out of the last, without the activation of the hidden ones' outputs.
fn forward(predictor: &Predictor, example: &Example) -> [Vec<f32>; 4] {
    let scaled =
        example.inputs.iter().zip(&predictor.input_scales).map(|(x, [mean, deviation])| (x - mean) / deviation);
    let first: Vec<f32> = scaled.collect();
    let a = predictor.layers[0].apply(&first);
    let b = predictor.layers[1].apply(&active(&a));
    let c = predictor.layers[2].apply(&active(&b));
    [first, a, b, c]
}

fn active(values: &[f32]) -> Vec<f32> {
    values.iter().map(|v| v.max(0.1 * v)).collect()
}

/// Adam (Kingma & Ba 2015) on all probes at once, with decoupled weight decay (Loshchilov & Hutter 2019).
fn train(predictor: &mut Predictor, examples: &[Example], rng: &mut ChaCha8Rng, progress: &mut dyn FnMut(u32, u32)) {
    let sizes: Vec<usize> = predictor.layers.iter().flat_map(|l| [l.weights.len(), l.biases.len()]).collect();
    let mut moments: Vec<[Vec<f32>; 2]> = sizes.iter().map(|&n| [vec![0.0; n], vec![0.0; n]]).collect();
    for pass in 0..PASSES {
        let mut gradients: Vec<Vec<f32>> = sizes.iter().map(|&n| vec![0.0; n]).collect();
        for example in examples {
            let shaken = |(x, [_, deviation]): (&f32, &[f32; 2])| {
                // The sum of some numbers that are drawn evenly is about normal.
                let noise: f32 = (0..4).map(|_| rng.random_range(-1.0f32..1.0)).sum::<f32>() * 0.866;
                x + NOISE * deviation * noise
            };
            let shaken: Vec<f32> = example.inputs.iter().zip(&predictor.input_scales).map(shaken).collect();
            let inputs = std::array::from_fn(|i| shaken[i]);
            add_gradient(predictor, &Example { inputs, outputs: example.outputs }, &mut gradients);
        }
        let cosine = 0.5 * (1.0 + (std::f32::consts::PI * pass as f32 / PASSES as f32).cos());
        let rate = RATE * (0.01 + 0.99 * cosine);
        let t = pass as i32 + 1;
        let corrections = [1.0 - 0.9f32.powi(t), 1.0 - 0.999f32.powi(t)];
        let parameters = predictor.layers.iter_mut().flat_map(|l| [&mut l.weights, &mut l.biases]);
        for ((parameters, gradient), [first, second]) in parameters.zip(&gradients).zip(&mut moments) {
            for (i, parameter) in parameters.iter_mut().enumerate() {
                let g = gradient[i] / examples.len() as f32;
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                let step = first[i] / corrections[0] / ((second[i] / corrections[1]).sqrt() + 1e-8);
                *parameter -= rate * (step + DECAY * *parameter);
            }
        }
        if pass % 50 == 0 {
            progress(pass, PASSES);
        }
    }
}

/// Adds the gradient of half the squared error of an example.
fn add_gradient(predictor: &Predictor, example: &Example, gradients: &mut [Vec<f32>]) {
    let [first, a, b, c] = forward(predictor, example);
    let mut back: Vec<f32> = c
        .iter()
        .zip(&predictor.output_scales)
        .zip(example.outputs)
        // What is not known has no error.
        .map(|((c, [mean, deviation]), wanted)| if wanted.is_nan() { 0.0 } else { c - (wanted - mean) / deviation })
        .collect();
    for (number, (before, is_hidden)) in [(first, false), (a, true), (b, true)].into_iter().enumerate().rev() {
        let layer = &predictor.layers[number];
        let inputs = if is_hidden { active(&before) } else { before.clone() };
        let mut next = vec![0.0; inputs.len()];
        for (o, (row, &g)) in layer.weights.chunks_exact(inputs.len()).zip(&back).enumerate() {
            gradients[2 * number + 1][o] += g;
            let out = &mut gradients[2 * number][o * inputs.len()..][..inputs.len()];
            for (((out, &x), &w), next) in out.iter_mut().zip(&inputs).zip(row).zip(&mut next) {
                *out += g * x;
                *next += g * w;
            }
        }
        if is_hidden {
            next.iter_mut().zip(&before).for_each(|(g, &v)| *g *= if v > 0.0 { 1.0 } else { 0.1 });
        }
        back = next;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Query, Traits};
    use super::*;

    #[test]
    fn what_follows_a_rule_is_learned() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let probes: Vec<Probe> = (0..240)
            .map(|n| {
                let traits = Traits(std::array::from_fn(|_| rng.random_range(-2.0..2.0)));
                let query = Query {
                    log_step: rng.random_range(-3.0..3.0),
                    plain_psnr: rng.random_range(20.0..50.0),
                    log_significant: rng.random_range(-8.0..0.0),
                    n_channels: n as u8 % 3 * 8,
                    rounds: 5,
                    dense: n % 2 == 0,
                };
                let gain = 0.3 * traits.0[0] + 0.1 * f32::from(query.n_channels);
                let ssim = if n % 4 == 0 { f32::NAN } else { traits.0[3] };
                let outcome = Outcome { gain, log_bits: query.log_significant - query.log_step * 0.2, ssim };
                Probe { name: format!("{}", n % 24), traits, query, outcome }
            })
            .collect();
        let fitted = fit(&probes, FitOptions { seed: 3, held_back: 0.2 }, &mut |_, _| {}).unwrap();
        assert!(fitted.probes[1] > 0);
        for (error, trivial) in fitted.held_back_errors.iter().zip(fitted.trivial_errors) {
            assert!(*error < 0.35 * trivial, "{fitted:?}");
        }
        let text = serde_json::to_string(&fitted.predictor).unwrap();
        assert_eq!(Predictor::from_json(&text, "x").unwrap(), fitted.predictor);
        assert!(fit(&[], FitOptions { seed: 0, held_back: 0.0 }, &mut |_, _| {}).is_none());
    }
}
