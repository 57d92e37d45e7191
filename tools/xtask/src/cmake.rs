//! Brings a CMake that can build the HDF5 sources bundled for NetCDF into `.cmake/`: they need 3.26, Debian 12 has 3.25.

use std::env;

use crate::failure::Failure;
use crate::files;
use crate::wheels::{Plan, Wheels};
use crate::workspace::{self, Workspace};

/// The version in `tools/cmake-requirements.txt`.
const VERSION: &str = "3.31.6";
const WHEELS: Wheels =
    Wheels { what: "CMake 3.31.6 (about 28 MB)", requirements: &["tools/cmake-requirements.txt"], folder: ".cmake" };

/// What has to be done here and now.
pub(crate) fn plan(workspace: &Workspace) -> Plan {
    if workspace.users_value("CMAKE").is_some() {
        Plan::Users("CMAKE")
    } else if works(workspace) {
        Plan::Ready
    } else {
        Plan::Fetch
    }
}

/// Makes sure that the build finds a CMake. Python and pip must be there if it has to be fetched.
pub(crate) fn carry_out(workspace: &Workspace, todo: &Plan) -> Result<(), Failure> {
    match todo {
        Plan::Ready => Ok(()),
        Plan::Users(variable) => {
            eprintln!("xtask: using your CMake: {variable}={}", env::var_os(variable).unwrap_or_default().display());
            Ok(())
        }
        Plan::Fetch if !cfg!(all(target_os = "linux", target_arch = "x86_64")) => Err(Failure::Missing(
            "CMake can only be fetched for x86-64 Linux: install CMake 3.26 or newer and set CMAKE to it".into(),
        )),
        Plan::Fetch => {
            WHEELS.install(workspace, || works(workspace), |tree| files::keep_only(tree, &["cmake"]))?;
            if works(workspace) {
                return Ok(());
            }
            let program = workspace.default_cmake();
            Err(Failure::Failed(format!("{} is not CMake {VERSION}: wrong wheel?", program.display())))
        }
    }
}

fn works(workspace: &Workspace) -> bool {
    let mut program = workspace.command(workspace.default_cmake());
    // Not there is no error here, so nothing may be printed.
    workspace.default_cmake().is_file()
        && workspace::capture(program.arg("--version")).is_ok_and(|text| text.contains(&format!("version {VERSION}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheels;

    #[test]
    fn the_pinned_version_is_the_one_that_is_looked_for() {
        let workspace = Workspace::locate().unwrap();
        for file in WHEELS.requirements {
            let text = files::read(&workspace.root.join(file)).unwrap();
            let lines: Vec<&str> = wheels::requirement_lines(&text).collect();
            assert_eq!(lines.len(), 1);
            assert!(lines[0].starts_with(&format!("cmake=={VERSION} --hash=sha256:")), "{}", lines[0]);
        }
        assert!(WHEELS.what.contains(VERSION));
    }

    #[test]
    fn an_empty_checkout_has_no_cmake() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().into(), target: folder.path().join("target") };
        assert!(!works(&workspace));
    }
}
