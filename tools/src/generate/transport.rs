//! Carries, mixes and converts the tracers.

use rayon::prelude::*;

use super::sources::Sources;
use super::weather::{Eddies, Grid, Tracer, Weather};

/// Largest Courant number of one horizontal step.
const MAX_COURANT: f32 = 0.9;
/// Limit of the vertical wind in m/s.
const MAX_RISE: f32 = 0.6;
/// Smallest mixing coefficient in m2/s.
const LEAST_MIXING: f32 = 0.15;

/// The concentrations; fields are [z, y, x] on terrain-following levels.
pub(super) struct Chemistry<'a> {
    grid: &'a Grid,
    tracers: Vec<(Tracer, Vec<f32>)>,
    /// Vertical wind at the upper border of each level in m/s.
    rise: Vec<f32>,
    steps: u64,
}

impl<'a> Chemistry<'a> {
    /// Starts from the background at `time`, with the tracers that are asked for and those they need.
    pub(super) fn new(grid: &'a Grid, weather: &Weather, time: f64, pm25: bool, ozone: bool) -> Self {
        let wanted = [(Tracer::Pm25, pm25), (Tracer::Nox, ozone), (Tracer::Ozone, ozone)];
        let tracers = wanted
            .into_iter()
            .filter(|&(_, wanted)| wanted)
            .map(|(tracer, _)| {
                let cell = |(z, i): (usize, usize)| weather.background(tracer, time, grid.centres[z], i);
                let cells = (0..grid.nz).flat_map(|z| (0..grid.plane()).map(move |i| (z, i)));
                (tracer, cells.map(cell).collect())
            })
            .collect();
        Self { grid, tracers, rise: vec![0.0; grid.nz * grid.plane()], steps: 0 }
    }

    /// Fine dust, if it is simulated.
    pub(super) fn pm25(&self) -> Option<&[f32]> {
        self.get(Tracer::Pm25)
    }

    /// Ozone, if it is simulated.
    pub(super) fn o3(&self) -> Option<&[f32]> {
        self.get(Tracer::Ozone)
    }

    fn get(&self, tracer: Tracer) -> Option<&[f32]> {
        self.tracers.iter().find(|(t, _)| *t == tracer).map(|(_, field)| field.as_slice())
    }

    /// Goes `duration` seconds on from `time`.
    pub(super) fn advance(&mut self, weather: &Weather, sources: &Sources, time: f64, duration: f64) {
        let eddies = weather.eddies(self.grid, time);
        self.carry(weather, &eddies, time, duration as f32);
        let (mut pm25, mut nox) = (None, None);
        for (tracer, field) in &mut self.tracers {
            match tracer {
                Tracer::Pm25 => pm25 = Some(field.as_mut_slice()),
                Tracer::Nox => nox = Some(field.as_mut_slice()),
                Tracer::Ozone => {}
            }
        }
        sources.emit(time, duration, pm25, nox);
        self.mix(weather, time, duration as f32);
        self.react(time, duration as f32);
        self.steps += 1;
    }

    /// Horizontal transport, level by level, and the vertical wind that follows from it.
    fn carry(&mut self, weather: &Weather, eddies: &Eddies, time: f64, duration: f32) {
        let grid = self.grid;
        let plane = grid.plane();
        let x_first = self.steps.is_multiple_of(2);
        // Levels do not touch each other here: one task each, with its own part of every field.
        let mut levels: Vec<LevelFields<'_>> =
            self.rise.chunks_exact_mut(plane).map(|rise| LevelFields { rise, tracers: Vec::new() }).collect();
        for (tracer, field) in &mut self.tracers {
            for (level, part) in levels.iter_mut().zip(field.chunks_exact_mut(plane)) {
                level.tracers.push((*tracer, part));
            }
        }
        levels.par_iter_mut().enumerate().for_each_init(
            || Level::new(grid),
            |scratch, (z, level)| {
                let height = grid.centres[z];
                scratch.set_wind(grid, weather, eddies, time, height, duration);
                scratch.inflow(grid, grid.thickness(z) as f32 / duration, level.rise);
                for (tracer, field) in &mut level.tracers {
                    let outside = |i: usize| weather.background(*tracer, time, height, i);
                    scratch.carry(grid, field, outside, x_first);
                }
            },
        );
        // The flow into each level so far; summed from the ground it is the wind through the level's upper border.
        for z in 1..grid.nz {
            let (below, here) = self.rise.split_at_mut(z * plane);
            for (rise, below) in here[..plane].iter_mut().zip(&below[(z - 1) * plane..]) {
                *rise += below;
            }
        }
        self.rise.par_iter_mut().for_each(|rise| *rise = rise.clamp(-MAX_RISE, MAX_RISE));
    }

