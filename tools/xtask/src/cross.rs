//! A Rust compiler for other systems: Debian's, with the sources of the standard library, unpacked into `.cross/` without
//! touching the machine. The library for the target is built from the sources (`-Zbuild-std`), so that no other download is
//! needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::failure::Failure;
use crate::files;
use crate::wheels;
use crate::workspace::{self, Workspace};

const FOLDER: &str = ".cross";
/// The compiler, the sources of its standard library, and Vulkan's headers, which are the same for all systems.
const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libvulkan-dev"];

/// Where cargo looks for Rust's own sources.
const SOURCES: &str = "usr/lib/rustlib/src/rust";

/// What is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Windows on x86-64, with MinGW's linker.
    Windows,
    /// Android on 64-bit ARM: there is nothing to link with, only to check types.
    Android,
}

impl Target {
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Target::Windows => "x86_64-pc-windows-gnu",
            Target::Android => "aarch64-linux-android",
        }
    }
}

/// The unpacked packages.
#[derive(Debug, Clone)]
pub(crate) struct Cross {
    root: PathBuf,
}

impl Cross {
    /// Fetches and unpacks what is not there yet.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self, Failure> {
        let cross = Cross { root: workspace.root.join(FOLDER) };
        let _lock = wheels::lock(workspace)?;
        if cross.works(workspace) {
            return Ok(cross);
        }
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Failure::Missing("libraries for other systems can only be built on x86-64 Linux".into()));
        }
        cross.unpack(workspace)?;
        if cross.works(workspace) {
            return Ok(cross);
        }
        Err(Failure::Failed(format!(
            "the compiler in {} does not run: remove the folder and try again",
            cross.root.display()
        )))
    }

    fn works(&self, workspace: &Workspace) -> bool {
        let there =
            self.library_sources().join("std/Cargo.toml").is_file() && self.headers().join("vulkan/vulkan.h").is_file();
        let mut rustc = workspace.command(self.rustc());
        rustc.env("LD_LIBRARY_PATH", self.libraries()).arg("--version");
        there && self.rustc().is_file() && workspace::capture(&mut rustc).is_ok()
    }

    fn unpack(&self, workspace: &Workspace) -> Result<(), Failure> {
        let work = workspace.root.join(format!("{FOLDER}.tmp"));
        let (archives, tree) = (work.join("archives"), work.join("tree"));
        files::remove(&work)?;
        files::make_folder(&archives)?;
        files::make_folder(&tree)?;
        let names = debian::closure(&PACKAGES)?;
        eprintln!("xtask: fetching Debian's Rust compiler into {} (140 MB): {}", self.root.display(), names.join(" "));
        let mut apt = workspace.command("apt-get");
        workspace::run(apt.args(["-q", "download"]).args(&names).current_dir(&archives))?;
        for entry in fs::read_dir(&archives).map_err(|error| Failure::io("read", &archives, &error))? {
            let archive = entry.map_err(|error| Failure::io("read", &archives, &error))?.path();
            workspace::run(workspace.command("dpkg-deb").arg("-x").arg(archive).arg(&tree))?;
        }
        // Sources and tests of the compiler itself: half of all bytes.
        files::keep_only(&tree.join(SOURCES), &["library"])?;
        files::remove(&self.root)?;
        files::rename(&tree, &self.root)?;
        files::remove(&work)
    }

    fn rustc(&self) -> PathBuf {
        self.root.join("usr/bin/rustc")
    }

    fn libraries(&self) -> PathBuf {
        self.root.join("usr/lib/x86_64-linux-gnu")
    }

    /// The sources of Rust's standard library.
    pub(crate) fn library_sources(&self) -> PathBuf {
        self.root.join(SOURCES).join("library")
    }

    /// The folder that holds `vulkan/vulkan.h`. Only that folder and what it includes are in it: headers of Linux would be
    /// found before those of the target.
    pub(crate) fn headers(&self) -> PathBuf {
        self.root.join("usr/include")
    }

    /// `cargo VERB` with this compiler for another system. Its files are in a target folder of their own, because another
    /// compiler's would be thrown away.
    pub(crate) fn cargo(&self, workspace: &Workspace, verb: &str, target: Target) -> Command {
        let mut cargo =
            workspace.cargo([verb, "--release", "--target", target.triple(), "-Zbuild-std=std,panic_unwind"]);
        cargo.env("RUSTC", self.rustc()).env("LD_LIBRARY_PATH", self.libraries());
        // `-Zbuild-std` is for nightly compilers only, unless this is set.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", target_folder(workspace));
        if target == Target::Windows {
            cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", MINGW).env("CC_x86_64_pc_windows_gnu", MINGW);
        }
        cargo
    }
}

/// MinGW's C compiler.
pub(crate) const MINGW: &str = "x86_64-w64-mingw32-gcc";

/// Where cargo builds for other systems.
pub(crate) fn target_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("cross")
}

/// `cc`'s strictest flags for the hosts in C, which include Vulkan's headers and leave most fields of its structures 0.
pub(crate) fn c_compiler(workspace: &Workspace, program: &str, cross: &Cross) -> Command {
    let mut compiler = workspace.command(program);
    compiler.args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]);
    for place in ["bindings/include", "tests/c"] {
        compiler.arg("-I").arg(workspace.root.join(place));
    }
    compiler.arg("-I").arg(cross.headers());
    compiler
}

/// The library that was built.
pub(crate) fn built(workspace: &Workspace, target: Target, name: &str) -> PathBuf {
    target_folder(workspace).join(target.triple()).join("release").join(name)
}

/// Whether a file is there, in words if not.
pub(crate) fn must_exist(path: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    Err(Failure::Failed(format!("{} was not built, although the build has succeeded", path.display())))
}
