//! Unpacks wheels of the Python package index into a folder of this checkout, for what they hold besides Python.
//!
//! Python and pip only fetch and unpack. Wheels are pinned by hash. An interrupted run leaves its finished wheels in
//! `NAME.tmp/` and the next run goes on from there; `NAME/` appears by one rename, complete or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::files;
use crate::workspace::{self, Workspace};

/// No Python code is used of a wheel, so one fixed Python version serves whatever Python runs pip.
const WHEEL_TAGS: &[&str] = &["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.12"];
const PLATFORMS: &[&str] = &[
    "manylinux_2_34_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux_2_18_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_12_x86_64",
    "manylinux2010_x86_64",
    "manylinux_2_5_x86_64",
    "manylinux1_x86_64",
];

/// Where something that wheels could bring comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The user's own, named by this variable.
    Users(&'static str),
    /// It was fetched before and is complete.
    Ready,
    Fetch,
}

/// What to fetch, and where to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wheels {
    /// Name and size, for people.
    pub(crate) what: &'static str,
    /// pip's requirement files, relative to the root.
    pub(crate) requirements: &'static [&'static str],
    /// The folder to make, relative to the root. Everything unfinished is in the same name with `.tmp`.
    pub(crate) folder: &'static str,
}

impl Wheels {
    /// Fetches, unpacks, lets `finish` change what was unpacked, and moves it to its place. Does nothing if `is_there`
    /// says so: another run may have done it while this one waited for the lock.
    pub(crate) fn install(
        &self,
        workspace: &Workspace,
        is_there: impl Fn() -> bool,
        finish: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let _lock = lock(workspace)?;
        if is_there() {
            return Ok(());
        }
        let target = workspace.root.join(self.folder);
        let work = workspace.root.join(format!("{}.tmp", self.folder));
        let tree = self.unpack(workspace, &target, &work)?;
        finish(&tree)?;
        let old = work.join("old");
        files::remove(&old)?;
        if target.exists() {
            files::rename(&target, &old)?;
        }
        files::rename(&tree, &target)?;
        files::remove(&work)
    }

    /// Downloads into `work` what is not there yet and unpacks it into a folder of `work`, which is returned.
    fn unpack(&self, workspace: &Workspace, target: &Path, work: &Path) -> Result<PathBuf, Failure> {
        let (wheels, scratch, tree) = (work.join("wheels"), work.join("scratch"), work.join("tree"));
        files::make_folder(&wheels)?;
        files::make_folder(&scratch)?;
        eprintln!("xtask: fetching {} into {}", self.what, target.display());
        let mut requirements = Vec::new();
        for file in self.requirements {
            requirements.extend(requirement_lines(&files::read(&workspace.root.join(file))?).map(str::to_owned));
        }
        let list = work.join("requirements.txt");
        // One at a time: pip keeps nothing of a download that is interrupted before its last wheel.
        for requirement in &requirements {
            files::write(&list, requirement)?;
            let mut pip = pip(workspace, "download", &scratch);
            // `wheels` is the cache; pip's own would hold everything a second time.
            pip.args(["--no-cache-dir", "--dest"]).arg(&wheels).arg("-r").arg(&list);
            with_progress(work, || workspace::run(&mut pip))
                .map_err(|failure| Failure::Failed(format!("{failure}\nRun the command again to go on from here.")))?;
        }
        eprintln!("xtask: unpacking");
        files::remove(&tree)?;
        files::write(&list, &requirements.join("\n"))?;
        let mut pip = pip(workspace, "install", &scratch);
        // --target is exempt from "externally managed environment" errors (PEP 668): nothing of the system changes.
        pip.args(["--no-index", "--no-compile", "--quiet", "--root-user-action=ignore", "--find-links"]).arg(&wheels);
        workspace::run(pip.arg("--target").arg(&tree).arg("-r").arg(&list))?;
        Ok(tree)
    }
}

/// Waits until no other xtask fetches into this checkout. The lock ends with the process, however it ends.
pub(crate) fn lock(workspace: &Workspace) -> Result<File, Failure> {
    files::make_folder(&workspace.target)?;
    let path = workspace.target.join("wheels.lock");
    let lock = File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
    if lock.try_lock().is_err() {
        eprintln!("xtask: waiting for another `cargo xtask` that fetches wheels");
        lock.lock().map_err(|error| Failure::io("lock", &path, &error))?;
    }
    Ok(lock)
}

fn pip(workspace: &Workspace, verb: &str, scratch: &Path) -> Command {
    let mut command = workspace.command("python3");
    // On the disk of the checkout: pip unpacks here and then moves, and /tmp may be small.
    command.env("TMPDIR", scratch);
    // A user's pip settings that contradict --target.
    command.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
    command.args(["-m", "pip", verb, "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    command.args(WHEEL_TAGS);
    for platform in PLATFORMS {
        command.args(["--platform", platform]);
    }
    command
}

/// The requirements of a pip file: one `name==version --hash=...` a line; comments and empty lines do not count.
pub(crate) fn requirement_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Runs `work` and meanwhile says every 15 seconds how much is on the disk. On a terminal pip draws its own bar.
fn with_progress<T>(folder: &Path, work: impl FnOnce() -> T) -> T {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() {
        return work();
    }
    let (done, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while let Err(mpsc::RecvTimeoutError::Timeout) = wait.recv_timeout(Duration::from_secs(15)) {
                eprintln!("xtask: {} MB so far", files::bytes_below(folder) / 1_000_000);
            }
        });
        let result = work();
        drop(done);
        result
    })
}
