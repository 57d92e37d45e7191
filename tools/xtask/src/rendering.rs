//! `cargo xtask rendering`: compiles the shaders of the engine packages with three compilers and compares what they draw with a
//! ray march on the CPU (`tests/rendering`).

use std::fs;

use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::shaders;
use crate::test::lavapipe;
use crate::wheels::Wheels;
use crate::workspace::{self, Workspace};

const SCRIPT: &str = "tests/rendering/compile.py";
const CORE: &str = "bindings/shaders/NeuvolVolume.hlsl";
/// What the packages have of the core. `compile.py` compares them, too.
const COPIES: [&str; 2] =
    ["unity-package/Runtime/Shaders/NeuvolVolume.hlsl", "unreal-plugin/Shaders/Private/NeuvolVolume.ush"];
const WHEELS: Wheels = Wheels {
    what: "the DirectX shader compiler (about 15 MB)",
    requirements: &["tests/rendering/requirements.txt"],
    folder: ".dxc",
};
/// The compiler in its wheel.
const LIBRARY: &str = "compushady/backends/libdxcompiler_x86_64.so";

/// Compiles, draws and compares; with `write` copies of the core and the committed pictures are renewed.
pub(crate) fn run(workspace: &Workspace, write: bool) -> Result<(), Failure> {
    let slang = shaders::slang(workspace)?;
    debian::ensure(Purpose::Test, true)?;
    let dxc = workspace.root.join(WHEELS.folder).join(LIBRARY);
    if !dxc.is_file() {
        WHEELS.install(workspace, || dxc.is_file(), |tree| files::keep_only(tree, &["compushady"]))?;
    }
    if write {
        let core = workspace.root.join(CORE);
        for copy in COPIES.map(|copy| workspace.root.join(copy)) {
            fs::copy(&core, &copy).map_err(|error| Failure::io("write", &copy, &error))?;
        }
    }
    let made = workspace.target.join("rendering");
    let spirv = made.join("spirv");
    files::remove(&spirv)?;
    let mut python = workspace.command("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(workspace.root.join(SCRIPT));
    workspace::run(python.arg("--slang").arg(slang).arg("--dxc").arg(dxc).arg("--out").arg(&spirv))?;
    let mut cargo = workspace.cargo(["run", "--quiet", "--release", "-p", "neuvol-rendering", "--", "--spirv"]);
    cargo.arg(&spirv).arg("--out").arg(made.join("pictures"));
    if let Some(driver) = lavapipe() {
        cargo.env("VK_ICD_FILENAMES", driver);
    }
    if write {
        cargo.arg("--write");
    }
    workspace::run(&mut cargo)
}
