//! The Debian packages that building and testing need, and their installation.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

use crate::failure::Failure;
use crate::workspace;

/// What the packages are needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build and run the `neuvol` tool.
    Build,
    /// To run all tests, after a build.
    Test,
    /// To run all benchmarks, after a build.
    Bench,
    /// To fetch libtorch and CMake; not needed where they are there.
    Fetch,
    /// To measure with Python scripts, without a build.
    Measure,
    /// To build the library for Windows and run it here.
    Windows,
}

/// How to see that a package is there.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// This program is on the PATH.
    Program(&'static str),
    /// This command line succeeds.
    Runs(&'static str, &'static [&'static str]),
}

/// One Debian package.
struct Package {
    name: &'static str,
    proof: Proof,
    purpose: Purpose,
    needed_by: &'static str,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "g++",
        proof: Proof::Program("g++"),
        purpose: Purpose::Build,
        needed_by: "the C++ side of tch, the bundled NetCDF, zstd",
    },
    Package {
        name: "make",
        proof: Proof::Program("make"),
        purpose: Purpose::Build,
        needed_by: "the bundled HDF5 and NetCDF",
    },
    Package {
        name: "valgrind",
        proof: Proof::Program("valgrind"),
        purpose: Purpose::Test,
        needed_by: "the memory check of the C programs in tests/c",
    },
    Package {
        name: "libvulkan1",
        proof: Proof::Runs("sh", &["-c", "ls /usr/lib/*/libvulkan.so.1"]),
        purpose: Purpose::Test,
        needed_by: "the tests of the Vulkan backend",
    },
    Package {
        name: "mesa-vulkan-drivers",
        proof: Proof::Runs("sh", &["-c", "ls /usr/share/vulkan/icd.d/lvp_icd.*.json"]),
        purpose: Purpose::Test,
        needed_by: "lavapipe, a Vulkan device without a GPU for the tests",
    },
    Package {
        name: "vulkan-validationlayers",
        proof: Proof::Runs("sh", &["-c", "ls /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"]),
        purpose: Purpose::Test,
        needed_by: "checking the Vulkan backend's use of Vulkan",
    },
    Package {
        name: "clang",
        proof: Proof::Program("clang++"),
        purpose: Purpose::Test,
        needed_by: "the C++ wrapper and the Unreal plugin with a second compiler",
    },
    Package {
        name: "libvulkan-dev",
        proof: Proof::Runs("sh", &["-c", "ls /usr/include/vulkan/vulkan.h"]),
        purpose: Purpose::Test,
        needed_by: "the fake Unreal of tests/unreal",
    },
    Package {
        name: "glslang-tools",
        proof: Proof::Program("glslangValidator"),
        purpose: Purpose::Test,
        needed_by: "compiling the shaders of the engine packages",
    },
    Package {
        name: "mono-mcs",
        proof: Proof::Program("mcs"),
        purpose: Purpose::Test,
        needed_by: "compiling the C# bindings and their test",
    },
    Package {
        name: "mono-runtime",
        proof: Proof::Program("mono"),
        purpose: Purpose::Test,
        needed_by: "running the test of the C# bindings",
    },
    Package {
        name: "gcc-mingw-w64-x86-64-posix",
        proof: Proof::Program("x86_64-w64-mingw32-gcc"),
        purpose: Purpose::Windows,
        needed_by: "linking the library for Windows, and its host in C",
    },
    Package {
        name: "wine64",
        proof: Proof::Runs("sh", &["-c", "ls /usr/lib/wine/wine64"]),
        purpose: Purpose::Windows,
        needed_by: "running the library for Windows",
    },
    Package {
        name: "xvfb",
        proof: Proof::Program("Xvfb"),
        purpose: Purpose::Windows,
        needed_by: "Wine's Vulkan, which wants a display",
    },
    Package {
        name: "libclang-dev",
        proof: Proof::Runs("sh", &["-c", "ls /usr/lib/llvm-*/lib/libclang.so*"]),
        purpose: Purpose::Bench,
        needed_by: "the bindings of zfp, a peer in the benchmark",
    },
    Package {
        name: "python3",
        proof: Proof::Runs("python3", &["--version"]),
        purpose: Purpose::Fetch,
        needed_by: "fetching libtorch and CMake (never at run time)",
    },
    Package {
        name: "python3-pip",
        proof: Proof::Runs("python3", &["-m", "pip", "--version"]),
        purpose: Purpose::Fetch,
        needed_by: "fetching libtorch and CMake (never at run time)",
    },
    Package {
        name: "python3-venv",
        proof: Proof::Runs("python3", &["-c", "import ensurepip, venv"]),
        purpose: Purpose::Measure,
        needed_by: "the Python packages of `cargo xtask rd`",
    },
];

/// Installs what `purpose` needs and this machine lacks, with `fetch` also what fetching wheels needs. Says what to do
/// by hand where it may not install.
pub(crate) fn ensure(purpose: Purpose, fetch: bool) -> Result<(), Failure> {
    let missing = missing(purpose, fetch, is_there);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    match installer() {
        Some(prefix) => install(&prefix, &names)?,
        None => return Err(Failure::Missing(what_to_do(&missing))),
    }
    let still: Vec<&Package> = missing.into_iter().filter(|package| !is_there(package.proof)).collect();
    if still.is_empty() { Ok(()) } else { Err(Failure::Missing(what_to_do(&still))) }
}

/// The packages for `purpose`, with `fetch` also those for fetching wheels, that `there` does not find.
fn missing(purpose: Purpose, fetch: bool, there: impl Fn(Proof) -> bool) -> Vec<&'static Package> {
    let wanted = |package: &&Package| match package.purpose {
        Purpose::Build => purpose != Purpose::Measure,
        Purpose::Test | Purpose::Bench | Purpose::Measure | Purpose::Windows => purpose == package.purpose,
        Purpose::Fetch => fetch,
    };
    PACKAGES.iter().filter(wanted).filter(|package| !there(package.proof)).collect()
}

