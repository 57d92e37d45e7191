//! Python scripts of this checkout with the packages they need, in a virtual environment below `target/`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::files;
use crate::wheels;
use crate::workspace::{self, Workspace};

/// A virtual environment that has what a requirements file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    /// The environment in `folder` for `requirements`, a path relative to the root. Made anew if that file has changed.
    pub(crate) fn ensure(workspace: &Workspace, folder: &Path, requirements: &str) -> Result<Self, Failure> {
        debian::ensure(Purpose::Measure, false)?;
        let _lock = wheels::lock(workspace)?;
        let python = Python { program: folder.join("bin/python") };
        let wanted = files::read(&workspace.root.join(requirements))?;
        let installed = folder.join("requirements.txt");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return Ok(python);
        }
        eprintln!("xtask: installing Python packages into {}", folder.display());
        workspace::run(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        let pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "-r", requirements];
        workspace::run(workspace.command(&python.program).args(pip))?;
        // Whether the file names all that its packages need.
        workspace::capture(workspace.command(&python.program).args(["-m", "pip", "check"]))?;
        files::write(&installed, &wanted)?;
        Ok(python)
    }

    /// `script`, a path relative to the root, with the words that follow.
    pub(crate) fn script(&self, workspace: &Workspace, script: &str) -> Command {
        let mut command = self.plain(workspace);
        command.arg(workspace.root.join(script));
        command
    }

    /// The unit tests in `folder`, relative to the root.
    pub(crate) fn tests(&self, workspace: &Workspace, folder: &str) -> Command {
        unit_tests(self.plain(workspace), folder)
    }

    fn plain(&self, workspace: &Workspace) -> Command {
        let mut command = workspace.command(&self.program);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// `python` running the unit tests in `folder`.
pub(crate) fn unit_tests(mut python: Command, folder: impl AsRef<OsStr>) -> Command {
    python.env("PYTHONDONTWRITEBYTECODE", "1").args(["-m", "unittest", "discover", "--quiet", "--start-directory"]);
    python.arg(folder);
    python
}
