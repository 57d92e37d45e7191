//! Brings the libtorch that `tch` links into `.libtorch/`, from wheels of the Python package index.
//!
//! Python and pip only fetch and unpack; nothing runs Python afterwards. The wheels are pinned by hash in
//! `tools/libtorch-requirements.txt`. An interrupted run leaves its finished wheels in `.libtorch.tmp/` and the next
//! run goes on from there; `.libtorch/` appears by one rename, complete or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// The one version that torch-sys 0.24.0 was generated for. Change it together with the requirements and Cargo.toml.
const VERSION: &str = "2.11.0";
/// Names the layout of `.libtorch/`: raise the number when what is kept changes.
const LAYOUT: &str = "torch-2.11.0 r1";
/// C++ only is used of a wheel, so one fixed Python version serves whatever Python runs pip.
const WHEEL_TAGS: &[&str] = &[
    "--only-binary=:all:",
    "--implementation",
    "cp",
    "--python-version",
    "3.12",
];
const PLATFORMS: &[&str] = &[
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

/// Which back ends are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Cpu,
    Cuda,
}

impl Flavour {
    fn stamp(self) -> String {
        let name = match self {
            Flavour::Cpu => "cpu",
            Flavour::Cuda => "cuda",
        };
        format!("{LAYOUT} {name}")
    }

    fn requirement_files(self) -> &'static [&'static str] {
        match self {
            Flavour::Cpu => &["tools/libtorch-requirements.txt"],
            Flavour::Cuda => &[
                "tools/libtorch-requirements.txt",
                "tools/libtorch-cuda-requirements.txt",
            ],
        }
    }

    fn download_size(self) -> &'static str {
        match self {
            Flavour::Cpu => "545 MB",
            Flavour::Cuda => "2.5 GB",
        }
    }
}

/// Where libtorch comes from.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// The user's own, named by this variable.
    Users(&'static str),
    /// `.libtorch/` is complete.
    Ready,
    Fetch,
}

fn plan(wanted: Flavour, users_libtorch: bool, use_pytorch: bool, stamp: &str) -> Plan {
    if use_pytorch {
        // torch-sys looks at this variable first, too.
        Plan::Users("LIBTORCH_USE_PYTORCH")
    } else if users_libtorch {
        Plan::Users("LIBTORCH")
    } else if stamp.trim() == wanted.stamp() || (wanted == Flavour::Cpu && stamp.trim() == Flavour::Cuda.stamp()) {
        Plan::Ready
    } else {
        Plan::Fetch
    }
}

/// Makes sure that the build finds a libtorch: the user's own, or ours in `.libtorch/`, fetched if need be.
pub(crate) fn ensure(workspace: &Workspace, flavour: Flavour) -> Result<(), Failure> {
    let users = workspace.users_libtorch();
    let use_pytorch = std::env::var_os("LIBTORCH_USE_PYTORCH").is_some();
    let now = || {
        let stamp = fs::read_to_string(workspace.root.join(".libtorch/stamp")).unwrap_or_default();
        plan(flavour, users.is_some(), use_pytorch, &stamp)
    };
    match now() {
        Plan::Ready => return Ok(()),
        Plan::Users(variable) => {
            let value = std::env::var_os(variable).unwrap_or_default();
            eprintln!("xtask: using your libtorch: {variable}={}", value.to_string_lossy());
            return Ok(());
        }
        Plan::Fetch => {}
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::Missing(format!(
            "libtorch can only be fetched for x86-64 Linux: install PyTorch {VERSION} yourself and set LIBTORCH to its \
             `torch` folder, or LIBTORCH_USE_PYTORCH=1"
        )));
    }
    debian::ensure(Purpose::Libtorch)?;
    let _lock = lock(workspace)?;
    // Another run may have finished while this one waited for the lock.
    if now() == Plan::Ready {
        return Ok(());
    }
    let folder = workspace.root.join(".libtorch.tmp");
    for name in ["wheels", "scratch"] {
        make_folder(&folder.join(name))?;
    }
    let work = Work {
        workspace,
        flavour,
        folder,
    };
    work.fetch()?;
    work.finish()
}

/// Waits until no other xtask fetches into this checkout. The lock ends with the process, however it ends.
fn lock(workspace: &Workspace) -> Result<File, Failure> {
    make_folder(&workspace.target)?;
    let path = workspace.target.join("libtorch.lock");
    let lock = File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
    if lock.try_lock().is_err() {
        eprintln!("xtask: waiting for another `cargo xtask` that fetches libtorch");
        lock.lock().map_err(|error| Failure::io("lock", &path, &error))?;
    }
    Ok(lock)
}

