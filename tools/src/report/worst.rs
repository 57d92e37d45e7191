//! The worst block: where it is and how it looks.

use super::{Model, ReportError, TimeAxis};
use crate::{
    metrics::{self, CompareError},
    preview::Slice,
    source::Source,
};
use neuvol_engine::{Request, Target, TargetData};
use neuvol_format::Variable;
use serde::Serialize;

/// Voxels shown around the block, so that its borders can be judged.
const AROUND: u32 = 16;

/// The worst block of the first model and what the others make of it.
#[derive(Debug, Serialize)]
pub struct Worst {
    /// Its step.
    pub step: u32,
    /// The time of that step; empty if it is not known.
    pub time: String,
    /// Its position z, y, x in blocks.
    pub block: [u32; 3],
    /// Its first voxel z, y, x.
    pub origin: [u32; 3],
    /// Its voxels z, y, x.
    pub extent: [u32; 3],
    /// Its mean SSIM, by which it was chosen; `None` = chosen by its RMSE.
    pub ssim: Option<f64>,
    /// Its voxel with the largest error: z, y, x in the grid.
    pub voxel: [u32; 3],
    /// The data there.
    pub original: f32,
    /// The models that have the variable.
    pub models: Vec<WorstIn>,
}

/// The block in one model.
#[derive(Debug, Serialize)]
pub struct WorstIn {
    /// Name of the model.
    pub model: String,
    /// The value at the voxel.
    pub decoded: f32,
    /// Root mean square error of the block; NaN (null) where nothing is valid in both.
    pub rmse: f64,
    /// Largest absolute error of the block, likewise.
    pub max_abs_error: f64,
    /// Slices through the voxel.
    #[serde(skip)]
    pub slices: Vec<Slice>,
}

/// Finds the block with the largest RMSE while planes pass by; the sums of one layer of blocks are in memory.
pub(super) struct BlockErrors {
    dims: [u32; 3],
    block: [u32; 3],
    /// Sum of squares and number of values of each block of the layer.
    sums: Vec<(f64, u64)>,
    worst: Option<(f64, Place)>,
}

/// A block at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    step: u32,
    block: [u32; 3],
    ssim: Option<f64>,
}

impl BlockErrors {
    pub(super) fn new(info: &Variable) -> Self {
        Self::with(info.dims, info.block_dims)
    }

    fn with(dims: [u32; 3], block: [u32; 3]) -> Self {
        let layer = dims[1].div_ceil(block[1]) as usize * dims[2].div_ceil(block[2]) as usize;
        Self { dims, block, sums: vec![(0.0, 0); layer], worst: None }
    }

    pub(super) fn add_plane(&mut self, step: u32, z: u32, original: &[f32], decoded: &[f32]) {
        let [nz, _, nx] = self.dims;
        let [bz, by, bx] = self.block;
        let columns = nx.div_ceil(bx) as usize;
        let rows = original.chunks_exact(nx as usize).zip(decoded.chunks_exact(nx as usize));
        for (y, (original, decoded)) in rows.enumerate() {
            let row = y / by as usize * columns;
            for (x, (&a, &b)) in original.iter().zip(decoded).enumerate() {
                let error = f64::from(b) - f64::from(a);
                if error.is_finite() {
                    let sum = &mut self.sums[row + x / bx as usize];
                    *sum = (sum.0 + error * error, sum.1 + 1);
                }
            }
        }
        if (z + 1).is_multiple_of(bz) || z + 1 == nz {
            for (n, (squares, count)) in self.sums.iter_mut().enumerate() {
                let mean = *squares / *count as f64;
                if *count > 0 && self.worst.is_none_or(|(worst, _)| mean > worst) {
                    let block = [z / bz, (n / columns) as u32, (n % columns) as u32];
                    self.worst = Some((mean, Place { step, block, ssim: None }));
                }
                (*squares, *count) = (0.0, 0);
            }
        }
    }
}

/// The block with the smallest SSIM, or without SSIM that with the largest RMSE.
pub(super) fn place(report: &metrics::Report, errors: &BlockErrors) -> Option<Place> {
    match &report.total.ssim {
        Some(ssim) => Some(Place { step: ssim.worst.step, block: ssim.worst.block, ssim: Some(ssim.min_block) }),
        None => errors.worst.map(|(_, place)| place),
    }
}

