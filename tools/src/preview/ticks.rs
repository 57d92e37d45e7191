//! Round numbers for axes and colour bars.

use super::canvas::Font;

/// Round positions and their labels for an axis.
pub(super) struct Ticks {
    pub(super) values: Vec<f64>,
    pub(super) labels: Vec<String>,
}

impl Ticks {
    /// Positions with their labels.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, &str)> {
        self.values.iter().copied().zip(self.labels.iter().map(String::as_str))
    }

    /// Width of the longest label in pixels.
    pub(super) fn width(&self, font: Font) -> i32 {
        self.labels.iter().map(|label| font.width(label)).max().unwrap_or(0)
    }
}

/// About `wanted` round positions (steps of 1, 2, 2.5 or 5 times a power of ten) within `low..=high`.
pub(super) fn linear(low: f64, high: f64, wanted: usize) -> Ticks {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return Ticks { values: vec![low], labels: vec![number(low, low.abs() * 1e-4)] };
    }
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|f| f * power >= rough * 0.999).unwrap_or(10.0);
    let step = factor * power;
    let first = (low / step - 1e-9).ceil();
    let count = ((high / step + 1e-9).floor() - first).max(-1.0) as usize + 1;
    let values: Vec<f64> = (0..count).map(|n| (first + n as f64) * step).collect();
    labelled(values, step)
}

/// Whole-number positions among the `n` from `first` for voxel axes, at most about `wanted`.
pub(super) fn indices(first: usize, n: usize, wanted: usize) -> Ticks {
    let (first, last) = (first as f64, (first + n.saturating_sub(1)) as f64);
    let mut ticks = linear(first, last.max(first + 1.0), wanted);
    ticks.values.retain(|v| v.fract() == 0.0 && *v <= last);
    if ticks.values.is_empty() {
        ticks.values.push(first);
    }
    ticks.labels = ticks.values.iter().map(|v| format!("{v:.0}")).collect();
    ticks
}

/// Powers of ten (thinned to about `wanted`) within `low..=high`, both positive; with 1-2-5 steps on short ranges.
pub(super) fn logarithmic(low: f64, high: f64, wanted: usize) -> Ticks {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (high / low).log10();
    let mantissas: &[f64] = if decades < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = ((decades / wanted.max(1) as f64).ceil() as usize).max(1);
    let mut values = Vec::new();
    for power in (first..=last).step_by(stride) {
        for mantissa in mantissas {
            let value = mantissa * 10f64.powi(power);
            if value >= low * 0.999_999 && value <= high * 1.000_001 {
                values.push(value);
            }
        }
    }
    let labels = values.iter().map(|&v| number(v, v)).collect();
    Ticks { values, labels }
}

fn labelled(values: Vec<f64>, step: f64) -> Ticks {
    let labels = values.iter().map(|&v| number(v, step)).collect();
    Ticks { values, labels }
}

/// `value` with the digits that a grid of `step` needs; exponents for very large and very small numbers.
pub(super) fn number(value: f64, step: f64) -> String {
    if value == 0.0 || value.abs() < step * 1e-6 {
        return "0".to_owned();
    }
    let step = if step > 0.0 { step } else { value.abs() };
    let magnitude = value.abs().log10().floor();
    // Digits after the point that show the step: one more for steps of 2.5 times a power of ten.
    let exponent = step.log10().floor();
    let is_round = (step / 10f64.powf(exponent)).fract() < 1e-6 || (step / 10f64.powf(exponent)).fract() > 1.0 - 1e-6;
    let decimals = -exponent + if is_round { 0.0 } else { 1.0 };
    if !(-4.0..6.0).contains(&magnitude) {
        let digits = (magnitude + decimals).clamp(0.0, 6.0) as usize;
        return format!("{value:.digits$e}");
    }
    format!("{value:.*}", decimals.clamp(0.0, 9.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_steps_inside_the_range() {
        assert_eq!(linear(0.0, 41.2, 5).labels, ["0", "10", "20", "30", "40"]);
        assert_eq!(linear(-0.5, 0.5, 4).labels, ["-0.50", "-0.25", "0", "0.25", "0.50"]);
        assert_eq!(linear(273.1, 273.4, 3).labels, ["273.1", "273.2", "273.3", "273.4"]);
        assert_eq!(linear(0.0, 3e-7, 3).labels, ["0", "1e-7", "2e-7", "3e-7"]);
        assert_eq!(linear(0.0, 2e7, 4).labels, ["0", "5e6", "1.0e7", "1.5e7", "2.0e7"]);
    }

    #[test]
    fn flat_ranges_still_have_a_label() {
        assert_eq!(linear(5.0, 5.0, 4).labels, ["5.0000"]);
        assert_eq!(linear(0.0, 0.0, 4).labels, ["0"]);
        assert_eq!(linear(f64::NAN, f64::NAN, 4).values.len(), 1);
    }

    #[test]
    fn voxel_axes_have_whole_numbers() {
        assert_eq!(indices(0, 1, 4).labels, ["0"]);
        assert_eq!(indices(0, 3, 6).labels, ["0", "1", "2"]);
        assert_eq!(indices(0, 300, 4).labels, ["0", "100", "200"]);
        assert_eq!(indices(48, 97, 4).labels, ["50", "75", "100", "125"]);
        assert_eq!(indices(17, 1, 4).labels, ["17"]);
    }

    #[test]
    fn decades() {
        assert_eq!(logarithmic(1e-5, 1.0, 6).labels, ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(logarithmic(1e-9, 1.0, 4).labels, ["1e-9", "1e-6", "0.001", "1"]);
        assert_eq!(logarithmic(0.9, 6.0, 6).labels, ["1", "2", "5"]);
    }
}
