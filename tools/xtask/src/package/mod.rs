//! `cargo xtask unity-metas, package-unity, package-unreal`: the packages for engines. What they hold is built here;
//! `tools/package` writes, reads back and checks them.

pub(crate) mod build;

use std::path::Path;
use std::process::Command;

use crate::cross::{Cross, Target};
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::workspace::{self, Workspace};

/// The sources of the Unity package.
const UNITY: &str = "unity-package";
/// The licences of what MinGW links into a library.
const MINGW_LICENCES: &str = "/usr/share/doc/mingw-w64-x86-64-dev/copyright";

/// For which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Unity,
    Unreal,
}

/// Writes the `.meta` files that the Unity package lacks, or with `check` says which are missing or wrong.
pub(crate) fn metas(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    let mut program = program(workspace, "metas", &workspace.root.join(UNITY));
    if check {
        program.arg("--check");
    }
    workspace::run(&mut program)
}

/// The tests of the writer and the checker: each rule has an archive that breaks it.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Failure> {
    workspace::run(&mut workspace.cargo(["test", "--release", "-p", "neuvol-package", "--no-fail-fast"]))
}

/// Both packages, as they would be given away. Where the library for Windows cannot be built, those for Linux are checked and
/// the rest is [`Failure::Missing`].
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    metas(workspace, true)?;
    let out = workspace.target.join("packages");
    let both = |windows| {
        pack(workspace, Engine::Unity, &out, windows).and_then(|()| pack(workspace, Engine::Unreal, &out, windows))
    };
    match both(true) {
        Err(Failure::Missing(why)) => {
            both(false)?;
            Err(Failure::Missing(format!("the packages were checked without the library for Windows: {why}")))
        }
        result => result,
    }
}

/// Builds the libraries, packs, and checks the archive. Without `windows` the archive is good for Linux only, and says so.
pub(crate) fn pack(workspace: &Workspace, engine: Engine, out: &Path, windows: bool) -> Result<(), Failure> {
    let linux = build::linux(workspace)?;
    let verb = match engine {
        Engine::Unity => "unity",
        Engine::Unreal => "unreal",
    };
    let mut program = program(workspace, verb, &workspace.root);
    program.arg("--out").arg(workspace.root.join(out)).arg("--linux").arg(linux);
    let mut targets = vec!["x86_64-unknown-linux-gnu"];
    if windows {
        debian::ensure(Purpose::Windows, false)?;
        let cross = Cross::ensure(workspace)?;
        program.arg("--windows").arg(build::windows(workspace, &cross, false)?).arg("--mingw").arg(MINGW_LICENCES);
        targets.push(Target::Windows.triple());
    }
    let folder = workspace.target.join("package");
    let (tree, metadata) = (folder.join("tree.txt"), folder.join("metadata.json"));
    files::write(&tree, &dependencies(workspace, &targets)?)?;
    let mut cargo = workspace.cargo(["metadata", "--format-version", "1", "--locked"]);
    files::write(&metadata, &workspace::capture(&mut cargo)?)?;
    program.arg("--tree").arg(tree).arg("--metadata").arg(metadata);
    for place in build::machine(workspace) {
        program.arg("--machine").arg(place);
    }
    workspace::run(&mut program)
}

/// What is linked into the libraries: no build scripts, no macros, only features that are used.
fn dependencies(workspace: &Workspace, targets: &[&str]) -> Result<String, Failure> {
    let mut all = String::new();
    for target in targets {
        let mut cargo = workspace.cargo(["tree", "--quiet", "--locked", "-p", "neuvol-plugin", "--target", target]);
        cargo.args(["-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
        all += &workspace::capture(&mut cargo)?;
    }
    Ok(all)
}

/// `neuvol-package VERB FOLDER`.
fn program(workspace: &Workspace, verb: &str, folder: &Path) -> Command {
    let mut cargo = workspace.cargo(["run", "--quiet", "--release", "-p", "neuvol-package", "--", verb]);
    cargo.arg(folder);
    cargo
}
