//! What is added to the decoded values of a block: so that no error is above a bound, or so that the highest values keep
//! their height.

use neuvol_model::Residual;

/// Quanta that are tried for the highest values, in root mean squares of what they lost: coarse ones first.
const QUANTA: [f64; 9] = [1.5, 1.0, 0.75, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015];
/// Quanta after the best one that are tried.
const MORE: u32 = 2;
/// Bits that a number other than 0 takes, until some were coded.
const BITS: f64 = 8.0;
/// Bytes of a payload that a residual takes besides its stream.
const FRONT: usize = 8;

/// Share of an error bound that is left to the rounding of decoders: SPEC section 11.4, "precise".
fn rounding(step: f64, (min, max): (f32, f32)) -> f64 {
    step / 256.0 + f64::from(min.abs() + max.abs()) / f64::from(1 << 20)
}

/// A value of a block and what it was decoded as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    /// Step of the segment.
    pub(super) step: usize,
    /// Place in the block.
    pub(super) at: usize,
    /// Value − decoded value.
    pub(super) difference: f64,
}

/// Makes the residual of a block with an error bound.
pub(super) struct Bounded {
    allowed: f64,
    quantum: f64,
    steps: Vec<Vec<i32>>,
    any: bool,
}

impl Bounded {
    /// None if nothing of the bound is left: what is measured will exceed it.
    pub(super) fn new(bound: f64, step: f64, range: (f32, f32), n_steps: usize, voxels: usize) -> Option<Self> {
        let allowed = bound - rounding(step, range);
        (allowed > 0.0).then(|| Self {
            allowed,
            quantum: f64::from((2.0 * allowed) as f32),
            steps: vec![vec![0; voxels]; n_steps],
            any: false,
        })
    }

    pub(super) fn add(&mut self, compared: Compared) {
        let Compared { step, at, difference } = compared;
        if difference.abs() > self.allowed {
            let n = ((difference.abs() - self.allowed) / self.quantum).ceil();
            self.steps[step][at] = (n * difference.signum()) as i32;
            self.any = true;
        }
    }

    /// What has to be added; none if nothing has.
    pub(super) fn finish(self) -> Option<Residual> {
        self.any.then_some(Residual { quantum: self.quantum as f32, steps: self.steps })
    }
}

/// What an error of the highest values and a bit are worth in squared errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    /// Of an error of 1, in either direction: else values that are too high would buy off those that are too low.
    pub(super) loss: f64,
    /// Of a bit.
    pub(super) bit: f64,
}

impl Worth {
    /// The cost of one of the highest values that is off by `difference`.
    pub(super) fn of(self, difference: f64) -> f64 {
        difference * difference + self.loss * difference.abs()
    }
}

/// What is worth adding to the highest values, `top`, of a block; none if nothing is.
pub(super) fn of_peaks(
    top: &[Compared],
    worth: Worth,
    extent: [u32; 3],
    n_steps: usize,
) -> Result<Option<Residual>, neuvol_entropy::Error> {
    let without: f64 = top.iter().map(|compared| worth.of(compared.difference)).sum();
    let mut best = (without, None);
    let losses = || top.iter().map(|compared| compared.difference).filter(|&difference| difference > 0.0);
    let scale = (losses().map(|loss| loss * loss).sum::<f64>() / losses().count().max(1) as f64).sqrt();
    let mut worse = 0;
    for quantum in QUANTA.map(|n| (n * scale) as f32).into_iter().filter(|&quantum| quantum.is_normal()) {
        worse += 1;
        let mut bits = BITS;
        // The second time with what the numbers of the first really took.
        for _ in 0..2 {
            let (residual, cost, count) = added(top, worth, quantum, bits, extent, n_steps);
            if count == 0 {
                break;
            }
            let steps: Vec<&[i32]> = residual.steps.iter().map(Vec::as_slice).collect();
            let len = neuvol_entropy::residual::encode(extent.map(|n| n as usize), &steps)?.len();
            let cost = cost + worth.bit * 8.0 * (len + FRONT) as f64;
            if cost < best.0 {
                best = (cost, Some(residual));
                worse = 0;
            }
            bits = (8.0 * len as f64 / count as f64).clamp(2.0, 20.0);
        }
        if worse > MORE && best.1.is_some() {
            break;
        }
    }
    Ok(best.1)
}

/// The residual that a price of numbers asks for, the cost of its errors, and how many numbers are not 0.
fn added(
    top: &[Compared],
    worth: Worth,
    quantum: f32,
    bits: f64,
    extent: [u32; 3],
    n_steps: usize,
) -> (Residual, f64, usize) {
    let mut steps = vec![vec![0i32; neuvol_model::voxels(extent)]; n_steps];
    let (mut cost, mut count) = (0.0, 0);
    let most = f64::from(neuvol_entropy::MAX_MAGNITUDE);
    for &Compared { step, at, difference } in top {
        let quanta = difference / f64::from(quantum);
        let price = |n: f64| {
            let rate = if n == 0.0 { 0.0 } else { bits + 2.0 * n.log2() };
            worth.of(difference - n * f64::from(quantum)) + worth.bit * rate
        };
        // Only what was lost is added.
        let nearest = quanta.round().clamp(0.0, most);
        let near = [(nearest - 1.0).max(0.0), nearest];
        let n = near.into_iter().fold(0.0, |best, n| if price(n) < price(best) { n } else { best });
        cost += worth.of(difference - n * f64::from(quantum));
        if n > 0.0 {
            steps[step][at] = n as i32;
            count += 1;
        }
    }
    (Residual { quantum, steps }, cost, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_a_bound_comes_back_within_it() {
        let differences = [0.3, -0.9, 1.1, 5.0, -7.3, 0.0];
        let mut bounded = Bounded::new(1.0, 0.0, (0.0, 0.0), 1, differences.len()).unwrap();
        for (at, &difference) in differences.iter().enumerate() {
            bounded.add(Compared { step: 0, at, difference });
        }
        let residual = bounded.finish().unwrap();
        for (n, difference) in residual.steps[0].iter().zip(differences) {
            assert!((difference - f64::from(*n) * f64::from(residual.quantum)).abs() <= 1.0);
        }
        assert_eq!(residual.steps[0].iter().filter(|&&n| n != 0).count(), 3);
        assert!(Bounded::new(1e-9, 1.0, (0.0, 1.0), 1, 1).is_none());
    }

    #[test]
    fn losses_are_added_back_when_they_are_worth_it() {
        let top: Vec<Compared> =
            (0..40).map(|at| Compared { step: at / 20, at, difference: at as f64 * 0.2 }).collect();
        let make = |loss| of_peaks(&top, Worth { loss, bit: 0.1155 }, [2, 4, 5], 2).unwrap();
        let left = |residual: &Option<Residual>| -> f64 {
            let given = residual
                .as_ref()
                .map_or(0.0, |r| f64::from(r.quantum) * r.steps.iter().flatten().map(|&n| f64::from(n)).sum::<f64>());
            top.iter().map(|t| t.difference).sum::<f64>() - given
        };
        let losses = [0.0, 1.0, 1e3].map(|loss| left(&make(loss)));
        assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
        assert!(losses[2].abs() < 0.05 * losses[0], "{losses:?}");
        // Small losses are worth nothing.
        let little = [Compared { step: 0, at: 3, difference: 0.2 }];
        assert!(of_peaks(&little, Worth { loss: 0.0, bit: 0.1155 }, [2, 4, 5], 1).unwrap().is_none());
    }
}
