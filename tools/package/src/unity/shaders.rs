//! Shaders find what they include.

use super::NAME;
use crate::tree::{Tree, extension_of, folder_of};

const KINDS: [&str; 4] = ["shader", "hlsl", "cginc", "compute"];
/// Files that come with Unity's editor.
const BUILT_IN: [&str; 9] = [
    "UnityCG.cginc",
    "UnityShaderVariables.cginc",
    "UnityInstancing.cginc",
    "Lighting.cginc",
    "AutoLight.cginc",
    "UnityShaderUtilities.cginc",
    "UnityUI.cginc",
    "HLSLSupport.cginc",
    "UnityPBSLighting.cginc",
];
/// Packages whose shaders may be included, where a project has them.
const PIPELINES: [&str; 3] = [
    "Packages/com.unity.render-pipelines.core/",
    "Packages/com.unity.render-pipelines.universal/",
    "Packages/com.unity.render-pipelines.high-definition/",
];

pub(super) fn problems(tree: &Tree) -> Vec<String> {
    let own = format!("Packages/{NAME}/");
    let mut problems = Vec::new();
    for path in tree.paths().filter(|path| KINDS.contains(&extension_of(path).as_str())) {
        let Some(text) = tree.text(path) else {
            problems.push(format!("{path} is not UTF-8"));
            continue;
        };
        for (line, name) in includes(text) {
            let is_there = match name.strip_prefix(&own) {
                Some(inside) => tree.has(inside),
                None if name.starts_with("Packages/") => PIPELINES.iter().any(|pipeline| name.starts_with(pipeline)),
                None => BUILT_IN.contains(&name) || join(folder_of(path), name).is_some_and(|file| tree.has(&file)),
            };
            if !is_there {
                problems.push(format!("{path}, line {line}: {name} is nowhere"));
            }
        }
    }
    problems
}

/// The names in `#include` lines, with the numbers of the lines.
pub(crate) fn includes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(number, line)| {
        let rest = line.trim_start().strip_prefix('#')?.trim_start();
        let rest = rest.strip_prefix("include_with_pragmas").or_else(|| rest.strip_prefix("include"))?;
        let name = rest.trim_start().strip_prefix(['"', '<'])?;
        Some((number + 1, &name[..name.find(['"', '>'])?]))
    })
}

/// `name` seen from `folder`; nothing if it leaves the package.
pub(crate) fn join(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            ".." => drop(parts.pop()?),
            "." => {}
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_found_and_followed() {
        let text = "#include \"a.hlsl\"\n  # include <b/c.hlsl> // d\n// #include \"no\"\n#include_with_pragmas \"e\"\n#included \"f\"";
        let found: Vec<(usize, &str)> = includes(text).collect();
        assert_eq!(found, [(1, "a.hlsl"), (2, "b/c.hlsl"), (4, "e")]);
        assert_eq!(join("Runtime/Shaders", "../A/./b.hlsl").as_deref(), Some("Runtime/A/b.hlsl"));
        assert_eq!(join("Runtime", "../../b"), None);
    }
}
