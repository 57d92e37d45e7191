//! Heat maps: a number per block, the planes of blocks side by side.

use super::canvas::{Align, FAINT_INK, INK, LABEL, RgbImage, SMALL, TITLE};
use super::colours::{self, Limits, Scale};
use super::panel;
use super::ticks;

const MARGIN: i32 = 28;
const GAP: i32 = 26;
/// Widest row of planes.
const ROW_WIDTH: i32 = 1180;
/// Largest side of a cell.
const MAX_CELL: usize = 104;
/// Smallest side of a plane, so that its name fits.
const MIN_SIDE: usize = 90;
const BELOW: i32 = 54;

/// One plane of blocks.
#[derive(Clone, Debug, Default)]
pub struct HeatPlane {
    /// Its name, for example `z = 3`.
    pub label: String,
    /// One number per cell, the horizontal axis fastest; what is not finite is hatched.
    pub values: Vec<f64>,
}

/// What a heat map shows.
#[derive(Clone, Debug, Default)]
pub struct HeatMap<'a> {
    /// Title above the map.
    pub title: &'a str,
    /// Name of the numbers, above the colour bar.
    pub units: &'a str,
    /// Names of the horizontal and the vertical axis.
    pub axes: [&'a str; 2],
    /// Cells along the horizontal and the vertical axis.
    pub size: [usize; 2],
    /// The planes, side by side in rows.
    pub planes: Vec<HeatPlane>,
    /// Writes a number into its cell, where the cell is large enough.
    pub text: Option<fn(f64) -> String>,
}

/// Cells are `cell` pixels wide and high; each stands for `shrink` numbers along both axes.
struct Fit {
    shrink: usize,
    cells: [usize; 2],
    cell: [usize; 2],
}

impl Fit {
    fn new(size: [usize; 2], planes: usize) -> Self {
        let size = size.map(|n| n.max(1));
        // So many that the rows of planes stay below each other on a page.
        let side = match planes {
            0..=1 => 640,
            2..=6 => 360,
            7..=12 => 220,
            _ => 150,
        };
        let shrink = size[0].max(size[1]).div_ceil(side);
        let cells = size.map(|n| n.div_ceil(shrink));
        let common = (side / cells[0].max(cells[1])).clamp(1, MAX_CELL);
        Self { shrink, cells, cell: cells.map(|n| common.max(MIN_SIDE.div_ceil(n).min(MAX_CELL))) }
    }

    fn side(&self, axis: usize) -> i32 {
        (self.cells[axis] * self.cell[axis]) as i32
    }

    fn middle(&self, axis: usize, index: f64) -> i32 {
        ((index + 0.5) / self.shrink as f64 * self.cell[axis] as f64) as i32
    }
}

/// Draws the heat map; the vertical axis grows upwards. The colours reach from 0 to the largest value.
pub fn heat_map(map: &HeatMap<'_>) -> RgbImage {
    let fit = Fit::new(map.size, map.planes.len());
    let largest = map.planes.iter().flat_map(|p| &p.values).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let high = if largest > 0.0 { largest } else { 1.0 };
    let scale = Scale::sequential(Limits { low: 0.0, high, more_below: false, more_above: false });
    let (width, height) = (fit.side(0), fit.side(1));
    let y_ticks = ticks::indices(0, map.size[1], (height / 50).max(1) as usize);
    let axis = 14 + y_ticks.width(SMALL) + SMALL.height();
    let pitch = width + GAP;
    let per_row = ((ROW_WIDTH + GAP) / pitch).clamp(1, map.planes.len().max(1) as i32);
    let rows = map.planes.len().div_ceil(per_row as usize).max(1) as i32;
    let label = SMALL.height() + 6;
    let pitch_down = label + height + BELOW;
    let top = MARGIN + TITLE.height() + 12 + SMALL.height() + 4;
    let left = MARGIN + axis;
    let bar_height = (rows * pitch_down - label - BELOW).clamp(60, 640);
    let bar_left = left + per_row * pitch;
    let bar_width = panel::bar_width(&scale, bar_height).max(SMALL.width(map.units).min(200));
    let total = (bar_left + bar_width + MARGIN).max(TITLE.width(map.title).min(ROW_WIDTH) + 2 * MARGIN);
    let mut image = RgbImage::new(total as usize, (top + rows * pitch_down + MARGIN / 2) as usize);
    image.text(MARGIN, MARGIN, &TITLE.fit(map.title, total - 2 * MARGIN), TITLE, Align::Left, INK);
    for (n, plane) in map.planes.iter().enumerate() {
        let (column, row) = (n as i32 % per_row, n as i32 / per_row);
        let (x, y) = (left + column * pitch, top + row * pitch_down + label);
        image.text(x, y - label, &SMALL.fit(&plane.label, width + GAP / 2), SMALL, Align::Left, FAINT_INK);
        draw_plane(&mut image, (x, y), plane, map, &fit, &scale);
        for (value, label) in ticks::indices(0, map.size[0], (width / 50).max(1) as usize).iter() {
            let at = x + fit.middle(0, value);
            image.fill(at, y + height + 1, 1, 5, INK);
            image.text(at, y + height + 7, label, SMALL, Align::Centre, INK);
        }
        image.text(x + width / 2, y + height + 28, map.axes[0], SMALL, Align::Centre, FAINT_INK);
        if column == 0 {
            for (value, label) in y_ticks.iter() {
                let at = y + height - 1 - fit.middle(1, value);
                image.fill(x - 6, at, 5, 1, INK);
                image.text(x - 10, at - SMALL.height() / 2, label, SMALL, Align::Right, INK);
            }
            image.text_upwards(x - axis, y + height / 2, map.axes[1], SMALL, FAINT_INK);
        }
    }
    image.text(bar_left, top, &SMALL.fit(map.units, 200), SMALL, Align::Left, INK);
    panel::draw_bar(&mut image, bar_left, top + label, bar_height, &scale);
    image
}