/// A box of the grid with the values of one field.
struct Field {
    min: [u32; 3],
    size: [usize; 3],
    values: Vec<f32>,
}

impl Field {
    fn at(&self, voxel: [u32; 3]) -> f32 {
        let [z, y, x] = std::array::from_fn(|axis| (voxel[axis] - self.min[axis]) as usize);
        self.values[(z * self.size[1] + y) * self.size[2] + x]
    }
}

/// A box of voxels: the block.
#[derive(Clone, Copy)]
struct Extent {
    origin: [u32; 3],
    extent: [u32; 3],
}

impl Extent {
    fn voxels(self) -> impl Iterator<Item = [u32; 3]> {
        let [z, y, x] = std::array::from_fn(|axis| self.origin[axis]..self.origin[axis] + self.extent[axis]);
        z.flat_map(move |z| {
            let x = x.clone();
            y.clone().flat_map(move |y| x.clone().map(move |x| [z, y, x]))
        })
    }
}

/// Reads and decodes the surroundings of a block. `present` are the models that have the variable, with its number.
pub(super) fn look(
    models: &[Model],
    present: &[(usize, usize)],
    source: &mut dyn Source,
    index: usize,
    place: Place,
    time: Option<&TimeAxis>,
) -> Result<Worst, ReportError> {
    let (first, variable) = present[0];
    let info = &models[first].volume.reader().variables()[variable];
    let number = info.block_index(place.block);
    let block = Extent { origin: info.block_origin(number), extent: info.block_extent(number, 0) };
    let Extent { origin, extent } = block;
    let min: [u32; 3] = std::array::from_fn(|axis| origin[axis].saturating_sub(AROUND));
    let max: [u32; 3] = std::array::from_fn(|axis| (origin[axis] + extent[axis] + AROUND).min(info.dims[axis]));
    let size = std::array::from_fn(|axis| (max[axis] - min[axis]) as usize);
    let mut values = Vec::new();
    source.read(index, place.step, min, max, &mut values).map_err(CompareError::from)?;
    let original = Field { min, size, values };
    let mut fields = Vec::new();
    for &(model, variable) in present {
        let mut request = Request::whole(variable as u32, info.dims, f64::from(place.step));
        (request.min, request.max) = (min, max);
        let mut values = vec![0.0; original.values.len()];
        let target = Target::dense(TargetData::F32(&mut values), &request);
        models[model].volume.decode(&request, target).map_err(CompareError::from)?;
        fields.push((&models[model].name, Field { min, size, values }));
    }
    let voxel = worst_voxel(&original, &fields[0].1, block);
    let models = fields
        .iter()
        .map(|(name, field)| {
            let (mut squares, mut count, mut largest) = (0.0, 0u64, f64::NAN);
            for voxel in block.voxels() {
                let error = f64::from(field.at(voxel)) - f64::from(original.at(voxel));
                if error.is_finite() {
                    (squares, count) = (squares + error * error, count + 1);
                    largest = error.abs().max(largest);
                }
            }
            WorstIn {
                model: (*name).clone(),
                decoded: field.at(voxel),
                rmse: (squares / count as f64).sqrt(),
                max_abs_error: largest,
                slices: slices(&original, field, block, voxel, info.dims),
            }
        })
        .collect();
    Ok(Worst {
        step: place.step,
        time: time.map_or(String::new(), |time| time.label(place.step)),
        block: place.block,
        origin,
        extent,
        ssim: place.ssim,
        voxel,
        original: original.at(voxel),
        models,
    })
}

/// The voxel with the largest error; where none is valid in both, one that is valid in one, or else the middle.
fn worst_voxel(original: &Field, decoded: &Field, block: Extent) -> [u32; 3] {
    let mut worst = (-1.0, std::array::from_fn(|axis| block.origin[axis] + block.extent[axis] / 2));
    let mut lone = None;
    for voxel in block.voxels() {
        let (a, b) = (f64::from(original.at(voxel)), f64::from(decoded.at(voxel)));
        let error = (b - a).abs();
        if error.is_finite() && error > worst.0 {
            worst = (error, voxel);
        }
        if a.is_finite() != b.is_finite() {
            lone.get_or_insert(voxel);
        }
    }
    if worst.0 < 0.0 { lone.unwrap_or(worst.1) } else { worst.1 }
}

