//! Programs that are built with cargo for this checkout only, in `target/tools/`, at a pinned version.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// A program from the crate registry.
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
    arguments: &'static [&'static str],
}

/// Checks licences, sources and bans against deny.toml. About 3.5 minutes of CPU time to build.
pub(crate) const CARGO_DENY: CargoTool =
    CargoTool { name: "cargo-deny", version: "0.20.2", arguments: &["--no-default-features"] };
/// Writes the C header. A program of its own, so that xtask need not compile it before anything else.
pub(crate) const CBINDGEN: CargoTool = CargoTool { name: "cbindgen", version: "0.29.4", arguments: &[] };

impl CargoTool {
    /// The program: from the PATH if the version is right, else ours, built now if it is not there yet.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        if self.is_on_path() {
            return Ok(self.name.into());
        }
        let tools = workspace.target.join("tools");
        let root = tools.join(format!("{}-{}", self.name, self.version));
        let program = root.join("bin").join(format!("{}{}", self.name, env::consts::EXE_SUFFIX));
        if program.is_file() {
            return Ok(program);
        }
        eprintln!("xtask: building {} {} for {}", self.name, self.version, tools.display());
        let build = tools.join("build");
        let mut cargo = workspace.cargo(["install", "--locked", "--debug", "--version", self.version, self.name]);
        cargo.args(self.arguments).arg("--root").arg(&root).arg("--target-dir").arg(&build);
        // Built once and run for seconds: the time to compile is what counts.
        cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "false");
        workspace::run(&mut cargo)?;
        fs::remove_dir_all(&build).map_err(|error| Failure::io("remove", &build, &error))?;
        Ok(program)
    }

    fn is_on_path(&self) -> bool {
        let output = Command::new(self.name).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(self.version))
    }
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub(crate) fn ensure_components(workspace: &Workspace) -> Result<(), Failure> {
    let there = |name| {
        let output = workspace.cargo([name, "--version"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(verb, _)| !there(verb))
        .map(|(_, c)| c)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("xtask: adding Rust components: {}", missing.join(" "));
    let mut rustup = workspace.command("rustup");
    rustup.args(["component", "add"]).args(&missing);
    workspace::run(&mut rustup).map_err(|failure| {
        Failure::Missing(format!("{failure}\nInstall these components of the Rust toolchain: {}", missing.join(" ")))
    })
}
