//! Random wavelet blocks.
use super::Random;
use half::f16;
use neuvol_entropy::Coder;
use neuvol_model::{Head, Residual, Tensor, TimeInterpolation, Wavelet, voxels};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Shape {
    pub extent: [u32; 3],
    pub n_levels: u8,
    pub steps: u32,
    pub n_components: u32,
    /// Channels and hidden layers.
    pub head: Option<(u8, u8)>,
    pub interpolation: TimeInterpolation,
    pub precise: bool,
    pub residual: bool,
    pub level: u8,
    /// Largest coefficient, of a few.
    pub largest: i32,
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            extent: [32; 3],
            n_levels: 4,
            steps: 1,
            n_components: 1,
            head: None,
            interpolation: TimeInterpolation::Codes,
            precise: false,
            residual: false,
            level: 0,
            largest: 3,
        }
    }
}

/// A head as trained ones look: a correction of some tenths of a quantiser step.
pub fn head(n_channels: u8, n_hidden: u8, random: &mut Random) -> Head {
    let n = f32::from(n_channels);
    let lengths = Head::tensor_lengths(n_channels, n_hidden);
    let last = lengths.len() - 2;
    let tensors = lengths.iter().enumerate().map(|(tensor, &len)| {
        // Largest parameter: as after a usual initialisation, but small in the last layer.
        let largest = match tensor {
            0 => 2.0 / 54f32.sqrt(),
            t if t == last => 0.4 / n.sqrt(),
            t if t > last => 0.05,
            t if t % 2 == 0 => 2.0 / n.sqrt(),
            _ => 0.2,
        };
        let values = (0..len).map(|_| (random.signed() * 127.0) as i8).collect();
        Tensor { scale: largest / 127.0, values }
    });
    Head { n_channels, n_hidden, mean: 0.3, deviation: 2.5, tensors: tensors.collect() }
}

/// Coefficients that are larger in coarse bands, lie in clusters, and are mostly 0 in fine ones; later components are
/// sparser.
pub fn latents(shape: &Shape, seed: u64) -> Wavelet {
    let mut random = Random::new(seed);
    let [nz, ny, nx] = shape.extent;
    let n = voxels(shape.extent);
    let component = |k: u32, random: &mut Random| {
        let mut values = vec![0; n];
        for (at, value) in values.iter_mut().enumerate() {
            let (z, y, x) = (at as u32 / nx / ny, at as u32 / nx % ny, at as u32 % nx);
            // 0 for the finest level; where on that level's axes, in 0..1.
            let share = [(z, nz), (y, ny), (x, nx)].map(|(at, n)| (at as f32 + 0.5) / n as f32);
            let octave = -share.into_iter().fold(0.0, f32::max).log2();
            let level = octave.floor();
            let place = share.map(|s| (s * (level + 1.0).exp2()).fract());
            // A wavy surface.
            let surface = place[0] - 0.5 - 0.2 * (6.0 * place[1]).sin() * (5.0 * place[2]).cos();
            let near = (-(surface * 9.0).powi(2)).exp();
            let size = near * (level * 1.2).exp2() * 1.5 / (1.0 + k as f32) + 0.3 * (level - 1.0);
            *value = (random.signed() * size.max(0.0)).round() as i32;
            if random.next().is_multiple_of(997) {
                *value = (random.signed() * shape.largest as f32) as i32;
            }
        }
        values
    };
    let components = (0..shape.n_components).map(|k| component(k, &mut random)).collect();
    let n_weights = if shape.steps > 1 { shape.n_components * shape.steps } else { 0 };
    let weights = (0..n_weights).map(|_| f16::from_f32(random.signed().signum() * (0.6 + 0.4 * random.signed())));
    let weights = weights.collect();
    let head = shape.head.map(|(n_channels, n_hidden)| Arc::new(head(n_channels, n_hidden, &mut random)));
    let residual = shape.residual.then(|| {
        let value =
            |random: &mut Random| if random.next().is_multiple_of(50) { (random.signed() * 300.0) as i32 } else { 0 };
        let steps = (0..shape.steps).map(|_| (0..n).map(|_| value(&mut random)).collect()).collect();
        Residual { quantum: 0.01, steps }
    });
    Wavelet {
        extent: shape.extent,
        level: shape.level,
        steps: shape.steps,
        step: 0.15,
        offset: 0.7,
        n_levels: shape.n_levels,
        coder: Coder::Fast,
        precise: shape.precise,
        interpolation: shape.interpolation,
        weights,
        components,
        residual,
        head,
    }
}