    /// Turbulent mixing and vertical wind, implicit in time, one row of columns after the other.
    fn mix(&mut self, weather: &Weather, time: f64, duration: f32) {
        let Grid { nz, ny, nx, .. } = *self.grid;
        let plane = ny * nx;
        let mut column = Columns::new(nz, nx);
        for y in 0..ny {
            column.set(self.grid, weather, &self.rise, time, duration, y);
            for (_, field) in &mut self.tracers {
                column.solve(|z| z * plane + y * nx, field);
            }
        }
    }

    /// Deposition, and ozone: destroyed by fresh exhaust, made from it by light.
    fn react(&mut self, time: f64, duration: f32) {
        let plane = self.grid.plane();
        let bottom = self.grid.thickness(0) as f32;
        let sun = Weather::sun(time) as f32;
        for (tracer, field) in &mut self.tracers {
            let speed = match tracer {
                Tracer::Pm25 => 0.002,
                Tracer::Ozone => 0.004,
                Tracer::Nox => continue,
            };
            let kept = (-duration * speed / bottom).exp();
            field[..plane].iter_mut().for_each(|value| *value *= kept);
        }
        let (mut nox, mut ozone) = (None, None);
        for (tracer, field) in &mut self.tracers {
            match tracer {
                Tracer::Nox => nox = Some(field),
                Tracer::Ozone => ozone = Some(field),
                Tracer::Pm25 => {}
            }
        }
        let (Some(nox), Some(ozone)) = (nox, ozone) else { return };
        let lifetime = if sun > 0.0 { 3.0 } else { 7.0 } * 3600.0;
        let kept = (-duration / lifetime).exp();
        for (nox, ozone) in nox.iter_mut().zip(ozone) {
            let destroyed = (2.2e-7 * duration * *nox * *ozone).min(0.3 * *ozone);
            *ozone += sun * 4.2e-3 * duration * *nox / (*nox + 12.0) - destroyed;
            *nox *= kept;
        }
    }
}

/// One level's part of all fields.
struct LevelFields<'f> {
    rise: &'f mut [f32],
    tracers: Vec<(Tracer, &'f mut [f32])>,
}

/// Wind and scratch memory for the horizontal transport of one level.
struct Level {
    u: Vec<f32>,
    v: Vec<f32>,
    /// Courant numbers of a short step through the western (eastern of the last) and southern borders of the cells.
    through_x: Vec<f32>,
    through_y: Vec<f32>,
    short_steps: usize,
    /// A line of cells with two more at each end, its slopes and its fluxes.
    padded: Vec<f32>,
    slopes: Vec<f32>,
    flux: Vec<f32>,
}

impl Level {
    fn new(grid: &Grid) -> Self {
        let Grid { ny, nx, .. } = *grid;
        let padded = ((nx + 4) * ny).max(nx * (ny + 4));
        Self {
            u: vec![0.0; ny * nx],
            v: vec![0.0; ny * nx],
            through_x: vec![0.0; ny * (nx + 1)],
            through_y: vec![0.0; (ny + 1) * nx],
            short_steps: 1,
            padded: vec![0.0; padded],
            slopes: vec![0.0; padded],
            flux: vec![0.0; padded],
        }
    }

