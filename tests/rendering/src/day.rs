//! The picture of a day of air quality: one variable at one time over its ground, with a legend.

use crate::camera::Camera;
use crate::field::Field;
use crate::picture::Picture;
use crate::render::{How, Renderer};
use crate::scene::{Opaque, Scene};
use crate::text::{Font, Place};
use crate::transfer::Transfer;
use glam::DVec3;
use neuvol_engine::{Axis, OpenOptions, Request, Target, TargetData, Volume, units};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Pixels of the finished picture.
const SIZE: [usize; 2] = [1280, 720];
/// Pixels along an edge that become one.
const FINER: usize = 2;
/// Heights look this much larger than lengths.
const EXAGGERATION: f64 = 28.0;
/// Levels of the volume that is drawn: the file's are not evenly spaced.
const LEVELS: usize = 72;
/// Width of the box in the world.
const WIDTH: f64 = 2.0;

/// What is read of a file.
struct Day {
    /// Values at even heights; below the ground as at the ground.
    field: Field,
    /// Height of the ground in km, rows from the south.
    ground: Vec<f64>,
    /// Extent in km: east, up, north.
    extent: DVec3,
    name: String,
    units: String,
    when: String,
}

/// Draws `variable` of a file at a time step.
pub(crate) fn draw(
    renderer: &Renderer,
    path: &Path,
    variable: &str,
    step: f64,
    font: &Path,
) -> Result<Picture, String> {
    let day = Day::read(path, variable, step)?;
    let (_, most) = day.field.range();
    let top = nice(f64::from(most));
    let transfer = colours(top);
    let extent = day.extent;
    let edges = DVec3::new(extent.x, extent.y * EXAGGERATION, extent.z) * (WIDTH / extent.x);
    let camera = Camera::new(DVec3::new(-0.95, 1.25, -2.75), DVec3::new(0.13, -0.085, 0.0), 28.0);
    let ground = Ground {
        heights: day.ground.iter().map(|height| height / extent.y).collect(),
        size: [day.field.size[0], day.field.size[1]],
        edges,
        smoke: day.field.clone(),
        transfer: transfer.clone(),
    };
    let mut scene = Scene::new(day.field, edges, transfer.clone(), camera);
    scene.axes = [0, 2, 1];
    scene.lit = true;
    scene.opaque = Some(Arc::new(ground));
    scene.light = DVec3::new(-0.45, 0.75, 0.35).normalize();
    scene.ambient = 0.45;
    scene.specular = [0.12, 24.0, 0.02];
    scene.unit_length = 0.02;
    scene.density = 1.7;
    scene.size = SIZE.map(|n| n * FINER);
    let drawn = renderer.render(&scene, How::default())?.remove(0);
    let mut picture = smaller(&drawn);
    legend(&mut picture, &Font::read(font)?, &transfer, top, &[&day.name, &day.units, &day.when], extent);
    Ok(picture)
}

impl Day {
    fn read(path: &Path, name: &str, step: f64) -> Result<Self, String> {
        let explain = |error: neuvol_engine::Error| format!("{}: {error}", path.display());
        let volume = Volume::open_file(path, OpenOptions::default()).map_err(explain)?;
        let variable = volume.variable_named(name).map_err(explain)?;
        let dims = volume.variable(variable).map_err(explain)?.dims;
        let request = Request::whole(variable, dims, step);
        let mut values = vec![0.0; dims.iter().map(|&n| n as usize).product()];
        volume.decode(&request, Target::dense(TargetData::F32(&mut values), &request)).map_err(explain)?;
        let axis = |axis| -> Result<(Vec<f64>, String), String> {
            let dimension = volume.variable_dimension(variable, axis).map_err(explain)?;
            let dimension = dimension.ok_or_else(|| format!("{name} has no axis {axis:?}"))?;
            let coordinate = volume.coordinate_named(dimension).map_err(explain)?;
            let values = volume.coordinate_values(coordinate).map_err(explain)?;
            let attributes = &volume.coordinate(coordinate).map_err(explain)?.attributes;
            Ok((values, units(attributes).to_owned()))
        };
        let (east, north, up, time) = (axis(Axis::X)?, axis(Axis::Y)?, axis(Axis::Z)?, axis(Axis::Time)?);
        let [nz, ny, nx] = dims.map(|n| n as usize);
        let middle = (north.0[0] + north.0[ny - 1]) / 2.0;
        let across = |values: &[f64]| {
            (values[values.len() - 1] - values[0]).abs() * values.len() as f64 / (values.len() - 1) as f64
        };
        const DEGREE: f64 = 111.2;
        let metres = up.0[nz - 1];
        let extent = DVec3::new(
            across(&east.0) * DEGREE * middle.to_radians().cos(),
            metres / 1000.0,
            across(&north.0) * DEGREE,
        );
        let meta = volume.variable_meta(variable).map_err(explain)?;
        let heights: Vec<f64> = up.0.iter().map(|height| height / metres).collect();
        let (field, ground) = even(&values, [nx, ny, nz], &heights);
        Ok(Self {
            field,
            ground: smooth(&ground, nx, ny, 2).iter().map(|height| height * extent.y).collect(),
            extent,
            name: name.to_owned(),
            units: units(&meta.attributes).to_owned(),
            when: when(&time.1, time.0[step as usize]),
        })
    }
}

