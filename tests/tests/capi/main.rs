//! The C interface from outside: programs in C and C++ against the shared library, and damaged files.

#[path = "../../../native/vulkan/tests/headless/host.rs"]
mod host;

mod damage;
mod describe;
mod header;
mod layout;
mod opening;
mod programs;
mod symbols;
mod textures;

use neuvol_tests::{native, sample};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// `target/tmp`, where the shared libraries of the tests go.
const TEMPORARY: &str = env!("CARGO_TARGET_TMPDIR");

/// The shared library that hosts get.
fn library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| native::library(Path::new(TEMPORARY), false)).clone()
}

/// A fresh folder and the sample model in it.
fn model() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("Modell größer.neuvol");
    sample::write(&path);
    (folder, path)
}
