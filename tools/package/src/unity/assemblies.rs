//! Assembly definitions: what is compiled together, what it may use, and where.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::metas::{guid_in, is_seen};
use crate::tree::{Tree, folder_of};

/// Assemblies of Unity that may be there without a dependency in `package.json`: those of tests, and those of packages that
/// a project may or may not have, which `versionDefines` must tell.
const UNITYS: [(&str, Option<&str>); 8] = [
    ("UnityEngine.TestRunner", None),
    ("UnityEditor.TestRunner", None),
    ("Unity.RenderPipelines.Core.Runtime", Some("com.unity.render-pipelines.core")),
    ("Unity.RenderPipelines.Universal.Runtime", Some("com.unity.render-pipelines.universal")),
    ("Unity.RenderPipelines.HighDefinition.Runtime", Some("com.unity.render-pipelines.high-definition")),
    ("Unity.InputSystem", Some("com.unity.inputsystem")),
    ("Unity.XR.Management", Some("com.unity.xr.management")),
    ("Unity.XR.Interaction.Toolkit", Some("com.unity.xr.interaction.toolkit")),
];

struct Assembly<'a> {
    path: &'a str,
    content: Value,
}

pub(super) fn problems(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    let mut assemblies: BTreeMap<String, Assembly<'_>> = BTreeMap::new();
    for path in tree.paths().filter(|path| path.ends_with(".asmdef")) {
        let content: Value = match serde_json::from_str(tree.text(path).unwrap_or_default()) {
            Ok(content) => content,
            Err(error) => {
                problems.push(format!("{path} is no JSON: {error}"));
                continue;
            }
        };
        let name = content["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            problems.push(format!("{path}: `name` is missing"));
        }
        if let Some(other) = assemblies.insert(name.clone(), Assembly { path, content }) {
            problems.push(format!("{path} and {} have the same name {name}", other.path));
        }
    }
    let dependencies = dependencies(tree);
    for assembly in assemblies.values() {
        problems.extend(references(tree, assembly, &assemblies, &dependencies));
        problems.extend(place(assembly));
    }
    problems.extend(scripts(tree, &assemblies));
    problems
}

fn dependencies(tree: &Tree) -> Value {
    let manifest: Value = serde_json::from_str(tree.text("package.json").unwrap_or_default()).unwrap_or_default();
    manifest["dependencies"].clone()
}

/// Each reference is to an assembly of the package, or to one of Unity's that will be there or is asked for.
fn references(
    tree: &Tree,
    assembly: &Assembly<'_>,
    assemblies: &BTreeMap<String, Assembly<'_>>,
    dependencies: &Value,
) -> Vec<String> {
    let path = assembly.path;
    let mut problems = Vec::new();
    for reference in strings(&assembly.content["references"]) {
        let resolved = match reference.strip_prefix("GUID:") {
            Some(guid) => assemblies.values().any(|other| {
                let meta = tree.text(&format!("{}.meta", other.path));
                meta.and_then(guid_in) == Some(guid)
            }),
            None => assemblies.contains_key(reference),
        };
        if resolved {
            continue;
        }
        match UNITYS.iter().find(|(name, _)| *name == reference) {
            None => problems.push(format!("{path} refers to {reference}, which is neither here nor Unity's")),
            Some((_, None)) => {}
            Some((_, Some(package))) => {
                let is_asked_for = assembly.content["versionDefines"]
                    .as_array()
                    .is_some_and(|defines| defines.iter().any(|define| define["name"] == *package));
                if !is_asked_for && dependencies[package].is_null() {
                    problems.push(format!(
                        "{path} refers to {reference}: neither `versionDefines` nor the dependencies of package.json have \
                         {package}"
                    ));
                }
            }
        }
    }
    problems
}

/// What is in `Editor` stays in the editor, and tests stay out of players.
fn place(assembly: &Assembly<'_>) -> Vec<String> {
    let (path, content) = (assembly.path, &assembly.content);
    let mut problems = Vec::new();
    let in_editor = path.split('/').any(|part| part == "Editor");
    if in_editor && strings(&content["includePlatforms"]).collect::<Vec<_>>() != ["Editor"] {
        problems.push(format!("{path}: `includePlatforms` must be [\"Editor\"], or players do not compile"));
    }
    if path.starts_with("Tests/") {
        if !strings(&content["defineConstraints"]).any(|define| define == "UNITY_INCLUDE_TESTS") {
            problems
                .push(format!("{path}: `defineConstraints` lacks UNITY_INCLUDE_TESTS, so that tests go into players"));
        }
        if content["autoReferenced"] != false {
            problems
                .push(format!("{path}: `autoReferenced` must be false, or each project compiles against the tests"));
        }
    }
    problems
}

/// Each script belongs to an assembly. Those of samples may belong to the project's, if that sees ours.
fn scripts(tree: &Tree, assemblies: &BTreeMap<String, Assembly<'_>>) -> Vec<String> {
    let has_assembly = |path: &str| {
        let mut folder = folder_of(path);
        loop {
            if assemblies.values().any(|assembly| folder_of(assembly.path) == folder) {
                return true;
            }
            if folder.is_empty() {
                return false;
            }
            folder = folder_of(folder);
        }
    };
    let hidden = assemblies.values().any(|assembly| {
        assembly.path.starts_with("Runtime/") && assembly.content["autoReferenced"] == Value::Bool(false)
    });
    let alone = tree.paths().filter(|path| path.ends_with(".cs") && !has_assembly(path)).filter_map(|path| {
        if is_seen(path) {
            Some(format!("{path} belongs to no assembly definition: Unity does not compile it in a package"))
        } else {
            hidden.then(|| {
                format!("{path} belongs to no assembly definition and cannot use ours, as `autoReferenced` is false")
            })
        }
    });
    alone.collect()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}
