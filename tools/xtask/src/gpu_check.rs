//! `cargo xtask gpu-check`: what the backends of GPUs do on the devices of this machine.

use std::fs;

use crate::failure::Failure;
use crate::files;
use crate::workspace::{self, Workspace};

/// Runs the tests of the Vulkan backend on the first device, then measures it; the table is kept, too.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    // The validation layers are not on every machine that has a GPU: the tests say so, and compare with the oracle anyway.
    let mut tests = workspace.cargo(["test", "--release", "-p", "neuvol-vulkan", "--", "--nocapture"]);
    workspace::run(&mut tests)?;
    let mut check =
        workspace.cargo(["run", "--quiet", "--release", "-p", "neuvol-vulkan", "--example", "gpu_check", "--"]);
    let table = workspace::capture(check.args(arguments))?;
    print!("{table}");
    let path = workspace.target.join("gpu-check.md");
    files::make_folder(&workspace.target)?;
    fs::write(&path, table).map_err(|error| Failure::io("write", &path, &error))?;
    println!("\nWritten to {}", path.display());
    Ok(())
}
