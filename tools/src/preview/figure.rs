//! The figure: original, decoded and difference of some slices.

use super::canvas::{Align, FAINT_INK, HEADING, INK, LABEL, RgbImage, SMALL, TITLE};
use super::colours::{self, Limits, Scale};
use super::panel::{self, AXIS_BELOW, Fit, Panel, Shown};
use super::slices::Slice;

const MARGIN: i32 = 28;
/// Between panels and between a panel and its colour bar.
const GAP: i32 = 22;
const ROW_LABEL: i32 = 28;
const COLUMNS: [&str; 3] = ["original", "decoded", "decoded - original"];

/// What a figure shows. Limits that are `None` follow from the slices; where few outliers would take much of a colour
/// bar it ends at 99.9 % of the values and has a pointed end.
#[derive(Clone, Debug, Default)]
pub struct FigureSpec<'a> {
    /// The variable and the time or step, for example `PM25, 2019-10-12 12:00`.
    pub title: &'a str,
    /// More words for the second line; may be empty.
    pub subtitle: &'a str,
    /// The variable's units; may be empty.
    pub units: &'a str,
    /// PSNR in dB for the second line; infinite = no error.
    pub psnr_db: Option<f64>,
    /// The rows, from the top.
    pub slices: Vec<Slice>,
    /// Values at the ends of the colour bar of original and decoded.
    pub limits: Option<(f32, f32)>,
    /// Value at the upper end of the symmetric colour bar of the difference.
    pub difference_limit: Option<f32>,
}

impl FigureSpec<'_> {
    fn second_line(&self) -> String {
        let psnr = self.psnr_db.filter(|psnr| !psnr.is_nan()).map(|psnr| match psnr {
            f64::INFINITY => "no error".to_owned(),
            _ => format!("PSNR {psnr:.1} dB"),
        });
        let parts: Vec<String> = [self.subtitle.to_owned(), psnr.unwrap_or_default()].into();
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("   ")
    }

    fn value_scale(&self) -> Scale {
        let from_data = colours::value_limits(self.slices.iter().flat_map(|s| s.original.iter().copied()));
        let limits = match self.limits {
            Some((low, high)) if low < high => {
                let (low, high) = (f64::from(low), f64::from(high));
                let values = || self.slices.iter().flat_map(|s| &s.original).map(|&v| f64::from(v));
                Limits { low, high, more_below: values().any(|v| v < low), more_above: values().any(|v| v > high) }
            }
            _ => from_data,
        };
        Scale::sequential(limits)
    }

    fn difference_scale(&self, values: &Scale) -> Scale {
        let differences =
            || self.slices.iter().flat_map(|s| s.original.iter().zip(&s.decoded)).map(|(&a, &b)| difference(a, b));
        let limits = match self.difference_limit {
            Some(limit) if limit > 0.0 => {
                let more = differences().any(|d| d.abs() > limit);
                let limit = f64::from(limit);
                Limits { low: -limit, high: limit, more_below: more, more_above: more }
            }
            _ => colours::difference_limits(differences(), values.limits),
        };
        Scale::diverging(limits)
    }
}

/// Decoded minus original with the rounding of f64.
fn difference(original: f32, decoded: f32) -> f32 {
    (f64::from(decoded) - f64::from(original)) as f32
}

/// What the three panels of a slice show at voxel `i`.
fn shown(slice: &Slice, i: usize) -> [Shown; 3] {
    let get = |field: &[f32]| field.get(i).copied().filter(|v| v.is_finite());
    let show = |value: Option<f32>| value.map_or(Shown::Nothing, Shown::Value);
    let (original, decoded) = (get(&slice.original), get(&slice.decoded));
    let third = match (original, decoded) {
        (Some(a), Some(b)) => Shown::Value(difference(a, b)),
        (None, None) => Shown::Nothing,
        _ => Shown::Mismatch,
    };
    [show(original), show(decoded), third]
}

