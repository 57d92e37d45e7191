//! Teachers between the voxels: M_t(c) at random positions c, for the off-lattice part of L_KD.

use super::{CompressError, Layout, Unit};
use crate::{
    source::{Models, Source, SourceError},
    train::{Fields, Points},
};
use neuvol_model::{Block, parse_block};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points of a block; a training draws from them again and again.
const POINTS: usize = 1 << 15;

/// The models of one block at the steps of a segment.
pub(super) struct Teachers {
    /// `[output][step]`
    blocks: Vec<Vec<Teacher>>,
}

struct Teacher {
    /// Shared by the steps of a student that is merged again.
    block: std::rc::Rc<Block>,
    output: u8,
    range: (f32, f32),
    /// Steps since the start of its segment.
    local: f64,
}

impl Teachers {
    /// Reads the models of a unit.
    pub(super) fn new(models: &Models, layout: &Layout, unit: Unit) -> Result<Self, CompressError> {
        let steps = layout.segment(unit);
        let mut blocks = Vec::new();
        for &variable in &layout.groups[unit.group as usize] {
            let described = &layout.variables[variable];
            let mut row: Vec<Teacher> = Vec::new();
            let mut last = None;
            for step in steps.first..steps.first + steps.steps {
                let (key, entry, place) = models.entry(described.source_index, step, unit.block)?;
                let block = match (&last, row.last()) {
                    (Some(known), Some(before)) if *known == (place.range, key.block) => before.block.clone(),
                    _ => {
                        let block = parse_block(place.volume.reader(), key, &entry)
                            .map_err(|error| SourceError::invalid(models.path(), "Neuvol model", error.to_string()))?;
                        std::rc::Rc::new(block)
                    }
                };
                last = Some((place.range, key.block));
                let local = f64::from(step - place.range.first);
                row.push(Teacher { block, output: entry.output, range: (entry.min, entry.max), local });
            }
            blocks.push(row);
        }
        Ok(Self { blocks })
    }

    /// The value of an output between voxels whose values are all valid, physical; NaN if there is none.
    fn evaluate(&self, output: usize, step: usize, position: [f32; 3], fields: &Fields, all: &mut Vec<f32>) -> f32 {
        let teacher = &self.blocks[output][step];
        let interpolated = interpolate(fields.step(output, step), fields.extent, position);
        match &*teacher.block {
            // Its values hold no masks: between valid and invalid voxels nothing is known.
            Block::Grid(network) if !interpolated.is_nan() => {
                all.resize(network.config.n_outputs.into(), 0.0);
                network.evaluate_between(position, teacher.local, all);
                neuvol_model::map_to_range(all[usize::from(teacher.output)], teacher.range)
            }
            _ => interpolated,
        }
    }
}

/// Draws points evenly over block and steps; those without any value are left out.
pub(super) fn draw(teachers: &Teachers, fields: &Fields, seed: u64) -> Points {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6f66_665f_6c61_7474);
    let mut points = Points::default();
    let mut all = Vec::new();
    for _ in 0..POINTS.min(fields.voxels() * fields.n_steps) {
        let step = rng.random_range(0..fields.n_steps);
        let position = fields.extent.map(|n| rng.random_range(0.0..=(n - 1) as f32));
        let values: Vec<f32> =
            (0..fields.n_outputs).map(|output| teachers.evaluate(output, step, position, fields, &mut all)).collect();
        if values.iter().any(|v| !v.is_nan()) {
            points.positions.push(position);
            points.steps.push(step as u32);
            points.values.extend(values);
        }
    }
    points
}

/// Trilinear interpolation; NaN where one of the voxels with weight is.
fn interpolate(values: &[f32], extent: [u32; 3], position: [f32; 3]) -> f32 {
    let [_, ny, nx] = extent.map(|n| n as usize);
    let base = position.map(|p| p as usize);
    let fraction: [f32; 3] = std::array::from_fn(|a| position[a] - base[a] as f32);
    let mut sum = 0.0;
    for corner in 0..8usize {
        let upper = [corner >> 2 & 1, corner >> 1 & 1, corner & 1];
        let along = |a: usize| if upper[a] == 1 { fraction[a] } else { 1.0 - fraction[a] };
        let weight = along(0) * along(1) * along(2);
        if weight > 0.0 {
            let at = ((base[0] + upper[0]) * ny + base[1] + upper[1]) * nx + base[2] + upper[2];
            sum += weight * values[at];
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_exact_on_voxels_and_invalid_near_holes() {
        let mut values: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let extent = [2, 3, 4];
        assert_eq!(interpolate(&values, extent, [1.0, 2.0, 3.0]), 23.0);
        assert_eq!(interpolate(&values, extent, [0.5, 0.0, 0.0]), 6.0);
        assert_eq!(interpolate(&values, extent, [0.0, 1.5, 2.5]), 8.5);
        values[10] = f32::NAN;
        assert!(interpolate(&values, extent, [0.0, 1.5, 2.5]).is_nan());
        assert_eq!(interpolate(&values, extent, [0.0, 0.0, 2.5]), 2.5);
    }
}
