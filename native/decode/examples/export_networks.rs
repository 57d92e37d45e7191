//! Writes networks with what the oracle says they give, for programs that are compared with this one.
//!
//! `cargo run --release -p neuvol-decode --example export_networks -- FOLDER [FILE.neuvol]`
//!
//! Without a file: random grid networks of 16, 32 and 64 neurons and heads of 8, 16 and 32 channels, of bricks of 64³ voxels.
//! With one: the first block of a file's grid networks and of its wavelet latents with a head, if it has them.
//!
//! Each network is a file `NAME.safetensors`: 8 bytes that give the length of a JSON text, which names 32-bit floats in
//! the bytes that follow. Its `__metadata__` has `kind` ("grid" or "head"), `name` and `extent`. Arrays have x fastest. The time is a
//! fixed one; codes and gains are in the first layer.
//!
//! - grid: `table.N` `[entry, feature]`, `layer.N.weight` `[output, input]`, `layer.N.bias`, and `expected`, y before it is
//!   mapped to a range. The metadata has `cells` (voxels per cell) and `vertices` (`[z, y, x]`) of all levels; a table with fewer
//!   entries than vertices is hashed.
//! - head: `latents` `[z, y, x]` after the inverse transform, in steps of the quantiser, `layer.N.weight` and `.bias` (of
//!   layer 0 `[channel, input, z, y, x]`), and `expected`, the values. The metadata has `mean`, `deviation`, `step` and `offset`.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::latents::{Shape, latents};
use common::{nested, normalise, random_network};
use neuvol_format::{Entry, MaskRef, Reader};
use neuvol_model::{
    Block, GridConfig, GridNetwork, Head, TimeConfig, Wavelet, decode_block_reference, parse_block, voxels,
};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Between two steps.
const TIME: f64 = 1.25;
const BRICK: [u32; 3] = [64; 3];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        return Err("usage: export_networks FOLDER [FILE.neuvol]".into());
    };
    std::fs::create_dir_all(&folder)?;
    for (name, block) in arguments.next().map_or_else(|| Ok(random_blocks()), |file| blocks_of(&file))? {
        let bytes = match &block {
            Block::Grid(network) => grid(network),
            Block::Wavelet(model) => head(model)?,
            _ => continue,
        };
        let path = folder.join(format!("{name}.safetensors"));
        std::fs::write(&path, bytes)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// What the benchmark of the CUDA backend decodes.
fn random_blocks() -> Vec<(String, Block)> {
    let mut blocks = Vec::new();
    for n_neurons in [16, 32, 64] {
        let (levels, time) = (nested(1, 4, 4, 14), TimeConfig::default());
        let config = GridConfig { levels, n_neurons, n_hidden_layers: 2, n_outputs: 1, time };
        let mut network = random_network(config, BRICK, 7);
        normalise(&mut network, 0, TIME, 0.8);
        blocks.push((format!("grid_{n_neurons}"), Block::Grid(network)));
    }
    for n_channels in [8, 16, 32] {
        let shape = Shape { extent: BRICK, head: Some((n_channels, 1)), ..Shape::default() };
        blocks.push((format!("head_{n_channels}"), Block::Wavelet(Box::new(latents(&shape, 3)))));
    }
    blocks
}

/// The first block of each kind on level 0.
fn blocks_of(file: &Path) -> Result<Vec<(String, Block)>, Box<dyn Error>> {
    let reader = Reader::new(std::fs::read(file)?)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (mut grid, mut head) = (None, None);
    for variable in 0..reader.variables().len() as u32 {
        for key in reader.keys(variable).filter(|key| key.level == 0) {
            match parse_block(&reader, key, &reader.entry(key)?)? {
                block @ Block::Grid(_) if grid.is_none() => grid = Some((format!("{stem}_grid"), block)),
                Block::Wavelet(mut model) if head.is_none() && model.head.is_some() => {
                    model.residual = None;
                    head = Some((format!("{stem}_head"), Block::Wavelet(model)));
                }
                _ => {}
            }
        }
    }
    if grid.is_none() && head.is_none() {
        return Err(format!("{} has neither grid networks nor heads", file.display()).into());
    }
    Ok(grid.into_iter().chain(head).collect())
}

/// A file in the making.
#[derive(Default)]
struct Tensors {
    header: Map<String, Value>,
    metadata: Map<String, Value>,
    bytes: Vec<u8>,
}

impl Tensors {
    /// # Panics
    /// If `values` are not as many as `shape` says.
    fn add(&mut self, name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) {
        let start = self.bytes.len();
        self.bytes.extend(values.into_iter().flat_map(f32::to_le_bytes));
        assert_eq!(self.bytes.len() - start, 4 * shape.iter().product::<usize>(), "{name}");
        let described = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, self.bytes.len()] });
        self.header.insert(name.to_owned(), described);
    }

    /// Metadata of this format are texts.
    fn describe(&mut self, name: &str, value: impl ToString) {
        self.metadata.insert(name.to_owned(), value.to_string().into());
    }

    fn finish(mut self) -> Vec<u8> {
        self.header.insert("__metadata__".to_owned(), Value::Object(self.metadata));
        let mut header = Value::Object(self.header).to_string();
        while !header.len().is_multiple_of(8) {
            header.push(' ');
        }
        let mut out = (header.len() as u64).to_le_bytes().to_vec();
        out.extend(header.into_bytes());
        out.extend(self.bytes);
        out
    }
}