fn is_there(proof: Proof) -> bool {
    match proof {
        Proof::Program(name) => on_path(name),
        Proof::Runs(program, arguments) => workspace::works(program, arguments),
    }
}

fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The words that must stand before `apt-get` here, or nothing where packages cannot be installed without a person.
fn installer() -> Option<Vec<&'static str>> {
    if !on_path("apt-get") {
        return None;
    }
    if workspace::capture(Command::new("id").arg("-u")).ok()?.trim() == "0" {
        return Some(Vec::new());
    }
    workspace::works("sudo", &["-n", "true"]).then(|| vec!["sudo", "-n"])
}

fn install(prefix: &[&str], names: &[&str]) -> Result<(), Failure> {
    eprintln!("xtask: installing Debian packages: {}", names.join(" "));
    let apt = |arguments: &[&str]| {
        // `env` because sudo does not pass variables on.
        let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"], arguments].concat();
        workspace::run(Command::new(words[0]).args(&words[1..]))
    };
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], names].concat())
}

/// The names of `packages` and of what apt would install with them on this machine, for unpacking them somewhere else.
pub(crate) fn closure(packages: &[&str]) -> Result<Vec<String>, Failure> {
    let what = packages.join(" ");
    if !on_path("apt-get") || !on_path("dpkg-deb") {
        return Err(Failure::Missing(format!("{what} can only be fetched on Debian: this machine has no apt-get")));
    }
    let simulate = || {
        let mut apt = Command::new("apt-get");
        apt.env("LC_ALL", "C").args(["-q", "--simulate", "--no-install-recommends", "install"]).args(packages);
        workspace::capture(&mut apt)
    };
    let plan = match (simulate(), installer()) {
        (Err(_), Some(prefix)) => {
            // The lists of packages are old or were never fetched.
            let words = [&prefix[..], &["apt-get", "-q", "update"]].concat();
            workspace::run(Command::new(words[0]).args(&words[1..]))?;
            simulate()
        }
        (result, _) => result,
    };
    let plan = plan.map_err(|failure| {
        Failure::Missing(format!(
            "{failure}\nDebian 12 has the packages {what}; `sudo apt-get update` may be needed first."
        ))
    })?;
    Ok(with_new(packages, &plan))
}

/// `packages` and what apt's plan installs.
fn with_new(packages: &[&str], plan: &str) -> Vec<String> {
    let new = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    let names: BTreeSet<&str> = packages.iter().copied().chain(new).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn what_to_do(missing: &[&Package]) -> String {
    let mut text = String::from("this machine lacks:\n");
    for package in missing {
        let found_by = match package.proof {
            Proof::Program(program) => format!("no `{program}` on the PATH"),
            Proof::Runs(program, arguments) => format!("`{program} {}` does not work", arguments.join(" ")),
        };
        text += &format!("  {:12} for {} ({found_by})\n", package.name, package.needed_by);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    text += "Install it, then start again. On Debian and Ubuntu:\n  ";
    text += &format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", names.join(" "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(packages: &[&Package]) -> Vec<&'static str> {
        packages.iter().map(|package| package.name).collect()
    }

    #[test]
    fn each_purpose_asks_for_its_packages_only() {
        let nothing = |_: Proof| false;
        let build = ["g++", "make"];
        assert_eq!(names(&missing(Purpose::Build, false, nothing)), build);
        let vulkan = ["libvulkan1", "mesa-vulkan-drivers", "vulkan-validationlayers"];
        assert_eq!(
            names(&missing(Purpose::Test, false, nothing)),
            [
                &build[..],
                &["valgrind"],
                &vulkan,
                &["clang", "libvulkan-dev", "glslang-tools", "mono-mcs", "mono-runtime"],
            ]
            .concat()
        );
        assert_eq!(names(&missing(Purpose::Build, true, nothing)), [&build[..], &["python3", "python3-pip"]].concat());
        assert_eq!(names(&missing(Purpose::Measure, false, nothing)), ["python3-venv"]);
        let windows = ["gcc-mingw-w64-x86-64-posix", "wine64", "xvfb"];
        assert_eq!(names(&missing(Purpose::Windows, false, nothing)), [&build[..], &windows].concat());
        assert!(missing(Purpose::Test, true, |_| true).is_empty());
    }

    #[test]
    fn the_advice_names_each_package_its_reason_and_one_command() {
        let text = what_to_do(&missing(Purpose::Build, true, |proof| {
            !matches!(proof, Proof::Program("make") | Proof::Runs(..))
        }));
        assert!(text.contains("no `make` on the PATH"), "{text}");
        assert!(text.ends_with("apt-get install -y --no-install-recommends make python3 python3-pip"), "{text}");
        assert!(!text.contains("g++"), "{text}");
    }

    #[test]
    fn what_apt_would_install_is_fetched_too() {
        let plan = "Reading package lists...\nInst libllvm22 (1:22.1.8-1 Debian:12 [amd64])\nInst rustc-web (1.96 x)\nConf rustc-web (1.96 x)\n";
        assert_eq!(with_new(&["rustc-web", "rust-web-src"], plan), ["libllvm22", "rust-web-src", "rustc-web"]);
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}
