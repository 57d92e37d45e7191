//! The libraries of the packages: as released, without symbols, and without the names of this machine's folders.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::cross::{self, Cross, Target};
use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// Nothing of a debugger's is in what is given away.
const PROFILE: [&str; 4] = ["--config", "profile.release.debug=0", "--config", "profile.release.strip=\"symbols\""];

/// The library for this Linux.
pub(crate) fn linux(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let target = workspace.target.join("package");
    let mut cargo = workspace.cargo(["build", "--release", "-p", "neuvol-plugin"]);
    cargo.args(PROFILE).env("CARGO_TARGET_DIR", &target);
    without_machine(workspace, &mut cargo, None);
    workspace::run(&mut cargo)?;
    let library = target.join("release/libneuvol.so");
    cross::must_exist(&library)?;
    Ok(library)
}

/// The library for Windows, with or without the hooks for tests.
pub(crate) fn windows(workspace: &Workspace, cross: &Cross, hooks: bool) -> Result<PathBuf, Failure> {
    let mut cargo = cross.cargo(workspace, "build", Target::Windows);
    cargo.args(["-p", "neuvol-plugin"]).args(PROFILE);
    if hooks {
        cargo.args(["--features", "test-hooks"]);
    }
    without_machine(workspace, &mut cargo, Some(cross));
    workspace::run(&mut cargo)?;
    let library = cross::built(workspace, Target::Windows, "neuvol.dll");
    cross::must_exist(&library)?;
    Ok(library)
}

/// The texts of panics name source files: by their places in this repository, in the registry and in Rust's sources.
fn without_machine(workspace: &Workspace, cargo: &mut Command, cross: Option<&Cross>) {
    let mut flags = Vec::new();
    // The last one that fits counts.
    let mut places = vec![(workspace.root.clone(), "neuvol"), (cargo_home(), "cargo")];
    if let Some(cross) = cross {
        places.push((cross.library_sources(), "rust/library"));
    }
    for (place, name) in places {
        flags.push(format!("--remap-path-prefix={}={name}", place.display()));
    }
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
}

/// Folders of this machine that no library may name.
pub(crate) fn machine(workspace: &Workspace) -> Vec<PathBuf> {
    let mut places = vec![workspace.root.clone(), workspace.target.clone(), cargo_home()];
    places.extend(["HOME", "RUSTUP_HOME"].iter().filter_map(env::var_os).map(PathBuf::from));
    // "/" as the home of a container's user is in everything.
    places.retain(|place| place.components().count() > 1);
    places
}

fn cargo_home() -> PathBuf {
    let home = || env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}
