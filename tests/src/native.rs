//! Building the shared library, and C and C++ programs against it.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Folder of the header.
pub fn include() -> PathBuf {
    root().join("bindings/include")
}

/// A C or C++ program of `tests/c`.
pub fn source(name: &str) -> PathBuf {
    root().join("tests/c").join(name)
}

/// Builds the shared library into a folder below `temporary` (`CARGO_TARGET_TMPDIR` of a test), with or without the
/// hooks for tests, in the profile of the tests. Returns the path of the library.
///
/// # Panics
/// If it cannot be built.
pub fn library(temporary: &Path, hooks: bool) -> PathBuf {
    let features: &[&str] = if hooks { &["--features", "test-hooks"] } else { &[] };
    let folder = temporary.join(if hooks { "library-with-hooks" } else { "library" });
    shared_library(temporary, "neuvol-plugin", "neuvol", features, &folder)
}

/// Builds the fake Unity as a shared library, for programs in other languages. As [`library`] otherwise.
///
/// # Panics
/// If it cannot be built.
pub fn fake_unity(temporary: &Path) -> PathBuf {
    let folder = temporary.join("fake-unity");
    shared_library(temporary, "neuvol-fake-unity", "neuvol_fake_unity", &[], &folder)
}

fn shared_library(temporary: &Path, package: &str, name: &str, features: &[&str], folder: &Path) -> PathBuf {
    let target = temporary.parent().expect("the target folder");
    // Tests run at once, also in several processes, and cargo gives both kinds of library the same place.
    let lock = File::create(temporary.join("neuvol-library.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--package", package, "--message-format", "json"]).args(features);
    cargo.arg("--target-dir").arg(target);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let messages = succeed(&mut cargo);
    let built = messages.lines().filter_map(|line| library_of_message(line, name)).next_back();
    let built = built.expect("cargo named the library");
    fs::create_dir_all(folder).expect("a folder");
    let library = folder.join(built.file_name().expect("a file"));
    // A new file under the old name: a program that has loaded the old one keeps that.
    let fresh = folder.join("fresh");
    fs::copy(&built, &fresh).expect("the library was built");
    fs::rename(&fresh, &library).expect("the library can be replaced");
    library
}

fn library_of_message(line: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_library = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
    let mut files = message["filenames"].as_array()?.iter().filter_map(|file| file.as_str()).map(PathBuf::from);
    let dynamic = env::consts::DLL_EXTENSION;
    files.rfind(|file| is_library && file.extension().is_some_and(|extension| extension == dynamic))
}

/// How programs are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// C of 1999.
    C99,
    /// C++ of 2017.
    Cpp17,
}

impl Language {
    /// The compiler with the strictest flags that a host may use.
    ///
    /// # Panics
    /// If it is not installed.
    pub fn compiler(self) -> Command {
        let (variable, usual, standard) = match self {
            Language::C99 => ("CC", "cc", "-std=c99"),
            Language::Cpp17 => ("CXX", "c++", "-std=c++17"),
        };
        let mut compiler = tool(&env::var(variable).unwrap_or_else(|_| usual.into()));
        compiler.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g"]);
        compiler.arg("-I").arg(include());
        compiler
    }
}

/// The files of a program of `tests/c`: one, or all C files of a folder.
fn sources(name: &str) -> Vec<PathBuf> {
    let path = source(name);
    if !path.is_dir() {
        return vec![path];
    }
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.expect("a folder that can be read").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "c")).collect();
    files.sort();
    files
}

/// Compiles and links a program of `tests/c` against a library; `flags` are more options for the compiler.
///
/// # Panics
/// If that fails.
pub fn program(language: Language, name: &str, library: &Path, output: &Path, flags: &[&str]) {
    let folder = library.parent().expect("the folder of the library");
    let mut compiler = language.compiler();
    compiler.args(flags).arg("-o").arg(output).args(sources(name)).arg("-L").arg(folder).args(["-lneuvol", "-pthread"]);
    compiler.arg(format!("-Wl,-rpath,{}", folder.display())).arg("-lm");
    succeed(&mut compiler);
}

/// A program that the tests need.
///
/// # Panics
/// If it is not installed: a test that is left out silently is worse than one that fails.
pub fn tool(name: &str) -> Command {
    let there = Command::new(name).arg("--version").output().is_ok();
    assert!(there, "`{name}` is missing, which this test needs: run `cargo xtask setup`");
    Command::new(name)
}

/// Runs a command and gives what it printed.
///
/// # Panics
/// If it fails; then with all its output.
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?} failed: {}\n{}", output.status, text_of(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command, whatever comes of it.
///
/// # Panics
/// If it cannot be started.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

/// All that a command printed.
pub fn text_of(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
