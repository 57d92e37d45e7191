//! A small model with every codec, several variables, steps, segments, levels, qualities, masks and coordinates.

use half::f16;
use neuvol_format::{
    Attribute, Blob, Coordinate, EntryPlan, Mask, MaskPlan, MaskRef, Meta, NetworkPlan, Plan, Segment, Variable,
    VariableMeta, VariablePlan, codec, network_kind, write_file,
};
use neuvol_model::{GridConfig, GridLevel, GridNetwork, Raw, RawType, TimeConfig, TimeInterpolation};
use std::path::Path;

/// Number of the variable that has everything.
pub const THETA: u32 = 0;
/// Number of the variable without time, of two dimensions.
pub const SOIL: u32 = 1;
/// Number of the variable without valid values.
pub const VOID: u32 = 2;

/// Range of the values of [`THETA`].
pub const THETA_RANGE: (f32, f32) = (250.0, 310.0);

/// A plan and the payloads it names.
#[derive(Default)]
struct Sample {
    plan: Plan,
    payloads: Vec<Vec<u8>>,
}

/// Writes the model.
///
/// # Panics
/// If it cannot be written.
pub fn write(path: &Path) {
    let mut sample = Sample::default();
    sample.meta();
    sample.theta();
    sample.soil();
    sample.void();
    sample.write(path);
}

/// Writes a model of at least `megabytes` of payload: blocks of 64³ voxels that are stored as they are.
///
/// # Panics
/// If it cannot be written.
pub fn write_large(path: &Path, megabytes: u32) {
    const BLOCK: [u32; 3] = [64; 3];
    let mut values = Noise(7);
    let block: Vec<f32> = (0..BLOCK.iter().product()).map(|_| values.next()).collect();
    let raw = Raw::from_floats(&block, BLOCK, 1, RawType::F32).expect("a block of floats");
    let payload = raw.to_bytes(neuvol_model::RawCompression::None, false).expect("a payload");
    let blob = Blob { len: payload.len() as u32, crc: neuvol_format::crc(&payload) };
    let entry = |n| EntryPlan { blob: Some(n), ..entry(codec::RAW, (-1.0, 1.0), MaskRef::AllValid) };
    let plan = Plan {
        meta: Meta { variables: vec![variable_meta("noise", &["z", "y", "x"], "1")], ..Meta::default() },
        variables: vec![VariablePlan {
            block_dims: BLOCK,
            entries: (0..megabytes).map(entry).collect(),
            ..variable([64, 64, 64 * megabytes], (-1.0, 1.0))
        }],
        blobs: vec![blob; megabytes as usize],
        ..Plan::default()
    };
    write_file(path, &plan, &mut |_, out| {
        out.extend_from_slice(&payload);
        Ok(())
    })
    .expect("a valid plan");
}

impl Sample {
    fn meta(&mut self) {
        let meta = &mut self.plan.meta;
        meta.created_by = "neuvol-tests".into();
        meta.source = "sample".into();
        meta.attributes = vec![Attribute::text("title", "Größe \"in\" Kürze")];
        meta.variables = vec![
            variable_meta("theta", &["time", "level", "lat", "lon"], "K"),
            variable_meta("soil", &["lat", "lon"], "m3 m-3"),
            VariableMeta { name: "void".into(), ..VariableMeta::default() },
        ];
        self.coordinate("time", &["time"], &[5], "i32", "hours since 2020-01-01", |i| (i as i32 * 3).to_le_bytes());
        self.coordinate("level", &["level"], &[18], "f32", "m", |i| (10.0 * i as f32 * i as f32).to_le_bytes());
        self.coordinate("lat", &["lat"], &[20], "f64", "degrees_north", |i| (50.0 + 0.1 * i as f64).to_le_bytes());
        self.coordinate("area", &["lat", "lon"], &[20, 37], "f32", "m2", |i| (i as f32).sqrt().to_le_bytes());
        self.coordinate("height", &[], &[], "u8", "", |_| [42]);
    }

    fn coordinate<const N: usize>(
        &mut self,
        name: &str,
        dimensions: &[&str],
        shape: &[u64],
        dtype: &str,
        units: &str,
        value: impl Fn(u64) -> [u8; N],
    ) {
        let attributes = if units.is_empty() { Vec::new() } else { vec![Attribute::text("units", units)] };
        self.plan.meta.coordinates.push(Coordinate {
            name: name.into(),
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            shape: shape.to_vec(),
            dtype: dtype.into(),
            offset: self.plan.coordinates.len() as u64,
            attributes,
        });
        self.plan.coordinates.extend((0..shape.iter().product()).flat_map(value));
    }

