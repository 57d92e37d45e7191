//! `cargo xtask android`: whether the native crates compile for Android on 64-bit ARM. The library is linked with Google's NDK,
//! by whoever has it (see unity-package/Documentation~/android.md).

use crate::cross::{Cross, Target};
use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// Instead of a C compiler and an archiver. zstd, the one crate with C in it, is not compiled: that needs the NDK's headers, and
/// checking types needs none of it.
const NOTHING: &str = "true";

/// Checks the types of all Rust that is in the shared library.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let cross = Cross::ensure(workspace)?;
    let mut cargo = cross.cargo(workspace, "check", Target::Android);
    cargo
        .args(["-p", "neuvol-plugin"])
        .env("CC_aarch64_linux_android", NOTHING)
        .env("AR_aarch64_linux_android", NOTHING);
    workspace::run(&mut cargo)?;
    println!("The native crates compile for {}; nothing was linked", Target::Android.triple());
    Ok(())
}
