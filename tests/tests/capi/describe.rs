//! What the interface tells about a model is what the model's reader says.

use crate::{library, model};
use neuvol_format::{BlockKey, MaskRef, Meta, Reader, Variable};
use neuvol_tests::native::{self, Language, succeed};
use std::fmt::Write;
use std::fs;
use std::process::Command;

#[test]
fn c_program_describes_the_model() {
    let (folder, model) = model();
    let program = folder.path().join("check");
    native::program(Language::C99, "check", &library(), &program, &[]);
    let printed = succeed(Command::new(&program).arg("describe").arg(&model));
    let file = fs::read(&model).expect("the model");
    let reader = Reader::new(file.as_slice()).expect("a valid model");
    let (rest, metadata) = printed.trim_end().rsplit_once("\nmetadata ").expect("metadata");
    let metadata: Meta = serde_json::from_str(metadata).expect("JSON");
    assert_eq!(&metadata, reader.meta());
    assert_eq!(rest, expected(&reader).expect("a text").trim_end());
}

fn expected(reader: &Reader<&[u8]>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let header = reader.header();
    writeln!(text, "library {}", env!("CARGO_PKG_VERSION"))?;
    write!(text, "format {}.{} bytes {} hash ", header.version.0, header.version.1, reader.bytes().len())?;
    for byte in header.content_hash {
        write!(text, "{byte:02x}")?;
    }
    writeln!(text)?;
    for (number, variable) in (0..).zip(reader.variables()) {
        describe_variable(&mut text, reader, number, variable)?;
    }
    for coordinate in &reader.meta().coordinates {
        let units = Meta::attribute(&coordinate.attributes, "units").and_then(|units| units.as_str());
        writeln!(text, "coordinate {}\nunits {}", coordinate.name, units.unwrap_or_default())?;
        write!(text, "shape")?;
        for n in &coordinate.shape {
            write!(text, " {n}")?;
        }
        write!(text, "\nvalues")?;
        for value in reader.coordinate_values(coordinate).expect("values") {
            write!(text, " {:x}", value.to_bits())?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn describe_variable(text: &mut String, reader: &Reader<&[u8]>, number: u32, v: &Variable) -> std::fmt::Result {
    // Names of the axes as the sample has them: x, y, z, time.
    let axes = [["lon", "lat", "level", "time"], ["lon", "lat", "", ""], ["", "", "", ""]][number as usize];
    let units = ["K", "m3 m-3", ""][number as usize];
    writeln!(text, "variable {}\nunits {units}", reader.meta().variables[number as usize].name)?;
    for (axis, name) in ["x", "y", "z", "time"].into_iter().zip(axes) {
        writeln!(text, "{axis} {name}")?;
    }
    let ([z, y, x], [bz, by, bx], [nz, ny, nx]) = (v.dims, v.block_dims, v.blocks());
    writeln!(text, "grid {x} {y} {z} blocks of {bx} {by} {bz}: {nx} {ny} {nz}")?;
    writeln!(
        text,
        "flags {} levels {} qualities {} steps {} valid {}",
        u32::from(v.has_time),
        v.n_levels,
        v.n_qualities,
        v.steps,
        v.valid
    )?;
    writeln!(
        text,
        "values {:08x} {:08x} errors {:08x} {:08x}",
        v.min.to_bits(),
        v.max.to_bits(),
        v.max_abs_error.to_bits(),
        v.rmse.to_bits()
    )?;
    let segment = reader.segment_of(number as usize, v.steps - 1).expect("the last step");
    for block in 0..v.n_blocks() {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for level in 0..v.n_stored_levels {
            let key = BlockKey { variable: number, quality: v.n_qualities - 1, level, segment, block };
            let entry = reader.entry(key).expect("an entry");
            if entry.mask != MaskRef::NoneValid {
                (low, high) = (low.min(entry.min), high.max(entry.max));
            }
        }
        writeln!(text, "block {block} {:08x} {:08x}", low.to_bits(), high.to_bits())?;
    }
    Ok(())
}
