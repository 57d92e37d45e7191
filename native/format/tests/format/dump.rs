//! A text of everything a reader sees in a file.

use std::fmt::Write;

use neuvol_format::{BlockMask, Error, Reader};

/// The text; it ends early with an error if the file has one.
pub(crate) fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    match Reader::new(bytes) {
        Ok(reader) => {
            if let Err(error) = dump_reader(&reader, &mut text) {
                writeln!(text, "error: {error}").expect("text can be written to a string");
            }
        }
        Err(error) => writeln!(text, "error: {error}").expect("text can be written to a string"),
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a line; a string takes everything.
macro_rules! line {
    ($text:expr, $($argument:tt)*) => {
        writeln!($text, $($argument)*).expect("text can be written to a string")
    };
}

fn dump_reader(reader: &Reader<&[u8]>, text: &mut String) -> Result<(), Error> {
    let header = reader.header();
    line!(text, "version {:?}, {} bytes, hash {}", header.version, header.file_len, hex(&header.content_hash));
    for s in reader.sections() {
        let name = s.name();
        line!(
            text,
            "section {name} at {} len {} raw {} compression {} items {}",
            s.offset,
            s.len,
            s.raw_len,
            s.compression,
            s.items
        );
    }
    line!(text, "meta {}", serde_json::to_string_pretty(reader.meta()).expect("META was JSON"));
    for (n, variable) in reader.variables().iter().enumerate() {
        line!(text, "variable {n} {variable:?}");
        line!(
            text,
            "  blocks {:?}, levels {:?}",
            variable.blocks(),
            (0..variable.n_levels).map(|k| variable.level_dims(k)).collect::<Vec<_>>()
        );
        line!(text, "  segments {:?}", reader.segments(n));
        for key in reader.keys(n as u32) {
            dump_block(reader, key, text)?;
        }
    }
    for n in 0..reader.n_networks() {
        let network = reader.network(n)?;
        line!(text, "network {n} kind {} {}", network.kind, hex(network.bytes));
    }
    for coordinate in &reader.meta().coordinates {
        line!(text, "coordinate {} {:?}", coordinate.name, reader.coordinate_values(coordinate)?);
    }
    line!(text, "{:?}", reader.check()?);
    Ok(())
}

fn dump_block(reader: &Reader<&[u8]>, key: neuvol_format::BlockKey, text: &mut String) -> Result<(), Error> {
    let entry = reader.entry(key)?;
    let variable = &reader.variables()[key.variable as usize];
    let (origin, extent) = (variable.block_origin(key.block), variable.block_extent(key.block, key.level));
    line!(
        text,
        "  quality {} level {} segment {} block {} origin {origin:?} extent {extent:?}",
        key.quality,
        key.level,
        key.segment,
        key.block
    );
    line!(text, "    {entry:?}");
    let payload = reader.payload(&entry)?;
    if !payload.is_empty() {
        line!(text, "    payload {}", hex(payload));
    }
    if let BlockMask::Bits(mask) = reader.mask(key, &entry)? {
        line!(text, "    mask of {} steps, {} valid: {}", mask.steps(), mask.count(), hex(mask.bits()));
    }
    Ok(())
}
