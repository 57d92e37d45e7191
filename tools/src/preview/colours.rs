//! From values to colours: limits, colour maps and the marks for voxels without a value.

use super::canvas::Rgb;

/// Share of the values a colour bar covers at each end when outliers would squeeze the rest.
const COVERED: f64 = 0.999;
/// Outliers are cut off when they would take more than this share of the bar.
const WORTH_CUTTING: f64 = 0.15;

const HATCH_LIGHT: Rgb = [222, 224, 227];
const HATCH_DARK: Rgb = [184, 187, 192];
/// Marks voxels that are valid in only one of the fields.
pub(super) const MISMATCH: Rgb = [214, 20, 190];

/// The values a colour bar spans and whether there are values beyond its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) more_below: bool,
    pub(super) more_above: bool,
}

/// A colour map over its limits.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) limits: Limits,
    diverging: bool,
}

impl Scale {
    /// For values: viridis.
    pub(super) fn sequential(limits: Limits) -> Self {
        Self { limits, diverging: false }
    }

    /// For differences: blue below, white at, red above the middle of the limits.
    pub(super) fn diverging(limits: Limits) -> Self {
        Self { limits, diverging: true }
    }

    /// The colour of a finite value.
    pub(super) fn colour(&self, value: f64) -> Rgb {
        let Limits { low, high, .. } = self.limits;
        let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
        let colour = if self.diverging {
            colorous::RED_BLUE.eval_continuous(1.0 - t)
        } else {
            colorous::VIRIDIS.eval_continuous(t)
        };
        [colour.r, colour.g, colour.b]
    }
}

/// Grey diagonal hatch by picture position, for voxels without a value.
pub(super) fn hatch(x: i32, y: i32) -> Rgb {
    if (x + y).rem_euclid(8) < 2 { HATCH_DARK } else { HATCH_LIGHT }
}

/// Limits for `values`: their range, without the last 0.1 % of an end where that saves much of the bar.
pub(super) fn value_limits(values: impl Iterator<Item = f32>) -> Limits {
    let sorted = sorted_finite(values);
    let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
        return Limits { low: 0.0, high: 1.0, more_below: false, more_above: false };
    };
    if min == max {
        let half = (min.abs() * 0.01).max(1e-6);
        return Limits { low: min - half, high: max + half, more_below: false, more_above: false };
    }
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    let (low, high) = (at(1.0 - COVERED), at(COVERED));
    let much = WORTH_CUTTING * (max - min);
    let more_below = low - min > much && low < high;
    let more_above = max - high > much && low < high;
    Limits {
        low: if more_below { low } else { min },
        high: if more_above { high } else { max },
        more_below,
        more_above,
    }
}

/// Limits for differences, symmetric about 0. Where all are 0, a thousandth of the range of the values.
pub(super) fn difference_limits(differences: impl Iterator<Item = f32>, values: Limits) -> Limits {
    let sorted = sorted_finite(differences.map(f32::abs));
    let max = sorted.last().copied().unwrap_or(0.0);
    if max == 0.0 {
        let limit = (values.high - values.low) * 1e-3;
        return Limits { low: -limit, high: limit, more_below: false, more_above: false };
    }
    let covered = sorted[(COVERED * (sorted.len() - 1) as f64).round() as usize];
    let more = covered > 0.0 && max - covered > WORTH_CUTTING * max;
    let limit = if more { covered } else { max };
    Limits { low: -limit, high: limit, more_below: more, more_above: more }
}

fn sorted_finite(values: impl Iterator<Item = f32>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|v| v.is_finite()).map(f64::from).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_outliers_do_not_set_the_limits() {
        let values = (0..10_000).map(|i| if i == 0 { 1000.0 } else { (i % 100) as f32 }).chain([f32::NAN]);
        let limits = value_limits(values);
        assert_eq!(limits, Limits { low: 0.0, high: 99.0, more_below: false, more_above: true });
    }

    #[test]
    fn flat_and_missing_values_have_usable_limits() {
        for limits in [value_limits([f32::NAN].into_iter()), value_limits([7.0, 7.0].into_iter())] {
            assert!(limits.high > limits.low);
            assert!(difference_limits([0.0].into_iter(), limits).high > 0.0);
        }
    }

    #[test]
    fn the_middle_of_differences_is_nearly_white() {
        let limits = difference_limits([-2.0, 1.0].into_iter(), value_limits([0.0, 1.0].into_iter()));
        assert_eq!((limits.low, limits.high), (-2.0, 2.0));
        let scale = Scale::diverging(limits);
        assert!(scale.colour(0.0).iter().all(|&c| c > 235));
        let (cold, warm) = (scale.colour(-2.0), scale.colour(2.0));
        assert!(cold[2] > cold[0] && warm[0] > warm[2]);
    }
}
