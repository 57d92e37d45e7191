//! Brings the libtorch that `tch` links into `.libtorch/`, from wheels pinned in `tools/libtorch-requirements.txt`.

use std::env;
use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::files;
use crate::wheels::{Plan, Wheels};
use crate::workspace::Workspace;

/// The one version that torch-sys 0.24.0 was generated for. Change it together with the requirements and Cargo.toml.
const VERSION: &str = "2.11.0";
/// Names the layout of `.libtorch/`: raise the number when what is kept changes.
const LAYOUT: &str = "torch-2.11.0 r1";

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

    fn wheels(self) -> Wheels {
        match self {
            Flavour::Cpu => Wheels {
                what: "libtorch 2.11.0 (about 545 MB)",
                requirements: &["tools/libtorch-requirements.txt"],
                folder: ".libtorch",
            },
            Flavour::Cuda => Wheels {
                what: "libtorch 2.11.0 with CUDA (about 2.5 GB)",
                requirements: &["tools/libtorch-requirements.txt", "tools/libtorch-cuda-requirements.txt"],
                folder: ".libtorch",
            },
        }
    }
}

/// What has to be done for `flavour` here and now.
pub(crate) fn plan(workspace: &Workspace, flavour: Flavour) -> Plan {
    let stamp = fs::read_to_string(workspace.root.join(".libtorch/stamp")).unwrap_or_default();
    let use_pytorch = env::var_os("LIBTORCH_USE_PYTORCH").is_some();
    decide(flavour, workspace.users_value("LIBTORCH").is_some(), use_pytorch, stamp.trim())
}

fn decide(wanted: Flavour, users_libtorch: bool, use_pytorch: bool, stamp: &str) -> Plan {
    if use_pytorch {
        // torch-sys looks at this variable first, too.
        Plan::Users("LIBTORCH_USE_PYTORCH")
    } else if users_libtorch {
        Plan::Users("LIBTORCH")
    } else if stamp == wanted.stamp() || (wanted == Flavour::Cpu && stamp == Flavour::Cuda.stamp()) {
        Plan::Ready
    } else {
        Plan::Fetch
    }
}

/// Makes sure that the build finds a libtorch. Python and pip must be there if it has to be fetched.
pub(crate) fn carry_out(workspace: &Workspace, flavour: Flavour, todo: &Plan) -> Result<(), Failure> {
    match todo {
        Plan::Ready => Ok(()),
        Plan::Users(variable) => {
            let value = env::var_os(variable).unwrap_or_default();
            eprintln!("xtask: using your libtorch: {variable}={}", value.to_string_lossy());
            Ok(())
        }
        Plan::Fetch if !cfg!(all(target_os = "linux", target_arch = "x86_64")) => Err(Failure::Missing(format!(
            "libtorch can only be fetched for x86-64 Linux: install PyTorch {VERSION} yourself and set LIBTORCH to its \
             `torch` folder, or LIBTORCH_USE_PYTORCH=1"
        ))),
        Plan::Fetch => {
            let is_there = || plan(workspace, flavour) == Plan::Ready;
            flavour.wheels().install(workspace, is_there, |tree| finish(tree, flavour))
        }
    }
}

/// Reduces the unpacked wheels to what is used and stamps them.
fn finish(tree: &Path, flavour: Flavour) -> Result<(), Failure> {
    if flavour == Flavour::Cpu {
        prune(tree)?;
    }
    // torch-sys compares this file with the version that it was generated for.
    files::write(&tree.join("torch/build-version"), &format!("{VERSION}\n"))?;
    files::write(&tree.join("stamp"), &flavour.stamp())
}

/// Keeps the CPU back end, the C++ headers and the two NVIDIA libraries that the CPU back end of this wheel loads.
fn prune(tree: &Path) -> Result<(), Failure> {
    files::keep_only(&tree.join("torch"), &["lib", "include", "version.py"])?;
    let lib = tree.join("torch/lib");
    files::keep_only(&lib, &["libc10.so", "libtorch_cpu.so", "libgomp.so.1"])?;
    // torch-sys asks for -ltorch. The wheel's libtorch.so only loads the two back ends, and one of them is gone now.
    files::symlink("libtorch_cpu.so", &lib.join("libtorch.so"))?;
    files::keep_only(&tree.join("nvidia/cu13"), &["lib"])?;
    files::keep_only(&tree.join("nvidia/cu13/lib"), &["libcudart.so.13", "libcupti.so.13"])?;
    for folder in ["bin", "functorch", "torchgen"] {
        files::remove(&tree.join(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheels;

    #[test]
    fn the_users_libtorch_wins_and_a_cuda_one_serves_the_cpu() {
        let (cpu, cuda) = ("torch-2.11.0 r1 cpu", "torch-2.11.0 r1 cuda");
        assert_eq!(decide(Flavour::Cpu, false, false, cpu), Plan::Ready);
        assert_eq!(decide(Flavour::Cpu, false, false, cuda), Plan::Ready);
        assert_eq!(decide(Flavour::Cuda, false, false, cpu), Plan::Fetch);
        assert_eq!(decide(Flavour::Cpu, false, false, ""), Plan::Fetch);
        assert_eq!(decide(Flavour::Cpu, false, false, "torch-2.10.0 r1 cpu"), Plan::Fetch);
        assert_eq!(decide(Flavour::Cpu, true, false, cpu), Plan::Users("LIBTORCH"));
        assert_eq!(decide(Flavour::Cpu, true, true, ""), Plan::Users("LIBTORCH_USE_PYTORCH"));
    }

    #[test]
    fn every_requirement_is_pinned_to_one_version_and_hash() {
        let workspace = Workspace::locate().unwrap();
        let mut names = Vec::new();
        for file in Flavour::Cuda.wheels().requirements {
            let text = fs::read_to_string(workspace.root.join(file)).unwrap();
            for line in wheels::requirement_lines(&text) {
                let (pin, hash) = line.split_once(" --hash=sha256:").expect(line);
                let (name, _version) = pin.split_once("==").expect(line);
                assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
                names.push(name.to_owned());
            }
            assert!(text.contains(&format!("torch=={VERSION} ")) || file.contains("cuda"), "{file}");
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
            files::make_folder(tree.join(file).parent().unwrap()).unwrap();
            files::write(&tree.join(file), "12345").unwrap();
        }
        assert_eq!(files::bytes_below(tree), 5 * files.len() as u64);
        prune(tree).unwrap();
        let mut left: Vec<String> = files.iter().filter(|file| tree.join(file).exists()).map(|&f| f.into()).collect();
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
        assert_eq!(fs::read_link(tree.join("torch/lib/libtorch.so")).unwrap(), Path::new("libtorch_cpu.so"));

        files::remove(&tree.join("torch/lib/libc10.so")).unwrap();
        assert!(prune(tree).unwrap_err().to_string().contains("libc10.so"));
    }
}
