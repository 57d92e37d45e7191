//! The NetCDF file.

use std::path::Path;

use netcdf::{FileMut, VariableMut};

use super::GenerateOptions;
use super::weather::{Grid, Weather};

/// `_FillValue` of PM25: NetCDF's default for floats.
pub(super) const PM25_FILL: f32 = 9.969_21e36;
/// `_FillValue`, `scale_factor` and `add_offset` of the packed temperature.
const T_FILL: i16 = -32_767;
const T_SCALE: f64 = 0.002;
const T_OFFSET: f64 = 270.0;

const METRES_PER_DEGREE: f64 = 111_200.0;
/// South-western corner in degrees.
const ORIGIN: (f64, f64) = (22.0, 113.0);

const DIMENSIONS: [&str; 4] = ["time", "level", "lat", "lon"];

/// The file while it is written.
pub(super) struct DayFile {
    file: FileMut,
    /// One step of one variable.
    values: Vec<f32>,
    packed: Vec<i16>,
}

impl DayFile {
    /// Creates the file with all its definitions, coordinates and the terrain; `wanted` of [`super::VARIABLES`].
    pub(super) fn create(
        path: &Path,
        grid: &Grid,
        weather: &Weather,
        options: &GenerateOptions,
        wanted: [bool; 3],
    ) -> Result<Self, netcdf::Error> {
        let mut file = netcdf::create(path)?;
        let GenerateOptions { nt, nz, ny, nx, seed, .. } = options;
        file.add_attribute("Conventions", "CF-1.8")?;
        file.add_attribute("title", "Synthetic day of regional air quality")?;
        file.add_attribute("source", "neuvol generate: finite-volume transport of tracers in a synthetic flow")?;
        file.add_attribute("history", format!("neuvol generate --size {nt}x{nz}x{ny}x{nx} --seed {seed}"))?;
        file.add_attribute("comment", "Neither an observation nor the output of an operational model")?;
        file.add_unlimited_dimension("time")?;
        file.add_dimension("level", grid.nz)?;
        file.add_dimension("lat", grid.ny)?;
        file.add_dimension("lon", grid.nx)?;

        let mut time = file.add_variable::<f64>("time", &["time"])?;
        describe(&mut time, "time", "hours since 2019-10-12 00:00:00")?;
        time.put_attribute("calendar", "standard")?;
        time.put_attribute("axis", "T")?;
        let degrees = |origin: f64, scale: f64, n: usize| -> Vec<f32> {
            (0..n).map(|i| (origin + (i as f64 + 0.5) * Grid::SPACING / scale) as f32).collect()
        };
        let parallel = METRES_PER_DEGREE * ORIGIN.0.to_radians().cos();
        let heights = grid.centres.iter().map(|&z| z as f32).collect();
        for (name, standard_name, units, axis, values) in [
            ("level", "altitude", "m", "Z", heights),
            ("lat", "latitude", "degrees_north", "Y", degrees(ORIGIN.0, METRES_PER_DEGREE, grid.ny)),
            ("lon", "longitude", "degrees_east", "X", degrees(ORIGIN.1, parallel, grid.nx)),
        ] {
            let mut variable = file.add_variable::<f32>(name, &[name])?;
            describe(&mut variable, standard_name, units)?;
            variable.put_attribute("axis", axis)?;
            if axis == "Z" {
                variable.put_attribute("positive", "up")?;
            }
            variable.put_values(&values, ..)?;
        }
        let mut terrain = file.add_variable::<f32>("HGT", &["lat", "lon"])?;
        describe(&mut terrain, "surface_altitude", "m")?;
        terrain.put_values(&weather.terrain, ..)?;

        let [pm25, o3, temperature] = wanted;
        if pm25 {
            let mut variable = file.add_variable::<f32>("PM25", &DIMENSIONS)?;
            variable.set_fill_value(PM25_FILL)?;
            let name = "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air";
            lay_out(&mut variable, grid, name, "ug m-3")?;
        }
        if o3 {
            let mut variable = file.add_variable::<f32>("O3", &DIMENSIONS)?;
            variable.set_fill_value(f32::NAN)?;
            lay_out(&mut variable, grid, "mole_fraction_of_ozone_in_air", "1e-9")?;
        }
        if temperature {
            let mut variable = file.add_variable::<i16>("T", &DIMENSIONS)?;
            variable.set_fill_value(T_FILL)?;
            variable.put_attribute("scale_factor", T_SCALE)?;
            variable.put_attribute("add_offset", T_OFFSET)?;
            lay_out(&mut variable, grid, "air_temperature", "K")?;
        }
        Ok(Self { file, values: Vec::new(), packed: Vec::new() })
    }

