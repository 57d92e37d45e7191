//! Which part may depend on which: read from cargo's own dependency tree, so that no review has to notice.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::workspace::{self, Workspace};

/// The crates of an engine's plug-in, lowest first. Each may use the ones before it, and no other crate of ours.
pub(crate) const NATIVE: &[&str] = &[
    "neuvol-format",
    "neuvol-entropy",
    "neuvol-model",
    "neuvol-decode",
    "neuvol-plan",
    "neuvol-vulkan",
    "neuvol-cuda",
    "neuvol-engine",
    "neuvol-capi",
    "neuvol-plugin",
];

/// Crates that stay on the training side (names or beginnings of names).
const TRAINING_ONLY: &[&str] = &["tch", "torch-sys", "netcdf", "hdf5"];

/// Checks every rule and reports all that are broken.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for (level, package) in NATIVE.iter().enumerate() {
        let tree = tree(workspace, &["-p", package, "-e", "normal,build"])?;
        problems.extend(problems_of(package, &NATIVE[..level], &tree));
    }
    let above: BTreeSet<String> = ["neuvol-tools".to_owned()].into();
    for package in ["tch", "torch-sys"] {
        let tree = tree(workspace, &["--workspace", "-e", "normal,build,dev", "--depth", "1", "-i", package])?;
        let users: BTreeSet<String> = tree.into_iter().filter(|name| !TRAINING_ONLY.contains(&name.as_str())).collect();
        if users != above {
            problems
                .push(format!("{package} must be used by neuvol-tools and nobody else, but it is used by {users:?}"));
        }
    }
    if problems.is_empty() {
        println!("{} native crates keep their order and are free of {}", NATIVE.len(), TRAINING_ONLY.join(", "));
        return Ok(());
    }
    Err(Failure::Failed(problems.join("\n")))
}

/// The names in `cargo tree` with these arguments.
fn tree(workspace: &Workspace, arguments: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let mut cargo = workspace.cargo(["tree", "--quiet", "--prefix", "none", "--format", "{p}"]);
    Ok(names(&workspace::capture(cargo.args(arguments))?))
}

/// The package names in the output of `cargo tree --prefix none`.
fn names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_once(" v")).map(|(name, _)| name.to_owned()).collect()
}

/// What `package` depends on against the rules, if the crates of ours below it are `below`.
fn problems_of(package: &str, below: &[&str], tree: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    if !tree.contains(package) {
        problems.push(format!("cargo tree does not know {package}"));
    }
    for name in tree {
        if TRAINING_ONLY.iter().any(|forbidden| name.starts_with(forbidden)) {
            problems.push(format!("{package} depends on {name}, which belongs to neuvol-tools only"));
        }
        if name.starts_with("neuvol-") && name != package && !below.contains(&name.as_str()) {
            problems.push(format!("{package} depends on {name}, but may only use {below:?}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_tree() {
        let text = "neuvol-model v0.1.0 (/src/native/model)\nhalf v2.7.1\n\n[build-dependencies]\ncc v1.2.3 (*)\n";
        assert_eq!(names(text), ["cc", "half", "neuvol-model"].map(str::to_owned).into());
    }

    #[test]
    fn a_broken_rule_is_named() {
        let good = names("neuvol-model v0.1.0\nneuvol-format v0.1.0\nhalf v2.7.1");
        assert_eq!(problems_of("neuvol-model", &["neuvol-format"], &good), [""; 0]);
        let bad = names("neuvol-model v0.1.0\nneuvol-engine v0.1.0\ntorch-sys v0.24.0");
        let problems = problems_of("neuvol-model", &["neuvol-format"], &bad);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("neuvol-engine") && problems[1].contains("torch-sys"), "{problems:?}");
        assert_eq!(problems_of("neuvol-model", &[], &BTreeSet::new()).len(), 1);
    }
}