/// Columns at even heights, and the height of the ground: where the lowest valid value is.
fn even(values: &[f32], [nx, ny, nz]: [usize; 3], heights: &[f64]) -> (Field, Vec<f64>) {
    let plane = nx * ny;
    let mut result = vec![0.0; plane * LEVELS];
    let mut ground = vec![0.0; plane];
    for column in 0..plane {
        let at = |z: usize| values[z * plane + column];
        let first = (0..nz).find(|&z| !at(z).is_nan()).unwrap_or(nz - 1);
        if first > 0 {
            ground[column] = (heights[first - 1] + heights[first]) / 2.0;
        }
        for level in 0..LEVELS {
            let height = (level as f64 + 0.5) / LEVELS as f64;
            let above = heights.iter().position(|h| *h >= height).unwrap_or(nz - 1).max(first);
            let below = above.saturating_sub(1).max(first);
            let width = heights[above] - heights[below];
            let weight = if width > 0.0 { ((height - heights[below]) / width).clamp(0.0, 1.0) } else { 1.0 };
            let (low, high) = (f64::from(at(below)), f64::from(at(above)));
            result[level * plane + column] = (low + (high - low) * weight) as f32;
        }
    }
    (Field { size: [nx, ny, LEVELS], values: result }, ground)
}

/// A grid with the steps between levels rounded off.
fn smooth(grid: &[f64], nx: usize, ny: usize, times: usize) -> Vec<f64> {
    let mut grid = grid.to_vec();
    for _ in 0..times {
        for (stride, length) in [(1, nx), (nx, ny)] {
            let before = grid.clone();
            for (n, value) in grid.iter_mut().enumerate() {
                let place = n / stride % length;
                let at = |shift: isize| {
                    let moved = (place as isize + shift).clamp(0, length as isize - 1) as usize;
                    before[n - place * stride + moved * stride]
                };
                *value = (at(-2) + 4.0 * at(-1) + 6.0 * at(0) + 4.0 * at(1) + at(2)) / 16.0;
            }
        }
    }
    grid
}

/// A time of CF's units as people write it.
fn when(units: &str, value: f64) -> String {
    let words: Vec<&str> = units.split_whitespace().collect();
    let seconds = match words.first() {
        Some(&("hours" | "hour" | "h")) => 3600.0,
        Some(&("minutes" | "minute" | "min")) => 60.0,
        Some(&("days" | "day" | "d")) => 86400.0,
        _ => 1.0,
    };
    let date: Vec<i64> = words.get(2).unwrap_or(&"").split('-').filter_map(|part| part.parse().ok()).collect();
    let clock: Vec<f64> = words.get(3).unwrap_or(&"").split(':').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = date[..] else { return format!("{value} {units}") };
    let start: f64 = clock.iter().zip([3600.0, 60.0, 1.0]).map(|(part, length)| part * length).sum();
    let minutes = ((start + value * seconds) / 60.0).round() as i64;
    let (day, minutes) = (day + minutes.div_euclid(1440), minutes.rem_euclid(1440));
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name = MONTHS[(month.clamp(1, 12) - 1) as usize];
    format!("{day} {name} {year}, {:02}:{:02}", minutes / 60, minutes % 60)
}

/// The next round number from `x` on.
fn nice(x: f64) -> f64 {
    let power = 10_f64.powf(x.log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|n| n * power).into_iter().find(|n| *n >= x).unwrap_or(x)
}

