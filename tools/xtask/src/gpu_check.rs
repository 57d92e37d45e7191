//! `cargo xtask gpu-check`: what the backends for GPUs do on the devices of this machine, or of another one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files;
use crate::workspace::{self, Workspace};

/// What is run: packages, kinds of target as cargo's options name them, and targets.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("neuvol-vulkan", "--test", "headless"),
    ("neuvol-engine", "--test", "context"),
    ("neuvol-vulkan", "--example", "gpu_check"),
    ("neuvol-engine", "--example", "scrub"),
];
const SCRIPT: &str = include_str!("gpu_check.sh");

/// Builds all that is needed into a folder, and runs it there unless the folder is to be taken elsewhere.
pub(crate) fn run(workspace: &Workspace, pack: Option<PathBuf>, arguments: &[String]) -> Result<(), Failure> {
    let folder = pack.clone().unwrap_or_else(|| workspace.target.join("gpu-check"));
    files::make_folder(&folder)?;
    for (package, kind, name) in PROGRAMS {
        let program = build(workspace, package, kind, name)?;
        let copy = folder.join(name);
        fs::copy(&program, &copy).map_err(|error| Failure::io("copy", &program, &error))?;
        // Smaller without symbols, if there is a program that takes them out.
        let _ = workspace.command("strip").arg(&copy).status();
    }
    let script = folder.join("run.sh");
    fs::write(&script, SCRIPT).map_err(|error| Failure::io("write", &script, &error))?;
    if pack.is_some() {
        println!("Take {} to the other machine and start `sh run.sh` in it", folder.display());
        return Ok(());
    }
    let table = workspace::capture(workspace.command("sh").arg(&script).args(arguments))?;
    print!("{table}");
    let path = folder.join("result.md");
    fs::write(&path, table).map_err(|error| Failure::io("write", &path, &error))?;
    println!("\nWritten to {}", path.display());
    Ok(())
}

/// The path of a program, built.
fn build(workspace: &Workspace, package: &str, kind: &str, name: &str) -> Result<PathBuf, Failure> {
    let command = if kind == "--test" { ["test", "--no-run"].as_slice() } else { ["build"].as_slice() };
    let mut cargo = workspace.cargo(command.iter().copied());
    cargo.args(["--quiet", "--release", "-p", package, kind, name, "--message-format=json"]);
    let messages = workspace::capture(&mut cargo)?;
    executable(&messages, name).ok_or_else(|| Failure::Failed(format!("cargo did not say where it has built {name}")))
}

/// What cargo's messages say about the target called `name`.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
        is_it.then(|| message["executable"].as_str().map(|path| Path::new(path).to_owned())).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/a"}"#,
            "\nno message\n",
            r#"{"reason":"compiler-artifact","target":{"name":"it"},"executable":"/b"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        assert_eq!(executable(messages, "it"), Some(PathBuf::from("/b")));
        assert_eq!(executable(messages, "neither"), None);
    }
}
