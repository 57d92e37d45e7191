//! Horizontal bars: shares of a whole, counts of a histogram.

use super::canvas::{Align, FAINT_INK, INK, LABEL, RgbImage, TITLE};

const WIDTH: i32 = 1100;
const MARGIN: i32 = 28;
/// Room for the names of the bars.
const MAX_LABEL: i32 = 520;
const ROW: i32 = 34;
const BAR: i32 = 22;
const GAP: i32 = 12;
/// The first colour of the line plots.
const COLOUR: [u8; 3] = [78, 121, 167];

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Its name, left of it.
    pub label: String,
    /// Its length; what is not finite or negative has none.
    pub value: f64,
    /// What stands at its end.
    pub text: String,
}

/// Draws the bars from top to bottom, 1100 pixels wide; the longest one fills the width.
pub fn bar_chart(title: &str, bars: &[Bar]) -> RgbImage {
    let widest = |text: fn(&Bar) -> &str| bars.iter().map(|bar| LABEL.width(text(bar))).max().unwrap_or(0);
    let label_width = widest(|bar| &bar.label).min(MAX_LABEL);
    let text_width = widest(|bar| &bar.text).min(WIDTH / 4);
    let left = MARGIN + label_width + GAP;
    let room = WIDTH - MARGIN - text_width - GAP - left;
    let top = MARGIN + TITLE.height() + 14;
    let height = top + ROW * bars.len().max(1) as i32 + MARGIN;
    let mut image = RgbImage::new(WIDTH as usize, height as usize);
    image.text(MARGIN, MARGIN, &TITLE.fit(title, WIDTH - 2 * MARGIN), TITLE, Align::Left, INK);
    let longest = bars.iter().map(|bar| bar.value).filter(|v| v.is_finite()).fold(0.0, f64::max);
    for (n, bar) in bars.iter().enumerate() {
        let y = top + ROW * n as i32;
        let text_top = y + (ROW - LABEL.height()) / 2;
        let label = LABEL.fit(&bar.label, label_width);
        image.text(left - GAP, text_top, &label, LABEL, Align::Right, INK);
        let share = if longest > 0.0 && bar.value.is_finite() { (bar.value / longest).max(0.0) } else { 0.0 };
        // What is there shows, however little it is.
        let width = if share > 0.0 { ((share * f64::from(room)).round() as i32).max(1) } else { 0 };
        image.fill(left, y + (ROW - BAR) / 2, width, BAR, COLOUR);
        let text = LABEL.fit(&bar.text, WIDTH / 4);
        image.text(left + width + GAP, text_top, &text, LABEL, Align::Left, FAINT_INK);
    }
    image.fill(left - 1, top, 1, ROW * bars.len().max(1) as i32, INK);
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_proportion_and_odd_values_have_none() {
        let bar = |value: f64| Bar { label: "a".into(), value, text: "b".into() };
        let image = bar_chart("t", &[bar(4.0), bar(2.0), bar(f64::NAN), bar(0.0), bar(1e-9)]);
        let length = |n: i32| {
            let y = (MARGIN + TITLE.height() + 14 + ROW * n + ROW / 2) as usize;
            (0..image.width()).filter(|&x| image.pixel(x, y) == Some(COLOUR)).count()
        };
        assert!(length(0) > 700 && length(0).abs_diff(2 * length(1)) <= 1);
        assert_eq!([length(2), length(3), length(4)], [0, 0, 1]);
        bar_chart("", &[]);
    }
}
