//! `cargo xtask gpu-check`: what the backends for GPUs do on the devices of this machine, or of another one.
//!
//! All that is needed is put into one folder, this program too: a machine with a GPU needs no Rust, no compiler and no network.

mod check;
mod read;
mod report;
mod step;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files;
use crate::workspace::{self, Workspace};

/// What is run: packages, kinds of target as cargo's options name them, targets, and their names in the folder.
const PROGRAMS: [(&str, &str, &str, &str); 5] = [
    ("neuvol-vulkan", "--test", "headless", "vulkan-headless"),
    ("neuvol-engine", "--test", "context", "engine-context"),
    ("neuvol-vulkan", "--example", "gpu_check", "vulkan-models"),
    ("neuvol-engine", "--example", "scrub", "engine-scrub"),
    ("neuvol-cuda", "--example", "bench", "cuda-bench"),
];
/// Every test of this package is taken, under its own name behind this prefix.
const CUDA: (&str, &str) = ("neuvol-cuda", "cuda-test-");
/// The scripts of the peers, and where their networks go.
const PEERS: (&str, [&str; 3]) = ("tests/peers", ["measure.py", "networks.py", "README.md"]);
const SCRIPT: &str = "#!/bin/sh\n\
    # Checks and times the backends for GPUs on this machine: `sh run.sh --help`. Needs no Rust, no compiler and no network.\n\
    here=$(cd \"$(dirname \"$0\")\" && pwd)\n\
    exec \"$here/xtask\" gpu-check --in \"$here\" \"$@\"\n";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Only put all that is needed into this folder.
    pub(crate) pack: Option<PathBuf>,
    /// Run what such a folder holds.
    pub(crate) folder: Option<PathBuf>,
    /// What to run, by the names of `check::PARTS`; everything if it is empty.
    pub(crate) only: Vec<String>,
    /// Files to play.
    pub(crate) play: Vec<PathBuf>,
    /// A program made of `tests/peers/tiny_cuda_nn.cu`.
    pub(crate) tiny_cuda_nn: Option<PathBuf>,
    /// The Python that has PyTorch.
    pub(crate) python: Option<String>,
    /// Bricks of the benchmark and of the peers.
    pub(crate) bricks: Option<String>,
    /// For the example `gpu_check` of the Vulkan backend.
    pub(crate) models: Vec<String>,
}

/// Runs what a folder holds. Needs no checkout.
pub(crate) fn run_packed(folder: &Path, options: &Options) -> Result<(), Failure> {
    check::run(folder, options)
}

/// Builds all that is needed into a folder, and runs it there unless the folder is to be taken elsewhere.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    check::check_options(options)?;
    let folder = options.pack.clone().unwrap_or_else(|| workspace.target.join("gpu-check"));
    // Programs are started in the root.
    let folder = std::path::absolute(&folder).map_err(|error| Failure::io("find", &folder, &error))?;
    pack(workspace, &folder)?;
    if options.pack.is_some() {
        println!("Take {} to the other machine and start `sh run.sh` in it", folder.display());
        return Ok(());
    }
    check::run(&folder, options)
}

fn pack(workspace: &Workspace, folder: &Path) -> Result<(), Failure> {
    files::remove(folder)?;
    files::make_folder(folder)?;
    for (package, kind, name, copy) in PROGRAMS {
        let messages = build(workspace, package, &[kind, name])?;
        let program = executables(&messages, |target| target["name"] == name).pop();
        let missing = || Failure::Failed(format!("cargo did not say where it has built {name} of {package}"));
        take(workspace, &program.ok_or_else(missing)?.1, &folder.join(copy))?;
    }
    let messages = build(workspace, CUDA.0, &["--tests"])?;
    for (name, program) in executables(&messages, |target| target["kind"][0] == "test") {
        take(workspace, &program, &folder.join(format!("{}{name}", CUDA.1)))?;
    }
    let program =
        std::env::current_exe().map_err(|error| Failure::Failed(format!("where is this program? {error}")))?;
    take(workspace, &program, &folder.join("xtask"))?;
    let peers = folder.join("peers");
    files::make_folder(&peers)?;
    for name in PEERS.1 {
        let from = workspace.root.join(PEERS.0).join(name);
        fs::copy(&from, peers.join(name)).map_err(|error| Failure::io("copy", &from, &error))?;
    }
    let words = ["run", "--quiet", "--release", "-p", "neuvol-decode", "--example", "export_networks", "--"];
    // Which files it writes is of no interest here.
    workspace::capture(workspace.cargo(words).arg(peers.join("networks")))?;
    files::write(&folder.join("run.sh"), SCRIPT)
}

/// Copies a program, without its symbols if there is a program that takes them out.
fn take(workspace: &Workspace, program: &Path, copy: &Path) -> Result<(), Failure> {
    fs::copy(program, copy).map_err(|error| Failure::io("copy", program, &error))?;
    let _ = workspace.command("strip").arg(copy).status();
    Ok(())
}

/// What cargo says when it builds targets of a package.
fn build(workspace: &Workspace, package: &str, targets: &[&str]) -> Result<String, Failure> {
    let tests = targets[0].starts_with("--test");
    let command = if tests { ["test", "--no-run"].as_slice() } else { ["build"].as_slice() };
    let mut cargo = workspace.cargo(command.iter().copied());
    cargo.args(["--quiet", "--release", "-p", package]).args(targets).arg("--message-format=json");
    workspace::capture(&mut cargo)
}

/// Name and path of every program in cargo's messages whose target is wanted.
fn executables(messages: &str, wanted: impl Fn(&serde_json::Value) -> bool) -> Vec<(String, PathBuf)> {
    let program = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let target = &message["target"];
        let is_it = message["reason"] == "compiler-artifact" && wanted(target);
        let path = is_it.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()?;
        Some((target["name"].as_str()?.to_owned(), path))
    };
    messages.lines().filter_map(program).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"other","kind":["lib"]},"executable":"/a"}"#,
            "\nno message\n",
            r#"{"reason":"compiler-artifact","target":{"name":"it","kind":["test"]},"executable":"/b"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"it","kind":["lib"]},"executable":null}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        let it = vec![("it".to_owned(), PathBuf::from("/b"))];
        assert_eq!(executables(messages, |target| target["name"] == "it"), it);
        assert_eq!(executables(messages, |target| target["kind"][0] == "test"), it);
        assert!(executables(messages, |target| target["name"] == "neither").is_empty());
    }
}