/// Three slices through a voxel, or one where the grid is a plane; the block and the voxel are outlined.
fn slices(original: &Field, decoded: &Field, block: Extent, voxel: [u32; 3], dims: [u32; 3]) -> Vec<Slice> {
    const NAMES: [&str; 3] = ["z", "y", "x"];
    let flat = dims[0] == 1;
    let planes: &[[usize; 3]] = if flat { &[[0, 1, 2]] } else { &[[0, 1, 2], [1, 0, 2], [2, 0, 1]] };
    let slice = |&[normal, vertical, horizontal]: &[usize; 3]| {
        let [width, height] = [original.size[horizontal], original.size[vertical]];
        let take = |field: &Field| {
            let mut values = Vec::with_capacity(width * height);
            for row in 0..height as u32 {
                for column in 0..width as u32 {
                    let mut at = voxel;
                    at[vertical] = field.min[vertical] + row;
                    at[horizontal] = field.min[horizontal] + column;
                    values.push(field.at(at));
                }
            }
            values
        };
        let frame = |first: [u32; 3], extent: [u32; 3]| {
            let from_min = |axis: usize| (first[axis] - original.min[axis]) as usize;
            [from_min(horizontal), from_min(vertical), extent[horizontal] as usize, extent[vertical] as usize]
        };
        Slice {
            label: if flat { String::new() } else { format!("{} = {}", NAMES[normal], voxel[normal]) },
            axes: [NAMES[horizontal].to_owned(), NAMES[vertical].to_owned()],
            origin: [original.min[horizontal] as usize, original.min[vertical] as usize],
            frames: vec![frame(block.origin, block.extent), frame(voxel, [1; 3])],
            width,
            height,
            upwards: true,
            original: take(original),
            decoded: take(decoded),
        }
    };
    planes.iter().map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Extent = Extent { origin: [2, 0, 4], extent: [3, 4, 5] };

    fn field(values: impl Fn([u32; 3]) -> f32) -> Field {
        let values = WHOLE.voxels().map(values).collect();
        Field { min: WHOLE.origin, size: WHOLE.extent.map(|n| n as usize), values }
    }

    #[test]
    fn the_worst_voxel_is_inside_the_block_and_slices_meet_in_it() {
        let original = field(|_| 1.0);
        let decoded = field(|at| match at {
            [3, 2, 6] => 5.0,
            [2, 0, 4] => 90.0,
            _ => 1.0,
        });
        let block = Extent { origin: [3, 1, 5], extent: [2, 3, 4] };
        let voxel = worst_voxel(&original, &decoded, block);
        assert_eq!(voxel, [3, 2, 6]);
        let slices = slices(&original, &decoded, block, voxel, [9, 9, 9]);
        assert_eq!(slices.iter().map(|s| [s.width, s.height]).collect::<Vec<_>>(), [[5, 4], [5, 3], [4, 3]]);
        for slice in &slices {
            let [x, y, ..] = slice.frames[1];
            assert_eq!(slice.decoded[y * slice.width + x], 5.0, "{}", slice.label);
        }
        assert_eq!(slices[0].label, "z = 3");
        assert_eq!(slices[0].frames[0], [1, 1, 4, 3]);
    }

    #[test]
    fn without_values_there_is_still_a_voxel() {
        let nothing = field(|_| f32::NAN);
        assert_eq!(worst_voxel(&nothing, &nothing, WHOLE), [3, 2, 6]);
        let one = field(|at| if at == [4, 3, 8] { 1.0 } else { f32::NAN });
        assert_eq!(worst_voxel(&nothing, &one, WHOLE), [4, 3, 8]);
    }

    #[test]
    fn the_block_with_the_largest_error_is_found() {
        let mut errors = BlockErrors::with([3, 2, 4], [2, 2, 2]);
        for step in 0..2 {
            for z in 0..3 {
                let mut decoded = [0.5f32; 8];
                decoded[0] = f32::NAN;
                if (step, z) == (1, 2) {
                    decoded[6] = 2.0;
                }
                errors.add_plane(step, z, &[0.0; 8], &decoded);
            }
        }
        let (mean, place) = errors.worst.unwrap();
        assert_eq!(place, Place { step: 1, block: [1, 0, 1], ssim: None });
        assert_eq!(mean, (4.0 + 3.0 * 0.25) / 4.0);
    }
}
