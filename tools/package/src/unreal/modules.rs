//! `*.Build.cs`: what Unreal's build tool compiles, links and stages.

use crate::metas::Platform;
use crate::rules::Expected;
use crate::tree::{Tree, extension_of, folder_of, name_of};

/// What this plugin may use of the engine: modules of 5.4 to 5.6. A wrong name is found here instead of at a user's.
const ENGINE: [&str; 30] = [
    "ApplicationCore",
    "AssetDefinition",
    "AssetRegistry",
    "AssetTools",
    "ComponentVisualizers",
    "Core",
    "CoreUObject",
    "DesktopPlatform",
    "EditorFramework",
    "EditorStyle",
    "EditorSubsystem",
    "Engine",
    "HTTP",
    "InputCore",
    "Json",
    "JsonUtilities",
    "LevelEditor",
    "Projects",
    "PropertyEditor",
    "RHI",
    "RHICore",
    "RenderCore",
    "Renderer",
    "Slate",
    "SlateCore",
    "ToolMenus",
    "UMG",
    "UnrealEd",
    "VulkanRHI",
    "DeveloperSettings",
];
/// Third-party modules of the engine for `AddEngineThirdPartyPrivateStaticDependencies`.
const THIRD_PARTY: [&str; 1] = ["Vulkan"];

/// What the build tool calls a platform, and its folder in `lib`.
pub(super) fn folder_of_platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => "Linux",
        Platform::Windows => "Win64",
    }
}

pub(super) fn problems(tree: &Tree, expected: &Expected) -> Vec<String> {
    let mut problems = Vec::new();
    let rules: Vec<&str> = tree.paths().filter(|path| path.ends_with(".Build.cs")).collect();
    let own: Vec<&str> = rules.iter().map(|path| name_of(path).trim_end_matches(".Build.cs")).collect();
    for (path, name) in rules.iter().zip(&own) {
        let text = without_comments(tree.text(path).unwrap_or_default());
        for wanted in
            [format!("public class {name} : ModuleRules"), format!("public {name}(ReadOnlyTargetRules Target)")]
        {
            if !text.contains(&wanted) {
                problems.push(format!("{path} lacks `{wanted}`, which the build tool looks for by the file's name"));
            }
        }
        for name in dependencies(&text) {
            if !own.contains(&name) && !ENGINE.contains(&name) && !THIRD_PARTY.contains(&name) {
                problems
                    .push(format!("{path} depends on {name}, which is neither here nor a known module of the engine"));
            }
        }
        // Public headers must be found by others, so what they include must be public, too; files need a place.
        let folder = folder_of(path);
        if !path.starts_with("Source/ThirdParty/") && !tree.has_folder(&format!("{folder}/Private")) {
            problems.push(format!("{folder} has no folder Private with the module's sources"));
        }
    }
    problems.extend(library(tree, expected, &rules));
    problems
}

/// One external module stages the libraries, from where they are.
fn library(tree: &Tree, expected: &Expected, rules: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    let external: Vec<&&str> = rules.iter().filter(|path| path.starts_with("Source/ThirdParty/Neuvol/")).collect();
    let [path] = external[..] else {
        return vec![format!("one Build.cs must be in Source/ThirdParty/Neuvol, and there are {}", external.len())];
    };
    let text = without_comments(tree.text(path).unwrap_or_default());
    for words in ["ModuleType.External", "RuntimeDependencies.Add(", "\"include\""] {
        if !text.contains(words) {
            problems.push(format!("{path} lacks `{words}`"));
        }
    }
    let named: Vec<&str> = strings(&text).collect();
    for &platform in &expected.platforms {
        let library = platform.unreal_path();
        for part in [folder_of_platform(platform), name_of(library)] {
            if !named.contains(&part) {
                problems.push(format!("{path} does not name \"{part}\": {library} would not be staged"));
            }
        }
    }
    // A library that is left out of this package is known; any other name is a mistake.
    let known = |name: &str| Platform::ALL.iter().any(|platform| name_of(platform.unreal_path()) == name);
    for name in named.iter().filter(|name| ["so", "dll", "lib", "a"].contains(&extension_of(name).as_str())) {
        if !known(name) {
            problems.push(format!("{path} names {name}, which is not in lib/"));
        }
    }
    problems
}

/// The names in `...DependencyModuleNames.Add...(...)` and their like.
fn dependencies(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for call in ["DependencyModuleNames.Add(", "DependencyModuleNames.AddRange(", "StaticDependencies("] {
        for rest in text.split(call).skip(1) {
            let end = rest.find(';').unwrap_or(rest.len());
            names.extend(strings(&rest[..end]));
        }
    }
    names
}

/// The words in double quotes.
fn strings(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The text without what stands behind `//`.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read() {
        let text = "PublicDependencyModuleNames.AddRange(new string[] { \"Core\",\n\"RHI\" }); // \"No\"\n\
                    PrivateDependencyModuleNames.Add(\"VulkanRHI\");\nAddEngineThirdPartyPrivateStaticDependencies(Target, \"Vulkan\");";
        assert_eq!(dependencies(&without_comments(text)), ["VulkanRHI", "Core", "RHI", "Vulkan"]);
    }
}
