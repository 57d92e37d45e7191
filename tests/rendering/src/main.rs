//! Draws scenes with the shaders of the engine packages, as an engine does, and compares each picture with a ray march on the
//! CPU, with what skips nothing, and with the committed picture.
//!
//!     neuvol-rendering --spirv DIR --out DIR [--write]
//!     neuvol-rendering --spirv DIR --out DIR --day FILE.neuvol --variable NAME --step N --font FILE.ttf
//!
//! DIR of --spirv is what `compile.py` has written; --only NAME draws
//! the cases of which the names begin so. --write renews the committed pictures. The second
//! form draws `day.png`: a variable over its ground, with a legend. Exit codes: 0 all is as it should be,
//! 1 something differs, 2 something else went wrong.
#![allow(clippy::print_stdout, reason = "a program")]

mod camera;
mod cases;
mod checks;
mod day;
mod device;
mod draw;
mod field;
mod march;
mod picture;
mod render;
mod scene;
mod spirv;
mod text;
mod transfer;

use device::Device;
use render::Renderer;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line says.
struct Options {
    spirv: PathBuf,
    out: PathBuf,
    write: bool,
    only: Option<String>,
    day: Option<Day>,
}

/// What to draw a picture of.
struct Day {
    file: PathBuf,
    variable: String,
    step: f64,
    font: PathBuf,
}

fn options() -> Result<Options, String> {
    let mut words = std::env::args().skip(1);
    let mut given: HashMap<String, String> = HashMap::new();
    let mut write = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--write" => write = true,
            "--spirv" | "--out" | "--day" | "--variable" | "--step" | "--font" | "--only" => {
                let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
                given.insert(word, value);
            }
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    let mut take = |name: &str| given.remove(name).ok_or_else(|| format!("{name} is missing"));
    let (spirv, out) = (take("--spirv")?.into(), take("--out")?.into());
    let day = match take("--day") {
        Ok(file) => {
            let step = take("--step")?.parse().map_err(|_| "--step wants a number")?;
            Some(Day { file: file.into(), variable: take("--variable")?, step, font: take("--font")?.into() })
        }
        Err(_) => None,
    };
    let only = take("--only").ok();
    Ok(Options { spirv, out, write, only, day })
}

fn run() -> Result<bool, String> {
    let options = options()?;
    let renderer = Renderer { device: Device::new()?, spirv: options.spirv };
    println!("device: {}", renderer.device.name);
    if let Some(Day { file, variable, step, font }) = options.day {
        let picture = day::draw(&renderer, &file, &variable, step, &font)?;
        let path = options.out.join("day.png");
        picture.write(&path)?;
        println!("{}", path.display());
        return Ok(true);
    }
    checks::run(&renderer, &options.out, options.write, options.only.as_deref())
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("neuvol-rendering: {message}");
            ExitCode::from(2)
        }
    }
}