/// One fetch.
struct Work<'a> {
    workspace: &'a Workspace,
    flavour: Flavour,
    /// `.libtorch.tmp`: everything that is not finished.
    folder: PathBuf,
}

impl Work<'_> {
    /// Downloads the wheels that are not there yet and unpacks them into `.libtorch.tmp/tree`.
    fn fetch(&self) -> Result<(), Failure> {
        let target = self.workspace.root.join(".libtorch");
        let size = self.flavour.download_size();
        eprintln!(
            "xtask: fetching libtorch {VERSION} into {} (about {size})",
            target.display()
        );
        let mut requirements = Vec::new();
        for file in self.flavour.requirement_files() {
            let path = self.workspace.root.join(file);
            let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
            requirements.extend(requirement_lines(&text).map(str::to_owned));
        }
        let wheels = self.folder.join("wheels");
        let list = self.folder.join("requirements.txt");
        // One at a time: pip keeps nothing of a download that is interrupted before its last wheel.
        for requirement in &requirements {
            write(&list, requirement)?;
            let mut pip = self.pip("download");
            pip.arg("--dest").arg(&wheels).arg("-r").arg(&list);
            with_progress(&self.folder, || workspace::run(&mut pip))
                .map_err(|failure| Failure::Failed(format!("{failure}\nRun the command again to go on from here.")))?;
        }
        eprintln!("xtask: unpacking libtorch");
        let tree = self.folder.join("tree");
        remove(&tree)?;
        write(&list, &requirements.join("\n"))?;
        let mut pip = self.pip("install");
        pip.args(["--no-index", "--no-compile", "--quiet", "--find-links"])
            .arg(&wheels);
        workspace::run(pip.arg("--target").arg(&tree).arg("-r").arg(&list))
    }

    /// Reduces the tree to what is used, stamps it and moves it to its place.
    fn finish(&self) -> Result<(), Failure> {
        let tree = self.folder.join("tree");
        if self.flavour == Flavour::Cpu {
            prune(&tree)?;
        }
        // torch-sys compares this file with the version that it was generated for.
        write(&tree.join("torch/build-version"), &format!("{VERSION}\n"))?;
        write(&tree.join("stamp"), &self.flavour.stamp())?;
        let target = self.workspace.root.join(".libtorch");
        remove(&self.folder.join("old"))?;
        if target.exists() {
            rename(&target, &self.folder.join("old"))?;
        }
        rename(&tree, &target)?;
        remove(&self.folder)
    }

    fn pip(&self, verb: &str) -> Command {
        let mut command = self.workspace.command("python3");
        // On the disk of `.libtorch/`: pip unpacks here and then moves, and /tmp may be small.
        command.env("TMPDIR", self.folder.join("scratch"));
        // A user's pip settings that contradict --target.
        command.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
        command.args([
            "-m",
            "pip",
            verb,
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
        ]);
        if verb == "install" {
            command.arg("--root-user-action=ignore");
        } else {
            // `wheels` is the cache; pip's own would hold everything a second time.
            command.arg("--no-cache-dir");
        }
        command.args(WHEEL_TAGS);
        for platform in PLATFORMS {
            command.args(["--platform", platform]);
        }
        command
    }
}

/// The requirements of a pip file: one `name==version --hash=...` a line; comments and empty lines do not count.
fn requirement_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Keeps the CPU back end, the C++ headers and the two NVIDIA libraries that the CPU back end of this wheel loads.
fn prune(tree: &Path) -> Result<(), Failure> {
    keep_only(&tree.join("torch"), &["lib", "include", "version.py"])?;
    let lib = tree.join("torch/lib");
    keep_only(&lib, &["libc10.so", "libtorch_cpu.so", "libgomp.so.1"])?;
    // torch-sys asks for -ltorch. The wheel's libtorch.so only loads the two back ends, and one of them is gone now.
    symlink("libtorch_cpu.so", &lib.join("libtorch.so"))?;
    keep_only(&tree.join("nvidia/cu13"), &["lib"])?;
    keep_only(&tree.join("nvidia/cu13/lib"), &["libcudart.so.13", "libcupti.so.13"])?;
    for folder in ["bin", "functorch", "torchgen"] {
        remove(&tree.join(folder))?;
    }
    Ok(())
}

