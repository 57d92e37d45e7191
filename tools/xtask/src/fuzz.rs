//! `cargo xtask fuzz`: the fuzz targets of the file format and the entropy coder, each for some seconds.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::{self, Workspace};

const FOLDERS: [&str; 2] = ["native/format/fuzz", "native/entropy/fuzz"];

pub(crate) fn run(workspace: &Workspace, seconds: u32) -> Result<(), Failure> {
    if !workspace::works("rustup", &["run", "nightly", "rustc", "--version"]) {
        return Err(Failure::Missing("fuzzing needs a nightly toolchain: rustup toolchain install nightly".into()));
    }
    if fuzzer(workspace).arg("--version").output().is_ok_and(|output| !output.status.success()) {
        return Err(Failure::Missing("fuzzing needs cargo-fuzz: cargo install --locked cargo-fuzz".into()));
    }
    let mut ran = 0;
    for folder in FOLDERS {
        workspace::run(fuzzer(workspace).args(["build", "--fuzz-dir", folder]))?;
        for target in targets(&workspace.root.join(folder).join("fuzz_targets"))? {
            eprintln!("\n=== {target}, {seconds} s ===");
            let limit = format!("-max_total_time={seconds}");
            let mut run = fuzzer(workspace);
            run.args(["run", "--fuzz-dir", folder, &target, "--", &limit]);
            workspace::run(&mut run).map_err(|failure| {
                Failure::Failed(format!("{failure}\nThe input that did it is in {folder}/artifacts/{target}/"))
            })?;
            ran += 1;
        }
    }
    println!("{ran} fuzz targets ran {seconds} s each and found nothing");
    Ok(())
}

/// `cargo fuzz` of the nightly toolchain, which our own cargo must not replace.
fn fuzzer(workspace: &Workspace) -> Command {
    let mut command = workspace.command("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]);
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command
}

/// The names of the Rust files in `folder`, sorted.
fn targets(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let rust = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> = rust.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    if names.is_empty() {
        return Err(Failure::Failed(format!("no fuzz target in {}", folder.display())));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_rust_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(targets(folder.path()).is_err());
        for name in ["reader.rs", "mask.rs", "notes.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(targets(folder.path()).unwrap(), ["mask", "reader"]);
        assert!(targets(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