    fn set_wind(&mut self, grid: &Grid, weather: &Weather, eddies: &Eddies, time: f64, height: f64, duration: f32) {
        let Grid { ny, nx, .. } = *grid;
        weather.wind(time, height, eddies, &mut self.u, &mut self.v);
        let fastest = self.u.iter().chain(&self.v).fold(0.0f32, |a, b| a.max(b.abs()));
        let courant = duration / Grid::SPACING as f32;
        self.short_steps = ((fastest * courant / MAX_COURANT).ceil() as usize).max(1);
        let courant = courant / self.short_steps as f32;
        for y in 0..ny {
            for x in 0..=nx {
                let (west, east) = (y * nx + x.saturating_sub(1), y * nx + x.min(nx - 1));
                self.through_x[y * (nx + 1) + x] = 0.5 * courant * (self.u[west] + self.u[east]);
            }
        }
        for y in 0..=ny {
            for x in 0..nx {
                let (south, north) = (y.saturating_sub(1) * nx + x, y.min(ny - 1) * nx + x);
                self.through_y[y * nx + x] = 0.5 * courant * (self.v[south] + self.v[north]);
            }
        }
    }

    /// The net flow into each cell through its sides as a vertical speed: thickness / duration times the Courant
    /// numbers' sum.
    fn inflow(&self, grid: &Grid, thickness_per_second: f32, out: &mut [f32]) {
        let Grid { ny, nx, .. } = *grid;
        let scale = thickness_per_second * self.short_steps as f32;
        for y in 0..ny {
            for x in 0..nx {
                let east_west = self.through_x[y * (nx + 1) + x] - self.through_x[y * (nx + 1) + x + 1];
                let north_south = self.through_y[y * nx + x] - self.through_y[(y + 1) * nx + x];
                out[y * nx + x] = scale * (east_west + north_south);
            }
        }
    }

    fn carry(&mut self, grid: &Grid, field: &mut [f32], outside: impl Fn(usize) -> f32, x_first: bool) {
        for step in 0..self.short_steps {
            if x_first == step.is_multiple_of(2) {
                self.carry_x(grid, field, &outside);
                self.carry_y(grid, field, &outside);
            } else {
                self.carry_y(grid, field, &outside);
                self.carry_x(grid, field, &outside);
            }
        }
    }

    /// West to east, row by row.
    fn carry_x(&mut self, grid: &Grid, field: &mut [f32], outside: &impl Fn(usize) -> f32) {
        let nx = grid.nx;
        for (y, row) in field.chunks_exact_mut(nx).enumerate() {
            let padded = &mut self.padded[..nx + 4];
            padded[2..nx + 2].copy_from_slice(row);
            padded[..2].fill(outside(y * nx));
            padded[nx + 2..].fill(outside(y * nx + nx - 1));
            let through = &self.through_x[y * (nx + 1)..(y + 1) * (nx + 1)];
            step_line(1, padded, through, &mut self.slopes, &mut self.flux, row);
        }
    }

    /// South to north, all columns at once.
    fn carry_y(&mut self, grid: &Grid, field: &mut [f32], outside: &impl Fn(usize) -> f32) {
        let Grid { ny, nx, .. } = *grid;
        let padded = &mut self.padded[..(ny + 4) * nx];
        padded[2 * nx..(ny + 2) * nx].copy_from_slice(field);
        for x in 0..nx {
            let (south, north) = (outside(x), outside((ny - 1) * nx + x));
            (padded[x], padded[nx + x]) = (south, south);
            (padded[(ny + 2) * nx + x], padded[(ny + 3) * nx + x]) = (north, north);
        }
        step_line(nx, padded, &self.through_y, &mut self.slopes, &mut self.flux, field);
    }
}

