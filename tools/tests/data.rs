//! Every file of a folder of real data, through compress, verify and preview.
//!
//! `NEUVOL_DATA=DIR cargo test --release -p neuvol-tools --test data -- --nocapture` prints a table; without the variable
//! the test says so and does nothing, since the files are not part of the repository. NEUVOL_STEPS sets the optimiser
//! steps (default: that of the tool).
#![cfg(feature = "train")]
#![allow(clippy::print_stdout)] // the table is what this is for

use neuvol_format::{BlockMask, MaskRef, Reader};
use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Variables taken of one file, the largest first.
const VARIABLES: usize = 3;

fn neuvol(arguments: &[&str]) -> Output {
    let output =
        Command::new(env!("CARGO_BIN_EXE_neuvol")).args(arguments).env("OMP_WAIT_POLICY", "passive").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{arguments:?}: {errors}");
    output
}

fn json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("no JSON: {text} {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn every_file_compresses_or_is_refused_in_words() {
    let Some(folder) = env::var_os("NEUVOL_DATA") else {
        println!("skipped: NEUVOL_DATA does not name a folder of data files");
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    let scratch = tempfile::tempdir().unwrap();
    println!(
        "| file | variable | grid t z y x | ratio | PSNR dB | SSIM | largest error | mask | mask bytes | as bits + zstd-19 | \
         seconds | peak memory MB |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for file in &files {
        one(file, scratch.path());
    }
}

fn one(file: &Path, scratch: &Path) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let mut variables: Vec<_> = match neuvol_tools::source::open(file) {
        Err(error) => {
            println!("| {name} | refused: {error} | | | | | | | | | | |");
            assert!(error.to_string().contains(name), "the message must name the file: {error}");
            return;
        }
        Ok(source) => source.variables().to_vec(),
    };
    assert!(!variables.is_empty(), "{name} has no variables");
    let size = |v: &neuvol_tools::source::SourceVariable| v.dims.iter().product::<u32>() * v.steps;
    variables.sort_by_key(|v| std::cmp::Reverse(size(v)));
    variables.truncate(VARIABLES);
    for variable in variables {
        let model = scratch.join("model.neuvol");
        let (input, model) = (file.to_str().unwrap(), model.to_str().unwrap());
        let steps = env::var("NEUVOL_STEPS").unwrap_or_default();
        let mut arguments =
            vec!["compress", "--codec", "grid", input, "--var", &variable.name, "-o", model, "--force", "--json"];
        if !steps.is_empty() {
            arguments.extend(["--steps", &steps]);
        }
        let compressed = neuvol(&arguments);
        assert!(compressed.status.success(), "{}", String::from_utf8_lossy(&compressed.stderr));
        let summary = json(&compressed);
        // Exit code 0 says that the mask is exact.
        let verified = neuvol(&["verify", input, model, "--json"]);
        assert!(verified.status.success(), "{name}: {}", String::from_utf8_lossy(&verified.stderr));
        let total = json(&verified)["variables"][0]["total"].clone();
        let pictures = scratch.join("pictures");
        assert!(neuvol(&["preview", input, model, "-o", pictures.to_str().unwrap()]).status.success());
        let number = |value: &serde_json::Value, digits| {
            value.as_f64().map_or("-".to_owned(), |number| format!("{number:.digits$}"))
        };
        let (coded, packed) = masks(Path::new(model));
        assert!(coded <= packed, "{name}: masks of {coded} bytes, {packed} as bits with zstd");
        println!(
            "| {name} | {} | {} {:?} | {} | {} | {} | {} {} | exact | {coded} | {packed} | {} | {} |",
            variable.name,
            variable.steps,
            variable.dims,
            number(&summary["ratio"], 1),
            number(&total["psnr_db"], 2),
            number(&total["ssim"]["mean"], 4),
            number(&total["max_abs_error"], 4),
            variable.attributes.iter().find(|a| a.name == "units").and_then(|a| a.as_str()).unwrap_or(""),
            number(&summary["seconds"], 1),
            summary["peak_memory"].as_f64().map_or("-".to_owned(), |bytes| format!("{:.0}", bytes / 1e6)),
        );
    }
}

/// Bytes of the masks of a file, each counted once, and of the same as packed bits with zstd at level 19.
fn masks(model: &Path) -> (usize, usize) {
    let reader = Reader::new(fs::read(model).unwrap()).unwrap();
    let mut known = HashSet::new();
    let (mut coded, mut packed) = (0, 0);
    for variable in 0..reader.variables().len() as u32 {
        for key in reader.keys(variable) {
            let entry = reader.entry(key).unwrap();
            let MaskRef::Stored(number) = entry.mask else { continue };
            let BlockMask::Bits(mask) = reader.mask(key, &entry).unwrap() else { continue };
            if known.insert(number) {
                coded += mask.encode().len();
                packed += zstd::bulk::compress(mask.bits(), 19).unwrap().len();
            }
        }
    }
    (coded, packed)
}