/// Clean air is clear; then from blue haze over violet and orange to pale yellow.
fn colours(top: f64) -> Transfer {
    Transfer::new(
        0.0,
        top,
        &[
            [0.00, 0.30, 0.45, 0.75, 0.000],
            [0.16, 0.33, 0.52, 0.85, 0.000],
            [0.24, 0.42, 0.62, 0.95, 0.006],
            [0.32, 0.66, 0.56, 0.97, 0.020],
            [0.42, 0.95, 0.45, 0.66, 0.060],
            [0.55, 1.00, 0.50, 0.30, 0.150],
            [0.75, 1.00, 0.76, 0.30, 0.330],
            [1.00, 1.00, 0.97, 0.80, 0.650],
        ],
    )
}

/// Relief in the box, with the shadow of what is in the air, on a plinth.
#[derive(Debug)]
struct Ground {
    /// 0..1 of the box, rows from the south.
    heights: Vec<f64>,
    size: [usize; 2],
    edges: DVec3,
    smoke: Field,
    transfer: Transfer,
}

/// How far the plinth reaches below the box, as a part of its height.
const PLINTH: f64 = 0.05;

impl Ground {
    fn height(&self, x: f64, z: f64) -> f64 {
        let [nx, nz] = self.size;
        let (x, z) =
            ((x * nx as f64 - 0.5).clamp(0.0, nx as f64 - 1.001), (z * nz as f64 - 0.5).clamp(0.0, nz as f64 - 1.001));
        let (i, j) = (x as usize, z as usize);
        let (u, v) = (x - i as f64, z - j as f64);
        let at = |i: usize, j: usize| self.heights[j * nx + i];
        (at(i, j) * (1.0 - u) + at(i + 1, j) * u) * (1.0 - v) + (at(i, j + 1) * (1.0 - u) + at(i + 1, j + 1) * u) * v
    }

    /// Light that comes through the smoke.
    fn lit(&self, p: DVec3, to_light: DVec3) -> f64 {
        let direction = to_light / self.edges;
        let step = 0.02;
        let mut depth = 0.0;
        for n in 1..60 {
            let q = p + direction * (step * f64::from(n));
            if q.min_element() < 0.0 || q.max_element() > 1.0 {
                break;
            }
            let size = self.smoke.size;
            let index = |x: f64, n: usize| ((x * n as f64) as usize).min(n - 1);
            let place = (index(q.y, size[2]) * size[1] + index(q.z, size[1])) * size[0] + index(q.x, size[0]);
            let part = (f64::from(self.smoke.values[place]) / self.transfer.max).clamp(0.0, 1.0);
            depth += f64::from(self.transfer.texels[(part * 1023.0) as usize][3]) / 255.0;
        }
        (-0.55 * depth).exp()
    }
}

impl Opaque for Ground {
    fn hit(&self, origin: DVec3, direction: DVec3, to_light: DVec3) -> Option<(f64, DVec3)> {
        let (o, d) = (origin / self.edges + 0.5, direction / self.edges);
        let low = DVec3::new(0.0, -PLINTH, 0.0);
        let (a, b) = ((low - o) / d, (DVec3::ONE - o) / d);
        let (start, stop) = (a.min(b).max_element().max(0.0), a.max(b).min_element());
        if start >= stop {
            return None;
        }
        let above = |t: f64| {
            let p = o + d * t;
            p.y - self.height(p.x, p.z)
        };
        if above(start) <= 0.0 {
            // The side of the plinth.
            let side = if start == a.min(b).z { 0.75 } else { 0.6 };
            let p = o + d * start;
            let depth = ((self.height(p.x, p.z) - p.y) / (0.25 + PLINTH)).clamp(0.0, 1.0);
            return Some((start, DVec3::new(0.30, 0.29, 0.30) * side * (1.0 - 0.55 * depth)));
        }
        let steps = 900;
        let dt = (stop - start) / f64::from(steps);
        let below = (1..=steps).map(|n| start + dt * f64::from(n)).find(|t| above(*t) <= 0.0)?;
        let (mut before, mut after) = (below - dt, below);
        for _ in 0..16 {
            let middle = (before + after) / 2.0;
            if above(middle) > 0.0 { before = middle } else { after = middle }
        }
        let p = o + d * before;
        let e = 1.0 / self.size[0] as f64;
        let slope = |x: f64, z: f64| self.height(p.x + x, p.z + z) - self.height(p.x - x, p.z - z);
        let relief = 0.45 * self.edges.y;
        let normal = DVec3::new(
            -slope(e, 0.0) * relief / (2.0 * e * self.edges.x),
            1.0,
            -slope(0.0, e) * relief / (2.0 * e * self.edges.z),
        );
        let light = normal.normalize().dot(to_light).max(0.0);
        let height = (self.height(p.x, p.z) / 0.5).clamp(0.0, 1.0);
        let (low, high, top) =
            (DVec3::new(0.22, 0.27, 0.29), DVec3::new(0.40, 0.40, 0.36), DVec3::new(0.78, 0.76, 0.74));
        let base = if height < 0.3 { low.lerp(high, height / 0.3) } else { high.lerp(top, (height - 0.3) / 0.7) };
        Some((before, base * (0.38 + 1.05 * light) * (0.35 + 0.65 * self.lit(p, to_light))))
    }
}

