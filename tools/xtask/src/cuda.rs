//! `cargo xtask cuda`: the CUDA backend on a driver of software (`tests/fake-cuda`), which runs the kernels' own source on the
//! CPU: what they compute, how the backend treats its driver, and how textures of a Vulkan host are filled.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::test::with_lavapipe;
use crate::workspace::{self, Workspace};

type Settings = &'static [(&'static str, &'static str)];

/// Drivers that cannot be used: the folder of the library, settings of the driver, and what is said then.
const UNUSABLE: &[(Option<&str>, Settings, &str)] = &[
    (None, &[], "no NVIDIA driver"),
    (Some("stub"), &[], "has no function cuInit"),
    (Some("cuda"), &[("VERSION", "11080")], "is of CUDA 11.8"),
    (Some("cuda"), &[("DEVICES", "0")], "no device"),
    (Some("cuda"), &[("CAPABILITY", "7.0")], "compute capability 7.0, at least 7.5"),
    (Some("cuda"), &[("FAIL", "cuInit:1:999")], "does not start: cuInit gave CUDA_ERROR_UNKNOWN"),
    (Some("cuda"), &[("FAIL", "cuModuleLoadData:1:209")], "refuses the kernels"),
    (Some("cuda"), &[("MEMORY", "1000000")], "device memory for models is full"),
];

/// Drivers on which every codec is decoded. What kernels compute must not depend on the order of their threads.
const DEVICES: &[Settings] = &[
    &[("CAPABILITY", "9.0"), ("ORDER", "forward")],
    // No memory for the widest fused kernel, and PTX for one that there is no cubin for.
    &[("CAPABILITY", "7.5"), ("ORDER", "backward")],
    &[("CAPABILITY", "8.0"), ("ORDER", "7"), ("DELAY", "50")],
];

/// Runs all of it.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let folder = build(workspace)?;
    let mut own = workspace.cargo(["test", "--release", "-p", "neuvol-fake-cuda", "--no-fail-fast"]);
    workspace::run(with_lavapipe(&mut own))?;
    for (library, settings, expected) in UNUSABLE {
        println!("a driver that says: {expected}");
        let mut test = workspace.cargo(["test", "--quiet", "--release", "-p", "neuvol-cuda", "--test", "unavailable"]);
        test.env("NEUVOL_EXPECT_CUDA", expected).args(["--", "--nocapture"]);
        with_driver(&mut test, library.map(|library| folder.join(library)).as_deref(), settings);
        workspace::run(&mut test)?;
    }
    let driver = folder.join("cuda");
    for settings in DEVICES {
        println!("a device: {settings:?}");
        let mut test = workspace.cargo(["test", "--release", "-p", "neuvol-cuda", "--test", "device"]);
        test.env("NEUVOL_REQUIRE_CUDA", "1").args(["--", "--nocapture"]);
        with_driver(&mut test, Some(&driver), settings);
        workspace::run(&mut test)?;
    }
    for settings in [&[] as Settings, &[("LOSE_AFTER", "60")]] {
        let mut test = workspace.cargo(["test", "--release", "-p", "neuvol-engine", "--test", "cuda"]);
        test.env("NEUVOL_REQUIRE_CUDA", "1").arg("--");
        // The others need a device that stays.
        test.args(if settings.is_empty() { None } else { Some("lost") }).arg("--nocapture");
        with_driver(with_lavapipe(&mut test), Some(&driver), settings);
        workspace::run(&mut test)?;
    }
    Ok(())
}

fn with_driver(command: &mut Command, library: Option<&Path>, settings: Settings) {
    if let Some(library) = library {
        command.env("LD_LIBRARY_PATH", library);
    }
    for (name, value) in settings {
        command.env(format!("NEUVOL_FAKE_CUDA_{name}"), value);
    }
}

/// Builds the driver, and gives the folder with its libraries.
fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo =
        workspace.cargo(["build", "--quiet", "--release", "-p", "neuvol-fake-cuda", "--message-format=json"]);
    let messages = workspace::capture(&mut cargo)?;
    out_dir(&messages).ok_or_else(|| Failure::Failed("cargo did not say where the driver of software was built".into()))
}

/// What cargo's messages say about the build script of the driver.
fn out_dir(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it =
            message["reason"] == "build-script-executed" && message["package_id"].as_str()?.contains("fake-cuda");
        is_it.then(|| message["out_dir"].as_str().map(PathBuf::from)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_found_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"build-script-executed","package_id":"path+file:///a#serde@1.0.0","out_dir":"/a"}"#,
            "\nno message\n",
            r#"{"reason":"build-script-executed","package_id":"path+file:///x/tests/fake-cuda#neuvol-fake-cuda@0.1.0","out_dir":"/b"}"#,
        );
        assert_eq!(out_dir(messages), Some(PathBuf::from("/b")));
        assert_eq!(out_dir(""), None);
    }
}
