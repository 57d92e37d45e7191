//! Random numbers and smooth random fields as sums of plane waves.

use std::f64::consts::TAU;

use super::weather::Grid;

/// A small deterministic generator (splitmix64).
pub(super) struct Random(u64);

impl Random {
    /// `stream` separates independent uses of one seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self(seed ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
        random.bits();
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `low..high`.
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..n`; `n` is not 0.
    pub(super) fn index(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// Normal with mean 0 and deviation 1.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform(1e-300, 1.0).ln()).sqrt();
        radius * self.uniform(0.0, TAU).cos()
    }
}

/// One plane wave `amplitude * cos(kx x + ky y + phase(t))`.
struct Wave {
    kx: f64,
    ky: f64,
    amplitude: f64,
    phase: f64,
    /// Radians per second of the phase, so that eddies turn over.
    drift: f64,
    /// Radians per second of a slow swelling of the amplitude, and its phase.
    swell: (f64, f64),
}

/// A sum of plane waves of random direction, with wavelengths spread evenly in logarithm.
pub(super) struct Waves(Vec<Wave>);

impl Waves {
    /// A field of deviation 1 whose waves of wavenumber k have amplitudes like `k^slope`; the longest wavelength is
    /// `longest` metres, the shortest some grid cells.
    pub(super) fn new(grid: &Grid, random: &mut Random, count: usize, slope: f64, longest: f64) -> Self {
        let shortest = 5.0 * Grid::SPACING;
        let longest = longest.max(2.0 * shortest);
        let mut waves: Vec<Wave> = (0..count)
            .map(|n| {
                let share = (n as f64 + random.uniform(0.0, 1.0)) / count as f64;
                let wavelength = longest * (shortest / longest).powf(share);
                let direction = random.uniform(0.0, TAU);
                let k = TAU / wavelength;
                // Large eddies live for hours, small ones for minutes.
                let lifetime = 6.0 * 3600.0 * (wavelength / grid.extent().max(shortest)).powf(2.0 / 3.0);
                Wave {
                    kx: k * direction.cos(),
                    ky: k * direction.sin(),
                    amplitude: k.powf(slope),
                    phase: random.uniform(0.0, TAU),
                    drift: random.uniform(-1.5, 1.5) / lifetime,
                    swell: (TAU / (lifetime * random.uniform(2.0, 6.0)), random.uniform(0.0, TAU)),
                }
            })
            .collect();
        let power: f64 = waves.iter().map(|wave| wave.amplitude.powi(2) / 2.0).sum();
        waves.iter_mut().for_each(|wave| wave.amplitude /= power.sqrt());
        Self(waves)
    }

    /// The field at time 0, [y, x].
    pub(super) fn field(&self, grid: &Grid) -> Vec<f32> {
        let mut out = vec![0.0; grid.plane()];
        for wave in &self.0 {
            let (columns, rows) = wave.factors(grid, 0.0);
            for (row, &(cos_y, sin_y)) in out.chunks_exact_mut(grid.nx).zip(&rows) {
                for (value, &(cos_x, sin_x)) in row.iter_mut().zip(&columns) {
                    *value += (cos_x * cos_y - sin_x * sin_y) * wave.amplitude as f32;
                }
            }
        }
        out
    }

    /// A non-divergent wind at `time`: the waves are its stream function, with amplitudes taken as those of the speed.
    pub(super) fn wind(&self, grid: &Grid, time: f64, u: &mut [f32], v: &mut [f32]) {
        u.fill(0.0);
        v.fill(0.0);
        for wave in &self.0 {
            let (columns, rows) = wave.factors(grid, time);
            let k = wave.kx.hypot(wave.ky);
            let speed = wave.amplitude * (1.0 + 0.6 * (wave.swell.0 * time + wave.swell.1).sin());
            let (eastward, northward) = ((speed * wave.ky / k) as f32, (-speed * wave.kx / k) as f32);
            let both = u.chunks_exact_mut(grid.nx).zip(v.chunks_exact_mut(grid.nx));
            for ((u, v), &(cos_y, sin_y)) in both.zip(&rows) {
                for ((u, v), &(cos_x, sin_x)) in u.iter_mut().zip(v).zip(&columns) {
                    let sine = sin_x * cos_y + cos_x * sin_y;
                    *u += eastward * sine;
                    *v += northward * sine;
                }
            }
        }
    }
}

/// (cosine, sine) for each place along one axis.
type Factors = Vec<(f32, f32)>;

impl Wave {
    /// Factors along x and y of the wave: cos and sin of a sum need only products of these.
    fn factors(&self, grid: &Grid, time: f64) -> (Factors, Factors) {
        let along = |n: usize, k: f64, phase: f64| {
            (0..n)
                .map(|i| {
                    let (sin, cos) = (k * (i as f64 + 0.5) * Grid::SPACING + phase).sin_cos();
                    (cos as f32, sin as f32)
                })
                .collect()
        };
        (along(grid.nx, self.kx, self.phase + self.drift * time), along(grid.ny, self.ky, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_unit_deviation_and_winds_do_not_diverge() {
        let grid = Grid::new(2, 96, 96);
        let waves = Waves::new(&grid, &mut Random::new(3, 1), 64, -1.0 / 3.0, 100e3);
        let field = waves.field(&grid);
        let deviation = (field.iter().map(|v| f64::from(v * v)).sum::<f64>() / field.len() as f64).sqrt();
        assert!((0.6..1.4).contains(&deviation), "{deviation}");

        let (mut u, mut v) = (vec![0.0; grid.plane()], vec![0.0; grid.plane()]);
        waves.wind(&grid, 5000.0, &mut u, &mut v);
        let (mut divergence, mut shear) = (0.0, 0.0);
        for y in 1..95 {
            for x in 1..95 {
                let i = y * 96 + x;
                divergence += f64::from((u[i + 1] - u[i - 1]) + (v[i + 96] - v[i - 96])).powi(2);
                shear += f64::from(u[i + 96] - u[i - 96]).powi(2);
            }
        }
        assert!(divergence < 0.1 * shear, "{divergence} against {shear}");
    }

    #[test]
    fn random_numbers_repeat_and_streams_differ() {
        let take = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (0..4).map(|_| random.normal()).collect::<Vec<_>>()
        };
        assert_eq!(take(1, 1), take(1, 1));
        assert_ne!(take(1, 1), take(1, 2));
        assert_ne!(take(1, 1), take(2, 1));
    }
}
