//! A whole grid at any time and level, decoded for reading: block by block with the oracle, then put together.

use crate::sample::{assert_variable, each_voxel};
use neuvol_format::{BlockKey, BlockMask, Reader};

/// A grid z, y, x with x fastest, NaN where invalid.
pub struct Grid {
    /// Voxels z, y, x.
    pub dims: [u32; 3],
    /// The values.
    pub values: Vec<f32>,
}

impl Grid {
    /// The values of a box (z, y, x; `max` exclusive), x fastest.
    pub fn cut(&self, min: [u32; 3], max: [u32; 3]) -> Vec<f32> {
        let mut values = Vec::new();
        each_voxel(std::array::from_fn(|axis| max[axis] - min[axis]), |z, y, x| {
            values.push(self.values[self.index(min[0] + z, min[1] + y, min[2] + x)]);
        });
        values
    }

    fn index(&self, z: u32, y: u32, x: u32) -> usize {
        let [_, ny, nx] = self.dims.map(|n| n as usize);
        (z as usize * ny + y as usize) * nx + x as usize
    }
}

/// The grid of a variable.
///
/// # Panics
/// If the file is damaged or an argument out of range.
pub fn grid(file: &[u8], variable: u32, quality: u8, level: u8, time: f64) -> Grid {
    let reader = Reader::new(file).expect("a valid file");
    let stored = level.min(reader.variables()[variable as usize].n_stored_levels - 1);
    let (before, after) = (time.floor() as u32, time.ceil() as u32);
    let segment = |step| reader.segment_of(variable as usize, step).expect("a step of the file");
    let (first, second) = (segment(before), segment(after));
    let mut grid = if first == second {
        stored_grid(&reader, variable, quality, stored, first, time)
    } else {
        // Between two payloads: the mean of the steps around, weighted by their distance.
        let mut grid = stored_grid(&reader, variable, quality, stored, first, before.into());
        let next = stored_grid(&reader, variable, quality, stored, second, after.into());
        let weight = (time - f64::from(before)) as f32;
        for (value, next) in grid.values.iter_mut().zip(next.values) {
            *value = *value * (1.0 - weight) + next * weight;
        }
        grid
    };
    for _ in stored..level {
        grid = halved(&grid);
    }
    grid
}

fn stored_grid(reader: &Reader<&[u8]>, variable: u32, quality: u8, level: u8, segment: u32, time: f64) -> Grid {
    let shape = &reader.variables()[variable as usize];
    assert_variable(shape);
    let local = time - f64::from(reader.segments(variable as usize)[segment as usize].first);
    let dims = shape.level_dims(level);
    let mut grid = Grid { dims, values: vec![f32::NAN; dims.iter().map(|&n| n as usize).product()] };
    for block in 0..shape.n_blocks() {
        let key = BlockKey { variable, quality, level, segment, block };
        let entry = reader.entry(key).expect("an entry");
        let mask = reader.mask(key, &entry).expect("a mask");
        let model = neuvol_model::parse_block(reader, key, &entry).expect("a payload");
        let extent = shape.block_extent(block, level);
        let mut values = vec![0.0; neuvol_model::voxels(extent)];
        neuvol_model::decode_block_reference(&model, &entry, extent, local, &mut values).expect("a block");
        let mut values = values.into_iter();
        let origin = shape.block_origin(block).map(|n| n >> level);
        each_voxel(extent, |z, y, x| {
            let index = grid.index(origin[0] + z, origin[1] + y, origin[2] + x);
            let value = values.next().expect("one value per voxel");
            if valid(&mask, local, z, y, x) {
                grid.values[index] = value;
            }
        });
    }
    grid
}

/// Between two steps a voxel is valid if it is valid in both.
fn valid(mask: &BlockMask, local: f64, z: u32, y: u32, x: u32) -> bool {
    mask.get(local.floor() as u32, z, y, x) && mask.get(local.ceil() as u32, z, y, x)
}

/// Each voxel is the mean of its valid children.
fn halved(grid: &Grid) -> Grid {
    let dims = grid.dims.map(|n| n.div_ceil(2));
    let mut values = Vec::new();
    each_voxel(dims, |z, y, x| {
        let mut children = Vec::new();
        each_voxel([2, 2, 2], |dz, dy, dx| {
            let [z, y, x] = [2 * z + dz, 2 * y + dy, 2 * x + dx];
            if z < grid.dims[0] && y < grid.dims[1] && x < grid.dims[2] {
                children.push(grid.values[grid.index(z, y, x)]);
            }
        });
        children.retain(|value| !value.is_nan());
        // 0 / 0 is NaN: without a valid child the voxel is not valid.
        values.push(children.iter().sum::<f32>() / children.len() as f32);
    });
    Grid { dims, values }
}
