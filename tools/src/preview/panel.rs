//! One picture of a slice and one colour bar, placed at given pixels.

use super::canvas::{Align, FAINT_INK, Font, INK, RgbImage, SMALL};
use super::colours::{self, Scale};
use super::ticks;

/// Largest side of a panel in pixels; larger slices are averaged down.
const MAX_SIDE: usize = 600;
/// Smallest side of a panel; thinner slices are stretched across.
const MIN_SIDE: usize = 112;
/// Largest number of pixels a voxel's side gets, unless `MIN_SIDE` asks for more.
const MAX_ZOOM: usize = 40;

/// How voxels become pixels along the two axes: `shrink` voxels are averaged, then repeated `zoom` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    shrink: [usize; 2],
    zoom: [usize; 2],
    cells: [usize; 2],
}

impl Fit {
    /// Fits a slice of `size` [horizontal, vertical] voxels. Voxels stay square unless a side would be too short.
    pub(super) fn new(size: [usize; 2]) -> Self {
        let size = size.map(|n| n.max(1));
        let common = size[0].max(size[1]).div_ceil(MAX_SIDE);
        let shrink = size.map(|n| common.min((n / MIN_SIDE).max(n.div_ceil(MAX_SIDE))).max(1));
        let cells = [size[0].div_ceil(shrink[0]), size[1].div_ceil(shrink[1])];
        let common = (MAX_SIDE / cells[0].max(cells[1])).clamp(1, MAX_ZOOM);
        let zoom = cells.map(|n| common.max(MIN_SIDE.div_ceil(n)));
        Self { shrink, zoom, cells }
    }

    pub(super) fn width(&self) -> i32 {
        (self.cells[0] * self.zoom[0]) as i32
    }

    pub(super) fn height(&self) -> i32 {
        (self.cells[1] * self.zoom[1]) as i32
    }

    /// Pixels of `n` voxels along an axis.
    fn pixels(&self, axis: usize, n: usize) -> i32 {
        (n as f64 / self.shrink[axis] as f64 * self.zoom[axis] as f64).round() as i32
    }

    /// Pixel offset of the middle of voxel `index` along an axis (0 horizontal, 1 vertical).
    fn pixel(&self, axis: usize, index: f64) -> i32 {
        ((index + 0.5) / self.shrink[axis] as f64 * self.zoom[axis] as f64) as i32
    }
}

/// What a panel shows at a voxel.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shown {
    Value(f32),
    Nothing,
    /// Valid in only one of the fields.
    Mismatch,
}

/// A slice ready to draw: voxel values with the horizontal axis fastest.
pub(super) struct Panel<'a> {
    /// Numbers of the first voxel along both axes.
    pub(super) origin: [usize; 2],
    pub(super) size: [usize; 2],
    pub(super) upwards: bool,
    pub(super) scale: Scale,
    /// Where voxels are averaged down, show the one of largest magnitude instead: for errors.
    pub(super) extremes: bool,
    pub(super) voxel: &'a dyn Fn(usize) -> Shown,
}