    /// 5 steps in 2 segments, 2×2×3 blocks, 3 levels of which 2 are stored, 2 qualities.
    fn theta(&mut self) {
        let mut plan = VariablePlan {
            block_dims: [16, 16, 16],
            steps: 5,
            n_levels: 3,
            n_stored_levels: 2,
            n_qualities: 2,
            has_time: true,
            segments: vec![Segment { first: 0, steps: 3 }, Segment { first: 3, steps: 2 }],
            ..variable([18, 20, 37], THETA_RANGE)
        };
        let shape = shape_of(&plan);
        let network = self.plan.networks.len() as u32;
        let mlp = grid_network([16; 3], 3).mlp_bytes();
        self.plan.networks.push(NetworkPlan { kind: network_kind::MLP, bytes: mlp });
        for quality in 0..plan.n_qualities {
            for level in 0..plan.n_stored_levels {
                for segment in plan.segments.clone() {
                    for block in 0..shape.n_blocks() {
                        let extent = shape.block_extent(block, level);
                        let origin = shape.block_origin(block).map(|n| n >> level);
                        let entry = match block {
                            0 => entry(codec::CONSTANT, (280.5, 280.5), MaskRef::AllValid),
                            2 => entry(codec::CONSTANT, (0.0, 0.0), MaskRef::NoneValid),
                            5 | 10 => self.grid(extent, segment.steps, (quality == 0).then_some(network)),
                            _ => self.raw(extent, origin, segment, (quality, level), block % 2 == 0),
                        };
                        let mask = match block {
                            3 => self.mask(extent, segment.steps, 3),
                            5 => self.mask(extent, 1, 5),
                            7 => self.mask(extent, segment.steps, 2),
                            _ => entry.mask,
                        };
                        plan.entries.push(EntryPlan { mask, ..entry });
                    }
                }
            }
        }
        self.plan.variables.push(plan);
    }

    /// One plane without time.
    fn soil(&mut self) {
        let mut plan = VariablePlan { block_dims: [8, 8, 8], ..variable([1, 9, 10], (0.0, 0.5)) };
        let shape = shape_of(&plan);
        for block in 0..shape.n_blocks() {
            let extent = shape.block_extent(block, 0);
            let values: Vec<f32> = (0..voxels(extent)).map(|n| n as f32 * 0.5 / voxels(extent) as f32).collect();
            let payload = Raw::encode_quantised(&values, extent, 1, RawType::U16, (0.0, 0.5)).expect("a payload");
            let blob = Some(self.blob(payload));
            plan.entries.push(EntryPlan { blob, ..entry(codec::RAW, (0.0, 0.5), MaskRef::AllValid) });
        }
        self.plan.variables.push(plan);
    }

    /// No valid value anywhere.
    fn void(&mut self) {
        self.plan.variables.push(VariablePlan {
            valid: 0,
            entries: vec![entry(codec::CONSTANT, (0.0, 0.0), MaskRef::NoneValid)],
            ..variable([8, 8, 8], (f32::NAN, f32::NAN))
        });
    }

    fn raw(&mut self, extent: [u32; 3], origin: [u32; 3], steps: Segment, layer: (u8, u8), exact: bool) -> EntryPlan {
        let mut values = Vec::new();
        for step in steps.first..steps.first + steps.steps {
            each_voxel(extent, |z, y, x| {
                let [z, y, x] = [origin[0] + z, origin[1] + y, origin[2] + x].map(|n| (n << layer.1) as f32);
                let wave = (0.2 * x + 0.1 * step as f32).sin() + (0.3 * y).cos() + 0.05 * z + f32::from(layer.0);
                values.push(280.0 + 6.0 * wave);
            });
        }
        let payload = if exact {
            Raw::encode_f32(&values, extent, steps.steps)
        } else {
            Raw::encode_quantised(&values, extent, steps.steps, RawType::U16, THETA_RANGE)
        };
        let blob = Some(self.blob(payload.expect("a payload")));
        EntryPlan { blob, ..entry(codec::RAW, THETA_RANGE, MaskRef::AllValid) }
    }

    fn grid(&mut self, extent: [u32; 3], steps: u32, shared: Option<u32>) -> EntryPlan {
        let network = grid_network(extent, steps);
        let payload = if shared.is_some() { network.to_bytes_shared() } else { network.to_bytes() };
        let blob = Some(self.blob(payload));
        EntryPlan { blob, network: shared, ..entry(codec::GRID, THETA_RANGE, MaskRef::AllValid) }
    }

    fn mask(&mut self, extent: [u32; 3], steps: u32, every: u32) -> MaskRef {
        let mask = Mask::from_fn(extent, steps, |step, z, y, x| !(step + z + 2 * y + x).is_multiple_of(every));
        let blob = self.blob(mask.encode());
        self.plan.masks.push(MaskPlan { blob, extent, steps, valid: mask.count() });
        MaskRef::Stored(self.plan.masks.len() as u32 - 1)
    }

    fn blob(&mut self, payload: Vec<u8>) -> u32 {
        self.plan.blobs.push(Blob { len: payload.len() as u32, crc: neuvol_format::crc(&payload) });
        self.payloads.push(payload);
        self.payloads.len() as u32 - 1
    }

