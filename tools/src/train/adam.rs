//! Adam (Kingma & Ba 2015) with the constants of instant-ngp, and the learning-rate schedule.

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.99;
const EPSILON: f32 = 1e-15;
/// The MLP learns slower than the grid: its few weights feel every voxel.
const MLP_RATE: f32 = 0.5;
/// Share of the first rate that is left at the end.
const LAST_RATE: f32 = 0.01;

/// First and second moments of one parameter array.
pub(crate) struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
}

/// Learning rates and bias corrections of one step.
pub(crate) struct Rates {
    pub(crate) grid: f32,
    pub(crate) mlp: f32,
    correction1: f32,
    correction2: f32,
}

/// Cosine schedule over a known number of steps.
pub(crate) struct Schedule {
    rate: f32,
    steps: u32,
    step: u32,
}

impl Schedule {
    pub(crate) fn new(rate: f32, steps: u32) -> Self {
        Self { rate, steps: steps.max(1), step: 0 }
    }

    pub(crate) fn next_step(&mut self) -> Rates {
        let progress = self.step as f32 / self.steps as f32;
        let cosine = 0.5 * (1.0 + (std::f32::consts::PI * progress).cos());
        let grid = self.rate * (LAST_RATE + (1.0 - LAST_RATE) * cosine);
        self.step += 1;
        let t = self.step as i32;
        Rates { grid, mlp: grid * MLP_RATE, correction1: 1.0 - BETA1.powi(t), correction2: 1.0 - BETA2.powi(t) }
    }
}

impl Adam {
    pub(crate) fn new(len: usize) -> Self {
        Self { first: vec![0.0; len], second: vec![0.0; len] }
    }

    /// One step. Parameters whose gradient is exactly 0 rest, as in instant-ngp: no voxel of the batch touched them.
    pub(crate) fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f32, rates: &Rates) {
        let scale = rate / rates.correction1;
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, &gradient), (first, second)) in parameters.iter_mut().zip(gradient).zip(moments) {
            if gradient != 0.0 {
                *first = BETA1 * *first + (1.0 - BETA1) * gradient;
                *second = BETA2 * *second + (1.0 - BETA2) * gradient * gradient;
                *parameter -= scale * *first / ((*second / rates.correction2).sqrt() + EPSILON);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_parabola() {
        let mut schedule = Schedule::new(0.1, 300);
        let mut adam = Adam::new(2);
        let mut p = [3.0f32, -2.0];
        for _ in 0..300 {
            let rates = schedule.next_step();
            let gradient = [2.0 * (p[0] - 1.0), 20.0 * (p[1] - 0.5)];
            adam.step(&mut p, &gradient, rates.grid, &rates);
        }
        assert!((p[0] - 1.0).abs() < 1e-2 && (p[1] - 0.5).abs() < 1e-2, "{p:?}");
    }
}
