//! What the texels and the pictures must be.

use crate::{Failure, Picture, Result, scene};
use half::f16;

/// Mean difference of the bytes of a picture that is still the same picture.
pub const PICTURE_MEAN: f64 = 2.0;
/// A pixel with a byte that differs more than this ...
pub const PIXEL: u8 = 8;
/// ... is an outlier; at most this share of all may be.
pub const PICTURE_OUTLIERS: f64 = 0.005;
/// Largest error of a texel of 32 bits, as a share of the range of values: sums in another order.
pub const FLOAT_ERROR: f32 = 1e-5;
/// Relative error of rounding to 16 bits.
const HALF_ERROR: f32 = 1.0 / 2048.0;

/// What all comparisons of a run have given.
#[derive(Debug, Default)]
pub struct Verdict {
    same: Vec<String>,
    differ: Vec<String>,
}

impl Verdict {
    /// Takes the figures of a comparison.
    pub fn add(&mut self, comparison: Comparison) {
        println!("{}", comparison.figures);
        if comparison.same { &mut self.same } else { &mut self.differ }.push(comparison.figures);
    }

    /// Whether the run passes. After a decode of the wrong time every comparison must have noticed it.
    ///
    /// # Errors
    /// [`Failure::Differs`] with what differs; [`Failure::Broken`] with comparisons that are blind.
    pub fn finish(self, wrong_time: bool) -> Result<()> {
        if self.differ.is_empty() {
            return Ok(());
        }
        if wrong_time && !self.same.is_empty() {
            return Err(Failure::Broken(format!("the wrong time was not noticed by: {}", self.same.join("; "))));
        }
        Err(Failure::Differs(self.differ.join("; ")))
    }
}

/// The result of one comparison.
#[derive(Debug)]
pub struct Comparison {
    same: bool,
    figures: String,
}

/// How texels hold values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texels {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
}

impl Texels {
    /// Bytes of a texel.
    pub fn bytes(self) -> u32 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// Values as texels.
    pub fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
        }
    }

    fn decode(self, texels: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => texels.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
            Self::F16 => texels.as_chunks().0.iter().map(|&bytes| f16::from_le_bytes(bytes).to_f32()).collect(),
        }
    }
}

/// What must be in a texture: values of the CPU, and the host's own value where they are not valid.
pub fn expected(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().map(|value| if value.is_nan() { scene::INVALID } else { value }).collect()
}

/// Compares the texels of a texture with what the CPU has decoded.
pub fn texels(name: &str, texels: &[u8], kind: Texels, expected: &[f32], range: [f32; 2]) -> Comparison {
    let values = kind.decode(texels);
    if values.len() != expected.len() {
        let figures = format!("{name}: {} texels instead of {}", values.len(), expected.len());
        return Comparison { same: false, figures };
    }
    let allowed = FLOAT_ERROR * (range[1] - range[0]);
    let (mut largest, mut right) = (0_f32, 0);
    for (&value, &expected) in values.iter().zip(expected) {
        let error = (value - expected).abs();
        // Not `max`, which would drop a NaN.
        largest = if error <= largest { largest } else { error };
        let rounding = if kind == Texels::F16 { HALF_ERROR * expected.abs() } else { 0.0 };
        right += usize::from(error <= allowed + rounding);
    }
    let wrong = values.len() - right;
    let share = largest / (range[1] - range[0]);
    let figures = format!(
        "{name}: {} texels, largest difference from the CPU's decode {largest:.3e} ({share:.1e} of the range), {wrong} \
         beyond {FLOAT_ERROR:e} of the range{}",
        values.len(),
        if kind == Texels::F16 { " and rounding to 16 bits" } else { "" },
    );
    Comparison { same: wrong == 0, figures }
}

/// Compares a picture with the reference.
pub fn picture(name: &str, picture: &Picture, reference: &Picture) -> Comparison {
    if picture.size != reference.size {
        let figures = format!("{name}: {:?} pixels instead of {:?}", picture.size, reference.size);
        return Comparison { same: false, figures };
    }
    let differences: Vec<u8> = picture.rgb.iter().zip(&reference.rgb).map(|(&a, &b)| a.abs_diff(b)).collect();
    let mean = differences.iter().map(|&n| f64::from(n)).sum::<f64>() / differences.len() as f64;
    let largest = differences.iter().max().copied().unwrap_or(0);
    let outliers = differences.as_chunks::<3>().0.iter().filter(|pixel| pixel.iter().any(|&n| n > PIXEL)).count();
    let share = outliers as f64 / (differences.len() / 3) as f64;
    let figures = format!(
        "{name}: mean difference from the reference {mean:.3}/255 (at most {PICTURE_MEAN}), largest {largest}/255, \
         {:.3} % of the pixels beyond {PIXEL}/255 (at most {} %)",
        100.0 * share,
        100.0 * PICTURE_OUTLIERS,
    );
    Comparison { same: mean <= PICTURE_MEAN && share <= PICTURE_OUTLIERS, figures }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_may_be_rounded_and_floats_not() {
        let expected = [0.0, 33.336, scene::INVALID];
        let same = |kind: Texels| texels("t", &Texels::F16.encode(&expected), kind, &expected, [0.0, 100.0]).same;
        assert!(same(Texels::F16));
        assert!(texels("t", &Texels::F32.encode(&expected), Texels::F32, &expected, [0.0, 100.0]).same);
        let rounded: Vec<f32> = expected.iter().map(|&value| f16::from_f32(value).to_f32()).collect();
        assert!(!texels("t", &Texels::F32.encode(&rounded), Texels::F32, &expected, [0.0, 100.0]).same);
        assert!(!same(Texels::F32), "half as many texels");
    }

    #[test]
    fn not_a_number_is_never_right() {
        let nan = Texels::F32.encode(&[f32::NAN]);
        assert!(!texels("t", &nan, Texels::F32, &[1.0], [0.0, 100.0]).same);
    }

    #[test]
    fn few_outliers_are_still_the_same_picture() {
        let black = Picture { size: [100, 10], rgb: vec![0; 3000] };
        let with = |pixels: usize| {
            let mut rgb = black.rgb.clone();
            rgb[..3 * pixels].fill(200);
            picture("p", &Picture { size: black.size, rgb }, &black).same
        };
        assert!(with(0) && with(5) && !with(6));
        let grey = Picture { size: black.size, rgb: vec![3; 3000] };
        assert!(!picture("p", &grey, &black).same, "the mean is too far");
    }

    #[test]
    fn a_blind_comparison_is_not_a_difference() {
        let verdict = |results: &[bool], wrong_time| {
            let mut verdict = Verdict::default();
            results.iter().for_each(|&same| verdict.add(Comparison { same, figures: String::new() }));
            verdict.finish(wrong_time)
        };
        assert_eq!(verdict(&[true, true], false), Ok(()));
        assert!(matches!(verdict(&[true, false], false), Err(Failure::Differs(_))));
        assert!(matches!(verdict(&[false, false], true), Err(Failure::Differs(_))));
        assert!(matches!(verdict(&[true, false], true), Err(Failure::Broken(_))));
    }
}
