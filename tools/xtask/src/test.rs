//! `cargo xtask test`: everything that must hold before a change goes in.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cargo_tools::{self, CARGO_DENY};
use crate::debian::Purpose;
use crate::failure::Failure;
use crate::libtorch::Flavour;
use crate::workspace::{self, Workspace};
use crate::{android, cuda, header, hosts, kernels, layering, package, rd, rendering, setup, shaders, windows};

/// One stage. All stages run, whatever failed before, so that one run tells everything.
struct Stage {
    title: &'static str,
    action: Action,
    /// Whether it compiles `neuvol-tools`, so that it can only run where the setup went well.
    needs_setup: bool,
    /// Whether a machine that cannot get what it needs passes without it, said in capitals.
    may_be_skipped: bool,
}

enum Action {
    Cargo(Vec<&'static str>),
    /// The same with a Vulkan device that must be there: lavapipe, which the setup has installed.
    Vulkan(Vec<&'static str>),
    /// `cargo doc` with this, warnings being errors.
    Doc(Vec<&'static str>),
    Call(fn(&Workspace) -> Result<(), Failure>),
}

enum Outcome {
    Passed,
    Failed(String),
    NotRun,
    Skipped(String),
}

/// Runs the stages and reports all failures at the end.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<(), Failure> {
    let mut results: Vec<(&'static str, Outcome, Duration)> = Vec::new();
    let stages = if quick { quick_stages() } else { all_stages() };
    let mut set_up = quick;
    for (number, stage) in stages.iter().enumerate() {
        eprintln!("\n=== {}/{} {} ===", number + 1, stages.len(), stage.title);
        let start = Instant::now();
        let outcome = if stage.needs_setup && !set_up {
            Outcome::NotRun
        } else {
            match perform(workspace, &stage.action) {
                Ok(()) => Outcome::Passed,
                Err(Failure::Missing(message)) if stage.may_be_skipped => Outcome::Skipped(message),
                Err(failure) => Outcome::Failed(failure.to_string()),
            }
        };
        if stage.title == SETUP {
            set_up = matches!(outcome, Outcome::Passed);
        }
        let time = start.elapsed();
        match &outcome {
            Outcome::Passed => eprintln!("--- {}: passed in {:.1} s", stage.title, time.as_secs_f64()),
            Outcome::Failed(message) => {
                eprintln!("--- {}: FAILED in {:.1} s: {message}", stage.title, time.as_secs_f64())
            }
            Outcome::NotRun => eprintln!("--- {}: not run, the setup failed", stage.title),
            Outcome::Skipped(message) => eprintln!("--- {}: SKIPPED: {message}", stage.title),
        }
        results.push((stage.title, outcome, time));
    }
    report(&results)
}

const SETUP: &str = "setup";

/// What needs neither libtorch nor a C++ compiler.
fn quick_stages() -> Vec<Stage> {
    let stage = |title, action| Stage { title, action, needs_setup: false, may_be_skipped: false };
    vec![
        stage("Rust components", Action::Call(cargo_tools::ensure_components)),
        stage("formatting", Action::Cargo(vec!["fmt", "--all", "--check"])),
        stage(
            "lints of the native crates",
            Action::Cargo(with_native(&["clippy", "--all-targets"], &["--", "-D", "warnings"])),
        ),
        stage("documentation of the native crates", Action::Doc(with_native(&["--no-deps"], &[]))),
        stage("layering", Action::Call(layering::check)),
        stage("tests of the native crates", Action::Cargo(with_native(&["test"], &["--no-fail-fast"]))),
    ]
}

/// What CI runs.
///
/// Whatever touches `neuvol-tools` uses the release profile, lints and documentation too: build scripts run once for
/// each profile, and those of torch-sys, HDF5 and NetCDF take most of the time of a first build. The native crates
/// are tested with the dev profile, which checks for overflow.
fn all_stages() -> Vec<Stage> {
    let light = |title, action| Stage { title, action, needs_setup: false, may_be_skipped: false };
    let foreign = |title, action| Stage { title, action, needs_setup: false, may_be_skipped: true };
    let heavy = |title, words: &[&'static str]| Stage {
        title,
        action: Action::Cargo(words.to_vec()),
        needs_setup: true,
        may_be_skipped: false,
    };
    let vulkan = |title, words: &[&'static str]| Stage {
        title,
        action: Action::Vulkan(words.to_vec()),
        needs_setup: true,
        may_be_skipped: false,
    };
    vec![
        light(SETUP, Action::Call(set_up)),
        light("formatting", Action::Cargo(vec!["fmt", "--all", "--check"])),
        light("layering", Action::Call(layering::check)),
        heavy("lints", &["clippy", "--workspace", "--all-targets", "--release", "--", "-D", "warnings"]),
        Stage {
            title: "documentation",
            action: Action::Doc(vec!["--workspace", "--no-deps", "--release"]),
            needs_setup: true,
            may_be_skipped: false,
        },
        light("licences, sources and bans", Action::Call(deny)),
        light("kernels of the Vulkan backend", Action::Call(|workspace| shaders::run(workspace, true))),
        light("kernels of the CUDA backend", Action::Call(kernels::test)),
        light("C header and C# declarations", Action::Call(|workspace| header::run(workspace, true))),
        light("tests of the rate-distortion scripts", Action::Call(rd::test)),
        light("tests of the native crates", Action::Call(native_tests)),
        heavy("tests of the tools", &["test", "--release", "-p", "neuvol-tools", "--no-fail-fast"]),
        heavy("release build", &["build", "--release", "-p", "neuvol-plugin", "-p", "neuvol-tools"]),
        light("the CUDA backend on a driver of software", Action::Call(cuda::run)),
        light("a wgpu host", Action::Call(|workspace| hosts::run(workspace, false))),
        light("the checker of the packages", Action::Call(package::test)),
        foreign("the library for Windows under Wine", Action::Call(windows::run)),
        foreign("types of the library for Android", Action::Call(android::run)),
        foreign("packages for Unity and Unreal", Action::Call(package::check)),
        light("shaders of the engine packages", Action::Call(|workspace| rendering::run(workspace, false))),
        vulkan("tests across the parts", &["test", "--release", "-p", "neuvol-tests", "--no-fail-fast"]),
        vulkan(
            "the C# bindings under Mono",
            &["test", "--release", "-p", "neuvol-tests", "--features", "mono", "--test", "csharp", "--no-fail-fast"],
        ),
        vulkan(
            "the Unreal plugin in a fake engine",
            &["test", "--release", "-p", "neuvol-tests", "--features", "unreal", "--test", "unreal", "--no-fail-fast"],
        ),
        vulkan(
            "the Unity package under Mono",
            &[
                "test",
                "--release",
                "-p",
                "neuvol-tests",
                "--features",
                "mono",
                "--test",
                "unity_package",
                "--no-fail-fast",
                "--",
                "--nocapture",
            ],
        ),
    ]
}

/// `before`, the native crates and this program, `after`.
fn with_native(before: &[&'static str], after: &[&'static str]) -> Vec<&'static str> {
    let packages = layering::NATIVE.iter().copied().chain(["xtask"]);
    before.iter().copied().chain(packages.flat_map(|package| ["-p", package])).chain(after.iter().copied()).collect()
}

fn perform(workspace: &Workspace, action: &Action) -> Result<(), Failure> {
    match action {
        Action::Cargo(words) => workspace::run(&mut workspace.cargo(words)),
        Action::Vulkan(words) => workspace::run(with_lavapipe(&mut workspace.cargo(words))),
        Action::Doc(words) => workspace::run(workspace.cargo(["doc"]).args(words).env("RUSTDOCFLAGS", "-D warnings")),
        Action::Call(check) => check(workspace),
    }
}

/// All tests of the native crates.
fn native_tests(workspace: &Workspace) -> Result<(), Failure> {
    workspace::run(with_lavapipe(&mut workspace.cargo(with_native(&["test"], &["--no-fail-fast"]))))
}

/// Tests must not be skipped for want of a Vulkan device, nor depend on which one the machine has: Debian installs drivers of
/// GPUs, too.
pub(crate) fn with_lavapipe(command: &mut Command) -> &mut Command {
    command.env("NEUVOL_REQUIRE_VULKAN", "1");
    if let Some(driver) = lavapipe() {
        command.env("VK_ICD_FILENAMES", driver);
    }
    command
}

/// Where the loader finds lavapipe.
pub(crate) fn lavapipe() -> Option<PathBuf> {
    let drivers = std::fs::read_dir("/usr/share/vulkan/icd.d").ok()?.flatten().map(|entry| entry.path());
    drivers.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lvp_icd")))
}

fn set_up(workspace: &Workspace) -> Result<(), Failure> {
    cargo_tools::ensure_components(workspace)?;
    setup::ensure(workspace, Purpose::Test, Flavour::Cpu)
}

fn deny(workspace: &Workspace) -> Result<(), Failure> {
    let program = CARGO_DENY.ensure(workspace)?;
    // Not `advisories`: its database is not in the crate registry, and a test must not depend on today's news.
    workspace::run(workspace.command(program).args(["check", "licenses", "bans", "sources"]))
}

fn report(results: &[(&'static str, Outcome, Duration)]) -> Result<(), Failure> {
    println!("\n=== result ===");
    for (title, outcome, time) in results {
        let word = match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "FAILED",
            Outcome::NotRun => "not run",
            Outcome::Skipped(_) => "SKIPPED",
        };
        println!("{word:8} {:7.1} s  {title}", time.as_secs_f64());
    }
    let bad: Vec<String> = results
        .iter()
        .filter_map(|(title, outcome, _)| match outcome {
            Outcome::Passed | Outcome::Skipped(_) => None,
            Outcome::Failed(message) => Some(format!("  {title}: {message}")),
            Outcome::NotRun => Some(format!("  {title}: not run")),
        })
        .collect();
    for (title, outcome, _) in results {
        if let Outcome::Skipped(message) = outcome {
            println!("\nSKIPPED, and so not checked: {title}: {message}");
        }
    }
    if bad.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!("{} of {} stages did not pass:\n{}", bad.len(), results.len(), bad.join("\n"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_stages_never_compile_the_tools() {
        for stage in quick_stages() {
            assert!(!stage.needs_setup, "{}", stage.title);
            if let Action::Cargo(words) | Action::Vulkan(words) | Action::Doc(words) = stage.action {
                assert!(!words.contains(&"--workspace") && !words.contains(&"neuvol-tools"), "{words:?}");
            }
        }
    }

    #[test]
    fn whatever_compiles_the_tools_uses_one_profile() {
        for stage in all_stages() {
            if let Action::Cargo(words) | Action::Vulkan(words) | Action::Doc(words) = stage.action {
                let tools = words.iter().any(|word| ["--workspace", "neuvol-tools", "neuvol-tests"].contains(word));
                assert_eq!(tools, words.contains(&"--release"), "{}", stage.title);
                assert_eq!(tools, stage.needs_setup, "{}", stage.title);
            }
        }
    }

    #[test]
    fn only_other_systems_may_be_skipped() {
        let may: Vec<&str> =
            all_stages().iter().filter(|stage| stage.may_be_skipped).map(|stage| stage.title).collect();
        assert_eq!(may.len(), 3, "{may:?}");
        assert!(quick_stages().iter().all(|stage| !stage.may_be_skipped));
        let skipped = ("windows", Outcome::Skipped("no Wine".into()), Duration::ZERO);
        assert_eq!(report(&[skipped]), Ok(()), "it is printed, and no failure");
    }

    #[test]
    fn one_failed_stage_fails_the_run_and_is_named() {
        let passed = ("lints", Outcome::Passed, Duration::from_secs(1));
        assert_eq!(report(&[passed]), Ok(()));
        let passed = ("lints", Outcome::Passed, Duration::from_secs(1));
        let failed = ("formatting", Outcome::Failed("badly".into()), Duration::from_secs(1));
        let not_run = ("tests", Outcome::NotRun, Duration::ZERO);
        let failure = report(&[passed, failed, not_run]).unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        let text = failure.to_string();
        assert!(
            text.contains("2 of 3") && text.contains("formatting: badly") && text.contains("tests: not run"),
            "{text}"
        );
        assert!(!text.contains("lints"), "{text}");
    }
}
