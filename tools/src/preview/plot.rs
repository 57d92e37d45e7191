//! Line plots: a metric for each time step, the loss of a training.

use super::canvas::{Align, FAINT_INK, GRID, INK, LABEL, Rgb, RgbImage, SMALL, TITLE};
use super::ticks;

const WIDTH: i32 = 1100;
const HEIGHT: i32 = 620;
const MARGIN: i32 = 28;
/// Room for the vertical axis: its name, a gap and numbers.
const LEFT: i32 = 140;
const BELOW: i32 = 72;
/// Series with at most this many points get a dot at each.
const MAX_DOTS: usize = 60;

/// One line of a plot.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// (x, y) in the order of the line. It has a gap at each point that is not finite, beyond 1e100 or, on a
    /// logarithmic axis, not above 1e-100.
    pub points: Vec<(f64, f64)>,
}

/// What a line plot shows.
#[derive(Clone, Debug, Default)]
pub struct LinePlot<'a> {
    /// Title above the plot.
    pub title: &'a str,
    /// Name (and units) of the horizontal axis.
    pub x_label: &'a str,
    /// Name (and units) of the vertical axis.
    pub y_label: &'a str,
    /// The lines.
    pub series: Vec<Series>,
    /// Use a logarithmic vertical axis.
    pub logarithmic: bool,
    /// Let the vertical axis begin at 0, so that small differences of large values look small.
    pub from_zero: bool,
    /// Draws a dashed horizontal line at a value, with a name, for example a target.
    pub target: Option<(f64, &'a str)>,
}

/// The plotted range and the rectangle it is mapped to.
struct Frame {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    x: (f64, f64),
    /// In logarithms on a logarithmic axis.
    y: (f64, f64),
    logarithmic: bool,
}

impl Frame {
    fn x_pixel(&self, x: f64) -> f64 {
        f64::from(self.left) + (x - self.x.0) / (self.x.1 - self.x.0) * f64::from(self.width)
    }

    fn y_pixel(&self, y: f64) -> f64 {
        let y = if self.logarithmic { y.log10() } else { y };
        f64::from(self.top + self.height) - (y - self.y.0) / (self.y.1 - self.y.0) * f64::from(self.height)
    }

    fn pixel(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x_pixel(x), self.y_pixel(y))
    }
}

/// Draws the plot, 1100 x 620 pixels and a bit higher when the legend needs several lines.
pub fn line_plot(plot: &LinePlot<'_>) -> RgbImage {
    let legend = legend_places(plot);
    let legend_height = legend.last().map_or(0, |&(_, y)| y + LABEL.height() + 10);
    let top = MARGIN + TITLE.height() + 14 + legend_height;
    let height = HEIGHT - MARGIN - TITLE.height() - 14 - BELOW - MARGIN;
    let mut image = RgbImage::new(WIDTH as usize, (top + height + BELOW + MARGIN) as usize);
    let frame = frame_of(plot, top, height);

    image.text(LEFT, MARGIN, &TITLE.fit(plot.title, WIDTH - LEFT - MARGIN), TITLE, Align::Left, INK);
    for (n, &(x, y)) in legend.iter().enumerate() {
        let y = MARGIN + TITLE.height() + 14 + y;
        let middle = f64::from(y + LABEL.height() / 2);
        image.line((f64::from(x), middle), (f64::from(x + 30), middle), 3.0, series_colour(n));
        image.text(x + 40, y, &legend_text(&plot.series[n]), LABEL, Align::Left, INK);
    }
    draw_axes(&mut image, &frame, plot);
    if let Some((value, name)) = plot.target {
        draw_target(&mut image, &frame, value, name);
    }
    for (n, series) in plot.series.iter().enumerate() {
        draw_series(&mut image, &frame, series, series_colour(n));
    }
    image
}

fn legend_text(series: &Series) -> String {
    LABEL.fit(&series.name, WIDTH / 2)
}