/// Removes all of `folder` but `names`, which must be there.
fn keep_only(folder: &Path, names: &[&str]) -> Result<(), Failure> {
    for name in names {
        if !folder.join(name).exists() {
            let place = folder.join(name);
            return Err(Failure::Failed(format!(
                "the unpacked wheels lack {}: wrong wheel?",
                place.display()
            )));
        }
    }
    for entry in fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))? {
        let entry = entry.map_err(|error| Failure::io("read", folder, &error))?;
        if !names.iter().any(|name| entry.file_name() == *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
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
                eprintln!("xtask: {} MB so far", bytes_below(folder) / 1_000_000);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Bytes of all files in `folder`. Files that vanish meanwhile count as nothing.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::io("create", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::rename(from, to).map_err(|error| Failure::io("rename", from, &error))
}

/// Removes a file, a link or a whole folder. Nothing there is fine.
fn remove(path: &Path) -> Result<(), Failure> {
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    result.map_err(|error| Failure::io("remove", path, &error))
}

#[cfg(unix)]
fn symlink(to: &str, link: &Path) -> Result<(), Failure> {
    std::os::unix::fs::symlink(to, link).map_err(|error| Failure::io("create", link, &error))
}

#[cfg(not(unix))]
fn symlink(to: &str, link: &Path) -> Result<(), Failure> {
    let original = link.with_file_name(to);
    fs::copy(&original, link)
        .map(|_| ())
        .map_err(|error| Failure::io("copy", &original, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_libtorch_wins_and_a_cuda_one_serves_the_cpu() {
        let (cpu, cuda) = ("torch-2.11.0 r1 cpu", "torch-2.11.0 r1 cuda");
        assert_eq!(plan(Flavour::Cpu, false, false, cpu), Plan::Ready);
        assert_eq!(plan(Flavour::Cpu, false, false, cuda), Plan::Ready);
        assert_eq!(plan(Flavour::Cuda, false, false, cpu), Plan::Fetch);
        assert_eq!(plan(Flavour::Cpu, false, false, ""), Plan::Fetch);
        assert_eq!(plan(Flavour::Cpu, false, false, "torch-2.10.0 r1 cpu"), Plan::Fetch);
        assert_eq!(plan(Flavour::Cpu, true, false, cpu), Plan::Users("LIBTORCH"));
        assert_eq!(plan(Flavour::Cpu, true, true, ""), Plan::Users("LIBTORCH_USE_PYTORCH"));
    }

    #[test]
    fn every_requirement_is_pinned_to_one_version_and_hash() {
        let workspace = Workspace::locate().unwrap();
        let mut names = Vec::new();
        for file in Flavour::Cuda.requirement_files() {
            let text = fs::read_to_string(workspace.root.join(file)).unwrap();
            for line in requirement_lines(&text) {
                let (pin, hash) = line.split_once(" --hash=sha256:").expect(line);
                let (name, _version) = pin.split_once("==").expect(line);
                assert!(
                    hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "{line}"
                );
                names.push(name.to_owned());
            }
            assert!(
                text.contains(&format!("torch=={VERSION} ")) || file.contains("cuda"),
                "{file}"
            );
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a package is named twice");
        assert!(LAYOUT.contains(VERSION));
    }

    #[test]
    fn pruning_leaves_the_cpu_back_end_and_refuses_a_foreign_tree() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path();
        let files = [
            "torch/lib/libc10.so",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libgomp.so.1",
            "torch/lib/libtorch.so",
            "torch/lib/libtorch_cuda.so",
            "torch/include/torch/torch.h",
            "torch/version.py",
            "torch/nn/modules.py",
            "nvidia/cu13/lib/libcudart.so.13",
            "nvidia/cu13/lib/libcupti.so.13",
            "nvidia/cu13/lib/libnvperf_host.so",
            "nvidia/cu13/include/cuda.h",
            "functorch/__init__.py",
        ];
        for file in files {
            make_folder(tree.join(file).parent().unwrap()).unwrap();
            write(&tree.join(file), "12345").unwrap();
        }
        assert_eq!(bytes_below(tree), 5 * files.len() as u64);
        prune(tree).unwrap();
        let mut left: Vec<String> = files
            .iter()
            .filter(|file| tree.join(file).exists())
            .map(|&f| f.into())
            .collect();
        left.sort();
        let kept = [
            "nvidia/cu13/lib/libcudart.so.13",
            "nvidia/cu13/lib/libcupti.so.13",
            "torch/include/torch/torch.h",
            "torch/lib/libc10.so",
            "torch/lib/libgomp.so.1",
            "torch/lib/libtorch.so",
            "torch/lib/libtorch_cpu.so",
            "torch/version.py",
        ];
        assert_eq!(left, kept);
        #[cfg(unix)]
        assert_eq!(
            fs::read_link(tree.join("torch/lib/libtorch.so")).unwrap(),
            Path::new("libtorch_cpu.so")
        );

        remove(&tree.join("torch/lib/libc10.so")).unwrap();
        assert!(prune(tree).unwrap_err().to_string().contains("libc10.so"));
    }
}
