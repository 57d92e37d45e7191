//! `Neuvol.uplugin`: what the engine reads first.

use serde_json::Value;

use crate::rules::Expected;
use crate::tree::Tree;

const PATH: &str = "Neuvol.uplugin";
/// Types of modules, by Epic's documentation of `EHostType`.
const TYPES: [&str; 8] = [
    "Runtime",
    "RuntimeNoCommandlet",
    "RuntimeAndProgram",
    "Editor",
    "EditorNoCommandlet",
    "UncookedOnly",
    "DeveloperTool",
    "ClientOnly",
];
/// When modules are loaded, by `ELoadingPhase`.
const PHASES: [&str; 9] = [
    "EarliestPossible",
    "PostConfigInit",
    "PostSplashScreen",
    "PreEarlyLoadingScreen",
    "PreLoadingScreen",
    "PreDefault",
    "Default",
    "PostDefault",
    "PostEngineInit",
];

pub(super) fn problems(tree: &Tree, expected: &Expected) -> Vec<String> {
    let descriptor: Value = match tree.text(PATH).map(serde_json::from_str) {
        None => return vec![format!("{PATH} is missing")],
        Some(Err(error)) => return vec![format!("{PATH} is no JSON: {error}")],
        Some(Ok(descriptor)) => descriptor,
    };
    let mut problems = Vec::new();
    if descriptor["FileVersion"] != 3 {
        problems.push(format!("{PATH}: `FileVersion` is {}, not 3", descriptor["FileVersion"]));
    }
    if descriptor["Version"].as_u64().is_none_or(|version| version == 0) {
        problems.push(format!("{PATH}: `Version` is {}, not a whole number from 1 on", descriptor["Version"]));
    }
    if descriptor["VersionName"] != expected.version {
        problems.push(format!("{PATH}: `VersionName` is {}, not {}", descriptor["VersionName"], expected.version));
    }
    for field in ["FriendlyName", "Description", "Category", "CreatedBy", "DocsURL"] {
        if descriptor[field].as_str().is_none_or(str::is_empty) {
            problems.push(format!("{PATH}: `{field}` is missing"));
        }
    }
    if descriptor["CanContainContent"].as_bool() != Some(tree.has_folder("Content")) {
        problems.push(format!("{PATH}: `CanContainContent` must say whether there is a folder Content"));
    }
    if !descriptor["EngineVersion"].is_null() {
        problems.push(format!("{PATH}: `EngineVersion` ties the plugin to one version of the engine: leave it out"));
    }
    for platform in &expected.platforms {
        let name = super::modules::folder_of_platform(*platform);
        let is_listed = |field: &Value| field.as_array().is_some_and(|list| list.iter().any(|item| item == name));
        if !is_listed(&descriptor["SupportedTargetPlatforms"]) {
            problems.push(format!("{PATH}: `SupportedTargetPlatforms` lacks {name}, for which there is a library"));
        }
    }
    problems.extend(modules(tree, &descriptor));
    problems
}

/// Each module is in its folder with its rules, and each such folder is a module.
fn modules(tree: &Tree, descriptor: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let none = Vec::new();
    let modules = descriptor["Modules"].as_array().unwrap_or(&none);
    if modules.is_empty() {
        problems.push(format!("{PATH}: `Modules` is empty"));
    }
    for module in modules {
        let text = |field: &str| module[field].as_str().unwrap_or_default();
        let (name, kind, phase) = (text("Name"), text("Type"), text("LoadingPhase"));
        if !tree.has(&format!("Source/{name}/{name}.Build.cs")) {
            problems.push(format!("{PATH}: the module {name} has no Source/{name}/{name}.Build.cs"));
        }
        if !TYPES.contains(&kind) || !PHASES.contains(&phase) {
            problems.push(format!("{PATH}: the module {name} has the type \"{kind}\" and the phase \"{phase}\""));
        }
        // Extensions of the Vulkan device are asked for before it is made, and shaders are registered before they compile.
        if kind == "Runtime" && phase != "PostConfigInit" {
            problems.push(format!("{PATH}: the module {name} must be loaded at PostConfigInit, before the RHI starts"));
        }
        let in_editor = kind.starts_with("Editor");
        if in_editor != name.ends_with("Editor") {
            problems.push(format!(
                "{PATH}: the module {name} has the type {kind}: editor modules, and no others, end in Editor"
            ));
        }
    }
    for path in tree.paths().filter(|path| path.ends_with(".Build.cs") && !path.starts_with("Source/ThirdParty/")) {
        let name = crate::tree::name_of(path).trim_end_matches(".Build.cs");
        if !modules.iter().any(|module| module["Name"] == name) {
            problems.push(format!("{PATH}: `Modules` does not name {name}, which has {path}"));
        }
    }
    problems
}