/// Places of the legend entries relative to the legend's top; a single series without a name has none.
fn legend_places(plot: &LinePlot<'_>) -> Vec<(i32, i32)> {
    if plot.series.iter().all(|series| series.name.is_empty()) {
        return Vec::new();
    }
    let (mut x, mut y) = (LEFT, 0);
    let mut places = Vec::new();
    for series in &plot.series {
        let width = 40 + LABEL.width(&legend_text(series)) + 32;
        if x > LEFT && x + width > WIDTH - MARGIN {
            (x, y) = (LEFT, y + LABEL.height() + 6);
        }
        places.push((x, y));
        x += width;
    }
    places
}

fn series_colour(n: usize) -> Rgb {
    let palette = colorous::TABLEAU10;
    let colour = palette[n % palette.len()];
    [colour.r, colour.g, colour.b]
}

/// Largest magnitude that is drawn, so that no range overflows.
const LARGEST: f64 = 1e100;

fn is_drawable(&(x, y): &(f64, f64), logarithmic: bool) -> bool {
    x.abs() <= LARGEST && y.abs() <= LARGEST && !(logarithmic && y < 1.0 / LARGEST)
}

/// The ranges of both axes: the points' and the target's, with some air around.
fn frame_of(plot: &LinePlot<'_>, top: i32, height: i32) -> Frame {
    let points =
        || plot.series.iter().flat_map(|series| &series.points).copied().filter(|p| is_drawable(p, plot.logarithmic));
    let transform = |y: f64| if plot.logarithmic { y.log10() } else { y };
    let target = plot.target.map(|(value, _)| (0.0, value)).filter(|p| is_drawable(p, plot.logarithmic));
    let x = span(points().map(|(x, _)| x), 0.0);
    let mut y = span(points().chain(target).map(|(_, y)| transform(y)), 0.06);
    if plot.from_zero && !plot.logarithmic {
        y = (y.0.min(0.0), y.1 + 0.06 * (y.1 - y.0.min(0.0)));
    }
    Frame { left: LEFT, top, width: WIDTH - LEFT - MARGIN, height, x, y, logarithmic: plot.logarithmic }
}

/// Smallest and largest value, widened by a share of their distance; never empty.
fn span(values: impl Iterator<Item = f64>, air: f64) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    if high - low <= high.abs() * 1e-12 {
        let half = (low.abs() * 0.05).max(0.5);
        return (low - half, high + half);
    }
    let air = air * (high - low);
    (low - air, high + air)
}

fn draw_axes(image: &mut RgbImage, frame: &Frame, plot: &LinePlot<'_>) {
    let bottom = frame.top + frame.height;
    let y_ticks = if frame.logarithmic {
        ticks::logarithmic(10f64.powf(frame.y.0), 10f64.powf(frame.y.1), 8)
    } else {
        ticks::linear(frame.y.0, frame.y.1, 7)
    };
    for (value, label) in y_ticks.iter() {
        let y = frame.y_pixel(value).round() as i32;
        image.fill(frame.left, y, frame.width, 1, GRID);
        image.text(frame.left - 10, y - LABEL.height() / 2, label, LABEL, Align::Right, INK);
    }
    let mut x_ticks = ticks::linear(frame.x.0, frame.x.1, 8);
    // Steps have no halves.
    let mut points = plot.series.iter().flat_map(|series| &series.points);
    if frame.x.1 < 1e6 && points.all(|(x, _)| x.fract() == 0.0) {
        x_ticks.values.retain(|x| x.fract() == 0.0);
        x_ticks.labels = x_ticks.values.iter().map(|x| format!("{x:.0}")).collect();
    }
    for (value, label) in x_ticks.iter() {
        let x = frame.x_pixel(value).round() as i32;
        image.fill(x, bottom, 1, 7, INK);
        image.text(x, bottom + 10, label, LABEL, Align::Centre, INK);
    }
    image.fill(frame.left, frame.top, 1, frame.height, INK);
    image.fill(frame.left, bottom, frame.width, 1, INK);
    let middle = frame.left + frame.width / 2;
    image.text(middle, bottom + 40, &LABEL.fit(plot.x_label, frame.width), LABEL, Align::Centre, INK);
    let label = LABEL.fit(plot.y_label, frame.height);
    let x = (frame.left - 16 - y_ticks.width(LABEL) - LABEL.height()).max(0);
    image.text_upwards(x, frame.top + frame.height / 2, &label, LABEL, INK);
}

