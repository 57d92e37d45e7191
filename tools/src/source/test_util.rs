//! What tests of readers and of the export share.

use std::path::{Path, PathBuf};

use super::{Source, SourceCoordinate, SourceError, open};

/// A folder for one test, removed at its end, and files in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    }
}

/// All values of one step.
pub(crate) fn read_step(source: &mut dyn Source, variable: usize, step: u32) -> Result<Vec<f32>, SourceError> {
    let dims = source.variables()[variable].dims;
    let mut out = vec![7.0];
    source.read(variable, step, [0; 3], dims, &mut out)?;
    Ok(out)
}

/// The number of a variable.
pub(crate) fn index(source: &dyn Source, name: &str) -> usize {
    let found = source.variables().iter().position(|v| v.name == name);
    found.unwrap_or_else(|| panic!("no variable {name}; skipped: {:?}", source.skipped()))
}

/// All values of a variable with its name, all steps; NaN as None.
pub(crate) fn read_named(path: &Path, name: &str) -> Vec<Option<f32>> {
    let mut source = open(path).expect("a source");
    let i = index(source.as_ref(), name);
    let steps = source.variables()[i].steps;
    let all = (0..steps).flat_map(|step| read_step(source.as_mut(), i, step).expect("values"));
    all.map(|v| (!v.is_nan()).then_some(v)).collect()
}

/// Opens and reads everything.
pub(crate) fn read_all(path: &Path) -> Result<usize, SourceError> {
    let mut source = open(path)?;
    let mut values = 0;
    for variable in 0..source.variables().len() {
        source.coordinates(variable)?;
        for step in 0..source.variables()[variable].steps {
            values += read_step(source.as_mut(), variable, step)?.len();
        }
    }
    Ok(values)
}

/// The numbers of an f64 coordinate.
pub(crate) fn f64_values(coordinates: &[SourceCoordinate], name: &str) -> Vec<f64> {
    let c = coordinates.iter().find(|c| c.name == name).expect("a coordinate");
    assert_eq!(c.values.dtype, super::Dtype::F64);
    c.values.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

/// Checks random boxes of all steps against the whole grid.
pub(crate) fn check_boxes(source: &mut dyn Source, variable: usize) {
    let v = source.variables()[variable].clone();
    let [nz, ny, nx] = v.dims;
    for step in 0..v.steps {
        let all = read_step(source, variable, step).expect("values");
        let mut state = 1u32;
        let mut random = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % n
        };
        for round in 0..20 {
            let mut min = [random(nz), random(ny), random(nx)];
            let mut max =
                [min[0] + 1 + random(nz - min[0]), min[1] + 1 + random(ny - min[1]), min[2] + 1 + random(nx - min[2])];
            if round % 3 > 0 {
                (min[2], max[2]) = (0, nx);
            }
            if round % 3 > 1 {
                (min[1], max[1]) = (0, ny);
            }
            let mut out = Vec::new();
            source.read(variable, step, min, max, &mut out).expect("a box");
            let mut expected = Vec::new();
            for z in min[0]..max[0] {
                for y in min[1]..max[1] {
                    let row = ((z * ny + y) * nx) as usize;
                    expected.extend_from_slice(&all[row + min[2] as usize..row + max[2] as usize]);
                }
            }
            let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&out), bits(&expected), "{min:?}..{max:?}");
        }
    }
}
