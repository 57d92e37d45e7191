//! `neuvol info`

use super::{Failure, model, output};
use neuvol_engine::Volume;
use neuvol_format::{BlockKey, codec};
use serde::Serialize;
use std::{collections::HashSet, fmt::Write, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model file
    model: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Read the whole file and check every checksum and the content hash
    #[arg(long)]
    check: bool,
}

#[derive(Serialize)]
struct Info<'a> {
    file: String,
    format: String,
    bytes: u64,
    content_hash: String,
    checked: bool,
    sections: Vec<Section>,
    variables: Vec<VariableInfo>,
    meta: &'a neuvol_format::Meta,
}

#[derive(Serialize)]
struct Section {
    kind: String,
    offset: u64,
    bytes: u64,
    items: u64,
}

#[derive(Serialize)]
struct VariableInfo {
    name: String,
    units: String,
    dims: [u32; 3],
    steps: u32,
    has_time: bool,
    block: [u32; 3],
    blocks: [u32; 3],
    n_levels: u8,
    /// Levels of detail with entries of their own.
    n_stored_levels: u8,
    n_qualities: u8,
    segments: usize,
    min: f32,
    max: f32,
    valid: u64,
    max_abs_error: f32,
    rmse: f32,
    /// dB over the range; null if not measured or infinite.
    psnr: Option<f64>,
    /// Entries by codec.
    codecs: Vec<(String, u64)>,
    payload_bytes: u64,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let volume = model::open(&args.model, 1)?;
    let reader = volume.reader();
    let bad =
        |error: neuvol_format::Error| Failure::new(Failure::BAD_INPUT, format!("{}: {error}", args.model.display()));
    if args.check {
        reader.check().map_err(bad)?;
    }
    let header = reader.header();
    let variables = (0..reader.variables().len())
        .map(|index| variable(&volume, index).map_err(bad))
        .collect::<Result<Vec<_>, _>>()?;
    let info = Info {
        file: args.model.display().to_string(),
        format: format!("{}.{}", header.version.0, header.version.1),
        bytes: header.file_len,
        content_hash: header.content_hash.iter().map(|b| format!("{b:02x}")).collect(),
        checked: args.check,
        sections: reader
            .sections()
            .iter()
            .map(|s| Section {
                kind: String::from_utf8_lossy(&s.kind).into_owned(),
                offset: s.offset,
                bytes: s.len,
                items: s.items,
            })
            .collect(),
        variables,
        meta: reader.meta(),
    };
    if args.json { output::print_json(&info) } else { output::print(&text(&info)) }
}

fn variable(volume: &Volume, index: usize) -> Result<VariableInfo, neuvol_format::Error> {
    let reader = volume.reader();
    let v = &reader.variables()[index];
    let known = [
        ("constant", codec::CONSTANT),
        ("raw", codec::RAW),
        ("grid network", codec::GRID),
        ("wavelet latents", codec::WAVELET),
        ("matrices", codec::MATRICES),
    ];
    let mut counts = known.map(|(name, id)| (name, id, 0u64));
    let (mut others, mut payload_bytes) = (0, 0);
    // Finest level first: what begins where another payload does is that one, or its first bytes.
    let mut seen = HashSet::new();
    for quality in 0..v.n_qualities {
        for level in 0..v.n_stored_levels {
            for segment in 0..reader.segments(index).len() as u32 {
                for block in 0..v.n_blocks() {
                    let key = BlockKey { variable: index as u32, quality, level, segment, block };
                    let entry = reader.entry(key)?;
                    if seen.insert(entry.payload_offset) {
                        payload_bytes += u64::from(entry.payload_len);
                    }
                    match counts.iter_mut().find(|(_, id, _)| *id == entry.codec) {
                        Some((_, _, count)) => *count += 1,
                        None => others += 1,
                    }
                }
            }
        }
    }
    let mut codecs: Vec<(String, u64)> =
        counts.iter().filter(|c| c.2 > 0).map(|&(name, _, count)| (name.to_owned(), count)).collect();
    if others > 0 {
        codecs.push(("other".to_owned(), others));
    }
    let psnr = 20.0 * ((f64::from(v.max) - f64::from(v.min)) / f64::from(v.rmse)).log10();
    Ok(VariableInfo {
        name: model::name(volume, index).to_owned(),
        units: model::units(volume, index),
        dims: v.dims,
        steps: v.steps,
        has_time: v.has_time,
        block: v.block_dims,
        blocks: v.blocks(),
        n_levels: v.n_levels,
        n_stored_levels: v.n_stored_levels,
        n_qualities: v.n_qualities,
        segments: reader.segments(index).len(),
        min: v.min,
        max: v.max,
        valid: v.valid,
        max_abs_error: v.max_abs_error,
        rmse: v.rmse,
        psnr: psnr.is_finite().then_some(psnr),
        codecs,
        payload_bytes,
    })
}

fn text(info: &Info<'_>) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{}: format {}, {}", info.file, info.format, output::bytes(info.bytes));
    let _ = writeln!(out, "made by {} from {}", info.meta.created_by, info.meta.source);
    let _ =
        writeln!(out, "content {}{}", info.content_hash, if info.checked { ", every checksum is right" } else { "" });
    for v in &info.variables {
        let total = u64::from(v.steps) * v.dims.iter().map(|&n| u64::from(n)).product::<u64>();
        let _ = writeln!(out, "\n{} [{}]", v.name, v.units);
        let _ = writeln!(
            out,
            "  grid      {} (z, y, x), {} step{}, {:.1} % valid",
            output::grid(v.dims),
            v.steps,
            if v.steps == 1 { "" } else { "s" },
            100.0 * v.valid as f64 / total as f64
        );
        let _ = writeln!(
            out,
            "  blocks    {} of {}; levels of detail {} ({} stored), qualities {}, time segments {}",
            output::grid(v.blocks),
            output::grid(v.block),
            v.n_levels,
            v.n_stored_levels,
            v.n_qualities,
            v.segments
        );
        let _ = writeln!(out, "  values    {} … {}", output::value(v.min.into()), output::value(v.max.into()));
        let _ = writeln!(
            out,
            "  error     RMSE {}, largest {}, PSNR {}",
            output::value(v.rmse.into()),
            output::value(v.max_abs_error.into()),
            v.psnr.map_or("-".to_owned(), |psnr| format!("{psnr:.2} dB"))
        );
        let codecs: Vec<String> = v.codecs.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let _ = writeln!(out, "  stored    {}; {} of payload", codecs.join(", "), output::bytes(v.payload_bytes));
    }
    let names: Vec<String> =
        info.meta.coordinates.iter().map(|c| format!("{}({})", c.name, c.dimensions.join(", "))).collect();
    if !names.is_empty() {
        let _ = writeln!(out, "\ncoordinates: {}", names.join(", "));
    }
    out
}