/// Every `FINER` × `FINER` pixels as one.
fn smaller(picture: &Picture) -> Picture {
    let [width, height] = picture.size.map(|n| n / FINER);
    let pixel = |n: usize| {
        let (x, y) = (n % width * FINER, n / width * FINER);
        std::array::from_fn(|channel| {
            let rows = (0..FINER * FINER).map(|k| (y + k / FINER) * picture.size[0] + x + k % FINER);
            let sum: usize = rows.map(|place| usize::from(picture.pixels[place][channel])).sum();
            ((sum + FINER * FINER / 2) / (FINER * FINER)) as u8
        })
    };
    Picture { size: [width, height], pixels: (0..width * height).into_par_iter().map(pixel).collect() }
}

/// Name, units and date, and the colours with their values.
fn legend(picture: &mut Picture, font: &Font, transfer: &Transfer, top: f64, texts: &[&str; 3], extent: DVec3) {
    let [name, units, when] = texts;
    let ink = [232, 236, 242];
    let faint = [150, 160, 175];
    font.write(picture, when, [44.0, 66.0], 36.0, ink, Place::Left);
    font.write(picture, &format!("{} ({})", pretty(name), pretty(units)), [44.0, 102.0], 23.0, faint, Place::Left);
    let text = format!("{:.0} km × {:.0} km × {:.1} km, heights × {EXAGGERATION:.0}", extent.x, extent.z, extent.y);
    font.write(picture, &text, [SIZE[0] as f64 - 44.0, SIZE[1] as f64 - 36.0], 19.0, faint, Place::Right);
    // The bar: colours over the dark of the picture, as opaque as some depth of them.
    let (left, width, first, height) = (SIZE[0] - 112, 20, 110, 300);
    for y in 0..height {
        let value = 1.0 - (y as f64 + 0.5) / height as f64;
        let texel = transfer.texels[(value * 1023.0) as usize];
        let alpha = 1.0 - (1.0 - f64::from(texel[3]) / 255.0).powf(12.0);
        for x in 0..width {
            let pixel = &mut picture.pixels[(first + y) * SIZE[0] + left + x];
            for (channel, old) in pixel.iter_mut().enumerate() {
                *old = (f64::from(texel[channel]) * alpha + f64::from(*old) * (1.0 - alpha)).round() as u8;
            }
        }
    }
    let step = nice(top / 6.0);
    for n in 0..=(top / step) as usize {
        let value = step * n as f64;
        let y = first as f64 + height as f64 * (1.0 - value / top);
        for x in 0..6 {
            let row = (y as usize).min(first + height - 1);
            picture.pixels[row * SIZE[0] + left + width + x] = faint;
        }
        font.write(picture, &format!("{value}"), [(left + width + 12) as f64, y + 6.5], 19.0, ink, Place::Left);
    }
    let centre = left as f64 + width as f64 / 2.0;
    font.write(picture, &pretty(name), [centre, first as f64 - 46.0], 21.0, ink, Place::Middle);
    font.write(picture, &pretty(units), [centre, first as f64 - 20.0], 17.0, faint, Place::Middle);
}

/// Indices and exponents as signs of their own.
fn pretty(text: &str) -> String {
    text.replace("PM25", "PM₂.₅")
        .replace("ug", "µg")
        .replace("m-3", "m⁻³")
        .replace("m^-3", "m⁻³")
        .replace("/m3", " m⁻³")
}
