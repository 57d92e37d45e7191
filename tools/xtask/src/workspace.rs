//! Where this checkout is, and how other programs are run in it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// This checkout.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The folder of the root Cargo.toml.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self, Failure> {
        // `cargo run` sets the variable at run time too; the built-in value serves a program started by hand.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf();
        if !root.join("tools/xtask/Cargo.toml").is_file() {
            let root = root.display();
            return Err(Failure::Failed(format!("{root} is not this repository: start xtask with `cargo xtask`")));
        }
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => env::current_dir().unwrap_or_default().join(dir),
            None => root.join("target"),
        };
        Ok(Workspace { root, target })
    }

    /// The libtorch folder that .cargo/config.toml names.
    pub(crate) fn default_libtorch(&self) -> PathBuf {
        self.root.join(".libtorch/torch")
    }

    /// The CMake that .cargo/config.toml names.
    pub(crate) fn default_cmake(&self) -> PathBuf {
        self.root.join(".cmake/cmake/data/bin/cmake")
    }

    /// LIBTORCH or CMAKE as set by the user; cargo hands the defaults from .cargo/config.toml to xtask as well.
    pub(crate) fn users_value(&self, variable: &str) -> Option<PathBuf> {
        let defaults = [self.default_libtorch(), self.default_cmake()];
        env::var_os(variable).map(PathBuf::from).filter(|path| !defaults.contains(path))
    }

    /// `program`, to be run in the root with the environment that the user's shell would give it.
    ///
    /// Cargo adds variables of the xtask package and library paths for what it starts. Build scripts must not see
    /// them, or the same build from the shell would be another build.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(describes_this_package) {
                command.env_remove(name);
            }
        }
        for variable in ["LIBTORCH", "CMAKE"] {
            if self.users_value(variable).is_none() {
                command.env_remove(variable);
            }
        }
        if let Some(path) = env::var_os("LD_LIBRARY_PATH") {
            let users: Vec<_> = env::split_paths(&path).filter(|folder| !self.added_by_cargo(folder)).collect();
            match env::join_paths(&users) {
                Ok(users) if !users.is_empty() => command.env("LD_LIBRARY_PATH", users),
                _ => command.env_remove("LD_LIBRARY_PATH"),
            };
        }
        command
    }

    /// `cargo` with `arguments`.
    pub(crate) fn cargo<S: Into<OsString>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments.into_iter().map(Into::into));
        command
    }

    fn added_by_cargo(&self, folder: &Path) -> bool {
        let in_toolchain = folder.components().any(|part| part.as_os_str() == "toolchains");
        folder.as_os_str().is_empty() || folder.starts_with(&self.target) || in_toolchain
    }
}

fn describes_this_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_") || variable == "CARGO_PRIMARY_PACKAGE"
}

/// Runs `command` to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("`{}` ended with {status}", shown(command)))) }
}

/// Runs `command` to its end and returns what it wrote to stdout. Its messages go where ours go.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(Failure::Failed(format!("`{}` ended with {}", shown(command), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether `program arguments` runs and succeeds, without a word on the terminal.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command line as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| {
        let word = word.to_string_lossy().into_owned();
        if word.contains(' ') { format!("'{word}'") } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("cannot start `{}`: {error}", shown(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_this_repository() {
        let workspace = Workspace::locate().unwrap();
        assert!(workspace.root.join("native/format/Cargo.toml").is_file());
    }

    #[test]
    fn only_what_cargo_added_leaves_the_library_path() {
        let workspace = Workspace { root: "/src".into(), target: "/src/target".into() };
        assert!(workspace.added_by_cargo(Path::new("/src/target/debug/deps")));
        assert!(workspace.added_by_cargo(Path::new("/home/me/.rustup/toolchains/stable/lib")));
        assert!(!workspace.added_by_cargo(Path::new("/usr/local/cuda/lib64")));
    }

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let failure = run(Command::new("/bin/sh").args(["-c", "exit 7"])).unwrap_err();
        assert!(failure.to_string().contains("sh -c 'exit 7'"), "{failure}");
        assert!(capture(Command::new("/bin/sh").args(["-c", "echo word; exit 1"])).is_err());
        assert_eq!(capture(Command::new("/bin/sh").args(["-c", "echo word"])), Ok("word\n".to_owned()));
        assert!(run(&mut Command::new("/no/such/program")).unwrap_err().to_string().contains("cannot start"));
    }
}
