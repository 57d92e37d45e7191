//! `cargo xtask hosts`: the shared library in real engines (`tests/hosts`), which a workspace of their own builds.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::test::lavapipe;
use crate::workspace::{self, Workspace};

/// The crate that both hosts use, and the one of their sample.
const SHARED: [&str; 2] = ["neuvol-host", "neuvol-host-sample"];
const WGPU: &str = "neuvol-host-wgpu";
const BEVY: &str = "neuvol-host-bevy";

/// Builds the library and the hosts, and runs them; without `bevy` only the one that compiles within two minutes.
pub(crate) fn run(workspace: &Workspace, bevy: bool) -> Result<(), Failure> {
    workspace::run(&mut workspace.cargo(["build", "--release", "-p", "neuvol-plugin"]))?;
    let hosts: &[&str] = if bevy { &[WGPU, BEVY] } else { &[WGPU] };
    workspace::run(cargo(workspace, "fmt").args(["--all", "--check"]))?;
    let packages = || SHARED.iter().chain(hosts).flat_map(|package| ["-p", package]);
    workspace::run(cargo(workspace, "clippy").arg("--all-targets").args(packages()).args(["--", "-D", "warnings"]))?;
    workspace::run(cargo(workspace, "test").args(["-p", "neuvol-host"]))?;
    workspace::run(cargo(workspace, "build").args(packages()))?;
    for host in hosts {
        eprintln!("\n=== {host} ===");
        workspace::run(&mut program(workspace, host))?;
        eprintln!("\n=== {host}, the wrong time ===");
        must_differ(program(workspace, host).arg("--wrong-time"))?;
    }
    println!("{} hosts show what they should; pictures are in {}", hosts.len(), pictures(workspace).display());
    Ok(())
}

/// `cargo COMMAND` in the workspace of the hosts. Their files stay in it, wherever those of this workspace go.
fn cargo(workspace: &Workspace, command: &str) -> Command {
    let mut cargo = workspace.cargo([command]);
    cargo.current_dir(workspace.root.join("tests/hosts")).env("CARGO_TARGET_DIR", target(workspace));
    cargo
}

fn target(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/hosts/target")
}

fn pictures(workspace: &Workspace) -> PathBuf {
    target(workspace).join("pictures")
}

/// A host that was built, on lavapipe.
fn program(workspace: &Workspace, host: &str) -> Command {
    let library = workspace.target.join("release").join(format!("libneuvol.{}", std::env::consts::DLL_EXTENSION));
    let mut program = workspace.command(target(workspace).join("debug").join(host));
    program.arg("--library").arg(library).arg("--out").arg(pictures(workspace));
    // What accesses the same memory without a barrier between is found, too.
    program.env("VK_LAYER_ENABLES", "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT");
    if let Some(driver) = lavapipe() {
        program.env("VK_ICD_FILENAMES", driver);
    }
    program
}

/// Runs a program that must end with exit code 1, which says that what it has compared differs.
fn must_differ(program: &mut Command) -> Result<(), Failure> {
    let status = program.stdin(Stdio::null()).status();
    let status = status.map_err(|error| Failure::Failed(format!("cannot start a host: {error}")))?;
    if status.code() == Some(1) {
        return Ok(());
    }
    Err(Failure::Failed(format!("`{}` ended with {status}, not with exit code 1", workspace::shown(program))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exit_code_1_is_a_difference() {
        let end = |code: &str| must_differ(Command::new("/bin/sh").args(["-c", &format!("exit {code}")]));
        assert_eq!(end("1"), Ok(()));
        assert!(end("0").is_err() && end("2").unwrap_err().to_string().contains("exit 2"));
    }
}
