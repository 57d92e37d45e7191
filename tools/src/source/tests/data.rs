//! The development data, where there are any: every file opens and has the range that its manifest says.

use std::path::PathBuf;

use crate::source::open;
use crate::source::test_util::{index, read_step};

struct Expected {
    file: &'static str,
    variable: &'static str,
    steps: u32,
    dims: [u32; 3],
    /// Range of the values and its tolerance: half of the last digit of the manifest.
    min: f32,
    max: f32,
    tolerance: f32,
    /// Share of values that are none; checked to 0.1 %.
    invalid: f64,
}

#[rustfmt::skip]
const EXPECTED: [Expected; 14] = [
    Expected { file: "roms_arctic20_5d.nc", variable: "salinity", steps: 5, dims: [17, 51, 91], min: 33.092, max: 35.509, tolerance: 6e-4, invalid: 0.303 },
    Expected { file: "wrf_ci.nc", variable: "W", steps: 4, dims: [15, 48, 48], min: -2.7071, max: 7.8939, tolerance: 6e-5, invalid: 0.0 },
    Expected { file: "colpex_theta.nc", variable: "air_potential_temperature", steps: 6, dims: [10, 83, 83], min: 284.84, max: 289.36, tolerance: 6e-3, invalid: 0.0 },
    Expected { file: "echam5_3d.nc", variable: "rhumidity", steps: 1, dims: [17, 96, 192], min: -0.14214, max: 1.2604, tolerance: 6e-5, invalid: 0.0 },
    Expected { file: "fmri_oneback_t60.nii.gz", variable: "fmri_oneback_t60", steps: 60, dims: [35, 80, 80], min: 0.0, max: 792.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "t1w_7T_274x384x384.nii.gz", variable: "t1w_7T_274x384x384", steps: 1, dims: [384, 384, 274], min: 0.0, max: 278.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "mouse_brain_270slices.tif", variable: "mouse_brain_270slices", steps: 1, dims: [270, 193, 271], min: 0.0, max: 14580.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "ct_body_3mm.nii.gz", variable: "ct_body_3mm", steps: 1, dims: [112, 101, 122], min: -1207.0, max: 3382.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "fetal_template_t2.nrrd", variable: "fetal_template_t2", steps: 1, dims: [126, 159, 117], min: 0.0, max: 710.68, tolerance: 6e-3, invalid: 0.0 },
    Expected { file: "ironProt.vtk", variable: "scalars", steps: 1, dims: [68, 68, 68], min: 0.0, max: 255.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "mitgcm_convection_T_100x100x50_float32.raw", variable: "mitgcm_convection_T", steps: 1, dims: [50, 100, 100], min: 19.934, max: 20.007, tolerance: 6e-4, invalid: 0.0 },
    Expected { file: "head_mr_uchar.nii.gz", variable: "head_mr_uchar", steps: 1, dims: [151, 190, 256], min: 0.0, max: 180.0, tolerance: 0.0, invalid: 0.0 },
    Expected { file: "plume_day_a.nc", variable: "PM25", steps: 24, dims: [24, 110, 170], min: 1.85, max: 308.0, tolerance: 0.6, invalid: 0.070 },
    Expected { file: "plume_day_a.nc", variable: "T", steps: 24, dims: [24, 110, 170], min: 264.7, max: 298.4, tolerance: 0.06, invalid: 0.070 },
];

#[test]
fn development_data_have_the_ranges_of_their_manifest() {
    let Some(folder) = std::env::var_os("NEUVOL_DATA").map(PathBuf::from) else {
        eprintln!("skipped: NEUVOL_DATA does not name the folder of the development data");
        return;
    };
    for e in &EXPECTED {
        let mut source = open(&folder.join(e.file)).unwrap_or_else(|error| panic!("{error}"));
        let i = index(source.as_ref(), e.variable);
        let v = source.variables()[i].clone();
        assert_eq!((v.steps, v.dims), (e.steps, e.dims), "{} {}", e.file, e.variable);
        let (mut min, mut max, mut invalid) = (f32::INFINITY, f32::NEG_INFINITY, 0u64);
        for step in 0..v.steps {
            for value in read_step(source.as_mut(), i, step).unwrap_or_else(|error| panic!("{error}")) {
                if value.is_nan() {
                    invalid += 1;
                } else {
                    min = min.min(value);
                    max = max.max(value);
                }
            }
        }
        let near = |a: f32, b: f32| (a - b).abs() <= e.tolerance;
        assert!(near(min, e.min) && near(max, e.max), "{} {}: {min}..{max}", e.file, e.variable);
        let values = u64::from(v.steps) * v.dims.iter().map(|d| u64::from(*d)).product::<u64>();
        let share = invalid as f64 / values as f64;
        assert!((share - e.invalid).abs() < 1e-3, "{} {}: {share} invalid", e.file, e.variable);
        assert!(source.coordinates(i).is_ok());
    }
}