impl Panel<'_> {
    /// Draws the slice with its top left corner at (left, top), framed.
    pub(super) fn draw(&self, image: &mut RgbImage, left: i32, top: i32, fit: &Fit) {
        for row in 0..fit.cells[1] {
            for column in 0..fit.cells[0] {
                let shown = self.cell(fit, column, row);
                let rows_from_top = if self.upwards { fit.cells[1] - 1 - row } else { row };
                let (x, y) = ((column * fit.zoom[0]) as i32 + left, (rows_from_top * fit.zoom[1]) as i32 + top);
                for dy in 0..fit.zoom[1] as i32 {
                    for dx in 0..fit.zoom[0] as i32 {
                        let colour = match shown {
                            Shown::Value(value) => self.scale.colour(f64::from(value)),
                            Shown::Nothing => colours::hatch(x + dx, y + dy),
                            Shown::Mismatch => colours::MISMATCH,
                        };
                        image.set(x + dx, y + dy, colour);
                    }
                }
            }
        }
        image.frame(left, top, fit.width(), fit.height(), INK);
    }

    /// Outlines a rectangle of voxels (first along both axes, extent along both axes), at least 9 pixels wide and high.
    pub(super) fn outline(&self, image: &mut RgbImage, left: i32, top: i32, fit: &Fit, rectangle: [usize; 4]) {
        let [x, y, width, height] = rectangle;
        let (x, mut y) = (fit.pixels(0, x), fit.pixels(1, y));
        let (width, height) = (fit.pixels(0, width), fit.pixels(1, height));
        if self.upwards {
            y = fit.height() - y - height;
        }
        let grow = |n: i32| ((9 - n) / 2).max(0);
        let (x, y) = (left + x - grow(width), top + y - grow(height));
        let (width, height) = (width + 2 * grow(width), height + 2 * grow(height));
        // Light beside dark shows on every colour.
        image.frame(x, y, width, height, INK);
        image.frame(x + 1, y + 1, width - 2, height - 2, [255; 3]);
    }

    /// Mean (or extreme) of the voxels of one cell; a mismatch in any of them shows, whatever the others are.
    fn cell(&self, fit: &Fit, column: usize, row: usize) -> Shown {
        let [width, height] = self.size;
        let (mut sum, mut count, mut extreme) = (0.0, 0, 0f32);
        for y in row * fit.shrink[1]..((row + 1) * fit.shrink[1]).min(height) {
            for x in column * fit.shrink[0]..((column + 1) * fit.shrink[0]).min(width) {
                match (self.voxel)(y * width + x) {
                    Shown::Value(value) => {
                        sum += f64::from(value);
                        count += 1;
                        extreme = if value.abs() > extreme.abs() { value } else { extreme };
                    }
                    Shown::Nothing => {}
                    Shown::Mismatch => return Shown::Mismatch,
                }
            }
        }
        match count {
            0 => Shown::Nothing,
            _ if self.extremes => Shown::Value(extreme),
            _ => Shown::Value((sum / f64::from(count)) as f32),
        }
    }

    /// Tick marks and numbers below the panel and, with `vertical`, left of it.
    pub(super) fn draw_axes(
        &self,
        image: &mut RgbImage,
        left: i32,
        top: i32,
        fit: &Fit,
        vertical: bool,
        axes: &[String; 2],
    ) {
        let bottom = top + fit.height();
        for (value, label) in ticks::indices(self.origin[0], self.size[0], fit.width() as usize / 120).iter() {
            let x = left + fit.pixel(0, value - self.origin[0] as f64);
            image.fill(x, bottom + 1, 1, 5, INK);
            image.text(x, bottom + 7, label, SMALL, Align::Centre, INK);
        }
        image.text(left + fit.width() / 2, bottom + 28, &axes[0], SMALL, Align::Centre, FAINT_INK);
        let vertical_ticks = vertical_ticks(self.origin[1], self.size[1], fit);
        for (value, label) in vertical_ticks.iter() {
            let offset = fit.pixel(1, value - self.origin[1] as f64);
            let y = if self.upwards { bottom - 1 - offset } else { top + offset };
            image.fill(left - 6, y, 5, 1, INK);
            if vertical {
                image.text(left - 10, y - SMALL.height() / 2, label, SMALL, Align::Right, INK);
            }
        }
        if vertical {
            let x = left - 14 - vertical_ticks.width(SMALL) - SMALL.height();
            image.text_upwards(x, top + fit.height() / 2, &axes[1], SMALL, FAINT_INK);
        }
    }
}

/// Space that [`Panel::draw_axes`] needs below a panel.
pub(super) const AXIS_BELOW: i32 = 52;

/// Space that [`Panel::draw_axes`] needs left of a panel with `height` voxels from number `first`.
pub(super) fn axis_left(first: usize, height: usize, fit: &Fit) -> i32 {
    14 + vertical_ticks(first, height, fit).width(SMALL) + SMALL.height()
}

fn vertical_ticks(first: usize, height: usize, fit: &Fit) -> ticks::Ticks {
    ticks::indices(first, height, fit.height() as usize / 60)
}

/// Width of the coloured part of a colour bar.
const BAR: i32 = 20;
/// Height of the pointed end that says that there are values beyond it.
const POINT: i32 = 14;

/// Width of a colour bar with its numbers.
pub(super) fn bar_width(scale: &Scale, height: i32) -> i32 {
    BAR + 12 + bar_ticks(scale, height).width(SMALL)
}

