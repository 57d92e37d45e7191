//! `cargo xtask shaders`: compiles the kernels of the Vulkan backend with Slang, which a wheel brings.

use std::fs;
use std::path::{Path, PathBuf};

use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::wheels::Wheels;
use crate::workspace::{self, Workspace};

const SCRIPT: &str = "native/vulkan/shaders/compile.py";
const COMMITTED: &str = "native/vulkan/shaders/spirv";
const WHEELS: Wheels = Wheels {
    what: "the Slang compiler 2026.12 (about 92 MB)",
    requirements: &["native/vulkan/shaders/requirements.txt"],
    folder: ".slang",
};
/// The folder of the wheel that holds the compiler.
const LIBRARY: &str = "slangpy";

/// Writes the modules, or with `check` compares them byte for byte with what would be written.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    let library = slang(workspace)?;
    let made = workspace.target.join("shaders");
    files::remove(&made)?;
    let mut python = workspace.command("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(workspace.root.join(SCRIPT));
    workspace::run(python.arg("--slang").arg(&library).arg("--out").arg(&made))?;
    let committed = workspace.root.join(COMMITTED);
    if !check {
        files::remove(&committed)?;
        files::make_folder(&committed)?;
    }
    let mut different = Vec::new();
    let names = modules(&made)?;
    for name in &names {
        let (new, old) = (made.join(name), committed.join(name));
        let bytes = fs::read(&new).map_err(|error| Failure::io("read", &new, &error))?;
        if !check {
            fs::write(&old, bytes).map_err(|error| Failure::io("write", &old, &error))?;
        } else if fs::read(&old).ok() != Some(bytes) {
            different.push(name.as_str());
        }
    }
    let left: Vec<String> = modules(&committed)?.into_iter().filter(|name| !names.contains(name)).collect();
    different.extend(left.iter().map(String::as_str));
    if !different.is_empty() {
        let what = different.join(", ");
        return Err(Failure::Failed(format!("{COMMITTED} is not what `cargo xtask shaders` writes: {what}")));
    }
    println!("{} kernels {}", names.len(), if check { "are up to date" } else { "written" });
    Ok(())
}

/// The folder of the compiler, which is fetched if it is not there.
pub(crate) fn slang(workspace: &Workspace) -> Result<PathBuf, Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::Missing(
            "shaders can only be compiled on x86-64 Linux; compiled kernels serve all".into(),
        ));
    }
    let library = workspace.root.join(WHEELS.folder).join(LIBRARY);
    if !library.is_dir() {
        debian::ensure(Purpose::Measure, true)?;
        WHEELS.install(workspace, || library.is_dir(), |tree| files::keep_only(tree, &[LIBRARY]))?;
    }
    Ok(library)
}

/// The names of the modules in a folder, sorted.
fn modules(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