/// One step of the monotone van Leer scheme along a line (or, with a stride, along many lines side by side). `padded`
/// has two more cells at each end than `out`, `through` one more border than `out` has cells.
fn step_line(stride: usize, padded: &[f32], through: &[f32], slopes: &mut [f32], flux: &mut [f32], out: &mut [f32]) {
    // Half of the limited slope of each cell but the first and the last of `padded`.
    let slopes = &mut slopes[..padded.len() - 2 * stride];
    let neighbours = padded.iter().zip(&padded[stride..]).zip(&padded[2 * stride..]);
    for (slope, ((&before, &here), &after)) in slopes.iter_mut().zip(neighbours) {
        let (rise, next_rise) = (here - before, after - here);
        *slope = (rise * next_rise).max(0.0) / (rise + next_rise + 1e-20);
    }
    let flux = &mut flux[..through.len()];
    let cells = padded[stride..].iter().zip(&padded[2 * stride..]);
    let sides = slopes.iter().zip(&slopes[stride..]);
    for (flux, (&courant, ((&west, &east), (&west_slope, &east_slope)))) in
        flux.iter_mut().zip(through.iter().zip(cells.zip(sides)))
    {
        let (forth, back) = (courant.max(0.0), courant.min(0.0));
        *flux = forth * (west + (1.0 - forth) * west_slope) + back * (east - (1.0 + back) * east_slope);
    }
    let borders = flux.iter().zip(&flux[stride..]).zip(through.iter().zip(&through[stride..]));
    for (value, ((&entering, &leaving), (&from, &to))) in out.iter_mut().zip(borders) {
        // The divergence along this line is compensated, so a uniform field stays uniform.
        *value = *value * (1.0 + to - from) + entering - leaving;
    }
}

/// The tridiagonal system of all columns in one row of cells: [z, x].
struct Columns {
    nx: usize,
    lower: Vec<f32>,
    upper: Vec<f32>,
    inverse: Vec<f32>,
}

impl Columns {
    fn new(nz: usize, nx: usize) -> Self {
        let zeros = || vec![0.0; nz * nx];
        Self { nx, lower: zeros(), upper: zeros(), inverse: zeros() }
    }

    /// Fills in the coefficients of row `y` and eliminates once, for all tracers.
    fn set(&mut self, grid: &Grid, weather: &Weather, rise: &[f32], time: f64, duration: f32, y: usize) {
        let Grid { nz, nx, .. } = *grid;
        let sun = Weather::sun(time) as f32;
        let cells = y * nx..(y + 1) * nx;
        let heights: Vec<f32> = cells.clone().map(|i| weather.mixing_height(time, i)).collect();
        let friction: Vec<f32> = cells.clone().map(|i| 0.12 + 0.33 * sun * weather.land[i]).collect();
        for z in 0..nz {
            let thickness = grid.thickness(z) as f32;
            let to_lower = if z > 0 { (grid.centres[z] - grid.centres[z - 1]) as f32 } else { 1.0 };
            let to_upper = if z + 1 < nz { (grid.centres[z + 1] - grid.centres[z]) as f32 } else { 1.0 };
            let (bottom, top) = (grid.edges[z] as f32, grid.edges[z + 1] as f32);
            for x in 0..nx {
                let at = z * nx + x;
                let (mut lower, mut upper) = (0.0, 0.0);
                let wind_above = rise[z * grid.plane() + cells.start + x];
                let wind_below = if z > 0 { rise[(z - 1) * grid.plane() + cells.start + x] } else { 0.0 };
                let wind = 0.5 * (wind_above + wind_below);
                if z > 0 {
                    let mixing = mixing(bottom, heights[x], friction[x]) / thickness;
                    lower = -duration * (mixing + wind.max(0.0)) / to_lower;
                }
                if z + 1 < nz {
                    let mixing = mixing(top, heights[x], friction[x]) / thickness;
                    upper = -duration * (mixing + (-wind).max(0.0)) / to_upper;
                }
                let eliminated = if z > 0 { lower * self.upper[at - nx] } else { 0.0 };
                let inverse = 1.0 / (1.0 - lower - upper - eliminated);
                self.lower[at] = lower;
                self.inverse[at] = inverse;
                self.upper[at] = upper * inverse;
            }
        }
    }

