//! The Unreal plugin without Unreal: its sources compiled against declarations of the engine's public interface
//! (`tests/unreal/engine`), driven by a fake engine on a real Vulkan device, and held to rules that only Unreal's tools check.

mod build;
mod header_tool;
mod interface;
mod layout;
mod shaders;

use neuvol_tests::native::{self, text_of};
use neuvol_tests::sample;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Folder of the plugin.
fn plugin() -> PathBuf {
    native::root().join("unreal-plugin")
}

/// Folder of the fake engine and its programs.
fn engine() -> PathBuf {
    native::root().join("tests/unreal")
}

/// The plugin as it is installed, and a project's content: a good file, one that is none, one with a damaged block.
fn installed(with_library: bool) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lib = folder.path().join("Neuvol/Source/ThirdParty/Neuvol/lib/Linux");
    let content = folder.path().join("Content");
    for path in [&lib, &content, &folder.path().join("Neuvol/Shaders")] {
        fs::create_dir_all(path).expect("a folder");
    }
    if with_library {
        let library = native::library(Path::new(env!("CARGO_TARGET_TMPDIR")), false);
        fs::copy(library, lib.join("libneuvol.so")).expect("the library");
    }
    let good = content.join("theta.neuvol");
    sample::write(&good);
    sample::write(&content.join("copy.neuvol"));
    fs::write(content.join("wrong.neuvol"), "no volume").expect("a file");
    fs::write(content.join("damaged.neuvol"), damaged(&good)).expect("a file");
    folder
}

/// The file with one byte of its first payload turned over: its front is whole.
fn damaged(good: &Path) -> Vec<u8> {
    let bytes = fs::read(good).expect("the sample");
    let reader = neuvol_format::Reader::new(&bytes[..]).expect("a whole file");
    let first = |key| reader.entry(key).ok().filter(|entry| entry.payload_len != 0);
    let entry = reader.keys(sample::THETA).find_map(first).expect("a payload");
    let at = reader.stored_offset(entry.payload_offset).expect("a place in the file") as usize;
    let mut bytes = bytes.clone();
    bytes[at + 4] ^= 0x55;
    bytes
}

/// Runs a scenario; what it prints is shown if it fails.
fn run(program: &Path, scenario: &str, installed: &TempDir) {
    let mut host = Command::new(program);
    host.arg(scenario).arg(installed.path().join("Neuvol")).arg(installed.path().join("Content"));
    // Vulkan's driver keeps what it has allocated for the process.
    host.env("ASAN_OPTIONS", "detect_leaks=0");
    let output = native::run(&mut host);
    if output.status.code() == Some(77) && std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_none() {
        eprintln!("{scenario}: no Vulkan device here; `cargo xtask test` installs a driver and the layers");
        return;
    }
    assert!(output.status.success(), "{scenario}: {}\n{}", output.status, text_of(&output));
}

#[test]
fn plays_on_vulkan() {
    run(build::host(), "vulkan", &installed(true));
}

#[test]
fn plays_on_any_other_rhi() {
    run(build::host(), "other", &installed(true));
}

#[test]
fn says_what_the_device_must_store_to() {
    run(build::host(), "no-half", &installed(true));
}

#[test]
fn says_that_the_library_is_missing() {
    run(build::host(), "no-library", &installed(false));
}
