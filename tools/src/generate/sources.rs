//! Where and when the tracers are emitted.

use super::noise::Random;
use super::weather::{Grid, Weather};

/// A chimney: one cell, some hours of the day.
struct Stack {
    cell: usize,
    strength: f32,
    /// Local hour at which it starts, and hours of work.
    start: f64,
    hours: f64,
}

/// All sources.
pub(super) struct Sources {
    /// Emission of cities and of roads and ships near the ground, [y, x], relative.
    cities: Vec<f32>,
    traffic: Vec<f32>,
    stacks: Vec<Stack>,
    /// Levels from the ground that the surface emission is spread over.
    levels: usize,
    /// Units per second and level for a relative emission of 1.
    rate: f32,
}

impl Sources {
    pub(super) fn new(grid: &Grid, weather: &Weather, seed: u64) -> Self {
        let mut random = Random::new(seed, 2);
        let plane = grid.plane();
        let centres: Vec<usize> = (0..(plane / 4000).max(4)).map(|_| lowland(&mut random, weather, plane)).collect();
        let mut cities = vec![0.0; plane];
        for &centre in &centres {
            add_city(grid, &mut cities, centre, random.uniform(2.0, 8.0), random.uniform(0.4, 1.6));
        }
        for (city, variation) in cities.iter_mut().zip(&weather.variation) {
            *city *= (0.6 * variation).exp();
        }
        let mut traffic = vec![0.0f32; plane];
        for _ in 0..2 * centres.len() {
            let ends = [centres[random.index(centres.len())], centres[random.index(centres.len())]];
            add_road(grid, &mut traffic, ends, &mut random);
        }
        for i in 0..plane {
            let land = weather.land[i];
            let (x, y) = ((i % grid.nx) as f32 / grid.nx as f32, (i / grid.nx) as f32);
            let lane = (0.16 + 0.05 * (9.4 * x).sin()) * grid.ny as f32;
            let ships = (-((y - lane) / 1.3).powi(2)).exp() * (1.0 - land);
            cities[i] *= land;
            traffic[i] = 0.35 * (traffic[i] * land + ships);
        }
        let stacks = (0..(plane / 1500).max(6))
            .map(|_| {
                let height = random.uniform(120.0, 550.0);
                let level = grid.centres.partition_point(|&centre| centre < height).min(grid.nz - 1);
                Stack {
                    cell: level * plane + lowland(&mut random, weather, plane),
                    strength: (0.8 * random.normal()).exp() as f32,
                    start: random.uniform(0.0, 24.0),
                    hours: random.uniform(10.0, 24.0),
                }
            })
            .collect();
        let levels = grid.edges[1..].partition_point(|&edge| edge < 90.0).clamp(1, grid.nz);
        let rate = 60.0 / grid.edges[levels].max(60.0) / levels as f64;
        Self { cities, traffic, stacks, levels, rate: rate as f32 }
    }

    /// Adds what is emitted in `duration` seconds from `time` to fields of the whole grid: fine dust to `pm25`,
    /// nitrogen oxides to `nox`.
    pub(super) fn emit(&self, time: f64, duration: f64, pm25: Option<&mut [f32]>, nox: Option<&mut [f32]>) {
        let hour = (time / 3600.0).rem_euclid(24.0);
        let peak = |at: f64, width: f64| (-((hour - at) / width).powi(2)).exp();
        let rush = (0.35 + peak(8.0, 1.6) + 0.9 * peak(18.5, 2.0)) as f32;
        let seconds = duration as f32;
        for (field, traffic, city, strength) in
            [(pm25, 0.6, 1.3, 9e-3 * (0.5 + 0.6 * rush)), (nox, 1.0, 1.0, 6e-3 * rush)]
        {
            let Some(field) = field else { continue };
            let amount = strength * self.rate * seconds;
            for level in field.chunks_exact_mut(self.cities.len()).take(self.levels) {
                for ((value, cities), roads) in level.iter_mut().zip(&self.cities).zip(&self.traffic) {
                    *value += amount * (city * cities + traffic * roads);
                }
            }
            for stack in &self.stacks {
                if (hour - stack.start).rem_euclid(24.0) < stack.hours {
                    field[stack.cell] += 0.03 * stack.strength * seconds;
                }
            }
        }
    }
}

/// A random cell on low land; anywhere where there is hardly any.
fn lowland(random: &mut Random, weather: &Weather, plane: usize) -> usize {
    let mut cell = random.index(plane);
    for _ in 0..200 {
        if weather.land[cell] > 0.9 && weather.terrain[cell] < 250.0 {
            break;
        }
        cell = random.index(plane);
    }
    cell
}

/// Adds a bell of a radius in cells.
fn add_city(grid: &Grid, field: &mut [f32], centre: usize, radius: f64, strength: f64) {
    let (cy, cx) = ((centre / grid.nx) as f64, (centre % grid.nx) as f64);
    for (i, value) in field.iter_mut().enumerate() {
        let distance = ((i / grid.nx) as f64 - cy).powi(2) + ((i % grid.nx) as f64 - cx).powi(2);
        *value += (strength * (-distance / (2.0 * radius * radius)).exp()) as f32;
    }
}

/// Draws a bent line between two cells.
fn add_road(grid: &Grid, field: &mut [f32], [from, to]: [usize; 2], random: &mut Random) {
    let place = |cell: usize| ((cell / grid.nx) as f64, (cell % grid.nx) as f64);
    let ((y0, x0), (y1, x1)) = (place(from), place(to));
    let bend = random.uniform(-0.2, 0.2);
    let strength = random.uniform(0.2, 0.8) as f32;
    let points = 3 * ((y1 - y0).abs().max((x1 - x0).abs()) as usize) + 1;
    for n in 0..=points {
        let t = n as f64 / points as f64;
        let aside = bend * 4.0 * t * (1.0 - t);
        let y = (y0 + t * (y1 - y0) + aside * (x1 - x0)).round();
        let x = (x0 + t * (x1 - x0) - aside * (y1 - y0)).round();
        if y >= 0.0 && x >= 0.0 && y < grid.ny as f64 && x < grid.nx as f64 {
            let value = &mut field[y as usize * grid.nx + x as usize];
            *value = value.max(strength);
        }
    }
}