/// Draws the figure: one row for each slice, columns original, decoded and difference, with colour bars and axes in
/// voxel numbers. Voxels without a value are hatched in grey; those valid in only one of the fields are magenta in the
/// difference. Its size follows from the slices, some 2000 pixels wide at most.
pub fn slice_figure(spec: &FigureSpec<'_>) -> RgbImage {
    let values = spec.value_scale();
    let differences = spec.difference_scale(&values);
    let fits: Vec<Fit> = spec.slices.iter().map(|s| Fit::new([s.width, s.height])).collect();

    let panel_width = fits.iter().map(Fit::width).max().unwrap_or(0).max(HEADING.width(COLUMNS[2]));
    let top = MARGIN + TITLE.height() + 6 + LABEL.height() + 20 + HEADING.height() + 4;
    let row_height = |fit: &Fit| ROW_LABEL + fit.height() + AXIS_BELOW + 10;
    let rows_height: i32 = fits.iter().map(row_height).sum();
    let bar_top = top + ROW_LABEL;
    let bar_height = (rows_height - ROW_LABEL - AXIS_BELOW - 10).max(60);
    let bar_space = |scale: &Scale| panel::bar_width(scale, bar_height).max(SMALL.width(spec.units).min(170));

    let axis_left =
        spec.slices.iter().zip(&fits).map(|(slice, fit)| panel::axis_left(slice.origin[1], slice.height, fit)).max();
    let original_left = MARGIN + axis_left.unwrap_or(0);
    let decoded_left = original_left + panel_width + GAP;
    let value_bar_left = decoded_left + panel_width + GAP;
    let difference_left = value_bar_left + bar_space(&values) + 2 * GAP;
    let difference_bar_left = difference_left + panel_width + GAP;
    let width = difference_bar_left + bar_space(&differences) + MARGIN;

    let marks = marks_present(&spec.slices);
    let footer = if marks.iter().any(|&present| present) { SMALL.height() + 14 } else { 0 };
    let height = top + rows_height.max(bar_height + ROW_LABEL) + footer + MARGIN - 10;

    let mut image = RgbImage::new(width as usize, height as usize);
    let text_width = width - MARGIN - original_left;
    image.text(original_left, MARGIN, &TITLE.fit(spec.title, text_width), TITLE, Align::Left, INK);
    let line = LABEL.fit(&spec.second_line(), text_width);
    image.text(original_left, MARGIN + TITLE.height() + 6, &line, LABEL, Align::Left, FAINT_INK);

    let lefts = [original_left, decoded_left, difference_left];
    for (left, heading) in lefts.into_iter().zip(COLUMNS) {
        image.text(left, top - HEADING.height() - 4, heading, HEADING, Align::Left, INK);
    }
    for (left, scale) in [(value_bar_left, &values), (difference_bar_left, &differences)] {
        let units = SMALL.fit(spec.units, bar_space(scale).max(170).min(width - left));
        image.text(left, bar_top - SMALL.height() - 4, &units, SMALL, Align::Left, INK);
        panel::draw_bar(&mut image, left, bar_top, bar_height, scale);
    }

    let mut row_top = top;
    for (slice, fit) in spec.slices.iter().zip(&fits) {
        let label = SMALL.fit(&slice.label, panel_width);
        for (column, left) in lefts.into_iter().enumerate() {
            image.text(left, row_top + ROW_LABEL - SMALL.height() - 4, &label, SMALL, Align::Left, FAINT_INK);
            let voxel = |i: usize| shown(slice, i)[column];
            let scale = if column == 2 { differences } else { values };
            let panel = Panel {
                origin: slice.origin,
                size: [slice.width, slice.height],
                upwards: slice.upwards,
                scale,
                extremes: column == 2,
                voxel: &voxel,
            };
            panel.draw(&mut image, left, row_top + ROW_LABEL, fit);
            for &frame in &slice.frames {
                panel.outline(&mut image, left, row_top + ROW_LABEL, fit, frame);
            }
            panel.draw_axes(&mut image, left, row_top + ROW_LABEL, fit, column == 0, &slice.axes);
        }
        row_top += row_height(fit);
    }

    let mut x = original_left;
    let y = height - MARGIN - SMALL.height() + 4;
    for (mismatch, text) in [(false, "no data"), (true, "valid in only one of both")] {
        if marks[usize::from(mismatch)] {
            x = panel::draw_key(&mut image, x, y, mismatch, text, SMALL);
        }
    }
    image
}