fn draw_target(image: &mut RgbImage, frame: &Frame, value: f64, name: &str) {
    if !is_drawable(&(0.0, value), frame.logarithmic) {
        return;
    }
    let y = frame.y_pixel(value).round();
    for x in (frame.left + 1..frame.left + frame.width).step_by(14) {
        image.fill(x, y as i32, 8.min(frame.left + frame.width - x), 2, FAINT_INK);
    }
    let right = frame.left + frame.width - 4;
    let above = y as i32 - SMALL.height() - 3;
    let text_top = if above > frame.top { above } else { y as i32 + 5 };
    image.text(right, text_top, &SMALL.fit(name, frame.width / 2), SMALL, Align::Right, FAINT_INK);
}

fn draw_series(image: &mut RgbImage, frame: &Frame, series: &Series, colour: Rgb) {
    let drawable = |p: &(f64, f64)| is_drawable(p, frame.logarithmic);
    for pair in series.points.windows(2).filter(|pair| pair.iter().all(drawable)) {
        image.line(frame.pixel(pair[0]), frame.pixel(pair[1]), 2.5, colour);
    }
    // Points between two gaps would not show as lines.
    let lone = |n: usize| {
        let gap = |m: Option<usize>| m.and_then(|m| series.points.get(m)).is_none_or(|p| !drawable(p));
        gap(n.checked_sub(1)) && gap(Some(n + 1))
    };
    for (n, &point) in series.points.iter().enumerate() {
        if drawable(&point) && (series.points.len() <= MAX_DOTS || lone(n)) {
            image.disc(frame.pixel(point), 4.0, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured_columns(image: &RgbImage, colour: Rgb) -> Vec<usize> {
        let mut columns: Vec<usize> =
            (0..image.width()).filter(|&x| (0..image.height()).any(|y| image.pixel(x, y) == Some(colour))).collect();
        columns.dedup();
        columns
    }

    #[test]
    fn a_line_spans_the_frame_and_has_a_gap_at_nan() {
        let mut points: Vec<(f64, f64)> = (0..=200).map(|n| (f64::from(n), 3.0)).collect();
        points.iter_mut().skip(90).take(20).for_each(|p| p.1 = f64::NAN);
        let plot = LinePlot { series: vec![Series { name: String::new(), points }], ..LinePlot::default() };
        let columns = coloured_columns(&line_plot(&plot), series_colour(0));
        let (left, right) = (LEFT as usize, (WIDTH - MARGIN) as usize);
        assert!(columns.contains(&(left + 20)) && columns.contains(&(right - 20)));
        assert!(!columns.contains(&((left + right) / 2)));
    }

    #[test]
    fn odd_inputs_give_a_picture() {
        let series = |points: &[(f64, f64)]| vec![Series { name: "loss".into(), points: points.to_vec() }];
        for logarithmic in [false, true] {
            for points in [&[][..], &[(1.0, 2.0)], &[(0.0, f64::NAN), (1.0, -1.0)], &[(0.0, 1e-300), (1.0, 1e300)]] {
                let target = Some((0.0, "none"));
                let plot = LinePlot { series: series(points), logarithmic, target, ..LinePlot::default() };
                assert_eq!(line_plot(&plot).width(), WIDTH as usize);
            }
        }
    }

    #[test]
    fn a_single_point_and_points_between_gaps_show_as_dots() {
        let mut points = vec![(0.0, f64::NAN); 200];
        points[100] = (100.0, 1.0);
        points[150] = (150.0, 2.0);
        let plot = LinePlot { series: vec![Series { name: String::new(), points }], ..LinePlot::default() };
        assert!(coloured_columns(&line_plot(&plot), series_colour(0)).len() >= 10);
    }
}
