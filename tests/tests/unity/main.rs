//! The library as a plugin of Unity: the fake Unity loads it, runs frames, and counts broken rules.

mod api;
mod decode;
mod refuse;
mod rogue;
mod start;

use neuvol_tests::{native, sample};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The shared library, as Unity gets it.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| native::library(Path::new(env!("CARGO_TARGET_TMPDIR")), false))
}

/// The sample model, for all tests.
fn model() -> &'static str {
    static MADE: OnceLock<(TempDir, String)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("Modell.neuvol");
        sample::write(&path);
        let path = path.to_str().expect("UTF-8").to_owned();
        (folder, path)
    });
    path
}
