//! `cargo xtask kernels`: compiles the kernels of the CUDA backend with NVRTC, which wheels bring, for all architectures,
//! and holds them to their ceilings of registers.

use std::fs;
use std::path::PathBuf;

use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::python::Python;
use crate::wheels::Wheels;
use crate::workspace::{self, Workspace};

const KERNELS: &str = "native/cuda/kernels";
/// The folder of the releases, each of which has a folder of its own: see `compile.py`.
const FOLDER: &str = ".nvrtc";
const RELEASES: [Wheels; 2] = [
    Wheels {
        what: "NVRTC of CUDA 12.0 (24 MB)",
        requirements: &["native/cuda/kernels/nvrtc-12.0-requirements.txt"],
        folder: ".nvrtc/12.0",
    },
    Wheels {
        what: "NVRTC of CUDA 12.8 (89 MB)",
        requirements: &["native/cuda/kernels/nvrtc-12.8-requirements.txt"],
        folder: ".nvrtc/12.8",
    },
];
/// The folder of the wheels that holds the libraries and headers.
const NVIDIA: &str = "nvidia";
/// Beside it: the requirements that it was fetched for.
const INSTALLED: &str = "requirements.txt";

/// What to compile, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Only compare with what is committed.
    pub(crate) check: bool,
    /// Architectures with commas between; all if there is none.
    pub(crate) arch: Option<String>,
    /// Modules with commas between; all if there is none.
    pub(crate) module: Option<String>,
}

/// Writes the binaries, or with `check` compares them with what would be written. Prints a table of registers.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let (python, folder) = prepare(workspace)?;
    let mut compile = python.script(workspace, &format!("{KERNELS}/compile.py"));
    // Compiling takes minutes; what this checkout has compiled of the same sources is not compiled again.
    compile.arg("--nvrtc").arg(folder).arg("--cache").arg(workspace.target.join("kernels/cache"));
    if options.check {
        compile.arg("--check");
    }
    for (name, value) in [("--arch", &options.arch), ("--module", &options.module)] {
        if let Some(value) = value {
            compile.args([name, value]);
        }
    }
    workspace::run(&mut compile)
}

/// What the tests do: whether the gate refuses what it must, and whether the committed kernels pass it.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Failure> {
    let (python, folder) = prepare(workspace)?;
    workspace::run(python.tests(workspace, KERNELS).env("NEUVOL_NVRTC", folder))?;
    run(workspace, &Options { check: true, ..Options::default() })
}

/// Python with what the scripts need, and the folder of the compilers.
fn prepare(workspace: &Workspace) -> Result<(Python, PathBuf), Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::Missing(
            "kernels can only be compiled on x86-64 Linux; the compiled ones serve all".into(),
        ));
    }
    debian::ensure(Purpose::Measure, true)?;
    for wheels in RELEASES {
        let wanted = files::read(&workspace.root.join(wheels.requirements[0]))?;
        let installed = workspace.root.join(wheels.folder).join(INSTALLED);
        let there = || fs::read_to_string(&installed).is_ok_and(|text| text == wanted);
        if !there() {
            wheels.install(workspace, there, |tree| {
                files::keep_only(tree, &[NVIDIA])?;
                files::write(&tree.join(INSTALLED), &wanted)
            })?;
        }
    }
    let venv = workspace.target.join("kernels").join("venv");
    let python = Python::ensure(workspace, &venv, &format!("{KERNELS}/requirements.txt"))?;
    Ok((python, workspace.root.join(FOLDER)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheels;

    #[test]
    fn each_release_is_one_that_the_script_knows_and_is_pinned() {
        let workspace = Workspace::locate().unwrap();
        let script = files::read(&workspace.root.join(KERNELS).join("nvrtc.py")).unwrap();
        for wheels in RELEASES {
            let release = wheels.folder.strip_prefix(FOLDER).unwrap().trim_start_matches('/');
            assert!(script.contains(&format!(": \"{release}\"")), "{release}");
            let text = files::read(&workspace.root.join(wheels.requirements[0])).unwrap();
            for line in wheels::requirement_lines(&text) {
                assert!(line.contains(&format!("-cu12=={release}.")) && line.contains("--hash=sha256:"), "{line}");
            }
        }
    }
}