/// Draws a vertical colour bar with numbers on its right.
pub(super) fn draw_bar(image: &mut RgbImage, left: i32, top: i32, height: i32, scale: &Scale) {
    let limits = scale.limits;
    let inner_top = top + if limits.more_above { POINT } else { 0 };
    let inner_bottom = top + height - if limits.more_below { POINT } else { 0 };
    let span = (inner_bottom - inner_top).max(1);
    for row in 0..span {
        let share = 1.0 - (f64::from(row) + 0.5) / f64::from(span);
        image.fill(left, inner_top + row, BAR, 1, scale.colour(limits.low + share * (limits.high - limits.low)));
    }
    image.frame(left, inner_top, BAR, span, INK);
    let middle = f64::from(left) + f64::from(BAR) / 2.0;
    let corners = [f64::from(left) - 0.5, f64::from(left + BAR) + 0.5];
    for (present, base, direction, colour) in [
        (limits.more_above, inner_top, -1, scale.colour(limits.high)),
        (limits.more_below, inner_bottom - 1, 1, scale.colour(limits.low)),
    ] {
        if !present {
            continue;
        }
        for step in 1..POINT {
            let inset = step * BAR / 2 / POINT;
            image.fill(left + inset, base + direction * step, BAR - 2 * inset, 1, colour);
        }
        let tip = (middle, f64::from(base + direction * POINT) + 0.5);
        for corner in corners {
            image.line((corner, f64::from(base) + 0.5), tip, 1.0, INK);
        }
        image.fill(left, base, BAR, 1, colour);
    }
    for (value, label) in bar_ticks(scale, height).iter() {
        let share = (value - limits.low) / (limits.high - limits.low);
        let y = inner_bottom - 1 - (share * f64::from(span - 1)).round() as i32;
        image.fill(left + BAR + 1, y, 5, 1, INK);
        image.text(left + BAR + 10, y - SMALL.height() / 2, label, SMALL, Align::Left, INK);
    }
}

/// At least two numbers: one alone does not say what the colours mean.
fn bar_ticks(scale: &Scale, height: i32) -> ticks::Ticks {
    let wanted = (height / 70).clamp(2, 9) as usize;
    (wanted..wanted + 4)
        .map(|wanted| ticks::linear(scale.limits.low, scale.limits.high, wanted))
        .find(|ticks| ticks.values.len() > 1)
        .unwrap_or_else(|| ticks::linear(scale.limits.low, scale.limits.high, wanted))
}

/// A square with a pattern and its meaning; gives the x position behind it.
pub(super) fn draw_key(image: &mut RgbImage, x: i32, y: i32, mismatch: bool, text: &str, font: Font) -> i32 {
    let side = font.height() - 2;
    for row in 0..side {
        for column in 0..side {
            let colour = if mismatch { colours::MISMATCH } else { colours::hatch(column, row) };
            image.set(x + column, y + row, colour);
        }
    }
    image.frame(x, y, side, side, INK);
    image.text(x + side + 8, y - 1, text, font, Align::Left, INK);
    x + side + 8 + font.width(text) + 28
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voxels_stay_square_where_they_can_and_panels_keep_a_size() {
        assert_eq!(Fit::new([300, 200]).zoom, [2, 2]);
        assert_eq!(Fit::new([300, 40]).zoom, [2, 3]);
        assert_eq!(Fit::new([1, 1]).zoom, [112, 112]);
        assert_eq!(Fit::new([2500, 1300]).shrink, [5, 5]);
        // Long and thin: only the long side is averaged.
        assert_eq!(Fit::new([5000, 30]).shrink, [9, 1]);
        for size in [[1, 1], [0, 0], [1, 700], [3000, 1], [77, 5000], [601, 599], [128, 128], [100_000, 100_000]] {
            let fit = Fit::new(size);
            let range = MIN_SIDE as i32..=MAX_SIDE as i32;
            assert!(range.contains(&fit.width()) && range.contains(&fit.height()), "{size:?}: {fit:?}");
        }
    }

    #[test]
    fn averaged_down_errors_keep_their_extremes() {
        let limits = colours::value_limits([-9.0, 9.0].into_iter());
        let voxel = |i: usize| Shown::Value(if i == 1 { -9.0 } else { 1.0 });
        let mut panel = Panel {
            origin: [0, 0],
            size: [1201, 1201],
            upwards: true,
            scale: Scale::diverging(limits),
            extremes: true,
            voxel: &voxel,
        };
        let fit = Fit::new(panel.size);
        assert!(panel.cell(&fit, 0, 0) == Shown::Value(-9.0));
        panel.extremes = false;
        assert!(panel.cell(&fit, 0, 0) == Shown::Value((9.0 - 10.0 - 1.0 + 1.0) / 9.0));
    }

    #[test]
    fn the_vertical_axis_points_where_it_should() {
        let limits = colours::value_limits([0.0, 1.0].into_iter());
        let scale = Scale::sequential(limits);
        let voxel = |i: usize| Shown::Value(i as f32);
        for (upwards, top_value) in [(true, 1.0), (false, 0.0)] {
            let mut image = RgbImage::new(400, 400);
            let fit = Fit::new([1, 2]);
            Panel { origin: [0, 0], size: [1, 2], upwards, scale, extremes: false, voxel: &voxel }
                .draw(&mut image, 10, 10, &fit);
            assert_eq!(image.pixel(20, 12), Some(scale.colour(top_value)));
        }
    }
}
