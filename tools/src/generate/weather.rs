//! The grid, the land and the weather of the day: everything that carries the tracers but is not carried.

use std::f64::consts::{PI, TAU};

use super::noise::{Random, Waves};

const DAY: f64 = 86_400.0;
/// Upper end of the highest level in metres.
const TOP: f64 = 4000.0;
/// Highest mountain in metres.
const HIGHEST: f32 = 1900.0;

/// Cells of 3 km, terrain-following levels that get thicker with height.
pub(super) struct Grid {
    pub(super) nz: usize,
    pub(super) ny: usize,
    pub(super) nx: usize,
    /// Level borders in metres above ground, nz + 1 values.
    pub(super) edges: Vec<f64>,
    /// Level middles; also the heights above the sea of the output.
    pub(super) centres: Vec<f64>,
}

impl Grid {
    /// Width of a cell in metres.
    pub(super) const SPACING: f64 = 3000.0;

    pub(super) fn new(nz: usize, ny: usize, nx: usize) -> Self {
        let edges: Vec<f64> = (0..=nz)
            .map(|n| {
                let s = n as f64 / nz as f64;
                TOP * (0.18 * s + 0.82 * s.powf(2.2))
            })
            .collect();
        let centres = edges.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
        Self { nz, ny, nx, edges, centres }
    }

    /// Cells of one level.
    pub(super) fn plane(&self) -> usize {
        self.ny * self.nx
    }

    /// The longer horizontal side in metres.
    pub(super) fn extent(&self) -> f64 {
        self.nx.max(self.ny) as f64 * Self::SPACING
    }

    pub(super) fn thickness(&self, level: usize) -> f64 {
        self.edges[level + 1] - self.edges[level]
    }
}

/// Terrain and weather; fields are [y, x].
pub(super) struct Weather {
    /// Height of the ground above the sea in metres.
    pub(super) terrain: Vec<f32>,
    /// 1 over land, 0 over sea, with a soft coast.
    pub(super) land: Vec<f32>,
    /// Smooth local deviations, about -2..2.
    pub(super) variation: Vec<f32>,
    /// Texture of the background concentrations, about 0.3..2.
    pub(super) texture: Vec<f32>,
    /// Distance in metres along the path of the front.
    front_path: Vec<f32>,
    front_start: f64,
    front_speed: f64,
    /// Directions (east, north) across the coast and up the slopes, at most 1.
    coast: [Vec<f32>; 2],
    slope: [Vec<f32>; 2],
    eddies: Vec<Waves>,
}

/// The eddies at one time: (eastward, northward) for each of the vertical modes.
pub(super) struct Eddies(Vec<[Vec<f32>; 2]>);

impl Weather {
    pub(super) fn new(grid: &Grid, seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let long = grid.extent();
        let mut field = |slope: f64, longest: f64| Waves::new(grid, &mut random, 96, slope, longest).field(grid);
        let shape = field(-1.2, 0.6 * long);
        let ridges = field(-0.7, 0.25 * long);
        let variation = field(-0.9, 0.4 * long);
        let texture = field(-0.7, 0.4 * long).iter().map(|v| (1.0 + 0.25 * v).clamp(0.3, 2.0)).collect();
        let wobble = field(-1.0, 0.5 * long);

        let rows = grid.ny as f32;
        let inland: Vec<f32> =
            shape.iter().enumerate().map(|(i, v)| v + 3.0 * ((i / grid.nx) as f32 / rows - 0.38)).collect();
        let land: Vec<f32> = inland.iter().map(|v| smooth_step(0.5 + v / 0.6)).collect();
        let terrain: Vec<f32> = inland
            .iter()
            .zip(&ridges)
            .map(|(inland, ridge)| {
                let ridge = (1.4 - ridge.abs()).max(0.0).powf(1.5);
                let hills = 25.0 * inland.clamp(0.0, 1.0);
                (hills + (inland - 0.8).max(0.0) * (60.0 + 400.0 * ridge)).clamp(0.0, HIGHEST)
            })
            .collect();

        let angle = random.uniform(55.0, 80.0).to_radians();
        let (east, north) = (-angle.cos(), -angle.sin());
        let (width, depth) = (grid.nx as f64 * Grid::SPACING, grid.ny as f64 * Grid::SPACING);
        let front_path = wobble
            .iter()
            .enumerate()
            .map(|(i, wobble)| {
                let x = ((i % grid.nx) as f64 + 0.5) * Grid::SPACING - width;
                let y = ((i / grid.nx) as f64 + 0.5) * Grid::SPACING - depth;
                (x * east + y * north) as f32 + 18e3 * wobble
            })
            .collect();
        Self {
            coast: direction(grid, &land),
            slope: direction(grid, &terrain),
            terrain,
            land,
            variation,
            texture,
            front_path,
            front_start: random.uniform(3.0, 7.0) * 3600.0,
            front_speed: (width * east).hypot(depth * north) / (20.0 * 3600.0),
            eddies: (0..3).map(|_| Waves::new(grid, &mut random, 48, -1.0 / 3.0, 0.35 * long)).collect(),
        }
    }

