//! `package.json`: what the package manager shows and checks.

use serde_json::Value;

use super::NAME;
use crate::rules::Expected;
use crate::tree::Tree;

const PATH: &str = "package.json";
/// The oldest Unity that the package supports.
const UNITY: &str = "2022.3";

pub(super) fn problems(tree: &Tree, expected: &Expected) -> Vec<String> {
    let Some(text) = tree.text(PATH) else { return vec![format!("{PATH} is missing")] };
    let manifest: Value = match serde_json::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("{PATH} is no JSON: {error}")],
    };
    let mut problems = Vec::new();
    for (field, wanted) in [("name", NAME), ("version", &expected.version), ("unity", UNITY)] {
        if manifest[field] != wanted {
            problems.push(format!("{PATH}: `{field}` is {}, not \"{wanted}\"", manifest[field]));
        }
    }
    for field in ["displayName", "description", "license", "documentationUrl", "changelogUrl", "licensesUrl"] {
        if manifest[field].as_str().is_none_or(str::is_empty) {
            problems.push(format!("{PATH}: `{field}` is missing"));
        }
    }
    if manifest["author"]["name"].as_str().is_none_or(str::is_empty) {
        problems.push(format!("{PATH}: `author.name` is missing"));
    }
    problems.extend(samples(tree, &manifest));
    problems
}

/// Each sample is in its folder, and each folder is a sample.
fn samples(tree: &Tree, manifest: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let none = Vec::new();
    let samples = manifest["samples"].as_array().unwrap_or(&none);
    for sample in samples {
        let path = sample["path"].as_str().unwrap_or_default();
        if !path.starts_with("Samples~/") || !tree.has_folder(path) {
            problems.push(format!("{PATH}: no sample is in \"{path}\""));
        }
        for field in ["displayName", "description"] {
            if sample[field].as_str().is_none_or(str::is_empty) {
                problems.push(format!("{PATH}: the sample in \"{path}\" has no `{field}`"));
            }
        }
    }
    for folder in tree.folders() {
        let is_sample = folder.strip_prefix("Samples~/").is_some_and(|name| !name.contains('/'));
        if is_sample && !samples.iter().any(|sample| sample["path"] == folder) {
            problems.push(format!("{PATH}: `samples` does not name {folder}"));
        }
    }
    problems
}