fn draw_plane(
    image: &mut RgbImage,
    (left, top): (i32, i32),
    plane: &HeatPlane,
    map: &HeatMap<'_>,
    fit: &Fit,
    scale: &Scale,
) {
    for row in 0..fit.cells[1] {
        for column in 0..fit.cells[0] {
            let value = cell(plane, map.size, fit.shrink, column, row);
            let x = left + (column * fit.cell[0]) as i32;
            let y = top + ((fit.cells[1] - 1 - row) * fit.cell[1]) as i32;
            let (width, height) = (fit.cell[0] as i32, fit.cell[1] as i32);
            if let Some(value) = value {
                let colour = scale.colour(value);
                image.fill(x, y, width, height, colour);
                let text = map.text.filter(|_| fit.shrink == 1).map_or(String::new(), |text| text(value));
                if !text.is_empty() && LABEL.width(&text) <= width && height >= LABEL.height() {
                    // Viridis is dark where it is blue and light where it is yellow.
                    let ink = if colour.iter().map(|&c| u32::from(c)).sum::<u32>() > 330 { INK } else { [255; 3] };
                    let text_top = y + (height - SMALL.height()) / 2;
                    image.text(x + width / 2, text_top, &text, SMALL, Align::Centre, ink);
                }
            } else {
                for dy in 0..height {
                    for dx in 0..width {
                        image.set(x + dx, y + dy, colours::hatch(x + dx, y + dy));
                    }
                }
            }
        }
    }
    image.frame(left, top, fit.side(0), fit.side(1), INK);
}

/// Mean of the finite numbers of one cell.
fn cell(plane: &HeatPlane, size: [usize; 2], shrink: usize, column: usize, row: usize) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for y in row * shrink..((row + 1) * shrink).min(size[1]) {
        for x in column * shrink..((column + 1) * shrink).min(size[0]) {
            if let Some(value) = plane.values.get(y * size[0] + x).filter(|v| v.is_finite()) {
                sum += value;
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gives_a_picture_of_bounded_width() {
        for (size, planes) in [([1, 1], 1), ([3, 2], 1), ([5, 5], 7), ([1300, 4], 2), ([2, 900], 1), ([0, 0], 0)] {
            let plane = HeatPlane { label: "z = 0".into(), values: (0..size[0] * size[1]).map(|v| v as f64).collect() };
            let map = HeatMap { title: "bytes", size, planes: vec![plane; planes], ..HeatMap::default() };
            let image = heat_map(&map);
            assert!((100..1600).contains(&image.width()), "{size:?}: {}", image.width());
            assert!((100..1200).contains(&image.height()), "{size:?}: {}", image.height());
        }
    }

    #[test]
    fn the_first_row_lies_at_the_bottom() {
        let plane = HeatPlane { label: String::new(), values: vec![0.0, 1e6] };
        let image = heat_map(&HeatMap { size: [1, 2], planes: vec![plane], ..HeatMap::default() });
        let colour = |t| {
            let c = colorous::VIRIDIS.eval_continuous(t);
            Some([c.r, c.g, c.b])
        };
        let column = MARGIN as usize + 14 + SMALL.width("0") as usize + SMALL.height() as usize + 3;
        let rows = |wanted| (0..image.height()).find(|&y| image.pixel(column, y) == wanted).unwrap();
        assert!(rows(colour(1.0)) < rows(colour(0.0)));
    }
}