    /// Solves for one field; `start(z)` is the index of the row's first cell in level z.
    fn solve(&self, start: impl Fn(usize) -> usize, field: &mut [f32]) {
        let nx = self.nx;
        let nz = self.lower.len() / nx;
        for z in 0..nz {
            let (below, here) = field.split_at_mut(start(z));
            let row = z * nx..(z + 1) * nx;
            let (lower, inverse) = (&self.lower[row.clone()], &self.inverse[row]);
            if z == 0 {
                here.iter_mut().zip(inverse).for_each(|(value, inverse)| *value *= inverse);
                continue;
            }
            let below = &below[start(z - 1)..][..nx];
            for (((value, below), lower), inverse) in here.iter_mut().zip(below).zip(lower).zip(inverse) {
                *value = (*value - lower * below) * inverse;
            }
        }
        for z in (0..nz.saturating_sub(1)).rev() {
            let (here, above) = field.split_at_mut(start(z + 1));
            let here = &mut here[start(z)..][..nx];
            for ((value, above), upper) in here.iter_mut().zip(above).zip(&self.upper[z * nx..]) {
                *value -= upper * *above;
            }
        }
    }
}

/// Mixing coefficient in m2/s at a height: a parabola within the boundary layer.
fn mixing(height: f32, boundary_layer: f32, friction: f32) -> f32 {
    let inside = (1.0 - height / boundary_layer).max(0.0);
    0.4 * friction * height * inside * inside + LEAST_MIXING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_moves_an_edge_without_overshoot_and_keeps_the_mass() {
        let n = 200;
        let mut line: Vec<f32> = (0..n).map(|i| if (50..80).contains(&i) { 10.0 } else { 1.0 }).collect();
        let through = vec![0.4; n + 1];
        let (mut slopes, mut flux) = (vec![0.0; n + 4], vec![0.0; n + 4]);
        for _ in 0..100 {
            let mut padded = vec![1.0; n + 4];
            padded[2..n + 2].copy_from_slice(&line);
            step_line(1, &padded, &through, &mut slopes, &mut flux, &mut line);
        }
        assert!(line.iter().all(|v| (0.9999..=10.0001).contains(v)));
        let mass: f32 = line.iter().map(|v| v - 1.0).sum();
        assert!((mass - 270.0).abs() < 0.1, "{mass}");
        // 100 steps of 0.4 cells: the middle has moved from 65 to 105, the edges stay within a few cells.
        assert!(line[105] > 9.9 && line[84] < 1.5 && line[126] < 1.5, "{} {} {}", line[105], line[84], line[126]);
    }

    #[test]
    fn mixing_keeps_uniform_columns_uniform_and_levels_out_others() {
        let grid = Grid::new(12, 3, 5);
        let weather = Weather::new(&grid, 1);
        let plane = grid.plane();
        let mut columns = Columns::new(12, 5);
        columns.set(&grid, &weather, &vec![0.01; 12 * plane], 13.0 * 3600.0, 600.0, 1);
        let mut uniform = vec![3.0; 12 * plane];
        columns.solve(|z| z * plane + 5, &mut uniform);
        assert!(uniform.iter().all(|v| (v - 3.0).abs() < 1e-4));
        let mut peak = vec![0.0; 12 * plane];
        peak[plane + 7] = 1.0;
        columns.solve(|z| z * plane + 5, &mut peak);
        assert!(peak[plane + 7] < 0.9 && peak[2 * plane + 7] > 0.01 && peak[7] > 0.01);
        assert!(peak.iter().all(|v| (0.0..=1.0).contains(v)) && peak[plane + 6] == 0.0);
    }
}
