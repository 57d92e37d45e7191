//! `cargo xtask unity-metas`: the packages for engines. What they hold is built here; `tools/package` writes and checks
//! them.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// The sources of the Unity package.
const UNITY: &str = "unity-package";

/// Writes the `.meta` files that the Unity package lacks, or with `check` says which are missing or wrong.
pub(crate) fn metas(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    let mut program = program(workspace, "metas", &workspace.root.join(UNITY));
    if check {
        program.arg("--check");
    }
    workspace::run(&mut program)
}

/// `neuvol-package VERB FOLDER`.
fn program(workspace: &Workspace, verb: &str, folder: &Path) -> Command {
    let mut cargo = workspace.cargo(["run", "--quiet", "--release", "-p", "neuvol-package", "--", verb]);
    cargo.arg(folder);
    cargo
}