/// Whether any voxel is invalid in both fields, and whether any is valid in only one.
fn marks_present(slices: &[Slice]) -> [bool; 2] {
    let mut present = [false; 2];
    for slice in slices {
        for i in 0..slice.width * slice.height {
            match shown(slice, i)[2] {
                Shown::Nothing => present[0] = true,
                Shown::Mismatch => present = [true, true],
                Shown::Value(_) => {}
            }
        }
    }
    present
}

#[cfg(test)]
mod tests {
    use super::super::colours::MISMATCH;
    use super::*;

    fn slice(width: usize, height: usize, f: impl Fn(usize, usize) -> (f32, f32)) -> Slice {
        let (original, decoded) = (0..width * height).map(|i| f(i % width, i / width)).unzip();
        let axes = ["x".to_owned(), "y".to_owned()];
        Slice { label: "z = 0".into(), axes, width, height, upwards: true, original, decoded, ..Slice::default() }
    }

    fn count(image: &RgbImage, colour: [u8; 3]) -> usize {
        image.pixels().chunks_exact(3).filter(|p| *p == colour).count()
    }

    #[test]
    fn every_size_gives_a_picture_of_bounded_size() {
        for (width, height) in [(1, 1), (1, 900), (2000, 1), (3, 1500), (300, 200), (0, 0), (1201, 7)] {
            let slices = vec![slice(width, height, |x, y| ((x + y) as f32, (x + y) as f32 + 0.5))];
            let image = slice_figure(&FigureSpec { title: "T", slices, ..FigureSpec::default() });
            assert!((600..2300).contains(&image.width()), "{width} x {height}: {} wide", image.width());
            assert!((250..1000).contains(&image.height()), "{width} x {height}: {} high", image.height());
        }
        slice_figure(&FigureSpec::default());
    }

    #[test]
    fn colours_are_those_of_the_limits() {
        let slices = vec![slice(4, 4, |x, _| if x < 2 { (0.0, 1.0) } else { (10.0, 9.0) })];
        let image = slice_figure(&FigureSpec { slices, ..FigureSpec::default() });
        let viridis = |t| {
            let c = colorous::VIRIDIS.eval_continuous(t);
            [c.r, c.g, c.b]
        };
        // Half of a 160 x 160 panel each.
        assert!(count(&image, viridis(0.0)) >= 80 * 160);
        assert!(count(&image, viridis(0.9)) >= 80 * 160);
        let red = colorous::RED_BLUE.eval_continuous(0.0);
        assert!(count(&image, [red.r, red.g, red.b]) >= 80 * 160);
    }

    #[test]
    fn mask_differences_stand_out() {
        let clean = slice(8, 8, |x, _| if x == 0 { (f32::NAN, f32::NAN) } else { (x as f32, x as f32) });
        let image = slice_figure(&FigureSpec { slices: vec![clean], ..FigureSpec::default() });
        assert_eq!(count(&image, MISMATCH), 0);
        let wrong = slice(8, 8, |x, y| if (x, y) == (3, 3) { (1.0, f32::NAN) } else { (x as f32, x as f32) });
        let image = slice_figure(&FigureSpec { slices: vec![wrong], ..FigureSpec::default() });
        assert!(count(&image, MISMATCH) >= 40 * 40);
    }

    #[test]
    fn second_line_says_what_is_known() {
        let line = |subtitle, psnr_db| FigureSpec { subtitle, psnr_db, ..FigureSpec::default() }.second_line();
        assert_eq!(line("step 3", Some(41.23)), "step 3   PSNR 41.2 dB");
        assert_eq!(line("", Some(f64::INFINITY)), "no error");
        assert_eq!(line("a", Some(f64::NAN)), "a");
    }
}