fn grid(network: &GridNetwork) -> Vec<u8> {
    let config = &network.config;
    let mut out = Tensors::default();
    out.describe("kind", "grid");
    out.describe("name", format!("grid, {} neurons", config.n_neurons));
    out.describe("extent", format!("{:?}", network.extent));
    out.describe(
        "cells",
        format!("{:?}", config.levels.iter().map(|level| 1 << level.log2_cell).collect::<Vec<u32>>()),
    );
    let vertices: Vec<[u32; 3]> = (0..network.tables.len()).map(|l| config.n_vertices(l, network.extent)).collect();
    out.describe("vertices", format!("{vertices:?}"));
    for (level, table) in network.tables.iter().enumerate() {
        let shape = [config.n_entries(level, network.extent), config.levels[level].n_features.into()];
        out.add(&format!("table.{level}"), &shape, table.iter().map(|v| v.to_f32()));
    }
    let (code, gain) = (network.time_code(TIME), network.time_gain(TIME));
    for (number, layer) in network.layers.iter().enumerate() {
        let mut weights: Vec<f32> = layer.weights.iter().map(|v| v.to_f32()).collect();
        let mut biases: Vec<f32> = layer.biases.iter().map(|v| v.to_f32()).collect();
        if number == 0 {
            weights.chunks_exact_mut(layer.n_in).flatten().zip(gain.iter().cycle()).for_each(|(w, gain)| *w *= gain);
            biases.iter_mut().zip(&code).for_each(|(b, code)| *b += code);
        }
        out.add(&format!("layer.{number}.weight"), &[layer.n_out, layer.n_in], weights);
        out.add(&format!("layer.{number}.bias"), &[layer.n_out], biases);
    }
    let mut expected = vec![0.0; voxels(network.extent)];
    network.evaluate_block(TIME, 0, &mut expected);
    out.add("expected", &network.extent.map(|n| n as usize), expected);
    out.finish()
}

fn head(model: &Wavelet) -> Result<Vec<u8>, Box<dyn Error>> {
    let head: &Arc<Head> = model.head.as_ref().ok_or("wavelet latents without a head")?;
    let extent = model.level_extent();
    let shape = extent.map(|n| n as usize);
    // What stands between two steps are values here, so that there is one array of latents: at a step.
    let time = TIME.floor();
    let mut out = Tensors::default();
    out.describe("kind", "head");
    out.describe("name", format!("head, {} channels", head.n_channels));
    out.describe("extent", format!("{extent:?}"));
    out.describe("mean", head.mean);
    out.describe("deviation", head.deviation);
    out.describe("step", model.step);
    out.describe("offset", model.offset);
    let channels = usize::from(head.n_channels);
    for number in 0..head.tensors.len() / 2 {
        let weights = head.parameters(2 * number);
        let rows = head.tensors[2 * number + 1].values.len();
        let shape = if number == 0 { vec![channels, 2, 3, 3, 3] } else { vec![rows, weights.len() / rows] };
        out.add(&format!("layer.{number}.weight"), &shape, weights);
        out.add(&format!("layer.{number}.bias"), &[rows], head.parameters(2 * number + 1));
    }
    // Without head, quantiser and offset the values are the latents.
    let latents = Wavelet { head: None, step: 1.0, offset: 0.0, ..model.clone() };
    out.add("latents", &shape, values(Block::Wavelet(Box::new(latents)), extent, time)?);
    out.add("expected", &shape, values(Block::Wavelet(Box::new(model.clone())), extent, time)?);
    Ok(out.finish())
}

/// What the oracle says, in a range that limits nothing.
fn values(block: Block, extent: [u32; 3], time: f64) -> Result<Vec<f32>, neuvol_model::Error> {
    let entry = Entry {
        codec: 0,
        output: 0,
        payload_offset: 0,
        payload_len: 0,
        payload_crc: 0,
        min: -1e30,
        max: 1e30,
        max_abs_error: 0.0,
        rmse: 0.0,
        network: None,
        mask: MaskRef::AllValid,
    };
    let mut out = vec![0.0; voxels(extent)];
    decode_block_reference(&block, &entry, extent, time, &mut out)?;
    Ok(out)
}