    /// Strength of the sun, 0..1.
    pub(super) fn sun(time: f64) -> f64 {
        (TAU * (time / DAY - 0.25)).sin().max(0.0)
    }

    /// Share of the cold air behind the front, 0..1, in cell `i` at a height. The front is a wedge: higher up the cold
    /// air is further back.
    pub(super) fn cold(&self, time: f64, height: f64, i: usize) -> f32 {
        let reached = (self.front_speed * (time - self.front_start) - 90.0 * height) as f32;
        smooth_step(0.5 - (self.front_path[i] - reached) / 36e3)
    }

    /// Height of the boundary layer over cell `i` in metres.
    pub(super) fn mixing_height(&self, time: f64, i: usize) -> f32 {
        let hour = (time / 3600.0).rem_euclid(24.0);
        let convection = (PI * ((hour - 7.0) / 12.0).clamp(0.0, 1.0)).sin().powf(0.8) as f32;
        let over_land = 180.0 + 1450.0 * convection * (1.0 + 0.25 * self.variation[i]);
        let over_sea = 520.0 + 60.0 * self.variation[i];
        let land = self.land[i];
        (land * over_land * (1.0 - 0.35 * self.cold(time, 0.0, i)) + (1.0 - land) * over_sea).max(80.0)
    }

    /// Air temperature in K over cell `i` at a height above the sea.
    pub(super) fn temperature(&self, time: f64, height: f64, i: usize) -> f32 {
        let (terrain, land) = (self.terrain[i], self.land[i]);
        let height_above_ground = (height as f32 - terrain).max(0.0);
        let daily = (TAU * (time / DAY - 0.375)).sin() as f32;
        let ground = 294.5 + land * (3.8 * daily - 0.5) + 0.35 * self.variation[i];
        let free = 296.0 - 0.0058 * height as f32;
        let mixed = ground - 0.0065 * terrain - 0.0098 * height_above_ground;
        let inversion = ((height_above_ground - self.mixing_height(time, i)) / 160.0).clamp(0.0, 1.0);
        let cooling = land * (-daily).max(0.0) * 3.0 * (-height_above_ground / 120.0).exp();
        (1.0 - inversion) * mixed + inversion * free - cooling - 5.5 * self.cold(time, height, i)
    }

    /// The eddies at a time, for [`Self::wind`].
    pub(super) fn eddies(&self, grid: &Grid, time: f64) -> Eddies {
        let each = self.eddies.iter().map(|waves| {
            let mut wind = [vec![0.0; grid.plane()], vec![0.0; grid.plane()]];
            let [u, v] = &mut wind;
            waves.wind(grid, time, u, v);
            wind
        });
        Eddies(each.collect())
    }