    fn write(&self, path: &Path) {
        write_file(path, &self.plan, &mut |n, out| {
            out.extend_from_slice(&self.payloads[n as usize]);
            Ok(())
        })
        .expect("a valid plan");
    }
}

/// A variable of one step, one level, one quality and no entries yet.
fn variable(dims: [u32; 3], (min, max): (f32, f32)) -> VariablePlan {
    VariablePlan {
        dims,
        block_dims: [8, 8, 8],
        steps: 1,
        n_levels: 1,
        n_stored_levels: 1,
        n_qualities: 1,
        has_time: false,
        segments: vec![Segment { first: 0, steps: 1 }],
        min,
        max,
        valid: 1,
        max_abs_error: 0.25,
        rmse: f32::NAN,
        entries: Vec::new(),
    }
}

fn variable_meta(name: &str, dimensions: &[&str], units: &str) -> VariableMeta {
    VariableMeta {
        name: name.into(),
        dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
        source_dtype: "f32".into(),
        attributes: vec![Attribute::text("units", units)],
    }
}

fn entry(codec: u16, (min, max): (f32, f32), mask: MaskRef) -> EntryPlan {
    let unmeasured = f32::NAN;
    EntryPlan {
        codec,
        output: 0,
        blob: None,
        prefix: None,
        min,
        max,
        max_abs_error: unmeasured,
        rmse: unmeasured,
        network: None,
        mask,
    }
}

/// Two hidden layers, three levels, one time code per step; of segments of three steps also gains. The MLP is the same
/// for every extent.
fn grid_network(extent: [u32; 3], steps: u32) -> GridNetwork {
    let gains = steps == 3;
    let interpolation = if gains { TimeInterpolation::CubicCodes } else { TimeInterpolation::Values };
    let time = TimeConfig { n_codes: steps as u16, gains, interpolation };
    let level = |log2_cell| GridLevel { log2_cell, n_features: 2, log2_hashmap_size: 5 };
    let config =
        GridConfig { levels: [3, 2, 1].map(level).to_vec(), n_neurons: 16, n_hidden_layers: 2, n_outputs: 1, time };
    let mut network = GridNetwork::zeros(config, extent).expect("a valid shape");
    let mut noise = Noise(1);
    let mut fill = |values: &mut [f16], scale: f32| {
        for value in values {
            *value = f16::from_f32(noise.next() * scale);
        }
    };
    for layer in &mut network.layers {
        fill(&mut layer.weights, 0.6);
        fill(&mut layer.biases, 0.3);
    }
    for table in &mut network.tables {
        fill(table, 1.0);
    }
    fill(&mut network.time_codes, 0.5);
    fill(&mut network.time_gains, 1.5);
    network
}

/// Numbers in −1..1 that are the same on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// The arithmetic of grids and blocks, which the format's type of a variable that was read has.
fn shape_of(plan: &VariablePlan) -> Shape {
    Shape { dims: plan.dims, block_dims: plan.block_dims }
}

struct Shape {
    dims: [u32; 3],
    block_dims: [u32; 3],
}

impl Shape {
    fn blocks(&self) -> [u32; 3] {
        std::array::from_fn(|axis| self.dims[axis].div_ceil(self.block_dims[axis]))
    }

    fn n_blocks(&self) -> u32 {
        self.blocks().iter().product()
    }

    fn block_origin(&self, block: u32) -> [u32; 3] {
        let [_, ny, nx] = self.blocks();
        let position = [block / nx / ny, block / nx % ny, block % nx];
        std::array::from_fn(|axis| position[axis] * self.block_dims[axis])
    }

    fn block_extent(&self, block: u32, level: u8) -> [u32; 3] {
        let origin = self.block_origin(block);
        std::array::from_fn(|axis| self.block_dims[axis].min(self.dims[axis] - origin[axis]).div_ceil(1 << level))
    }
}

fn voxels(extent: [u32; 3]) -> usize {
    extent.iter().map(|&n| n as usize).product()
}

/// Visits z, y, x with x fastest.
pub(crate) fn each_voxel(extent: [u32; 3], mut visit: impl FnMut(u32, u32, u32)) {
    for z in 0..extent[0] {
        for y in 0..extent[1] {
            for x in 0..extent[2] {
                visit(z, y, x);
            }
        }
    }
}

/// The variables of a model as its reader sees them must have the blocks that it was written with.
pub(crate) fn assert_variable(variable: &Variable) {
    let shape = Shape { dims: variable.dims, block_dims: variable.block_dims };
    assert_eq!(variable.blocks(), shape.blocks());
    for block in 0..shape.n_blocks() {
        assert_eq!(variable.block_origin(block), shape.block_origin(block));
        assert_eq!(variable.block_extent(block, 1), shape.block_extent(block, 1));
    }
}
