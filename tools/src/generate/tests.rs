//! Whole files, read back.

use super::*;

fn options(nt: u32, nz: u32, ny: u32, nx: u32) -> GenerateOptions {
    GenerateOptions { nt, nz, ny, nx, ..GenerateOptions::default() }
}

/// A file that is removed again.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("neuvol-generate-{}-{name}.nc", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn values(path: &Path, variable: &str) -> Vec<f32> {
    netcdf::open(path).unwrap().variable(variable).unwrap().get_values::<f32, _>(..).unwrap()
}

#[test]
fn a_small_day_is_complete_and_plausible() {
    let out = Temporary::new("day");
    let mut steps = Vec::new();
    generate(&out.0, &options(10, 12, 48, 60), |step| steps.push(step)).unwrap();
    assert_eq!(steps, (1..=10).collect::<Vec<u32>>());

    let pm25 = values(&out.0, "PM25");
    assert_eq!(pm25.len(), 10 * 12 * 48 * 60);
    let valid: Vec<f32> = pm25.iter().copied().filter(|v| *v != PM25_FILL).collect();
    let share = valid.len() as f32 / pm25.len() as f32;
    assert!((0.5..0.999).contains(&share), "{share} of the cells are above ground");
    assert!(valid.iter().all(|v| (0.0..3000.0).contains(v)));
    let mean = valid.iter().sum::<f32>() / valid.len() as f32;
    let highest = valid.iter().fold(0.0f32, |a, &b| a.max(b));
    assert!((3.0..60.0).contains(&mean) && highest > 3.0 * mean, "mean {mean}, highest {highest}");

    // The same cells are inside mountains in all variables and steps.
    let o3 = values(&out.0, "O3");
    let inside: Vec<bool> = pm25.iter().map(|v| *v == PM25_FILL).collect();
    assert!(o3.iter().zip(&inside).all(|(v, inside)| v.is_nan() == *inside));
    assert!(inside.chunks_exact(12 * 48 * 60).all(|step| step == &inside[..12 * 48 * 60]));
    assert!(o3.iter().all(|v| v.is_nan() || (0.0..300.0).contains(v)));

    let file = netcdf::open(&out.0).unwrap();
    let t = file.variable("T").unwrap();
    let packed = t.get_values::<i16, _>(..).unwrap();
    assert!(packed.iter().zip(&inside).all(|(v, inside)| (*v == -32_767) == *inside));
    let kelvin = packed.iter().filter(|v| **v != -32_767).map(|&v| f64::from(v) * 0.002 + 270.0);
    assert!(kelvin.into_iter().all(|k| (240.0..320.0).contains(&k)));
    assert_eq!(t.fill_value::<i16>().unwrap(), Some(-32_767));
    let time = file.variable("time").unwrap();
    assert_eq!(time.get_values::<f64, _>(..).unwrap(), (0..10).map(f64::from).collect::<Vec<_>>());
    let level = file.variable("level").unwrap().get_values::<f32, _>(..).unwrap();
    assert!(level.windows(3).all(|l| l[2] - l[1] > l[1] - l[0]));
}

#[test]
fn plumes_move_with_time() {
    let out = Temporary::new("moves");
    let options = GenerateOptions { variables: vec!["PM25".into()], ..options(3, 6, 40, 40) };
    generate(&out.0, &options, |_| ()).unwrap();
    let pm25 = values(&out.0, "PM25");
    let steps: Vec<&[f32]> = pm25.chunks_exact(6 * 40 * 40).collect();
    let changed = steps[0].iter().zip(steps[1]).filter(|(a, b)| (*a - *b).abs() > 0.1).count();
    assert!(changed > 2000, "{changed}");
    assert!(netcdf::open(&out.0).unwrap().variable("O3").is_none());
}

#[test]
fn a_seed_repeats_and_the_choice_of_variables_does_not_matter() {
    let (all, one, other) = (Temporary::new("all"), Temporary::new("one"), Temporary::new("other"));
    let base = options(2, 5, 20, 24);
    generate(&all.0, &base, |_| ()).unwrap();
    generate(&one.0, &GenerateOptions { variables: vec!["PM25".into()], ..base.clone() }, |_| ()).unwrap();
    generate(&other.0, &GenerateOptions { seed: 8, ..base }, |_| ()).unwrap();
    assert_eq!(values(&all.0, "PM25"), values(&one.0, "PM25"));
    assert_ne!(values(&all.0, "PM25"), values(&other.0, "PM25"));
}

#[test]
fn tiny_grids_work() {
    for (n, [nt, nz, ny, nx]) in [[1, 1, 1, 1], [2, 1, 1, 9], [1, 3, 7, 1], [1, 2, 2, 2]].into_iter().enumerate() {
        let out = Temporary::new(&format!("tiny{n}"));
        generate(&out.0, &options(nt, nz, ny, nx), |_| ()).unwrap();
        let o3 = values(&out.0, "O3");
        assert_eq!(o3.len(), (nt * nz * ny * nx) as usize);
        assert!(o3.iter().all(|v| v.is_nan() || (0.0..300.0).contains(v)));
    }
}

#[test]
fn errors_name_the_argument_and_leave_no_file() {
    let out = Temporary::new("error");
    let message = |options: &GenerateOptions, path: &Path| generate(path, options, |_| ()).unwrap_err().to_string();
    assert!(message(&options(1, 0, 2, 2), &out.0).starts_with("nz: 0 is not"));
    assert!(message(&options(1, 60_000, 60_000, 60_000), &out.0).contains("2^31"));
    let unknown = GenerateOptions { variables: vec!["CO".into()], ..options(1, 1, 1, 1) };
    assert_eq!(message(&unknown, &out.0), "variables: \"CO\" is unknown; there are PM25, O3, T");
    assert!(!out.0.exists());
    let nowhere = Path::new("no such folder/day.nc");
    assert!(message(&options(1, 1, 1, 1), nowhere).contains("no such folder"));
}

const PM25_FILL: f32 = output::PM25_FILL;