    /// Writes the time (seconds since midnight) of a step.
    pub(super) fn write_time(&mut self, step: u32, seconds: f64) -> Result<(), netcdf::Error> {
        variable(&mut self.file, "time")?.put_value(seconds / 3600.0, step as usize)
    }

    /// Writes a step of a field on terrain-following levels, brought to heights above the sea.
    pub(super) fn write_tracer(
        &mut self,
        step: u32,
        name: &str,
        fill: f32,
        field: &[f32],
        grid: &Grid,
        weather: &Weather,
    ) -> Result<(), netcdf::Error> {
        self.values.clear();
        for &height in &grid.centres {
            let level = weather.terrain.iter().enumerate().map(|(i, &terrain)| {
                let above_ground = height - f64::from(terrain);
                if above_ground < 0.0 { fill } else { interpolate(grid, field, above_ground, i) }
            });
            self.values.extend(level);
        }
        variable(&mut self.file, name)?.put_values(&self.values, (step as usize, .., .., ..))
    }

    /// Writes a step of the temperature.
    pub(super) fn write_temperature(
        &mut self,
        step: u32,
        seconds: f64,
        grid: &Grid,
        weather: &Weather,
    ) -> Result<(), netcdf::Error> {
        self.packed.clear();
        for &height in &grid.centres {
            let level = weather.terrain.iter().enumerate().map(|(i, &terrain)| {
                if height < f64::from(terrain) {
                    return T_FILL;
                }
                let kelvin = f64::from(weather.temperature(seconds, height, i));
                ((kelvin - T_OFFSET) / T_SCALE).round().clamp(-32_766.0, 32_767.0) as i16
            });
            self.packed.extend(level);
        }
        variable(&mut self.file, "T")?.put_values(&self.packed, (step as usize, .., .., ..))
    }

    /// Writes what is left in memory.
    pub(super) fn close(self) -> Result<(), netcdf::Error> {
        self.file.close()
    }
}

fn variable<'f>(file: &'f mut FileMut, name: &str) -> Result<VariableMut<'f>, netcdf::Error> {
    file.variable_mut(name).ok_or_else(|| netcdf::Error::NotFound(format!("variable {name}")))
}

fn describe(variable: &mut VariableMut<'_>, standard_name: &str, units: &str) -> Result<(), netcdf::Error> {
    variable.put_attribute("standard_name", standard_name)?;
    variable.put_attribute("units", units)?;
    Ok(())
}

/// Names, chunks and compression of a field of the whole grid.
fn lay_out(variable: &mut VariableMut<'_>, grid: &Grid, standard_name: &str, units: &str) -> Result<(), netcdf::Error> {
    describe(variable, standard_name, units)?;
    variable.set_chunking(&[1, grid.nz.min(20), grid.ny.min(100), grid.nx.min(100)])?;
    variable.set_compression(1, true)
}

/// Linear between the middles of the levels; below the lowest and above the highest, their values.
fn interpolate(grid: &Grid, field: &[f32], height: f64, i: usize) -> f32 {
    let plane = grid.plane();
    let upper = grid.centres.partition_point(|&centre| centre < height);
    if upper == 0 {
        return field[i];
    }
    if upper == grid.nz {
        return field[(grid.nz - 1) * plane + i];
    }
    let (low, high) = (grid.centres[upper - 1], grid.centres[upper]);
    let share = ((height - low) / (high - low)) as f32;
    let below = field[(upper - 1) * plane + i];
    below + share * (field[upper * plane + i] - below)
}
