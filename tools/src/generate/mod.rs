//! A synthetic day of regional air quality as CF NetCDF, of any size, for trials and benchmarks.
//!
//! Not blobs that are drawn but tracers that are carried: several cities, roads and stacks emit into a flow of a moving
//! front, a sea breeze that turns with the sun, slope winds and random eddies with a -5/3 spectrum; a boundary layer
//! grows and collapses over the day and mixes vertically; ozone is destroyed by fresh exhaust and made by light. Output
//! is on fixed heights above the sea, so that cells inside mountains carry fill values. The physics is simplified, the
//! structure (sharp plume edges, layers, daily cycle, empty mountains) is that of real model output.

mod noise;
mod output;
mod sources;
mod transport;
mod weather;

use std::path::{Path, PathBuf};

use output::DayFile;
use sources::Sources;
use transport::Chemistry;
use weather::{Grid, Weather};

/// Names of the variables that can be written, in file order.
pub const VARIABLES: [&str; 3] = ["PM25", "O3", "T"];

/// Seconds between two written steps.
const OUTPUT_INTERVAL: f64 = 3600.0;
/// Seconds of one model step; the horizontal transport divides it further.
const MODEL_STEP: f64 = 600.0;
/// Seconds of simulation before the first written step, so that plumes exist by then.
const SPIN_UP: f64 = 4.0 * 3600.0;

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Hourly time steps from midnight; at least 1.
    pub nt: u32,
    /// Levels, spread over 4 km of height; at least 1.
    pub nz: u32,
    /// Rows (south to north) of 3 km; at least 1.
    pub ny: u32,
    /// Columns (west to east) of 3 km; at least 1.
    pub nx: u32,
    /// The same seed and size give the same values.
    pub seed: u64,
    /// Names out of [`VARIABLES`]; empty = all. The choice does not change the values of a variable.
    pub variables: Vec<String>,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self { nt: 24, nz: 40, ny: 200, nx: 300, seed: 7, variables: Vec::new() }
    }
}

/// Why a file could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// An option is out of its range.
    #[error("{name}: {message}")]
    Argument {
        /// The field of [`GenerateOptions`].
        name: &'static str,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The NetCDF library could not write the file.
    #[error("cannot write {path}: {source}")]
    NetCdf {
        /// The file.
        path: PathBuf,
        /// The library's error.
        source: netcdf::Error,
    },
    /// The finished file could not be moved to its name.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

/// Writes the day to `path`, step by step, and calls `progress(steps written)` after each. An existing file is replaced
/// once the new one is complete; after an error it is as it was. Memory: about six times one step of one
/// variable.
pub fn generate(path: &Path, options: &GenerateOptions, mut progress: impl FnMut(u32)) -> Result<(), GenerateError> {
    let wanted = check(options)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let unfinished = PathBuf::from(name);
    let result = write(&unfinished, options, wanted, &mut progress)
        .map_err(|source| GenerateError::NetCdf { path: path.to_owned(), source })
        .and_then(|()| {
            std::fs::rename(&unfinished, path).map_err(|source| GenerateError::Io { path: path.to_owned(), source })
        });
    if result.is_err() {
        // The first error is the one that matters; the unfinished file may not even exist.
        let _ = std::fs::remove_file(&unfinished);
    }
    result
}

/// Checks the options; gives which of [`VARIABLES`] to write.
fn check(options: &GenerateOptions) -> Result<[bool; 3], GenerateError> {
    for (name, n) in [("nt", options.nt), ("nz", options.nz), ("ny", options.ny), ("nx", options.nx)] {
        if !(1..=1 << 16).contains(&n) {
            return Err(GenerateError::Argument { name, message: format!("{n} is not within 1..=65536") });
        }
    }
    let cells = u64::from(options.nz) * u64::from(options.ny) * u64::from(options.nx);
    if cells > 1 << 31 {
        let message = format!("{cells} cells in one step are more than 2^31; make an axis shorter");
        return Err(GenerateError::Argument { name: "nx", message });
    }
    if let Some(unknown) = options.variables.iter().find(|name| !VARIABLES.contains(&name.as_str())) {
        let message = format!("{unknown:?} is unknown; there are {}", VARIABLES.join(", "));
        return Err(GenerateError::Argument { name: "variables", message });
    }
    Ok(VARIABLES.map(|name| options.variables.is_empty() || options.variables.iter().any(|v| v == name)))
}

/// Runs the model and writes its steps.
fn write(
    path: &Path,
    options: &GenerateOptions,
    wanted: [bool; 3],
    progress: &mut dyn FnMut(u32),
) -> Result<(), netcdf::Error> {
    let [pm25, o3, temperature] = wanted;
    let grid = Grid::new(options.nz as usize, options.ny as usize, options.nx as usize);
    let weather = Weather::new(&grid, options.seed);
    let sources = Sources::new(&grid, &weather, options.seed);
    let mut file = DayFile::create(path, &grid, &weather, options, wanted)?;

    let mut time = -SPIN_UP;
    // Ozone needs its precursor. Fine dust depends on nothing else, so each can be left out alone.
    let mut chemistry = Chemistry::new(&grid, &weather, time, pm25, o3);
    for step in 0..options.nt {
        let snapshot = f64::from(step) * OUTPUT_INTERVAL;
        // Temperature has no memory: without tracers there is nothing to carry from hour to hour.
        while (pm25 || o3) && time < snapshot - 1.0 {
            chemistry.advance(&weather, &sources, time, MODEL_STEP);
            time += MODEL_STEP;
        }
        file.write_time(step, snapshot)?;
        if let Some(field) = chemistry.pm25() {
            file.write_tracer(step, "PM25", output::PM25_FILL, field, &grid, &weather)?;
        }
        if let Some(field) = chemistry.o3() {
            file.write_tracer(step, "O3", f32::NAN, field, &grid, &weather)?;
        }
        if temperature {
            file.write_temperature(step, snapshot, &grid, &weather)?;
        }
        progress(step + 1);
    }
    file.close()
}

#[cfg(test)]
mod tests;