    /// Wind in m/s (eastward, northward) in the cells of a level at a height above ground.
    pub(super) fn wind(&self, time: f64, height: f64, eddies: &Eddies, u: &mut [f32], v: &mut [f32]) {
        let sea_breeze = 4.2 * (TAU * (time / DAY - 0.42)).sin();
        let return_flow = (-(height / 650.0).powi(2)).exp() - 0.55 * (-((height - 1500.0) / 600.0).powi(2)).exp();
        let coast = (sea_breeze * return_flow) as f32;
        let slope = (1.8 * (TAU * (time / DAY - 0.33)).sin() * (-height / 250.0).exp()) as f32;
        let friction = (0.35 + 0.65 * (1.0 - (-(height + 15.0) / 220.0).exp())) as f32;
        let drag = (-height / 600.0).exp() as f32 / 700.0;
        // Near the ground, at cloud level, in the free atmosphere.
        let strength = [
            2.2 * (-height / 500.0).exp(),
            3.2 * (-((height - 1100.0) / 700.0).powi(2)).exp(),
            4.2 / (1.0 + (-(height - 2000.0) / 350.0).exp()),
        ];
        let shear = (height / TOP) as f32;
        for i in 0..u.len() {
            let cold = self.cold(time, height, i);
            let mut east = (1.0 - cold) * (2.5 + 7.0 * shear) + cold * (-3.5 + 5.0 * shear);
            let mut north = (1.0 - cold) * (2.0 + 3.0 * shear) + cold * (-6.0 - 2.0 * shear);
            for (eddy, &strength) in eddies.0.iter().zip(&strength) {
                east += strength as f32 * eddy[0][i];
                north += strength as f32 * eddy[1][i];
            }
            east += coast * self.coast[0][i] + slope * self.slope[0][i];
            north += coast * self.coast[1][i] + slope * self.slope[1][i];
            let slowed = friction / (1.0 + drag * self.terrain[i]);
            u[i] = east * slowed;
            v[i] = north * slowed;
        }
    }

    /// Background concentration of clean and dirty air masses over cell `i` at a height above ground.
    pub(super) fn background(&self, tracer: Tracer, time: f64, height: f64, i: usize) -> f32 {
        let cold = self.cold(time, height, i);
        let kilometres = (height as f32).min(3500.0) / 1000.0;
        match tracer {
            Tracer::Nox => 0.6,
            Tracer::Ozone => (1.0 - cold) * (34.0 + 12.0 * kilometres) + cold * (48.0 + 9.0 * kilometres),
            Tracer::Pm25 => {
                let warm_air = (16.0 + 10.0 * self.land[i]) * (-kilometres / 1.6).exp();
                let cold_air = 34.0 * (-kilometres / 0.7).exp() + 3.0;
                ((1.0 - cold) * warm_air + cold * cold_air + 2.0) * self.texture[i]
            }
        }
    }
}

/// What is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracer {
    /// Nitrogen oxides in ppb.
    Nox,
    /// Ozone in ppb.
    Ozone,
    /// Fine dust in micrograms per cubic metre.
    Pm25,
}

/// From 0 to 1 while `t` does, without corners.
fn smooth_step(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The gradient of a field, scaled so that the steepest place has length 1.
fn direction(grid: &Grid, field: &[f32]) -> [Vec<f32>; 2] {
    let at = |y: usize, x: usize| field[y.min(grid.ny - 1) * grid.nx + x.min(grid.nx - 1)];
    let (mut east, mut north) = (Vec::with_capacity(field.len()), Vec::with_capacity(field.len()));
    let mut steepest = 1e-9f32;
    for y in 0..grid.ny {
        for x in 0..grid.nx {
            let (dx, dy) = (at(y, x + 1) - at(y, x.saturating_sub(1)), at(y + 1, x) - at(y.saturating_sub(1), x));
            steepest = steepest.max(dx.hypot(dy));
            east.push(dx);
            north.push(dy);
        }
    }
    let mut out = [east, north];
    out.iter_mut().flatten().for_each(|v| *v /= steepest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_get_thicker_and_end_at_the_top() {
        let grid = Grid::new(40, 4, 4);
        assert!((1..40).all(|k| grid.thickness(k) > grid.thickness(k - 1)));
        assert!((grid.edges[40] - TOP).abs() < 1e-9 && grid.edges[0] == 0.0);
    }

    #[test]
    fn the_day_has_a_cycle_and_the_land_has_mountains_and_sea() {
        let grid = Grid::new(4, 100, 120);
        let weather = Weather::new(&grid, 7);
        let land = weather.land.iter().sum::<f32>() / grid.plane() as f32;
        assert!((0.3..0.9).contains(&land), "{land}");
        assert!(weather.terrain.iter().any(|&h| h > 500.0) && weather.terrain.contains(&0.0));
        let inland = (0..grid.plane()).find(|&i| weather.land[i] == 1.0).unwrap();
        assert!(weather.mixing_height(14.0 * 3600.0, inland) > 3.0 * weather.mixing_height(3600.0, inland));
        assert!(Weather::sun(12.0 * 3600.0) > 0.99 && Weather::sun(0.0) == 0.0);
    }
}
