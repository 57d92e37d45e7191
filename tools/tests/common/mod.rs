//! What the tests of the whole tool share: a scratch folder, running the tool, small inputs.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    time::{Duration, Instant},
};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    /// Names of all files.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.0.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn neuvol() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neuvol"));
    command.env("OMP_WAIT_POLICY", "passive").env_remove("RUST_LOG");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    neuvol().args(arguments).output().unwrap()
}

#[track_caller]
pub(crate) fn ok(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {} {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail with a code and a message that holds all `words`, without a panic.
#[track_caller]
pub(crate) fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    for word in words {
        assert!(errors.contains(word), "{word:?} is missing in: {errors}");
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// A raw file of 32-bit floats.
pub(crate) fn raw(
    folder: &Folder,
    name: &str,
    dims: [usize; 3],
    value: impl Fn(usize, usize, usize) -> f32,
) -> PathBuf {
    let [nz, ny, nx] = dims;
    let mut bytes = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                bytes.extend(value(z, y, x).to_le_bytes());
            }
        }
    }
    let path = folder.path(&format!("{name}_{nx}x{ny}x{nz}_float32.raw"));
    fs::write(&path, bytes).unwrap();
    path
}

/// Length of the journal of `output`.
pub(crate) fn journal_len(output: &Path) -> u64 {
    fs::metadata(format!("{}.partial", text(output))).map_or(0, |m| m.len())
}

/// Waits until the journal of `output` has grown by some blocks.
pub(crate) fn wait_for_blocks(child: &mut Child, output: &Path, before: u64) {
    let start = Instant::now();
    while journal_len(output) < before + 10_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        assert!(start.elapsed() < Duration::from_secs(120), "no block was finished");
        std::thread::sleep(Duration::from_millis(5));
    }
}
